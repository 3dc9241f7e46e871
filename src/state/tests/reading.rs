//! Full readings, listings of ids, counts, and private copies.

use super::*;

#[test]
fn a_full_reading_tells_what_it_did_not_bring() {
    let mut world = World::new();
    let scope = world.scope;
    let all = ["g1", "g2", "g3", "g4"];
    world.apply(&all.map(|id| put(Side::Google, record(id, None))));
    world.apply(&[put(Side::Crm, record("c1", None))]);
    let listing = world
        .state
        .write(|tx| tx.start_listing(scope, Side::Google))
        .unwrap();
    let unheard = |state: &State| state.unheard(scope, Side::Google, listing).unwrap();
    assert_eq!(unheard(&world.state), ids(&all));
    world
        .state
        .write(|tx| {
            tx.hear(scope, Side::Google, listing, &ids(&["g2", "unknown"]))?;
            tx.apply(
                scope,
                &[
                    put(Side::Google, record("g4", None)),
                    put(Side::Google, record("g5", None)),
                ],
            )
        })
        .unwrap();
    assert_eq!(unheard(&world.state), ids(&["g1", "g3"]));
    // A new reading starts from nothing, and the old number is of no use any more.
    let next = world
        .state
        .write(|tx| tx.start_listing(scope, Side::Google))
        .unwrap();
    assert_eq!(
        world
            .state
            .unheard(scope, Side::Google, next)
            .unwrap()
            .len(),
        5
    );
    assert!(world.state.unheard(scope, Side::Google, listing).is_err());
    assert!(
        world
            .state
            .write(|tx| tx.hear(scope, Side::Google, listing, &[]))
            .is_err()
    );
}

#[test]
fn a_listing_of_ids_tells_who_came_and_who_left() {
    let mut world = World::new();
    let scope = world.scope;
    let mut outside = record("c3", None);
    outside.listed = false;
    world.apply(&[
        put(Side::Crm, record("c1", None)),
        put(Side::Crm, record("c2", None)),
        put(Side::Crm, outside),
    ]);
    let census = |state: &mut State, names: &[&str]| {
        state
            .write(|tx| {
                tx.start_census(scope, Side::Crm)?;
                for name in names {
                    tx.add_census(scope, Side::Crm, &ids(&[name]))?;
                }
                Ok((
                    tx.departed(scope, Side::Crm)?,
                    tx.arrived(scope, Side::Crm)?,
                ))
            })
            .unwrap()
    };
    let (gone, new) = census(&mut world.state, &["c1", "c1", "c3", "c4"]);
    assert_eq!((gone, new), (ids(&["c2"]), ids(&["c3", "c4"])));
    let (gone, new) = census(&mut world.state, &["c1", "c2"]);
    assert_eq!((gone, new), (ids(&[]), ids(&[])));
}

#[test]
fn forgetting_a_reading_keeps_links_and_marks() {
    let mut world = World::new();
    let scope = world.scope;
    let cursor = StoredCursor {
        cursor: "t".into(),
        fingerprint: "f".into(),
        taken_at: 1,
    };
    world.apply(&[
        put(Side::Google, record("g1", Some("a@example.com"))),
        put(Side::Crm, record("c1", Some("a@example.com"))),
        Edit::PutLink(linked("g1", "c1")),
        touch(Side::Google, "g1"),
    ]);
    world
        .state
        .write(|tx| {
            tx.set_facts(scope, |facts| {
                facts.cursors = Sides {
                    google: Some(cursor.clone()),
                    crm: Some(cursor),
                };
            })?;
            tx.forget_mirror(scope, Side::Google)
        })
        .unwrap();
    let key = Key::from("a@example.com");
    assert!(
        world
            .state
            .holders(scope, Side::Google, &key)
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        world.state.holders(scope, Side::Crm, &key).unwrap(),
        ids(&["c1"])
    );
    let facts = world.state.facts(scope).unwrap();
    assert!(facts.cursors.google.is_none() && facts.cursors.crm.is_some());
    assert_eq!(world.state.touched(scope).unwrap(), 1);
    assert_eq!(
        world.state.unmirrored(scope, Side::Google).unwrap(),
        ids(&["g1"])
    );
    assert!(world.state.unmirrored(scope, Side::Crm).unwrap().is_empty());
}

#[test]
fn every_contact_is_counted_where_it_belongs() {
    let mut world = World::new();
    let resting = |google, crm, rest| {
        Edit::PutLink(Link {
            rest,
            ..linked(google, crm)
        })
    };
    world.apply(&[
        Edit::PutLink(linked("g1", "c1")),
        Edit::PutLink(Link {
            drift: 2,
            ..linked("g2", "c2")
        }),
        resting("g3", "c3", Rest::Left(Side::Crm)),
        resting("g4", "c4", Rest::Vanished(Side::Crm)),
        resting("g5", "c5", Rest::Ended(Side::Crm)),
        resting("g6", "c6", Rest::Ended(Side::Google)),
        resting("g1", "c7", Rest::Merged),
        // The survivor of an ended pair that found a new twin takes part.
        resting("g8", "c8", Rest::Ended(Side::Crm)),
        Edit::PutLink(linked("g8", "c9")),
    ]);
    let google = ["g1", "g2", "g3", "g4", "g5", "g8"];
    world.apply(&google.map(|id| put(Side::Google, record(id, Some("a@example.com")))));
    let mut outside = record("c11", None);
    outside.listed = false;
    world.apply(&[
        put(Side::Google, record("g9", None)),
        put(Side::Crm, record("c1", None)),
        put(Side::Crm, record("c10", None)),
        put(Side::Crm, outside),
    ]);
    let counts = world.state.counts(world.scope).unwrap();
    let expected = Counts {
        linked: 3,
        resting: Resting {
            left: 1,
            vanished: 1,
            ended: 3,
            merged: 1,
        },
        drift: 1,
        known: Sides { google: 7, crm: 3 },
        listed: Sides { google: 7, crm: 2 },
        excluded_no_key: Sides { google: 1, crm: 1 },
        excluded_rest: 2,
    };
    assert_eq!(counts, expected);
    assert_eq!(counts.resting.total(), 6);
}

#[test]
fn a_private_copy_changes_nothing_and_goes_away() {
    let mut world = World::new();
    world.apply(&[put(Side::Google, record("g1", None))]);
    let mut copy = world.state.scratch().unwrap();
    let scope = world.scope;
    let path = copy.path().to_owned();
    assert_ne!(path, world.state.path());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let edits = [
        put(Side::Google, record("g2", None)),
        touch(Side::Google, "g1"),
    ];
    copy.write(|tx| tx.apply(scope, &edits)).unwrap();
    let both = ids(&["g1", "g2"]);
    assert_eq!(copy.seen(scope, Side::Google, &both).unwrap().len(), 2);
    assert_eq!(
        world.state.seen(scope, Side::Google, &both).unwrap().len(),
        1
    );
    assert_eq!(world.state.touched(scope).unwrap(), 0);
    drop(copy);
    assert!(!path.exists());
}

#[test]
fn status_reads_while_a_run_writes() {
    let mut world = World::new();
    let path = world.state.path().to_owned();
    let missing = world.dir.path().join("other.sqlite3");
    assert!(State::peek(&missing).unwrap().is_none());
    assert!(!missing.exists());
    let scope = world.scope;
    let peeked = world
        .state
        .write(|tx| {
            tx.apply(scope, &[touch(Side::Google, "g1")])?;
            let peeked = State::peek(&path)?.unwrap();
            assert_eq!(peeked.touched(scope)?, 0);
            Ok(peeked)
        })
        .unwrap();
    assert_eq!(peeked.touched(scope).unwrap(), 1);
    let mut peeked = peeked;
    let refused = peeked.write(|tx| tx.apply(scope, &[touch(Side::Crm, "c1")]));
    assert_eq!(refused.unwrap_err().kind, Kind::ReadOnly);
}

#[cfg(unix)]
#[test]
fn the_file_and_its_directory_are_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/state.sqlite3");
    let mut state = State::open(&path).unwrap();
    state.write(|tx| tx.scope("sales", PAIR)).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&file::beside(&path, "-wal")), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&dir.path().join("a")), 0o700);
}

#[test]
fn a_full_disk_and_a_busy_file_are_told_apart_and_lose_nothing() {
    let mut world = World::new();
    let scope = world.scope;
    world.apply(&[touch(Side::Google, "g1")]);
    let other = Connection::open(world.state.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let conn = &world.state.db.conn;
    conn.busy_timeout(std::time::Duration::ZERO).unwrap();
    assert_eq!(world.refuse(&[touch(Side::Crm, "c1")]), Kind::Locked);
    drop(other);

    let conn = &world.state.db.conn;
    conn.query_row("PRAGMA max_page_count = 1", [], |_| Ok(()))
        .unwrap();
    let many: Vec<Edit> = (0..5_000)
        .map(|n| touch(Side::Crm, &format!("c{n}")))
        .collect();
    assert_eq!(world.refuse(&many), Kind::DiskFull);
    assert_eq!(world.state.touched(scope).unwrap(), 1);
}

#[test]
fn damage_that_only_shows_later_is_told_as_damage() {
    let mut world = World::new();
    world.apply(&[put(Side::Google, record("g1", None))]);
    let conn = &world.state.db.conn;
    conn.execute_batch("UPDATE mirror SET content = '{\"f\":'")
        .unwrap();
    let failed = world.state.seen(world.scope, Side::Google, &ids(&["g1"]));
    assert_eq!(failed.unwrap_err().kind, Kind::Corrupt);
}

#[test]
fn a_full_reading_tells_whom_it_met_first() {
    let mut world = World::new();
    let scope = world.scope;
    world.apply(&[
        put(Side::Google, record("g1", None)),
        put(Side::Google, record("g2", None)),
    ]);
    let met = |world: &mut World, side: Side| {
        world
            .state
            .write(|tx| {
                ["g1", "g2", "g3", "unknown"]
                    .map(|id| tx.met_now(scope, side, &id.into()))
                    .into_iter()
                    .collect::<Result<Vec<_>>>()
            })
            .unwrap()
    };
    assert_eq!(met(&mut world, Side::Google), [false; 4], "no reading");
    world
        .state
        .write(|tx| {
            tx.start_listing(scope, Side::Google)?;
            tx.apply(
                scope,
                &[
                    put(Side::Google, record("g2", None)),
                    put(Side::Google, record("g3", None)),
                ],
            )
        })
        .unwrap();
    assert_eq!(met(&mut world, Side::Google), [false, false, true, false]);
    assert_eq!(met(&mut world, Side::Crm), [false; 4]);
    world
        .state
        .write(|tx| tx.end_listing(scope, Side::Google))
        .unwrap();
    assert_eq!(met(&mut world, Side::Google), [false; 4], "it is over");
}
