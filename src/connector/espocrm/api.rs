//! One call to the API: its address, its place in the queue, and what an answer means.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Espo;
use super::explain::{explain, no_sense, reason};
use super::query::Query;
use super::wire::{Listing, Row};
use crate::connector::http::{Answer, Call, Cost, Redirect, Repeat, SendError, Verdict};
use crate::connector::{Error, Kind};

/// Who reads a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusals {
    /// It is a failure of the call.
    Fail,
    /// The caller reads it.
    Taken,
}

/// One call.
pub(super) struct Ask<'a> {
    pub(super) name: &'static str,
    pub(super) doing: &'a str,
    pub(super) method: Method,
    /// Behind `/api/v1/`.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    pub(super) repeat: Repeat,
    pub(super) refusals: Refusals,
}

impl<'a> Ask<'a> {
    /// A plain GET.
    pub(super) fn get(name: &'static str, doing: &'a str, path: String) -> Self {
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
        }
    }
}

/// An answer with the server's time at the start of the call, seconds since the epoch.
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

/// One page of a listing.
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    /// The identifier behind which it goes on; none at the end.
    pub(super) next: Option<String>,
    pub(super) began: Option<i64>,
    /// How many records fit, this page included, where EspoCRM tells it.
    pub(super) total: Option<u64>,
}

impl Espo {
    /// Sends one call when there is a free place for it.
    pub(super) async fn call(&self, ask: Ask<'_>) -> Result<Reply, SendError> {
        let _place = self.lanes.acquire().await;
        let (doing, refusals) = (ask.doing, ask.refusals);
        let reads = ask.method == Method::GET;
        let judge = |answer: &Answer| judge(answer, doing, refusals, reads);
        let began = Instant::now();
        let mut url = format!("{}/api/v1/{}", self.root(), ask.path);
        if !ask.query.is_empty() {
            let mut text = url::form_urlencoded::Serializer::new(String::new());
            text.extend_pairs(&ask.query);
            url = format!("{url}?{}", text.finish());
        }
        let call = Call {
            name: ask.name,
            doing,
            method: ask.method,
            url,
            query: Vec::new(),
            headers: ask.headers,
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
            .map(|date| date.timestamp().as_second());
        let took = i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX / 4);
        Ok(Reply {
            answer,
            began: date.map(|date| date - took - 1),
        })
    }

    /// One GET whose answer has a shape.
    pub(super) async fn read<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T, Error> {
        let doing = ask.doing;
        let reply = self.call(ask).await.map_err(SendError::into_error)?;
        reply.read(doing)
    }

    /// The installation's address, without `/api/v1`.
    pub(super) fn root(&self) -> &str {
        let root = self.settings.endpoint.trim().trim_end_matches('/');
        root.strip_suffix("/api/v1").unwrap_or(root)
    }

    /// One page of a listing. An installation may allow fewer records a page than is usual; it says
    /// so once.
    pub(super) async fn page(
        &self,
        doing: &str,
        query: &Query<'_>,
        after: Option<&str>,
    ) -> Result<Page, Error> {
        loop {
            let size = self.page.load(Ordering::Relaxed);
            let ask = Ask {
                query: query.page(size, after),
                refusals: Refusals::Taken,
                ..Ask::get("list", doing, query.path.to_owned())
            };
            let reply = self.call(ask).await.map_err(SendError::into_error)?;
            if reply.answer.status >= 400 {
                match allowed(&reply.answer).filter(|most| (1..size).contains(most)) {
                    Some(most) => self.page.store(most, Ordering::Relaxed),
                    None => return Err(explain(&reply.answer, doing)),
                }
                continue;
            }
            let listing: Listing = reply.read(doing)?;
            let last = listing.list.last().map(|row| id(row).map(str::to_owned));
            let count = i64::try_from(listing.list.len()).unwrap_or(i64::MAX);
            let more = match listing.total {
                Some(-1) => true,
                Some(-2) => false,
                Some(total) => total > count,
                None => listing.list.len() >= size,
            };
            let next = match last {
                None => None,
                Some(None) => return Err(no_sense(doing, "a record has no id")),
                Some(Some(last)) if Some(last.as_str()) == after => {
                    return Err(no_sense(
                        doing,
                        "a page says that there are more and gets no further",
                    ));
                }
                Some(Some(last)) => more.then_some(last),
            };
            return Ok(Page {
                rows: listing.list,
                next,
                began: reply.began,
                total: listing.total.and_then(|total| u64::try_from(total).ok()),
            });
        }
    }

    /// Every row of a listing that is expected to bring few.
    pub(super) async fn rows(&self, doing: &str, query: &Query<'_>) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.page(doing, query, after.as_deref()).await?;
            rows.extend(page.rows);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(rows),
            }
        }
    }
}

/// The identifier of a row.
pub(super) fn id(row: &Row) -> Option<&str> {
    row.get("id")
        .and_then(Value::as_str)
        .filter(|id| !id.is_empty())
}

/// The page size that a refusal names ("Max size should not exceed 200. Use offset and limit.").
pub(super) fn allowed(answer: &Answer) -> Option<usize> {
    let said = reason(answer).filter(|_| answer.status == 403)?;
    let (_, rest) = said.split_once("should not exceed ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn judge(answer: &Answer, doing: &str, refusals: Refusals, reads: bool) -> Verdict {
    let retry = |kind, reason: String| Verdict::Retry {
        after: answer.retry_after(),
        floor: Duration::ZERO,
        kind,
        reason,
    };
    match answer.status {
        200..=299 => Verdict::Take,
        401 => Verdict::Fail(explain(answer, doing)),
        429 => retry(Kind::RateLimited, "too many requests (429)".to_owned()),
        // A value of the wrong type is answered with a bare 500: the writer finds out what it means.
        500 if !reads && refusals == Refusals::Taken => Verdict::Take,
        500.. => retry(Kind::Unavailable, format!("server error {}", answer.status)),
        _ if refusals == Refusals::Taken => Verdict::Take,
        _ => Verdict::Fail(explain(answer, doing)),
    }
}
