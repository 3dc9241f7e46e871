//! Bad input of every sort: damaged, locked and foreign state files, a full disk, clocks that jump, spoilt
//! answers, a crowd behind one address. Each ends with its exit code, and nothing is lost or doubled.
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod answers;
mod clock;
mod crowd;
mod disk;
mod state_file;
#[path = "../program/support/mod.rs"]
mod support;

use std::process::{Command, Stdio};

use serde_json::json;
use support::{Home, Ran, Sandbox, emails, person, record};

/// Seven people in the CRM, seven in Google's label, two of them on both sides.
fn start() -> (Sandbox, Home) {
    let sandbox = Sandbox::empty();
    let group = sandbox.add_group("CRM");
    for n in 0..12 {
        let email = format!("n{n:02}@example.com");
        if n < 7 {
            sandbox.add_crm(&record("Ada", &format!("Number{n}"), &email));
        }
        if n >= 5 {
            let mut one = person("Ada", &format!("Number{n}"), &email);
            one["memberships"] =
                json!([{"contactGroupMembership": {"contactGroupResourceName": group}}]);
            sandbox.add_google(&one);
        }
    }
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.on_delete", "\"delete\"")]);
    (sandbox, home)
}

/// Everybody is on both sides once, with a name, and another run finds nothing to do.
#[track_caller]
fn whole(sandbox: &Sandbox, home: &Home, what: &str) {
    let (google, crm) = (sandbox.google_contacts(), sandbox.crm_contacts());
    for (side, all) in [("google", &google), ("crm", &crm)] {
        let mut own: Vec<String> = all.iter().flat_map(emails).collect();
        own.sort();
        own.dedup();
        assert_eq!(
            own.len(),
            all.len(),
            "{what}: somebody is doubled in {side}"
        );
        assert_eq!(own.len(), 12, "{what}: {side}");
    }
    for one in &google {
        let name = one["names"][0]["familyName"].as_str().unwrap_or_default();
        assert!(name.starts_with("Number"), "{what}: {one}");
    }
    for one in &crm {
        assert_eq!(one["First_Name"], "Ada", "{what}: {one}");
    }
    let last = home.synced(&["sales"]);
    assert_eq!(last["outcome"], "in-sync", "{what}: {last}");
    assert_eq!(last["linked"], 12, "{what}: {last}");
}

/// Runs the program by way of a shell line that ends in `exec "$0" "$@"`, without a time limit.
fn through_shell(home: &Home, line: &str, args: &[&str]) -> Ran {
    let began = std::time::Instant::now();
    let output = Command::new("sh")
        .arg("-c")
        .arg(line)
        .arg(env!("CARGO_BIN_EXE_crmsync"))
        .args(args)
        .env_clear()
        .envs(home.arguments())
        .stdin(Stdio::null())
        .output()
        .expect("there is a shell");
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        took: began.elapsed(),
    }
}

/// A run that failed, and said so like a program that expected it.
#[track_caller]
fn failed_well(ran: &Ran, codes: &[i32], what: &str) {
    assert!(codes.contains(&ran.code), "{what}: {ran:?}");
    assert!(!ran.stderr.contains("panicked"), "{what}: {ran:?}");
    if ran.code != 0 {
        assert!(ran.stderr.contains("error"), "{what}: {ran:?}");
    }
}
