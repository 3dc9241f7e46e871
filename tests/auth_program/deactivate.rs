//! `deactivate`: stops, revokes, forgets; keeps the links, and what it cannot revoke.

use serde_json::{Value, json};

use crate::admin::Sandbox;
use crate::support::Home;

fn alive(sandbox: &Sandbox) -> usize {
    let list = sandbox.crm("tokens", &json!({"action": "list"}));
    list["refresh"].as_array().unwrap().len()
}

/// Whether Google still renews with that refresh token.
fn renews(home: &Home, token: &str) -> bool {
    home.profile("probe", &[]);
    let ran = home.run_with(&["auth", "google", "probe", "--refresh-token-stdin"], token);
    std::fs::remove_file(home.path().join("config/probe.toml")).unwrap();
    if ran.code == 0 {
        std::fs::remove_file(home.token_file("google-probe")).unwrap();
    }
    ran.code == 0
}

fn synced(home: &Home) -> Value {
    home.run(&["sync", "sales", "--json"]).exits(0).object()
}

#[test]
fn both_sign_ins_are_revoked_and_forgotten_and_the_links_stay() {
    let sandbox = Sandbox::start(6, 3);
    let home = Home::new(&sandbox);
    home.sign_in(&sandbox);
    let first = synced(&home);
    let token = home.tokens("google-sales")["refresh_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(renews(&home, &token));
    home.run(&["deactivate", "sales"]).exits(0).answers(&[
        "sales: deactivated",
        "links kept",
        "google: sign-in revoked and forgotten",
        "crm: sign-in revoked and forgotten",
        "every other host",
        "https://myaccount.google.com/connections",
    ]);
    assert!(!home.token_file("google-sales").exists() && !home.token_file("crm-sales").exists());
    assert!(!renews(&home, &token));
    assert_eq!(alive(&sandbox), 0);
    home.run(&["sync", "sales"])
        .exits(7)
        .says(&["is deactivated", "crmsync configure sales --activate"]);
    let before = sandbox.dump();
    home.run(&["sync", "--all"]).exits(0);
    assert_eq!(sandbox.dump(), before);
    let status = home.run(&["status", "sales", "--json"]).exits(0).object();
    assert_eq!(status["active"], false);
    assert_eq!(status["linked"], first["linked"]);
    // Once more is fine: there is nothing left to do.
    home.run(&["deactivate", "sales"])
        .exits(0)
        .answers(&["nobody was signed in"]);
}

#[test]
fn a_new_profile_for_the_same_accounts_makes_no_duplicates() {
    let sandbox = Sandbox::start(6, 3);
    let home = Home::new(&sandbox);
    home.sign_in(&sandbox);
    let first = synced(&home);
    let before = sandbox.dump();
    for flags in [
        &["deactivate", "sales"][..],
        &["deactivate", "sales", "--forget-links"][..],
    ] {
        home.run(flags).exits(0);
        home.profile("again", &[]);
        std::fs::remove_file(home.path().join("config/sales.toml")).unwrap();
        let mut call = home.start(&["auth", "google", "again"]);
        crate::support::follow(&format!("{}&auto=allow", call.address()));
        call.end().exits(0);
        let code = crate::support::grant_code(&sandbox);
        home.run_with(
            &["auth", "crm", "again", "--grant-code-stdin"],
            &format!("{code}\n{}", crate::support::CRM_SECRET),
        )
        .exits(0);
        let report = home.run(&["sync", "again", "--json"]).exits(0).object();
        assert_eq!(report["google"]["created"], 0, "{report}");
        assert_eq!(report["crm"]["created"], 0, "{report}");
        assert_eq!(report["linked"], first["linked"], "{report}");
        let count = |dump: &Value, side: &str| dump[side]["contacts"].as_array().unwrap().len();
        for side in ["google", "crm"] {
            assert_eq!(count(&sandbox.dump(), side), count(&before, side));
        }
        // Back to where it was for the next round.
        home.run(&["deactivate", "again", "--keep-tokens"]).exits(0);
        for half in ["google", "crm"] {
            let from = home.token_file(&format!("{half}-again"));
            std::fs::rename(from, home.token_file(&format!("{half}-sales"))).unwrap();
        }
        std::fs::remove_file(home.path().join("config/again.toml")).unwrap();
        home.profile("sales", &[]);
    }
}

#[test]
fn a_dry_run_changes_nothing() {
    let sandbox = Sandbox::start(4, 2);
    let home = Home::new(&sandbox);
    home.sign_in(&sandbox);
    synced(&home);
    let state = home.path().join("state/state.sqlite3");
    let before = (
        std::fs::read(&state).unwrap(),
        home.tokens("google-sales"),
        home.tokens("crm-sales"),
        alive(&sandbox),
    );
    home.run(&["deactivate", "sales", "--forget-links", "--dry-run"])
        .exits(0)
        .answers(&[
            "would be: deactivated",
            "would be: links forgotten",
            "google: sign-in revoked and forgotten",
        ]);
    let after = (
        std::fs::read(&state).unwrap(),
        home.tokens("google-sales"),
        home.tokens("crm-sales"),
        alive(&sandbox),
    );
    assert!(before == after);
    home.run(&["sync", "sales"]).exits(0);
}

#[test]
fn kept_tokens_are_neither_revoked_nor_forgotten() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.sign_in(&sandbox);
    home.run(&["deactivate", "sales", "--keep-tokens"])
        .exits(0)
        .answers(&["sign-ins kept"]);
    assert!(home.token_file("google-sales").exists());
    assert_eq!(alive(&sandbox), 1);
    // It never ran, and is deactivated all the same.
    home.run(&["sync", "sales"])
        .exits(7)
        .says(&["is deactivated"]);
    home.run(&["sync", "--all"]).exits(0);
    let status = home.run(&["status", "sales", "--json"]).exits(0).object();
    assert_eq!(status["active"], false);
}

#[test]
fn what_is_no_longer_valid_counts_as_done() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.sign_in(&sandbox);
    sandbox.google("revoke_refresh_tokens", &json!({}));
    sandbox.crm("tokens", &json!({"action": "forget"}));
    home.run(&["deactivate", "sales"]).exits(0).answers(&[
        "google: sign-in forgotten; it was no longer valid",
        "crm: sign-in forgotten; it was no longer valid",
    ]);
    assert!(!home.token_file("google-sales").exists());
}

#[test]
fn an_unreachable_service_does_not_stop_it_and_its_tokens_wait() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.sign_in(&sandbox);
    sandbox
        .fault(&json!({"service": "google", "call": "oauth.revoke", "kind": "not_available_503"}));
    home.run(&["deactivate", "sales"])
        .exits(6)
        .answers(&["sales: deactivated", "crm: sign-in revoked and forgotten"])
        .says(&[
            "google: the profile is deactivated, but its sign-in is not revoked",
            "crmsync deactivate sales",
            "myaccount.google.com/connections",
        ]);
    assert!(home.token_file("google-sales").exists());
    assert!(!home.token_file("crm-sales").exists());
    home.run(&["sync", "sales"]).exits(7);
    sandbox.admin("DELETE", "faults", &Value::Null);
    home.run(&["deactivate", "sales"])
        .exits(0)
        .answers(&["google: sign-in revoked and forgotten"]);
    assert!(!home.token_file("google-sales").exists());
}

#[test]
fn a_sign_in_that_another_active_profile_lives_on_is_not_revoked() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.sign_in(&sandbox);
    home.profile("support", &[]);
    for half in ["google", "crm"] {
        let from = home.token_file(&format!("{half}-sales"));
        let to = home.token_file(&format!("{half}-support"));
        std::fs::copy(from, to).unwrap();
    }
    home.run(&["deactivate", "sales"]).exits(0).answers(&[
        "google: sign-in forgotten, not revoked",
        "crm: sign-in forgotten, not revoked",
        "support would be signed out too",
    ]);
    home.run(&["sync", "support"]).exits(0);
    home.run(&["deactivate", "support"])
        .exits(0)
        .answers(&["google: sign-in revoked and forgotten"]);
    assert_eq!(alive(&sandbox), 0);
}

#[test]
fn an_unknown_profile_is_refused_and_a_deleted_one_is_not() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.run(&["deactivate", "slaes"]).exits(7).says(&["sales"]);
    home.run(&["deactivate"]).exits(2);
    home.sign_in(&sandbox);
    std::fs::remove_file(home.path().join("config/sales.toml")).unwrap();
    home.run(&["deactivate", "sales"]).exits(0);
    assert_eq!(alive(&sandbox), 0);
    // Written anew, it is still deactivated.
    home.profile("sales", &[]);
    home.run(&["sync", "sales"]).exits(7);
}

#[test]
fn a_run_that_is_active_is_not_cut_off() {
    let sandbox = Sandbox::start(3, 0);
    let home = Home::new(&sandbox);
    home.sign_in(&sandbox);
    synced(&home);
    sandbox
        .fault(&json!({"service": "google", "call": "*", "kind": "slow", "params": {"ms": 3000}}));
    let run = home.start(&["sync", "sales", "--full"]);
    // The run has the lock from its first request on.
    let mut code = 0;
    for _ in 0..40 {
        let log = sandbox.admin("GET", "requests", &Value::Null).to_string();
        if log.contains("\"slow\"") {
            code = home.run(&["deactivate", "sales"]).code;
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(code, 8);
    run.end().exits(0);
    assert!(home.token_file("google-sales").exists());
}
