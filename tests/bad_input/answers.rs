//! Answers that no API should give: too large, too deep, of other types, with doubled members, no text.

use serde_json::{Value, json};

use crate::support::named;
use crate::{failed_well, start, whole};

fn kinds() -> Vec<Value> {
    vec![
        json!({"kind": "huge_body", "params": {"bytes": 200 << 20}}),
        json!({"kind": "deep_json"}),
        json!({"kind": "wrong_types"}),
        json!({"kind": "duplicate_keys"}),
        json!({"kind": "invalid_utf8"}),
        json!({"kind": "bad_json"}),
        json!({"kind": "truncate_body"}),
    ]
}

fn fault(service: &str, call: &str, kind: &Value) -> Value {
    let mut rule = json!({"service": service, "call": call, "times": 1});
    for (name, value) in kind.as_object().unwrap() {
        rule[name] = value.clone();
    }
    rule
}

#[test]
fn a_spoilt_answer_to_a_read_ends_the_run_and_changes_nothing() {
    for kind in kinds() {
        for (service, call) in [
            ("google", "contactGroups.list"),
            ("google", "connections.list"),
            ("zoho", "coql"),
            ("zoho", "fields"),
            ("zoho", "custom_views"),
            ("zoho", "modules"),
        ] {
            let what = format!("{kind} from {service} {call}");
            let (sandbox, home) = start();
            let before = sandbox.dump();
            sandbox.fault(&fault(service, call, &kind));
            let ran = home.sync(&["sales"]);
            failed_well(&ran, &[0, 1, 6], &what);
            if ran.code != 0 {
                assert_eq!(sandbox.dump(), before, "{what}: something was written");
            }
            assert_eq!(
                sandbox.faults(),
                Vec::<Value>::new(),
                "{what}: never called"
            );
            home.sync(&["sales"]).exits(0);
            whole(&sandbox, &home, &what);
        }
    }
}

#[test]
fn a_spoilt_answer_to_a_later_read_deletes_and_clears_nothing() {
    for kind in kinds() {
        for (service, call) in [("google", "connections.list"), ("zoho", "coql")] {
            let what = format!("{kind} from {service} {call}");
            let (sandbox, home) = start();
            home.synced(&["sales"]);
            let before = (sandbox.google_contacts(), sandbox.crm_contacts());
            sandbox.fault(&fault(service, call, &kind));
            let ran = home.sync(&["sales", "--full"]);
            failed_well(&ran, &[0, 1, 6], &what);
            let after = (sandbox.google_contacts(), sandbox.crm_contacts());
            assert_eq!(before, after, "{what}");
            whole(&sandbox, &home, &what);
        }
    }
}

#[test]
fn a_spoilt_answer_to_a_write_doubles_nobody() {
    for kind in kinds() {
        for (service, call) in [
            ("google", "batchCreateContacts"),
            ("zoho", "create"),
            ("google", "members.modify"),
        ] {
            let what = format!("{kind} from {service} {call}");
            let (sandbox, home) = start();
            if call == "members.modify" {
                // Someone who is there already, and only has to be put into the label.
                sandbox.add_google(&crate::person("Ada", "Number0", "n00@example.com"));
            }
            sandbox.fault(&fault(service, call, &kind));
            let ran = home.sync(&["sales"]);
            failed_well(&ran, &[0, 1, 3, 6], &what);
            assert_eq!(
                sandbox.faults(),
                Vec::<Value>::new(),
                "{what}: never called"
            );
            for _ in 0..2 {
                home.sync(&["sales"]);
            }
            whole(&sandbox, &home, &what);
        }
    }
}

#[test]
fn a_value_of_another_type_was_not_cleared() {
    for member in [
        "names",
        "givenName",
        "emailAddresses",
        "phoneNumbers",
        "organizations",
    ] {
        let (sandbox, home) = start();
        let id = named(&sandbox.google_contacts(), "n08@example.com")["resourceName"].clone();
        sandbox.edit_google(
            id.as_str().unwrap(),
            &json!({"phoneNumbers": [{"value": "+49 30 1", "type": "mobile"}],
                "organizations": [{"title": "Baker", "type": "work"}]}),
        );
        home.synced(&["sales"]);
        let before = sandbox.crm_contacts();
        sandbox.fault(
            &json!({"service": "google", "call": "connections.list", "kind": "wrong_types",
            "params": {"member": member}, "times": 1}),
        );
        let ran = home.sync(&["sales", "--full"]);
        failed_well(&ran, &[0, 1], member);
        let bare = |all: &[Value]| -> Vec<Value> {
            let mut all = all.to_vec();
            for one in &mut all {
                one["Modified_Time"] = Value::Null;
            }
            all
        };
        assert_eq!(bare(&before), bare(&sandbox.crm_contacts()), "{member}");
        home.sync(&["sales", "--full"]).exits(0);
        whole(&sandbox, &home, member);
    }
}
