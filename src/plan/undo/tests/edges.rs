//! Undo where something is in the way: other links, other names, fields that cannot be written, labels
//! that moved again.

use super::*;
use crate::model::LinkNo;

fn names() -> FieldNames {
    let rules = rules();
    let all = rules.fields.iter();
    all.map(|(no, rule)| (*no, rule.name.clone())).collect()
}

/// What an undo plans under other rules.
pub(super) fn under(rules: &Rules, past: &Past, island: &Island) -> Plan {
    undo(past, island, rules, &names())
}

fn pair_now(phone: Option<&str>) -> Island {
    island(
        &[record("g1", phone)],
        &[record("c1", Some("new"))],
        &[link(both("new"))],
    )
}

pub(super) fn ended(google: &str, crm: &str, no: i64, gone: Side) -> Link {
    let mut link = link(both("old"));
    link.no = Some(LinkNo(no));
    link.ids = Sides {
        google: google.into(),
        crm: crm.into(),
    };
    link.rest = Rest::Ended(gone);
    link
}

#[test]
fn what_a_run_did_says_what_undoing_it_takes() {
    let group = sent(Change::Group { id: "g1".into() });
    let (made, changed, gone) = (created(None), phone(None, Some("x")), deleted(None));
    for (writes, takes) in [
        (vec![made.clone(), gone.clone()], None),
        (vec![changed.clone(), gone.clone()], Some(Op::Create)),
        (vec![made.clone(), changed.clone()], Some(Op::Delete)),
        (vec![changed, group], Some(Op::Update)),
        (Vec::new(), None),
    ] {
        assert_eq!(past(&writes).undone_by(), takes, "{writes:?}");
    }
    let past_of = past(std::slice::from_ref(&made));
    assert_eq!(past_of.twin(), Some(&"c1".into()));
    assert_eq!(past_of.lost_key(&rules()), None, "nothing was removed");
    let mut bare = gone;
    if let Change::Delete { before, .. } = &mut bare.change {
        before.retain(|_, _| false);
    }
    let key = past(&[bare]).lost_key(&rules());
    assert_eq!(key, Some("ada@example.com".into()), "as it was reported");
    // What came and went within the run is nothing to undo.
    let past = past(&[made, deleted(None)]);
    assert!(under(&rules(), &past, &pair_now(Some("new"))).is_empty());
}

#[test]
fn a_field_that_cannot_be_put_back_says_why_and_where_to_look() {
    let past = past(&[phone(Some("old"), Some("new"))]);
    let mut read_only = rules();
    if let Some(rule) = read_only.fields.get_mut(&PHONE) {
        rule.writable.google = false;
    }
    let plan = under(&read_only, &past, &pair_now(Some("new")));
    assert!(plan.writes.is_empty());
    let [problem] = &plan.problems[..] else {
        panic!("{:?}", plan.problems);
    };
    assert!(
        problem
            .reason
            .contains("does not write `phone.work` in Google")
    );
    assert_eq!(problem.field.as_deref(), Some("phone.work"));
    assert_eq!(problem.key, Some("ada@example.com".into()));
    assert!(
        problem.hint.contains("--contact ada@example.com"),
        "{}",
        problem.hint
    );

    let mut untold = record("g1", None);
    untold.unread = vec![PHONE];
    let now = island(
        &[untold],
        &[record("c1", Some("new"))],
        &[link(both("new"))],
    );
    let plan = under(&rules(), &past, &now);
    assert!(plan.writes.is_empty());
    assert!(
        plan.problems[0]
            .reason
            .contains("does not tell `phone.work`")
    );

    // Nobody knows the contact by an address, and the field by no name.
    let mut unmapped = rules();
    unmapped.fields.remove(&PHONE);
    let mut nameless = past.clone();
    nameless.writes[0].key = None;
    let keyless = |id: &str| Record {
        key: None,
        ..record(id, Some("new"))
    };
    let now = island(&[keyless("g1")], &[keyless("c1")], &[link(both("new"))]);
    let plan = undo(&nameless, &now, &unmapped, &FieldNames::new());
    assert!(plan.problems[0].reason.contains("`field 2` is not mapped"));
    assert!(
        plan.problems[0].hint.contains("--run"),
        "{}",
        plan.problems[0].hint
    );
}

#[test]
fn a_field_that_was_cleared_is_no_spelling_of_what_was_sent() {
    let one_sided = Sides {
        google: None,
        crm: Some("new"),
    };
    let now = island(
        &[record("g1", None)],
        &[record("c1", Some("new"))],
        &[link(one_sided)],
    );
    assert_eq!(
        planned(&past(&[phone(Some("old"), Some("new"))]), &now),
        "conflict g1 = c1: phone.work google - crm \"new\" -> none\n\
         problem Held phone.work google [g1] crm [c1]\n"
    );
}

#[test]
fn a_record_that_goes_by_another_name_is_found_by_its_link() {
    let mut moved = link(both("new"));
    moved.ids.google = "g5".into();
    let now = |phone| {
        island(
            &[record("g5", Some(phone))],
            &[record("c1", Some("new"))],
            std::slice::from_ref(&moved),
        )
    };
    let past = past(&[phone(Some("old"), Some("new"))]);
    assert_eq!(
        planned(&past, &now("new")),
        "update google g5 phone.work:\"new\"->\"old\" (put back by undo)\n"
    );
    assert!(planned(&past, &now("third")).contains("google [g5] crm [c1]"));
}

#[test]
fn of_several_links_of_a_record_the_one_that_takes_part_counts() {
    let mut awake = link(both("new"));
    awake.no = Some(LinkNo(9));
    awake.ids.crm = "c2".into();
    let over = ended("g1", "c1", 7, Side::Crm);
    let other = ended("g3", "c3", 3, Side::Crm);
    let now = island(
        &[record("g1", Some("new"))],
        &[record("c2", Some("new"))],
        &[other, over, awake],
    );
    let plan = under(&rules(), &past(&[phone(Some("old"), Some("new"))]), &now);
    let [write] = &plan.writes[..] else {
        panic!("{plan:?}");
    };
    assert_eq!((write.link, &*write.twin.0), (Some(LinkNo(9)), "c2"));
    assert_eq!(write.key, Some("ada@example.com".into()));
    assert_eq!((write.why, write.meeting), (Why::Undo, Meeting::Later));
    assert!(write.twin_listed);
}

#[test]
fn a_label_that_moved_again_stays() {
    let id = || "g1".into();
    let crm = [record("c1", Some("x"))];
    let pair = [link(both("x"))];
    let google = |listed, archived| Record {
        listed,
        archived,
        ..record("g1", Some("x"))
    };
    for (change, listed, archived) in [
        (Change::Group { id: id() }, false, false),
        (Change::Ungroup { id: id() }, true, false),
        (Change::Archive { id: id() }, true, true),
        (Change::Archive { id: id() }, false, false),
        (Change::Unarchive { id: id() }, true, true),
        (Change::Unarchive { id: id() }, false, false),
    ] {
        let now = island(&[google(listed, archived)], &crm, &pair);
        let words = planned(&past(&[sent(change.clone())]), &now);
        assert_eq!(words, "", "{change:?} now {listed} {archived}");
    }
    let now = island(&[google(true, false)], &crm, &pair);
    assert_eq!(
        planned(&past(&[sent(Change::Unarchive { id: id() })]), &now),
        "archive google g1 (put back by undo)\n"
    );
    // From the last one on: out, and in again.
    let both_ways = [
        sent(Change::Ungroup { id: id() }),
        sent(Change::Group { id: id() }),
    ];
    assert_eq!(planned(&past(&both_ways), &now), "");
}

#[test]
fn a_label_that_goes_back_leaves_the_pair_as_if_by_hand() {
    let group = past(&[sent(Change::Group { id: "g1".into() })]);
    for (google, crm, twin_listed, after) in [
        (false, true, true, Some((true, true))),
        (true, false, false, Some((true, true))),
        (true, false, true, None),
        (false, true, false, None),
    ] {
        let mut pair = link(both("x"));
        pair.listed = Sides { google, crm };
        let twin = Record {
            listed: twin_listed,
            ..record("c1", Some("x"))
        };
        let now = island(&[record("g1", Some("x"))], &[twin], &[pair]);
        let plan = under(&rules(), &group, &now);
        assert!(matches!(plan.writes[0].change, Change::Ungroup { .. }));
        let noted = plan.notes.iter().map(|note| match note {
            Note::Agree(link) => (link.listed.google, link.listed.crm),
            other => panic!("{other:?}"),
        });
        assert_eq!(noted.collect::<Vec<_>>(), Vec::from_iter(after));
    }
}

#[test]
fn what_a_run_created_goes_whatever_the_remote_made_of_its_spelling() {
    let respelled = Sides {
        google: Some("n-e-w"),
        crm: Some("new"),
    };
    let twin = record("c1", Some("new"));
    let now = island(
        &[record("g1", Some("n-e-w"))],
        std::slice::from_ref(&twin),
        &[link(respelled)],
    );
    let past_of = past(&[created(Some("new"))]);
    assert!(planned(&past_of, &now).contains("delete google g1"));
    // A field that is not told is not taken for an edit.
    let mut untold = record("g1", None);
    untold.unread = vec![PHONE];
    let now = island(&[untold], &[twin], &[link(both("new"))]);
    assert!(planned(&past_of, &now).contains("delete google g1"));
    // Several edits are named together, and none alone.
    let mut other = record("g1", Some("third"));
    other.fields.insert(EMAIL, Value::plain("new@example.com"));
    let now = island(&[other], &[record("c1", Some("new"))], &[link(both("new"))]);
    let plan = under(&rules(), &past_of, &now);
    let [problem] = &plan.problems[..] else {
        panic!("{:?}", plan.problems);
    };
    assert_eq!(problem.field, None);
    assert!(
        problem
            .reason
            .contains("`email.work`, `phone.work` changed since")
    );
    assert_eq!(plan.conflicts.len(), 2);
}

#[test]
fn what_an_undo_brought_back_alone_can_be_taken_away_again() {
    let mut alone = created(Some("old"));
    alone.why = Why::UndoAlone;
    let now = island(
        &[record("g1", Some("old"))],
        &[],
        &[ended("g1", "c1", 7, Side::Crm)],
    );
    assert_eq!(
        planned(&past(&[alone]), &now),
        "delete google g1 (put back by undo)\n",
        "the pair is over already"
    );
}

#[test]
fn a_pair_that_nobody_remembers_is_over_with_its_memberships() {
    let twin = Record {
        listed: false,
        ..record("c1", Some("new"))
    };
    let now = island(&[record("g1", Some("new"))], &[twin], &[]);
    let plan = under(&rules(), &past(&[created(Some("new"))]), &now);
    let [Note::Agree(link)] = &plan.notes[..] else {
        panic!("{:?}", plan.notes);
    };
    assert_eq!((link.listed.google, link.listed.crm), (true, false));
    assert_eq!(link.key, Some("ada@example.com".into()));
}
