//! Decides what a run should do. Pure: no clock, no I/O, no logging.
//!
//! An [`Island`] goes in, a [`Plan`] comes out. Records tied by a link, a stamp or a shared address
//! form islands, and islands do not influence one another, so planning them one by one gives the
//! same as planning everything at once.

mod absorb;
mod decide;
mod describe;
mod flips;
mod guard;
mod limit;
mod matching;
mod merge;
mod recover;
mod settle;
mod undo;
mod whole;

pub use absorb::{Heard, absorb, goes_back, missing, renamed, vanished};
pub use describe::{FieldNames, describe};
pub use flips::{flipped, outdated, quarantine, still_held};
pub use guard::{
    Load, Refusal, Settled, Threat, Totals, guard, guard_capacity, guard_ended, guard_ends,
    guard_listing, guard_load, guard_room, guard_time,
};
pub use limit::{Cut, contact_of, limit, limit_rest, trim};
pub use recover::{Recovered, landed, recover};
pub use settle::{settle, settle_note};
pub use undo::{Past, undo};

use crate::model::{
    Conflict, Island, Link, LinkNo, Notice, Problem, ProblemKind, RemoteId, Rules, Side, Sides,
    Write,
};

/// A fact to record locally; nothing is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// These two records, both there before, are one contact from now on.
    Adopt(Link),
    /// What is remembered of a pair changes.
    Agree(Link),
    /// The pair is over and forgotten.
    Unlink(LinkNo),
}

/// A write that was planned and then withheld, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Why it waits.
    pub because: Because,
    /// What waits.
    pub write: Write,
}

/// Why a write waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Because {
    /// The run's limit of contacts is reached.
    Deferred,
    /// A capped run never deletes.
    CappedRunsDoNotDelete,
    /// A re-match never deletes.
    RematchesDoNotDelete,
}

/// Everything one run intends to do, in a fixed order, so that equal inputs print equal plans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// To send.
    pub writes: Vec<Write>,
    /// To remember.
    pub notes: Vec<Note>,
    /// Fields that both sides changed, decided or not.
    pub conflicts: Vec<Conflict>,
    /// Withheld writes.
    pub held: Vec<Held>,
    /// Contacts that need a person.
    pub problems: Vec<Problem>,
    /// What a person may like to know.
    pub notices: Vec<Notice>,
}

impl Plan {
    /// Whether applying this plan would change nothing anywhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.notes.is_empty()
    }

    /// Whether nothing of the island is left to look at in the next run, once the notes are kept.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.writes.is_empty() && self.held.is_empty() && !self.needs_a_person()
    }

    /// Whether something stays wrong until a person acts.
    #[must_use]
    pub fn needs_a_person(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.kind != ProblemKind::Merged)
    }

    /// Appends another island's plan.
    pub fn extend(&mut self, other: Self) {
        self.writes.extend(other.writes);
        self.notes.extend(other.notes);
        self.conflicts.extend(other.conflicts);
        self.held.extend(other.held);
        self.problems.extend(other.problems);
        self.notices.extend(other.notices);
    }

    /// Puts everything into its fixed order.
    pub fn sort(&mut self) {
        sort_in_place(&mut self.writes);
        self.notes.sort_by(|a, b| note_order(a).cmp(&note_order(b)));
        self.conflicts.sort();
        self.held
            .sort_by(|a, b| order(&a.write).cmp(&order(&b.write)));
        self.problems.sort();
        self.notices.sort();
    }
}

/// Compares both sides of an island with what they last agreed on, and says what to do about it.
#[must_use]
pub fn plan(island: &Island, rules: &Rules) -> Plan {
    let mut plan = Plan::default();
    let links = decide::settled_links(island, rules, &mut plan);
    matching::pair_unlinked(island, &links, rules, &mut plan);
    one_note_a_link(&mut plan);
    plan.sort();
    plan
}

/// Of several notes about a stored link the last one counts; a forgotten link needs no other.
fn one_note_a_link(plan: &mut Plan) {
    let mut known = std::collections::BTreeSet::new();
    let forgotten: std::collections::BTreeSet<_> = plan
        .notes
        .iter()
        .filter_map(|note| match note {
            Note::Unlink(no) => Some(*no),
            Note::Adopt(_) | Note::Agree(_) => None,
        })
        .collect();
    let notes = std::mem::take(&mut plan.notes);
    plan.notes = notes
        .into_iter()
        .rev()
        .filter(|note| match note {
            Note::Agree(Link { no: Some(no), .. }) => !forgotten.contains(no) && known.insert(*no),
            Note::Unlink(no) => known.insert(*no),
            Note::Adopt(_) | Note::Agree(_) => true,
        })
        .collect();
}

/// The address that people know a pair by.
fn key_of(
    island: &Island,
    ids: &Sides<RemoteId>,
    link: Option<&Link>,
) -> Option<crate::model::Key> {
    Side::BOTH
        .into_iter()
        .rev()
        .find_map(|side| {
            island
                .records
                .on(side)
                .get(ids.on(side))
                .and_then(|record| record.key.clone())
        })
        .or_else(|| link.and_then(|link| link.key.clone()))
}

type WriteOrder<'a> = (
    Option<crate::model::Moment>,
    Option<&'a crate::model::Key>,
    Side,
    crate::model::Op,
    Option<&'a RemoteId>,
    &'a RemoteId,
);

/// Oldest change first; the rest only makes the order complete.
fn order(write: &Write) -> WriteOrder<'_> {
    (
        write.changed_at,
        write.key.as_ref(),
        write.on,
        write.change.op(),
        write.change.id(),
        &write.twin,
    )
}

/// Sorts writes, equal ones in the order that they have. A stable sort would take half of their memory once more,
/// and a first pass has as many as there are contacts.
fn sort_in_place(writes: &mut [Write]) {
    let mut from: Vec<usize> = (0..writes.len()).collect();
    from.sort_by(|a, b| order(&writes[*a]).cmp(&order(&writes[*b])));
    for to in 0..from.len() {
        let mut at = from[to];
        // What stood there has been swapped away before.
        while at < to {
            at = from[at];
        }
        from[to] = at;
        writes.swap(to, at);
    }
}

/// What lets go of a record comes before what takes it.
fn note_order(note: &Note) -> (u8, Option<&Sides<RemoteId>>, Option<LinkNo>) {
    match note {
        Note::Unlink(no) => (0, None, Some(*no)),
        Note::Agree(link) if link.rest != crate::model::Rest::Awake => {
            (1, Some(&link.ids), link.no)
        }
        Note::Agree(link) => (2, Some(&link.ids), link.no),
        Note::Adopt(link) => (3, Some(&link.ids), link.no),
    }
}

#[cfg(test)]
mod pair_tests;
#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "tests")]
mod tests;
