//! What puts a run's writes back, three-way: what still stands as the run left it goes back to what
//! was there before, and what anyone changed since is left and reported (rule 15).
//!
//! Records do not influence one another here, so each one that the run wrote is planned by itself.

mod back;
mod fields;
mod remove;
mod report;
#[cfg(test)]
#[expect(clippy::panic, clippy::wildcard_enum_match_arm, reason = "tests")]
mod tests;

use super::{FieldNames, Note, Plan};
use crate::model::{
    Change, Island, Key, Link, Meeting, Op, Record, RemoteId, Rest, Rules, Side, Version, Why,
    Write,
};

/// What one run did to one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Where the record is.
    pub on: Side,
    /// The record; for a create the one that it made.
    pub id: RemoteId,
    /// The writes that landed on it, in the order they were sent.
    pub writes: Vec<Write>,
    /// The revision that our latest write on it left, of whatever run; none when it was not told.
    pub left: Option<Version>,
    /// The name of the label that its memberships were changed in, where the profile names another now.
    pub label: Option<String>,
}

impl Past {
    /// The record on the other side, as far as the run knew it.
    #[must_use]
    pub fn twin(&self) -> Option<&RemoteId> {
        self.writes.last().map(|write| &write.twin)
    }

    /// What undoing it takes.
    #[must_use]
    pub fn undone_by(&self) -> Option<Op> {
        let (first, last) = (self.writes.first()?, self.writes.last()?);
        match (first.change.op(), last.change.op()) {
            (Op::Create, Op::Delete) => None,
            (_, Op::Delete) => Some(Op::Create),
            (Op::Create, _) => Some(Op::Delete),
            (
                _,
                Op::Create | Op::Update | Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive,
            ) => Some(Op::Update),
        }
    }

    /// The address that the contact had when the run removed its record.
    #[must_use]
    pub fn lost_key(&self, rules: &Rules) -> Option<Key> {
        let last = self.writes.last()?;
        let Change::Delete { before, .. } = &last.change else {
            return None;
        };
        let own = before.get(&rules.key).map(|value| value.canonical().into());
        own.or_else(|| last.key.clone())
    }
}

/// Plans the undo of what a run did to one record. `island` is how things are now: the record, its
/// twin, their links, and whoever has the address of a record that the run removed.
#[must_use]
pub fn undo(past: &Past, island: &Island, rules: &Rules, names: &FieldNames) -> Plan {
    let mut plan = Plan::default();
    if let (Some(op), Some(scene)) = (past.undone_by(), Scene::of(past, island, rules, names)) {
        match op {
            Op::Create => scene.bring_back(&mut plan),
            Op::Delete => scene.remove(&mut plan),
            Op::Update | Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive => {
                scene.put_back(&mut plan);
            }
        }
    }
    plan
}

/// One record that a run wrote, and what is around it now.
struct Scene<'a> {
    past: &'a Past,
    last: &'a Write,
    island: &'a Island,
    rules: &'a Rules,
    names: &'a FieldNames,
    /// The pair that it belongs to.
    link: Option<&'a Link>,
    /// The record as it is now, under whatever identifier.
    own: Option<&'a Record>,
    twin_id: &'a RemoteId,
    twin: Option<&'a Record>,
}

impl<'a> Scene<'a> {
    fn of(
        past: &'a Past,
        island: &'a Island,
        rules: &'a Rules,
        names: &'a FieldNames,
    ) -> Option<Self> {
        let last = past.writes.last()?;
        let (on, other) = (past.on, past.on.other());
        let records = island.records.on(on);
        let mut own_links: Vec<_> = island
            .links
            .iter()
            .filter(|link| link.ids.on(on) == &past.id)
            .collect();
        own_links.sort_by_key(|link| (link.rest != Rest::Awake, link.rest, link.no));
        let numbered = || {
            let no = last.link?;
            island.links.iter().find(|link| link.no == Some(no))
        };
        let bereaved = || {
            let ended = Rest::Ended(on);
            let of_twin = |link: &&Link| link.rest == ended && link.ids.on(other) == &last.twin;
            island.links.iter().find(of_twin)
        };
        let link = match past.undone_by()? {
            Op::Delete => own_links.first().copied(),
            Op::Create => own_links
                .first()
                .copied()
                .or_else(numbered)
                .or_else(bereaved),
            Op::Update | Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive => {
                own_links.first().copied().or_else(numbered)
            }
        };
        let twin_id = link.map_or(&last.twin, |link| link.ids.on(other));
        let renamed = link.map(|link| link.ids.on(on));
        Some(Self {
            past,
            last,
            island,
            rules,
            names,
            link,
            own: records
                .get(&past.id)
                .or_else(|| renamed.and_then(|id| records.get(id))),
            twin_id,
            twin: island.records.on(other).get(twin_id),
        })
    }

    /// The address that people know the contact by.
    fn key(&self) -> Option<Key> {
        let of = |record: Option<&Record>| record.and_then(|record| record.key.clone());
        of(self.own)
            .or_else(|| of(self.twin))
            .or_else(|| self.last.key.clone())
    }

    fn write(&self, change: Change) -> Write {
        Write {
            on: self.past.on,
            link: self.link.and_then(|link| link.no),
            twin: self.twin_id.clone(),
            key: self.key(),
            changed_at: None,
            meeting: Meeting::Later,
            twin_listed: self.twin.is_some_and(|twin| twin.listed),
            why: Why::Undo,
            change,
        }
    }

    /// Remembers something of the pair before anything is sent: a run that is cut after sending then
    /// leaves the next one in no doubt.
    fn agree(&self, plan: &mut Plan, change: impl FnOnce(&mut Link)) {
        if let Some(link) = self.link {
            let mut next = link.clone();
            change(&mut next);
            if next != *link {
                plan.notes.push(Note::Agree(next));
            }
        }
    }
}
