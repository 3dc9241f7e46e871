//! Sends a plan: journal, send, settle, batch by batch, both sides side by side.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::{self, Either};
use futures::stream::{self, StreamExt};
use tokio::sync::Notify;

use super::error::Error;
use super::folded::{Folded, left, taken_out};
use super::monitor::Event;
use super::think::Thought;
use super::vetting::{problem, rejected};
use super::{Session, lock};
use crate::connector::{Kind, Sink, Written};
use crate::model::{
    Change, Edit, Notice, NoticeKind, Op, Outcome, Problem, ProblemKind, RemoteId, Side, Sides,
    Write,
};
use crate::plan;
use crate::state::{JournalNo, RunNo, Settled, Tx};

/// So long after the last batch has begun it is surely sent, and its answer is not there yet unless a remote is
/// very quick.
const UNDER_WAY: Duration = Duration::from_millis(50);

/// What came of sending a plan.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// Confirmed writes by side and kind.
    pub(super) done: Sides<std::collections::BTreeMap<Op, u64>>,
    /// Contacts that were written.
    pub(super) contacts: BTreeSet<(Side, RemoteId)>,
    /// Contacts that were refused or failed.
    pub(super) problems: Vec<Problem>,
    /// Names that were filled in.
    pub(super) notices: Vec<Notice>,
    /// Records that moved under their write, to be read and planned again.
    pub(super) again: BTreeSet<(Side, RemoteId)>,
    /// Contacts of which something was sent whose answer was never heard.
    pub(super) uncertain: BTreeSet<(Side, RemoteId)>,
    /// Contacts whose writes were not sent.
    pub(super) unsent: BTreeSet<(Side, RemoteId)>,
    /// What ended a side's writing early.
    pub(super) stop: Option<Error>,
}

/// One plan on its way out.
struct Dispatch<'a, 'b> {
    session: &'a Session<'b>,
    run: RunNo,
    thought: Mutex<&'a mut Thought>,
    applied: Mutex<Applied>,
    /// How many batches have not begun yet.
    left: AtomicUsize,
    /// None is left.
    all_begun: Notify,
}

/// What a side still takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Going {
    /// Everything.
    On,
    /// Its account is full: nothing new, but everything else.
    WithoutCreates,
    /// Nothing.
    Over,
}

impl Going {
    fn takes(self, batch: &[Write]) -> bool {
        match self {
            Self::On => true,
            Self::WithoutCreates => batch.iter().all(|write| write.change.op() != Op::Create),
            Self::Over => false,
        }
    }
}

/// A batch that took too long after the wish to stop: nobody knows what became of it.
fn given_up(batch: &[Write]) -> Written {
    let reason = "the run was interrupted before the answer came".to_owned();
    Written {
        outcomes: vec![Outcome::Uncertain { reason }; batch.len()],
        stop: None,
    }
}

/// Sends every write of a plan. The plan's notes have been kept before.
pub(super) async fn apply(
    session: &Session<'_>,
    sinks: Sides<&dyn Sink>,
    run: RunNo,
    thought: &mut Thought,
) -> Result<Applied, Error> {
    let mut writes = Sides::<Vec<Write>>::default();
    // In the plan's order; a plan for one side is not copied.
    let mut google = std::mem::take(&mut thought.plan.writes);
    writes
        .crm
        .extend(google.extract_if(.., |write| write.on == Side::Crm));
    writes.google = google;
    let dispatch = Dispatch {
        session,
        run,
        thought: Mutex::new(thought),
        applied: Mutex::default(),
        left: AtomicUsize::new(0),
        all_begun: Notify::new(),
    };
    let batches = Sides {
        google: sinks.google.batches(writes.google),
        crm: sinks.crm.batches(writes.crm),
    };
    let left = batches.google.len() + batches.crm.len();
    dispatch.left.store(left, Ordering::Relaxed);
    let google = dispatch.side(sinks.google, batches.google);
    let crm = dispatch.side(sinks.crm, batches.crm);
    let both = pin!(future::join(google, crm));
    // While the last answers are awaited there is time for what would come at the end.
    let tidied = pin!(async {
        dispatch.all_begun.notified().await;
        tokio::time::sleep(UNDER_WAY).await;
        session.tidy()
    });
    let (google, crm) = match future::select(both, tidied).await {
        Either::Left((both, _)) => both,
        Either::Right((tidied, both)) => {
            // It is done again when the file is closed.
            if let Err(error) = tidied {
                tracing::debug!(?error, "the state was not tidied");
            }
            both.await
        }
    };
    google?;
    crm?;
    Ok(lock(&dispatch.applied, std::mem::take))
}

impl Dispatch<'_, '_> {
    async fn side(&self, sink: &dyn Sink, batches: Vec<Vec<Write>>) -> Result<(), Error> {
        if batches.is_empty() {
            return Ok(());
        }
        let lanes = sink.capabilities().lanes.max(1);
        let going = Mutex::new(Going::On);
        let mut batches = batches.into_iter();
        // Those that go out together are journalled together: the disk is waited for once.
        let together: Vec<_> = batches.by_ref().take(lanes).collect();
        let numbers: Vec<_> = if self.session.interrupted() {
            together.iter().map(|_| None).collect()
        } else {
            self.journal(&together)?.into_iter().map(Some).collect()
        };
        let together = together.into_iter().zip(numbers);
        let results = stream::iter(together.chain(batches.map(|batch| (batch, None))))
            .map(|(batch, numbers)| {
                let going = &going;
                async move {
                    if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
                        self.all_begun.notify_one();
                    }
                    let now = lock(going, |going| *going);
                    if !now.takes(&batch) || self.session.interrupted() {
                        return self.unsent(&batch, numbers);
                    }
                    let result = self.batch(sink, &batch, numbers).await;
                    let next = result.as_ref().map_or(Going::Over, |next| *next);
                    lock(going, |going| *going = next.max(*going));
                    result.map(drop)
                }
            })
            .buffer_unordered(lanes)
            .collect::<Vec<Result<(), Error>>>()
            .await;
        results.into_iter().collect()
    }

    /// Notes batches as being sent; what is journalled is on the disk before anything is sent.
    fn journal(&self, batches: &[Vec<Write>]) -> Result<Vec<Vec<JournalNo>>, Error> {
        let session = self.session;
        let numbers = session.firmly(|tx| {
            let mut all = Vec::with_capacity(batches.len());
            for batch in batches {
                let numbers = tx.journal(self.run, batch, session.clock())?;
                for (write, no) in batch.iter().zip(&numbers) {
                    if write.change.op().regroups() {
                        tx.note_list(*no, &session.label.text())?;
                    }
                }
                all.push(numbers);
            }
            Ok(all)
        })?;
        session.checkpoint("firm");
        Ok(numbers)
    }

    /// A batch that is not sent after all, journalled or not.
    fn unsent(&self, batch: &[Write], numbers: Option<Vec<JournalNo>>) -> Result<(), Error> {
        if let Some(numbers) = numbers {
            self.session.with(|tx| {
                let mut numbers = numbers.iter();
                numbers.try_for_each(|no| tx.settle(*no, &Settled::NotTried, None))
            })?;
        }
        lock(&self.applied, |applied| {
            for write in batch {
                let (side, id) = plan::contact_of(write);
                applied.unsent.insert((side, id.clone()));
            }
        });
        Ok(())
    }

    /// Journals a batch unless it is (`numbers`), sends and settles it; says whether the side may go on.
    async fn batch(
        &self,
        sink: &dyn Sink,
        batch: &Vec<Write>,
        numbers: Option<Vec<JournalNo>>,
    ) -> Result<Going, Error> {
        let session = self.session;
        let numbers = if let Some(numbers) = numbers {
            numbers
        } else {
            let mut all = self.journal(std::slice::from_ref(batch))?;
            all.pop().unwrap_or_default()
        };
        session.checkpoint("journalled");
        let written = session.stop.finish(sink.write(batch)).await;
        let Written { outcomes, stop } = written.unwrap_or_else(|| given_up(batch));
        session.checkpoint("answered");
        lock(&self.applied, |applied| {
            lock(&self.thought, |thought| {
                session.with(|tx| {
                    let mut confirmed = Vec::new();
                    let mut folded = Folded::default();
                    for ((write, no), outcome) in batch.iter().zip(numbers).zip(outcomes) {
                        if matches!(outcome, Outcome::Done(_)) {
                            confirmed.push(write);
                        }
                        let places = (&mut **thought, &mut *applied, &mut folded);
                        self.settle(tx, places, write, no, outcome)?;
                    }
                    folded.keep(session, tx)?;
                    taken_out(session, tx, &confirmed)
                })
            })
        })?;
        session.checkpoint("settled");
        session.monitor.event(&Event::Wrote {
            side: sink.side(),
            writes: batch.len() as u64,
        });
        let next = match stop.as_ref().map(|error| error.kind) {
            None => Going::On,
            Some(Kind::Full) => Going::WithoutCreates,
            Some(
                Kind::Unauthorized
                | Kind::Forbidden
                | Kind::Unknown
                | Kind::NotFound
                | Kind::Changed
                | Kind::Rejected
                | Kind::RateLimited
                | Kind::Unavailable
                | Kind::Protocol
                | Kind::Config,
            ) => Going::Over,
        };
        if let Some(error) = stop {
            lock(&self.applied, |applied| {
                applied.stop.get_or_insert(error.into());
            });
        }
        Ok(next)
    }

    fn settle(
        &self,
        tx: &mut Tx<'_>,
        (thought, applied, folded): (&mut Thought, &mut Applied, &mut Folded),
        write: &Write,
        no: JournalNo,
        outcome: Outcome,
    ) -> crate::state::Result<()> {
        let on = write.on;
        let own = |write: &Write| write.change.id().map(|id| (on, id.clone()));
        let mut trouble = None;
        match outcome {
            Outcome::Done(stored) => {
                let id = folded.settle_done(self.session, tx, write, &stored)?;
                let id = id.unwrap_or_else(|| write.twin.clone());
                tx.landed(no, &Settled::Done { id }, left(&stored))?;
                *applied
                    .done
                    .on_mut(on)
                    .entry(write.change.op())
                    .or_default() += 1;
                let (side, id) = plan::contact_of(write);
                applied.contacts.insert((side, id.clone()));
                applied.notices.extend(filled(self.session, write));
                if let Some(work) = thought.work(write) {
                    work.open = work.open.saturating_sub(1);
                    if work.open == 0 && !work.restless {
                        let records = work.records.drain(..);
                        folded
                            .edits
                            .extend(records.map(|(side, id)| Edit::Quiet { side, id }));
                    }
                }
                return Ok(());
            }
            Outcome::Stale | Outcome::Gone => {
                let gone = matches!(outcome, Outcome::Gone);
                let settled = if gone { Settled::Gone } else { Settled::Stale };
                tx.settle(no, &settled, None)?;
                applied.again.extend(own(write));
            }
            Outcome::Duplicate { of } => {
                let twin = Some(of.clone());
                tx.settle(no, &Settled::Duplicate { of: twin }, None)?;
                applied.again.insert((on, of));
                applied.again.insert((on.other(), write.twin.clone()));
            }
            Outcome::Rejected(refusal) => {
                tx.settle(no, &Settled::Rejected, Some(&refusal.reason))?;
                trouble = Some(rejected(self.session, write, &refusal));
            }
            Outcome::Denied { reason } => {
                tx.settle(no, &Settled::Denied, Some(&reason))?;
                let hint = "give the signed-in user the right to change this record".to_owned();
                trouble = Some(problem(write, ProblemKind::Denied, None, reason, hint));
            }
            Outcome::NotTried => {
                tx.settle(no, &Settled::NotTried, None)?;
                let (side, id) = plan::contact_of(write);
                applied.unsent.insert((side, id.clone()));
            }
            Outcome::Uncertain { reason } => {
                // Stays open in the journal until someone has looked.
                tx.settle(no, &Settled::Uncertain, Some(&reason))?;
                let (side, id) = plan::contact_of(write);
                applied.uncertain.insert((side, id.clone()));
            }
        }
        if let Some(work) = thought.work(write) {
            work.restless = true;
        }
        applied.problems.extend(trouble);
        Ok(())
    }
}

/// Says which mandatory name a create filled in.
fn filled(session: &Session<'_>, write: &Write) -> Option<Notice> {
    let Change::Create {
        fields, twin_holds, ..
    } = &write.change
    else {
        return None;
    };
    let (field, _) = twin_holds
        .iter()
        .find(|(field, own)| own.is_none() && fields.contains_key(field))?;
    let name = session.names.get(field).map_or("a name", String::as_str);
    Some(Notice {
        kind: NoticeKind::Filled,
        key: write.key.clone(),
        id: Some(write.twin.clone()),
        text: format!(
            "{} needs `{name}`, which {} does not have; it was filled in and does not flow back",
            write.on,
            write.on.other()
        ),
    })
}
