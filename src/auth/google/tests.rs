//! Google's sign-in against a token server on loopback: the good way, and every bad one.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Instant;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::*;
use crate::auth::testing::{Act, Person, Server, client};

const LIMIT: Duration = Duration::from_secs(20);

fn setup(server: &Server, account: Option<&str>) -> Setup {
    Setup {
        client: client(),
        endpoints: Endpoints {
            auth_uri: Some(server.address("/auth")),
            token_uri: Some(server.address("/token")),
            revoke_uri: Some(server.address("/revoke")),
        },
        access: Access::Write,
        account: account.map(str::to_owned),
        profile: "sales".to_owned(),
    }
}

fn answer(email: &str, scope: &str) -> String {
    let claims = URL_SAFE_NO_PAD.encode(format!("{{\"email\":\"{email}\"}}"));
    format!(
        "{{\"access_token\":\"AT\",\"refresh_token\":\"RT\",\"expires_in\":3599,\"token_type\":\"Bearer\",\
         \"scope\":\"{scope}\",\"id_token\":\"e30.{claims}.c2ln\"}}"
    )
}

fn all() -> String {
    format!("openid https://www.googleapis.com/auth/userinfo.email {CONTACTS}")
}

fn code() -> Act {
    Act::Return(vec![("code", "4/the code".to_owned())])
}

async fn failed(server: &Server, account: Option<&str>, person: &Person, way: Way) -> Error {
    sign_in(&setup(server, account), way, LIMIT, person)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_sign_in_over_loopback_sends_pkce_and_learns_who_it_was() {
    let server = Server::always(200, &answer("Anna@example.com", &all())).await;
    let person = Person::new(code());
    let tokens = sign_in(
        &setup(&server, Some("anna@example.com")),
        Way::Browser,
        LIMIT,
        &person,
    )
    .await
    .unwrap();
    let asked = person.asked();
    let seen = &server.seen()[0];
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["scope"], format!("openid email {CONTACTS}"));
    assert!(asked["redirect_uri"].starts_with("http://127.0.0.1:"));
    assert_eq!(asked["login_hint"], "anna@example.com");
    let verifier = &seen.form["code_verifier"];
    assert!((43..=128).contains(&verifier.len()));
    assert_eq!(
        asked["code_challenge"],
        URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
    );
    assert_eq!(seen.path, "/token");
    assert_eq!(seen.form["grant_type"], "authorization_code");
    assert_eq!(seen.form["code"], "4/the code");
    assert_eq!(seen.form["redirect_uri"], asked["redirect_uri"]);
    assert_eq!(seen.form["client_secret"], "made-up-secret");
    assert!(person.page().await.contains("Signed in"));
    assert_eq!(tokens.account.as_deref(), Some("Anna@example.com"));
    assert_eq!(tokens.refresh_token.as_ref().unwrap().expose_secret(), "RT");
    assert!(tokens.usable(Timestamp::now()).is_some());
    assert!(
        tokens
            .warning(Timestamp::now())
            .unwrap()
            .contains("Testing")
    );
    assert!(tokens.warning(Timestamp::now() + TESTING_LIFE).is_none());
}

#[tokio::test]
async fn a_profile_that_never_writes_asks_for_reading_only() {
    let server = Server::always(200, &answer("a@example.com", CONTACTS_READONLY)).await;
    let person = Person::new(code());
    let setup = Setup {
        access: Access::Read,
        ..setup(&server, None)
    };
    sign_in(&setup, Way::Browser, LIMIT, &person).await.unwrap();
    assert_eq!(
        person.asked()["scope"],
        format!("openid email {CONTACTS_READONLY}")
    );
}

#[tokio::test]
async fn a_denial_ends_the_wait_and_the_page_says_so() {
    let server = Server::always(500, "").await;
    let person = Person::new(Act::Return(vec![("error", "access_denied".to_owned())]));
    let error = failed(&server, None, &person, Way::Browser).await;
    assert_eq!((error.kind, error.kind.exit_code()), (Kind::Denied, 5));
    assert!(person.page().await.contains("Not signed in"));
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn another_account_than_the_profile_names_is_refused() {
    let server = Server::always(200, &answer("eve@example.com", &all())).await;
    let person = Person::new(code());
    let error = failed(&server, Some("anna@example.com"), &person, Way::Browser).await;
    assert_eq!(error.kind, Kind::WrongAccount);
    assert!(
        error.message.contains("eve@example.com") && error.message.contains("anna@example.com")
    );
    assert!(person.page().await.contains("eve@example.com"));
}

#[tokio::test]
async fn a_box_that_was_not_ticked_is_named() {
    for granted in ["openid", CONTACTS_READONLY] {
        let server = Server::always(200, &answer("anna@example.com", granted)).await;
        let error = failed(&server, None, &Person::new(code()), Way::Browser).await;
        assert_eq!(error.kind, Kind::MissingScope, "{granted}");
        assert!(error.hint.unwrap().contains("crmsync auth google sales"));
    }
}

#[tokio::test]
async fn a_closed_window_and_a_foreign_state_end_with_the_limit() {
    let server = Server::always(200, &answer("anna@example.com", &all())).await;
    let forged = Act::Return(vec![
        ("code", "x".to_owned()),
        ("state", "forged".to_owned()),
    ]);
    for act in [Act::Close, forged] {
        let (person, started) = (Person::new(act), Instant::now());
        let limit = Duration::from_millis(300);
        let error = sign_in(&setup(&server, None), Way::Browser, limit, &person)
            .await
            .unwrap_err();
        assert_eq!((error.kind, error.kind.exit_code()), (Kind::Timeout, 5));
        assert!(started.elapsed() < Duration::from_secs(5));
    }
    assert!(
        server.seen().is_empty(),
        "a forged code must not be exchanged"
    );
}

#[tokio::test]
async fn without_a_browser_the_address_is_said() {
    let server = Server::always(200, "{}").await;
    let person = Person::new(Act::NoBrowser);
    let limit = Duration::from_millis(100);
    let ended = sign_in(&setup(&server, None), Way::Browser, limit, &person).await;
    assert_eq!(ended.unwrap_err().kind, Kind::Timeout);
    assert!(person.said().contains(&server.address("/auth?")));
}

#[tokio::test]
async fn a_pasted_redirect_or_code_signs_in() {
    for text in [
        "REDIRECT?state=STATE&code=4%2F0abc&scope=x\n",
        "code=4%2F0abc&state=STATE",
        "  4/0abc ",
        "4%2F0abc",
    ] {
        let server = Server::always(200, &answer("anna@example.com", &all())).await;
        let person = Person::new(Act::Paste(text));
        let signed = sign_in(&setup(&server, None), Way::Paste, LIMIT, &person).await;
        assert!(signed.is_ok(), "{text}: {signed:?}");
        assert_eq!(server.seen()[0].form["code"], "4/0abc", "{text}");
    }
}

#[tokio::test]
async fn a_pasted_text_that_cannot_be_ours_is_refused() {
    let cases = [
        (Act::Paste("REDIRECT?state=other&code=1"), Kind::Invalid),
        (Act::Paste("REDIRECT?code=1"), Kind::Invalid),
        (Act::Paste("https://example.com/"), Kind::Invalid),
        (
            Act::Paste("REDIRECT?state=STATE&error=access_denied"),
            Kind::Denied,
        ),
        (Act::Paste("  "), Kind::SignInNeeded),
        (Act::PasteNothing, Kind::SignInNeeded),
    ];
    for (act, kind) in cases {
        let server = Server::always(200, &answer("anna@example.com", &all())).await;
        let error = failed(&server, None, &Person::new(act), Way::Paste).await;
        assert_eq!(error.kind, kind);
        assert!(server.seen().is_empty());
    }
}

#[tokio::test]
async fn a_broken_token_server_is_try_later_and_an_error_there_is_explained() {
    let cases = [
        (500, "", Kind::Unavailable),
        (503, "<html>", Kind::Unavailable),
        (0, "", Kind::Unavailable),
        (200, "<html>", Kind::Unavailable),
        (200, "{}", Kind::Unavailable),
        (
            429,
            "{\"error\":\"rate_limit_exceeded\"}",
            Kind::Unavailable,
        ),
        (400, "{\"error\":\"invalid_grant\"}", Kind::SignInNeeded),
        (401, "{\"error\":\"invalid_client\"}", Kind::Invalid),
        (
            400,
            "{\"error\":\"invalid_request\",\"error_description\":\"client_secret is missing.\"}",
            Kind::Invalid,
        ),
    ];
    for (status, body, kind) in cases {
        let server = Server::always(status, body).await;
        let error = failed(&server, None, &Person::new(code()), Way::Browser).await;
        assert_eq!(error.kind, kind, "{status} {body}: {error}");
    }
}

#[tokio::test]
async fn an_import_is_tried_at_once_and_keeps_its_own_client() {
    let server = Server::always(
        200,
        "{\"access_token\":\"AT\",\"expires_in\":3599,\"token_type\":\"Bearer\"}",
    )
    .await;
    let text = "{\"type\":\"authorized_user\",\"client_id\":\"c\",\"client_secret\":\"s\",\"refresh_token\":\"R\"}";
    let tokens = import(text, setup(&server, Some("anna@example.com")))
        .await
        .unwrap();
    assert_eq!(tokens.kind, TokenKind::Imported);
    let seen = &server.seen()[0].form;
    assert_eq!(
        (seen["client_id"].as_str(), seen["refresh_token"].as_str()),
        ("c", "R")
    );
    assert_eq!(tokens.refresh_token.unwrap().expose_secret(), "R");
    for bad in [
        "",
        "[]",
        "{\"client_id\":\"c\"}",
        "{\"type\":\"service_account\",\"client_id\":\"c\"}",
    ] {
        let error = import(bad, setup(&server, None)).await.unwrap_err();
        assert_eq!(
            (error.kind, error.kind.exit_code()),
            (Kind::Invalid, 7),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn a_dead_refresh_token_names_the_command_and_the_seven_days() {
    let server = Server::always(400, "{\"error\":\"invalid_grant\",\"error_description\":\"Token has been expired or revoked.\"}").await;
    let account = Account::google("sales");
    let mut tokens = setup(&server, None).tokens(TokenKind::User);
    tokens.refresh_token = Some(SecretString::from("dead"));
    let young = renewed(tokens.clone(), &account).await.unwrap_err();
    assert_eq!(young.kind, Kind::SignInNeeded);
    assert_eq!(young.hint.unwrap(), "run `crmsync auth google sales`");
    assert!(!young.message.contains("dead"));
    tokens.issued_at -= TESTING_LIFE;
    let old = renewed(tokens, &account).await.unwrap_err();
    assert!(old.hint.unwrap().contains("docs/google-setup.md"));
    assert_eq!(server.seen().len(), 2, "what is refused is not asked again");
}

#[tokio::test]
async fn a_server_that_is_down_is_asked_again_and_keeps_the_sign_in() {
    let server = Server::always(502, "bad gateway").await;
    let mut tokens = setup(&server, None).tokens(TokenKind::User);
    tokens.refresh_token = Some(SecretString::from("RT"));
    let error = renewed(tokens, &Account::google("sales"))
        .await
        .unwrap_err();
    assert_eq!((error.kind, error.kind.exit_code()), (Kind::Unavailable, 6));
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn revoking_counts_what_is_gone_as_done() {
    let cases = [
        (200, "{}", Some(Revoked::Done)),
        (
            400,
            "{\"error\":\"invalid_token\"}",
            Some(Revoked::AlreadyInvalid),
        ),
        (503, "", None),
        (404, "<html>", None),
    ];
    for (status, body, wanted) in cases {
        let server = Server::always(status, body).await;
        let mut tokens = setup(&server, None).tokens(TokenKind::User);
        tokens.refresh_token = Some(SecretString::from("RT"));
        let done = revoke(&tokens).await;
        assert_eq!(done.as_ref().ok().copied(), wanted, "{status}");
        assert_eq!(server.seen()[0].form["token"], "RT");
        assert!(done.is_ok() || done.unwrap_err().kind == Kind::Unavailable);
    }
}

#[test]
fn a_client_file_is_read_and_a_broken_one_does_not_show_its_secret() {
    let good = "{\"installed\":{\"client_id\":\"c\",\"client_secret\":\"s\",\"token_uri\":\"https://t.example.com\"}}";
    let (client, endpoints) = parse_client(good).unwrap();
    assert_eq!(
        (client.id.as_str(), endpoints.token()),
        ("c", "https://t.example.com")
    );
    assert_eq!(endpoints.revoke(), None);
    assert_eq!(Endpoints::default().revoke().as_deref(), Some(REVOKE_URI));
    for bad in [
        "{\"installed\":{\"client_id\":\"c\",\"client_secret\":[\"hush\"]}}",
        "{\"installed\":\"hush\"}",
        "{}",
    ] {
        let error = parse_client(bad).unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert!(!format!("{error:?}").contains("hush"));
    }
}

#[tokio::test]
async fn secrets_go_to_no_plain_http_elsewhere() {
    for uri in [
        "http://example.com/token",
        "http://localhost:1/token",
        "ftp://127.0.0.1/",
    ] {
        let tokens = Tokens {
            token_uri: Some(uri.to_owned()),
            refresh_token: Some(SecretString::from("RT")),
            client_id: Some("c".to_owned()),
            client_secret: Some(SecretString::from("s")),
            ..Tokens::new(Provider::Google, TokenKind::User)
        };
        let error = renewed(tokens, &Account::google("sales"))
            .await
            .unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{uri}");
    }
}
