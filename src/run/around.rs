//! How things are around a record that an undo is about.

use std::collections::BTreeSet;

use super::Session;
use super::vetting::rejected;
use crate::connector::Source;
use crate::model::{Change, Island, Op, Side, Sides};
use crate::plan::{Because, FieldNames, Held, Past, Plan};
use crate::state::{self, Tx};

/// The Google paths of all fields that were ever mapped.
pub(super) fn names(session: &Session<'_>, tx: &Tx<'_>) -> state::Result<FieldNames> {
    let mut names: FieldNames = tx.field_names()?;
    for name in names.values_mut() {
        if let Some((_, path)) = name.split_once('=') {
            *name = path.to_owned();
        }
    }
    names.extend(session.names.clone());
    Ok(names)
}

/// How things are around a record: its pair, its twin, and whoever has the address of a removed one.
pub(super) fn around(session: &Session<'_>, tx: &Tx<'_>, past: &Past) -> state::Result<Island> {
    let mut places = vec![(past.on, past.id.clone())];
    places.extend(past.twin().map(|twin| (past.on.other(), twin.clone())));
    if past.undone_by() == Some(Op::Create)
        && let Some(key) = past.lost_key(&session.rules)
    {
        let holders = tx.holders(session.scope, past.on, &key)?;
        places.extend(holders.into_iter().map(|id| (past.on, id)));
    }
    let mut all = Island::default();
    for (side, id) in places {
        if all.records.on(side).contains_key(&id) {
            continue;
        }
        let island = tx.island_of(session.scope, side, &id)?;
        for side in Side::BOTH {
            let records = island.records.on(side).clone();
            all.records.on_mut(side).extend(records);
        }
        let known: BTreeSet<_> = all.links.iter().map(|link| link.no).collect();
        let links = island.links.into_iter();
        all.links
            .extend(links.filter(|link| !known.contains(&link.no)));
    }
    Ok(all)
}

/// Takes out what the remotes would refuse, and reports it.
pub(super) fn vet(session: &Session<'_>, sources: Sides<&dyn Source>, plan: &mut Plan) {
    for write in std::mem::take(&mut plan.writes) {
        if session.is_under_way(&write) {
            plan.held.push(Held {
                because: Because::Deferred,
                write,
            });
            continue;
        }
        match sources.on(write.on).vet(&write) {
            Ok(()) => plan.writes.push(write),
            Err(refusal) => {
                plan.problems.push(rejected(session, &write, &refusal));
                // The pair goes on: nothing is removed.
                if matches!(write.change, Change::Delete { .. }) {
                    plan.notes.clear();
                }
            }
        }
    }
}
