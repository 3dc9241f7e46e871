//! Why a run cannot go on, sorted by exit code.

use super::report::{Failure, Outcome};
use crate::connector;
use crate::model::Op;
use crate::plan::{Refusal, Threat};
use crate::state;

/// A run that ends early. Its text names what happened and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// How the run ends.
    pub outcome: Outcome,
    /// What happened, one sentence or a few lines.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error without a cause.
    #[must_use]
    pub fn new(outcome: Outcome, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            outcome,
            message: message.into(),
            hint: Some(hint.into()),
            source: None,
        }
    }

    /// The error as reports show it.
    #[must_use]
    pub fn failure(&self) -> Failure {
        Failure {
            code: self.outcome.code(),
            message: self.message.clone(),
            hint: self.hint.clone(),
        }
    }
}

impl From<connector::Error> for Error {
    fn from(error: connector::Error) -> Self {
        let outcome = match error.kind {
            connector::Kind::Unauthorized | connector::Kind::Forbidden => Outcome::Auth,
            connector::Kind::Unknown | connector::Kind::Config => Outcome::Invalid,
            connector::Kind::Full | connector::Kind::RateLimited | connector::Kind::Unavailable => {
                Outcome::Unavailable
            }
            connector::Kind::NotFound
            | connector::Kind::Changed
            | connector::Kind::Rejected
            | connector::Kind::Protocol => Outcome::Failed,
        };
        Self {
            outcome,
            message: error.to_string(),
            hint: error.hint.clone(),
            source: Some(Box::new(error)),
        }
    }
}

impl From<state::Error> for Error {
    fn from(error: state::Error) -> Self {
        let outcome = match error.kind {
            state::Kind::Locked => Outcome::Busy,
            state::Kind::Permissions => Outcome::Auth,
            state::Kind::Corrupt | state::Kind::Newer { .. } | state::Kind::ReadOnly => {
                Outcome::Invalid
            }
            state::Kind::DiskFull | state::Kind::Io | state::Kind::Sql => Outcome::Failed,
        };
        let hint = error.hint();
        Self {
            outcome,
            message: state_message(&error),
            hint: (!hint.is_empty()).then_some(hint),
            source: Some(Box::new(error)),
        }
    }
}

/// What a failure of the state file says, without the cure, which is told beside it.
#[must_use]
pub fn state_message(error: &state::Error) -> String {
    let text = error.to_string();
    match text.strip_suffix(&format!("; {}", error.hint())) {
        Some(bare) => bare.to_owned(),
        None => text,
    }
}

/// A brake's refusal: what it saw, what it fears, and the one command to go on. `readings` are told
/// where they matter.
#[must_use]
pub(super) fn refused(refusal: &Refusal, profile: &str, readings: &[String]) -> Error {
    let (fear, hint) = match refusal.threat {
        Threat::Bulk(Op::Delete) => (
            "so many at once look like an accident, or like a side that was put back from a backup",
            allow("deleting them", profile),
        ),
        Threat::Bulk(
            Op::Create | Op::Update | Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive,
        ) => (
            "so many at once look like an accident on one side",
            allow("that", profile),
        ),
        Threat::Shrunk => (
            "a list that shrinks so fast may have been read short, its view or label may have changed, or the side was put back from a backup",
            allow("the shorter list", profile),
        ),
        Threat::Ended => (
            "a side that lost so many may have been wiped out, or shows only a part of itself; nothing is deleted on the other side, but ended pairs are not created again",
            allow("ending them", profile),
        ),
        Threat::Rewound => (
            "it looks as if the side was put back from a backup: the older values would overwrite the newer ones of the other side",
            allow("the older state", profile),
        ),
        Threat::Full => (
            "Google refuses what is over its cap, and the trash counts",
            format!(
                "choose a smaller list view, or delete contacts in Google and empty its trash; then `crmsync sync {profile}`"
            ),
        ),
    };
    let read = match refusal.threat {
        Threat::Bulk(Op::Delete) | Threat::Shrunk | Threat::Rewound | Threat::Ended
            if !readings.is_empty() =>
        {
            format!(" (read: {})", readings.join("; "))
        }
        Threat::Bulk(_) | Threat::Shrunk | Threat::Rewound | Threat::Full | Threat::Ended => {
            String::new()
        }
    };
    Error::new(
        Outcome::Refused,
        format!("refused, nothing was written: {refusal}; {fear}{read}"),
        hint,
    )
}

fn allow(what: &str, profile: &str) -> String {
    format!(
        "if {what} is what you want: `crmsync sync {profile} --allow-bulk`; with `--dry-run` as well it only shows what it would do"
    )
}
