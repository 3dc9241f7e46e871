//! HubSpot's properties to records and values to HubSpot's properties; pure.

use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::gear::{Gear, MERGED, MODIFIED, Slot};
use super::wire::Contact;
use crate::mapping::canon;
use crate::model::{FieldKind, Fields, Key, Moment, Patch, Record, RemoteId, Value, Version};

/// A contact as a record.
///
/// The revision is the modification time with a digest of the mapped values behind it: HubSpot moves
/// that time for properties of its own too, so the digest is what a change is compared by.
pub(super) fn record(gear: &Gear, contact: &Contact, listed: bool) -> Record {
    let mut digest = Sha256::new();
    let id = RemoteId::from(contact.id.as_str());
    let mut record = Record::bare(id, Version::from(""));
    record.changed_at = modified(contact).map(|ms| Moment(ms.div_euclid(1000)));
    record.listed = listed;
    for slot in &gear.slots {
        digest.update(slot.crm.as_bytes());
        let Some(told) = contact.properties.get(&slot.crm) else {
            // A property that is asked for and absent is one that may not be seen.
            digest.update([2]);
            record.unread.push(slot.field);
            continue;
        };
        let text = told.as_deref().map(|text| shown(slot, text));
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            digest.update([0]);
            continue;
        };
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
    let digest = digest
        .finalize()
        .iter()
        .take(8)
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let time = stamp(contact).unwrap_or_default();
    record.version = Version::from(format!("{time}/{digest}"));
    record
}

/// Whether two revisions hold the same mapped values.
pub(super) fn same_values(one: &Version, other: &Version) -> bool {
    let digest = |version: &Version| {
        let text = version.as_str();
        text.rsplit_once('/').map(|(_, digest)| digest.to_owned())
    };
    digest(one).is_some() && digest(one) == digest(other)
}

/// When a contact was changed, as HubSpot writes it.
pub(super) fn stamp(contact: &Contact) -> Option<&str> {
    contact.property(MODIFIED).or(contact.updated_at.as_deref())
}

/// When a contact was changed, milliseconds since the epoch.
pub(super) fn modified(contact: &Contact) -> Option<i64> {
    instant(stamp(contact)?)
}

/// A time of the API, written out or as milliseconds, in milliseconds since the epoch.
pub(super) fn instant(text: &str) -> Option<i64> {
    let text = text.trim();
    text.parse::<i64>().ok().or_else(|| {
        let stamp: jiff::Timestamp = text.parse().ok()?;
        Some(stamp.as_millisecond())
    })
}

/// The first address of a contact as a key.
pub(super) fn key_of(contact: &Contact) -> Option<Key> {
    canon::email(contact.property(super::gear::EMAIL)?)
}

/// The contacts that were merged into this one.
pub(super) fn merged(contact: &Contact) -> impl Iterator<Item = &str> {
    let ids = contact.property(MERGED).unwrap_or_default();
    ids.split(';')
        .map(str::trim)
        .filter(|id| !id.is_empty() && *id != contact.id)
}

/// A property's text as people see it.
fn shown(slot: &Slot, text: &str) -> String {
    match slot.kind {
        FieldKind::Date => day(text).unwrap_or_else(|| text.to_owned()),
        FieldKind::Picklist => {
            let choice = slot.choices.iter().find(|choice| choice.stored == text);
            match choice.filter(|choice| only(slot, &choice.shown)) {
                Some(choice) => choice.shown.clone(),
                None => text.to_owned(),
            }
        }
        FieldKind::Text
        | FieldKind::Multiline
        | FieldKind::Email
        | FieldKind::Phone
        | FieldKind::Url
        | FieldKind::Lookup
        | FieldKind::Other => text.to_owned(),
    }
}

/// Whether a label is that of one value only.
fn only(slot: &Slot, shown: &str) -> bool {
    let same = slot.choices.iter().filter(|choice| choice.shown == shown);
    same.count() == 1
}

/// A date property: a day, or midnight in UTC in milliseconds.
fn day(text: &str) -> Option<String> {
    if let Some(day) = canon::date(text) {
        return Some(day);
    }
    let stamp = jiff::Timestamp::from_millisecond(text.trim().parse().ok()?).ok()?;
    Some(stamp.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
}

/// A value in the form that HubSpot takes; nothing when it cannot be expressed.
pub(super) fn sent(slot: &Slot, value: &Value) -> Option<String> {
    let text = value.text.trim();
    Some(match slot.kind {
        // HubSpot keeps addresses in lower case, and wants them in ASCII.
        FieldKind::Email => {
            let key = canon::email(text).filter(|key| key.as_str().is_ascii())?;
            key.as_str().to_owned()
        }
        FieldKind::Date => text.parse::<jiff::civil::Date>().ok()?.to_string(),
        FieldKind::Picklist => stored(slot, text)?.to_owned(),
        FieldKind::Phone | FieldKind::Text | FieldKind::Multiline | FieldKind::Url => {
            text.to_owned()
        }
        FieldKind::Lookup | FieldKind::Other => return None,
    })
}

/// What the API takes for a shown choice; nothing when it is none of them.
fn stored<'a>(slot: &'a Slot, text: &str) -> Option<&'a str> {
    let by = |same: &dyn Fn(&str) -> bool| {
        let shown =
            |choice: &&crate::model::Choice| same(&choice.shown) && only(slot, &choice.shown);
        slot.choices
            .iter()
            .find(|choice| same(&choice.stored))
            .or_else(|| slot.choices.iter().find(shown))
            .map(|choice| choice.stored.as_str())
    };
    by(&|other| other == text).or_else(|| by(&|other| other.eq_ignore_ascii_case(text)))
}

/// Fields as the properties of a create.
pub(super) fn properties<'a>(
    gear: &Gear,
    fields: &Fields,
    defaults: impl Iterator<Item = (&'a String, &'a Json)>,
) -> Map<String, Json> {
    let mut all: Map<String, Json> = defaults
        .map(|(name, value)| (name.clone(), plain(value)))
        .collect();
    for slot in &gear.slots {
        let value = fields.get(&slot.field);
        if let Some(text) = value.and_then(|value| sent(slot, value)) {
            all.insert(slot.crm.clone(), json!(text));
        }
    }
    all
}

/// A default as the text that every property is.
fn plain(value: &Json) -> Json {
    match value {
        Json::String(_) | Json::Null => value.clone(),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            json!(value.to_string())
        }
    }
}

/// A patch as the properties of an update; an empty text clears.
pub(super) fn patched(gear: &Gear, patch: &Patch) -> Map<String, Json> {
    let mut all = Map::new();
    for slot in &gear.slots {
        let Some(swap) = patch.get(&slot.field) else {
            continue;
        };
        match &swap.to {
            None => drop(all.insert(slot.crm.clone(), json!(""))),
            Some(value) => {
                if let Some(text) = sent(slot, value) {
                    all.insert(slot.crm.clone(), json!(text));
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::model::{Choice, Field};

    fn slot(kind: FieldKind, choices: &[(&str, &str)]) -> Slot {
        Slot {
            field: Field(0),
            crm: "x".to_owned(),
            label: "X".to_owned(),
            kind,
            choices: choices
                .iter()
                .map(|(shown, stored)| Choice {
                    shown: (*shown).to_owned(),
                    stored: (*stored).to_owned(),
                })
                .collect(),
        }
    }

    #[test]
    fn times_are_read_written_out_and_as_milliseconds() {
        assert_eq!(instant("1785420000123"), Some(1_785_420_000_123));
        assert_eq!(instant("2019-12-07T16:50:06.678Z"), Some(1_575_737_406_678));
        assert_eq!(instant("soon"), None);
    }

    #[test]
    fn days_are_days_however_they_are_written() {
        let date = slot(FieldKind::Date, &[]);
        assert_eq!(shown(&date, "1572480000000"), "2019-10-31");
        assert_eq!(shown(&date, "2019-10-31"), "2019-10-31");
        assert_eq!(shown(&date, "late"), "late");
    }

    #[test]
    fn a_choice_is_shown_by_its_label_when_that_means_one_value_only() {
        let pick = slot(
            FieldKind::Picklist,
            &[
                ("Lead", "lead"),
                ("Other", "a"),
                ("Other", "b"),
                ("German", "de"),
            ],
        );
        assert_eq!(shown(&pick, "lead"), "Lead");
        assert_eq!(shown(&pick, "a"), "a");
        let sent = |text: &str| sent(&pick, &Value::plain(text));
        assert_eq!(sent("LEAD").unwrap(), "lead");
        assert_eq!(sent("German").unwrap(), "de");
        assert_eq!(sent("b").unwrap(), "b");
        assert_eq!(sent("Other"), None, "nobody knows which");
    }

    #[test]
    fn a_revision_is_compared_by_its_values() {
        let version = |text: &str| Version::from(text);
        assert!(same_values(&version("1/aa"), &version("2/aa")));
        assert!(!same_values(&version("1/aa"), &version("1/ab")));
        assert!(!same_values(&version(""), &version("")));
    }

    #[test]
    fn merged_contacts_are_listed_with_semicolons() {
        let mut contact = Contact {
            id: "7".to_owned(),
            ..Contact::default()
        };
        assert_eq!(merged(&contact).count(), 0);
        let ids = Some("3; 5;7".to_owned());
        contact.properties.insert(MERGED.to_owned(), ids);
        assert_eq!(merged(&contact).collect::<Vec<_>>(), ["3", "5"]);
    }
}
