//! A dry run writes nothing anywhere and foretells what the real run does.

use serde_json::{Value, json};

use crate::support::{Home, Sandbox};

#[track_caller]
fn foretold(dry: &Value, real: &Value) {
    for side in ["google", "crm"] {
        let (mut dry, mut real) = (dry[side].clone(), real[side].clone());
        for tally in [&mut dry, &mut real] {
            tally.as_object_mut().unwrap().remove("requests");
        }
        assert_eq!(dry, real, "{side}");
    }
    for name in [
        "outcome",
        "first",
        "linked",
        "adopted",
        "deferred",
        "drift",
        "excluded",
        "conflicts",
        "problems",
    ] {
        assert_eq!(dry[name], real[name], "{name}");
    }
}

fn without_times(home: &Home) -> Vec<u8> {
    std::fs::read(home.state()).unwrap()
}

#[test]
fn a_dry_run_writes_nothing_anywhere_and_foretells_the_counts() {
    let sandbox = Sandbox::start(60, 20);
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.first_limit", "40")]);
    let before = sandbox.dump();
    let dry = home.synced(&["sales", "--dry-run"]);
    assert_eq!(sandbox.dump(), before);
    assert!(
        !home.state().exists(),
        "a dry run leaves no state file behind"
    );
    let real = home.synced(&["sales"]);
    foretold(&dry, &real);
    assert_eq!(real["outcome"], "capped");

    let people = sandbox.google_contacts();
    let id = people[0]["resourceName"].as_str().unwrap();
    sandbox.edit_google(id, &json!({"nicknames": [{"value": "Nick"}], "phoneNumbers": [{"value": "+49 40 1234567", "type": "work"}]}));
    let record = sandbox.crm_contacts()[0]["id"].as_str().unwrap().to_owned();
    sandbox.edit_crm(&record, &json!({"Title": "Chief of Elms"}));
    let (before, bytes) = (sandbox.dump(), without_times(&home));
    let dry = home.synced(&["sales", "--dry-run"]);
    assert_eq!(sandbox.dump(), before);
    assert_eq!(without_times(&home), bytes, "the state file is as it was");
    foretold(&dry, &home.synced(&["sales"]));

    let settled = home.synced(&["sales", "--dry-run"]);
    assert_eq!(settled["outcome"], "in-sync", "{settled}");
    assert_eq!(settled["plan"], json!([]));
}

#[test]
fn a_dry_run_sends_no_mutation_and_makes_no_label() {
    let sandbox = Sandbox::start(5, 0);
    let home = Home::new(&sandbox);
    home.profile("sales", &[("google.group", "\"Brand new\"")]);
    let dry = home.synced(&["sales", "--dry-run"]);
    assert_eq!(dry["google"]["created"], 5, "{dry}");
    let mutations = sandbox
        .requests()
        .into_iter()
        .filter(|request| request["mutation"] == true);
    assert_eq!(
        mutations
            .filter(|request| request["call"] != "coql")
            .count(),
        0
    );
    let text = home.run(&["sync", "sales", "--dry-run"]).exits(0).stdout;
    assert!(text.contains("dry run, nothing was written"), "{text}");
    assert_eq!(text.matches("create ").count(), 5, "{text}");
}
