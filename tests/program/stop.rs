//! SIGTERM and Ctrl-C: the run says where it stands, ends with 6, and the next one goes on.

use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::{Home, Ran, Sandbox, emails, person, record};

/// Three people in the CRM, three others in Google's label.
fn start() -> (Sandbox, Home) {
    let sandbox = Sandbox::empty();
    let group = sandbox.add_group("CRM");
    for n in 0..3 {
        sandbox.add_crm(&record("Ada", "Reed", &format!("crm{n}@example.com")));
        let mut one = person("Grace", "Holm", &format!("google{n}@example.com"));
        one["memberships"] =
            json!([{"contactGroupMembership": {"contactGroupResourceName": group}}]);
        sandbox.add_google(&one);
    }
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    (sandbox, home)
}

/// Waits until the sandbox's only fault has struck.
fn struck(sandbox: &Sandbox) {
    while !sandbox.faults().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("a signal");
}

/// Runs a sync that is asked to stop once the sandbox's fault has struck.
fn stopped(sandbox: &Sandbox, home: &Home, with: Signal) -> Ran {
    let child = home.begin(&["sync", "sales", "--json"]);
    struck(sandbox);
    signal(&child, with);
    let ran = Home::end(child).exits(6);
    let report = ran.object();
    assert_eq!(report["outcome"], "interrupted", "{ran:?}");
    assert!(ran.stderr.contains("interrupted"), "{}", ran.stderr);
    assert!(ran.stderr.contains("help:"), "{}", ran.stderr);
    let status = home.status("sales");
    assert_eq!(status["last_outcome"], "interrupted", "{status}");
    assert_eq!(status["last_sync"], Value::Null, "{status}");
    ran
}

/// Everybody is on both sides once, after at most two more runs.
#[track_caller]
fn whole(sandbox: &Sandbox, home: &Home) {
    sandbox.no_faults();
    home.sync(&["sales"]);
    home.sync(&["sales"]);
    assert_eq!(home.synced(&["sales"])["outcome"], "in-sync");
    for all in [sandbox.google_contacts(), sandbox.crm_contacts()] {
        let mut own: Vec<String> = all.iter().flat_map(emails).collect();
        own.sort();
        let people = [
            "crm0@example.com",
            "crm1@example.com",
            "crm2@example.com",
            "google0@example.com",
            "google1@example.com",
            "google2@example.com",
        ];
        assert_eq!(own, people);
    }
}

#[test]
fn a_reading_that_hangs_is_given_up_at_once() {
    let (sandbox, home) = start();
    sandbox.fault(&json!({"service": "google", "call": "connections.list", "kind": "slow", "times": 1, "params": {"ms": 600_000}}));
    let before = (sandbox.google_contacts(), sandbox.crm_contacts());
    let ran = stopped(&sandbox, &home, Signal::TERM);
    assert!(ran.stderr.contains("nothing was written"), "{}", ran.stderr);
    assert_eq!(before, (sandbox.google_contacts(), sandbox.crm_contacts()));
    whole(&sandbox, &home);
}

#[test]
fn a_dry_run_ends_too() {
    let (sandbox, home) = start();
    sandbox.fault(&json!({"service": "zoho", "call": "coql", "kind": "slow", "times": 1, "params": {"ms": 600_000}}));
    let child = home.begin(&["sync", "sales", "--dry-run", "--json"]);
    struck(&sandbox);
    signal(&child, Signal::INT);
    let report = Home::end(child).exits(6).object();
    assert_eq!(report["outcome"], "interrupted", "{report}");
    assert_eq!(report["run"], Value::Null);
}

#[test]
fn a_wait_for_a_quota_ends_at_once_and_what_was_written_is_told() {
    let (sandbox, home) = start();
    sandbox.fault(&json!({"service": "zoho", "call": "create", "kind": "throttled", "times": 1, "params": {"retry_after": 250}}));
    let ran = stopped(&sandbox, &home, Signal::TERM);
    assert!(
        ran.stderr.contains("3 contacts are written, 3 wait"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.object()["deferred"], 3);
    whole(&sandbox, &home);
}
