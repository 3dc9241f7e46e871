//! No secret anywhere but in the token files: every command, at every level of logging.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::admin::Sandbox;
use crate::support::{CRM_SECRET, GOOGLE_SECRET, Home, fetch, grant_code, redirect};

/// The environment that makes the program say the most.
const LOUD: &str = "trace,hyper=trace,hyper::proto=trace,hyper_util::client=trace,reqwest::connect=trace,\
                    oauth2=trace,yup_oauth2=trace,h2=trace,rustls=trace,crmsync=trace";

struct Watch {
    secrets: BTreeSet<String>,
    said: Vec<(String, String)>,
}

impl Watch {
    fn note(&mut self, what: &str, ran: &crate::support::Ran) {
        self.said
            .push((what.to_owned(), format!("{}\n{}", ran.stdout, ran.stderr)));
    }

    /// Every secret that the token files hold now.
    fn learn(&mut self, home: &Home) {
        for file in ["google-sales", "crm-sales"] {
            let tokens = home.tokens(file);
            for key in ["access_token", "refresh_token", "client_secret"] {
                if let Some(secret) = tokens[key].as_str() {
                    self.secrets.insert(secret.to_owned());
                }
            }
        }
    }
}

fn search(dir: &Path, secrets: &BTreeSet<String>, found: &mut Vec<String>, looked: &mut usize) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("tokens") {
                search(&path, secrets, found, looked);
            }
            continue;
        }
        // The client's own file is the user's.
        if path.ends_with("client.json") {
            continue;
        }
        *looked += 1;
        let bytes = std::fs::read(&path).unwrap();
        for secret in secrets {
            if bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes())
            {
                found.push(format!("{}: {secret}", path.display()));
            }
        }
    }
}

#[test]
fn no_secret_is_in_any_output_or_file_but_the_token_files() {
    let sandbox = Sandbox::start(5, 2);
    let mut home = Home::new(&sandbox);
    home.env.insert("RUST_LOG".to_owned(), LOUD.to_owned());
    let mut watch = Watch {
        secrets: BTreeSet::from([GOOGLE_SECRET.to_owned(), CRM_SECRET.to_owned()]),
        said: Vec::new(),
    };

    let mut call = home.start(&["-vv", "auth", "google", "sales"]);
    let landed = redirect(&format!("{}&auto=allow", call.address()));
    let process = |id: u32, what: &str| {
        let text = std::fs::read(format!("/proc/{id}/{what}")).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    };
    let listed = process(call.id(), "cmdline") + &process(call.id(), "environ");
    watch.said.push(("process list".to_owned(), listed));
    let code = url::Url::parse(&landed).unwrap();
    let code = code
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    watch.secrets.insert(code);
    fetch(&landed);
    watch.note("auth google", &call.end().exits(0));

    let code = grant_code(&sandbox);
    watch.secrets.insert(code.clone());
    let ran = home.run_with(
        &["-vv", "auth", "crm", "sales", "--grant-code-stdin"],
        &format!("{code}\n{CRM_SECRET}\n"),
    );
    watch.note("auth crm", &ran.exits(0));
    watch.learn(&home);
    assert!(watch.secrets.len() >= 8, "{:?}", watch.secrets);

    // Renewals, too.
    sandbox.google("expire_access_tokens", &json!({}));
    sandbox.crm("tokens", &json!({"action": "expire"}));
    let calls: &[(&[&str], i32)] = &[
        (&["auth", "status"], 0),
        (&["auth", "status", "--json"], 0),
        (&["sync", "sales", "--dry-run", "--json"], 0),
        (&["sync", "sales"], 0),
        (
            &["--log-format", "json", "sync", "sales", "--full", "--json"],
            0,
        ),
        (&["status"], 0),
        (&["status", "--json"], 0),
        (&["completions", "bash"], 0),
        (&["man"], 0),
        (&["deactivate", "sales", "--dry-run"], 0),
    ];
    for (args, code) in calls {
        let mut all = vec!["-vv"];
        all.extend(*args);
        let ran = home.run(&all).exits(*code);
        watch.note(&args.join(" "), &ran);
        watch.learn(&home);
    }

    // What fails is told with no secret either.
    sandbox.google("switch", &json!({"consent_error": ""}));
    let wrong = [
        (
            vec!["auth", "google", "sales", "--refresh-token-stdin"],
            "MARKED-refresh-token",
            5,
        ),
        (
            vec!["auth", "crm", "sales", "--grant-code-stdin"],
            "MARKED-grant-code\nMARKED-crm-secret",
            7,
        ),
        (
            vec!["auth", "crm", "sales", "--refresh-token-stdin"],
            "MARKED-crm-refresh",
            5,
        ),
        (
            vec!["auth", "crm", "sales", "--api-key-stdin"],
            "MARKED-api-key",
            2,
        ),
        (
            vec!["auth", "google", "sales", "--redirect-stdin"],
            "http://127.0.0.1:1/?code=MARKED-code&state=x",
            7,
        ),
        (
            vec!["auth", "google", "sales", "--client-secret-stdin"],
            "{\"installed\": \"MARKED-client-json\"}",
            7,
        ),
    ];
    for (args, input, code) in wrong {
        watch.secrets.extend(
            input
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                .filter(|word| word.starts_with("MARKED"))
                .map(str::to_owned),
        );
        let mut all = vec!["-vv"];
        all.extend(&args);
        watch.note(&args.join(" "), &home.run_with(&all, input).exits(code));
    }
    let import = home.path().join("bad.json");
    std::fs::write(
        &import,
        "{\"client_id\": \"a\", \"client_secret\": 7, \"refresh_token\": \"MARKED-import\"",
    )
    .unwrap();
    watch.secrets.insert("MARKED-import".to_owned());
    for side in ["google", "crm"] {
        let ran = home
            .run(&["-vv", "auth", side, "--import", "bad.json"])
            .exits(7);
        watch.note("import", &ran);
    }
    std::fs::remove_file(import).unwrap();
    sandbox.fault(&json!({"call": "oauth.revoke", "kind": "server_error", "times": 2}));
    watch.note(
        "deactivate",
        &home.run(&["-vv", "deactivate", "sales"]).exits(6),
    );
    let ran = home
        .run(&["-vv", "deactivate", "sales", "--forget-links"])
        .exits(0);
    watch.note("deactivate", &ran);

    for (what, text) in &watch.said {
        for secret in &watch.secrets {
            assert!(!text.contains(secret), "{what} tells {secret}:\n{text}");
        }
    }
    // The search would see something: the loud log was there.
    assert!(
        watch
            .said
            .iter()
            .any(|(_, text)| text.contains("DEBUG") || text.contains("TRACE"))
    );
    let (mut found, mut looked) = (Vec::new(), 0);
    search(home.path(), &watch.secrets, &mut found, &mut looked);
    assert!(found.is_empty(), "{found:?}");
    assert!(looked >= 2, "{looked}");
}

#[test]
fn ready_tokens_of_the_environment_are_not_told() {
    let sandbox = Sandbox::start(3, 1);
    let mut home = Home::new(&sandbox);
    let tokens = ["sandbox-google-token", "sandbox-crm-token"];
    for (name, value) in [
        ("RUST_LOG", LOUD),
        ("CRMSYNC_GOOGLE_TOKEN", tokens[0]),
        ("CRMSYNC_CRM_TOKEN", tokens[1]),
    ] {
        home.env.insert(name.to_owned(), value.to_owned());
    }
    let secrets: BTreeSet<String> = tokens.map(str::to_owned).into();
    for args in [
        &["-vv", "sync", "sales", "--json"][..],
        &["-vv", "auth", "status", "--json"],
        &["-vv", "status", "--json"],
        &["-vv", "deactivate", "sales"],
    ] {
        let ran = home.run(args).exits(0);
        for token in &secrets {
            assert!(
                !ran.stdout.contains(token) && !ran.stderr.contains(token),
                "{args:?}"
            );
        }
    }
    let (mut found, mut looked) = (Vec::new(), 0);
    search(home.path(), &secrets, &mut found, &mut looked);
    assert!(found.is_empty() && looked > 0, "{found:?}");
}

#[test]
fn no_option_takes_a_secret_as_its_value() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    for args in [
        &["auth", "google", "--help"][..],
        &["auth", "crm", "--help"],
        &["deactivate", "--help"],
    ] {
        let ran = home.run(args).exits(0);
        let takes: Vec<&str> = ran
            .stdout
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with("--") && line.contains('<'))
            .collect();
        for line in takes {
            let flag = line.split(' ').next().unwrap();
            let harmless = [
                "--import",
                "--service-account",
                "--subject",
                "--wait",
                "--config-dir",
                "--state",
            ];
            let harmless = harmless.contains(&flag) || ["--log-format", "--color"].contains(&flag);
            assert!(harmless, "{line}");
        }
        assert!(ran.stdout.contains("Example"), "{}", ran.stdout);
    }
    let value: Value = home.run(&["auth", "status", "--json"]).exits(5).object();
    assert_eq!(value["google"]["signed_in"], false);
}
