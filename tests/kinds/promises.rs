//! The promises of the tour, for any CRM.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::crm::Crm;
use crate::support::{Home, Ran, Sandbox, emails, person};

/// Google with ten people in the label, the CRM with ten, four of them the same.
pub(crate) struct Both<C> {
    pub(crate) google: Sandbox,
    pub(crate) group: String,
    pub(crate) crm: C,
    pub(crate) home: Home,
}

/// How many people the two have together.
pub(crate) const ALL: usize = 16;

pub(crate) fn profile(home: &Home, crm: &impl Crm, name: &str, extra: &[(&str, &str)]) {
    let quoted = |text: &str| format!("{text:?}");
    let mut keys = vec![
        ("crm.kind", quoted(crm.kind())),
        ("crm.view", quoted(crm.view())),
        ("sync.region", quoted("DE")),
    ];
    keys.extend(
        crm.keys()
            .into_iter()
            .map(|(key, text)| (key, quoted(&text))),
    );
    let mut all: Vec<(&str, &str)> = keys
        .iter()
        .map(|(key, text)| (*key, text.as_str()))
        .collect();
    all.extend(extra);
    home.profile(name, &all);
}

pub(crate) fn start<C: Crm>(crm: C, extra: &[(&str, &str)]) -> Both<C> {
    let google = Sandbox::empty();
    let group = google.add_group("CRM");
    let people: Vec<String> = (0..10)
        .map(|number| {
            let email = format!("p{number}@example.com");
            google.add_google(&person("Google", &format!("G{number}"), &email))
        })
        .collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    google.members(&group, &people, &[]);
    for number in 6..ALL {
        crm.add(
            "Crm",
            &format!("C{number}"),
            &format!("P{number}@Example.com"),
        );
    }
    let mut home = Home::new(&google);
    home.set("CRMSYNC_CRM_TOKEN", crm.secret());
    profile(&home, &crm, "sales", extra);
    Both {
        google,
        group,
        crm,
        home,
    }
}

impl<C: Crm> Both<C> {
    /// Nobody is there twice, and nobody is missing.
    #[track_caller]
    pub(crate) fn everybody_once(&self, count: usize) {
        assert_eq!(self.google.google_contacts().len(), count);
        assert_eq!(self.crm.count(), count);
        for number in 0..ALL.min(count) {
            self.id(&format!("p{number}@example.com"));
        }
    }

    #[track_caller]
    pub(crate) fn id(&self, email: &str) -> String {
        let mut found = self.crm.ids(email);
        assert_eq!(found.len(), 1, "{email} is there {} times", found.len());
        found.remove(0)
    }

    pub(crate) fn resource(&self, email: &str) -> String {
        let all = self.google.google_contacts();
        let all: Vec<Value> = all
            .into_iter()
            .filter(|one| {
                one["emailAddresses"][0]["value"]
                    .as_str()
                    .unwrap()
                    .eq_ignore_ascii_case(email)
            })
            .collect();
        assert_eq!(all.len(), 1, "{email} in Google");
        all[0]["resourceName"].as_str().unwrap().to_owned()
    }

    /// Someone new in Google's label.
    fn newcomer(&self, email: &str) {
        let new = self.google.add_google(&person("New", "Comer", email));
        self.google.members(&self.group, &[&new], &[]);
    }
}

#[track_caller]
pub(crate) fn wrote_nothing(report: &Value) {
    for side in ["google", "crm"] {
        for what in ["created", "updated", "deleted"] {
            assert_eq!(report[side][what], json!(0), "{report}");
        }
    }
}

pub(crate) fn nobody_is_doubled(crm: impl Crm) {
    let both = start(crm, &[]);
    let first = both.home.synced(&["sales"]);
    assert_eq!(first["crm"]["created"], json!(6), "{first}");
    assert_eq!(first["google"]["created"], json!(6), "{first}");
    both.everybody_once(ALL);
    let again = both.home.synced(&["sales"]);
    assert_eq!(again["outcome"], json!("in-sync"), "{again}");
    let status = both.home.status("sales");
    assert_eq!(status["linked"], json!(ALL), "{status}");
    assert_eq!(status["last_outcome"], json!("in-sync"), "{status}");
    let contact = ["status", "sales", "--contact", "p12@example.com"];
    let contact = both.home.run(&contact).exits(0);
    assert!(contact.stdout.contains("p12@example.com"), "{contact:?}");
    std::fs::remove_file(both.home.profile_file("sales")).unwrap();
    profile(&both.home, &both.crm, "anew", &[]);
    wrote_nothing(&both.home.synced(&["anew"]));
    std::fs::remove_file(both.home.state()).unwrap();
    let after = both.home.synced(&["anew"]);
    wrote_nothing(&after);
    assert_eq!(after["linked"], json!(ALL), "{after}");
    both.everybody_once(ALL);
}

pub(crate) fn a_lost_answer_is_found(crm: impl Crm) {
    let both = start(crm, &[]);
    both.home.synced(&["sales"]);
    both.newcomer("lost@example.com");
    both.crm.lose_an_answer();
    // Whether the same run still finds it, or ends and leaves that to the next, is the kind's own affair.
    let ran = both.home.sync(&["sales"]);
    assert!([0, 3, 6].contains(&ran.code), "{ran:?}");
    let before = both.crm.writes();
    let after = both.home.synced(&["sales"]);
    assert_eq!(both.crm.writes(), before, "{after}");
    assert_eq!(after["linked"], json!(ALL + 1), "{after}");
    both.id("lost@example.com");
    both.everybody_once(ALL + 1);
    let again = both.home.synced(&["sales"]);
    assert_eq!(again["outcome"], json!("in-sync"), "{again}");
}

pub(crate) fn a_kill_doubles_nobody(crm: impl Crm) {
    let both = start(crm, &[]);
    both.crm.hold_an_answer();
    let mut child = both.home.begin(&["sync", "sales"]);
    let began = Instant::now();
    while !both.crm.holds() {
        if began.elapsed() > Duration::from_secs(120) || child.try_wait().unwrap().is_some() {
            drop(child.kill());
            panic!("it never got there: {:?}", child.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    both.home.synced(&["sales"]);
    both.everybody_once(ALL);
    let after = both.home.synced(&["sales"]);
    assert_eq!(after["outcome"], json!("in-sync"), "{after}");
    assert_eq!(after["linked"], json!(ALL), "{after}");
}

pub(crate) fn edits_and_undo(crm: impl Crm) {
    let both = start(crm, &[]);
    both.home.synced(&["sales"]);
    both.crm.rename(&both.id("p12@example.com"), "Edited");
    let resource = both.resource("p1@example.com");
    let new = json!({"names": [{"givenName": "New", "familyName": "G1"}]});
    both.google.edit_google(&resource, &new);
    let report = both.home.synced(&["sales"]);
    assert_eq!(report["google"]["updated"], json!(1), "{report}");
    assert_eq!(report["crm"]["updated"], json!(1), "{report}");
    let given = |email: &str| both.crm.given(&both.id(email));
    let there = |email: &str| {
        let google = both.google.google_contacts();
        // Some CRMs keep addresses in lower case.
        let spelt = |one: &&Value| emails(one)[0].eq_ignore_ascii_case(email);
        google.iter().find(spelt).unwrap()["names"][0]["givenName"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(given("p1@example.com"), "New");
    assert_eq!(there("P12@Example.com"), "Edited");
    assert_eq!(both.home.synced(&["sales"])["outcome"], json!("in-sync"));
    both.home.run(&["undo"]).exits(0);
    assert_eq!(given("p1@example.com"), "Google");
    assert_eq!(there("P12@Example.com"), "Crm");
    // What was put back is not done again.
    assert_eq!(both.home.synced(&["sales"])["outcome"], json!("in-sync"));
    // The run that created people takes them back.
    both.newcomer("undone@example.com");
    let made = both.home.synced(&["sales"]);
    assert_eq!(made["crm"]["created"], json!(1), "{made}");
    both.home.run(&["undo"]).exits(0);
    assert!(both.crm.ids("undone@example.com").is_empty());
    wrote_nothing(&both.home.synced(&["sales"]));
}

pub(crate) fn a_dry_run_writes_nothing(crm: impl Crm) {
    let both = start(crm, &[]);
    let before = both.crm.writes();
    let planned = both.home.synced(&["sales", "--dry-run"]);
    assert_eq!(planned["crm"]["created"], json!(6), "{planned}");
    assert_eq!(planned["google"]["created"], json!(6), "{planned}");
    assert_eq!(both.crm.writes(), before);
    assert_eq!(
        (both.crm.count(), both.google.google_contacts().len()),
        (10, 10)
    );
    let done = both.home.synced(&["sales"]);
    for side in ["google", "crm"] {
        for what in ["created", "updated", "deleted"] {
            assert_eq!(done[side][what], planned[side][what], "{done}");
        }
    }
}

pub(crate) fn deletions(crm: impl Crm) {
    let both = start(crm, &[("sync.on_delete", "\"delete\"")]);
    both.home.synced(&["sales"]);
    both.everybody_once(ALL);
    both.crm.delete(&both.id("p14@example.com"));
    both.google.delete_google(&both.resource("p0@example.com"));
    let report = both.home.synced(&["sales", "--full"]);
    assert_eq!(report["google"]["deleted"], json!(1), "{report}");
    assert_eq!(report["crm"]["deleted"], json!(1), "{report}");
    assert!(both.crm.ids("p0@example.com").is_empty());
    assert_eq!(
        (both.crm.count(), both.google.google_contacts().len()),
        (ALL - 2, ALL - 2)
    );
    assert_eq!(
        both.home.synced(&["sales", "--full"])["outcome"],
        json!("in-sync")
    );
    // Both are put back, each once.
    both.home.run(&["undo"]).exits(0);
    assert_eq!(both.google.google_contacts().len(), ALL - 1);
    both.id("p0@example.com");
}

pub(crate) fn a_missing_right(crm: impl Crm) {
    let mut both = start(crm, &[]);
    let before = both.crm.writes();
    if both.crm.deny_creating() {
        let ran = both.home.sync(&["sales"]).exits(5);
        assert!(
            ran.stdout.contains("Create") || ran.stderr.contains("Create"),
            "{ran:?}"
        );
    }
    both.home.set("CRMSYNC_CRM_TOKEN", "wrong");
    profile(&both.home, &both.crm, "other", &[]);
    both.home.sync(&["other"]).exits(5);
    assert_eq!(both.google.google_contacts().len(), 10);
    assert_eq!(both.crm.writes(), before);
}

pub(crate) fn set_up(crm: impl Crm) {
    let mut both = start(crm, &[]);
    std::fs::remove_file(both.home.profile_file("sales")).unwrap();
    let settings: Vec<String> = both
        .crm
        .keys()
        .into_iter()
        .map(|(key, text)| format!("{key}={text}"))
        .chain([
            format!("google.endpoint={}", both.google.root()),
            "google.account=me@example.com".to_owned(),
        ])
        .collect();
    let configure = |view: &str| -> Ran {
        let mut args = vec![
            "configure",
            "sales",
            "--crm-kind",
            both.crm.kind(),
            "--crm-view",
            view,
        ];
        args.extend(["--google-group", "CRM"]);
        for setting in &settings {
            args.extend(["--set", setting]);
        }
        both.home.run(&args)
    };
    let mut misspelt = both.crm.view().to_owned();
    misspelt.remove(1);
    let ran = configure(&misspelt).exits(7);
    assert!(
        ran.stderr.contains(both.crm.view()),
        "the nearest is named: {ran:?}"
    );
    assert!(!both.home.profile_file("sales").exists());
    configure(both.crm.view()).exits(0);
    let fields = both
        .home
        .run(&["map-fields", "sales", "--json"])
        .exits(0)
        .object();
    let key = json!({
        "crm": both.crm.key_field(), "google": "email.work", "key": true, "to_google": true, "to_crm": true, "wins": null,
    });
    assert_eq!(fields["pairs"][0], key);
    both.home.run(&["map-fields", "sales", "--check"]).exits(0);
    // Signed in by a key from standard input, which is tried before it is kept.
    both.home
        .env
        .retain(|(name, _)| name != "CRMSYNC_CRM_TOKEN");
    let sign_in = |secret: &str| {
        assert_cmd::Command::new(env!("CARGO_BIN_EXE_crmsync"))
            .args(["auth", "crm", "sales", "--api-key-stdin"])
            .env_clear()
            .envs(both.home.arguments())
            .write_stdin(secret)
            .assert()
    };
    sign_in("wrong").code(5);
    both.home.sync(&["sales"]).exits(5);
    sign_in(both.crm.secret()).code(0);
    both.home.synced(&["sales"]);
    both.everybody_once(ALL);
}
