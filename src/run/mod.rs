//! Doing a pass: the order of things. `plan` decides, this does, `cli` says.
//!
//! A dry run is [`preview`]: it gets reading halves and a private copy of the state, and has no
//! means to write anywhere. [`sync`] is the real thing.

mod apply;
mod around;
mod brakes;
mod close;
mod complete;
mod equip;
mod error;
mod failing;
mod folded;
mod foresee;
mod intake;
mod machine;
mod monitor;
mod open;
pub mod prepare;
mod read;
mod recovery;
mod report;
mod rounds;
mod session;
mod stop;
mod think;
mod undo;
mod vetting;

pub use close::direction_name;
pub use equip::equip;
pub use error::{Error, state_message};
pub use monitor::{Event, Monitor, Silent};
pub use report::{
    ConflictRow, Failure, FromTo, NoticeRow, Outcome, PlanRow, ProblemRow, Report, Tally,
};
pub(crate) use session::{Session, lock};
pub use stop::Stop;
pub use undo::{Asked, preview_undo, undo};

use crate::connector::{DefaultPair, Extent, Sink, Source};
use crate::model::{Bulk, Side, Sides};
use crate::plan;
use crate::profile::Profile;
use crate::state::{self, RunKind, State};
use open::{Purpose, open};
use rounds::Moved;
use think::Thought;

/// What a run is asked for, besides the profile.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether both sides are read in full.
    pub extent: Extent,
    /// Replaces the profile's limit; 0 is no limit.
    pub limit: Option<u64>,
    /// Whether the brakes are off.
    pub bulk: Bulk,
    /// The time at the start, seconds since the epoch.
    pub now: i64,
    /// The same as RFC 3339 text.
    pub started: String,
    /// The same by the clock that durations are measured with.
    pub begun: std::time::Instant,
    /// How long the remotes may go on with a create whose answer was never heard.
    pub settling: std::time::Duration,
    /// Which file the state lies in, for the lock.
    pub state_file: std::path::PathBuf,
    /// What tells this machine from others, where that is known.
    pub machine: Option<String>,
}

impl Options {
    /// How long the run has taken so far, milliseconds.
    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// [`Options::settling`] outside tests. A request that is not done after that long would have been
/// answered or given up.
pub const SETTLING: std::time::Duration = std::time::Duration::from_secs(10);

/// What a run works with.
pub struct Job<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// The CRM's default mapping.
    pub defaults: &'a [DefaultPair],
    /// What is asked for.
    pub options: Options,
    /// Who listens.
    pub monitor: &'a dyn Monitor,
    /// The wish that the run ends early.
    pub stop: Stop,
}

/// One pass. Every ending is a report; an unfinished one carries its error.
pub async fn sync(job: &Job<'_>, state: &mut State, sinks: Sides<&dyn Sink>) -> Report {
    let mut report = Report::new(&job.profile.name, job.options.started.clone());
    let result = Box::pin(pass(job, state, sinks, &mut report)).await;
    finish_report(
        job,
        &mut report,
        result,
        sinks.map(|sink| sink as &dyn Source),
    );
    report
}

/// What a pass would do. `state` is a private copy.
pub async fn preview(job: &Job<'_>, state: &mut State, sources: Sides<&dyn Source>) -> Report {
    let mut report = Report::new(&job.profile.name, job.options.started.clone());
    report.dry_run = true;
    let result = Box::pin(rehearse(job, state, sources, &mut report)).await;
    finish_report(job, &mut report, result, sources);
    report
}

fn finish_report(
    job: &Job<'_>,
    report: &mut Report,
    result: Result<(), Error>,
    sources: Sides<&dyn Source>,
) {
    report.duration_ms = job.options.elapsed_ms();
    for side in Side::BOTH {
        let meter = sources.on(side).meter();
        let tally = report.tally_mut(side);
        tally.requests = meter.requests;
        tally.credits = meter.credits;
        tally.credits_left = meter.credits_left;
        tally.reads_left = meter.reads_left;
        tally.writes_left = meter.writes_left;
    }
    if let Err(error) = result {
        tracing::debug!(error = ?error.source, "the run ended early");
        report.outcome = error.outcome;
        report.error = Some(error.failure());
    }
}

async fn rehearse(
    job: &Job<'_>,
    state: &mut State,
    sources: Sides<&dyn Source>,
    report: &mut Report,
) -> Result<(), Error> {
    let look = async {
        let mut session = open(job, state, sources, &Purpose::Sync).await?;
        report.first = session.first;
        machine::look(&session, job)?;
        read_both(&session, sources, report).await?;
        let thought = brakes::think(&mut session, job, sources, &report.readings).await?;
        Ok((session, thought))
    };
    let looked = job.stop.cut(look).await;
    let (session, thought) = looked.unwrap_or_else(|| Err(stop::before_writing()))?;
    close::count(&session, report)?;
    foresee::foresee(&session, &thought, report)?;
    Ok(())
}

async fn pass(
    job: &Job<'_>,
    state: &mut State,
    sinks: Sides<&dyn Sink>,
    report: &mut Report,
) -> Result<(), Error> {
    let sources = sinks.map(|sink| sink as &dyn Source);
    let opened = job
        .stop
        .soon(open(job, state, sources, &Purpose::Sync))
        .await;
    let mut session = opened.unwrap_or_else(|| Err(stop::before_writing()))?;
    let pair = session.with(|tx| tx.pair_name(session.pair))?;
    let _lock = state::lock(&job.options.state_file, &pair, &job.options.started)
        .map_err(close::lock_error)?;
    report.first = session.first;
    let run = session.with(|tx| tx.begin_run(session.scope, RunKind::Sync, session.now.0))?;
    report.run = Some(run.0);
    let mut contacts = 0;
    let result = Box::pin(steps(job, &mut session, sinks, report, &mut contacts, run)).await;
    if let Err(error) = &result {
        report.outcome = error.outcome;
        report.error = Some(error.failure());
        close::forget_probes_after(&session, error)?;
    }
    close::count(&session, report)?;
    close::close(job, &session, report, run, contacts)?;
    result
}

async fn steps(
    job: &Job<'_>,
    session: &mut Session<'_>,
    sinks: Sides<&dyn Sink>,
    report: &mut Report,
    contacts: &mut u64,
    run: state::RunNo,
) -> Result<(), Error> {
    let sources = sinks.map(|sink| sink as &dyn Source);
    let prepared = job.stop.cut(ready(job, session, sinks, report)).await;
    let thought = prepared.unwrap_or_else(|| Err(stop::before_writing()))?;
    let waiting = close::held(&thought);
    let again = |ids: &Moved| think::again(session, sources, ids);
    let mut all = rounds::send(session, sinks, run, thought, report, &again).await?;
    *contacts = all.contacts.len() as u64;
    let ended = close::account(session, report, &mut all);
    failing::note(session, report, &all, &waiting, &ended)?;
    ended
}

/// Reads, finishes what an earlier run left open, and plans.
async fn ready(
    job: &Job<'_>,
    session: &mut Session<'_>,
    sinks: Sides<&dyn Sink>,
    report: &mut Report,
) -> Result<Thought, Error> {
    let sources = sinks.map(|sink| sink as &dyn Source);
    machine::check(session, job)?;
    read_both(session, sources, report).await?;
    session.checkpoint("read");
    let recovery = recovery::recover(session, sinks, recovery::Young::AwaitIt).await?;
    for write in recovery.landed {
        close::tally(report, write.on, write.change.op(), 1);
    }
    brakes::think(session, job, sources, &report.readings).await
}

async fn read_both(
    session: &Session<'_>,
    sources: Sides<&dyn Source>,
    report: &mut Report,
) -> Result<(), Error> {
    let (google, crm) = futures::join!(
        read::read(session, sources.google),
        read::read(session, sources.crm),
    );
    for (side, reading) in [(Side::Google, google?), (Side::Crm, crm?)] {
        report.tally_mut(side).read += reading.records;
        report.readings.push(reading.words);
    }
    Ok(())
}

/// Keeps what the plan only remembers, and lets go of islands that need nothing else.
fn keep_notes(session: &Session<'_>, thought: &mut Thought) -> Result<(), Error> {
    let notes = std::mem::take(&mut thought.plan.notes);
    for notes in notes.chunks(2_000) {
        session.with(|tx| {
            let edits: Vec<_> = notes.iter().flat_map(plan::settle_note).collect();
            tx.apply(session.scope, &edits)
        })?;
    }
    for noted in std::mem::take(&mut thought.noted).chunks(think::SLICE) {
        session.with(|tx| {
            let mut edits = Vec::new();
            for (noted, (island, notes)) in noted.iter().zip(think::remembered(session, tx, noted)?)
            {
                edits.extend(notes.iter().flat_map(plan::settle_note));
                if noted.quiet {
                    edits.extend(think::quiet(&island));
                }
            }
            tx.apply(session.scope, &edits)
        })?;
    }
    Ok(())
}
