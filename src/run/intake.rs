//! Takes what a remote said about records into the mirror: heard, gone, read directly, not provable.

use std::collections::BTreeMap;

use super::Session;
use super::error::Error;
use crate::connector::{Found, Source};
use crate::model::{Edit, Island, Record, RemoteId, Rest, Seen, Side};
use crate::plan::{self, Heard};
use crate::state::{Db, ListingNo, Tx};

/// The most identifiers of one direct read.
const DIRECT_READ: usize = 200;

/// What is known about the membership of records that are read by identifier, on a side where a
/// direct read does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    /// They are in the list.
    Yes,
    /// They are not.
    No,
    /// As the mirror has it.
    AsKnown,
}

/// Reads records by identifier and absorbs what they are now; returns how many came.
pub(super) async fn direct(
    session: &Session<'_>,
    source: &dyn Source,
    ids: &[RemoteId],
    listed: Listed,
) -> Result<u64, Error> {
    let mut came = 0;
    for ids in ids.chunks(DIRECT_READ) {
        let found = source.get(ids).await?;
        let found = ids.iter().zip(found).collect();
        came += session.with(|tx| take(session, tx, source.side(), found, listed))?;
    }
    Ok(came)
}

/// Reads records by identifier and absorbs those that go by another one now; returns how many did. What the
/// others are is not asked: a remote may not show yet what was just written.
pub(super) async fn follow(
    session: &Session<'_>,
    source: &dyn Source,
    ids: &[RemoteId],
) -> Result<u64, Error> {
    let mut came = 0;
    for ids in ids.chunks(DIRECT_READ) {
        let found = source.get(ids).await?;
        let moved = ids.iter().zip(found);
        let moved: Vec<_> = moved
            .filter(|(_, found)| matches!(found, Found::Moved(_)))
            .collect();
        came += session.with(|tx| take(session, tx, source.side(), moved, Listed::AsKnown))?;
    }
    Ok(came)
}

/// Absorbs what a direct read found; returns how many records came.
fn take(
    session: &Session<'_>,
    tx: &mut Tx<'_>,
    side: Side,
    found: Vec<(&RemoteId, Found)>,
    listed: Listed,
) -> crate::state::Result<u64> {
    let scope = session.scope;
    let ids: Vec<_> = found.iter().map(|(id, _)| (*id).clone()).collect();
    let known = tx.seen(scope, side, &ids)?;
    let mut came = 0;
    for (id, found) in found {
        let moved = matches!(found, Found::Moved(_));
        match found {
            Found::Here(mut record) | Found::Moved(mut record) => {
                came += 1;
                if !session.tells_membership(side) {
                    record.listed = match listed {
                        Listed::Yes => true,
                        Listed::No => false,
                        Listed::AsKnown => known
                            .get(id)
                            .map_or(record.listed, |known| known.record.listed),
                    };
                }
                if moved {
                    rename(session, tx, side, id, &record)?;
                }
                hear(session, tx, side, *record)?;
                let id = id.clone();
                tx.apply(scope, &[Edit::Touch { side, id }])?;
            }
            Found::Gone => gone(session, tx, side, std::slice::from_ref(id))?,
            Found::Hidden => {
                let link = tx.link_of(session.pair, scope, side, id)?;
                session.vanished(tx, side, id, link.as_ref())?;
            }
        }
    }
    Ok(came)
}

/// A record that was asked for as `id` goes by another identifier.
fn rename(
    session: &Session<'_>,
    tx: &mut Tx<'_>,
    side: Side,
    id: &RemoteId,
    record: &Record,
) -> crate::state::Result<()> {
    let scope = session.scope;
    let old = tx.link_of(session.pair, scope, side, id)?;
    let new = tx.link_of(session.pair, scope, side, &record.id)?;
    let links = (old.as_ref(), new.as_ref());
    let to = &record.id;
    let before = tx.seen(scope, side, std::slice::from_ref(to))?;
    // A record that this reading brought under a name that nobody knew is the old one under its new name.
    let heir = match before.get(to) {
        Some(_) if tx.met_now(scope, side, to)? => None,
        Some(before) => Some(&before.record),
        None => None,
    };
    tx.apply(scope, &plan::renamed(side, id, to, heir, links))?;
    // The CRM made one record of two linked ones: this pair has none of its own any more, and its contact
    // stays as it is.
    if side == Side::Crm && new.is_some() {
        session.vanished(tx, side, id, old.as_ref())?;
    }
    Ok(())
}

/// How many records of one reading are read directly because it brought them older than they were. A
/// side that was put back from a backup brings more, and the brakes see to that.
const DOUBTED: usize = 200;

/// Absorbs records that a reading brought. Those that came older than they were are put aside: they count
/// as heard, and are to be read directly, as listed or not.
pub(super) fn hear_listed(
    session: &Session<'_>,
    tx: &mut Tx<'_>,
    side: Side,
    records: Vec<Record>,
    listing: Option<ListingNo>,
    doubted: &mut Vec<(RemoteId, Listed)>,
) -> crate::state::Result<()> {
    let ids: Vec<_> = records.iter().map(|record| record.id.clone()).collect();
    let known = tx.seen(session.scope, side, &ids)?;
    let mut older = Vec::new();
    let mut told = Vec::new();
    for record in records {
        let back = known
            .get(&record.id)
            .is_some_and(|known| plan::goes_back(known, &record));
        if back && doubted.len() < DOUBTED {
            let listed = if record.listed {
                Listed::Yes
            } else {
                Listed::No
            };
            doubted.push((record.id.clone(), listed));
            older.push(record.id);
        } else {
            told.push(record);
        }
    }
    if let Some(listing) = listing {
        tx.hear(session.scope, side, listing, &older)?;
    }
    fold(session, tx, side, told, &known, listing)
}

/// Absorbs a record that was read directly, whatever it says.
fn hear(
    session: &Session<'_>,
    tx: &mut Tx<'_>,
    side: Side,
    record: Record,
) -> crate::state::Result<()> {
    let known = tx.seen(session.scope, side, std::slice::from_ref(&record.id))?;
    fold(session, tx, side, vec![record], &known, None)
}

/// Folds records into what is known of them.
fn fold(
    session: &Session<'_>,
    tx: &mut Tx<'_>,
    side: Side,
    records: Vec<Record>,
    known: &BTreeMap<RemoteId, Seen>,
    listing: Option<ListingNo>,
) -> crate::state::Result<()> {
    let scope = session.scope;
    let mut edits = Vec::new();
    let mut echoes = Vec::new();
    for record in records {
        let before = known.get(&record.id);
        let id = record.id.clone();
        match plan::absorb(before, record, *session.revisions.on(side)) {
            Heard::Echo => echoes.push(id),
            Heard::Same(seen) => edits.push(Edit::PutSeen { side, seen }),
            Heard::Changed(seen) => {
                let matters = linked(session, tx, side, &id)?
                    || seen.record.listed
                    || before.is_some_and(|before| before.record.listed)
                    || known_elsewhere(session, tx, &seen, side)?;
                let wanted = matters || session.whole_account(side) || before.is_some();
                if wanted {
                    edits.push(Edit::PutSeen { side, seen });
                }
                if matters {
                    edits.push(Edit::Touch { side, id });
                }
            }
        }
    }
    if let Some(listing) = listing {
        tx.hear(scope, side, listing, &echoes)?;
    }
    tx.apply(scope, &edits)
}

/// Whether a record that was heard is linked. Whatever proof there was that it is gone is void.
fn linked(
    session: &Session<'_>,
    tx: &mut Tx<'_>,
    side: Side,
    id: &RemoteId,
) -> crate::state::Result<bool> {
    let linked = tx.linked(session.pair, side, id)?.is_some();
    if linked {
        tx.unsay(session.scope, gone_word(side), id.as_str())?;
    }
    Ok(linked)
}

/// Whether the other side knows one of the record's addresses: a candidate, or a new record for an
/// ended pair.
fn known_elsewhere(
    session: &Session<'_>,
    tx: &Tx<'_>,
    seen: &Seen,
    side: Side,
) -> crate::state::Result<bool> {
    for key in seen.record.addresses() {
        if tx.has_key(session.scope, side.other(), key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Records that the remote itself says are deleted.
pub(super) fn gone(
    session: &Session<'_>,
    tx: &mut Tx<'_>,
    side: Side,
    ids: &[RemoteId],
) -> crate::state::Result<()> {
    let scope = session.scope;
    let known = tx.seen(scope, side, ids)?;
    let mut edits = Vec::new();
    for id in ids {
        let linked = tx.linked(session.pair, side, id)?.is_some();
        if known.contains_key(id) {
            let id = id.clone();
            edits.push(Edit::DropSeen { side, id });
        }
        if linked {
            tx.say_once(scope, gone_word(side), id.as_str())?;
            let id = id.clone();
            edits.push(Edit::Touch { side, id });
        }
    }
    tx.apply(scope, &edits)
}

/// Under this word the state file keeps the proof that a linked record was deleted.
fn gone_word(side: Side) -> &'static str {
    match side {
        Side::Google => "gone from google",
        Side::Crm => "gone from crm",
    }
}

/// The linked records of an island that are not in the mirror although nothing proves that they were
/// deleted (the profile is new on these accounts, or its view is another): they have to be read.
pub(super) fn unproven(
    session: &Session<'_>,
    db: &Db,
    island: &Island,
) -> crate::state::Result<Vec<(Side, RemoteId)>> {
    let mut missing = Vec::new();
    for link in &island.links {
        if !matches!(link.rest, Rest::Awake | Rest::Left(_)) {
            continue;
        }
        for side in Side::BOTH {
            let id = link.ids.on(side);
            if !island.records.on(side).contains_key(id)
                && !db.said(session.scope, gone_word(side), id.as_str())?
            {
                missing.push((side, id.clone()));
            }
        }
    }
    Ok(missing)
}
