//! Conflicts, ambiguity, blanks and names, as the report tells them and the books show them.

use serde_json::{Value, json};

use crate::support::{Home, Sandbox, named, record};

const ADA: &str = "ada@example.com";

/// A linked pair whose phone both sides then change.
fn conflict(rule: &str) -> (Sandbox, Home) {
    let sandbox = Sandbox::empty();
    let id = sandbox.add_crm(&record("Ada", "Abel", ADA));
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.on_conflict", rule)]);
    home.synced(&["sales"]);
    let name = named(&sandbox.google_contacts(), ADA)["resourceName"]
        .as_str()
        .unwrap()
        .to_owned();
    sandbox.edit_crm(&id, &json!({"Phone": "+49 30 1000", "Title": "Baker"}));
    sandbox.edit_google(&name, &json!({"phoneNumbers": [{"value": "+49 30 2000", "type": "work"}], "birthdays": [{"date": {"year": 1990, "month": 2, "day": 3}}]}));
    (sandbox, home)
}

fn phones(sandbox: &Sandbox) -> (Value, Value) {
    let google = named(&sandbox.google_contacts(), ADA)["phoneNumbers"][0]["value"].clone();
    (google, named(&sandbox.crm_contacts(), ADA)["Phone"].clone())
}

#[test]
fn the_crm_wins_a_conflict_when_the_rule_says_so() {
    let (sandbox, home) = conflict("\"crm\"");
    let report = home.synced(&["sales"]);
    assert_eq!(report["conflicts"][0]["winner"], "crm", "{report}");
    assert_eq!(
        phones(&sandbox),
        (json!("+49 30 1000"), json!("+49 30 1000"))
    );
    assert_eq!(
        named(&sandbox.crm_contacts(), ADA)["Date_of_Birth"],
        "1990-02-03"
    );
    assert_eq!(
        named(&sandbox.google_contacts(), ADA)["organizations"][0]["title"],
        "Baker"
    );
    assert_eq!(home.synced(&["sales"])["outcome"], "in-sync");
}

#[test]
fn google_wins_a_conflict_when_the_rule_says_so() {
    let (sandbox, home) = conflict("\"google\"");
    let report = home.synced(&["sales"]);
    assert_eq!(report["conflicts"][0]["winner"], "google", "{report}");
    assert_eq!(
        phones(&sandbox),
        (json!("+49 30 2000"), json!("+49 30 2000"))
    );
    assert_eq!(home.synced(&["sales"])["outcome"], "in-sync");
}

#[test]
fn a_held_conflict_touches_neither_is_reported_until_someone_edits_and_exits_3() {
    let (sandbox, home) = conflict("\"hold\"");
    for _ in 0..2 {
        let ran = home.sync(&["sales"]).exits(3);
        let report = ran.object();
        assert_eq!(report["outcome"], "partial");
        assert_eq!(report["conflicts"][0]["winner"], "none", "{report}");
        assert_eq!(report["problems"][0]["kind"], "held", "{report}");
        assert_eq!(
            phones(&sandbox),
            (json!("+49 30 2000"), json!("+49 30 1000"))
        );
    }
    assert_eq!(home.status("sales")["conflicts"], 1);
    let text = home.run(&["sync", "sales"]).exits(3).stdout;
    assert!(text.contains(ADA) && text.contains("help:"), "{text}");
    let id = named(&sandbox.crm_contacts(), ADA)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    sandbox.edit_crm(&id, &json!({"Phone": "+49 30 2000"}));
    assert_eq!(home.synced(&["sales"])["conflicts"], json!([]));
    assert_eq!(home.synced(&["sales"])["outcome"], "in-sync");
}

#[test]
fn a_mapping_names_its_own_winner() {
    let sandbox = Sandbox::empty();
    let id = sandbox.add_crm(&record("Ada", "Abel", ADA));
    let home = Home::new(&sandbox);
    let map = "[[map]]\ncrm = \"Email\"\ngoogle = \"email.work\"\nkey = true\n[[map]]\ncrm = \"Last_Name\"\ngoogle = \"name.family\"\n[[map]]\ncrm = \"Phone\"\ngoogle = \"phone.work\"\nwins = \"google\"\n";
    home.profile("sales", &[("map", map)]);
    home.synced(&["sales"]);
    let name = named(&sandbox.google_contacts(), ADA)["resourceName"]
        .as_str()
        .unwrap()
        .to_owned();
    sandbox.edit_crm(&id, &json!({"Phone": "+49 30 1000", "Last_Name": "Crm"}));
    sandbox.edit_google(&name, &json!({"phoneNumbers": [{"value": "+49 30 2000", "type": "work"}], "names": [{"familyName": "Google"}]}));
    home.synced(&["sales"]);
    assert_eq!(
        phones(&sandbox),
        (json!("+49 30 2000"), json!("+49 30 2000"))
    );
    assert_eq!(
        named(&sandbox.google_contacts(), ADA)["names"][0]["familyName"],
        "Crm"
    );
}

#[test]
fn ambiguous_contacts_are_reported_with_all_ids_and_not_written() {
    let sandbox = Sandbox::empty();
    for phone in ["+49 30 1", "+49 30 2"] {
        let mut one = record("Ada", "Abel", ADA);
        one["Phone"] = json!(phone);
        sandbox.add_crm(&one);
    }
    sandbox.add_crm(&record("Bo", "Baker", "bo@example.com"));
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    for round in 0..2 {
        let report = home.sync(&["sales"]).exits(3).object();
        assert_eq!(
            report["problems"].as_array().unwrap().len(),
            1,
            "round {round}: {report}"
        );
        assert_eq!(report["problems"][0]["kind"], "ambiguous");
        assert_eq!(report["problems"][0]["crm"].as_array().unwrap().len(), 2);
    }
    assert_eq!(
        sandbox.google_contacts().len(),
        1,
        "the clear one went over"
    );
    assert_eq!(home.status("sales")["failing"], 1);
}

#[test]
fn contacts_without_an_address_are_counted_and_left_alone() {
    let sandbox = Sandbox::empty();
    sandbox.add_crm(&json!({"Last_Name": "Silent", "Phone": "+49 30 1"}));
    sandbox.add_crm(&record("Bo", "Baker", "bo@example.com"));
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let report = home.synced(&["sales"]);
    assert_eq!(
        (&report["excluded"], &report["google"]["created"]),
        (&json!(1), &json!(1)),
        "{report}"
    );
    assert_eq!(home.status("sales")["excluded"], 1);
    home.profile("sales", &[("sync.no_email", "\"sync\"")]);
    let report = home.synced(&["sales"]);
    assert_eq!(
        (&report["excluded"], &report["google"]["created"]),
        (&json!(0), &json!(1)),
        "{report}"
    );
    assert_eq!(home.synced(&["sales"])["outcome"], "in-sync");
    std::fs::remove_file(home.state()).unwrap();
    let lost = home.synced(&["sales"]);
    assert_eq!(
        (&lost["google"]["created"], &lost["crm"]["created"]),
        (&json!(0), &json!(0)),
        "the stamp is its identity: {lost}"
    );
}

#[test]
fn a_mandatory_name_is_filled_in_told_once_and_does_not_flow_back() {
    let sandbox = Sandbox::empty();
    let group = sandbox.add_group("CRM");
    let nameless = json!({"emailAddresses": [{"value": "office@example.com", "type": "work"}]});
    let name = sandbox.add_google(&nameless);
    sandbox.members(&group, &[&name], &[]);
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let report = home.synced(&["sales"]);
    assert_eq!(report["notices"][0]["kind"], "filled", "{report}");
    assert_eq!(
        named(&sandbox.crm_contacts(), "office@example.com")["Last_Name"],
        "office"
    );
    for args in [&["sales"][..], &["sales", "--full"][..]] {
        let again = home.synced(args);
        assert_eq!(
            (&again["outcome"], &again["notices"]),
            (&json!("in-sync"), &json!([])),
            "{again}"
        );
    }
    assert_eq!(
        named(&sandbox.google_contacts(), "office@example.com")["names"],
        Value::Null
    );
}

#[test]
fn a_cleared_field_is_cleared_there_but_never_the_address_nor_a_mandatory_name() {
    let sandbox = Sandbox::empty();
    let mut one = record("Ada", "Abel", ADA);
    one["Phone"] = json!("+49 30 1");
    let id = sandbox.add_crm(&one);
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    home.synced(&["sales"]);
    sandbox.edit_crm(&id, &json!({"Phone": null, "First_Name": null}));
    let report = home.synced(&["sales"]);
    assert_eq!(report["google"]["updated"], 1, "{report}");
    let twin = named(&sandbox.google_contacts(), ADA).clone();
    assert_eq!(twin["phoneNumbers"], Value::Null);
    assert_eq!(twin["names"][0]["givenName"], Value::Null);
    let name = twin["resourceName"].as_str().unwrap();
    sandbox.edit_google(name, &json!({"names": []}));
    let report = home.sync(&["sales"]).exits(3).object();
    assert_eq!(report["problems"][0]["kind"], "uncleared", "{report}");
    assert_eq!(named(&sandbox.crm_contacts(), ADA)["Last_Name"], "Abel");
    sandbox.edit_google(
        name,
        &json!({"names": [{"familyName": "Abel"}], "emailAddresses": []}),
    );
    let report = home.sync(&["sales"]).exits(3).object();
    assert_eq!(report["problems"][0]["kind"], "uncleared", "{report}");
    assert_eq!(named(&sandbox.crm_contacts(), ADA)["Email"], ADA);
}

#[test]
fn a_one_way_profile_leaves_the_targets_edits_counts_them_and_enforce_puts_them_back() {
    let sandbox = Sandbox::empty();
    sandbox.add_crm(&record("Ada", "Abel", ADA));
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.direction", "\"crm-to-google\"")]);
    home.synced(&["sales"]);
    let name = named(&sandbox.google_contacts(), ADA)["resourceName"]
        .as_str()
        .unwrap()
        .to_owned();
    sandbox.edit_google(
        &name,
        &json!({"names": [{"givenName": "Adele", "familyName": "Abel"}]}),
    );
    let report = home.synced(&["sales"]);
    assert_eq!(
        (&report["outcome"], &report["drift"]),
        (&json!("in-sync"), &json!(1)),
        "{report}"
    );
    home.profile(
        "sales",
        &[
            ("sync.direction", "\"crm-to-google\""),
            ("sync.enforce", "true"),
        ],
    );
    home.synced(&["sales"]);
    assert_eq!(
        named(&sandbox.google_contacts(), ADA)["names"][0]["givenName"],
        "Ada"
    );
    assert_eq!(named(&sandbox.crm_contacts(), ADA)["First_Name"], "Ada");
}

#[test]
fn what_drifted_goes_over_once_the_profile_is_two_way() {
    let sandbox = Sandbox::empty();
    sandbox.add_crm(&record("Ada", "Abel", ADA));
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.direction", "\"crm-to-google\"")]);
    home.synced(&["sales"]);
    let name = named(&sandbox.google_contacts(), ADA)["resourceName"]
        .as_str()
        .unwrap()
        .to_owned();
    sandbox.edit_google(
        &name,
        &json!({"names": [{"givenName": "Adele", "familyName": "Abel"}]}),
    );
    assert_eq!(home.synced(&["sales"])["drift"], 1);
    home.profile("sales", &[]);
    home.synced(&["sales"]);
    assert_eq!(named(&sandbox.crm_contacts(), ADA)["First_Name"], "Adele");
    assert_eq!(home.synced(&["sales"])["outcome"], "in-sync");
}
