//! Undoing a run: the order of things. What goes back and what stays, `plan::undo` decides.
//!
//! An undo is a run itself, with a number, journal rows and a report, and can be undone like any other.

use std::collections::{BTreeMap, BTreeSet};

use super::around::{around, names, vet};
use super::error::{self, Error};
use super::open::{Needs, Purpose, open};
use super::report::{Outcome, Report};
use super::rounds::{self, Moved};
use super::session::Label;
use super::think::{self, Thought};
use super::{
    Job, Session, close, finish_report, foresee, keep_notes, machine, read_both, recovery, stop,
};
use crate::connector::{Sink, Source};
use crate::model::{Bulk, Key, Limits, Op, RemoteId, Right, Side, Sides, Why};
use crate::plan::{self, Past, Totals};
use crate::state::{self, JournalRow, RunKind, RunNo, RunRow, State};

/// What is to be undone.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The run.
    pub run: RunRow,
    /// Only what it wrote for the contact with this address.
    pub contact: Option<Key>,
}

impl Asked {
    /// The writes that are meant, landed or not yet known, in the order they were sent.
    ///
    /// # Errors
    /// Those of the state file.
    pub fn rows(&self, state: &state::Db) -> state::Result<Vec<JournalRow>> {
        let Some(key) = &self.contact else {
            return state.writes_of(self.run.no);
        };
        let mut rows = state.history_of_contact(self.run.pair, key)?;
        rows.retain(|row| row.run == self.run.no);
        Ok(rows)
    }
}

/// Puts back what a run wrote. Every ending is a report; an unfinished one carries its error.
pub async fn undo(
    job: &Job<'_>,
    state: &mut State,
    sinks: Sides<&dyn Sink>,
    asked: &Asked,
) -> Report {
    let mut report = begin(job, asked);
    let result = Box::pin(pass(job, state, sinks, asked, &mut report)).await;
    let sources = sinks.map(|sink| sink as &dyn Source);
    finish_report(job, &mut report, result, sources);
    point_back(&mut report, asked);
    report
}

/// What an undo would do. `state` is a private copy.
pub async fn preview_undo(
    job: &Job<'_>,
    state: &mut State,
    sources: Sides<&dyn Source>,
    asked: &Asked,
) -> Report {
    let mut report = begin(job, asked);
    report.dry_run = true;
    let result = Box::pin(rehearse(job, state, sources, asked, &mut report)).await;
    finish_report(job, &mut report, result, sources);
    report
}

fn begin(job: &Job<'_>, asked: &Asked) -> Report {
    let mut report = Report::new(&job.profile.name, job.options.started.clone());
    report.undo_of = Some(asked.run.no.0);
    report
}

/// `crmsync undo` alone means the last run that wrote, which by now is this one.
fn point_back(report: &mut Report, asked: &Asked) {
    let of = asked.run.no.0;
    if report.run.is_some()
        && let Some(failure) = &mut report.error
        && matches!(report.outcome, Outcome::Interrupted | Outcome::Unavailable)
    {
        let contact = asked.contact.as_ref();
        let contact = contact.map_or_else(String::new, |key| format!(" --contact {key}"));
        failure.hint = Some(format!("go on later with `crmsync undo {of}{contact}`"));
    }
}

async fn rehearse(
    job: &Job<'_>,
    state: &mut State,
    sources: Sides<&dyn Source>,
    asked: &Asked,
    report: &mut Report,
) -> Result<(), Error> {
    let needs = needs(job, state, asked)?;
    look_at_labels(job, state, asked)?;
    let session = open(job, state, sources, &Purpose::Undo(needs)).await?;
    read_both(&session, sources, report).await?;
    let mut thought = think(&session, sources, asked, report).await?;
    keep_notes(&session, &mut thought)?;
    close::count(&session, report)?;
    let linked = report.linked;
    foresee::foresee(&session, &thought, report)?;
    let creates = thought.plan.writes.iter();
    report.linked = linked
        + creates
            .filter(|write| write.change.op() == Op::Create && write.why != Why::UndoAlone)
            .count() as u64;
    Ok(())
}

async fn pass(
    job: &Job<'_>,
    state: &mut State,
    sinks: Sides<&dyn Sink>,
    asked: &Asked,
    report: &mut Report,
) -> Result<(), Error> {
    let sources = sinks.map(|sink| sink as &dyn Source);
    let needs = needs(job, state, asked)?;
    let _lock = state::lock(&job.options.state_file, &needs.pair, &job.options.started)
        .map_err(close::lock_error)?;
    look_at_labels(job, state, asked)?;
    let purpose = Purpose::Undo(needs);
    let opened = job.stop.cut(open(job, state, sources, &purpose));
    let session = opened
        .await
        .unwrap_or_else(|| Err(stop::before_writing()))?;
    machine::check(&session, job)?;
    let kind = RunKind::Undo(asked.run.no);
    let run = session.with(|tx| tx.begin_run(session.scope, kind, session.now.0))?;
    report.run = Some(run.0);
    let mut contacts = 0;
    let result = Box::pin(steps(&session, sinks, asked, report, &mut contacts, run)).await;
    if let Err(error) = &result {
        report.outcome = error.outcome;
        report.error = Some(error.failure());
        close::forget_probes_after(&session, error)?;
    }
    close::count(&session, report)?;
    report.duration_ms = job.options.elapsed_ms();
    point_back(report, asked);
    session.firmly(|tx| close::end(tx, report, run, contacts))?;
    result
}

async fn steps(
    session: &Session<'_>,
    sinks: Sides<&dyn Sink>,
    asked: &Asked,
    report: &mut Report,
    contacts: &mut u64,
    run: RunNo,
) -> Result<(), Error> {
    let sources = sinks.map(|sink| sink as &dyn Source);
    let ready = async {
        read_both(session, sources, report).await?;
        session.checkpoint("read");
        recovery::recover(session, sinks, recovery::Young::AwaitIt).await?;
        think(session, sources, asked, report).await
    };
    let ready = session.stop.cut(ready).await;
    let thought = ready.unwrap_or_else(|| Err(stop::before_writing()))?;
    let again = |moved: &Moved| plan_again(session, sources, asked, moved);
    let mut all = rounds::send(session, sinks, run, thought, report, &again).await?;
    *contacts = all.contacts.len() as u64;
    close::account(session, report, &mut all)
}

/// The archive label may be younger than the day's look at Google, which then does not know it: after a
/// run that archived, Google is looked at again.
fn look_at_labels(job: &Job<'_>, state: &mut State, asked: &Asked) -> Result<(), Error> {
    let archived = |row: &JournalRow| matches!(row.write.change.op(), Op::Archive | Op::Unarchive);
    if asked.rows(state)?.iter().any(archived)
        && let Some((scope, _)) = state.scope_of(&job.profile.name)?
    {
        state.write(|tx| {
            tx.set_facts(scope, |facts| {
                if let Some((at, _)) = &mut facts.probes.google {
                    *at = 0;
                }
            })
        })?;
    }
    Ok(())
}

/// What has to be there: the accounts of the run, a profile that writes where the run wrote, rights.
fn needs(job: &Job<'_>, state: &State, asked: &Asked) -> Result<Needs, Error> {
    let mut rights = Sides::<BTreeSet<Right>>::default();
    for past in pasts(asked.rows(state)?, Which::Possible, None) {
        let right = match past.undone_by() {
            Some(Op::Create) => Right::Create,
            Some(Op::Delete) => Right::Delete,
            Some(Op::Update | Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive) => Right::Edit,
            None => Right::View,
        };
        rights.on_mut(past.on).insert(right);
    }
    let direction = job.profile.sync.direction;
    for side in Side::BOTH {
        if !rights.on(side).is_empty() && !direction.writes(side) {
            return Err(Error::new(
                Outcome::Invalid,
                format!(
                    "run {} wrote to {side}, and the profile does not write there any more (`direction = \"{}\"`); nothing was written",
                    asked.run.no.0,
                    close::direction_name(direction)
                ),
                "set the direction that the profile had then, undo, and set it back",
            ));
        }
    }
    Ok(Needs {
        run: asked.run.no,
        pair: state.pair_name(asked.run.pair)?,
        rights: rights.map(|rights| rights.into_iter().collect()),
    })
}

/// Which writes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// Those that landed.
    Landed,
    /// Those of which nobody knows yet, too.
    Possible,
}

/// The writes of a run by the record that they were sent to, in the order of the first write. `label` is
/// the one that the profile names now.
fn pasts(rows: Vec<JournalRow>, which: Which, label: Option<&Label>) -> Vec<Past> {
    let mut all: Vec<Past> = Vec::new();
    let mut places = BTreeMap::<(Side, RemoteId), usize>::new();
    for row in rows {
        let open = which == Which::Possible && row.is_open();
        let Some(id) = row
            .landed_on()
            .or_else(|| open.then(|| row.write.change.id().unwrap_or(&row.write.twin)))
        else {
            continue;
        };
        let (on, id) = (row.write.on, id.clone());
        let at = *places.entry((on, id.clone())).or_insert(all.len());
        if at == all.len() {
            all.push(Past {
                on,
                id,
                writes: Vec::new(),
                left: None,
                label: None,
            });
        }
        let list = row.list.as_deref().zip(label);
        if let Some(other) = list.and_then(|(list, label)| label.other(list)) {
            all[at].label = Some(other);
        }
        all[at].writes.push(row.write);
    }
    all
}

/// Reads the records concerned, and plans what goes back.
async fn think(
    session: &Session<'_>,
    sources: Sides<&dyn Source>,
    asked: &Asked,
    report: &mut Report,
) -> Result<Thought, Error> {
    let rows = session.with(|tx| asked.rows(tx))?;
    let all = pasts(rows, Which::Landed, Some(&session.label));
    let mut ids = BTreeSet::new();
    for past in &all {
        ids.insert((past.on, past.id.clone()));
        if past.undone_by() != Some(Op::Update) {
            let twin = past.twin().cloned();
            ids.extend(twin.map(|twin| (past.on.other(), twin)));
        }
    }
    let came = think::read_again(session, sources, &ids).await?;
    for side in Side::BOTH {
        report.tally_mut(side).read += came.on(side);
    }
    look_up(session, sources, &all).await?;
    let thought = plan_all(session, sources, all)?;
    let totals = Totals {
        google_records: session.with(|tx| tx.known_records(session.scope, Side::Google))?,
        ..Totals::default()
    };
    let limits = Limits {
        contacts: 0,
        bulk: Bulk::Allowed,
        google_cap: sources.google.capabilities().capacity.unwrap_or(u64::MAX),
    };
    plan::guard_capacity(&thought.plan, &totals, &limits)
        .map_err(|refusal| error::refused(&refusal, &asked.run.profile, &[]))?;
    let writes = Sides::from_fn(|side| {
        let on = |write: &&crate::model::Write| write.on == side;
        thought.plan.writes.iter().filter(on).count() as u64
    });
    session.monitor.event(&super::Event::Planned { writes });
    Ok(thought)
}

/// Looks the addresses up of records that come back, where the mirror does not hold the whole account:
/// nobody is doubled.
async fn look_up(
    session: &Session<'_>,
    sources: Sides<&dyn Source>,
    all: &[Past],
) -> Result<(), Error> {
    for side in Side::BOTH {
        if session.whole_account(side) {
            continue;
        }
        let keys: BTreeSet<Key> = all
            .iter()
            .filter(|past| past.on == side && past.undone_by() == Some(Op::Create))
            .filter_map(|past| past.lost_key(&session.rules))
            .collect();
        if keys.is_empty() {
            continue;
        }
        let keys: Vec<_> = keys.into_iter().collect();
        let found = sources.on(side).find(&keys).await?;
        session.with(|tx| think::take_in(session, tx, side, found))?;
    }
    Ok(())
}

fn plan_again(
    session: &Session<'_>,
    sources: Sides<&dyn Source>,
    asked: &Asked,
    moved: &Moved,
) -> Result<Thought, Error> {
    let rows = session.with(|tx| asked.rows(tx))?;
    let mut all = pasts(rows, Which::Landed, Some(&session.label));
    all.retain(|past| {
        let twin = past.twin().cloned();
        moved.contains(&(past.on, past.id.clone()))
            || twin.is_some_and(|twin| moved.contains(&(past.on.other(), twin)))
    });
    plan_all(session, sources, all)
}

fn plan_all(
    session: &Session<'_>,
    sources: Sides<&dyn Source>,
    all: Vec<Past>,
) -> Result<Thought, Error> {
    let mut thought = Thought::default();
    let names = session.with(|tx| names(session, tx))?;
    let left = Sides::from_fn(|side| {
        let own = all.iter().filter(|past| past.on == side);
        let ids: BTreeSet<_> = own.map(|past| past.id.clone()).collect();
        session.ask(|db| db.left_on(session.pair, side, &ids))
    });
    let left = Sides {
        google: left.google?,
        crm: left.crm?,
    };
    for mut past in all {
        past.left = left.on(past.on).get(&past.id).cloned();
        let island = session.with(|tx| around(session, tx, &past))?;
        let mut plan = plan::undo(&past, &island, &session.rules, &names);
        vet(session, sources, &mut plan);
        thought.plan.extend(plan);
    }
    thought.plan.sort();
    Ok(thought)
}
