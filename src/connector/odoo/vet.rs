//! Whether Odoo would store a write, as far as its metadata tells.

use std::collections::BTreeMap;

use super::convert::sent;
use super::gear::{Gear, Place, Slot};
use crate::model::{Change, FieldKind, Fields, Op, Refusal, Value, Write};

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
            mandatory(gear, defaults, fields)
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

/// Every field that Odoo insists on has a value or a default.
fn mandatory(
    gear: &Gear,
    defaults: &BTreeMap<String, serde_json::Value>,
    fields: &Fields,
) -> Result<(), Refusal> {
    let given = |name: &str| {
        defaults.contains_key(name)
            || gear
                .slots
                .iter()
                .any(|slot| slot.attribute() == name && fields.contains_key(&slot.field))
    };
    // With an add-on that keeps the two apart, the name is made of them.
    let apart = gear.fields.contains_key("lastname");
    let missing = gear.fields.values().find(|info| {
        let made = info.name.starts_with("name.") || (apart && info.name == "name");
        info.required && !made && !given(&info.name)
    });
    match missing {
        None => Ok(()),
        Some(info) => Err(Refusal {
            field: gear.slot_named(&info.name).map(|slot| slot.field),
            reason: format!("{} is mandatory in Odoo and empty", info.label),
            hint: format!(
                "Fill {label} on the contact, map it, or set `{}` under [crm.defaults].",
                info.name,
                label = info.label
            ),
        }),
    }
}

fn check(gear: &Gear, slot: &Slot, op: Op, value: Option<&Value>) -> Result<(), Refusal> {
    if slot.kind == FieldKind::Lookup {
        return Ok(());
    }
    let label = &slot.label;
    let refuse = |reason: String, hint: String| {
        Err(Refusal {
            field: Some(slot.field),
            reason,
            hint,
        })
    };
    let Some(info) = gear.fields.get(&slot.crm) else {
        return refuse(
            format!("Odoo's contacts have no field `{}`", slot.crm),
            "Look at the mapping: crmsync map-fields".to_owned(),
        );
    };
    let writable = match op {
        Op::Create => info.creatable,
        Op::Update | Op::Delete | Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive => {
            info.updatable
        }
    };
    if !writable || slot.hidden {
        return refuse(
            format!("{label} cannot be written in Odoo"),
            format!("Map {label} to Google only."),
        );
    }
    let Some(value) = value else {
        // Whether the other half of a name remains is seen when the record is read.
        let half = matches!(slot.place, Place::Given | Place::Family);
        if info.required && !half {
            return refuse(
                format!("{label} is mandatory in Odoo and cannot be cleared"),
                format!("Fill {label} on the contact."),
            );
        }
        return Ok(());
    };
    let Some(text) = sent(slot, value) else {
        let correct = format!("Correct {label} on the contact.");
        return match slot.kind {
            FieldKind::Email => refuse(format!("{label} is no e-mail address"), correct),
            FieldKind::Date => refuse(format!("{label} is no date"), correct),
            FieldKind::Picklist => refuse(
                format!(
                    "{label} is none of the {} values that Odoo allows",
                    slot.choices.len()
                ),
                format!("Choose an allowed value for {label}."),
            ),
            FieldKind::Text
            | FieldKind::Multiline
            | FieldKind::Phone
            | FieldKind::Url
            | FieldKind::Lookup
            | FieldKind::Other => refuse(format!("{label} cannot be sent to Odoo"), correct),
        };
    };
    let length = text.chars().count();
    let most = info.max_length.and_then(|most| usize::try_from(most).ok());
    if let Some(most) = most.filter(|most| length > *most) {
        return refuse(
            format!("{label} has {length} characters, and Odoo holds at most {most}"),
            format!("Shorten {label} on the contact."),
        );
    }
    Ok(())
}
