//! The JSON of `sync` and `status`: exactly the keys and types that scripts rely on.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Home, Sandbox, person, record};

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

fn set(names: &str) -> BTreeSet<&str> {
    names.split_whitespace().collect()
}

const REPORT: &str = "profile run outcome dry_run first started duration_ms google crm linked adopted deferred drift excluded conflicts notices problems error";
const GOOGLE: &str = "read created updated deleted grouped ungrouped requests";
const CRM: &str = "read created updated deleted requests";

/// Checks an object of `sync --json` key by key, type by type.
#[track_caller]
fn well_formed(report: &Value) {
    let dry = report["dry_run"] == json!(true);
    let mut wanted = set(REPORT);
    if dry && report["error"].is_null() {
        wanted.insert("plan");
    }
    assert_eq!(keys(report), wanted, "{report}");
    assert_eq!(keys(&report["google"]), set(GOOGLE));
    assert_eq!(keys(&report["crm"]), set(CRM));
    for side in ["google", "crm"] {
        let tally = report[side].as_object().unwrap();
        assert!(tally.values().all(Value::is_u64), "{tally:?}");
    }
    for name in ["profile", "outcome", "started"] {
        assert!(report[name].is_string(), "{name}: {report}");
    }
    for name in [
        "duration_ms",
        "linked",
        "adopted",
        "deferred",
        "drift",
        "excluded",
    ] {
        assert!(report[name].is_u64(), "{name}: {report}");
    }
    for name in ["dry_run", "first"] {
        assert!(report[name].is_boolean(), "{name}: {report}");
    }
    for name in ["conflicts", "notices", "problems"] {
        assert!(report[name].is_array(), "{name}: {report}");
    }
    if dry {
        assert!(report["run"].is_null(), "{report}");
    }
    let started: jiff::Timestamp = report["started"].as_str().unwrap().parse().unwrap();
    assert!((jiff::Timestamp::now().as_second() - started.as_second()).abs() < 120);
    for row in report["conflicts"].as_array().unwrap() {
        assert_eq!(keys(row), set("email field crm google winner"));
    }
    for row in report["notices"].as_array().unwrap() {
        assert_eq!(keys(row), set("kind email id text"));
    }
    for row in report["problems"].as_array().unwrap() {
        assert_eq!(keys(row), set("kind email google crm reason hint"));
        assert!(row["google"].is_array() && row["crm"].is_array());
        assert!(
            row["hint"].as_str().is_some_and(|hint| !hint.is_empty()),
            "{row}"
        );
    }
    if !report["error"].is_null() {
        assert_eq!(keys(&report["error"]), set("code message hint"));
        assert!(report["error"]["code"].is_u64());
    }
}

#[test]
fn a_run_prints_the_object_of_the_contract_and_its_time_is_its_own() {
    let sandbox = Sandbox::start(6, 2);
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let ran = home.sync(&["sales"]).exits(0);
    let report = ran.object();
    well_formed(&report);
    assert_eq!(report["profile"], "sales");
    assert_eq!(report["first"], true);
    assert_eq!(report["run"], 1);
    assert!(u128::from(report["duration_ms"].as_u64().unwrap()) <= ran.took.as_millis());
    let second = home.synced(&["sales"]);
    well_formed(&second);
    assert_eq!(
        (second["first"].clone(), second["run"].clone()),
        (json!(false), json!(2))
    );
    assert_eq!(second["outcome"], "in-sync");
}

#[test]
fn conflicts_problems_and_notices_have_their_keys() {
    let sandbox = Sandbox::empty();
    let group = sandbox.add_group("CRM");
    let google = |given: &str, family: &str, email: &str, phone: &str| {
        let mut one = person(given, family, email);
        one["phoneNumbers"] = json!([{"value": phone, "type": "work"}]);
        one["memberships"] =
            json!([{"contactGroupMembership": {"contactGroupResourceName": group}}]);
        sandbox.add_google(&one)
    };
    google("Ada", "Abel", "ada@example.com", "+49 30 1");
    google("Tove", "Twin", "twin@example.com", "+49 30 2");
    google("Tove", "Twin", "twin@example.com", "+49 30 3");
    google("Solo", "", "solo@example.com", "+49 30 4");
    let mut ada = record("Ada", "Abel", "ada@example.com");
    ada["Phone"] = json!("+49 30 9");
    sandbox.add_crm(&ada);
    sandbox.add_crm(&record("Tove", "Twin", "twin@example.com"));
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let report = home.sync(&["sales"]).exits(3).object();
    well_formed(&report);
    assert_eq!(report["outcome"], "partial");
    assert_eq!(
        report["conflicts"],
        json!([{"email": "ada@example.com", "field": "phone.work", "crm": "+49 30 9", "google": "+49 30 1", "winner": "crm"}])
    );
    let problem = &report["problems"][0];
    assert_eq!(problem["kind"], "ambiguous");
    assert_eq!(problem["email"], "twin@example.com");
    assert_eq!(problem["google"].as_array().unwrap().len(), 2);
    assert_eq!(problem["crm"].as_array().unwrap().len(), 1);
    assert_eq!(report["notices"][0]["kind"], "filled", "{report}");
    assert_eq!(report["notices"][0]["email"], "solo@example.com");
}

#[test]
fn every_profile_has_a_line_of_its_own_refused_ones_too() {
    let sandbox = Sandbox::start(4, 2);
    let home = Home::new(&sandbox);
    home.profile("b-good", &[]);
    home.profile(
        "c-nogroup",
        &[
            ("google.group", "\"contactGroups/none\""),
            ("google.account", "\"x@example.com\""),
        ],
    );
    std::fs::write(
        home.profile_file("a-broken"),
        "[google]\ngroupp = \"CRM\"\n",
    )
    .unwrap();
    let ran = home.sync(&["--all"]).exits(7);
    let all = ran.objects();
    let names: Vec<_> = all
        .iter()
        .map(|each| each["profile"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["a-broken", "b-good", "c-nogroup"]);
    for each in &all {
        well_formed(each);
    }
    assert_eq!(all[0]["outcome"], "invalid");
    assert_eq!(all[0]["error"]["code"], 7);
    assert_eq!(all[1]["outcome"], "changed");
    assert_eq!(all[1]["error"], Value::Null);
    assert_eq!(all[2]["outcome"], "invalid");
}

#[test]
fn a_dry_run_has_the_same_keys_and_a_plan() {
    let sandbox = Sandbox::start(6, 3);
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let report = home.synced(&["sales", "--dry-run"]);
    well_formed(&report);
    let plan = report["plan"].as_array().unwrap();
    assert!(!plan.is_empty());
    for row in plan {
        assert_eq!(keys(row), set("side op email id fields why"), "{row}");
        assert!(["google", "crm"].contains(&row["side"].as_str().unwrap()));
        let op = row["op"].as_str().unwrap();
        assert!(
            set("create update delete group ungroup link").contains(op),
            "{row}"
        );
        assert_eq!(row["id"].is_null(), op == "create", "{row}");
        for change in row["fields"].as_object().unwrap().values() {
            assert_eq!(keys(change), set("from to"));
        }
    }
    let ops: BTreeSet<_> = plan.iter().map(|row| row["op"].as_str().unwrap()).collect();
    assert!(ops.is_superset(&set("create link")), "{ops:?}");
}

#[test]
fn status_prints_the_object_of_the_contract_before_and_after_runs() {
    let sandbox = Sandbox::start(6, 2);
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.frequency", "\"2h\"")]);
    let wanted = set(
        "profile active direction frequency last_sync last_outcome next_due linked resting deferred deletes_waiting excluded failing conflicts runs",
    );
    let before = home.status("sales");
    assert_eq!(keys(&before), wanted);
    assert_eq!(before["last_sync"], Value::Null);
    assert_eq!(before["runs"], json!([]));
    home.synced(&["sales"]);
    home.synced(&["sales"]);
    let after = home.status("sales");
    assert_eq!(keys(&after), wanted);
    assert_eq!(after["active"], true);
    assert_eq!(after["direction"], "two-way");
    assert_eq!(after["frequency"], "2h");
    assert_eq!(after["last_outcome"], "in-sync");
    let time = |name: &str| {
        after[name]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    assert_eq!(
        time("next_due").as_second() - time("last_sync").as_second(),
        7200
    );
    let runs = after["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!((&runs[0]["run"], &runs[1]["run"]), (&json!(2), &json!(1)));
    assert_eq!(
        (&runs[0]["outcome"], &runs[1]["outcome"]),
        (&json!("in-sync"), &json!("changed"))
    );
    assert!(runs[1]["written"].as_u64() > Some(0));
    for run in runs {
        assert_eq!(
            keys(run),
            set("run started outcome written problems duration_ms")
        );
    }
}
