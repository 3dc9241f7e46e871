//! What of the history is given up, and what never.

use super::*;
use crate::model::{Change, Meeting, Moment, Why, Write};

const DAY: i64 = 24 * 3600;
const NOW: Moment = Moment(1_000 * DAY);

fn group() -> Write {
    Write {
        on: Side::Google,
        link: None,
        twin: "c1".into(),
        key: Some("ann@example.com".into()),
        changed_at: None,
        meeting: Meeting::Later,
        twin_listed: true,
        why: Why::InView,
        change: Change::Group { id: "g1".into() },
    }
}

/// A run of so many days ago, with or without a write.
fn run(world: &mut World, days: i64, kind: RunKind, outcome: Option<&Settled>) -> RunNo {
    let scope = world.scope;
    let at = NOW.0 - days * DAY;
    let made = world.state.write(|tx| {
        let run = tx.begin_run(scope, kind, at)?;
        if let Some(outcome) = outcome {
            let no = tx.journal(run, &[group()], Moment(at))?[0];
            tx.settle(no, outcome, None)?;
        }
        let end = RunEnd {
            outcome: "changed",
            finished: true,
            written: 1,
            problems: &[],
            report_json: "{}",
            duration_ms: 1,
        };
        tx.close_run(run, &end)?;
        Ok(run)
    });
    made.unwrap()
}

fn done() -> Settled {
    Settled::Done { id: "g1".into() }
}

fn prune(world: &mut World) -> Vec<RunNo> {
    let pair = world.pair;
    world.state.write(|tx| tx.prune(pair, NOW)).unwrap();
    let left = world.state.runs(None, 999).unwrap();
    left.into_iter().rev().map(|run| run.no).collect()
}

#[test]
fn old_runs_go_with_their_writes_and_the_latest_that_wrote_stay() {
    let mut world = World::new();
    let old: Vec<_> = (0..3)
        .map(|n| run(&mut world, 200 - n, RunKind::Sync, Some(&done())))
        .collect();
    let idle = run(&mut world, 150, RunKind::Sync, None);
    let writers: Vec<_> = (0..20)
        .map(|n| run(&mut world, 120 - n, RunKind::Sync, Some(&done())))
        .collect();
    let today = run(&mut world, 0, RunKind::Sync, None);
    let left = prune(&mut world);
    assert_eq!(left, [writers, vec![today]].concat());
    for no in old.into_iter().chain([idle]) {
        assert!(world.state.writes_of(no).unwrap().is_empty());
        assert!(world.state.run(no).unwrap().is_none());
    }
}

#[test]
fn a_run_of_the_last_ninety_days_stays_however_many_there_are() {
    let mut world = World::new();
    let all: Vec<_> = (0..50)
        .map(|n| run(&mut world, 90 - n, RunKind::Sync, Some(&done())))
        .collect();
    assert_eq!(prune(&mut world), all);
}

#[test]
fn an_open_write_and_a_run_whose_undo_is_kept_are_never_given_up() {
    let mut world = World::new();
    let open = run(&mut world, 300, RunKind::Sync, Some(&Settled::Uncertain));
    let undone = run(&mut world, 299, RunKind::Sync, Some(&done()));
    let gone = run(&mut world, 298, RunKind::Sync, Some(&done()));
    run(&mut world, 297, RunKind::Undo(gone), Some(&done()));
    let mut kept = vec![open, undone];
    kept.extend((0..19).map(|n| run(&mut world, 50 - n, RunKind::Sync, Some(&done()))));
    kept.push(run(&mut world, 1, RunKind::Undo(undone), Some(&done())));
    assert_eq!(prune(&mut world), kept);
    assert_eq!(world.state.open_writes(world.pair).unwrap().len(), 1);
}

#[test]
fn another_pair_is_left_alone() {
    let mut world = World::new();
    let idle = run(&mut world, 300, RunKind::Sync, None);
    let (_, other) = world
        .state
        .write(|tx| tx.scope("other", "you@example.com|somewhere else"))
        .unwrap();
    assert_eq!(world.state.write(|tx| tx.prune(other, NOW)).unwrap(), 0);
    assert!(world.state.run(idle).unwrap().is_some());
}
