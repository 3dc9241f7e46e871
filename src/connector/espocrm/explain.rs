//! What EspoCRM's refusals mean, and what a person can do about each.

use crate::connector::http::{Answer, error};
use crate::connector::{Error, Kind};

const ROLES: &str = "Administration → Roles";

/// A failure of this remote, without cause and cure.
pub(super) fn fail(doing: &str, kind: Kind, reason: &str) -> Error {
    error("EspoCRM", doing, kind, reason)
}

/// The reason that EspoCRM gives in a header; an answer without one may come from something else
/// on the way.
pub(super) fn reason(answer: &Answer) -> Option<String> {
    let text = answer.headers.get("x-status-reason")?.to_str().ok()?.trim();
    (!text.is_empty()).then(|| text.chars().take(160).collect())
}

/// Whether an answer is EspoCRM's own word that a record does not exist: proof of its deletion.
pub(super) fn says_gone(answer: &Answer) -> bool {
    answer.status == 404
        && reason(answer).is_some_and(|reason| reason.to_lowercase().contains("not exist"))
}

/// A refusal as a failure of the call.
pub(super) fn explain(answer: &Answer, doing: &str) -> Error {
    let with = |kind, text: String, hint: Option<String>| Error {
        hint,
        ..fail(doing, kind, &text)
    };
    let said = reason(answer);
    match (answer.status, said) {
        (401, _) => with(
            Kind::Unauthorized,
            "the API key was refused".to_owned(),
            Some("Store a valid key: crmsync auth crm".to_owned()),
        ),
        (403, said) => with(
            Kind::Forbidden,
            said.unwrap_or_else(|| "the user may not do this".to_owned()),
            Some(format!(
                "An administrator grants it to the API user's role in EspoCRM: {ROLES}."
            )),
        ),
        (404, None) => with(
            Kind::Unknown,
            "there is no EspoCRM API at this address".to_owned(),
            Some(
                "Check `endpoint` in the profile's [crm] table: the address that EspoCRM's own pages have."
                    .to_owned(),
            ),
        ),
        (404, Some(said)) => with(Kind::Unknown, said, None),
        (status, Some(said)) => with(Kind::Protocol, format!("status {status}: {said}"), None),
        (status, None) => with(
            Kind::Protocol,
            format!("status {status} without a reason"),
            None,
        ),
    }
}

/// An answer that is no JSON of the expected form: often a login page or a proxy.
pub(super) fn no_sense(doing: &str, text: &str) -> Error {
    Error {
        hint: Some(
            "Check that `endpoint` in the profile's [crm] table is EspoCRM's address and that nothing \
             answers in its place."
                .to_owned(),
        ),
        ..fail(doing, Kind::Protocol, text)
    }
}
