//! The sandbox as a server: compression, overrides, cut connections, overlapping mutations, the admin interface.
#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::Read as _;
use std::net::SocketAddr;
use std::time::Duration;

use crmsync::sandbox::{FaultKind, FaultRule, Latency, Options, Running, serve};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const LIST: &str = "/v1/people/me/connections?personFields=names";

async fn start() -> Running {
    let options = Options {
        contacts: 20,
        overlap: 10,
        record: true,
        ..Options::default()
    };
    serve(options).await.unwrap()
}

/// Sends one request and reads until the connection ends; the raw bytes of the answer.
async fn raw(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &str,
    body: &[u8],
) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer sandbox-google-token\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    // A cut connection may end in an error; what came before it is the answer.
    stream.read_to_end(&mut answer).await.ok();
    answer
}

fn parts(answer: &[u8]) -> (u16, String, Vec<u8>) {
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a head");
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, answer[end + 4..].to_vec())
}

async fn ask(address: SocketAddr, method: &str, target: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let (status, _, body) = parts(&raw(address, method, target, "", body.as_bytes()).await);
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn google_compresses_only_for_clients_that_say_so_twice() {
    let running = start().await;
    let once = "accept-encoding: gzip\r\n";
    let (_, head, _) = parts(&raw(running.address(), "GET", LIST, once, b"").await);
    assert!(!head.contains("content-encoding"), "{head}");
    let twice = "accept-encoding: gzip\r\nuser-agent: x (gzip)\r\n";
    let (_, head, body) = parts(&raw(running.address(), "GET", LIST, twice, b"").await);
    assert!(head.contains("content-encoding: gzip"), "{head}");
    let mut text = String::new();
    flate2::read::GzDecoder::new(body.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    assert!(text.contains("people/c"));
    running.stop().await;
}

#[tokio::test]
async fn a_long_get_may_come_as_a_post() {
    let running = start().await;
    let headers =
        "x-http-method-override: GET\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    let answer = raw(
        running.address(),
        "POST",
        "/v1/people/me/connections",
        headers,
        b"personFields=names&pageSize=2",
    )
    .await;
    let (status, _, body) = parts(&answer);
    assert_eq!(status, 200);
    let list: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(list["connections"].as_array().map(Vec::len), Some(2));
    running.stop().await;
}

#[tokio::test]
async fn a_cut_connection_answers_nothing_and_the_work_is_done_or_not_as_told() {
    let running = start().await;
    let create = "/v1/people:createContact?personFields=names";
    let body = json!({"names": [{"givenName": "Cut"}]}).to_string();
    for (kind, created) in [(FaultKind::DropBefore, 0), (FaultKind::DropAfter, 1)] {
        let total = |world: &Value| world["google"]["contacts"].as_array().map_or(0, Vec::len);
        let (_, before) = ask(
            running.address(),
            "GET",
            "/admin/dump?side=google",
            &Value::Null,
        )
        .await;
        let rule = FaultRule::new("google", "createContact", kind).times(1);
        running.world().lock().unwrap().faults.add(rule);
        let answer = raw(running.address(), "POST", create, "", body.as_bytes()).await;
        assert!(answer.is_empty(), "{kind:?}");
        let (_, after) = ask(
            running.address(),
            "GET",
            "/admin/dump?side=google",
            &Value::Null,
        )
        .await;
        assert_eq!(total(&after), total(&before) + created, "{kind:?}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_truncated_answer_is_shorter_than_it_promised() {
    let running = start().await;
    let rule = FaultRule::new("google", "connections.list", FaultKind::TruncateBody).times(1);
    running.world().lock().unwrap().faults.add(rule);
    let (status, head, body) = parts(&raw(running.address(), "GET", LIST, "", b"").await);
    assert_eq!(status, 200);
    let promised = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    let promised: usize = promised.parse().unwrap();
    assert!(
        !body.is_empty() && body.len() < promised,
        "{} of {promised}",
        body.len()
    );
    running.stop().await;
}

#[tokio::test]
async fn overlapping_mutations_of_one_user_are_noted_and_reads_are_not() {
    let options = Options {
        latency: Latency::Realistic,
        ..Options::default()
    };
    let running = serve(options).await.unwrap();
    let address = running.address();
    let create = "/v1/people:createContact?personFields=names";
    let body = json!({"names": [{"givenName": "Twin"}]});
    let (first, second) = tokio::join!(
        ask(address, "POST", create, &body),
        ask(address, "GET", LIST, &Value::Null)
    );
    assert_eq!((first.0, second.0), (200, 200));
    assert!(running.world().lock().unwrap().log.violations().is_empty());
    let (first, second) = tokio::join!(
        ask(address, "POST", create, &body),
        ask(address, "POST", create, &body)
    );
    assert_eq!((first.0, second.0), (200, 200));
    assert_eq!(running.world().lock().unwrap().log.violations().len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn admin_edits_show_up_and_reset_takes_them_back() {
    let running = start().await;
    let address = running.address();
    let (status, made) = ask(
        address,
        "POST",
        "/admin/google/contacts",
        &json!({"person": {"nicknames": [{"value": "N"}]}}),
    )
    .await;
    assert_eq!(status, 200, "{made}");
    let name = made["resourceName"].as_str().unwrap();
    let (status, _) = ask(
        address,
        "DELETE",
        &format!("/admin/google/contacts/{name}"),
        &Value::Null,
    )
    .await;
    assert_eq!(status, 200);
    let (status, _) = ask(
        address,
        "DELETE",
        &format!("/admin/google/contacts/{name}"),
        &Value::Null,
    )
    .await;
    assert_eq!(status, 404);
    let (_, made) = ask(
        address,
        "POST",
        "/admin/crm/contacts",
        &json!({"fields": {"Last_Name": "X", "Email": "x@example.com"}}),
    )
    .await;
    assert!(made["id"].is_string(), "{made}");
    let (_, all) = ask(address, "GET", "/admin/dump", &Value::Null).await;
    assert_eq!(all["crm"]["contacts"].as_array().map(Vec::len), Some(21));
    assert_eq!(all["google"]["contacts"].as_array().map(Vec::len), Some(20));
    let (status, _) = ask(
        address,
        "POST",
        "/admin/faults",
        &json!({"kind": "no_such"}),
    )
    .await;
    assert_eq!(status, 400);
    let (_, clock) = ask(
        address,
        "POST",
        "/admin/clock",
        &json!({"set": "2030-01-01T00:00:00Z"}),
    )
    .await;
    assert!(
        clock["now"]
            .as_str()
            .unwrap()
            .starts_with("2030-01-01T00:00:0"),
        "{clock}"
    );
    ask(address, "POST", "/admin/reset", &Value::Null).await;
    let (_, all) = ask(address, "GET", "/admin/dump", &Value::Null).await;
    assert_eq!(all["crm"]["contacts"].as_array().map(Vec::len), Some(20));
    running.stop().await;
}

#[tokio::test]
async fn a_stopped_sandbox_is_gone() {
    let running = start().await;
    let address = running.address();
    tokio::time::timeout(Duration::from_secs(5), running.stop())
        .await
        .unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn the_overlap_is_the_same_people_by_address() {
    let running = start().await;
    let (_, all) = ask(running.address(), "GET", "/admin/dump", &Value::Null).await;
    let addresses = |list: &Value, at: &str| -> std::collections::BTreeSet<String> {
        let list = list.as_array().unwrap().iter();
        list.filter_map(|entry| entry.pointer(at)?.as_str().map(str::to_owned))
            .collect()
    };
    let google = addresses(&all["google"]["contacts"], "/emailAddresses/0/value");
    let crm = addresses(&all["crm"]["contacts"], "/Email");
    assert_eq!((google.len(), crm.len()), (20, 20));
    assert_eq!(google.intersection(&crm).count(), 10);
    running.stop().await;
}
