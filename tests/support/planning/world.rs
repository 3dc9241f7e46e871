//! Two remotes, what is remembered of them, and runs between: in full or by changes, lagging or
//! not, cut anywhere.

use std::collections::{BTreeMap, BTreeSet};

use crmsync::model::{
    Change, Edit, Island, Limits, Link, Moment, Outcome, Record, RemoteId, Rest, Revisions, Rules,
    Seen, Side, Sides, Stored, Write,
};
use crmsync::plan::{self, Heard, Plan, Recovered};

use crate::book::Book;
use crate::islands;
use crate::promises;
use crate::remote::Remote;

/// Where a run is cut.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    /// The write was journalled and not sent.
    BeforeSend(usize),
    /// The write was sent and its answer never heard.
    AfterSend(usize),
}

/// What a run reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Everything.
    Full,
    /// What changed.
    Delta,
}

/// How a run goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    pub(crate) reads: Reads,
    /// How many of the last ticks of our own writing the remotes do not show yet.
    pub(crate) lag: i64,
    pub(crate) cut: Option<Cut>,
}

impl How {
    /// A run that nothing disturbs.
    pub(crate) fn calm(reads: Reads) -> Self {
        Self {
            reads,
            lag: 0,
            cut: None,
        }
    }
}

/// Everything there is.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) remotes: Sides<Remote>,
    pub(crate) book: Book,
    pub(crate) rules: Rules,
    pub(crate) limits: Limits,
    /// CRM records that the user cannot see at the moment.
    pub(crate) hidden: BTreeSet<RemoteId>,
    /// Google contacts that went into another one.
    pub(crate) merged: BTreeMap<RemoteId, RemoteId>,
    /// Whether Google tells of merges.
    pub(crate) tells_merges: bool,
    /// Every write that was sent.
    pub(crate) sent: Vec<Write>,
    cursor: Sides<i64>,
    open: Option<Write>,
    /// Records that moved while a run was writing, to be read by the next one.
    again: Vec<(Side, RemoteId)>,
    runs: i64,
}

impl World {
    pub(crate) fn new(remotes: Sides<Remote>, rules: Rules, limits: Limits) -> Self {
        Self {
            remotes,
            book: Book::default(),
            rules,
            limits,
            hidden: BTreeSet::new(),
            merged: BTreeMap::new(),
            tells_merges: true,
            sent: Vec::new(),
            cursor: Sides::default(),
            open: None,
            again: Vec::new(),
            runs: 0,
        }
    }

    /// One pass. The plan that was carried out, or none when the run was cut.
    pub(crate) fn run(&mut self, how: How) -> Option<Plan> {
        self.runs += 1;
        self.read(how);
        let plan = self.plan(how.reads);
        for note in &plan.notes {
            self.book.apply(plan::settle_note(note));
        }
        self.book.check();
        for (step, write) in plan.writes.iter().enumerate() {
            self.open = Some(write.clone());
            if matches!(how.cut, Some(Cut::BeforeSend(at)) if at == step) {
                return None;
            }
            self.sent.push(write.clone());
            let outcome = self.remotes.on_mut(write.on).send(write);
            if matches!(how.cut, Some(Cut::AfterSend(at)) if at == step) {
                return None;
            }
            self.answered(write, &outcome);
            self.open = None;
        }
        self.book.check();
        Some(plan)
    }

    /// The pair of a record; an ended one only when there is no other.
    pub(crate) fn link_of(&self, side: Side, id: &RemoteId) -> Option<&Link> {
        let of = |link: &&Link| link.ids.on(side) == id;
        let ended = |link: &Link| matches!(link.rest, Rest::Ended(_));
        self.book
            .links
            .iter()
            .filter(of)
            .find(|link| !ended(link))
            .or_else(|| self.book.links.iter().find(of))
    }

    /// Takes in what both remotes say, and finishes what was open.
    pub(crate) fn read(&mut self, how: How) {
        for side in Side::BOTH {
            match how.reads {
                Reads::Full => self.read_all(side, how.lag),
                Reads::Delta => self.read_changes(side, how.lag),
            }
        }
        for (side, id) in std::mem::take(&mut self.again) {
            self.read_one(side, &id);
        }
        self.look_for_keys();
        if let Some(write) = self.open.take() {
            self.finish(&write);
        }
    }

    /// The plan after the limit, made of the parts that have to be looked at.
    fn plan(&mut self, reads: Reads) -> Plan {
        let mut whole = Plan::default();
        for part in islands::split(&self.book.island()) {
            if reads == Reads::Delta && !self.touches(&part) {
                continue;
            }
            let plan = plan::plan(&part, &self.rules);
            if plan.is_quiet() {
                self.quiet(&part);
            }
            whole.extend(plan);
        }
        whole.sort();
        promises::keeps(self, &whole);
        plan::limit(whole, &self.limits)
    }

    fn touches(&self, part: &Island) -> bool {
        Side::BOTH.into_iter().any(|side| {
            let touched = self.book.touched.on(side);
            let records = part.records.on(side).keys();
            let linked = part.links.iter().map(|link| link.ids.on(side));
            records.chain(linked).any(|id| touched.contains(id))
        })
    }

    fn quiet(&mut self, part: &Island) {
        for side in Side::BOTH {
            let records = part.records.on(side).keys();
            let linked = part.links.iter().map(|link| link.ids.on(side));
            let edits = records.chain(linked).cloned();
            let edits = edits.map(|id| Edit::Quiet { side, id }).collect();
            self.book.apply(edits);
        }
    }

    fn answered(&mut self, write: &Write, outcome: &Outcome) {
        match outcome {
            Outcome::Done(stored) => self.settle(write, stored),
            Outcome::Stale | Outcome::Gone => {
                if let Some(id) = write.change.id() {
                    // Not now: the rest of the plan was made without it.
                    self.again.push((write.on, id.clone()));
                }
            }
            Outcome::Duplicate { .. }
            | Outcome::Rejected(_)
            | Outcome::Denied { .. }
            | Outcome::NotTried
            | Outcome::Uncertain { .. } => panic!("the toy never answers {outcome:?}"),
        }
    }

    fn settle(&mut self, write: &Write, stored: &Stored) {
        let known = write
            .change
            .id()
            .and_then(|id| self.book.seen.on(write.on).get(id))
            .cloned();
        let now = Moment(self.runs);
        let edits = plan::settle(write, stored, known.as_ref(), &self.rules, now);
        self.book.apply(edits);
    }

    fn finish(&mut self, write: &Write) {
        let live = self.remotes.on(write.on).live.values();
        let candidates = live.filter(|record| {
            record.stamp.as_ref() == Some(&write.twin)
                || (write.key.is_some() && record.key == write.key)
        });
        let found: Vec<_> = candidates.cloned().collect();
        let taken = |side: Side, id: &RemoteId| self.link_of(side, id).is_some();
        for recovered in plan::recover(std::slice::from_ref(write), &found, taken) {
            match recovered {
                Recovered::Landed(record) => self.settle(write, &Stored::Found(record)),
                Recovered::Lost => self.book.apply(vec![Edit::Touch {
                    side: write.on.other(),
                    id: write.twin.clone(),
                }]),
                Recovered::ReadAgain(side, id) => self.read_one(side, &id),
            }
        }
    }

    /// What a listing shows of a record: our own late writes do not stand in it yet.
    fn shown(&self, side: Side, id: &RemoteId, lag: i64) -> Option<Record> {
        let remote = self.remotes.on(side);
        if side == Side::Crm && self.hidden.contains(id) {
            return None;
        }
        match remote.replaced.get(id) {
            Some((at, before)) if *at > remote.clock - lag => before.clone(),
            Some(_) | None => remote.live.get(id).cloned(),
        }
    }

    fn read_all(&mut self, side: Side, lag: i64) {
        let remote = self.remotes.on(side);
        *self.cursor.on_mut(side) = remote.clock - lag;
        let ids: Vec<_> = remote.live.keys().cloned().collect();
        let mut shown = BTreeSet::new();
        for id in ids {
            let record = self.shown(side, &id, lag);
            // A CRM lists its view, Google the whole account.
            if let Some(record) = record.filter(|it| side == Side::Google || it.listed) {
                shown.insert(id);
                self.hear(side, record);
            }
        }
        // Where listings are late, what we created lately may still be on its way.
        let settled = Moment(if lag == 0 { self.runs } else { self.runs - 2 });
        let seen = self.book.seen.on(side).iter();
        let missing = seen
            .filter(|(id, seen)| !shown.contains(*id) && plan::missing(seen, settled))
            .map(|(id, _)| id.clone())
            .collect::<Vec<_>>();
        for id in missing {
            self.read_one(side, &id);
        }
    }

    fn read_changes(&mut self, side: Side, lag: i64) {
        let remote = self.remotes.on(side);
        let since = *self.cursor.on(side);
        *self.cursor.on_mut(side) = remote.clock - lag;
        let changed = remote.log.iter().filter(|(at, _)| *at > since);
        let ids: Vec<_> = changed.map(|(_, id)| id.clone()).collect();
        let mut heard = BTreeSet::new();
        // In the order of the last change.
        let (last, _): (Vec<_>, Vec<_>) = ids
            .into_iter()
            .rev()
            .partition(|id| heard.insert(id.clone()));
        for id in last.into_iter().rev() {
            if self.remotes.on(side).live.contains_key(&id) {
                if let Some(record) = self.shown(side, &id, lag) {
                    self.hear(side, record);
                }
            } else {
                self.gone(side, &id);
            }
        }
    }

    /// The match keys of Google are looked for in the whole module.
    fn look_for_keys(&mut self) {
        let keys: BTreeSet<_> = self
            .book
            .seen
            .google
            .values()
            .flat_map(|seen| seen.record.addresses())
            .cloned()
            .collect();
        let live = self.remotes.crm.live.values();
        let hits = live.filter(|record| {
            let known = self.book.seen.crm.contains_key(&record.id);
            let wanted = record.key.as_ref().is_some_and(|key| keys.contains(key));
            !known && wanted && !self.hidden.contains(&record.id)
        });
        for record in hits.cloned().collect::<Vec<_>>() {
            self.hear(Side::Crm, record);
        }
    }

    /// A direct read by identifier.
    fn read_one(&mut self, side: Side, id: &RemoteId) {
        if side == Side::Crm && self.hidden.contains(id) {
            let link = self.link_of(side, id).cloned();
            self.book.apply(plan::vanished(side, id, link.as_ref()));
            return;
        }
        match self.remotes.on(side).live.get(id).cloned() {
            Some(record) => self.hear(side, record),
            None => self.gone(side, id),
        }
    }

    fn hear(&mut self, side: Side, record: Record) {
        let id = record.id.clone();
        let edits = match plan::absorb(self.book.seen.on(side).get(&id), record, Revisions::Unique)
        {
            Heard::Echo => return,
            Heard::Same(seen) => vec![put(side, seen)],
            Heard::Changed(seen) => vec![put(side, seen), Edit::Touch { side, id }],
        };
        self.book.apply(edits);
    }

    /// Proof that a record is gone, or goes by another name.
    fn gone(&mut self, side: Side, id: &RemoteId) {
        let heir = self
            .merged
            .get(id)
            .filter(|_| side == Side::Google && self.tells_merges);
        let edits = match heir {
            Some(heir) => {
                let awake = |id| self.link_of(side, id).filter(|it| alive(it.rest));
                let known = self.book.seen.on(side).get(heir).map(|seen| &seen.record);
                plan::renamed(side, id, heir, known, (awake(id), awake(heir)))
            }
            None => vec![
                Edit::DropSeen {
                    side,
                    id: id.clone(),
                },
                Edit::Touch {
                    side,
                    id: id.clone(),
                },
            ],
        };
        self.book.apply(edits);
    }

    /// Whether a write would take away a record whose twin is still there.
    pub(crate) fn twin_lives(&self, write: &Write) -> bool {
        matches!(write.change, Change::Delete { .. })
            && self
                .remotes
                .on(write.on.other())
                .live
                .contains_key(&write.twin)
    }
}

fn alive(rest: Rest) -> bool {
    matches!(rest, Rest::Awake | Rest::Left(_) | Rest::Vanished(_))
}

fn put(side: Side, seen: Seen) -> Edit {
    Edit::PutSeen { side, seen }
}
