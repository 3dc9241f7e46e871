//! What can go wrong with a remote, sorted by what to do about it.

use std::time::Duration;

/// How far a failure reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This record only; the run goes on.
    Record,
    /// This side; the run stops.
    Side,
}

/// What went wrong, sorted by what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The remote no longer accepts our credentials: sign in again (exit 5).
    Unauthorized,
    /// The credentials are good, a scope or a right is missing (exit 5).
    Forbidden,
    /// What the profile names does not exist there (group, view, module): exit 7.
    Unknown,
    /// The record is gone.
    NotFound,
    /// The record moved since it was read.
    Changed,
    /// The remote will not store this value.
    Rejected,
    /// The account can hold no more records (exit 6, nothing more is created).
    Full,
    /// A quota is used up, retries exhausted: try later (exit 6).
    RateLimited,
    /// Network trouble or a server error, retries exhausted (exit 6).
    Unavailable,
    /// The answer made no sense (exit 1).
    Protocol,
    /// What the profile says cannot work with this remote (exit 7).
    Config,
}

impl Kind {
    /// How far this failure reaches.
    #[must_use]
    pub fn reach(self) -> Reach {
        match self {
            Self::NotFound | Self::Changed | Self::Rejected => Reach::Record,
            Self::Unauthorized
            | Self::Forbidden
            | Self::Unknown
            | Self::Full
            | Self::RateLimited
            | Self::Unavailable
            | Self::Protocol
            | Self::Config => Reach::Side,
        }
    }
}

/// A failed call to a remote. `Display` says what was being done and why it failed, without secrets
/// and without contact values.
#[derive(Debug, thiserror::Error)]
#[error("{remote}: {doing}: {reason}")]
pub struct Error {
    /// The remote, as messages call it.
    pub remote: String,
    /// What was being done, as a lower-case fragment ("list the contacts").
    pub doing: String,
    /// What the remote said or what happened, one line.
    pub reason: String,
    /// The sort of failure.
    pub kind: Kind,
    /// What a person can do about it, naming a place or a command.
    pub hint: Option<String>,
    /// How long the remote asked to wait.
    pub retry_after: Option<Duration>,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}
