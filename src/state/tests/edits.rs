//! Edits change links, mirror and marks as they say, and nothing else.

use super::*;
use crate::model::{Base, LinkNo, Moment, Native};

fn full(id: &str) -> Seen {
    let mut record = record(id, Some("ann@example.com"));
    record
        .fields
        .insert(Field(2), Value::plain("Ann \"\n\u{1f} Ångström"));
    record.unread = vec![Field(7), Field(9)];
    record.emails = vec!["ann@example.org".into(), "a@example.net".into()];
    record.stamp = Some("55".into());
    record.archived = true;
    record.changed_at = Some(Moment(1_700_000_000));
    record.label = Some("Ann".into());
    record.native = Native(r#"{"emailAddresses":[]}"#.into());
    Seen {
        record,
        replaced: vec!["v0".into(), "v00".into()],
        unlisted_since: Some(Moment(1_700_000_001)),
    }
}

#[test]
fn a_record_comes_back_as_it_was_put() {
    let mut world = World::new();
    let seen = full("people/c1");
    world.apply(&[Edit::PutSeen {
        side: Side::Google,
        seen: seen.clone(),
    }]);
    let ids = ids(&["people/c1", "people/c2"]);
    let back = world.state.seen(world.scope, Side::Google, &ids).unwrap();
    assert_eq!(back.len(), 1);
    let found = &back[&ids[0]];
    assert_eq!(found, &seen);
    // Equality of values looks at their canonical form only.
    assert_eq!(&*found.record.fields[&Field(1)].text, "Ann@Example.com");
    assert_eq!(
        found.record.fields[&Field(1)].canonical(),
        "ann@example.com"
    );
    assert!(
        world
            .state
            .seen(world.scope, Side::Crm, &ids)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_later_reading_replaces_the_addresses_of_the_earlier() {
    let mut world = World::new();
    let scope = world.scope;
    world.apply(&[Edit::PutSeen {
        side: Side::Google,
        seen: full("g1"),
    }]);
    let other = Key::from("a@example.net");
    assert_eq!(
        world.state.holders(scope, Side::Google, &other).unwrap(),
        ids(&["g1"])
    );
    world.apply(&[put(Side::Google, record("g1", Some("new@example.com")))]);
    assert!(
        world
            .state
            .holders(scope, Side::Google, &other)
            .unwrap()
            .is_empty()
    );
    let new = Key::from("new@example.com");
    assert!(world.state.has_key(scope, Side::Google, &new).unwrap());
    assert!(!world.state.has_key(scope, Side::Crm, &new).unwrap());
    world.apply(&[Edit::DropSeen {
        side: Side::Google,
        id: "g1".into(),
    }]);
    assert!(!world.state.has_key(scope, Side::Google, &new).unwrap());
}

#[test]
fn a_links_key_is_known_where_its_record_is_not_gone() {
    let mut world = World::new();
    let key = Key::from("ann@example.com");
    let mut link = linked("g1", "c1");
    link.key = Some(key.clone());
    world.apply(&[Edit::PutLink(link.clone())]);
    for side in Side::BOTH {
        assert!(world.state.has_key(world.scope, side, &key).unwrap());
    }
    link.rest = Rest::Ended(Side::Crm);
    world.apply(&[Edit::PutLink(link)]);
    assert!(
        world
            .state
            .has_key(world.scope, Side::Google, &key)
            .unwrap()
    );
    assert!(!world.state.has_key(world.scope, Side::Crm, &key).unwrap());
}

#[test]
fn a_link_comes_back_as_it_was_put_and_keeps_its_number() {
    let mut world = World::new();
    let mut link = linked("g1", "c1");
    link.base = Base::from([
        (
            Field(1),
            Sides {
                google: Some(Value::plain("x")),
                crm: None,
            },
        ),
        (
            Field(300),
            Sides {
                google: None,
                crm: Some(Value::with_canon("0 30", "30")),
            },
        ),
    ]);
    link.listed.crm = false;
    link.key = Some("ann@example.com".into());
    link.drift = 3;
    link.rest = Rest::Left(Side::Google);
    world.apply(&[Edit::PutLink(link.clone())]);
    let back = world.link("g1", "c1");
    link.no = back.no;
    assert_eq!(back, link);
    // Without a number the link of the same records is replaced, with one also its records.
    let again = linked("g1", "c1");
    world.apply(&[Edit::PutLink(again)]);
    assert_eq!(world.link("g1", "c1").no, link.no);
    assert_eq!(world.link("g1", "c1").rest, Rest::Awake);
    link.ids = pair("g2", "c1");
    world.apply(&[Edit::PutLink(link.clone())]);
    assert_eq!(world.link("g2", "c1"), link);
    assert_eq!(
        world
            .state
            .linked(world.pair, Side::Google, &"g1".into())
            .unwrap(),
        None
    );
}

#[test]
fn part_of_a_base_moves_and_the_rest_stays() {
    let mut world = World::new();
    let one = |text: &str| Sides {
        google: Some(Value::plain(text)),
        crm: None,
    };
    let mut link = linked("g1", "c1");
    link.base = Base::from([(Field(1), one("a")), (Field(2), one("b"))]);
    world.apply(&[
        Edit::PutLink(link),
        Edit::Rebase {
            ids: pair("g1", "c1"),
            base: Base::from([(Field(2), one("z")), (Field(3), one("c"))]),
        },
    ]);
    let base = world.link("g1", "c1").base;
    assert_eq!(
        base,
        Base::from([
            (Field(1), one("a")),
            (Field(2), one("z")),
            (Field(3), one("c"))
        ])
    );
    let nobody = Edit::Rebase {
        ids: pair("g1", "c9"),
        base: Base::new(),
    };
    assert_eq!(world.refuse(&[nobody]), Kind::Sql);
}

#[test]
fn being_listed_belongs_to_the_profile() {
    let mut world = World::new();
    let (press, _) = world.state.write(|tx| tx.scope("press", PAIR)).unwrap();
    let ids = pair("g1", "c1");
    world.apply(&[Edit::PutLink(linked("g1", "c1"))]);
    let seen_by_press = |state: &State| {
        let island = state.island_of(press, Side::Google, &"g1".into()).unwrap();
        island.links[0].listed
    };
    assert_eq!(
        seen_by_press(&world.state),
        Sides {
            google: false,
            crm: false
        }
    );
    let edit = Edit::SetListed {
        ids,
        side: Side::Crm,
        listed: true,
    };
    world.state.write(|tx| tx.apply(press, &[edit])).unwrap();
    assert_eq!(
        seen_by_press(&world.state),
        Sides {
            google: false,
            crm: true
        }
    );
    assert_eq!(
        world.link("g1", "c1").listed,
        Sides {
            google: true,
            crm: true
        }
    );
    assert_eq!(world.state.counts(press).unwrap().linked, 1);
}

#[test]
fn a_record_is_in_one_link_that_is_not_over() {
    let mut world = World::new();
    world.apply(&[Edit::PutLink(linked("g1", "c1"))]);
    assert_eq!(
        world.refuse(&[Edit::PutLink(linked("g1", "c2"))]),
        Kind::Sql
    );
    let resting = Link {
        rest: Rest::Left(Side::Crm),
        ..linked("g2", "c1")
    };
    assert_eq!(world.refuse(&[Edit::PutLink(resting)]), Kind::Sql);
    // Nothing of a refused list stays.
    let edits = [touch(Side::Google, "g7"), Edit::PutLink(linked("g1", "c2"))];
    assert_eq!(world.refuse(&edits), Kind::Sql);
    assert_eq!(world.state.touched(world.scope).unwrap(), 0);
    let merged = Link {
        rest: Rest::Merged,
        ..linked("g1", "c2")
    };
    world.apply(&[Edit::PutLink(merged)]);
    // Only the end of a list counts: here two links change places.
    let first = world.link("g1", "c1");
    world.apply(&[Edit::PutLink(linked("g3", "c3"))]);
    let second = world.link("g3", "c3");
    world.apply(&[
        Edit::PutLink(Link {
            ids: pair("g3", "c1"),
            ..first.clone()
        }),
        Edit::PutLink(Link {
            ids: pair("g1", "c3"),
            ..second
        }),
    ]);
    assert_eq!(world.link("g3", "c1").no, first.no);
}

#[test]
fn a_dropped_link_is_gone_and_its_number_is_not_used_again() {
    let mut world = World::new();
    world.apply(&[Edit::PutLink(linked("g1", "c1"))]);
    let no = world.link("g1", "c1").no.unwrap();
    world.apply(&[Edit::DropLink(no), Edit::DropLink(LinkNo(99))]);
    assert_eq!(
        world
            .state
            .linked(world.pair, Side::Crm, &"c1".into())
            .unwrap(),
        None
    );
    world.apply(&[Edit::PutLink(linked("g1", "c1"))]);
    assert!(world.link("g1", "c1").no.unwrap() > no);
    let pair = world.pair;
    assert_eq!(world.state.write(|tx| tx.drop_pair_links(pair)).unwrap(), 1);
    assert_eq!(world.state.counts(world.scope).unwrap().linked, 0);
}

#[test]
fn own_writes_are_read_again_by_the_other_profiles_of_the_pair() {
    let mut world = World::new();
    let scope = world.scope;
    let (press, _) = world.state.write(|tx| tx.scope("press", PAIR)).unwrap();
    let (far, _) = world
        .state
        .write(|tx| tx.scope("press", "another pair"))
        .unwrap();
    for known in [scope, press, far] {
        let edits = [put(Side::Crm, record("c1", None))];
        world.state.write(|tx| tx.apply(known, &edits)).unwrap();
    }
    let marked = |state: &State, scope| state.stale(scope, Side::Crm).unwrap();
    world
        .state
        .write(|tx| tx.spread(scope, Side::Crm, &ids(&["c1", "c2"])))
        .unwrap();
    assert_eq!(marked(&world.state, press), ids(&["c1"]));
    assert!(marked(&world.state, scope).is_empty());
    assert!(marked(&world.state, far).is_empty());
    let edits = [put(Side::Crm, record("c1", None))];
    world.state.write(|tx| tx.apply(press, &edits)).unwrap();
    assert!(marked(&world.state, press).is_empty());
}

#[test]
fn a_contact_is_found_by_its_key_and_by_its_records_addresses() {
    let mut world = World::new();
    let key = Key::from("ann@example.com");
    let mut by_key = linked("g1", "c1");
    by_key.key = Some(key.clone());
    let mut google = record("g2", Some("other@example.com"));
    google.emails = vec![key.clone()];
    world.apply(&[
        Edit::PutLink(by_key),
        Edit::PutLink(linked("g2", "c2")),
        Edit::PutLink(linked("g3", "c3")),
        put(Side::Google, google),
    ]);
    let found = world.state.contact(world.pair, &key).unwrap();
    let found: Vec<_> = found.iter().map(|link| link.ids.google.as_str()).collect();
    assert_eq!(found, ["g1", "g2"]);
}
