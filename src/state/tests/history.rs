//! Runs, the journal, facts, and the small things that are noted.

use std::collections::BTreeMap;

use super::*;
use crate::model::{
    Change, Fields, Meeting, Moment, Native, Problem, ProblemKind, Swap, Why, Write,
};

fn write(on: Side, twin: &str, change: Change) -> Write {
    Write {
        on,
        link: None,
        twin: twin.into(),
        key: Some("ann@example.com".into()),
        changed_at: Some(Moment(5)),
        meeting: Meeting::Later,
        twin_listed: true,
        why: Why::Changed,
        change,
    }
}

pub(super) fn create(on: Side, twin: &str) -> Write {
    let fields = Fields::from([(Field(1), Value::with_canon("+49 30", "4930"))]);
    let change = Change::Create {
        fields,
        twin_holds: BTreeMap::new(),
        unread: Vec::new(),
    };
    write(on, twin, change)
}

pub(super) fn update(on: Side, id: &str, twin: &str) -> Write {
    let swap = Swap {
        from: Some(Value::plain("old")),
        to: None,
    };
    let change = Change::Update {
        id: id.into(),
        expected: "v1".into(),
        native: Native("{}".into()),
        patch: BTreeMap::from([(Field(2), swap)]),
    };
    write(on, twin, change)
}

#[test]
fn a_write_is_open_until_it_is_settled() {
    let mut world = World::new();
    let (scope, pair) = (world.scope, world.pair);
    let writes = [
        create(Side::Google, "c1"),
        update(Side::Crm, "c2", "g2"),
        create(Side::Crm, "g3"),
        update(Side::Google, "g4", "c4"),
    ];
    let (run, numbers) = world
        .state
        .write(|tx| {
            let run = tx.begin_run(scope, RunKind::Sync, 100)?;
            Ok((run, tx.journal(run, &writes, Moment(123))?))
        })
        .unwrap();
    assert!(numbers.is_sorted());
    let open = |state: &State| -> Vec<JournalNo> {
        let open = state.open_writes(pair).unwrap();
        assert!(open.iter().all(|write| write.sent == Some(Moment(123))));
        open.into_iter().map(|write| write.no).collect()
    };
    assert_eq!(open(&world.state), numbers);
    let settle = |state: &mut State, no, outcome: &Settled, note| {
        state.write(|tx| tx.settle(no, outcome, note))
    };
    let state = &mut world.state;
    settle(state, numbers[0], &Settled::Done { id: "g1".into() }, None).unwrap();
    settle(state, numbers[1], &Settled::Stale, None).unwrap();
    settle(
        state,
        numbers[2],
        &Settled::Uncertain,
        Some("the line went dead"),
    )
    .unwrap();
    assert_eq!(open(state), numbers[2..]);
    let found = Settled::Recovered { id: "c3".into() };
    settle(state, numbers[2], &found, None).unwrap();
    assert_eq!(open(state), numbers[3..]);
    // What is settled stays so.
    let again = settle(state, numbers[0], &Settled::Lost, None).unwrap_err();
    assert_eq!(again.kind, Kind::Sql);

    let rows = state.writes_of(run).unwrap();
    let outcomes: Vec<_> = rows.iter().map(|row| row.outcome.clone()).collect();
    let done = Settled::Done { id: "g1".into() };
    assert_eq!(
        outcomes,
        [Some(done), Some(Settled::Stale), Some(found), None]
    );
    assert_eq!(rows[2].note.as_deref(), Some("the line went dead"));
    let back: Vec<_> = rows.into_iter().map(|row| row.write).collect();
    assert_eq!(back, writes);

    // A created record is found by the id that it was given.
    let of = |ids: &Sides<RemoteId>| -> Vec<JournalNo> {
        let rows = state.history_of(pair, ids).unwrap();
        rows.into_iter().map(|row| row.no).collect()
    };
    assert_eq!(of(&super::pair("g1", "none")), numbers[..1]);
    assert_eq!(of(&super::pair("g2", "c3")), numbers[1..3]);
    let key = Key::from("ann@example.com");
    assert_eq!(state.history_of_key(pair, &key).unwrap().len(), 4);
}

#[test]
fn every_outcome_keeps_its_word() {
    let mut world = World::new();
    let scope = world.scope;
    let outcomes = [
        Settled::Done { id: "g".into() },
        Settled::Stale,
        Settled::Duplicate {
            of: Some("h".into()),
        },
        Settled::Duplicate { of: None },
        Settled::Rejected,
        Settled::Denied,
        Settled::Gone,
        Settled::NotTried,
        Settled::Uncertain,
        Settled::Recovered { id: "i".into() },
        Settled::Lost,
    ];
    let run = world
        .state
        .write(|tx| {
            let run = tx.begin_run(scope, RunKind::Sync, 0)?;
            for outcome in &outcomes {
                let no = tx.journal(run, &[create(Side::Google, "c")], Moment(0))?[0];
                tx.settle(no, outcome, None)?;
            }
            Ok(run)
        })
        .unwrap();
    let rows = world.state.writes_of(run).unwrap();
    let back: Vec<_> = rows.into_iter().filter_map(|row| row.outcome).collect();
    assert_eq!(back, outcomes);
    assert_eq!(world.state.open_writes(world.pair).unwrap().len(), 1);
}

#[test]
fn runs_are_numbered_over_all_profiles_and_end_once() {
    let mut world = World::new();
    let scope = world.scope;
    let (far, _) = world
        .state
        .write(|tx| tx.scope("far", "other pair"))
        .unwrap();
    let problem = Problem {
        kind: ProblemKind::Ambiguous,
        key: Some("a@example.com".into()),
        ids: Sides {
            google: ids(&["g1", "g2"]),
            crm: vec![],
        },
        field: None,
        reason: "two of them".into(),
        hint: "merge them".into(),
    };
    let end = RunEnd {
        outcome: "partial",
        finished: true,
        written: 7,
        problems: std::slice::from_ref(&problem),
        report_json: "{}",
        duration_ms: 1234,
    };
    let state = &mut world.state;
    let (first, second, third) = state
        .write(|tx| {
            let first = tx.begin_run(scope, RunKind::Sync, 100)?;
            let second = tx.begin_run(far, RunKind::Sync, 200)?;
            tx.close_run(first, &end)?;
            let third = tx.begin_run(scope, RunKind::Undo(first), 300)?;
            let refused = RunEnd {
                outcome: "refused",
                finished: false,
                problems: &[],
                ..end
            };
            tx.close_run(third, &refused)?;
            Ok((first, second, third))
        })
        .unwrap();
    assert!(first < second && second < third);
    assert!(state.write(|tx| tx.close_run(first, &end)).is_err());
    let row = state.run(first).unwrap().unwrap();
    assert_eq!(row.profile, "sales");
    assert_eq!(
        (row.started, row.written, row.problems, row.duration_ms),
        (100, 7, 1, 1234)
    );
    assert_eq!(
        (row.outcome.as_deref(), row.kind),
        (Some("partial"), RunKind::Sync)
    );
    assert_eq!(state.problems_of(first).unwrap(), [problem]);
    assert_eq!(
        state.run(third).unwrap().unwrap().kind,
        RunKind::Undo(first)
    );
    assert_eq!(state.run(second).unwrap().unwrap().outcome, None);
    let numbers = |profile, most| -> Vec<RunNo> {
        let rows = state.runs(profile, most).unwrap();
        rows.into_iter().map(|row| row.no).collect()
    };
    assert_eq!(numbers(None, 2), [third, second]);
    assert_eq!(numbers(Some("sales"), 9), [third, first]);
    assert!(state.facts(scope).unwrap().pair_finished);
    assert!(!state.facts(far).unwrap().pair_finished);
}

#[test]
fn facts_belong_to_the_profile_and_settling_to_the_pair() {
    let mut world = World::new();
    let scope = world.scope;
    let state = &mut world.state;
    let (press, pair) = state.write(|tx| tx.scope("press", PAIR)).unwrap();
    assert_eq!(pair, world.pair);
    assert_eq!(state.facts(scope).unwrap(), ScopeFacts::default());
    let change = |facts: &mut ScopeFacts| {
        facts.active = false;
        facts.fingerprint = Some("f".into());
        facts.probes.crm = Some((9, r#"{"user":"Ann"}"#.into()));
        facts.last_listed.google = Some(10);
        facts.pair_settled = true;
        facts.pair_finished = true;
    };
    state.write(|tx| tx.set_facts(scope, change)).unwrap();
    let facts = state.facts(scope).unwrap();
    assert!(!facts.active && facts.pair_settled);
    assert_eq!(facts.probes.crm, Some((9, r#"{"user":"Ann"}"#.into())));
    assert!(!facts.pair_finished);
    let other = state.facts(press).unwrap();
    assert!(other.active && other.pair_settled && other.fingerprint.is_none());
}

#[test]
fn the_newest_scope_is_the_one_used_last() {
    let mut world = World::new();
    let state = &mut world.state;
    let old = (world.scope, world.pair);
    let new = state.write(|tx| tx.scope("sales", "moved")).unwrap();
    assert_eq!(state.scope_of("sales").unwrap(), Some(new));
    assert_eq!(state.write(|tx| tx.scope("sales", PAIR)).unwrap(), old);
    assert_eq!(state.scope_of("sales").unwrap(), Some(old));
    assert_eq!(state.scope_of("nobody").unwrap(), None);
    assert_eq!(state.pair_name(new.1).unwrap(), "moved");
}

#[test]
fn a_field_keeps_its_number() {
    let mut world = World::new();
    let state = &mut world.state;
    let names = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>();
    let first = names(&["Email=email.work", "Phone=phone.work"]);
    let old = state.write(|tx| tx.fields(&first)).unwrap();
    let later = names(&[
        "Phone=phone.work",
        "Title=organization.title",
        "Email=email.work",
    ]);
    let new = state.write(|tx| tx.fields(&later)).unwrap();
    assert_eq!((new[0], new[2]), (old[1], old[0]));
    assert_eq!(
        state.field_names().unwrap()[&new[1]],
        "Title=organization.title"
    );
    assert_eq!(state.field_names().unwrap().len(), 3);
}

#[test]
fn failures_in_a_row_are_counted_until_one_write_succeeds() {
    let mut world = World::new();
    let scope = world.scope;
    let id = RemoteId::from("c1");
    let state = &mut world.state;
    let problem = Problem {
        kind: ProblemKind::Rejected,
        key: None,
        ids: Sides::default(),
        field: None,
        reason: "too long".into(),
        hint: "shorten it".into(),
    };
    let fail = |state: &mut State, at| {
        state
            .write(|tx| tx.fail(scope, (Side::Crm, &id), &problem, "v1|v2", Moment(at)))
            .unwrap()
    };
    assert_eq!(
        [fail(state, 0), fail(state, 10), fail(state, 20)],
        [1, 2, 3]
    );
    let failing = state.failing(scope).unwrap();
    assert_eq!(failing.len(), 1);
    assert_eq!((failing[0].times, failing[0].next_try), (3, Moment(3620)));
    assert_eq!(
        (&failing[0].problem, &*failing[0].seen, failing[0].said_at),
        (&problem, "v1|v2", None)
    );
    state
        .write(|tx| tx.told(scope, Side::Crm, &id, Moment(30)))
        .unwrap();
    assert_eq!(state.failing(scope).unwrap()[0].said_at, Some(Moment(30)));
    state
        .write(|tx| tx.clear_failures(scope, Side::Crm, &id))
        .unwrap();
    assert!(state.failing(scope).unwrap().is_empty());
    assert_eq!(fail(state, 50), 1);
}

#[test]
fn a_notice_is_said_once() {
    let mut world = World::new();
    let scope = world.scope;
    let said = [
        ("ended", "g1"),
        ("ended", "g1"),
        ("ended", "g2"),
        ("kept", "g1"),
    ]
    .map(|(kind, id)| {
        world
            .state
            .write(|tx| tx.say_once(scope, kind, id))
            .unwrap()
    });
    assert_eq!(said, [true, false, true, true]);
}

#[test]
fn nothing_of_a_failed_transaction_stays() {
    let mut world = World::new();
    let scope = world.scope;
    let failed: Result<()> = world.state.write(|tx| {
        tx.begin_run(scope, RunKind::Sync, 1)?;
        tx.journal(RunNo(999), &[create(Side::Crm, "g")], Moment(1))?;
        Ok(())
    });
    assert_eq!(failed.unwrap_err().kind, Kind::Sql);
    assert!(world.state.runs(None, 9).unwrap().is_empty());
}
