//! The network is the cost: how many requests a run takes, at full size.

use serde_json::{Value, json};

use crate::support::{Home, Sandbox, fresh, person, record};

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
    // Labels, one listing, the new label.
    assert!(sent.google_total() <= 50 + 3, "{sent:?}");
    // Five pages of 2,000, the deletion feed, and the daily look at rights, fields, views, user,
    // organisation and queries.
    assert_eq!(sent.of("coql"), 5 + 1, "{sent:?}");
    assert_eq!(sent.crm_total(), 5 + 1 + 6, "{sent:?}");
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

/// A pass over 1,200 people that both sides have, settled so that nothing comes back any more.
fn settled(extra: &[(&str, &str)]) -> (Sandbox, Home) {
    let sandbox = Sandbox::empty();
    fill_crm(&sandbox, 1_200);
    let home = Home::new(&sandbox);
    let mut keys = vec![
        ("sync.next_limit", "0"),
        ("sync.on_delete", "\"delete\""),
        ("google.group", "\"myContacts\""),
    ];
    keys.extend(extra);
    home.profile("sales", &keys);
    for _ in 0..3 {
        home.synced(&["sales"]);
        sandbox.advance("5m");
    }
    sandbox.counts();
    (sandbox, home)
}

#[test]
fn people_that_are_the_same_on_both_sides_cost_the_pages_and_nothing_else() {
    let (sandbox, home) = settled(&[]);
    std::fs::remove_dir_all(home.state().parent().unwrap()).unwrap();
    let again = home.synced(&["sales"]);
    let sent = sandbox.counts();
    assert_eq!(again["outcome"], "in-sync", "{again}");
    assert_eq!(
        (&again["linked"], &again["adopted"]),
        (&json!(1_200), &json!(1_200))
    );
    assert_eq!(sent.of("connections.list"), 2, "{sent:?}");
    // The labels are looked at once a day.
    assert_eq!(sent.google_total(), 2 + 1, "{sent:?}");
    // One page, the deletion feed, and the daily look.
    assert_eq!(sent.of("coql"), 1 + 1, "{sent:?}");
    assert_eq!(sent.crm_total(), 1 + 1 + 6, "{sent:?}");
}

#[test]
fn five_hundred_changes_in_the_crm_cost_eight_requests() {
    let (sandbox, home) = settled(&[]);
    let ids: Vec<String> = sandbox
        .crm_contacts()
        .iter()
        .map(|record| record["id"].as_str().unwrap().to_owned())
        .collect();
    let mut calls: Vec<(&str, String, Value)> = Vec::new();
    for (n, id) in ids.iter().take(450).enumerate() {
        let path = format!("crm/contacts/{id}");
        calls.push(if n < 400 {
            let fields = json!({"fields": {"Mobile": format!("+49 30 88{n:05}")}});
            ("PATCH", path, fields)
        } else {
            ("DELETE", path, Value::Null)
        });
    }
    for n in 0..50 {
        let fields = fresh("New", &format!("New{n}"), &format!("new{n}@example.com"));
        calls.push(("POST", "crm/contacts".to_owned(), fields));
    }
    sandbox.all(&calls);
    let report = home.synced(&["sales", "--allow-bulk"]);
    let sent = sandbox.counts();
    let google = &report["google"];
    assert_eq!(
        (&google["updated"], &google["created"], &google["deleted"]),
        (&json!(400), &json!(50), &json!(50)),
        "{report}"
    );
    assert_eq!(sent.of("batchUpdateContacts"), 2, "{sent:?}");
    assert_eq!(sent.of("batchCreateContacts"), 1, "{sent:?}");
    assert_eq!(sent.of("batchDeleteContacts"), 1, "{sent:?}");
    // Google's delete takes no etag, so the contacts are read once more before it.
    assert_eq!(sent.of("getBatchGet"), 1, "{sent:?}");
    assert_eq!(sent.google_total(), 1 + 2 + 1 + 1 + 1, "{sent:?}");
    assert_eq!(sent.crm_total(), 2, "{sent:?}");
}

#[test]
fn five_hundred_changes_in_google_cost_nine_requests() {
    let (sandbox, home) = settled(&[]);
    let ids: Vec<String> = sandbox
        .google_contacts()
        .iter()
        .map(|person| person["resourceName"].as_str().unwrap().to_owned())
        .collect();
    let mut calls: Vec<(&str, String, Value)> = Vec::new();
    for (n, id) in ids.iter().take(450).enumerate() {
        let path = format!("google/contacts/{id}");
        calls.push(if n < 400 {
            let names =
                json!({"names": [{"givenName": format!("Changed{n}"), "familyName": "Person"}]});
            ("PATCH", path, names)
        } else {
            ("DELETE", path, Value::Null)
        });
    }
    for n in 0..50 {
        let person =
            json!({"person": person("New", &format!("New{n}"), &format!("new{n}@example.com"))});
        calls.push(("POST", "google/contacts".to_owned(), person));
    }
    sandbox.all(&calls);
    let report = home.synced(&["sales", "--allow-bulk"]);
    let sent = sandbox.counts();
    let crm = &report["crm"];
    assert_eq!(
        (&crm["updated"], &crm["created"], &crm["deleted"]),
        (&json!(400), &json!(50), &json!(50)),
        "{report}"
    );
    assert_eq!(sent.google_total(), 1, "{sent:?}");
    assert_eq!(
        (sent.of("update"), sent.of("create"), sent.of("delete")),
        (4, 1, 1),
        "{sent:?}"
    );
    assert_eq!(sent.crm_total(), 2 + 4 + 1 + 1, "{sent:?}");
}

#[test]
fn a_day_of_quiet_runs_every_five_minutes_costs_six_hundred_credits_at_most() {
    let sandbox = Sandbox::empty();
    fill_crm(&sandbox, MANY);
    let home = Home::new(&sandbox);
    home.profile(
        "sales",
        &[
            ("sync.direction", "\"crm-to-google\""),
            ("sync.first_limit", "1"),
            ("sync.next_limit", "1"),
            ("sync.frequency", "\"5m\""),
        ],
    );
    home.synced(&["sales"]);
    let quiet = |what: &str| {
        let before = sandbox.credits();
        let report = home.synced(&["sales"]);
        let spent = sandbox.credits() - before;
        assert_eq!(report["crm"]["read"], 0, "{what}: {report}");
        sandbox.advance("5m");
        spent
    };
    sandbox.advance("5m");
    quiet("the first");
    quiet("the second");
    quiet("the third");
    let usual = quiet("the fourth");
    assert_eq!(usual, 2);
    // Once a day rights, fields and the view's members are read too: the age of what is known of them is
    // put back.
    let state = rusqlite::Connection::open(home.state()).unwrap();
    let aged = state
        .execute(
            "UPDATE scope SET facts = json_set(facts, '$.last_census', 0,
                '$.probes.google[0]', 0, '$.probes.crm[0]', 0)",
            [],
        )
        .unwrap();
    assert_eq!(aged, 1);
    drop(state);
    let daily = quiet("the daily one");
    assert!(daily > usual + 15, "{daily}");
    assert!(daily + 287 * usual <= 600, "{daily} + 287 x {usual}");
}

#[test]
fn a_run_keeps_to_googles_minute_and_stops_where_it_may_not_wait() {
    let sandbox = Sandbox::empty();
    fill_crm(&sandbox, 900);
    let home = Home::new(&sandbox);
    home.profile(
        "sales",
        &[
            ("sync.direction", "\"crm-to-google\""),
            ("sync.next_limit", "0"),
            ("google.group", "\"myContacts\""),
            ("google.writes_per_minute", "13"),
        ],
    );
    sandbox.google("switch", &json!({"critical_writes_per_minute": 12}));
    let mut created = 0;
    for run in 0..3 {
        let ran = home.sync(&["sales", "--patience", "0s", "-v"]);
        let report = ran.object();
        let code = if run < 2 { 6 } else { 0 };
        assert_eq!(ran.code, code, "{report}");
        created += report["google"]["created"].as_u64().unwrap();
        assert_eq!(created, [400, 800, 900][run], "{report}");
        let left = [1, 1, 7][run];
        let told = format!("requests, {left} writes left of the minute");
        assert!(ran.stderr.contains(&told), "{}", ran.stderr);
        if code == 6 {
            let hint = report["error"]["hint"].as_str().unwrap();
            assert!(hint.contains("again in"), "{hint}");
        }
        sandbox.advance("2m");
    }
    let sent = sandbox.counts();
    assert_eq!(
        sent.of("batchCreateContacts"),
        5,
        "none was refused: {sent:?}"
    );
    assert_eq!(sandbox.google_contacts().len(), 900);
}
