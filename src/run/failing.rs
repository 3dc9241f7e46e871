//! Contacts whose writes fail: when each is tried again, and how often a person hears of it.

use std::collections::{BTreeMap, BTreeSet};

use super::Session;
use super::apply::Applied;
use super::error::Error;
use super::report::{ProblemRow, Report, problem_of};
use crate::connector::Extent;
use crate::model::{Island, Moment, Problem, ProblemKind, Rematch, RemoteId, Side, Sides, Write};
use crate::plan::contact_of;
use crate::state::{self, Failing, Tx};

/// From so many failures in a row on, a contact is told at most once in [`SILENCE`].
const TOLD: u32 = 3;
/// A day, seconds.
const SILENCE: i64 = 24 * 3600;

/// What tells one contact from another.
pub(super) type Contact = (Side, RemoteId);

/// Contacts that failed and have not been well since.
pub(super) type Failures = BTreeMap<Contact, Failing>;

/// The failures that are kept for a scope.
pub(super) fn known(all: Vec<Failing>) -> Failures {
    all.into_iter()
        .map(|failing| ((failing.side, failing.id.clone()), failing))
        .collect()
}

/// The problem of a contact whose next try is not due: its writes are not sent. None when they are.
pub(super) fn resting(session: &Session<'_>, island: &Island, write: &Write) -> Option<Problem> {
    let (side, id) = contact_of(write);
    let contact = (side, id.clone());
    let failing = session.failing.get(&contact)?;
    let asked = session.extent == Extent::Full || session.rules.rematch == Rematch::Yes;
    let ids = Sides::from_fn(|side| {
        if side == write.on {
            write.change.id()
        } else {
            Some(&write.twin)
        }
    });
    let revision = |side: Side| {
        let record = island.records.on(side).get((*ids.on(side))?)?;
        Some(record.version.as_str())
    };
    let now = seen(&Sides::from_fn(revision));
    if asked || failing.seen != now || failing.next_try <= session.now {
        return None;
    }
    super::lock(&session.resting, |resting| resting.insert(contact));
    Some(again(failing, session.now))
}

/// What is known of a contact's records when it fails.
fn seen(revisions: &Sides<Option<&str>>) -> String {
    let text = |side: Side| revisions.on(side).unwrap_or("-");
    format!("{}|{}", text(Side::Google), text(Side::Crm))
}

/// An old problem, told again without another try.
fn again(failing: &Failing, now: Moment) -> Problem {
    let wait = failing.next_try.0.saturating_sub(now.0);
    let wait = match wait / 3600 {
        0 => "less than an hour".to_owned(),
        1 => "an hour".to_owned(),
        hours => format!("{hours} hours"),
    };
    Problem {
        reason: format!(
            "{}; it failed {} times in a row and is tried again in {wait}, at once when it is edited or with `--full`",
            failing.problem.reason, failing.times
        ),
        ..failing.problem.clone()
    }
}

/// Whether a problem is a failed write, which is tried again by itself.
fn is_failure(kind: ProblemKind) -> bool {
    match kind {
        ProblemKind::Rejected | ProblemKind::Denied | ProblemKind::Failed => true,
        ProblemKind::Ambiguous
        | ProblemKind::Quarantined
        | ProblemKind::Held
        | ProblemKind::Uncleared
        | ProblemKind::Merged => false,
    }
}

/// The contact of a problem, as [`contact_of`] tells it for the write behind it.
fn contact(problem: &Problem) -> Option<Contact> {
    let first = |side: Side| problem.ids.on(side).first().map(|id| (side, id.clone()));
    first(Side::Google).or_else(|| first(Side::Crm))
}

/// Notes who failed in this run and who is well again, and marks what need not be told now.
/// `waiting` are contacts whose writes were held back by a limit.
pub(super) fn note(
    session: &Session<'_>,
    report: &mut Report,
    all: &Applied,
    waiting: &BTreeSet<Contact>,
    ended: &Result<(), Error>,
) -> state::Result<()> {
    let failed: Vec<&mut ProblemRow> = report
        .problems
        .iter_mut()
        .filter(|row| is_failure(row.kind))
        .collect();
    if failed.is_empty() && session.failing.is_empty() {
        return Ok(());
    }
    let resting = super::lock(&session.resting, std::mem::take);
    session.with(|tx| {
        let mut ill = BTreeSet::new();
        for row in failed {
            let problem = problem_of(row);
            let Some(contact) = contact(&problem) else {
                continue;
            };
            let known = session.failing.get(&contact);
            let times = match known {
                Some(known) if resting.contains(&contact) => known.times,
                Some(_) | None if ill.contains(&contact) => continue,
                Some(_) | None => {
                    let seen = revisions(session, tx, &problem)?;
                    let (scope, now) = (session.scope, session.now);
                    tx.fail(scope, (contact.0, &contact.1), &problem, &seen, now)?
                }
            };
            let said_at = known.and_then(|known| known.said_at);
            row.silent = times >= TOLD && lately(said_at, session.now);
            if times >= TOLD && !row.silent {
                tx.told(session.scope, contact.0, &contact.1, session.now)?;
            }
            ill.insert(contact);
        }
        for contact in session.failing.keys() {
            let untried = all.unsent.contains(contact)
                || all.uncertain.contains(contact)
                || waiting.contains(contact);
            let well = all.contacts.contains(contact) || (ended.is_ok() && !untried);
            if well && !ill.contains(contact) {
                tx.clear_failures(session.scope, contact.0, &contact.1)?;
            }
        }
        Ok(())
    })
}

fn lately(said_at: Option<Moment>, now: Moment) -> bool {
    said_at.is_some_and(|at| (0..SILENCE).contains(&now.0.saturating_sub(at.0)))
}

/// The revisions of a problem's records as they are remembered now.
fn revisions(session: &Session<'_>, tx: &Tx<'_>, problem: &Problem) -> state::Result<String> {
    let mut found = Sides::<Option<String>>::default();
    for side in Side::BOTH {
        if let Some(id) = problem.ids.on(side).first() {
            let known = tx.seen(session.scope, side, std::slice::from_ref(id))?;
            *found.on_mut(side) = known.get(id).map(|seen| seen.record.version.to_string());
        }
    }
    Ok(seen(&found.as_ref().map(Option::as_deref)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_silence_is_over_after_a_day() {
        let now = Moment(1_000_000);
        assert!(!lately(None, now));
        assert!(lately(Some(now), now));
        assert!(lately(Some(Moment(now.0 - SILENCE + 1)), now));
        assert!(!lately(Some(Moment(now.0 - SILENCE)), now));
        assert!(
            !lately(Some(Moment(now.0 + 1)), now),
            "a clock that went back"
        );
    }

    #[test]
    fn an_old_failure_tells_how_often_and_when_next() {
        let failing = |wait| Failing {
            side: Side::Google,
            id: "people/c1".into(),
            times: 4,
            next_try: Moment(wait),
            said_at: None,
            seen: String::new(),
            problem: Problem {
                kind: ProblemKind::Rejected,
                key: None,
                ids: Sides::default(),
                field: None,
                reason: "too long".to_owned(),
                hint: String::new(),
            },
        };
        for (wait, words) in [
            (20, "less than an hour"),
            (3599, "less than an hour"),
            (3600, "an hour"),
            (8000, "2 hours"),
        ] {
            let reason = again(&failing(wait), Moment(0)).reason;
            assert!(
                reason.starts_with("too long; it failed 4 times"),
                "{reason}"
            );
            assert!(
                reason.contains(&format!("tried again in {words},")),
                "{reason}"
            );
        }
    }
}
