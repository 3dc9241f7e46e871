//! Zoho's sign-in against an accounts server on loopback: the good way, and every bad one.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::auth::crm::{from_grant_code, missing_scopes, redirect_uris, renewed, revoke, sign_in};
use crate::auth::testing::{Act, Person, Server, client};
use crate::auth::{TokenKind, Tokens, Way};

const GOOD: &str = "{\"access_token\":\"AT\",\"refresh_token\":\"RT\",\"api_domain\":\"https://www.zohoapis.example.com/\",\
                    \"token_type\":\"Bearer\",\"expires_in\":3600}";

fn setup(server: &Server) -> Setup {
    Setup {
        client: client(),
        server: super::server(DataCenter::Eu, Some(&server.base)),
        scopes: scopes("Contacts", Access::Write),
        console: DataCenter::Eu.console(),
        place: DataCenter::Eu.word().to_owned(),
        profile: "sales".to_owned(),
    }
}

/// Tokens with a refresh token and nothing else.
fn refreshable(server: &Server, token: &str) -> Tokens {
    let setup = setup(server);
    let mut tokens = setup.blank(&Accounts, &setup.server, TokenKind::User);
    tokens.refresh_token = Some(SecretString::from(token));
    tokens
}

#[tokio::test]
async fn a_grant_code_becomes_tokens_that_know_their_api_root() {
    let server = Server::always(200, GOOD).await;
    let tokens = from_grant_code(
        &Accounts,
        &setup(&server),
        &SecretString::from(" 1000.code\n"),
    )
    .await
    .unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.path, "/oauth/v2/token");
    assert_eq!(seen.form["grant_type"], "authorization_code");
    assert_eq!(seen.form["code"], "1000.code");
    assert_eq!(seen.form["client_id"], "made-up-client");
    assert!(!seen.form.contains_key("redirect_uri"));
    assert_eq!(
        tokens.api_domain.as_deref(),
        Some("https://www.zohoapis.example.com")
    );
    assert_eq!(
        tokens.accounts_server.as_deref(),
        Some(server.base.as_str())
    );
    assert!(tokens.usable(Timestamp::now()).is_some());
}

#[tokio::test]
async fn errors_with_status_200_are_errors() {
    let cases = [
        (
            "{\"error\":\"invalid_code\"}",
            Kind::SignInNeeded,
            "https://api-console.zoho.eu",
        ),
        (
            "{\"error\":\"invalid_client\"}",
            Kind::Invalid,
            "api-console",
        ),
        (
            "{\"error\":\"invalid_redirect_uri\"}",
            Kind::Invalid,
            "http://127.0.0.1:48017/",
        ),
        (
            "{\"error\":\"access_denied\"}",
            Kind::Unavailable,
            "10 minutes",
        ),
        (
            "{\"error\":\"general_error\"}",
            Kind::Unavailable,
            "tries again",
        ),
        (
            "{\"error\":\"new_error\"}",
            Kind::Denied,
            "docs/zoho-setup.md",
        ),
    ];
    for (body, kind, word) in cases {
        let server = Server::always(200, body).await;
        let error = from_grant_code(&Accounts, &setup(&server), &SecretString::from("c"))
            .await
            .unwrap_err();
        assert_eq!(error.kind, kind, "{body}");
        assert!(error.hint.unwrap().contains(word), "{body}");
    }
}

#[tokio::test]
async fn a_renewal_keeps_what_the_answer_leaves_out() {
    let server = Server::always(
        200,
        "{\"access_token\":\"AT2\",\"token_type\":\"Bearer\",\"expires_in\":3600}",
    )
    .await;
    let mut tokens = refreshable(&server, "RT");
    tokens.api_domain = Some("https://www.zohoapis.eu".to_owned());
    let renewed = renewed(&Accounts, tokens, &Account::crm("sales"))
        .await
        .unwrap();
    assert_eq!(renewed.access_token.unwrap().expose_secret(), "AT2");
    assert_eq!(renewed.refresh_token.unwrap().expose_secret(), "RT");
    assert_eq!(
        renewed.api_domain.as_deref(),
        Some("https://www.zohoapis.eu")
    );
    assert_eq!(server.seen()[0].form["grant_type"], "refresh_token");
}

#[tokio::test]
async fn a_renewal_that_is_refused_is_told_from_the_ten_in_ten_minutes() {
    let cases = [
        (
            "{\"error\":\"invalid_code\"}",
            Kind::SignInNeeded,
            "20 sign-ins",
        ),
        (
            "{\"error\":\"invalid_client\"}",
            Kind::SignInNeeded,
            "API console",
        ),
        (
            "{\"error\":\"Access Denied\",\"error_description\":\"You have made too many requests\"}",
            Kind::Unavailable,
            "10 minutes",
        ),
    ];
    for (body, kind, word) in cases {
        let server = Server::always(200, body).await;
        let tokens = refreshable(&server, "RT");
        let error = renewed(&Accounts, tokens, &Account::crm("sales"))
            .await
            .unwrap_err();
        assert_eq!(error.kind, kind, "{body}");
        assert!(error.hint.unwrap().contains(word), "{body}");
        assert_eq!(server.seen().len(), 1, "a refusal is not asked again");
    }
}

#[tokio::test]
async fn the_browser_comes_back_with_the_accounts_server() {
    let server = Server::always(200, GOOD).await;
    let params = vec![
        ("code", "1000.c".to_owned()),
        ("location", "eu".to_owned()),
        ("accounts-server", server.base.clone()),
    ];
    let person = Person::new(Act::Return(params));
    let tokens = sign_in(
        &Accounts,
        &setup(&server),
        Way::Browser,
        Duration::from_secs(20),
        &person,
    )
    .await
    .unwrap();
    let asked = person.asked();
    assert!(
        asked["scope"].contains("ZohoCRM.modules.contacts.CREATE,ZohoCRM.modules.contacts.UPDATE,")
    );
    assert_eq!(asked["access_type"], "offline");
    assert!(redirect_uris(&Accounts).contains(&asked["redirect_uri"]));
    assert_eq!(server.seen()[0].form["redirect_uri"], asked["redirect_uri"]);
    assert_eq!(tokens.scopes, scopes("Contacts", Access::Write));
    assert!(person.page().await.contains("Signed in"));
}

#[tokio::test]
async fn a_code_goes_to_no_foreign_accounts_server() {
    let server = Server::always(200, GOOD).await;
    let person = Person::new(Act::Paste(
        "REDIRECT?state=STATE&code=1&accounts-server=https%3A%2F%2Fzoho.example.com",
    ));
    let error = sign_in(
        &Accounts,
        &setup(&server),
        Way::Paste,
        Duration::from_secs(20),
        &person,
    )
    .await
    .unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
    assert!(server.seen().is_empty());
}

#[test]
fn only_servers_of_zoho_are_known() {
    let own = &at("http://127.0.0.1:8802");
    for dc in DataCenter::ALL {
        assert!(known_server(&format!("https://{}", dc.accounts_host()), own).is_ok());
        assert_eq!(DataCenter::parse(dc.word()).unwrap(), *dc);
    }
    assert_eq!(&known_server("http://127.0.0.1:8802/", own).unwrap(), own);
    for bad in [
        "http://accounts.zoho.com",
        "https://accounts.zoho.com.example.com",
        "https://accounts.zoho.com:444",
        "https://accounts.zoho.com@example.com",
        "https://accounts.zoho.com/elsewhere",
        "http://127.0.0.1:9999",
        "accounts.zoho.com",
    ] {
        assert!(known_server(bad, own).is_err(), "{bad}");
    }
    assert_eq!(DataCenter::parse("com.au").unwrap(), DataCenter::Au);
    assert!(
        DataCenter::parse("xx")
            .unwrap_err()
            .hint
            .unwrap()
            .contains("eu, in")
    );
}

#[test]
fn a_scope_above_covers_those_below_it() {
    let granted = [
        "ZohoCRM.modules.ALL".to_owned(),
        "ZohoCRM.settings.ALL".to_owned(),
    ];
    let missing = missing_scopes(&Accounts, &granted, &scopes("Contacts", Access::Delete));
    assert_eq!(
        missing,
        [
            "ZohoCRM.coql.READ",
            "ZohoCRM.users.READ",
            "ZohoCRM.org.READ"
        ]
    );
    assert!(missing_scopes(&Accounts, &[], &scopes("Leads", Access::Read)).is_empty());
    let read = scopes("Leads", Access::Read);
    assert_eq!(read[0], "ZohoCRM.modules.leads.READ");
    assert!(!read.iter().any(|scope| scope.ends_with("CREATE")));
    let other = ["ZohoCRM.modules.Contacts.READ".to_owned()];
    assert_eq!(
        missing_scopes(
            &Accounts,
            &other,
            &["ZohoCRM.modules.contacts.READ".to_owned()]
        )
        .len(),
        0
    );
}

#[tokio::test]
async fn a_sign_in_that_lacks_scopes_names_them() {
    let server = Server::always(
        200,
        "{\"access_token\":\"AT\",\"refresh_token\":\"RT\",\"scope\":\"ZohoCRM.modules.ALL ZohoCRM.users.READ\",\
         \"token_type\":\"Bearer\",\"expires_in\":3600}",
    )
    .await;
    let error = from_grant_code(&Accounts, &setup(&server), &SecretString::from("c"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::MissingScope);
    assert!(
        error.message.contains("ZohoCRM.coql.READ")
            && !error.message.contains("ZohoCRM.users.READ")
    );
}

#[tokio::test]
async fn revoking_names_the_refresh_token_in_the_query() {
    let cases = [
        (200, "{\"status\":\"success\"}", Some(Revoked::Done)),
        (
            200,
            "{\"error\":\"invalid_token\"}",
            Some(Revoked::AlreadyInvalid),
        ),
        (
            400,
            "{\"error\":\"invalid_token\"}",
            Some(Revoked::AlreadyInvalid),
        ),
        (500, "", None),
    ];
    for (status, body, wanted) in cases {
        let server = Server::always(status, body).await;
        let tokens = refreshable(&server, "R T");
        let done = revoke(&Accounts, &tokens).await;
        assert_eq!(done.as_ref().ok().copied(), wanted, "{status} {body}");
        assert_eq!(server.seen()[0].path, "/oauth/v2/token/revoke");
        assert_eq!(server.seen()[0].query["token"], "R T");
        assert!(!format!("{done:?}").contains("R%20T") && !format!("{done:?}").contains("R+T"));
    }
}

#[test]
fn the_set_up_page_shows_these_scopes_addresses_and_consoles() {
    let page = include_str!("../../../../docs/zoho-setup.md");
    assert!(page.contains(&scopes("Contacts", Access::Write).join(",")));
    for address in redirect_uris(&Accounts) {
        assert!(page.contains(&address), "{address}");
    }
    for dc in DataCenter::ALL {
        assert!(page.contains(&format!("| `{}` | <{}> |", dc.word(), dc.console())));
    }
}
