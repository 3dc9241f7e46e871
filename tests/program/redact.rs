//! What of a contact is shown: nothing in logs and errors, and with `--redact` nothing anywhere.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::{Home, Ran, Sandbox, person, record};

/// Words that stand in values of contacts and nowhere else.
const VALUES: &[&str] = &[
    "zebedee",
    "quillfeather",
    "ottoline",
    "marzipan",
    "998877",
    "665544",
    "bassoonist",
    "example.com",
    "example.org",
    "twins@",
    "solo@",
];

/// A pair with a held conflict, twins in Google, a value that is too long for the CRM, a record alone, a
/// contact whose twin is deleted later.
fn start() -> (Sandbox, Home) {
    let sandbox = Sandbox::empty();
    let group = sandbox.add_group("CRM");
    let label = json!([{"contactGroupMembership": {"contactGroupResourceName": group}}]);
    let mut zebedee = person("Zebedee", "Quillfeather", "zebedee@example.com");
    zebedee["phoneNumbers"] = json!([{"value": "+49 30 998877", "type": "work"}]);
    zebedee["organizations"] = json!([{"title": "Bassoonist", "type": "work"}]);
    zebedee["memberships"] = label.clone();
    sandbox.add_google(&zebedee);
    let mut twin = record("Zebedee", "Quillfeather", "zebedee@example.com");
    twin["Phone"] = json!("+49 30 665544");
    twin["Mailing_Street"] = json!("Marzipan Lane 3");
    sandbox.add_crm(&twin);
    for _ in 0..2 {
        let mut one = person("Ottoline", "Quillfeather", "twins@example.org");
        one["memberships"] = label.clone();
        sandbox.add_google(&one);
    }
    let mut long = person("Ottoline", &"Marzipan".repeat(30), "solo@example.com");
    long["memberships"] = label;
    sandbox.add_google(&long);
    sandbox.add_crm(&record("Ottoline", "Marzipan", "ottoline@example.com"));
    let home = Home::new(&sandbox);
    home.profile(
        "sales",
        &[
            ("sync.on_conflict", "\"hold\""),
            ("google.account", "\"me@example.com\""),
        ],
    );
    (sandbox, home)
}

/// No value of a contact stands in a text.
#[track_caller]
fn clean(text: &str, what: &str) {
    let low = text.to_lowercase();
    for value in VALUES {
        assert!(!low.contains(value), "{what} shows {value}:\n{text}");
    }
}

fn hashes(ran: &Ran) -> BTreeSet<String> {
    let all = format!("{}{}", ran.stdout, ran.stderr);
    let words = all.split(|c: char| !(c.is_alphanumeric() || "-@.[]".contains(c)));
    words
        .filter(|word| word.contains("redacted"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn with_redact_no_value_of_a_contact_leaves_the_program() {
    let (sandbox, home) = start();
    let calls: &[&[&str]] = &[
        &["map-fields", "sales", "--check"],
        &["map-fields", "sales", "--check", "--json"],
        &["sync", "sales", "--dry-run"],
        &["sync", "sales", "--dry-run", "--json"],
        &["sync", "sales", "--json"],
        &["sync", "sales"],
        &["status"],
        &["status", "sales"],
        &["status", "--json"],
        &["status", "--history"],
        &["status", "--run", "1"],
        &["status", "--run", "1", "--json"],
        &["status", "--contact", "zebedee@example.com"],
        &["status", "--contact", "zebedee@example.com", "--json"],
        &["status", "--contact", "twins@example.org"],
        &["auth", "status"],
    ];
    let mut seen = BTreeSet::new();
    for call in calls {
        let mut args = vec!["--redact", "-vv"];
        args.extend(*call);
        let ran = home.run(&args);
        clean(&ran.stdout, &format!("{call:?} on stdout"));
        clean(&ran.stderr, &format!("{call:?} on stderr"));
        let root = home.state();
        let root = root
            .parent()
            .unwrap()
            .parent()
            .unwrap()
            .display()
            .to_string();
        for text in [&ran.stdout, &ran.stderr] {
            assert!(
                !text.contains(&root),
                "{call:?} shows the home directory: {text}"
            );
        }
        seen.extend(hashes(&ran));
    }
    assert!(seen.len() > 6, "too few hashes: {seen:?}");
    let report = home.sync(&["sales", "--redact"]).exits(3).object();
    let problems = report["problems"].as_array().unwrap();
    assert!(problems.len() >= 3, "{report}");
    let twins = problems
        .iter()
        .find(|one| one["kind"] == "ambiguous")
        .unwrap();
    assert!(
        twins["email"]
            .as_str()
            .unwrap()
            .ends_with("@redacted.invalid")
    );
    assert!(twins["google"][0].as_str().unwrap().starts_with("people/"));
    assert!(
        report["conflicts"][0]["crm"]
            .as_str()
            .unwrap()
            .starts_with("[redacted-")
    );
    drop(sandbox);
    let ran = home.run(&["sync", "sales", "--redact", "-vv"]).exits(6);
    clean(&ran.stderr, "a server that is down");
}

#[test]
fn one_value_has_one_hash_on_one_installation_and_another_elsewhere() {
    let (_sandbox, home) = start();
    let dry = ["sync", "sales", "--dry-run", "--json", "--redact"];
    let first = hashes(&home.run(&dry));
    assert!(first.len() > 6, "{first:?}");
    assert_eq!(hashes(&home.run(&dry)), first);
    let check = hashes(&home.run(&["map-fields", "sales", "--check", "--redact"]));
    assert!(
        check.intersection(&first).count() > 2,
        "{check:?} {first:?}"
    );
    let salt = home.state().with_file_name("redact.salt");
    let mode = std::fs::metadata(&salt).unwrap().permissions();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777,
        0o600
    );
    std::fs::remove_file(salt).unwrap();
    let elsewhere = hashes(&home.run(&dry));
    assert_eq!(elsewhere.len(), first.len());
    assert_eq!(elsewhere.intersection(&first).count(), 0, "the salt counts");
}

#[test]
fn no_log_line_and_no_error_holds_a_value_of_a_contact() {
    let (sandbox, home) = start();
    for args in [
        &["-vv", "sync", "sales", "--dry-run"][..],
        &["-vv", "sync", "sales"],
        &["-vv", "--log-format", "json", "sync", "sales", "--full"],
        &["-vv", "map-fields", "sales", "--check"],
        &["-vv", "status", "sales"],
    ] {
        let ran = home.run(args);
        assert!(
            args.contains(&"status") || ran.stderr.contains("answered"),
            "{ran:?}"
        );
        // The user's own account may be named.
        clean(
            &ran.stderr.replace("me@example.com", ""),
            &format!("{args:?}"),
        );
    }
    for kind in [
        "server_error",
        "bad_json",
        "drop_after",
        "error_after_commit",
        "throttled",
    ] {
        sandbox.fault(&json!({"service": "*", "call": "*", "kind": kind, "times": 3, "skip": 2}));
        let ran = home.run(&["-vv", "sync", "sales", "--full", "--patience", "2s"]);
        sandbox.no_faults();
        clean(&ran.stderr.replace("me@example.com", ""), kind);
    }
    drop(sandbox);
    let ran = home
        .run(&["-vv", "sync", "sales", "--patience", "0s"])
        .exits(6);
    clean(&ran.stderr, "a server that is down");
}
