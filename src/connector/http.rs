//! The one HTTP client: signing in each request, waiting and repeating, and telling "not executed"
//! from "nobody knows".

mod call;
mod clients;
mod exchange;
#[cfg(test)]
pub(crate) mod fuzz;
mod pacing;
mod pack;
mod patience;
mod settings;
mod signing;
mod transport;

pub use call::{Answer, Call, Redirect, Repeat, SendError, Verdict, error};
pub use pacing::{Budget, Cost};
pub use pack::{Packing, Payload};
pub use patience::Patience;
pub use settings::{HttpSettings, TokenSource};
pub use signing::Signing;
pub use transport::is_loopback;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Url;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use secrecy::SecretString;

use super::{Error, Kind, Meter};
use clients::Clients;
use exchange::{Broken, Got, aside};
use pacing::Pacer;
use pack::Packer;
use patience::backoff;
use transport::{Trouble, transport};

/// The most bytes that an answer may have after decompression.
pub const BODY_LIMIT: usize = 64 << 20;

/// The client; cheap to clone.
#[derive(Clone)]
pub struct Http(Arc<Inner>);

struct Inner {
    settings: HttpSettings,
    clients: Clients,
    meter: Mutex<Meter>,
    packer: Packer,
    pacer: Pacer,
}

impl Http {
    /// Builds a client.
    pub fn new(settings: HttpSettings) -> Result<Self, Error> {
        Ok(Self(Arc::new(Inner {
            packer: Packer::new(settings.packing),
            pacer: Pacer::new(settings.budget),
            clients: Clients::new(settings.remote, settings.timeout),
            settings,
            meter: Mutex::new(Meter::default()),
        })))
    }

    /// Gets TLS ready aside, unless the endpoint is on this machine; none is the remote's own.
    pub fn warm(&self, endpoint: Option<&str>) {
        let local = endpoint.and_then(|endpoint| Url::parse(endpoint).ok());
        if local.is_some_and(|url| is_loopback(&url)) {
            return;
        }
        let inner = Arc::clone(&self.0);
        // Whoever sends the first request meets the same failure, and says so; where there is no thread to be
        // had it is done then.
        drop(std::thread::Builder::new().spawn(move || inner.clients.wide().is_ok()));
    }

    /// The requests sent so far.
    #[must_use]
    pub fn meter(&self) -> Meter {
        let (reads, writes) = self.0.pacer.left(Instant::now());
        let meter = self.0.meter.lock().unwrap_or_else(PoisonError::into_inner);
        Meter {
            reads_left: reads.map(u64::from),
            writes_left: writes.map(u64::from),
            ..meter.clone()
        }
    }

    /// Gets a request body ready, compressed where the server takes that.
    #[must_use]
    pub fn pack(&self, plain: Vec<u8>) -> Payload {
        self.0.packer.pack(plain)
    }

    /// What messages call the remote.
    #[must_use]
    pub fn remote(&self) -> &'static str {
        self.0.settings.remote
    }

    /// The API root that came with the token.
    #[must_use]
    pub fn api_domain(&self) -> Option<String> {
        self.0.settings.tokens.api_domain()
    }

    /// The token itself, for a remote that wants it in the body ([`Signing::Own`]).
    ///
    /// # Errors
    /// Those of the sign-in.
    pub async fn secret(&self) -> Result<SecretString, Error> {
        self.0.settings.tokens.token().await
    }

    /// Sends a request until it is answered for good. `judge` reads every answer; a 401 makes one
    /// new token before its verdict counts, unless it fails with another kind than `Unauthorized`.
    /// A failure is `Uncertain` when any attempt reached the server and was answered by nothing or
    /// by a server error (5xx).
    #[expect(
        clippy::too_many_lines,
        reason = "one loop over the ways a try can end"
    )]
    pub async fn send(
        &self,
        call: Call<'_>,
        judge: &(dyn Fn(&Answer) -> Verdict + Sync),
    ) -> Result<Answer, SendError> {
        let inner = &*self.0;
        let mut token = inner
            .settings
            .tokens
            .token()
            .await
            .map_err(SendError::Failed)?;
        let mut renewed = false;
        let (mut tries, mut broken) = (0_u32, 0_u32);
        // Whether any attempt so far may have been executed without an answer that says so.
        let mut reached = false;
        let settle = |reached: bool, error: Error| {
            if reached {
                SendError::Uncertain(error)
            } else {
                SendError::Failed(error)
            }
        };
        loop {
            tries += 1;
            let share = self
                .share(&call)
                .await
                .map_err(|error| settle(reached, error))?;
            let attempt = self.attempt(&call, &token).await;
            inner.pacer.ended(share, Instant::now());
            let answer = match attempt {
                Ok((answer, packed)) => {
                    // 415 was surely not executed; a 400 may have been in part.
                    let refused = inner.packer.learn(&answer, packed);
                    if refused && (answer.status == 415 || call.repeat == Repeat::Safe) {
                        continue;
                    }
                    answer
                }
                Err(trouble) => {
                    reached |= trouble.sent;
                    broken += 1;
                    let repeatable = !trouble.sent || call.repeat == Repeat::Safe;
                    if repeatable && broken < trouble.tries && self.pause(backoff(broken)).await {
                        continue;
                    }
                    return Err(settle(reached, trouble.error));
                }
            };
            reached |= answer.status >= 500;
            let fail = |kind, reason: &str| error(inner.settings.remote, call.doing, kind, reason);
            let verdict = judge(&answer);
            let other =
                matches!(&verdict, Verdict::Fail(error) if error.kind != Kind::Unauthorized);
            if answer.status == 401 && !other {
                if !renewed {
                    renewed = true;
                    token = inner
                        .settings
                        .tokens
                        .renew(&token)
                        .await
                        .map_err(SendError::Failed)?;
                    continue;
                }
                return Err(SendError::Failed(match verdict {
                    Verdict::Fail(error) => error,
                    Verdict::Take | Verdict::Retry { .. } => {
                        fail(Kind::Unauthorized, "the access token was refused")
                    }
                }));
            }
            match verdict {
                Verdict::Take => return Ok(answer),
                Verdict::Fail(error) => return Err(settle(reached, error)),
                Verdict::Retry {
                    after,
                    floor,
                    kind,
                    reason,
                } => {
                    // A refusal for a minute's budget tells what the budget is; the share waits for it.
                    if after.is_none()
                        && kind == Kind::RateLimited
                        && floor >= pacing::MINUTE
                        && inner.pacer.refused(share, Instant::now())
                    {
                        continue;
                    }
                    let asked = after.map_or(floor, |after| after.max(floor));
                    let again = call.repeat == Repeat::Safe || answer.status < 500;
                    let jitter = if after.is_some() {
                        backoff(1)
                    } else {
                        backoff(tries)
                    };
                    if again && self.pause(asked + jitter).await {
                        continue;
                    }
                    let retry_after = (!asked.is_zero()).then_some(asked);
                    let hint = match retry_after {
                        Some(wait) => pacing::come_back(wait),
                        None => "Try again later; a longer --patience waits longer.".to_owned(),
                    };
                    let failed = Error {
                        retry_after,
                        hint: Some(hint),
                        ..fail(kind, &reason)
                    };
                    return Err(settle(reached, failed));
                }
            }
        }
    }

    /// Waits when the budget allows it; `false` when it does not, or when all waiting was ended.
    pub async fn pause(&self, wait: Duration) -> bool {
        let slept = self.scaled(wait);
        let goes = self.0.settings.patience.take(wait, slept);
        if goes {
            tracing::debug!(
                remote = self.remote(),
                seconds = wait.as_secs_f64(),
                "waiting before another try"
            );
        }
        goes && self.0.settings.patience.sleep(slept).await
    }

    /// How long a wait really takes.
    fn scaled(&self, wait: Duration) -> Duration {
        wait.mul_f64(self.0.settings.wait_scale.max(0.0))
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one request, from its address to its body"
    )]
    async fn attempt(
        &self,
        call: &Call<'_>,
        token: &SecretString,
    ) -> Result<(Answer, bool), Trouble> {
        let inner = &*self.0;
        let fail = |kind, reason: &str| Trouble {
            error: error(inner.settings.remote, call.doing, kind, reason),
            sent: false,
            tries: 1,
        };
        let mut url = Url::parse(&call.url)
            .map_err(|_| fail(Kind::Config, "the endpoint is no web address"))?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let host = url.host_str().unwrap_or_default();
        let host = url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let local = is_loopback(&url);
        if url.scheme() != "https" && !local {
            return Err(fail(
                Kind::Config,
                "an address without TLS is refused unless its host is a loopback literal",
            ));
        }
        let client = match (local, url.scheme()) {
            (true, "http") => inner.clients.plain(),
            (true, _) => inner.clients.local(),
            (false, _) => inner.clients.wide(),
        };
        let client = client.map_err(|error| Trouble {
            error,
            sent: false,
            tries: 1,
        })?;
        let signed = inner.settings.signing.header(token).map_err(|()| {
            fail(
                Kind::Unauthorized,
                "the access token has characters that no header can carry",
            )
        })?;
        let mut headers = HeaderMap::new();
        headers.extend(signed);
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in &call.headers {
            let value = HeaderValue::from_str(value)
                .map_err(|_| fail(Kind::Config, "a header has characters that it cannot carry"))?;
            headers.insert(*name, value);
        }
        let mut packed = false;
        let mut bytes = None;
        if let Some(body) = &call.body {
            let (chosen, compressed) = inner.packer.choose(body);
            bytes = Some(chosen.to_vec());
            packed = compressed;
        }
        if packed {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let mut request = client.request(call.method.clone(), url).headers(headers);
        if let Some(bytes) = bytes {
            request = request.body(bytes);
        }
        self.count(call.name);
        let begun = Instant::now();
        let Got {
            status,
            headers,
            body,
        } = aside(request).await.map_err(|broken| match broken {
            Broken::Transport(cause) => transport(inner.settings.remote, call.doing, &host, cause),
            Broken::Off(reason) => Trouble {
                sent: true,
                ..fail(Kind::Protocol, reason)
            },
        })?;
        tracing::debug!(
            remote = self.remote(),
            call = call.name,
            status = status.as_u16(),
            bytes = body.len(),
            ms = begun.elapsed().as_millis(),
            "answered"
        );
        let refused = call.redirect == Redirect::Refused;
        if status.is_redirection() && status.as_u16() != 304 && refused {
            let to = headers.get(LOCATION).and_then(|to| to.to_str().ok());
            let to = to
                .and_then(|to| Url::parse(to).ok())
                .and_then(|to| to.host_str().map(str::to_owned));
            let reason = format!(
                "{host} redirects to {}, which an API does not do",
                to.as_deref().unwrap_or("another address")
            );
            let mut trouble = fail(Kind::Unavailable, &reason);
            trouble.error.hint = Some(
                "Check the endpoint, and whether a proxy or a captive portal stands in between."
                    .to_owned(),
            );
            return Err(trouble);
        }
        let answer = Answer {
            status: status.as_u16(),
            headers,
            body,
        };
        Ok((answer, packed))
    }

    fn count(&self, name: &'static str) {
        let mut meter = self.0.meter.lock().unwrap_or_else(PoisonError::into_inner);
        meter.requests += 1;
        let by_call: &mut BTreeMap<_, _> = &mut meter.by_call;
        *by_call.entry(name).or_default() += 1;
    }
}
