//! Partial responses: the `fields` parameter with commas, slashes, brackets and stars.

use serde_json::{Map, Value};

use super::errors::{Answer, Refusal};

/// A parsed selection; no children means everything below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection(Vec<(String, Self)>);

impl Selection {
    /// Parses `a,b/c,d(e,f/g)`.
    pub(crate) fn parse(text: &str) -> Answer<Self> {
        let mut rest = text;
        let selection = list(&mut rest);
        match selection {
            Some(selection) if rest.is_empty() => Ok(selection),
            _ => Err(Refusal::invalid(format!("Invalid field selection {text}"))),
        }
    }

    /// What is selected of a value.
    pub(crate) fn of(&self, value: Value) -> Value {
        if self.0.is_empty() {
            return value;
        }
        match value {
            Value::Object(entries) => Value::Object(self.of_object(entries)),
            Value::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.of(item)).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
        }
    }

    fn of_object(&self, entries: Map<String, Value>) -> Map<String, Value> {
        entries
            .into_iter()
            .filter_map(|(key, value)| {
                let (_, below) = self
                    .0
                    .iter()
                    .find(|(name, _)| *name == key || name == "*")?;
                Some((key, below.of(value)))
            })
            .collect()
    }
}

fn list(rest: &mut &str) -> Option<Selection> {
    let mut items: Vec<(String, Selection)> = Vec::new();
    loop {
        let (name, below) = item(rest)?;
        match items.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => {
                // A name given twice: everything wins over a part, parts add up.
                if known.0.is_empty() || below.0.is_empty() {
                    known.0.clear();
                } else {
                    known.0.extend(below.0);
                }
            }
            None => items.push((name, below)),
        }
        match rest.strip_prefix(',') {
            Some(after) => *rest = after,
            None => return Some(Selection(items)),
        }
    }
}

fn item(rest: &mut &str) -> Option<(String, Selection)> {
    let end = rest.find(|c| ",/()".contains(c)).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    let name = name.trim();
    if name.is_empty() {
        return None;
    }
    *rest = after;
    if let Some(after) = rest.strip_prefix('/') {
        *rest = after;
        let below = item(rest)?;
        return Some((name.to_owned(), Selection(vec![below])));
    }
    if let Some(after) = rest.strip_prefix('(') {
        *rest = after;
        let below = list(rest)?;
        *rest = rest.strip_prefix(')')?;
        return Some((name.to_owned(), below));
    }
    Some((name.to_owned(), Selection::default()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn brackets_slashes_and_lists_select() {
        let whole = json!({"connections":[{"resourceName":"people/c1","etag":"x","metadata":{"sources":[{"id":"1","etag":"#"}],"deleted":true}}],
            "nextPageToken":"n","totalItems":1});
        let fields = "connections(resourceName,metadata(sources/etag,deleted)),nextPageToken";
        let part = Selection::parse(fields).unwrap().of(whole);
        assert_eq!(
            part,
            json!({"connections":[{"resourceName":"people/c1","metadata":{"sources":[{"etag":"#"}],"deleted":true}}],"nextPageToken":"n"})
        );
    }

    #[test]
    fn a_star_selects_every_name() {
        let part = Selection::parse("*/a")
            .unwrap()
            .of(json!({"x":{"a":1,"b":2},"y":{"b":3}}));
        assert_eq!(part, json!({"x":{"a":1},"y":{}}));
    }

    #[test]
    fn unbalanced_selections_are_refused() {
        for bad in ["", "a(", "a(b", "a)", "a,,b", "a/"] {
            assert!(Selection::parse(bad).is_err(), "{bad}");
        }
    }
}
