//! Who may know whom: the table of `docs/architecture.md`, checked against the source text.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Module, the sibling modules it may name, the crates it may use besides `std`.
const TABLE: &[(&str, &[&str], &[&str])] = &[
    ("model", &[], &["serde", "serde_json", "smol_str"]),
    ("plan", &["model"], &["thiserror"]),
    (
        "mapping",
        &["model"],
        &[
            "idna",
            "unicode_normalization",
            "rlibphonenumber",
            "jiff",
            "thiserror",
            "proptest",
        ],
    ),
    (
        "profile",
        &["model", "mapping"],
        &[
            "serde",
            "serde_json",
            "toml",
            "toml_edit",
            "annotate_snippets",
            "jiff",
            "url",
            "sha2",
            "thiserror",
            "tempfile",
            "proptest",
        ],
    ),
    (
        "auth",
        &[],
        &[
            "oauth2",
            "yup_oauth2",
            "hyper_rustls",
            "hyper_util",
            "rustls",
            "reqwest",
            "url",
            "base64",
            "sha2",
            "jiff",
            "tempfile",
            "secrecy",
            "serde",
            "serde_json",
            "thiserror",
            "async_trait",
            "tokio",
            "tracing",
            "rand",
        ],
    ),
    (
        "connector",
        &["model", "mapping", "auth"],
        &[
            "reqwest",
            "serde",
            "serde_json",
            "serde_path_to_error",
            "tracing",
            "async_trait",
            "tokio",
            "futures",
            "secrecy",
            "sha2",
            "jiff",
            "rand",
            "rustls",
            "thiserror",
            "flate2",
            "url",
            "base64",
            "proptest",
            "calcard",
            "quick_xml",
        ],
    ),
    (
        "state",
        &["model"],
        &[
            "rusqlite",
            "serde",
            "serde_json",
            "tempfile",
            "sha2",
            "jiff",
            "thiserror",
            "proptest",
        ],
    ),
    (
        "run",
        &["model", "mapping", "plan", "profile", "connector", "state"],
        &[
            "tokio",
            "tracing",
            "futures",
            "serde",
            "serde_json",
            "jiff",
            "thiserror",
        ],
    ),
    (
        "sandbox",
        &["model"],
        &[
            "axum",
            "tokio",
            "serde",
            "serde_json",
            "jiff",
            "rand",
            "flate2",
            "sha2",
            "base64",
            "futures",
            "tempfile",
            "anyhow",
            "url",
            "tracing",
            "rustls",
            "ring",
        ],
    ),
    // Test builds only: what is fuzzed, by way of entry points that each room keeps in its own `fuzz`.
    (
        "fuzz",
        &["model", "mapping", "profile", "auth", "connector", "state"],
        &["serde_json", "toml_edit"],
    ),
];

/// Modules without any effect, and the words that would be one.
const PURE: &[&str] = &["model", "plan", "mapping"];
const EFFECTS: &[&str] = &[
    "async ",
    ".await",
    "std::fs",
    "std::env",
    "std::net",
    "SystemTime",
    "Instant::",
    "Timestamp::now",
    "Zoned::now",
    "tracing::",
    "rand::",
];

/// Words that have one home (house rule 7), and their homes.
const HOMES: &[(&str, &[&str])] = &[
    ("io::stdout()", &["src/cli/output.rs"]),
    (
        "io::stderr()",
        &[
            "src/cli/failure.rs",
            "src/cli/progress.rs",
            "src/cli/logging.rs",
            // Questions to a person, and what belongs to them.
            "src/cli/prompt.rs",
        ],
    ),
    ("tracing_subscriber::fmt", &["src/cli/logging.rs"]),
];

/// What CRMs are called, in code and in prose.
const CRMS: &[&str] = &["zoho", "espo", "odoo", "hubspot", "carddav"];
/// Where that may stand besides `src/connector/<kind>/`: the simulated services, and the seeds of fuzzing (test builds only),
/// which are answers of real ones.
const NAMED: &[&str] = &["src/sandbox/", "src/fuzz/"];

const LONGEST_FILE: usize = 400;

fn sources(dir: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.to_string_lossy().replace('\\', "/"), text));
        }
    }
    found.sort();
}

fn all() -> Vec<(String, String)> {
    let mut found = Vec::new();
    sources(Path::new("src"), &mut found);
    assert!(found.len() > 50, "the sources were not found");
    found
}

/// The source without comments and text literals, so that prose does not count.
fn code(text: &str) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        let mut inside = false;
        let mut before = ' ';
        for letter in line.chars() {
            if letter == '"' && before != '\\' && before != '\'' {
                inside = !inside;
            } else if !inside {
                kept.push(letter);
            }
            before = letter;
        }
        kept.push('\n');
    }
    kept
}

fn room(path: &str) -> &str {
    path.trim_start_matches("src/")
        .split(['/', '.'])
        .next()
        .unwrap_or_default()
}

#[test]
fn modules_only_know_whom_they_may() {
    let table: BTreeMap<_, _> = TABLE.iter().map(|(name, may, _)| (*name, *may)).collect();
    let mut offences = Vec::new();
    for (path, text) in all() {
        let room = room(&path);
        if ["lib", "main", "cli"].contains(&room) {
            continue;
        }
        let Some(may) = table.get(room) else {
            offences.push(format!("{path}: `{room}` is not in the table"));
            continue;
        };
        for named in names_after(&code(&text), "crate::") {
            if named != room && !may.contains(&named.as_str()) {
                offences.push(format!("{path}: `{room}` names `{named}`"));
            }
        }
    }
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

fn names_after(text: &str, prefix: &str) -> Vec<String> {
    text.split(prefix)
        .skip(1)
        .map(|rest| {
            rest.chars()
                .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                .collect()
        })
        .collect()
}

#[test]
fn modules_only_use_their_crates() {
    let crates: Vec<String> = fs::read_to_string("Cargo.toml")
        .unwrap()
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| *line != "[profile.dev]")
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.replace('-', "_"))
        .collect();
    assert!(crates.contains(&"reqwest".to_owned()));
    let table: BTreeMap<_, _> = TABLE.iter().map(|(name, _, may)| (*name, *may)).collect();
    let mut offences = Vec::new();
    for (path, text) in all() {
        let Some(may) = table.get(room(&path)) else {
            continue;
        };
        for line in code(&text).lines() {
            let line = line.trim_start();
            let Some(used) = line.strip_prefix("use ").or(line.strip_prefix("pub use ")) else {
                continue;
            };
            let name = used.split([':', ';', ' ']).next().unwrap_or_default();
            if crates.iter().any(|known| known == name) && !may.contains(&name) {
                offences.push(format!("{path}: uses the crate `{name}`"));
            }
        }
    }
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

#[test]
fn pure_modules_have_no_effects() {
    let mut offences = Vec::new();
    for (path, text) in all() {
        if !PURE.contains(&room(&path)) {
            continue;
        }
        for word in EFFECTS {
            if code(&text).contains(word) {
                offences.push(format!("{path}: a pure module says `{word}`"));
            }
        }
    }
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

#[test]
fn output_has_one_home() {
    let mut offences = Vec::new();
    for (path, text) in all() {
        for (word, homes) in HOMES {
            if code(&text).contains(word) && !homes.contains(&path.as_str()) {
                offences.push(format!("{path}: says `{word}`"));
            }
        }
    }
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

/// The names of CRMs in a text, comments and literals included.
fn crms_in(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    let mut found = CRMS.to_vec();
    found.retain(|name| {
        text.match_indices(name).any(|(at, _)| {
            // "response" is no CRM.
            !text[..at].ends_with(char::is_alphabetic)
        })
    });
    found
}

#[test]
fn a_crm_is_named_in_its_own_folder_and_in_one_list() {
    let mut offences = Vec::new();
    let mut listed = 0;
    for (path, text) in all() {
        let own = |name: &str| {
            let folder = path.strip_prefix("src/connector/");
            folder.is_some_and(|rest| rest.contains('/') && rest.starts_with(name))
        };
        if NAMED.iter().any(|place| path.starts_with(place)) {
            continue;
        }
        for (at, line) in text.lines().enumerate() {
            // Another one's name is none of a connector's business either.
            let mut names = crms_in(line);
            names.retain(|name| !own(name));
            let list = line.starts_with("pub mod ") || line.contains("&[&dyn CrmKind]");
            if path == "src/connector/mod.rs" && (list || line.trim_start().starts_with('&')) {
                listed += names.len();
            } else if !names.is_empty() {
                offences.push(format!("{path}:{}: {}", at + 1, names.join(", ")));
            }
        }
    }
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
    assert!(listed > 0, "the list was not found");
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut offences = Vec::new();
    for (path, text) in all() {
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            offences.push(format!("{path}: {lines} lines"));
        }
        if !text.starts_with("//!") {
            offences.push(format!("{path}: does not open with `//!`"));
        }
        if code(&text).contains("#[allow(") {
            offences.push(format!("{path}: #[allow], use #[expect(…, reason)]"));
        }
    }
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

#[test]
fn the_check_itself_can_fail() {
    assert_eq!(names_after("use crate::plan::Plan;", "crate::"), ["plan"]);
    assert_eq!(
        code("let a = \"crate::plan\"; // crate::run\n").trim(),
        "let a = ;"
    );
    assert_eq!(room("src/connector/google/mod.rs"), "connector");
    assert_eq!(
        crms_in("an HttpResponse from EspoCRM, or `ZohoKind`"),
        ["zoho", "espo"]
    );
    assert!(crms_in("they correspond").is_empty());
}
