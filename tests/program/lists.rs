//! Lists: leaving the view, taking the label off, coming back, and two profiles on one account pair.

use serde_json::{Value, json};

use crate::support::{Home, Sandbox, group_of, named, person, record};

const ADA: &str = "ada@example.com";

/// One pair in the view of partners, and another contact that stays.
fn pair(extra: &[(&str, &str)]) -> (Sandbox, Home, String, String) {
    let sandbox = Sandbox::empty();
    let group = sandbox.add_group("CRM");
    sandbox.add_view("Partners", "Partner");
    let id = sandbox.add_crm(&record("Ada", "Abel", ADA));
    sandbox.add_crm(&record("Bo", "Baker", "bo@example.com"));
    let home = Home::new(&sandbox);
    let mut all = vec![("crm.view", "\"Partners\"")];
    all.extend(extra);
    home.profile("sales", &all);
    assert_eq!(home.synced(&["sales"])["google"]["created"], 2);
    (sandbox, home, group, id)
}

fn ada(sandbox: &Sandbox) -> Value {
    named(&sandbox.google_contacts(), ADA).clone()
}

#[test]
fn a_record_that_leaves_the_view_takes_its_twin_out_of_the_label_and_both_stay() {
    let (sandbox, home, group, id) = pair(&[]);
    sandbox.edit_crm(&id, &json!({"Lead_Source": "Web", "Phone": "+49 30 1"}));
    let report = home.synced(&["sales"]);
    assert_eq!(report["google"]["ungrouped"], 1, "{report}");
    let twin = ada(&sandbox);
    assert!(!group_of(&twin, &group), "{twin}");
    assert!(
        group_of(&twin, "contactGroups/myContacts"),
        "its last label was ours: {twin}"
    );
    assert_eq!(twin["phoneNumbers"], Value::Null, "the pair rests");
    assert_eq!(
        (&report["linked"], home.status("sales")["resting"].clone()),
        (&json!(1), json!(1))
    );
    assert_eq!(home.synced(&["sales"])["outcome"], "in-sync");
    // Back in the view, the pair wakes.
    sandbox.edit_crm(&id, &json!({"Lead_Source": "Partner"}));
    let back = home.synced(&["sales"]);
    assert_eq!(
        (&back["google"]["grouped"], &back["google"]["created"]),
        (&json!(1), &json!(0)),
        "{back}"
    );
    assert!(group_of(&ada(&sandbox), &group));
    assert_eq!(ada(&sandbox)["phoneNumbers"][0]["value"], "+49 30 1");
}

#[test]
fn an_edited_view_is_found_by_a_full_run() {
    let (sandbox, home, group, _) = pair(&[]);
    let criteria =
        json!({"comparator": "equal", "field": {"api_name": "Last_Name"}, "value": "Baker"});
    sandbox.crm(
        "view_edit",
        &json!({"name": "Partners", "criteria": criteria}),
    );
    let report = home.synced(&["sales", "--full"]);
    assert_eq!(report["google"]["ungrouped"], 1, "{report}");
    assert!(!group_of(&ada(&sandbox), &group));
}

#[test]
fn on_leave_keep_leaves_the_label() {
    let (sandbox, home, group, id) = pair(&[("sync.on_leave", "\"keep\"")]);
    sandbox.edit_crm(&id, &json!({"Lead_Source": "Web"}));
    assert_eq!(home.synced(&["sales"])["outcome"], "in-sync");
    assert!(group_of(&ada(&sandbox), &group));
}

#[test]
fn a_label_taken_off_by_a_person_stays_off_and_the_pair_rests() {
    let (sandbox, home, group, id) = pair(&[]);
    let name = ada(&sandbox)["resourceName"].as_str().unwrap().to_owned();
    sandbox.members(&group, &[], &[&name]);
    for _ in 0..2 {
        sandbox.edit_crm(&id, &json!({"Phone": "+49 30 2"}));
        let report = home.synced(&["sales"]);
        assert_eq!(report["outcome"], "in-sync", "{report}");
        assert!(!group_of(&ada(&sandbox), &group));
    }
    sandbox.members(&group, &[&name], &[]);
    assert_eq!(home.synced(&["sales"])["outcome"], "changed");
    assert_eq!(ada(&sandbox)["phoneNumbers"][0]["value"], "+49 30 2");
}

#[test]
fn enforce_puts_the_label_back() {
    let (sandbox, home, group, _) = pair(&[
        ("sync.enforce", "true"),
        ("sync.direction", "\"crm-to-google\""),
    ]);
    let name = ada(&sandbox)["resourceName"].as_str().unwrap().to_owned();
    sandbox.members(&group, &[], &[&name]);
    let report = home.synced(&["sales"]);
    assert_eq!(report["google"]["grouped"], 1, "{report}");
    assert!(group_of(&ada(&sandbox), &group));
}

#[test]
fn a_contact_outside_the_label_is_linked_and_labelled_never_doubled() {
    let sandbox = Sandbox::empty();
    let mut there = person("Ada", "Abel", "private@example.org");
    there["emailAddresses"]
        .as_array_mut()
        .unwrap()
        .push(json!({"value": "ADA@Example.com", "type": "other"}));
    sandbox.add_google(&there);
    sandbox.add_crm(&record("Ada", "Abel", ADA));
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.direction", "\"crm-to-google\"")]);
    let report = home.synced(&["sales"]);
    assert_eq!(
        (
            &report["google"]["created"],
            &report["adopted"],
            &report["google"]["grouped"]
        ),
        (&json!(0), &json!(1), &json!(1)),
        "{report}"
    );
    assert_eq!(sandbox.google_contacts().len(), 1);
}

#[test]
fn a_record_outside_the_view_is_linked_never_doubled() {
    let sandbox = Sandbox::empty();
    let group = sandbox.add_group("CRM");
    sandbox.add_view("Partners", "Partner");
    let mut outside = record("Ada", "Abel", "Ada@example.com");
    outside["Lead_Source"] = json!("Web");
    sandbox.add_crm(&outside);
    let name = sandbox.add_google(&person("Ada", "Abel", ADA));
    sandbox.members(&group, &[&name], &[]);
    let home = Home::new(&sandbox);
    home.profile("sales", &[("crm.view", "\"Partners\"")]);
    let report = home.synced(&["sales"]);
    assert_eq!(
        (&report["crm"]["created"], &report["adopted"]),
        (&json!(0), &json!(1)),
        "{report}"
    );
    assert_eq!(sandbox.crm_contacts().len(), 1);
}

#[test]
fn two_profiles_on_one_account_pair_never_fight() {
    let sandbox = Sandbox::empty();
    sandbox.add_view("Partners", "Partner");
    sandbox.add_view("Web people", "Web");
    for n in 0..12 {
        let mut one = record("Ada", &format!("Number{n}"), &format!("n{n}@example.com"));
        one["Lead_Source"] = json!(if n % 2 == 0 { "Partner" } else { "Web" });
        sandbox.add_crm(&one);
    }
    let home = Home::new(&sandbox);
    home.profile(
        "partners",
        &[
            ("crm.view", "\"Partners\""),
            ("google.group", "\"Partners\""),
        ],
    );
    home.profile(
        "web",
        &[("crm.view", "\"Web people\""), ("google.group", "\"Web\"")],
    );
    home.sync(&["--all", "--jobs", "2"]);
    home.sync(&["--all"]).exits(0);
    // One moves from one view to the other; one is edited.
    let moved = named(&sandbox.crm_contacts(), "n0@example.com")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    sandbox.edit_crm(&moved, &json!({"Lead_Source": "Web", "Phone": "+49 30 1"}));
    for _ in 0..2 {
        home.sync(&["--all"]).exits(0);
    }
    let before = sandbox.dump();
    let last = home.sync(&["--all"]).exits(0).objects();
    for each in &last {
        assert_eq!(each["outcome"], "in-sync", "{each}");
    }
    assert_eq!(sandbox.dump(), before);
    let people = sandbox.google_contacts();
    assert_eq!(people.len(), 12, "nobody is doubled");
    let groups = before["google"]["groups"].as_array().unwrap();
    let of = |name: &str| -> String {
        let group = groups.iter().find(|group| group["name"] == name).unwrap();
        group["resourceName"].as_str().unwrap().to_owned()
    };
    let twin = named(&people, "n0@example.com");
    assert!(!group_of(twin, &of("Partners")), "{twin}");
    assert!(group_of(twin, &of("Web")), "{twin}");
    assert_eq!(twin["phoneNumbers"][0]["value"], "+49 30 1");
}

#[test]
fn a_label_that_we_took_off_without_hearing_so_is_put_back_when_the_record_returns() {
    for kind in ["drop_after", "error_after_commit", "truncate_body"] {
        let (sandbox, home, group, id) = pair(&[]);
        sandbox.edit_crm(&id, &json!({"Lead_Source": "Web"}));
        sandbox.fault(
            &json!({"service": "google", "call": "members.modify", "kind": kind, "times": 9}),
        );
        // The answers never come as long as this run has patience.
        home.sync(&["sales", "--patience", "2s"]).exits(6);
        sandbox.no_faults();
        home.sync(&["sales"]);
        assert!(!group_of(&ada(&sandbox), &group), "{kind}");
        // Nobody but us took the label off.
        sandbox.edit_crm(&id, &json!({"Lead_Source": "Partner"}));
        let back = home.synced(&["sales"]);
        assert_eq!(back["google"]["grouped"], 1, "{kind}: {back}");
        assert!(group_of(&ada(&sandbox), &group), "{kind}");
    }
}

#[test]
fn a_contact_that_was_renamed_and_then_deleted_is_a_deleted_one() {
    for later in ["10m", "25h"] {
        let (sandbox, home, _, id) = pair(&[("sync.on_delete", "\"delete\"")]);
        home.synced(&["sales"]);
        let name = ada(&sandbox)["resourceName"].as_str().unwrap().to_owned();
        let renamed = sandbox.google("rename", &json!({"id": name}));
        sandbox.delete_google(renamed["resourceName"].as_str().unwrap());
        sandbox.advance(later);
        let report = home.synced(&["sales"]);
        assert_eq!(report["crm"]["deleted"], 1, "{later}: {report}");
        assert!(
            sandbox.crm_contacts().iter().all(|each| each["id"] != *id),
            "{later}"
        );
    }
}

/// A full reading minutes after we made the contact: its absence from the listing proves nothing, but its new
/// name is told by asking for it.
#[test]
fn a_contact_that_was_renamed_minutes_after_we_made_it_is_the_same_one() {
    let (sandbox, home, _, _) = pair(&[]);
    let name = ada(&sandbox)["resourceName"].clone();
    sandbox.google("rename", &json!({"id": name}));
    let full = home.synced(&["sales", "--full"]);
    assert_eq!(full["outcome"], "in-sync", "{full}");
    assert_ne!(ada(&sandbox)["resourceName"], name);
    home.synced(&["sales"]);
}
