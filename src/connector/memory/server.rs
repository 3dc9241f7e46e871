//! The memory remote as its server keeps it, and as a person changes it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Memory;
use crate::connector::{Batch, Capabilities, Deletes, Ids, List, Lock, Lookup, Since, Stamp};
use crate::model::{Change, Op, Outcome, Refusal, RemoteId, Revisions, Side, Stored, Write};

/// How a remote behaves.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Which side it stands on.
    pub side: Side,
    /// The identity of the account.
    pub account: String,
    /// The fields that it has, by name; a `!` at the end makes one mandatory.
    pub fields: Vec<String>,
    /// The facts that it states; it behaves as they say.
    pub capabilities: Capabilities,
    /// What it says to the identifier of a deleted record.
    pub absent: Absent,
    /// The most writes of a batch.
    pub batch_size: usize,
    /// How many fetches leave out a record that was just created.
    pub lag: u32,
    /// The most characters of a value.
    pub longest: usize,
    /// What it says to a second record with one match key.
    pub twice: Twice,
}

/// What a direct read of a deleted record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// That it is gone, which is proof.
    Gone,
    /// Nothing: it may be hidden.
    Hidden,
}

/// What becomes of a second record with one match key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twice {
    /// It is stored.
    Stored,
    /// It is refused, with the identifier of the first.
    Refused,
}

impl Behaviour {
    /// A well-behaved remote: an account that is read as a whole and keeps stamps for Google, a
    /// module with a static list for a CRM.
    #[must_use]
    pub fn of(side: Side, fields: &[&str]) -> Self {
        Self {
            side,
            account: format!("memory/{}", side.name()),
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
            capabilities: Capabilities {
                reads_whole_account: side == Side::Google,
                batch: Batch::PerRecord,
                lock: Lock::PerRequest,
                deletes: Deletes::Tombstones,
                list: List::Static,
                stamp: match side {
                    Side::Google => Stamp::Aside,
                    Side::Crm => Stamp::Nowhere,
                },
                lookup: Lookup::Asked,
                since: Since::Account,
                ids: Ids::Global,
                revisions: Revisions::Unique,
                lanes: 1,
                capacity: None,
                cursor_life: None,
            },
            absent: Absent::Gone,
            batch_size: 10,
            lag: 0,
            longest: 200,
            twice: Twice::Stored,
        }
    }
}

/// One record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its values by field name.
    pub values: BTreeMap<String, String>,
    /// The stamp.
    pub stamp: Option<String>,
    /// Whether it is in the list.
    pub listed: bool,
    /// Whether it carries the archive label.
    pub archived: bool,
    /// Its revision.
    pub(super) revision: u64,
    /// Its place in the feed of changes.
    pub(super) change: u64,
    /// When it was changed, seconds since the epoch.
    pub(super) at: i64,
    /// How many fetches still leave it out.
    pub(super) lag: u32,
    pub(super) deleted: bool,
}

pub(super) struct World {
    pub(super) behaviour: Behaviour,
    pub(super) rows: BTreeMap<String, Row>,
    /// The number of the last change.
    pub(super) changes: u64,
    /// Cursors from before this change have expired.
    pub(super) oldest: u64,
    pub(super) now: i64,
    born: u64,
    /// How many more batches are executed without an answer.
    pub(super) lose: u32,
}

/// The server; clones are the same one.
#[derive(Clone)]
pub struct Server(Arc<Mutex<World>>);

impl Server {
    /// An empty one. Its clock stands at `now`, seconds since the epoch.
    #[must_use]
    pub fn new(behaviour: Behaviour, now: i64) -> Self {
        Self(Arc::new(Mutex::new(World {
            behaviour,
            rows: BTreeMap::new(),
            changes: 0,
            oldest: 0,
            now,
            born: 0,
            lose: 0,
        })))
    }

    /// A connector to it.
    #[must_use]
    pub fn connect(&self) -> Memory {
        Memory::new(self.clone())
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it behaves.
    #[must_use]
    pub fn behaviour(&self) -> Behaviour {
        self.world().behaviour.clone()
    }

    /// A person creates a record; `listed` only matters where the list does not hold everything.
    #[expect(clippy::must_use_candidate, reason = "not everybody asks which")]
    pub fn add(&self, values: &[(&str, &str)], listed: bool) -> RemoteId {
        let mut world = self.world();
        let row = Row {
            values: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            listed,
            ..Row::default()
        };
        RemoteId::from(world.store(row))
    }

    /// A person changes a record; whether it was there.
    pub fn change(&self, id: &RemoteId, change: impl FnOnce(&mut Row)) -> bool {
        self.world().touch(id.as_str(), change)
    }

    /// A person deletes a record.
    #[expect(clippy::must_use_candidate, reason = "not everybody asks whether")]
    pub fn delete(&self, id: &RemoteId) -> bool {
        self.world().touch(id.as_str(), |row| row.deleted = true)
    }

    /// A record as it is; none when there is none.
    #[must_use]
    pub fn row(&self, id: &RemoteId) -> Option<Row> {
        let world = self.world();
        world
            .rows
            .get(id.as_str())
            .filter(|row| !row.deleted)
            .cloned()
    }

    /// Every record that is there.
    #[must_use]
    pub fn rows(&self) -> Vec<(RemoteId, Row)> {
        let world = self.world();
        let there = world.rows.iter().filter(|(_, row)| !row.deleted);
        there
            .map(|(id, row)| (RemoteId::from(id.as_str()), row.clone()))
            .collect()
    }

    /// Time passes.
    pub fn pass(&self, seconds: i64) {
        self.world().now += seconds;
    }

    /// The cursors given so far are of no use any more.
    pub fn expire_cursors(&self) {
        let mut world = self.world();
        world.changes += 1;
        world.oldest = world.changes;
    }

    /// The next batches are executed, and their answers are lost.
    pub fn lose_answers(&self, batches: u32) {
        self.world().lose = batches;
    }
}

impl World {
    fn store(&mut self, mut row: Row) -> String {
        self.born += 1;
        let id = self.born.to_string();
        row.listed |= self.behaviour.capabilities.list == List::Everything;
        row.lag = self.behaviour.lag;
        self.rows.insert(id.clone(), row);
        self.touch(&id, |_| {});
        id
    }

    fn touch(&mut self, id: &str, change: impl FnOnce(&mut Row)) -> bool {
        let Some(row) = self.rows.get_mut(id).filter(|row| !row.deleted) else {
            return false;
        };
        change(row);
        self.changes += 1;
        (row.change, row.at) = (self.changes, self.now);
        row.revision = match self.behaviour.capabilities.revisions {
            Revisions::Unique => self.changes,
            Revisions::OfContent => {
                let mut hash = DefaultHasher::new();
                row.values.hash(&mut hash);
                hash.finish()
            }
        };
        true
    }

    /// A write, with its values by field name; what it leaves, or why nothing was changed.
    pub(super) fn take(
        &mut self,
        write: &Write,
        stamp: Option<String>,
        values: &[(String, Option<String>)],
    ) -> Result<Option<String>, Outcome> {
        let longest = self.behaviour.longest;
        if let Some((name, _)) = values.iter().find(|(_, value)| {
            value
                .as_ref()
                .is_some_and(|value| value.chars().count() > longest)
        }) {
            return Err(Outcome::Rejected(Refusal {
                field: None,
                reason: format!("{name} takes {longest} characters"),
                hint: "shorten it".to_owned(),
            }));
        }
        if let Some(name) = self.lacking(&write.change, values) {
            return Err(Outcome::Rejected(Refusal {
                field: None,
                reason: format!("{name} is mandatory"),
                hint: "fill it in".to_owned(),
            }));
        }
        let put = |row: &mut Row| {
            for (name, value) in values {
                match value {
                    Some(value) => row.values.insert(name.clone(), value.clone()),
                    None => row.values.remove(name),
                };
            }
        };
        let id = match &write.change {
            Change::Create { .. } => {
                if let Some(of) = self.same_key(values) {
                    return Err(Outcome::Duplicate { of });
                }
                let mut row = Row {
                    stamp,
                    listed: self.behaviour.capabilities.list != List::Dynamic,
                    ..Row::default()
                };
                put(&mut row);
                return Ok(Some(self.store(row)));
            }
            Change::Update { id, expected, .. } | Change::Delete { id, expected, .. } => {
                match self.rows.get(id.as_str()).filter(|row| !row.deleted) {
                    None => return Err(Outcome::Gone),
                    Some(row) if row.revision.to_string() != expected.as_str() => {
                        return Err(Outcome::Stale);
                    }
                    Some(_) => id,
                }
            }
            Change::Group { id } | Change::Ungroup { id }
                if self.behaviour.capabilities.list != List::Static =>
            {
                return Err(Outcome::Rejected(Refusal {
                    field: None,
                    reason: format!("nobody puts {id} into this list or takes it out"),
                    hint: "change the record".to_owned(),
                }));
            }
            Change::Group { id }
            | Change::Ungroup { id }
            | Change::Archive { id }
            | Change::Unarchive { id } => id,
        };
        let done = self.touch(id.as_str(), |row| match write.change.op() {
            Op::Create => {}
            Op::Update => put(row),
            Op::Delete => row.deleted = true,
            Op::Group => row.listed = true,
            Op::Ungroup => row.listed = false,
            Op::Archive => (row.listed, row.archived) = (false, true),
            Op::Unarchive => (row.listed, row.archived) = (true, false),
        });
        match (done, write.change.op()) {
            (false, _) => Err(Outcome::Gone),
            (true, Op::Create | Op::Update) => Ok(Some(id.as_str().to_owned())),
            (true, Op::Delete | Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive) => Ok(None),
        }
    }

    /// A mandatory field that a create leaves out or an update clears.
    fn lacking(&self, change: &Change, values: &[(String, Option<String>)]) -> Option<&str> {
        let fields = self.behaviour.fields.iter();
        let mut mandatory = fields.filter_map(|field| field.strip_suffix('!'));
        let told = |name: &str| values.iter().find(|(field, _)| field == name);
        mandatory.find(|name| match change.op() {
            Op::Create => told(name).is_none_or(|(_, value)| value.is_none()),
            Op::Update => told(name).is_some_and(|(_, value)| value.is_none()),
            Op::Delete | Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive => false,
        })
    }

    fn same_key(&self, values: &[(String, Option<String>)]) -> Option<RemoteId> {
        if self.behaviour.twice == Twice::Stored {
            return None;
        }
        let same = |row: &Row| {
            values.iter().any(|(name, value)| {
                value.as_ref().is_some_and(|value| value.contains('@'))
                    && row.values.get(name) == value.as_ref()
            })
        };
        let mut there = self.rows.iter().filter(|(_, row)| !row.deleted);
        let (id, _) = there.find(|(_, row)| same(row))?;
        Some(RemoteId::from(id.as_str()))
    }

    /// Everything as it is, to go back to.
    pub(super) fn snapshot(&self) -> (BTreeMap<String, Row>, u64, u64) {
        (self.rows.clone(), self.changes, self.born)
    }

    /// Goes back, as a rolled-back transaction does.
    pub(super) fn restore(&mut self, (rows, changes, born): (BTreeMap<String, Row>, u64, u64)) {
        (self.rows, self.changes, self.born) = (rows, changes, born);
    }
}

/// What a taken write leaves, for the engine.
pub(super) fn stored(record: Option<crate::model::Record>) -> Stored {
    record.map_or(Stored::Nothing, |record| Stored::Record(Box::new(record)))
}
