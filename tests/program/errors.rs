//! Every error that a user can make: one clear message, the right code, nothing written.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;

use crate::support::{Home, Ran, Sandbox, named, record};

/// Runs a sync that has to fail: the code, one message with these words and a cure, stdout empty (or one
/// object with `--json`), both books as before.
#[track_caller]
pub(crate) fn fails(
    sandbox: &Sandbox,
    home: &Home,
    args: &[&str],
    code: i32,
    words: &[&str],
) -> Ran {
    let before = sandbox.dump();
    let mut all = vec!["sync"];
    all.extend(args);
    let ran = home.run(&all).exits(code);
    assert_eq!(ran.stdout, "", "stdout is for answers");
    assert_eq!(
        ran.stderr.matches("error").count() - ran.stderr.matches("error_").count(),
        1,
        "one message: {}",
        ran.stderr
    );
    let cure = ran
        .stderr
        .rsplit("help: ")
        .next()
        .unwrap_or_default()
        .trim();
    assert_eq!(
        ran.stderr.matches(cure).count(),
        1,
        "told once: {}",
        ran.stderr
    );
    assert!(ran.stderr.contains("help:"), "a cure: {}", ran.stderr);
    for word in words {
        assert!(
            ran.stderr.contains(word),
            "`{word}` is missing: {}",
            ran.stderr
        );
    }
    for secret in home.env.iter().map(|(_, value)| value) {
        assert!(
            !ran.stderr.contains(secret.as_str()),
            "a token is shown: {}",
            ran.stderr
        );
    }
    all.push("--json");
    let json = home.run(&all).exits(code);
    let report = json.object();
    assert_eq!(report["error"]["code"], code, "{report}");
    assert_eq!(sandbox.dump(), before, "nothing was written");
    ran
}

/// Four contacts on each side, two of them the same, and a profile on them.
pub(crate) fn start() -> (Sandbox, Home) {
    let sandbox = Sandbox::start(4, 2);
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    (sandbox, home)
}

#[test]
fn a_wrong_token_names_the_side_and_how_to_sign_in() {
    let (sandbox, mut home) = start();
    home.set("CRMSYNC_GOOGLE_TOKEN", "expired-google");
    fails(
        &sandbox,
        &home,
        &["sales"],
        5,
        &["Google", "CRMSYNC_GOOGLE_TOKEN"],
    );
    home.set("CRMSYNC_GOOGLE_TOKEN", "sandbox-google-token");
    home.set("CRMSYNC_CRM_TOKEN", "expired-crm");
    fails(
        &sandbox,
        &home,
        &["sales"],
        5,
        &["Zoho CRM", "CRMSYNC_CRM_TOKEN"],
    );
}

#[test]
fn no_token_at_all_says_how_to_sign_in() {
    let (sandbox, mut home) = start();
    home.env.retain(|(name, _)| name != "CRMSYNC_GOOGLE_TOKEN");
    fails(
        &sandbox,
        &home,
        &["sales"],
        5,
        &["google", "crmsync auth google"],
    );
}

#[test]
fn a_read_only_token_is_found_out_by_the_first_refusal() {
    let (sandbox, mut home) = start();
    home.set("CRMSYNC_GOOGLE_TOKEN", "sandbox-google-readonly-token");
    home.profile("sales", &[("sync.direction", "\"crm-to-google\"")]);
    fails(&sandbox, &home, &["sales"], 5, &["auth/contacts"]);
}

#[test]
fn an_unknown_label_or_view_shows_what_there_is() {
    let (sandbox, home) = start();
    home.profile("sales", &[("google.group", "\"contactGroups/nope\"")]);
    fails(
        &sandbox,
        &home,
        &["sales"],
        7,
        &["contactGroups/nope", "CRM"],
    );
    home.profile("sales", &[("crm.view", "\"All Contact\"")]);
    fails(
        &sandbox,
        &home,
        &["sales"],
        7,
        &["All Contact", "All Contacts"],
    );
    home.profile(
        "sales",
        &[
            ("sync.direction", "\"google-to-crm\""),
            ("google.group", "\"CRN\""),
        ],
    );
    fails(&sandbox, &home, &["sales"], 7, &["CRN", "CRM"]);
}

#[test]
fn a_view_that_is_deleted_later_ends_the_run_and_deletes_nothing() {
    let (sandbox, home) = start();
    sandbox.add_view("Partners", "Partner");
    sandbox.add_crm(&record("Ada", "Abel", "ada@example.com"));
    home.profile(
        "sales",
        &[
            ("crm.view", "\"Partners\""),
            ("sync.on_delete", "\"delete\""),
        ],
    );
    home.synced(&["sales"]);
    sandbox.crm("view_delete", &json!({"name": "Partners"}));
    let ran = fails(
        &sandbox,
        &home,
        &["sales", "--full"],
        7,
        &["list view `Partners`", "crmsync configure"],
    );
    assert!(ran.took < Duration::from_secs(10));
}

#[test]
fn missing_rights_are_named_and_one_way_needs_only_view() {
    let (sandbox, home) = start();
    sandbox.crm(
        "set_rights",
        &json!({"create": false, "edit": false, "delete": false}),
    );
    fails(
        &sandbox,
        &home,
        &["sales"],
        5,
        &["Create", "Edit", "crm-to-google"],
    );
    home.profile("sales", &[("sync.direction", "\"crm-to-google\"")]);
    assert_eq!(home.synced(&["sales"])["outcome"], "changed");
    sandbox.crm(
        "set_rights",
        &json!({"create": true, "edit": true, "delete": false}),
    );
    home.profile("other", &[("sync.on_delete", "\"delete\"")]);
    fails(&sandbox, &home, &["other"], 5, &["Delete"]);
    sandbox.crm("set_rights", &json!({"view": false}));
    home.profile(
        "third",
        &[
            ("sync.direction", "\"crm-to-google\""),
            ("google.group", "\"Third\""),
        ],
    );
    fails(&sandbox, &home, &["third"], 5, &["View"]);
}

const KEY: &str = "[[map]]\ncrm = \"Email\"\ngoogle = \"email.work\"\nkey = true\n[[map]]\ncrm = \"Last_Name\"\ngoogle = \"name.family\"\n";

#[test]
fn a_mapping_to_a_read_only_unknown_or_hidden_field_points_at_the_line() {
    let (sandbox, home) = start();
    let map = |field: &str| format!("{KEY}[[map]]\ncrm = \"{field}\"\ngoogle = \"custom.x\"\n");
    home.profile("sales", &[("map", &map("Full_Name"))]);
    fails(
        &sandbox,
        &home,
        &["sales"],
        7,
        &["sales.toml:", "Full_Name", "read-only"],
    );
    home.profile("sales", &[("map", &map("Mobil"))]);
    fails(
        &sandbox,
        &home,
        &["sales"],
        7,
        &["sales.toml:", "Mobil", "`Mobile`"],
    );
    sandbox.crm("set_field", &json!({"api_name": "Fax", "hidden": true}));
    home.profile("hid", &[("google.group", "\"Hid\""), ("map", &map("Fax"))]);
    fails(
        &sandbox,
        &home,
        &["hid"],
        7,
        &["hid.toml:", "Fax", "hides it"],
    );
    home.profile(
        "sales",
        &[(
            "map",
            &map("Full_Name").replace(
                "custom.x\"\n",
                "custom.x\"\ndirection = \"crm-to-google\"\n",
            ),
        )],
    );
    home.synced(&["sales"]);
}

#[test]
fn a_value_that_is_too_long_is_reported_and_the_others_go_over() {
    let sandbox = Sandbox::empty();
    let group = sandbox.add_group("CRM");
    for (n, title) in ["Buyer".to_owned(), "x".repeat(120)].iter().enumerate() {
        let mut one = crate::support::person("Ada", "Abel", &format!("n{n}@example.com"));
        one["organizations"] = json!([{"title": title, "type": "work"}]);
        let name = sandbox.add_google(&one);
        sandbox.members(&group, &[&name], &[]);
    }
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    for _ in 0..2 {
        let ran = home.sync(&["sales"]).exits(3);
        let report = ran.object();
        assert_eq!(report["problems"].as_array().unwrap().len(), 1, "{report}");
        let problem = &report["problems"][0];
        assert_eq!(
            (&problem["kind"], &problem["email"]),
            (&json!("rejected"), &json!("n1@example.com")),
            "{report}"
        );
        assert!(
            problem["reason"].as_str().unwrap().contains("100"),
            "{problem}"
        );
    }
    assert_eq!(sandbox.crm_contacts().len(), 1);
    named(&sandbox.crm_contacts(), "n0@example.com");
}

#[test]
fn a_server_that_is_down_is_told_within_seconds() {
    let (sandbox, home) = start();
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let address = format!("\"http://{closed}\"");
    home.profile("sales", &[("google.endpoint", &address)]);
    let ran = fails(
        &sandbox,
        &home,
        &["sales"],
        6,
        &["Google", &closed.to_string()],
    );
    assert!(ran.took < Duration::from_secs(15), "{:?}", ran.took);
    home.profile("sales", &[("crm.endpoint", &address)]);
    let ran = fails(&sandbox, &home, &["sales"], 6, &["Zoho CRM"]);
    assert!(ran.took < Duration::from_secs(15), "{:?}", ran.took);
}

#[test]
fn a_server_that_stays_unavailable_uses_up_the_patience_and_no_more() {
    let (sandbox, home) = start();
    sandbox.fault(&json!({"service": "google", "call": "*", "kind": "not_available_503"}));
    let ran = fails(
        &sandbox,
        &home,
        &["sales", "--patience", "2s"],
        6,
        &["Google", "--patience"],
    );
    assert!(ran.took < Duration::from_secs(8), "{:?}", ran.took);
    sandbox.no_faults();
    sandbox.fault(&json!({"service": "zoho", "call": "*", "kind": "throttled", "params": {"retry_after": 3600}}));
    let ran = fails(&sandbox, &home, &["sales"], 6, &["Zoho CRM"]);
    assert!(
        ran.took < Duration::from_secs(3),
        "a wait of an hour is not begun: {:?}",
        ran.took
    );
    sandbox.no_faults();
    home.synced(&["sales"]);
}

#[test]
fn a_broken_unknown_or_deactivated_profile_is_exit_7() {
    let (sandbox, home) = start();
    fails(&sandbox, &home, &["salse"], 7, &["salse", "sales"]);
    let text = std::fs::read_to_string(home.profile_file("sales")).unwrap();
    std::fs::write(
        home.profile_file("sales"),
        text.replace("google.account", "google.acount"),
    )
    .unwrap();
    fails(
        &sandbox,
        &home,
        &["sales"],
        7,
        &["sales.toml:", "acount", "`account`"],
    );
    std::fs::write(home.profile_file("sales"), "this is = not [ toml").unwrap();
    fails(&sandbox, &home, &["sales"], 7, &["sales.toml:1:"]);
    home.profile("sales", &[]);
    home.synced(&["sales"]);
    let state = rusqlite::Connection::open(home.state()).unwrap();
    let set = "UPDATE scope SET facts = json_set(facts, '$.active', json('false'))";
    assert_eq!(state.execute(set, []).unwrap(), 1);
    drop(state);
    fails(
        &sandbox,
        &home,
        &["sales"],
        7,
        &["deactivated", "--activate"],
    );
    assert_eq!(home.sync(&["--all"]).exits(0).stdout, "");
}

#[test]
fn an_api_that_is_switched_off_is_told() {
    let (sandbox, home) = start();
    sandbox.fault(&json!({"service": "google", "call": "*", "kind": "api_disabled"}));
    fails(&sandbox, &home, &["sales"], 5, &["Google"]);
}
