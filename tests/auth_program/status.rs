//! `auth status`: who, which scopes, until when, and the seven days of an unpublished app.

use serde_json::json;

use crate::admin::Sandbox;
use crate::support::Home;

#[test]
fn status_says_who_which_scopes_how_and_until_when() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.run(&["auth", "status"]).exits(5).answers(&[
        "nobody",
        "crmsync auth google sales",
        "crmsync auth crm sales",
    ]);
    home.sign_in(&sandbox);
    home.run(&["auth", "status", "sales"]).exits(0).answers(&[
        "me@example.com",
        "signed in by a person (file)",
        "https://www.googleapis.com/auth/contacts",
        "until 20",
        "\"Testing\"",
        "docs/google-setup.md",
    ]);
    let report = home.run(&["auth", "status", "--json"]).exits(0).object();
    assert_eq!(report["profile"], "sales");
    let google = &report["google"];
    assert_eq!(google["signed_in"], true);
    assert_eq!(google["account"], "me@example.com");
    assert_eq!(google["way"], "person");
    assert_eq!(google["missing_scopes"], json!([]));
    assert!(google["scopes"].as_array().unwrap().len() >= 2);
    assert!(google["access_expires"].is_string() && google["since"].is_string());
    assert!(google["warning"].as_str().unwrap().contains("Testing"));
    assert_eq!(google["error"], json!(null));
    assert_eq!(report["crm"]["signed_in"], true);
    // After a run the CRM's side knows whose it is.
    home.run(&["sync", "sales"]).exits(0);
    let report = home.run(&["auth", "status", "--json"]).exits(0).object();
    assert!(
        report["crm"]["account"]
            .as_str()
            .unwrap()
            .starts_with("zoho/")
    );
}

#[test]
fn a_scope_that_a_changed_profile_needs_is_missing() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.direction", "\"google-to-crm\"")]);
    home.sign_in(&sandbox);
    home.run(&["auth", "status"]).exits(0);
    home.profile("sales", &[]);
    let report = home.run(&["auth", "status", "--json"]).exits(5).object();
    assert_eq!(
        report["google"]["missing_scopes"],
        json!(["https://www.googleapis.com/auth/contacts"])
    );
    assert_eq!(report["google"]["signed_in"], false);
    assert!(
        report["google"]["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("crmsync auth google sales")
    );
    home.run(&["sync", "sales"]).exits(5);
}

#[test]
fn the_seven_days_of_an_unpublished_app_are_explained_when_they_are_over() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    sandbox.google("switch", &json!({"testing_mode": true}));
    home.sign_in(&sandbox);
    let file = home.token_file("google-sales");
    let mut tokens = home.tokens("google-sales");
    // The sandbox's clock moves; the program's view of the sign-in's age is in the file.
    sandbox.admin("POST", "clock", &json!({"advance": "8d"}));
    let past = |days: i64| {
        (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days)).to_string()
    };
    tokens["issued_at"] = json!(past(8));
    tokens["expires_at"] = json!(past(7));
    std::fs::write(&file, tokens.to_string()).unwrap();
    home.run(&["sync", "sales"]).exits(5).says(&[
        "Testing",
        "crmsync auth google sales",
        "docs/google-setup.md",
    ]);
}

#[test]
fn ready_tokens_and_systemd_credentials_are_named_as_such() {
    let sandbox = Sandbox::empty();
    let mut home = Home::new(&sandbox);
    home.sign_in(&sandbox);
    let credentials = home.path().join("credentials");
    std::fs::create_dir(&credentials).unwrap();
    let google = home.token_file("google-sales");
    std::fs::rename(&google, credentials.join("google-sales")).unwrap();
    home.run(&["auth", "status"]).exits(5);
    let set = |home: &mut Home, name: &str, value: &str| {
        home.env.insert(name.to_owned(), value.to_owned())
    };
    set(
        &mut home,
        "CREDENTIALS_DIRECTORY",
        &credentials.display().to_string(),
    );
    let report = home.run(&["auth", "status", "--json"]).exits(0).object();
    assert_eq!(report["google"]["source"], "systemd");
    assert_eq!(report["google"]["account"], "me@example.com");
    home.run(&["sync", "sales"]).exits(0);
    set(&mut home, "CRMSYNC_GOOGLE_TOKEN", "sandbox-google-token");
    let report = home.run(&["auth", "status", "--json"]).exits(0).object();
    assert_eq!(report["google"]["way"], "ready-token");
    assert_eq!(report["google"]["source"], "CRMSYNC_GOOGLE_TOKEN");
    assert_eq!(report["crm"]["source"], "file");
}

#[test]
fn one_broken_profile_does_not_hide_the_others() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.sign_in(&sandbox);
    std::fs::write(home.path().join("config/broken.toml"), "nonsense = 1\n").unwrap();
    let ran = home.run(&["auth", "status", "--json"]).exits(7);
    assert_eq!(ran.object()["profile"], "sales");
    ran.says(&["nonsense"]);
}
