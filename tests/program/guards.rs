//! What came from outside: a side put back from a backup, a list that broke off, a state file from
//! another machine or from last week.

use serde_json::{Value, json};

use crate::support::{Home, Sandbox, emails, fresh, named, record};

/// Six linked contacts.
fn six() -> (Sandbox, Home, Vec<String>) {
    let sandbox = Sandbox::empty();
    let ids = (0..6)
        .map(|n| sandbox.add_crm(&record("Ada", "Reed", &format!("p{n}@example.com"))))
        .collect();
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    home.synced(&["sales"]);
    (sandbox, home, ids)
}

/// A run that is refused and changes nothing.
#[track_caller]
fn refused(sandbox: &Sandbox, home: &Home, args: &[&str], words: &[&str]) {
    let before = sandbox.dump();
    let ran = home.sync(args).exits(4);
    assert_eq!(sandbox.dump(), before, "nothing was written");
    let report = ran.object();
    assert_eq!(report["outcome"], "refused", "{report}");
    assert_eq!(report["error"]["code"], 4, "{report}");
    for word in words {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    assert!(
        ran.stderr.contains("`crmsync sync sales --allow-bulk`"),
        "{}",
        ran.stderr
    );
}

/// Edits some records after a backup was taken, syncs, and puts the backup back.
fn rewind(sandbox: &Sandbox, home: &Home, ids: &[String]) {
    sandbox.crm("backup", &json!({}));
    for id in ids {
        sandbox.edit_crm(id, &json!({"Phone": "+49 30 5"}));
    }
    let report = home.synced(&["sales"]);
    assert_eq!(report["google"]["updated"], ids.len(), "{report}");
    sandbox.crm("put_back", &json!({}));
}

fn phone(sandbox: &Sandbox, email: &str) -> Value {
    named(&sandbox.google_contacts(), email)["phoneNumbers"][0]["value"].clone()
}

#[test]
fn a_side_that_was_put_back_from_a_backup_is_refused_until_that_is_allowed() {
    let (sandbox, home, ids) = six();
    rewind(&sandbox, &home, &ids[..4]);
    let words = ["4 of 6", "the CRM", "backup", "position ok"];
    refused(&sandbox, &home, &["sales", "--full"], &words);
    // Neither time nor a reading of changes alone makes it forget.
    refused(&sandbox, &home, &["sales"], &words[..3]);
    home.sync(&["sales", "--dry-run"]).exits(4);
    assert_eq!(phone(&sandbox, "p0@example.com"), "+49 30 5");
    let through = home.synced(&["sales", "--allow-bulk"]);
    assert_eq!(through["google"]["updated"], 4, "{through}");
    assert_eq!(phone(&sandbox, "p0@example.com"), Value::Null);
    for args in [&["sales"][..], &["sales", "--full"]] {
        assert_eq!(home.synced(args)["outcome"], "in-sync");
    }
}

#[test]
fn two_older_records_are_no_backup() {
    let (sandbox, home, ids) = six();
    rewind(&sandbox, &home, &ids[..2]);
    assert_eq!(home.synced(&["sales", "--full"])["google"]["updated"], 2);
}

#[test]
fn a_listing_that_lags_behind_an_edit_is_no_edit() {
    let (sandbox, home, _) = six();
    sandbox.advance("2h");
    home.synced(&["sales"]);
    for n in 0..2 {
        let all = sandbox.google_contacts();
        let id = named(&all, &format!("p{n}@example.com"))["resourceName"].clone();
        let title = json!({"organizations": [{"title": "Baker"}]});
        sandbox.edit_google(id.as_str().unwrap(), &title);
    }
    assert_eq!(home.synced(&["sales"])["crm"]["updated"], 2);
    // The whole list still shows them as they were.
    sandbox.google("switch", &json!({"listing_lag_seconds": 3600}));
    let before = sandbox.dump();
    assert_eq!(home.synced(&["sales", "--full"])["outcome"], "in-sync");
    assert_eq!(sandbox.dump(), before);
    sandbox.google("switch", &json!({"listing_lag_seconds": 0}));
    assert_eq!(home.synced(&["sales", "--full"])["outcome"], "in-sync");
    assert_eq!(sandbox.dump(), before);
}

#[test]
fn a_list_that_ends_early_with_a_token_is_held_against_the_count() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    for n in 0..40 {
        sandbox.add_crm(&record("Ada", "Reed", &format!("p{n}@example.com")));
    }
    home.profile("sales", &[("sync.on_delete", "\"delete\"")]);
    home.synced(&["sales"]);
    for args in [
        &["sales", "--full"][..],
        &["sales", "--full", "--allow-bulk"],
    ] {
        sandbox.fault(&json!({"service": "google", "call": "connections.list", "kind": "cut_listing", "times": 1,
            "params": {"token": true}}));
        let before = sandbox.dump();
        let ran = home.sync(args).exits(6);
        assert_eq!(sandbox.dump(), before, "nothing was written");
        for word in ["20 contacts", "counts 40", "help:"] {
            assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
        }
    }
    assert_eq!(home.synced(&["sales", "--full"])["outcome"], "in-sync");
}

#[test]
fn a_list_that_breaks_off_is_not_taken_for_the_whole() {
    let (sandbox, home, _) = six();
    for n in 0..6 {
        sandbox.add_crm(&fresh("Grace", "Holm", &format!("q{n}@example.com")));
    }
    for args in [
        &["sales", "--full"][..],
        &["sales", "--full", "--allow-bulk"],
    ] {
        sandbox.fault(&json!({"service": "google", "call": "connections.list", "kind": "cut_listing", "times": 1}));
        let before = sandbox.dump();
        let ran = home.sync(args).exits(6);
        assert_eq!(sandbox.dump(), before, "nothing was written");
        assert!(
            ran.stderr
                .contains("Google: 1 page, 3 contacts, token missing"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("help:"), "{}", ran.stderr);
    }
    let report = home.synced(&["sales", "--full"]);
    assert_eq!(report["google"]["created"], 6, "{report}");
    assert_eq!(sandbox.google_contacts().len(), 12);
}

#[test]
fn a_state_file_from_another_machine_is_refused_until_that_is_allowed() {
    let (sandbox, mut home, ids) = six();
    home.set("CRMSYNC_MACHINE_ID", "one");
    home.sync(&["sales", "--allow-bulk"]).exits(0);
    sandbox.edit_crm(&ids[0], &json!({"Phone": "+49 30 5"}));
    home.set("CRMSYNC_MACHINE_ID", "two");
    let words = ["another machine", "CRMSYNC_MACHINE_ID"];
    refused(&sandbox, &home, &["sales"], &words);
    refused(&sandbox, &home, &["sales", "--full"], &words);
    // A dry run says so and goes on.
    let dry = home.sync(&["sales", "--dry-run"]).exits(0);
    assert_eq!(dry.object()["google"]["updated"], 1);
    assert!(dry.stderr.contains("another machine"), "{}", dry.stderr);
    home.synced(&["sales", "--allow-bulk"]);
    assert_eq!(home.synced(&["sales"])["outcome"], "in-sync");
    // Now it is the other one that is refused.
    home.set("CRMSYNC_MACHINE_ID", "one");
    refused(&sandbox, &home, &["sales"], &words);
}

#[test]
fn a_state_file_that_is_older_than_the_last_runs_doubles_and_loses_nobody() {
    let (sandbox, home, ids) = six();
    let old = std::fs::read(home.state()).unwrap();
    let wal = home.state().with_file_name("state.sqlite3-wal");
    assert!(!wal.exists(), "the copy would not be whole");
    sandbox.edit_crm(&ids[0], &json!({"Phone": "+49 30 5"}));
    sandbox.add_crm(&fresh("Grace", "Holm", "new@example.com"));
    sandbox.delete_crm(&ids[1]);
    let report = home.synced(&["sales"]);
    assert_eq!(
        (&report["google"]["created"], &report["google"]["updated"]),
        (&json!(1), &json!(1)),
        "{report}"
    );
    sandbox.edit_crm(&ids[2], &json!({"Phone": "+49 30 6"}));
    std::fs::write(home.state(), old).unwrap();
    let report = home.synced(&["sales"]);
    assert_eq!(
        (
            &report["google"]["created"],
            &report["google"]["updated"],
            &report["adopted"]
        ),
        (&json!(0), &json!(1), &json!(1)),
        "{report}"
    );
    assert_eq!(home.synced(&["sales", "--full"])["outcome"], "in-sync");
    for (email, number) in [
        ("p0@example.com", "+49 30 5"),
        ("p2@example.com", "+49 30 6"),
    ] {
        assert_eq!(phone(&sandbox, email), number);
    }
    let mut all: Vec<String> = sandbox.google_contacts().iter().flat_map(emails).collect();
    all.sort();
    let count = all.len();
    all.dedup();
    assert_eq!((count, all.len()), (7, 7), "{all:?}");
    assert_eq!(sandbox.crm_contacts().len(), 6);
}
