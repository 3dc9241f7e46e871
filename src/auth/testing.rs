//! For the tests: a token server on loopback that records what it is asked, and a person with a
//! browser.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::loopback::parse_query;
use super::{Client, Prompter};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) form: BTreeMap<String, String>,
}

/// What the server does: an HTTP status (0 cuts the connection) and a body.
pub(crate) type Reply = (u16, String);

pub(crate) struct Server {
    pub(crate) base: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) async fn start(
        delay: Duration,
        reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, reply) = (Arc::clone(&seen), Arc::new(reply));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, reply) = (Arc::clone(&log), Arc::clone(&reply));
                tokio::spawn(async move {
                    let mut stream = stream;
                    let request = read_request(&mut stream).await;
                    log.lock().unwrap().push(request.clone());
                    tokio::time::sleep(delay).await;
                    let (status, body) = reply(&request);
                    if status == 0 {
                        return;
                    }
                    let answer = format!(
                        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
                         Connection: close\r\n\r\n{body}",
                        body.len()
                    );
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    stream.shutdown().await.unwrap();
                });
            }
        });
        Self { base, seen }
    }

    /// A server that always answers the same.
    pub(crate) async fn always(status: u16, body: &str) -> Self {
        let body = body.to_owned();
        Self::start(Duration::ZERO, move |_| (status, body.clone())).await
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

async fn read_request(stream: &mut TcpStream) -> Seen {
    let mut text = String::new();
    loop {
        let mut part = [0_u8; 4096];
        let read = stream.read(&mut part).await.unwrap();
        text.push_str(std::str::from_utf8(&part[..read]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            assert!(read > 0, "the request ended early");
            continue;
        };
        let length: usize = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.trim().parse().unwrap());
        if body.len() >= length {
            let target = head.split(' ').nth(1).unwrap();
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            return Seen {
                path: path.to_owned(),
                query: parse_query(query),
                form: parse_query(body),
            };
        }
    }
}

/// What the person does with the address that they are shown.
#[derive(Clone)]
pub(crate) enum Act {
    /// Comes back with these parameters; `state` is added unless it is among them.
    Return(Vec<(&'static str, String)>),
    /// Closes the window.
    Close,
    /// Has no browser on this machine.
    NoBrowser,
    /// Pastes this text, in which `STATE` and `REDIRECT` stand for what the address holds.
    Paste(&'static str),
    /// Has nothing to paste.
    PasteNothing,
}

/// A person with a browser.
pub(crate) struct Person {
    act: Act,
    said: Mutex<Vec<String>>,
    url: Mutex<Option<Url>>,
    page: Arc<Mutex<String>>,
}

impl Person {
    pub(crate) fn new(act: Act) -> Self {
        Self {
            act,
            said: Mutex::default(),
            url: Mutex::default(),
            page: Arc::default(),
        }
    }

    /// The address of the consent page's parameters.
    pub(crate) fn asked(&self) -> BTreeMap<String, String> {
        parse_query(self.url.lock().unwrap().as_ref().unwrap().query().unwrap())
    }

    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().join("\n")
    }

    /// The page that the browser ended on.
    pub(crate) async fn page(&self) -> String {
        for _ in 0..200 {
            if !self.page.lock().unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.page.lock().unwrap().clone()
    }
}

#[async_trait]
impl Prompter for Person {
    fn open(&self, url: &str) -> Result<(), String> {
        *self.url.lock().unwrap() = Some(Url::parse(url).unwrap());
        let Act::Return(mut params) = self.act.clone() else {
            return match self.act {
                Act::NoBrowser => Err("none found".to_owned()),
                Act::Return(_) | Act::Close | Act::Paste(_) | Act::PasteNothing => Ok(()),
            };
        };
        let asked = self.asked();
        if params.iter().all(|(name, _)| *name != "state") {
            params.push(("state", asked["state"].clone()));
        }
        let redirect = Url::parse_with_params(&asked["redirect_uri"], params).unwrap();
        let page = Arc::clone(&self.page);
        tokio::spawn(async move {
            let text = get(&redirect).await;
            *page.lock().unwrap() = text;
        });
        Ok(())
    }

    fn say(&self, text: &str) {
        if let Some(url) = text.lines().find_map(|line| Url::parse(line).ok()) {
            *self.url.lock().unwrap() = Some(url);
        }
        self.said.lock().unwrap().push(text.to_owned());
    }

    async fn pasted(&self) -> Option<String> {
        match &self.act {
            Act::Paste(text) => {
                let asked = self.asked();
                Some(
                    text.replace("STATE", &asked["state"])
                        .replace("REDIRECT", &asked["redirect_uri"]),
                )
            }
            Act::Return(_) | Act::Close | Act::NoBrowser | Act::PasteNothing => None,
        }
    }
}

/// A browser's plain request; the whole answer.
pub(crate) async fn get(url: &Url) -> String {
    let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

pub(crate) fn client() -> Client {
    Client {
        id: "made-up-client".to_owned(),
        secret: SecretString::from("made-up-secret"),
    }
}
