//! Google Contacts through the People API: one account, read whole, written one call after another.

mod ahead;
mod bodies;
mod convert;
mod cost;
mod create;
mod errors;
mod fresh;
mod get;
mod groups;
mod item;
mod members;
mod read;
mod remove;
mod slots;
mod text;
mod turn;
mod update;
mod vet;
mod wire;
mod write;

#[cfg(test)]
pub(crate) mod fuzz;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use reqwest::Method;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::http::{Answer, Call, Http, Payload, Redirect, Repeat, SendError, Verdict, error};
use super::{
    Ask, Batch, Capabilities, Deletes, Error, FetchEnd, Found, Ids, Kind, List, Lock, Lookup,
    Meter, PageSender, Since, Sink, Source, Stamp, Twins, Written,
};
use crate::mapping::{Mapping, Path};
use crate::model::{Key, ListInfo, Probe, Record, Refusal, RemoteId, Revisions, Side, Write};
use convert::Lens;
use errors::{Fault, REMOTE, parse};
use turn::Turn;

/// The People API's root.
pub const ENDPOINT: &str = "https://people.googleapis.com";
/// The name of the label that archived contacts get (rule 7).
pub const ARCHIVE_LABEL: &str = "crmsync-archive";
/// The `clientData` key of the stamp (rule 3).
pub const STAMP: &str = "crmsync";
/// Google's cap on contacts in an account, trash included.
pub const CAPACITY: u64 = 25_000;

/// Whether this account may be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Writes {
    /// It may.
    #[default]
    Allowed,
    /// It is only read (`google-to-crm`), and `contacts.readonly` is enough.
    Never,
}

/// Whether the profile's label is made when there is none of its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewGroup {
    /// Before the first write that needs it.
    #[default]
    Create,
    /// A missing label is an error (`Unknown`).
    Refuse,
}

/// How the connector is set up.
#[derive(Clone, Debug)]
pub struct GoogleSettings {
    /// The API's root, without a slash at its end.
    pub endpoint: String,
    /// The profile's label: its name, `contactGroups/…`, or `myContacts`.
    pub group: String,
    /// The account's identity, as far as the sign-in or the profile tells.
    pub account: Option<String>,
    /// Whether this account may be written.
    pub writes: Writes,
    /// What to do when the label does not exist.
    pub new_group: NewGroup,
    /// The archive label's name.
    pub archive: String,
    /// The `clientData` key of the stamp.
    pub stamp: String,
}

impl GoogleSettings {
    /// The usual settings for a label.
    #[must_use]
    pub fn new(group: impl Into<String>) -> Self {
        Self {
            endpoint: ENDPOINT.to_owned(),
            group: group.into(),
            account: None,
            writes: Writes::Allowed,
            new_group: NewGroup::Create,
            archive: ARCHIVE_LABEL.to_owned(),
            stamp: STAMP.to_owned(),
        }
    }
}

/// The connector.
pub struct Google {
    settings: GoogleSettings,
    http: Http,
    gear: RwLock<Option<Gear>>,
    labels: Mutex<Labels>,
    twins: Mutex<Twins>,
    /// Labels as they were listed a moment ago.
    listed: Mutex<Option<(Instant, Arc<[wire::Group]>)>>,
    /// Held while a label is looked for and made.
    making: tokio::sync::Mutex<()>,
    /// What was asked for before anybody wanted it.
    ahead: Mutex<Option<ahead::Ahead>>,
    /// Google wants the mutations of an account one after another.
    turn: Turn,
}

/// What [`Source::equip`] brought.
#[derive(Clone)]
struct Gear {
    mapping: Arc<Mapping>,
    /// The lists that are read.
    lists: Arc<[&'static str]>,
    /// What cursors are bound to of the label: its resource name, or its name while it has none.
    bound: String,
    /// Whose the counterparts' identifiers are.
    twins: Twins,
}

/// Resource names of labels, empty while they do not exist.
#[derive(Clone, Default)]
struct Labels {
    group: String,
    archive: String,
}

impl Google {
    /// A connector for one account.
    #[must_use]
    pub fn new(settings: GoogleSettings, http: Http) -> Self {
        http.warm(Some(&settings.endpoint));
        Self {
            settings,
            http,
            gear: RwLock::new(None),
            labels: Mutex::new(Labels::default()),
            twins: Mutex::new(Twins::default()),
            listed: Mutex::new(None),
            making: tokio::sync::Mutex::new(()),
            ahead: Mutex::new(None),
            turn: Turn::default(),
        }
    }

    fn gear(&self) -> Result<Gear, Error> {
        let gear = self.gear.read().unwrap_or_else(PoisonError::into_inner);
        gear.clone().ok_or_else(|| {
            error(
                REMOTE,
                "work on contacts",
                Kind::Protocol,
                "the connector was not equipped",
            )
        })
    }

    fn labels(&self) -> Labels {
        self.labels
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn learn(&self, change: impl FnOnce(&mut Labels)) {
        change(&mut self.labels.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn lens<'a>(&'a self, gear: &'a Gear, labels: &'a Labels) -> Lens<'a> {
        Lens {
            mapping: &gear.mapping,
            slots: convert::slots(&gear.mapping),
            group: &labels.group,
            archive: &labels.archive,
            stamp: &self.settings.stamp,
            twins: &gear.twins,
        }
    }

    fn call<'a>(&self, name: &'static str, doing: &'a str, method: Method, path: &str) -> Call<'a> {
        Call {
            name,
            doing,
            method,
            url: format!("{}/v1/{path}", self.settings.endpoint.trim_end_matches('/')),
            query: vec![("prettyPrint", "false".to_owned())],
            headers: Vec::new(),
            body: None,
            cost: cost::of(name),
            repeat: Repeat::Safe,
            redirect: Redirect::Refused,
        }
    }

    /// A body, got ready before it is its turn.
    fn body(&self, body: &impl serde::Serialize) -> Payload {
        self.http.pack(serde_json::to_vec(body).unwrap_or_default())
    }

    /// Sends a call; answers below 500 that are no matter of quota or sign-in come back as they are.
    async fn send(&self, call: Call<'_>) -> Result<Answer, SendError> {
        let doing = call.doing;
        self.http
            .send(call, &|answer| errors::judge(doing, answer))
            .await
    }

    /// Sends a mutation in its turn that may be repeated.
    async fn send_in_turn(&self, call: Call<'_>) -> Result<Answer, SendError> {
        self.turn.take(self.send(call)).await
    }

    /// Sends a mutation in its turn that must not be repeated blindly. A 500 or 503 in the service's own words comes
    /// back too, for the caller to look before it sends again.
    async fn send_once(&self, call: Call<'_>) -> Result<Answer, SendError> {
        let doing = call.doing;
        let call = Call {
            repeat: Repeat::Once,
            ..call
        };
        let judge = |answer: &Answer| match answer.status {
            500 | 503 if Fault::of(answer).json && !Fault::of(answer).is_full() => Verdict::Take,
            _ => errors::judge(doing, answer),
        };
        self.turn.take(self.http.send(call, &judge)).await
    }

    /// A read that has to succeed.
    async fn read<T: serde::de::DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Error> {
        let doing = call.doing;
        let answer = self.send(call).await.map_err(SendError::into_error)?;
        parse(&answer, doing)
    }
}

#[async_trait]
impl Source for Google {
    fn side(&self) -> Side {
        Side::Google
    }

    fn name(&self) -> &str {
        REMOTE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reads_whole_account: true,
            batch: Batch::PerRecord,
            lock: Lock::PerRequest,
            deletes: Deletes::Tombstones,
            list: List::Static,
            stamp: Stamp::Aside,
            lookup: Lookup::Scanned,
            since: Since::Account,
            ids: Ids::Global,
            revisions: Revisions::Unique,
            // One is sent, the next is got ready.
            lanes: 2,
            capacity: Some(CAPACITY),
            // A sync token lives seven days after the full read; one is kept in hand.
            cursor_life: Some(Duration::from_secs(6 * 86_400)),
        }
    }

    async fn probe(&self, last: Option<&Probe>) -> Result<Probe, Error> {
        self.probe_account(last).await
    }

    async fn lists(&self) -> Result<Vec<ListInfo>, Error> {
        self.list_groups().await
    }

    fn know_twins(&self, twins: Twins) {
        *self.twins.lock().unwrap_or_else(PoisonError::into_inner) = twins;
    }

    fn foresee(&self, google: &[Path]) {
        self.begin(google);
    }

    fn equip(&self, probe: &Probe, mapping: Arc<Mapping>) -> Result<(), Error> {
        let archive = probe
            .extra
            .get("archive")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let group = probe.list.id.clone();
        let bound = if group.is_empty() {
            self.settings.group.clone()
        } else {
            group.clone()
        };
        let lists = convert::wanted(&mapping).into();
        *self.gear.write().unwrap_or_else(PoisonError::into_inner) = Some(Gear {
            mapping,
            lists,
            bound,
            twins: self
                .twins
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        });
        self.learn(|labels| *labels = Labels { group, archive });
        Ok(())
    }

    fn fingerprint(&self) -> String {
        let (parameters, bound, twins) = match self.gear() {
            Ok(gear) => (read::list_parameters(&gear), gear.bound, gear.twins),
            Err(_) => (Vec::new(), self.settings.group.clone(), Twins::Global),
        };
        // What was read with another account's stamps in mind is read anew.
        let stamps = match &twins {
            Twins::Global => None,
            Twins::Of(mark) => Some(("stamps", mark.as_str())),
        };
        let mut hash = Sha256::new();
        for (name, value) in parameters
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .chain([("group", bound.as_str())])
            .chain(stamps)
        {
            hash.update(name.as_bytes());
            hash.update([0]);
            hash.update(value.as_bytes());
            hash.update([0]);
        }
        hash.finalize()
            .iter()
            .take(16)
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    async fn fetch(&self, ask: &Ask, pages: PageSender) -> Result<FetchEnd, Error> {
        self.fetch_pages(ask, &pages).await
    }

    async fn get(&self, ids: &[RemoteId]) -> Result<Vec<Found>, Error> {
        self.get_people(ids).await
    }

    async fn find(&self, keys: &[Key]) -> Result<Vec<Record>, Error> {
        self.everything(&|record| record.key.as_ref().is_some_and(|key| keys.contains(key)))
            .await
    }

    fn vet(&self, write: &Write) -> Result<(), Refusal> {
        match self.gear() {
            Ok(gear) => vet::vet(&gear.mapping, &write.change),
            Err(_) => Ok(()),
        }
    }

    fn meter(&self) -> Meter {
        self.http.meter()
    }
}

#[async_trait]
impl Sink for Google {
    fn batches(&self, writes: Vec<Write>) -> Vec<Vec<Write>> {
        match self.gear() {
            Ok(gear) => write::batches(&gear.mapping, writes),
            Err(_) => vec![writes],
        }
    }

    async fn write(&self, batch: &[Write]) -> Written {
        self.write_batch(batch).await
    }

    async fn look(&self, open: &[Write]) -> Result<Vec<Record>, Error> {
        self.look_for(&open.iter().collect::<Vec<_>>()).await
    }
}
