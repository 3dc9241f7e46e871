//! The items of a contact's lists as the API sent them: their members by name, in order, read from the
//! bytes without a tree of the whole contact.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::text::Told;

/// One item; its members are sorted by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Item<'a>(Vec<(Cow<'a, str>, Told<'a>)>);

/// One list of a contact.
#[derive(Clone, Debug, Default)]
pub(super) struct List<'a> {
    /// What is in it.
    pub(super) items: Vec<Item<'a>>,
    /// Whether it is something else than the API promises, or holds such.
    pub(super) odd: bool,
    /// Whether nobody knows which item is which: a type or a key is no text.
    pub(super) unclear: bool,
}

impl<'a> Item<'a> {
    /// One without members.
    pub(super) fn new() -> Self {
        Self::default()
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(known, _)| known == name)
    }

    /// The value of a member.
    pub(super) fn get(&self, name: &str) -> Option<&Told<'a>> {
        self.place(name).map(|at| &self.0[at].1)
    }

    /// The text of a member.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Told::text)
    }

    /// Gives a member a value.
    pub(super) fn insert(&mut self, name: impl Into<Cow<'a, str>>, value: Told<'a>) {
        let name = name.into();
        // They mostly come in order.
        let last = self.0.last().map(|(known, _)| known.cmp(&name));
        if last.is_none_or(Ordering::is_lt) {
            self.0.push((name, value));
            return;
        }
        match self.0.binary_search_by(|(known, _)| known.cmp(&name)) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    /// Takes a member away.
    pub(super) fn remove(&mut self, name: &str) -> Option<Told<'a>> {
        self.place(name).map(|at| self.0.remove(at).1)
    }

    /// A copy with those members only, which needs no answer.
    pub(super) fn kept(&self, wanted: impl Fn(&str) -> bool) -> Item<'static> {
        let members = self.0.iter().filter(|(name, _)| wanted(name));
        let owned =
            members.map(|(name, told)| (Cow::Owned(name.clone().into_owned()), told.owned()));
        Item(owned.collect())
    }

    /// Whether its type or its key is no text, so that it may be any that is looked for.
    fn is_unclear(&self) -> bool {
        let unclear = |(name, told): &(Cow<'_, str>, Told<'_>)| {
            matches!(told, Told::Other(other) if !other.is_null())
                && matches!(&**name, "type" | "key")
        };
        self.0.iter().any(unclear)
    }

    /// Its members.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Told<'a>)> {
        self.0.iter().map(|(name, told)| (name.as_ref(), told))
    }
}

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.members())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Item<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Item<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an item")
            }

            fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Item<'de>, A::Error> {
                members(from)
            }
        }
        from.deserialize_map(Members)
    }
}

fn members<'de, A: MapAccess<'de>>(mut from: A) -> Result<Item<'de>, A::Error> {
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
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok((!is_said_of_it(name)).then_some(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok((!is_said_of_it(name)).then(|| Cow::Owned(name.to_owned())))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for List<'a> {
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
    type Value = List<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<List<'de>, E> {
        Ok(List::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<List<'de>, A::Error> {
        let mut list = List {
            items: Vec::with_capacity(2),
            ..List::default()
        };
        while let Some(item) = from.next_element_seed(Element)? {
            match item {
                Some(item) => {
                    list.unclear |= item.is_unclear();
                    list.items.push(item);
                }
                None => list.odd = true,
            }
        }
        Ok(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<List<'de>, A::Error> {
        while from.next_entry::<String, Value>()?.is_some() {}
        Ok(odd())
    }

    odd_ones!(odd());
}

fn odd() -> List<'static> {
    List {
        odd: true,
        ..List::default()
    }
}

impl<'de> DeserializeSeed<'de> for Element {
    type Value = Option<Item<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element {
    type Value = Option<Item<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Option<Item<'de>>, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Option<Item<'de>>, A::Error> {
        while from.next_element::<Value>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Option<Item<'de>>, A::Error> {
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
    fn an_item_is_what_its_text_says_sorted_by_name() {
        let text = r#"{"value":"a","type":null,"odd one":[1,{"x":2.5}],"type":"work"}"#;
        let mut item: Item<'_> = serde_json::from_str(text).unwrap();
        let plain: serde_json::Map<String, Value> = serde_json::from_str(text).unwrap();
        assert_eq!(json!(item), json!(plain), "of two members the last");
        assert_eq!(
            serde_json::to_string(&item).unwrap(),
            serde_json::to_string(&plain).unwrap()
        );
        assert_eq!(item.text("type"), Some("work"));
        assert_eq!(item.remove("type"), Some(Told::Text("work".into())));
        assert_eq!((item.remove("type"), item.get("type")), (None, None));
        item.insert("a", Told::Other(json!(1)));
        item.insert("a", Told::Other(json!(2)));
        let names: Vec<_> = item.members().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "odd one", "value"]);
        assert_eq!(item.get("a"), Some(&Told::Other(json!(2))));
        serde_json::from_str::<Item<'_>>("[]").unwrap_err();
    }

    #[test]
    fn what_is_said_of_a_value_is_passed_over() {
        let text =
            r#"{"metadata":{"primary":true,"source":[{}]},"canonicalForm":"+49","value":"a"}"#;
        let item: Item<'_> = serde_json::from_str(text).unwrap();
        assert_eq!(json!(item), json!({"value": "a"}));
    }

    #[test]
    fn what_is_no_list_of_items_is_odd() {
        fn read(text: &str) -> List<'_> {
            serde_json::from_str(text).unwrap()
        }
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
            let error = serde_json::from_str::<List<'_>>(&text).unwrap_err();
            assert!(error.to_string().contains("recursion"), "{error}");
        }
    }
}
