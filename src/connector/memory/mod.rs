//! A remote in memory, with switches for bad behaviour: what tests and examples sync with.

mod server;
mod work;

pub use server::{Absent, Behaviour, Row, Server, Twice};

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::FutureExt as _;

use super::{
    Ask, Batch, Capabilities, Cursor, Error, Extent, FetchEnd, Found, Kind, List, Lookup, Meter,
    Page, PageSender, Sink, Source, Twins, Written, bisect, http,
};
use crate::mapping::{Mapping, Pair};
use crate::model::{
    Change, FieldInfo, FieldKind, Key, ListInfo, Probe, Record, Refusal, RemoteId, Right, Side,
    Write,
};

/// How long the index lags behind what is there where look-ups are late, seconds.
const LATE: i64 = 30;
/// How many records a page has.
const PAGE: usize = 3;

/// The connector.
pub struct Memory {
    server: Server,
    mapping: Mutex<Arc<Mapping>>,
    twins: Mutex<Twins>,
    meter: Mutex<Meter>,
}

impl Memory {
    fn new(server: Server) -> Self {
        let mapping = Mapping {
            pairs: Vec::new(),
            key: crate::model::Field(0),
            region: None,
        };
        Self {
            server,
            mapping: Mutex::new(Arc::new(mapping)),
            twins: Mutex::default(),
            meter: Mutex::default(),
        }
    }

    fn mapping(&self) -> Arc<Mapping> {
        Arc::clone(&self.mapping.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn twins(&self) -> Twins {
        self.twins
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn count(&self, name: &'static str) {
        let mut meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
        meter.requests += 1;
        *meter.by_call.entry(name).or_default() += 1;
    }
}

fn trouble(doing: &str, reason: &str) -> Error {
    http::error("memory", doing, Kind::Unavailable, reason)
}

#[async_trait]
impl Source for Memory {
    fn side(&self) -> Side {
        self.server.world().behaviour.side
    }

    fn name(&self) -> &'static str {
        "memory"
    }

    fn capabilities(&self) -> Capabilities {
        self.server.world().behaviour.capabilities
    }

    async fn probe(&self, _last: Option<&Probe>) -> Result<Probe, Error> {
        self.count("probe");
        let lists = self.lists().await?;
        let world = self.server.world();
        let list = lists.into_iter().next();
        Ok(Probe {
            user: Some("memory".to_owned()),
            account: Some(world.behaviour.account.clone()),
            rights: vec![Right::View, Right::Create, Right::Edit, Right::Delete],
            list: list.ok_or_else(|| trouble("probe", "there is no list"))?,
            fields: world
                .behaviour
                .fields
                .iter()
                .map(|name| field(name))
                .collect(),
            extra: serde_json::Value::Null,
        })
    }

    async fn lists(&self) -> Result<Vec<ListInfo>, Error> {
        let world = self.server.world();
        let listed = world.rows.values().filter(|row| row.listed && !row.deleted);
        Ok(vec![ListInfo {
            id: "list".to_owned(),
            name: "List".to_owned(),
            size: u64::try_from(listed.count()).ok(),
            covers_all: world.behaviour.capabilities.list == List::Everything,
        }])
    }

    fn know_twins(&self, twins: Twins) {
        *self.twins.lock().unwrap_or_else(PoisonError::into_inner) = twins;
    }

    fn equip(&self, _probe: &Probe, mapping: Arc<Mapping>) -> Result<(), Error> {
        *self.mapping.lock().unwrap_or_else(PoisonError::into_inner) = mapping;
        Ok(())
    }

    fn fingerprint(&self) -> String {
        let mapping = self.mapping();
        let names = mapping
            .pairs
            .iter()
            .map(|pair| Pair::name(&pair.crm, &pair.google));
        format!("memory/1 {}", names.collect::<Vec<_>>().join(","))
    }

    async fn fetch(&self, ask: &Ask, pages: PageSender) -> Result<FetchEnd, Error> {
        self.count("fetch");
        let (end, all) = {
            let mut world = self.server.world();
            let since = ask.since.as_ref().and_then(|cursor| cursor.0.parse().ok());
            let usable = since.filter(|since| *since >= world.oldest);
            let cursor = Some(Cursor(world.changes.to_string()));
            let mut all = Vec::new();
            if ask.since.is_some() && usable.is_none() {
                all.push(Page::Restart);
            }
            all.extend(self.read(&mut world, usable, ask.census));
            let records = |page: &Page| match page {
                Page::Records(records) => records.len() as u64,
                Page::Restart | Page::Deleted(_) | Page::Renamed { .. } | Page::Census(_) => 0,
            };
            let end = FetchEnd {
                extent: usable.map_or(Extent::Full, |_| Extent::Delta),
                cursor,
                pages: u32::try_from(all.len()).unwrap_or(u32::MAX),
                records: all.iter().map(records).sum(),
            };
            (end, all)
        };
        for page in all {
            if pages.send(page).await.is_err() {
                break;
            }
        }
        Ok(end)
    }

    async fn get(&self, ids: &[RemoteId]) -> Result<Vec<Found>, Error> {
        self.count("get");
        let world = self.server.world();
        let found = ids.iter().map(|id| {
            let row = world.rows.get(id.as_str()).filter(|row| !row.deleted);
            match (row, world.behaviour.absent) {
                (Some(row), _) => Found::Here(Box::new(self.record(&world, id.as_str(), row))),
                (None, Absent::Gone) => Found::Gone,
                (None, Absent::Hidden) => Found::Hidden,
            }
        });
        Ok(found.collect())
    }

    async fn find(&self, keys: &[Key]) -> Result<Vec<Record>, Error> {
        self.count("find");
        let world = self.server.world();
        let late = world.behaviour.capabilities.lookup == Lookup::Late;
        let told = |row: &Row| !row.deleted && (!late || world.now - row.at >= LATE);
        let all = world.rows.iter().filter(|(_, row)| told(row));
        let records = all.map(|(id, row)| self.record(&world, id, row));
        let wanted = |record: &Record| record.key.as_ref().is_some_and(|key| keys.contains(key));
        Ok(records.filter(wanted).collect())
    }

    fn vet(&self, write: &Write) -> Result<(), Refusal> {
        let world = self.server.world();
        let longest = world.behaviour.longest;
        let fits = |value: &str| value.chars().count() <= longest;
        let texts: Vec<_> = match &write.change {
            Change::Create { fields, .. } => fields
                .iter()
                .map(|(field, value)| (*field, &value.text))
                .collect(),
            Change::Update { patch, .. } => patch
                .iter()
                .filter_map(|(field, swap)| Some((*field, &swap.to.as_ref()?.text)))
                .collect(),
            Change::Delete { .. }
            | Change::Group { .. }
            | Change::Ungroup { .. }
            | Change::Archive { .. }
            | Change::Unarchive { .. } => Vec::new(),
        };
        match texts.into_iter().find(|(_, text)| !fits(text)) {
            Some((field, _)) => Err(Refusal {
                field: Some(field),
                reason: format!("the value has more than {longest} characters"),
                hint: "shorten it".to_owned(),
            }),
            None => Ok(()),
        }
    }

    fn meter(&self) -> Meter {
        self.meter
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl Sink for Memory {
    fn batches(&self, writes: Vec<Write>) -> Vec<Vec<Write>> {
        let behaviour = self.server.world().behaviour.clone();
        let size = match behaviour.capabilities.batch {
            Batch::PerRecord | Batch::AllOrNothing => behaviour.batch_size.max(1),
            Batch::Single => 1,
        };
        let mut batches: Vec<Vec<Write>> = Vec::new();
        for write in writes {
            match batches.last_mut() {
                Some(last)
                    if last.len() < size
                        && last
                            .iter()
                            .all(|other| other.change.op() == write.change.op()) =>
                {
                    last.push(write);
                }
                Some(_) | None => batches.push(vec![write]),
            }
        }
        batches
    }

    async fn write(&self, batch: &[Write]) -> Written {
        bisect(batch, &|part| {
            let answer = self.send(part);
            async { answer }.boxed()
        })
        .await
    }

    async fn look(&self, open: &[Write]) -> Result<Vec<Record>, Error> {
        self.count("look");
        let world = self.server.world();
        let all = world.rows.iter().filter(|(_, row)| !row.deleted);
        let records = all.map(|(id, row)| self.record(&world, id, row));
        let asked = |record: &Record| {
            open.iter().any(|write| {
                record.stamp.as_ref() == Some(&write.twin)
                    || (write.key.is_some() && record.key == write.key)
            })
        };
        Ok(records.filter(asked).collect())
    }
}

fn field(name: &str) -> FieldInfo {
    let required = name.ends_with('!');
    let name = name.trim_end_matches('!');
    FieldInfo {
        name: name.to_owned(),
        label: name.to_owned(),
        kind: FieldKind::Text,
        native_type: "text".to_owned(),
        max_length: None,
        creatable: true,
        updatable: true,
        required,
        custom: false,
        hidden: false,
        choices: Vec::new(),
    }
}
