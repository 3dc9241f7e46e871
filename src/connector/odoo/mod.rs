//! Odoo 18 and later (JSON-RPC, and JSON-2 from 19 on): the persons among its partners, as one tag, one
//! saved filter or all of them.

mod api;
mod convert;
mod defaults;
mod domain;
mod explain;
mod fields;
mod find;
#[cfg(test)]
pub(crate) mod fuzz;
mod gear;
mod kind;
mod lists;
mod meet;
mod meta;
mod outcome;
mod read;
mod spelling;
mod update;
mod vet;
mod wire;
mod write;

pub use defaults::default_mapping;
pub use kind::Kind as OdooKind;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use tokio::sync::Semaphore;

use super::http::Http;
use super::{
    Ask, Batch, Capabilities, Deletes, Error, FetchEnd, Found, Ids, Kind, List, Lock, Lookup,
    Meter, PageSender, Since, Sink, Source, Stamp, Written,
};
use crate::mapping::Mapping;
use crate::model::{Key, ListInfo, Probe, Record, Refusal, RemoteId, Revisions, Side, Write};
use gear::{Extra, Gear};
use serde::{Deserialize, Serialize};

/// What messages call it.
const TITLE: &str = "Odoo";
/// The model of contacts.
const PARTNER: &str = "res.partner";

/// One of Odoo's two interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// `/json/2`, from Odoo 19 on.
    Json2,
    /// `/jsonrpc`.
    JsonRpc,
}

/// What a profile says about Odoo.
#[derive(Clone, Debug)]
pub struct OdooSettings {
    /// The address of the installation.
    pub endpoint: String,
    /// The name of the database.
    pub database: String,
    /// The login of the key's user; JSON-RPC needs it.
    pub user: Option<String>,
    /// How it is spoken to; none takes what its version offers.
    pub api: Option<Api>,
    /// The list: `All Contacts`, a saved filter, or a tag, by name or identifier.
    pub view: String,
    /// What new records get beside the mapped fields, by name (`[crm.defaults]`).
    pub defaults: BTreeMap<String, serde_json::Value>,
    /// How many calls may be under way at once, at least 1.
    pub lanes: usize,
}

impl Default for OdooSettings {
    fn default() -> Self {
        Self {
            endpoint: String::new(),
            database: String::new(),
            user: None,
            api: None,
            view: lists::ALL_NAME.to_owned(),
            defaults: BTreeMap::new(),
            lanes: 4,
        }
    }
}

/// The interface that is spoken, and as whom.
type Tongue = (Api, Option<i64>);

/// The connector.
pub struct Odoo {
    settings: OdooSettings,
    http: Http,
    /// Free places for calls.
    lanes: Semaphore,
    tongue: RwLock<Option<Tongue>>,
    gear: RwLock<Option<Arc<Gear>>>,
    /// Addresses that were looked for and that a record has behind its first one.
    further: Mutex<HashMap<Key, RemoteId>>,
}

impl Odoo {
    /// A connector; nothing is sent yet.
    #[must_use]
    pub fn new(settings: OdooSettings, http: Http) -> Self {
        let lanes = settings.lanes.max(1);
        Self {
            settings,
            http,
            lanes: Semaphore::new(lanes),
            tongue: RwLock::new(None),
            gear: RwLock::new(None),
            further: Mutex::default(),
        }
    }

    fn gear(&self) -> Result<Arc<Gear>, Error> {
        let gear = self.gear.read().unwrap_or_else(PoisonError::into_inner);
        gear.clone().ok_or_else(unequipped)
    }

    fn tongue(&self) -> Result<Tongue, Error> {
        let tongue = self.tongue.read().unwrap_or_else(PoisonError::into_inner);
        tongue.ok_or_else(unequipped)
    }

    fn speak(&self, tongue: Tongue) {
        *self.tongue.write().unwrap_or_else(PoisonError::into_inner) = Some(tongue);
    }
}

fn unequipped() -> Error {
    explain::fail(
        "use the connector",
        Kind::Config,
        "it was not equipped with a probe and a mapping",
    )
}

#[async_trait]
impl Source for Odoo {
    fn side(&self) -> Side {
        Side::Crm
    }

    fn name(&self) -> &'static str {
        TITLE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reads_whole_account: false,
            batch: Batch::AllOrNothing,
            lock: Lock::ReadCompare,
            // What was archived is told as well; what was unlinked is not.
            deletes: Deletes::SetDifference,
            list: match self.gear() {
                Ok(gear) if gear.tag().is_some() => List::Static,
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
        Box::pin(self.read_probe(last)).await
    }

    async fn lists(&self) -> Result<Vec<ListInfo>, Error> {
        self.meet().await?;
        self.all_lists().await
    }

    fn equip(&self, probe: &Probe, mapping: Arc<Mapping>) -> Result<(), Error> {
        let extra: Extra = serde_json::from_value(probe.extra.clone()).unwrap_or_default();
        self.speak((extra.api, extra.uid));
        let gear = Gear::new(probe, extra, mapping)?;
        *self.gear.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(gear));
        Ok(())
    }

    fn wholes(&self) -> &'static [&'static [&'static str]] {
        &[&[gear::GIVEN, gear::FAMILY]]
    }

    /// The list with what a saved filter asks for, and the mapped fields: a watermark means the same
    /// whatever else changes.
    fn fingerprint(&self) -> String {
        let Ok(gear) = self.gear() else {
            return String::new();
        };
        let fields: Vec<&str> = gear.slots.iter().map(|slot| slot.crm.as_str()).collect();
        let view = lists::domain(&gear.extra.view);
        format!("odoo/1 {} {view} {}", gear.list.id, fields.join(","))
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
impl Sink for Odoo {
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
