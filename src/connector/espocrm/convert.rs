//! EspoCRM's JSON to records and values to EspoCRM's JSON; pure.

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::api;
use super::gear::{Gear, Place, Slot};
use super::numbers;
use super::query::second;
use super::wire::Row;
use crate::mapping::canon;
use crate::model::{FieldKind, Fields, Moment, Patch, Record, RemoteId, Value, Version};

/// What a row tells about a field.
enum Told {
    Text(String),
    Blank,
    Nothing,
}

/// A row as a record; nothing when it has no identifier.
///
/// The revision is the modification time with a digest of the mapped values behind it: EspoCRM's
/// clock counts whole seconds, and two edits may share one.
pub(super) fn record(gear: &Gear, row: &Row, listed: bool) -> Option<Record> {
    let modified = row.get("modifiedAt");
    let mut digest = Sha256::new();
    let mut record = Record::bare(RemoteId::from(api::id(row)?), Version::from(""));
    record.changed_at = second(modified).map(Moment);
    record.listed = listed;
    for slot in &gear.slots {
        digest.update(slot.crm.as_bytes());
        match told(slot, row) {
            Told::Text(text) => {
                digest.update([1]);
                digest.update(text.as_bytes());
                let value = gear
                    .mapping
                    .pair(slot.field)
                    .and_then(|pair| gear.mapping.value(pair, &text));
                if let Some(value) = value {
                    if gear.mapping.key == slot.field {
                        record.key = canon::email(&value.text);
                    }
                    record.fields.insert(slot.field, value);
                }
            }
            Told::Blank => digest.update([0]),
            Told::Nothing => {
                digest.update([2]);
                record.unread.push(slot.field);
            }
        }
    }
    let digest = digest
        .finalize()
        .iter()
        .take(8)
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let time = modified.and_then(Json::as_str).unwrap_or_default();
    record.version = Version::from(format!("{time}/{digest}"));
    Some(record)
}

fn told(slot: &Slot, row: &Row) -> Told {
    if slot.hidden {
        return Told::Nothing;
    }
    let name = match &slot.place {
        Place::Attribute(name) => name,
        Place::Email => "emailAddress",
        Place::Phone => "phoneNumber",
        Place::PhoneOf(_) => {
            let Some(entries) = numbers::entries(row, "phoneNumberData") else {
                return Told::Nothing;
            };
            return numbers::entry(&entries, &slot.place)
                .map_or(Told::Blank, |entry| said(entry.get("phoneNumber")));
        }
    };
    said(row.get(name))
}

fn said(value: Option<&Json>) -> Told {
    match value {
        None | Some(Json::Array(_) | Json::Object(_)) => Told::Nothing,
        Some(Json::Null) => Told::Blank,
        Some(Json::String(text)) => Told::Text(text.clone()),
        Some(Json::Number(number)) => Told::Text(number.to_string()),
        Some(Json::Bool(flag)) => Told::Text(flag.to_string()),
    }
}

/// A value in the form that EspoCRM takes; nothing when it cannot be expressed.
pub(super) fn sent(gear: &Gear, slot: &Slot, value: &Value) -> Option<String> {
    let text = value.text.trim();
    Some(match slot.kind {
        // EspoCRM wants numbers in the international form, and addresses in ASCII.
        FieldKind::Phone if gear.extra.international => {
            canon::e164(text, gear.mapping.region.as_deref())?
        }
        FieldKind::Email if !text.is_ascii() => {
            let key = canon::email(text).filter(|key| key.as_str().is_ascii())?;
            key.as_str().to_owned()
        }
        FieldKind::Email => canon::email(text).map(|_| text.to_owned())?,
        FieldKind::Date => text.parse::<jiff::civil::Date>().ok()?.to_string(),
        FieldKind::Picklist if !slot.choices.is_empty() => {
            let by = |same: &dyn Fn(&str) -> bool| {
                slot.choices
                    .iter()
                    .map(|choice| &choice.stored)
                    .find(|stored| same(stored))
                    .cloned()
            };
            by(&|stored| stored == text)
                .or_else(|| by(&|stored| stored.eq_ignore_ascii_case(text)))?
        }
        FieldKind::Phone
        | FieldKind::Text
        | FieldKind::Multiline
        | FieldKind::Url
        | FieldKind::Picklist => text.to_owned(),
        FieldKind::Lookup | FieldKind::Other => return None,
    })
}

/// Fields as the body of a create.
pub(super) fn body<'a>(
    gear: &Gear,
    fields: &Fields,
    defaults: impl Iterator<Item = (&'a String, &'a Json)>,
) -> Row {
    let mut row: Row = defaults
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut phones = Vec::new();
    for slot in writable(gear) {
        let Some(text) = fields
            .get(&slot.field)
            .and_then(|value| sent(gear, slot, value))
        else {
            continue;
        };
        match &slot.place {
            Place::Attribute(name) => drop(row.insert(name.clone(), json!(text))),
            Place::Email => drop(row.insert("emailAddress".to_owned(), json!(text))),
            Place::Phone | Place::PhoneOf(_) => {
                numbers::put_number(&mut phones, &slot.place, Some(&text));
            }
        }
    }
    if !phones.is_empty() {
        row.insert("phoneNumberData".to_owned(), json!(phones));
    }
    row
}

/// What keeps a patch from being put on a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// The record's numbers were not told, so that its other numbers would be lost.
    Untold(crate::model::Field),
    /// Two numbers of the record would be the same.
    Clash(crate::model::Field),
}

/// A patch as the body of an update of a record that was just read.
pub(super) fn patch_body(gear: &Gear, now: &Row, patch: &Patch) -> Result<Row, Unfit> {
    let mut row = Row::new();
    let mut phones = numbers::entries(now, "phoneNumberData");
    let mut touched = None;
    for slot in writable(gear) {
        let Some(swap) = patch.get(&slot.field) else {
            continue;
        };
        let text = swap.to.as_ref().and_then(|value| sent(gear, slot, value));
        if swap.to.is_some() && text.is_none() {
            continue;
        }
        match &slot.place {
            Place::Attribute(name) => drop(row.insert(name.clone(), json!(text))),
            Place::Email => {
                if let Some(mut entries) = numbers::entries(now, "emailAddressData") {
                    numbers::put_address(&mut entries, text.as_deref());
                    row.insert("emailAddressData".to_owned(), json!(entries));
                }
                row.insert("emailAddress".to_owned(), json!(text));
            }
            Place::Phone | Place::PhoneOf(_) => {
                let entries = phones.as_mut().ok_or(Unfit::Untold(slot.field))?;
                numbers::put_number(entries, &slot.place, text.as_deref());
                touched = Some(slot.field);
            }
        }
    }
    if let (Some(field), Some(phones)) = (touched, phones) {
        if numbers::clash(&phones, gear.mapping.region.as_deref()) {
            return Err(Unfit::Clash(field));
        }
        row.insert("phoneNumberData".to_owned(), json!(phones));
    }
    Ok(row)
}

fn writable(gear: &Gear) -> impl Iterator<Item = &Slot> {
    gear.slots
        .iter()
        .filter(|slot| !slot.hidden && !matches!(slot.kind, FieldKind::Lookup | FieldKind::Other))
}
