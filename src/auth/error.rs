//! What can go wrong while signing in or renewing, sorted by what to do about it.

use std::path::Path;

/// What went wrong, sorted by what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is no sign-in, or it no longer counts (exit 5).
    SignInNeeded,
    /// Someone else signed in than the profile says (exit 5).
    WrongAccount,
    /// A scope that is needed was not granted (exit 5).
    MissingScope,
    /// The person or an administrator said no (exit 5).
    Denied,
    /// A file that others can read (exit 5).
    Insecure,
    /// Nobody finished the sign-in in time (exit 5).
    Timeout,
    /// The service cannot be reached, or asks to come back later (exit 6).
    Unavailable,
    /// What was given cannot be used: a client file, an address, a name (exit 7).
    Invalid,
    /// A file cannot be read or written (exit 1).
    Io,
}

impl Kind {
    /// The exit code that this failure ends the program with.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::SignInNeeded
            | Self::WrongAccount
            | Self::MissingScope
            | Self::Denied
            | Self::Insecure
            | Self::Timeout => 5,
            Self::Unavailable => 6,
            Self::Invalid => 7,
            Self::Io => 1,
        }
    }
}

/// A failed sign-in or renewal. `Display` says what was being done and why it failed, without
/// secrets.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The sort of failure.
    pub kind: Kind,
    /// What happened, one line.
    pub message: String,
    /// What a person can do about it, naming a command or a place.
    pub hint: Option<String>,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure without a hint yet.
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            source: None,
        }
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A file operation that failed.
    pub(super) fn io(doing: &str, path: &Path, cause: std::io::Error) -> Self {
        Self {
            kind: Kind::Io,
            message: format!("cannot {doing} {}: {cause}", path.display()),
            hint: None,
            source: Some(Box::new(cause)),
        }
    }

    /// The service did not answer usefully.
    #[must_use]
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, message).hint("nothing was changed; the next run tries again")
    }
}

/// What a server said, fit for a line on a terminal: without control characters, and not endless.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Where and how a JSON text is wrong, without the values that serde's own message may quote.
pub(super) fn json_fault(fault: &serde_json::Error) -> String {
    let text = fault.to_string();
    let place = format!("line {}, column {}", fault.line(), fault.column());
    if text.starts_with("missing field `") {
        let field = text.split('`').nth(1).unwrap_or_default();
        return format!("the field `{field}` is missing");
    }
    match fault.classify() {
        serde_json::error::Category::Data => format!("a value of the wrong type at {place}"),
        serde_json::error::Category::Eof => "it ends too early".to_owned(),
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
            format!("no valid JSON at {place}")
        }
    }
}
