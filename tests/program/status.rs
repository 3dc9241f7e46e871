//! `status`: the table, one run, the history, one contact explained; never the network.

use serde_json::{Value, json};

use crate::support::{Home, Ran, Sandbox, named, person, record};

/// A home whose sandbox is gone, after a first run, an edit, a held conflict and a delete.
struct Story {
    home: Home,
}

const EDITED: &str = "edited@example.com";
const HELD: &str = "held@example.com";
const ENDED: &str = "ended@example.com";
const MET: &str = "met@example.com";

fn story() -> Story {
    let sandbox = Sandbox::empty();
    for (family, email) in [
        ("Edited", EDITED),
        ("Held", HELD),
        ("Ended", ENDED),
        ("Met", MET),
    ] {
        sandbox.add_crm(&record("Ada", family, email));
    }
    // In no label: it has to be found in the whole account.
    sandbox.add_google(&person("Ada", "Met", MET));
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.on_conflict", "\"hold\"")]);
    home.synced(&["sales"]);
    let crm = |email: &str| {
        let all = sandbox.crm_contacts();
        named(&all, email)["id"].as_str().unwrap().to_owned()
    };
    let google = |email: &str| {
        let all = sandbox.google_contacts();
        let name = &named(&all, email)["resourceName"];
        name.as_str().unwrap().to_owned()
    };
    sandbox.edit_crm(&crm(EDITED), &json!({"Phone": "+49 30 11"}));
    home.synced(&["sales"]);
    sandbox.edit_crm(&crm(HELD), &json!({"Phone": "+49 30 22"}));
    let phone = json!([{"value": "+49 30 33", "type": "work"}]);
    sandbox.edit_google(&google(HELD), &json!({ "phoneNumbers": phone }));
    sandbox.delete_crm(&crm(ENDED));
    home.sync(&["sales"]).exits(3);
    Story { home }
}

impl Story {
    /// A call that ends well, prints nothing to standard error and fits 80 columns.
    #[track_caller]
    fn told(&self, args: &[&str]) -> String {
        let ran = narrow(self.run(args).exits(0));
        assert_eq!(ran.stderr, "");
        ran.stdout
    }

    fn run(&self, args: &[&str]) -> Ran {
        let mut all = vec!["status"];
        all.extend(args);
        self.home.run(&all)
    }

    #[track_caller]
    fn object(&self, args: &[&str]) -> Value {
        let mut all = args.to_vec();
        all.push("--json");
        self.run(&all).exits(0).object()
    }

    #[track_caller]
    fn contact(&self, email: &str) -> Value {
        self.object(&["sales", "--contact", email])
    }
}

#[track_caller]
fn narrow(ran: Ran) -> Ran {
    for line in ran.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line:?} is too wide");
    }
    ran
}

#[test]
fn every_profile_is_a_row_of_a_table_and_one_profile_a_block() {
    let story = story();
    story.home.profile("a-profile-with-quite-a-long-name", &[]);
    let table = story.told(&[]);
    let header: Vec<&str> = table.lines().take(2).collect();
    for word in [
        "outcome",
        "linked",
        "waiting",
        "failing",
        "excluded",
        "conflicts",
        "last",
        "next",
    ] {
        assert!(header.concat().contains(word), "{table}");
    }
    let row = table
        .lines()
        .find(|line| line.starts_with("sales"))
        .unwrap();
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!((cells[2], cells[4]), ("ago", "partial"), "{table}");
    // Linked, waiting, failing, excluded, conflicts.
    assert_eq!(&cells[5..], ["3", "0", "0", "1", "1"], "{table}");
    assert!(table.contains("never"), "{table}");
    let block = story.told(&["sales"]);
    assert!(
        block.contains("0 failing, 1 conflicts held, 1 excluded"),
        "{block}"
    );
    assert!(block.contains("crmsync status --run 3"), "{block}");
}

#[test]
fn the_history_lists_every_run_newest_first() {
    let story = story();
    let text = story.told(&["sales", "--history"]);
    let rows: Vec<Vec<&str>> = text
        .lines()
        .skip(2)
        .map(|line| line.split_whitespace().collect())
        .collect();
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row[0], row[2], row[3], row[4]))
        .collect();
    assert_eq!(
        told,
        [
            ("3", "partial", "0", "1"),
            ("2", "changed", "1", "0"),
            ("1", "changed", "4", "0"),
        ],
        "{text}"
    );
    let object = story.object(&["sales", "--history"]);
    assert_eq!(object["profile"], "sales");
    assert_eq!(object["runs"][0]["problems"], 1, "{object}");
    assert_eq!(object["runs"][1]["written"], 1);
    // What plain `--json` says of the same runs.
    let plain = story.object(&["sales"]);
    assert_eq!(plain["runs"][0]["problems"], 1, "{plain}");
}

#[test]
fn a_run_tells_what_it_wrote_and_what_to_do() {
    let story = story();
    let text = story.told(&["--run", "2"]);
    assert!(
        text.contains(EDITED) && text.contains("phone.work: - -> \"+49 30 11\""),
        "{text}"
    );
    let object = story.object(&["--run", "2"]);
    let writes = object["writes"].as_array().unwrap();
    assert_eq!(writes.len(), 1, "{object}");
    assert_eq!(
        (
            &writes[0]["side"],
            &writes[0]["op"],
            &writes[0]["email"],
            &writes[0]["outcome"]
        ),
        (
            &json!("google"),
            &json!("update"),
            &json!(EDITED),
            &json!("done")
        )
    );
    assert_eq!(
        writes[0]["fields"],
        json!({"phone.work": {"from": null, "to": "+49 30 11"}})
    );
    assert_eq!(object["report"]["run"], 2);
    let text = story.told(&["--run", "3"]);
    assert!(text.contains(HELD) && text.contains("help: "), "{text}");
    assert!(
        text.contains("+49 30 22") && text.contains("+49 30 33"),
        "{text}"
    );
    let ran = story.run(&["--run", "99"]).exits(2);
    assert!(ran.stderr.contains("the newest is run 3"), "{ran:?}");
    let ran = story.run(&["other", "--run", "2"]).exits(2);
    assert!(ran.stderr.contains("one of the profile sales"), "{ran:?}");
}

#[test]
fn a_contact_is_explained_with_its_values_and_every_write() {
    let story = story();
    let text = story.told(&["--contact", EDITED]);
    for words in [
        "linked, takes part",
        "run 1 created the record in Google",
        "+49 30 11",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // The address counts in any spelling.
    let object = story.contact(" Edited@EXAMPLE.com");
    assert_eq!(object["known"], true);
    let phone = object["links"][0]["fields"].as_array().unwrap().iter();
    let phone = phone
        .clone()
        .find(|row| row["field"] == "phone.work")
        .unwrap();
    assert_eq!(
        phone,
        &json!({
            "field": "phone.work", "crm_field": "Phone", "moved": null,
            "values": {"google": "+49 30 11", "crm": "+49 30 11"},
            "base": {"google": "+49 30 11", "crm": "+49 30 11"},
        })
    );
    let history = object["history"].as_array().unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|row| (&row["run"], &row["op"]))
        .collect();
    assert_eq!(
        told,
        [(&json!(1), &json!("create")), (&json!(2), &json!("update"))]
    );
    assert!(history[0]["started"].is_string(), "{object}");
}

#[test]
fn a_contact_that_was_there_before_says_how_it_matched() {
    let story = story();
    let object = story.contact(MET);
    let link = &object["links"][0];
    assert_eq!(
        link["matched"],
        "both were there before and have the same address"
    );
    assert_eq!(link["listed"], json!({"google": true, "crm": true}));
    story.told(&["--contact", MET]);
}

#[test]
fn a_held_conflict_shows_both_values_the_base_and_the_cure() {
    let story = story();
    let text = story.told(&["sales", "--contact", HELD]);
    for words in [
        "+49 30 22",
        "+49 30 33",
        "phone.work: changed on both sides",
        "what run 3 had to say",
        "help: ",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let object = story.contact(HELD);
    assert_eq!(object["said_by"], 3);
    assert_eq!(object["problems"][0]["kind"], "held", "{object}");
    assert_eq!(object["conflicts"][0]["winner"], "none", "{object}");
}

#[test]
fn an_ended_pair_says_why_it_is_skipped() {
    let story = story();
    let object = story.contact(ENDED);
    let link = &object["links"][0];
    assert_eq!(link["state"], "ended", "{object}");
    assert_eq!(link["listed"]["crm"], Value::Null);
    let text = story.told(&["--contact", ENDED]);
    assert!(text.contains("the record in the CRM was deleted"), "{text}");
    assert!(
        text.contains("help: to have it on both sides again"),
        "{text}"
    );
}

#[test]
fn an_unknown_address_is_said_to_be_unknown_and_no_address_is_a_wrong_call() {
    let story = story();
    let text = story.told(&["--contact", "nobody@example.com"]);
    assert!(
        text.starts_with("nothing is known of nobody@example.com in sales"),
        "{text}"
    );
    let object = story.contact("nobody@example.com");
    assert_eq!(
        (&object["known"], &object["links"]),
        (&json!(false), &json!([]))
    );
    story.run(&["--contact", "nobody"]).exits(2);
    story.run(&["--contact", HELD, "--history"]).exits(2);
}

#[test]
fn a_profile_whose_file_is_gone_is_still_told_about_by_name() {
    let story = story();
    std::fs::remove_file(story.home.profile_file("sales")).unwrap();
    let text = story.told(&["sales"]);
    assert!(
        text.contains("its file is gone") && text.contains("two-way"),
        "{text}"
    );
    let object = story.object(&["sales"]);
    assert_eq!(
        (&object["linked"], &object["next_due"]),
        (&json!(3), &Value::Null)
    );
    assert_eq!(story.contact(HELD)["known"], true);
    let path = story.home.profile_file("sales").display().to_string();
    assert_eq!(story.told(&[&path]), text);
    // Without a name there is nothing to list; a name that never ran is unknown.
    story.run(&[]).exits(7);
    story.run(&["salse"]).exits(7);
}

#[test]
fn a_broken_profile_hides_no_other_and_a_deactivated_one_is_marked() {
    let story = story();
    std::fs::write(story.home.profile_file("broken"), "[google]\ngroupp = 1\n").unwrap();
    let ran = narrow(story.run(&[]).exits(7));
    assert!(
        ran.stdout.contains("sales") && ran.stderr.contains("groupp"),
        "{ran:?}"
    );
    std::fs::remove_file(story.home.profile_file("broken")).unwrap();
    story
        .home
        .run(&["deactivate", "sales", "--keep-tokens"])
        .exits(0);
    let table = story.told(&[]);
    assert!(table.contains("(deactivated)"), "{table}");
    let block = story.told(&["sales"]);
    assert!(block.contains("next due   never"), "{block}");
}

#[test]
fn what_others_typed_reaches_the_terminal_harmless() {
    let sandbox = Sandbox::empty();
    let mut evil = record("Ada", "Evil", "evil@example.com");
    let long = "word ".repeat(60);
    evil["Description"] = json!(format!("one\u{1b}[2Jtwo\nthree {}{long}", "x".repeat(200)));
    sandbox.add_crm(&evil);
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    home.synced(&["sales"]);
    drop(sandbox);
    for args in [["--contact", "evil@example.com"], ["--run", "1"]] {
        let ran = narrow(home.run(&["status", args[0], args[1]]).exits(0));
        assert!(!ran.stdout.contains('\u{1b}'), "{ran:?}");
        assert!(ran.stdout.contains("three"), "{ran:?}");
    }
}
