//! What a listing is asked for: conditions, columns, and the place behind which it goes on.
//!
//! Pages go by identifier, which never changes: a record that is edited or deleted while a listing
//! is read moves no other record out of it, as an offset would.

use serde_json::Value;

/// The most records of a page unless the installation is set to fewer.
pub(super) const PAGE: usize = 200;

/// One condition.
#[derive(Clone, Debug)]
pub(super) struct Where {
    kind: &'static str,
    attribute: &'static str,
    values: Vec<String>,
}

impl Where {
    /// Changed at that second or later, seconds since the epoch.
    pub(super) fn changed_since(second: i64) -> Self {
        Self {
            kind: "greaterThanOrEquals",
            attribute: "modifiedAt",
            values: vec![instant(second)],
        }
    }

    /// Behind an identifier.
    fn after(id: &str) -> Self {
        Self {
            kind: "greaterThan",
            attribute: "id",
            values: vec![id.to_owned()],
        }
    }

    /// One of these identifiers.
    pub(super) fn ids(ids: &[&str]) -> Self {
        Self {
            kind: "in",
            attribute: "id",
            values: ids.iter().map(|id| (*id).to_owned()).collect(),
        }
    }

    /// With one of these addresses, the first or a further one, lower-case.
    pub(super) fn addresses(addresses: Vec<String>) -> Self {
        Self {
            kind: "in",
            attribute: "emailAddress",
            values: addresses,
        }
    }
}

/// A listing.
#[derive(Clone, Debug)]
pub(super) struct Query<'a> {
    /// Behind `/api/v1/`.
    pub(super) path: &'a str,
    /// The primary filter.
    pub(super) filter: Option<&'a str>,
    pub(super) conditions: Vec<Where>,
    pub(super) select: &'a [String],
}

impl Query<'_> {
    /// The parameters of one page.
    pub(super) fn page(&self, size: usize, after: Option<&str>) -> Vec<(String, String)> {
        let pair = |name: &str, value: String| (name.to_owned(), value);
        let mut all = vec![
            pair("select", self.select.join(",")),
            pair("orderBy", "id".to_owned()),
            pair("order", "asc".to_owned()),
            pair("maxSize", size.to_string()),
        ];
        if let Some(filter) = self.filter {
            all.push(pair("primaryFilter", filter.to_owned()));
        }
        let after = after.map(Where::after);
        for (at, condition) in self.conditions.iter().chain(after.as_ref()).enumerate() {
            let name = |part: &str| format!("where[{at}]{part}");
            all.push((name("[type]"), condition.kind.to_owned()));
            all.push((name("[attribute]"), condition.attribute.to_owned()));
            let many = condition.kind == "in";
            for value in &condition.values {
                let part = if many { "[value][]" } else { "[value]" };
                all.push((name(part), value.clone()));
            }
        }
        all
    }
}

/// A time as the API writes it: UTC without saying so, whole seconds.
pub(super) fn instant(second: i64) -> String {
    jiff::Timestamp::from_second(second).map_or_else(
        |_| String::new(),
        |stamp| stamp.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// A time of the API as seconds since the epoch.
pub(super) fn second(value: Option<&Value>) -> Option<i64> {
    let text = value?.as_str()?;
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    let stamp = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some(stamp.as_second())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_in_whole_seconds() {
        let text = "2026-11-22 10:58:19";
        let value = Value::from(text);
        let second = second(Some(&value)).unwrap();
        assert_eq!(instant(second), text);
        assert_eq!(super::second(Some(&Value::from("soon"))), None);
    }

    #[test]
    fn a_page_goes_on_behind_an_identifier() {
        let select = ["id".to_owned()];
        let query = Query {
            path: "Contact",
            filter: Some("accountActive"),
            conditions: vec![Where::ids(&["a", "b"])],
            select: &select,
        };
        let pairs = query.page(200, Some("b"));
        let value = |name: &str| -> Vec<&str> {
            pairs
                .iter()
                .filter(|(each, _)| each == name)
                .map(|(_, value)| value.as_str())
                .collect()
        };
        assert_eq!(value("where[0][value][]"), ["a", "b"]);
        assert_eq!(value("where[1][type]"), ["greaterThan"]);
        assert_eq!(value("where[1][value]"), ["b"]);
        assert_eq!(value("primaryFilter"), ["accountActive"]);
        assert!(value("offset").is_empty());
    }
}
