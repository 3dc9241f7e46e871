//! Two programs that fight over a value: after the third time it is left alone, and both are named.

use serde_json::{Value, json};

use crate::support::{Home, Sandbox, named, record};

const ADA: &str = "ada@example.com";
const ONE: &str = "+49 30 1111111";
const TWO: &str = "+49 30 2222222";

/// One linked contact whose phone is [`TWO`] on both sides.
struct Pair {
    sandbox: Sandbox,
    home: Home,
    crm: String,
    google: String,
}

impl Pair {
    fn new(extra: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::empty();
        let mut ada = record("Ada", "Reed", ADA);
        ada["Phone"] = json!(TWO);
        let crm = sandbox.add_crm(&ada);
        let home = Home::new(&sandbox);
        home.profile("sales", extra);
        home.synced(&["sales"]);
        let all = sandbox.google_contacts();
        let google = named(&all, ADA)["resourceName"]
            .as_str()
            .unwrap()
            .to_owned();
        Self {
            sandbox,
            home,
            crm,
            google,
        }
    }

    fn in_crm(&self, number: &str) {
        self.sandbox
            .edit_crm(&self.crm, &json!({ "Phone": number }));
    }

    fn in_google(&self, number: &str) {
        let phones = json!([{"value": number, "type": "work"}]);
        self.sandbox
            .edit_google(&self.google, &json!({ "phoneNumbers": phones }));
    }

    /// What the CRM and Google hold.
    fn phones(&self) -> (Value, Value) {
        (
            named(&self.sandbox.crm_contacts(), ADA)["Phone"].clone(),
            named(&self.sandbox.google_contacts(), ADA)["phoneNumbers"][0]["value"].clone(),
        )
    }

    fn quarantined(&self) -> Value {
        let before = self.phones();
        let report = self.home.sync(&["sales"]).exits(3).object();
        assert_eq!(self.phones(), before, "{report}");
        let problem = report["problems"][0].clone();
        assert_eq!(problem["kind"], "quarantined", "{report}");
        assert_eq!(problem["email"], ADA);
        assert_eq!(problem["google"], json!([self.google]));
        assert_eq!(problem["crm"], json!([self.crm]));
        let reason = problem["reason"].as_str().unwrap();
        assert!(reason.contains(ONE) && reason.contains(TWO), "{reason}");
        assert!(reason.contains("phone.work"), "{reason}");
        report
    }
}

#[test]
fn a_value_that_goes_to_and_fro_is_left_alone_until_both_sides_agree() {
    let pair = Pair::new(&[]);
    pair.in_crm(ONE);
    assert_eq!(pair.home.synced(&["sales"])["google"]["updated"], 1);
    pair.in_google(TWO);
    assert_eq!(pair.home.synced(&["sales"])["crm"]["updated"], 1);
    pair.in_crm(ONE);
    assert_eq!(pair.home.synced(&["sales"])["google"]["updated"], 1);
    pair.in_google(TWO);
    pair.quarantined();
    assert_eq!(pair.home.status("sales")["failing"], 1);
    pair.quarantined();
    // The contact's other fields go on.
    pair.sandbox.edit_crm(&pair.crm, &json!({"Title": "Baker"}));
    let report = pair.quarantined();
    assert_eq!(report["google"]["updated"], 1, "{report}");
    let told = pair.home.run(&["sync", "sales"]).exits(3).stdout;
    assert!(told.contains("help:") && told.contains(ONE), "{told}");
    // Someone makes both equal: it is over, and the same values may go over again.
    pair.in_google(ONE);
    assert_eq!(pair.home.synced(&["sales"])["outcome"], "in-sync");
    pair.in_crm(TWO);
    assert_eq!(pair.home.synced(&["sales"])["google"]["updated"], 1);
    assert_eq!(pair.phones(), (json!(TWO), json!(TWO)));
}

#[test]
fn a_new_value_ends_the_quarantine() {
    let pair = Pair::new(&[]);
    for (in_crm, number) in [(true, ONE), (false, TWO), (true, ONE)] {
        if in_crm {
            pair.in_crm(number);
        } else {
            pair.in_google(number);
        }
        pair.home.synced(&["sales"]);
    }
    pair.in_google(TWO);
    pair.quarantined();
    pair.in_google("+49 30 3333333");
    assert_eq!(pair.home.synced(&["sales"])["crm"]["updated"], 1);
    assert_eq!(pair.home.synced(&["sales"])["outcome"], "in-sync");
}

#[test]
fn an_enforced_target_that_is_changed_back_every_time_is_left_alone() {
    let pair = Pair::new(&[
        ("sync.direction", "\"crm-to-google\""),
        ("sync.enforce", "true"),
    ]);
    for _ in 0..3 {
        pair.in_google(ONE);
        assert_eq!(pair.home.synced(&["sales"])["google"]["updated"], 1);
    }
    pair.in_google(ONE);
    pair.quarantined();
}
