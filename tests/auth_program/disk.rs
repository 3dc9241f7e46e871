//! Tokens on a full disk, and token servers whose answers cannot be right.

use std::process::Command;

use serde_json::json;

use crate::admin::Sandbox;
use crate::support::{Home, Ran};

/// Runs the program where no file can grow, as on a full disk.
fn cramped(home: &Home, args: &str) -> Ran {
    let line = format!("trap '' XFSZ; ulimit -f 0; {}", home.shell(args));
    let began = std::time::Instant::now();
    let output = Command::new("sh").arg("-c").arg(line).output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        took: began.elapsed(),
    }
}

/// The files of the token directory and what they hold, locks aside.
fn files(home: &Home) -> Vec<(String, Vec<u8>)> {
    let dir = home.token_file("google-sales");
    let mut all: Vec<_> = std::fs::read_dir(dir.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .filter(|(name, _)| {
            std::path::Path::new(name)
                .extension()
                .is_none_or(|end| end != "lock")
        })
        .collect();
    all.sort();
    all
}

#[test]
fn a_full_disk_leaves_the_token_files_whole() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.sign_in(&sandbox);
    let before = files(&home);
    assert_eq!(before.len(), 2);
    let token = home.tokens("google-sales")["refresh_token"].clone();
    let import = json!({"type": "authorized_user", "client_id": "7-marked.apps.example.com",
        "client_secret": crate::support::GOOGLE_SECRET, "refresh_token": token});
    std::fs::write(home.path().join("token.json"), import.to_string()).unwrap();
    let file = home.path().join("token.json");
    let ran = cramped(
        &home,
        &format!("auth google sales --import {}", file.display()),
    )
    .exits(1);
    ran.says(&["google-sales.json"]);
    assert_eq!(
        files(&home),
        before,
        "no part of a file, and the old one whole"
    );

    // A token that is renewed and cannot be kept is good for the call that renewed it.
    sandbox.google("expire_access_tokens", &json!({}));
    let ran = cramped(&home, "map-fields sales").exits(0);
    let ran = ran.says(&["cannot be kept", "google-sales.json"]);
    assert!(!ran.stderr.contains("refresh token"), "{ran:?}");
    assert_eq!(files(&home), before);
    // With room again it is renewed and kept.
    home.run(&["map-fields", "sales"]).exits(0);
    assert_ne!(files(&home), before);
    home.run(&["auth", "status", "sales"]).exits(0);
}

#[test]
fn a_replaced_refresh_token_that_cannot_be_kept_is_a_danger_and_said_loudly() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.sign_in(&sandbox);
    sandbox.google("switch", &json!({"rotate_refresh_tokens": true}));
    sandbox.google("expire_access_tokens", &json!({}));
    let before = files(&home);
    cramped(&home, "map-fields sales").exits(0).says(&[
        "replaced the refresh token",
        "google-sales.json",
        "crmsync auth google sales",
    ]);
    assert_eq!(files(&home), before, "the old file stays whole");
}

#[test]
fn a_token_answer_that_cannot_be_right_is_refused_and_nothing_is_kept() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.sign_in(&sandbox);
    for (kind, params) in [
        ("huge_body", json!({"bytes": 200 << 20})),
        ("deep_json", json!({})),
        ("wrong_types", json!({})),
        ("invalid_utf8", json!({})),
        ("bad_json", json!({})),
    ] {
        sandbox.google("expire_access_tokens", &json!({}));
        let before = files(&home);
        sandbox.fault(
            &json!({"service": "google", "call": "oauth.token", "kind": kind, "params": params}),
        );
        let ran = home.run(&["map-fields", "sales"]);
        sandbox.no_faults();
        assert_eq!(ran.code, 6, "{kind}: {ran:?}");
        assert!(!ran.stderr.contains("panicked"), "{kind}: {ran:?}");
        assert_eq!(files(&home), before, "{kind}");
        home.run(&["map-fields", "sales"]).exits(0);
    }
}
