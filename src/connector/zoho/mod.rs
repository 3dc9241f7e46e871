//! Zoho CRM (API v8): one module, one list view.

mod api;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod cases;
mod convert;
mod coql;
mod credits;
mod defaults;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod equipment;
mod explain;
mod fields;
mod find;
#[cfg(test)]
pub(crate) mod fuzz;
mod gear;
mod kind;
mod meta;
mod nameless;
mod outcome;
mod read;
mod row;
mod search;
mod settle;
pub mod sign_in;
mod table;
mod vet;
mod views;
mod whole;
mod wire;
mod write;

pub use defaults::default_mapping;
pub use kind::Kind as ZohoKind;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::Semaphore;

use super::http::Http;
use super::{
    Ask, Batch, Capabilities, Deletes, Error, FetchEnd, Found, Ids, Kind, List, Lock, Lookup,
    Meter, PageSender, Since, Sink, Source, Stamp, Written,
};
use crate::mapping::Mapping;
use crate::model::{Key, ListInfo, Probe, Record, Refusal, RemoteId, Revisions, Side, Write};
use credits::Credits;
use gear::Gear;

/// What messages call it.
const TITLE: &str = "Zoho CRM";
/// A record read longer ago than this is read again before it is written.
const FRESH: Duration = Duration::from_secs(30);

/// What a profile says about Zoho CRM.
#[derive(Clone, Debug)]
pub struct ZohoSettings {
    /// The API root; none takes the one that came with the token, else the data centre's.
    pub endpoint: Option<String>,
    /// The data centre's short name (`eu`, `us`).
    pub data_center: String,
    /// The module: `Contacts`, `Leads` or `Vendors`.
    pub module: String,
    /// The list view by identifier or name.
    pub view: String,
    /// What new records get beside the mapped fields, by API name (`[crm.defaults]`).
    pub defaults: BTreeMap<String, serde_json::Value>,
    /// Which automations writes set off (`workflow`, `approval`, `blueprint`); none by default.
    pub trigger: Vec<String>,
    /// How many calls may be under way at once, at least 1.
    pub lanes: usize,
    /// How many of the organisation's API credits are left for others.
    pub credits_reserve: u64,
}

impl Default for ZohoSettings {
    fn default() -> Self {
        Self {
            endpoint: None,
            data_center: "us".to_owned(),
            module: "Contacts".to_owned(),
            view: "All Contacts".to_owned(),
            defaults: BTreeMap::new(),
            trigger: Vec::new(),
            lanes: 10,
            credits_reserve: 0,
        }
    }
}

/// The members of a view that COQL does not read, and when they were read.
type Members = Option<(Instant, Arc<HashSet<u64>>)>;

/// The connector.
pub struct Zoho {
    settings: ZohoSettings,
    http: Http,
    /// Free places for calls.
    lanes: Semaphore,
    /// How many places there are, and when they were last made fewer.
    width: Mutex<(usize, Option<Instant>)>,
    /// The server's clock less this machine's, seconds.
    skew: AtomicI64,
    gear: RwLock<Option<Arc<Gear>>>,
    /// When the last fetch that ended well began: it vouches for every record.
    fetched: Mutex<Option<Instant>>,
    /// When single records were read since.
    read: Mutex<HashMap<u64, Instant>>,
    members: Mutex<Members>,
    credits: Credits,
}

impl Zoho {
    /// A connector; nothing is sent yet.
    #[must_use]
    pub fn new(settings: ZohoSettings, http: Http) -> Self {
        let lanes = settings.lanes.max(1);
        http.warm(settings.endpoint.as_deref());
        Self {
            settings,
            http,
            lanes: Semaphore::new(lanes),
            width: Mutex::new((lanes, None)),
            skew: AtomicI64::new(0),
            gear: RwLock::new(None),
            fetched: Mutex::new(None),
            read: Mutex::new(HashMap::new()),
            members: Mutex::new(None),
            credits: Credits::default(),
        }
    }

    fn gear(&self) -> Result<Arc<Gear>, Error> {
        self.gear
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok_or_else(|| {
                api::fail(
                    "use the connector",
                    Kind::Config,
                    "it was not equipped with a probe and a mapping",
                )
            })
    }

    /// A fetch that began then has ended well.
    fn confirmed(&self, begun: Instant) {
        *self.fetched.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
        self.read
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// These records were read directly.
    fn read_directly(&self, ids: &[RemoteId], begun: Instant) {
        self.read
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(ids.iter().map(|id| (read::compact(id.as_str()), begun)));
    }

    /// Whether what is known of a record is fresh enough to write on top of it.
    fn is_fresh(&self, id: &RemoteId) -> bool {
        let fetched = *self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let read = self
            .read
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&read::compact(id.as_str()))
            .copied();
        fetched
            .max(read)
            .is_some_and(|begun| begun.elapsed() < FRESH)
    }
}

#[async_trait]
impl Source for Zoho {
    fn side(&self) -> Side {
        Side::Crm
    }

    fn name(&self) -> &'static str {
        TITLE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reads_whole_account: false,
            batch: Batch::PerRecord,
            // The header that locks takes one record a request; batches are read again before.
            lock: Lock::ReadCompare,
            deletes: Deletes::Tombstones,
            list: match self.gear() {
                Ok(gear) if gear.list.covers_all => List::Everything,
                Ok(_) | Err(_) => List::Dynamic,
            },
            stamp: Stamp::Nowhere,
            lookup: Lookup::Asked,
            since: Since::Account,
            ids: Ids::Global,
            revisions: Revisions::Unique,
            lanes: self.width.lock().unwrap_or_else(PoisonError::into_inner).0,
            capacity: None,
            cursor_life: Some(Duration::from_secs(55 * 24 * 3600)),
        }
    }

    async fn probe(&self, last: Option<&Probe>) -> Result<Probe, Error> {
        self.read_probe(last).await
    }

    async fn lists(&self) -> Result<Vec<ListInfo>, Error> {
        self.all_lists().await
    }

    fn equip(&self, probe: &Probe, mapping: Arc<Mapping>) -> Result<(), Error> {
        let gear = Gear::new(&self.settings.module, probe, mapping);
        *self.gear.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(gear));
        Ok(())
    }

    /// The module, the view and the columns. The way of reading is left out: a watermark means the
    /// same in every one of them.
    fn fingerprint(&self) -> String {
        let Ok(gear) = self.gear() else {
            return String::new();
        };
        let covers = if gear.list.covers_all { "all" } else { "view" };
        format!(
            "zoho/1 {}#{} {covers} {}",
            gear.module,
            gear.list.id,
            gear.columns.join(",")
        )
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
        let (spent, credits_left) = self.credits.so_far();
        Meter {
            credits: Some(spent),
            credits_left,
            ..self.http.meter()
        }
    }
}

#[async_trait]
impl Sink for Zoho {
    fn batches(&self, writes: Vec<Write>) -> Vec<Vec<Write>> {
        write::batches(writes)
    }

    async fn write(&self, batch: &[Write]) -> Written {
        self.write_batch(batch).await
    }

    async fn look(&self, open: &[Write]) -> Result<Vec<Record>, Error> {
        let keys: Vec<Key> = open.iter().filter_map(|write| write.key.clone()).collect();
        self.find_records(&keys).await
    }

    async fn look_nameless(&self, open: &[Write], since: i64) -> Result<Vec<Record>, Error> {
        self.nameless_since(open, since).await
    }
}
