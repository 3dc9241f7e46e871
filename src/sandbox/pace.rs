//! How long answers take, by service, and how many bytes went over the wire.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Latency;

/// The delay of a service's answers, milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Delay {
    /// Of what only reads.
    #[serde(default)]
    read: u64,
    /// Of what changes data.
    #[serde(default)]
    mutation: u64,
}

/// The delays of both services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Pace {
    google: Delay,
    zoho: Delay,
}

impl From<Latency> for Pace {
    fn from(latency: Latency) -> Self {
        let delay = match latency {
            Latency::None => Delay::default(),
            Latency::Realistic => Delay {
                read: 100,
                mutation: 300,
            },
        };
        Self {
            google: delay,
            zoho: delay,
        }
    }
}

impl Pace {
    /// How long an answer takes from the arrival of its request.
    pub(super) fn of(&self, service: &str, mutation: bool) -> Duration {
        let delay = if service == "google" {
            self.google
        } else {
            self.zoho
        };
        Duration::from_millis(if mutation { delay.mutation } else { delay.read })
    }

    /// Changes the named services; a refusal changes nothing.
    pub(super) fn set(&mut self, body: &Value) -> Result<Value, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Change {
            google: Option<Delay>,
            zoho: Option<Delay>,
        }
        let change: Change = serde_json::from_value(body.clone()).map_err(|e| e.to_string())?;
        self.google = change.google.unwrap_or(self.google);
        self.zoho = change.zoho.unwrap_or(self.zoho);
        Ok(json!(self))
    }
}

/// Bytes over all connections, heads included.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    received: AtomicU64,
    sent: AtomicU64,
}

impl Traffic {
    pub(super) fn received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Both counts.
    pub(super) fn report(&self) -> Value {
        json!({
            "received": self.received.load(Ordering::Relaxed),
            "sent": self.sent.load(Ordering::Relaxed),
        })
    }

    /// From nothing again.
    pub(super) fn clear(&self) {
        self.received.store(0, Ordering::Relaxed);
        self.sent.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn delays_are_set_by_service_and_unknown_names_are_refused() {
        let mut pace = Pace::from(Latency::None);
        pace.set(&json!({"google": {"read": 5, "mutation": 7}}))
            .unwrap();
        assert_eq!(pace.of("google", true), Duration::from_millis(7));
        assert_eq!(pace.of("zoho", true), Duration::ZERO);
        pace.set(&json!({"gogle": {"read": 5}})).unwrap_err();
        assert_eq!(pace.of("google", false), Duration::from_millis(5));
    }
}
