//! What a run has to tell a person.

use serde::{Deserialize, Serialize};

use super::{Field, Key, RemoteId, Side, Sides, Value};

/// What sort of problem a contact has; each makes exit 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProblemKind {
    /// More than one candidate on a side.
    Ambiguous,
    /// The remote will not store it.
    Rejected,
    /// The user may not write it.
    Denied,
    /// The write failed.
    Failed,
    /// It flips back and forth.
    Quarantined,
    /// A conflict that is held.
    Held,
    /// A clearing that cannot go over.
    Uncleared,
    /// Two linked Google contacts became one.
    Merged,
}

/// A contact that needs a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The sort.
    pub kind: ProblemKind,
    /// Its match key.
    pub key: Option<Key>,
    /// Every record concerned.
    pub ids: Sides<Vec<RemoteId>>,
    /// The field concerned, by its Google path.
    pub field: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub hint: String,
}

/// What a person may like to know and need not act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeKind {
    /// A record cannot be seen any more and nothing proves a deletion.
    Vanished,
    /// A pair is over.
    Ended,
    /// A record stays although its twin is gone.
    Kept,
    /// A mandatory name was filled in.
    Filled,
}

/// A notice, said once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Notice {
    /// The sort.
    pub kind: NoticeKind,
    /// The contact's match key.
    pub key: Option<Key>,
    /// The record that it is about.
    pub id: Option<RemoteId>,
    /// The sentence.
    pub text: String,
}

/// Two different changes to one field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The contact's match key.
    pub key: Option<Key>,
    /// The pair.
    pub ids: Sides<RemoteId>,
    /// Which field.
    pub field: Field,
    /// Both values; `None` is blank.
    pub values: Sides<Option<Value>>,
    /// Whose value goes over; none when it is held.
    pub winner: Option<Side>,
}
