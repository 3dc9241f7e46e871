//! A state file in memory: applies edits exactly as `model` documents them, and nothing more.

use std::collections::{BTreeMap, BTreeSet};

use crmsync::model::{Edit, Island, Link, LinkNo, RemoteId, Rest, Seen, Side, Sides};

/// What a run remembers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    /// Every record as last seen or written.
    pub(crate) seen: Sides<BTreeMap<RemoteId, Seen>>,
    /// Every pair.
    pub(crate) links: Vec<Link>,
    /// Records that the next plan has to look at.
    pub(crate) touched: Sides<BTreeSet<RemoteId>>,
    /// The last number that a pair was given.
    pub(crate) newest: i64,
}

impl Book {
    /// Everything that is remembered, as one island.
    pub(crate) fn island(&self) -> Island {
        let records = self.seen.as_ref().map(|seen| {
            let record = |(id, seen): (&RemoteId, &Seen)| (id.clone(), seen.record.clone());
            seen.iter().map(record).collect()
        });
        Island {
            records,
            links: self.links.clone(),
        }
    }

    /// Commits a list of edits.
    pub(crate) fn apply(&mut self, edits: Vec<Edit>) {
        for edit in edits {
            self.apply_one(edit);
        }
    }

    fn apply_one(&mut self, edit: Edit) {
        match edit {
            Edit::PutLink(link) => self.put_link(link),
            Edit::Rebase { ids, base } => {
                self.of_pair(&ids, |link| link.base.extend(base.clone()));
            }
            Edit::RebaseSide { ids, side, base } => {
                self.of_pair(&ids, |link| {
                    for (field, values) in &base {
                        let own = values.on(side).clone();
                        *link
                            .base
                            .entry(*field)
                            .or_insert_with(|| values.clone())
                            .on_mut(side) = own;
                    }
                });
            }
            Edit::SetListed { ids, side, listed } => {
                self.of_pair(&ids, |link| *link.listed.on_mut(side) = listed);
            }
            Edit::SetRest { ids, rest } => self.of_pair(&ids, |link| link.rest = rest),
            Edit::DropLink(no) => self.links.retain(|link| link.no != Some(no)),
            Edit::PutSeen { side, seen } => {
                self.seen.on_mut(side).insert(seen.record.id.clone(), seen);
            }
            Edit::DropSeen { side, id } => {
                self.seen.on_mut(side).remove(&id);
            }
            Edit::Touch { side, id } => {
                self.touched.on_mut(side).insert(id);
            }
            Edit::Quiet { side, id } => {
                self.touched.on_mut(side).remove(&id);
            }
        }
    }

    fn put_link(&mut self, mut link: Link) {
        if let Some(known) = self.links.iter_mut().find(|known| known.no == link.no) {
            *known = link;
            return;
        }
        assert_eq!(link.no, None, "a numbered pair that nobody stored");
        self.newest += 1;
        link.no = Some(LinkNo(self.newest));
        self.links.push(link);
    }

    fn of_pair(&mut self, ids: &Sides<RemoteId>, change: impl Fn(&mut Link)) {
        let mut hits = 0;
        for link in self.links.iter_mut().filter(|link| link.ids == *ids) {
            change(link);
            hits += 1;
        }
        assert!(hits <= 1, "{hits} pairs of {} = {}", ids.google, ids.crm);
    }

    /// No record stands in two pairs that are alive.
    pub(crate) fn check(&self) {
        for side in Side::BOTH {
            let mut taken = BTreeSet::new();
            for link in &self.links {
                if matches!(link.rest, Rest::Awake | Rest::Left(_)) {
                    let id = link.ids.on(side);
                    assert!(taken.insert(id), "{id} is linked twice: {:#?}", self.links);
                }
            }
        }
    }
}
