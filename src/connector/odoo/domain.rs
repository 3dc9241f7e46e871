//! The domain of a saved filter: Odoo keeps it as the text of a Python expression. Plain literals are
//! read; whatever would have to be evaluated (`uid`, `context_today()`) is refused.

use serde_json::{Value, json};

/// Where a text stops being a plain literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotPlain {
    /// The word or character at which it stops.
    pub(super) at: String,
}

/// How deep lists may stand in one another.
const DEEPEST: usize = 32;

/// Reads a domain; tuples become lists.
pub(super) fn parse(text: &str) -> Result<Value, NotPlain> {
    let mut reader = Reader { rest: text };
    let value = reader.value(0)?;
    reader.skip();
    if !reader.rest.is_empty() || !value.is_array() {
        return Err(reader.stop());
    }
    Ok(value)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// The word at which reading stops.
    fn stop(&self) -> NotPlain {
        let word: String = self
            .rest
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.'))
            .take(40)
            .collect();
        let at = if word.is_empty() {
            self.rest.chars().take(1).collect()
        } else {
            word
        };
        NotPlain { at }
    }

    fn take(&mut self, sign: char) -> bool {
        self.skip();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, NotPlain> {
        self.skip();
        if depth > DEEPEST {
            return Err(self.stop());
        }
        match self.rest.chars().next() {
            Some('[') => self.list('[', ']', depth),
            Some('(') => self.list('(', ')', depth),
            Some(quote @ ('\'' | '"')) => self.text(quote).map(Value::from),
            Some(sign) if sign.is_ascii_digit() || sign == '-' => self.number(),
            Some(_) | None => self.word(),
        }
    }

    fn list(&mut self, open: char, close: char, depth: usize) -> Result<Value, NotPlain> {
        self.take(open);
        let mut items = Vec::new();
        loop {
            if self.take(close) {
                return Ok(Value::Array(items));
            }
            items.push(self.value(depth + 1)?);
            if !self.take(',') {
                self.skip();
                if !self.rest.starts_with(close) {
                    return Err(self.stop());
                }
            }
        }
    }

    fn text(&mut self, quote: char) -> Result<String, NotPlain> {
        let mut letters = self.rest.chars();
        letters.next();
        let mut text = String::new();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => match letters.next() {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some(sign @ ('\\' | '\'' | '"')) => text.push(sign),
                    Some(_) | None => {
                        return Err(NotPlain {
                            at: "\\".to_owned(),
                        });
                    }
                },
                letter if letter == quote => {
                    self.rest = letters.as_str();
                    return Ok(text);
                }
                letter => text.push(letter),
            }
        }
        Err(NotPlain {
            at: quote.to_string(),
        })
    }

    fn number(&mut self) -> Result<Value, NotPlain> {
        let end = self
            .rest
            .char_indices()
            .find(|(at, sign)| {
                let part = sign.is_ascii_digit() || *sign == '.' || (*at == 0 && *sign == '-');
                !part
            })
            .map_or(self.rest.len(), |(at, _)| at);
        let (number, rest) = self.rest.split_at(end);
        let value = match (number.parse::<i64>(), number.parse::<f64>()) {
            (Ok(whole), _) => json!(whole),
            (Err(_), Ok(part)) if part.is_finite() => json!(part),
            (Err(_), _) => return Err(self.stop()),
        };
        self.rest = rest;
        Ok(value)
    }

    fn word(&mut self) -> Result<Value, NotPlain> {
        for (word, value) in [
            ("True", json!(true)),
            ("False", json!(false)),
            ("None", json!(false)),
        ] {
            let rest = self.rest.strip_prefix(word);
            let ends = |rest: &&str| {
                !rest.starts_with(|letter: char| letter.is_alphanumeric() || "_.(".contains(letter))
            };
            if let Some(rest) = rest.filter(ends) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(self.stop())
    }
}

/// Both domains at once.
pub(super) fn and(one: &Value, other: &Value) -> Value {
    let mut all = Vec::new();
    for domain in [one, other] {
        let terms = domain.as_array().map_or(&[][..], Vec::as_slice);
        // A domain whose terms stand side by side has an `&` between each two of them.
        all.extend(std::iter::repeat_n(
            json!("&"),
            loose(terms).saturating_sub(1),
        ));
        all.extend(terms.iter().cloned());
    }
    let parts = [one, other]
        .iter()
        .filter(|domain| domain.as_array().is_some_and(|terms| !terms.is_empty()))
        .count();
    if parts == 2 {
        all.insert(0, json!("&"));
    }
    Value::Array(all)
}

/// How many terms stand side by side, operators with what they bind counting as one.
fn loose(terms: &[Value]) -> usize {
    let mut open = 0_usize;
    for term in terms.iter().rev() {
        match term.as_str() {
            Some("&" | "|") => open = open.saturating_sub(1),
            Some("!") => {}
            Some(_) | None => open += 1,
        }
    }
    open
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn plain_literals_are_read() {
        let text = "['|', ('city', '=', \"O'Hara\"), (\"active\", 'in', [True, False, None]), \
                    ('credit_limit', '>', -1.5), ('id', '!=', 7),]";
        assert_eq!(
            parse(text).unwrap(),
            json!([
                "|",
                ["city", "=", "O'Hara"],
                ["active", "in", [true, false, false]],
                ["credit_limit", ">", -1.5],
                ["id", "!=", 7],
            ])
        );
        assert_eq!(parse(" [] ").unwrap(), json!([]));
    }

    #[test]
    fn what_would_have_to_be_evaluated_is_refused_by_name() {
        let at = |text: &str| parse(text).unwrap_err().at;
        assert_eq!(at("[('user_id', '=', uid)]"), "uid");
        assert_eq!(
            at("[('create_date', '>', context_today().strftime('%Y'))]"),
            "context_today"
        );
        assert_eq!(at("[('a', '=', 1)] + []"), "+");
        assert_eq!(at("[('a', '=', True.x)]"), "True.x");
        assert_eq!(at("[('a', '=', 'open]"), "'");
        assert_eq!(at("'text'"), "");
        assert!(parse(&"[".repeat(10_000)).is_err());
        assert!(parse("").is_err());
    }

    /// A value as Python writes it.
    fn python(value: &Value) -> String {
        let list = |all: &[Value]| all.iter().map(python).collect::<Vec<_>>().join(", ");
        match value {
            Value::Null => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => {
                let text = text.replace('\\', "\\\\").replace('\'', "\\'");
                format!("'{text}'")
            }
            Value::Array(all) => format!("[{}]", list(all)),
            Value::Object(_) => String::new(),
        }
    }

    proptest::proptest! {
        #[test]
        fn what_python_writes_is_read_as_it_was(
            texts in proptest::collection::vec("[^\n\t]{0,12}", 0..5),
            numbers in proptest::collection::vec(proptest::num::i64::ANY, 0..3),
        ) {
            let value = json!([["name", "in", texts], ["id", "in", numbers], ["active", "=", true]]);
            proptest::prop_assert_eq!(parse(&python(&value)), Ok(value));
        }

        #[test]
        fn no_text_is_too_much(text in "[\\[\\]()',\"0-9a-zT.\\\\ |&-]{0,60}") {
            if let Ok(domain) = parse(&text) {
                proptest::prop_assert!(and(&domain, &json!([["id", "=", 1]])).is_array());
            }
        }
    }

    #[test]
    fn two_domains_hold_together() {
        let persons = json!([["is_company", "=", false], ["type", "=", "contact"]]);
        let filter = json!(["|", ["city", "=", "A"], ["city", "=", "B"]]);
        assert_eq!(
            and(&persons, &filter),
            json!([
                "&",
                "&",
                ["is_company", "=", false],
                ["type", "=", "contact"],
                "|",
                ["city", "=", "A"],
                ["city", "=", "B"]
            ])
        );
        assert_eq!(and(&filter, &json!([])), filter);
    }
}
