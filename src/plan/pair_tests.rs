//! What is remembered of a pair, to the last flag: scenarios compare the words of a plan only.

use super::tests::{EMAIL, island, record, rules};
use super::*;
use crate::model::{Base, Key, Record, Rest, Value};

const OLD: &str = "old@example.com";

fn link(listed: (bool, bool)) -> Link {
    let email = Some(Value::plain(OLD));
    Link {
        no: Some(LinkNo(1)),
        ids: Sides {
            google: RemoteId::from("g1"),
            crm: RemoteId::from("c1"),
        },
        base: Base::from([(
            EMAIL,
            Sides {
                google: email.clone(),
                crm: email,
            },
        )]),
        listed: Sides {
            google: listed.0,
            crm: listed.1,
        },
        rest: Rest::Awake,
        key: Some(Key::from(OLD)),
        drift: 0,
    }
}

/// The pair as it is remembered after a plan.
fn remembered(google: Vec<Record>, crm: Vec<Record>, link: Link) -> Option<Link> {
    let plan = plan(&island(google, crm, vec![link]), &rules());
    plan.notes.into_iter().find_map(|note| match note {
        Note::Agree(link) => Some(link),
        Note::Adopt(_) | Note::Unlink(_) => None,
    })
}

#[test]
fn a_pair_is_known_by_the_address_that_it_has_now() {
    let now = |id| vec![record(id, "new@example.com")];
    let known = remembered(now("g1"), now("c1"), link((true, true)));
    assert_eq!(
        known.and_then(|link| link.key),
        Some(Key::from("new@example.com"))
    );
}

#[test]
fn a_pair_that_rests_remembers_who_was_in_a_list() {
    let out = Record {
        listed: false,
        ..record("c1", OLD)
    };
    // The label came on, and in the same hour the record left the view.
    let known = remembered(vec![record("g1", OLD)], vec![out], link((false, true)));
    let known = known.map(|link| (link.rest, link.listed.google, link.listed.crm));
    assert_eq!(known, Some((Rest::Left(Side::Crm), true, true)));
}

#[test]
fn a_pair_that_is_over_is_known_by_the_survivors_address() {
    let survivor = vec![record("g1", "new@example.com")];
    let known = remembered(survivor, Vec::new(), link((true, true)));
    let known = known.map(|link| (link.rest, link.key));
    let key = Some(Key::from("new@example.com"));
    assert_eq!(known, Some((Rest::Ended(Side::Crm), key)));
}
