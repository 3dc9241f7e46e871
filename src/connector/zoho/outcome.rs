//! What one item of a write's answer means for its record; by shape and code, not by status.

use serde_json::Value;

use super::convert;
use super::gear::Gear;
use super::wire::ApiError;
use crate::model::{Moment, Op, Outcome, Refusal, RemoteId, Stored, Version};

/// The outcome of one record. `id` is the record that was written, none for a create.
pub(super) fn outcome(gear: &Gear, op: Op, id: Option<&RemoteId>, item: &ApiError) -> Outcome {
    match item.code.as_str() {
        "SUCCESS" => success(gear, op, id, item),
        "ALREADY_MODIFIED" => Outcome::Stale,
        "DUPLICATE_DATA" => duplicate(gear, op, item),
        "MULTIPLE_OR_MULTI_ERRORS" => {
            let first = item
                .details
                .get("errors")
                .and_then(Value::as_array)
                .and_then(|errors| errors.first())
                .and_then(|error| serde_json::from_value::<ApiError>(error.clone()).ok());
            match first {
                Some(first) if first.code != item.code => outcome(gear, op, id, &first),
                Some(_) | None => Outcome::Rejected(refusal(gear, item)),
            }
        }
        "RECORD_LOCKED" => denied("the record is locked", item),
        "NOT_APPROVED" => denied("the record waits for approval", item),
        "NOT_REVIEWED" => denied("the record waits for review", item),
        "RECORD_IN_BLUEPRINT" => denied(
            "the record is in a blueprint that does not allow this",
            item,
        ),
        "AUTHORIZATION_FAILED" | "NO_PERMISSION" | "NOT_ALLOWED" => {
            denied("the user may not write this record", item)
        }
        "INTERNAL_ERROR" => Outcome::Uncertain {
            reason: "Zoho CRM reports an internal error for this record".to_owned(),
        },
        // An identifier that Zoho does not know belongs to a record that was deleted or is hidden:
        // no proof of either, so it is read again.
        "INVALID_DATA" if op != Op::Create && names_id(item) => match op {
            Op::Delete => Outcome::Gone,
            Op::Create | Op::Update | Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive => {
                Outcome::Stale
            }
        },
        _ => Outcome::Rejected(refusal(gear, item)),
    }
}

fn names_id(item: &ApiError) -> bool {
    item.detail("api_name") == Some("id")
        || (item.detail("api_name").is_none() && item.details.get("id").is_some())
}

fn success(gear: &Gear, op: Op, id: Option<&RemoteId>, item: &ApiError) -> Outcome {
    if op == Op::Delete {
        return Outcome::Done(Stored::Nothing);
    }
    let Some(id) = item
        .detail("id")
        .map(RemoteId::from)
        .or_else(|| id.cloned())
    else {
        return Outcome::Uncertain {
            reason: "Zoho CRM says that the record is stored, and not under which id".to_owned(),
        };
    };
    Outcome::Done(accepted(gear, id, item.detail("Modified_Time")))
}

/// A confirmation by identity and modification time.
pub(super) fn accepted(gear: &Gear, id: RemoteId, modified: Option<&str>) -> Stored {
    Stored::Accepted {
        id,
        version: modified.map_or_else(|| Version::from(""), convert::version),
        changed_at: modified.and_then(convert::second).map(Moment),
        listed: gear.list.covers_all.then_some(true),
    }
}

fn duplicate(gear: &Gear, op: Op, item: &ApiError) -> Outcome {
    let of = item
        .details
        .get("duplicate_record")
        .and_then(|record| record.get("id"))
        .or_else(|| item.details.get("id"))
        .and_then(Value::as_str);
    let field = item.detail("api_name");
    // Only a shared match key makes two records one contact; another unique field does not.
    let same_contact = op == Op::Create && (field.is_none() || field == gear.key.as_deref());
    match of {
        Some(of) if same_contact => Outcome::Duplicate {
            of: RemoteId::from(of),
        },
        Some(_) | None => {
            let label = field.map_or("a unique field", |field| label(gear, field));
            let other = of.map(|of| format!(" ({of})")).unwrap_or_default();
            Outcome::Rejected(Refusal {
                field: field.and_then(|field| mapped(gear, field)),
                reason: format!(
                    "{label} must be unique in Zoho CRM, and another record{other} has the same value"
                ),
                hint: format!("Change {label} on one of the records, or merge them in Zoho CRM."),
            })
        }
    }
}

fn denied(reason: &str, item: &ApiError) -> Outcome {
    Outcome::Denied {
        reason: format!("{reason} ({})", item.code),
    }
}

fn mapped(gear: &Gear, field: &str) -> Option<crate::model::Field> {
    gear.slot_named(field).map(|slot| slot.field)
}

/// The field's name on Zoho's screens.
pub(super) fn label<'a>(gear: &'a Gear, field: &'a str) -> &'a str {
    gear.fields
        .get(field)
        .map_or(field, |info| info.label.as_str())
}

/// A record that Zoho will not store.
fn refusal(gear: &Gear, item: &ApiError) -> Refusal {
    let field = item.detail("api_name");
    let name = field.map_or("a field", |field| label(gear, field));
    let number = |at: &str| item.details.get(at).and_then(Value::as_u64);
    let (reason, hint) = match item.code.as_str() {
        "MANDATORY_NOT_FOUND" => (
            format!("{name} is mandatory in Zoho CRM and empty"),
            format!("Fill {name} on the contact, map it, or set it under [crm.defaults]."),
        ),
        "INVALID_DATA" => {
            if let Some(most) = number("maximum_length") {
                (
                    format!("{name} is longer than the {most} characters that Zoho CRM holds"),
                    format!("Shorten {name} on the contact."),
                )
            } else if let Some(kind) = item.detail("expected_data_type") {
                (
                    format!("Zoho CRM does not take {name}: it wants the type {kind}"),
                    format!("Correct {name} on the contact."),
                )
            } else if item.details.get("supported_values").is_some() {
                (
                    format!("{name} is none of the values that Zoho CRM allows"),
                    format!("Choose an allowed value for {name}, or add it in Zoho CRM."),
                )
            } else {
                (
                    format!("Zoho CRM does not take the value of {name}"),
                    format!("Correct {name} on the contact."),
                )
            }
        }
        "DEPENDENT_FIELD_MISSING" | "DEPENDENT_MISMATCH" => (
            format!("{name} does not fit another field that it depends on"),
            format!("Correct {name}, or map the field that it depends on as well."),
        ),
        code => (
            format!("Zoho CRM refuses the record ({code})"),
            "Look at the record in Zoho CRM; a validation or layout rule may be in the way."
                .to_owned(),
        ),
    };
    Refusal {
        field: field.and_then(|field| mapped(gear, field)),
        reason,
        hint,
    }
}
