//! Records that a run made, removed or moved between labels.

use super::*;

#[test]
fn a_created_record_is_removed_and_the_pair_is_over_before_it_is_sent() {
    let island = island(
        &[record("g1", Some("new"))],
        &[record("c1", Some("new"))],
        &[link(both("new"))],
    );
    assert_eq!(
        planned(&past(&[created(Some("new"))]), &island),
        "agree g1 = c1, ended: gone in google\ndelete google g1 (put back by undo)\n"
    );
    // Settling it keeps the ended pair.
    let rules = rules();
    let plan = undo(
        &past(&[created(Some("new"))]),
        &island,
        &rules,
        &FieldNames::new(),
    );
    let edits = settle(&plan.writes[0], &Stored::Nothing, None, &rules, Moment(9));
    assert!(
        !edits.iter().any(|edit| matches!(edit, Edit::DropLink(_))),
        "{edits:?}"
    );
}

#[test]
fn a_created_record_whose_pair_was_forgotten_is_not_created_again() {
    let island = island(
        &[record("g1", Some("new"))],
        &[record("c1", Some("new"))],
        &[],
    );
    assert_eq!(
        planned(&past(&[created(Some("new"))]), &island),
        "agree g1 = c1, ended: gone in google\ndelete google g1 (put back by undo)\n"
    );
    let plan = undo(
        &past(&[created(Some("new"))]),
        &island,
        &rules(),
        &FieldNames::new(),
    );
    assert!(matches!(&*settle_note(&plan.notes[0]), [Edit::PutLink(link)] if link.no.is_none()));
}

#[test]
fn a_created_record_that_was_edited_stays() {
    let island = island(
        &[record("g1", Some("third"))],
        &[record("c1", Some("new"))],
        &[link(both("new"))],
    );
    assert_eq!(
        planned(&past(&[created(Some("new"))]), &island),
        "conflict g1 = c1: phone.work google \"third\" crm \"new\" -> none\n\
         problem Held phone.work google [g1] crm [c1]\n"
    );
}

#[test]
fn a_created_record_that_was_changed_outside_the_mapping_stays() {
    let island = island(
        &[record("g1", Some("new"))],
        &[record("c1", Some("new"))],
        &[link(both("new"))],
    );
    let mut past = past(&[created(Some("new"))]);
    past.left = Some("v0".into());
    assert_eq!(
        planned(&past, &island),
        "problem Failed - google [g1] crm [c1]\n"
    );
    past.left = Some("v1".into());
    assert!(planned(&past, &island).contains("delete google g1"));
}

#[test]
fn the_only_copy_of_a_contact_stays() {
    let island = island(&[record("g1", Some("new"))], &[], &[link(both("new"))]);
    assert_eq!(
        planned(&past(&[created(Some("new"))]), &island),
        "problem Failed - google [g1] crm [c1]\n"
    );
}

#[test]
fn a_deleted_record_comes_back_alone_when_its_twin_is_gone() {
    let island = island(&[], &[], &[]);
    assert_eq!(
        planned(&past(&[deleted(Some("old"))]), &island),
        "create google for c1 email.work=\"ada@example.com\" phone.work=\"old\" \
         (put back by undo; the other record of the pair is gone)\n"
    );
    let rules = rules();
    let plan = undo(
        &past(&[deleted(Some("old"))]),
        &island,
        &rules,
        &FieldNames::new(),
    );
    let stored = Stored::Record(Box::new(record("g2", Some("old"))));
    let edits = settle(&plan.writes[0], &stored, None, &rules, Moment(9));
    let Edit::PutLink(link) = &edits[0] else {
        panic!("{edits:?}");
    };
    assert_eq!(link.rest, Rest::Ended(Side::Crm), "nothing flows from it");
}

#[test]
fn a_deleted_record_is_linked_anew_with_its_twin() {
    let ended = Link {
        rest: Rest::Ended(Side::Google),
        ..link(both("old"))
    };
    // The survivor was edited meanwhile: its half of the base stays, so that the edit goes over.
    let island = island(&[], &[record("c1", Some("third"))], &[ended]);
    assert_eq!(
        planned(&past(&[deleted(Some("old"))]), &island),
        "create google for c1 email.work=\"ada@example.com\" phone.work=\"old\" (put back by undo)\n"
    );
    let rules = rules();
    let plan = undo(
        &past(&[deleted(Some("old"))]),
        &island,
        &rules,
        &FieldNames::new(),
    );
    let stored = Stored::Record(Box::new(record("g2", Some("old"))));
    let edits = settle(&plan.writes[0], &stored, None, &rules, Moment(9));
    let Edit::PutLink(link) = &edits[0] else {
        panic!("{edits:?}");
    };
    assert_eq!((link.no.map(|no| no.0), link.rest), (Some(7), Rest::Awake));
    assert_eq!(link.base[&PHONE].crm, Some(Value::plain("old")));
}

#[test]
fn nobody_is_doubled_by_bringing_a_record_back() {
    let mut other = record("g9", Some("old"));
    other.key = Some("someone@example.com".into());
    other.emails = vec!["ada@example.com".into()];
    let there = island(&[other], &[], &[]);
    assert_eq!(
        planned(&past(&[deleted(Some("old"))]), &there),
        "problem Ambiguous - google [g9] crm []\n"
    );
    // Its twin has found another record since.
    let mut again = link(both("old"));
    again.ids.google = "g9".into();
    let linked = island(
        &[record("g9", Some("old"))],
        &[record("c1", Some("old"))],
        &[again],
    );
    assert_eq!(planned(&past(&[deleted(Some("old"))]), &linked), "");
    // Somebody took it out of the trash.
    let restored = island(&[record("g1", Some("old"))], &[], &[]);
    assert_eq!(planned(&past(&[deleted(Some("old"))]), &restored), "");
}

#[test]
fn a_record_that_is_gone_is_told_only_when_something_was_to_go_back() {
    let gone = island(&[], &[record("c1", Some("new"))], &[]);
    assert_eq!(
        planned(&past(&[phone(Some("old"), Some("new"))]), &gone),
        "problem Failed - google [g1] crm [c1]\n"
    );
    assert_eq!(planned(&past(&[created(Some("new"))]), &gone), "");
}

#[test]
fn memberships_go_back_and_the_next_sync_leaves_them() {
    let rules = rules();
    let id = || "g1".into();
    let mut out = record("g1", Some("x"));
    out.listed = false;
    let mut archived = out.clone();
    archived.archived = true;
    let crm = record("c1", Some("x"));
    let mut unlisted = crm.clone();
    unlisted.listed = false;
    let pair = link(both("x"));
    let ungrouped = Link {
        rest: Rest::Left(Side::Crm),
        listed: Sides {
            google: false,
            crm: true,
        },
        ..pair.clone()
    };
    let over = Link {
        rest: Rest::Ended(Side::Crm),
        ..pair.clone()
    };
    let cases = [
        // (what the run did, Google now, the CRM now, the pair, what undo does)
        (
            Change::Group { id: id() },
            record("g1", Some("x")),
            Some(&crm),
            &pair,
            "ungroup google g1",
        ),
        (
            Change::Ungroup { id: id() },
            out,
            Some(&unlisted),
            &ungrouped,
            "group google g1",
        ),
        (
            Change::Archive { id: id() },
            archived,
            None,
            &over,
            "unarchive google g1",
        ),
    ];
    for (change, google, crm, link, expected) in cases {
        let crm: Vec<_> = crm.into_iter().cloned().collect();
        let before = island(
            std::slice::from_ref(&google),
            &crm,
            std::slice::from_ref(link),
        );
        let words = planned(&past(&[sent(change.clone())]), &before);
        assert!(words.contains(expected), "{words}");
        // Settled, the next sync plans no write.
        let plan = undo(&past(&[sent(change)]), &before, &rules, &FieldNames::new());
        let mut after = link.clone();
        for note in &plan.notes {
            for edit in settle_note(note) {
                if let Edit::PutLink(next) = edit {
                    after = next;
                }
            }
        }
        let known = Seen {
            record: google,
            replaced: Vec::new(),
            unlisted_since: None,
        };
        let mut next = known.record.clone();
        for edit in settle(
            &plan.writes[0],
            &Stored::Nothing,
            Some(&known),
            &rules,
            Moment(9),
        ) {
            match edit {
                Edit::SetListed { side, listed, .. } => *after.listed.on_mut(side) = listed,
                Edit::PutSeen { seen, .. } => next = seen.record,
                other => panic!("{other:?}"),
            }
        }
        assert_ne!(next.listed, known.record.listed);
        assert!(!next.archived);
        let island = island(&[next], &crm, &[after]);
        let plan = crate::plan::plan(&island, &rules);
        assert!(plan.writes.is_empty(), "{expected}: {:?}", plan.writes);
    }
}

#[test]
fn what_the_mapping_no_longer_names_stays_and_is_told() {
    let mut rules = rules();
    rules.fields.remove(&PHONE);
    let names = FieldNames::from([(PHONE, "phone.work".to_owned())]);
    let island = island(
        &[record("g1", None)],
        &[record("c1", None)],
        &[link(both("new"))],
    );
    let past = past(&[phone(Some("old"), Some("new"))]);
    let plan = undo(&past, &island, &rules, &names);
    assert!(plan.writes.is_empty());
    assert_eq!(plan.problems[0].kind, ProblemKind::Failed);
    assert!(plan.problems[0].reason.contains("`phone.work`"));
}

#[test]
fn after_a_profile_change_labels_are_left_until_a_sync() {
    let mut rules = rules();
    rules.rematch = Rematch::Yes;
    let island = island(
        &[record("g1", Some("x"))],
        &[record("c1", Some("x"))],
        &[link(both("x"))],
    );
    let past = past(&[sent(Change::Group { id: "g1".into() })]);
    let plan = undo(&past, &island, &rules, &FieldNames::new());
    assert!(plan.writes.is_empty());
    assert_eq!(plan.problems.len(), 1);
}
