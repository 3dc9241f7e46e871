//! Zoho's JSON to records and values to Zoho's JSON; pure.

use std::borrow::Cow;

use serde_json::{Value as Json, json};

use super::gear::{Gear, Slot};
use super::row::Told as Cell;
use super::wire::{Body, Row};
use crate::mapping::canon;
use crate::model::{FieldKind, Fields, Moment, Patch, Record, RemoteId, Value, Version};

/// Rich text is cut at this length in lists (API v7, "Get Records").
const RICH_CUT: usize = 500;

/// An API time (any offset) as seconds since the epoch.
pub(super) fn second(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>()
        .ok()
        .map(jiff::Timestamp::as_second)
}

/// A modification time as a revision: UTC, RFC 3339, whole seconds, so that the offset that the API
/// happens to answer in makes no difference. A text that is no time stays as it is.
pub(super) fn version(text: &str) -> Version {
    version_at(text, second(text))
}

/// The same of a text whose time is known.
fn version_at(text: &str, second: Option<i64>) -> Version {
    match second.and_then(|second| jiff::Timestamp::from_second(second).ok()) {
        Some(stamp) => Version::from(stamp.to_string()),
        None => Version::from(text),
    }
}

/// The identifier of a row.
pub(super) fn id(row: &Row) -> Option<RemoteId> {
    match row.get("id")? {
        Cell::Text(id) => Some(RemoteId::from(id)),
        Cell::Other(Json::Number(id)) => Some(RemoteId::from(id.to_string())),
        Cell::Other(_) => None,
    }
}

/// Where in a row its slots stand.
#[derive(Default)]
pub(super) struct Places(Vec<usize>);

/// A row as a record; nothing when it has no identifier.
pub(super) fn record(gear: &Gear, row: &Row, listed: Listed) -> Option<Record> {
    record_near(gear, row, listed, &mut Places::default())
}

/// The same of a row that is most likely made as the one before it.
pub(super) fn record_near(
    gear: &Gear,
    row: &Row,
    listed: Listed,
    Places(places): &mut Places,
) -> Option<Record> {
    places.resize(gear.slots.len(), 0);
    let changed = row
        .get("Modified_Time")
        .and_then(Cell::as_str)
        .unwrap_or_default();
    let at = second(changed);
    let mut record = Record::bare(id(row)?, version_at(changed, at));
    record.changed_at = at.map(Moment);
    record.listed = listed == Listed::Yes;
    record.fields = Fields::with_capacity(gear.slots.len());
    for (slot, place) in gear.slots.iter().zip(places) {
        match text(slot, row, place) {
            Told::Text(text) => {
                let Some(pair) = gear.mapping.pair(slot.field) else {
                    continue;
                };
                if let Some(value) = gear.mapping.value(pair, &text) {
                    if gear.mapping.key == slot.field {
                        record.key = canon::email(&value.text);
                    }
                    record.fields.insert(slot.field, value);
                }
            }
            Told::Blank => {}
            Told::Nothing => record.unread.push(slot.field),
        }
    }
    Some(record)
}

/// Whether a record is in the list view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    No,
    Yes,
}

impl From<bool> for Listed {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

enum Told<'a> {
    Text(Cow<'a, str>),
    Blank,
    Nothing,
}

/// What a row tells about a slot.
fn text<'a>(slot: &'a Slot, row: &'a Row, place: &mut usize) -> Told<'a> {
    if slot.hidden {
        return Told::Nothing;
    }
    // A lookup comes by its joined column (COQL) or as an object (Get Records).
    let told = row.get_near(&slot.column, place);
    let text = match told.or_else(|| row.get(&slot.crm)) {
        None => return Told::Nothing,
        Some(Cell::Text(text)) => Cow::Borrowed(text),
        Some(Cell::Other(Json::String(text))) => Cow::Borrowed(text.as_str()),
        Some(Cell::Other(Json::Null)) if slot.restricted => return Told::Nothing,
        Some(Cell::Other(Json::Null)) => return Told::Blank,
        Some(Cell::Other(Json::Number(number))) => Cow::Owned(number.to_string()),
        Some(Cell::Other(Json::Bool(flag))) => Cow::Owned(flag.to_string()),
        Some(Cell::Other(Json::Object(object))) => {
            match object.get("name").and_then(Json::as_str) {
                Some(name) => Cow::Borrowed(name),
                // An identifier without a name says that there is something, but not what.
                None => return Told::Nothing,
            }
        }
        Some(Cell::Other(Json::Array(items))) => {
            let items: Vec<&str> = items.iter().filter_map(Json::as_str).collect();
            let shown: Vec<&str> = items.iter().map(|item| shown(slot, item)).collect();
            return Told::Text(shown.join(";").into());
        }
    };
    if slot.rich && text.chars().count() >= RICH_CUT {
        return Told::Nothing;
    }
    if slot.kind == FieldKind::Picklist {
        return match shown(slot, &text) {
            "-None-" => Told::Blank,
            shown => Told::Text(shown.to_owned().into()),
        };
    }
    Told::Text(text)
}

fn shown<'a>(slot: &'a Slot, stored: &'a str) -> &'a str {
    slot.choices
        .iter()
        .find(|choice| choice.stored == stored)
        .map_or(stored, |choice| &choice.shown)
}

/// What the API takes for a shown picklist value; nothing when it is none of them.
pub(super) fn stored<'a>(slot: &'a Slot, shown: &str) -> Option<&'a str> {
    let by = |same: &dyn Fn(&str) -> bool| {
        slot.choices
            .iter()
            .find(|choice| same(&choice.shown) || same(&choice.stored))
            .map(|choice| choice.stored.as_str())
    };
    by(&|text| text == shown).or_else(|| by(&|text| text.eq_ignore_ascii_case(shown)))
}

/// A value in the JSON type of its field; `null` clears. Nothing when it cannot be expressed.
pub(super) fn json_value(slot: &Slot, value: Option<&Value>) -> Option<Json> {
    let Some(value) = value else {
        return Some(Json::Null);
    };
    let text: &str = &value.text;
    Some(match slot.native.as_str() {
        "picklist" if !slot.choices.is_empty() => json!(stored(slot, text.trim())?),
        "multiselectpicklist" => {
            let parts = text
                .split(';')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            if slot.choices.is_empty() {
                json!(parts.collect::<Vec<_>>())
            } else {
                json!(
                    parts
                        .map(|part| stored(slot, part))
                        .collect::<Option<Vec<_>>>()?
                )
            }
        }
        "integer" => json!(text.trim().parse::<i64>().ok()?),
        "double" | "currency" | "percent" | "decimal" => {
            let number: f64 = text.trim().parse().ok()?;
            number.is_finite().then(|| json!(number))?
        }
        "boolean" => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => json!(true),
            "false" | "no" | "0" => json!(false),
            _ => return None,
        },
        "date" => json!(text.trim().parse::<jiff::civil::Date>().ok()?.to_string()),
        "datetime" => {
            let text = text.trim();
            second(text)?;
            json!(text)
        }
        _ => json!(text),
    })
}

/// Fields as the body of a create; lookups are never written.
pub(super) fn body<'a>(
    gear: &Gear,
    fields: &Fields,
    defaults: impl Iterator<Item = (&'a String, &'a Json)>,
) -> Body {
    let mut row: Body = defaults
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for slot in writable(gear) {
        if let Some(value) = fields.get(&slot.field)
            && let Some(json) = json_value(slot, Some(value))
        {
            row.insert(slot.crm.clone(), json);
        }
    }
    row
}

/// A patch as the body of an update, with the record's identifier.
pub(super) fn patch_body(gear: &Gear, id: &RemoteId, patch: &Patch) -> Body {
    let mut row = Body::new();
    row.insert("id".to_owned(), json!(id.as_str()));
    for slot in writable(gear) {
        if let Some(swap) = patch.get(&slot.field)
            && let Some(json) = json_value(slot, swap.to.as_ref())
        {
            row.insert(slot.crm.clone(), json);
        }
    }
    row
}

fn writable(gear: &Gear) -> impl Iterator<Item = &Slot> {
    gear.slots
        .iter()
        .filter(|slot| slot.kind != FieldKind::Lookup && !slot.hidden)
}
