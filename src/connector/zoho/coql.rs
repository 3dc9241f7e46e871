//! COQL queries as text: columns, the list view, conditions grouped in pairs, and quoting.
//!
//! Rules: Zoho's "COQL Overview" and "COQL Limitations" for API v8.

/// The most rows that a query returns; older organisations stop at [`OLD_ROWS`].
pub(super) const ROWS: usize = 2_000;
/// The most rows of a query under the limits of older API pages.
pub(super) const OLD_ROWS: usize = 200;
/// How far `limit` and `offset` reach under the limits of older API pages.
pub(super) const OLD_REACH: usize = 10_000;
/// The most values of an `in` list.
pub(super) const VALUES: usize = 100;
/// The most values of an `in` list under the limits of older API pages.
pub(super) const OLD_VALUES: usize = 50;

/// A query being built.
#[derive(Clone, Debug)]
pub(super) struct Select<'a> {
    columns: &'a [String],
    module: &'a str,
    view: Option<&'a str>,
    tests: Vec<String>,
    limit: usize,
    skip: usize,
}

impl<'a> Select<'a> {
    /// A query over a module, or over one of its list views.
    pub(super) fn new(columns: &'a [String], module: &'a str, view: Option<&'a str>) -> Self {
        Self {
            columns,
            module,
            view,
            tests: Vec::new(),
            limit: ROWS,
            skip: 0,
        }
    }

    /// At most that many rows.
    pub(super) fn limit(mut self, rows: usize) -> Self {
        self.limit = rows;
        self
    }

    /// The most rows that it returns.
    pub(super) fn rows(&self) -> usize {
        self.limit
    }

    /// Leaves out that many of the first rows.
    pub(super) fn skip(mut self, rows: usize) -> Self {
        self.skip = rows;
        self
    }

    /// Only records changed at that second (UTC, seconds since the epoch) or later.
    pub(super) fn since(mut self, second: i64) -> Self {
        self.tests
            .push(format!("Modified_Time >= '{}'", instant(second)));
        self
    }

    /// Only records created at that second (UTC, seconds since the epoch) or later.
    pub(super) fn created(mut self, second: i64) -> Self {
        self.tests
            .push(format!("Created_Time >= '{}'", instant(second)));
        self
    }

    /// Only records behind that identifier.
    pub(super) fn after(mut self, id: Option<&str>) -> Self {
        if let Some(id) = id.filter(|id| number(id)) {
            self.tests.push(format!("id > {id}"));
        }
        self
    }

    /// Only records up to that identifier.
    pub(super) fn up_to(mut self, id: &str) -> Self {
        if number(id) {
            self.tests.push(format!("id <= {id}"));
        }
        self
    }

    /// Only these records; what is no identifier is left out.
    pub(super) fn ids<'i>(mut self, ids: impl IntoIterator<Item = &'i str>) -> Self {
        let list: Vec<&str> = ids.into_iter().filter(|id| number(id)).collect();
        self.tests.push(if list.is_empty() {
            "id = 0".to_owned()
        } else {
            format!("id in ({})", list.join(","))
        });
        self
    }

    /// Only records whose column is one of these texts, which [`quote`] has accepted.
    pub(super) fn one_of(mut self, column: &str, quoted: &[String]) -> Self {
        self.tests
            .push(format!("{column} in ({})", quoted.join(",")));
        self
    }

    /// Only records that have a value there.
    pub(super) fn filled(mut self, column: &str) -> Self {
        self.tests.push(format!("{column} is not null"));
        self
    }

    /// The query, in ascending order of identifiers.
    pub(super) fn text(&self) -> String {
        let view = self.view.map(|id| format!("#{id}")).unwrap_or_default();
        let skip = match self.skip {
            0 => String::new(),
            rows => format!(" offset {rows}"),
        };
        format!(
            "select {} from {}{view} where {} order by id asc limit {}{skip}",
            self.columns.join(", "),
            self.module,
            pairs(&self.tests),
            self.limit
        )
    }
}

/// Conditions joined by `and`, in pairs as the grammar wants them: `(A and (B and C))`.
fn pairs(tests: &[String]) -> String {
    match tests {
        [] => "id is not null".to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("({first} and {})", pairs(rest)),
    }
}

/// A text as a literal, or nothing when its quoting rules are not certain: only printable ASCII
/// without quotes, backslashes and wildcards goes into a query.
pub(super) fn quote(text: &str) -> Option<String> {
    let plain = |letter: char| {
        (letter.is_ascii_graphic() || letter == ' ') && !matches!(letter, '\'' | '"' | '\\' | '`')
    };
    (!text.is_empty() && text.chars().all(plain)).then(|| format!("'{text}'"))
}

/// Whether a text is a record identifier.
pub(super) fn number(id: &str) -> bool {
    !id.is_empty() && id.len() <= 24 && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// A second since the epoch as the API takes it in headers and queries: ISO 8601, whole seconds,
/// with an offset.
pub(super) fn instant(second: i64) -> String {
    let stamp = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    stamp.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn columns() -> Vec<String> {
        vec!["id".to_owned(), "Email".to_owned()]
    }

    #[test]
    fn a_window_over_a_view_groups_its_conditions_in_pairs() {
        let columns = columns();
        let query = Select::new(&columns, "Contacts", Some("77"))
            .since(1_790_000_000)
            .after(Some("5"))
            .up_to("9")
            .text();
        assert_eq!(
            query,
            "select id, Email from Contacts#77 where \
             (Modified_Time >= '2026-09-21T14:13:20+00:00' and (id > 5 and id <= 9)) \
             order by id asc limit 2000"
        );
    }

    #[test]
    fn a_query_without_conditions_still_has_a_where() {
        let columns = columns();
        let query = Select::new(&columns, "Leads", None).limit(1).text();
        assert_eq!(
            query,
            "select id, Email from Leads where id is not null order by id asc limit 1"
        );
    }

    #[test]
    fn rows_are_left_out_by_an_offset() {
        let columns = columns();
        let query = Select::new(&columns, "Leads", None).skip(1_999).text();
        assert!(query.ends_with("limit 2000 offset 1999"), "{query}");
    }

    #[test]
    fn only_certain_texts_are_quoted() {
        assert_eq!(quote("a@example.com").unwrap(), "'a@example.com'");
        for odd in [
            "",
            "o'neil@example.com",
            "a\\b@example.com",
            "\"a b\"@example.com",
            "jürgen@example.com",
            "a\n@example.com",
        ] {
            assert_eq!(quote(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn identifiers_cannot_smuggle_conditions_in() {
        let columns = columns();
        let query = Select::new(&columns, "Contacts", None)
            .ids(["12", "1) or (id > 0", "34"])
            .text();
        assert!(query.contains("where id in (12,34) order"), "{query}");
        let none = Select::new(&columns, "Contacts", None).ids(["x"]).text();
        assert!(none.contains("where id = 0 order"), "{none}");
    }
}
