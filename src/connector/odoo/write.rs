//! Writing: creates and deletions in batches that Odoo takes whole or not at all, changes one by one.
//!
//! To delete is to archive: Odoo unlinks no partner that something refers to, and an archived one
//! can be brought back by a person.

use std::collections::{BTreeMap, HashMap};
use std::sync::PoisonError;

use futures::FutureExt as _;
use serde_json::{Value as Json, json};

use super::api::Ask;
use super::convert::{self, id};
use super::find::number;
use super::gear::Gear;
use super::outcome::{Setback, rejected};
use super::read::remote;
use super::vet::vet;
use super::{Odoo, PARTNER};
use crate::connector::http::{Repeat, SendError};
use crate::connector::{Error, Whole, Written, bisect};
use crate::model::{Change, Op, Outcome, Refusal, RemoteId, Stored, Version, Write};

/// The most records of one create or one deletion.
const RECORDS: usize = 100;
/// The most changes between two readings of what they change.
const UPDATES: usize = 20;

/// Sorts writes by what they do; the order within a sort stays.
pub(super) fn batches(writes: Vec<Write>) -> Vec<Vec<Write>> {
    let mut by_op: BTreeMap<Op, Vec<Write>> = BTreeMap::new();
    for write in writes {
        by_op.entry(write.change.op()).or_default().push(write);
    }
    let mut batches = Vec::new();
    for (op, mut writes) in by_op {
        let most = match op {
            Op::Create | Op::Delete => RECORDS,
            Op::Update => UPDATES,
            Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive => 1,
        };
        while writes.len() > most {
            let rest = writes.split_off(most);
            batches.push(std::mem::replace(&mut writes, rest));
        }
        batches.push(writes);
    }
    batches
}

impl Odoo {
    /// See [`crate::connector::Sink::write`].
    pub(super) async fn write_batch(&self, batch: &[Write]) -> Written {
        let mut outcomes = vec![Outcome::NotTried; batch.len()];
        let gear = match self.gear() {
            Ok(gear) => gear,
            Err(error) => {
                return Written {
                    outcomes,
                    stop: Some(error),
                };
            }
        };
        let mut by_op: BTreeMap<Op, Vec<usize>> = BTreeMap::new();
        for (at, write) in batch.iter().enumerate() {
            match self.refusal(&gear, write) {
                Some(refusal) => outcomes[at] = Outcome::Rejected(refusal),
                None => by_op.entry(write.change.op()).or_default().push(at),
            }
        }
        for (op, places) in by_op {
            let writes: Vec<Write> = places.iter().map(|at| batch[*at].clone()).collect();
            let written = match op {
                Op::Create => self.create_all(&gear, &writes).await,
                Op::Delete => self.delete_all(&gear, &writes).await,
                Op::Update => self.update_all(&gear, &writes).await,
                Op::Group | Op::Ungroup => self.tag_all(&gear, &writes).await,
                Op::Archive | Op::Unarchive => Written {
                    outcomes: writes
                        .iter()
                        .map(|_| rejected("Odoo has no archive label", "Nothing has to be done."))
                        .collect(),
                    stop: None,
                },
            };
            for (at, outcome) in places.into_iter().zip(written.outcomes) {
                outcomes[at] = outcome;
            }
            if written.stop.is_some() {
                return Written {
                    outcomes,
                    stop: written.stop,
                };
            }
        }
        Written {
            outcomes,
            stop: None,
        }
    }

    fn refusal(&self, gear: &Gear, write: &Write) -> Option<Refusal> {
        if let Err(refusal) = vet(gear, &self.settings.defaults, write) {
            return Some(refusal);
        }
        let key = write
            .key
            .as_ref()
            .filter(|_| write.change.op() == Op::Create)?;
        let further = self.further.lock().unwrap_or_else(PoisonError::into_inner);
        further.get(key).map(|id| Refusal {
            field: Some(gear.mapping.key),
            reason: format!("another contact in Odoo ({id}) has this address behind its first one"),
            hint: "Make it that contact's first address in Odoo, or take it off there.".to_owned(),
        })
    }

    async fn create_all(&self, gear: &Gear, writes: &[Write]) -> Written {
        bisect(writes, &|part| self.create_some(gear, part).boxed()).await
    }

    async fn create_some(&self, gear: &Gear, part: &[Write]) -> Whole {
        let doing = "create contacts";
        let rows: Vec<Json> = part
            .iter()
            .map(|write| match &write.change {
                Change::Create { fields, .. } => {
                    json!(convert::body(gear, fields, self.settings.defaults.iter()))
                }
                Change::Update { .. }
                | Change::Delete { .. }
                | Change::Group { .. }
                | Change::Ungroup { .. }
                | Change::Archive { .. }
                | Change::Unarchive { .. } => json!({}),
            })
            .collect();
        let ask = Ask {
            placed: vec![("vals_list", json!(rows))],
            repeat: Repeat::Once,
            ..Ask::of("create", doing, PARTNER, "create", json!({}))
        };
        let reply = match self.carried_out(ask, "create").await {
            Ok(reply) => reply,
            Err(setback) => return setback.of_batch(),
        };
        let ids: Vec<i64> = serde_json::from_value(reply).unwrap_or_default();
        if ids.len() != part.len() {
            return Whole::Unknown(super::explain::no_sense(
                doing,
                "it does not say which contacts it made",
            ));
        }
        Whole::Taken(
            self.stored(&ids, gear.tag().map(|_| true))
                .await
                .into_iter()
                .map(Outcome::Done)
                .collect(),
        )
    }

    async fn delete_all(&self, gear: &Gear, writes: &[Write]) -> Written {
        let mut outcomes = vec![Outcome::NotTried; writes.len()];
        let standing = match self.unmoved(gear, writes).await {
            Ok(standing) => standing,
            Err(error) => {
                return Written {
                    outcomes,
                    stop: Some(error),
                };
            }
        };
        let mut places = Vec::new();
        let mut open = Vec::new();
        for (at, (write, standing)) in writes.iter().zip(standing).enumerate() {
            match standing {
                Ok(_) => {
                    places.push(at);
                    open.push(write.clone());
                }
                Err(outcome) => outcomes[at] = outcome,
            }
        }
        let written = bisect(&open, &|part| self.archive_some(part).boxed()).await;
        for (at, outcome) in places.into_iter().zip(written.outcomes) {
            outcomes[at] = outcome;
        }
        Written {
            outcomes,
            stop: written.stop,
        }
    }

    async fn archive_some(&self, part: &[Write]) -> Whole {
        let ids: Vec<i64> = part.iter().filter_map(target).collect();
        let ask = Ask {
            ids: Some(ids),
            placed: vec![("vals", json!({"active": false}))],
            repeat: Repeat::Once,
            ..Ask::of("delete", "archive contacts", PARTNER, "write", json!({}))
        };
        match self.carried_out(ask, "write").await {
            Ok(_) => Whole::Taken(vec![Outcome::Done(Stored::Nothing); part.len()]),
            Err(setback) => setback.of_batch(),
        }
    }

    /// Puts contacts under the profile's tag or takes it off them.
    async fn tag_all(&self, gear: &Gear, writes: &[Write]) -> Written {
        let outcomes = vec![Outcome::NotTried; writes.len()];
        let Some(tag) = gear.tag() else {
            let reason = "contacts cannot be put into a saved filter or taken out of it";
            return Written {
                outcomes: outcomes
                    .iter()
                    .map(|_| rejected(reason, "Change the contact in Odoo."))
                    .collect(),
                stop: None,
            };
        };
        bisect(writes, &|part| self.tag_some(tag, part).boxed()).await
    }

    async fn tag_some(&self, tag: i64, part: &[Write]) -> Whole {
        let Some(first) = part.first() else {
            return Whole::Taken(Vec::new());
        };
        if part
            .iter()
            .any(|write| write.change.op() != first.change.op())
        {
            return Whole::Refused(rejected("contacts go in or out", "Nothing has to be done."));
        }
        // 4 is Odoo's word for "and this one too", 3 for "and no longer this one".
        let word = if first.change.op() == Op::Group { 4 } else { 3 };
        let ask = Ask {
            ids: Some(part.iter().filter_map(target).collect()),
            placed: vec![("vals", json!({"category_id": [[word, tag]]}))],
            ..Ask::of("tag", "tag contacts", PARTNER, "write", json!({}))
        };
        match self.carried_out(ask, "write").await {
            Ok(_) => Whole::Taken(vec![Outcome::Done(Stored::Nothing); part.len()]),
            Err(setback) => setback.of_batch(),
        }
    }

    /// Sends a call that writes; its result, or what became of it.
    pub(super) async fn carried_out(&self, ask: Ask<'_>, operation: &str) -> Result<Json, Setback> {
        let doing = ask.doing;
        let sent: Result<_, SendError> = self.call(ask).await;
        match sent {
            Ok(Ok(reply)) => Ok(reply.result),
            Ok(Err(fault)) => Err(self.setback(Ok(fault), operation, doing).await),
            Err(error) => Err(self.setback(Err(error), operation, doing).await),
        }
    }

    /// The records as they stand after a write, in order. Where they cannot be read, what is known.
    pub(super) async fn stored(&self, ids: &[i64], listed: Option<bool>) -> Vec<Stored> {
        let asked: Vec<RemoteId> = ids.iter().copied().map(remote).collect();
        let mut found: HashMap<RemoteId, Stored> = HashMap::new();
        if let Ok(read) = self.get_records(&asked).await {
            for one in read {
                if let crate::connector::Found::Here(record) = one {
                    found.insert(record.id.clone(), Stored::Record(record));
                }
            }
        }
        asked
            .into_iter()
            .map(|id| {
                found.remove(&id).unwrap_or(Stored::Accepted {
                    id,
                    version: Version::from(""),
                    changed_at: None,
                    listed,
                })
            })
            .collect()
    }

    /// The records of some writes as they are now, each when it is still at the expected revision;
    /// else its outcome.
    pub(super) async fn unmoved(
        &self,
        gear: &Gear,
        writes: &[Write],
    ) -> Result<Vec<Result<super::wire::Row, Outcome>>, Error> {
        let ids: Vec<i64> = writes.iter().filter_map(target).collect();
        let rows = self.by_id(gear, &ids).await?;
        let mut rows: HashMap<i64, super::wire::Row> = rows
            .into_iter()
            .filter_map(|row| Some((id(&row)?, row)))
            .collect();
        Ok(writes
            .iter()
            .map(|write| {
                let row = target(write).and_then(|id| rows.remove(&id));
                let Some(row) = row else {
                    // Unlinked, or hidden from the user by now: whoever reads it again finds out.
                    return Err(Outcome::Stale);
                };
                if !convert::active(&row) {
                    return Err(Outcome::Gone);
                }
                let (Change::Update { expected, .. } | Change::Delete { expected, .. }) =
                    &write.change
                else {
                    return Ok(row);
                };
                match convert::record(gear, &row, false) {
                    Some(record) if record.version == *expected => Ok(row),
                    Some(_) | None => Err(Outcome::Stale),
                }
            })
            .collect())
    }
}

/// The number of the record that a write addresses.
pub(super) fn target(write: &Write) -> Option<i64> {
    write.change.id().and_then(number)
}
