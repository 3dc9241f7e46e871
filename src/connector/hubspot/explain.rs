//! What HubSpot's refusals mean, and what a person can do about each.

use crate::connector::http::{Answer, error};
use crate::connector::{Error, Kind};

use super::TITLE;
use super::wire::{Fault, texts};

/// The most that is quoted of a message of HubSpot's.
const QUOTED: usize = 200;

/// A failure of this remote, without cause and cure.
pub(super) fn fail(doing: &str, kind: Kind, reason: &str) -> Error {
    error(TITLE, doing, kind, reason)
}

/// What an answer says went wrong; empty where it is no answer of HubSpot's API.
pub(super) fn fault(answer: &Answer) -> Fault {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// HubSpot's own words, without the values that some of its messages quote.
pub(super) fn words(fault: &Fault) -> String {
    let text = fault
        .message
        .split_once(": [{")
        .map_or(fault.message.as_str(), |(head, _)| head)
        .trim();
    if text.is_empty() {
        return "no reason was given".to_owned();
    }
    text.chars()
        .filter(|letter| !letter.is_control())
        .take(QUOTED)
        .collect()
}

/// Whether the day's requests are used up, and not only those of some seconds.
pub(super) fn day_is_over(fault: &Fault) -> bool {
    fault.policy_name.eq_ignore_ascii_case("DAILY")
}

/// A refusal as a failure of the call.
pub(super) fn explain(answer: &Answer, doing: &str) -> Error {
    let fault = fault(answer);
    let with = |kind, text: &str, hint: &str| Error {
        hint: Some(hint.to_owned()),
        ..fail(doing, kind, text)
    };
    match answer.status {
        401 => with(
            Kind::Unauthorized,
            "the token was refused",
            "Make a new one in HubSpot and store it: crmsync auth crm",
        ),
        403 => {
            let missing: Vec<&str> = fault
                .errors
                .iter()
                .flat_map(|detail| {
                    texts(&detail.context, "requiredGranularScopes")
                        .chain(texts(&detail.context, "requiredScopes"))
                })
                .chain(texts(&fault.context, "requiredGranularScopes"))
                .collect();
            let text = if missing.is_empty() {
                words(&fault)
            } else {
                format!("the token lacks the scope {}", missing.join(", "))
            };
            with(
                Kind::Forbidden,
                &text,
                "Grant the scope to the app in HubSpot (docs/hubspot-setup.md), then: crmsync auth crm",
            )
        }
        404 if fault.category.is_empty() => with(
            Kind::Unknown,
            "there is no HubSpot API at this address",
            "Take `endpoint` out of the profile's [crm] table, or correct it.",
        ),
        404 => fail(doing, Kind::Unknown, &words(&fault)),
        status => fail(
            doing,
            Kind::Protocol,
            &format!("status {status}: {}", words(&fault)),
        ),
    }
}

/// An answer that is no JSON of the expected form.
pub(super) fn no_sense(doing: &str, text: &str) -> Error {
    Error {
        hint: Some(
            "Run the same command again; if it stays so, run it with `-vv` and report it."
                .to_owned(),
        ),
        ..fail(doing, Kind::Protocol, text)
    }
}
