//! The HTTP client against a tiny server: what is repeated, what is in doubt, and what waiting costs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use crmsync::connector::http::{
    Answer, Call, Cost, Http, HttpSettings, Patience, Redirect, Repeat, SendError, Signing,
    TokenSource, Verdict,
};
use crmsync::connector::{Error, Kind};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[derive(Default)]
struct Counting(AtomicU32);

#[async_trait]
impl TokenSource for Counting {
    async fn token(&self) -> Result<SecretString, Error> {
        Ok("t0".into())
    }
    async fn renew(&self, refused: &SecretString) -> Result<SecretString, Error> {
        assert_eq!(refused.expose_secret(), "t0");
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok("t1".into())
    }
    fn api_domain(&self) -> Option<String> {
        None
    }
}

/// Answers each request with the next text, the last one for ever; an empty text cuts the connection.
async fn serve(answers: Vec<&'static str>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/x", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; 65_536];
            let read = stream.read(&mut buffer).await.unwrap();
            let place = {
                let mut log = log.lock().unwrap();
                log.push(String::from_utf8_lossy(&buffer[..read]).into_owned());
                log.len() - 1
            };
            let answer = answers[place.min(answers.len() - 1)];
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (address, seen)
}

const OK: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
const REFUSED: &str = "HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const BUSY: &str = "HTTP/1.1 429 Slow\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const LATER: &str =
    "HTTP/1.1 429 Slow\r\nConnection: close\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n";
const BROKEN: &str = "HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const AWAY: &str = "HTTP/1.1 302 Off\r\nConnection: close\r\nLocation: http://login.example.com/\r\nContent-Length: 0\r\n\r\n";
const CUT: &str = "";

fn judge(answer: &Answer) -> Verdict {
    let retry = |kind| Verdict::Retry {
        after: answer.retry_after(),
        floor: Duration::ZERO,
        kind,
        reason: "busy".to_owned(),
    };
    match answer.status {
        429 => retry(Kind::RateLimited),
        500.. => retry(Kind::Unavailable),
        _ => Verdict::Take,
    }
}

struct Trial {
    result: Result<Answer, SendError>,
    requests: u64,
    renewals: u32,
    left: Duration,
}

async fn send(url: String, repeat: Repeat, patience: u64) -> Trial {
    let tokens = Arc::new(Counting::default());
    let budget = Patience::new(Duration::from_secs(patience));
    let http = Http::new(HttpSettings {
        patience: budget.clone(),
        timeout: Duration::from_millis(500),
        wait_scale: 0.0,
        ..HttpSettings::new(
            "Google",
            Signing::Scheme("Bearer"),
            Arc::clone(&tokens) as Arc<dyn TokenSource>,
        )
    })
    .unwrap();
    let call = Call {
        name: "x",
        doing: "try it",
        method: Method::POST,
        url,
        query: vec![("a", "b c".to_owned())],
        headers: Vec::new(),
        body: Some(b"{}".to_vec().into()),
        cost: Cost::default(),
        repeat,
        redirect: Redirect::Refused,
    };
    let result = http.send(call, &judge).await;
    let counted = http.meter().by_call.get("x").copied();
    assert_eq!(counted.unwrap_or(0), http.meter().requests);
    Trial {
        result,
        requests: http.meter().requests,
        renewals: tokens.0.load(Ordering::SeqCst),
        left: budget.left(),
    }
}

fn failed(trial: Trial) -> Error {
    match trial.result {
        Err(SendError::Failed(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let (url, seen) = serve(vec![REFUSED, OK]).await;
    let trial = send(url, Repeat::Once, 0).await;
    assert_eq!(trial.result.unwrap().status, 200);
    assert_eq!((trial.requests, trial.renewals), (2, 1));
    let seen = seen.lock().unwrap().clone();
    assert!(
        seen[0].contains("authorization: Bearer t0")
            && seen[1].contains("authorization: Bearer t1")
    );
    assert!(seen[0].starts_with("POST /x?a=b+c ") && seen[0].contains("(gzip)"));

    let (url, _) = serve(vec![REFUSED]).await;
    let trial = send(url, Repeat::Once, 0).await;
    assert_eq!((trial.requests, trial.renewals), (2, 1));
    assert_eq!(failed(trial).kind, Kind::Unauthorized);
}

#[tokio::test]
async fn a_busy_remote_is_waited_for_as_long_as_patience_lasts() {
    let (url, _) = serve(vec![BUSY, BUSY, OK]).await;
    let trial = send(url.clone(), Repeat::Once, 60).await;
    assert_eq!((trial.result.unwrap().status, trial.requests), (200, 3));

    let (url, _) = serve(vec![BUSY]).await;
    let trial = send(url, Repeat::Once, 60).await;
    assert!(trial.requests > 2 && trial.left < Duration::from_secs(60));
    assert_eq!(failed(trial).kind, Kind::RateLimited);

    let (url, _) = serve(vec![LATER]).await;
    let trial = send(url, Repeat::Safe, 300).await;
    assert_eq!(trial.requests, 1);
    assert_eq!(failed(trial).retry_after, Some(Duration::from_secs(3600)));
}

#[tokio::test]
async fn what_may_have_been_done_is_not_sent_twice() {
    for (answer, requests) in [(CUT, 1), (BROKEN, 1)] {
        let (url, _) = serve(vec![answer, OK]).await;
        let trial = send(url, Repeat::Once, 60).await;
        assert!(
            matches!(trial.result, Err(SendError::Uncertain(_))),
            "{answer}"
        );
        assert_eq!(trial.requests, requests);
        let (url, _) = serve(vec![answer, OK]).await;
        let trial = send(url, Repeat::Safe, 60).await;
        assert_eq!((trial.result.unwrap().status, trial.requests), (200, 2));
    }
    // A safe call that runs out of tries may have been done as well.
    let (url, _) = serve(vec![CUT]).await;
    let trial = send(url, Repeat::Safe, 60).await;
    assert!(matches!(trial.result, Err(SendError::Uncertain(_))));
}

#[tokio::test]
async fn a_refused_connection_is_tried_three_times_and_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}/");
    drop(listener);
    let trial = send(url, Repeat::Once, 60).await;
    let told = format!("{address} refuses connections");
    assert_eq!(trial.requests, 3);
    let error = failed(trial);
    assert_eq!(
        (error.kind, error.reason.as_str()),
        (Kind::Unavailable, told.as_str())
    );
    assert!(error.hint.is_some());
}

#[tokio::test]
async fn redirects_and_plain_http_to_others_are_refused() {
    let (url, _) = serve(vec![AWAY]).await;
    let error = failed(send(url, Repeat::Safe, 60).await);
    assert!(error.reason.contains("login.example.com"), "{error}");
    let trial = send("http://example.com/".to_owned(), Repeat::Safe, 60).await;
    assert_eq!(trial.requests, 0);
    assert_eq!(failed(trial).kind, Kind::Config);
}
