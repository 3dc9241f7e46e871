//! Whether HubSpot would store a write, as far as its metadata tells.

use std::collections::BTreeMap;

use super::convert::sent;
use super::gear::{EMAIL, Gear, Slot};
use crate::model::{Change, FieldKind, Fields, Op, Refusal, Value, Write};

/// The properties of which a contact needs at least one.
const NAMES: [&str; 3] = [EMAIL, "firstname", "lastname"];
/// The most characters of a text property.
const TEXT: usize = 65_536;

/// Checks the fields that a write changes.
pub(super) fn vet(
    gear: &Gear,
    defaults: &BTreeMap<String, serde_json::Value>,
    write: &Write,
) -> Result<(), Refusal> {
    match &write.change {
        Change::Create { fields, .. } => {
            for (field, value) in fields {
                if let Some(slot) = gear.slot(*field) {
                    check(gear, slot, Op::Create, Some(value))?;
                }
            }
            named(gear, defaults, fields)
        }
        Change::Update { patch, .. } => {
            for (field, swap) in patch {
                if let Some(slot) = gear.slot(*field) {
                    check(gear, slot, Op::Update, swap.to.as_ref())?;
                }
            }
            Ok(())
        }
        Change::Delete { .. }
        | Change::Group { .. }
        | Change::Ungroup { .. }
        | Change::Archive { .. }
        | Change::Unarchive { .. } => Ok(()),
    }
}

fn named(
    gear: &Gear,
    defaults: &BTreeMap<String, serde_json::Value>,
    fields: &Fields,
) -> Result<(), Refusal> {
    let given = |name: &&str| {
        defaults.contains_key(*name)
            || gear
                .slot_named(name)
                .is_some_and(|slot| fields.contains_key(&slot.field))
    };
    if NAMES.iter().any(given) {
        return Ok(());
    }
    Err(Refusal {
        field: Some(gear.mapping.key),
        reason: "HubSpot takes no contact without an e-mail address, a first or a last name"
            .to_owned(),
        hint: "Give the contact an address or a name.".to_owned(),
    })
}

fn check(gear: &Gear, slot: &Slot, op: Op, value: Option<&Value>) -> Result<(), Refusal> {
    let label = &slot.label;
    let refuse = |reason: String, hint: String| {
        Err(Refusal {
            field: Some(slot.field),
            reason,
            hint,
        })
    };
    let correct = || format!("Correct {label} on the contact.");
    let Some(info) = gear.fields.get(&slot.crm) else {
        return refuse(
            format!("HubSpot's contacts have no property `{}`", slot.crm),
            "Look at the mapping: crmsync map-fields".to_owned(),
        );
    };
    let writable = match op {
        Op::Create => info.creatable,
        Op::Update | Op::Delete | Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive => {
            info.updatable
        }
    };
    if !writable {
        return refuse(
            format!("{label} cannot be written in HubSpot"),
            format!("Map {label} to Google only: crmsync map-fields"),
        );
    }
    let Some(value) = value else {
        return Ok(());
    };
    let Some(text) = sent(slot, value) else {
        return match slot.kind {
            FieldKind::Email => refuse(format!("{label} is no e-mail address"), correct()),
            FieldKind::Date => refuse(format!("{label} is no date"), correct()),
            FieldKind::Picklist => refuse(
                format!(
                    "{label} is none of the {} values that HubSpot allows",
                    slot.choices.len()
                ),
                format!(
                    "Choose an allowed value for {label}, or add it to the property in HubSpot."
                ),
            ),
            FieldKind::Phone
            | FieldKind::Text
            | FieldKind::Multiline
            | FieldKind::Url
            | FieldKind::Lookup
            | FieldKind::Other => refuse(format!("{label} cannot be sent to HubSpot"), correct()),
        };
    };
    let length = text.chars().count();
    if length > TEXT {
        return refuse(
            format!("{label} has {length} characters, and HubSpot holds at most {TEXT}"),
            format!("Shorten {label} on the contact."),
        );
    }
    Ok(())
}
