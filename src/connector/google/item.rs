//! The items of a contact's lists as the API sent them: their members by name, in order, read from the
//! bytes without a tree of the whole contact.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One item; its members are sorted by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Item(Vec<(Cow<'static, str>, Value)>);

/// One list of a contact.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    /// What is in it.
    pub(super) items: Vec<Item>,
    /// Whether it is something else than the API promises, or holds such.
    pub(super) odd: bool,
}

/// The members that lists have, sorted: their names need no memory of their own.
const NAMES: [&str; 34] = [
    "city",
    "contentType",
    "costCenter",
    "country",
    "countryCode",
    "current",
    "date",
    "department",
    "displayName",
    "domain",
    "endDate",
    "extendedAddress",
    "familyName",
    "formattedValue",
    "givenName",
    "honorificPrefix",
    "honorificSuffix",
    "jobDescription",
    "key",
    "location",
    "middleName",
    "name",
    "person",
    "poBox",
    "postalCode",
    "protocol",
    "region",
    "startDate",
    "streetAddress",
    "title",
    "type",
    "unstructuredName",
    "username",
    "value",
];

impl Item {
    /// One without members.
    pub(super) fn new() -> Self {
        Self::default()
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0
            .binary_search_by(|(known, _)| known.as_ref().cmp(name))
    }

    /// The value of a member.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.place(name).ok().map(|at| &self.0[at].1)
    }

    /// Gives a member a value.
    pub(super) fn insert(&mut self, name: impl Into<Cow<'static, str>>, value: Value) {
        let name = name.into();
        match self.place(&name) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    /// Takes a member away.
    pub(super) fn remove(&mut self, name: &str) -> Option<Value> {
        self.place(name).ok().map(|at| self.0.remove(at).1)
    }

    /// The same with those members only.
    pub(super) fn kept(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let members = self.0.iter().filter(|(name, _)| wanted(name));
        Self(members.cloned().collect())
    }

    /// Its members.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }
}

impl From<Item> for Value {
    fn from(item: Item) -> Self {
        let members = item.0.into_iter();
        Self::Object(
            members
                .map(|(name, value)| (name.into_owned(), value))
                .collect(),
        )
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.members())
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Item;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an item")
            }

            fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Item, A::Error> {
                members(from)
            }
        }
        from.deserialize_map(Members)
    }
}

fn members<'de, A: MapAccess<'de>>(mut from: A) -> Result<Item, A::Error> {
    let mut item = Item(Vec::with_capacity(4));
    while let Some(name) = from.next_key_seed(Name)? {
        match name {
            // Of a member that comes twice the last one counts.
            Some(name) => item.insert(name, from.next_value()?),
            None => drop(from.next_value::<IgnoredAny>()?),
        }
    }
    Ok(item)
}

/// What the API says about a value or derives from it; nobody looks at it, and it is most of an answer.
fn is_said_of_it(name: &str) -> bool {
    matches!(
        name,
        "metadata" | "formattedType" | "formattedProtocol" | "canonicalForm"
    )
}

/// Reads a member's name; none of a member that is passed over.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<Cow<'static, str>>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<Cow<'static, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(match NAMES.binary_search(&name) {
            Ok(at) => Some(Cow::Borrowed(NAMES[at])),
            Err(_) if is_said_of_it(name) => None,
            Err(_) => Some(Cow::Owned(name.to_owned())),
        })
    }
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Items)
    }
}

/// Reads a list; nothing is an empty one, and anything else an odd one.
struct Items;

/// What an element of a list is.
struct Element;

/// Reads past a value of another type; numbers and nesting are held to the parser's own limits.
macro_rules! odd_ones {
    ($odd:expr) => {
        fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($odd)
        }
        fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($odd)
        }
        fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($odd)
        }
        fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($odd)
        }
        fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok($odd)
        }
    };
}

impl<'de> Visitor<'de> for Items {
    type Value = List;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<List, E> {
        Ok(List::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<List, A::Error> {
        let mut list = List::default();
        while let Some(item) = from.next_element_seed(Element)? {
            match item {
                Some(item) => list.items.push(item),
                None => list.odd = true,
            }
        }
        Ok(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<List, A::Error> {
        while from.next_entry::<String, Value>()?.is_some() {}
        Ok(odd())
    }

    odd_ones!(odd());
}

fn odd() -> List {
    List {
        items: Vec::new(),
        odd: true,
    }
}

impl<'de> DeserializeSeed<'de> for Element {
    type Value = Option<Item>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element {
    type Value = Option<Item>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Option<Item>, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Option<Item>, A::Error> {
        while from.next_element::<Value>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Option<Item>, A::Error> {
        members(from).map(Some)
    }

    odd_ones!(None);
}

/// The same member twice, where the API promises one.
pub(super) fn once<T, E: serde::de::Error>(
    place: &mut Option<T>,
    name: &'static str,
    value: T,
) -> Result<(), E> {
    if place.is_some() {
        return Err(E::duplicate_field(name));
    }
    *place = Some(value);
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_found_by_halves() {
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn an_item_is_what_its_text_says_sorted_by_name() {
        let text = r#"{"value":"a","type":null,"odd one":[1,{"x":2.5}],"type":"work"}"#;
        let mut item: Item = serde_json::from_str(text).unwrap();
        let plain: serde_json::Map<String, Value> = serde_json::from_str(text).unwrap();
        assert_eq!(json!(item), json!(plain), "of two members the last");
        assert_eq!(
            serde_json::to_string(&item).unwrap(),
            serde_json::to_string(&plain).unwrap()
        );
        assert_eq!(item.get("type"), Some(&json!("work")));
        assert_eq!(item.remove("type"), Some(json!("work")));
        assert_eq!((item.remove("type"), item.get("type")), (None, None));
        item.insert("a", json!(1));
        item.insert("a", json!(2));
        let names: Vec<_> = item.members().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "odd one", "value"]);
        assert_eq!(item.get("a"), Some(&json!(2)));
        serde_json::from_str::<Item>("[]").unwrap_err();
    }

    #[test]
    fn what_is_said_of_a_value_is_passed_over() {
        let text =
            r#"{"metadata":{"primary":true,"source":[{}]},"canonicalForm":"+49","value":"a"}"#;
        let item: Item = serde_json::from_str(text).unwrap();
        assert_eq!(json!(item), json!({"value": "a"}));
        assert_eq!(Value::from(item), json!({"value": "a"}));
    }

    #[test]
    fn what_is_no_list_of_items_is_odd() {
        let read = |text: &str| serde_json::from_str::<List>(text).unwrap();
        for (text, items, odd) in [
            ("null", 0, false),
            ("[]", 0, false),
            (r#"[{"value":"a"},{}]"#, 2, false),
            (r#"[{"value":"a"},null]"#, 1, true),
            (r#"[[{"value":"a"}],{"value":"b"}]"#, 1, true),
            ("[1,-1,1.5,true,\"a\"]", 0, true),
            (r#"{"value":"a"}"#, 0, true),
            ("1", 0, true),
            ("-1", 0, true),
            ("0.5", 0, true),
            ("true", 0, true),
            ("\"a\"", 0, true),
        ] {
            let list = read(text);
            assert_eq!((list.items.len(), list.odd), (items, odd), "{text}");
        }
    }

    #[test]
    fn nesting_without_end_is_refused() {
        let deep = "[".repeat(100_000);
        for text in [
            deep.clone(),
            format!("[{deep}"),
            format!("[{{\"value\":{deep}"),
            format!("{{\"value\":{deep}"),
        ] {
            let error = serde_json::from_str::<List>(&text).unwrap_err();
            assert!(error.to_string().contains("recursion"), "{error}");
        }
    }
}
