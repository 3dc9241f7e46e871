//! Deletes: keep, archive, delete; on either side; an edit beats a delete.

use serde_json::{Value, json};

use crate::support::{Home, Sandbox, fresh, group_of, named, person, record};

/// Five linked pairs, in the label and in the view.
struct Five {
    sandbox: Sandbox,
    home: Home,
    group: String,
}

const FIRST: &str = "p0@example.com";

impl Five {
    fn new(extra: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::empty();
        let group = sandbox.add_group("CRM");
        for n in 0..5 {
            sandbox.add_crm(&record(
                "Ada",
                &format!("Number{n}"),
                &format!("p{n}@example.com"),
            ));
        }
        let home = Home::new(&sandbox);
        home.profile("sales", extra);
        let first = home.synced(&["sales"]);
        assert_eq!(first["google"]["created"], 5, "{first}");
        Self {
            sandbox,
            home,
            group,
        }
    }

    fn google(&self, email: &str) -> Value {
        named(&self.sandbox.google_contacts(), email).clone()
    }

    fn google_id(&self, email: &str) -> String {
        self.google(email)["resourceName"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn crm_id(&self, email: &str) -> String {
        named(&self.sandbox.crm_contacts(), email)["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn sizes(&self) -> (usize, usize) {
        (
            self.sandbox.google_contacts().len(),
            self.sandbox.crm_contacts().len(),
        )
    }
}

#[test]
fn keep_ends_the_pair_says_so_once_and_creates_nobody_again() {
    let five = Five::new(&[]);
    five.sandbox.delete_crm(&five.crm_id(FIRST));
    let report = five.home.synced(&["sales"]);
    assert_eq!(report["notices"][0]["kind"], "ended", "{report}");
    assert_eq!(report["notices"][0]["email"], FIRST);
    assert_eq!(five.sizes(), (5, 4));
    // An edit of the survivor does not bring it back.
    let id = five.google_id(FIRST);
    five.sandbox.edit_google(
        &id,
        &json!({"phoneNumbers": [{"value": "+49 30 5", "type": "work"}]}),
    );
    let report = five.home.synced(&["sales"]);
    assert_eq!(
        (&report["outcome"], &report["notices"]),
        (&json!("in-sync"), &json!([])),
        "{report}"
    );
    assert_eq!(report["excluded"], 1, "{report}");
    assert_eq!(five.sizes(), (5, 4));
    // A new record with its address does.
    five.sandbox.add_crm(&fresh("Ada", "Number0", FIRST));
    let report = five.home.synced(&["sales"]);
    assert_eq!(report["adopted"], 1, "{report}");
    assert_eq!(five.sizes(), (5, 5));
}

#[test]
fn keep_keeps_the_crm_record_whose_google_twin_was_deleted() {
    let five = Five::new(&[]);
    let id = five.google_id(FIRST);
    five.sandbox.delete_google(&id);
    let report = five.home.synced(&["sales"]);
    assert_eq!(report["notices"][0]["kind"], "ended", "{report}");
    assert_eq!(five.home.synced(&["sales", "--full"])["outcome"], "in-sync");
    assert_eq!(five.sizes(), (4, 5));
}

#[test]
fn archive_takes_the_twin_out_of_the_label_and_into_the_archive() {
    let five = Five::new(&[("sync.on_delete", "\"archive\"")]);
    five.sandbox.delete_crm(&five.crm_id(FIRST));
    let report = five.home.synced(&["sales"]);
    assert_eq!(report["google"]["ungrouped"], 1, "{report}");
    let dump = five.sandbox.dump();
    let groups = dump["google"]["groups"].as_array().unwrap();
    let archive = groups
        .iter()
        .find(|group| group["name"] == "crmsync-archive")
        .expect("the archive");
    let twin = five.google(FIRST);
    assert!(
        group_of(&twin, archive["resourceName"].as_str().unwrap()),
        "{twin}"
    );
    assert!(!group_of(&twin, &five.group), "{twin}");
    assert_eq!(five.home.synced(&["sales"])["outcome"], "in-sync");
    // On the CRM nothing is archived; it is kept and reported.
    let id = five.google_id("p1@example.com");
    five.sandbox.delete_google(&id);
    let report = five.home.synced(&["sales"]);
    assert_eq!(report["notices"][0]["kind"], "kept", "{report}");
    assert_eq!(five.sizes(), (4, 4));
}

#[test]
fn who_takes_the_archive_label_off_has_decided_to_keep() {
    let five = Five::new(&[("sync.on_delete", "\"archive\"")]);
    five.sandbox.delete_crm(&five.crm_id(FIRST));
    five.home.synced(&["sales"]);
    let id = five.google_id(FIRST);
    five.sandbox.members("crmsync-archive", &[], &[&id]);
    let kept = five.google(FIRST)["memberships"].clone();
    for (on_delete, args) in [
        ("\"archive\"", &["sales"][..]),
        ("\"archive\"", &["sales", "--full"]),
        ("\"delete\"", &["sales", "--full"]),
    ] {
        five.home.profile("sales", &[("sync.on_delete", on_delete)]);
        let report = five.home.synced(args);
        assert_eq!(report["outcome"], "in-sync", "{report}");
        assert_eq!(report["excluded"], 0, "it is in no list: {report}");
    }
    // An edit, and even the label that is synced, bring nothing back.
    let phones = json!([{"value": "+49 30 5", "type": "work"}]);
    five.sandbox
        .edit_google(&id, &json!({ "phoneNumbers": phones }));
    assert_eq!(five.home.synced(&["sales"])["outcome"], "in-sync");
    assert_eq!(five.google(FIRST)["memberships"], kept);
    five.sandbox.members(&five.group, &[&id], &[]);
    assert_eq!(five.home.synced(&["sales"])["outcome"], "in-sync");
    assert!(group_of(&five.google(FIRST), &five.group));
    assert_eq!(five.sizes(), (5, 4));
}

#[test]
fn delete_deletes_the_twin_on_either_side() {
    let five = Five::new(&[("sync.on_delete", "\"delete\"")]);
    five.sandbox.delete_crm(&five.crm_id(FIRST));
    five.sandbox
        .delete_google(&five.google_id("p1@example.com"));
    let report = five.home.synced(&["sales"]);
    assert_eq!(
        (&report["google"]["deleted"], &report["crm"]["deleted"]),
        (&json!(1), &json!(1)),
        "{report}"
    );
    assert_eq!(five.sizes(), (3, 3));
    assert_eq!(five.home.synced(&["sales"])["outcome"], "in-sync");
}

#[test]
fn an_edit_beats_a_delete() {
    let five = Five::new(&[("sync.on_delete", "\"delete\"")]);
    let id = five.google_id(FIRST);
    five.sandbox.edit_google(
        &id,
        &json!({"phoneNumbers": [{"value": "+49 30 5550", "type": "work"}]}),
    );
    five.sandbox.delete_crm(&five.crm_id(FIRST));
    let report = five.home.synced(&["sales"]);
    assert_eq!(
        (&report["google"]["deleted"], &report["crm"]["created"]),
        (&json!(0), &json!(1)),
        "{report}"
    );
    assert_eq!(five.sizes(), (5, 5));
    assert_eq!(
        named(&five.sandbox.crm_contacts(), FIRST)["Phone"],
        "+49 30 5550"
    );
    assert_eq!(five.home.synced(&["sales"])["outcome"], "in-sync");
}

#[test]
fn a_hidden_record_is_not_a_deleted_one() {
    let five = Five::new(&[("sync.on_delete", "\"delete\"")]);
    five.sandbox.crm(
        "hide_record",
        &json!({"id": five.crm_id(FIRST), "hidden": true}),
    );
    let report = five.home.synced(&["sales", "--full"]);
    assert_eq!(report["google"]["deleted"], 0, "{report}");
    assert_eq!(report["notices"][0]["kind"], "vanished", "{report}");
    let again = five.home.synced(&["sales", "--full"]);
    assert_eq!(
        (&again["outcome"], &again["notices"]),
        (&json!("in-sync"), &json!([])),
        "{again}"
    );
    assert_eq!(five.sizes(), (5, 5));
    five.sandbox.crm(
        "hide_record",
        &json!({"id": five.crm_id(FIRST), "hidden": false}),
    );
    five.home.synced(&["sales", "--full"]);
    five.sandbox
        .edit_crm(&five.crm_id(FIRST), &json!({"Phone": "+49 30 77"}));
    five.home.synced(&["sales"]);
    assert_eq!(five.google(FIRST)["phoneNumbers"][0]["value"], "+49 30 77");
}

#[test]
fn a_one_way_profile_never_deletes_in_its_source() {
    let five = Five::new(&[
        ("sync.on_delete", "\"delete\""),
        ("sync.direction", "\"crm-to-google\""),
    ]);
    five.sandbox.delete_google(&five.google_id(FIRST));
    let report = five.home.synced(&["sales"]);
    assert_eq!(report["crm"]["deleted"], 0, "{report}");
    assert_eq!(five.sandbox.crm_contacts().len(), 5);
    five.sandbox.delete_crm(&five.crm_id("p1@example.com"));
    assert_eq!(five.home.synced(&["sales"])["google"]["deleted"], 1);
}

#[test]
fn googles_merge_of_two_contacts_is_no_delete() {
    let five = Five::new(&[("sync.on_delete", "\"delete\"")]);
    let mut other = person("Ada", "Number0", FIRST);
    other["nicknames"] = json!([{"value": "Nil"}]);
    let into = five.sandbox.add_google(&other);
    five.sandbox.google(
        "merge",
        &json!({"into": into, "from": five.google_id_of_linked()}),
    );
    let report = five.home.synced(&["sales"]);
    assert_eq!(
        (
            &report["crm"]["deleted"],
            &report["crm"]["created"],
            &report["google"]["created"]
        ),
        (&json!(0), &json!(0), &json!(0)),
        "{report}"
    );
    five.sandbox
        .edit_crm(&five.crm_id(FIRST), &json!({"Phone": "+49 30 88"}));
    five.home.synced(&["sales"]);
    assert_eq!(five.google(FIRST)["phoneNumbers"][0]["value"], "+49 30 88");
    assert_eq!(five.sizes(), (5, 5));
}

impl Five {
    /// The linked one of two contacts with the first address.
    fn google_id_of_linked(&self) -> String {
        let all = self.sandbox.google_contacts();
        let linked = all.iter().find(|each| {
            each["emailAddresses"][0]["value"] == FIRST && group_of(each, &self.group)
        });
        linked.unwrap()["resourceName"].as_str().unwrap().to_owned()
    }
}
