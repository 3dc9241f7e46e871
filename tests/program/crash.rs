//! Killed anywhere, the next runs find out what landed and go on: nobody is doubled, nobody is lost.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Home, Sandbox};

/// How long a run may live before it is killed, in milliseconds: before, between and after its first
/// requests and batches.
const LIVES: [u64; 12] = [30, 60, 90, 130, 170, 220, 270, 330, 400, 480, 570, 700];

fn by_address(contacts: &[Value], address: fn(&Value) -> Option<&str>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for contact in contacts {
        if let Some(address) = address(contact) {
            *counts.entry(address.to_lowercase()).or_default() += 1;
        }
    }
    counts
}

fn work(person: &Value) -> Option<&str> {
    person["emailAddresses"]
        .as_array()?
        .iter()
        .find(|address| address["type"] == "work")?["value"]
        .as_str()
}

fn email(record: &Value) -> Option<&str> {
    record["Email"].as_str()
}

#[test]
fn a_run_that_is_killed_again_and_again_doubles_and_loses_nobody() {
    let sandbox = Sandbox::start(1_500, 400);
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let before = by_address(&sandbox.crm_contacts(), email);
    let mut killed = 0;
    for life in LIVES {
        let mut run = home.start(&["sync", "sales"]);
        std::thread::sleep(Duration::from_millis(life));
        if run.try_wait().unwrap().is_none() {
            run.kill().unwrap();
            killed += 1;
        }
        run.wait().unwrap();
    }
    assert!(
        killed >= 3,
        "only {killed} runs lived long enough to be killed"
    );
    // What is uncertain waits for one run; then everything is done.
    home.sync(&["sales"]);
    home.sync(&["sales"]);
    let last = home.synced(&["sales"]);
    assert_eq!(last["outcome"], "in-sync", "{last}");
    let google = by_address(&sandbox.google_contacts(), work);
    let crm = by_address(&sandbox.crm_contacts(), email);
    for (book, counts) in [("Google", &google), ("the CRM", &crm)] {
        let doubled: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
        assert!(doubled.is_empty(), "{book}: {doubled:?}");
    }
    for address in before.keys() {
        assert!(crm.contains_key(address), "{address} is gone from the CRM");
        assert!(
            google.contains_key(address),
            "{address} did not get to Google"
        );
    }
}
