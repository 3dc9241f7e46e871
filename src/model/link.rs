//! What is remembered about two records that are one contact.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Field, RemoteId, Side, Sides, Value};

/// The number of a link in the state file; a smaller one is older.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinkNo(pub i64);

/// What both sides held when a field was last agreed on, per side because a remote may respell what
/// it stores. A field without an entry has not met yet; `None` was blank.
pub type Base = BTreeMap<Field, Sides<Option<Value>>>;

/// Why a link takes no part in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    /// It takes part.
    #[default]
    Awake,
    /// A record left the profile's list on this side (rule 8).
    Left(Side),
    /// The record on this side cannot be seen and nothing proves that it was deleted (rule 7).
    Vanished(Side),
    /// The record on this side was deleted and the other stays (`on_delete = "keep"`, or archived).
    Ended(Side),
    /// Two linked Google contacts were merged and this is the younger link.
    Merged,
}

/// Two records known to be one contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number; none until it is stored.
    pub no: Option<LinkNo>,
    /// The two records.
    pub ids: Sides<RemoteId>,
    /// What they last agreed on.
    pub base: Base,
    /// Whether each record was in its list at the last agreement.
    pub listed: Sides<bool>,
    /// Whether the link takes part.
    pub rest: Rest,
    /// The match key that either record had when it was last seen, to find the survivor of a merge
    /// and a new record for an ended pair.
    pub key: Option<super::Key>,
    /// How many fields of the target differ because its own edits stay there (rule 6).
    pub drift: u16,
}
