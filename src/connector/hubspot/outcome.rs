//! What HubSpot's answers to a write mean for the contact.

use serde_json::Value;

use super::explain::words;
use super::gear::Gear;
use super::wire::{Detail, Fault, texts};
use crate::model::{Outcome, Refusal};

/// The context in which HubSpot gives back what marked an input.
const TRACE: &str = "objectWriteTraceId";

/// The places in the batch that an error is about.
pub(super) fn places(fault: &Fault) -> impl Iterator<Item = usize> {
    texts(&fault.context, TRACE).filter_map(|trace| trace.parse().ok())
}

/// The contact that is there already ("Contact already exists. Existing ID: 123").
pub(super) fn existing(fault: &Fault) -> Option<String> {
    let (_, rest) = fault.message.split_once("Existing ID:")?;
    let digits: String = rest
        .trim_start()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    (!digits.is_empty()).then_some(digits)
}

/// Whether an error says that another contact has the address.
pub(super) fn conflicts(fault: &Fault) -> bool {
    fault.category == "CONFLICT" || existing(fault).is_some()
}

/// Whether an error says that the contact is not there.
pub(super) fn absent(fault: &Fault) -> bool {
    fault.category == "OBJECT_NOT_FOUND"
}

pub(super) fn unheard(what: &str) -> Outcome {
    Outcome::Uncertain {
        reason: format!("HubSpot: {what}"),
    }
}

/// The refusal of an address that another contact has.
pub(super) fn taken(gear: &Gear, by: Option<&str>) -> Outcome {
    let who = by.map_or_else(
        || "another contact in HubSpot".to_owned(),
        |id| format!("another contact in HubSpot ({id})"),
    );
    Outcome::Rejected(Refusal {
        field: Some(gear.mapping.key),
        reason: format!("{who} has this address, as its first or as a further one"),
        hint: "Merge the two in HubSpot, or take the address off the other one there.".to_owned(),
    })
}

/// A contact that HubSpot will not store, with the property at fault.
pub(super) fn refused(gear: &Gear, fault: &Fault) -> Outcome {
    let Some((name, code)) = culprit(fault) else {
        return Outcome::Rejected(Refusal {
            field: None,
            reason: format!("HubSpot does not take the contact: {}", words(fault)),
            hint: "Look at the contact in HubSpot; a rule of its own may be in the way.".to_owned(),
        });
    };
    let slot = gear.slot_named(&name);
    let label = slot
        .map(|slot| slot.label.clone())
        .or_else(|| gear.fields.get(&name).map(|info| info.label.clone()))
        .unwrap_or_else(|| name.clone());
    let (reason, hint) = match code.as_str() {
        "INVALID_EMAIL" => (
            format!("{label} is no e-mail address for HubSpot"),
            format!("Correct {label} on the contact."),
        ),
        "INVALID_OPTION" => (
            format!("{label} is none of the values that HubSpot allows"),
            format!("Choose an allowed value for {label}, or add it to the property in HubSpot."),
        ),
        "READ_ONLY_VALUE" => (
            format!("{label} cannot be written in HubSpot"),
            format!("Map {label} to Google only: crmsync map-fields"),
        ),
        "PROPERTY_DOESNT_EXIST" => (
            format!("HubSpot's contacts have no property `{name}`"),
            "Look at the mapping: crmsync map-fields, and at [crm.defaults].".to_owned(),
        ),
        "" => (
            format!("HubSpot does not take {label}"),
            format!("Correct {label} on the contact."),
        ),
        code => (
            format!("HubSpot does not take {label} ({code})"),
            format!("Correct {label} on the contact."),
        ),
    };
    Outcome::Rejected(Refusal {
        field: slot.map(|slot| slot.field),
        reason,
        hint,
    })
}

/// The property at fault and what is wrong with it. Some errors tell both beside their message, others
/// as JSON at the end of it.
fn culprit(fault: &Fault) -> Option<(String, String)> {
    let said = |detail: &Detail| {
        let name = texts(&detail.context, "propertyName").next();
        let name = name
            .or(detail.name.as_deref())
            .or(detail.place.as_deref())?;
        Some((name.to_owned(), detail.code.clone()))
    };
    if let Some(found) = fault.errors.iter().find_map(said) {
        return Some(found);
    }
    if let Some(name) = texts(&fault.context, "propertyName").next() {
        return Some((name.to_owned(), String::new()));
    }
    let at = fault.message.find("[{")?;
    let parts: Vec<Value> = serde_json::Deserializer::from_str(&fault.message[at..])
        .into_iter()
        .next()?
        .ok()?;
    let part = parts.first()?;
    let text = |name: &str| part.get(name).and_then(Value::as_str).map(str::to_owned);
    Some((text("name")?, text("error").unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn fault(json: Value) -> Fault {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_twin_is_in_the_message() {
        let twin = fault(json!({
            "status": "error", "message": "Contact already exists. Existing ID: 37765128953",
            "correlationId": "x", "category": "CONFLICT"
        }));
        assert_eq!(existing(&twin).as_deref(), Some("37765128953"));
        assert!(conflicts(&twin));
        assert_eq!(
            existing(&fault(json!({"message": "Existing ID: none"}))),
            None
        );
    }

    #[test]
    fn the_property_at_fault_is_found_wherever_it_stands() {
        let beside = fault(
            json!({"errors": [{"message": "m", "code": "INVALID_EMAIL", "context": {"propertyName": ["email"]}}]}),
        );
        let place =
            fault(json!({"errors": [{"message": "m", "code": "INVALID_OPTION", "in": "stage"}]}));
        let inside = fault(json!({
            "message": "Property values were not valid: [{\"isValid\":false,\"message\":\"…\",\"error\":\"INVALID_EMAIL\",\"name\":\"email\"}]"
        }));
        assert_eq!(
            culprit(&beside),
            Some(("email".into(), "INVALID_EMAIL".into()))
        );
        assert_eq!(
            culprit(&place),
            Some(("stage".into(), "INVALID_OPTION".into()))
        );
        assert_eq!(
            culprit(&inside),
            Some(("email".into(), "INVALID_EMAIL".into()))
        );
        assert_eq!(culprit(&fault(json!({"message": "no"}))), None);
        assert_eq!(
            words(&inside),
            "Property values were not valid",
            "no value is quoted"
        );
    }

    #[test]
    fn an_error_names_its_inputs() {
        let fault = fault(json!({"context": {"objectWriteTraceId": ["3", "x", "5"]}}));
        assert_eq!(places(&fault).collect::<Vec<_>>(), [3, 5]);
    }
}
