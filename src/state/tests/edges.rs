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
