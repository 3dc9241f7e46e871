//! What is sent to a remote, and what comes back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Field, Fields, Key, LinkNo, Moment, Native, Record, RemoteId, Side, Sides, Value, Version,
};

/// One field's change: what was there when it was planned (the before-image) and what goes there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Swap {
    /// The value that is replaced; `None` was blank.
    pub from: Option<Value>,
    /// The new value; `None` clears.
    pub to: Option<Value>,
}

/// Changes to a record; unnamed fields are untouched.
pub type Patch = BTreeMap<Field, Swap>;

/// What to do to one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// Store a new record; on Google it goes into the profile's group and carries the twin's id.
    Create {
        /// What to store.
        fields: Fields,
        /// What the twin itself holds where that is not what is sent (a filled-in name is blank
        /// there, a field that cannot be written is not sent): the twin's half of the base.
        twin_holds: BTreeMap<Field, Option<Value>>,
        /// Fields that the twin did not tell: they have not met yet.
        unread: Vec<Field>,
    },
    /// Change some fields.
    Update {
        /// Which record.
        id: RemoteId,
        /// Refuse unless the remote is still at this revision.
        expected: Version,
        /// What the connector wanted to see again.
        native: Native,
        /// What to change.
        patch: Patch,
    },
    /// Remove the record.
    Delete {
        /// Which record.
        id: RemoteId,
        /// Refuse unless the remote is still at this revision.
        expected: Version,
        /// What it held, to be able to put it back.
        before: Fields,
    },
    /// Put an existing Google contact into the profile's group.
    Group {
        /// Which record.
        id: RemoteId,
    },
    /// Take a Google contact out of the group (into `myContacts` when it was its last).
    Ungroup {
        /// Which record.
        id: RemoteId,
    },
    /// Take a Google contact out of the group and give it the archive label.
    Archive {
        /// Which record.
        id: RemoteId,
    },
    /// Put an archived Google contact back into the group and take the archive label off.
    Unarchive {
        /// Which record.
        id: RemoteId,
    },
}

/// The kind of a [`Change`], for counting, batching and reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// A new record.
    Create,
    /// Changed fields.
    Update,
    /// A removed record.
    Delete,
    /// Into the group.
    Group,
    /// Out of the group.
    Ungroup,
    /// Into the archive label.
    Archive,
    /// Out of the archive label and into the group.
    Unarchive,
}

impl Op {
    /// The word that plans and the state file use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Group => "group",
            Self::Ungroup => "ungroup",
            Self::Archive => "archive",
            Self::Unarchive => "unarchive",
        }
    }
}

impl Op {
    /// Whether it changes memberships only.
    #[must_use]
    pub fn regroups(self) -> bool {
        match self {
            Self::Group | Self::Ungroup | Self::Archive | Self::Unarchive => true,
            Self::Create | Self::Update | Self::Delete => false,
        }
    }
}

/// Whether a pair has agreed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Meeting {
    /// The two records meet for the first time, or one is only now created.
    First,
    /// They agreed before.
    Later,
}

/// Why a write was planned; its `Display` is the `why` of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Why {
    /// The contact exists only on the other side.
    Missing,
    /// The other side's fields changed.
    Changed,
    /// Two existing records meet and differ.
    FirstMeeting,
    /// The target of a one-way profile was edited and `enforce` is set.
    Enforced,
    /// The other record was deleted.
    DeletedThere,
    /// The other record was deleted, but this one was edited since: it is copied back.
    EditBeatsDelete,
    /// The CRM record is in the view.
    InView,
    /// The CRM record left the view.
    LeftView,
    /// An undo puts it back.
    Undo,
    /// An undo puts it back, and the other record of the pair is gone: the pair stays over.
    UndoAlone,
}

/// One change addressed to one remote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// Where.
    pub on: Side,
    /// The link it belongs to, when there is one already.
    pub link: Option<LinkNo>,
    /// The record's counterpart on the other side; its id is what a create is stamped with.
    pub twin: RemoteId,
    /// The contact's match key, for reports.
    pub key: Option<Key>,
    /// When the change that drives the write was made, for "oldest first".
    pub changed_at: Option<Moment>,
    /// Whether the pair has agreed before.
    pub meeting: Meeting,
    /// Whether the twin was in its list when this was planned.
    pub twin_listed: bool,
    /// Why.
    pub why: Why,
    /// What.
    pub change: Change,
}

impl Change {
    /// Its kind.
    #[must_use]
    pub fn op(&self) -> Op {
        match self {
            Self::Create { .. } => Op::Create,
            Self::Update { .. } => Op::Update,
            Self::Delete { .. } => Op::Delete,
            Self::Group { .. } => Op::Group,
            Self::Ungroup { .. } => Op::Ungroup,
            Self::Archive { .. } => Op::Archive,
            Self::Unarchive { .. } => Op::Unarchive,
        }
    }

    /// The record it addresses; none for a create.
    #[must_use]
    pub fn id(&self) -> Option<&RemoteId> {
        match self {
            Self::Create { .. } => None,
            Self::Update { id, .. }
            | Self::Delete { id, .. }
            | Self::Group { id }
            | Self::Ungroup { id }
            | Self::Archive { id }
            | Self::Unarchive { id } => Some(id),
        }
    }
}

impl Write {
    /// Whether an undo sends it.
    #[must_use]
    pub fn undoes(&self) -> bool {
        match self.why {
            Why::Undo | Why::UndoAlone => true,
            Why::Missing
            | Why::Changed
            | Why::FirstMeeting
            | Why::Enforced
            | Why::DeletedThere
            | Why::EditBeatsDelete
            | Why::InView
            | Why::LeftView => false,
        }
    }

    /// The pair this write belongs to, given the identifier on its own side.
    #[must_use]
    pub fn ids(&self, own: &RemoteId) -> Sides<RemoteId> {
        Sides::from_fn(|side| if side == self.on { own } else { &self.twin }.clone())
    }
}

/// A remote's confirmation: the record as it now stands there, as far as the remote told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The whole record in the remote's own spelling (`listed` included).
    Record(Box<Record>),
    /// A create whose answer was not heard, found by looking: the whole record as it is by now. What it
    /// holds beside what was sent may be somebody's edit.
    Found(Box<Record>),
    /// Only its identity: what was sent is taken for what it holds. `native` replaces the old one
    /// when given.
    Accepted {
        /// The record.
        id: RemoteId,
        /// Its revision now.
        version: Version,
        /// When the remote says it was changed.
        changed_at: Option<Moment>,
        /// Whether it is in the list, where that is known.
        listed: Option<bool>,
    },
    /// It is gone (a delete), or its group memberships are as asked (group, ungroup, archive).
    Nothing,
}

/// What became of one write. One per write, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Confirmed.
    Done(Stored),
    /// The record moved since it was read; nothing was written. Read again, merge again.
    Stale,
    /// The remote already has such a record; nothing was written.
    Duplicate {
        /// That record.
        of: RemoteId,
    },
    /// The remote will not store this contact; nothing was written.
    Rejected(Refusal),
    /// The user may not do this to this record; nothing was written.
    Denied {
        /// The remote's words.
        reason: String,
    },
    /// The record is gone; nothing was written.
    Gone,
    /// It was not sent.
    NotTried,
    /// It was sent and nobody knows whether it landed: look before sending again.
    Uncertain {
        /// What happened.
        reason: String,
    },
}

/// Why a contact cannot be stored on a side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The field at fault, when it is one of the mapped ones.
    pub field: Option<Field>,
    /// What is wrong, as a sentence without the value.
    pub reason: String,
    /// What to do about it.
    pub hint: String,
}
