//! What a run says and when: silence without a terminal, exit codes, `--due`, `--jobs`.

use crate::support::{Home, Sandbox, record};

#[test]
fn without_a_terminal_a_run_that_needs_nobody_prints_nothing() {
    let sandbox = Sandbox::start(6, 2);
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    for _ in 0..2 {
        let ran = home.run(&["sync", "sales"]).exits(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    }
}

#[test]
fn a_run_with_a_problem_prints_one_report_with_who_where_why_and_what_to_do() {
    let sandbox = Sandbox::empty();
    sandbox.add_crm(&record("Ada", "Abel", "ada@example.com"));
    sandbox.add_crm(&record("Ada", "Other", "ada@example.com"));
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let ran = home.run(&["sync", "sales"]).exits(3);
    assert_eq!(ran.stderr, "");
    assert!(ran.stdout.starts_with("sales: partial"), "{}", ran.stdout);
    for each in sandbox.crm_contacts() {
        assert!(
            ran.stdout.contains(each["id"].as_str().unwrap()),
            "{}",
            ran.stdout
        );
    }
    for word in ["ambiguous ada@example.com", "help: "] {
        assert!(ran.stdout.contains(word), "{}", ran.stdout);
    }
}

#[test]
fn a_detailed_exit_code_tells_whether_something_was_written() {
    let sandbox = Sandbox::start(4, 2);
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let args = ["sync", "sales", "--detailed-exitcode"];
    let dry = home.run(&["sync", "sales", "--detailed-exitcode", "--dry-run"]);
    assert_eq!(dry.code, 0, "nothing was written");
    home.run(&args).exits(10);
    home.run(&args).exits(0);
}

#[test]
fn due_runs_what_is_due_and_says_nothing_about_the_rest() {
    let sandbox = Sandbox::start(4, 2);
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    home.sync(&["--due"]).exits(0).object();
    sandbox.counts();
    for args in [
        &["sync", "--due"][..],
        &["sync", "--due", "--json"][..],
        &["sync", "sales", "--due"][..],
    ] {
        let ran = home.run(args).exits(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    }
    assert_eq!(sandbox.counts().google_total(), 0);
    home.profile("more", &[("google.group", "\"More\"")]);
    let ran = home.sync(&["--due"]).exits(0).object();
    assert_eq!(ran["profile"], "more");
}

#[test]
fn several_jobs_give_a_line_for_every_profile_and_the_worst_code() {
    let sandbox = Sandbox::start(4, 2);
    let home = Home::new(&sandbox);
    for name in ["a", "b", "c"] {
        let account = format!("\"{name}@example.com\"");
        home.profile(
            name,
            &[
                ("google.account", &account),
                ("google.group", &format!("\"G{name}\"")),
            ],
        );
    }
    home.profile(
        "b",
        &[
            ("google.account", "\"b@example.com\""),
            ("crm.view", "\"No such view\""),
        ],
    );
    let ran = home.sync(&["--all", "--jobs", "3"]).exits(7);
    let mut names: Vec<_> = ran
        .objects()
        .iter()
        .map(|each| each["profile"].to_string())
        .collect();
    names.sort();
    assert_eq!(names, ["\"a\"", "\"b\"", "\"c\""]);
}

#[test]
fn several_profiles_need_a_name_and_all_leaves_deactivated_ones_out() {
    let sandbox = Sandbox::start(2, 1);
    let home = Home::new(&sandbox);
    home.run(&["sync"]).exits(7);
    home.profile("a", &[]);
    home.run(&["sync"]).exits(0);
    home.profile("b", &[]);
    let ran = home.run(&["sync"]).exits(2);
    assert!(ran.stderr.contains("a, b"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_wrong_call_is_exit_2_with_a_word_on_what_is_right() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    for args in [
        &["sync", "--limit", "many"][..],
        &["sync", "--jobs", "0"],
        &["sync", "sales", "--all"],
        &["sync", "--patience", "soon"],
        &["synk"],
        &["status", "--nope"],
    ] {
        let ran = home.run(args).exits(2);
        assert_eq!(ran.stdout, "", "{args:?}");
        assert!(ran.stderr.contains("error:"), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn status_needs_no_network_no_token_and_names_what_it_does_not_know() {
    let sandbox = Sandbox::start(4, 2);
    let mut home = Home::new(&sandbox);
    home.run(&["status"]).exits(7);
    home.profile("sales", &[]);
    home.synced(&["sales"]);
    sandbox.counts();
    home.env.clear();
    let text = home.run(&["status", "sales"]).exits(0).stdout;
    assert!(
        text.starts_with("sales\n") && text.contains("changed"),
        "{text}"
    );
    assert_eq!(sandbox.counts().google_total(), 0);
    let ran = home.run(&["status", "salse"]).exits(7);
    assert_eq!(ran.stdout, "");
    assert!(
        ran.stderr.contains("sales") && ran.stderr.contains("help:"),
        "{}",
        ran.stderr
    );
}

#[test]
fn two_empty_lists_say_what_to_do() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let said = home.run(&["sync", "sales", "--dry-run"]).exits(0).stdout;
    assert!(said.contains("both lists are empty"), "{said}");
    assert!(said.contains("crmsync configure sales"), "{said}");
}
