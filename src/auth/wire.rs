//! The HTTP below the token calls: which addresses may hold secrets, one POST, and how its answer
//! is sorted.

use std::time::Duration;

use oauth2::{HttpRequest, HttpResponse};
use url::{Host, Url};

use super::error::{Error, Kind};
use super::oauth::Refusal;

/// How long a call to a token server may take in all.
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(30);

/// The most bytes that an answer may have; a real one has some hundreds.
const ANSWER_LIMIT: usize = 1 << 20;

/// How a revocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// The service forgot the tokens.
    Done,
    /// The service did not know them any more.
    AlreadyInvalid,
    /// There is nothing that could be revoked from here (API keys, service accounts).
    NothingToRevoke,
}

/// An address that tokens and secrets may be sent to: https, or http on a loopback literal.
///
/// # Errors
/// `Invalid`.
pub fn checked(address: &str) -> Result<Url, Error> {
    let url = Url::parse(address).map_err(|fault| {
        Error::new(Kind::Invalid, format!("{address:?} is no address: {fault}"))
    })?;
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    };
    match url.scheme() {
        "https" if url.has_host() => Ok(url),
        "http" if loopback => Ok(url),
        _ => Err(Error::new(
            Kind::Invalid,
            format!(
                "{address} is refused: secrets go over https, or over http to 127.0.0.1 or [::1] only"
            ),
        )),
    }
}

/// Posts a token to a revocation address. Anything else than success that is no server fault says
/// that the token is not known any more (Google answers 400 then).
///
/// # Errors
/// `Unavailable`.
pub async fn revoke(url: Url, form: &[(&str, &str)]) -> Result<Revoked, Error> {
    let sent = match http(&url) {
        Ok(http) => http.post(url).form(form).send().await.map_err(brief),
        Err(trouble) => Err(trouble),
    };
    let failed = |why: String| Error::unavailable(format!("cannot revoke the tokens: {why}"));
    let answer = sent.map_err(|trouble| failed(trouble.to_string()))?;
    let status = answer.status();
    if status.is_server_error() || status.as_u16() == 429 {
        return Err(failed(format!(
            "the server answered HTTP {}",
            status.as_u16()
        )));
    }
    let body = body(answer)
        .await
        .map_err(|trouble| failed(trouble.to_string()))?;
    // Some services answer 200 with an `error` inside.
    let refused = serde_json::from_slice::<Refusal>(&body).is_ok();
    if status.is_success() && !refused {
        return Ok(Revoked::Done);
    }
    if refused && (status.is_success() || status.as_u16() == 400) {
        return Ok(Revoked::AlreadyInvalid);
    }
    Err(failed(format!(
        "the server answered HTTP {}",
        status.as_u16()
    )))
}

/// What kept a call from an OAuth answer; never holds an address's query or a body.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Trouble(String);

fn brief(fault: reqwest::Error) -> Trouble {
    let what = if fault.is_timeout() {
        "no answer in time".to_owned()
    } else if fault.is_builder() {
        "the call cannot be made; are the system's CA certificates installed?".to_owned()
    } else if fault.is_connect() {
        "the server cannot be reached".to_owned()
    } else {
        "the connection failed".to_owned()
    };
    let fault = fault.without_url();
    let mut deepest: &dyn std::error::Error = &fault;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    Trouble(format!("{what} ({deepest})"))
}

/// A client for one call to that address; no proxy for loopback, no redirects, since secrets go
/// where they were meant to go and nowhere else.
fn http(url: &Url) -> Result<reqwest::Client, Trouble> {
    install_provider();
    let builder = reqwest::Client::builder()
        .user_agent(concat!("crmsync/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        .timeout(CALL_LIMIT)
        .redirect(reqwest::redirect::Policy::none());
    let builder = match url.scheme() {
        "http" => builder.no_proxy(),
        _ => builder,
    };
    builder.build().map_err(brief)
}

/// The one TLS provider; a second call, or the program's own, changes nothing.
pub(super) fn install_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none()
        && rustls::crypto::ring::default_provider()
            .install_default()
            .is_err()
    {
        tracing::trace!("the TLS provider was installed at the same time elsewhere");
    }
}

/// The body of an answer, as long as it is no larger than it may be.
async fn body(mut answer: reqwest::Response) -> Result<Vec<u8>, Trouble> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(brief)? {
        if body.len() + chunk.len() > ANSWER_LIMIT {
            return Err(Trouble("the answer is larger than 1 MB".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Sends a token request and sorts the answer: only a token or an OAuth error is handed on, the
/// latter with an error status even where the server said 200 (some do).
pub(super) async fn send(request: HttpRequest) -> Result<HttpResponse, Trouble> {
    let request = reqwest::Request::try_from(request).map_err(brief)?;
    let answer = http(request.url())?.execute(request).await.map_err(brief)?;
    let status = answer.status();
    let body = body(answer).await?;
    let refused = serde_json::from_slice::<Refusal>(&body).is_ok();
    let status = match (status.as_u16(), refused) {
        (429 | 500.., _) | (300..=499, false) => {
            return Err(Trouble(format!(
                "the server answered HTTP {}",
                status.as_u16()
            )));
        }
        (_, true) => oauth2::http::StatusCode::BAD_REQUEST,
        (_, false) => oauth2::http::StatusCode::OK,
    };
    let mut response = HttpResponse::new(body);
    *response.status_mut() = status;
    Ok(response)
}
