//! State files of every version that was ever written, and files that are none.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::path::{Path, PathBuf};

use crmsync::model::{Field, LinkNo, Moment, Rest, Side, Version};
use crmsync::state::{Kind, PairId, RunKind, Settled, State};
use rusqlite::Connection;

struct Place {
    dir: tempfile::TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.sqlite3");
        Self { dir, path }
    }

    /// The file with a dump in it.
    fn loaded(dump: &str) -> Self {
        let place = Self::new();
        let conn = Connection::open(&place.path).unwrap();
        conn.execute_batch(dump).unwrap();
        drop(conn);
        restrict(&place.path, 0o600);
        place
    }

    fn holding(bytes: &[u8]) -> Self {
        let place = Self::new();
        std::fs::write(&place.path, bytes).unwrap();
        restrict(&place.path, 0o600);
        place
    }

    /// Both ways of opening refuse with this kind, and the file stays as it was, alone.
    fn refused(&self, is: impl Fn(Kind) -> bool) {
        let before = std::fs::read(&self.path).unwrap();
        for failed in [
            State::open(&self.path).map(drop).unwrap_err(),
            State::peek(&self.path).map(drop).unwrap_err(),
        ] {
            assert!(is(failed.kind), "{failed:?}");
            let text = failed.to_string();
            assert!(text.contains(self.path.to_str().unwrap()), "{text}");
        }
        assert_eq!(before, std::fs::read(&self.path).unwrap());
        let copies = std::fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains(".bak"));
        assert_eq!(copies.count(), 0);
    }
}

#[cfg(unix)]
fn restrict(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn restrict(_: &Path, _: u32) {}

const V1: &str = include_str!("state/v1.sql");
const V2: &str = include_str!("state/v2.sql");
const V3: &str = include_str!("state/v3.sql");
const V4: &str = include_str!("state/v4.sql");

fn schema(path: &Path) -> Vec<(String, Option<String>)> {
    let conn = Connection::open(path).unwrap();
    let mut query = conn
        .prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
        .unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// The newest dump with every statement of its schema, so that a change of the schema needs a new
/// version.
#[test]
fn the_newest_dump_is_what_this_version_makes() {
    let fresh = Place::new();
    drop(State::open(&fresh.path).unwrap());
    let dumped = Place::loaded(V4);
    assert_eq!(schema(&dumped.path), schema(&fresh.path));
}

#[test]
fn an_upgraded_file_has_the_schema_of_a_new_one() {
    let fresh = Place::new();
    drop(State::open(&fresh.path).unwrap());
    for dump in [V1, V2, V3] {
        let upgraded = Place::loaded(dump);
        drop(State::open(&upgraded.path).unwrap());
        assert_eq!(schema(&upgraded.path), schema(&fresh.path));
    }
}

#[test]
fn version_1_opens_with_everything_in_it() {
    let (_place, state) = whole(V1);
    let (scope, _) = state.scope_of("sales").unwrap().unwrap();
    let failing = state.failing(scope).unwrap();
    assert_eq!(failing[0].problem.reason, "too long");
    assert_eq!(failing[0].problem.ids.crm, ["57".into()]);
    assert_eq!(state.machine().unwrap(), None);
}

#[test]
fn version_2_opens_with_everything_in_it() {
    let (_place, state) = whole(V2);
    let (scope, _) = state.scope_of("sales").unwrap().unwrap();
    let failing = state.failing(scope).unwrap();
    assert_eq!(failing[0].problem.hint, "shorten it");
    assert_eq!(failing[0].said_at, Some(Moment(1_795_000_000)));
    let (mark, at) = state.machine().unwrap().unwrap();
    assert_eq!((mark.as_str(), at), ("0123456789abcdef", 1_795_000_010));
    let held = state.held_flips(scope).unwrap();
    assert_eq!(held, [LinkNo(1)].into());
    let flips = state.flips(LinkNo(1)).unwrap();
    assert!(flips[&Field(2)].held);
    assert_eq!(state.rewound(scope).unwrap().crm, 1);
}

#[test]
fn version_3_opens_with_everything_in_it() {
    let (_place, state) = whole(V3);
    let (scope, pair) = state.scope_of("sales").unwrap().unwrap();
    let counts = state.counts(scope).unwrap();
    assert_eq!((counts.linked, counts.known.crm), (1, 1));
    assert_eq!(left_on(&state, pair), Some("%etag1".into()));
}

#[test]
fn version_4_opens_with_everything_in_it() {
    let (place, state) = whole(V4);
    let (_, pair) = state.scope_of("sales").unwrap().unwrap();
    assert_eq!(left_on(&state, pair), Some("%etag1".into()));
    drop(state);
    assert_eq!(stretches(&place.path), [(1, 1, 1, 0), (2, 2, 2, 1)]);
}

/// First and last number, run, and whether it is open.
fn stretches(path: &Path) -> Vec<(i64, i64, i64, i64)> {
    let conn = Connection::open(path).unwrap();
    let mut query = conn
        .prepare("SELECT first, last, run, open FROM stretch ORDER BY first")
        .unwrap();
    let rows = query.query_map([], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn the_upgrade_to_version_4_keeps_numbers_that_alternate_in_stretches_of_their_runs() {
    let more = "INSERT INTO journal (no, run, pair, google, crm, key, open, state, other, note, behind, body)
        SELECT column1, column2, pair, 'people/c' || column1, crm, key, column3, column4, other, note, behind, body
        FROM journal JOIN (VALUES (3, 1, 0, 'gone'), (4, 1, 1, 'uncertain'), (5, 2, 0, 'lost'), (6, 1, 0, 'gone'))
        WHERE no = 2;
        UPDATE sqlite_sequence SET seq = 9 WHERE name = 'journal';";
    let (place, mut state) = all_of(&format!("{V3}\n{more}"));
    assert_eq!(
        stretches(&place.path),
        [
            (1, 1, 1, 0),
            (2, 2, 2, 1),
            (3, 4, 1, 1),
            (5, 5, 2, 0),
            (6, 6, 1, 0)
        ]
    );
    let (_, pair) = state.scope_of("sales").unwrap().unwrap();
    let open = state.open_writes(pair).unwrap();
    let open: Vec<_> = open.iter().map(|open| open.no.0).collect();
    assert_eq!(open, [2, 4]);
    let runs = state.runs(None, 9).unwrap();
    let numbers = |run| -> Vec<i64> {
        let rows = state.writes_of(run).unwrap();
        rows.iter().map(|row| row.no.0).collect()
    };
    assert_eq!(numbers(runs[1].no), [1, 3, 4, 6]);
    assert_eq!(numbers(runs[0].no), [2, 5]);
    let write = state.writes_of(runs[0].no).unwrap().remove(0).write;
    let run = runs[0].no;
    let next = state.write(|tx| tx.journal(run, &[write], Moment(1)));
    assert_eq!(next.unwrap()[0].0, 10, "no number is given twice");
}

fn left_on(state: &State, pair: PairId) -> Option<Version> {
    let id = "people/c1".into();
    let left = state.left_on(pair, Side::Google, &[id].into());
    left.unwrap().into_values().next()
}

#[test]
fn what_writes_left_on_their_records_is_kept_by_the_upgrade_to_version_3() {
    let noted = "UPDATE journal SET body = json_set(body, '$.left', '%etag9') WHERE no = 1;";
    let (place, state) = whole(&format!("{V2}\n{noted}"));
    let (_, pair) = state.scope_of("sales").unwrap().unwrap();
    assert_eq!(left_on(&state, pair), Some("%etag9".into()));
    let conn = Connection::open(&place.path).unwrap();
    let last: i64 = conn
        .query_row(
            "SELECT seq FROM sqlite_sequence WHERE name = 'journal'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(last, 2, "numbers are not given twice");
}

fn all_of(dump: &str) -> (Place, State) {
    let place = Place::loaded(dump);
    let state = State::open(&place.path).unwrap();
    (place, state)
}

/// What every version has in it, seen through this program.
fn whole(dump: &str) -> (Place, State) {
    let (place, state) = all_of(dump);
    let (scope, pair) = state.scope_of("sales").unwrap().unwrap();
    assert_eq!(
        state.pair_name(pair).unwrap(),
        "me@example.com|zoho/org/Contacts"
    );

    let facts = state.facts(scope).unwrap();
    assert!(facts.active && facts.pair_settled);
    assert!(facts.pair_finished);
    assert_eq!(facts.cursors.google.unwrap().cursor, "sync-token");

    let contact = state.contact(pair, &"ann@example.com".into()).unwrap();
    assert_eq!(contact.len(), 1);
    assert_eq!(contact[0].ids.google.as_str(), "people/c1");
    assert_eq!(contact[0].rest, Rest::Awake);
    assert_eq!(contact[0].base.len(), 2);
    let ended = state.linked(pair, Side::Crm, &"56".into()).unwrap();
    assert!(ended.is_some());

    let island = state
        .island_of(scope, Side::Google, &"people/c1".into())
        .unwrap();
    assert_eq!(island.records.google.len(), 1);
    assert_eq!(island.records.crm.len(), 1);
    assert_eq!(island.links, contact);
    assert_eq!(state.touched(scope).unwrap(), 1);

    let runs = state.runs(None, 9).unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0].kind, RunKind::Undo(runs[1].no));
    let writes = state.writes_of(runs[1].no).unwrap();
    assert_eq!(
        writes[0].outcome,
        Some(Settled::Done {
            id: "people/c1".into()
        })
    );
    let open = state.open_writes(pair).unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].sent, None, "older programs did not note it");
    assert_eq!(state.problems_of(runs[1].no).unwrap().len(), 1);
    assert_eq!(state.failing(scope).unwrap()[0].times, 2);
    assert_eq!(state.field_names().unwrap().len(), 2);
    (place, state)
}

#[test]
fn a_newer_file_is_refused() {
    let place = Place::loaded(V1);
    let conn = Connection::open(&place.path).unwrap();
    conn.execute_batch("CREATE TABLE future (no INTEGER); PRAGMA user_version = 99;")
        .unwrap();
    drop(conn);
    place.refused(|kind| {
        matches!(
            kind,
            Kind::Newer {
                found: 99,
                known: 4
            }
        )
    });
}

#[test]
fn a_damaged_file_is_refused() {
    let place = Place::loaded(V1);
    let mut bytes = std::fs::read(&place.path).unwrap();
    bytes[100..2000].fill(0xA5);
    Place::holding(&bytes).refused(|kind| kind == Kind::Corrupt);
}

#[test]
fn a_file_that_was_cut_short_is_refused() {
    let place = Place::loaded(V1);
    let bytes = std::fs::read(&place.path).unwrap();
    for length in [1, 99, 4096, bytes.len() - 1] {
        Place::holding(&bytes[..length]).refused(|kind| kind == Kind::Corrupt);
    }
}

#[test]
fn a_file_that_is_no_state_is_refused() {
    Place::holding(b"name,email\nAnn,ann@example.com\n").refused(|kind| kind == Kind::Corrupt);
    Place::loaded("CREATE TABLE other (no INTEGER);").refused(|kind| kind == Kind::Corrupt);
    let place = Place::loaded(V4);
    let conn = Connection::open(&place.path).unwrap();
    conn.execute_batch("DROP TABLE said;").unwrap();
    drop(conn);
    place.refused(|kind| kind == Kind::Corrupt);
}

#[test]
fn an_empty_file_is_a_new_state() {
    let place = Place::holding(b"");
    assert!(State::peek(&place.path).unwrap().is_none());
    let mut state = State::open(&place.path).unwrap();
    state.write(|tx| tx.scope("sales", "a|b")).unwrap();
    drop(state);
    let state = State::open(&place.path).unwrap();
    assert!(state.scope_of("sales").unwrap().is_some());
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_is_only_looked_at() {
    let place = Place::loaded(V1);
    restrict(&place.path, 0o400);
    let before = std::fs::read(&place.path).unwrap();
    let failed = State::open(&place.path).unwrap_err();
    assert_eq!(failed.kind, Kind::ReadOnly);
    let peeked = State::peek(&place.path).unwrap().unwrap();
    assert!(peeked.scope_of("sales").unwrap().is_some());
    // An older file is seen through a copy that was upgraded.
    assert_eq!(peeked.machine().unwrap(), None);
    drop(peeked);
    assert_eq!(before, std::fs::read(&place.path).unwrap());
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_refused_with_the_cure() {
    for mode in [0o640, 0o604, 0o620, 0o601] {
        let place = Place::loaded(V1);
        restrict(&place.path, mode);
        place.refused(|kind| kind == Kind::Permissions);
        let text = State::open(&place.path).unwrap_err().to_string();
        assert!(text.contains("chmod 600 '"), "{text}");
    }
}

#[test]
fn a_directory_in_its_place_is_refused() {
    let place = Place::new();
    std::fs::create_dir(&place.path).unwrap();
    assert_eq!(State::open(&place.path).unwrap_err().kind, Kind::Io);
}

#[test]
fn two_programs_may_make_the_file_at_once() {
    let place = Place::new();
    std::thread::scope(|threads| {
        let opened: Vec<_> = (0..4)
            .map(|n| {
                let path = &place.path;
                threads.spawn(move || {
                    let mut state = State::open(path)?;
                    state.write(|tx| tx.scope(&format!("profile {n}"), "a|b"))
                })
            })
            .collect();
        for thread in opened {
            thread.join().unwrap().unwrap();
        }
    });
    let state = State::open(&place.path).unwrap();
    for n in 0..4 {
        assert!(state.scope_of(&format!("profile {n}")).unwrap().is_some());
    }
}
