//! An error becomes text and an exit code; nowhere else.

use std::io::Write as _;

use crate::{auth, connector, profile, run, state};

/// A failure that a command states itself.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Failure {
    /// The exit code.
    pub(super) code: u8,
    /// What happened.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: Option<String>,
}

impl Failure {
    /// A failure with a cure.
    pub(super) fn new(code: u8, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    /// A wrong call.
    pub(super) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(2, message, hint)
    }

    /// Ended by the person before anything was changed.
    pub(super) fn interrupted() -> Self {
        Self {
            code: 6,
            message: "interrupted; nothing was changed".to_owned(),
            hint: None,
        }
    }

    /// There is no profile to work on.
    pub(super) fn no_profiles(config: &std::path::Path) -> Self {
        Self::new(
            7,
            format!("there are no profiles in {}", config.display()),
            "write one with `crmsync configure NAME`",
        )
    }
}

/// What an error means for the user: exit code, message, cure.
pub(super) fn explain(error: &anyhow::Error) -> Failure {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return Failure {
            code: failure.code,
            message: failure.message.clone(),
            hint: failure.hint.clone(),
        };
    }
    if let Some(error) = error.downcast_ref::<run::Error>() {
        let failure = error.failure();
        return Failure {
            code: failure.code,
            message: failure.message,
            hint: failure.hint,
        };
    }
    if let Some(error) = error.downcast_ref::<profile::ProfileError>() {
        return Failure {
            code: 7,
            message: error.to_string(),
            hint: Some(error.hint()).filter(|hint| !hint.is_empty()),
        };
    }
    if let Some(error) = error.downcast_ref::<auth::Error>() {
        return Failure {
            code: error.kind.exit_code(),
            message: error.message.clone(),
            hint: error.hint.clone(),
        };
    }
    if let Some(error) = error.downcast_ref::<state::Error>() {
        let failure = run_failure(error);
        return Failure {
            code: failure,
            message: run::state_message(error),
            hint: Some(error.hint()).filter(|hint| !hint.is_empty()),
        };
    }
    if let Some(error) = error.downcast_ref::<connector::Error>() {
        return Failure {
            code: connector_code(error.kind),
            message: error.to_string(),
            hint: error.hint.clone(),
        };
    }
    Failure {
        code: 1,
        message: format!("{error:#}"),
        hint: None,
    }
}

fn run_failure(error: &state::Error) -> u8 {
    match error.kind {
        state::Kind::Locked => 8,
        state::Kind::Permissions => 5,
        state::Kind::Corrupt | state::Kind::Newer { .. } | state::Kind::ReadOnly => 7,
        state::Kind::DiskFull | state::Kind::Io | state::Kind::Sql => 1,
    }
}

fn connector_code(kind: connector::Kind) -> u8 {
    match kind {
        connector::Kind::Unauthorized | connector::Kind::Forbidden => 5,
        connector::Kind::Unknown | connector::Kind::Config => 7,
        connector::Kind::Full | connector::Kind::RateLimited | connector::Kind::Unavailable => 6,
        connector::Kind::NotFound
        | connector::Kind::Changed
        | connector::Kind::Rejected
        | connector::Kind::Protocol => 1,
    }
}

/// Prints an error to standard error; returns the exit code.
pub(super) fn show(error: &anyhow::Error) -> u8 {
    let failure = explain(error);
    say(&failure.message, failure.hint.as_deref(), None);
    failure.code
}

/// Prints a message and its cure to standard error.
pub(super) fn say(message: &str, hint: Option<&str>, profile: Option<&str>) {
    let whose = profile.map_or_else(String::new, |profile| format!("{profile}: "));
    let mut text = if message.starts_with("error") {
        format!("{message}\n")
    } else {
        format!("error: {whose}{message}\n")
    };
    if let Some(hint) = hint {
        text.push_str(&format!("  help: {hint}\n"));
    }
    // Nobody is left to tell when standard error is gone.
    drop(std::io::stderr().write_all(super::redact::text(&text).as_bytes()));
}
