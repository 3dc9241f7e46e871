//! What is measured: each case prepares a sandbox and a home, and then runs one pass.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::child::{Usage, usage};
use super::service::{PROGRAM, Sandbox, Seen};

/// One measured pass.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The case.
    pub(crate) name: String,
    /// 100 ms a read and 300 ms a mutation, or nothing.
    pub(crate) delayed: bool,
    /// What the process took; the median of several runs by wall time.
    pub(crate) usage: Usage,
    /// What the sandbox saw.
    pub(crate) seen: Seen,
    /// The wall time that documented batch sizes and the delays allow.
    pub(crate) floor: Option<Duration>,
    /// The requests behind it.
    pub(crate) floor_requests: Option<u64>,
    /// The shortest and the longest of several runs.
    pub(crate) spread: Option<(Duration, Duration)>,
}

impl Row {
    /// One pass that was measured without a floor.
    pub(crate) fn measured(name: &str, delayed: bool, usage: Usage, seen: Seen) -> Self {
        Self {
            name: name.to_owned(),
            delayed,
            usage,
            seen,
            floor: None,
            floor_requests: None,
            spread: None,
        }
    }
}

/// One case.
pub(crate) struct Case {
    /// Its name; words of it choose it on the command line.
    pub(crate) name: &'static str,
    books: Books,
    keys: &'static [(&'static str, &'static str)],
    before: Before,
    /// Milliseconds and requests at 100 ms a read and 300 ms a mutation.
    floor: Option<(u64, u64)>,
    delayed: bool,
    /// How often it is run; the median counts.
    times: usize,
    /// It takes gigabytes for the sandbox, and runs only when it is named.
    pub(crate) large: bool,
}

/// How many contacts there are at first.
#[derive(Clone, Copy)]
struct Books {
    google: usize,
    crm: usize,
    both: usize,
}

/// What happens before the measured pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing: it is the first.
    Nothing,
    /// Both sides are in sync.
    Synced,
    /// Both sides are in sync and the state file is lost.
    Lost,
    /// Both sides are in sync, then 500 contacts change in the CRM.
    CrmEdits,
    /// Both sides are in sync, then 500 contacts change in Google.
    GoogleEdits,
    /// Google takes 90 batches a minute.
    Quota,
}

/// From the CRM to Google.
pub(crate) const ONE_WAY: &[(&str, &str)] = &[("sync.direction", "\"crm-to-google\"")];
/// From Google to the CRM, whose many more records Google could not hold.
const FROM_GOOGLE: &[(&str, &str)] = &[("sync.direction", "\"google-to-crm\"")];
const BOTH_WAYS: &[(&str, &str)] = &[("sync.on_delete", "\"delete\"")];
const PACED: &[(&str, &str)] = &[
    ("sync.direction", "\"crm-to-google\""),
    ("google.writes_per_minute", "540"),
];
const CAPPED: &[(&str, &str)] = &[
    ("sync.direction", "\"crm-to-google\""),
    ("sync.first_limit", "10000"),
];

fn books(google: usize, crm: usize, both: usize) -> Books {
    Books { google, crm, both }
}

impl Case {
    /// Every case; those with delays twice, without them first.
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub(crate) fn all() -> Vec<Self> {
        let case = |name, books, keys, before, floor| Self {
            name,
            books,
            keys,
            before,
            floor,
            delayed: true,
            times: 3,
            large: false,
        };
        let timed = [
            case(
                "first pass, one way, 10,000",
                books(0, 10_000, 0),
                ONE_WAY,
                Before::Nothing,
                Some((15_100, 56)),
            ),
            case(
                "first pass, two-way, 10,000 + 10,000, none in common",
                books(10_000, 10_000, 0),
                BOTH_WAYS,
                Before::Nothing,
                Some((16_000, 165)),
            ),
            case(
                "first pass, two-way, 10,000 + 10,000, half in common",
                books(10_000, 10_000, 5_000),
                BOTH_WAYS,
                Before::Nothing,
                None,
            ),
            case(
                "state lost, two-way, 10,000 that are all the same",
                books(0, 10_000, 0),
                BOTH_WAYS,
                Before::Lost,
                Some((1_000, 15)),
            ),
            case(
                "no-op, 1,000",
                books(0, 1_000, 0),
                BOTH_WAYS,
                Before::Synced,
                Some((100, 3)),
            ),
            case(
                "no-op, 10,000",
                books(0, 10_000, 0),
                BOTH_WAYS,
                Before::Synced,
                Some((100, 3)),
            ),
            case(
                "no-op, 25,000",
                books(0, 25_000, 0),
                BOTH_WAYS,
                Before::Synced,
                Some((100, 3)),
            ),
            case(
                "500 changes in the CRM",
                books(0, 10_000, 0),
                BOTH_WAYS,
                Before::CrmEdits,
                Some((1_300, 7)),
            ),
            case(
                "500 changes in Google",
                books(0, 10_000, 0),
                BOTH_WAYS,
                Before::GoogleEdits,
                Some((400, 9)),
            ),
            Self {
                times: 1,
                ..case(
                    "first pass, one way, 25,000, 90 Google batches a minute",
                    books(0, 25_000, 0),
                    PACED,
                    Before::Quota,
                    Some((70_700, 139)),
                )
            },
        ];
        let mut all = Vec::new();
        for case in timed {
            if case.before != Before::Quota {
                all.push(Self {
                    delayed: false,
                    floor: None,
                    ..case
                });
            }
            all.push(case);
        }
        for (name, books, keys) in [
            (
                "memory: 25,000 contacts, 100,000 records",
                books(25_000, 100_000, 25_000),
                FROM_GOOGLE,
            ),
            (
                "memory: 1,000,000 records, 10,000 a run",
                books(0, 1_000_000, 0),
                CAPPED,
            ),
        ] {
            all.push(Self {
                delayed: false,
                times: 1,
                large: books.crm >= 1_000_000,
                floor: None,
                ..case(name, books, keys, Before::Nothing, None)
            });
        }
        all
    }

    /// Runs it, and says what the middle run took.
    pub(crate) fn run(&self) -> Row {
        let mut rows: Vec<Row> = (0..self.times).map(|_| self.once()).collect();
        rows.sort_by_key(|row| row.usage.wall);
        let spread = match rows.as_slice() {
            [first, .., last] => Some((first.usage.wall, last.usage.wall)),
            _ => None,
        };
        let middle = rows.swap_remove(rows.len() / 2);
        Row { spread, ..middle }
    }

    fn once(&self) -> Row {
        let sandbox = Sandbox::start(self.books.google, self.books.crm, self.books.both);
        let home = Home::new(&sandbox, self.keys);
        match self.before {
            Before::Nothing => {}
            Before::Quota => {
                let limit = json!({"critical_writes_per_minute": 540});
                sandbox.admin("POST", "google/switch", &limit);
            }
            Before::Synced | Before::Lost | Before::CrmEdits | Before::GoogleEdits => {
                home.settle(&sandbox);
            }
        }
        match self.before {
            Before::Nothing | Before::Quota | Before::Synced => {}
            Before::Lost => home.lose(),
            Before::CrmEdits => edit_crm(&sandbox),
            Before::GoogleEdits => edit_google(&sandbox),
        }
        if self.delayed {
            sandbox.delay();
        }
        sandbox.forget();
        let usage = home.sync();
        let seen = sandbox.seen();
        assert_eq!(usage.code, 0, "{}: {}", self.name, usage.out);
        assert_eq!(seen.violations, 0, "{}: {seen:?}", self.name);
        Row {
            floor: self.floor.map(|(ms, _)| Duration::from_millis(ms)),
            floor_requests: self.floor.map(|(_, requests)| requests),
            ..Row::measured(self.name, self.delayed, usage, seen)
        }
    }
}

/// A profile on a sandbox.
pub(crate) struct Home {
    dir: TempDir,
    environment: Vec<(String, String)>,
}

impl Home {
    /// A profile with these keys.
    pub(crate) fn new(sandbox: &Sandbox, keys: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let root = format!("\"http://{}\"", sandbox.address);
        let mut all = vec![
            ("sync.direction", "\"two-way\"".to_owned()),
            ("sync.first_limit", "0".to_owned()),
            ("sync.next_limit", "0".to_owned()),
            ("sync.region", "\"DE\"".to_owned()),
            ("google.group", "\"myContacts\"".to_owned()),
            ("google.endpoint", root.clone()),
            ("crm.kind", "\"zoho\"".to_owned()),
            ("crm.view", "\"All Contacts\"".to_owned()),
            ("crm.endpoint", root),
        ];
        for (key, value) in keys {
            all.retain(|(known, _)| known != key);
            all.push((key, (*value).to_owned()));
        }
        let lines: Vec<String> = all
            .iter()
            .map(|(key, value)| format!("{key} = {value}\n"))
            .collect();
        let text = lines.concat();
        std::fs::write(dir.path().join("bench.toml"), text).expect("a file");
        let place = dir.path().display().to_string();
        let environment = [
            ("HOME", place.clone()),
            ("CRMSYNC_CONFIG_DIR", place.clone()),
            ("CRMSYNC_STATE", format!("{place}/state/state.sqlite3")),
            ("CRMSYNC_GOOGLE_TOKEN", "sandbox-google-token".to_owned()),
            ("CRMSYNC_CRM_TOKEN", "sandbox-crm-token".to_owned()),
        ];
        Self {
            dir,
            environment: environment
                .map(|(name, value)| (name.to_owned(), value))
                .to_vec(),
        }
    }

    /// One pass.
    pub(crate) fn sync(&self) -> Usage {
        let command = [
            PROGRAM,
            "--no-progress",
            "sync",
            "bench",
            "--json",
            "--patience",
            "1h",
        ];
        usage(&command, &self.environment)
    }

    /// Passes until there is nothing to do and nothing comes back any more.
    pub(crate) fn settle(&self, sandbox: &Sandbox) {
        for _ in 0..3 {
            let done = self.sync();
            assert_eq!(done.code, 0, "{}", done.out);
            sandbox.admin("POST", "clock", &json!({"advance": "5m"}));
        }
    }

    /// One pass, with what the sandbox saw of it.
    pub(crate) fn measured(&self, sandbox: &Sandbox, name: &str) -> Row {
        sandbox.forget();
        let usage = self.sync();
        assert_eq!(usage.code, 0, "{name}: {}", usage.out);
        Row::measured(name, true, usage, sandbox.seen())
    }

    fn lose(&self) {
        std::fs::remove_dir_all(self.dir.path().join("state")).expect("a state");
    }
}

/// 400 updates, 50 new and 50 deleted records.
fn edit_crm(sandbox: &Sandbox) {
    let dump = sandbox.admin("GET", "dump?side=crm", &Value::Null);
    let ids = names(&dump["crm"]["contacts"], "id");
    let mut calls = Vec::new();
    for (at, id) in ids.iter().take(450).enumerate() {
        calls.push(if at < 400 {
            let fields = json!({"fields": {"Mobile": format!("+49 30 88{at:05}")}});
            ("PATCH", format!("crm/contacts/{id}"), fields)
        } else {
            ("DELETE", format!("crm/contacts/{id}"), Value::Null)
        });
    }
    for at in 0..50 {
        let fields = json!({"fields": {"Last_Name": format!("New{at}"),
            "Email": format!("new{at}@example.org"), "Phone": format!("+49 30 77{at:05}")}});
        calls.push(("POST", "crm/contacts".to_owned(), fields));
    }
    sandbox.all(&calls);
}

/// The same in Google.
fn edit_google(sandbox: &Sandbox) {
    let dump = sandbox.admin("GET", "dump?side=google", &Value::Null);
    let ids = names(&dump["google"]["contacts"], "resourceName");
    let mut calls = Vec::new();
    for (at, id) in ids.iter().take(450).enumerate() {
        let path = format!("google/contacts/{}", id.trim_start_matches("people/"));
        calls.push(if at < 400 {
            let name = json!([{"givenName": format!("Changed{at}"), "familyName": "Person"}]);
            ("PATCH", path, json!({"names": name}))
        } else {
            ("DELETE", path, Value::Null)
        });
    }
    for at in 0..50 {
        let person = json!({"names": [{"givenName": "New", "familyName": format!("New{at}")}],
            "emailAddresses": [{"value": format!("new{at}@example.org"), "type": "work"}]});
        calls.push((
            "POST",
            "google/contacts".to_owned(),
            json!({"person": person}),
        ));
    }
    sandbox.all(&calls);
}

fn names(list: &Value, member: &str) -> Vec<String> {
    let all = list.as_array().expect("a list");
    all.iter()
        .filter_map(|each| each[member].as_str())
        .map(str::to_owned)
        .collect()
}

/// One pass of a growing size.
pub(crate) struct Point {
    /// Records in the CRM.
    pub(crate) size: usize,
    /// `first pass` or `no-op`.
    pub(crate) pass: &'static str,
    /// What it took.
    pub(crate) usage: Usage,
}

/// 1,000 to 100,000 records in the CRM against as many contacts, at most 25,000, in Google: the first pass,
/// which links them, and one with nothing to do.
pub(crate) fn growth() -> Vec<Point> {
    let mut points = Vec::new();
    for size in [1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000] {
        let google = size.min(25_000);
        let sandbox = Sandbox::start(google, size, google);
        let home = Home::new(&sandbox, FROM_GOOGLE);
        for pass in ["first pass", "no-op"] {
            if pass == "no-op" {
                home.settle(&sandbox);
            }
            let usage = home.measured(&sandbox, pass).usage;
            points.push(Point { size, pass, usage });
        }
    }
    points
}
