//! Whether EspoCRM would store a write, as far as its metadata tells.

use std::collections::BTreeMap;

use super::convert::sent;
use super::gear::{Gear, Place, Slot};
use crate::mapping::canon;
use crate::model::{Change, FieldKind, Fields, Op, Refusal, Value, Write};

/// The field that no contact can be without, and that the planner fills.
const NAME: &str = "lastName";

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
            one_number_once(gear, fields)?;
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

/// Every field that EspoCRM insists on has a value or a default.
fn mandatory(
    gear: &Gear,
    defaults: &BTreeMap<String, serde_json::Value>,
    fields: &Fields,
) -> Result<(), Refusal> {
    let given = |name: &str| {
        gear.slot_named(name).is_some_and(|slot| {
            fields.contains_key(&slot.field) || (name == NAME && slot.crm == NAME)
        })
    };
    let missing = gear.fields.values().find(|info| {
        info.required
            && info.creatable
            && !given(&info.name)
            && !defaults.contains_key(&info.name)
            // The first number is there when any is.
            && !(info.name == "phoneNumber" && has_phone(gear, fields))
    });
    match missing {
        None => Ok(()),
        Some(info) => Err(Refusal {
            field: gear.slot_named(&info.name).map(|slot| slot.field),
            reason: format!("{} is mandatory in EspoCRM and empty", info.label),
            hint: format!(
                "Fill {label} on the contact, map it, or set `{}` under [crm.defaults].",
                info.name,
                label = info.label
            ),
        }),
    }
}

fn phones<'a>(gear: &'a Gear, fields: &'a Fields) -> impl Iterator<Item = (&'a Slot, &'a Value)> {
    gear.slots
        .iter()
        .filter(|slot| matches!(slot.place, Place::Phone | Place::PhoneOf(_)))
        .filter_map(|slot| Some((slot, fields.get(&slot.field)?)))
}

fn has_phone(gear: &Gear, fields: &Fields) -> bool {
    phones(gear, fields).next().is_some()
}

/// EspoCRM keeps a number once per record.
fn one_number_once(gear: &Gear, fields: &Fields) -> Result<(), Refusal> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (slot, value) in phones(gear, fields) {
        if let Some(other) = seen.insert(value.canonical(), &slot.label) {
            return Err(twice(slot, Some(other)));
        }
    }
    Ok(())
}

/// The refusal of a number that the record has already.
pub(super) fn twice(slot: &Slot, other: Option<&str>) -> Refusal {
    let label = &slot.label;
    let other = other.unwrap_or("another number of the contact");
    Refusal {
        field: Some(slot.field),
        reason: format!(
            "{label} is the same number as {other}, and EspoCRM keeps a number once per contact"
        ),
        hint: "Take one of the two away on the contact.".to_owned(),
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
    let correct = || format!("Correct {label} on the contact.");
    let Some(info) = gear.fields.get(&slot.crm) else {
        return refuse(
            format!("EspoCRM's contacts have no field `{}`", slot.crm),
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
            format!("{label} cannot be written in EspoCRM by this user"),
            format!("Map {label} to Google only, or have an administrator allow it in the role."),
        );
    }
    let Some(value) = value else {
        if info.required {
            return refuse(
                format!("{label} is mandatory in EspoCRM and cannot be cleared"),
                format!("Fill {label} on the contact."),
            );
        }
        return Ok(());
    };
    let Some(text) = sent(gear, slot, value) else {
        return match slot.kind {
            FieldKind::Phone => refuse(
                format!("{label} is no international number, and EspoCRM takes no other"),
                unreadable_phone(gear, value),
            ),
            FieldKind::Email => refuse(format!("{label} is no e-mail address"), correct()),
            FieldKind::Date => refuse(format!("{label} is no date"), correct()),
            FieldKind::Picklist => refuse(
                format!(
                    "{label} is none of the {} values that EspoCRM allows",
                    slot.choices.len()
                ),
                format!("Choose an allowed value for {label}, or add it to the field in EspoCRM."),
            ),
            FieldKind::Text
            | FieldKind::Multiline
            | FieldKind::Url
            | FieldKind::Lookup
            | FieldKind::Other => refuse(format!("{label} cannot be sent to EspoCRM"), correct()),
        };
    };
    let length = text.chars().count();
    let most = info.max_length.and_then(|most| usize::try_from(most).ok());
    if let Some(most) = most.filter(|most| length > *most) {
        return refuse(
            format!("{label} has {length} characters, and EspoCRM holds at most {most}"),
            format!("Shorten {label} on the contact."),
        );
    }
    Ok(())
}

/// What to do about a number that has no international form.
fn unreadable_phone(gear: &Gear, value: &Value) -> String {
    let extended = canon::phone(&value.text, gear.mapping.region.as_deref()).contains('x');
    if extended {
        "EspoCRM takes no extension: write the number without it.".to_owned()
    } else if gear.mapping.region.is_none() {
        "Set `region` in the profile's [sync] table to the country of such numbers, or write the number \
         with + and its country code."
            .to_owned()
    } else {
        "Write the number with + and its country code.".to_owned()
    }
}
