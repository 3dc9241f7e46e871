//! What refusals of a single card mean, before and after it is sent.

use super::call::refused as failure;
use super::gear::Gear;
use super::patch::Refused;
use super::slot::Slot;
use super::write::{Verdict, failed, refusal};
use crate::connector::Kind;
use crate::connector::http::Answer;
use crate::mapping::canon;
use crate::model::{Change, Field, Outcome, Refusal, Value, Write};

/// Whether a card could hold what a write brings.
pub(super) fn vet(gear: &Gear, write: &Write) -> Result<(), Refusal> {
    let mut values: Vec<(Field, &Value)> = Vec::new();
    match &write.change {
        Change::Create { fields, .. } => {
            values.extend(fields.iter().map(|(field, value)| (*field, value)));
        }
        Change::Update { patch, .. } => {
            values.extend(
                patch
                    .iter()
                    .filter_map(|(field, swap)| Some((*field, swap.to.as_ref()?))),
            );
        }
        Change::Delete { .. }
        | Change::Group { .. }
        | Change::Ungroup { .. }
        | Change::Archive { .. }
        | Change::Unarchive { .. } => {}
    }
    for (field, value) in values {
        let slot = gear.at(field).and_then(|at| gear.slots.get(at));
        let full = || canon::date(&value.text).is_some_and(|date| !date.starts_with("--"));
        if matches!(slot, Some(Slot::Date(_))) && !full() {
            return Err(no_date(gear, field));
        }
    }
    Ok(())
}

fn no_date(gear: &Gear, field: Field) -> Refusal {
    refusal(
        Some(field),
        &format!("{} takes full dates only", name(gear, field)),
        "Write the date as year, month and day, or take the pair out of the mapping.",
    )
}

fn name(gear: &Gear, field: Field) -> String {
    gear.at(field)
        .and_then(|at| gear.slots.get(at))
        .map_or_else(|| "the field".to_owned(), ToString::to_string)
}

/// The outcome when a card cannot take a value.
pub(super) fn unfit(gear: &Gear, refused: &Refused) -> Outcome {
    Outcome::Rejected(match refused {
        Refused::NoCard => refusal(
            None,
            "what the address book holds is not one vCard in UTF-8, so nothing is written into it",
            "Open the contact in a CardDAV program and save it again.",
        ),
        Refused::Unreadable(field) => refusal(
            Some(*field),
            &format!(
                "the card's {} is written in a way that is left alone (an old encoding, or a date without its year)",
                name(gear, *field)
            ),
            "Open the contact in a CardDAV program and save it again, or take the pair out of the mapping.",
        ),
        Refused::NoDate(field) => no_date(gear, *field),
    })
}

/// The outcome when a card is larger than the address book takes.
pub(super) fn too_large(gear: &Gear, text: &str) -> Option<Outcome> {
    let most = gear.most?;
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    (length > most).then(|| {
        Outcome::Rejected(refusal(
            None,
            &format!("the card would have {length} octets, and the address book takes {most}"),
            "Make the card's photograph smaller.",
        ))
    })
}

/// The outcome of an answer that refuses a card, or the whole side.
pub(super) fn refused(answer: &Answer) -> Verdict {
    let status = answer.status;
    let rejected =
        |reason: &str, hint: &str| Verdict::of(Outcome::Rejected(refusal(None, reason, hint)));
    let bad = ["valid-address-data", "supported-address-data"]
        .into_iter()
        .any(|condition| failed(answer, condition));
    match status {
        413 => rejected(
            "the server finds the card too large (413)",
            "Make the card's photograph smaller.",
        ),
        _ if failed(answer, "max-resource-size") => rejected(
            "the server finds the card too large",
            "Make the card's photograph smaller.",
        ),
        _ if bad => rejected(
            &format!("the server does not take the card as valid ({status})"),
            "Look at the contact's values; the server's log says what it does not like.",
        ),
        403 => Verdict::of(Outcome::Denied {
            reason: "the server does not let the user write this card (403)".to_owned(),
        }),
        423 => Verdict::of(Outcome::Denied {
            reason: "the card is locked by somebody (423)".to_owned(),
        }),
        400 | 409 | 415 | 422 => rejected(
            &format!("the server refuses the card ({status})"),
            "Look at the contact's values; the server's log says what it does not like.",
        ),
        _ => {
            let error = failure("write a card", answer);
            let outcome = match error.kind {
                // What became of a request that was answered in a way that nobody knows.
                Kind::Protocol => Outcome::Uncertain {
                    reason: error.reason.clone(),
                },
                Kind::Unauthorized
                | Kind::Forbidden
                | Kind::Unknown
                | Kind::NotFound
                | Kind::Changed
                | Kind::Rejected
                | Kind::Full
                | Kind::RateLimited
                | Kind::Unavailable
                | Kind::Config => Outcome::NotTried,
            };
            Verdict::stop(outcome, error)
        }
    }
}
