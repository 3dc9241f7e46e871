//! What was asked and answered: the request log, its counts, and mutations that overlapped.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::faults::FaultKind;
use super::http::{Reply, Request};

/// Entries kept at most; counts go on beyond.
const KEPT: usize = 200_000;

/// One exchange.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Its number, from 1.
    pub n: u64,
    /// The sandbox's time at the start.
    pub at: Timestamp,
    /// `google` or `zoho`.
    pub service: &'static str,
    /// The call's name.
    pub call: &'static str,
    /// It changes data.
    pub mutation: bool,
    /// The method, after an override.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query in order.
    pub query: Vec<(String, String)>,
    /// Headers with lower-case names.
    pub headers: BTreeMap<String, String>,
    /// The answer's status; null while it is under way or when the connection was cut.
    pub status: Option<u16>,
    /// The fault that hit it.
    pub fault: Option<FaultKind>,
    /// The request body, when bodies are recorded.
    #[serde(skip)]
    pub request_body: Option<String>,
    /// The answer body, when bodies are recorded.
    #[serde(skip)]
    pub answer_body: Option<String>,
}

/// The log.
#[derive(Clone, Debug, Default)]
pub struct RequestLog {
    entries: Vec<Entry>,
    counts: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    violations: Vec<Value>,
    next: u64,
    bodies: bool,
}

impl RequestLog {
    /// An empty log; `bodies` says whether bodies are kept.
    #[must_use]
    pub fn new(bodies: Recording) -> Self {
        Self {
            bodies: bodies == Recording::Bodies,
            ..Self::default()
        }
    }

    /// Notes the start of an exchange; returns its number.
    pub fn begin(
        &mut self,
        service: &'static str,
        call: &'static str,
        mutation: bool,
        request: &Request,
        at: Timestamp,
    ) -> u64 {
        self.next += 1;
        *self
            .counts
            .entry(service)
            .or_default()
            .entry(call)
            .or_insert(0) += 1;
        if self.entries.len() < KEPT {
            let body = self.bodies && !request.body.is_empty();
            self.entries.push(Entry {
                n: self.next,
                at,
                service,
                call,
                mutation,
                method: request.method.clone(),
                path: request.path.clone(),
                query: request.query.clone(),
                headers: request.headers.clone(),
                status: None,
                fault: None,
                request_body: body.then(|| String::from_utf8_lossy(&request.body).into_owned()),
                answer_body: None,
            });
        }
        self.next
    }

    fn entry(&mut self, n: u64) -> Option<&mut Entry> {
        let place = self
            .entries
            .binary_search_by_key(&n, |entry| entry.n)
            .ok()?;
        self.entries.get_mut(place)
    }

    /// Notes the fault that hit an exchange.
    pub fn hit(&mut self, n: u64, fault: FaultKind) {
        if let Some(entry) = self.entry(n) {
            entry.fault = Some(fault);
        }
    }

    /// Notes the answer; none when the connection was cut.
    pub fn end(&mut self, n: u64, reply: Option<&Reply>) {
        let bodies = self.bodies;
        let (Some(entry), Some(reply)) = (self.entry(n), reply) else {
            return;
        };
        entry.status = Some(reply.status);
        if bodies && !reply.body.is_empty() {
            entry.answer_body = Some(String::from_utf8_lossy(&reply.body).into_owned());
        }
    }

    /// Notes that a Google mutation began while another of the same user was under way.
    pub fn overlap(&mut self, n: u64, call: &str, others: u32) {
        self.violations.push(json!({
            "kind": "overlapping_mutations", "request": n, "call": call, "under_way": others,
        }));
    }

    /// Overlapping mutations seen so far.
    #[must_use]
    pub fn violations(&self) -> &[Value] {
        &self.violations
    }

    /// The exchanges kept.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How often a call was made, refused and cut ones included.
    #[must_use]
    pub fn count(&self, service: &str, call: &str) -> u64 {
        self.counts
            .get(service)
            .and_then(|calls| calls.get(call))
            .copied()
            .unwrap_or(0)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.counts.clear();
        self.violations.clear();
    }

    /// The log as JSON; `full` adds the recorded bodies, parsed when they are JSON.
    #[must_use]
    pub fn report(&self, full: Recording) -> Value {
        let full = full == Recording::Bodies;
        let requests: Vec<Value> = self
            .entries
            .iter()
            .map(|entry| {
                let mut shown = serde_json::to_value(entry).unwrap_or_default();
                if full {
                    shown["request_body"] = parsed(entry.request_body.as_deref());
                    shown["answer_body"] = parsed(entry.answer_body.as_deref());
                }
                shown
            })
            .collect();
        json!({
            "total": self.counts.values().flat_map(BTreeMap::values).sum::<u64>(),
            "counts": self.counts,
            "violations": self.violations,
            "requests": requests,
        })
    }
}

/// Whether bodies are recorded or shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// Only who asked for what.
    Outlines,
    /// Bodies as well.
    Bodies,
}

fn parsed(body: Option<&str>) -> Value {
    match body {
        None => Value::Null,
        Some(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
    }
}
