//! Service accounts against a token server on loopback: for whom they act, and what a refusal says.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use super::error::Kind;
use super::store_tests::{numbering, set_mode, text};
use super::testing::Server;
use super::{Access, Account, Acting, Store, Stored, TokenSource};

/// A throw-away RSA key, made for these tests and used nowhere; without its PEM frame.
const KEY: &str = include_str!("test_key.b64");

fn key_file(dir: &Path, token_uri: &str) -> PathBuf {
    let frame = |word: &str| format!("-----{word} PRIVATE {}-----", "KEY");
    let pem = format!("{}\n{}\n{}\n", frame("BEGIN"), KEY.trim(), frame("END"));
    let key = serde_json::json!({
        "type": "service_account", "private_key": pem, "client_id": "1122334455",
        "client_email": "robot@project.example.com", "token_uri": token_uri,
    });
    let path = dir.join("key.json");
    fs::write(&path, key.to_string()).unwrap();
    set_mode(&path, 0o600);
    path
}

fn claims(server: &Server, index: usize) -> serde_json::Value {
    let assertion = server.seen()[index].form["assertion"].clone();
    let payload = assertion
        .split('.')
        .nth(1)
        .unwrap()
        .trim_end_matches('=')
        .to_owned();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload);
    serde_json::from_slice(&bytes.unwrap()).unwrap()
}

#[tokio::test]
async fn a_service_account_acts_for_its_user_and_forgets_tokens_of_others() {
    let home = tempfile::tempdir().unwrap();
    let server = numbering().await;
    let key = key_file(home.path(), &server.address("/token"));
    let store = Store::at(&home.path().join("tokens")).unwrap();
    let open = |subject: &str, access| {
        let acting = Acting {
            key_file: Some(key.clone()),
            subject: Some(subject.to_owned()),
            access,
        };
        Stored::open_google(store.clone(), Account::google("sales"), acting).unwrap()
    };
    let source = open("anna@example.com", Access::Write);
    assert_eq!(text(&source.token().await.unwrap()), "new-1");
    assert_eq!(source.account().as_deref(), Some("anna@example.com"));
    let first = claims(&server, 0);
    assert_eq!(first["sub"], "anna@example.com");
    assert_eq!(first["iss"], "robot@project.example.com");
    assert_eq!(first["scope"], "https://www.googleapis.com/auth/contacts");
    assert_eq!(
        text(
            &open("anna@example.com", Access::Delete)
                .token()
                .await
                .unwrap()
        ),
        "new-1"
    );
    assert_eq!(
        text(
            &open("bert@example.com", Access::Write)
                .token()
                .await
                .unwrap()
        ),
        "new-2"
    );
    assert_eq!(
        text(
            &open("bert@example.com", Access::Read)
                .token()
                .await
                .unwrap()
        ),
        "new-3"
    );
    assert_eq!(
        claims(&server, 2)["scope"],
        "https://www.googleapis.com/auth/contacts.readonly"
    );
    set_mode(&key, 0o644);
    let error = open("carl@example.com", Access::Read)
        .token()
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Insecure);
}

#[tokio::test]
async fn a_service_account_that_is_refused_or_unanswered_says_why() {
    let home = tempfile::tempdir().unwrap();
    let cases = [
        (
            401,
            "{\"error\":\"unauthorized_client\",\"error_description\":\"Client is unauthorized\"}",
            Kind::Denied,
        ),
        (
            400,
            "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid email or User ID\"}",
            Kind::WrongAccount,
        ),
        (500, "{}", Kind::Unavailable),
        (503, "{\"error\":{\"code\":503}}", Kind::Unavailable),
        (502, "<html>", Kind::Unavailable),
        (0, "", Kind::Unavailable),
    ];
    for (status, body, kind) in cases {
        let server = Server::always(status, body).await;
        let key = key_file(home.path(), &server.address("/token"));
        let error =
            super::google::service_account(&key, "anna@example.com", Access::Write, "sales")
                .await
                .unwrap_err();
        assert_eq!(error.kind, kind, "{status} {body}: {error}");
    }
    let key = key_file(home.path(), "http://example.com/token");
    let error =
        super::google::service_account(&key, "anna@example.com", Access::Write, "sales").await;
    assert_eq!(error.unwrap_err().kind, Kind::Invalid);
}
