//! Errors about the state file and the lock: one clear message, the right code, nothing written.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::json;

use crate::errors::{fails, start};

#[test]
fn a_state_file_that_is_newer_broken_or_open_to_others_is_refused() {
    let (sandbox, home) = start();
    home.synced(&["sales"]);
    let good = std::fs::read(home.state()).unwrap();
    let state = rusqlite::Connection::open(home.state()).unwrap();
    state.pragma_update(None, "user_version", 999).unwrap();
    drop(state);
    fails(
        &sandbox,
        &home,
        &["sales"],
        7,
        &["state.sqlite3", "999", "newer"],
    );
    std::fs::write(
        home.state(),
        b"something else entirely, long enough to look at",
    )
    .unwrap();
    fails(&sandbox, &home, &["sales"], 7, &["state.sqlite3", "mv "]);
    std::fs::write(home.state(), &good[..good.len() / 2]).unwrap();
    home.run(&["sync", "sales"]).exits(7);
    std::fs::write(home.state(), &good).unwrap();
    std::fs::set_permissions(home.state(), std::fs::Permissions::from_mode(0o644)).unwrap();
    fails(
        &sandbox,
        &home,
        &["sales"],
        5,
        &["chmod 600", "state.sqlite3"],
    );
    std::fs::set_permissions(home.state(), std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(home.synced(&["sales"])["outcome"], "in-sync");
}

#[test]
fn a_second_run_on_the_accounts_says_who_holds_them() {
    let (sandbox, home) = start();
    home.synced(&["sales"]);
    sandbox.fault(&json!({"service": "google", "call": "connections.list", "kind": "slow", "times": 1, "params": {"ms": 5000}}));
    let mut first = home.start(&["sync", "sales"]);
    while sandbox.faults().len() == 1 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = first.id().to_string();
    fails(&sandbox, &home, &["sales"], 8, &[&pid, "20"]);
    let report = home.sync(&["sales"]).exits(8).object();
    assert_eq!(report["outcome"], "busy");
    assert!(first.wait().unwrap().success());
    home.synced(&["sales"]);
}
