//! The mapped values of a record: few, so a sorted list takes a third of the memory of a tree.

use std::fmt;
use std::ops::Index;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::{Field, Value};

/// The mapped part of a record; a missing key means an empty field.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fields(Vec<(Field, Value)>);

impl Fields {
    /// No values.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// No values, with room for so many.
    #[must_use]
    pub fn with_capacity(fields: usize) -> Self {
        Self(Vec::with_capacity(fields))
    }

    fn place(&self, field: Field) -> Result<usize, usize> {
        match self.0.last() {
            // They mostly come in order.
            Some((last, _)) if *last < field => Err(self.0.len()),
            Some(_) | None => self.0.binary_search_by_key(&field, |(known, _)| *known),
        }
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, field: &Field) -> Option<&Value> {
        let at = self.place(*field).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// Whether a field has a value.
    #[must_use]
    pub fn contains_key(&self, field: &Field) -> bool {
        self.place(*field).is_ok()
    }

    /// Gives a field a value; returns the one before.
    pub fn insert(&mut self, field: Field, value: Value) -> Option<Value> {
        match self.place(field) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, value)),
            Err(at) => {
                self.0.insert(at, (field, value));
                None
            }
        }
    }

    /// Empties a field; returns its value.
    pub fn remove(&mut self, field: &Field) -> Option<Value> {
        let at = self.place(*field).ok()?;
        Some(self.0.remove(at).1)
    }

    /// Keeps some of the values.
    pub fn retain(&mut self, mut keep: impl FnMut(&Field, &mut Value) -> bool) {
        self.0.retain_mut(|(field, value)| keep(field, value));
    }

    /// How many fields have a value.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no field has a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values in the order of their fields.
    #[must_use]
    pub fn iter(&self) -> FieldIter<'_> {
        self.into_iter()
    }

    /// The fields that have a value, in order.
    pub fn keys(&self) -> impl Iterator<Item = &Field> {
        self.0.iter().map(|(field, _)| field)
    }

    /// The values alone.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().map(|(_, value)| value)
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = (&'a Field, &'a Value);
    type IntoIter = FieldIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        FieldIter(self.0.iter())
    }
}

/// Goes through fields and their values.
#[derive(Clone, Debug)]
pub struct FieldIter<'a>(std::slice::Iter<'a, (Field, Value)>);

impl<'a> Iterator for FieldIter<'a> {
    type Item = (&'a Field, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(field, value)| (field, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl IntoIterator for Fields {
    type Item = (Field, Value);
    type IntoIter = std::vec::IntoIter<(Field, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Extend<(Field, Value)> for Fields {
    fn extend<T: IntoIterator<Item = (Field, Value)>>(&mut self, more: T) {
        for (field, value) in more {
            self.insert(field, value);
        }
    }
}

impl FromIterator<(Field, Value)> for Fields {
    fn from_iter<T: IntoIterator<Item = (Field, Value)>>(values: T) -> Self {
        let mut fields = Self::new();
        fields.extend(values);
        fields
    }
}

impl<const N: usize> From<[(Field, Value); N]> for Fields {
    fn from(values: [(Field, Value); N]) -> Self {
        values.into_iter().collect()
    }
}

impl Index<&Field> for Fields {
    type Output = Value;

    #[expect(clippy::expect_used, reason = "as with every map")]
    fn index(&self, field: &Field) -> &Value {
        self.get(field).expect("the field has a value")
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of values by field")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::with_capacity(12);
                while let Some((field, value)) = from.next_entry()? {
                    fields.insert(field, value);
                }
                Ok(fields)
            }
        }
        from.deserialize_map(Values)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn value(text: &str) -> Value {
        Value::plain(text)
    }

    #[test]
    fn it_is_a_map() {
        let mut fields = Fields::new();
        let mut map = BTreeMap::new();
        for (field, text) in [
            (5, "a"),
            (1, "b"),
            (9, "c"),
            (5, "d"),
            (3, "e"),
            (9, "f"),
            (0, "g"),
        ] {
            let old = fields.insert(Field(field), value(text));
            assert_eq!(old, map.insert(Field(field), value(text)));
            assert!(fields.iter().eq(map.iter()) && fields.keys().eq(map.keys()));
            assert!(fields.values().eq(map.values()));
        }
        assert_eq!((fields.len(), fields.is_empty()), (5, false));
        for field in (0..12).map(Field) {
            assert_eq!(fields.get(&field), map.get(&field));
            assert_eq!(fields.contains_key(&field), map.contains_key(&field));
        }
        assert_eq!(fields[&Field(5)], value("d"));
        assert_eq!(format!("{fields:?}"), format!("{map:?}"));
        let json = serde_json::to_string(&fields).unwrap_or_default();
        assert_eq!(json, serde_json::to_string(&map).unwrap_or_default());
        assert!(serde_json::from_str::<Fields>(&json).is_ok_and(|back| back == fields));
        let twice =
            serde_json::from_str::<Fields>(r#"{"2":{"t":"x"},"1":{"t":"y"},"2":{"t":"z"}}"#);
        assert!(
            twice.is_ok_and(
                |it| it == Fields::from([(Field(1), value("y")), (Field(2), value("z"))])
            )
        );
        fields.retain(|field, _| field.0 > 1);
        map.retain(|field, _| field.0 > 1);
        assert_eq!(fields.remove(&Field(4)), None);
        assert_eq!(fields.remove(&Field(5)), map.remove(&Field(5)));
        fields.extend([(Field(2), value("h")), (Field(3), value("i"))]);
        map.extend([(Field(2), value("h")), (Field(3), value("i"))]);
        assert!(fields.into_iter().eq(map));
    }

    #[test]
    #[should_panic(expected = "the field has a value")]
    fn a_field_without_a_value_cannot_be_indexed() {
        let fields = Fields::from([(Field(1), value("a"))]);
        assert_eq!(fields[&Field(0)], value("b"));
    }
}
