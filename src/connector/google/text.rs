//! The texts of an answer: in the answer's own bytes, unless they are spelled with escapes.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct One;
        impl<'de> Visitor<'de> for One {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(One)
    }
}

/// What a member says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Told<'a> {
    /// A text, which nearly all are.
    Text(Cow<'a, str>),
    /// Anything else, `null` included; never a text.
    Other(Value),
}

impl Told<'_> {
    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Other(_) => None,
        }
    }

    /// A copy that needs no answer.
    pub(super) fn owned(&self) -> Told<'static> {
        match self {
            Self::Text(text) => Told::Text(Cow::Owned(text.clone().into_owned())),
            Self::Other(other) => Told::Other(other.clone()),
        }
    }
}

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => to.serialize_str(text),
            Self::Other(other) => other.serialize(to),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Told<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any)
    }
}

/// Reads a value of any type.
struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Told<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Told<'de>, E> {
        Ok(Told::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Told<'de>, E> {
        Ok(Told::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Told<'de>, E> {
        Ok(Told::Other(Value::Null))
    }

    fn visit_bool<E>(self, it: bool) -> Result<Told<'de>, E> {
        Ok(Told::Other(it.into()))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Told<'de>, E> {
        Ok(Told::Other(it.into()))
    }

    fn visit_u64<E>(self, it: u64) -> Result<Told<'de>, E> {
        Ok(Told::Other(it.into()))
    }

    fn visit_f64<E>(self, it: f64) -> Result<Told<'de>, E> {
        Ok(Told::Other(it.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, from: A) -> Result<Told<'de>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(from)).map(Told::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Told<'de>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(from)).map(Told::Other)
    }
}

/// Writes a text as JSON. Few have something to escape.
pub(super) fn quote(to: &mut Vec<u8>, text: &str) {
    if escapes(text.as_bytes()) {
        // A vector takes everything.
        serde_json::to_writer(to, text).ok();
        return;
    }
    to.reserve(text.len() + 2);
    to.push(b'"');
    to.extend_from_slice(text.as_bytes());
    to.push(b'"');
}

/// Whether JSON has to escape something: eight bytes at a time.
fn escapes(text: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // Not zero when a byte of the word is below this one.
    let below = |word: u64, byte: u8| word.wrapping_sub(ONES * u64::from(byte)) & !word & HIGH;
    let same = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let any = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        below(word, b' ') | same(word, b'"') | same(word, b'\\') != 0
    };
    match text.last_chunk::<8>() {
        // The last word overlaps the one before it.
        Some(last) => any(last) || text.as_chunks::<8>().0.iter().any(any),
        None => text
            .iter()
            .any(|byte| matches!(byte, 0..b' ' | b'"' | b'\\')),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_stays_where_it_is_unless_it_has_escapes() {
        let read = |text| serde_json::from_str::<Text<'_>>(text).unwrap();
        assert!(matches!(read("\"Zoë\"").0, Cow::Borrowed("Zoë")));
        assert_eq!(&*read(r#""a\"\u00e4""#), "a\"ä");
        assert!(matches!(read(r#""\n""#).0, Cow::Owned(_)));
        for none in ["1", "null", "{}", "[]", "true"] {
            serde_json::from_str::<Text<'_>>(none).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn quoted_it_is_what_serde_json_makes_of_it(text in "(?s:.{0,8}|[ -~]{0,40}|[\u{0}-\u{22}\\\\\u{7f}\u{80}ÿa]{0,20})") {
            let mut quoted = Vec::new();
            quote(&mut quoted, &text);
            prop_assert_eq!(String::from_utf8(quoted).unwrap(), serde_json::to_string(&text).unwrap());
        }
    }
}
