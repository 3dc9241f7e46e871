//! The Zoho connector against the simulated Zoho CRM: what it reads, finds and writes, and in how many requests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crmsync::connector::http::{Http, HttpSettings, Signing, TokenSource};
use crmsync::connector::zoho::{Zoho, ZohoSettings, default_mapping};
use crmsync::connector::{
    Ask, Census, Cursor, Error, Extent, FetchEnd, Found, Kind, Page, Sink, Source,
};
use crmsync::mapping::{Mapping, Pair, Path};
use crmsync::model::{
    Change, Field, Fields, Key, Meeting, Native, Outcome, Patch, Probe, Record, RemoteId, Right,
    Side, Sides, Stored, Swap, Value, Version, Why, Write,
};
use crmsync::sandbox::{FaultKind, FaultRule, Options, Running, serve};
use secrecy::SecretString;
use serde_json::{Map, Value as Json, json};

const EMAIL: Field = Field(0);
const GIVEN: Field = Field(1);
const FAMILY: Field = Field(2);

struct Fixed;

#[async_trait]
impl TokenSource for Fixed {
    async fn token(&self) -> Result<SecretString, Error> {
        Ok("sandbox-crm-token".to_owned().into())
    }
    async fn renew(&self, _refused: &SecretString) -> Result<SecretString, Error> {
        Err(Error {
            remote: "Zoho CRM".to_owned(),
            doing: "renew the token".to_owned(),
            reason: "a ready token cannot be renewed".to_owned(),
            kind: Kind::Unauthorized,
            hint: None,
            retry_after: None,
            source: None,
        })
    }
    fn api_domain(&self) -> Option<String> {
        None
    }
}

struct Bench {
    sandbox: Running,
    zoho: Zoho,
}

#[derive(Debug, Default)]
struct Read {
    records: BTreeMap<String, Record>,
    deleted: BTreeSet<String>,
    census: Option<BTreeSet<String>>,
    restarts: usize,
}

fn mapping(probe: &Probe) -> Mapping {
    let names: BTreeSet<&str> = probe.fields.iter().map(|info| info.name.as_str()).collect();
    let pairs = default_mapping("Contacts")
        .into_iter()
        .filter(|pair| names.contains(pair.crm))
        .zip(0_u16..)
        .map(|(pair, at)| Pair {
            field: Field(at),
            crm: pair.crm.to_owned(),
            google: Path::parse(pair.google).unwrap(),
            to: Sides::from_fn(|side| side == Side::Google || !pair.to_google_only),
        })
        .collect();
    Mapping {
        pairs,
        key: EMAIL,
        region: None,
    }
}

impl Bench {
    async fn start(contacts: usize) -> Self {
        let sandbox = serve(Options {
            contacts,
            overlap: 0,
            seed: 7,
            ..Options::default()
        })
        .await
        .unwrap();
        let zoho = connector(&sandbox, "All Contacts");
        Self { sandbox, zoho }
    }

    /// A connector as a new process would have it, probed and equipped.
    async fn open(&mut self, view: &str) -> Probe {
        self.zoho = connector(&self.sandbox, view);
        let probe = self.zoho.probe(None).await.unwrap();
        self.zoho.equip(&probe, Arc::new(mapping(&probe))).unwrap();
        probe
    }

    async fn fetch(&self, since: Option<&Cursor>, census: Census) -> (FetchEnd, Read) {
        let (sender, mut pages) = tokio::sync::mpsc::channel(4);
        let ask = Ask {
            since: since.cloned(),
            census,
            now: jiff::Timestamp::now().as_second(),
        };
        let take = async {
            let mut read = Read::default();
            while let Some(page) = pages.recv().await {
                match page {
                    Page::Restart => {
                        read = Read {
                            restarts: read.restarts + 1,
                            ..Read::default()
                        };
                    }
                    Page::Records(records) => {
                        for record in records {
                            read.records.insert(record.id.to_string(), record);
                        }
                    }
                    Page::Deleted(ids) => {
                        read.deleted.extend(ids.iter().map(ToString::to_string));
                    }
                    Page::Renamed { .. } => panic!("Zoho renames nothing"),
                    Page::Census(ids) => read
                        .census
                        .get_or_insert_default()
                        .extend(ids.iter().map(ToString::to_string)),
                }
            }
            read
        };
        let (end, read) = tokio::join!(self.zoho.fetch(&ask, sender), take);
        (end.unwrap(), read)
    }

    fn add(&self, fields: &Json) -> String {
        let world = self.sandbox.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        world.zoho.add_contact(object(fields), now)
    }

    fn edit(&self, id: &str, fields: &Json) {
        let world = self.sandbox.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        assert!(world.zoho.edit_contact(id, object(fields), now));
    }

    fn delete(&self, id: &str) {
        let world = self.sandbox.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        assert!(world.zoho.delete_contact(id, now));
    }

    fn admin(&self, op: &str, body: &Json) {
        let world = self.sandbox.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        world.zoho.admin(op, body, now).unwrap();
    }

    fn advance(&self, seconds: i64) {
        let world = self.sandbox.world();
        world
            .lock()
            .unwrap()
            .clock
            .advance(jiff::SignedDuration::from_secs(seconds));
    }

    fn fault(&self, rule: FaultRule) {
        let world = self.sandbox.world();
        world.lock().unwrap().faults.add(rule);
    }

    /// Everything that the CRM holds, by address.
    fn by_email(&self, email: &str) -> Vec<Json> {
        let world = self.sandbox.world();
        let dump = world.lock().unwrap().zoho.dump();
        let all = dump["contacts"].as_array().cloned().unwrap();
        all.into_iter()
            .filter(|contact| contact["Email"] == json!(email))
            .collect()
    }

    fn requests(&self) -> u64 {
        self.zoho.meter().requests
    }
}

fn object(json: &Json) -> Map<String, Json> {
    json.as_object().cloned().unwrap()
}

fn connector(sandbox: &Running, view: &str) -> Zoho {
    zoho(sandbox, view, 0)
}

fn reserved(sandbox: &Running, credits_reserve: u64) -> Zoho {
    zoho(sandbox, "All Contacts", credits_reserve)
}

fn zoho(sandbox: &Running, view: &str, credits_reserve: u64) -> Zoho {
    let http = Http::new(HttpSettings {
        wait_scale: 0.01,
        timeout: Duration::from_secs(10),
        ..HttpSettings::new(
            "Zoho CRM",
            Signing::Scheme("Zoho-oauthtoken"),
            Arc::new(Fixed),
        )
    })
    .unwrap();
    Zoho::new(
        ZohoSettings {
            endpoint: Some(format!("http://{}", sandbox.address())),
            view: view.to_owned(),
            defaults: BTreeMap::from([("Lead_Source".to_owned(), json!("Google Contacts"))]),
            credits_reserve,
            ..ZohoSettings::default()
        },
        http,
    )
}

fn person(number: usize) -> Json {
    json!({"Email": format!("p{number}@example.com"), "Last_Name": format!("Number {number}"), "Lead_Source": "Web"})
}

fn write(key: Option<&str>, change: Change) -> Write {
    Write {
        on: Side::Crm,
        link: None,
        twin: RemoteId::from("people/c1"),
        key: key.map(Key::from),
        changed_at: None,
        meeting: Meeting::First,
        twin_listed: true,
        why: Why::Missing,
        change,
    }
}

fn create(email: &str, family: &str) -> Write {
    let fields: Fields = [(EMAIL, Value::plain(email)), (FAMILY, Value::plain(family))].into();
    write(
        Some(email),
        Change::Create {
            fields,
            twin_holds: BTreeMap::new(),
            unread: Vec::new(),
        },
    )
}

fn update(record: &Record, to: Option<&str>) -> Write {
    let swap = Swap {
        from: record.fields.get(&GIVEN).cloned(),
        to: to.map(Value::plain),
    };
    write(
        None,
        Change::Update {
            id: record.id.clone(),
            expected: record.version.clone(),
            native: Native::default(),
            patch: Patch::from([(GIVEN, swap)]),
        },
    )
}

fn delete(record: &Record) -> Write {
    write(
        None,
        Change::Delete {
            id: record.id.clone(),
            expected: record.version.clone(),
            before: record.fields.clone(),
        },
    )
}

fn done(outcome: &Outcome) -> (&RemoteId, &Version) {
    let Outcome::Done(Stored::Accepted { id, version, .. }) = outcome else {
        panic!("not done: {outcome:?}");
    };
    (id, version)
}

async fn one(bench: &Bench, id: &str) -> Record {
    let mut found = bench.zoho.get(&[RemoteId::from(id)]).await.unwrap();
    let Found::Here(record) = found.remove(0) else {
        panic!("{id} is not here");
    };
    *record
}

#[tokio::test]
async fn a_pass_without_changes_costs_two_requests() {
    let mut bench = Bench::start(30).await;
    bench.advance(-600);
    let early = bench.add(&person(1));
    bench.advance(600);
    let probe = bench.open("All Contacts").await;
    assert!(probe.list.covers_all);
    assert_eq!(
        probe.rights,
        [Right::View, Right::Create, Right::Edit, Right::Delete]
    );
    assert!(probe.account.unwrap().ends_with("/Contacts"));
    let (full, read) = bench.fetch(None, Census::No).await;
    assert_eq!(full.extent, Extent::Full);
    assert_eq!(read.records.len(), 31);
    assert!(read.records.values().all(|record| record.listed));
    assert_eq!(read.records[&early].key, Some(Key::from("p1@example.com")));
    // The seeded records are younger than the look-back.
    let later: Json = serde_json::from_str(&full.cursor.unwrap().0).unwrap();
    let later = Cursor(json!({"w": later["w"].as_i64().unwrap() + 120}).to_string());
    let before = bench.requests();
    let (delta, read) = bench.fetch(Some(&later), Census::No).await;
    assert_eq!(bench.requests() - before, 2);
    assert_eq!(delta.extent, Extent::Delta);
    assert!(read.records.is_empty() && read.deleted.is_empty());
}

#[tokio::test]
async fn a_view_is_followed_by_deltas_with_and_without_coql() {
    for coql in [true, false] {
        let mut bench = Bench::start(0).await;
        if !coql {
            bench.fault(FaultRule::new("zoho", "coql", FaultKind::InsufficientScope));
        }
        let (inside, leaving, going) = (
            bench.add(
                &json!({"Last_Name": "In", "Email": "in@example.com", "Lead_Source": "Partner"}),
            ),
            bench.add(
                &json!({"Last_Name": "Leaves", "Email": "l@example.com", "Lead_Source": "Partner"}),
            ),
            bench.add(
                &json!({"Last_Name": "Goes", "Email": "g@example.com", "Lead_Source": "Partner"}),
            ),
        );
        let outside = bench.add(&json!({"Last_Name": "Out", "Email": "out@example.com"}));
        let probe = bench.open("customers").await;
        assert!(!probe.list.covers_all);
        let (full, read) = bench.fetch(None, Census::No).await;
        let ids: BTreeSet<&String> = read.records.keys().collect();
        assert_eq!(
            ids,
            BTreeSet::from([&inside, &leaving, &going]),
            "coql {coql}"
        );

        bench.edit(&leaving, &json!({"Lead_Source": "Web"}));
        bench.edit(
            &outside,
            &json!({"Lead_Source": "Partner", "Account_Name": null}),
        );
        bench.delete(&going);
        let (delta, read) = bench.fetch(full.cursor.as_ref(), Census::Yes).await;
        assert_eq!(delta.extent, Extent::Delta);
        assert!(!read.records[&leaving].listed, "coql {coql}");
        assert!(read.records[&outside].listed, "coql {coql}");
        assert_eq!(read.deleted, BTreeSet::from([going.clone()]));
        assert_eq!(
            read.census,
            Some(BTreeSet::from([inside.clone(), outside.clone()]))
        );
        let ids = [&inside, &leaving, &going].map(|id| RemoteId::from(id.as_str()));
        let found = bench.zoho.get(&ids).await.unwrap();
        let Found::Here(record) = &found[0] else {
            panic!("here: {found:?}");
        };
        assert!(record.listed);
        assert!(matches!(&found[1], Found::Here(record) if !record.listed));
        assert_eq!(found[2], Found::Hidden, "a direct read proves nothing");
    }
}

#[tokio::test]
async fn both_ways_of_reading_say_the_same() {
    let mut bench = Bench::start(450).await;
    bench.open("All Contacts").await;
    let (_, query) = bench.fetch(None, Census::No).await;
    bench.fault(FaultRule::new("zoho", "coql", FaultKind::InsufficientScope));
    let (_, fallen) = bench.fetch(None, Census::No).await;
    assert_eq!(query.records.len(), 450);
    assert_eq!(
        query.records, fallen.records,
        "the way closes in the middle of a session"
    );
    bench.open("All Contacts").await;
    let (_, pages) = bench.fetch(None, Census::No).await;
    assert_eq!(query.records, pages.records);
}

#[tokio::test]
async fn older_limits_are_kept_to() {
    let mut bench = Bench::start(450).await;
    bench.admin("switch", &json!({"coql_legacy_limits": true}));
    bench.open("All Contacts").await;
    let (_, read) = bench.fetch(None, Census::No).await;
    assert_eq!(read.records.len(), 450);
    let ids: Vec<RemoteId> = read
        .records
        .values()
        .map(|record| record.id.clone())
        .collect();
    let found = bench.zoho.get(&ids[..130]).await.unwrap();
    assert!(found.iter().all(|found| matches!(found, Found::Here(_))));
}

/// Reads the whole list, and does something when its `at`th page comes.
async fn read_whole(bench: &Bench, at: usize, act: impl Fn()) -> (FetchEnd, BTreeSet<String>) {
    let (sender, mut pages) = tokio::sync::mpsc::channel(1);
    let ask = Ask {
        since: None,
        census: Census::No,
        now: jiff::Timestamp::now().as_second(),
    };
    let take = async {
        let mut ids = BTreeSet::new();
        let mut count = 0;
        while let Some(page) = pages.recv().await {
            if let Page::Records(records) = page {
                count += 1;
                if count == at {
                    act();
                }
                ids.extend(records.iter().map(|record| record.id.to_string()));
            }
        }
        ids
    };
    let (end, ids) = tokio::join!(bench.zoho.fetch(&ask, sender), take);
    (end.unwrap(), ids)
}

#[tokio::test]
async fn a_long_list_is_counted_once_and_its_further_pages_come_together() {
    let mut bench = Bench::start(2_600).await;
    bench.admin("switch", &json!({"coql_legacy_limits": true}));
    bench.open("All Contacts").await;
    let before = bench.zoho.meter();
    let (end, ids) = read_whole(&bench, 0, || {}).await;
    assert_eq!(ids.len(), 2_600);
    assert_eq!(end.records, 2_600);
    let after = bench.zoho.meter();
    let calls = |name: &str| {
        let of = |meter: &crmsync::connector::Meter| meter.by_call.get(name).copied().unwrap_or(0);
        of(&after) - of(&before)
    };
    assert_eq!(calls("count"), 1);
    // One that was refused for its limit, six pages of 200, and 1,400 records in steps of 199.
    assert_eq!(calls("coql"), 1 + 6 + 8);
}

#[tokio::test]
async fn records_that_leave_while_pages_come_together_hide_no_other() {
    for gone in [1, 3] {
        let mut bench = Bench::start(3_000).await;
        bench.admin("switch", &json!({"coql_legacy_limits": true}));
        bench.open("All Contacts").await;
        let (_, all) = read_whole(&bench, 0, || {}).await;
        bench.open("All Contacts").await;
        let first: Vec<&String> = all.iter().take(gone + 1_200).skip(1_200).collect();
        // They are behind the place where the pages begin to come together, and read already.
        let (end, ids) = read_whole(&bench, 7, || {
            for id in &first {
                bench.delete(id);
            }
        })
        .await;
        assert_eq!(ids, all, "{gone} deleted");
        assert!(end.records >= 3_000);
    }
}

#[tokio::test]
async fn after_three_quiet_readings_a_reading_costs_two_credits() {
    let mut bench = Bench::start(3).await;
    bench.open("All Contacts").await;
    let (end, _) = bench.fetch(None, Census::No).await;
    bench.advance(300);
    let mut cursor = end.cursor.unwrap();
    let mut costs = Vec::new();
    for _ in 0..5 {
        let before = bench.zoho.meter().credits.unwrap();
        let (end, read) = bench.fetch(Some(&cursor), Census::No).await;
        assert!(read.records.is_empty());
        costs.push(bench.zoho.meter().credits.unwrap() - before);
        cursor = end.cursor.unwrap();
    }
    assert_eq!(costs, [4, 4, 4, 2, 2]);
    let ids: Vec<String> = (0..250).map(|n| bench.add(&person(n))).collect();
    let (end, read) = bench.fetch(Some(&cursor), Census::No).await;
    assert_eq!(
        read.records.len(),
        ids.len(),
        "a page of 200 is not the last"
    );
    let (_, read) = bench.fetch(Some(&end.cursor.unwrap()), Census::No).await;
    assert_eq!(read.records.len(), ids.len(), "the look-back");
}

#[tokio::test]
async fn the_reserve_of_credits_is_left_alone() {
    let mut bench = Bench::start(3).await;
    bench.open("All Contacts").await;
    let (end, _) = bench.fetch(None, Census::No).await;
    bench.zoho = reserved(&bench.sandbox, 8);
    let probe = bench.zoho.probe(None).await.unwrap();
    bench.zoho.equip(&probe, Arc::new(mapping(&probe))).unwrap();
    bench.admin("switch", &json!({"daily_credits": 16}));
    let cursor = end.cursor.unwrap();
    let mut refused = None;
    for _ in 0..4 {
        let (sender, _pages) = tokio::sync::mpsc::channel(4);
        let ask = Ask {
            since: Some(cursor.clone()),
            census: Census::No,
            now: jiff::Timestamp::now().as_second(),
        };
        if let Err(error) = bench.zoho.fetch(&ask, sender).await {
            refused = Some(error);
            break;
        }
    }
    let refused = refused.unwrap();
    assert_eq!(refused.kind, Kind::RateLimited, "{refused}");
    assert!(refused.reason.contains("`credits_reserve`"), "{refused}");
    assert_eq!(bench.zoho.meter().credits_left, Some(8));
}

#[tokio::test]
async fn an_old_cursor_reads_everything_again() {
    let mut bench = Bench::start(3).await;
    bench.open("All Contacts").await;
    let now = jiff::Timestamp::now().as_second();
    let old = Cursor(json!({"w": now - 56 * 86_400, "mode": "coql"}).to_string());
    let (end, read) = bench.fetch(Some(&old), Census::No).await;
    assert_eq!(
        (end.extent, read.restarts, read.records.len()),
        (Extent::Full, 1, 3)
    );
}

#[tokio::test]
async fn keys_are_found_in_the_whole_module() {
    let mut bench = Bench::start(0).await;
    let odd = [
        "o'neil@example.com",
        "Plain@Example.com",
        "p7@example.com",
        "jürgen@example.com",
    ];
    for email in odd {
        bench.add(&json!({"Last_Name": "X", "Email": email}));
    }
    bench.add(
        &json!({"Last_Name": "X", "Email": "sales_team@example.com", "Lead_Source": "Partner"}),
    );
    let keys: Vec<Key> = [
        "o'neil@example.com",
        "plain@example.com",
        "p7@example.com",
        "jürgen@example.com",
        "sales-team@example.com",
        "nobody@example.com",
    ]
    .map(Key::from)
    .into();
    for cased in [false, true] {
        bench.admin(
            "switch",
            &json!({ "coql_case_sensitive": cased, "search_delay_seconds": 0 }),
        );
        bench.open("Customers").await;
        let found = bench.zoho.find(&keys).await.unwrap();
        let mut found: Vec<&str> = found
            .iter()
            .map(|record| record.key.as_ref().unwrap().as_str())
            .collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                "jürgen@example.com",
                "o'neil@example.com",
                "p7@example.com",
                "plain@example.com"
            ],
            "cased {cased}"
        );
    }
    bench.fault(FaultRule::new("zoho", "coql", FaultKind::InsufficientScope));
    bench.admin("switch", &json!({"search_delay_seconds": 300}));
    bench.add(&json!({"Last_Name": "X", "Email": "fresh@example.com"}));
    bench.open("Customers").await;
    let found = bench
        .zoho
        .find(&[Key::from("fresh@example.com")])
        .await
        .unwrap();
    assert_eq!(found.len(), 1, "not yet in the index of Search");
}

#[tokio::test]
async fn many_keys_cost_at_most_one_request_for_fifty() {
    let mut bench = Bench::start(20).await;
    for number in 0..5 {
        bench.add(&person(number * 100));
    }
    bench.open("All Contacts").await;
    let keys: Vec<Key> = (0..500)
        .map(|at| Key::from(format!("p{at}@example.com")))
        .collect();
    let before = bench.requests();
    let found = bench.zoho.find(&keys).await.unwrap();
    assert_eq!(found.len(), 5);
    assert!(
        bench.requests() - before <= 10,
        "{}",
        bench.requests() - before
    );
}

#[tokio::test]
async fn a_batch_is_answered_record_by_record() {
    let mut bench = Bench::start(0).await;
    bench.admin("set_field", &json!({"api_name": "Email", "unique": true}));
    let there = bench.add(&person(1));
    bench.open("All Contacts").await;
    let long = "x".repeat(200);
    let writes = vec![
        create("new@example.com", "New"),
        create("p1@example.com", "Twin"),
        create("long@example.com", &long),
    ];
    let batches = bench.zoho.batches(writes);
    assert_eq!(batches.len(), 1);
    let written = bench.zoho.write(&batches[0]).await;
    assert!(written.stop.is_none());
    done(&written.outcomes[0]);
    assert_eq!(
        written.outcomes[1],
        Outcome::Duplicate {
            of: RemoteId::from(there)
        }
    );
    assert!(
        matches!(&written.outcomes[2], Outcome::Rejected(refusal) if refusal.field == Some(FAMILY))
    );
    let stored = bench.by_email("new@example.com");
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0]["Lead_Source"], json!("Google Contacts"));
}

#[tokio::test]
async fn creates_whose_answer_is_lost_are_not_doubled() {
    for (kind, lands) in [
        (FaultKind::DropAfter, true),
        (FaultKind::ErrorAfterCommit, true),
        (FaultKind::TruncateBody, true),
        (FaultKind::BadJson, true),
        (FaultKind::ServerError, true),
        (FaultKind::DropBefore, false),
    ] {
        let mut bench = Bench::start(0).await;
        bench.open("All Contacts").await;
        bench.fault(FaultRule::new("zoho", "create", kind).times(1));
        let batch = [create("a@example.com", "A"), create("b@example.com", "B")];
        let written = bench.zoho.write(&batch).await;
        for (outcome, email) in written
            .outcomes
            .iter()
            .zip(["a@example.com", "b@example.com"])
        {
            let stored = bench.by_email(email);
            if lands {
                assert_eq!(stored.len(), 1, "{kind:?}");
                let (id, version) = done(outcome);
                assert_eq!(json!(id.as_str()), stored[0]["id"], "{kind:?}");
                assert_eq!(one(&bench, id.as_str()).await.version, *version, "{kind:?}");
            } else {
                assert!(
                    matches!(outcome, Outcome::Uncertain { .. }),
                    "{kind:?}: {outcome:?}"
                );
                assert!(stored.is_empty() && written.stop.is_some());
            }
        }
        let open = bench.zoho.look(&batch).await.unwrap();
        assert_eq!(open.len(), if lands { 2 } else { 0 }, "{kind:?}");
    }
}

#[tokio::test]
async fn edits_in_between_are_never_overwritten() {
    let mut bench = Bench::start(0).await;
    bench.advance(-60);
    let ids: Vec<String> = (0..3).map(|at| bench.add(&person(at))).collect();
    bench.advance(60);
    bench.open("All Contacts").await;
    let mut records = Vec::new();
    for id in &ids {
        records.push(one(&bench, id).await);
    }
    bench.edit(&ids[1], &json!({"Title": "Changed"}));
    // A new process has read nothing yet and believes nothing.
    bench.open("All Contacts").await;
    let batch: Vec<Write> = records
        .iter()
        .map(|record| update(record, Some("Given")))
        .collect();
    let written = bench.zoho.write(&batch).await;
    assert!(written.stop.is_none());
    assert_eq!(written.outcomes[1], Outcome::Stale);
    for at in [0, 2] {
        let (_, version) = done(&written.outcomes[at]);
        let now = one(&bench, &ids[at]).await;
        assert_eq!(now.version, *version);
        assert_eq!(&*now.fields[&GIVEN].text, "Given");
    }
    let alone = bench
        .zoho
        .write(&[update(&records[1], Some("Alone"))])
        .await;
    assert_eq!(alone.outcomes, [Outcome::Stale], "locked by its header");
    assert!(!one(&bench, &ids[1]).await.fields.contains_key(&GIVEN));
    bench.open("All Contacts").await;
    let gone = bench
        .zoho
        .write(&[delete(&records[0]), delete(&records[2])])
        .await;
    assert_eq!(
        gone.outcomes,
        [Outcome::Stale, Outcome::Stale],
        "both were updated"
    );
    let now = one(&bench, &ids[0]).await;
    let gone = bench.zoho.write(&[delete(&now)]).await;
    assert_eq!(gone.outcomes, [Outcome::Done(Stored::Nothing)]);
    assert!(bench.by_email("p0@example.com").is_empty());
}

#[tokio::test]
async fn updates_and_deletes_survive_lost_answers() {
    for kind in [
        FaultKind::DropAfter,
        FaultKind::DropBefore,
        FaultKind::ErrorAfterCommit,
        FaultKind::ServerError,
    ] {
        let mut bench = Bench::start(0).await;
        bench.advance(-60);
        let ids: Vec<String> = (0..2).map(|at| bench.add(&person(at))).collect();
        bench.advance(60);
        bench.open("All Contacts").await;
        let records = [one(&bench, &ids[0]).await, one(&bench, &ids[1]).await];
        bench.fault(FaultRule::new("zoho", "update", kind).times(1));
        let batch = [
            update(&records[0], Some("Given")),
            update(&records[1], Some("Given")),
        ];
        let written = bench.zoho.write(&batch).await;
        assert!(written.stop.is_none(), "{kind:?} {:?}", written.stop);
        for outcome in &written.outcomes {
            done(outcome);
        }
        let records = [one(&bench, &ids[0]).await, one(&bench, &ids[1]).await];
        assert!(
            records
                .iter()
                .all(|record| &*record.fields[&GIVEN].text == "Given"),
            "{kind:?}"
        );
        bench.fault(FaultRule::new("zoho", "delete", kind).times(1));
        let written = bench
            .zoho
            .write(&[delete(&records[0]), delete(&records[1])])
            .await;
        assert_eq!(
            written.outcomes,
            vec![Outcome::Done(Stored::Nothing); 2],
            "{kind:?}"
        );
        assert!(bench.by_email("p0@example.com").is_empty());
    }
}

#[tokio::test]
async fn refusals_are_sorted_by_what_to_do() {
    let mut bench = Bench::start(1).await;
    let nowhere = connector(&bench.sandbox, "Custmers");
    let error = nowhere.probe(None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unknown);
    assert!(error.hint.unwrap().contains("`Customers`"));

    bench.fault(FaultRule::new("zoho", "users", FaultKind::InsufficientScope).times(1));
    bench.fault(FaultRule::new("zoho", "org", FaultKind::InsufficientScope).times(1));
    let probe = bench.open("All Contacts").await;
    assert_eq!(probe.user, None);
    assert_eq!(probe.account.as_deref(), Some("zoho/us/Contacts"));

    bench.fault(FaultRule::new("zoho", "fields", FaultKind::InsufficientScope).times(1));
    let error = connector(&bench.sandbox, "All Contacts")
        .probe(None)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Forbidden);
    assert!(
        error.reason.contains("ZohoCRM.settings.fields.READ"),
        "{error}"
    );

    bench.fault(FaultRule::new("zoho", "create", FaultKind::NoPermission).times(1));
    let written = bench.zoho.write(&[create("a@example.com", "A")]).await;
    assert_eq!(written.outcomes, [Outcome::NotTried]);
    assert_eq!(written.stop.unwrap().kind, Kind::Forbidden);

    bench.fault(FaultRule::new("zoho", "create", FaultKind::Throttled).times(2));
    let lanes = bench.zoho.capabilities().lanes;
    let written = bench.zoho.write(&[create("a@example.com", "A")]).await;
    done(&written.outcomes[0]);
    assert!(
        bench.zoho.capabilities().lanes < lanes,
        "fewer at once after a 429"
    );
    assert_eq!(bench.by_email("a@example.com").len(), 1);

    bench.admin("set_rights", &json!({"create": false, "delete": false}));
    let probe = connector(&bench.sandbox, "All Contacts")
        .probe(None)
        .await
        .unwrap();
    assert_eq!(probe.rights, [Right::View, Right::Edit]);
    bench.fault(FaultRule::new("zoho", "coql", FaultKind::Unauthorized).times(1));
    let error = bench
        .zoho
        .find(&[Key::from("a@example.com")])
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Unauthorized);
}

#[tokio::test]
async fn a_view_that_was_deleted_since_the_probe_is_said_to_be_unknown() {
    let mut bench = Bench::start(1).await;
    let probe = bench.open("Customers").await;
    bench.admin(
        "view_delete",
        &json!({"module": "Contacts", "id": probe.list.id}),
    );
    let (sender, _pages) = tokio::sync::mpsc::channel(4);
    let ask = Ask {
        since: None,
        census: Census::No,
        now: jiff::Timestamp::now().as_second(),
    };
    let error = bench.zoho.fetch(&ask, sender).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unknown, "{error}");
    assert!(error.hint.is_some());
}

#[tokio::test]
async fn a_field_that_was_hidden_since_the_mapping_is_unread() {
    let mut bench = Bench::start(0).await;
    let id = bench.add(&json!({"Last_Name": "X", "First_Name": "Y", "Email": "x@example.com"}));
    bench.admin(
        "set_field",
        &json!({"module": "Contacts", "api_name": "Phone", "hidden": true}),
    );
    let whole = bench.open("All Contacts").await;
    assert!(
        whole
            .fields
            .iter()
            .all(|info| info.name != "Phone" || info.hidden)
    );
    assert!(one(&bench, &id).await.unread.is_empty());
    // The field is hidden after the mapping was made: it is told neither blank nor changed.
    bench.admin(
        "set_field",
        &json!({"module": "Contacts", "api_name": "First_Name", "hidden": true}),
    );
    let hidden = bench.zoho.probe(None).await.unwrap();
    bench
        .zoho
        .equip(&hidden, Arc::new(mapping(&whole)))
        .unwrap();
    let record = one(&bench, &id).await;
    assert_eq!(record.unread, [GIVEN]);
    assert!(!record.fields.contains_key(&GIVEN));
}
