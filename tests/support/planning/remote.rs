//! A remote in memory that executes planned writes to the letter, with switches for how it answers.

use std::collections::{BTreeMap, BTreeSet};

use crmsync::model::{
    Change, Field, Fields, Key, Moment, Outcome, Record, RemoteId, Side, Stored, Value, Version,
    Write,
};

/// The fields whose meaning a remote knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// The mapped address.
    pub(crate) email: Field,
    /// The given name.
    pub(crate) given: Field,
    /// The organisation.
    pub(crate) org: Field,
}

/// What a remote answers to a create or an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// The record as stored.
    Record,
    /// Only its identity.
    Accepted,
}

/// How a remote stores text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// As sent.
    AsSent,
    /// In capitals, the address excepted.
    Capitals,
}

/// One remote.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    pub(crate) side: Side,
    pub(crate) known: Known,
    /// What it holds.
    pub(crate) live: BTreeMap<RemoteId, Record>,
    /// Its clock; every change is one tick.
    pub(crate) clock: i64,
    pub(crate) answers: Answers,
    pub(crate) spelling: Spelling,
    /// Whether creates keep the twin's id.
    pub(crate) stamps: bool,
    /// Whether a record that we create stands in the list.
    pub(crate) lists_creates: bool,
    /// Every change, in order.
    pub(crate) log: Vec<(i64, RemoteId)>,
    /// What our last write to a record replaced (nothing for a create), and when.
    pub(crate) replaced: BTreeMap<RemoteId, (i64, Option<Record>)>,
    /// Records that it says were deleted.
    pub(crate) deleted: BTreeSet<RemoteId>,
    born: u32,
}

impl Remote {
    /// An empty one that answers with whole records and keeps stamps.
    pub(crate) fn new(side: Side, known: Known) -> Self {
        Self {
            side,
            known,
            live: BTreeMap::new(),
            clock: 0,
            answers: Answers::Record,
            spelling: Spelling::AsSent,
            stamps: true,
            lists_creates: true,
            log: Vec::new(),
            replaced: BTreeMap::new(),
            deleted: BTreeSet::new(),
            born: 0,
        }
    }

    /// Stores a record as a person or the remote itself would: a new revision, key and label anew.
    pub(crate) fn put(&mut self, mut record: Record) {
        self.clock += 1;
        record.version = Version::from(format!("{}-{}", self.side.name(), self.clock));
        record.changed_at = Some(Moment(self.clock));
        self.derive(&mut record);
        self.log.push((self.clock, record.id.clone()));
        self.replaced.remove(&record.id);
        self.live.insert(record.id.clone(), record);
    }

    /// Sets what follows from the fields.
    pub(crate) fn derive(&self, record: &mut Record) {
        let key = record.fields.get(&self.known.email);
        record.key = key.map(|value| Key::from(value.canonical()));
        record
            .emails
            .retain(|other| record.key.as_ref() != Some(other));
        let label = |field| {
            record
                .fields
                .get(&field)
                .map(|value: &Value| Box::from(&*value.text))
        };
        record.label = label(self.known.given).or_else(|| label(self.known.org));
    }

    /// Removes a record, with a mark that proves it.
    pub(crate) fn remove(&mut self, id: &RemoteId) {
        self.clock += 1;
        self.log.push((self.clock, id.clone()));
        self.replaced.remove(id);
        self.live.remove(id);
        self.deleted.insert(id.clone());
    }

    fn respell(&self, field: Field, value: &Value) -> Value {
        match self.spelling {
            Spelling::Capitals if field != self.known.email => {
                Value::plain(value.text.to_uppercase())
            }
            Spelling::AsSent | Spelling::Capitals => value.clone(),
        }
    }

    /// Carries out one write.
    pub(crate) fn send(&mut self, write: &Write) -> Outcome {
        assert_eq!(write.on, self.side);
        match &write.change {
            Change::Create { fields, .. } => self.create(write, fields),
            Change::Update {
                id,
                expected,
                patch,
                ..
            } => {
                let Some(record) = self.live.get(id).cloned() else {
                    return Outcome::Gone;
                };
                if record.version != *expected {
                    return Outcome::Stale;
                }
                let mut next = record.clone();
                for (field, swap) in patch {
                    let small = |value: Option<&Value>| value.map(|it| it.text.to_lowercase());
                    assert_eq!(
                        small(swap.from.as_ref()),
                        small(record.fields.get(field)),
                        "a before-image that was not there"
                    );
                    match &swap.to {
                        Some(value) => {
                            let value = self.respell(*field, value);
                            next.fields.insert(*field, value);
                        }
                        None => {
                            next.fields.remove(field);
                        }
                    }
                }
                self.store(next, Some(record))
            }
            Change::Delete { id, expected, .. } => match self.live.get(id) {
                None => Outcome::Gone,
                Some(record) if record.version != *expected => Outcome::Stale,
                Some(_) => {
                    self.remove(id);
                    Outcome::Done(Stored::Nothing)
                }
            },
            Change::Group { id } => self.regroup(id, true, None),
            Change::Ungroup { id } => self.regroup(id, false, None),
            Change::Archive { id } => self.regroup(id, false, Some(true)),
            Change::Unarchive { id } => self.regroup(id, true, Some(false)),
        }
    }

    fn create(&mut self, write: &Write, fields: &Fields) -> Outcome {
        self.born += 1;
        let id = RemoteId::from(format!("{}-new-{}", self.side.name(), self.born));
        let mut record = Record::bare(id, Version::from("unborn"));
        for (field, value) in fields {
            let value = self.respell(*field, value);
            record.fields.insert(*field, value);
        }
        record.stamp = self.stamps.then(|| write.twin.clone());
        record.listed = self.lists_creates;
        self.store(record, None)
    }

    fn store(&mut self, record: Record, before: Option<Record>) -> Outcome {
        let id = record.id.clone();
        self.put(record);
        self.replaced.insert(id.clone(), (self.clock, before));
        let record = self.live[&id].clone();
        Outcome::Done(match self.answers {
            Answers::Record => Stored::Record(Box::new(record)),
            Answers::Accepted => Stored::Accepted {
                id,
                version: record.version,
                changed_at: record.changed_at,
                // A CRM does not say whether a view shows the record.
                listed: (self.side == Side::Google).then_some(record.listed),
            },
        })
    }

    fn regroup(&mut self, id: &RemoteId, listed: bool, archived: Option<bool>) -> Outcome {
        assert_eq!(self.side, Side::Google, "only Google has groups");
        let Some(mut record) = self.live.get(id).cloned() else {
            return Outcome::Gone;
        };
        let before = record.clone();
        record.listed = listed;
        record.archived = archived.unwrap_or(record.archived);
        self.put(record);
        // A listing that is late shows the label as it was.
        self.replaced.insert(id.clone(), (self.clock, Some(before)));
        Outcome::Done(Stored::Nothing)
    }
}
