//! Facts about a remote that the engine asks for instead of assuming. The contract suite holds every
//! connector to what it states here.

use std::time::Duration;

use crate::model::Revisions;

/// What is so at a remote, and at the profile's list there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether a full fetch returns every record of the account and not only the list's.
    pub reads_whole_account: bool,
    /// How the writes of one batch fare together.
    pub batch: Batch,
    /// What keeps a write from going over an edit that was not read yet.
    pub lock: Lock,
    /// How it is learned that a record was deleted.
    pub deletes: Deletes,
    /// What decides who is in the profile's list.
    pub list: List,
    /// Where a record that we create keeps the identifier of its counterpart.
    pub stamp: Stamp,
    /// How records are found by their address.
    pub lookup: Lookup,
    /// What a fetch since a cursor brings.
    pub since: Since,
    /// Where identifiers mean something.
    pub ids: Ids,
    /// Whether a revision may come back.
    pub revisions: Revisions,
    /// How many batches may be handed over at once; 1 is strictly one after another. Where a remote
    /// takes mutations only so, its connector may get the next one ready meanwhile.
    pub lanes: usize,
    /// The most records that the account may hold.
    pub capacity: Option<u64>,
    /// After how long a cursor must not be used any more.
    pub cursor_life: Option<Duration>,
}

/// How the writes of one batch fare together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// The remote answers for each write.
    PerRecord,
    /// The remote takes all of them or none; the connector finds the one at fault
    /// ([`super::bisect`]).
    AllOrNothing,
    /// Every batch is of one write.
    Single,
}

/// What keeps a write from going over an edit that was not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// The remote refuses a write on top of another revision.
    PerRequest,
    /// The connector reads the record right before it writes, unless it has read it within the last
    /// seconds; an edit in between is overwritten in the fields that are written.
    ReadCompare,
}

/// How it is learned that a record was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletes {
    /// The remote keeps a feed of deletions ([`super::Page::Deleted`]).
    Tombstones,
    /// Deleted records stay readable with a flag, and the connector reads them out
    /// ([`super::Page::Deleted`]).
    FlagScan,
    /// The remote tells nothing, or not of every deletion: what the list lacks may have left or be
    /// gone.
    SetDifference,
}

/// What decides who is in the profile's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Nothing: it holds every record of the account.
    Everything,
    /// The remote, by the list's own criteria, or people who do not let us.
    Dynamic,
    /// Who puts records in and takes them out; what is created through the connector is put in.
    Static,
}

/// Where a record that we create keeps the identifier of its counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// Nowhere; a create without an answer is found by its address only.
    Nowhere,
    /// Beside the contact, where no person sees it.
    Aside,
    /// In the contact itself.
    Inside,
}

/// How records are found by their address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The remote is asked, and answers from what it holds now.
    Asked,
    /// The remote is asked, and answers from an index that lags behind.
    Late,
    /// The connector reads through all records.
    Scanned,
}

/// What a fetch since a cursor brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// What changed anywhere in the account, with its membership told.
    Account,
    /// What changed in the list; who left it shows in the census.
    List,
}

/// Where the identifiers of records mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// No other account of the same sort has them.
    Global,
    /// Only within the account: other accounts have the same ones (small numbers).
    Local,
}
