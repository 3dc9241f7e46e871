//! `auth crm` for Zoho: the self client and the browser, good and bad.

use std::net::TcpListener;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;

use crate::admin::Sandbox;
use crate::support::{CRM_SECRET, Home, follow, grant_code, redirect};

/// The ports of the redirect are fixed, so one test at a time uses them.
static PORTS: Mutex<()> = Mutex::new(());

fn ports() -> MutexGuard<'static, ()> {
    PORTS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn a_self_clients_code_and_the_secret_come_in_one_call() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let code = grant_code(&sandbox);
    home.run_with(
        &["auth", "crm", "--grant-code-stdin"],
        &format!("{code}\n{CRM_SECRET}\n"),
    )
    .exits(0)
    .answers(&["sales: signed in to zoho"])
    .says(&["next: crmsync auth google sales"]);
    let tokens = home.tokens("crm-sales");
    assert_eq!(tokens["client_secret"], CRM_SECRET);
    assert_eq!(tokens["api_domain"], sandbox.root());
    assert!(tokens["refresh_token"].is_string());
    // The secret is known from now on; a code counts once.
    let code = grant_code(&sandbox);
    let args = ["auth", "crm", "--grant-code-stdin"];
    home.run_with(&args, &code).exits(0);
    home.run_with(&args, &code).exits(5).says(&[
        "does not accept the code",
        "counts once",
        "api-console.zoho",
    ]);
}

#[test]
fn the_secret_may_be_kept_first() {
    let _ports = ports();
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.run_with(
        &["auth", "crm", "--grant-code-stdin"],
        &grant_code(&sandbox),
    )
    .exits(2)
    .says(&[
        "the client secret of 1000.SANDBOX is not known",
        "--client-secret-stdin",
    ]);
    home.run(&["auth", "crm"])
        .exits(2)
        .says(&["--client-secret-stdin"]);
    // Nobody comes to the browser, yet the secret is kept.
    home.run_with(
        &["auth", "crm", "--client-secret-stdin", "--wait", "1"],
        CRM_SECRET,
    )
    .exits(5)
    .says(&["within 1 seconds"]);
    home.run(&["auth", "status"])
        .exits(5)
        .answers(&["nobody has signed in", "crmsync auth crm sales"]);
    home.run(&["sync", "sales"]).exits(5);
    home.run_with(
        &["auth", "crm", "--grant-code-stdin"],
        &grant_code(&sandbox),
    )
    .exits(0);
}

#[test]
fn a_wrong_secret_does_not_spoil_a_sign_in_that_works() {
    let _ports = ports();
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.sign_in_crm(&sandbox);
    let before = home.tokens("crm-sales");
    home.run_with(
        &["auth", "crm", "--client-secret-stdin", "--wait", "1"],
        "wrong",
    )
    .exits(5);
    home.run_with(
        &["auth", "crm", "--grant-code-stdin"],
        &format!("{}\nwrong\n", grant_code(&sandbox)),
    )
    .exits(7)
    .says(&["its secret is wrong"]);
    assert_eq!(home.tokens("crm-sales"), before);
}

#[test]
fn the_browser_signs_in_and_a_denial_ends_it() {
    let _ports = ports();
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    for (decision, word, code) in [("deny", "Not signed in", 5), ("allow", "Signed in", 0)] {
        let mut call = home.start(&["auth", "crm", "--client-secret-stdin", "--wait", "20"]);
        call.hand(CRM_SECRET);
        let address = call.address();
        assert!(
            address.contains("ZohoCRM.modules.contacts.CREATE"),
            "{address}"
        );
        let page = follow(&format!("{address}&auto={decision}"));
        assert!(page.body.contains(word), "{page:?}");
        call.end().exits(code);
        assert_eq!(
            home.tokens("crm-sales")["refresh_token"].is_string(),
            code == 0
        );
    }
}

#[test]
fn the_redirect_is_pasted_where_there_is_no_browser() {
    let _ports = ports();
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.sign_in_crm(&sandbox);
    let mut call = home.start(&["auth", "crm", "--no-browser", "--redirect-stdin"]);
    let tunnel = call.line("To let the browser");
    assert!(tunnel.contains("ssh -L 480"), "{tunnel}");
    let landed = redirect(&format!("{}&auto=allow", call.address()));
    call.hand(&landed);
    call.end().exits(0);
}

#[test]
fn busy_ports_end_in_a_message_at_once() {
    let _ports = ports();
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.sign_in_crm(&sandbox);
    let one: Vec<_> = [48017]
        .map(|port| TcpListener::bind(("127.0.0.1", port)))
        .into();
    let mut call = home.start(&["auth", "crm", "--wait", "20"]);
    let address = call.address();
    assert!(!address.contains("48017%2F"), "{address}");
    follow(&format!("{address}&auto=deny"));
    call.end().exits(5);
    let all: Vec<_> = [48018, 48019]
        .map(|port| TcpListener::bind(("127.0.0.1", port)))
        .into();
    let ran = home.run(&["auth", "crm", "--wait", "20"]).exits(6);
    assert!(ran.took.as_secs() < 5);
    ran.says(&["48017", "is free for the redirect", "--no-browser"]);
    drop((one, all));
}

#[test]
fn a_sign_in_that_lacks_scopes_is_seen_by_status_and_by_sync() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let made = sandbox.crm(
        "grant_code",
        &json!({"scopes": "ZohoCRM.modules.contacts.READ"}),
    );
    let code = made["code"].as_str().unwrap();
    // Zoho does not say which scopes a self client's code had.
    home.run_with(
        &["auth", "crm", "--grant-code-stdin"],
        &format!("{code}\n{CRM_SECRET}"),
    )
    .exits(0);
    home.sign_in_google();
    home.run(&["sync", "sales"]).exits(5).says(&["ZohoCRM."]);
}

#[test]
fn a_data_center_without_a_client_and_api_keys_are_explained() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.run_with(&["auth", "crm", "--api-key-stdin"], "key")
        .exits(2)
        .says(&["has no API keys", "--grant-code-stdin"]);
    home.profile("sales", &[("crm.client_id", "")]);
    home.run_with(&["auth", "crm", "--grant-code-stdin"], "code")
        .exits(7)
        .says(&["client_id", "crmsync configure sales --client-id ID"]);
    home.profile("sales", &[("crm.data_center", "\"jp\"")]);
    home.run_with(
        &["auth", "crm", "--grant-code-stdin"],
        &format!("old\n{CRM_SECRET}"),
    )
    .exits(5)
    .says(&["`jp`", "api-console.zoho.jp"]);
}

#[test]
fn a_zoho_that_limits_or_is_away_says_when_to_come_back() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    sandbox.fault(
        &json!({"service": "zoho", "call": "oauth.token", "kind": "not_available_503", "times": 1}),
    );
    home.run_with(
        &["auth", "crm", "--grant-code-stdin"],
        &format!("{}\n{CRM_SECRET}", grant_code(&sandbox)),
    )
    .exits(6)
    .says(&["503"]);
    home.profile(
        "sales",
        &[("crm.accounts_endpoint", "\"http://127.0.0.1:9\"")],
    );
    let ran = home
        .run_with(
            &["auth", "crm", "--grant-code-stdin"],
            &format!("c\n{CRM_SECRET}"),
        )
        .exits(6)
        .says(&["cannot be reached"]);
    assert!(ran.took.as_secs() < 10);
}
