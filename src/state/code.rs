//! How model values are spelled in the columns of the state file.

use serde::{Deserialize, Serialize};

use super::error::Fault;
use crate::model::{Base, Field, Fields, Key, ProblemKind, Record, Rest, Side, Sides, Value};

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

/// A base as JSON: field → `[google, crm]`.
pub(super) fn base_text(base: &Base) -> Result<String, Fault> {
    let pairs: std::collections::BTreeMap<Field, (&Option<Value>, &Option<Value>)> = base
        .iter()
        .map(|(field, sides)| (*field, (&sides.google, &sides.crm)))
        .collect();
    Ok(serde_json::to_string(&pairs)?)
}

/// A base from its JSON.
pub(super) fn base_of(text: &str) -> Result<Base, Fault> {
    let pairs: std::collections::BTreeMap<Field, (Option<Value>, Option<Value>)> =
        serde_json::from_str(text)?;
    Ok(pairs
        .into_iter()
        .map(|(field, (google, crm))| (field, Sides { google, crm }))
        .collect())
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
    Ok(serde_json::to_string(&ContentOut {
        fields: &record.fields,
        unread: &record.unread,
        label: record.label.as_deref(),
    })?)
}

/// The content of a record from its JSON.
pub(super) fn content_of(text: &str) -> Result<Content, Fault> {
    Ok(serde_json::from_str(text)?)
}

#[derive(Serialize, Deserialize)]
struct ProblemText {
    kind: ProblemKind,
    key: Option<Key>,
    ids: Sides<Vec<crate::model::RemoteId>>,
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
