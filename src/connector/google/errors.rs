//! What the People API means by its refusals.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::slots::Slot;
use super::wire::Status;
use crate::connector::http::{Answer, Verdict, error};
use crate::connector::{Error, Kind};
use crate::mapping::Mapping;
use crate::model::{Field, Refusal};

/// The name of this remote in messages.
pub(super) const REMOTE: &str = "Google";
/// The shortest wait after a per-minute quota was used up.
const MINUTE: Duration = Duration::from_secs(60);

/// An error body, or what stands for it when the body is none.
#[derive(Clone, Debug, Default)]
pub(super) struct Fault {
    /// The HTTP status.
    pub(super) http: u16,
    /// The service's words.
    pub(super) message: String,
    /// Whether the body was the service's own JSON.
    pub(super) json: bool,
    details: Vec<Value>,
    legacy: Vec<String>,
}

#[derive(Deserialize)]
struct Envelope {
    error: Body,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    message: String,
    details: Vec<Value>,
    errors: Vec<Legacy>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Legacy {
    reason: String,
}

impl Fault {
    /// What an answer says that is not a success.
    pub(super) fn of(answer: &Answer) -> Self {
        match serde_json::from_slice::<Envelope>(&answer.body) {
            Ok(Envelope { error }) => Self {
                http: answer.status,
                message: error.message,
                json: true,
                details: error.details,
                legacy: error.errors.into_iter().map(|each| each.reason).collect(),
            },
            Err(_) => Self {
                http: answer.status,
                message: "an answer that is not the People API's".to_owned(),
                ..Self::default()
            },
        }
    }

    fn has_reason(&self, reasons: &[&str]) -> bool {
        let info = self
            .details
            .iter()
            .filter_map(|detail| detail.get("reason"))
            .filter_map(Value::as_str);
        info.chain(self.legacy.iter().map(String::as_str))
            .any(|reason| reasons.contains(&reason))
    }

    fn has_detail(&self, name: &str) -> bool {
        self.details.iter().any(|detail| {
            detail
                .get("@type")
                .and_then(Value::as_str)
                .is_some_and(|kind| kind.ends_with(name))
        })
    }

    /// The sync token is too old: three ways to say so are known.
    pub(super) fn is_expired(&self) -> bool {
        self.http == 410
            || self.has_reason(&["EXPIRED_SYNC_TOKEN"])
            || self.message.starts_with("Sync token is expired")
    }

    /// The contact changed since its etag was read.
    pub(super) fn is_stale(&self) -> bool {
        self.http == 412 || is_stale(&self.message)
    }

    /// The account holds as many contacts as it may.
    pub(super) fn is_full(&self) -> bool {
        self.message.contains("MY_CONTACTS_OVERFLOW_COUNT")
    }

    /// What is wrong with which contact of a batch, by index (creates) or resource name (updates).
    pub(super) fn contact_errors(&self) -> BTreeMap<String, Status> {
        self.details
            .iter()
            .filter_map(|detail| detail.get("contactErrors"))
            .filter_map(Value::as_object)
            .flatten()
            .map(|(name, status)| {
                (
                    name.clone(),
                    Status::deserialize(status).unwrap_or_default(),
                )
            })
            .collect()
    }

    /// The paths that a `BadRequest` detail complains about.
    pub(super) fn violations(&self) -> Vec<String> {
        self.details
            .iter()
            .filter_map(|detail| detail.get("fieldViolations"))
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(|violation| violation.get("field").and_then(Value::as_str))
            .map(str::to_owned)
            .collect()
    }

    /// As an error of a call that expected better.
    pub(super) fn error(&self, doing: &str) -> Error {
        let kind = match self.http {
            404 if self.json => Kind::NotFound,
            400 if self.is_stale() => Kind::Changed,
            _ => Kind::Protocol,
        };
        let mut failed = error(
            REMOTE,
            doing,
            kind,
            &format!("{} ({})", tidy(&self.message), self.http),
        );
        if !self.json {
            failed.hint = Some(
                "Check `endpoint` in the profile's [google] section, and any proxy in between."
                    .to_owned(),
            );
        }
        failed
    }

    /// The refusal of one contact.
    pub(super) fn refusal(&self, mapping: &Mapping) -> Refusal {
        let place = self.violations().into_iter().next();
        refusal(mapping, &self.message, place.as_deref())
    }
}

/// A successful answer in its shape, any other as an error.
pub(super) fn parse<'a, T: Deserialize<'a>>(answer: &'a Answer, doing: &str) -> Result<T, Error> {
    if answer.status >= 300 {
        return Err(Fault::of(answer).error(doing));
    }
    answer
        .json()
        .map_err(|reason| error(REMOTE, doing, Kind::Protocol, &reason))
}

/// Whether a message is the one of a stale etag.
pub(super) fn is_stale(message: &str) -> bool {
    message.contains("etag is different")
}

/// Why Google will not store a contact, with the field where its message names one.
pub(super) fn refusal(mapping: &Mapping, message: &str, place: Option<&str>) -> Refusal {
    let at = place.unwrap_or(message).replace('_', "").to_lowercase();
    let named = |list: &str| at.contains(&list.to_lowercase());
    let field: Option<Field> = mapping
        .pairs
        .iter()
        .find(|pair| named(Slot::of(&pair.google).list))
        .map(|pair| pair.field);
    Refusal {
        field,
        reason: format!("Google refuses the contact: {}", tidy(message)),
        hint: "Correct the value in the CRM or in Google; it is tried again in the next run."
            .to_owned(),
    }
}

/// A message on one line, short, and without addresses, quoted values and long numbers.
pub(super) fn tidy(message: &str) -> String {
    let mut quoted = false;
    let mut plain = String::new();
    for part in message.split(['"', '\u{201c}', '\u{201d}']) {
        plain.push_str(if quoted { "\u{2026}" } else { part });
        quoted = !quoted;
    }
    let secret =
        |word: &str| word.contains('@') || word.chars().filter(char::is_ascii_digit).count() > 5;
    let words: Vec<&str> = plain
        .split_whitespace()
        .map(|word| if secret(word) { "\u{2026}" } else { word })
        .take(40)
        .collect();
    if words.is_empty() {
        "no reason given".to_owned()
    } else {
        words.join(" ")
    }
}

/// What becomes of an answer: taken by the caller, repeated later, or the end of this side's run.
pub(super) fn judge(doing: &str, answer: &Answer) -> Verdict {
    if answer.status < 400 {
        return Verdict::Take;
    }
    let fault = Fault::of(answer);
    let fail = |kind, reason: &str, hint: &str| {
        Verdict::Fail(Error {
            hint: Some(hint.to_owned()),
            ..error(REMOTE, doing, kind, reason)
        })
    };
    let retry = |floor, kind| Verdict::Retry {
        after: answer.retry_after(),
        floor,
        kind,
        reason: format!("{} ({})", tidy(&fault.message), fault.http),
    };
    let full = "Empty the trash of Google Contacts or remove contacts there; the trash counts for 30 days.";
    match answer.status {
        _ if fault.is_full() => fail(Kind::Full, "the account can hold no more contacts", full),
        401 => fail(
            Kind::Unauthorized,
            "the sign-in is not accepted any more",
            "Run `crmsync auth google`.",
        ),
        403 if fault.is_stale() => Verdict::Take,
        403 => forbidden(&fault, answer, doing),
        429 if fault.has_detail("QuotaFailure") && !fault.has_detail("ErrorInfo") => fail(
            Kind::RateLimited,
            "Google accepts no more requests of this account for some hours",
            "Nothing is lost: what waits goes with a later run.",
        ),
        429 if fault.has_detail("ErrorInfo") || fault.has_reason(&["RATE_LIMIT_EXCEEDED"]) => {
            retry(MINUTE, Kind::RateLimited)
        }
        429 => retry(Duration::ZERO, Kind::RateLimited),
        500.. => retry(Duration::ZERO, Kind::Unavailable),
        _ => Verdict::Take,
    }
}

fn forbidden(fault: &Fault, answer: &Answer, doing: &str) -> Verdict {
    let fail = |reason: &str, hint: &str| {
        Verdict::Fail(Error {
            hint: Some(hint.to_owned()),
            ..error(REMOTE, doing, Kind::Forbidden, reason)
        })
    };
    let challenge = answer
        .headers
        .get("www-authenticate")
        .and_then(|text| text.to_str().ok())
        .unwrap_or_default();
    if fault.has_reason(&[
        "rateLimitExceeded",
        "userRateLimitExceeded",
        "RATE_LIMIT_EXCEEDED",
    ]) {
        let floor = if fault.has_reason(&["RATE_LIMIT_EXCEEDED"]) {
            MINUTE
        } else {
            Duration::ZERO
        };
        return Verdict::Retry {
            after: answer.retry_after(),
            floor,
            kind: Kind::RateLimited,
            reason: format!("{} (403)", tidy(&fault.message)),
        };
    }
    if challenge.contains("insufficient_scope")
        || fault.message.contains("insufficient authentication scopes")
        || fault.has_reason(&["ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions"])
    {
        return fail(
            "the sign-in lacks the scope https://www.googleapis.com/auth/contacts",
            "Run `crmsync auth google` and leave the box for contacts ticked.",
        );
    }
    if fault.has_reason(&["accessNotConfigured", "SERVICE_DISABLED"])
        || fault
            .message
            .contains("People API has not been used in project")
    {
        return fail(
            "the People API is not enabled in the Google Cloud project of the client",
            "Enable it at https://console.cloud.google.com/apis/library/people.googleapis.com, wait some minutes, then run `crmsync sync`.",
        );
    }
    fail(
        &format!("{} (403)", tidy(&fault.message)),
        "Ask the Workspace administrator whether the People API is allowed, then run `crmsync auth google`.",
    )
}
