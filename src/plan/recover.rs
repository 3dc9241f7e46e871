//! Finishes what an interrupted run left open, using what the remotes say now.

use crate::model::{Change, Record, RemoteId, Side, Write};

/// What became of a write whose answer was never heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// The record was created; settle it like a confirmed create.
    Landed(Box<Record>),
    /// It was not created: the next plan creates it again.
    Lost,
    /// The record has to be read again and compared; nothing can be doubled.
    ReadAgain(Side, RemoteId),
}

/// Whether a write whose answer was never heard stands on the record now: every field holds what was
/// sent, or its memberships are as asked.
#[must_use]
pub fn landed(write: &Write, now: &Record) -> bool {
    match &write.change {
        Change::Update { patch, .. } => patch
            .iter()
            .all(|(field, swap)| now.fields.get(field) == swap.to.as_ref()),
        Change::Group { .. } => now.listed,
        Change::Ungroup { .. } => !now.listed,
        Change::Archive { .. } => !now.listed && now.archived,
        Change::Unarchive { .. } => now.listed && !now.archived,
        Change::Create { .. } | Change::Delete { .. } => false,
    }
}

/// Whether a record holds every field that a create sent.
fn says_the_same(write: &Write, record: &Record) -> bool {
    match &write.change {
        Change::Create { fields, .. } => {
            !fields.is_empty()
                && fields
                    .iter()
                    .all(|(field, sent)| record.fields.get(field) == Some(sent))
        }
        Change::Update { .. }
        | Change::Delete { .. }
        | Change::Group { .. }
        | Change::Ungroup { .. }
        | Change::Archive { .. }
        | Change::Unarchive { .. } => false,
    }
}

/// Sorts out open writes. `found` is what a fresh look brought: records that may be the creations. One
/// without an address is known by all that was sent, where exactly one free record without an address
/// says just that.
/// `taken` says whether a record is linked already.
///
/// Only creates need looking: repeating one would make a duplicate. An update, a delete or a group
/// change that landed is seen by the next plan as two sides that agree.
#[must_use]
pub fn recover(
    open: &[Write],
    found: &[Record],
    taken: impl Fn(Side, &RemoteId) -> bool,
) -> Vec<Recovered> {
    let mut used = Vec::<&RemoteId>::new();
    open.iter()
        .map(|write| match &write.change {
            Change::Create { .. } => {
                let free =
                    |record: &&Record| !used.contains(&&record.id) && !taken(write.on, &record.id);
                let stamped = found
                    .iter()
                    .filter(free)
                    .find(|record| record.stamp.as_ref() == Some(&write.twin));
                let landed = stamped.or_else(|| {
                    let mut same = found.iter().filter(free).filter(|record| {
                        record.stamp.is_none()
                            && record.key == write.key
                            && (write.key.is_some() || says_the_same(write, record))
                    });
                    same.next().filter(|_| same.next().is_none())
                });
                match landed {
                    Some(record) => {
                        used.push(&record.id);
                        Recovered::Landed(Box::new(record.clone()))
                    }
                    None => Recovered::Lost,
                }
            }
            Change::Update { id, .. }
            | Change::Delete { id, .. }
            | Change::Group { id }
            | Change::Ungroup { id }
            | Change::Archive { id }
            | Change::Unarchive { id } => Recovered::ReadAgain(write.on, id.clone()),
        })
        .collect()
}
