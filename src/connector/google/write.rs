//! Sorting writes into calls, and sending one batch.

use std::collections::BTreeMap;

use super::convert::Kept;
use super::errors::REMOTE;
use super::slots::Slot;
use super::{Google, Writes};
use crate::connector::batching::cut;
use crate::connector::http::error;
use crate::connector::{Error, Kind, Written};
use crate::mapping::Mapping;
use crate::model::{Change, Native, Op, Outcome, Patch, RemoteId, Write};

/// The order of sending: what makes contacts first, what takes them away last.
const ORDER: [Op; 7] = [
    Op::Create,
    Op::Update,
    Op::Group,
    Op::Ungroup,
    Op::Archive,
    Op::Unarchive,
    Op::Delete,
];

/// How many writes of a kind go into one call.
fn most(op: Op) -> usize {
    match op {
        Op::Create | Op::Update => 200,
        Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive => 1000,
        Op::Delete => 500,
    }
}

/// One batch a call: by kind, and updates by the lists that they replace, because one mask applies
/// to a whole call.
pub(super) fn batches(mapping: &Mapping, writes: Vec<Write>) -> Vec<Vec<Write>> {
    if writes.iter().all(|write| write.change.op() == Op::Create) {
        // A first pass: in their order.
        return cut(writes, most(Op::Create)).collect();
    }
    let mut sorted: BTreeMap<(usize, Vec<String>), Vec<Write>> = BTreeMap::new();
    for write in writes {
        let op = write.change.op();
        let rank = ORDER
            .iter()
            .position(|each| *each == op)
            .unwrap_or(ORDER.len());
        let mask = match &write.change {
            Change::Update { native, patch, .. } => mask(mapping, native, patch),
            Change::Create { .. }
            | Change::Delete { .. }
            | Change::Group { .. }
            | Change::Ungroup { .. }
            | Change::Archive { .. }
            | Change::Unarchive { .. } => Vec::new(),
        };
        sorted.entry((rank, mask)).or_default().push(write);
    }
    let mut batches = Vec::new();
    for ((rank, _), writes) in sorted {
        let most = ORDER.get(rank).map_or(1, |op| most(*op));
        batches.extend(cut(writes, most));
    }
    batches
}

/// The lists that a patch changes.
fn mask(mapping: &Mapping, native: &Native, patch: &Patch) -> Vec<String> {
    let exact = Kept::read(native).and_then(|mut kept| kept.apply(mapping, patch).ok());
    exact.unwrap_or_else(|| {
        let paths = patch.keys().filter_map(|field| mapping.pair(*field));
        let mut lists: Vec<String> = paths
            .map(|pair| Slot::of(&pair.google).list.to_owned())
            .collect();
        lists.sort();
        lists.dedup();
        lists
    })
}

/// The outcomes of a batch while it is being sent.
pub(super) struct Slate {
    /// One per write.
    pub(super) outcomes: Vec<Outcome>,
    /// What ended the writing.
    pub(super) stop: Option<Error>,
}

impl Slate {
    fn new(writes: usize) -> Self {
        Self {
            outcomes: vec![Outcome::NotTried; writes],
            stop: None,
        }
    }

    /// Notes what became of a write.
    pub(super) fn set(&mut self, at: usize, outcome: Outcome) {
        if let Some(slot) = self.outcomes.get_mut(at) {
            *slot = outcome;
        }
    }

    /// Notes that nobody knows what became of some writes.
    pub(super) fn doubt(&mut self, at: &[usize], reason: &str) {
        for at in at {
            self.set(
                *at,
                Outcome::Uncertain {
                    reason: reason.to_owned(),
                },
            );
        }
    }
}

impl Google {
    /// Sends a batch; mixed ones go kind after kind.
    pub(super) async fn write_batch(&self, batch: &[Write]) -> Written {
        let mut slate = Slate::new(batch.len());
        if self.settings.writes == Writes::Never {
            let reason = "this profile never writes to Google";
            slate.stop = Some(error(REMOTE, "write contacts", Kind::Config, reason));
        }
        for op in ORDER {
            let at: Vec<usize> = (0..batch.len())
                .filter(|at| batch[*at].change.op() == op)
                .collect();
            if at.is_empty() || slate.stop.is_some() {
                continue;
            }
            for chunk in at.chunks(most(op)) {
                if slate.stop.is_some() {
                    break;
                }
                match op {
                    Op::Create => self.create(batch, chunk, &mut slate).await,
                    Op::Update => self.update(batch, chunk, &mut slate).await,
                    Op::Delete => self.remove(batch, chunk, &mut slate).await,
                    Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive => {
                        self.relabel(op, batch, chunk, &mut slate).await;
                    }
                }
            }
        }
        Written {
            outcomes: slate.outcomes,
            stop: slate.stop,
        }
    }

    async fn relabel(&self, op: Op, batch: &[Write], at: &[usize], slate: &mut Slate) {
        let ids: Vec<&RemoteId> = at.iter().filter_map(|at| batch[*at].change.id()).collect();
        match self.change_labels(op, &ids).await {
            Ok(outcomes) => {
                for (at, outcome) in at.iter().zip(outcomes) {
                    slate.set(*at, outcome);
                }
            }
            Err(failed) => {
                if failed.kind == Kind::Unavailable {
                    slate.doubt(at, &failed.reason);
                }
                slate.stop = Some(failed);
            }
        }
    }
}
