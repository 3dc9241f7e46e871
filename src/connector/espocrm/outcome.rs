//! What EspoCRM's answers to a write mean for the contact.

use super::api::Reply;
use super::convert::Unfit;
use super::explain::{explain, reason};
use super::gear::{Gear, Place, Reach, Slot};
use super::vet::twice;
use super::wire::Refused;
use super::write::Done;
use crate::connector::Error;
use crate::connector::http::{Answer, SendError};
use crate::model::{Outcome, Refusal};

/// Whether a call was heard to its end.
pub(super) fn heard(sent: Result<Reply, SendError>) -> Result<Reply, Done> {
    match sent {
        Ok(reply) => Ok(reply),
        Err(SendError::Failed(error)) => Err((Outcome::NotTried, Some(error))),
        Err(SendError::Uncertain(error)) => Err((
            Outcome::Uncertain {
                reason: error.reason,
            },
            None,
        )),
    }
}

pub(super) fn unheard(what: &str) -> Outcome {
    Outcome::Uncertain {
        reason: format!("EspoCRM: {what}"),
    }
}

/// EspoCRM answers a value of the wrong type with a server error and no reason.
pub(super) fn broken() -> Outcome {
    Outcome::Rejected(Refusal {
        field: None,
        reason: "EspoCRM cannot process this contact (server error without a reason)".to_owned(),
        hint: "Look into EspoCRM's log (data/logs); a value of the wrong type or a custom rule may be in \
               the way."
            .to_owned(),
    })
}

/// A refusal for lack of rights: about this record where the right is a partial one, else about all.
pub(super) fn denied(reach: Reach, answer: &Answer, doing: &str) -> Result<Done, Error> {
    match reach {
        Reach::Every => Err(explain(answer, doing)),
        Reach::Some => Ok((
            Outcome::Denied {
                reason: reason(answer)
                    .unwrap_or_else(|| "the user may not write this contact".to_owned()),
            },
            None,
        )),
    }
}

pub(super) fn unfit_outcome(gear: &Gear, unfit: Unfit) -> Outcome {
    match unfit {
        Unfit::Untold(field) => Outcome::Rejected(Refusal {
            field: Some(field),
            reason: "EspoCRM does not tell the contact's phone numbers, so that writing one would lose the \
                     others"
                .to_owned(),
            hint: "Have an administrator allow the field in the API user's role.".to_owned(),
        }),
        Unfit::Clash(field) => match gear.slot(field) {
            Some(slot) => Outcome::Rejected(twice(slot, None)),
            None => broken(),
        },
    }
}

/// A record that EspoCRM will not store, with the field at fault.
pub(super) fn refused(gear: &Gear, answer: &Answer, doing: &str) -> Outcome {
    let said: Refused = serde_json::from_slice(&answer.body).unwrap_or_default();
    let detail = said
        .message
        .filter(|message| message.label.as_deref() == Some("validationFailure"))
        .and_then(|message| message.data);
    let Some((field, rule)) = detail.and_then(|detail| Some((detail.field?, detail.rule?))) else {
        return Outcome::Rejected(Refusal {
            field: None,
            reason: explain(answer, doing).reason,
            hint: "Look at the contact in EspoCRM; a rule of its own may be in the way.".to_owned(),
        });
    };
    let slot = slot_of(gear, &field);
    let label = slot
        .map(|slot| slot.label.clone())
        .or_else(|| gear.fields.get(&field).map(|info| info.label.clone()))
        .unwrap_or_else(|| field.clone());
    let (reason, hint) = match rule.as_str() {
        "required" => (
            format!("{label} is mandatory in EspoCRM and empty"),
            format!("Fill {label} on the contact, map it, or set `{field}` under [crm.defaults]."),
        ),
        "maxLength" => (
            format!("{label} is longer than EspoCRM holds"),
            format!("Shorten {label} on the contact."),
        ),
        "emailAddress" => (
            format!("{label} is no e-mail address for EspoCRM"),
            format!("Correct {label} on the contact."),
        ),
        rule => (
            format!("EspoCRM does not take {label} ({rule})"),
            format!("Correct {label} on the contact."),
        ),
    };
    Outcome::Rejected(Refusal {
        field: slot.map(|slot| slot.field),
        reason,
        hint,
    })
}

/// The mapped field that EspoCRM's name means.
pub(super) fn slot_of<'a>(gear: &'a Gear, field: &str) -> Option<&'a Slot> {
    gear.slot_named(field).or_else(|| {
        gear.slots.iter().find(|slot| match &slot.place {
            Place::PhoneOf(_) | Place::Phone => field == "phoneNumber",
            Place::Email => field == "emailAddress",
            Place::Attribute(_) => false,
        })
    })
}
