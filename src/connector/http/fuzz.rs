//! Entry points for `crate::fuzz`: the header that asks for a wait.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

use super::{Answer, Patience};

/// Whatever a remote asks for, the wait can be added to another, charged and refused.
pub(crate) fn retry_after(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else {
        return;
    };
    let answer = Answer {
        status: 429,
        headers: HeaderMap::from_iter([(RETRY_AFTER, value)]),
        body: Vec::new(),
    };
    if let Some(after) = answer.retry_after() {
        let wait = after + super::backoff(3);
        let goes = Patience::new(Duration::from_secs(300)).take(wait, wait.mul_f64(1.0));
        assert_eq!(goes, wait <= Duration::from_secs(300));
    }
}
