//! A record as the API sends it: few members, read in order, whose names are shared by the whole page.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The members of a record, in the order of the answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    members: Vec<(Arc<str>, Cell)>,
    /// Its texts, one behind the other.
    text: String,
    /// Whether its members are the first ones of the page's names, so that none comes twice.
    regular: bool,
}

/// What a member is.
#[derive(Clone, Debug)]
enum Cell {
    /// A text of the row's, by where it stands.
    Text(Range<usize>),
    /// Anything else; never a text.
    Other(Value),
}

/// What a record tells of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Told<'r> {
    /// A text.
    Text(&'r str),
    /// Anything else, `null` included; never a text.
    Other(&'r Value),
}

impl<'r> Told<'r> {
    /// The text, if it is one.
    pub(super) fn as_str(self) -> Option<&'r str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Other(_) => None,
        }
    }
}

impl Row {
    /// The value of a member; of one that came twice the last one counts.
    pub(super) fn get(&self, name: &str) -> Option<Told<'_>> {
        self.place(name).map(|at| self.told(at))
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.members.iter().rposition(|(known, _)| **known == *name)
    }

    /// The same of a member that was at `place` in the record before, which becomes its place in this one.
    pub(super) fn get_near(&self, name: &str, place: &mut usize) -> Option<Told<'_>> {
        let here = self.members.get(*place).filter(|_| self.regular);
        if here.is_none_or(|(known, _)| **known != *name) {
            *place = self.place(name)?;
        }
        Some(self.told(*place))
    }

    fn told(&self, at: usize) -> Told<'_> {
        match &self.members[at].1 {
            Cell::Text(at) => Told::Text(&self.text[at.clone()]),
            Cell::Other(other) => Told::Other(other),
        }
    }

    /// Takes in the members of another answer about the record that it does not have yet.
    pub(super) fn join(&mut self, other: Self) {
        self.regular = false;
        for (name, cell) in other.members {
            if self.get(&name).is_none() {
                let cell = match cell {
                    Cell::Text(at) => Cell::Text(append(&mut self.text, &other.text[at])),
                    Cell::Other(other) => Cell::Other(other),
                };
                self.members.push((name, cell));
            }
        }
    }
}

/// Where a text stands once it is added.
fn append(all: &mut String, text: &str) -> Range<usize> {
    let from = all.len();
    all.push_str(text);
    from..all.len()
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
            let (mut names, mut rows) = (Vec::new(), Vec::<Row>::new());
            loop {
                let room = rows.last().map_or(0, |row| row.text.len());
                let names = &mut names;
                match from.next_element_seed(One { names, room })? {
                    Some(row) => rows.push(row),
                    None => return Ok(rows),
                }
            }
        }
    }
    from.deserialize_seq(Page)
}

/// How many names a page shares; more than any module has fields that a page asks for.
const SHARED: usize = 256;

/// Reads one record; `names` are those of the records before it, `room` is what the last one took for its texts.
struct One<'n> {
    names: &'n mut Vec<Arc<str>>,
    room: usize,
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
        let mut row = Row {
            members: Vec::with_capacity(self.names.len()),
            // Most are about as long as the one before.
            text: String::with_capacity(self.room + self.room / 4),
            regular: true,
        };
        while let Some(name) = from.next_key_seed(Name {
            names: &mut *self.names,
            at: row.members.len(),
        })? {
            let known = self.names.get(row.members.len());
            row.regular &= known.is_some_and(|known| Arc::ptr_eq(known, &name));
            let cell = from.next_value_seed(Texts(&mut row.text))?;
            row.members.push((name, cell));
        }
        Ok(row)
    }
}

/// Reads a value; a text goes to the others.
struct Texts<'t>(&'t mut String);

impl<'de> DeserializeSeed<'de> for Texts<'_> {
    type Value = Cell;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Cell, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Texts<'_> {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell::Text(append(self.0, text)))
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Other(Value::Null))
    }

    fn visit_bool<E>(self, it: bool) -> Result<Cell, E> {
        Ok(Cell::Other(it.into()))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Cell, E> {
        Ok(Cell::Other(it.into()))
    }

    fn visit_u64<E>(self, it: u64) -> Result<Cell, E> {
        Ok(Cell::Other(it.into()))
    }

    fn visit_f64<E>(self, it: f64) -> Result<Cell, E> {
        Ok(Cell::Other(it.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, from: A) -> Result<Cell, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(from)).map(Cell::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Cell, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(from)).map(Cell::Other)
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
        let names = &mut Vec::new();
        One { names, room: 0 }.deserialize(from)
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

    /// A member as JSON.
    fn json(row: &Row, name: &str) -> Option<Value> {
        row.get(name).map(|told| match told {
            Told::Text(text) => json!(text),
            Told::Other(other) => other.clone(),
        })
    }

    #[test]
    fn records_of_a_page_share_their_names_whatever_their_order() {
        let all = page(
            r#"[{"id":"1","A":null},{"A":{"name":"x"},"id":"2","B":[1]},{},{"B":"\u00e4","id":"3"}]"#,
        )
        .unwrap();
        assert_eq!(all.len(), 4);
        assert_eq!(json(&all[0], "A"), Some(Value::Null));
        assert_eq!(json(&all[1], "A"), Some(json!({"name": "x"})));
        assert_eq!(json(&all[1], "id"), Some(json!("2")));
        assert_eq!((json(&all[2], "id"), json(&all[0], "B")), (None, None));
        assert_eq!(json(&all[3], "B"), Some(json!("ä")));
        assert!(Arc::ptr_eq(&all[0].members[0].0, &all[3].members[1].0));
        assert!(Arc::ptr_eq(&all[1].members[2].0, &all[3].members[0].0));
        let regular: Vec<bool> = all.iter().map(|row| row.regular).collect();
        assert_eq!(regular, [true, false, true, false]);
    }

    #[test]
    fn of_a_member_that_comes_twice_the_last_one_counts() {
        let row: Row = serde_json::from_str(r#"{"id":null,"A":1,"id":"2"}"#).unwrap();
        assert_eq!(json(&row, "id"), Some(json!("2")));
        for mut place in 0..4 {
            assert_eq!(row.get_near("id", &mut place), Some(Told::Text("2")));
        }
        let mut one: Row = serde_json::from_str(r#"{"id":"1","A":null}"#).unwrap();
        one.join(serde_json::from_str(r#"{"id":"2","B":3,"A":4,"C":"c"}"#).unwrap());
        assert_eq!(json(&one, "id"), Some(json!("1")));
        assert_eq!(
            (json(&one, "A"), json(&one, "B"), json(&one, "C")),
            (Some(Value::Null), Some(json!(3)), Some(json!("c")))
        );
    }

    #[test]
    fn members_are_found_where_they_are_expected_and_elsewhere() {
        let all = page(r#"[{"id":"1","A":"a","B":1.5},{"id":"2","B":true,"A":-1}]"#).unwrap();
        let mut places = [0; 4];
        for row in all.iter().chain(&all) {
            for (name, place) in ["id", "A", "C", "B"].iter().zip(&mut places) {
                assert_eq!(row.get_near(name, place), row.get(name), "{name}");
            }
        }
        let (one, two) = (json(&all[0], "B"), json(&all[1], "A"));
        assert_eq!((one, two), (Some(json!(1.5)), Some(json!(-1))));
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
                (json(&all[0], name), json(&all[1], name)),
                (Some(value.clone()), Some(value.clone()))
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
