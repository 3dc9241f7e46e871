//! The brakes: a run that looks like an accident is refused whole, exit 4.

use serde_json::{Value, json};

use crate::requests::fill_crm;
use crate::support::{Home, Sandbox, person};

/// Runs a sync that a brake refuses: exit 4, both sides as before, one message with the cure.
#[track_caller]
fn refused(sandbox: &Sandbox, home: &Home, args: &[&str], words: &[&str]) -> Value {
    let before = sandbox.dump();
    let ran = home.sync(args).exits(4);
    assert_eq!(sandbox.dump(), before, "nothing was written");
    let report = ran.object();
    assert_eq!(report["outcome"], "refused");
    assert!(report["run"].is_u64(), "a refused run has a number");
    assert_eq!(ran.stderr.matches("error:").count(), 1, "{}", ran.stderr);
    for word in words {
        assert!(
            ran.stderr.contains(word),
            "{word} is missing: {}",
            ran.stderr
        );
    }
    report
}

#[test]
fn many_deletes_are_refused_until_they_are_allowed() {
    let sandbox = Sandbox::empty();
    fill_crm(&sandbox, 60);
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.on_delete", "\"delete\"")]);
    home.synced(&["sales"]);
    let last = home.status("sales")["last_sync"].clone();
    let ids: Vec<_> = sandbox
        .crm_contacts()
        .iter()
        .map(|each| each["id"].as_str().unwrap().to_owned())
        .collect();
    for id in &ids[..21] {
        sandbox.delete_crm(id);
    }
    refused(
        &sandbox,
        &home,
        &["sales"],
        &["21", "20", "--allow-bulk", "backup", "token ok"],
    );
    let status = home.status("sales");
    assert_eq!(
        (&status["last_outcome"], &status["last_sync"]),
        (&json!("refused"), &last)
    );
    refused(&sandbox, &home, &["sales"], &["21"]);
    let dry = home.sync(&["sales", "--dry-run"]).exits(4).object();
    assert_eq!(dry["outcome"], "refused");
    let through = home.synced(&["sales", "--allow-bulk"]);
    assert_eq!(through["google"]["deleted"], 21, "{through}");
    assert_eq!(sandbox.google_contacts().len(), 39);
    assert_eq!(home.synced(&["sales"])["outcome"], "in-sync");
}

#[test]
fn twenty_deletes_are_not_many() {
    let sandbox = Sandbox::empty();
    fill_crm(&sandbox, 60);
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.on_delete", "\"delete\"")]);
    home.synced(&["sales"]);
    for each in &sandbox.crm_contacts()[..20] {
        sandbox.delete_crm(each["id"].as_str().unwrap());
    }
    assert_eq!(home.synced(&["sales"])["google"]["deleted"], 20);
}

#[test]
fn many_updates_and_many_creates_are_refused_once_the_pair_was_settled() {
    let sandbox = Sandbox::empty();
    fill_crm(&sandbox, 250);
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.next_limit", "50")]);
    home.synced(&["sales"]);
    let records = sandbox.crm_contacts();
    let edits: Vec<_> = records[..201]
        .iter()
        .map(|each| {
            (
                "PATCH",
                format!("crm/contacts/{}", each["id"].as_str().unwrap()),
                json!({"Title": "All the same"}),
            )
        })
        .collect();
    sandbox.all(&edits);
    refused(&sandbox, &home, &["sales"], &["201", "200", "updat"]);
    let through = home.synced(&["sales", "--allow-bulk", "--limit", "0"]);
    assert_eq!(through["google"]["updated"], 201, "{through}");

    let news: Vec<_> = (0..201)
        .map(|n| {
            (
                "POST",
                "crm/contacts".to_owned(),
                crate::support::fresh("New", "Comer", &format!("new{n}@example.com")),
            )
        })
        .collect();
    sandbox.all(&news);
    refused(&sandbox, &home, &["sales"], &["201", "200", "creat"]);
}

#[test]
fn a_list_that_shrinks_to_less_than_half_is_refused() {
    let sandbox = Sandbox::empty();
    fill_crm(&sandbox, 30);
    sandbox.add_view("Partners", "Partner");
    let home = Home::new(&sandbox);
    home.profile("sales", &[("crm.view", "\"Partners\"")]);
    home.synced(&["sales"]);
    let criteria =
        json!({"comparator": "starts_with", "field": {"api_name": "Email"}, "value": "n1"});
    sandbox.crm(
        "view_edit",
        &json!({"name": "Partners", "criteria": criteria}),
    );
    let report = refused(
        &sandbox,
        &home,
        &["sales", "--full"],
        &[
            "30",
            "11",
            "--allow-bulk",
            "Zoho CRM: ",
            " records, position ok",
        ],
    );
    assert_eq!(report["google"]["ungrouped"], 0);
    let through = home.synced(&["sales", "--full", "--allow-bulk"]);
    assert_eq!(through["google"]["ungrouped"], 19, "{through}");
}

#[test]
fn nothing_takes_the_account_past_googles_cap() {
    let sandbox = Sandbox::empty();
    let calls: Vec<_> = (0..24_998)
        .map(|n| {
            (
                "POST",
                "google/contacts".to_owned(),
                person("Fill", &n.to_string(), &format!("fill{n}@example.org")),
            )
        })
        .collect();
    sandbox.all(&calls);
    fill_crm(&sandbox, 5);
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    for args in [
        &["sales", "--json"][..],
        &["sales", "--allow-bulk", "--json"][..],
    ] {
        let mut all = vec!["sync"];
        all.extend(args);
        let ran = home.run(&all).exits(4);
        assert!(ran.stderr.contains("25000"), "{}", ran.stderr);
    }
    let within = home.synced(&["sales", "--limit", "2"]);
    assert_eq!(
        (&within["google"]["created"], &within["deferred"]),
        (&json!(2), &json!(3))
    );
    let ran = home.sync(&["sales"]).exits(4);
    assert!(ran.stderr.contains("help:"), "{}", ran.stderr);
}
