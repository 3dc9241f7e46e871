//! API credits: what the calls of this run cost, what the organisation has left, and the rest that is not
//! touched.
//!
//! An organisation has so many credits in any 24 hours. Zoho tells what is left (`X-API-CREDITS-REMAINING`)
//! once half of them are gone.

use std::sync::{Mutex, PoisonError};

use super::api::fail;
use crate::connector::http::Answer;
use crate::connector::{Error, Kind};

/// When credits come back.
pub(super) const WHEN: &str = "Credits come back 24 hours after they were spent: run it again in an hour, in 24 \
                               hours at the latest; it goes on where it stopped.";

/// The account of one run.
#[derive(Debug, Default)]
pub(super) struct Credits(Mutex<Account>);

#[derive(Clone, Copy, Debug, Default)]
struct Account {
    spent: u64,
    left: Option<u64>,
}

impl Credits {
    fn account<T>(&self, look: impl FnOnce(&mut Account) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Books an answered call.
    pub(super) fn note(&self, answer: &Answer, cost: u64) {
        let told = answer.headers.get("x-api-credits-remaining");
        let told = told.and_then(|left| left.to_str().ok()?.trim().parse().ok());
        self.account(|account| {
            if answer.status != 429 {
                account.spent += cost;
            }
            account.left = told.or(account.left);
        });
    }

    /// What was spent so far, and what is left where that is known.
    pub(super) fn so_far(&self) -> (u64, Option<u64>) {
        self.account(|account| (account.spent, account.left))
    }

    /// Refuses a call once the organisation has no more than the reserve.
    pub(super) fn check(&self, doing: &str, reserve: u64) -> Result<(), Error> {
        match self.account(|account| account.left) {
            Some(left) if reserve > 0 && left <= reserve => Err(Error {
                hint: Some(WHEN.to_owned()),
                ..fail(
                    doing,
                    Kind::RateLimited,
                    &format!(
                        "the organisation has {left} API credits left, and `credits_reserve` keeps {reserve} for others"
                    ),
                )
            }),
            Some(_) | None => Ok(()),
        }
    }
}

/// What a query costs, by the most rows that it may return.
pub(super) fn of_query(rows: usize) -> u64 {
    match rows {
        0..=200 => 1,
        201..=1_000 => 2,
        _ => 3,
    }
}

/// What writing records costs.
pub(super) fn of_records(records: usize) -> u64 {
    u64::try_from(records.div_ceil(10))
        .unwrap_or(u64::MAX)
        .max(1)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;

    fn answer(status: u16, left: Option<&'static str>) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(left) = left {
            headers.insert("x-api-credits-remaining", HeaderValue::from_static(left));
        }
        Answer {
            status,
            headers,
            body: Vec::new(),
        }
    }

    #[test]
    fn refused_calls_cost_nothing_and_the_last_word_about_the_rest_counts() {
        let credits = Credits::default();
        credits.note(&answer(200, None), 3);
        assert_eq!(credits.so_far(), (3, None));
        credits.note(&answer(200, Some("40")), 1);
        credits.note(&answer(429, None), 10);
        assert_eq!(credits.so_far(), (4, Some(40)));
    }

    #[test]
    fn the_reserve_is_not_touched() {
        let credits = Credits::default();
        credits.check("read", 50).unwrap();
        credits.note(&answer(200, Some("50")), 1);
        let refused = credits.check("read", 50).unwrap_err();
        assert_eq!(refused.kind, Kind::RateLimited);
        assert!(refused.reason.contains("50 API credits left"), "{refused}");
        credits.check("read", 49).unwrap();
        credits.check("read", 0).unwrap();
    }

    #[test]
    fn costs_follow_the_documents() {
        assert_eq!([1, 200, 201, 1_000, 2_000].map(of_query), [1, 1, 2, 2, 3]);
        assert_eq!([1, 10, 11, 100].map(of_records), [1, 1, 2, 10]);
    }
}
