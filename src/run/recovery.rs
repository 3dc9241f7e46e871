//! Finds out what became of writes whose answer was never heard, before anything else is planned.

use std::collections::BTreeSet;
use std::time::Duration;

use super::error::Error;
use super::folded::{self, settle_done, taken_out};
use super::intake::{self, Listed};
use super::vetting;
use super::{Session, lock};
use crate::connector::{Found, Sink, Source, Stamp};
use crate::model::{Change, Edit, Record, RemoteId, Side, Sides, Stored, Version, Write};
use crate::plan::{self, Recovered};
use crate::state::{JournalNo, OpenWrite, Settled, Tx};

/// What became of open writes.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    /// Those that had landed.
    pub(super) landed: Vec<Write>,
    /// Contacts whose creation cannot be found. A listing may lag behind, so it is not repeated
    /// before the next run.
    pub(super) lost: BTreeSet<(Side, RemoteId)>,
    /// Contacts of other writes, which may be planned again.
    pub(super) again: BTreeSet<(Side, RemoteId)>,
}

/// What to do about a create that cannot be found and was sent so lately that the remote may still be
/// about to store it: sending it again would double the contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Young {
    /// Wait until it is over, and look once more.
    AwaitIt,
    /// Leave it open for the next run.
    LeaveIt,
}

/// Settles every open write of the account pair.
pub(super) async fn recover(
    session: &Session<'_>,
    sinks: Sides<&dyn Sink>,
    young: Young,
) -> Result<Recovery, Error> {
    let open = session.with(|tx| tx.open_writes(session.pair))?;
    let mut recovery = Recovery::default();
    for side in Side::BOTH {
        let own = || open.iter().filter(|open| open.write.on == side);
        let writes: Vec<Write> = own().map(|open| open.write.clone()).collect();
        if writes.is_empty() {
            continue;
        }
        tracing::info!(
            side = side.name(),
            open = writes.len(),
            "an earlier run was cut off; looking what landed"
        );
        let sink = *sinks.on(side);
        let creates: Vec<_> = own()
            .filter(|open| open.write.change.id().is_none())
            .collect();
        let mut found = look(sink, &creates).await?;
        let mut outcomes = session.with(|tx| sort_out(session, tx, side, &writes, &found))?;
        let left = own()
            .zip(&outcomes)
            .filter(|(_, outcome)| **outcome == Recovered::Lost)
            .filter_map(|(open, _)| time_left(session, open))
            .max();
        if let (Some(left), Young::AwaitIt) = (left, young) {
            tracing::info!(
                seconds = left.as_secs(),
                "a create may still be under way; waiting for it"
            );
            tokio::time::sleep(left).await;
            found = look(sink, &creates).await?;
            outcomes = session.with(|tx| sort_out(session, tx, side, &writes, &found))?;
        }
        let again = session.with(|tx| {
            let mut again = Vec::new();
            for (open, outcome) in own().zip(outcomes) {
                let OpenWrite { no, write, .. } = open;
                let twin = Edit::Touch {
                    side: side.other(),
                    id: write.twin.clone(),
                };
                let contact = || {
                    let (side, id) = plan::contact_of(write);
                    (side, id.clone())
                };
                match outcome {
                    Recovered::Landed(record) => {
                        let id = record.id.clone();
                        let touch = Edit::Touch {
                            side,
                            id: id.clone(),
                        };
                        let stored = Stored::Found(record);
                        settle_done(session, tx, write, &stored)?;
                        tx.apply(session.scope, &[touch, twin])?;
                        tx.landed(*no, &Settled::Recovered { id }, folded::left(&stored))?;
                        recovery.landed.push(write.clone());
                    }
                    Recovered::Lost
                        if young == Young::LeaveIt && time_left(session, open).is_some() =>
                    {
                        lock(&session.under_way, |all| all.insert(contact()));
                        recovery.lost.insert(contact());
                    }
                    Recovered::Lost => {
                        if write.key.is_none() && sink.capabilities().stamp == Stamp::Nowhere {
                            tx.say_once(session.scope, vetting::UNSURE, write.twin.as_str())?;
                        }
                        tx.apply(session.scope, &[twin])?;
                        tx.settle(*no, &Settled::Lost, None)?;
                        recovery.lost.insert(contact());
                    }
                    Recovered::ReadAgain(_, id) => {
                        tx.apply(session.scope, &[twin])?;
                        again.push((*no, id, write));
                        recovery.again.insert(contact());
                    }
                }
            }
            Ok(again)
        })?;
        settle_others(session, sink, &again, &mut recovery).await?;
    }
    if !recovery.landed.is_empty() {
        tracing::info!(
            landed = recovery.landed.len(),
            "writes of the cut run had landed"
        );
    }
    Ok(recovery)
}

/// Looks for what creates may have made: by stamp and address, and those that have neither by when they
/// were sent.
async fn look(sink: &dyn Sink, creates: &[&OpenWrite]) -> Result<Vec<Record>, Error> {
    if creates.is_empty() {
        return Ok(Vec::new());
    }
    let writes = |some: &[&OpenWrite]| -> Vec<Write> {
        some.iter().map(|open| open.write.clone()).collect()
    };
    let mut found = sink.look(&writes(creates)).await?;
    let nameless: Vec<_> = creates
        .iter()
        .copied()
        .filter(|open| open.write.key.is_none() && sink.capabilities().stamp == Stamp::Nowhere)
        .collect();
    if let Some(since) = nameless.iter().filter_map(|open| open.sent).min() {
        found.extend(sink.look_nameless(&writes(&nameless), since.0).await?);
    }
    Ok(found)
}

/// What became of a side's open writes, by what a look found.
fn sort_out(
    session: &Session<'_>,
    tx: &Tx<'_>,
    side: Side,
    writes: &[Write],
    found: &[Record],
) -> crate::state::Result<Vec<Recovered>> {
    let mut linked = BTreeSet::new();
    for record in found {
        if tx.linked(session.pair, side, &record.id)?.is_some() {
            linked.insert(record.id.clone());
        }
    }
    let taken = |on: Side, id: &RemoteId| on == side && linked.contains(id);
    Ok(plan::recover(writes, found, taken))
}

/// How long a write may still be under way; none when it is over. A clock that was put back makes
/// nothing younger than new.
fn time_left(session: &Session<'_>, open: &OpenWrite) -> Option<Duration> {
    let age = session.clock().0.saturating_sub(open.sent?.0).max(0);
    let left = session
        .settling
        .checked_sub(Duration::from_secs(u64::try_from(age).ok()?))?;
    (!left.is_zero()).then_some(left)
}

/// Settles writes of records that are there: an update that stands on its record has landed, and so has
/// the delete of one that is gone; whatever else is read again and planned anew.
async fn settle_others(
    session: &Session<'_>,
    source: &dyn Source,
    again: &[(JournalNo, RemoteId, &Write)],
    recovery: &mut Recovery,
) -> Result<(), Error> {
    let ids: Vec<_> = again.iter().map(|(_, id, _)| id.clone()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let found = source.get(&ids).await?;
    let mut unclear = Vec::new();
    session.with(|tx| {
        let mut confirmed = Vec::new();
        for ((no, id, write), found) in again.iter().zip(&found) {
            let landed = Settled::Recovered { id: id.clone() };
            if let Some(version) = stands(session, tx, write, found)? {
                tx.landed(*no, &landed, Some(&version))?;
                confirmed.push(*write);
                recovery.landed.push((*write).clone());
            } else if matches!((&write.change, found), (Change::Delete { .. }, Found::Gone)) {
                // Kept as a write of its run, so that it can be undone.
                tx.settle(*no, &landed, None)?;
                confirmed.push(*write);
                recovery.landed.push((*write).clone());
                unclear.push(id.clone());
            } else {
                unclear.push(id.clone());
                tx.settle(*no, &Settled::Stale, Some("read again after a cut"))?;
            }
        }
        taken_out(session, tx, &confirmed)
    })?;
    intake::direct(session, source, &unclear, Listed::AsKnown).await?;
    Ok(())
}

/// Settles an update or a change of memberships that turns out to have landed; gives the revision that
/// it stands at.
fn stands(
    session: &Session<'_>,
    tx: &mut Tx<'_>,
    write: &Write,
    found: &Found,
) -> crate::state::Result<Option<Version>> {
    let Found::Here(record) = found else {
        return Ok(None);
    };
    if !plan::landed(write, record) {
        return Ok(None);
    }
    let side = write.on;
    let known = tx
        .seen(session.scope, side, std::slice::from_ref(&record.id))?
        .remove(&record.id);
    let link = tx.link_of(session.pair, session.scope, side, &record.id)?;
    let (Some(known), Some(link)) = (known, link) else {
        return Ok(None);
    };
    if *link.ids.on(side.other()) != write.twin {
        return Ok(None);
    }
    let mut record = record.clone();
    if !session.tells_membership(side) {
        record.listed = known.record.listed;
    }
    let (id, version) = (record.id.clone(), record.version.clone());
    settle_done(session, tx, write, &Stored::Record(record))?;
    tx.apply(session.scope, &[Edit::Touch { side, id }])?;
    Ok(Some(version))
}
