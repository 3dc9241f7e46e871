//! The network is the cost: how many requests a run takes, at full size.

use serde_json::{Value, json};

use crate::support::{Home, Sandbox, record};

/// Contacts of the large tests.
const MANY: usize = 10_000;

/// Fills the CRM with records that were changed long ago.
pub(crate) fn fill_crm(sandbox: &Sandbox, count: usize) {
    let calls: Vec<(&str, String, Value)> = (0..count)
        .map(|n| {
            let fields = record("Ada", &format!("Number{n}"), &format!("n{n}@example.com"));
            ("POST", "crm/contacts".to_owned(), fields)
        })
        .collect();
    sandbox.all(&calls);
}

#[test]
fn ten_thousand_contacts_take_fifty_batches_and_a_handful_of_other_requests() {
    let sandbox = Sandbox::empty();
    fill_crm(&sandbox, MANY);
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.direction", "\"crm-to-google\"")]);
    sandbox.counts();

    let first = home.synced(&["sales"]);
    let sent = sandbox.counts();
    assert_eq!(first["google"]["created"], MANY, "{first}");
    assert_eq!(sent.of("batchCreateContacts"), 50, "{sent:?}");
    assert!(sent.google_total() <= 50 + 6, "{sent:?}");
    // Five pages of 2,000, the deletion feed, and the daily look at rights, fields, views and queries.
    assert!(sent.crm_total() <= 12, "{sent:?}");
    assert_eq!(first["google"]["requests"], sent.google_total());
    assert_eq!(first["crm"]["requests"], sent.crm_total());

    let second = home.synced(&["sales"]);
    let sent = sandbox.counts();
    assert_eq!(second["outcome"], "in-sync", "{second}");
    assert_eq!(
        second["google"]["read"], MANY,
        "our own writes come back once"
    );
    assert_eq!(second["linked"], MANY);
    assert_eq!(sent.of("connections.list"), 10, "{sent:?}");
    // The label was made by the run before; its probe is taken anew once.
    assert!(sent.google_total() <= 11, "{sent:?}");
    assert!(sent.crm_total() <= 3, "{sent:?}");

    let third = home.synced(&["sales"]);
    let sent = sandbox.counts();
    assert_eq!(third["outcome"], "in-sync", "{third}");
    assert_eq!(third["google"]["read"], 0);
    assert_eq!(third["crm"]["read"], 0);
    assert!(sent.google_total() <= 2, "{sent:?}");
    assert!(sent.crm_total() <= 3, "{sent:?}");
    assert_eq!(third["google"]["requests"], sent.google_total());
    assert_eq!(third["crm"]["requests"], sent.crm_total());
    assert_eq!(json!([]), third["problems"]);
}

#[test]
fn after_writes_to_both_sides_a_quiet_run_costs_two_and_three_requests() {
    let sandbox = Sandbox::start(300, 100);
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    home.synced(&["sales"]);
    // The CRM's look-back of a minute brings our own writes back once more until it has passed.
    let soon = home.synced(&["sales"]);
    assert!(soon["crm"]["read"].as_u64() > Some(0), "{soon}");
    assert_eq!(soon["outcome"], "in-sync");
    sandbox.advance("3m");
    home.synced(&["sales"]);
    sandbox.advance("3m");
    sandbox.counts();
    let quiet = home.synced(&["sales"]);
    let sent = sandbox.counts();
    assert_eq!(quiet["outcome"], "in-sync");
    assert_eq!(
        (&quiet["google"]["read"], &quiet["crm"]["read"]),
        (&json!(0), &json!(0))
    );
    assert!(sent.google_total() <= 2, "{sent:?}");
    assert!(sent.crm_total() <= 3, "{sent:?}");
}
