//! CardDAV (RFC 6352): one address book, read by sync token and written card by card.

mod call;
mod card;
mod cards;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod cases;
mod convert;
mod create;
mod discover;
mod fetch;
mod fields;
#[cfg(test)]
pub(crate) mod fuzz;
mod gear;
mod href;
mod kind;
mod name;
mod outcome;
mod patch;
mod probe;
mod reading;
mod slot;
mod wire;
mod write;

pub use fields::default_mapping;
pub use kind::Kind as CarddavKind;

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use tokio::sync::Semaphore;

use super::http::Http;
use super::{
    Ask, Batch, Capabilities, Deletes, Error, FetchEnd, Found, Ids, Kind, List, Lock, Lookup,
    Meter, PageSender, Since, Sink, Source, Stamp, Written,
};
use crate::mapping::Mapping;
use crate::model::{Key, ListInfo, Probe, Record, Refusal, RemoteId, Revisions, Side, Write};
use gear::Gear;

/// What a profile says about a CardDAV server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarddavSettings {
    /// The server's address, the user's, or the address book's.
    pub endpoint: String,
    /// The address book by name or address; empty for the only one.
    pub view: String,
    /// Who signs in.
    pub user: Option<String>,
    /// Fields that the mapping names, to be offered beside the usual ones.
    pub fields: Vec<String>,
    /// Whether new cards are of version 4.0 although the server takes 3.0.
    pub four: bool,
    /// How many requests may be under way at once, at least 1.
    pub lanes: usize,
}

impl Default for CarddavSettings {
    fn default() -> Self {
        Self {
            endpoint: String::new(),
            view: String::new(),
            user: None,
            fields: Vec::new(),
            four: false,
            lanes: 4,
        }
    }
}

/// The connector.
pub struct Carddav {
    settings: CarddavSettings,
    http: Http,
    /// Free places for requests.
    lanes: Semaphore,
    gear: RwLock<Option<Arc<Gear>>>,
}

impl Carddav {
    /// A connector; nothing is sent yet.
    #[must_use]
    pub fn new(settings: CarddavSettings, http: Http) -> Self {
        Self {
            lanes: Semaphore::new(settings.lanes.max(1)),
            settings,
            http,
            gear: RwLock::new(None),
        }
    }

    fn gear(&self) -> Result<Arc<Gear>, Error> {
        self.gear
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok_or_else(|| {
                call::fail(
                    "use the connector",
                    Kind::Config,
                    "it was not equipped with a probe and a mapping",
                )
            })
    }
}

#[async_trait]
impl Source for Carddav {
    fn side(&self) -> Side {
        Side::Crm
    }

    fn name(&self) -> &'static str {
        call::REMOTE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reads_whole_account: false,
            batch: Batch::Single,
            lock: Lock::PerRequest,
            deletes: Deletes::Tombstones,
            list: List::Everything,
            stamp: Stamp::Inside,
            lookup: Lookup::Scanned,
            since: Since::Account,
            // What cards are called is up to the programs that make them.
            ids: Ids::Local,
            revisions: Revisions::OfContent,
            lanes: self.settings.lanes.max(1),
            capacity: None,
            // A token that the server does not know any more is answered as such.
            cursor_life: None,
        }
    }

    async fn probe(&self, last: Option<&Probe>) -> Result<Probe, Error> {
        self.read_probe(last).await
    }

    async fn lists(&self) -> Result<Vec<ListInfo>, Error> {
        self.all_lists().await
    }

    fn equip(&self, probe: &Probe, mapping: Arc<Mapping>) -> Result<(), Error> {
        let gear = Gear::new(probe, mapping)
            .map_err(|reason| call::fail("use the address book", Kind::Config, &reason))?;
        *self.gear.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(gear));
        Ok(())
    }

    fn fingerprint(&self) -> String {
        let Ok(gear) = self.gear() else {
            return String::new();
        };
        let fields: Vec<String> = gear.slots.iter().map(ToString::to_string).collect();
        format!("carddav/1 {} {}", gear.book, fields.join(","))
    }

    async fn fetch(&self, ask: &Ask, pages: PageSender) -> Result<FetchEnd, Error> {
        self.fetch_pages(ask, pages).await
    }

    async fn get(&self, ids: &[RemoteId]) -> Result<Vec<Found>, Error> {
        self.get_records(ids).await
    }

    async fn find(&self, keys: &[Key]) -> Result<Vec<Record>, Error> {
        self.find_records(keys).await
    }

    fn vet(&self, write: &Write) -> Result<(), Refusal> {
        match self.gear() {
            Ok(gear) => outcome::vet(&gear, write),
            Err(_) => Ok(()),
        }
    }

    fn meter(&self) -> Meter {
        self.http.meter()
    }
}

#[async_trait]
impl Sink for Carddav {
    fn batches(&self, writes: Vec<Write>) -> Vec<Vec<Write>> {
        write::batches(writes)
    }

    async fn write(&self, batch: &[Write]) -> Written {
        self.write_batch(batch).await
    }

    async fn look(&self, open: &[Write]) -> Result<Vec<Record>, Error> {
        self.look_for(open).await
    }
}
