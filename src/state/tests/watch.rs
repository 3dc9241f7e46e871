//! What went back in time or to and fro, and which machine used the file.

use super::*;
use crate::model::{Flip, Moment, Version};

fn seen(id: &str, at: Option<i64>) -> Seen {
    let mut record = Record::bare(id.into(), Version::from(format!("{at:?}")));
    record.changed_at = at.map(Moment);
    Seen {
        record,
        replaced: Vec::new(),
        unlisted_since: None,
    }
}

fn put(id: &str, at: i64) -> Edit {
    Edit::PutSeen {
        side: Side::Crm,
        seen: seen(id, Some(at)),
    }
}

fn linked(world: &mut World, google: &str, crm: &str) -> crate::model::LinkNo {
    world.apply(&[Edit::PutLink(Link {
        no: None,
        ids: Sides {
            google: google.into(),
            crm: crm.into(),
        },
        base: crate::model::Base::new(),
        listed: Sides {
            google: true,
            crm: true,
        },
        rest: Rest::Awake,
        key: None,
        drift: 0,
    })]);
    world.link(google, crm).no.unwrap()
}

#[test]
fn a_linked_record_that_is_older_than_it_was_counts_until_it_has_caught_up() {
    let mut world = World::new();
    linked(&mut world, "g1", "c1");
    let count = |world: &World| world.state.rewound(world.scope).unwrap();
    world.apply(&[put("c1", 100), put("c2", 100)]);
    assert_eq!(count(&world), Sides::default());
    world.apply(&[put("c1", 100)]);
    assert_eq!(count(&world), Sides::default(), "as old as it was");
    // The other one is not linked.
    world.apply(&[put("c1", 50), put("c2", 50)]);
    assert_eq!(count(&world), Sides { google: 0, crm: 1 });
    world.apply(&[put("c1", 60)]);
    assert_eq!(count(&world).crm, 1, "still older than it was");
    world.apply(&[put("c1", 60)]);
    assert_eq!(count(&world).crm, 1, "the same again");
    world.apply(&[put("c1", 100)]);
    assert_eq!(count(&world).crm, 0);
    world.apply(&[put("c1", 99)]);
    assert_eq!(count(&world).crm, 1);
    let scope = world.scope;
    world.state.write(|tx| tx.forget_rewound(scope)).unwrap();
    assert_eq!(count(&world).crm, 0);
    world.apply(&[put("c1", 98)]);
    assert_eq!(count(&world).crm, 1);
    world
        .state
        .write(|tx| tx.forget_mirror(scope, Side::Crm))
        .unwrap();
    assert_eq!(count(&world).crm, 0);
}

#[test]
fn a_record_without_a_time_says_nothing() {
    let mut world = World::new();
    linked(&mut world, "g1", "c1");
    let none = Edit::PutSeen {
        side: Side::Crm,
        seen: seen("c1", None),
    };
    world.apply(&[put("c1", 100), none]);
    world.apply(&[put("c1", 50)]);
    assert_eq!(world.state.rewound(world.scope).unwrap().crm, 0);
}

#[test]
fn flips_stay_with_their_link() {
    let mut world = World::new();
    let link = linked(&mut world, "g1", "c1");
    let scope = world.scope;
    let flip = |held, at| Flip {
        values: (None, Some("x".into())),
        times: 2,
        at: Moment(at),
        held,
    };
    let flips = [(Field(1), flip(false, 10)), (Field(2), flip(true, 5))].into();
    world.state.write(|tx| tx.put_flips(link, &flips)).unwrap();
    assert_eq!(world.state.flips(link).unwrap(), flips);
    assert_eq!(world.state.held_flips(scope).unwrap(), [link].into());
    // What is in quarantine is not forgotten by age.
    world.state.write(|tx| tx.forget_flips(Moment(99))).unwrap();
    assert_eq!(world.state.flips(link).unwrap(), flips);
    let free = [(Field(1), flip(false, 10))].into();
    world.state.write(|tx| tx.put_flips(link, &free)).unwrap();
    assert!(world.state.held_flips(scope).unwrap().is_empty());
    world.state.write(|tx| tx.forget_flips(Moment(10))).unwrap();
    assert_eq!(world.state.flips(link).unwrap(), free);
    world.state.write(|tx| tx.forget_flips(Moment(11))).unwrap();
    assert!(world.state.flips(link).unwrap().is_empty());
    // A link that is forgotten takes them with it, and none can be put for it.
    world.state.write(|tx| tx.put_flips(link, &flips)).unwrap();
    world.apply(&[Edit::DropLink(link)]);
    assert!(world.state.flips(link).unwrap().is_empty());
    world.state.write(|tx| tx.put_flips(link, &flips)).unwrap();
    assert!(world.state.flips(link).unwrap().is_empty());
}

#[test]
fn the_machine_that_used_the_file_last_is_known() {
    let mut world = World::new();
    assert_eq!(world.state.machine().unwrap(), None);
    for (mark, at) in [("a", 1), ("b", 2)] {
        world
            .state
            .write(|tx| tx.set_machine(mark, Moment(at)))
            .unwrap();
        assert_eq!(world.state.machine().unwrap(), Some((mark.into(), at)));
    }
}

/// Readings that differ in what indexes hold, each after each.
#[test]
fn a_record_is_known_as_it_was_read_last_whatever_it_was_before() {
    let variants: Vec<Record> = (0..12)
        .map(|no| {
            let key = (no % 2 == 1).then_some("ann@example.com");
            let mut one = record("people/c1", key);
            one.listed = no % 4 < 2;
            one.stamp = [None, Some("7".into()), Some("8".into())][no / 4].clone();
            one.version = format!("v{no}").as_str().into();
            one
        })
        .collect();
    let mut world = World::new();
    let (scope, other) = {
        let more = |tx: &mut Tx<'_>| tx.scope("other", PAIR);
        (world.scope, world.state.write(more).unwrap().0)
    };
    for before in &variants {
        for after in &variants {
            for foreign in [false, true] {
                world.apply(&[super::put(Side::Google, before.clone())]);
                if foreign {
                    // Another profile has written it since.
                    let wrote = ["people/c1".into()];
                    let spread = |tx: &mut Tx<'_>| tx.spread(other, Side::Google, &wrote);
                    world.state.write(spread).unwrap();
                    let stale = world.state.stale(scope, Side::Google).unwrap();
                    assert_eq!(stale, wrote);
                }
                world.apply(&[super::put(Side::Google, after.clone())]);
                let stale = world.state.stale(scope, Side::Google).unwrap();
                assert_eq!(stale, [], "it was read since");
                let known = world.state.seen(scope, Side::Google, &ids(&["people/c1"]));
                assert_eq!(known.unwrap()["people/c1"].record, *after);
                let counts = world.state.count_anew(scope).unwrap();
                assert_eq!(counts.listed.google, u64::from(after.listed));
                let lone = after.listed && after.key.is_none();
                assert_eq!(counts.excluded_no_key.google, u64::from(lone));
                for twin in ["7", "8"] {
                    let island = world.state.island_of(scope, Side::Crm, &twin.into());
                    let stamped = after.stamp == Some(twin.into());
                    let found = island.unwrap().records.google.len();
                    assert_eq!(found, usize::from(stamped), "{twin}");
                }
            }
        }
    }
}
