//! A run under way: the state behind its lock, the rules, and what every step asks for.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Stop;
use super::failing::{Contact, Failures};
use super::monitor::{Event, Monitor};
use crate::connector::Extent;
use crate::model::{
    Link, LinkNo, ListInfo, Moment, Notice, NoticeKind, Op, RemoteId, Revisions, Rules, Side,
    Sides, Write,
};
use crate::plan::{self, FieldNames};
use crate::state::{self, Db, PairId, ScopeId, State, Tx};

/// The label that the profile names, as far as it is known before it is made.
#[derive(Clone, Debug)]
pub(super) struct Label {
    id: String,
    name: String,
}

impl Label {
    /// The list of a probe.
    pub(super) fn of(list: &ListInfo) -> Self {
        Self {
            id: list.id.clone(),
            name: list.name.clone(),
        }
    }

    /// As the journal keeps it: the identifier, and the name behind a blank. Identifiers hold none.
    pub(super) fn text(&self) -> String {
        format!("{} {}", self.id, self.name)
    }

    /// The name of another label that a write of the journal was about; none when it was this one.
    pub(super) fn other(&self, text: &str) -> Option<String> {
        let (id, name) = text.split_once(' ').unwrap_or((text, ""));
        let same = if id.is_empty() || self.id.is_empty() {
            name == self.name
        } else {
            id == self.id
        };
        (!same).then(|| name.to_owned())
    }
}

/// A run under way: what every step needs.
pub(crate) struct Session<'a> {
    pub(super) state: Mutex<&'a mut State>,
    pub(crate) scope: ScopeId,
    pub(crate) pair: PairId,
    pub(crate) rules: Rules,
    pub(crate) names: FieldNames,
    pub(crate) now: Moment,
    pub(crate) extent: Extent,
    pub(crate) full_every: Duration,
    pub(crate) monitor: &'a dyn Monitor,
    pub(super) stop: Stop,
    pub(super) settling: Duration,
    pub(super) begun: Instant,
    pub(super) whole: Sides<bool>,
    /// Whether revisions come back.
    pub(super) revisions: Sides<Revisions>,
    pub(super) membership: Sides<bool>,
    pub(super) notices: Mutex<Vec<Notice>>,
    /// Contacts whose writes failed in earlier runs.
    pub(super) failing: Failures,
    /// Those of them that are not tried in this run.
    pub(super) resting: Mutex<BTreeSet<Contact>>,
    /// Contacts of creates that were looked for in vain in this run and may still be under way.
    pub(super) under_way: Mutex<BTreeSet<Contact>>,
    /// Links with a field in quarantine.
    pub(super) held: BTreeSet<LinkNo>,
    pub(super) label: Label,
    pub(super) first: bool,
    pub(super) fingerprint: String,
}

pub(crate) fn lock<T, R>(mutex: &Mutex<T>, f: impl FnOnce(&mut T) -> R) -> R {
    // A panic elsewhere leaves the data as it was between two statements: still usable.
    f(&mut mutex.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Session<'_> {
    /// One transaction on the state. What must not be lost in a power cut goes through
    /// [`Session::firmly`]: whatever came before is on the disk with it.
    pub(crate) fn with<T>(
        &self,
        f: impl FnOnce(&mut Tx<'_>) -> state::Result<T>,
    ) -> state::Result<T> {
        lock(&self.state, |state| state.write_soon(f))
    }

    /// One transaction that is on the disk when this returns.
    pub(super) fn firmly<T>(
        &self,
        f: impl FnOnce(&mut Tx<'_>) -> state::Result<T>,
    ) -> state::Result<T> {
        lock(&self.state, |state| state.write(f))
    }

    /// Tidies the state file up.
    pub(super) fn tidy(&self) -> state::Result<()> {
        lock(&self.state, |state| state.tidy())
    }

    /// Makes the state take less memory.
    pub(super) fn be_lean(&self) -> state::Result<()> {
        lock(&self.state, |state| state.be_lean())
    }

    /// A question to the state, outside of any transaction.
    pub(crate) fn ask<T>(&self, f: impl FnOnce(&Db) -> state::Result<T>) -> state::Result<T> {
        lock(&self.state, |state| f(state))
    }

    /// Whether everything that the account holds on this side is in the mirror, so that no address
    /// has to be looked up.
    pub(crate) fn whole_account(&self, side: Side) -> bool {
        *self.whole.on(side)
    }

    /// Whether a record that is read by its identifier tells its membership.
    pub(crate) fn tells_membership(&self, side: Side) -> bool {
        *self.membership.on(side)
    }

    /// The time of day, where `now` is the time of the run's start.
    pub(super) fn clock(&self) -> Moment {
        let since = i64::try_from(self.begun.elapsed().as_secs()).unwrap_or(i64::MAX);
        Moment(self.now.0.saturating_add(since))
    }

    /// Whether a create of this contact may still be under way, so that another would double it.
    pub(super) fn is_under_way(&self, write: &Write) -> bool {
        let (side, id) = plan::contact_of(write);
        let create = write.change.op() == Op::Create;
        create && lock(&self.under_way, |all| all.contains(&(side, id.clone())))
    }

    pub(crate) fn interrupted(&self) -> bool {
        self.stop.asked()
    }

    pub(crate) fn checkpoint(&self, name: &'static str) {
        self.monitor.event(&Event::Checkpoint(name));
    }

    /// A record cannot be seen and nothing proves that it was deleted: its pair rests, once reported.
    pub(crate) fn vanished(
        &self,
        tx: &mut Tx<'_>,
        side: Side,
        id: &RemoteId,
        link: Option<&Link>,
    ) -> state::Result<()> {
        tx.apply(self.scope, &plan::vanished(side, id, link))?;
        let Some(link) = link else { return Ok(()) };
        if tx.say_once(self.scope, "vanished", id.as_str())? {
            lock(&self.notices, |notices| {
                notices.push(Notice {
                    kind: NoticeKind::Vanished,
                    key: link.key.clone(),
                    id: Some(id.clone()),
                    text: format!(
                        "the record in {side} cannot be seen any more and nothing proves that it was deleted; the pair rests and nothing is deleted"
                    ),
                });
            });
        }
        Ok(())
    }
}
