//! Plans every island that moved, and looks addresses up before anything is created.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Error;
use super::vetting::vetted;
use super::{Session, intake};
use crate::connector::Source;
use crate::model::{Change, Edit, Island, Key, Limits, Record, RemoteId, Seen, Side, Sides, Write};
use crate::plan::{self, Plan, contact_of};
use crate::state::{IslandPass, Tx};

/// How many islands are planned at a time.
const SLICE: usize = 500;
/// How often adoptions found by a look-up may free places under the limit.
const LOOKUPS: usize = 8;

/// What is known about an island while its writes are under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    /// Its records, to be marked as dealt with.
    pub(super) records: Vec<(Side, RemoteId)>,
    /// Writes that are not settled yet.
    pub(super) open: usize,
    /// Whether it has to be looked at in the next run, whatever becomes of its writes.
    pub(super) restless: bool,
}

/// A plan and the islands behind it.
#[derive(Debug, Default)]
pub(super) struct Thought {
    /// What to do.
    pub(super) plan: Plan,
    /// The islands.
    pub(super) works: Vec<Work>,
    /// Which island a contact belongs to.
    pub(super) island_of: BTreeMap<(Side, RemoteId), usize>,
}

impl Thought {
    fn add(&mut self, island: &Island, mut plan: Plan) {
        let at = self.works.len();
        let mut records: BTreeSet<(Side, RemoteId)> = BTreeSet::new();
        for side in Side::BOTH {
            let own = island.records.on(side).keys();
            records.extend(own.map(|id| (side, id.clone())));
            let linked = island.links.iter().map(|link| link.ids.on(side));
            records.extend(linked.map(|id| (side, id.clone())));
        }
        for write in &plan.writes {
            let (side, id) = contact_of(write);
            self.island_of.insert((side, id.clone()), at);
        }
        self.works.push(Work {
            records: records.into_iter().collect(),
            open: plan.writes.len(),
            restless: !plan.held.is_empty() || plan.needs_a_person(),
        });
        self.plan.writes.append(&mut plan.writes);
        self.plan.extend(plan);
    }

    /// The island of a write.
    pub(super) fn work(&mut self, write: &Write) -> Option<&mut Work> {
        let (side, id) = contact_of(write);
        let at = self.island_of.get(&(side, id.clone()))?;
        self.works.get_mut(*at)
    }

    /// Marks the islands of held writes: they come again in the next run.
    fn mark_held(&mut self) {
        for held in std::mem::take(&mut self.plan.held) {
            if let Some(work) = self.work(&held.write) {
                work.open = work.open.saturating_sub(1);
                work.restless = true;
            }
            self.plan.held.push(held);
        }
    }
}

/// Plans everything that moved since it was last dealt with. Linked records that no reading brought
/// are read first.
pub(super) async fn everything(
    session: &Session<'_>,
    sources: Sides<&dyn Source>,
) -> Result<Thought, Error> {
    let (thought, unproven) = pass(session, sources)?;
    if unproven.is_empty() {
        return Ok(thought);
    }
    read_again(session, sources, &unproven).await?;
    Ok(pass(session, sources)?.0)
}

/// One way through all islands that moved; also the linked records that have to be read before
/// their island can be planned.
fn pass(
    session: &Session<'_>,
    sources: Sides<&dyn Source>,
) -> Result<(Thought, BTreeSet<(Side, RemoteId)>), Error> {
    let mut thought = Thought::default();
    let mut unproven = BTreeSet::new();
    let mut pass = IslandPass::default();
    loop {
        let islands = session.with(|tx| tx.islands(session.scope, &mut pass, SLICE))?;
        if islands.is_empty() {
            break;
        }
        for island in islands {
            let missing = session.with(|tx| intake::unproven(session, tx, &island))?;
            if !missing.is_empty() {
                unproven.extend(missing);
                continue;
            }
            let plan = vetted(session, sources, &island)?;
            thought.add(&island, plan);
        }
    }
    thought.plan.sort();
    Ok((thought, unproven))
}

/// Plans the islands of some records again, after they were read again.
pub(super) fn again(
    session: &Session<'_>,
    sources: Sides<&dyn Source>,
    ids: &BTreeSet<(Side, RemoteId)>,
) -> Result<Thought, Error> {
    let mut thought = Thought::default();
    let mut done = BTreeSet::new();
    for (side, id) in ids {
        if done.contains(&(*side, id.clone())) {
            continue;
        }
        let island = session.with(|tx| tx.island_of(session.scope, *side, id))?;
        for each in Side::BOTH {
            done.extend(island.records.on(each).keys().map(|id| (each, id.clone())));
        }
        done.insert((*side, id.clone()));
        if !session
            .with(|tx| intake::unproven(session, tx, &island))?
            .is_empty()
        {
            continue;
        }
        let plan = vetted(session, sources, &island)?;
        thought.add(&island, plan);
    }
    thought.plan.sort();
    Ok(thought)
}

/// Cuts the plan to the limits, after looking up every address that a create would add.
pub(super) async fn within_limits(
    session: &Session<'_>,
    sources: Sides<&dyn Source>,
    mut thought: Thought,
    limits: &Limits,
) -> Result<Thought, Error> {
    let mut asked = Sides::<BTreeSet<Key>>::default();
    for _ in 0..LOOKUPS {
        let cut = plan::limit(thought.plan.clone(), limits);
        let mut found_any = false;
        let mut asked_any = false;
        for side in Side::BOTH {
            let keys = to_look_up(session, side, &cut, asked.on(side));
            if keys.is_empty() {
                continue;
            }
            asked_any = true;
            let found = sources.on(side).find(&keys).await?;
            asked.on_mut(side).extend(keys);
            found_any |= session.with(|tx| take_in(session, tx, side, found))?;
        }
        if !asked_any {
            thought.plan = cut;
            thought.mark_held();
            return Ok(thought);
        }
        if found_any {
            thought = everything(session, sources).await?;
        }
    }
    // Whatever has not been looked up by now waits for the next run.
    let mut cut = plan::limit(thought.plan.clone(), limits);
    let (safe, unsafe_yet): (Vec<_>, Vec<_>) = cut.writes.into_iter().partition(|write| {
        !needs_look_up(session, write)
            || write
                .key
                .as_ref()
                .is_some_and(|key| asked.on(write.on).contains(key))
    });
    cut.writes = safe;
    cut.held
        .extend(unsafe_yet.into_iter().map(|write| plan::Held {
            because: plan::Because::Deferred,
            write,
        }));
    thought.plan = cut;
    thought.mark_held();
    Ok(thought)
}

fn needs_look_up(session: &Session<'_>, write: &Write) -> bool {
    matches!(write.change, Change::Create { .. })
        && write.key.is_some()
        && !session.whole_account(write.on)
}

fn to_look_up(session: &Session<'_>, side: Side, cut: &Plan, asked: &BTreeSet<Key>) -> Vec<Key> {
    let keys: BTreeSet<_> = cut
        .writes
        .iter()
        .filter(|write| write.on == side && needs_look_up(session, write))
        .filter_map(|write| write.key.as_ref())
        .filter(|key| !asked.contains(*key))
        .cloned()
        .collect();
    keys.into_iter().collect()
}

/// Remembers records found outside the list; says whether there were any new ones.
pub(super) fn take_in(
    session: &Session<'_>,
    tx: &mut Tx<'_>,
    side: Side,
    found: Vec<Record>,
) -> crate::state::Result<bool> {
    let scope = session.scope;
    let ids: Vec<_> = found.iter().map(|record| record.id.clone()).collect();
    let known = tx.seen(scope, side, &ids)?;
    let mut edits = Vec::new();
    for mut record in found {
        if known.contains_key(&record.id) {
            continue;
        }
        record.listed = record.listed && session.tells_membership(side);
        let id = record.id.clone();
        let seen = Seen {
            record,
            replaced: Vec::new(),
            unlisted_since: None,
        };
        edits.push(Edit::PutSeen { side, seen });
        edits.push(Edit::Touch { side, id });
    }
    tx.apply(scope, &edits)?;
    Ok(!edits.is_empty())
}

/// Reads again what moved under a write, so that it can be planned anew.
pub(super) async fn read_again(
    session: &Session<'_>,
    sources: Sides<&dyn Source>,
    ids: &BTreeSet<(Side, RemoteId)>,
) -> Result<Sides<u64>, Error> {
    let mut came = Sides::default();
    for side in Side::BOTH {
        let own: Vec<_> = ids
            .iter()
            .filter(|(each, _)| *each == side)
            .map(|(_, id)| id.clone())
            .collect();
        *came.on_mut(side) =
            intake::direct(session, *sources.on(side), &own, intake::Listed::AsKnown).await?;
    }
    Ok(came)
}
