//! A connector in front of a sandbox, and contacts to send through it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crmsync::connector::google::{Google, GoogleSettings};
use crmsync::connector::http::{Http, HttpSettings, Patience, Signing, TokenSource};
use crmsync::connector::{
    Ask, Census, Cursor, Error, Extent, FetchEnd, Found, Page, Sink, Source, Written,
};
use crmsync::mapping::{Mapping, Pair, Path, canon};
use crmsync::model::{
    Change, Field, Fields, Meeting, Outcome, Record, RemoteId, Side, Sides, Stored, Swap, Why,
    Write,
};
use crmsync::sandbox::{FIXED_TOKEN, FaultKind, FaultRule, Latency, Options, Running, serve};
use secrecy::SecretString;
use serde_json::Value;

pub(crate) struct Fixed;

#[async_trait]
impl TokenSource for Fixed {
    async fn token(&self) -> Result<SecretString, Error> {
        Ok(FIXED_TOKEN.into())
    }
    async fn renew(&self, _: &SecretString) -> Result<SecretString, Error> {
        Ok(FIXED_TOKEN.into())
    }
    fn api_domain(&self) -> Option<String> {
        None
    }
}

pub(crate) const PAIRS: [&str; 8] = [
    "email.work",
    "name.given",
    "name.family",
    "phone.mobile",
    "organization.title",
    "address.work.city",
    "birthday",
    "note",
];

pub(crate) fn mapping() -> Arc<Mapping> {
    let pair = |(number, path): (usize, &&str)| Pair {
        field: Field(u16::try_from(number).unwrap()),
        crm: format!("C{number}"),
        google: Path::parse(path).unwrap(),
        to: Sides {
            google: true,
            crm: true,
        },
    };
    Arc::new(Mapping {
        pairs: PAIRS.iter().enumerate().map(pair).collect(),
        key: Field(0),
        region: None,
    })
}

pub(crate) struct Bench {
    pub(crate) running: Running,
    pub(crate) google: Google,
}

impl Bench {
    pub(crate) async fn new(contacts: usize, group: &str) -> Self {
        let running = serve(Options {
            port: 0,
            contacts,
            overlap: 0,
            seed: 7,
            latency: Latency::None,
            record: true,
            ..Options::default()
        })
        .await
        .unwrap();
        let google = connector(&running, group);
        let bench = Self { running, google };
        let probe = bench.google.probe(None).await.unwrap();
        bench.google.equip(&probe, mapping()).unwrap();
        bench
    }

    pub(crate) fn connector(&self, group: &str) -> Google {
        connector(&self.running, group)
    }

    pub(crate) fn fault(&self, call: &str, kind: FaultKind, times: u32, params: Value) {
        let rule = FaultRule::new("google", call, kind)
            .times(times)
            .with(params);
        self.running.world().lock().unwrap().faults.add(rule);
    }

    pub(crate) fn edit(&self, id: &RemoteId, fields: &Value) {
        let world = self.running.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        world.google.edit_contact(id.as_str(), fields, now).unwrap();
    }

    pub(crate) fn add(&self, person: &Value) -> RemoteId {
        let world = self.running.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        RemoteId::from(world.google.add_contact(person, now).unwrap())
    }

    pub(crate) fn delete(&self, id: &RemoteId) {
        let world = self.running.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        assert!(world.google.delete_contact(id.as_str(), now));
    }

    pub(crate) fn count(&self, call: &str) -> u64 {
        self.running
            .world()
            .lock()
            .unwrap()
            .log
            .count("google", call)
    }

    pub(crate) fn switch(&self, switches: &Value) {
        let world = self.running.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        world.google.admin("switch", switches, now).unwrap();
    }

    pub(crate) async fn fetch(
        &self,
        since: Option<Cursor>,
        census: Census,
    ) -> Result<(Vec<Page>, FetchEnd), Error> {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(100);
        let end = self
            .google
            .fetch(
                &Ask {
                    since,
                    census,
                    now: 0,
                },
                sender,
            )
            .await?;
        let mut pages = Vec::new();
        while let Some(page) = receiver.recv().await {
            pages.push(page);
        }
        Ok((pages, end))
    }

    pub(crate) async fn all(&self) -> BTreeMap<RemoteId, Record> {
        let (pages, end) = self.fetch(None, Census::No).await.unwrap();
        assert_eq!(end.extent, Extent::Full);
        records(pages)
            .into_iter()
            .map(|record| (record.id.clone(), record))
            .collect()
    }

    pub(crate) async fn one(&self, id: &RemoteId) -> Record {
        let found = self
            .google
            .get(std::slice::from_ref(id))
            .await
            .unwrap()
            .remove(0);
        let Found::Here(record) = found else {
            panic!("{found:?}")
        };
        *record
    }

    pub(crate) async fn write(&self, writes: Vec<Write>) -> Written {
        let mut all = Written {
            outcomes: Vec::new(),
            stop: None,
        };
        for batch in self.google.batches(writes) {
            let written = self.google.write(&batch).await;
            assert_eq!(written.outcomes.len(), batch.len());
            all.outcomes.extend(written.outcomes);
            all.stop = all.stop.or(written.stop);
        }
        all
    }
}

pub(crate) fn records(pages: Vec<Page>) -> Vec<Record> {
    pages
        .into_iter()
        .flat_map(|page| {
            if let Page::Records(records) = page {
                records
            } else {
                Vec::new()
            }
        })
        .collect()
}

pub(crate) fn value(field: u16, text: &str) -> crmsync::model::Value {
    let mapping = mapping();
    mapping
        .value(mapping.pair(Field(field)).unwrap(), text)
        .unwrap()
}

pub(crate) fn write(twin: &str, change: Change) -> Write {
    Write {
        on: Side::Google,
        link: None,
        twin: RemoteId::from(twin),
        key: None,
        changed_at: None,
        meeting: Meeting::First,
        twin_listed: true,
        why: Why::Missing,
        change,
    }
}

pub(crate) fn create(number: usize) -> Write {
    let email = format!("new{number}@example.com");
    let fields: Fields = [
        (Field(0), value(0, &email)),
        (Field(1), value(1, "Nora")),
        (Field(5), value(5, "Bern")),
        (Field(6), value(6, "1984-02-29")),
    ]
    .into();
    let change = Change::Create {
        fields,
        twin_holds: BTreeMap::new(),
        unread: Vec::new(),
    };
    Write {
        key: canon::email(&email),
        ..write(&format!("crm{number}"), change)
    }
}

pub(crate) fn update(record: &Record, field: u16, to: Option<&str>) -> Write {
    let swap = Swap {
        from: record.fields.get(&Field(field)).cloned(),
        to: to.map(|text| value(field, text)),
    };
    write(
        "crm",
        Change::Update {
            id: record.id.clone(),
            expected: record.version.clone(),
            native: record.native.clone(),
            patch: [(Field(field), swap)].into(),
        },
    )
}

pub(crate) fn done(outcome: &Outcome) -> &Record {
    let Outcome::Done(Stored::Record(record) | Stored::Found(record)) = outcome else {
        panic!("{outcome:?}")
    };
    record
}

pub(crate) fn stamps(all: &BTreeMap<RemoteId, Record>) -> Vec<String> {
    let mut stamps: Vec<String> = all
        .values()
        .filter_map(|record| record.stamp.as_ref())
        .map(ToString::to_string)
        .collect();
    stamps.sort();
    stamps
}

fn connector(running: &Running, group: &str) -> Google {
    let http = Http::new(HttpSettings {
        patience: Patience::new(Duration::from_secs(600)),
        timeout: Duration::from_secs(5),
        wait_scale: 0.0,
        ..HttpSettings::new("Google", Signing::Scheme("Bearer"), Arc::new(Fixed))
    })
    .unwrap();
    let settings = GoogleSettings {
        endpoint: format!("http://{}", running.address()),
        ..GoogleSettings::new(group)
    };
    Google::new(settings, http)
}
