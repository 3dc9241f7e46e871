//! One call to the API: its address, its place in the queue, what an answer means, and how many calls
//! are left.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::HubSpot;
use super::explain::{day_is_over, explain, fail, fault, no_sense};
use crate::connector::http::{Answer, Call, Cost, Redirect, Repeat, SendError, Verdict};
use crate::connector::{Error, Kind};

/// The only host that there is, whatever the region of the account.
pub(super) const HOST: &str = "https://api.hubapi.com";

/// The window of the limits where an answer does not tell it.
const WINDOW: Duration = Duration::from_secs(10);
/// The longest window that is waited for because of a header.
const LONGEST_WINDOW: Duration = Duration::from_secs(60);
/// What to wait when a record is locked by another change.
const LOCKED: Duration = Duration::from_secs(2);

/// Who reads a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusals {
    /// It is a failure of the call.
    Fail,
    /// The caller reads those about what was sent (400, 404, 409).
    Taken,
}

/// One call.
pub(super) struct Ask<'a> {
    pub(super) name: &'static str,
    pub(super) doing: &'a str,
    pub(super) method: Method,
    /// Behind the host, with its slash.
    pub(super) path: String,
    pub(super) query: Vec<(&'a str, String)>,
    pub(super) body: Option<Value>,
    pub(super) repeat: Repeat,
    pub(super) refusals: Refusals,
}

impl<'a> Ask<'a> {
    /// A plain GET.
    pub(super) fn get(name: &'static str, doing: &'a str, path: &str) -> Self {
        Self {
            name,
            doing,
            method: Method::GET,
            path: path.to_owned(),
            query: Vec::new(),
            body: None,
            repeat: Repeat::Safe,
            refusals: Refusals::Fail,
        }
    }

    /// A POST that changes nothing.
    pub(super) fn post(name: &'static str, doing: &'a str, path: &str, body: Value) -> Self {
        Self {
            method: Method::POST,
            body: Some(body),
            ..Self::get(name, doing, path)
        }
    }
}

/// An answer with the server's time at the start of the call, milliseconds since the epoch.
pub(super) struct Reply {
    pub(super) answer: Answer,
    pub(super) began: Option<i64>,
}

impl Reply {
    /// The body as a shape.
    pub(super) fn read<T: DeserializeOwned>(&self, doing: &str) -> Result<T, Error> {
        self.answer
            .json()
            .map_err(|reason| no_sense(doing, &reason))
    }
}

impl HubSpot {
    /// Sends one call when there is a free place for it and the limits leave room.
    pub(super) async fn call(&self, ask: Ask<'_>) -> Result<Reply, SendError> {
        let _place = self.lanes.acquire().await;
        let (doing, refusals) = (ask.doing, ask.refusals);
        self.wait_for_room(doing).await.map_err(SendError::Failed)?;
        let judge = |answer: &Answer| {
            self.note_limits(answer);
            judge(answer, doing, refusals)
        };
        let began = Instant::now();
        let call = Call {
            name: ask.name,
            doing,
            method: ask.method,
            url: format!("{}{}", self.root(), ask.path),
            query: ask.query,
            headers: Vec::new(),
            body: ask.body.map(|body| body.to_string().into_bytes().into()),
            cost: Cost::default(),
            repeat: ask.repeat,
            redirect: Redirect::Refused,
        };
        let answer = self.http.send(call, &judge).await?;
        let date = answer
            .headers
            .get("date")
            .and_then(|date| date.to_str().ok())
            .and_then(|date| jiff::fmt::rfc2822::parse(date).ok())
            .map(|date| date.timestamp().as_millisecond());
        let took = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX / 4);
        Ok(Reply {
            answer,
            began: date.map(|date| date - took - 1000),
        })
    }

    /// One call whose answer has a shape.
    pub(super) async fn read<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T, Error> {
        let doing = ask.doing;
        let reply = self.call(ask).await.map_err(SendError::into_error)?;
        reply.read(doing)
    }

    fn root(&self) -> &str {
        let endpoint = self.settings.endpoint.as_deref().unwrap_or(HOST);
        endpoint.trim().trim_end_matches('/')
    }

    /// Waits for the next window when this one is used up.
    async fn wait_for_room(&self, doing: &str) -> Result<(), Error> {
        let until = *self
            .full_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(wait) = until.and_then(|until| until.checked_duration_since(Instant::now()))
        else {
            return Ok(());
        };
        if self.http.pause(wait).await {
            // Others that waited for the same window go on too.
            let mut full = self
                .full_until
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if *full == until {
                *full = None;
            }
            return Ok(());
        }
        Err(Error {
            retry_after: Some(wait),
            hint: Some("Try again later; a longer --patience waits longer.".to_owned()),
            ..fail(
                doing,
                Kind::RateLimited,
                "the requests of this window are used up",
            )
        })
    }

    /// Takes in what an answer tells of the limits.
    fn note_limits(&self, answer: &Answer) {
        let number = |name: &str| -> Option<u64> {
            let text = answer.headers.get(name)?.to_str().ok()?;
            text.trim().parse().ok()
        };
        if number("x-hubspot-ratelimit-remaining") != Some(0) {
            return;
        }
        let window = number("x-hubspot-ratelimit-interval-milliseconds")
            .map_or(WINDOW, Duration::from_millis)
            .min(LONGEST_WINDOW);
        let until = Instant::now() + window;
        *self
            .full_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(until);
    }
}

fn judge(answer: &Answer, doing: &str, refusals: Refusals) -> Verdict {
    let retry = |floor, kind, reason: String| Verdict::Retry {
        after: answer.retry_after(),
        floor,
        kind,
        reason,
    };
    match answer.status {
        200..=299 => Verdict::Take,
        429 => {
            let fault = fault(answer);
            if day_is_over(&fault) {
                return Verdict::Fail(Error {
                    retry_after: answer.retry_after(),
                    hint: Some(
                        "HubSpot counts anew at midnight in the account's time zone; other apps of the account \
                         may use up the same quota."
                            .to_owned(),
                    ),
                    ..fail(doing, Kind::RateLimited, "the day's requests are used up")
                });
            }
            let floor = if fault.policy_name.eq_ignore_ascii_case("SECONDLY") {
                Duration::from_secs(1)
            } else {
                WINDOW
            };
            retry(
                floor,
                Kind::RateLimited,
                "too many requests (429)".to_owned(),
            )
        }
        // A record that another change holds at this moment.
        423 => retry(
            LOCKED,
            Kind::Unavailable,
            "the record is locked (423)".to_owned(),
        ),
        // The account is being moved to another data centre.
        477 => retry(
            Duration::ZERO,
            Kind::Unavailable,
            "HubSpot is moving the account (477)".to_owned(),
        ),
        500.. => retry(
            Duration::ZERO,
            Kind::Unavailable,
            format!("server error {}", answer.status),
        ),
        400 | 404 | 409 if refusals == Refusals::Taken => Verdict::Take,
        _ => Verdict::Fail(explain(answer, doing)),
    }
}
