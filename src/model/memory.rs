//! What is remembered between runs, and the edits that change it.

use super::{Base, Link, LinkNo, Moment, Record, RemoteId, Rest, Side, Sides, Version};

/// One record as last seen or last written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The record.
    pub record: Record,
    /// The revisions that our own latest writes replaced, oldest first; hearing one of them again is
    /// an echo, not an edit, since remotes may take minutes to list what was written.
    pub replaced: Vec<Version>,
    /// When we created it, while no listing has shown it yet.
    pub unlisted_since: Option<Moment>,
}

/// Whether a revision that was replaced may be heard again as a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revisions {
    /// Never: every change gives one that there was not before.
    Unique,
    /// It follows from the content: who puts an old text back brings its revision back.
    OfContent,
}

/// Records tied to one another by links and shared addresses, complete in themselves: what happens
/// in one island does not depend on any other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Island {
    /// Every record of the island.
    pub records: Sides<std::collections::BTreeMap<RemoteId, Record>>,
    /// Every link of the island, oldest first.
    pub links: Vec<Link>,
}

/// One change to the stored state. A whole list is committed in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Remember a pair (`no` is none), or replace what is remembered of it.
    PutLink(Link),
    /// Move part of a pair's base.
    Rebase {
        /// The pair, by its records.
        ids: Sides<RemoteId>,
        /// The fields to replace.
        base: Base,
    },
    /// Move one side's half of part of a pair's base; the other half stays.
    RebaseSide {
        /// The pair, by its records.
        ids: Sides<RemoteId>,
        /// Whose half.
        side: Side,
        /// What that side holds, and what stands for the other half where a field has no base.
        base: Base,
    },
    /// Set whether a pair's record counts as listed at the last agreement.
    SetListed {
        /// The pair, by its records.
        ids: Sides<RemoteId>,
        /// Which of its records.
        side: Side,
        /// Whether it was in its list.
        listed: bool,
    },
    /// Set whether a pair takes part.
    SetRest {
        /// The pair, by its records.
        ids: Sides<RemoteId>,
        /// Why it rests, or that it does not.
        rest: Rest,
    },
    /// Forget a pair.
    DropLink(LinkNo),
    /// Remember a record as last written or directly read.
    PutSeen {
        /// Where.
        side: Side,
        /// What.
        seen: Seen,
    },
    /// Forget a record.
    DropSeen {
        /// Where.
        side: Side,
        /// Which.
        id: RemoteId,
    },
    /// The record has to be looked at in the next plan.
    Touch {
        /// Where.
        side: Side,
        /// Which.
        id: RemoteId,
    },
    /// The record is dealt with.
    Quiet {
        /// Where.
        side: Side,
        /// Which.
        id: RemoteId,
    },
}
