//! Limits: how many contacts a run writes, and what waits for the next one.

use serde_json::{Value, json};

use crate::support::{Home, Sandbox, fresh, named, record};

fn add(sandbox: &Sandbox, names: std::ops::Range<usize>) -> Vec<String> {
    names
        .map(|n| {
            let mut one = record(
                "Ada",
                &format!("Number{n}"),
                &format!("n{n:02}@example.com"),
            );
            one["Modified_Time"] = json!(format!("2026-01-{:02}T03:04:05+00:00", 28 - n % 28));
            sandbox.add_crm(&one)
        })
        .collect()
}

fn numbers(report: &Value) -> (u64, u64, &str) {
    let count = |value: &Value| value.as_u64().unwrap();
    (
        count(&report["google"]["created"]),
        count(&report["deferred"]),
        report["outcome"].as_str().unwrap(),
    )
}

#[test]
fn the_first_run_writes_first_limit_contacts_and_later_ones_next_limit_until_nothing_waits() {
    let sandbox = Sandbox::empty();
    add(&sandbox, 0..10);
    let home = Home::new(&sandbox);
    let limits = [
        ("sync.first_limit", "4"),
        ("sync.next_limit", "3"),
        ("sync.direction", "\"crm-to-google\""),
    ];
    home.profile("sales", &limits);
    for wanted in [
        (4, 6, "capped"),
        (3, 3, "capped"),
        (3, 0, "changed"),
        (0, 0, "in-sync"),
    ] {
        let report = home.synced(&["sales"]);
        assert_eq!(numbers(&report), wanted, "{report}");
        assert_eq!(home.status("sales")["deferred"], wanted.1);
    }
}

#[test]
fn the_limit_of_one_call_goes_before_the_profile_and_zero_is_none() {
    let sandbox = Sandbox::empty();
    add(&sandbox, 0..9);
    let home = Home::new(&sandbox);
    home.profile(
        "sales",
        &[("sync.first_limit", "4"), ("sync.next_limit", "1")],
    );
    assert_eq!(
        numbers(&home.synced(&["sales", "--limit", "2"])),
        (2, 7, "capped")
    );
    assert_eq!(
        numbers(&home.synced(&["sales", "--limit", "0"])),
        (7, 0, "changed")
    );
}

#[test]
fn the_oldest_change_goes_first() {
    let sandbox = Sandbox::empty();
    add(&sandbox, 0..6);
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.direction", "\"crm-to-google\"")]);
    home.synced(&["sales", "--limit", "2"]);
    let people = sandbox.google_contacts();
    assert_eq!(people.len(), 2);
    named(&people, "n05@example.com");
    named(&people, "n04@example.com");
}

#[test]
fn linking_is_free_under_a_limit() {
    let sandbox = Sandbox::empty();
    let calls: Vec<_> = (0..5)
        .map(|n| {
            crate::support::person(
                "Ada",
                &format!("Number{n}"),
                &format!("n{n:02}@example.com"),
            )
        })
        .collect();
    for one in &calls {
        sandbox.add_google(one);
    }
    add(&sandbox, 0..6);
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.direction", "\"crm-to-google\"")]);
    let report = home.synced(&["sales", "--limit", "1"]);
    assert_eq!(report["adopted"], 5, "{report}");
    assert_eq!(report["google"]["grouped"], 5, "{report}");
    assert_eq!(numbers(&report), (1, 0, "changed"));
}

#[test]
fn a_capped_run_deletes_nothing_and_says_how_many_deletes_wait() {
    let sandbox = Sandbox::empty();
    let ids = add(&sandbox, 0..8);
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.on_delete", "\"delete\"")]);
    home.synced(&["sales"]);
    sandbox.delete_crm(&ids[0]);
    for n in 10..14 {
        sandbox.add_crm(&fresh(
            "Ada",
            &format!("Number{n}"),
            &format!("n{n:02}@example.com"),
        ));
    }
    let capped = home.synced(&["sales", "--limit", "2"]);
    assert_eq!(capped["google"]["deleted"], 0, "{capped}");
    assert_eq!(numbers(&capped), (2, 2, "capped"));
    let status = home.status("sales");
    assert_eq!(
        (&status["deletes_waiting"], &status["deferred"]),
        (&json!(1), &json!(2))
    );
    let rest = home.synced(&["sales"]);
    assert_eq!(rest["google"]["deleted"], 1, "{rest}");
    assert_eq!(numbers(&rest), (2, 0, "changed"));
    assert_eq!(home.status("sales")["deletes_waiting"], 0);
    assert_eq!(sandbox.google_contacts().len(), 11);
}
