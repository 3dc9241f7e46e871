//! Plans an island and takes out of its plan what would be in vain: what goes to and fro, what failed
//! lately, and what the remotes would refuse.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Error;
use super::{Session, failing};
use crate::connector::Source;
use crate::model::{Change, Field, Island, LinkNo, Op, Problem, ProblemKind, Sides, Write};
use crate::plan::{self, Because, Held, Plan, contact_of};

/// Plans an island, and takes out what would be in vain: what goes to and fro, what failed lately,
/// what the remotes would refuse. All of it is reported.
pub(super) fn vetted(
    session: &Session<'_>,
    sources: Sides<&dyn Source>,
    island: &Island,
) -> Result<Plan, Error> {
    let mut plan = plan::plan(island, &session.rules);
    quarantined(session, island, &mut plan)?;
    let writes = std::mem::take(&mut plan.writes);
    let mut resting = BTreeSet::new();
    for write in writes {
        if let Some(problem) = failing::resting(session, island, &write) {
            // A contact is told once, however many of its writes wait.
            let (side, id) = contact_of(&write);
            if resting.insert((side, id.clone())) {
                plan.problems.push(problem);
            }
            continue;
        }
        if session.is_under_way(&write) {
            plan.held.push(Held {
                because: Because::Deferred,
                write,
            });
            continue;
        }
        if unsure(session, &write)? {
            plan.problems.push(perhaps_there(&write));
            continue;
        }
        match sources.on(write.on).vet(&write) {
            Ok(()) => plan.writes.push(write),
            Err(refusal) => plan.problems.push(rejected(session, &write, &refusal)),
        }
    }
    Ok(plan)
}

/// Takes out of updates what went to and fro too often, and ends the quarantine of what does not any
/// more.
fn quarantined(session: &Session<'_>, island: &Island, plan: &mut Plan) -> Result<(), Error> {
    let mut out = BTreeMap::<LinkNo, Vec<Field>>::new();
    let writes = std::mem::take(&mut plan.writes);
    for write in writes {
        let (Some(link), Op::Update) = (write.link, write.change.op()) else {
            plan.writes.push(write);
            continue;
        };
        let known = session.ask(|db| db.flips(link))?;
        let (left, taken) = plan::quarantine(write, &known, &session.rules, session.now);
        plan.writes.extend(left);
        for (field, problem) in taken {
            out.entry(link).or_default().push(field);
            plan.problems.push(problem);
        }
    }
    for link in island.links.iter().filter_map(|link| link.no) {
        let fields = out.remove(&link).unwrap_or_default();
        if fields.is_empty() && !session.held.contains(&link) {
            continue;
        }
        session.with(|tx| {
            let known = tx.flips(link)?;
            let next = plan::still_held(&known, &fields);
            if next == known {
                return Ok(());
            }
            tx.put_flips(link, &next)
        })?;
    }
    Ok(())
}

/// Under this word the state file keeps creates whose fate nobody can find out.
pub(super) const UNSURE: &str = "unsure create";

/// Whether a create may have landed before, unseen: it had no address to look for, and its side keeps
/// no stamp. Sending it again could double the contact.
fn unsure(session: &Session<'_>, write: &Write) -> Result<bool, Error> {
    let keyless = write.key.is_none() && matches!(write.change, Change::Create { .. });
    Ok(keyless && session.ask(|db| db.said(session.scope, UNSURE, write.twin.as_str()))?)
}

fn perhaps_there(write: &Write) -> Problem {
    let on = write.on;
    problem(
        write,
        ProblemKind::Failed,
        None,
        format!(
            "it may be in {on} already: an earlier answer was lost, and without an e-mail address nobody can look"
        ),
        format!("give the contact an e-mail address, in {on} too if it is there"),
    )
}

/// A refused write as a problem.
pub(super) fn rejected(
    session: &Session<'_>,
    write: &Write,
    refusal: &crate::model::Refusal,
) -> Problem {
    problem(
        write,
        ProblemKind::Rejected,
        refusal
            .field
            .and_then(|field| session.names.get(&field).cloned()),
        refusal.reason.clone(),
        refusal.hint.clone(),
    )
}

/// A problem about the contact of a write.
pub(super) fn problem(
    write: &Write,
    kind: ProblemKind,
    field: Option<String>,
    reason: String,
    hint: String,
) -> Problem {
    let own = write.change.id();
    Problem {
        kind,
        key: write.key.clone(),
        ids: Sides::from_fn(|side| {
            if side == write.on {
                own.cloned().into_iter().collect()
            } else {
                vec![write.twin.clone()]
            }
        }),
        field,
        reason,
        hint,
    }
}
