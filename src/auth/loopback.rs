//! The listener that a browser is sent back to after consent (RFC 8252 section 7.3), and the page
//! that it shows there.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use super::error::{Error, Kind};

/// How long one connection may take to send its request: browsers open some that they never use.
const READ_LIMIT: Duration = Duration::from_secs(10);
/// How long the last page may take to reach the browser.
const WRITE_LIMIT: Duration = Duration::from_secs(2);
/// The most that a request's head may hold, in bytes; a code has at most 256 (Google's page).
const HEAD_MAX: usize = 16 * 1024;
/// This machine, for services that take its address (RFC 8252 section 7.3 wants them to).
pub(super) const LITERAL: &str = "127.0.0.1";

/// Where to listen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// Any free port, for services that accept every loopback port.
    AnyPort,
    /// The first free of these ports, for services that compare the redirect with a list that was
    /// entered by hand, under the name that the service takes for this machine.
    OneOf {
        /// `127.0.0.1` or `localhost`.
        host: &'static str,
        /// The ports.
        ports: &'static [u16],
    },
}

impl Place {
    /// A redirect address that needs nobody to listen: what comes there is pasted.
    pub(super) fn uri(self) -> String {
        match self {
            Self::OneOf {
                host,
                ports: [port, ..],
            } => Listener::uri(host, *port),
            Self::OneOf { host, ports: [] } => Listener::uri(host, 8400),
            Self::AnyPort => Listener::uri(LITERAL, 8400),
        }
    }
}

/// A bound listener.
#[derive(Debug)]
pub(super) struct Listener {
    socket: TcpListener,
    port: u16,
    uri: String,
}

/// The browser's return: what the service said, and the page that waits for an answer.
#[derive(Debug)]
pub(super) struct Arrival {
    /// The parameters of the redirect.
    pub(super) params: BTreeMap<String, String>,
    /// The browser, still waiting.
    pub(super) page: Page,
}

/// A browser that waits to hear how it went. Dropped unanswered, it says that the program ended.
#[derive(Debug)]
pub(super) struct Page {
    answer: oneshot::Sender<(&'static str, String)>,
    written: JoinHandle<()>,
}

impl Page {
    /// Shows how it went, and waits until that is written.
    pub(super) async fn show(self, title: &'static str, text: &str) {
        if self.answer.send((title, text.to_owned())).is_ok()
            && tokio::time::timeout(WRITE_LIMIT, self.written)
                .await
                .is_err()
        {
            tracing::debug!("the browser did not take its last page");
        }
    }
}

impl Listener {
    /// Binds the first free port.
    ///
    /// # Errors
    /// `Unavailable` when all of them are taken.
    pub(super) async fn bind(place: Place) -> Result<Self, Error> {
        let (host, ports) = match place {
            Place::AnyPort => (LITERAL, &[0][..]),
            Place::OneOf { host, ports } => (host, ports),
        };
        let mut last = None;
        for port in ports {
            let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).await;
            match socket.and_then(|socket| Ok((socket.local_addr()?.port(), socket))) {
                Ok((port, socket)) => {
                    let uri = Self::uri(host, port);
                    return Ok(Self { socket, port, uri });
                }
                Err(fault) => last = Some(fault),
            }
        }
        let why = last.map_or("no port to try".to_owned(), |fault| fault.to_string());
        Err(Error::new(
            Kind::Unavailable,
            format!("no port of 127.0.0.1 is free for the redirect (tried {ports:?}): {why}"),
        )
        .hint("end what uses them, or sign in with --no-browser"))
    }

    /// The redirect address of a port.
    pub(super) fn uri(host: &str, port: u16) -> String {
        format!("http://{host}:{port}/")
    }

    /// The port that was taken.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The address that the service has to send the browser to.
    pub(super) fn redirect_uri(&self) -> &str {
        &self.uri
    }

    /// Waits for the redirect that carries `state`. Others get a page that says so, and the wait
    /// goes on: anything on this machine may knock here. Ends only when the browser comes.
    pub(super) async fn arrival(&self, state: &str) -> Arrival {
        let (found, mut arrivals) = mpsc::channel::<(TcpStream, BTreeMap<String, String>)>(1);
        let mut visits = JoinSet::new();
        loop {
            tokio::select! {
                stream = accept(&self.socket) => {
                    let (found, state) = (found.clone(), state.to_owned());
                    visits.spawn(async move {
                        let visit = tokio::time::timeout(READ_LIMIT, visit(stream, &state)).await;
                        if let Ok(Some(arrived)) = visit && found.send(arrived).await.is_err() {
                            tracing::debug!("a second redirect came and was dropped");
                        }
                    });
                }
                Some((stream, params)) = arrivals.recv() => {
                    let (answer, answered) = oneshot::channel();
                    let written = tokio::spawn(async move {
                        let (title, text) = answered.await.unwrap_or((
                            "Not signed in",
                            "crmsync ended before the sign-in was finished.".to_owned(),
                        ));
                        respond(stream, "200 OK", title, &text).await;
                    });
                    return Arrival { params, page: Page { answer, written } };
                }
                Some(_) = visits.join_next() => {}
            }
        }
    }
}

async fn accept(socket: &TcpListener) -> TcpStream {
    loop {
        match socket.accept().await {
            Ok((stream, _)) => return stream,
            // Out of descriptors, or the peer left: neither ends the wait.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Reads one request; gives the stream back when it is the redirect that is waited for.
async fn visit(
    mut stream: TcpStream,
    state: &str,
) -> Option<(TcpStream, BTreeMap<String, String>)> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < HEAD_MAX {
        let mut part = [0_u8; 2048];
        let read = stream.read(&mut part).await.ok().filter(|read| *read > 0)?;
        head.extend_from_slice(part.get(..read)?);
    }
    let text = String::from_utf8_lossy(&head);
    let mut words = text.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let params = match target.split_once('?') {
        Some(("/", query)) if method == "GET" => parse_query(query),
        _ => BTreeMap::new(),
    };
    if !params.contains_key("code") && !params.contains_key("error") {
        respond(
            stream,
            "404 Not Found",
            "Nothing here",
            "This address only takes the answer of a sign-in.",
        )
        .await;
        return None;
    }
    if params.get("state").map(String::as_str) != Some(state) {
        let text = "This answer does not belong to the sign-in that is under way. Close the page, and use the \
                    address that crmsync opened or printed last.";
        respond(stream, "400 Bad Request", "Not this sign-in", text).await;
        return None;
    }
    Some((stream, params))
}

/// The parameters of a query; a name that comes twice counts by its first value.
pub(super) fn parse_query(query: &str) -> BTreeMap<String, String> {
    let mut params = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        params
            .entry(name.into_owned())
            .or_insert_with(|| value.into_owned());
    }
    params
}

async fn respond(mut stream: TcpStream, status: &str, title: &str, text: &str) {
    let (title, text) = (escape(title), escape(text));
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>crmsync: {title}</title>\
         <body style=\"font-family:sans-serif;max-width:40em;margin:4em auto\"><h1>{title}</h1><p>{text}</p></html>"
    );
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let write = async {
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        stream.shutdown().await
    };
    if !matches!(tokio::time::timeout(WRITE_LIMIT, write).await, Ok(Ok(()))) {
        tracing::debug!("the browser left before its page was written");
    }
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::auth::testing::get;
    use url::Url;

    async fn taken() -> (TcpListener, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    fn one_of(ports: &'static [u16]) -> Place {
        Place::OneOf {
            host: LITERAL,
            ports,
        }
    }

    #[tokio::test]
    async fn a_busy_port_is_passed_over_and_all_busy_is_an_error() {
        let ((_one, busy), (two, free)) = (taken().await, taken().await);
        let busy_only: &'static [u16] = Box::leak(Box::new([busy]));
        let both: &'static [u16] = Box::leak(Box::new([busy, free]));
        let error = Listener::bind(one_of(busy_only)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Unavailable);
        assert!(error.message.contains(&busy.to_string()));
        assert!(error.hint.unwrap().contains("--no-browser"));
        drop(two);
        let listener = Listener::bind(one_of(both)).await.unwrap();
        assert_eq!(listener.redirect_uri(), format!("http://127.0.0.1:{free}/"));
    }

    #[tokio::test]
    async fn strangers_and_silent_connections_do_not_hold_up_the_redirect() {
        let listener = Listener::bind(Place::AnyPort).await.unwrap();
        let base = Url::parse(listener.redirect_uri()).unwrap();
        let at = |target: &str| base.join(target).unwrap();
        let silent = TcpStream::connect((Ipv4Addr::LOCALHOST, base.port().unwrap()))
            .await
            .unwrap();
        let browsing = async {
            assert!(get(&at("/favicon.ico?")).await.starts_with("HTTP/1.1 404"));
            assert!(
                get(&at("/?code=1&state=other"))
                    .await
                    .starts_with("HTTP/1.1 400")
            );
            assert!(get(&at("/?state=mine")).await.starts_with("HTTP/1.1 404"));
            get(&at("/?code=a%2Fb&state=mine")).await
        };
        let answering = async {
            let arrival = listener.arrival("mine").await;
            assert_eq!(arrival.params["code"], "a/b");
            arrival.page.show("It <worked>", "a & \"b\"").await;
        };
        let (page, ()) = tokio::time::timeout(Duration::from_secs(5), async {
            tokio::join!(browsing, answering)
        })
        .await
        .unwrap();
        assert!(page.starts_with("HTTP/1.1 200"));
        assert!(page.contains("It &lt;worked&gt;") && page.contains("a &amp; &quot;b&quot;"));
        drop(silent);
    }

    #[tokio::test]
    async fn an_unanswered_browser_hears_that_the_program_ended() {
        let listener = Listener::bind(Place::AnyPort).await.unwrap();
        let url = Url::parse(&format!("{}?error=x&state=s", listener.redirect_uri())).unwrap();
        let (page, ()) = tokio::join!(get(&url), async {
            drop(listener.arrival("s").await);
        });
        assert!(page.contains("Not signed in"));
    }
}
