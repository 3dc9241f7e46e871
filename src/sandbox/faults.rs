//! Faults on demand: rules that say which call fails, how, and how often.

use std::collections::VecDeque;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Google 429 with `ErrorInfo` `RATE_LIMIT_EXCEEDED` (a minute's quota); nothing is done.
    RateLimitedA,
    /// Google 429 without `ErrorInfo`, "FBS quota limit exceeded"; nothing is done.
    RateLimitedB,
    /// Google's 403 `userRateLimitExceeded`, and the CRM's 429; nothing is done.
    #[serde(rename = "quota_403")]
    Quota403,
    /// The record has changed since it was read: Google's 400 for another etag, the CRM's 412; nothing is done.
    Stale,
    /// The CRM's own 429; nothing is done. `params.retry_after` in seconds adds the header.
    Throttled,
    /// 500 before anything is done.
    ServerError,
    /// The work is done, the answer is 500.
    ErrorAfterCommit,
    /// The connection is cut before anything is done.
    DropBefore,
    /// The work is done, then the connection is cut without an answer.
    DropAfter,
    /// The connection is cut at once, and the work is done `params.ms` milliseconds later (default 1000).
    LateCommit,
    /// 502 with an HTML page; nothing is done.
    #[serde(rename = "html_502")]
    Html502,
    /// 404 with an HTML page; nothing is done.
    #[serde(rename = "html_404")]
    Html404,
    /// 401 as for an expired access token; nothing is done.
    Unauthorized,
    /// 403 (or the CRM's 401) as for a token without the scope; nothing is done.
    InsufficientScope,
    /// 403: the API is switched off for the project; nothing is done.
    ApiDisabled,
    /// The CRM's refusal for a missing right; nothing is done.
    NoPermission,
    /// The account is full (`MY_CONTACTS_OVERFLOW_COUNT`); nothing is done.
    AccountFull,
    /// Waits `params.ms` milliseconds (default 1000), then answers as usual.
    Slow,
    /// 503 "The service is currently unavailable."; nothing is done. `params.retry_after` adds the header.
    #[serde(rename = "not_available_503")]
    NotAvailable503,
    /// The work is done, the answer ends in the middle and the connection is cut. `params.keep` bytes remain.
    TruncateBody,
    /// The work is done, the answer is padded to `params.bytes` bytes (default 64 MiB).
    HugeBody,
    /// The work is done, the answer has the right media type but is not JSON.
    BadJson,
    /// The work is done, the answer is lists within lists, `params.depth` deep (default 100,000).
    DeepJson,
    /// The work is done, every value of the answer has another type than agreed; with `params.member` only the values
    /// of members of that name.
    WrongTypes,
    /// The work is done, every member of every object of the answer comes twice, first as null.
    DuplicateKeys,
    /// The work is done, the first text of the answer holds bytes that are no UTF-8.
    #[serde(rename = "invalid_utf8")]
    InvalidUtf8,
    /// The sync token is called expired, with status 400.
    #[serde(rename = "sync_token_expired_400")]
    SyncTokenExpired400,
    /// The sync token is called expired, with status 410.
    #[serde(rename = "sync_token_expired_410")]
    SyncTokenExpired410,
    /// A batch fails as one, naming the entries at `params.index` (a number or a list) in `contactErrors`.
    /// With `params.partial` true the entries before and after are carried out all the same.
    BatchPartial,
    /// A listing leaves out what was created within `params.seconds` (default 300).
    LagListing,
    /// A listing leaves out about one record in `params.every` (default 50), always the same ones, although they exist.
    ListingHole,
    /// Google's list of contacts ends in the middle, with neither a page token nor a sync token; with `params.token` true
    /// it comes with a sync token, as if it were whole.
    CutListing,
    /// An OAuth endpoint answers `invalid_grant`.
    InvalidGrant,
}

/// Which calls fail, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// `google`, `zoho` or `*`.
    #[serde(default = "any")]
    pub service: String,
    /// The call's name (`batchCreateContacts`, `connections.list`, `coql`, …; `people.` before it is fine); `*` for every call.
    #[serde(default = "any")]
    pub call: String,
    /// What goes wrong.
    pub kind: FaultKind,
    /// How many calls are hit; none for no end.
    #[serde(default)]
    pub times: Option<u32>,
    /// How many matching calls pass first.
    #[serde(default)]
    pub skip: u32,
    /// The chance that a matching call is hit, 0 to 1.
    #[serde(default = "always")]
    pub probability: f64,
    /// Details of the kind.
    #[serde(default)]
    pub params: Value,
}

fn any() -> String {
    "*".to_owned()
}

fn always() -> f64 {
    1.0
}

impl FaultRule {
    /// A rule that hits every call of that name, for ever.
    #[must_use]
    pub fn new(service: &str, call: &str, kind: FaultKind) -> Self {
        Self {
            service: service.to_owned(),
            call: call.to_owned(),
            kind,
            times: None,
            skip: 0,
            probability: 1.0,
            params: Value::Null,
        }
    }

    /// The same rule, hitting that many calls.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// The same rule, letting that many matching calls pass first.
    #[must_use]
    pub fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// The same rule with details.
    #[must_use]
    pub fn with(mut self, params: Value) -> Self {
        self.params = params;
        self
    }

    fn matches(&self, service: &str, call: &str) -> bool {
        let service_fits = self.service == "*" || self.service == service;
        let call_fits = self.call == "*"
            || self.call == call
            || call
                .rsplit_once('.')
                .is_some_and(|(_, last)| last == self.call);
        service_fits && call_fits
    }
}

/// A fault that hits the call at hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Details of the kind.
    pub params: Value,
}

impl Fault {
    /// A numeric detail, or the default when it is not given.
    #[must_use]
    pub fn number(&self, name: &str, default: u64) -> u64 {
        self.params
            .get(name)
            .and_then(Value::as_u64)
            .unwrap_or(default)
    }

    /// A switch among the details; false when it is not given.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.params.get(name).and_then(Value::as_bool) == Some(true)
    }
}

/// The rules in force, with a seeded source of chance.
#[derive(Clone, Debug)]
pub struct Faults {
    rules: VecDeque<FaultRule>,
    chance: StdRng,
}

impl Faults {
    /// No rules. The seed decides what a probability hits.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            rules: VecDeque::new(),
            chance: StdRng::seed_from_u64(seed),
        }
    }

    /// Adds a rule after those that are there.
    pub fn add(&mut self, rule: FaultRule) {
        self.rules.push_back(rule);
    }

    /// Takes every rule away.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// The rules that can still hit, with what is left of `skip` and `times`.
    #[must_use]
    pub fn list(&self) -> Vec<FaultRule> {
        self.rules.iter().cloned().collect()
    }

    /// The fault that hits this call, if any: the first rule that matches, has let enough calls pass and draws its chance.
    /// Every matching rule that still lets calls pass counts this one.
    pub fn take(&mut self, service: &str, call: &str) -> Option<Fault> {
        let mut hit = None;
        for rule in &mut self.rules {
            if !rule.matches(service, call) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            if hit.is_some() {
                continue;
            }
            let drawn = rule.probability >= 1.0
                || (rule.probability > 0.0 && self.chance.random_bool(rule.probability));
            if drawn {
                if let Some(times) = &mut rule.times {
                    *times = times.saturating_sub(1);
                }
                hit = Some(Fault {
                    kind: rule.kind,
                    params: rule.params.clone(),
                });
            }
        }
        self.rules.retain(|rule| rule.times != Some(0));
        hit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_lets_calls_pass_then_hits_as_often_as_it_says() {
        let mut faults = Faults::new(1);
        faults.add(
            FaultRule::new("google", "createContact", FaultKind::ServerError)
                .after(1)
                .times(2),
        );
        let mut hits = Vec::new();
        for _ in 0..5 {
            hits.push(faults.take("google", "people.createContact").is_some());
        }
        assert_eq!(hits, [false, true, true, false, false]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn other_services_and_calls_are_left_alone() {
        let mut faults = Faults::new(1);
        faults.add(FaultRule::new("zoho", "coql", FaultKind::Throttled));
        assert_eq!(faults.take("google", "coql"), None);
        assert_eq!(faults.take("zoho", "create"), None);
        assert!(faults.take("zoho", "coql").is_some());
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed() {
        let draw = |seed| {
            let mut faults = Faults::new(seed);
            let mut rule = FaultRule::new("*", "*", FaultKind::ServerError);
            rule.probability = 0.5;
            faults.add(rule);
            (0..64)
                .map(|_| faults.take("google", "people.get").is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        let hits = draw(7).iter().filter(|hit| **hit).count();
        assert!((16..=48).contains(&hits), "{hits}");
    }

    #[test]
    fn rules_read_as_json_with_documented_names() {
        let rule: Result<FaultRule, _> = serde_json::from_str(
            r#"{"service":"google","call":"connections.list","kind":"sync_token_expired_410","times":1}"#,
        );
        assert_eq!(
            rule.ok().map(|rule| rule.kind),
            Some(FaultKind::SyncTokenExpired410)
        );
        assert!(serde_json::from_str::<FaultRule>(r#"{"kind":"no_such_fault"}"#).is_err());
    }
}
