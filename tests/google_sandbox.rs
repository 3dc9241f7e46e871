//! The Google connector against the simulated People API: reading, writing, and everything that
//! goes wrong in between.
#![cfg(feature = "sandbox")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crmsync::connector::google::{Google, GoogleSettings};
use crmsync::connector::http::{Http, HttpSettings, Patience, TokenSource};
use crmsync::connector::{
    Ask, Census, Cursor, Error, Extent, FetchEnd, Found, Kind, Page, Sink, Source, Written,
};
use crmsync::mapping::{Mapping, Pair, Path, canon};
use crmsync::model::{
    Change, Field, Fields, Meeting, Outcome, Record, RemoteId, Side, Sides, Stored, Swap, Version,
    Why, Write,
};
use crmsync::sandbox::{FIXED_TOKEN, FaultKind, FaultRule, Latency, Options, Running, serve};
use secrecy::SecretString;
use serde_json::{Value, json};

struct Fixed;

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

const PAIRS: [&str; 8] = [
    "email.work",
    "name.given",
    "name.family",
    "phone.mobile",
    "organization.title",
    "address.work.city",
    "birthday",
    "note",
];

fn mapping() -> Arc<Mapping> {
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

struct Bench {
    running: Running,
    google: Google,
}

impl Bench {
    async fn new(contacts: usize, group: &str) -> Self {
        let running = serve(Options {
            port: 0,
            contacts,
            overlap: 0,
            seed: 7,
            latency: Latency::None,
            record: true,
        })
        .await
        .unwrap();
        let http = Http::new(HttpSettings {
            patience: Patience::new(Duration::from_secs(600)),
            timeout: Duration::from_secs(5),
            wait_scale: 0.0,
            ..HttpSettings::new("Google", "Bearer", Arc::new(Fixed))
        })
        .unwrap();
        let settings = GoogleSettings {
            endpoint: format!("http://{}", running.address()),
            ..GoogleSettings::new(group)
        };
        let google = Google::new(settings, http);
        let bench = Self { running, google };
        let probe = bench.google.probe(None).await.unwrap();
        bench.google.equip(&probe, mapping()).unwrap();
        bench
    }

    fn fault(&self, call: &str, kind: FaultKind, times: u32, params: Value) {
        let rule = FaultRule::new("google", call, kind)
            .times(times)
            .with(params);
        self.running.world().lock().unwrap().faults.add(rule);
    }

    fn edit(&self, id: &RemoteId, fields: &Value) {
        let world = self.running.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        world.google.edit_contact(id.as_str(), fields, now).unwrap();
    }

    fn add(&self, person: &Value) -> RemoteId {
        let world = self.running.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        RemoteId::from(world.google.add_contact(person, now).unwrap())
    }

    fn delete(&self, id: &RemoteId) {
        let world = self.running.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        assert!(world.google.delete_contact(id.as_str(), now));
    }

    fn count(&self, call: &str) -> u64 {
        self.running
            .world()
            .lock()
            .unwrap()
            .log
            .count("google", call)
    }

    fn switch(&self, switches: &Value) {
        let world = self.running.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        world.google.admin("switch", switches, now).unwrap();
    }

    async fn fetch(
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

    async fn all(&self) -> BTreeMap<RemoteId, Record> {
        let (pages, end) = self.fetch(None, Census::No).await.unwrap();
        assert_eq!(end.extent, Extent::Full);
        records(pages)
            .into_iter()
            .map(|record| (record.id.clone(), record))
            .collect()
    }

    async fn one(&self, id: &RemoteId) -> Record {
        match self
            .google
            .get(std::slice::from_ref(id))
            .await
            .unwrap()
            .remove(0)
        {
            Found::Here(record) => *record,
            other => panic!("{other:?}"),
        }
    }

    async fn write(&self, writes: Vec<Write>) -> Written {
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

fn records(pages: Vec<Page>) -> Vec<Record> {
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

fn value(field: u16, text: &str) -> crmsync::model::Value {
    let mapping = mapping();
    mapping
        .value(mapping.pair(Field(field)).unwrap(), text)
        .unwrap()
}

fn write(twin: &str, change: Change) -> Write {
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

fn create(number: usize) -> Write {
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
        source: Fields::new(),
    };
    Write {
        key: canon::email(&email),
        ..write(&format!("crm{number}"), change)
    }
}

fn update(record: &Record, field: u16, to: Option<&str>) -> Write {
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

fn done(outcome: &Outcome) -> &Record {
    match outcome {
        Outcome::Done(Stored::Record(record)) => record,
        other => panic!("{other:?}"),
    }
}

fn stamps(all: &BTreeMap<RemoteId, Record>) -> Vec<String> {
    let mut stamps: Vec<String> = all
        .values()
        .filter_map(|record| record.stamp.as_ref())
        .map(ToString::to_string)
        .collect();
    stamps.sort();
    stamps
}

#[tokio::test]
async fn a_full_read_brings_all_and_a_delta_what_changed() {
    let bench = Bench::new(1200, "CRM").await;
    let (pages, end) = bench.fetch(None, Census::No).await.unwrap();
    let full = records(pages);
    assert_eq!((full.len(), end.pages, end.records), (1200, 2, 1200));
    assert!(full.iter().any(|record| record.listed) && full.iter().any(|record| !record.listed));
    assert!(full.iter().all(|record| record.key.is_some()
        || !record.emails.is_empty()
        || record.fields.get(&Field(0)).is_none()));

    let before = bench.google.meter().requests;
    let (pages, quiet) = bench.fetch(end.cursor.clone(), Census::No).await.unwrap();
    assert!(pages.is_empty() && quiet.extent == Extent::Delta);
    assert_eq!(bench.google.meter().requests - before, 1);

    bench.edit(&full[0].id, &json!({"names": [{"givenName": "Other"}]}));
    bench.delete(&full[1].id);
    let (pages, end) = bench.fetch(quiet.cursor, Census::Yes).await.unwrap();
    let deleted: Vec<_> = pages
        .iter()
        .filter_map(|page| {
            if let Page::Deleted(ids) = page {
                Some(ids.clone())
            } else {
                None
            }
        })
        .collect();
    let census: Vec<_> = pages
        .iter()
        .filter_map(|page| {
            if let Page::Census(ids) = page {
                Some(ids.len())
            } else {
                None
            }
        })
        .collect();
    assert_eq!(deleted, [vec![full[1].id.clone()]]);
    let listed = full
        .iter()
        .filter(|record| record.listed && record.id != full[1].id)
        .count();
    assert_eq!(census, [listed]);
    assert_eq!(end.extent, Extent::Delta);
    let changed = records(pages);
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].fields[&Field(1)], value(1, "Other"));
}

#[tokio::test]
async fn an_expired_cursor_gives_a_restart_and_a_full_read() {
    for kind in [
        FaultKind::SyncTokenExpired400,
        FaultKind::SyncTokenExpired410,
    ] {
        let bench = Bench::new(5, "CRM").await;
        let (_, end) = bench.fetch(None, Census::No).await.unwrap();
        bench.fault("people.connections.list", kind, 1, Value::Null);
        let (pages, end) = bench.fetch(end.cursor, Census::No).await.unwrap();
        assert!(matches!(pages[0], Page::Restart));
        assert_eq!((end.extent, end.records), (Extent::Full, 5));
        assert!(end.cursor.is_some());
    }
}

#[tokio::test]
async fn creates_make_the_label_and_come_back_as_they_are_listed() {
    let bench = Bench::new(0, "Brand new").await;
    let written = bench.write((0..450).map(create).collect()).await;
    assert!(written.stop.is_none());
    assert_eq!(
        (
            bench.count("people.batchCreateContacts"),
            bench.count("contactGroups.create")
        ),
        (3, 1)
    );
    let all = bench.all().await;
    assert_eq!(all.len(), 450);
    for (number, outcome) in written.outcomes.iter().enumerate() {
        let record = done(outcome);
        assert_eq!(record, &all[&record.id]);
        assert_eq!(record.stamp, Some(RemoteId::from(format!("crm{number}"))));
        assert!(record.listed);
        assert_eq!(&*record.fields[&Field(6)].text, "1984-02-29");
    }
    assert!(
        bench
            .running
            .world()
            .lock()
            .unwrap()
            .log
            .violations()
            .is_empty()
    );
}

#[tokio::test]
async fn one_bad_contact_does_not_sink_its_batch() {
    for partial in [false, true] {
        let bench = Bench::new(3, "CRM").await;
        bench.fault(
            "batchCreateContacts",
            FaultKind::BatchPartial,
            1,
            json!({"index": [1], "partial": partial}),
        );
        let written = bench.write((0..4).map(create).collect()).await;
        let rejected: Vec<bool> = written
            .outcomes
            .iter()
            .map(|outcome| matches!(outcome, Outcome::Rejected(_)))
            .collect();
        assert_eq!(rejected, [false, true, false, false], "partial: {partial}");
        assert_eq!(stamps(&bench.all().await), ["crm0", "crm2", "crm3"]);

        let some: Vec<Record> = bench.all().await.into_values().take(4).collect();
        bench.fault(
            "batchUpdateContacts",
            FaultKind::BatchPartial,
            1,
            json!({"index": [0], "partial": partial}),
        );
        let written = bench
            .write(
                some.iter()
                    .map(|record| update(record, 4, Some("Chief")))
                    .collect(),
            )
            .await;
        let good = written
            .outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Outcome::Done(Stored::Record(_))))
            .count();
        assert_eq!(good, 3, "partial: {partial}, {:?}", written.outcomes);
    }
}

#[tokio::test]
async fn a_lost_answer_to_creates_is_looked_up_and_nothing_is_doubled() {
    use FaultKind::{
        BadJson, DropAfter, DropBefore, ErrorAfterCommit, Html502, NotAvailable503, ServerError,
        TruncateBody,
    };
    for kind in [
        DropAfter,
        ErrorAfterCommit,
        TruncateBody,
        BadJson,
        NotAvailable503,
        DropBefore,
        ServerError,
        Html502,
    ] {
        let bench = Bench::new(2, "CRM").await;
        bench.fault("batchCreateContacts", kind, 1, Value::Null);
        let writes: Vec<Write> = (0..3).map(create).collect();
        let written = bench.write(writes.clone()).await;
        let all = bench.all().await;
        if matches!(kind, DropBefore | ServerError | Html502) {
            assert!(
                written
                    .outcomes
                    .iter()
                    .all(|outcome| matches!(outcome, Outcome::Uncertain { .. })),
                "{kind:?}"
            );
            assert!(
                stamps(&all).is_empty() && bench.google.look(&writes).await.unwrap().is_empty()
            );
        } else {
            assert_eq!(stamps(&all), ["crm0", "crm1", "crm2"], "{kind:?}");
            for outcome in &written.outcomes {
                assert_eq!(done(outcome), &all[&done(outcome).id]);
            }
            assert_eq!(bench.google.look(&writes).await.unwrap().len(), 3);
        }
    }
}

#[tokio::test]
async fn a_lagging_listing_is_made_up_for_by_the_label() {
    let bench = Bench::new(2, "CRM").await;
    bench.switch(&json!({"listing_lag_seconds": 600}));
    bench.fault("batchCreateContacts", FaultKind::DropAfter, 1, Value::Null);
    let written = bench.write((0..3).map(create).collect()).await;
    assert!(
        written
            .outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Done(_))),
        "{written:?}"
    );
    assert_eq!(bench.count("people.batchCreateContacts"), 1);
}
