//! Counts that were kept are those that a new count gives, whatever changed since.

use super::*;
use crate::model::{Base, LinkNo};

/// Counts and keeps the counts of every scope of the world.
fn keep(world: &mut World, scopes: &[ScopeId]) {
    world
        .state
        .write(|tx| {
            for scope in scopes {
                let counts = tx.count_anew(*scope)?;
                tx.keep_counts(*scope, &counts)?;
            }
            Ok(())
        })
        .unwrap();
}

fn kept(world: &World, scope: ScopeId) -> bool {
    let query = "SELECT EXISTS (SELECT 1 FROM counted WHERE scope = ?1)";
    let conn = &world.state.conn;
    conn.query_row(query, [scope.0], |row| row.get(0)).unwrap()
}

#[test]
fn whatever_changes_what_is_counted_makes_both_profiles_count_anew() {
    let mut world = World::new();
    let (press, _) = world.state.write(|tx| tx.scope("press", PAIR)).unwrap();
    let far = world.state.write(|tx| tx.scope("sales", "x|y")).unwrap().0;
    world.apply(&[
        Edit::PutLink(linked("g1", "c1")),
        Edit::PutLink(linked("g2", "c2")),
        put(Side::Google, record("g1", None)),
    ]);
    let mut unlisted = record("g1", None);
    unlisted.listed = false;
    let edits = [
        put(Side::Google, unlisted),
        put(Side::Crm, record("c1", Some("ann@example.com"))),
        Edit::DropSeen {
            side: Side::Google,
            id: "g1".into(),
        },
        Edit::PutLink(linked("g3", "c3")),
        Edit::SetRest {
            ids: pair("g1", "c1"),
            rest: Rest::Left(Side::Crm),
        },
        Edit::SetListed {
            ids: pair("g2", "c2"),
            side: Side::Crm,
            listed: false,
        },
        Edit::DropLink(LinkNo(1)),
    ];
    for edit in edits {
        let own = world.scope;
        keep(&mut world, &[own, press, far]);
        let before = world.state.counts(world.scope).unwrap();
        world.apply(std::slice::from_ref(&edit));
        for scope in [world.scope, press] {
            assert!(!kept(&world, scope), "{edit:?}");
        }
        assert!(kept(&world, far), "{edit:?}");
        let after = world.state.counts(world.scope).unwrap();
        assert_eq!(after, world.state.count_anew(world.scope).unwrap());
        let counts = !matches!(edit, Edit::SetListed { .. });
        assert_eq!(before != after, counts, "{edit:?}");
    }
}

#[test]
fn what_is_not_counted_keeps_the_counts() {
    let mut world = World::new();
    let scope = world.scope;
    world.apply(&[Edit::PutLink(linked("g1", "c1"))]);
    keep(&mut world, &[scope]);
    world.apply(&[
        touch(Side::Google, "g1"),
        Edit::Rebase {
            ids: pair("g1", "c1"),
            base: Base::new(),
        },
        Edit::RebaseSide {
            ids: pair("g1", "c1"),
            side: Side::Crm,
            base: Base::new(),
        },
        Edit::Quiet {
            side: Side::Google,
            id: "g1".into(),
        },
    ]);
    assert!(kept(&world, scope));
    let other = Counts {
        linked: 77,
        ..Counts::default()
    };
    let keep = |tx: &mut Tx<'_>| tx.keep_counts(scope, &other);
    world.state.write(keep).unwrap();
    assert_eq!(world.state.counts(scope).unwrap().linked, 1, "the first");
    let changed = |tx: &mut Tx<'_>| {
        tx.apply(scope, &[Edit::PutLink(linked("g2", "c2"))])?;
        tx.keep_counts(scope, &other)?;
        tx.apply(scope, &[Edit::PutLink(linked("g3", "c3"))])
    };
    world.state.write(changed).unwrap();
    assert_eq!(
        world.state.counts(scope).unwrap().linked,
        3,
        "again in one transaction"
    );
}

#[test]
fn forgetting_a_reading_or_the_links_counts_anew() {
    let mut world = World::new();
    let (scope, pair) = (world.scope, world.pair);
    world.apply(&[
        Edit::PutLink(linked("g1", "c1")),
        put(Side::Google, record("g1", None)),
    ]);
    keep(&mut world, &[scope]);
    let forget = |tx: &mut Tx<'_>| tx.forget_mirror(scope, Side::Google);
    world.state.write(forget).unwrap();
    let counts = world.state.counts(scope).unwrap();
    assert_eq!((counts.known.google, counts.linked), (0, 1));
    keep(&mut world, &[scope]);
    world.state.write(|tx| tx.drop_pair_links(pair)).unwrap();
    assert_eq!(world.state.counts(scope).unwrap().linked, 0);
}
