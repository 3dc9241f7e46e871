//! How model values are spelled in the columns of the state file.

use rusqlite::types::{FromSql, FromSqlResult, ValueRef};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::error::Fault;
use crate::model::{
    Base, Field, Fields, Key, ProblemKind, Record, RemoteId, Rest, Side, Sides, Value, Version,
};

/// JSON in one piece of memory, as large as most rows need.
pub(super) fn json(value: &impl Serialize) -> Result<String, Fault> {
    let mut text = Vec::with_capacity(1_000);
    serde_json::to_writer(&mut text, value)?;
    String::from_utf8(text).map_err(|_| Fault::Nonsense("JSON is UTF-8".to_owned()))
}

/// Texts of the model, from a column without a copy in between.
macro_rules! from_sql {
    ($($name:ident),*) => {$(
        impl FromSql for $name {
            fn column_result(column: ValueRef<'_>) -> FromSqlResult<Self> {
                Ok(Self::from(column.as_str()?))
            }
        }
    )*};
}

from_sql!(Key, RemoteId, Version);

/// A count as a column.
pub(super) fn from_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A column as a count.
pub(super) fn to_count(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

/// A side as a column.
pub(super) fn side_no(side: Side) -> i64 {
    match side {
        Side::Google => 0,
        Side::Crm => 1,
    }
}

/// A column as a side.
pub(super) fn side_of(no: i64) -> Result<Side, Fault> {
    match no {
        0 => Ok(Side::Google),
        1 => Ok(Side::Crm),
        other => Err(Fault::Nonsense(format!("{other} is no side"))),
    }
}

/// Why a link rests, as its two columns.
pub(super) fn rest_columns(rest: Rest) -> (i64, Option<i64>) {
    match rest {
        Rest::Awake => (0, None),
        Rest::Left(side) => (1, Some(side_no(side))),
        Rest::Vanished(side) => (2, Some(side_no(side))),
        Rest::Ended(side) => (3, Some(side_no(side))),
        Rest::Merged => (4, None),
    }
}

/// The two columns as why a link rests.
pub(super) fn rest_of(rest: i64, side: Option<i64>) -> Result<Rest, Fault> {
    let side = side.map(side_of).transpose()?;
    match (rest, side) {
        (0, None) => Ok(Rest::Awake),
        (1, Some(side)) => Ok(Rest::Left(side)),
        (2, Some(side)) => Ok(Rest::Vanished(side)),
        (3, Some(side)) => Ok(Rest::Ended(side)),
        (4, None) => Ok(Rest::Merged),
        (other, _) => Err(Fault::Nonsense(format!("{other} is no rest of a link"))),
    }
}

/// A base as JSON: field → `[google, crm]`, or one value where both sides hold the very same.
pub(super) fn base_text(base: &Base) -> Result<String, Fault> {
    struct Pairs<'a>(&'a Base);
    impl Serialize for Pairs<'_> {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.collect_map(self.0.iter().map(|(field, sides)| (field, Halves(sides))))
        }
    }
    json(&Pairs(base))
}

struct Halves<'a>(&'a Sides<Option<Value>>);

impl Serialize for Halves<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Sides { google, crm } = self.0;
        let same = match (google, crm) {
            (None, None) => true,
            (Some(google), Some(crm)) => google.text == crm.text && google.canon == crm.canon,
            (None, Some(_)) | (Some(_), None) => false,
        };
        if same {
            google.serialize(to)
        } else {
            (google, crm).serialize(to)
        }
    }
}

/// A base from its JSON.
pub(super) fn base_of(text: &str) -> Result<Base, Fault> {
    let pairs: std::collections::BTreeMap<Field, Both> = serde_json::from_str(text)?;
    Ok(pairs
        .into_iter()
        .map(|(field, both)| (field, both.0))
        .collect())
}

struct Both(Sides<Option<Value>>);

impl<'de> Deserialize<'de> for Both {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct One;
        impl<'de> Visitor<'de> for One {
            type Value = Both;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value or one of each side")
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Both, E> {
                Ok(Both(Sides::default()))
            }

            fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Both, A::Error> {
                let value = Value::deserialize(MapAccessDeserializer::new(from))?;
                let (google, crm) = (Some(value.clone()), Some(value));
                Ok(Both(Sides { google, crm }))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, from: A) -> Result<Both, A::Error> {
                let (google, crm) = Deserialize::deserialize(SeqAccessDeserializer::new(from))?;
                Ok(Both(Sides { google, crm }))
            }
        }
        from.deserialize_any(One)
    }
}

/// The addresses of a record as JSON: the match key or null, then the others.
pub(super) fn addrs_text(record: &Record) -> Result<String, Fault> {
    let all: Vec<Option<&Key>> = std::iter::once(record.key.as_ref())
        .chain(record.emails.iter().map(Some))
        .collect();
    Ok(serde_json::to_string(&all)?)
}

/// The match key and the other addresses from their JSON.
pub(super) fn addrs_of(text: &str) -> Result<(Option<Key>, Vec<Key>), Fault> {
    let mut all = serde_json::from_str::<Vec<Option<Key>>>(text)?.into_iter();
    let key = all.next().flatten();
    Ok((key, all.flatten().collect()))
}

#[derive(Serialize)]
struct ContentOut<'a> {
    #[serde(rename = "f")]
    fields: &'a Fields,
    #[serde(rename = "u", skip_serializing_if = "<[Field]>::is_empty")]
    unread: &'a [Field],
    #[serde(rename = "l", skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
}

#[derive(Deserialize)]
pub(super) struct Content {
    /// The mapped fields.
    #[serde(rename = "f")]
    pub(super) fields: Fields,
    /// The fields that the remote did not tell.
    #[serde(rename = "u", default)]
    pub(super) unread: Vec<Field>,
    /// The contact's name for reports.
    #[serde(rename = "l", default)]
    pub(super) label: Option<Box<str>>,
}

/// The rarely compared part of a record as JSON.
pub(super) fn content_text(record: &Record) -> Result<String, Fault> {
    json(&ContentOut {
        fields: &record.fields,
        unread: &record.unread,
        label: record.label.as_deref(),
    })
}

/// The content of a record from its JSON.
pub(super) fn content_of(text: &str) -> Result<Content, Fault> {
    Ok(serde_json::from_str(text)?)
}

#[derive(Serialize, Deserialize)]
struct ProblemText {
    kind: ProblemKind,
    key: Option<Key>,
    ids: Sides<Vec<RemoteId>>,
    field: Option<String>,
    reason: String,
    hint: String,
}

/// A problem as JSON.
pub(super) fn problem_text(problem: &crate::model::Problem) -> Result<String, Fault> {
    let crate::model::Problem {
        kind,
        key,
        ids,
        field,
        reason,
        hint,
    } = problem.clone();
    Ok(serde_json::to_string(&ProblemText {
        kind,
        key,
        ids,
        field,
        reason,
        hint,
    })?)
}

/// A problem from its JSON.
pub(super) fn problem_of(text: &str) -> Result<crate::model::Problem, Fault> {
    let ProblemText {
        kind,
        key,
        ids,
        field,
        reason,
        hint,
    } = serde_json::from_str(text)?;
    Ok(crate::model::Problem {
        kind,
        key,
        ids,
        field,
        reason,
        hint,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_base_says_once_what_both_sides_hold() {
        let (short, long) = (Value::plain("49"), Value::with_canon("+49", "49"));
        let base = Base::from([
            (Field(1), Sides::from_fn(|_| Some(long.clone()))),
            (Field(2), Sides::from_fn(|_| None)),
            // Equal, but not spelled alike.
            (
                Field(3),
                Sides {
                    google: Some(short.clone()),
                    crm: Some(long.clone()),
                },
            ),
            (
                Field(4),
                Sides {
                    google: None,
                    crm: Some(short),
                },
            ),
        ]);
        let text = base_text(&base).unwrap();
        assert_eq!(
            text,
            r#"{"1":{"t":"+49","c":"49"},"2":null,"3":[{"t":"49"},{"t":"+49","c":"49"}],"4":[null,{"t":"49"}]}"#
        );
        let back = base_of(&text).unwrap();
        assert_eq!(back, base);
        assert_eq!(&*back[&Field(3)].google.as_ref().unwrap().text, "49");
        // As version 2 wrote it.
        let old = r#"{"1":[{"t":"+49","c":"49"},{"t":"+49","c":"49"}],"2":[null,null]}"#;
        let old = base_of(old).unwrap();
        assert_eq!(
            (&old[&Field(1)], &old[&Field(2)]),
            (&base[&Field(1)], &base[&Field(2)])
        );
        for wrong in [r#"{"1":1}"#, r#"{"1":[null]}"#, r#"{"1":{"c":"x"}}"#, "[]"] {
            base_of(wrong).unwrap_err();
        }
        let error = format!("{:?}", base_of(r#"{"1":1}"#).unwrap_err());
        assert!(error.contains("a value or one of each side"), "{error}");
    }
}
