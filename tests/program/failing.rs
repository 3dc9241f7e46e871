//! One contact that fails: the others go on, it is tried again with back-off, told until it is well.

use serde_json::{Value, json};

use crate::support::{Home, Sandbox, named, record};

const ILL: &str = "ill@example.com";
const WELL: &str = "well@example.com";

/// Two linked contacts; the CRM's record of one is locked, and both have a new phone in Google.
struct Locked {
    sandbox: Sandbox,
    home: Home,
    id: String,
}

impl Locked {
    fn new() -> Self {
        let sandbox = Sandbox::empty();
        let id = sandbox.add_crm(&record("Ada", "Reed", ILL));
        sandbox.add_crm(&record("Grace", "Holm", WELL));
        let home = Home::new(&sandbox);
        home.profile("sales", &[]);
        home.synced(&["sales"]);
        sandbox.crm("lock_record", &json!({"id": id, "locked": true}));
        let locked = Self { sandbox, home, id };
        locked.phone(ILL, "+49 30 11");
        locked.phone(WELL, "+49 30 22");
        locked
    }

    fn phone(&self, email: &str, number: &str) {
        let all = self.sandbox.google_contacts();
        let name = named(&all, email)["resourceName"].as_str().unwrap();
        let phones = json!([{"value": number, "type": "work"}]);
        self.sandbox
            .edit_google(name, &json!({ "phoneNumbers": phones }));
    }

    fn unlock(&self) {
        self.sandbox
            .crm("lock_record", &json!({"id": self.id, "locked": false}));
    }

    fn in_crm(&self, email: &str) -> Value {
        named(&self.sandbox.crm_contacts(), email)["Phone"].clone()
    }

    /// Fails three times, the last time with a printed report.
    fn fail_thrice(&self) {
        for _ in 0..2 {
            let report = self.home.sync(&["sales"]).exits(3).object();
            assert_eq!(report["problems"].as_array().unwrap().len(), 1, "{report}");
            assert_eq!(report["problems"][0]["email"], ILL, "{report}");
        }
        assert_eq!(self.in_crm(WELL), "+49 30 22");
        let told = self.home.run(&["sync", "sales"]).exits(3).stdout;
        assert!(told.contains(ILL) && told.contains("help:"), "{told}");
        assert!(told.contains("read Google: changes only, "), "{told}");
        assert!(
            told.contains("token ok") && told.contains("position ok"),
            "{told}"
        );
        self.sandbox.counts();
    }
}

#[test]
fn after_three_failures_a_contact_waits_and_is_told_once_a_day() {
    let locked = Locked::new();
    locked.fail_thrice();
    let again = locked.home.run(&["sync", "sales"]).exits(3);
    assert_eq!(again.stdout, "", "told within a day");
    let report = locked.home.sync(&["sales"]).exits(3).object();
    assert_eq!(locked.sandbox.counts().of("update"), 0, "it is not tried");
    let problem = &report["problems"][0];
    assert_eq!(problem["email"], ILL, "{report}");
    let reason = problem["reason"].as_str().unwrap();
    assert!(reason.contains("failed 3 times"), "{reason}");
    let status = locked.home.status("sales");
    assert_eq!(status["failing"], 1, "{status}");
    // Nothing tells that it would work now; whoever knows it says so.
    locked.unlock();
    locked.home.sync(&["sales"]).exits(3);
    let well = locked.home.synced(&["sales", "--full"]);
    assert_eq!(well["crm"]["updated"], 1, "{well}");
    assert_eq!(locked.in_crm(ILL), "+49 30 11");
    assert_eq!(locked.home.status("sales")["failing"], 0);
    assert_eq!(locked.home.synced(&["sales"])["outcome"], "in-sync");
}

#[test]
fn an_edit_on_either_side_is_tried_at_once() {
    let locked = Locked::new();
    locked.fail_thrice();
    locked.home.sync(&["sales"]).exits(3);
    assert_eq!(locked.sandbox.counts().of("update"), 0);
    locked.unlock();
    locked.phone(ILL, "+49 30 33");
    locked.home.synced(&["sales"]);
    assert_eq!(locked.in_crm(ILL), "+49 30 33");
    // Well again: a later failure counts from one.
    locked
        .sandbox
        .crm("lock_record", &json!({"id": locked.id, "locked": true}));
    locked.phone(ILL, "+49 30 44");
    for _ in 0..2 {
        locked.sandbox.counts();
        locked.home.sync(&["sales"]).exits(3);
        assert_eq!(locked.sandbox.counts().of("update"), 1);
    }
}

#[test]
fn a_full_google_account_takes_no_creates_and_everything_else() {
    let sandbox = Sandbox::empty();
    let ids: Vec<_> = (0..3)
        .map(|n| sandbox.add_crm(&record("Ada", "Reed", &format!("old{n}@example.com"))))
        .collect();
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    home.synced(&["sales"]);
    sandbox.google("switch", &json!({"contacts_cap": 3}));
    for n in 0..3 {
        sandbox.add_crm(&crate::support::fresh(
            "Grace",
            "Holm",
            &format!("new{n}@example.com"),
        ));
    }
    sandbox.edit_crm(&ids[0], &json!({"Title": "Baker"}));
    let all = sandbox.google_contacts();
    let name = named(&all, "old1@example.com")["resourceName"]
        .as_str()
        .unwrap();
    let phones = json!([{"value": "+49 30 5", "type": "work"}]);
    sandbox.edit_google(name, &json!({ "phoneNumbers": phones }));
    let ran = home.sync(&["sales"]).exits(6);
    assert!(ran.stderr.contains("trash"), "{}", ran.stderr);
    let report = ran.object();
    assert_eq!(report["outcome"], "unavailable", "{report}");
    assert_eq!(
        (&report["google"]["created"], &report["google"]["updated"]),
        (&json!(0), &json!(1)),
        "{report}"
    );
    assert_eq!(
        (&report["crm"]["updated"], &report["deferred"]),
        (&json!(1), &json!(3))
    );
    sandbox.google("switch", &json!({"contacts_cap": 25_000}));
    assert_eq!(home.synced(&["sales"])["google"]["created"], 3);
    assert_eq!(sandbox.google_contacts().len(), 6);
    assert_eq!(home.synced(&["sales"])["outcome"], "in-sync");
}
