//! Someone new comes from nothing to a scheduled two-way sync with what the screens say, at a terminal
//! and by script.

use crate::support::{Home, Sandbox};
use crate::terminal::Terminal;

const DOWN: &str = "\u{1b}[B";
const ENTER: &str = "\r";

#[test]
fn a_newcomer_gets_from_nothing_to_a_scheduled_two_way_sync_at_a_terminal() {
    let sandbox = Sandbox::start(30, 10);
    let home = Home::signed_in();

    let first = home.call(&[]).expect(2);
    assert!(
        first.err.contains("Start here: crmsync configure"),
        "{}",
        first.err
    );

    let mut command = home.command();
    let address = &sandbox.address;
    command.args(["configure", "--set", &format!("google.endpoint={address}")]);
    command.args(["--set", &format!("crm.endpoint={address}")]);
    command.args(["--set", "google.account=me@example.com"]);
    let mut person = Terminal::start(command);
    person.answer("shall the profile be called?", "sales\r");
    person.answer("Which CRM?", ENTER);
    person.answer("data centre", &format!("{DOWN}{ENTER}"));
    person.answer("Which module", ENTER);
    person.answer("Which way do contacts flow?", ENTER);
    person.answer("who wins?", ENTER);
    // The real labels with their sizes: My Contacts, Starred, CRM …
    person.wait_for("Which label");
    person.wait_for("My Contacts, 30 contacts");
    person.wait_for("CRM, 24 contacts");
    person.answer("a new label", &format!("{DOWN}{DOWN}{ENTER}"));
    person.wait_for("Which list view");
    person.answer("All Contacts, 30 contacts", ENTER);
    person.answer("How often", ENTER);
    person.answer("first run write?", ENTER);
    person.answer("later run write?", ENTER);
    person.answer("what happens to the other?", ENTER);
    person.answer("what happens to its Google contact?", ENTER);
    person.wait_for("Summary");
    person.wait_for("label `CRM`, 24 contacts");
    person.wait_for("view `All Contacts`, 30 contacts");
    person.answer("Write ", ENTER);
    person.answer(
        "What shall start the runs?",
        &format!("{DOWN}{DOWN}{ENTER}"),
    );
    person.answer("Do a dry run now?", ENTER);
    person.wait_for("cron starts crmsync every hour");
    person.wait_for("dry run, nothing was written");
    assert_eq!(person.end(), 0, "{}", person.screen());

    let profile = home.read(".config/crmsync/sales.toml").unwrap();
    for line in [
        "direction = \"two-way\"",
        "group = \"CRM\"",
        "data_center = \"eu\"",
        "view = \"All Contacts\"",
        "frequency = \"1h\"",
    ] {
        assert!(
            profile.lines().any(|each| each == line),
            "{line} in\n{profile}"
        );
    }
    scheduled_sync_works(&home);
}

#[test]
fn a_script_gets_there_in_one_go_without_a_terminal() {
    let sandbox = Sandbox::start(30, 10);
    let home = Home::signed_in();
    home.with_profile(
        &sandbox,
        "sales",
        &["--data-center", "eu", "--install-timer", "cron"],
    );
    scheduled_sync_works(&home);
}

/// Runs the very command of the crontab, as cron would.
#[track_caller]
fn scheduled_sync_works(home: &Home) {
    let table = home.read("crontab").unwrap();
    let line = table.lines().find(|line| !line.starts_with('#')).unwrap();
    let call = line.splitn(6, ' ').nth(5).unwrap();
    assert!(call.ends_with("sync --all --due"), "{call}");
    let cron = || {
        let output = std::process::Command::new("/bin/sh")
            .args(["-c", call])
            .env_clear()
            .env("HOME", home.path(""))
            .env("CRMSYNC_GOOGLE_TOKEN", "sandbox-google-token")
            .env("CRMSYNC_CRM_TOKEN", "sandbox-crm-token")
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
        // Cron mails what is printed.
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{said}");
    };
    cron();
    let status = home.call(&["status", "sales", "--json"]).expect(0);
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(status["runs"].as_array().unwrap().len(), 1, "{status}");
    assert_eq!(status["last_outcome"], "changed");
    assert!(status["linked"].as_u64().unwrap() > 30, "{status}");
    // Not due yet: nothing is done.
    cron();
    let again = home.call(&["status", "sales", "--json"]).expect(0);
    let again: serde_json::Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!(again["runs"].as_array().unwrap().len(), 1, "{again}");
}

#[test]
fn signed_out_the_wizard_asks_by_name_and_names_the_sign_in() {
    let home = Home::new();
    let mut command = home.command();
    command.args(["configure", "sales"]);
    let mut person = Terminal::start(command);
    person.answer("client file from Google's console", ENTER);
    person.answer("Which CRM?", ENTER);
    person.answer("data centre", ENTER);
    person.answer("Which module", ENTER);
    person.answer("client id from Zoho", ENTER);
    person.answer("Which way do contacts flow?", &format!("{DOWN}{ENTER}"));
    person.answer("Which label", ENTER);
    person.answer("Which list view", ENTER);
    person.answer("How often", ENTER);
    person.answer("first run write?", ENTER);
    person.answer("later run write?", ENTER);
    person.answer("what happens to the other?", ENTER);
    person.answer("what happens to its Google contact?", ENTER);
    person.answer("Write ", ENTER);
    person.answer("What shall start the runs?", ENTER);
    person.wait_for("Sign in next: crmsync auth google sales; crmsync auth crm sales");
    person.wait_for("crmsync configure sales --google-client-secret FILE");
    assert_eq!(person.end(), 0, "{}", person.screen());
    let profile = home.read(".config/crmsync/sales.toml").unwrap();
    assert!(
        profile.contains("direction = \"crm-to-google\""),
        "{profile}"
    );
    assert!(profile.contains("group = \"CRM\""), "{profile}");
}

#[test]
fn leaving_the_wizard_writes_nothing() {
    let home = Home::signed_in();
    let mut command = home.command();
    command.args(["configure", "sales"]);
    let mut person = Terminal::start(command);
    person.answer("Which CRM?", "\u{3}");
    person.wait_for("nothing was written");
    assert_eq!(person.end(), 6);
    assert!(!home.profile("sales").exists());
}

#[test]
fn every_dead_end_names_the_next_command() {
    let sandbox = Sandbox::start(5, 1);
    let home = Home::new();
    for (args, code, next) in [
        (
            vec!["configure"],
            2,
            "crmsync configure sales --crm-kind zoho",
        ),
        (
            vec!["configure", "sales"],
            2,
            "crmsync configure sales --google-group",
        ),
        (vec!["map-fields"], 7, "crmsync configure NAME"),
        (vec!["sync"], 7, "crmsync configure NAME"),
    ] {
        let said = home.call(&args).expect(code);
        assert!(said.err.contains(next), "{args:?}: {}", said.err);
        assert_eq!(said.out, "", "{args:?}");
    }
    home.with_profile(&sandbox, "sales", &[]);
    for args in [vec!["sync", "sales"], vec!["map-fields", "sales"]] {
        let said = home.call(&args).expect(5);
        assert!(said.err.contains("crmsync auth "), "{args:?}: {}", said.err);
    }
}

#[test]
fn the_help_of_each_command_has_an_example() {
    let home = Home::new();
    for command in ["configure", "map-fields", "sync", "status", "deactivate"] {
        let said = home.call(&[command, "--help"]).expect(0);
        assert!(
            said.out.contains("Example") && said.out.contains(&format!("crmsync {command} ")),
            "{command}: {}",
            said.out
        );
    }
}
