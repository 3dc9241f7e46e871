//! What a request is made of, and what comes back.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::de::DeserializeSeed;

use super::pacing::Cost;
use super::pack::Payload;
use crate::connector::{Error, Kind};

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Whether a request may be sent again when nobody knows what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It may: executing it twice does no harm.
    Safe,
    /// Never once it may have reached the server.
    Once,
}

/// What a redirect is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redirect {
    /// A failure: an API does not send elsewhere, a captive portal does.
    #[default]
    Refused,
    /// An answer like others, for the connector to read its `Location` (discovery).
    Answer,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Its name in the meter and in logs.
    pub name: &'static str,
    /// What is being done, as a lower-case fragment for messages ("list the contacts").
    pub doing: &'a str,
    /// The method.
    pub method: Method,
    /// The address without the query.
    pub url: String,
    /// The query parameters, not yet encoded.
    pub query: Vec<(&'a str, String)>,
    /// Further headers; a `content-type` here goes before the one of JSON.
    pub headers: Vec<(&'static str, String)>,
    /// The body; JSON unless a header says otherwise.
    pub body: Option<Payload>,
    /// What it takes out of the minute's budgets.
    pub cost: Cost,
    /// Whether it may be repeated.
    pub repeat: Repeat,
    /// What a redirect is.
    pub redirect: Redirect,
}

/// What a remote answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON of a shape; the error names the place and never the value.
    pub fn json<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, String> {
        // Held to be UTF-8 as a whole, not text by text.
        let read = match std::str::from_utf8(&self.body) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(&self.body),
        };
        if let Ok(read) = read {
            return Ok(read);
        }
        // Once more, for the place of the fault.
        let mut reader = serde_json::Deserializer::from_slice(&self.body);
        serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let what = match error.inner().classify() {
                serde_json::error::Category::Io | serde_json::error::Category::Syntax => {
                    "is no JSON"
                }
                serde_json::error::Category::Eof => "ends in the middle",
                serde_json::error::Category::Data => "has an unexpected form",
            };
            format!("the answer {what} (at `{}`)", error.path())
        })
    }

    /// The body as JSON, read by a seed; as above nobody asks what stands behind it.
    pub fn json_by<'a, S: DeserializeSeed<'a>>(
        &'a self,
        seed: S,
    ) -> Result<S::Value, serde_json::Error> {
        match std::str::from_utf8(&self.body) {
            Ok(text) => seed.deserialize(&mut serde_json::Deserializer::from_str(text)),
            Err(_) => seed.deserialize(&mut serde_json::Deserializer::from_slice(&self.body)),
        }
    }

    /// The wait that a `Retry-After` header asks for, given in seconds or as an HTTP date; at most a
    /// year, whatever it says, so that it can be added to other waits.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds).min(YEAR));
        }
        let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        let seconds = date.as_second() - jiff::Timestamp::now().as_second();
        Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).min(YEAR))
    }
}

/// What a connector makes of an answer.
#[derive(Debug)]
pub enum Verdict {
    /// The caller understands it, errors included.
    Take,
    /// The same request may work later.
    Retry {
        /// The wait that the remote asked for.
        after: Option<Duration>,
        /// The shortest sensible wait.
        floor: Duration,
        /// The sort of failure when patience ends.
        kind: Kind,
        /// What the remote said.
        reason: String,
    },
    /// It failed for good.
    Fail(Error),
}

/// Why a request brought no answer.
#[derive(Debug)]
pub enum SendError {
    /// It was surely not executed.
    Failed(Error),
    /// It may have been executed.
    Uncertain(Error),
}

impl SendError {
    /// The failure, for calls where it makes no difference.
    #[must_use]
    pub fn into_error(self) -> Error {
        match self {
            Self::Failed(error) | Self::Uncertain(error) => error,
        }
    }
}

/// A failure without hint and cause.
#[must_use]
pub fn error(remote: &str, doing: &str, kind: Kind, reason: &str) -> Error {
    Error {
        remote: remote.to_owned(),
        doing: doing.to_owned(),
        reason: reason.to_owned(),
        kind,
        hint: None,
        retry_after: None,
        source: None,
    }
}
