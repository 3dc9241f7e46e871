//! At a terminal: what is asked, and that secrets are not shown while they are typed.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::admin::Sandbox;
use crate::support::{CRM_SECRET, Home, grant_code};

/// Runs the program under a pseudo-terminal (util-linux `script`), types each answer when its
/// question has appeared; what the screen showed, and the exit code.
fn typed(home: &Home, args: &str, answers: &[(&str, String)]) -> (String, i32) {
    let mut child = Command::new("script")
        .args(["-qefc", &home.shell(args), "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("util-linux is there");
    let mut keys = child.stdin.take().expect("a pipe");
    let mut screen = child.stdout.take().expect("a pipe");
    let (part, parts) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = screen.read(&mut bytes) {
            drop(part.send(String::from_utf8_lossy(&bytes[..read]).into_owned()));
        }
    });
    let mut shown = String::new();
    let mut from = 0;
    for (question, answer) in answers {
        let began = Instant::now();
        while !shown[from..].contains(question) {
            assert!(
                began.elapsed() < Duration::from_secs(15),
                "no {question:?} in {shown}"
            );
            if let Ok(more) = parts.recv_timeout(Duration::from_millis(100)) {
                shown.push_str(&more);
            }
        }
        from = shown.len();
        keys.write_all(answer.as_bytes()).expect("it is typed");
    }
    let began = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status.code().unwrap_or(-1);
        }
        if began.elapsed() > Duration::from_secs(30) {
            drop(child.kill());
            panic!("it did not end by itself: {shown}");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    drop(keys);
    while let Ok(more) = parts.recv_timeout(Duration::from_secs(2)) {
        shown.push_str(&more);
    }
    (shown, code)
}

#[test]
fn a_newcomer_is_led_through_the_self_client_and_no_secret_is_shown() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let code = grant_code(&sandbox);
    let (shown, ended) = typed(
        &home,
        "auth crm",
        &[
            ("client secret", format!("{CRM_SECRET}\r")),
            ("How do you want to sign in", "\r".to_owned()),
            ("The code", format!("{code}\r")),
        ],
    );
    assert_eq!(ended, 0, "{shown}");
    assert!(shown.contains("https://api-console.zoho"), "{shown}");
    assert!(shown.contains("ZohoCRM.modules.contacts.CREATE"), "{shown}");
    assert!(shown.contains("signed in to zoho"), "{shown}");
    assert!(
        !shown.contains(CRM_SECRET) && !shown.contains(&code),
        "{shown}"
    );
    assert!(home.tokens("crm-sales")["refresh_token"].is_string());
}

#[test]
fn the_redirect_is_pasted_at_a_terminal() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let (shown, ended) = typed(
        &home,
        "auth google --no-browser --wait 20",
        &[(
            "http://127.0.0.1",
            "no address at all, nor a code=\r".to_owned(),
        )],
    );
    assert_eq!(ended, 7, "{shown}");
    assert!(
        shown.contains("ssh -L") && shown.contains("paste the address"),
        "{shown}"
    );
}

#[test]
fn giving_up_at_a_question_changes_nothing() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let (shown, ended) = typed(&home, "auth crm", &[("client secret", "\u{3}".to_owned())]);
    assert_eq!(ended, 6, "{shown}");
    assert!(
        shown.contains("interrupted; nothing was changed"),
        "{shown}"
    );
    assert!(!home.token_file("crm-sales").exists());
}
