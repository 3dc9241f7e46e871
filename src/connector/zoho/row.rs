//! A record as the API sends it: few members, read in order, whose names are shared by the whole page.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The members of a record, in the order of the answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row(Vec<(Arc<str>, Value)>);

impl Row {
    /// The value of a member; of one that came twice the last one counts.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let mut members = self.0.iter().rev();
        members
            .find(|(known, _)| **known == *name)
            .map(|(_, value)| value)
    }

    /// Takes in the members of another answer about the record that it does not have yet.
    pub(super) fn join(&mut self, other: Self) {
        for (name, value) in other.0 {
            if self.get(&name).is_none() {
                self.0.push((name, value));
            }
        }
    }
}

/// Reads the records of a page.
pub(super) fn rows<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Row>, D::Error> {
    struct Page;
    impl<'de> Visitor<'de> for Page {
        type Value = Vec<Row>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of records")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Vec<Row>, A::Error> {
            let (mut names, mut rows) = (Vec::new(), Vec::new());
            while let Some(row) = from.next_element_seed(One { names: &mut names })? {
                rows.push(row);
            }
            Ok(rows)
        }
    }
    from.deserialize_seq(Page)
}

/// How many names a page shares; more than any module has fields that a page asks for.
const SHARED: usize = 256;

/// Reads one record; `names` are those of the records before it.
struct One<'n> {
    names: &'n mut Vec<Arc<str>>,
}

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = Row;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Row, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Row, A::Error> {
        let mut members = Vec::with_capacity(self.names.len());
        while let Some(name) = from.next_key_seed(Name {
            names: &mut *self.names,
            at: members.len(),
        })? {
            members.push((name, from.next_value()?));
        }
        Ok(Row(members))
    }
}

/// Reads a name, most likely the one at this place in the record before.
struct Name<'n> {
    names: &'n mut Vec<Arc<str>>,
    at: usize,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Arc<str>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Arc<str>, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Arc<str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Arc<str>, E> {
        let here = self.names.get(self.at).filter(|known| ***known == *name);
        if let Some(known) = here.or_else(|| self.names.iter().find(|known| ***known == *name)) {
            return Ok(Arc::clone(known));
        }
        let name: Arc<str> = name.into();
        if self.names.len() < SHARED {
            self.names.push(Arc::clone(&name));
        }
        Ok(name)
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut names = Vec::new();
        One { names: &mut names }.deserialize(from)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(text: &str) -> Result<Vec<Row>, serde_json::Error> {
        rows(&mut serde_json::Deserializer::from_str(text))
    }

    #[test]
    fn records_of_a_page_share_their_names_whatever_their_order() {
        let all = page(
            r#"[{"id":"1","A":null},{"A":{"name":"x"},"id":"2","B":[1]},{},{"B":"\u00e4","id":"3"}]"#,
        )
        .unwrap();
        assert_eq!(all.len(), 4);
        assert_eq!(all[0].get("A"), Some(&Value::Null));
        assert_eq!(all[1].get("A"), Some(&json!({"name": "x"})));
        assert_eq!(all[1].get("id"), Some(&json!("2")));
        assert_eq!((all[2].get("id"), all[0].get("B")), (None, None));
        assert_eq!(all[3].get("B"), Some(&json!("ä")));
        assert!(Arc::ptr_eq(&all[0].0[0].0, &all[3].0[1].0));
        assert!(Arc::ptr_eq(&all[1].0[2].0, &all[3].0[0].0));
    }

    #[test]
    fn of_a_member_that_comes_twice_the_last_one_counts() {
        let row: Row = serde_json::from_str(r#"{"id":null,"A":1,"id":"2"}"#).unwrap();
        assert_eq!(row.get("id"), Some(&json!("2")));
        let mut one: Row = serde_json::from_str(r#"{"id":"1","A":null}"#).unwrap();
        one.join(serde_json::from_str(r#"{"id":"2","B":3,"A":4}"#).unwrap());
        assert_eq!(one.get("id"), Some(&json!("1")));
        assert_eq!(
            (one.get("A"), one.get("B")),
            (Some(&Value::Null), Some(&json!(3)))
        );
    }

    #[test]
    fn more_names_than_are_shared_are_read_all_the_same() {
        let many: serde_json::Map<String, Value> = (0..SHARED + 9)
            .map(|at| (format!("n{at}"), json!(at)))
            .collect();
        let text = json!([many, many]).to_string();
        let all = page(&text).unwrap();
        for (name, value) in &many {
            assert_eq!(
                (all[0].get(name), all[1].get(name)),
                (Some(value), Some(value))
            );
        }
    }

    #[test]
    fn what_is_no_list_of_records_is_refused() {
        for text in ["{}", "1", "[1]", "[[]]", "[null]"] {
            page(text).unwrap_err();
        }
        let deep = format!("[{{\"a\":{}", "[".repeat(100_000));
        assert!(page(&deep).unwrap_err().to_string().contains("recursion"));
    }
}
