//! The Odoo connector against a simulated Odoo 18 and 19: what it reads, finds and writes, and what goes wrong there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[path = "sim/bench.rs"]
mod bench;
#[path = "sim/host.rs"]
mod host;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "sim/odoo/mod.rs"]
mod sim;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use bench::{Fixed, create, delete, fetch, field, mapping, one, reason, stored, text, update};
use crmsync::connector::http::{Http, HttpSettings, Signing};
use crmsync::connector::odoo::{Api, Odoo, OdooSettings, default_mapping};
use crmsync::connector::{Census, Extent, Found, Kind, Sink, Source};
use crmsync::mapping::Mapping;
use crmsync::model::{FieldKind, Key, Outcome, Probe, RemoteId, Right, Stored, Write};
use serde_json::{Value as Json, json};
use sim::{DATABASE, KEY, LOGIN, Mishap, Sim, World, lock};

/// The versions that are simulated, and the interface that each is spoken to by.
const VERSIONS: [(u8, Api); 2] = [(18, Api::JsonRpc), (19, Api::Json2)];

struct Bench {
    sim: Sim,
    odoo: Odoo,
    mapping: Mapping,
    probe: Probe,
}

impl Bench {
    async fn start(version: u8) -> Self {
        Self::with(Sim::start(version), "All Contacts").await
    }

    /// A connector as a new process would have it.
    async fn with(sim: Sim, view: &str) -> Self {
        let odoo = connector(settings(&sim, view), KEY);
        let probe = odoo.probe(None).await.unwrap();
        let mapping = mapping(&probe, default_mapping(), Some("DE"));
        odoo.equip(&probe, Arc::new(mapping.clone())).unwrap();
        Self {
            sim,
            odoo,
            mapping,
            probe,
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.sim.world)
    }

    fn add(&self, row: &Json) -> i64 {
        self.world().add(row)
    }

    async fn write(&self, write: Write) -> Outcome {
        let mut written = self.odoo.write(&[write]).await;
        assert!(written.stop.is_none(), "{:?}", written.stop);
        written.outcomes.remove(0)
    }

    /// A create with an address and a name.
    fn create(&self, email: &str, given: &str, family: &str) -> Write {
        let mut fields = vec![("email", email), ("name.given", given)];
        if !family.is_empty() {
            fields.push(("name.family", family));
        }
        create(&self.mapping, Some(email), &fields)
    }

    /// How often a method was called.
    fn calls(&self, call: &str) -> usize {
        self.world().log.iter().filter(|each| *each == call).count()
    }

    fn of<'a>(&self, record: &'a crmsync::model::Record, crm: &str) -> Option<&'a str> {
        text(&self.mapping, record, crm)
    }
}

fn settings(sim: &Sim, view: &str) -> OdooSettings {
    OdooSettings {
        endpoint: sim.endpoint(),
        database: DATABASE.to_owned(),
        user: Some(LOGIN.to_owned()),
        view: view.to_owned(),
        ..OdooSettings::default()
    }
}

fn connector(settings: OdooSettings, key: &'static str) -> Odoo {
    let http = Http::new(HttpSettings {
        wait_scale: 0.01,
        timeout: Duration::from_secs(10),
        ..HttpSettings::new("Odoo", Signing::Scheme("bearer"), Arc::new(Fixed(key)))
    });
    Odoo::new(settings, http.unwrap())
}

fn person(number: usize) -> Json {
    json!({"email": format!("p{number}@example.com"), "name": format!("Person Number{number}")})
}

fn ids(all: &[i64]) -> Vec<RemoteId> {
    all.iter()
        .map(|id| RemoteId::from(id.to_string()))
        .collect()
}

#[tokio::test]
async fn a_full_reading_brings_every_person_and_a_delta_what_changed() {
    for (version, _) in VERSIONS {
        let bench = Bench::start(version).await;
        // One transaction: all of them have the same time.
        let people: BTreeSet<String> = (0..2500)
            .map(|number| bench.add(&person(number)).to_string())
            .collect();
        let same = bench.world().now();
        for partner in bench.world().tables.partners.values_mut() {
            partner.written = same;
        }
        let (full, read) = fetch(&bench.odoo, None, Census::No).await.unwrap();
        assert_eq!((full.extent, full.pages), (Extent::Full, 3));
        assert_eq!(
            read.records.keys().cloned().collect::<BTreeSet<_>>(),
            people
        );
        assert!(
            read.records
                .values()
                .all(|record| record.listed && record.unread.is_empty())
        );

        bench.world().skew = 3_600;
        let (quiet, _) = fetch(&bench.odoo, full.cursor.as_ref(), Census::No)
            .await
            .unwrap();
        let before = bench.odoo.meter().requests;
        let (_, read) = fetch(&bench.odoo, quiet.cursor.as_ref(), Census::No)
            .await
            .unwrap();
        assert!(read.records.is_empty());
        assert_eq!(
            bench.odoo.meter().requests - before,
            1,
            "a pass with nothing to do"
        );
        let first = bench.world().by_address("p0@example.com")[0];
        bench.world().edit(first, &json!({"city": "Berlin"}));
        let new = bench.add(&person(9_000));
        let (delta, read) = fetch(&bench.odoo, quiet.cursor.as_ref(), Census::Yes)
            .await
            .unwrap();
        assert_eq!(delta.extent, Extent::Delta);
        let brought: BTreeSet<String> = read.records.keys().cloned().collect();
        assert_eq!(brought, [first.to_string(), new.to_string()].into());
        assert_eq!(read.census.unwrap().len(), 2501);
    }
}

#[tokio::test]
async fn a_change_that_was_committed_late_is_not_missed() {
    for (version, _) in VERSIONS {
        let bench = Bench::start(version).await;
        let id = bench.add(&person(1));
        bench.world().skew = 86_400;
        let (full, _) = fetch(&bench.odoo, None, Census::No).await.unwrap();
        // Its transaction began ten minutes before the reading and was not visible to it.
        bench.world().edit(id, &json!({"city": "Late"}));
        bench.world().tables.partners.get_mut(&id).unwrap().written -= 600_000_000;
        let (_, read) = fetch(&bench.odoo, full.cursor.as_ref(), Census::No)
            .await
            .unwrap();
        assert_eq!(
            bench.of(&read.records[&id.to_string()], "city"),
            Some("Late")
        );
    }
}

#[tokio::test]
async fn only_persons_are_listed_and_companies_are_found_all_the_same() {
    for (version, _) in VERSIONS {
        let bench = Bench::start(version).await;
        let (company, ann) = {
            let mut world = bench.world();
            let company = world.add(&json!({
                "name": "Example Ltd", "is_company": true, "email": "office@example.com", "city": "Berlin",
            }));
            let ann = world.add(&json!({
                "name": "Ann Example", "email": "ann@example.com", "parent_id": company, "country_id": 57,
                "comment": "<p>Met at <b>work</b></p><p>twice</p>",
            }));
            world.add(&json!({"name": "Dock 4", "parent_id": company, "type": "delivery"}));
            let old = world.add(&json!({"name": "Old One", "email": "old@example.com"}));
            world.archive(old);
            (company, ann)
        };
        let (full, read) = fetch(&bench.odoo, None, Census::No).await.unwrap();
        assert_eq!(read.records.keys().collect::<Vec<_>>(), [&ann.to_string()]);
        let record = &read.records[&ann.to_string()];
        assert_eq!(bench.of(record, "parent_id"), Some("Example Ltd"));
        assert_eq!(bench.of(record, "country_id"), Some("Germany"));
        assert_eq!(bench.of(record, "comment"), Some("Met at work\ntwice"));
        let keys = ["office@example.com", "old@example.com"].map(Key::from);
        let found = bench.odoo.find(&keys).await.unwrap();
        assert_eq!(found.len(), 1, "an archived one is as good as deleted");
        assert_eq!(
            (found[0].id.as_str(), found[0].listed),
            (company.to_string().as_str(), false)
        );
        // A company that moves takes its people along.
        bench.world().edit(company, &json!({"city": "Hamburg"}));
        let (_, read) = fetch(&bench.odoo, full.cursor.as_ref(), Census::No)
            .await
            .unwrap();
        assert_eq!(
            bench.of(&read.records[&ann.to_string()], "city"),
            Some("Hamburg")
        );
        assert!(!read.records[&company.to_string()].listed);
    }
}

#[tokio::test]
async fn two_edits_in_one_second_are_two_revisions() {
    let bench = Bench::start(18).await;
    let id = bench.add(&person(1));
    let first = one(&bench.odoo, &id.to_string()).await;
    let written = bench.world().tables.partners[&id].written;
    bench.world().edit(id, &json!({"city": "Other"}));
    bench.world().tables.partners.get_mut(&id).unwrap().written = written;
    let second = one(&bench.odoo, &id.to_string()).await;
    assert_eq!(first.changed_at, second.changed_at);
    assert_ne!(first.version, second.version);
    let stale = update(&bench.mapping, &first, &[("street", Some("Lost"))]);
    assert_eq!(bench.write(stale).await, Outcome::Stale);
    assert_eq!(bench.world().shown(id)["street"], json!(false));
}

#[tokio::test]
async fn a_name_is_kept_as_one_and_read_in_two_parts() {
    for (version, _) in VERSIONS {
        let bench = Bench::start(version).await;
        let outcome = bench
            .write(bench.create("a@example.com", "Jean Luc", "Picard"))
            .await;
        let record = stored(&outcome);
        let id: i64 = record.id.as_str().parse().unwrap();
        assert_eq!(bench.world().shown(id)["name"], json!("Jean Luc Picard"));
        assert_eq!(bench.of(record, "name.given"), Some("Jean Luc"));
        assert_eq!(bench.of(record, "name.family"), Some("Picard"));
        let edit = update(
            &bench.mapping,
            record,
            &[
                ("name.given", Some("René")),
                ("name.family", Some("de la Cruz")),
            ],
        );
        let outcome = bench.write(edit).await;
        assert_eq!(bench.world().shown(id)["name"], json!("René de la Cruz"));
        // One half alone keeps the other.
        let edit = update(&bench.mapping, stored(&outcome), &[("name.family", None)]);
        let outcome = bench.write(edit).await;
        assert_eq!(bench.world().shown(id)["name"], json!("René de la"));
        let both = [("name.given", None), ("name.family", None)];
        let outcome = bench
            .write(update(&bench.mapping, stored(&outcome), &both))
            .await;
        assert!(reason(&outcome).contains("mandatory"), "{outcome:?}");
        assert_eq!(bench.world().shown(id)["name"], json!("René de la"));
        let nameless = create(
            &bench.mapping,
            Some("b@example.com"),
            &[("email", "b@example.com")],
        );
        assert!(
            bench
                .odoo
                .vet(&nameless)
                .unwrap_err()
                .reason
                .contains("mandatory")
        );
    }
}

#[tokio::test]
async fn an_e_mail_field_with_several_addresses_keeps_the_others() {
    let bench = Bench::start(19).await;
    let id =
        bench.add(&json!({"name": "Ada", "email": "\"Ada E.\" <ada@example.com>, b@example.com"}));
    let record = one(&bench.odoo, &id.to_string()).await;
    assert_eq!(record.key, Some(Key::from("ada@example.com")));
    let edit = update(
        &bench.mapping,
        &record,
        &[("email", Some("new@example.com"))],
    );
    let outcome = bench.write(edit).await;
    assert_eq!(stored(&outcome).key, Some(Key::from("new@example.com")));
    assert_eq!(
        bench.world().shown(id)["email"],
        json!("\"Ada E.\" <new@example.com>, b@example.com")
    );
    // The other address belongs to her too: nobody gets a record of their own for it.
    assert!(
        bench
            .odoo
            .find(&[Key::from("b@example.com")])
            .await
            .unwrap()
            .is_empty()
    );
    let outcome = bench.write(bench.create("b@example.com", "B", "B")).await;
    assert!(
        reason(&outcome).contains("behind its first one"),
        "{outcome:?}"
    );
    assert!(reason(&outcome).contains(&id.to_string()));
    assert_eq!(bench.world().count(), 1);
}

#[tokio::test]
async fn records_are_found_by_their_address_whatever_the_case() {
    for (version, _) in VERSIONS {
        let bench = Bench::start(version).await;
        let mut keys: Vec<Key> = (0..90)
            .map(|number| {
                bench.add(&json!({"email": format!("P_{number}@Example.com"), "name": "P"}));
                Key::from(format!("p_{number}@example.com").as_str())
            })
            .collect();
        // `_` is no pattern.
        keys.push(Key::from("p__1@example.com"));
        bench.add(&json!({"email": "px_1@example.com", "name": "X"}));
        let found = bench.odoo.find(&keys).await.unwrap();
        let found: BTreeSet<_> = found
            .into_iter()
            .map(|record| record.key.unwrap())
            .collect();
        assert_eq!(found, keys.into_iter().take(90).collect());
    }
}

#[tokio::test]
async fn a_batch_that_is_refused_as_a_whole_is_halved_until_the_culprit_is_alone() {
    for (version, _) in VERSIONS {
        let bench = Bench::start(version).await;
        bench.world().banned = Some("Nowhere");
        let writes: Vec<Write> = (0..100)
            .map(|number| {
                let (email, given) = (format!("p{number}@example.com"), format!("P{number}"));
                let city = if number == 37 || number == 80 {
                    "Nowhere"
                } else {
                    "Berlin"
                };
                let fields = [
                    ("email", email.as_str()),
                    ("name.given", &given),
                    ("city", city),
                ];
                create(&bench.mapping, Some(&email), &fields)
            })
            .collect();
        let batches = bench.odoo.batches(writes.clone());
        assert_eq!(batches.len(), 1);
        let written = bench.odoo.write(&batches[0]).await;
        assert!(written.stop.is_none());
        for (number, outcome) in written.outcomes.iter().enumerate() {
            if number == 37 || number == 80 {
                assert!(reason(outcome).contains("not served"), "{outcome:?}");
            } else {
                assert_eq!(
                    stored(outcome).key,
                    writes[number].key,
                    "each gets its own record"
                );
            }
        }
        assert_eq!(bench.world().count(), 98, "nobody twice");
        assert!(bench.calls("res.partner create") < 30);
    }
}

#[tokio::test]
async fn to_delete_is_to_archive_and_an_archived_contact_is_deleted() {
    for (version, _) in VERSIONS {
        let bench = Bench::start(version).await;
        let people: Vec<i64> = (0..4).map(|number| bench.add(&person(number))).collect();
        let (full, _) = fetch(&bench.odoo, None, Census::No).await.unwrap();
        let mut records = Vec::new();
        for id in &people {
            records.push(one(&bench.odoo, &id.to_string()).await);
        }
        bench.world().edit(people[1], &json!({"city": "Changed"}));
        bench.world().users.insert(people[2]);
        let writes: Vec<Write> = records.iter().take(3).map(delete).collect();
        let written = bench.odoo.write(&writes).await;
        assert_eq!(written.outcomes[0], Outcome::Done(Stored::Nothing));
        assert_eq!(written.outcomes[1], Outcome::Stale);
        assert!(reason(&written.outcomes[2]).contains("active user"));
        assert_eq!(bench.world().shown(people[0])["active"], json!(false));
        assert_eq!(bench.write(delete(&records[0])).await, Outcome::Gone);
        // A person archives another, and a third is unlinked: only the first is certain.
        bench.world().archive(people[1]);
        bench.world().unlink(people[3]);
        let (_, read) = fetch(&bench.odoo, full.cursor.as_ref(), Census::Yes)
            .await
            .unwrap();
        let gone: BTreeSet<String> = [people[0], people[1]].iter().map(i64::to_string).collect();
        assert_eq!(read.deleted, gone);
        assert_eq!(read.census, Some([people[2].to_string()].into()));
        let found = bench.odoo.get(&ids(&people)).await.unwrap();
        assert_eq!(
            (&found[0], &found[1], &found[3]),
            (&Found::Gone, &Found::Gone, &Found::Hidden)
        );
        assert!(matches!(found[2], Found::Here(_)));
        let lost = update(&bench.mapping, &records[3], &[("city", Some("X"))]);
        assert_eq!(
            bench.write(lost).await,
            Outcome::Stale,
            "it is looked at again"
        );
    }
}

#[tokio::test]
async fn changes_are_read_before_and_after_and_touch_nothing_else() {
    for (version, _) in VERSIONS {
        let bench = Bench::start(version).await;
        let people: Vec<i64> = (0..20).map(|number| bench.add(&person(number))).collect();
        let mut writes = Vec::new();
        for id in &people {
            let record = one(&bench.odoo, &id.to_string()).await;
            writes.push(update(
                &bench.mapping,
                &record,
                &[("phone", Some("+49 30 1")), ("street", None)],
            ));
        }
        bench.world().edit(people[5], &json!({"ref": "R5"}));
        bench.world().edit(people[6], &json!({"city": "Changed"}));
        let before = bench.odoo.meter().requests;
        let batches = bench.odoo.batches(writes);
        assert_eq!(batches.len(), 1);
        let written = bench.odoo.write(&batches[0]).await;
        assert!(written.stop.is_none());
        // One reading before, one after, and a call for each that is changed.
        assert_eq!(bench.odoo.meter().requests - before, 20 + 1);
        for (nth, outcome) in written.outcomes.iter().enumerate() {
            if nth == 6 {
                assert_eq!(*outcome, Outcome::Stale);
            } else if nth != 5 {
                assert_eq!(bench.of(stored(outcome), "phone"), Some("+49 30 1"));
            }
        }
        assert_eq!(bench.world().shown(people[5])["ref"], json!("R5"));
        assert_eq!(bench.world().shown(people[6])["phone"], json!(false));
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_batch_is_found_and_not_sent_twice() {
    for (version, _) in VERSIONS {
        let bench = Bench::start(version).await;
        let writes: Vec<Write> = (0..3)
            .map(|number| bench.create(&format!("p{number}@example.com"), "P", "Q"))
            .collect();
        for (mishap, there) in [
            (Mishap::Cut, 0),
            (Mishap::Status(502), 0),
            (Mishap::Lost, 3),
        ] {
            bench.world().mishap("res.partner create", mishap);
            let written = bench.odoo.write(&writes).await;
            assert!(written.stop.is_some(), "{mishap:?}");
            let unknown = |outcome: &Outcome| matches!(outcome, Outcome::Uncertain { .. });
            assert!(
                written.outcomes.iter().all(unknown),
                "{mishap:?}: {:?}",
                written.outcomes
            );
            let found = bench.odoo.look(&writes).await.unwrap();
            assert_eq!(found.len(), there);
            assert_eq!(bench.world().count(), there);
        }
        assert_eq!(
            bench.calls("res.partner create"),
            3,
            "none is sent again by itself"
        );
    }
}

#[tokio::test]
async fn a_busy_database_is_waited_for_and_a_rolled_back_call_is_sent_again() {
    for (version, _) in VERSIONS {
        let bench = Bench::start(version).await;
        let busy = Mishap::Raised(
            "psycopg2.errors.SerializationFailure",
            "could not serialize access due to concurrent update",
        );
        let id = bench.add(&person(1));
        let record = one(&bench.odoo, &id.to_string()).await;
        bench.world().mishap("res.partner search_read", busy);
        let read = fetch(&bench.odoo, None, Census::No).await.unwrap().1;
        assert_eq!(read.records.len(), 1);
        // What an add-on raises is about the contact; the next one is tried.
        let fault = Mishap::Raised("builtins.KeyError", "'x_score'");
        bench.world().mishap("res.partner write", fault);
        let write = update(&bench.mapping, &record, &[("city", Some("Berlin"))]);
        let outcome = bench.write(write).await;
        assert!(reason(&outcome).contains("KeyError"), "{outcome:?}");
        assert!(!reason(&outcome).contains("Traceback"));
    }
}

#[tokio::test]
async fn a_tag_is_read_written_and_counted() {
    for (version, _) in VERSIONS {
        let sim = Sim::start(version);
        let (tag, inside, outside) = {
            let mut world = lock(&sim.world);
            let tag = world.add_tag("Newsletter");
            let inside = world.add(&json!({"name": "In Side", "category_id": [[4, tag]]}));
            (tag, inside, world.add(&person(2)))
        };
        let bench = Bench::with(sim, "newsletter").await;
        assert_eq!(bench.probe.list.id, format!("tag:{tag}"));
        let (full, read) = fetch(&bench.odoo, None, Census::No).await.unwrap();
        assert_eq!(
            read.records.keys().collect::<Vec<_>>(),
            [&inside.to_string()]
        );
        bench.world().edit(outside, &json!({"city": "Changed"}));
        bench
            .world()
            .edit(inside, &json!({"category_id": [[3, tag]]}));
        let (_, read) = fetch(&bench.odoo, full.cursor.as_ref(), Census::Yes)
            .await
            .unwrap();
        assert!(read.records.values().all(|record| !record.listed));
        assert_eq!(read.records.len(), 2);
        assert_eq!(read.census, Some(BTreeSet::new()));
        // A contact from Google gets the tag in the same transaction.
        let outcome = bench
            .write(bench.create("new@example.com", "New", "One"))
            .await;
        assert!(stored(&outcome).listed);
        let new: i64 = stored(&outcome).id.as_str().parse().unwrap();
        assert_eq!(bench.world().shown(new)["category_id"], json!([tag]));
        let edit = update(
            &bench.mapping,
            stored(&outcome),
            &[("city", Some("Berlin"))],
        );
        assert!(
            stored(&bench.write(edit).await).listed,
            "a change leaves the tags alone"
        );
        let lists = bench.odoo.lists().await.unwrap();
        let sizes: BTreeMap<String, Option<u64>> = lists
            .into_iter()
            .map(|list| (list.name, list.size))
            .collect();
        assert_eq!(sizes["Newsletter"], Some(1));
        assert_eq!(sizes["All Contacts"], Some(3));
    }
}

#[tokio::test]
async fn a_saved_filter_is_a_list_when_its_values_are_fixed() {
    for (version, _) in VERSIONS {
        let sim = Sim::start(version);
        let (berlin, hamburg) = {
            let mut world = lock(&sim.world);
            world.add_filter(
                "North",
                "['|', ('city', '=', 'Berlin'), (\"city\", 'ilike', 'hamb')]",
            );
            world.add_filter("Mine", "[('user_id', '=', uid)]");
            let berlin = world.add(&json!({"name": "A B", "city": "Berlin"}));
            world.add(&json!({"name": "A C", "city": "Rome"}));
            world.add(&json!({"name": "Hamburg Ltd", "city": "Hamburg", "is_company": true}));
            (
                berlin,
                world.add(&json!({"name": "A D", "city": "Hamburg"})),
            )
        };
        let bench = Bench::with(sim, "North").await;
        let (full, read) = fetch(&bench.odoo, None, Census::No).await.unwrap();
        let members: BTreeSet<String> = read.records.keys().cloned().collect();
        assert_eq!(members, [berlin.to_string(), hamburg.to_string()].into());
        bench.world().edit(berlin, &json!({"city": "Rome"}));
        let (_, read) = fetch(&bench.odoo, full.cursor.as_ref(), Census::No)
            .await
            .unwrap();
        assert!(!read.records[&berlin.to_string()].listed);
        assert!(read.records[&hamburg.to_string()].listed);
        let outcome = bench
            .write(bench.create("new@example.com", "New", "One"))
            .await;
        assert!(!stored(&outcome).listed);
        // Another condition under the same name begins anew.
        let before = bench.odoo.fingerprint();
        let filters = bench
            .world()
            .tables
            .filters
            .keys()
            .copied()
            .collect::<Vec<_>>();
        bench.world().tables.filters.get_mut(&filters[0]).unwrap().1 =
            "[('city', '=', 'Rome')]".to_owned();
        let bench = Bench::with(bench.sim, "North").await;
        assert_ne!(bench.odoo.fingerprint(), before);
        // One that has to be computed is refused with the word at which that shows.
        let error = connector(settings(&bench.sim, "Mine"), KEY)
            .probe(None)
            .await
            .unwrap_err();
        assert_eq!(error.kind, Kind::Config);
        assert!(
            error.reason.contains("`uid`") && error.reason.contains("Mine"),
            "{error}"
        );
        let lists = bench.odoo.lists().await.unwrap();
        assert!(lists.iter().all(|list| list.name != "Mine"));
    }
}

#[tokio::test]
async fn rights_fields_and_the_user_come_from_odoo() {
    for (version, api) in VERSIONS {
        let sim = Sim::start(version);
        {
            let mut world = lock(&sim.world);
            world.denied.insert("create");
            let custom = json!({
                "x_birthday": {"type": "date", "string": "Birthday"},
                "x_tier": {"type": "selection", "string": "Tier", "required": true,
                           "selection": [["a", "Gold"], ["b", "Silver"]]},
            });
            world.custom = custom.as_object().cloned().unwrap();
        }
        let bench = Bench::with(sim, "All Contacts").await;
        assert_eq!(
            bench.probe.rights,
            [Right::View, Right::Edit, Right::Delete]
        );
        assert_eq!(bench.probe.user.as_deref(), Some(LOGIN));
        let account = bench.probe.account.clone().unwrap();
        assert!(
            account.starts_with("odoo/127.0.0.1:") && account.ends_with("/company/res.partner")
        );
        assert_eq!(bench.probe.extra["api"], json!(api));
        let info = |name: &str| bench.probe.fields.iter().find(|info| info.name == name);
        assert_eq!(info("mobile").is_some(), version == 18, "it is gone in 19");
        assert_eq!(info("x_birthday").unwrap().kind, FieldKind::Date);
        assert!(info("x_tier").unwrap().required && info("x_tier").unwrap().custom);
        assert!(!info("autopost_bills").unwrap().required, "Odoo fills it");
        let write = bench.create("a@example.com", "A", "B");
        let refusal = bench.odoo.vet(&write).unwrap_err();
        assert!(refusal.reason.contains("Tier is mandatory"), "{refusal:?}");
        // With a value in [crm.defaults] it is sent along.
        let mut settings = settings(&bench.sim, "All Contacts");
        settings.defaults = [("x_tier".to_owned(), json!("a"))].into();
        let odoo = connector(settings, KEY);
        odoo.equip(&bench.probe, Arc::new(bench.mapping.clone()))
            .unwrap();
        lock(&bench.sim.world).denied.clear();
        let written = odoo.write(&[write]).await;
        assert_eq!(
            stored(&written.outcomes[0]).key,
            Some(Key::from("a@example.com"))
        );
    }
}

#[tokio::test]
async fn a_right_that_is_lost_stops_and_a_rule_about_one_contact_does_not() {
    for (version, _) in VERSIONS {
        let bench = Bench::start(version).await;
        let (fixed, free) = (bench.add(&person(1)), bench.add(&person(2)));
        bench.world().fixed.insert(fixed);
        let mut writes = Vec::new();
        for id in [fixed, free] {
            let record = one(&bench.odoo, &id.to_string()).await;
            writes.push(update(&bench.mapping, &record, &[("city", Some("Berlin"))]));
        }
        let written = bench.odoo.write(&writes).await;
        assert!(matches!(&written.outcomes[0], Outcome::Denied { .. }));
        assert!(matches!(&written.outcomes[1], Outcome::Done(_)));
        bench.world().denied.insert("create");
        let written = bench
            .odoo
            .write(&[bench.create("a@example.com", "A", "A")])
            .await;
        assert_eq!(written.outcomes, [Outcome::NotTried]);
        assert_eq!(written.stop.unwrap().kind, Kind::Forbidden);
    }
}

#[tokio::test]
async fn wrong_keys_databases_users_and_lists_are_named_with_their_cure() {
    for (version, _) in VERSIONS {
        let sim = Sim::start(version);
        let refused = async |settings: OdooSettings, key| {
            connector(settings, key).probe(None).await.unwrap_err()
        };
        let all = settings(&sim, "All Contacts");
        assert_eq!(refused(all.clone(), "wrong").await.kind, Kind::Unauthorized);
        let mut elsewhere = all.clone();
        elsewhere.database = "nonesuch".to_owned();
        let error = refused(elsewhere, KEY).await;
        assert_eq!(error.kind, Kind::Unknown);
        assert!(error.hint.unwrap().contains("`database`"));
        let error = refused(settings(&sim, "All Contcats"), KEY).await;
        assert_eq!(error.kind, Kind::Unknown);
        assert!(error.hint.unwrap().contains("All Contacts"));
        let mut nowhere = all.clone();
        nowhere.endpoint += "/elsewhere";
        assert!(
            refused(nowhere, KEY)
                .await
                .hint
                .unwrap()
                .contains("`endpoint`")
        );
        let mut nobody = all.clone();
        nobody.user = None;
        let probe = connector(nobody, KEY).probe(None).await;
        match version {
            18 => assert!(probe.unwrap_err().hint.unwrap().contains("`user`")),
            _ => assert_eq!(probe.unwrap().user.as_deref(), Some(LOGIN)),
        }
        let mut forced = all;
        forced.api = Some(if version == 18 {
            Api::Json2
        } else {
            Api::JsonRpc
        });
        let probe = connector(forced, KEY).probe(None).await;
        match version {
            18 => assert_eq!(probe.unwrap_err().kind, Kind::Config),
            _ => assert_eq!(probe.unwrap().extra["api"], json!(Api::JsonRpc)),
        }
    }
    let old = Sim::start(17);
    let error = connector(settings(&old, "All Contacts"), KEY)
        .probe(None)
        .await
        .unwrap_err();
    assert!(error.reason.contains("17.0 is too old"), "{error}");
}

#[tokio::test]
async fn the_whole_name_and_a_part_of_it_are_not_mapped_together() {
    let bench = Bench::start(19).await;
    let mut mapping = bench.mapping.clone();
    let given = field(&mapping, "name.given");
    let pair = mapping.pairs.iter_mut().find(|pair| pair.field == given);
    pair.unwrap().crm = "name".to_owned();
    let error = bench
        .odoo
        .equip(&bench.probe, Arc::new(mapping))
        .unwrap_err();
    assert_eq!(error.kind, Kind::Config);
}
