//! HubSpot (CRM API v3): its contacts, as one list ("segment") or all of them.

mod api;
mod archive;
mod contacts;
mod convert;
mod defaults;
mod explain;
mod fields;
mod find;
#[cfg(test)]
pub(crate) mod fuzz;
mod gear;
mod kind;
mod lists;
mod members;
mod meta;
mod outcome;
mod read;
mod settle;
pub mod sign_in;
mod vet;
mod wire;
mod write;

pub use defaults::default_mapping;
pub use kind::Kind as HubSpotKind;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

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

/// What messages call it.
const TITLE: &str = "HubSpot";

/// What a profile says about HubSpot.
#[derive(Clone, Debug)]
pub struct HubSpotSettings {
    /// The API's root, when it is not HubSpot's own.
    pub endpoint: Option<String>,
    /// The list: `All contacts`, or a list by name or identifier.
    pub view: String,
    /// What new records get beside the mapped properties, by name (`[crm.defaults]`).
    pub defaults: BTreeMap<String, serde_json::Value>,
    /// How many calls may be under way at once, at least 1.
    pub lanes: usize,
}

impl Default for HubSpotSettings {
    fn default() -> Self {
        Self {
            endpoint: None,
            view: lists::ALL_NAME.to_owned(),
            defaults: BTreeMap::new(),
            lanes: 4,
        }
    }
}

/// The connector.
pub struct HubSpot {
    settings: HubSpotSettings,
    http: Http,
    /// Free places for calls.
    lanes: Semaphore,
    /// When the window of the limits ends, once it is used up.
    full_until: Mutex<Option<Instant>>,
    gear: RwLock<Option<Arc<Gear>>>,
}

impl HubSpot {
    /// A connector; nothing is sent yet.
    #[must_use]
    pub fn new(settings: HubSpotSettings, http: Http) -> Self {
        let lanes = settings.lanes.max(1);
        Self {
            settings,
            http,
            lanes: Semaphore::new(lanes),
            full_until: Mutex::new(None),
            gear: RwLock::new(None),
        }
    }

    fn gear(&self) -> Result<Arc<Gear>, Error> {
        self.gear
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok_or_else(|| {
                explain::fail(
                    "use the connector",
                    Kind::Config,
                    "it was not equipped with a probe and a mapping",
                )
            })
    }
}

#[async_trait]
impl Source for HubSpot {
    fn side(&self) -> Side {
        Side::Crm
    }

    fn name(&self) -> &'static str {
        TITLE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reads_whole_account: false,
            // Where it refuses all because of one, the connector halves.
            batch: Batch::PerRecord,
            lock: Lock::ReadCompare,
            // The archive of deleted contacts is read out; what was deleted for good is not in it, and
            // a large one is not read through.
            deletes: Deletes::SetDifference,
            list: match self.gear() {
                Ok(gear) if gear.list.covers_all => List::Everything,
                Ok(gear) if gear.writable().is_some() => List::Static,
                Ok(_) | Err(_) => List::Dynamic,
            },
            stamp: Stamp::Nowhere,
            lookup: Lookup::Asked,
            since: Since::Account,
            ids: Ids::Local,
            revisions: Revisions::Unique,
            lanes: self.settings.lanes.max(1),
            capacity: None,
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
        let gear = Gear::new(probe, mapping)?;
        *self.gear.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(gear));
        Ok(())
    }

    /// The list and the mapped properties: a watermark means the same whatever else changes.
    fn fingerprint(&self) -> String {
        let Ok(gear) = self.gear() else {
            return String::new();
        };
        let names: Vec<&str> = gear.slots.iter().map(|slot| slot.crm.as_str()).collect();
        format!("hubspot/1 {} {}", gear.list.id, names.join(","))
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
            Ok(gear) => vet::vet(&gear, &self.settings.defaults, write),
            Err(_) => Ok(()),
        }
    }

    fn meter(&self) -> Meter {
        self.http.meter()
    }
}

#[async_trait]
impl Sink for HubSpot {
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
