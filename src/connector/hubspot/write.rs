//! Writing: up to a hundred contacts a call, read again just before they are changed, and read again
//! after.
//!
//! HubSpot has no lock: between the reading and the writing a moment remains in which another edit goes
//! unseen. Properties that are not in the patch are not touched by it. What it says about single contacts of a
//! batch comes in no order, so every input carries its place; an address that is taken refuses the whole batch,
//! which is then halved.

use std::collections::BTreeMap;

use futures::FutureExt as _;
use serde_json::{Map, Value, json};

use super::HubSpot;
use super::api::{Ask, Refusals};
use super::contacts::{BATCH, One};
use super::convert::{self, record, same_values};
use super::gear::Gear;
use super::settle::done;
use super::wire::{Batch, Contact};
use crate::connector::http::{Repeat, SendError};
use crate::connector::{Error, Whole, Written, bisect};
use crate::model::{Change, Op, Outcome, Refusal, RemoteId, Stored, Version, Write};

/// Groups writes of a kind into batches.
pub(super) fn batches(writes: Vec<Write>) -> Vec<Vec<Write>> {
    let mut by_op: BTreeMap<Op, Vec<Write>> = BTreeMap::new();
    for write in writes {
        by_op.entry(write.change.op()).or_default().push(write);
    }
    by_op
        .into_values()
        .flat_map(|writes| {
            let parts = writes.chunks(BATCH).map(<[Write]>::to_vec);
            parts.collect::<Vec<_>>()
        })
        .collect()
}

/// A batch on its way.
pub(super) struct Progress {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) stop: Option<Error>,
}

impl HubSpot {
    /// See [`crate::connector::Sink::write`].
    pub(super) async fn write_batch(&self, batch: &[Write]) -> Written {
        let mut progress = Progress {
            outcomes: vec![Outcome::NotTried; batch.len()],
            stop: None,
        };
        match self.gear() {
            Ok(gear) => {
                let mut start = 0;
                for part in batch.chunk_by(|one, other| one.change.op() == other.change.op()) {
                    if progress.stop.is_some() {
                        break;
                    }
                    let places: Vec<usize> = (start..start + part.len()).collect();
                    start += part.len();
                    self.write_part(&gear, batch, &places, &mut progress).await;
                }
            }
            Err(error) => progress.stop = Some(error),
        }
        Written {
            outcomes: progress.outcomes,
            stop: progress.stop,
        }
    }

    /// Writes of one kind.
    async fn write_part(
        &self,
        gear: &Gear,
        batch: &[Write],
        places: &[usize],
        progress: &mut Progress,
    ) {
        let Some(op) = places.first().map(|at| batch[*at].change.op()) else {
            return;
        };
        let mut open = Vec::new();
        for at in places {
            match super::vet::vet(gear, &self.settings.defaults, &batch[*at]) {
                Ok(()) => open.push(*at),
                Err(refusal) => progress.outcomes[*at] = Outcome::Rejected(refusal),
            }
        }
        let done = match op {
            Op::Create => self.create(gear, batch, &open, progress).await,
            Op::Update => self.update(gear, batch, &open, progress).await,
            Op::Delete => self.delete(gear, batch, &open, progress).await,
            Op::Group | Op::Ungroup => self.member(gear, op, batch, &open, progress).await,
            Op::Archive | Op::Unarchive => {
                for at in open {
                    progress.outcomes[at] = Outcome::Rejected(Refusal {
                        field: None,
                        reason: "HubSpot has no archive beside its deleted contacts".to_owned(),
                        hint: "Nothing has to be done.".to_owned(),
                    });
                }
                Ok(())
            }
        };
        if let Err(error) = done {
            progress.stop.get_or_insert(error);
        }
    }

    async fn create(
        &self,
        gear: &Gear,
        batch: &[Write],
        open: &[usize],
        progress: &mut Progress,
    ) -> Result<(), Error> {
        self.send_all(gear, "create", batch, open, progress).await;
        let new = done(&progress.outcomes, open);
        if new.is_empty() {
            return Ok(());
        }
        let (mut listed, mut failed) = (None, None);
        if let Some(list) = gear.writable() {
            let ids: Vec<&str> = new.iter().map(|(_, id)| id.as_str()).collect();
            match self.put_into(list, &ids).await {
                Ok(missing) => {
                    let inside = ids
                        .iter()
                        .filter(|id| !missing.iter().any(|one| one == *id));
                    listed = Some(inside.map(|id| (*id).to_owned()).collect());
                }
                Err(error) => failed = Some(error),
            }
        }
        self.keep_stored(gear, &new, listed, progress).await;
        failed.map_or(Ok(()), Err)
    }

    async fn update(
        &self,
        gear: &Gear,
        batch: &[Write],
        open: &[usize],
        progress: &mut Progress,
    ) -> Result<(), Error> {
        let same = |now: &Contact, expected: &Version| {
            same_values(&record(gear, now, false).version, expected)
        };
        let unmoved = self.unmoved(gear, batch, open, &same, progress).await?;
        self.send_all(gear, "update", batch, &unmoved, progress)
            .await;
        let changed = done(&progress.outcomes, &unmoved);
        self.keep_stored(gear, &changed, None, progress).await;
        Ok(())
    }

    async fn delete(
        &self,
        gear: &Gear,
        batch: &[Write],
        open: &[usize],
        progress: &mut Progress,
    ) -> Result<(), Error> {
        let same =
            |now: &Contact, expected: &Version| record(gear, now, false).version == *expected;
        let unmoved = self.unmoved(gear, batch, open, &same, progress).await?;
        if unmoved.is_empty() {
            return Ok(());
        }
        let inputs: Vec<Value> = unmoved
            .iter()
            .filter_map(|at| batch[*at].change.id())
            .map(|id| json!({ "id": id.as_str() }))
            .collect();
        let sent = self
            .call(Ask {
                repeat: Repeat::Once,
                ..Ask::post(
                    "delete",
                    "delete contacts",
                    "/crm/v3/objects/contacts/batch/archive",
                    json!({ "inputs": inputs }),
                )
            })
            .await;
        let (outcome, stop) = match sent {
            Ok(_) => (Outcome::Done(Stored::Nothing), None),
            Err(SendError::Failed(error)) => (Outcome::NotTried, Some(error)),
            Err(SendError::Uncertain(error)) => {
                let reason = error.reason.clone();
                (Outcome::Uncertain { reason }, Some(error))
            }
        };
        for at in unmoved {
            progress.outcomes[at] = outcome.clone();
        }
        stop.map_or(Ok(()), Err)
    }

    /// Puts contacts into the profile's list or takes them out.
    async fn member(
        &self,
        gear: &Gear,
        op: Op,
        batch: &[Write],
        open: &[usize],
        progress: &mut Progress,
    ) -> Result<(), Error> {
        let Some(list) = gear.writable() else {
            for at in open {
                progress.outcomes[*at] = Outcome::Rejected(Refusal {
                    field: None,
                    reason: "HubSpot itself picks the members of this list".to_owned(),
                    hint: "Change the contact in HubSpot, or choose a static list.".to_owned(),
                });
            }
            return Ok(());
        };
        let ids: Vec<&str> = open
            .iter()
            .filter_map(|at| batch[*at].change.id())
            .map(RemoteId::as_str)
            .collect();
        let missing = if op == Op::Group {
            self.put_into(list, &ids).await?
        } else {
            self.take_out(list, &ids).await?
        };
        for (at, id) in open.iter().zip(ids) {
            progress.outcomes[*at] = if missing.iter().any(|one| one == id) {
                Outcome::Gone
            } else {
                Outcome::Done(Stored::Nothing)
            };
        }
        Ok(())
    }

    /// The places whose contacts are still at the expected revision; the others get their outcome.
    async fn unmoved(
        &self,
        gear: &Gear,
        batch: &[Write],
        open: &[usize],
        same: &(dyn Fn(&Contact, &Version) -> bool + Sync),
        progress: &mut Progress,
    ) -> Result<Vec<usize>, Error> {
        let wanted: Vec<(usize, &RemoteId, &Version)> = open
            .iter()
            .filter_map(|at| match &batch[*at].change {
                Change::Update { id, expected, .. } | Change::Delete { id, expected, .. } => {
                    Some((*at, id, expected))
                }
                Change::Create { .. }
                | Change::Group { .. }
                | Change::Ungroup { .. }
                | Change::Archive { .. }
                | Change::Unarchive { .. } => None,
            })
            .collect();
        let ids: Vec<&str> = wanted.iter().map(|(_, id, _)| id.as_str()).collect();
        let read = self.many(gear, &ids).await?;
        let missing: Vec<&str> = ids
            .iter()
            .zip(&read)
            .filter(|(_, one)| matches!(one, One::Missing))
            .map(|(id, _)| *id)
            .collect();
        let archived = self.archived(gear, &missing).await?;
        let mut unmoved = Vec::new();
        for ((at, id, expected), one) in wanted.into_iter().zip(read) {
            let outcome = match one {
                One::Here(now) if same(&now, expected) => {
                    unmoved.push(at);
                    continue;
                }
                One::Here(_) => Outcome::Stale,
                // The engine asks for it and hears of the survivor.
                One::Moved(_) => Outcome::Gone,
                One::Missing if archived.contains(id.as_str()) => Outcome::Gone,
                One::Missing => Outcome::Denied {
                    reason: "HubSpot does not show this contact, neither among those that are there nor among \
                             the deleted ones"
                        .to_owned(),
                },
            };
            progress.outcomes[at] = outcome;
        }
        Ok(unmoved)
    }

    /// Sends creates or updates, in halves where HubSpot refuses all of them because of one.
    async fn send_all(
        &self,
        gear: &Gear,
        what: &'static str,
        batch: &[Write],
        places: &[usize],
        progress: &mut Progress,
    ) {
        let writes: Vec<Write> = places.iter().map(|at| batch[*at].clone()).collect();
        let written = bisect(&writes, &|part| self.send(gear, what, part).boxed()).await;
        for (at, outcome) in places.iter().zip(written.outcomes) {
            progress.outcomes[*at] = outcome;
        }
        if let Some(error) = written.stop {
            progress.stop.get_or_insert(error);
        }
    }

    async fn send(&self, gear: &Gear, what: &'static str, writes: &[Write]) -> Whole {
        let doing = if what == "create" {
            "create contacts"
        } else {
            "change contacts"
        };
        let inputs: Vec<Value> = writes
            .iter()
            .enumerate()
            .map(|(at, write)| self.input(gear, at, write))
            .collect();
        let ask = Ask {
            repeat: Repeat::Once,
            refusals: Refusals::Taken,
            ..Ask::post(
                what,
                doing,
                &format!("/crm/v3/objects/contacts/batch/{what}"),
                json!({ "inputs": inputs }),
            )
        };
        let reply = match self.call(ask).await {
            Ok(reply) => reply,
            Err(SendError::Failed(error)) => return Whole::Stopped(error),
            Err(SendError::Uncertain(error)) => return lost(writes, &error),
        };
        if reply.answer.status < 300 {
            return match reply.read::<Batch>(doing) {
                Ok(answer) => match self.sorted(gear, writes, answer).await {
                    Ok(outcomes) => Whole::Taken(outcomes),
                    Err(error) => lost(writes, &error),
                },
                Err(error) => lost(writes, &error),
            };
        }
        match writes {
            [write] => match self.one_refused(gear, write, &reply).await {
                Ok(outcome) => Whole::Refused(outcome),
                Err(error) => Whole::Stopped(error),
            },
            _ => Whole::Refused(Outcome::NotTried),
        }
    }

    /// A write as an input of a batch, with its place to know it again by.
    fn input(&self, gear: &Gear, at: usize, write: &Write) -> Value {
        let defaults = self.settings.defaults.iter();
        let (id, properties) = match &write.change {
            Change::Create { fields, .. } => (None, convert::properties(gear, fields, defaults)),
            Change::Update { id, patch, .. } => (Some(id), convert::patched(gear, patch)),
            Change::Delete { id, .. }
            | Change::Group { id }
            | Change::Ungroup { id }
            | Change::Archive { id }
            | Change::Unarchive { id } => (Some(id), Map::new()),
        };
        let mut input = json!({ "properties": properties, "objectWriteTraceId": at.to_string() });
        if let Some(id) = id {
            input["id"] = json!(id.as_str());
        }
        input
    }
}

/// Nobody heard what became of a batch; the next one may be.
fn lost(writes: &[Write], error: &Error) -> Whole {
    let reason = &error.reason;
    let unheard = |_| Outcome::Uncertain {
        reason: reason.clone(),
    };
    Whole::Taken(writes.iter().map(unheard).collect())
}
