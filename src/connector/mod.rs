//! What a remote system has to be able to do, in few methods; the engine knows nothing else of it.
//!
//! Reading and writing are different traits, so that a dry run can be handed something that cannot
//! write. A connector keeps no contacts: it turns the remote's records into [`Record`]s and
//! [`Write`]s into calls.

mod batching;
mod bisect;
pub mod carddav;
mod error;
pub mod espocrm;
mod facts;
pub mod google;
pub mod http;
pub mod hubspot;
pub mod kind;
pub mod memory;
pub mod odoo;
mod twins;
pub mod zoho;

pub use bisect::{Sending, Whole, bisect};
pub use error::{Error, Kind, Reach};
pub use facts::{Batch, Capabilities, Deletes, Ids, List, Lock, Lookup, Since, Stamp};
pub use kind::{CrmKind, Opening};
pub use twins::Twins;

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::auth::crm::OAuth;
use crate::mapping::{Mapping, Path};
use crate::model::{
    CrmSection, Key, KindInfo, Kinds, ListInfo, Outcome, Probe, Record, Refusal, RemoteId, Side,
    Write,
};

/// The CRMs that there are; the first is the one that `configure` proposes.
const CRMS: &[&dyn CrmKind] = &[
    &zoho::ZohoKind,
    &carddav::CarddavKind,
    &espocrm::EspoKind,
    &odoo::OdooKind,
    &hubspot::HubSpotKind,
];

/// The CRM kinds as plain data.
#[must_use]
pub fn kinds() -> Kinds {
    static INFOS: LazyLock<Vec<&'static KindInfo>> =
        LazyLock::new(|| CRMS.iter().map(|kind| kind.info()).collect());
    static NAMES: LazyLock<Vec<&'static str>> =
        LazyLock::new(|| INFOS.iter().map(|info| info.name).collect());
    Kinds::new(&INFOS, &NAMES)
}

/// The kind that a profile's section names.
///
/// # Errors
/// `Config` when the section was read with other kinds than these.
pub fn kind_of(section: &CrmSection) -> Result<&'static dyn CrmKind, Error> {
    let found = CRMS
        .iter()
        .copied()
        .find(|kind| kind.info().name == section.kind.name);
    found.ok_or_else(|| {
        let reason = "there is no connector for it in this program";
        http::error(section.kind.title, "open it", Kind::Config, reason)
    })
}

/// The OAuth service of that word, whichever kind it belongs to.
#[must_use]
pub fn oauth(word: &str) -> Option<&'static dyn OAuth> {
    CRMS.iter()
        .filter_map(|kind| kind.sign_in().oauth)
        .map(|way| way.service)
        .find(|service| service.word() == word)
}

/// Opens the CRM of a profile's section; nothing is sent yet.
///
/// # Errors
/// Those of [`CrmKind::open`].
pub fn open(section: &CrmSection, opening: Opening) -> Result<Box<dyn Sink>, Error> {
    kind_of(section)?.open(section, opening)
}

/// An opaque position in a remote's change feed, stored between runs with the fingerprint of the
/// request that it was taken with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// One pair of the mapping that a CRM has when the profile names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultPair {
    /// The CRM's API name of the field.
    pub crm: &'static str,
    /// The Google path.
    pub google: &'static str,
    /// Whether the pair holds the match key.
    pub key: bool,
    /// Whether values go to Google only.
    pub to_google_only: bool,
}

/// What a fetch is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Only what changed since then; everything without it.
    pub since: Option<Cursor>,
    /// Whether the identifiers of all list members are wanted too ([`Page::Census`]); a full fetch
    /// answers that by itself.
    pub census: Census,
    /// The start of the run, seconds since the epoch by this machine's clock.
    pub now: i64,
}

/// Whether the list's members are counted through in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Census {
    /// Only changed records are looked at.
    No,
    /// The identifiers of all members are listed (rule 8, once every `full_every`).
    Yes,
}

/// A part of what a fetch brings, in any order; a record that comes twice counts by its later form.
#[derive(Clone, Debug)]
pub enum Page {
    /// The fetch turned out to be full although a cursor was given (it had expired): forget what
    /// this fetch sent so far.
    Restart,
    /// Records with their current content and membership.
    Records(Vec<Record>),
    /// Records that the remote itself says were deleted: proof (rule 7).
    Deleted(Vec<RemoteId>),
    /// A record goes by another identifier now (Google's `previousResourceNames`).
    Renamed {
        /// The identifier that it had.
        from: RemoteId,
        /// The identifier that it has.
        to: RemoteId,
    },
    /// Some identifiers of current list members; all pages together are complete.
    Census(Vec<RemoteId>),
}

/// How a fetch ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchEnd {
    /// Whether everything was read, or only what changed.
    pub extent: Extent,
    /// Where the next fetch goes on; none when the remote gave no position.
    pub cursor: Option<Cursor>,
    /// How many pages were read.
    pub pages: u32,
    /// How many records came.
    pub records: u64,
}

/// How much a fetch covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The whole account (Google) or the whole list (a CRM).
    Full,
    /// What changed since the cursor.
    Delta,
}

/// What a direct read by identifier says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is there.
    Here(Box<Record>),
    /// It is there under another identifier.
    Moved(Box<Record>),
    /// The remote says that there is no such record, and that is proof on this remote.
    Gone,
    /// It cannot be seen, deleted or hidden.
    Hidden,
}

/// Requests sent so far, every attempt counted, token calls not, and what is known of quotas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meter {
    /// All of them.
    pub requests: u64,
    /// By call name.
    pub by_call: std::collections::BTreeMap<&'static str, u64>,
    /// What they cost in the remote's own credits, where it counts in credits.
    pub credits: Option<u64>,
    /// How many credits are left of the day, where the remote tells.
    pub credits_left: Option<u64>,
    /// What is left of the minute's budget of reading, where there is one.
    pub reads_left: Option<u64>,
    /// What is left of the minute's budget of writing, where there is one.
    pub writes_left: Option<u64>,
}

/// Where a fetch puts its pages. A closed channel means that nobody listens any more: stop.
pub type PageSender = mpsc::Sender<Page>;

/// The reading half. Planning and dry runs get this and nothing else.
#[async_trait]
pub trait Source: Send + Sync {
    /// Which side it stands on.
    fn side(&self) -> Side;

    /// What messages call the remote.
    fn name(&self) -> &str;

    /// The facts about this remote, after [`Source::equip`].
    fn capabilities(&self) -> Capabilities;

    /// Who is signed in, what they may do, the profile's list and the fields. `last` is the probe
    /// of an earlier run, so that a renamed list is recognised.
    async fn probe(&self, last: Option<&Probe>) -> Result<Probe, Error>;

    /// Every list that a profile could name, with sizes where the remote tells them.
    async fn lists(&self) -> Result<Vec<ListInfo>, Error>;

    /// Whose the identifiers of the counterparts are, for stamps; called before [`Source::equip`].
    /// A remote that keeps no stamp has no use for it.
    fn know_twins(&self, _twins: Twins) {}

    /// Both sides are met for the first time: once the probes are in, everything will be fetched, with a
    /// mapping to these places. Whoever needs nothing of the probes for that may begin now.
    fn foresee(&self, _google: &[Path]) {}

    /// Takes in what later calls work from. Called once, before any of the calls below.
    fn equip(&self, probe: &Probe, mapping: Arc<Mapping>) -> Result<(), Error>;

    /// Fields that the remote keeps as one value, by their names and in order: each is their texts
    /// with blanks between them, split again by a rule of the remote's own. They are compared as
    /// the whole and written together.
    fn wholes(&self) -> &'static [&'static [&'static str]] {
        &[]
    }

    /// Binds cursors: changes whenever a cursor taken before must not be used any more (fields,
    /// list, module, page size).
    fn fingerprint(&self) -> String;

    /// Everything, or what changed since the cursor; an expired cursor is answered with
    /// [`Page::Restart`] and a full fetch. A fetch returns at least everything that was committed
    /// after the fetch that gave the cursor began.
    async fn fetch(&self, ask: &Ask, pages: PageSender) -> Result<FetchEnd, Error>;

    /// Reads records by identifier; one answer per identifier, in order.
    async fn get(&self, ids: &[RemoteId]) -> Result<Vec<Found>, Error>;

    /// Every record of the whole account whose match key is one of `keys`, in the list or not.
    async fn find(&self, keys: &[Key]) -> Result<Vec<Record>, Error>;

    /// Whether the remote would store this, as far as its metadata tells; called before anything is
    /// sent and in dry runs.
    fn vet(&self, write: &Write) -> Result<(), Refusal>;

    /// The requests sent so far.
    fn meter(&self) -> Meter;
}

/// What became of a batch.
#[derive(Debug)]
pub struct Written {
    /// One per write, in order.
    pub outcomes: Vec<Outcome>,
    /// A failure that ends this side's writing; the writes it touched say `NotTried` or
    /// `Uncertain`.
    pub stop: Option<Error>,
}

/// The writing half.
#[async_trait]
pub trait Sink: Source {
    /// Sorts writes into batches that are sent as one call each (more where a remote needs several,
    /// such as group changes); the order of batches is the order of sending.
    fn batches(&self, writes: Vec<Write>) -> Vec<Vec<Write>>;

    /// Sends one batch.
    async fn write(&self, batch: &[Write]) -> Written;

    /// Finds out what became of creates that were sent without hearing the answer: reads as freshly
    /// as the remote allows (the whole account or the stamps), and returns the records found.
    async fn look(&self, open: &[Write]) -> Result<Vec<Record>, Error>;

    /// The same for creates that have no address and carry no stamp: every record without an address
    /// that was created at `since` (by this machine's clock) or later. Nothing where the remote cannot
    /// be asked by that.
    async fn look_nameless(&self, _open: &[Write], _since: i64) -> Result<Vec<Record>, Error> {
        Ok(Vec::new())
    }
}
