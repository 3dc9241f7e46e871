//! One call to the API: its address, its place in the queue, and what a refusal means.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::explain::{explain, names_view, view_gone};
use super::wire::ApiError;
use super::{Zoho, credits};
use crate::connector::http::{Answer, Call, Cost, Redirect, Repeat, SendError, Verdict, error};
use crate::connector::{Error, Kind};

/// Who reads a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusals {
    /// It is a failure of the call.
    Fail,
    /// The caller reads it record by record; only what concerns the whole side is a failure.
    Taken,
}

/// One call.
pub(super) struct Ask<'a> {
    pub(super) name: &'static str,
    pub(super) doing: &'a str,
    pub(super) method: Method,
    /// Behind `/crm/v8/`.
    pub(super) path: String,
    pub(super) query: Vec<(&'a str, String)>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    pub(super) repeat: Repeat,
    pub(super) refusals: Refusals,
    /// The OAuth scopes that the call needs.
    pub(super) scope: String,
    /// What it costs in API credits.
    pub(super) credits: u64,
}

impl<'a> Ask<'a> {
    /// A plain GET.
    pub(super) fn get(name: &'static str, doing: &'a str, path: String, scope: String) -> Self {
        Self {
            name,
            doing,
            method: Method::GET,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            repeat: Repeat::Safe,
            refusals: Refusals::Fail,
            scope,
            credits: 1,
        }
    }
}

/// An answer with the server's time at the start of the call, seconds since the epoch.
pub(super) struct Reply {
    pub(super) answer: Answer,
    pub(super) began: Option<i64>,
}

impl Reply {
    /// Whether there is anything to read.
    pub(super) fn has_content(&self) -> bool {
        !self.answer.body.is_empty()
    }

    /// The body as a shape; an empty one (204, 304) is the shape's default.
    pub(super) fn read<T: DeserializeOwned + Default>(&self, doing: &str) -> Result<T, Failure> {
        if self.answer.body.is_empty() {
            return Ok(T::default());
        }
        self.answer
            .json()
            .map_err(|reason| fail(doing, Kind::Protocol, &reason).into())
    }
}

/// How far a failed call got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Landed {
    /// It was surely not executed.
    No,
    /// The server is done with it and said that something went wrong in there.
    Answered,
    /// Nobody knows, and it may still be under way.
    Unknown,
}

/// A call without a usable answer.
pub(super) struct Failure {
    pub(super) error: Error,
    /// What Zoho said, when it said something.
    pub(super) said: Option<ApiError>,
    pub(super) landed: Landed,
}

impl Failure {
    /// Whether Zoho refused with this code.
    pub(super) fn is(&self, code: &str) -> bool {
        self.said.as_ref().is_some_and(|said| said.code == code)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            said: None,
            landed: Landed::No,
        }
    }
}

/// A failure of this remote, without cause and cure.
pub(super) fn fail(doing: &str, kind: Kind, reason: &str) -> Error {
    error("Zoho CRM", doing, kind, reason)
}

impl Zoho {
    /// Sends one call when there is a free place for it.
    pub(super) async fn call(&self, ask: Ask<'_>) -> Result<Reply, Failure> {
        let root = self.root(ask.doing)?;
        let _place = self.lanes.acquire().await;
        self.credits
            .check(ask.doing, self.settings.credits_reserve)?;
        let said: Mutex<Option<ApiError>> = Mutex::new(None);
        let (doing, scope, refusals) = (ask.doing, ask.scope, ask.refusals);
        let cost = ask.credits;
        let judge = |answer: &Answer| {
            self.credits.note(answer, cost);
            let heard = refusal(answer);
            let verdict = self.judge(answer, heard.as_ref(), doing, &scope, refusals);
            *said.lock().unwrap_or_else(PoisonError::into_inner) = heard;
            verdict
        };
        let began = Instant::now();
        let call = Call {
            name: ask.name,
            doing,
            method: ask.method,
            url: format!("{root}/crm/v8/{}", ask.path),
            query: ask.query,
            headers: ask.headers,
            body: ask
                .body
                .map(|body| self.http.pack(body.to_string().into_bytes())),
            cost: Cost::default(),
            repeat: ask.repeat,
            redirect: Redirect::Refused,
        };
        let sent = self.http.send(call, &judge).await;
        let said = said.into_inner().unwrap_or_else(PoisonError::into_inner);
        match sent {
            Ok(answer) => {
                let date = answer
                    .headers
                    .get("date")
                    .and_then(|date| date.to_str().ok())
                    .and_then(|date| jiff::fmt::rfc2822::parse(date).ok())
                    .map(|date| date.timestamp().as_second());
                if let Some(date) = date {
                    let here = jiff::Timestamp::now().as_second();
                    self.skew.store(date - here, Ordering::Relaxed);
                }
                let took = i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX / 4);
                Ok(Reply {
                    answer,
                    began: date.map(|date| date - took - 1),
                })
            }
            Err(SendError::Failed(error)) => Err(Failure {
                error,
                said,
                landed: Landed::No,
            }),
            Err(SendError::Uncertain(error)) => Err(Failure {
                error,
                landed: if said.is_some() {
                    Landed::Answered
                } else {
                    Landed::Unknown
                },
                said,
            }),
        }
    }

    /// The server's time as far as the last answer told it, seconds since the epoch.
    pub(super) fn server_now(&self) -> i64 {
        jiff::Timestamp::now().as_second() + self.skew.load(Ordering::Relaxed)
    }

    /// The API root: the profile's, else the one that came with the token, else the data centre's.
    fn root(&self, doing: &str) -> Result<String, Error> {
        if let Some(endpoint) = &self.settings.endpoint {
            return Ok(endpoint.trim_end_matches('/').to_owned());
        }
        if let Some(domain) = self.http.api_domain() {
            return Ok(domain.trim_end_matches('/').to_owned());
        }
        // Zoho's multi-DC page; the other data centres are known only from the token.
        let host = match self.settings.data_center.to_ascii_lowercase().as_str() {
            "us" | "com" | "" => "com",
            "eu" => "eu",
            "in" => "in",
            "au" => "com.au",
            "jp" => "jp",
            "ca" => "ca",
            "cn" => "com.cn",
            other => {
                return Err(Error {
                    hint: Some(
                        "Sign in with `crmsync auth crm`, which learns the address, or set \
                         `endpoint` in the profile's [crm] table."
                            .to_owned(),
                    ),
                    ..fail(
                        doing,
                        Kind::Config,
                        &format!("the API address of data centre `{other}` is not known"),
                    )
                });
            }
        };
        Ok(format!("https://www.zohoapis.{host}"))
    }

    /// Halves the number of calls under way, down to one (Zoho answers 429 for too many at once and
    /// for too many in a day alike).
    fn slow_down(&self) {
        let mut width = self.width.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let due = width
            .1
            .is_none_or(|last| now.duration_since(last) > Duration::from_millis(500));
        if due && width.0 > 1 {
            let less = width.0 - width.0 / 2;
            let taken = self.lanes.forget_permits(width.0 - less);
            width.0 -= taken;
            width.1 = Some(now);
        }
    }

    fn judge(
        &self,
        answer: &Answer,
        said: Option<&ApiError>,
        doing: &str,
        scope: &str,
        refusals: Refusals,
    ) -> Verdict {
        let code = said.map_or("", |said| said.code.as_str());
        match (answer.status, code) {
            (200..=299 | 304, _) => Verdict::Take,
            (429, _) | (_, "TOO_MANY_REQUESTS" | "RATE_LIMIT_EXCEEDED") => {
                self.slow_down();
                let left = answer.headers.get("x-api-credits-remaining");
                if left.is_some_and(|left| left == "0") {
                    return Verdict::Fail(Error {
                        hint: Some(credits::WHEN.to_owned()),
                        ..fail(doing, Kind::RateLimited, "no API credits are left")
                    });
                }
                Verdict::Retry {
                    after: answer.retry_after(),
                    floor: Duration::from_millis(500),
                    kind: Kind::RateLimited,
                    reason: "too many requests (429)".to_owned(),
                }
            }
            (500.., _) | (_, "INTERNAL_ERROR") => Verdict::Retry {
                after: answer.retry_after(),
                floor: Duration::ZERO,
                kind: Kind::Unavailable,
                reason: format!("server error {}", answer.status),
            },
            (401, _) | (403, "NO_PERMISSION") => Verdict::Fail(explain(said, answer, doing, scope)),
            (_, "INVALID_MODULE" | "INVALID_URL_PATTERN" | "OAUTH_SCOPE_MISMATCH") => {
                Verdict::Fail(explain(said, answer, doing, scope))
            }
            _ => match refusals {
                Refusals::Taken if said.is_some() || !answer.body.is_empty() => Verdict::Take,
                Refusals::Taken | Refusals::Fail if said.is_some_and(names_view) => {
                    let list = self.gear().ok().map(|gear| gear.list.name.clone());
                    let name = list.as_deref().unwrap_or(&self.settings.view);
                    Verdict::Fail(view_gone(doing, Some(name)))
                }
                Refusals::Taken | Refusals::Fail => {
                    Verdict::Fail(explain(said, answer, doing, scope))
                }
            },
        }
    }
}

/// The error object of an answer, when it has one at its top.
pub(super) fn refusal(answer: &Answer) -> Option<ApiError> {
    if answer.status < 400 {
        return None;
    }
    serde_json::from_slice(&answer.body).ok()
}
