//! HubSpot's sign-in against a token server on loopback.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::auth::crm::{from_refresh_token, missing_scopes, renewed, revoke};
use crate::auth::testing::{Server as Fake, client};
use crate::auth::{Kind, TokenKind};

const GOOD: &str = "{\"token_type\":\"bearer\",\"access_token\":\"AT\",\"refresh_token\":\"RT\",\"expires_in\":1800,\
                    \"hub_id\":4242,\"scopes\":[\"oauth\"],\"user_id\":7}";

fn setup(fake: &Fake) -> Setup {
    Setup {
        client: client(),
        server: server(Some(&fake.base), None),
        scopes: scopes(Access::Write),
        console: CONSOLE.to_owned(),
        place: "HubSpot".to_owned(),
        profile: "sales".to_owned(),
    }
}

#[tokio::test]
async fn a_refresh_token_becomes_an_access_token() {
    let fake = Fake::always(200, GOOD).await;
    let tokens = from_refresh_token(&App, &setup(&fake), SecretString::from("RT"))
        .await
        .unwrap();
    let seen = &fake.seen()[0];
    assert_eq!(seen.path, "/oauth/2026-03/token");
    assert_eq!(seen.form["grant_type"], "refresh_token");
    assert_eq!(seen.form["client_id"], "made-up-client");
    assert!(seen.query.is_empty(), "no secret in an address");
    assert!(tokens.usable(jiff::Timestamp::now()).is_some());
}

#[tokio::test]
async fn a_dead_grant_asks_for_a_new_sign_in() {
    let body = "{\"status\":\"BAD_REFRESH_TOKEN\",\"error\":\"invalid_grant\",\
                \"error_description\":\"missing or invalid refresh token\"}";
    let fake = Fake::always(400, body).await;
    let setup = setup(&fake);
    let mut tokens = setup.blank(&App, &setup.server, TokenKind::User);
    tokens.refresh_token = Some(SecretString::from("RT"));
    let error = renewed(&App, tokens, &Account::crm("sales"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::SignInNeeded);
    assert!(error.to_string().contains("disconnected"), "{error}");
}

#[tokio::test]
async fn the_token_is_revoked_in_the_body() {
    let fake = Fake::always(200, "{}").await;
    let setup = setup(&fake);
    let mut tokens = setup.blank(&App, &setup.server, TokenKind::User);
    tokens.refresh_token = Some(SecretString::from("RT"));
    assert_eq!(revoke(&App, &tokens).await.unwrap(), Revoked::Done);
    let seen = &fake.seen()[0];
    assert_eq!(seen.path, "/oauth/2026-03/token/revoke");
    assert_eq!(seen.form["token"], "RT");
    assert_eq!(seen.form["client_id"], "made-up-client");
}

#[test]
fn reading_needs_no_scope_for_writing() {
    let read = scopes(Access::Read);
    assert!(read.iter().all(|scope| !scope.contains("write")));
    let granted = scopes(Access::Write);
    assert!(missing_scopes(&App, &granted, &read).is_empty());
    assert!(!missing_scopes(&App, &read, &granted).is_empty());
}
