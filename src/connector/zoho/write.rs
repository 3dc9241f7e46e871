//! Writing: batches of one kind, the re-read before them, the calls, and outcomes in order.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::json;

use super::Zoho;
use super::api::{Ask, Failure, Landed, Refusals, fail};
use super::credits::of_records;
use super::gear::Gear;
use super::outcome::outcome;
use super::row::Told;
use super::wire::{ApiError, Body, WriteAnswer};
use super::{convert, coql};
use crate::connector::batching::cut;
use crate::connector::http::Repeat;
use crate::connector::{Kind, Written};
use crate::model::{Change, Op, Outcome, Refusal, RemoteId, Version, Write};

/// Records in a create or an update.
const RECORDS: usize = 100;
/// Identifiers in a delete: the parameter takes 1,024 characters.
const DELETES: usize = 50;

/// What a call answered about its records.
pub(super) enum Said {
    /// One item per record.
    Items(Vec<ApiError>),
    /// One refusal for all of them.
    All(ApiError),
}

/// Sorts writes by kind, oldest first within each, and cuts them to what a call takes.
pub(super) fn batches(writes: Vec<Write>) -> Vec<Vec<Write>> {
    let mut by_op: BTreeMap<Op, Vec<Write>> = BTreeMap::new();
    for write in writes {
        by_op.entry(write.change.op()).or_default().push(write);
    }
    let mut batches = Vec::new();
    for (op, writes) in by_op {
        let most = if op == Op::Delete { DELETES } else { RECORDS };
        batches.extend(cut(writes, most));
    }
    batches
}

/// A batch on its way: outcomes found so far, by place.
pub(super) struct Progress<'a> {
    pub(super) batch: &'a [Write],
    pub(super) outcomes: Vec<Outcome>,
    pub(super) stop: Option<crate::connector::Error>,
}

impl<'a> Progress<'a> {
    fn new(batch: &'a [Write]) -> Self {
        Self {
            batch,
            outcomes: vec![Outcome::NotTried; batch.len()],
            stop: None,
        }
    }

    /// The places of a kind of write that have no outcome yet.
    fn open(&self, op: Op) -> Vec<usize> {
        (0..self.batch.len())
            .filter(|at| self.batch[*at].change.op() == op)
            .filter(|at| self.outcomes[*at] == Outcome::NotTried)
            .collect()
    }

    /// The record that a place writes to.
    pub(super) fn id(&self, at: usize) -> Option<&'a RemoteId> {
        self.batch[at].change.id()
    }

    /// The revision that a place was planned on.
    pub(super) fn expected(&self, at: usize) -> Option<&'a Version> {
        match &self.batch[at].change {
            Change::Update { expected, .. } | Change::Delete { expected, .. } => Some(expected),
            Change::Create { .. }
            | Change::Group { .. }
            | Change::Ungroup { .. }
            | Change::Archive { .. }
            | Change::Unarchive { .. } => None,
        }
    }
}

impl Zoho {
    /// See [`crate::connector::Sink::write`].
    pub(super) async fn write_batch(&self, batch: &[Write]) -> Written {
        let mut progress = Progress::new(batch);
        match self.gear() {
            Ok(gear) => {
                self.refuse(&gear, &mut progress);
                for op in [Op::Create, Op::Update, Op::Delete] {
                    let open = progress.open(op);
                    if !open.is_empty() && progress.stop.is_none() {
                        self.write_kind(&gear, op, open, &mut progress).await;
                    }
                }
            }
            Err(error) => progress.stop = Some(error),
        }
        Written {
            outcomes: progress.outcomes,
            stop: progress.stop,
        }
    }

    /// Settles what is not sent at all: what the metadata forbids, and what this remote has not got.
    fn refuse(&self, gear: &Gear, progress: &mut Progress<'_>) {
        for (write, outcome) in progress.batch.iter().zip(&mut progress.outcomes) {
            match write.change.op() {
                Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive => {
                    *outcome = Outcome::Rejected(Refusal {
                        field: None,
                        reason: "Zoho CRM's list views follow from their criteria; records cannot be put \
                                 into them or taken out"
                            .to_owned(),
                        hint: "Change the record or the view in Zoho CRM.".to_owned(),
                    });
                }
                Op::Create | Op::Update | Op::Delete => {
                    if let Err(refusal) = super::vet::vet(gear, &self.settings.defaults, write) {
                        *outcome = Outcome::Rejected(refusal);
                    }
                }
            }
        }
    }

    async fn write_kind(
        &self,
        gear: &Gear,
        op: Op,
        mut places: Vec<usize>,
        progress: &mut Progress<'_>,
    ) {
        // A single update is locked by its header instead.
        let locked = op == Op::Update && places.len() == 1;
        if op != Op::Create && !locked {
            match self.unmoved(gear, &places, progress).await {
                Ok(left) => places = left,
                Err(failure) => {
                    progress.stop = Some(failure.error);
                    return;
                }
            }
        }
        // Zoho refuses a request as a whole when it cannot read it: then each half for itself, so that
        // one record sinks no other.
        let mut stack = vec![places];
        while let Some(places) = stack.pop() {
            if places.is_empty() || progress.stop.is_some() {
                continue;
            }
            let start = self.server_now() - 5;
            match self.send(gear, op, &places, progress).await {
                Ok(Said::Items(items)) if items.len() == places.len() => {
                    tell(gear, op, &places, &items, progress);
                }
                Ok(Said::Items(_)) => {
                    let failure = Failure {
                        landed: Landed::Answered,
                        ..fail(
                            "write records",
                            Kind::Protocol,
                            "the answer has another number of records than the request",
                        )
                        .into()
                    };
                    self.settle(gear, op, &places, start, failure, progress)
                        .await;
                }
                Ok(Said::All(said)) => {
                    if let [at] = places[..] {
                        progress.outcomes[at] = outcome(gear, op, progress.id(at), &said);
                    } else {
                        let (first, second) = places.split_at(places.len() / 2);
                        stack.push(second.to_vec());
                        stack.push(first.to_vec());
                    }
                }
                Err(failure) if failure.landed == Landed::No => {
                    progress.stop = Some(failure.error);
                }
                Err(failure) => {
                    self.settle(gear, op, &places, start, failure, progress)
                        .await;
                }
            }
        }
    }

    /// The places whose records are still at the expected revision; the others are stale. Records
    /// that were read a moment ago are believed.
    async fn unmoved(
        &self,
        gear: &Gear,
        places: &[usize],
        progress: &mut Progress<'_>,
    ) -> Result<Vec<usize>, Failure> {
        let fresh = |at: &usize| progress.id(*at).is_some_and(|id| self.is_fresh(id));
        if places.iter().all(fresh) {
            return Ok(places.to_vec());
        }
        let now = self.versions(gear, places, progress).await?;
        let mut left = Vec::new();
        for at in places.iter().copied() {
            let same = progress
                .id(at)
                .and_then(|id| now.get(id))
                .is_some_and(|version| Some(version) == progress.expected(at));
            if same {
                left.push(at);
            } else {
                progress.outcomes[at] = Outcome::Stale;
            }
        }
        Ok(left)
    }

    /// The present revision of each place's record, as far as it can be seen.
    pub(super) async fn versions(
        &self,
        gear: &Gear,
        places: &[usize],
        progress: &Progress<'_>,
    ) -> Result<BTreeMap<RemoteId, Version>, Failure> {
        let columns = ["id".to_owned(), "Modified_Time".to_owned()];
        let ids: Vec<&str> = places
            .iter()
            .filter_map(|at| progress.id(*at))
            .map(RemoteId::as_str)
            .collect();
        let doing = "read whether records changed meanwhile";
        let rows = self
            .rows_by_id(gear, doing, &columns, &columns[1..], &ids)
            .await?;
        Ok(rows
            .iter()
            .filter_map(|row| {
                let time = row.get("Modified_Time").and_then(Told::as_str)?;
                Some((convert::id(row)?, convert::version(time)))
            })
            .collect())
    }

    /// Sends one kind of write for some places.
    pub(super) async fn send(
        &self,
        gear: &Gear,
        op: Op,
        places: &[usize],
        progress: &Progress<'_>,
    ) -> Result<Said, Failure> {
        let (name, doing, method, action) = match op {
            Op::Create => ("create", "create records", Method::POST, "CREATE"),
            Op::Delete => ("delete", "delete records", Method::DELETE, "DELETE"),
            Op::Update | Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive => {
                ("update", "update records", Method::PUT, "UPDATE")
            }
        };
        let mut ask = Ask {
            method,
            repeat: Repeat::Once,
            refusals: Refusals::Taken,
            ..Ask::get(name, doing, gear.module.clone(), self.scope(action))
        };
        if op == Op::Delete {
            let ids: Vec<&str> = places
                .iter()
                .filter_map(|at| progress.id(*at))
                .map(RemoteId::as_str)
                .collect();
            ask.query = vec![("ids", ids.join(","))];
            if self.settings.trigger.is_empty() {
                ask.query.push(("wf_trigger", "false".to_owned()));
            }
        } else {
            let data: Vec<Body> = places
                .iter()
                .map(|at| self.body(gear, &progress.batch[*at].change))
                .collect();
            ask.credits = of_records(data.len());
            ask.body = Some(json!({ "data": data, "trigger": self.settings.trigger }));
        }
        if let ([at], Op::Update) = (places, op)
            && let Some(second) = progress
                .expected(*at)
                .and_then(|version| convert::second(version.as_str()))
        {
            ask.headers
                .push(("If-Unmodified-Since", coql::instant(second)));
        }
        let reply = self.call(ask).await?;
        let body = &reply.answer.body;
        if let Ok(answer) = serde_json::from_slice::<WriteAnswer>(body)
            && !answer.data.is_empty()
        {
            return Ok(Said::Items(answer.data));
        }
        serde_json::from_slice::<ApiError>(body)
            .map(Said::All)
            .map_err(|_| Failure {
                landed: if reply.answer.status >= 400 {
                    Landed::No
                } else {
                    Landed::Unknown
                },
                ..fail(
                    doing,
                    Kind::Protocol,
                    &format!(
                        "status {} with an answer of no known form",
                        reply.answer.status
                    ),
                )
                .into()
            })
    }

    fn body(&self, gear: &Gear, change: &Change) -> Body {
        match change {
            Change::Create { fields, .. } => {
                convert::body(gear, fields, self.settings.defaults.iter())
            }
            Change::Update { id, patch, .. } => convert::patch_body(gear, id, patch),
            Change::Delete { .. }
            | Change::Group { .. }
            | Change::Ungroup { .. }
            | Change::Archive { .. }
            | Change::Unarchive { .. } => Body::new(),
        }
    }
}

/// Takes in an answer that has one item for every place, in order.
fn tell(gear: &Gear, op: Op, places: &[usize], items: &[ApiError], progress: &mut Progress<'_>) {
    for (at, item) in places.iter().zip(items) {
        progress.outcomes[*at] = outcome(gear, op, progress.id(*at), item);
    }
}
