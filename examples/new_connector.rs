//! The smallest connector that passes the contract suite: a box of cards. `docs/connectors.md` says what
//! each part is for, and `tests/connector_contract.rs` runs the suite on it.
//!
//! ```sh
//! cargo run --example new_connector
//! ```

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use async_trait::async_trait;
use crmsync::connector::{
    Ask, Batch, Capabilities, Census, Cursor, Deletes, Error, Extent, FetchEnd, Found, Ids, List,
    Lock, Lookup, Meter, Page, PageSender, Since, Sink, Source, Stamp, Written,
};
use crmsync::mapping::{Mapping, canon};
use crmsync::model::{
    Change, FieldInfo, FieldKind, Key, ListInfo, Outcome, Probe, Record, Refusal, RemoteId,
    Revisions, Right, Side, Stored, Version, Write,
};

/// The fields of a card.
pub(crate) const FIELDS: [&str; 4] = ["email", "given", "family", "phone"];

/// The remote. In a real connector this is a server, and every method below a request to it.
#[derive(Clone, Default)]
pub(crate) struct CardBox(Arc<Mutex<Cards>>);

#[derive(Default)]
struct Cards {
    by_id: BTreeMap<String, Card>,
    /// The number of the last change.
    changes: u64,
    born: u64,
}

/// One card.
#[derive(Clone, Default)]
pub(crate) struct Card {
    /// Its values by field name.
    pub(crate) values: BTreeMap<String, String>,
    /// The number of its last change.
    change: u64,
}

impl CardBox {
    fn open(&self) -> MutexGuard<'_, Cards> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores a card, under a new number when it has none yet.
    pub(crate) fn put(&self, id: Option<&str>, values: BTreeMap<String, String>) -> String {
        let mut cards = self.open();
        cards.changes += 1;
        let change = cards.changes;
        let id = id.map_or_else(
            || {
                cards.born += 1;
                cards.born.to_string()
            },
            str::to_owned,
        );
        cards.by_id.insert(id.clone(), Card { values, change });
        id
    }

    /// A card as it is.
    pub(crate) fn get(&self, id: &str) -> Option<Card> {
        self.open().by_id.get(id).cloned()
    }

    /// Throws a card away.
    pub(crate) fn remove(&self, id: &str) {
        self.open().by_id.remove(id);
    }

    fn all(&self) -> (Vec<(String, Card)>, u64) {
        let cards = self.open();
        let all = cards.by_id.iter();
        let all = all.map(|(id, card)| (id.clone(), card.clone()));
        (all.collect(), cards.changes)
    }
}

/// The connector.
pub(crate) struct Connector {
    remote: CardBox,
    mapping: OnceLock<Arc<Mapping>>,
    meter: Mutex<Meter>,
}

impl Connector {
    /// A connector; nothing is sent yet.
    pub(crate) fn new(remote: CardBox) -> Self {
        Self {
            remote,
            mapping: OnceLock::new(),
            meter: Mutex::default(),
        }
    }

    /// Counts a request; with the connector's HTTP client this is done already.
    fn count(&self, call: &'static str) {
        let mut meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
        meter.requests += 1;
        *meter.by_call.entry(call).or_default() += 1;
    }

    /// A card as the engine knows it: mapped fields only, each in the form that the mapping gives it.
    fn record(&self, id: &str, card: &Card) -> Record {
        let version = Version::from(card.change.to_string());
        let mut record = Record::bare(RemoteId::from(id), version);
        record.listed = true;
        let Some(mapping) = self.mapping.get() else {
            return record;
        };
        for pair in &mapping.pairs {
            let text = card.values.get(&pair.crm);
            if let Some(value) = text.and_then(|text| mapping.value(pair, text)) {
                if pair.field == mapping.key {
                    record.key = canon::email(&value.text);
                }
                record.fields.insert(pair.field, value);
            }
        }
        record
    }

    fn stored(&self, id: &str) -> Outcome {
        match self.remote.get(id) {
            Some(card) => Outcome::Done(Stored::Record(Box::new(self.record(id, &card)))),
            None => Outcome::Gone,
        }
    }

    /// The card, if it is still at the revision that the write was planned on.
    fn unmoved(&self, id: &RemoteId, expected: &Version) -> Result<Card, Outcome> {
        match self.remote.get(id.as_str()) {
            None => Err(Outcome::Gone),
            Some(card) if card.change.to_string() == expected.as_str() => Ok(card),
            Some(_) => Err(Outcome::Stale),
        }
    }

    /// One write; what came of it.
    fn carry_out(&self, write: &Write) -> Result<Outcome, Outcome> {
        let name = |field| Some(self.mapping.get()?.pair(field)?.crm.clone());
        Ok(match &write.change {
            Change::Create { fields, .. } => {
                let values = fields.iter();
                let values = values
                    .filter_map(|(field, value)| Some((name(*field)?, value.text.to_string())));
                self.stored(&self.remote.put(None, values.collect()))
            }
            Change::Update {
                id,
                expected,
                patch,
                ..
            } => {
                let mut values = self.unmoved(id, expected)?.values;
                for (field, swap) in patch {
                    let Some(name) = name(*field) else { continue };
                    match &swap.to {
                        Some(value) => values.insert(name, value.text.to_string()),
                        None => values.remove(&name),
                    };
                }
                self.remote.put(Some(id.as_str()), values);
                self.stored(id.as_str())
            }
            Change::Delete { id, expected, .. } => {
                self.unmoved(id, expected)?;
                self.remote.remove(id.as_str());
                Outcome::Done(Stored::Nothing)
            }
            Change::Group { .. }
            | Change::Ungroup { .. }
            | Change::Archive { .. }
            | Change::Unarchive { .. } => Outcome::Rejected(Refusal {
                field: None,
                reason: "the box is the list".to_owned(),
                hint: "Nothing has to be done.".to_owned(),
            }),
        })
    }
}

#[async_trait]
impl Source for Connector {
    fn side(&self) -> Side {
        Side::Crm
    }

    fn name(&self) -> &'static str {
        "the card box"
    }

    /// What is so at this remote. The suite finds out when it is not.
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reads_whole_account: false,
            batch: Batch::Single,
            lock: Lock::ReadCompare,
            deletes: Deletes::SetDifference,
            list: List::Everything,
            stamp: Stamp::Nowhere,
            lookup: Lookup::Scanned,
            since: Since::Account,
            ids: Ids::Local,
            revisions: Revisions::Unique,
            lanes: 1,
            capacity: None,
            cursor_life: None,
        }
    }

    async fn probe(&self, _last: Option<&Probe>) -> Result<Probe, Error> {
        self.count("probe");
        let list = ListInfo {
            id: "box".to_owned(),
            name: "Box".to_owned(),
            size: None,
            covers_all: true,
        };
        Ok(Probe {
            user: None,
            account: Some("cards/box".to_owned()),
            rights: vec![Right::View, Right::Create, Right::Edit, Right::Delete],
            list,
            fields: FIELDS.map(field).into(),
            extra: serde_json::Value::Null,
        })
    }

    async fn lists(&self) -> Result<Vec<ListInfo>, Error> {
        Ok(vec![self.probe(None).await?.list])
    }

    fn equip(&self, _probe: &Probe, mapping: Arc<Mapping>) -> Result<(), Error> {
        self.mapping.get_or_init(|| mapping);
        Ok(())
    }

    /// A cursor is a number of changes: it means the same whatever is mapped. What a record holds does
    /// not, so other fields are read anew.
    fn fingerprint(&self) -> String {
        let pairs = self.mapping.get().into_iter();
        let names = pairs.flat_map(|mapping| mapping.pairs.iter().map(|pair| pair.crm.as_str()));
        format!("cards/1 {}", names.collect::<Vec<_>>().join(","))
    }

    async fn fetch(&self, ask: &Ask, pages: PageSender) -> Result<FetchEnd, Error> {
        self.count("fetch");
        let since: Option<u64> = ask.since.as_ref().and_then(|cursor| cursor.0.parse().ok());
        let (cards, changes) = self.remote.all();
        let changed = cards
            .iter()
            .filter(|(_, card)| since.is_none_or(|since| card.change > since));
        let records: Vec<Record> = changed.map(|(id, card)| self.record(id, card)).collect();
        let end = FetchEnd {
            extent: since.map_or(Extent::Full, |_| Extent::Delta),
            cursor: Some(Cursor(changes.to_string())),
            pages: 1,
            records: records.len() as u64,
        };
        let mut all = Vec::new();
        if ask.since.is_some() && since.is_none() {
            all.push(Page::Restart);
        }
        all.push(Page::Records(records));
        if since.is_some() && ask.census == Census::Yes {
            let ids = cards.iter().map(|(id, _)| RemoteId::from(id.as_str()));
            all.push(Page::Census(ids.collect()));
        }
        for page in all {
            if pages.send(page).await.is_err() {
                break;
            }
        }
        Ok(end)
    }

    async fn get(&self, ids: &[RemoteId]) -> Result<Vec<Found>, Error> {
        self.count("get");
        let found = ids.iter().map(|id| match self.remote.get(id.as_str()) {
            Some(card) => Found::Here(Box::new(self.record(id.as_str(), &card))),
            // Nobody hides a card: what is not there is gone.
            None => Found::Gone,
        });
        Ok(found.collect())
    }

    async fn find(&self, keys: &[Key]) -> Result<Vec<Record>, Error> {
        self.count("find");
        let (cards, _) = self.remote.all();
        let records = cards.iter().map(|(id, card)| self.record(id, card));
        let wanted = |record: &Record| record.key.as_ref().is_some_and(|key| keys.contains(key));
        Ok(records.filter(wanted).collect())
    }

    fn vet(&self, _write: &Write) -> Result<(), Refusal> {
        // A card takes anything.
        Ok(())
    }

    fn meter(&self) -> Meter {
        let meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
        meter.clone()
    }
}

#[async_trait]
impl Sink for Connector {
    fn batches(&self, writes: Vec<Write>) -> Vec<Vec<Write>> {
        writes.into_iter().map(|write| vec![write]).collect()
    }

    async fn write(&self, batch: &[Write]) -> Written {
        self.count("write");
        let outcomes = batch.iter().map(|write| match self.carry_out(write) {
            Ok(outcome) | Err(outcome) => outcome,
        });
        Written {
            outcomes: outcomes.collect(),
            stop: None,
        }
    }

    async fn look(&self, open: &[Write]) -> Result<Vec<Record>, Error> {
        let keys: Vec<Key> = open.iter().filter_map(|write| write.key.clone()).collect();
        self.find(&keys).await
    }
}

fn field(name: &str) -> FieldInfo {
    FieldInfo {
        name: name.to_owned(),
        label: name.to_owned(),
        kind: FieldKind::Text,
        native_type: "text".to_owned(),
        max_length: None,
        creatable: true,
        updatable: true,
        required: false,
        custom: false,
        hidden: false,
        choices: Vec::new(),
    }
}

fn main() -> std::io::Result<()> {
    let remote = CardBox::default();
    let values = [("given", "Ann"), ("email", "ann@example.com")];
    let id = remote.put(
        None,
        values
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    );
    let facts = Connector::new(remote.clone()).capabilities();
    let held = remote.get(&id).map(|card| card.values);
    writeln!(std::io::stdout(), "card {id}: {held:?}\n{facts:#?}")
}
