//! What is remembered of a pair, to the last flag: scenarios compare the words of a plan only.

use super::tests::{EMAIL, create, island, record, rules, write};
use super::*;
use crate::model::{
    Base, Bulk, Change, Edit, Field, Fields, Key, Limits, Meeting, Moment, Record, RemoteId, Rest,
    Seen, Stored, Value, Version, Why, Write,
};

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

/// What is let go of while a plan grows: creates and updates of contacts that others come before, and
/// nothing else.
#[test]
fn a_growing_plan_lets_go_of_the_youngest_contacts_only() {
    let new = |twin: &str, at: i64| Write {
        changed_at: Some(Moment(at)),
        ..create(Side::Crm, twin, Some(twin))
    };
    let gone = |id: &str| Write {
        changed_at: Some(Moment(9)),
        ..write(
            Side::Crm,
            "g9",
            None,
            Change::Delete {
                id: RemoteId::from(id),
                expected: Version::from("v1"),
                before: Fields::new(),
            },
        )
    };
    let writes = vec![new("g3", 3), gone("c9"), new("g1", 1), new("g2", 2)];
    let plan = Plan {
        writes: writes.clone(),
        ..Plan::default()
    };
    let limits = |contacts| Limits {
        contacts,
        google_cap: 25_000,
        bulk: Bulk::Braked,
    };
    for (most, let_go) in [
        (0, vec![]),
        (1, vec!["g3", "g2"]),
        (2, vec!["g3"]),
        (3, vec![]),
    ] {
        let mut growing = plan.clone();
        let rest = trim(&mut growing, &limits(most));
        let twins: Vec<_> = rest.iter().map(|write| write.twin.as_str()).collect();
        assert_eq!(twins, let_go, "{most}");
        let kept = writes.iter().filter(|write| !rest.contains(write));
        assert!(growing.writes.iter().eq(kept), "{most}");
    }
}

/// What nobody fills in is never taken for filled in, though it reads like the contact's address.
#[test]
fn a_whole_that_is_not_filled_in_flows_back_when_its_records_meet() {
    let mut rules = rules();
    let rule = rules.fields[&EMAIL].clone();
    let parts = [Field(2), Field(3)];
    rules.fields.extend(parts.map(|part| (part, rule.clone())));
    rules.wholes = vec![parts.to_vec()];
    let mut named = record("c1", "ann@example.com");
    named.fields.insert(parts[1], Value::plain("ann"));
    let both = island(vec![record("g1", "ann@example.com")], vec![named], vec![]);
    let plan = plan(&both, &rules);
    let told = plan.writes.iter().map(|write| {
        let Change::Update { patch, .. } = &write.change else {
            return (write.on, None);
        };
        let swap = patch.get(&parts[1]);
        (write.on, swap.and_then(|swap| swap.to.clone()))
    });
    let expected = (Side::Google, Some(Value::plain("ann")));
    assert_eq!(told.collect::<Vec<_>>(), [expected]);
}

/// The recovery of a change of label reads the record. Where a listing had told that revision before, it is the
/// one that stands, and no echo.
#[test]
fn a_change_of_label_that_was_found_stands_at_the_revision_that_was_read() {
    let id = RemoteId::from("g1");
    let group = write(Side::Google, "c1", None, Change::Group { id });
    let known = Seen {
        record: record("g1", OLD),
        replaced: Vec::new(),
        unlisted_since: None,
    };
    let after = |stored: &Stored| {
        let edits = settle(&group, stored, Some(&known), &rules(), Moment(7));
        let mut seen = edits.into_iter().filter_map(|edit| {
            let Edit::PutSeen { seen, .. } = edit else {
                return None;
            };
            Some((seen.record.version, seen.replaced))
        });
        seen.next()
    };
    let old = Version::from("v1");
    let found = Stored::Record(Box::new(known.record.clone()));
    assert_eq!(after(&found), Some((old.clone(), Vec::new())));
    // An answer does not tell the revision: the old one is an echo from now on.
    let unknown = Version::from("after v1");
    assert_eq!(after(&Stored::Nothing), Some((unknown, vec![old])));
}

/// Equal ones keep their order: of two writes on a record an undo takes the later one back first.
#[test]
fn writes_are_sorted_as_a_stable_sort_does_it() {
    let write = |at: u32, key: u32, mark: u32| Write {
        on: Side::Google,
        link: None,
        twin: "c".into(),
        key: Some(Key::from(format!("k{key}"))),
        changed_at: Some(Moment(at.into())),
        meeting: Meeting::Later,
        twin_listed: true,
        why: Why::Changed,
        change: Change::Delete {
            id: "g".into(),
            expected: Version::from(format!("{mark}")),
            before: Fields::new(),
        },
    };
    let mut seed = 7_u64;
    let mut next = |below: u32| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        u32::try_from(seed >> 33).unwrap_or(0) % below
    };
    for count in [0, 1, 2, 3, 10, 100, 1_000] {
        for kinds in [1, 2, 10, 1_000] {
            let writes: Vec<Write> = (0..count)
                .map(|mark| write(next(kinds), next(3), mark))
                .collect();
            let mut stable = writes.clone();
            stable.sort_by(|a, b| (a.changed_at, &a.key).cmp(&(b.changed_at, &b.key)));
            let mut plan = Plan {
                writes,
                ..Plan::default()
            };
            plan.sort();
            assert_eq!(plan.writes, stable, "{count} of {kinds}");
        }
    }
}
