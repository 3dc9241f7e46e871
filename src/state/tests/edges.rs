//! The sorts of failures, and answers that the rest of the program hangs on.

use std::io::ErrorKind as Io;

use rusqlite::ffi;

use super::super::error::{Fault, Kind};
use super::*;
use crate::state::journal::Settled;

#[test]
fn every_cause_is_sorted_by_its_cure() {
    let system = |kind: std::io::ErrorKind| Fault::from(std::io::Error::from(kind));
    let database = |code| Fault::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
    for (fault, kind) in [
        (system(Io::PermissionDenied), Kind::Permissions),
        (system(Io::ReadOnlyFilesystem), Kind::ReadOnly),
        (system(Io::StorageFull), Kind::DiskFull),
        (system(Io::QuotaExceeded), Kind::DiskFull),
        (system(Io::TimedOut), Kind::Io),
        (database(ffi::SQLITE_PERM), Kind::Permissions),
        (database(ffi::SQLITE_CANTOPEN), Kind::Io),
        (database(ffi::SQLITE_IOERR), Kind::Io),
        (database(ffi::SQLITE_FULL), Kind::DiskFull),
        (database(ffi::SQLITE_BUSY), Kind::Locked),
        (database(ffi::SQLITE_READONLY), Kind::ReadOnly),
        (database(ffi::SQLITE_CONSTRAINT), Kind::Sql),
    ] {
        let error = Error::from_fault(fault, "try", Path::new("s.sqlite3"));
        assert_eq!(error.kind, kind, "{error}");
        assert!(std::error::Error::source(&error).is_some(), "{error}");
    }
}

#[test]
fn what_was_said_is_known_until_it_is_taken_back() {
    let mut world = World::new();
    let scope = world.scope;
    let mut once = |subject: &str| world.state.write(|tx| tx.say_once(scope, "ended", subject));
    assert!(once("people/c1").unwrap());
    assert!(!once("people/c1").unwrap());
    assert!(world.state.said(scope, "ended", "people/c1").unwrap());
    assert!(!world.state.said(scope, "ended", "people/c2").unwrap());
    let took = world
        .state
        .write(|tx| tx.unsay(scope, "ended", "people/c1"));
    took.unwrap();
    assert!(!world.state.said(scope, "ended", "people/c1").unwrap());
}

#[test]
fn only_what_the_remote_holds_has_landed() {
    let id = RemoteId::from("5");
    assert!(Settled::Done { id: id.clone() }.landed());
    assert!(Settled::Recovered { id }.landed());
    for other in [
        Settled::Stale,
        Settled::Uncertain,
        Settled::Lost,
        Settled::NotTried,
    ] {
        assert!(!other.landed(), "{other:?}");
    }
}

#[test]
fn records_are_counted_and_their_links_found() {
    let mut world = World::new();
    for id in ["5", "6", "7"] {
        world.apply(&[put(Side::Crm, record(id, None))]);
    }
    let known = |side| world.state.known_records(world.scope, side).unwrap();
    assert_eq!((known(Side::Crm), known(Side::Google)), (3, 0));
    world.apply(&[Edit::PutLink(linked("people/c1", "5"))]);
    let of = |id: &str| {
        let (pair, scope) = (world.pair, world.scope);
        world.state.link_of(pair, scope, Side::Crm, &id.into())
    };
    assert_eq!(of("5").unwrap().unwrap().ids, pair("people/c1", "5"));
    assert_eq!(of("6").unwrap(), None);
}

#[test]
fn a_place_that_cannot_be_looked_at_is_not_taken_for_empty() {
    let world = World::new();
    let below = world.dir.path().join("state.sqlite3").join("below.sqlite3");
    assert_eq!(State::peek(&below).unwrap_err().kind, Kind::Io);
    let other = world.dir.path().join("other.sqlite3");
    let conn = Connection::open(&other).unwrap();
    conn.execute_batch("CREATE TABLE other (no INTEGER)")
        .unwrap();
    drop(conn);
    std::fs::set_permissions(&other, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let error = State::peek(&other).unwrap_err();
    let detail = std::error::Error::source(&error).unwrap().to_string();
    assert!(detail.contains("not crmsync's"), "{detail}");
}

#[test]
fn a_landed_write_keeps_the_revision_that_it_left_and_the_latest_counts() {
    let mut world = World::new();
    let (scope, pair) = (world.scope, world.pair);
    let write = |id: &str| crate::model::Write {
        on: Side::Google,
        link: None,
        twin: "c1".into(),
        key: None,
        changed_at: None,
        meeting: crate::model::Meeting::Later,
        twin_listed: true,
        why: crate::model::Why::InView,
        change: crate::model::Change::Group { id: id.into() },
    };
    let left = |state: &State| {
        let left = state.left_on(pair, Side::Google, &["people/c1".into()].into());
        left.unwrap().into_values().next()
    };
    for (version, settled, expected) in [
        (None, "done", None),
        (Some("e1"), "done", Some("e1")),
        (Some("e2"), "recovered", Some("e2")),
        (None, "done", None),
        (Some("e3"), "lost", None),
    ] {
        world
            .state
            .write(|tx| {
                let run = tx.begin_run(scope, RunKind::Sync, 1)?;
                let no = tx.journal(run, &[write("people/c1")], crate::model::Moment(1))?[0];
                let id = RemoteId::from("people/c1");
                let outcome = match settled {
                    "done" => Settled::Done { id },
                    "recovered" => Settled::Recovered { id },
                    _ => Settled::Lost,
                };
                tx.landed(no, &outcome, version.map(Into::into).as_ref())
            })
            .unwrap();
        assert_eq!(left(&world.state), expected.map(Into::into), "{settled}");
    }
    let unknown =
        |tx: &mut Tx<'_>| tx.journal(RunNo(77), &[write("people/c1")], crate::model::Moment(1));
    assert_eq!(world.state.write(unknown).unwrap_err().kind, Kind::Sql);
}

#[test]
fn a_reading_that_is_over_hears_nothing_more() {
    let mut world = World::new();
    let scope = world.scope;
    let start = |tx: &mut Tx<'_>| tx.start_listing(scope, Side::Crm);
    let listing = world.state.write(start).unwrap();
    let other = world
        .state
        .write(|tx| tx.start_listing(scope, Side::Google))
        .unwrap();
    world.apply(&[put(Side::Crm, record("c1", None))]);
    let end = |tx: &mut Tx<'_>| tx.end_listing(scope, Side::Crm);
    world.state.write(end).unwrap();
    world.state.write(end).unwrap();
    world.apply(&[put(Side::Crm, record("c2", None))]);
    let over = world.state.unheard(scope, Side::Crm, listing).unwrap_err();
    assert_eq!(over.kind, Kind::Sql);
    let heard = "SELECT count(*) FROM temp.heard";
    let heard: i64 = world.state.conn.query_row(heard, [], |r| r.get(0)).unwrap();
    assert_eq!(heard, 0);
    world.apply(&[put(Side::Google, record("g1", None))]);
    let unheard = world.state.unheard(scope, Side::Google, other).unwrap();
    assert!(unheard.is_empty(), "the other side goes on");
    // A new one in the transaction that ended the old one is heard.
    let again = world
        .state
        .write(|tx| {
            tx.apply(scope, &[put(Side::Crm, record("c3", None))])?;
            let listing = tx.start_listing(scope, Side::Crm)?;
            tx.apply(scope, &[put(Side::Crm, record("c1", None))])?;
            Ok(listing)
        })
        .unwrap();
    let unheard = world.state.unheard(scope, Side::Crm, again).unwrap();
    assert_eq!(unheard, ids(&["c2", "c3"]));
}

#[test]
fn the_profiles_around_are_those_of_now() {
    let mut world = World::new();
    let scope = world.scope;
    world.apply(&[put(Side::Crm, record("c1", None))]);
    let stale = world
        .state
        .write(|tx| {
            tx.spread(scope, Side::Crm, &ids(&["c1"]))?;
            let (press, _) = tx.scope("press", PAIR)?;
            tx.apply(press, &[put(Side::Crm, record("c1", None))])?;
            tx.spread(scope, Side::Crm, &ids(&["c1"]))?;
            tx.stale(press, Side::Crm)
        })
        .unwrap();
    assert_eq!(stale, ids(&["c1"]));
    assert!(world.state.stale(scope, Side::Crm).unwrap().is_empty());
}

#[test]
fn a_transaction_is_on_the_disk_at_once_unless_it_may_come_with_the_next() {
    let mut world = World::new();
    let mode = |state: &State| -> i64 {
        let conn = &state.conn;
        conn.query_row("PRAGMA synchronous", [], |row| row.get(0))
            .unwrap()
    };
    let (off, normal, full) = (0, 1, 2);
    assert_eq!(mode(&world.state), full, "as opened");
    for (soon, expected) in [
        (true, normal),
        (true, normal),
        (false, full),
        (true, normal),
    ] {
        let seen = |tx: &mut Tx<'_>| tx.say_once(world.scope, "a word", "x").map(drop);
        if soon {
            world.state.write_soon(seen).unwrap();
        } else {
            world.state.write(seen).unwrap();
        }
        assert_eq!(mode(&world.state), expected);
    }
    let mut copy = world.state.scratch().unwrap();
    let scope = world.scope;
    copy.write(|tx| tx.say_once(scope, "a word", "y")).unwrap();
    assert_eq!(
        mode(&copy),
        off,
        "nobody needs a private copy after a crash"
    );
}

#[test]
fn a_tidied_file_holds_everything_by_itself() {
    let mut world = World::new();
    let scope = world.scope;
    world
        .state
        .write_soon(|tx| tx.say_once(scope, "a word", "x"))
        .unwrap();
    world.state.tidy().unwrap();
    let alone = world.dir.path().join("alone.sqlite3");
    std::fs::copy(world.state.path(), &alone).unwrap();
    let copy = Connection::open(&alone).unwrap();
    let said: i64 = copy
        .query_row("SELECT count(*) FROM said", [], |row| row.get(0))
        .unwrap();
    assert_eq!(said, 1);
}
