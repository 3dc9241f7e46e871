//! Plans every island that moved, and looks addresses up before anything is created.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Error;
use super::failing::Contact;
use super::vetting::vetted;
use super::{Session, intake};
use crate::connector::Source;
use crate::model::{
    Change, Edit, Island, Key, Limits, Op, Record, RemoteId, Seen, Side, Sides, Write,
};
use crate::plan::{self, Cut, Load, Note, Plan, contact_of};
use crate::state::{Db, IslandPass, Tx};

/// How many islands are planned at a time.
pub(super) const SLICE: usize = 500;
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

/// A plan and the islands behind it. What a plan only remembers is not kept here: [`remembered`] finds it
/// again, a slice at a time.
#[derive(Debug, Default)]
pub(super) struct Thought {
    /// What to do.
    pub(super) plan: Plan,
    /// The islands with writes that are not settled yet, by number.
    works: BTreeMap<usize, Work>,
    /// Which island a contact belongs to.
    island_of: BTreeMap<(Side, RemoteId), usize>,
    /// How many islands had writes.
    islands: usize,
    /// Islands that are to be planned once more, for what is to be remembered of them.
    pub(super) noted: Vec<Noted>,
    /// How many pairs of records, both there before, become one contact.
    pub(super) adopted: u64,
    /// What the whole plan came to, with what waits.
    pub(super) load: Load,
    /// How many contacts wait that the plan does not hold any more.
    pub(super) deferred: u64,
    /// Those of them that failed before.
    pub(super) waiting: BTreeSet<Contact>,
}

/// An island whose plan has something to remember.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    /// One of its records.
    pub(super) place: (Side, RemoteId),
    /// Whether it is dealt with once that is kept.
    pub(super) quiet: bool,
}

/// Every record of an island, there or only linked.
fn records_of(island: &Island) -> BTreeSet<(Side, RemoteId)> {
    let mut records = BTreeSet::new();
    for side in Side::BOTH {
        let own = island.records.on(side).keys();
        records.extend(own.map(|id| (side, id.clone())));
        let linked = island.links.iter().map(|link| link.ids.on(side));
        records.extend(linked.map(|id| (side, id.clone())));
    }
    records
}

/// The edits that mark an island as dealt with.
pub(super) fn quiet(island: &Island) -> impl Iterator<Item = Edit> {
    let records = records_of(island).into_iter();
    records.map(|(side, id)| Edit::Quiet { side, id })
}

impl Thought {
    /// Takes the plan of an island in; says whether there is nothing at all to do about the island.
    fn add(&mut self, island: &Island, mut plan: Plan) -> bool {
        if plan == Plan::default() {
            return true;
        }
        let restless = !plan.held.is_empty() || plan.needs_a_person();
        let records = records_of(island);
        let over = plan.writes.is_empty() && !restless;
        if (over || !plan.notes.is_empty())
            && let Some(place) = records.first()
        {
            let place = place.clone();
            self.noted.push(Noted { place, quiet: over });
        }
        let adopted = |note: &&Note| matches!(note, Note::Adopt(_));
        self.adopted += plan.notes.iter().filter(adopted).count() as u64;
        self.load.add(&plan);
        plan.notes.clear();
        if !plan.writes.is_empty() {
            for write in &plan.writes {
                let (side, id) = contact_of(write);
                self.island_of.insert((side, id.clone()), self.islands);
            }
            let work = Work {
                records: records.into_iter().collect(),
                open: plan.writes.len(),
                restless,
            };
            self.works.insert(self.islands, work);
            self.islands += 1;
        }
        self.plan.extend(plan);
        false
    }

    /// Lets go of what is sure to wait, before the plan grows too large.
    fn trim(&mut self, session: &Session<'_>, limits: &Limits) {
        if limits.contacts == 0 && self.load.creates(Side::Google) > limits.google_cap {
            // The plan will be refused: nobody needs what cannot be sent.
            let full = |write: &Write| (write.on, write.change.op()) == (Side::Google, Op::Create);
            self.plan.writes.retain(|write| !full(write));
        }
        let most = usize::try_from(limits.contacts).unwrap_or(usize::MAX);
        if self.plan.writes.len() / 2 <= most {
            return;
        }
        let rest = plan::trim(&mut self.plan, limits);
        let mut contacts = BTreeSet::new();
        for write in &rest {
            self.wait(write);
            let (side, id) = contact_of(write);
            contacts.insert((side, id));
        }
        self.deferred += contacts.len() as u64;
        for (side, id) in contacts {
            let contact = (side, id.clone());
            if session.failing.contains_key(&contact) {
                self.waiting.insert(contact);
            }
        }
    }

    /// Whether something of it waits already.
    fn cut(&self) -> Cut {
        if self.deferred > 0 {
            Cut::Already
        } else {
            Cut::NotYet
        }
    }

    /// The island of a write.
    pub(super) fn work(&mut self, write: &Write) -> Option<&mut Work> {
        let (side, id) = contact_of(write);
        let at = self.island_of.get(&(side, id.clone()))?;
        self.works.get_mut(at)
    }

    /// Marks the island of a write that waits: it comes again in the next run.
    fn wait(&mut self, write: &Write) {
        let Some(work) = self.work(write) else { return };
        work.open = work.open.saturating_sub(1);
        work.restless = true;
        if work.open == 0 {
            let (side, id) = contact_of(write);
            if let Some(at) = self.island_of.remove(&(side, id.clone())) {
                self.works.remove(&at);
            }
        }
    }

    /// Marks the islands of held writes.
    fn mark_held(&mut self) {
        let held = std::mem::take(&mut self.plan.held);
        for held in &held {
            self.wait(&held.write);
        }
        self.plan.held = held;
    }
}

/// Plans everything that moved since it was last dealt with. Linked records that no reading brought
/// are read first.
pub(super) async fn everything(
    session: &Session<'_>,
    sources: Sides<&dyn Source>,
    limits: &Limits,
) -> Result<Thought, Error> {
    let (thought, unproven) = pass(session, sources, limits)?;
    if unproven.is_empty() {
        return Ok(thought);
    }
    drop(thought);
    read_again(session, sources, &unproven).await?;
    Ok(pass(session, sources, limits)?.0)
}

/// One way through all islands that moved; also the linked records that have to be read before
/// their island can be planned. Islands with nothing to do are dealt with on the way.
fn pass(
    session: &Session<'_>,
    sources: Sides<&dyn Source>,
    limits: &Limits,
) -> Result<(Thought, BTreeSet<(Side, RemoteId)>), Error> {
    let mut thought = Thought::default();
    let mut unproven = BTreeSet::new();
    let mut pass = IslandPass::default();
    loop {
        let slice = session.with(|tx| {
            let islands = tx.islands(session.scope, &mut pass, SLICE)?.into_iter();
            islands
                .map(|island| Ok((intake::unproven(session, tx, &island)?, island)))
                .collect::<crate::state::Result<Vec<_>>>()
        })?;
        if slice.is_empty() {
            break;
        }
        let mut done = Vec::new();
        for (missing, island) in slice {
            if !missing.is_empty() {
                unproven.extend(missing);
                continue;
            }
            let plan = vetted(session, sources, &island)?;
            if thought.add(&island, plan) {
                done.extend(quiet(&island));
            }
        }
        session.with(|tx| tx.apply(session.scope, &done))?;
        thought.trim(session, limits);
    }
    thought.plan.sort();
    Ok((thought, unproven))
}

/// Plans islands once more, for what is to be remembered of them.
pub(super) fn remembered(
    session: &Session<'_>,
    db: &Db,
    noted: &[Noted],
) -> crate::state::Result<Vec<(Island, Vec<Note>)>> {
    let places: Vec<_> = noted.iter().map(|noted| noted.place.clone()).collect();
    let islands = db.islands_of(session.scope, &places)?.into_iter();
    let notes = |island: &Island| plan::plan(island, &session.rules).notes;
    Ok(islands
        .map(|island| (notes(&island), island))
        .map(|(notes, island)| (island, notes))
        .collect())
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
        let island = session.ask(|db| db.island_of(session.scope, *side, id))?;
        for each in Side::BOTH {
            done.extend(island.records.on(each).keys().map(|id| (each, id.clone())));
        }
        done.insert((*side, id.clone()));
        let missing = session.ask(|db| intake::unproven(session, db, &island))?;
        if !missing.is_empty() {
            continue;
        }
        let plan = vetted(session, sources, &island)?;
        if thought.add(&island, plan) {
            session.with(|tx| tx.apply(session.scope, &quiet(&island).collect::<Vec<_>>()))?;
        }
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
        let cut = plan::limit_rest(std::mem::take(&mut thought.plan), limits, thought.cut());
        let mut found_any = false;
        for side in Side::BOTH {
            let keys = to_look_up(session, side, &cut, asked.on(side));
            if keys.is_empty() {
                continue;
            }
            let found = sources.on(side).find(&keys).await?;
            asked.on_mut(side).extend(keys);
            found_any |= session.with(|tx| take_in(session, tx, side, found))?;
        }
        if !found_any {
            thought.plan = cut;
            thought.mark_held();
            return Ok(thought);
        }
        drop(cut);
        thought = everything(session, sources, limits).await?;
    }
    // Whatever has not been looked up by now waits for the next run.
    let mut cut = plan::limit_rest(std::mem::take(&mut thought.plan), limits, thought.cut());
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
