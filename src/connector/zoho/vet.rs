//! Whether Zoho would store a write, as far as the field metadata tells.

use std::collections::BTreeMap;

use super::convert::json_value;
use super::defaults::name_field;
use super::gear::{Gear, Slot};
use crate::mapping::canon;
use crate::model::{Change, FieldInfo, FieldKind, Op, Refusal, Value, Write};

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
            mandatory(gear, defaults, |name| {
                gear.slot_named(name)
                    .is_some_and(|slot| fields.contains_key(&slot.field))
            })
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

/// Every field that Zoho insists on has a value or a default; the name that the planner fills is
/// its own business where it is mapped.
fn mandatory(
    gear: &Gear,
    defaults: &BTreeMap<String, serde_json::Value>,
    given: impl Fn(&str) -> bool,
) -> Result<(), Refusal> {
    let filled_by_planner =
        |name: &str| name == name_field(&gear.module) && gear.slot_named(name).is_some();
    let missing = gear.fields.values().find(|info| {
        info.required
            && info.creatable
            && info.native_type != "boolean"
            && !given(&info.name)
            && !defaults.contains_key(&info.name)
            && !filled_by_planner(&info.name)
    });
    match missing {
        None => Ok(()),
        Some(info) => Err(Refusal {
            field: gear.slot_named(&info.name).map(|slot| slot.field),
            reason: format!("{} is mandatory in Zoho CRM and empty", info.label),
            hint: format!(
                "Fill {label} on the contact, map it, or set `{}` under [crm.defaults].",
                info.name,
                label = info.label
            ),
        }),
    }
}

fn check(gear: &Gear, slot: &Slot, op: Op, value: Option<&Value>) -> Result<(), Refusal> {
    // Lookups are read, never written.
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
            format!("Zoho CRM has no field `{}` in this module", slot.crm),
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
            format!("{label} cannot be written in Zoho CRM by this user"),
            format!(
                "Map {label} to Google only, or have an administrator allow it in the field's permissions."
            ),
        );
    }
    let Some(value) = value else {
        if info.required {
            return refuse(
                format!("{label} is mandatory in Zoho CRM and cannot be cleared"),
                format!("Fill {label} on the contact."),
            );
        }
        return Ok(());
    };
    let length = value.text.chars().count();
    if let Some(most) = limit(info).filter(|most| length > *most) {
        return refuse(
            format!("{label} has {length} characters, and Zoho CRM holds at most {most}"),
            format!("Shorten {label} on the contact."),
        );
    }
    if slot.kind == FieldKind::Email && canon::email(&value.text).is_none() {
        return refuse(
            format!("{label} is no e-mail address"),
            format!("Correct {label} on the contact."),
        );
    }
    if json_value(slot, Some(value)).is_none() {
        return match slot.native.as_str() {
            "picklist" | "multiselectpicklist" => refuse(
                format!(
                    "{label} is none of the {} values that Zoho CRM allows",
                    slot.choices.len()
                ),
                format!(
                    "Choose an allowed value for {label}, or add it to the picklist in Zoho CRM."
                ),
            ),
            kind => refuse(
                format!("{label} cannot be read as the type {kind} that Zoho CRM wants"),
                format!("Correct {label} on the contact."),
            ),
        };
    }
    Ok(())
}

/// The length limit, for what is sent as the text it is.
fn limit(info: &FieldInfo) -> Option<usize> {
    match info.kind {
        FieldKind::Text
        | FieldKind::Multiline
        | FieldKind::Email
        | FieldKind::Phone
        | FieldKind::Url => info
            .max_length
            .and_then(|length| usize::try_from(length).ok()),
        FieldKind::Date | FieldKind::Picklist | FieldKind::Lookup | FieldKind::Other => None,
    }
}
