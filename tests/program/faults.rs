//! Faults of the network and of the services: everybody goes over once, nobody twice.

use serde_json::{Value, json};

use crate::support::{Home, Sandbox, emails, named, person, record};

/// Ten people in the CRM, ten in Google's label, two on both sides with different phones.
fn start() -> (Sandbox, Home) {
    let sandbox = Sandbox::empty();
    let group = sandbox.add_group("CRM");
    for n in 0..12 {
        let email = format!("n{n:02}@example.com");
        if n < 7 {
            sandbox.add_crm(&record("Ada", &format!("Number{n}"), &email));
        }
        if n >= 5 {
            let mut one = person("Ada", &format!("Number{n}"), &email);
            one["phoneNumbers"] = json!([{"value": format!("+49 30 {n}"), "type": "work"}]);
            one["memberships"] =
                json!([{"contactGroupMembership": {"contactGroupResourceName": group}}]);
            sandbox.add_google(&one);
        }
    }
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.on_delete", "\"delete\"")]);
    (sandbox, home)
}

/// Everybody is on both sides once, and another run finds nothing to do.
#[track_caller]
fn whole(sandbox: &Sandbox, home: &Home, people: usize, what: &str) {
    for (side, all) in [
        ("google", sandbox.google_contacts()),
        ("crm", sandbox.crm_contacts()),
    ] {
        let mut own: Vec<String> = all.iter().flat_map(emails).collect();
        own.sort();
        let count = own.len();
        own.dedup();
        assert_eq!(count, own.len(), "{what}: somebody is doubled in {side}");
        assert_eq!(count, people, "{what}: {side}");
    }
    let last = home.synced(&["sales"]);
    assert_eq!(last["outcome"], "in-sync", "{what}: {last}");
    assert_eq!(last["linked"], people, "{what}: {last}");
}

/// Runs until a run ends well; at most three.
#[track_caller]
fn until_done(home: &Home, what: &str) -> Vec<Value> {
    let mut reports = Vec::new();
    for _ in 0..3 {
        let ran = home.sync(&["sales", "--patience", "20s"]);
        let report = ran.object();
        reports.push(report);
        match ran.code {
            0 if reports
                .last()
                .is_some_and(|last| last["outcome"] != "capped") =>
            {
                return reports;
            }
            0 | 6 => {}
            other => panic!("{what}: exit {other}: {ran:?}"),
        }
    }
    panic!("{what}: never done: {reports:?}");
}

#[test]
fn a_quota_that_is_used_up_once_is_waited_for_on_every_call() {
    for (service, call, kind) in [
        ("google", "contactGroups.list", "not_available_503"),
        ("google", "connections.list", "not_available_503"),
        ("google", "batchCreateContacts", "not_available_503"),
        ("google", "batchUpdateContacts", "not_available_503"),
        ("zoho", "coql", "throttled"),
        ("zoho", "deleted", "throttled"),
        ("zoho", "fields", "throttled"),
        ("zoho", "custom_views", "throttled"),
        ("zoho", "create", "throttled"),
        ("zoho", "update", "throttled"),
    ] {
        let what = format!("{service} {call}");
        let (sandbox, home) = start();
        sandbox.fault(&json!({"service": service, "call": call, "kind": kind, "times": 1}));
        if call == "batchUpdateContacts" {
            let id = named(&sandbox.crm_contacts(), "n05@example.com")["id"]
                .as_str()
                .unwrap()
                .to_owned();
            sandbox.edit_crm(&id, &json!({"Title": "Baker"}));
        }
        let report = home.synced(&["sales", "--patience", "90s"]);
        assert_eq!(report["outcome"], "changed", "{what}: {report}");
        assert_eq!(
            sandbox.faults(),
            Vec::<Value>::new(),
            "{what} was never called"
        );
        whole(&sandbox, &home, 12, &what);
    }
}

#[test]
fn a_create_that_lands_after_the_next_run_has_begun_doubles_nobody() {
    for (service, call) in [("google", "batchCreateContacts"), ("zoho", "create")] {
        for kill in [false, true] {
            let what = format!("{call}, killed: {kill}");
            let (sandbox, home) = start();
            sandbox.fault(
                &json!({"service": service, "call": call, "kind": "late_commit",
                "times": 1, "params": {"ms": 3_000}}),
            );
            if kill {
                let mut child = home.start(&["sync", "sales"]);
                while !sandbox.faults().is_empty() {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                child.kill().expect("killed");
                child.wait().expect("over");
            } else {
                home.sync(&["sales"]);
            }
            until_done(&home, &what);
            whole(&sandbox, &home, 12, &what);
        }
    }
}

#[test]
fn a_create_in_google_whose_answer_is_lost_doubles_nobody() {
    without_an_answer("google", "batchCreateContacts");
}

#[test]
fn a_create_in_the_crm_whose_answer_is_lost_doubles_nobody() {
    without_an_answer("zoho", "create");
}

fn without_an_answer(service: &str, call: &str) {
    for kind in [
        "error_after_commit",
        "drop_after",
        "truncate_body",
        "bad_json",
        "html_502",
        "drop_before",
        "server_error",
    ] {
        let what = format!("{kind} on {call}");
        let (sandbox, home) = start();
        sandbox.fault(&json!({"service": service, "call": call, "kind": kind, "times": 1}));
        until_done(&home, &what);
        assert_eq!(
            sandbox.faults(),
            Vec::<Value>::new(),
            "{what} never happened"
        );
        whole(&sandbox, &home, 12, &what);
    }
}

#[test]
fn an_update_that_landed_without_an_answer_or_not_at_all_is_found_out() {
    for kind in ["error_after_commit", "drop_after", "stale", "quota_403"] {
        for (service, call) in [("google", "batchUpdateContacts"), ("zoho", "update")] {
            let what = format!("{kind} on {call}");
            let (sandbox, home) = start();
            home.synced(&["sales"]);
            let record = named(&sandbox.crm_contacts(), "n01@example.com")["id"]
                .as_str()
                .unwrap()
                .to_owned();
            sandbox.edit_crm(&record, &json!({"Title": "Baker"}));
            let name = named(&sandbox.google_contacts(), "n08@example.com")["resourceName"]
                .as_str()
                .unwrap()
                .to_owned();
            sandbox.edit_google(
                &name,
                &json!({"phoneNumbers": [{"value": "+49 30 4711", "type": "work"}]}),
            );
            sandbox.fault(&json!({"service": service, "call": call, "kind": kind, "times": 1}));
            until_done(&home, &what);
            assert_eq!(
                sandbox.faults(),
                Vec::<Value>::new(),
                "{what} never happened"
            );
            whole(&sandbox, &home, 12, &what);
            assert_eq!(
                named(&sandbox.google_contacts(), "n01@example.com")["organizations"][0]["title"],
                "Baker"
            );
            assert_eq!(
                named(&sandbox.crm_contacts(), "n08@example.com")["Phone"],
                "+49 30 4711"
            );
        }
    }
}

#[test]
fn an_expired_sync_token_means_a_full_read_and_no_delete() {
    for kind in ["sync_token_expired_400", "sync_token_expired_410"] {
        let (sandbox, home) = start();
        home.synced(&["sales"]);
        home.synced(&["sales"]);
        let name = named(&sandbox.google_contacts(), "n03@example.com")["resourceName"]
            .as_str()
            .unwrap()
            .to_owned();
        sandbox.delete_google(&name);
        sandbox.fault(
            &json!({"service": "google", "call": "connections.list", "kind": kind, "times": 1}),
        );
        let report = home.synced(&["sales"]);
        assert_eq!(report["google"]["read"], 11, "{kind}: {report}");
        assert_eq!(
            report["crm"]["deleted"], 1,
            "{kind}: absent from a complete read and gone by a direct one: {report}"
        );
        assert_eq!(sandbox.faults(), Vec::<Value>::new());
        whole(&sandbox, &home, 11, kind);
    }
}

#[test]
fn one_refused_contact_does_not_keep_the_others_of_its_batch_back() {
    let (sandbox, home) = start();
    // The batch is refused as one, then the refused contact again alone.
    sandbox.fault(&json!({"service": "google", "call": "batchCreateContacts", "kind": "batch_partial", "times": 1, "params": {"index": 2}}));
    let ran = home.sync(&["sales"]);
    let report = ran.object();
    assert!(report["google"]["created"].as_u64() >= Some(4), "{report}");
    until_done(&home, "after batch_partial");
    whole(&sandbox, &home, 12, "batch_partial");
}

#[test]
fn a_contact_that_the_crm_refuses_is_reported_and_the_others_are_written() {
    let (sandbox, home) = start();
    sandbox.fault(&json!({"service": "zoho", "call": "create", "kind": "batch_partial", "times": 1, "params": {"index": 1, "code": "INVALID_DATA"}}));
    let report = home.sync(&["sales"]).exits(3).object();
    assert_eq!(report["crm"]["created"], 4, "{report}");
    assert_eq!(report["problems"].as_array().unwrap().len(), 1, "{report}");
    until_done(&home, "after the refusal");
    whole(&sandbox, &home, 12, "zoho batch_partial");
}

#[test]
fn a_locked_record_is_reported_and_left() {
    let (sandbox, home) = start();
    home.synced(&["sales"]);
    let id = named(&sandbox.crm_contacts(), "n05@example.com")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    sandbox.crm("lock_record", &json!({"id": id, "locked": true}));
    for email in ["n05@example.com", "n06@example.com"] {
        let name = named(&sandbox.google_contacts(), email)["resourceName"]
            .as_str()
            .unwrap()
            .to_owned();
        sandbox.edit_google(
            &name,
            &json!({"phoneNumbers": [{"value": "+49 30 99", "type": "work"}]}),
        );
    }
    let report = home.sync(&["sales"]).exits(3).object();
    assert_eq!(report["problems"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!(report["problems"][0]["email"], "n05@example.com");
    assert_eq!(
        named(&sandbox.crm_contacts(), "n06@example.com")["Phone"],
        "+49 30 99"
    );
    sandbox.crm("lock_record", &json!({"id": id, "locked": false}));
    home.synced(&["sales"]);
    assert_eq!(
        named(&sandbox.crm_contacts(), "n05@example.com")["Phone"],
        "+49 30 99"
    );
}

#[test]
fn an_edit_between_reading_and_writing_is_kept() {
    let (sandbox, home) = start();
    home.synced(&["sales"]);
    let id = named(&sandbox.crm_contacts(), "n01@example.com")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let name = named(&sandbox.google_contacts(), "n01@example.com")["resourceName"]
        .as_str()
        .unwrap()
        .to_owned();
    sandbox.edit_crm(&id, &json!({"Title": "Baker"}));
    // The write waits; meanwhile a person edits the same contact in Google.
    sandbox.fault(&json!({"service": "google", "call": "batchUpdateContacts", "kind": "slow", "times": 1, "params": {"ms": 1500}}));
    let mut child = home.start(&["sync", "sales"]);
    while sandbox.faults().len() == 1 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    sandbox.edit_google(&name, &json!({"nicknames": [{"value": "Addie"}], "phoneNumbers": [{"value": "+49 30 5", "type": "mobile"}]}));
    assert!(child.wait().unwrap().success());
    home.synced(&["sales"]);
    let twin = named(&sandbox.google_contacts(), "n01@example.com").clone();
    assert_eq!(twin["nicknames"][0]["value"], "Addie");
    assert_eq!(twin["organizations"][0]["title"], "Baker");
    assert_eq!(
        named(&sandbox.crm_contacts(), "n01@example.com")["Mobile"],
        "+49 30 5"
    );
    whole(&sandbox, &home, 12, "a stale write");
}

#[test]
fn a_full_account_ends_the_run_and_tells_it() {
    let (sandbox, home) = start();
    sandbox.fault(
        &json!({"service": "google", "call": "batchCreateContacts", "kind": "account_full"}),
    );
    let ran = home.sync(&["sales"]).exits(6);
    assert!(
        ran.stderr.contains("Google") && ran.stderr.contains("help:"),
        "{}",
        ran.stderr
    );
    sandbox.no_faults();
    until_done(&home, "after room was made");
    whole(&sandbox, &home, 12, "account_full");
}

#[test]
fn a_create_whose_fate_is_unknown_waits_for_the_next_run_and_is_counted() {
    let (sandbox, home) = start();
    sandbox.fault(
        &json!({"service": "google", "call": "batchCreateContacts", "kind": "html_502", "times": 1}),
    );
    let report = home.sync(&["sales"]).exits(0).object();
    assert_eq!(
        (
            &report["outcome"],
            &report["deferred"],
            &report["google"]["created"]
        ),
        (&json!("capped"), &json!(5), &json!(0)),
        "{report}"
    );
    let next = home.synced(&["sales"]);
    assert_eq!(next["google"]["created"], 5, "{next}");
    whole(&sandbox, &home, 12, "a lost create");
}

#[test]
fn a_quota_of_google_that_outlasts_the_patience_ends_the_run_and_the_next_goes_on() {
    for kind in ["rate_limited_a", "rate_limited_b"] {
        for call in ["connections.list", "batchCreateContacts"] {
            let what = format!("{kind} on {call}");
            let (sandbox, home) = start();
            sandbox.fault(&json!({"service": "google", "call": call, "kind": kind, "times": 1}));
            let ran = home.sync(&["sales", "--patience", "2s"]).exits(6);
            assert_eq!(ran.object()["outcome"], "unavailable", "{what}");
            assert!(ran.stderr.contains("help:"), "{what}: {}", ran.stderr);
            home.synced(&["sales"]);
            whole(&sandbox, &home, 12, &what);
        }
    }
}

#[test]
fn a_right_that_vanishes_in_mid_run_ends_it_and_doubles_nobody() {
    let sandbox = Sandbox::empty();
    let group = sandbox.add_group("CRM");
    for n in 0..250 {
        let mut one = person(
            "Ada",
            &format!("Number{n}"),
            &format!("n{n:03}@example.com"),
        );
        one["memberships"] =
            json!([{"contactGroupMembership": {"contactGroupResourceName": group}}]);
        sandbox.add_google(&one);
    }
    let home = Home::new(&sandbox);
    home.profile("sales", &[("crm.lanes", "1")]);
    // The first hundred go over, then the right is taken away.
    sandbox
        .fault(&json!({"service": "zoho", "call": "create", "kind": "no_permission", "skip": 1}));
    let cut = home.sync(&["sales"]).exits(5);
    let report = cut.object();
    assert_eq!(report["outcome"], "auth", "{report}");
    assert_eq!(report["crm"]["created"], 100, "{report}");
    assert_eq!(sandbox.crm_contacts().len(), 100);
    sandbox.no_faults();
    until_done(&home, "the right is back");
    whole(&sandbox, &home, 250, "the right is back");
}

#[test]
fn a_contact_without_an_address_is_found_by_when_it_was_created() {
    let (sandbox, home) = nameless("drop_after");
    let report = home.synced(&["sales"]);
    assert_eq!(report["linked"], 1, "{report}");
    assert_eq!(sandbox.crm_contacts().len(), 1, "{report}");
    assert_eq!(home.synced(&["sales", "--full"])["outcome"], "in-sync");
}

#[test]
fn a_contact_without_an_address_is_not_sent_again_when_nobody_knows_what_became_of_it() {
    let (sandbox, home) = nameless("drop_before");
    for _ in 0..2 {
        let report = home.sync(&["sales"]).exits(3).object();
        assert_eq!(report["problems"][0]["kind"], "failed", "{report}");
        assert_eq!(sandbox.crm_contacts().len(), 0, "{report}");
    }
}

/// A contact without an address whose creation in the CRM was cut off.
fn nameless(fault: &str) -> (Sandbox, Home) {
    let sandbox = Sandbox::empty();
    let group = sandbox.add_group("CRM");
    let mut one = person("Ada", "Nameless", "");
    one.as_object_mut().unwrap().remove("emailAddresses");
    one["memberships"] = json!([{"contactGroupMembership": {"contactGroupResourceName": group}}]);
    sandbox.add_google(&one);
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.no_email", "\"sync\"")]);
    sandbox.fault(&json!({"service": "zoho", "call": "create", "kind": fault, "times": 1}));
    home.sync(&["sales"]);
    (sandbox, home)
}
