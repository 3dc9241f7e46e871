//! `auth google`: the ways that end badly, each within its limit and with a clear message.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::json;

use crate::admin::Sandbox;
use crate::support::{Home, follow, redirect};

/// Signs in with the decision that the page takes by itself; the last page and the call.
fn decide(home: &Home, decision: &str) -> (String, crate::support::Ran) {
    let mut call = home.start(&["auth", "google", "--wait", "20"]);
    let address = call.address();
    let page = follow(&format!("{address}&{decision}"));
    (page.body, call.end())
}

#[test]
fn a_denial_is_told_in_the_browser_and_at_the_terminal() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let (page, ran) = decide(&home, "auto=deny");
    assert!(
        page.contains("Not signed in") && page.contains("denied"),
        "{page}"
    );
    ran.exits(5).says(&["access was denied", "Allow"]);
    assert!(!home.token_file("google-sales").exists());
}

#[test]
fn an_unticked_box_is_named() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let (page, ran) = decide(&home, "auto=untick");
    assert!(page.contains("Not signed in"), "{page}");
    ran.exits(5)
        .says(&["https://www.googleapis.com/auth/contacts", "ticked"]);
    assert!(!home.token_file("google-sales").exists());
}

#[test]
fn another_account_than_the_profiles_is_refused() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.profile("sales", &[("google.account", "\"me@example.com\"")]);
    let (page, ran) = decide(&home, "auto=allow&account=second@example.com");
    assert!(page.contains("Not signed in"), "{page}");
    ran.exits(5)
        .says(&["second@example.com signed in", "me@example.com"]);
    assert!(!home.token_file("google-sales").exists());
}

#[test]
fn a_closed_window_ends_at_the_limit() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let ran = home.run(&["auth", "google", "--wait", "1"]).exits(5);
    assert!(ran.took >= Duration::from_secs(1) && ran.took < Duration::from_secs(6));
    ran.says(&["within 1 seconds", "--no-browser"]);
}

#[test]
fn an_error_page_of_googles_ends_at_the_limit_too() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    sandbox.google("switch", &json!({"consent_error": "admin_policy_enforced"}));
    let mut call = home.start(&["auth", "google", "--wait", "1"]);
    let page = crate::support::fetch(&call.address());
    assert!(page.status >= 400 && page.location.is_none());
    call.end().exits(5).says(&["if the page showed an error"]);
}

#[test]
fn an_interrupt_ends_the_wait() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let mut call = home.start(&["auth", "google", "--wait", "20"]);
    call.address();
    // The address is said before the wait, in which the signal is heard.
    std::thread::sleep(Duration::from_millis(300));
    let id = call.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(sent.unwrap().success());
    let ran = call.end().exits(6).says(&["nothing was changed"]);
    assert!(ran.took < Duration::from_secs(5));
}

#[test]
fn a_forged_answer_is_not_taken_and_the_real_one_still_is() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let mut call = home.start(&["auth", "google", "--wait", "20"]);
    let address = call.address();
    let landed = redirect(&format!("{address}&auto=allow"));
    let (root, _) = landed.split_once('?').unwrap();
    let forged = crate::support::fetch(&format!("{root}?code=4/evil&state=guessed"));
    assert_eq!(forged.status, 400);
    assert!(crate::support::fetch(&landed).body.contains("Signed in"));
    call.end().exits(0);
}

#[test]
fn what_is_pasted_has_to_belong_to_this_sign_in() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let args = ["auth", "google", "--redirect-stdin", "--wait", "10"];
    home.run_with(&args, "http://127.0.0.1:1/?code=4/0A&state=other\n")
        .exits(7)
        .says(&["belongs to another sign-in"]);
    home.run_with(&args, "http://127.0.0.1:1/nothing\n")
        .exits(7)
        .says(&["holds no code"]);
    home.run_with(&args, "")
        .exits(5)
        .says(&["no address was pasted"]);
}

#[test]
fn nothing_is_asked_without_a_terminal() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let ran = home
        .run(&["auth", "google", "--no-browser"])
        .exits(2)
        .says(&["there is no terminal", "--redirect-stdin"]);
    assert!(ran.took < Duration::from_secs(5));
}

#[test]
fn one_call_reads_standard_input_for_one_thing() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let google = [
        "--redirect-stdin",
        "--refresh-token-stdin",
        "--client-secret-stdin",
    ];
    let crm = [
        "--redirect-stdin",
        "--grant-code-stdin",
        "--refresh-token-stdin",
        "--client-secret-stdin",
        "--api-key-stdin",
    ];
    for (side, flags) in [("google", &google[..]), ("crm", &crm[..])] {
        for (at, one) in flags.iter().enumerate() {
            for other in &flags[at + 1..] {
                home.run_with(&["auth", side, "sales", one, other], "x\n")
                    .exits(2)
                    .says(&["cannot be used with"]);
            }
        }
    }
}

#[test]
fn a_refused_client_and_a_broken_client_file_are_told_apart() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let file = home.path().join("config/client.json");
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, good.replace("MARKED", "OTHER")).unwrap();
    let (page, ran) = decide(&home, "auto=allow");
    assert!(page.contains("Not signed in"), "{page}");
    let ran = ran.exits(7).says(&["its secret is wrong"]);
    assert!(!ran.stderr.contains("OTHER-google"), "{}", ran.stderr);
    std::fs::write(&file, "{\"installed\": {\"client_id\": \"x\"}}").unwrap();
    home.run(&["auth", "google"])
        .exits(7)
        .says(&["client_secret", "Desktop app"]);
    std::fs::remove_file(&file).unwrap();
    home.run(&["auth", "google"])
        .exits(7)
        .says(&["client.json", "docs/google-setup.md"]);
}

#[test]
fn a_store_that_others_can_read_is_refused_before_the_browser() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.sign_in_google();
    let file = home.token_file("google-sales");
    let dir = file.parent().unwrap();
    std::fs::set_permissions(dir, PermissionsExt::from_mode(0o755)).unwrap();
    home.run(&["auth", "google"]).exits(5).says(&["chmod 700"]);
    std::fs::set_permissions(dir, PermissionsExt::from_mode(0o700)).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
    home.run(&["auth", "status"])
        .exits(5)
        .answers(&["chmod 600"]);
    home.run(&["sync", "sales"]).exits(5).says(&["chmod 600"]);
}

#[test]
fn a_google_without_a_refresh_token_or_out_of_reach_is_told() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    sandbox.google("switch", &json!({"refresh_token": "never"}));
    let (_, ran) = decide(&home, "auto=allow");
    ran.exits(5)
        .says(&["no refresh token", "myaccount.google.com/connections"]);
    sandbox.google("switch", &json!({"refresh_token": "always"}));
    sandbox
        .fault(&json!({"service": "google", "call": "oauth.token", "kind": "not_available_503"}));
    let (page, ran) = decide(&home, "auto=allow");
    assert!(page.contains("Not signed in"), "{page}");
    ran.exits(6).says(&["HTTP 503"]);
}

#[test]
fn a_service_accounts_refusals_say_who_has_to_do_what() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let file = home.service_account_key(&sandbox);
    let call = |subject: &str| {
        let args = [
            "auth",
            "google",
            "--service-account",
            "key.json",
            "--subject",
            subject,
        ];
        home.run(&args)
    };
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    call("me@example.com").exits(5).says(&["chmod 600"]);
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    call("me@example.com").exits(5).says(&["invalid_grant"]);
    let scope = |scopes: &str| {
        let body = json!({"client_email": "robot@example.com", "client_id": "1122334455", "scopes": scopes});
        sandbox.google("service_account", &body);
    };
    scope("https://www.googleapis.com/auth/contacts.readonly");
    call("me@example.com").exits(5).says(&[
        "Domain-wide delegation",
        "1122334455",
        "auth/contacts",
    ]);
    scope("https://www.googleapis.com/auth/contacts");
    call("nobody@example.com")
        .exits(5)
        .says(&["knows no user nobody@example.com", "--subject"]);
    call("me@example.com")
        .exits(0)
        .answers(&["as me@example.com"]);
    assert_eq!(home.tokens("google-sales")["kind"], "service-account");
    home.run(&["auth", "google", "--service-account", "key.json"])
        .exits(2)
        .says(&["--subject USER"]);
    home.run(&["auth", "google", "--subject", "me@example.com"])
        .exits(2)
        .says(&["--service-account FILE"]);
    home.profile("sales", &[("google.account", "\"you@example.com\"")]);
    call("me@example.com").exits(5).says(&["you@example.com"]);
}
