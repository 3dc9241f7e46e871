//! `undo` refused: which run, which profile, which accounts, which rights; and cut off in the middle.

use std::time::Duration;

use serde_json::json;

use crate::support::{Home, Sandbox, emails, fresh};

#[test]
fn without_a_run_that_wrote_there_is_nothing_to_undo() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let none = home.run(&["undo"]).exits(2);
    assert!(
        none.stderr.contains("no run has written anything yet"),
        "{none:?}"
    );
    assert!(!home.state().exists());
    home.synced(&["sales"]);
    let none = home.run(&["undo"]).exits(2);
    assert!(
        none.stderr.contains("no run has written anything yet"),
        "{none:?}"
    );
    let idle = home.run(&["undo", "1"]).exits(2);
    assert!(idle.stderr.contains("run 1 wrote nothing"), "{idle:?}");
    sandbox.add_crm(&fresh("Ada", "Neu", "ada@example.com"));
    home.synced(&["sales"]);
    let unknown = home.run(&["undo", "77"]).exits(2);
    assert!(
        unknown.stderr.contains("there is no run 77")
            && unknown.stderr.contains("the last runs that wrote: 2"),
        "{unknown:?}"
    );
    home.run(&["undo", "two"]).exits(2);
}

#[test]
fn a_profile_that_is_gone_deactivated_or_of_other_accounts_is_named() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    sandbox.add_crm(&fresh("Ada", "Neu", "ada@example.com"));
    home.synced(&["sales"]);
    let before = sandbox.dump();

    home.profile("sales", &[("google.account", "\"other@example.com\"")]);
    let other = home.run(&["undo"]).exits(5);
    assert!(
        other.stderr.contains("me@example.com") && other.stderr.contains("other@example.com"),
        "{other:?}"
    );

    home.profile("sales", &[("sync.direction", "\"google-to-crm\"")]);
    let one_way = home.run(&["undo"]).exits(7);
    assert!(one_way.stderr.contains("google-to-crm"), "{one_way:?}");

    home.profile("sales", &[]);
    home.run(&["deactivate", "sales"]).exits(0);
    let stopped = home.run(&["undo", "--json"]).exits(7);
    assert_eq!(stopped.object()["error"]["code"], 7, "{stopped:?}");
    assert!(stopped.stderr.contains("deactivated"), "{stopped:?}");
    home.run(&["configure", "sales", "--activate"]).exits(0);

    let aside = home.profile_file("sales").with_file_name("aside");
    std::fs::rename(home.profile_file("sales"), &aside).unwrap();
    let gone = home.run(&["undo"]).exits(7);
    assert!(
        gone.stderr.contains("run 1 was one of the profile `sales`"),
        "{gone:?}"
    );
    assert_eq!(sandbox.dump(), before, "nothing was written");
    assert_eq!(home.status("sales")["linked"], 1);

    // Another profile on the same accounts will do, when it is named.
    home.profile("new", &[]);
    home.run(&["undo", "1", "--profile", "new"]).exits(0);
    assert_eq!(sandbox.google_contacts().len(), 0);
}

#[test]
fn a_right_that_putting_back_takes_is_asked_for_beforehand() {
    let sandbox = Sandbox::empty();
    let group = sandbox.add_group("CRM");
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let id = sandbox.add_google(&crate::support::person("Ada", "Neu", "ada@example.com"));
    sandbox.members(&group, &[&id], &[]);
    sandbox.crm("set_rights", &json!({"delete": false}));
    // Creating takes no right to delete.
    assert_eq!(home.synced(&["sales"])["crm"]["created"], 1);
    let refused = home.run(&["undo"]).exits(5);
    assert!(
        refused
            .stderr
            .contains("the right to Delete is missing; nothing was written"),
        "{refused:?}"
    );
    assert_eq!(sandbox.crm_contacts().len(), 1);
    let runs = home.status("sales");
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1, "{runs}");
}

#[test]
fn two_pairs_of_accounts_have_to_be_told_apart() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    home.profile(
        "leads",
        &[("crm.module", "\"Leads\""), ("crm.view", "\"All Leads\"")],
    );
    sandbox.add_crm(&fresh("Ada", "Neu", "ada@example.com"));
    home.synced(&["sales"]);
    home.synced(&["leads"]);
    let which = home.run(&["undo", "--contact", "ada@example.com"]).exits(2);
    assert!(
        which.stderr.contains("run 1 of sales, run 2 of leads"),
        "{which:?}"
    );
    assert_eq!(sandbox.google_contacts().len(), 1);
    home.run(&["undo", "--contact", "ada@example.com", "--profile", "sales"])
        .exits(0);
    assert_eq!(sandbox.google_contacts().len(), 0);
}

/// How long an undo may live before it is killed, in milliseconds.
const LIVES: [u64; 8] = [40, 90, 140, 200, 260, 330, 420, 520];

#[test]
fn an_undo_that_is_killed_goes_on_and_doubles_and_loses_nobody() {
    let sandbox = Sandbox::start(600, 100);
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let before = |side: &str| {
        let mut all: Vec<String> = if side == "google" {
            sandbox.google_contacts()
        } else {
            sandbox.crm_contacts()
        }
        .iter()
        .flat_map(emails)
        .collect();
        all.sort();
        all
    };
    let (google, crm) = (before("google"), before("crm"));
    home.synced(&["sales"]);
    let mut killed = 0;
    for life in LIVES {
        let mut run = home.start(&["undo", "1"]);
        std::thread::sleep(Duration::from_millis(life));
        if run.try_wait().unwrap().is_none() {
            run.kill().unwrap();
            killed += 1;
        }
        run.wait().unwrap();
    }
    assert!(killed >= 2, "only {killed} runs lived long enough");
    home.run(&["undo", "1"]).exits(0);
    assert_eq!(before("google"), google, "who was there before is there");
    assert_eq!(before("crm"), crm);
    let settled = home.synced(&["sales"]);
    assert_eq!(settled["outcome"], "in-sync", "{settled}");
    assert_eq!((before("google"), before("crm")), (google, crm));
}

#[test]
fn what_a_killed_undo_took_out_is_no_short_reading_for_the_next_sync() {
    let sandbox = Sandbox::start(600, 100);
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let before = (
        sandbox.google_contacts().len(),
        sandbox.crm_contacts().len(),
    );
    home.synced(&["sales"]);
    // Google's contacts are deleted, then the program dies while the CRM is busy.
    sandbox.fault(
        &json!({"service": "zoho", "call": "delete", "kind": "slow", "params": {"ms": 600_000}}),
    );
    let mut run = home.start(&["undo", "1"]);
    while sandbox.google_contacts().len() > before.0 {
        std::thread::sleep(Duration::from_millis(10));
        assert!(run.try_wait().unwrap().is_none(), "it ended by itself");
    }
    run.kill().unwrap();
    run.wait().unwrap();
    sandbox.no_faults();
    home.run(&["undo", "1"]).exits(0);
    let after = (
        sandbox.google_contacts().len(),
        sandbox.crm_contacts().len(),
    );
    assert_eq!(after, before);
    let settled = home.synced(&["sales"]);
    assert_eq!(settled["outcome"], "in-sync", "{settled}");
}
