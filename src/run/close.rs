//! Ends a run: what is counted, reported and kept of it.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use super::apply::Applied;
use super::error::Error;
use super::prepare;
use super::recovery::Recovery;
use super::report::{Outcome, Report, conflict_row, notice_row, problem_of, problem_row};
use super::think::Thought;
use super::{Job, Session, lock};
use crate::model::{Key, Moment, Op, Problem, ProblemKind, RemoteId, Side, Sides};
use crate::plan::{self, Because};
use crate::state::{LockError, RunEnd, RunNo, Tx};

/// Adds confirmed writes to the report.
pub(super) fn tally(report: &mut Report, side: Side, op: Op, count: u64) {
    let tally = report.tally_mut(side);
    match op {
        Op::Create => tally.created += count,
        Op::Update => tally.updated += count,
        Op::Delete => tally.deleted += count,
        Op::Group | Op::Unarchive => *tally.grouped.get_or_insert(0) += count,
        Op::Ungroup | Op::Archive => *tally.ungrouped.get_or_insert(0) += count,
    }
}

/// What a plan says before it is sent: conflicts, problems, notices, what waits.
pub(super) fn explain(
    session: &Session<'_>,
    thought: &Thought,
    report: &mut Report,
) -> Result<(), Error> {
    let plan = &thought.plan;
    let conflicts = plan
        .conflicts
        .iter()
        .map(|conflict| conflict_row(conflict, &session.names));
    report.conflicts.extend(conflicts);
    report
        .problems
        .extend(plan.problems.iter().map(problem_row));
    for notice in &plan.notices {
        let subject = notice.id.as_ref().map_or("", RemoteId::as_str);
        let kind = format!("{:?}", notice.kind);
        if session.with(|tx| tx.say_once(session.scope, &kind, subject))? {
            report.notices.push(notice_row(notice));
        }
    }
    report.adopted += thought.adopted;
    waiting(thought, report);
    Ok(())
}

/// The contacts of withheld writes.
pub(super) fn held(thought: &Thought) -> BTreeSet<(Side, RemoteId)> {
    let held = thought.plan.held.iter();
    held.map(|held| plan::contact_of(&held.write))
        .map(|(side, id)| (side, id.clone()))
        .chain(thought.waiting.iter().cloned())
        .collect()
}

pub(super) fn waiting(thought: &Thought, report: &mut Report) {
    let deferred: BTreeSet<_> = thought
        .plan
        .held
        .iter()
        .filter(|held| held.because == Because::Deferred)
        .map(|held| plan::contact_of(&held.write))
        .collect();
    report.deferred += thought.deferred + deferred.len() as u64;
    report.deletes_waiting += thought
        .plan
        .held
        .iter()
        .filter(|held| held.because != Because::Deferred)
        .count() as u64;
}

/// Adds a round to what came of the run; returns what has to be read and planned again.
pub(super) fn merge(all: &mut Applied, round: Applied) -> BTreeSet<(Side, RemoteId)> {
    for side in Side::BOTH {
        for (op, count) in round.done.on(side) {
            *all.done.on_mut(side).entry(*op).or_default() += count;
        }
    }
    all.contacts.extend(round.contacts);
    all.problems.extend(round.problems);
    all.notices.extend(round.notices);
    all.unsent.extend(round.unsent);
    all.uncertain.extend(round.uncertain);
    if all.stop.is_none() {
        all.stop = round.stop;
    }
    round.again
}

/// Adds what was found out about writes without an answer; returns what has to be planned again.
pub(super) fn recovered(all: &mut Applied, recovery: Recovery) -> BTreeSet<(Side, RemoteId)> {
    all.unsent.extend(recovery.lost);
    for write in recovery.landed {
        let (side, id) = plan::contact_of(&write);
        all.contacts.insert((side, id.clone()));
        *all.done
            .on_mut(write.on)
            .entry(write.change.op())
            .or_default() += 1;
    }
    recovery.again
}

/// Contacts that moved under every attempt.
pub(super) fn gave_up(again: &BTreeSet<(Side, RemoteId)>, all: &mut Applied) {
    for (side, id) in again {
        let mut ids = Sides::<Vec<RemoteId>>::default();
        ids.on_mut(*side).push(id.clone());
        all.problems.push(Problem {
            kind: ProblemKind::Failed,
            key: None::<Key>,
            ids,
            field: None,
            reason: format!("the record in {side} changed under every attempt to write it"),
            hint: "the next run tries again; look whether another tool writes it all the time"
                .into(),
        });
    }
}

/// Puts what came of the writes into the report and decides how the run ended.
pub(super) fn account(
    session: &Session<'_>,
    report: &mut Report,
    all: &mut Applied,
) -> Result<(), Error> {
    for side in Side::BOTH {
        for (op, count) in all.done.on(side) {
            tally(report, side, *op, *count);
        }
    }
    report.problems.extend(all.problems.iter().map(problem_row));
    report.notices.extend(all.notices.iter().map(notice_row));
    report.deferred += all.unsent.union(&all.uncertain).count() as u64;
    lock(&session.notices, |notices| {
        report
            .notices
            .extend(notices.drain(..).map(|notice| notice_row(&notice)));
    });
    report.outcome = outcome(report);
    if session.interrupted()
        && let Some(error) = interrupted(all)
    {
        return Err(error);
    }
    all.stop.take().map_or(Ok(()), Err)
}

/// Where a run stands that was asked to stop; none when it was done all the same, or when it ended
/// for a reason of its own.
fn interrupted(all: &Applied) -> Option<Error> {
    // What fails for want of time fails because the wait for the remote was ended.
    let own = |stop: &Error| stop.outcome != Outcome::Unavailable;
    let (unsent, uncertain) = (all.unsent.len(), all.uncertain.len());
    if all.stop.as_ref().is_some_and(own) || (unsent + uncertain == 0 && all.stop.is_none()) {
        return None;
    }
    let done = all.contacts.len();
    let doubt = match uncertain {
        0 => String::new(),
        some => format!("; of {some} no answer came, the next run finds out what became of them"),
    };
    Some(Error::new(
        Outcome::Interrupted,
        format!("interrupted; {done} contacts are written, {unsent} wait{doubt}"),
        "run the same command again to go on",
    ))
}

pub(super) fn outcome(report: &Report) -> Outcome {
    if !report.problems.is_empty() {
        Outcome::Partial
    } else if report.deferred > 0 {
        Outcome::Capped
    } else if report.wrote() {
        Outcome::Changed
    } else {
        Outcome::InSync
    }
}

/// Counts the links as they are now.
pub(super) fn count(session: &Session<'_>, report: &mut Report) -> Result<(), Error> {
    let counts = session.with(|tx| {
        let counts = tx.counts(session.scope)?;
        tx.keep_counts(session.scope, &counts)?;
        Ok(counts)
    })?;
    report.linked = counts.linked;
    report.drift = counts.drift;
    report.excluded = counts.excluded_rest;
    if session.rules.no_email == crate::model::NoEmail::Skip {
        report.excluded += counts.excluded_no_key.google + counts.excluded_no_key.crm;
    }
    Ok(())
}

/// Writes the run's end into the state.
pub(super) fn close(
    job: &Job<'_>,
    session: &Session<'_>,
    report: &mut Report,
    run: RunNo,
    contacts: u64,
) -> Result<(), Error> {
    let finished = report.error.is_none();
    let counts = session.ask(|db| db.counts(session.scope))?;
    let profile = job.profile;
    let fingerprint = session.fingerprint.clone();
    let held = |report: &Report| {
        let held = |row: &&super::ConflictRow| row.winner == "none";
        report.conflicts.iter().filter(held).count() as u64
    };
    report.duration_ms = job.options.elapsed_ms();
    session.firmly(|tx| {
        end(tx, report, run, contacts)?;
        if contacts > 0 {
            tx.forget_flips(plan::outdated(session.now))?;
        }
        if finished && new_day(tx.facts(session.scope)?.last_sync, session.now) {
            tx.prune(session.pair, session.now)?;
        }
        tx.set_facts(session.scope, |facts| {
            facts.last_outcome = Some(report.outcome.name().to_owned());
            facts.direction = Some(direction_name(profile.sync.direction).to_owned());
            facts.frequency = Some(prepare::duration_text(profile.sync.frequency));
            if finished {
                facts.last_sync = Some(session.now.0);
                facts.fingerprint = Some(fingerprint.clone());
                facts.last_listed = counts.listed.map(Some);
                facts.deferred = report.deferred;
                facts.deletes_waiting = report.deletes_waiting;
                facts.conflicts = held(report);
                facts.failing = report
                    .problems
                    .iter()
                    .filter(|problem| problem.kind != ProblemKind::Held)
                    .count() as u64;
                facts.excluded = report.excluded;
                if report.deferred == 0 {
                    facts.pair_settled = true;
                    facts.rematching = false;
                }
            }
        })
    })?;
    Ok(())
}

/// Whether the last sync was on another day, by UTC.
fn new_day(last: Option<i64>, now: Moment) -> bool {
    let day = |at: i64| at.div_euclid(24 * 3600);
    last.is_none_or(|last| day(last) != day(now.0))
}

/// Writes how a run ended, and its report.
pub(super) fn end(
    tx: &mut Tx<'_>,
    report: &Report,
    run: RunNo,
    contacts: u64,
) -> crate::state::Result<()> {
    let json = serde_json::to_string(report).unwrap_or_default();
    let problems: Vec<_> = report.problems.iter().map(problem_of).collect();
    tx.close_run(
        run,
        &RunEnd {
            outcome: report.outcome.name(),
            finished: report.error.is_none(),
            written: contacts,
            problems: &problems,
            report_json: &json,
            duration_ms: report.duration_ms,
        },
    )
}

/// The profile's word for a direction.
#[must_use]
pub fn direction_name(direction: crate::model::Direction) -> &'static str {
    match direction {
        crate::model::Direction::TwoWay => "two-way",
        crate::model::Direction::CrmToGoogle => "crm-to-google",
        crate::model::Direction::GoogleToCrm => "google-to-crm",
    }
}

/// After a refusal for missing rights or an unknown list the daily probe is read anew.
pub(super) fn forget_probes_after(session: &Session<'_>, error: &Error) -> Result<(), Error> {
    if matches!(error.outcome, Outcome::Auth | Outcome::Invalid) {
        session.with(|tx| tx.set_facts(session.scope, |facts| facts.probes = Sides::default()))?;
    }
    Ok(())
}

/// Another run holds the account pair.
pub(super) fn lock_error(error: LockError) -> Error {
    match error {
        LockError::Busy { .. } => Error::new(
            Outcome::Busy,
            error.to_string(),
            "wait for it to end, or stop it",
        ),
        LockError::Io { ref source, .. } => {
            let full = matches!(
                source.kind(),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
            );
            let hint = if full {
                "make room on the disk, then run again"
            } else {
                "make the state directory writable"
            };
            Error {
                outcome: Outcome::Failed,
                message: format!("{error}: {source}"),
                hint: Some(hint.into()),
                source: Some(Box::new(error)),
            }
        }
    }
}

/// A deactivated profile does not run.
pub(super) fn deactivated(profile: &str) -> Error {
    Error::new(
        Outcome::Invalid,
        format!("the profile `{profile}` is deactivated"),
        format!("wake it with `crmsync configure {profile} --activate`"),
    )
}
