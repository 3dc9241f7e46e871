//! Whole runs between two remotes in memory: what the engine makes of the facts that a remote states.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::path::Path;

use crmsync::connector::memory::{Absent, Behaviour, Row, Server};
use crmsync::connector::{Batch, DefaultPair, Deletes, Extent, Ids, Sink};
use crmsync::model::{Bulk, KindInfo, Kinds, Module, RemoteId, Revisions, Side, Sides};
use crmsync::profile::Profile;
use crmsync::run::{self, Job, Report, Silent, Stop};
use crmsync::state::{Settled, State};
use tempfile::TempDir;

const START: i64 = 1_764_000_000;
const DAY: i64 = 86_400;

static MEMORY: KindInfo = KindInfo {
    name: "memory",
    title: "Memory",
    keys: &[],
    module: Module::Fixed("people"),
    place: None,
    list: "list",
    usual_list: "List",
    questions: &[],
    page: "docs/connectors.md",
};

static KINDS: [&KindInfo; 1] = [&MEMORY];

const PAIRS: [(&str, &str); 3] = [
    ("email", "email.work"),
    ("given", "name.given"),
    ("family", "name.family"),
];

fn google() -> Server {
    let fields = PAIRS.map(|(_, google)| google);
    Server::new(Behaviour::of(Side::Google, &fields), START)
}

fn crm(change: impl FnOnce(&mut Behaviour)) -> Server {
    let mut behaviour = Behaviour::of(Side::Crm, &PAIRS.map(|(crm, _)| crm));
    change(&mut behaviour);
    Server::new(behaviour, START)
}

/// A profile with a state file of its own.
struct Home {
    dir: TempDir,
    profile: Profile,
}

impl Home {
    fn new(name: &str, sync: &str) -> Self {
        let text = format!(
            "[sync]\n{sync}\n[google]\ngroup = \"List\"\n\
             [crm]\nkind = \"memory\"\nview = \"List\"\n"
        );
        let kinds = Kinds::new(&KINDS, &["memory"]);
        Self {
            dir: tempfile::tempdir().unwrap(),
            profile: Profile::parse(kinds, name, Path::new("memory.toml"), &text).unwrap(),
        }
    }

    /// The state file is lost.
    fn forget(&mut self) {
        self.dir = tempfile::tempdir().unwrap();
    }

    /// A run that nothing gets in the way of.
    async fn sync(&self, google: &Server, crm: &Server, now: i64) -> Report {
        let report = self.run(google, crm, now).await;
        assert_eq!(report.problems, [], "{report:?}");
        assert_eq!(report.error, None, "{report:?}");
        report
    }

    async fn run(&self, google: &Server, crm: &Server, now: i64) -> Report {
        let state_file = self.dir.path().join("state.sqlite3");
        let defaults = PAIRS.map(|(crm, google)| DefaultPair {
            crm,
            google,
            key: crm == "email",
            to_google_only: false,
        });
        let job = Job {
            profile: &self.profile,
            defaults: &defaults,
            options: run::Options {
                extent: Extent::Delta,
                limit: None,
                bulk: Bulk::Braked,
                now,
                started: jiff::Timestamp::from_second(now).unwrap().to_string(),
                begun: std::time::Instant::now(),
                settling: std::time::Duration::ZERO,
                state_file: state_file.clone(),
                machine: None,
            },
            monitor: &Silent,
            stop: Stop::default(),
        };
        let mut state = State::open(&state_file).unwrap();
        let (google, crm) = (google.connect(), crm.connect());
        let sinks = Sides {
            google: &google as &dyn Sink,
            crm: &crm as &dyn Sink,
        };
        run::sync(&job, &mut state, sinks).await
    }
}

fn set(server: &Server, id: &RemoteId, field: &str, text: &str) {
    assert!(server.change(id, |row| {
        row.values.insert(field.to_owned(), text.to_owned());
    }));
}

/// The values of a field, sorted.
fn all(server: &Server, field: &str) -> Vec<String> {
    let rows = server.rows();
    let texts = rows.iter().map(|(_, row)| row.values[field].clone());
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts
}

fn ann() -> [(&'static str, &'static str); 3] {
    [
        ("email", "ann@example.com"),
        ("given", "Ann"),
        ("family", "Amber"),
    ]
}

#[tokio::test]
async fn an_edit_back_to_what_we_replaced_is_an_edit() {
    for revisions in [Revisions::Unique, Revisions::OfContent] {
        let google = google();
        let crm = crm(|crm| crm.capabilities.revisions = revisions);
        let home = Home::new("memory", "");
        let id = crm.add(&ann(), true);
        home.sync(&google, &crm, START).await;
        let (twin, _) = google.rows().remove(0);
        set(&google, &twin, "name.given", "Anna");
        home.sync(&google, &crm, START + 60).await;
        assert_eq!(crm.row(&id).unwrap().values["given"], "Anna");
        // A person puts back, to the letter, what stood there before our write.
        set(&crm, &id, "given", "Ann");
        home.sync(&google, &crm, START + 120).await;
        let both = [all(&google, "name.given"), all(&crm, "given")];
        assert_eq!(both, [["Ann"], ["Ann"]], "{revisions:?}");
    }
}

#[tokio::test]
async fn two_crms_with_the_same_small_numbers_share_one_google_account() {
    let google = google();
    let at = |account: &'static str| {
        crm(move |crm| {
            crm.capabilities.ids = Ids::Local;
            crm.account = account.to_owned();
        })
    };
    let (one, other) = (at("memory/one/people"), at("memory/other/people"));
    let id = one.add(&ann(), true);
    let ben = [
        ("email", "ben@example.com"),
        ("given", "Ben"),
        ("family", "Birch"),
    ];
    assert_eq!(other.add(&ben, true), id, "both count from one");
    let one_way = "direction = \"crm-to-google\"";
    let (mut home, away) = (Home::new("one", one_way), Home::new("other", one_way));
    home.sync(&google, &one, START).await;
    away.sync(&google, &other, START).await;
    let names = |server: &Server| all(server, "name.given");
    assert_eq!(names(&google), ["Ann", "Ben"]);
    // The state file is lost, and the address is another one now: only the stamp says who it is.
    home.forget();
    set(&one, &id, "email", "ann.amber@example.org");
    home.sync(&google, &one, START + 60).await;
    away.sync(&google, &other, START + 60).await;
    assert_eq!(names(&google), ["Ann", "Ben"], "nobody is doubled");
    assert_eq!(
        all(&google, "email.work"),
        ["ann.amber@example.org", "ben@example.com"]
    );
    assert_eq!(all(&other, "given"), ["Ben"]);
    let mark = |row: &Row| {
        let stamp = row.stamp.as_deref().unwrap();
        stamp.strip_suffix("#1").unwrap().to_owned()
    };
    let rows = google.rows();
    assert_ne!(mark(&rows[0].1), mark(&rows[1].1));
}

#[tokio::test]
async fn where_deletions_are_not_told_a_direct_read_is_the_proof() {
    for (absent, left) in [(Absent::Gone, 0), (Absent::Hidden, 1)] {
        let google = google();
        let crm = crm(|crm| {
            crm.capabilities.deletes = Deletes::SetDifference;
            crm.absent = absent;
        });
        let home = Home::new("memory", "on_delete = \"delete\"");
        let id = crm.add(&ann(), true);
        home.sync(&google, &crm, START).await;
        assert_eq!(google.rows().len(), 1);
        crm.delete(&id);
        home.sync(&google, &crm, START + 60).await;
        assert_eq!(google.rows().len(), 1, "nobody has looked yet");
        home.sync(&google, &crm, START + 2 * DAY).await;
        assert_eq!(google.rows().len(), left, "{absent:?}");
    }
}

#[tokio::test]
async fn who_left_a_list_without_a_feed_of_deletions_is_not_deleted() {
    let google = google();
    let crm = crm(|crm| crm.capabilities.deletes = Deletes::SetDifference);
    let home = Home::new("memory", "on_delete = \"delete\"");
    let id = crm.add(&ann(), true);
    home.sync(&google, &crm, START).await;
    assert!(crm.change(&id, |row| row.listed = false));
    home.sync(&google, &crm, START + 2 * DAY).await;
    let listed = |row: &Row| row.listed;
    let rows = google.rows();
    assert_eq!(rows.iter().filter(|(_, row)| listed(row)).count(), 0);
    assert_eq!(rows.len(), 1);
    // Who comes back is the same contact.
    assert!(crm.change(&id, |row| row.listed = true));
    home.sync(&google, &crm, START + 4 * DAY).await;
    let rows = google.rows();
    assert_eq!(
        (
            rows.len(),
            rows.iter().filter(|(_, row)| listed(row)).count()
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn who_is_listed_late_is_not_created_again() {
    let mut behaviour = Behaviour::of(Side::Google, &PAIRS.map(|(_, google)| google));
    behaviour.lag = 3;
    let google = Server::new(behaviour, START);
    let crm = crm(|_| {});
    let home = Home::new("memory", "");
    crm.add(&ann(), true);
    for run in 0..6 {
        home.sync(&google, &crm, START + run * 60).await;
        assert_eq!(google.rows().len(), 1, "run {run}");
    }
    assert_eq!(crm.rows().len(), 1);
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_found_on_either_side() {
    for side in Side::BOTH {
        for batch in [Batch::PerRecord, Batch::AllOrNothing, Batch::Single] {
            let google = google();
            let crm = crm(|crm| crm.capabilities.batch = batch);
            let home = Home::new("memory", "");
            let values = PAIRS.map(|(_, google)| google).into_iter().zip(ann());
            let values: Vec<_> = values.map(|(name, (_, text))| (name, text)).collect();
            match side {
                Side::Google => drop(crm.add(&ann(), true)),
                Side::Crm => drop(google.add(&values, true)),
            }
            let written = Sides {
                google: &google,
                crm: &crm,
            };
            written.on(side).lose_answers(1);
            let report = home.run(&google, &crm, START).await;
            assert!(report.error.is_some(), "the answer was lost: {report:?}");
            home.sync(&google, &crm, START + 60).await;
            let last = home.sync(&google, &crm, START + 120).await;
            assert!(!last.google.wrote() && !last.crm.wrote(), "{last:?}");
            assert_eq!(google.rows().len(), 1, "{side:?} {batch:?}");
            assert_eq!(crm.rows().len(), 1, "{side:?} {batch:?}");
        }
    }
}

#[tokio::test]
async fn what_is_edited_before_a_lost_create_is_found_goes_over() {
    for (name, crm_name) in [("name.family", "family"), ("name.given", "given")] {
        let (google, crm) = (google(), crm(|_| {}));
        let home = Home::new("memory", "");
        let id = crm.add(&ann()[..2], true);
        google.lose_answers(1);
        let report = home.run(&google, &crm, START).await;
        assert!(report.error.is_some(), "the answer was lost: {report:?}");
        let (twin, _) = google.rows().remove(0);
        set(&google, &twin, name, "Edited");
        for run in 1..4 {
            home.sync(&google, &crm, START + run * 60).await;
        }
        assert_eq!(google.row(&twin).unwrap().values[name], "Edited");
        assert_eq!(crm.row(&id).unwrap().values[crm_name], "Edited");
    }
}

/// Batches that go out together are journalled together. When the first one ends the writing, the others are
/// not sent, and nobody looks for them later.
#[tokio::test]
async fn what_is_journalled_and_not_sent_after_all_is_known_not_to_be_there() {
    let google = google();
    let crm = crm(|crm| crm.capabilities.lanes = 3);
    let home = Home::new("memory", "first_limit = 0\nnext_limit = 0");
    for no in 0..35 {
        let mail = format!("n{no}@example.com");
        let values = [
            ("email.work", mail.as_str()),
            ("name.given", "Ann"),
            ("name.family", "Amber"),
        ];
        google.add(&values, true);
    }
    crm.lose_answers(1);
    let report = home.run(&google, &crm, START).await;
    assert!(report.error.is_some(), "the answer was lost: {report:?}");
    assert_eq!(crm.rows().len(), 10, "one batch went out");
    let state = State::open(&home.dir.path().join("state.sqlite3")).unwrap();
    let (_, pair) = state.scope_of("memory").unwrap().unwrap();
    let writes = state.writes_of(state.runs(None, 1).unwrap()[0].no).unwrap();
    let words: Vec<_> = writes
        .iter()
        .map(|row| row.outcome.as_ref().map_or("sending", Settled::name))
        .collect();
    let count = |word| words.iter().filter(|it| **it == word).count();
    assert_eq!(
        (count("uncertain"), count("not tried")),
        (10, 20),
        "{words:?}"
    );
    assert_eq!(words.len(), 30, "the fourth batch was not even journalled");
    assert_eq!(state.open_writes(pair).unwrap().len(), 10);
    drop(state);
    home.sync(&google, &crm, START + 60).await;
    let last = home.sync(&google, &crm, START + 120).await;
    assert!(!last.google.wrote() && !last.crm.wrote(), "{last:?}");
    assert_eq!((google.rows().len(), crm.rows().len()), (35, 35));
}
