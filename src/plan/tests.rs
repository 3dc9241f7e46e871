//! What scenarios do not compare: answers and recovery, the edges of the brakes, the words of a report.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use super::*;
use crate::model::{
    Bulk, Change, Direction, Edit, Field, FieldRule, Fields, Key, Limits, Meeting, Moment, Native,
    OnConflict, Op, Patch, Record, Rematch, Seen, Stored, Swap, Value, Version, Why,
};

pub(super) const EMAIL: Field = Field(0);
const PHONE: Field = Field(1);

pub(super) fn rules() -> Rules {
    let rule = |name: &str| FieldRule {
        name: name.to_owned(),
        writable: Sides::from_fn(|_| true),
        required: Sides::default(),
        on_conflict: OnConflict::Prefer(Side::Crm),
        filled: crate::model::Filled::Never,
    };
    Rules {
        fields: BTreeMap::from([(EMAIL, rule("email.work")), (PHONE, rule("phone.work"))]),
        key: EMAIL,
        wholes: Vec::new(),
        direction: Direction::TwoWay,
        on_delete: crate::model::OnDelete::Keep,
        on_leave: crate::model::OnLeave::Ungroup,
        no_email: crate::model::NoEmail::Skip,
        any_email: crate::model::AnyEmail::Matches,
        clears: crate::model::Clears::Propagate,
        target: crate::model::Target::Drifts,
        rematch: Rematch::No,
    }
}

pub(super) fn record(id: &str, email: &str) -> Record {
    let mut record = Record::bare(RemoteId::from(id), Version::from("v1"));
    record.key = Some(Key::from(email));
    record.fields.insert(EMAIL, Value::plain(email));
    record.listed = true;
    record
}

pub(super) fn write(on: Side, twin: &str, key: Option<&str>, change: Change) -> Write {
    Write {
        on,
        link: None,
        twin: RemoteId::from(twin),
        key: key.map(Key::from),
        changed_at: None,
        meeting: Meeting::Later,
        twin_listed: true,
        why: Why::Missing,
        change,
    }
}

pub(super) fn create(on: Side, twin: &str, key: Option<&str>) -> Write {
    let change = Change::Create {
        fields: Fields::new(),
        twin_holds: BTreeMap::new(),
        unread: Vec::new(),
    };
    write(on, twin, key, change)
}

fn update(to: &str) -> Write {
    let swap = Swap {
        from: None,
        to: Some(Value::plain(to)),
    };
    let change = Change::Update {
        id: RemoteId::from("g1"),
        expected: Version::from("v1"),
        native: Native("".into()),
        patch: Patch::from([(PHONE, swap)]),
    };
    write(Side::Google, "c1", Some("a@example.com"), change)
}

#[test]
fn an_update_landed_when_every_field_holds_what_was_sent() {
    let mut now = record("g1", "a@example.com");
    assert!(!landed(&update("1"), &now));
    now.fields.insert(PHONE, Value::plain("1"));
    assert!(landed(&update("1"), &now));
    assert!(!landed(&update("2"), &now));
    assert!(!landed(&create(Side::Google, "c1", None), &now));
}

#[test]
fn a_change_of_memberships_landed_when_they_are_as_asked() {
    let id = || RemoteId::from("g1");
    // Whether it stands while the record is (out, in the group, archived, both at once).
    for (change, stands) in [
        (Change::Group { id: id() }, [false, true, false, true]),
        (Change::Ungroup { id: id() }, [true, false, true, false]),
        (Change::Archive { id: id() }, [false, false, true, false]),
        (Change::Unarchive { id: id() }, [false, true, false, false]),
    ] {
        let asked = write(Side::Google, "c1", None, change);
        let places = [(false, false), (true, false), (false, true), (true, true)];
        let landed = places.map(|(listed, archived)| {
            let now = Record {
                listed,
                archived,
                ..record("g1", "a@example.com")
            };
            landed(&asked, &now)
        });
        assert_eq!(landed, stands, "{:?}", asked.change);
    }
}

#[test]
fn a_create_is_found_by_its_stamp_then_by_its_key_and_never_twice() {
    let stamped = Record {
        stamp: Some(RemoteId::from("c1")),
        ..record("g1", "other@example.com")
    };
    let named = record("g2", "a@example.com");
    let found = [named.clone(), stamped.clone()];
    let landed = |record: &Record| Recovered::Landed(Box::new(record.clone()));
    let one = create(Side::Google, "c1", Some("a@example.com"));
    let nobody = |_: Side, _: &RemoteId| false;
    assert_eq!(
        recover(std::slice::from_ref(&one), &found, nobody),
        [landed(&stamped)]
    );
    assert_eq!(
        recover(std::slice::from_ref(&one), &found[..1], nobody),
        [landed(&named)]
    );
    // Another's stamp, another's address, an address that two have, a record that is taken or used.
    let foreign = Record {
        stamp: Some(RemoteId::from("c9")),
        ..record("g3", "a@example.com")
    };
    assert_eq!(
        recover(std::slice::from_ref(&one), &[foreign], nobody),
        [Recovered::Lost]
    );
    let other = [record("g4", "b@example.com")];
    assert_eq!(
        recover(std::slice::from_ref(&one), &other, nobody),
        [Recovered::Lost]
    );
    let both = [named.clone(), record("g5", "a@example.com")];
    assert_eq!(
        recover(std::slice::from_ref(&one), &both, nobody),
        [Recovered::Lost]
    );
    let taken = |_: Side, id: &RemoteId| id.as_str() == "g2";
    assert_eq!(
        recover(std::slice::from_ref(&one), &found[..1], taken),
        [Recovered::Lost]
    );
    assert_eq!(
        recover(&[one.clone(), one], &found[..1], nobody),
        [landed(&named), Recovered::Lost]
    );
    // Without an address nobody is found by the want of one.
    let nameless = create(Side::Google, "c7", None);
    let mut bare = record("g6", "x@example.com");
    bare.key = None;
    assert_eq!(recover(&[nameless], &[bare], nobody), [Recovered::Lost]);
}

fn settled(stored: Record, known: &Record) -> Vec<Edit> {
    let seen = Seen {
        record: known.clone(),
        replaced: Vec::new(),
        unlisted_since: None,
    };
    let stored = Stored::Record(Box::new(stored));
    settle(&update("1"), &stored, Some(&seen), &rules(), Moment(7))
}

#[test]
fn an_answer_that_holds_a_change_of_somebody_else_is_looked_at_again() {
    let known = record("g1", "a@example.com");
    let mut answer = known.clone();
    answer.version = Version::from("v2");
    answer.fields.insert(PHONE, Value::plain("1"));
    let again = |edits: &[Edit]| edits.iter().any(|edit| matches!(edit, Edit::Touch { .. }));
    assert!(!again(&settled(answer.clone(), &known)), "what was sent");
    answer.fields.insert(EMAIL, Value::plain("new@example.com"));
    assert!(again(&settled(answer, &known)), "and another's edit");
}

#[test]
fn what_somebody_changed_before_a_create_was_confirmed_is_an_edit() {
    let phone = |text: &str| Some(Value::plain(text));
    let mut now = record("g1", "a@example.com");
    now.fields.insert(PHONE, Value::plain("1"));
    let now = Box::new(now);
    let (answer, found) = (Stored::Record(now.clone()), Stored::Found(now));
    for (sent, stored, agreed, again) in [
        (phone("1"), &answer, phone("1"), false),
        (phone("1"), &found, phone("1"), false),
        // Left blank, and filled in.
        (None, &answer, None, true),
        (None, &found, None, true),
        // An answer spells in its own way; what is found later may be another's.
        (phone("2"), &answer, phone("1"), false),
        (phone("2"), &found, phone("2"), true),
    ] {
        let mut made = create(Side::Google, "c1", Some("a@example.com"));
        if let Change::Create { fields, .. } = &mut made.change {
            fields.insert(EMAIL, Value::plain("a@example.com"));
            if let Some(sent) = &sent {
                fields.insert(PHONE, sent.clone());
            }
        }
        let edits = settle(&made, stored, None, &rules(), Moment(7));
        let base = edits.iter().find_map(|edit| match edit {
            Edit::PutLink(link) => Some(link.base[&PHONE].clone()),
            _ => None,
        });
        let wanted = Sides {
            google: agreed,
            crm: sent.clone(),
        };
        assert_eq!(base, Some(wanted), "{sent:?} {stored:?}");
        let touched = edits.iter().any(|edit| matches!(edit, Edit::Touch { .. }));
        assert_eq!(touched, again, "{sent:?} {stored:?}");
    }
}

#[test]
fn an_undo_moves_the_pair_that_there_is_and_makes_none() {
    let known = Seen {
        record: record("g1", "a@example.com"),
        replaced: Vec::new(),
        unlisted_since: None,
    };
    let answer = Stored::Record(Box::new(known.record.clone()));
    let moved = |write: &Write| {
        let edits = settle(write, &answer, Some(&known), &rules(), Moment(7));
        edits.into_iter().find_map(|edit| match edit {
            Edit::Rebase { .. } => Some("both"),
            Edit::RebaseSide { .. } => Some("one side"),
            Edit::SetListed { listed: true, .. } => Some("in"),
            Edit::SetListed { listed: false, .. } => Some("out"),
            _ => None,
        })
    };
    let with = |write: Write, why: Why, link: Option<i64>, twin_listed: bool| Write {
        why,
        link: link.map(LinkNo),
        twin_listed,
        ..write
    };
    let update = || update("1");
    assert_eq!(
        moved(&with(update(), Why::Changed, None, true)),
        Some("both")
    );
    assert_eq!(
        moved(&with(update(), Why::Undo, Some(7), true)),
        Some("one side")
    );
    assert_eq!(moved(&with(update(), Why::Undo, None, true)), None);
    let out = || {
        let id = RemoteId::from("g1");
        write(Side::Google, "c1", None, Change::Ungroup { id })
    };
    assert_eq!(
        moved(&with(out(), Why::LeftView, Some(7), true)),
        Some("out")
    );
    assert_eq!(moved(&with(out(), Why::Undo, Some(7), false)), Some("out"));
    assert_eq!(moved(&with(out(), Why::Undo, None, true)), None);
    // What an undo takes out while its twin is in the view has left, as if by hand.
    assert_eq!(moved(&with(out(), Why::Undo, Some(7), true)), Some("in"));
}

#[test]
fn only_a_revision_that_was_replaced_becomes_an_echo() {
    let known = record("g1", "a@example.com");
    let replaced = |edits: Vec<Edit>| {
        edits.into_iter().find_map(|edit| match edit {
            Edit::PutSeen { seen, .. } => Some(seen.replaced),
            _ => None,
        })
    };
    assert_eq!(replaced(settled(known.clone(), &known)), Some(Vec::new()));
    let mut answer = known.clone();
    answer.version = Version::from("v2");
    assert_eq!(
        replaced(settled(answer, &known)),
        Some(vec![Version::from("v1")])
    );
}

#[test]
fn the_brakes_let_pass_what_is_exactly_allowed() {
    let limits = Limits {
        contacts: 0,
        bulk: Bulk::Braked,
        google_cap: 100,
    };
    let half = |now| Totals {
        listed_before: Sides {
            google: Some(20),
            crm: None,
        },
        listed_now: Sides {
            google: now,
            crm: 0,
        },
        ..Totals::default()
    };
    assert!(guard_listing(&half(10), &limits, Rematch::No).is_ok());
    assert!(guard_listing(&half(9), &limits, Rematch::No).is_err());
    let full = |records, on: Option<Side>| {
        let mut plan = Plan::default();
        plan.writes.extend(on.map(|on| create(on, "x", None)));
        let totals = Totals {
            google_records: records,
            ..Totals::default()
        };
        guard_capacity(&plan, &totals, &limits)
    };
    assert!(full(99, Some(Side::Google)).is_ok());
    let refusal = full(100, Some(Side::Google)).unwrap_err();
    assert_eq!((refusal.seen, refusal.allowed), (101, 100));
    assert!(
        full(100, Some(Side::Crm)).is_ok(),
        "the CRM has no such cap"
    );
    assert!(
        full(200, None).is_ok(),
        "what is there already is no reason"
    );
    let mut plan = Plan::default();
    plan.writes.push(update("1"));
    let totals = Totals {
        google_records: 200,
        ..Totals::default()
    };
    assert!(guard_capacity(&plan, &totals, &limits).is_ok());
}

pub(super) fn island(google: Vec<Record>, crm: Vec<Record>, links: Vec<Link>) -> Island {
    let map = |all: Vec<Record>| all.into_iter().map(|one| (one.id.clone(), one)).collect();
    Island {
        records: Sides {
            google: map(google),
            crm: map(crm),
        },
        links,
    }
}

#[test]
fn an_ambiguous_contact_is_told_in_numbers() {
    let twins = || vec![record("g1", "a@example.com"), record("g2", "a@example.com")];
    for (crm, words) in [
        (vec![], "2 records in Google and no record in the CRM"),
        (
            vec![record("c1", "a@example.com")],
            "2 records in Google and 1 record in the CRM",
        ),
    ] {
        let plan = plan(&island(twins(), crm, Vec::new()), &rules());
        assert_eq!(plan.problems.len(), 1);
        assert!(plan.problems[0].reason.starts_with(words), "{plan:?}");
    }
}

#[test]
fn a_plan_is_quiet_when_nothing_is_left_to_write_or_to_tell() {
    let mut plan = Plan::default();
    assert!(plan.is_quiet());
    plan.writes.push(update("1"));
    assert!(!plan.is_quiet());
    assert_eq!(plan.writes[0].change.op(), Op::Update);
}
