//! `configure` by options: what it writes, what it refuses, what it says.

use serde_json::json;

use crate::support::{Home, Sandbox, write};

#[test]
fn every_option_of_the_contract_reaches_its_key() {
    let home = Home::new();
    let client = home.path("client.json");
    write(
        &client,
        r#"{"installed": {"client_id": "abc.apps.example.com", "client_secret": "not-a-secret", "redirect_uris": ["http://localhost"]}}"#,
    );
    home.call(&[
        "configure",
        "sales",
        "--direction",
        "crm-to-google",
        "--on-conflict",
        "hold",
        "--frequency",
        "45m",
        "--first-limit",
        "0",
        "--next-limit",
        "77",
        "--on-delete",
        "archive",
        "--on-leave",
        "keep",
        "--google-group",
        "contactGroups/abc",
        "--google-client-secret",
        client.to_str().unwrap(),
        "--crm-kind",
        "zoho",
        "--crm-view",
        "My Contacts",
        "--crm-module",
        "Leads",
        "--data-center",
        "jp",
        "--client-id",
        "1000.EXAMPLE",
        "--set",
        "sync.full_every=12h",
        "--set",
        "crm.defaults.Lead_Source=Google",
    ])
    .expect(0);
    let text = home.read(".config/crmsync/sales.toml").unwrap();
    let table: toml::Table = text.parse().unwrap();
    for (section, key, value) in [
        ("sync", "direction", toml::Value::from("crm-to-google")),
        ("sync", "on_conflict", toml::Value::from("hold")),
        ("sync", "frequency", toml::Value::from("45m")),
        ("sync", "first_limit", toml::Value::from(0)),
        ("sync", "next_limit", toml::Value::from(77)),
        ("sync", "on_delete", toml::Value::from("archive")),
        ("sync", "on_leave", toml::Value::from("keep")),
        ("sync", "full_every", toml::Value::from("12h")),
        ("google", "group", toml::Value::from("contactGroups/abc")),
        ("crm", "kind", toml::Value::from("zoho")),
        ("crm", "view", toml::Value::from("My Contacts")),
        ("crm", "module", toml::Value::from("Leads")),
        ("crm", "data_center", toml::Value::from("jp")),
        ("crm", "client_id", toml::Value::from("1000.EXAMPLE")),
    ] {
        assert_eq!(table[section].get(key), Some(&value), "{section}.{key}");
    }
    assert_eq!(
        table["crm"]["defaults"]["Lead_Source"].as_str(),
        Some("Google")
    );
    let client = client.canonicalize().unwrap();
    assert_eq!(table["google"]["client_secret"].as_str(), client.to_str());
}

#[test]
fn an_edit_keeps_comments_order_and_mode() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let path = home.profile("sales");
    let before = "# ours\n[crm]   # the CRM\nview = \"All Contacts\" # every one\nkind = \"zoho\"\n\n[google]\ngroup = 'CRM'\n";
    write(&path, before);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    home.call(&["configure", "sales", "--crm-view", "My Contacts"])
        .expect(0);
    let after = std::fs::read_to_string(&path).unwrap();
    assert_eq!(after, before.replace("\"All Contacts\"", "\"My Contacts\""));
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    let said = home
        .call(&["configure", "sales", "--crm-view", "My Contacts"])
        .expect(0);
    assert!(said.out.contains("unchanged"), "{}", said.out);
}

#[test]
fn a_wrong_call_is_exit_2_and_writes_nothing() {
    let home = Home::new();
    for (args, help) in [
        (vec!["--set", "sync.ful_every=12h"], "sync.full_every"),
        (vec!["--set", "sync.full_every"], "KEY=VALUE"),
        (vec!["--direction", "both"], "two-way"),
        (vec!["--frequency", "1m"], "5m"),
        (vec!["--set", "crm.refresh_token=hush"], "crmsync auth"),
        (vec!["--install-timer", "cron", "--system"], "systemd"),
    ] {
        let mut all = vec![
            "configure",
            "sales",
            "--google-group",
            "CRM",
            "--crm-view",
            "V",
        ];
        all.extend(&args);
        let said = home.call(&all).expect(2);
        assert!(said.err.contains(help), "{args:?}: {}", said.err);
        assert!(!said.err.contains("hush"), "{}", said.err);
        assert!(!home.profile("sales").exists(), "{args:?}");
    }
}

#[test]
fn a_file_that_is_broken_is_not_made_worse() {
    let home = Home::new();
    write(&home.profile("sales"), "[sync\n");
    let said = home
        .call(&["configure", "sales", "--frequency", "2h"])
        .expect(7);
    assert!(said.err.contains("editor"), "{}", said.err);
    assert_eq!(home.read(".config/crmsync/sales.toml").unwrap(), "[sync\n");
}

#[test]
fn an_unknown_view_or_module_field_is_exit_7_with_the_nearest_and_nothing_is_written() {
    let sandbox = Sandbox::start(5, 2);
    let home = Home::signed_in();
    home.with_profile(&sandbox, "sales", &[]);
    let before = home.read(".config/crmsync/sales.toml");
    let said = home
        .call(&["configure", "sales", "--crm-view", "Al Contacts"])
        .expect(7);
    assert!(said.err.contains("`All Contacts`"), "{}", said.err);
    assert_eq!(home.read(".config/crmsync/sales.toml"), before);
    let said = home
        .call(&[
            "configure",
            "sales",
            "--google-group",
            "contactGroups/nothing",
        ])
        .expect(7);
    assert!(said.err.contains("label"), "{}", said.err);
    assert_eq!(home.read(".config/crmsync/sales.toml"), before);
}

#[test]
fn missing_rights_are_named_and_viewing_is_enough_one_way() {
    let sandbox = Sandbox::start(5, 2);
    sandbox.crm(
        "set_rights",
        &json!({"create": false, "edit": false, "delete": false}),
    );
    let home = Home::signed_in();
    home.call(&["configure", "nowhere"]).expect(2);
    let said = {
        let address = &sandbox.address;
        let (google, crm) = (
            format!("google.endpoint={address}"),
            format!("crm.endpoint={address}"),
        );
        home.call(&[
            "configure",
            "sales",
            "--google-group",
            "CRM",
            "--crm-view",
            "All Contacts",
            "--set",
            &google,
            "--set",
            &crm,
        ])
        .expect(5)
    };
    assert!(said.err.contains("Create, Edit"), "{}", said.err);
    assert!(said.err.contains("crm-to-google"), "{}", said.err);
    assert!(home.profile("sales").exists(), "the choice itself is valid");
    home.call(&["configure", "sales", "--direction", "crm-to-google"])
        .expect(0);
}

#[test]
fn the_schema_is_json_and_knows_the_contracts_keys() {
    let home = Home::new();
    let said = home.call(&["configure", "--schema"]).expect(0);
    let schema: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    for (section, keys) in [
        (
            "sync",
            "direction on_conflict frequency first_limit next_limit on_delete on_leave no_email full_every region match_any_email propagate_clears enforce",
        ),
        (
            "google",
            "account group client_secret service_account subject endpoint auth_uri token_uri revoke_uri reads_per_minute writes_per_minute",
        ),
        (
            "crm",
            "kind view module data_center client_id endpoint accounts_endpoint defaults",
        ),
    ] {
        for key in keys.split(' ') {
            let property = &schema["properties"][section]["properties"][key];
            assert!(property.is_object(), "{section}.{key}");
            assert!(property["description"].is_string(), "{section}.{key}");
        }
    }
    for key in ["crm", "google", "key", "direction", "wins"] {
        assert!(schema["properties"]["map"]["items"]["properties"][key].is_object());
    }
    assert_eq!(
        schema["properties"]["sync"]["properties"]["on_delete"]["enum"],
        json!(["keep", "archive", "delete"])
    );
}
