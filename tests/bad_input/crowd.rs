//! A hundred thousand contacts behind one address.

use serde_json::{Value, json};

use crate::support::{Home, Sandbox, person};
use crate::through_shell;

#[test]
fn a_hundred_thousand_contacts_with_one_address_are_one_problem() {
    const MANY: usize = 100_000;
    let sandbox = Sandbox::empty();
    let group = sandbox.add_group("CRM");
    let mut one = person("Ada", "Stone", "info@example.com");
    one["memberships"] = json!([{"contactGroupMembership": {"contactGroupResourceName": group}}]);
    let google = sandbox.add_google(&one);
    let crowd: Vec<_> = (0..MANY)
        .map(|n| {
            let fields = json!({"Last_Name": format!("Number{n}"), "Email": "info@example.com"});
            let call = ("POST", "crm/contacts".to_owned());
            (call.0, call.1, json!({ "fields": fields }))
        })
        .collect();
    for some in crowd.chunks(10_000) {
        sandbox.all(some);
    }
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let mut last = Value::Null;
    for args in [
        ["sync", "sales", "--json", "--full"],
        ["sync", "sales", "--json", "-q"],
    ] {
        let ran = through_shell(&home, "exec \"$0\" \"$@\"", &args).exits(3);
        last = ran.object();
        let problems = last["problems"].as_array().unwrap();
        assert_eq!(problems.len(), 1, "one problem");
        assert_eq!(problems[0]["kind"], "ambiguous");
        assert_eq!(problems[0]["email"], "info@example.com");
        assert_eq!(problems[0]["google"], json!([google]));
        assert_eq!(
            problems[0]["crm"].as_array().unwrap().len(),
            MANY,
            "every id"
        );
        for side in ["google", "crm"] {
            for count in ["created", "updated", "deleted"] {
                assert_eq!(last[side][count], 0, "{side} {count}");
            }
        }
    }
    assert_eq!(last["linked"], 0);
    // People are told enough to look, and not everything.
    let ran = through_shell(&home, "exec \"$0\" \"$@\"", &["sync", "sales"]).exits(3);
    assert!(ran.stdout.len() < 2000, "{} bytes", ran.stdout.len());
    assert!(ran.stdout.contains("and 99,980 more"), "{}", ran.stdout);
}
