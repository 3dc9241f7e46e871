//! Odoo's JSON to records and values to Odoo's JSON; pure.

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::fields::text;
use super::gear::{Gear, Place, Slot, View};
use super::spelling;
use super::wire::Row;
use crate::mapping::canon;
use crate::model::{FieldKind, Fields, Moment, Patch, Record, RemoteId, Value, Version};

/// The number of a row.
pub(super) fn id(row: &Row) -> Option<i64> {
    row.get("id").and_then(Json::as_i64)
}

/// Whether a row stands for somebody who is not archived.
pub(super) fn active(row: &Row) -> bool {
    row.get("active") != Some(&json!(false))
}

/// Whether a row is in the list; nothing where only Odoo can tell.
pub(super) fn listed(gear: &Gear, row: &Row) -> Option<bool> {
    let kind = row.get("type").and_then(Json::as_str);
    let person = active(row)
        && row.get("is_company") == Some(&json!(false))
        && kind.is_none_or(|kind| kind == "contact");
    match &gear.extra.view {
        _ if !person => Some(false),
        View::All => Some(true),
        View::Tag(tag) => {
            let tags = row.get("category_id").and_then(Json::as_array);
            Some(tags.is_some_and(|tags| tags.contains(&json!(tag))))
        }
        View::Filter(_) => None,
    }
}

/// A row as a record; nothing when it has no number.
///
/// The revision is the time of the last change with a digest of the mapped values behind it: the
/// interface shows whole seconds, and two changes may share one.
pub(super) fn record(gear: &Gear, row: &Row, listed: bool) -> Option<Record> {
    let changed = row.get("write_date").and_then(Json::as_str);
    let mut digest = Sha256::new();
    let mut record = Record::bare(RemoteId::from(id(row)?.to_string()), Version::from(""));
    record.changed_at = changed.and_then(second).map(Moment);
    record.listed = listed;
    for slot in &gear.slots {
        digest.update(slot.crm.as_bytes());
        let Some(value) = row.get(slot.attribute()).filter(|_| !slot.hidden) else {
            digest.update([2]);
            record.unread.push(slot.field);
            continue;
        };
        let Some(told) = told(slot, value) else {
            digest.update([0]);
            continue;
        };
        digest.update([1]);
        digest.update(told.as_bytes());
        let pair = gear.mapping.pair(slot.field);
        let value = pair.and_then(|pair| gear.mapping.value(pair, &told));
        if let Some(value) = value {
            if gear.mapping.key == slot.field {
                record.key = canon::email(&value.text);
            }
            record.fields.insert(slot.field, value);
        }
    }
    let digest = digest
        .finalize()
        .iter()
        .take(8)
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    record.version = Version::from(format!("{}/{digest}", changed.unwrap_or_default()));
    Some(record)
}

/// What a row says of a field; nothing for a blank.
fn told(slot: &Slot, value: &Json) -> Option<String> {
    let text = text(value)?;
    let told = match slot.place {
        Place::Plain if slot.kind == FieldKind::Picklist => slot
            .choices
            .iter()
            .find(|choice| choice.stored == text)
            .map_or(text, |choice| choice.shown.clone()),
        Place::Plain => text,
        Place::Given => spelling::split_name(&text).0.to_owned(),
        Place::Family => spelling::split_name(&text).1.to_owned(),
        Place::Address => match spelling::addresses(&text).first() {
            Some(address) => (*address).to_owned(),
            None => text,
        },
        Place::Html => spelling::plain_text(&text),
    };
    (!told.trim().is_empty()).then_some(told)
}

/// A value in the form that Odoo takes; nothing when it cannot be expressed.
pub(super) fn sent(slot: &Slot, value: &Value) -> Option<String> {
    let text = value.text.trim();
    Some(match slot.kind {
        FieldKind::Email => canon::email(text).map(|_| text.to_owned())?,
        FieldKind::Date => text.parse::<jiff::civil::Date>().ok()?.to_string(),
        FieldKind::Picklist => {
            let choices = slot.choices.iter();
            let fits = |choice: &&crate::model::Choice| {
                choice.stored == text || choice.shown.eq_ignore_ascii_case(text)
            };
            choices.clone().find(fits)?.stored.clone()
        }
        FieldKind::Text | FieldKind::Multiline | FieldKind::Phone | FieldKind::Url => {
            text.to_owned()
        }
        FieldKind::Lookup | FieldKind::Other => return None,
    })
}

/// The fields of a new record.
pub(super) fn body<'a>(
    gear: &Gear,
    fields: &Fields,
    defaults: impl Iterator<Item = (&'a String, &'a Json)>,
) -> Row {
    let mut row: Row = defaults
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let (mut given, mut family) = (String::new(), String::new());
    for slot in writable(gear) {
        let value = fields.get(&slot.field).and_then(|value| sent(slot, value));
        let Some(text) = value else { continue };
        match slot.place {
            Place::Given => given = text,
            Place::Family => family = text,
            Place::Plain | Place::Address => drop(row.insert(slot.crm.clone(), json!(text))),
            Place::Html => {}
        }
    }
    let name = spelling::join_name(&given, &family);
    if !name.is_empty() {
        row.insert("name".to_owned(), json!(name));
    }
    if let Some(tag) = gear.tag() {
        // 4 is Odoo's word for "and this one too".
        row.insert("category_id".to_owned(), json!([[4, tag]]));
    }
    row
}

/// The name that a record would have after a patch; nothing when the patch does not touch it.
pub(super) fn name_after(gear: &Gear, now: &Row, patch: &Patch) -> Option<String> {
    let name = now.get("name").and_then(text).unwrap_or_default();
    let (given, family) = spelling::split_name(&name);
    let mut touched = false;
    let mut half = |crm: &str, old: &str| match gear.slot_named(crm) {
        Some(slot) if patch.contains_key(&slot.field) => {
            touched = true;
            let to = patch[&slot.field].to.as_ref();
            to.and_then(|value| sent(slot, value)).unwrap_or_default()
        }
        Some(_) | None => old.to_owned(),
    };
    let given = half(super::gear::GIVEN, given);
    let family = half(super::gear::FAMILY, family);
    touched.then(|| spelling::join_name(&given, &family))
}

/// A patch as the new fields of a record that was just read.
pub(super) fn patch_body(gear: &Gear, now: &Row, patch: &Patch) -> Row {
    let mut row = Row::new();
    for slot in writable(gear) {
        let Some(swap) = patch.get(&slot.field) else {
            continue;
        };
        let new = swap.to.as_ref().and_then(|value| sent(slot, value));
        if swap.to.is_some() && new.is_none() {
            continue;
        }
        let new = match slot.place {
            Place::Plain => new.unwrap_or_default(),
            Place::Address => {
                let old = now.get(&slot.crm).and_then(text).unwrap_or_default();
                spelling::put_address(&old, new.as_deref())
            }
            Place::Given | Place::Family | Place::Html => continue,
        };
        let blank = new.is_empty();
        let new = if blank { json!(false) } else { json!(new) };
        row.insert(slot.crm.clone(), new);
    }
    if let Some(name) = name_after(gear, now, patch) {
        row.insert("name".to_owned(), json!(name));
    }
    row
}

fn writable(gear: &Gear) -> impl Iterator<Item = &Slot> {
    gear.slots
        .iter()
        .filter(|slot| !slot.hidden && !matches!(slot.kind, FieldKind::Lookup | FieldKind::Other))
}

/// A time as the interface writes it: UTC without saying so, whole seconds.
pub(super) fn instant(second: i64) -> String {
    jiff::Timestamp::from_second(second).map_or_else(
        |_| String::new(),
        |stamp| stamp.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// A time of the interface as seconds since the epoch.
fn second(text: &str) -> Option<i64> {
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    let stamp = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some(stamp.as_second())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_in_whole_seconds() {
        let text = "2026-11-22 10:58:19";
        assert_eq!(instant(second(text).unwrap()), text);
        assert_eq!(second("soon"), None);
    }
}
