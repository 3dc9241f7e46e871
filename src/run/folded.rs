//! Confirmed writes, folded into the edits of the state that they call for.

use std::collections::BTreeSet;

use super::Session;
use crate::model::{Change, Edit, Op, RemoteId, Side, Sides, Stored, Version, Write};
use crate::plan;
use crate::state::Tx;

/// Confirmed writes of one batch, folded into edits that are made together.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub(super) edits: Vec<Edit>,
    /// Records that they are about and that were there before.
    about: BTreeSet<RemoteId>,
}

impl Folded {
    /// Makes the edits.
    pub(super) fn keep(
        &mut self,
        session: &Session<'_>,
        tx: &mut Tx<'_>,
    ) -> crate::state::Result<()> {
        self.about.clear();
        let edits = std::mem::take(&mut self.edits);
        tx.apply(session.scope, &edits)
    }

    /// Folds a confirmed write in; returns the record's identifier.
    pub(super) fn settle_done(
        &mut self,
        session: &Session<'_>,
        tx: &mut Tx<'_>,
        write: &Write,
        stored: &Stored,
    ) -> crate::state::Result<Option<RemoteId>> {
        let (scope, on) = (session.scope, write.on);
        let known = match write.change.id() {
            Some(id) => {
                // What is known of a record has to have the writes before this one in it.
                if !self.about.insert(id.clone()) {
                    self.keep(session, tx)?;
                    self.about.insert(id.clone());
                }
                tx.seen(scope, on, std::slice::from_ref(id))?.remove(id)
            }
            None => None,
        };
        let edits = plan::settle(write, stored, known.as_ref(), &session.rules, session.now);
        self.edits.extend(edits);
        if let (Some(link), Change::Update { .. }) = (write.link, &write.change) {
            let known = tx.flips(link)?;
            if let Some(next) = plan::flipped(write, &known, session.now) {
                tx.put_flips(link, &next)?;
            }
        }
        let id = match stored {
            Stored::Record(record) | Stored::Found(record) => Some(record.id.clone()),
            Stored::Accepted { id, .. } => Some(id.clone()),
            Stored::Nothing => write.change.id().cloned(),
        };
        if let Some(id) = &id {
            tx.spread(scope, on, std::slice::from_ref(id))?;
        }
        Ok(id)
    }
}

/// Folds a single confirmed write into the state; returns the record's identifier.
pub(super) fn settle_done(
    session: &Session<'_>,
    tx: &mut Tx<'_>,
    write: &Write,
    stored: &Stored,
) -> crate::state::Result<Option<RemoteId>> {
    let mut folded = Folded::default();
    let id = folded.settle_done(session, tx, write, stored)?;
    folded.keep(session, tx)?;
    Ok(id)
}

/// What we took out of a list is no reason for a later run to think that the list was read short, even
/// if this run is cut off here. What we put in counts when a run finishes.
pub(super) fn taken_out(
    session: &Session<'_>,
    tx: &mut Tx<'_>,
    confirmed: &[&Write],
) -> crate::state::Result<()> {
    let mut out = Sides::<u64>::default();
    for write in confirmed {
        match write.change.op() {
            Op::Delete | Op::Ungroup | Op::Archive => *out.on_mut(write.on) += 1,
            Op::Create | Op::Update | Op::Group | Op::Unarchive => {}
        }
    }
    if out == Sides::default() {
        return Ok(());
    }
    tx.set_facts(session.scope, |facts| {
        for side in Side::BOTH {
            let known = facts.last_listed.on_mut(side);
            *known = known.map(|last| last.saturating_sub(*out.on(side)));
        }
    })
}

/// The revision that a write left, kept for a later undo.
pub(super) fn left(stored: &Stored) -> Option<&Version> {
    match stored {
        Stored::Record(record) | Stored::Found(record) => Some(&record.version),
        Stored::Accepted { version, .. } => Some(version),
        Stored::Nothing => None,
    }
}
