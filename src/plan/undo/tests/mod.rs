//! Undo decided over small books: what goes back, what stays, what is remembered.

mod edges;
mod records;
mod returns;

use std::collections::BTreeMap;

use super::*;
use crate::model::{
    Direction, Edit, Field, FieldRule, Fields, Filled, Moment, OnConflict, Patch, ProblemKind,
    Rematch, Seen, Sides, Stored, Swap, Value,
};
use crate::plan::{describe, settle, settle_note};

const EMAIL: Field = Field(1);
const PHONE: Field = Field(2);

fn rules() -> Rules {
    let rule = |name: &str| FieldRule {
        name: name.into(),
        writable: Sides {
            google: true,
            crm: true,
        },
        required: Sides::default(),
        on_conflict: OnConflict::Prefer(Side::Crm),
        filled: Filled::Never,
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

fn fields(phone: Option<&str>) -> Fields {
    let mut fields = Fields::from([(EMAIL, Value::plain("ada@example.com"))]);
    if let Some(phone) = phone {
        fields.insert(PHONE, Value::plain(phone));
    }
    fields
}

fn record(id: &str, phone: Option<&str>) -> Record {
    let mut record = Record::bare(id.into(), "v1".into());
    record.fields = fields(phone);
    record.key = Some("ada@example.com".into());
    record.listed = true;
    record
}

/// A pair that last agreed on a phone.
fn link(phones: Sides<Option<&str>>) -> Link {
    let value = |phone: Option<&str>| phone.map(Value::plain);
    let email = Some(Value::plain("ada@example.com"));
    Link {
        no: Some(crate::model::LinkNo(7)),
        ids: Sides {
            google: "g1".into(),
            crm: "c1".into(),
        },
        base: BTreeMap::from([
            (
                EMAIL,
                Sides {
                    google: email.clone(),
                    crm: email,
                },
            ),
            (PHONE, phones.map(value)),
        ]),
        listed: Sides {
            google: true,
            crm: true,
        },
        rest: Rest::Awake,
        key: Some("ada@example.com".into()),
        drift: 0,
    }
}

fn island(google: &[Record], crm: &[Record], links: &[Link]) -> Island {
    let all = |records: &[Record]| {
        let each = records.iter().map(|it| (it.id.clone(), it.clone()));
        each.collect()
    };
    Island {
        records: Sides {
            google: all(google),
            crm: all(crm),
        },
        links: links.to_vec(),
    }
}

fn sent(change: Change) -> Write {
    Write {
        on: Side::Google,
        link: Some(crate::model::LinkNo(7)),
        twin: "c1".into(),
        key: Some("ada@example.com".into()),
        changed_at: None,
        meeting: Meeting::Later,
        twin_listed: true,
        why: Why::Changed,
        change,
    }
}

fn phone(from: Option<&str>, to: Option<&str>) -> Write {
    let value = |text: Option<&str>| text.map(Value::plain);
    let swap = Swap {
        from: value(from),
        to: value(to),
    };
    sent(Change::Update {
        id: "g1".into(),
        expected: "v0".into(),
        native: crate::model::Native::default(),
        patch: Patch::from([(PHONE, swap)]),
    })
}

fn created(phone: Option<&str>) -> Write {
    sent(Change::Create {
        fields: fields(phone),
        twin_holds: BTreeMap::new(),
        unread: Vec::new(),
    })
}

fn deleted(phone: Option<&str>) -> Write {
    sent(Change::Delete {
        id: "g1".into(),
        expected: "v0".into(),
        before: fields(phone),
    })
}

fn past(writes: &[Write]) -> Past {
    Past {
        label: None,
        on: Side::Google,
        id: "g1".into(),
        writes: writes.to_vec(),
        left: None,
    }
}

fn both(phone: &str) -> Sides<Option<&str>> {
    Sides {
        google: Some(phone),
        crm: Some(phone),
    }
}

/// The plan in words, one line an entry.
fn planned(past: &Past, island: &Island) -> String {
    let rules = rules();
    let names = rules.fields.iter();
    let names: FieldNames = names.map(|(no, rule)| (*no, rule.name.clone())).collect();
    describe(&undo(past, island, &rules, &names), &names)
}

#[test]
fn a_field_goes_back_to_what_it_was() {
    let island = island(
        &[record("g1", Some("new"))],
        &[record("c1", Some("new"))],
        &[link(both("new"))],
    );
    assert_eq!(
        planned(&past(&[phone(Some("old"), Some("new"))]), &island),
        "update google g1 phone.work:\"new\"->\"old\" (put back by undo)\n"
    );
    assert_eq!(
        planned(&past(&[phone(None, Some("new"))]), &island),
        "update google g1 phone.work:\"new\"->- (put back by undo)\n"
    );
}

#[test]
fn a_field_that_anyone_changed_since_stays_and_is_told() {
    let island = island(
        &[record("g1", Some("third"))],
        &[record("c1", Some("new"))],
        &[link(both("new"))],
    );
    assert_eq!(
        planned(&past(&[phone(Some("old"), Some("new"))]), &island),
        "conflict g1 = c1: phone.work google \"third\" crm \"new\" -> none\n\
         problem Held phone.work google [g1] crm [c1]\n"
    );
}

#[test]
fn what_is_back_already_is_left_without_a_word() {
    let island = island(
        &[record("g1", Some("old"))],
        &[record("c1", Some("new"))],
        &[link(both("new"))],
    );
    assert_eq!(
        planned(&past(&[phone(Some("old"), Some("new"))]), &island),
        ""
    );
}

#[test]
fn the_remotes_own_spelling_of_what_was_sent_is_no_edit() {
    let respelled = Sides {
        google: Some("n-e-w"),
        crm: Some("new"),
    };
    let island = island(
        &[record("g1", Some("n-e-w"))],
        &[record("c1", Some("new"))],
        &[link(respelled)],
    );
    assert_eq!(
        planned(&past(&[phone(Some("old"), Some("new"))]), &island),
        "update google g1 phone.work:\"n-e-w\"->\"old\" (put back by undo)\n"
    );
}

#[test]
fn several_writes_on_one_record_are_taken_back_from_the_last_on() {
    let writes = [
        phone(Some("one"), Some("two")),
        phone(Some("two"), Some("three")),
    ];
    let now = |phone: &str| {
        island(
            &[record("g1", Some(phone))],
            &[record("c1", Some("three"))],
            &[link(both("three"))],
        )
    };
    assert_eq!(
        planned(&past(&writes), &now("three")),
        "update google g1 phone.work:\"three\"->\"one\" (put back by undo)\n"
    );
    // Back at what the first of them left: that one still stands.
    assert_eq!(
        planned(&past(&writes), &now("two")),
        "update google g1 phone.work:\"two\"->\"one\" (put back by undo)\n"
    );
}

#[test]
fn putting_a_field_back_moves_this_sides_half_of_the_base_only() {
    let rules = rules();
    let island = island(
        &[record("g1", Some("new"))],
        &[record("c1", Some("new"))],
        &[link(both("new"))],
    );
    let plan = undo(
        &past(&[phone(Some("old"), Some("new"))]),
        &island,
        &rules,
        &FieldNames::new(),
    );
    let stored = Stored::Record(Box::new(record("g1", Some("old"))));
    let known = Seen {
        record: record("g1", Some("new")),
        replaced: Vec::new(),
        unlisted_since: None,
    };
    let edits = settle(&plan.writes[0], &stored, Some(&known), &rules, Moment(9));
    let Edit::RebaseSide { side, base, .. } = &edits[0] else {
        panic!("{edits:?}");
    };
    assert_eq!(*side, Side::Google);
    assert_eq!(base[&PHONE].google, Some(Value::plain("old")));
    // With both halves as they are, nothing flows.
    let mut after = link(both("new"));
    after.base.insert(
        PHONE,
        Sides {
            google: Some(Value::plain("old")),
            crm: Some(Value::plain("new")),
        },
    );
    let island = self::island(
        &[record("g1", Some("old"))],
        &[record("c1", Some("new"))],
        &[after],
    );
    assert!(crate::plan::plan(&island, &rules).is_empty());
}
