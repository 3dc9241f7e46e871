//! One request to the server: its place in the queue, its headers, and what a refusal means.

use std::time::Duration;

use reqwest::{Method, Url};

use super::Carddav;
use super::wire::{self, Multistatus};
use crate::connector::http::{Answer, Call, Cost, Redirect, Repeat, SendError, Verdict, error};
use crate::connector::{Error, Kind};

/// What messages call the remote.
pub(super) const REMOTE: &str = "CardDAV";
/// How many redirections are followed while looking for the address book.
const HOPS: usize = 5;

/// How many levels below a resource are meant (the `Depth` header).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// The resource itself.
    Itself,
    /// It and what it holds.
    Members,
}

/// One request.
pub(super) struct Ask<'a> {
    pub(super) name: &'static str,
    pub(super) doing: &'a str,
    pub(super) method: &'static str,
    pub(super) url: Url,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<String>,
    pub(super) repeat: Repeat,
}

impl<'a> Ask<'a> {
    /// A request without a body that may be repeated.
    pub(super) fn plain(
        name: &'static str,
        doing: &'a str,
        method: &'static str,
        url: Url,
    ) -> Self {
        Self {
            name,
            doing,
            method,
            url,
            headers: Vec::new(),
            body: None,
            repeat: Repeat::Safe,
        }
    }

    /// A request with XML.
    fn xml(name: &'static str, doing: &'a str, method: &'static str, url: Url, body: &str) -> Self {
        Self {
            headers: vec![("content-type", "application/xml; charset=utf-8".to_owned())],
            body: Some(format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{body}"
            )),
            ..Self::plain(name, doing, method, url)
        }
    }

    /// Asks for properties of a resource.
    pub(super) fn propfind(doing: &'a str, url: Url, depth: Depth, props: &str) -> Self {
        let body = format!(
            "<D:propfind xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\">\
             <D:prop>{props}</D:prop></D:propfind>"
        );
        let mut ask = Self::xml("propfind", doing, "PROPFIND", url, &body);
        let depth = match depth {
            Depth::Itself => "0",
            Depth::Members => "1",
        };
        ask.headers.push(("depth", depth.to_owned()));
        ask
    }

    /// Asks what changed since a token; everything without one. A limit is never sent: servers cut
    /// the answer and hand out the token of its end all the same.
    pub(super) fn sync(doing: &'a str, url: Url, token: &str) -> Self {
        let body = format!(
            "<D:sync-collection xmlns:D=\"DAV:\"><D:sync-token>{}</D:sync-token>\
             <D:sync-level>1</D:sync-level><D:prop><D:getetag/><D:getcontentlength/>\
             <D:resourcetype/></D:prop></D:sync-collection>",
            wire::xml(token)
        );
        let mut ask = Self::xml("sync-collection", doing, "REPORT", url, &body);
        // RFC 6578, section 3.2: the depth of the report itself.
        ask.headers.push(("depth", "0".to_owned()));
        ask
    }

    /// Asks for several cards.
    pub(super) fn multiget<'b>(
        doing: &'a str,
        url: Url,
        paths: impl Iterator<Item = &'b str>,
    ) -> Self {
        let hrefs = paths.fold(String::new(), |hrefs, path| {
            hrefs + &format!("<D:href>{}</D:href>", wire::xml(path))
        });
        let body = format!(
            "<C:addressbook-multiget xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\">\
             <D:prop><D:getetag/><D:getlastmodified/><C:address-data/></D:prop>{hrefs}\
             </C:addressbook-multiget>"
        );
        let mut ask = Self::xml("addressbook-multiget", doing, "REPORT", url, &body);
        ask.headers.push(("depth", "0".to_owned()));
        ask
    }
}

/// A failure of this remote, without cause and cure.
pub(super) fn fail(doing: &str, kind: Kind, reason: &str) -> Error {
    error(REMOTE, doing, kind, reason)
}

impl Carddav {
    /// Sends a request when there is a free place for it. Answers below 500 that are no matter of
    /// quota or sign-in come back as they are.
    pub(super) async fn call(&self, ask: Ask<'_>) -> Result<Answer, SendError> {
        let _place = self.lanes.acquire().await;
        let doing = ask.doing;
        let method = Method::from_bytes(ask.method.as_bytes()).map_err(|_| {
            SendError::Failed(fail(doing, Kind::Protocol, "the method has no valid name"))
        })?;
        let call = Call {
            name: ask.name,
            doing,
            method,
            url: ask.url.to_string(),
            query: Vec::new(),
            headers: ask.headers,
            body: ask.body.map(|body| body.into_bytes().into()),
            cost: Cost::default(),
            repeat: ask.repeat,
            redirect: Redirect::Answer,
        };
        self.http.send(call, &|answer| judge(doing, answer)).await
    }

    /// Sends a request whose answer is a multi-status, following redirections on the same host.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<(Url, Multistatus), Error> {
        let (url, answer) = self.follow(ask).await?;
        let doing = "read the address book";
        if answer.status != 207 {
            return Err(refused(doing, &answer));
        }
        let read = wire::read(&answer.body).map_err(|reason| not_dav(doing, &answer, &reason))?;
        Ok((url, read))
    }

    /// Sends a request, following redirections on the same host; also where the answer came from.
    pub(super) async fn follow(&self, ask: Ask<'_>) -> Result<(Url, Answer), Error> {
        let doing = ask.doing;
        let mut url = ask.url.clone();
        for _ in 0..HOPS {
            let again = Ask {
                url: url.clone(),
                headers: ask.headers.clone(),
                body: ask.body.clone(),
                ..ask
            };
            let answer = self.call(again).await.map_err(SendError::into_error)?;
            if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
                return Ok((url, answer));
            }
            let to = answer
                .headers
                .get("location")
                .and_then(|to| to.to_str().ok())
                .and_then(|to| url.join(to).ok());
            url = next(&url, to).map_err(|reason| Error {
                hint: Some(
                    "Set `endpoint` in the profile's [crm] table to the address that is meant."
                        .to_owned(),
                ),
                ..fail(doing, Kind::Config, &reason)
            })?;
        }
        Err(fail(
            doing,
            Kind::Config,
            "the server redirects in a circle",
        ))
    }
}

/// Where a redirection leads; another host is not followed, nor is a way without TLS.
fn next(from: &Url, to: Option<Url>) -> Result<Url, String> {
    let Some(to) = to else {
        return Err("the server redirects and does not say where to".to_owned());
    };
    let host = to.host_str().unwrap_or_default();
    if to.host() != from.host() {
        return Err(format!("the server redirects to {host}, another host"));
    }
    if from.scheme() == "https" && to.scheme() != "https" {
        return Err("the server redirects to an address without TLS".to_owned());
    }
    Ok(to)
}

fn judge(doing: &str, answer: &Answer) -> Verdict {
    match answer.status {
        429 => Verdict::Retry {
            after: answer.retry_after(),
            floor: Duration::from_millis(500),
            kind: Kind::RateLimited,
            reason: "too many requests (429)".to_owned(),
        },
        // RFC 4918, section 11.5.
        507 => Verdict::Fail(Error {
            hint: Some("Make room on the server, or raise the user's quota.".to_owned()),
            ..fail(doing, Kind::Full, "the server has no room left (507)")
        }),
        // Not implemented and the like do not get better.
        501 | 505 => Verdict::Take,
        500.. => Verdict::Retry {
            after: answer.retry_after(),
            floor: Duration::ZERO,
            kind: Kind::Unavailable,
            reason: format!("server error {}", answer.status),
        },
        401 => Verdict::Fail(refused(doing, answer)),
        _ => Verdict::Take,
    }
}

/// A refusal that reaches further than one card.
pub(super) fn refused(doing: &str, answer: &Answer) -> Error {
    let (kind, reason, hint) = match answer.status {
        401 => (
            Kind::Unauthorized,
            "the server does not accept the user name and password (401)".to_owned(),
            "Sign in again: crmsync auth crm. Many servers want an app password of its own here.",
        ),
        403 => (
            Kind::Forbidden,
            "the user may not do this (403)".to_owned(),
            "Have the owner of the address book share it with this user, with the right to write.",
        ),
        404 | 410 => (
            Kind::Unknown,
            format!("there is nothing at this address ({})", answer.status),
            "Look at `endpoint` and `view` in the profile's [crm] table; `crmsync configure` lists \
             the address books.",
        ),
        status if status < 400 => (
            Kind::Protocol,
            format!("the server answers with status {status} what should be a WebDAV answer"),
            "Check that `endpoint` is the address of a CardDAV server.",
        ),
        405 | 501 => (
            Kind::Config,
            format!(
                "the server does not speak WebDAV at this address ({})",
                answer.status
            ),
            "Check that `endpoint` is the address of a CardDAV server.",
        ),
        status => (
            Kind::Protocol,
            format!("the server refuses the request ({status})"),
            "Check that `endpoint` is the address of a CardDAV server.",
        ),
    };
    Error {
        hint: Some(hint.to_owned()),
        ..fail(doing, kind, &reason)
    }
}

/// An answer that is no WebDAV; a page of a portal or of a login in between looks like that.
pub(super) fn not_dav(doing: &str, answer: &Answer, reason: &str) -> Error {
    let page = answer
        .headers
        .get("content-type")
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/html"));
    Error {
        hint: Some(
            if page {
                "A web page came back: check `endpoint`, and whether a portal stands in between."
            } else {
                "Check that `endpoint` is the address of a CardDAV server."
            }
            .to_owned(),
        ),
        ..fail(doing, Kind::Protocol, reason)
    }
}
