//! `undo` as a user types it: both sides go back, what was edited since stays, and the next sync does
//! nothing of it again.

use serde_json::{Value, json};

use crate::support::{Home, Sandbox, fresh, group_of, named, person, record};

/// Five pairs that the first run linked by creating everybody in Google.
struct Five {
    sandbox: Sandbox,
    home: Home,
    group: String,
}

const FIRST: &str = "p0@example.com";
const SECOND: &str = "p1@example.com";

impl Five {
    fn new(extra: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::empty();
        let group = sandbox.add_group("CRM");
        sandbox.add_view("Partners", "Partner");
        for n in 0..5 {
            let mut record = record("Ada", &format!("Number{n}"), &format!("p{n}@example.com"));
            record["Phone"] = json!(format!("+49 30 10{n}"));
            sandbox.add_crm(&record);
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

    fn crm(&self, email: &str) -> Value {
        named(&self.sandbox.crm_contacts(), email).clone()
    }

    fn crm_id(&self, email: &str) -> String {
        self.crm(email)["id"].as_str().unwrap().to_owned()
    }

    fn sizes(&self) -> (usize, usize) {
        (
            self.sandbox.google_contacts().len(),
            self.sandbox.crm_contacts().len(),
        )
    }

    fn phone(&self, email: &str) -> Value {
        self.google(email)["phoneNumbers"][0]["value"].clone()
    }

    fn edit_phone(&self, email: &str, phone: &str) {
        self.sandbox.edit_google(
            &self.google_id(email),
            &json!({"phoneNumbers": [{"value": phone, "type": "work"}]}),
        );
    }

    /// `undo --json` with more arguments, which must end with this code; its object.
    #[track_caller]
    fn undo(&self, code: i32, args: &[&str]) -> Value {
        let mut all = vec!["undo", "--json"];
        all.extend(args);
        self.home.run(&all).exits(code).object()
    }

    /// The next syncs, in full and not, find nothing to write.
    #[track_caller]
    fn settled(&self) {
        let before = self.sandbox.dump();
        for args in [&["sales"][..], &["sales", "--full"], &["sales"]] {
            let report = self.home.synced(args);
            assert_eq!(report["outcome"], "in-sync", "{report}");
        }
        let after = self.sandbox.dump();
        for side in ["google", "crm"] {
            assert_eq!(before[side]["contacts"], after[side]["contacts"], "{side}");
        }
    }
}

#[test]
fn what_a_run_created_is_removed_is_not_created_again_and_comes_back_with_a_second_undo() {
    let five = Five::new(&[]);
    let undone = five.undo(0, &[]);
    assert_eq!(undone["google"]["deleted"], 5, "{undone}");
    assert_eq!(
        (&undone["outcome"], &undone["run"], &undone["linked"]),
        (&json!("changed"), &json!(2), &json!(0))
    );
    assert_eq!(five.sizes(), (0, 5));
    five.settled();
    assert_eq!(five.home.synced(&["sales"])["excluded"], 5);

    // The last run that wrote is the undo: undoing it puts everybody back and links them.
    let redone = five.undo(0, &[]);
    assert_eq!(
        (&redone["google"]["created"], &redone["linked"]),
        (&json!(5), &json!(5)),
        "{redone}"
    );
    assert_eq!(five.sizes(), (5, 5));
    assert_eq!(five.phone(FIRST), "+49 30 100");
    assert!(group_of(&five.google(FIRST), &five.group));
    five.settled();
    five.sandbox
        .edit_crm(&five.crm_id(FIRST), &json!({"Phone": "+49 30 7"}));
    five.home.synced(&["sales"]);
    assert_eq!(five.phone(FIRST), "+49 30 7");
}

#[test]
fn fields_go_back_on_the_side_that_was_written_and_the_edit_that_drove_them_stays() {
    let five = Five::new(&[]);
    five.sandbox
        .edit_crm(&five.crm_id(FIRST), &json!({"Phone": "+49 30 555"}));
    five.edit_phone(SECOND, "+49 30 666");
    let report = five.home.synced(&["sales"]);
    assert_eq!(
        (&report["google"]["updated"], &report["crm"]["updated"]),
        (&json!(1), &json!(1)),
        "{report}"
    );
    let undone = five.undo(0, &[]);
    assert_eq!(
        (&undone["google"]["updated"], &undone["crm"]["updated"]),
        (&json!(1), &json!(1)),
        "{undone}"
    );
    let all = |five: &Five| {
        (
            five.phone(FIRST),
            five.crm(FIRST)["Phone"].clone(),
            five.phone(SECOND),
            five.crm(SECOND)["Phone"].clone(),
        )
    };
    let back = (
        json!("+49 30 100"),
        json!("+49 30 555"),
        json!("+49 30 666"),
        json!("+49 30 101"),
    );
    assert_eq!(all(&five), back);
    five.settled();
    assert_eq!(all(&five), back);
    // The undo undone: the run's values are there again.
    five.undo(0, &[]);
    assert_eq!(
        all(&five),
        (
            json!("+49 30 555"),
            json!("+49 30 555"),
            json!("+49 30 666"),
            json!("+49 30 666")
        )
    );
    five.settled();
    // An edit after all that flows as ever.
    five.undo(0, &["2"]);
    assert_eq!(all(&five), back);
    five.sandbox
        .edit_crm(&five.crm_id(FIRST), &json!({"Phone": "+49 30 777"}));
    five.home.synced(&["sales"]);
    assert_eq!(five.phone(FIRST), "+49 30 777");
}

#[test]
fn what_was_edited_since_stays_and_is_listed() {
    let five = Five::new(&[]);
    for email in [FIRST, SECOND] {
        five.sandbox.edit_crm(
            &five.crm_id(email),
            &json!({"Phone": "+49 30 555", "Title": "Chief of Elms"}),
        );
    }
    five.home.synced(&["sales"]);
    five.edit_phone(FIRST, "+49 30 999");
    let undone = five.undo(3, &[]);
    assert_eq!(undone["outcome"], "partial", "{undone}");
    assert_eq!(
        undone["conflicts"],
        json!([{"email": FIRST, "field": "phone.work", "crm": "+49 30 555", "google": "+49 30 999",
            "winner": "none"}])
    );
    let problem = &undone["problems"][0];
    assert_eq!(
        (&problem["kind"], &problem["email"]),
        (&json!("held"), &json!(FIRST))
    );
    assert_eq!(problem["google"], json!([five.google_id(FIRST)]));
    assert_eq!(problem["crm"], json!([five.crm_id(FIRST)]));
    assert_eq!(five.phone(FIRST), "+49 30 999");
    assert_eq!(five.phone(SECOND), "+49 30 101");
    assert_eq!(five.google(FIRST)["organizations"], Value::Null);
    // In words, for a person, without a terminal too.
    let text = five.home.run(&["undo", "2"]).exits(3).stdout;
    assert!(text.contains("undo of run 2"), "{text}");
    assert!(
        text.contains("was changed in Google after the run wrote it"),
        "{text}"
    );
    // The edit goes on its way; what was put back does not.
    five.home.synced(&["sales"]);
    assert_eq!(five.crm(FIRST)["Phone"], "+49 30 999");
    assert_eq!(five.crm(SECOND)["Phone"], "+49 30 555");
    five.settled();
}

#[test]
fn a_created_record_that_was_touched_since_stays_whatever_was_touched() {
    let five = Five::new(&[]);
    for n in 0..3 {
        five.sandbox
            .add_google(&person("Grace", "Neu", &format!("g{n}@example.com")));
        let id = five.google_id(&format!("g{n}@example.com"));
        five.sandbox.members(&five.group, &[&id], &[]);
    }
    let report = five.home.synced(&["sales"]);
    assert_eq!(report["crm"]["created"], 3, "{report}");
    // One in a mapped field, one outside the mapping; the CRM tells changes by the second.
    five.sandbox.advance("5s");
    five.sandbox.edit_crm(
        &five.crm_id("g0@example.com"),
        &json!({"Title": "Chief of Elms"}),
    );
    five.sandbox.edit_crm(
        &five.crm_id("g1@example.com"),
        &json!({"Lead_Source": "Partner"}),
    );
    let undone = five.undo(3, &[]);
    assert_eq!(undone["crm"]["deleted"], 1, "{undone}");
    let kinds: Vec<_> = undone["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| (problem["email"].clone(), problem["kind"].clone()))
        .collect();
    assert_eq!(kinds.len(), 2, "{undone}");
    assert!(kinds.contains(&(json!("g0@example.com"), json!("held"))));
    assert!(kinds.contains(&(json!("g1@example.com"), json!("failed"))));
    assert_eq!(five.sizes(), (8, 7));
    assert!(
        five.sandbox
            .crm_contacts()
            .iter()
            .all(|each| each["Email"] != "g2@example.com")
    );
}

#[test]
fn a_deleted_contact_comes_back_and_meets_its_twin_when_that_comes_back() {
    let five = Five::new(&[("sync.on_delete", "\"delete\"")]);
    let lost = five.crm_id(FIRST);
    five.sandbox.delete_crm(&lost);
    assert_eq!(five.home.synced(&["sales"])["google"]["deleted"], 1);
    assert_eq!(five.sizes(), (4, 4));
    let undone = five.undo(0, &[]);
    assert_eq!(undone["google"]["created"], 1, "{undone}");
    assert_eq!(five.phone(FIRST), "+49 30 100");
    assert!(group_of(&five.google(FIRST), &five.group));
    five.settled();
    assert_eq!(five.sizes(), (5, 4));
    // Its record comes out of the recycle bin: the two are one pair again.
    five.sandbox.crm("restore", &json!({ "id": lost }));
    five.home.synced(&["sales", "--full"]);
    assert_eq!(five.sizes(), (5, 5));
    five.sandbox.edit_crm(&lost, &json!({"Phone": "+49 30 7"}));
    five.home.synced(&["sales"]);
    assert_eq!(five.phone(FIRST), "+49 30 7");
    assert_eq!(five.sizes(), (5, 5));
}

#[test]
fn a_deleted_contact_that_is_there_again_is_not_doubled() {
    let five = Five::new(&[("sync.on_delete", "\"delete\"")]);
    five.sandbox.delete_crm(&five.crm_id(FIRST));
    five.sandbox.delete_google(&five.google_id(SECOND));
    let report = five.home.synced(&["sales"]);
    assert_eq!(
        (&report["google"]["deleted"], &report["crm"]["deleted"]),
        (&json!(1), &json!(1)),
        "{report}"
    );
    // Both people were typed in again meanwhile, in the account that lost them.
    five.sandbox.add_google(&person("Ada", "Number0", FIRST));
    five.sandbox.add_crm(&fresh("Ada", "Number1", SECOND));
    let undone = five.undo(3, &[]);
    assert_eq!(
        (&undone["google"]["created"], &undone["crm"]["created"]),
        (&json!(0), &json!(0)),
        "{undone}"
    );
    let problems = undone["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 2, "{undone}");
    assert!(problems.iter().all(|each| each["kind"] == "ambiguous"));
    assert_eq!(five.sizes(), (4, 4));
}

#[test]
fn labels_go_back_and_stay() {
    let five = Five::new(&[("crm.view", "\"Partners\"")]);
    five.sandbox
        .edit_crm(&five.crm_id(FIRST), &json!({"Lead_Source": "Web"}));
    let report = five.home.synced(&["sales"]);
    assert_eq!(report["google"]["ungrouped"], 1, "{report}");
    let undone = five.undo(0, &[]);
    assert_eq!(undone["google"]["grouped"], 1, "{undone}");
    assert!(group_of(&five.google(FIRST), &five.group));
    five.settled();
    assert!(group_of(&five.google(FIRST), &five.group));
    five.undo(0, &[]);
    assert!(!group_of(&five.google(FIRST), &five.group));
    five.settled();
}

#[test]
fn a_contact_that_was_put_into_the_label_leaves_it_again() {
    let five = Five::new(&[]);
    five.sandbox
        .add_google(&person("Grace", "Alt", "g0@example.com"));
    five.sandbox
        .add_crm(&fresh("Grace", "Alt", "g0@example.com"));
    let report = five.home.synced(&["sales"]);
    assert_eq!(report["google"]["grouped"], 1, "{report}");
    assert!(group_of(&five.google("g0@example.com"), &five.group));
    let undone = five.undo(0, &[]);
    assert_eq!(undone["google"]["ungrouped"], 1, "{undone}");
    assert!(!group_of(&five.google("g0@example.com"), &five.group));
    five.settled();
    assert_eq!(five.sizes(), (6, 6));
}

#[test]
fn a_label_that_the_profile_named_then_is_not_taken_for_the_one_that_it_names_now() {
    let five = Five::new(&[]);
    let friends = five.sandbox.add_group("Friends");
    five.sandbox
        .add_google(&person("Grace", "Alt", "g0@example.com"));
    five.sandbox
        .add_crm(&fresh("Grace", "Alt", "g0@example.com"));
    let report = five.home.synced(&["sales"]);
    assert_eq!(report["google"]["grouped"], 1, "{report}");
    five.home
        .profile("sales", &[("google.group", "\"Friends\"")]);
    let report = five.home.synced(&["sales"]);
    assert_eq!(report["google"]["grouped"], 6, "{report}");
    let undone = five.undo(3, &["2"]);
    let problem = &undone["problems"][0];
    assert_eq!(problem["kind"], "failed", "{undone}");
    let reason = problem["reason"].as_str().unwrap();
    assert!(reason.contains("the label `CRM`"), "{reason}");
    let contact = five.google("g0@example.com");
    assert!(group_of(&contact, &friends) && group_of(&contact, &five.group));
    five.settled();
}

#[test]
fn an_archived_contact_goes_back_into_the_label_and_leaves_the_archive() {
    let five = Five::new(&[("sync.on_delete", "\"archive\"")]);
    five.sandbox.delete_crm(&five.crm_id(FIRST));
    assert_eq!(five.home.synced(&["sales"])["google"]["ungrouped"], 1);
    let archive = five.sandbox.dump()["google"]["groups"]
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["name"] == "crmsync-archive")
        .expect("the archive")["resourceName"]
        .as_str()
        .unwrap()
        .to_owned();
    let places = |five: &Five| {
        let contact = five.google(FIRST);
        (
            group_of(&contact, &five.group),
            group_of(&contact, &archive),
        )
    };
    assert_eq!(places(&five), (false, true));
    five.undo(0, &[]);
    assert_eq!(places(&five), (true, false));
    five.settled();
    assert_eq!(places(&five), (true, false));
    five.undo(0, &[]);
    assert_eq!(places(&five), (false, true));
    five.settled();
}

#[test]
fn one_contact_alone_goes_back() {
    let five = Five::new(&[]);
    for email in [FIRST, SECOND] {
        five.sandbox
            .edit_crm(&five.crm_id(email), &json!({"Phone": "+49 30 555"}));
    }
    five.home.synced(&["sales"]);
    five.sandbox
        .edit_crm(&five.crm_id(SECOND), &json!({"Phone": "+49 30 556"}));
    five.home.synced(&["sales"]);
    // The last run that wrote this contact is not the last run.
    let undone = five.undo(0, &["--contact", " P0@Example.COM"]);
    assert_eq!(undone["google"]["updated"], 1, "{undone}");
    assert_eq!(five.phone(FIRST), "+49 30 100");
    assert_eq!(five.phone(SECOND), "+49 30 556");
    let run = five.home.run(&["status", "--run", "4", "--json"]).object();
    assert_eq!(run["undo_of"], 2, "{run}");
    // Of an older run nothing stands any more for the other one.
    let left = five.undo(3, &["2", "--contact", SECOND]);
    assert_eq!(left["problems"][0]["kind"], "held", "{left}");
    assert_eq!(five.phone(SECOND), "+49 30 556");
    five.settled();
    let nobody = five
        .home
        .run(&["undo", "--contact", "nobody@example.com"])
        .exits(2);
    assert!(nobody.stderr.contains("nobody@example.com"), "{nobody:?}");
    let odd = five.home.run(&["undo", "--contact", "Ada"]).exits(2);
    assert!(odd.stderr.contains("no e-mail address"), "{odd:?}");
}

#[test]
fn a_dry_run_writes_nothing_anywhere_and_foretells_the_undo() {
    let five = Five::new(&[]);
    five.sandbox
        .edit_crm(&five.crm_id(FIRST), &json!({"Phone": "+49 30 555"}));
    five.home.synced(&["sales"]);
    for (run, op) in [("2", "update"), ("1", "delete")] {
        let (before, bytes) = (
            five.sandbox.dump(),
            std::fs::read(five.home.state()).unwrap(),
        );
        let code = if run == "1" { 3 } else { 0 };
        let dry = five.undo(code, &[run, "--dry-run"]);
        assert_eq!(five.sandbox.dump(), before);
        assert_eq!(std::fs::read(five.home.state()).unwrap(), bytes);
        assert_eq!((&dry["run"], &dry["dry_run"]), (&Value::Null, &json!(true)));
        let plan = dry["plan"].as_array().unwrap();
        assert!(plan.iter().all(|row| row["op"] == op), "{dry}");
        if run == "2" {
            assert_eq!(
                plan[0]["fields"],
                json!({"phone.work": {"from": "+49 30 555", "to": "+49 30 100"}})
            );
            assert_eq!(plan[0]["why"], "put back by undo");
            let text = five.home.run(&["undo", "--dry-run"]).exits(0).stdout;
            assert!(
                text.contains("undo of run 2, dry run, nothing was written"),
                "{text}"
            );
        } else {
            assert_eq!(plan.len(), 4, "one was edited since: {dry}");
        }
        let real = five.undo(code, &[run]);
        for name in ["outcome", "linked", "deferred", "conflicts", "problems"] {
            assert_eq!(dry[name], real[name], "{name}");
        }
        for name in [
            "created",
            "updated",
            "deleted",
            "grouped",
            "ungrouped",
            "read",
        ] {
            assert_eq!(dry["google"][name], real["google"][name], "{name}");
        }
        if run == "2" {
            // Taken back, so that one contact differs from what the first run made.
            five.undo(0, &[]);
        }
    }
}

#[test]
fn history_says_what_an_undo_is() {
    let five = Five::new(&[]);
    five.undo(0, &[]);
    let text = five
        .home
        .run(&["status", "sales", "--history"])
        .exits(0)
        .stdout;
    assert!(text.contains("changed, undo of 1"), "{text}");
    let run = five.home.run(&["status", "--run", "2"]).exits(0).stdout;
    assert!(
        run.contains("run 2 of sales, undo of run 1: changed"),
        "{run}"
    );
    assert!(run.contains("put back by undo"), "{run}");
    let contact = five
        .home
        .run(&["status", "sales", "--contact", FIRST])
        .exits(0)
        .stdout;
    assert!(contact.contains("| 2    |"), "{contact}");
    // It is no sync: what waits and when the next is due stay as they were.
    let status = five.home.status("sales");
    assert_eq!(status["last_outcome"], "changed", "{status}");
    assert_eq!(status["runs"][0]["written"], 5, "{status}");
    // An undo that needs nobody is silent without a terminal.
    let quiet = five.home.run(&["undo"]).exits(0);
    assert_eq!((&*quiet.stdout, &*quiet.stderr), ("", ""));
}
