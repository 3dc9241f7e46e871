//! The EspoCRM connector against a simulated EspoCRM: what it reads, finds and writes, and what goes wrong there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

#[path = "sim/bench.rs"]
mod bench;
#[path = "sim/host.rs"]
mod host;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "sim/espocrm/mod.rs"]
mod sim;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use bench::{Fixed, create, delete, fetch, field, mapping, one, reason, stored, text, update};
use crmsync::connector::espocrm::{Espo, EspoSettings, default_mapping};
use crmsync::connector::http::{Http, HttpSettings, Signing};
use crmsync::connector::{Census, Extent, Found, Kind, Sink, Source};
use crmsync::mapping::Mapping;
use crmsync::model::{FieldKind, Key, Outcome, Probe, RemoteId, Right, Write};
use serde_json::{Value as Json, json};
use sim::{KEY, Mishap, Sim, World, lock};

/// Serves until standard input ends, for a client that we did not write (`tests/clients/run`).
#[test]
#[ignore = "a server for tests/clients/run"]
fn serve() {
    let sim = Sim::start();
    println!("espocrm on {}", sim.endpoint());
    let mut nothing = String::new();
    while std::io::stdin().read_line(&mut nothing).unwrap() > 0 {}
}

struct Bench {
    sim: Sim,
    espo: Espo,
    mapping: Mapping,
    probe: Probe,
}

impl Bench {
    async fn start(view: &str) -> Self {
        Self::with(Sim::start(), view, Some("DE")).await
    }

    /// A connector as a new process would have it.
    async fn with(sim: Sim, view: &str, region: Option<&str>) -> Self {
        let espo = connector(&sim, view, KEY);
        let probe = espo.probe(None).await.unwrap();
        let mapping = mapping(&probe, default_mapping(), region);
        espo.equip(&probe, Arc::new(mapping.clone())).unwrap();
        Self {
            sim,
            espo,
            mapping,
            probe,
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.sim.world)
    }

    fn add(&self, row: &Json) -> String {
        self.world().add(row)
    }

    async fn write(&self, write: Write) -> Outcome {
        let mut written = self.espo.write(&[write]).await;
        assert!(written.stop.is_none(), "{:?}", written.stop);
        written.outcomes.remove(0)
    }

    /// A create with an address and a family name.
    fn create(&self, email: &str, family: &str) -> Write {
        create(
            &self.mapping,
            Some(email),
            &[("emailAddress", email), ("lastName", family)],
        )
    }
}

fn connector(sim: &Sim, view: &str, key: &'static str) -> Espo {
    let http = Http::new(HttpSettings {
        wait_scale: 0.01,
        timeout: Duration::from_secs(10),
        ..HttpSettings::new(
            "EspoCRM",
            Signing::Header("x-api-key"),
            Arc::new(Fixed(key)),
        )
    })
    .unwrap();
    Espo::new(
        EspoSettings {
            endpoint: sim.endpoint(),
            view: view.to_owned(),
            defaults: BTreeMap::new(),
            ..EspoSettings::default()
        },
        http,
    )
}

fn person(number: usize) -> Json {
    json!({
        "emailAddress": format!("p{number}@example.com"),
        "firstName": "Person",
        "lastName": format!("Number {number}"),
    })
}

const PHONES: &str = "phoneNumberData";

fn phones() -> Json {
    json!({
        "emailAddress": "ada@example.com",
        "firstName": "Ada",
        "lastName": "Example",
        PHONES: [
            {"phoneNumber": "+49301111111", "type": "Office", "primary": true, "optOut": true, "invalid": false},
            {"phoneNumber": "+491712222222", "type": "Mobile", "primary": false, "optOut": false, "invalid": false},
            {"phoneNumber": "+491713333333", "type": "Mobile", "primary": false, "optOut": false, "invalid": false},
        ],
    })
}

#[tokio::test]
async fn a_full_reading_brings_every_contact_and_a_delta_what_changed() {
    let bench = Bench::start("All Contacts").await;
    let ids: BTreeSet<String> = (0..450).map(|number| bench.add(&person(number))).collect();
    let ada = bench.add(&phones());
    let (full, read) = fetch(&bench.espo, None, Census::No).await.unwrap();
    assert_eq!(full.extent, Extent::Full);
    assert_eq!(full.pages, 3);
    assert_eq!(read.records.len(), 451);
    assert!(ids.iter().all(|id| read.records[id].listed));
    let record = &read.records[&ada];
    assert_eq!(record.key, Some(Key::from("ada@example.com")));
    let of = |crm: &str| text(&bench.mapping, record, crm);
    assert_eq!(of("phoneNumber.Office"), Some("+49301111111"));
    assert_eq!(of("phoneNumber.Mobile"), Some("+491712222222"));
    assert_eq!(of("phoneNumber.Home"), None);
    assert!(record.unread.is_empty());

    bench.world().skew = 600;
    let (quiet, read) = fetch(&bench.espo, full.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    // What was written within the look-back comes again; the next window is past it.
    assert_eq!(read.records.len(), 451);
    let before = bench.espo.meter().requests;
    let (_, read) = fetch(&bench.espo, quiet.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    assert!(read.records.is_empty());
    assert_eq!(
        bench.espo.meter().requests - before,
        1,
        "a pass with nothing to do"
    );
    bench.world().edit(&ada, &json!({"firstName": "Augusta"}));
    let new = bench.add(&person(900));
    let (delta, read) = fetch(&bench.espo, quiet.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    assert_eq!(delta.extent, Extent::Delta);
    assert_eq!(
        read.records.keys().cloned().collect::<BTreeSet<_>>(),
        [ada, new].into()
    );
}

#[tokio::test]
async fn a_contact_that_goes_while_a_listing_is_read_hides_no_other() {
    let bench = Bench::start("All Contacts").await;
    bench.world().max_size = 2;
    bench.world().totals = false;
    let mut ids: Vec<String> = (0..7).map(|number| bench.add(&person(number))).collect();
    ids.sort();
    // The first of a page that was sent goes: with offsets the first of the next page would be skipped.
    bench.world().between = vec![ids[2].clone(), ids[0].clone()];
    let (_, read) = fetch(&bench.espo, None, Census::No).await.unwrap();
    for id in [&ids[1], &ids[3], &ids[4], &ids[5], &ids[6]] {
        assert!(read.records.contains_key(id), "{id} was hidden");
    }
}

#[tokio::test]
async fn two_edits_in_one_second_are_two_revisions() {
    let bench = Bench::start("All Contacts").await;
    let id = bench.add(&person(1));
    let first = one(&bench.espo, &id).await;
    let modified = bench.world().contacts[&id].modified;
    bench.world().edit(&id, &json!({"firstName": "Other"}));
    bench.world().contacts.get_mut(&id).unwrap().modified = modified;
    let second = one(&bench.espo, &id).await;
    assert_eq!(first.changed_at, second.changed_at);
    assert_ne!(first.version, second.version);
    let stale = update(&bench.mapping, &first, &[("lastName", Some("Lost"))]);
    assert_eq!(bench.write(stale).await, Outcome::Stale);
    assert_eq!(bench.world().shown(&id)["lastName"], json!("Number 1"));
}

#[tokio::test]
async fn one_number_changes_and_the_others_stay() {
    let bench = Bench::start("All Contacts").await;
    let id = bench.add(&phones());
    let before = one(&bench.espo, &id).await;
    let write = update(
        &bench.mapping,
        &before,
        &[
            ("phoneNumber.Mobile", Some("0171 9999999")),
            ("firstName", Some("Augusta")),
        ],
    );
    let outcome = bench.write(write).await;
    // The answer to the PUT shows the old number; what is kept was read again.
    let now = stored(&outcome);
    assert_eq!(
        text(&bench.mapping, now, "phoneNumber.Mobile"),
        Some("+491719999999")
    );
    assert_eq!(text(&bench.mapping, now, "firstName"), Some("Augusta"));
    assert_eq!(now.version, one(&bench.espo, &id).await.version);
    let numbers = &bench.world().shown(&id)[PHONES];
    assert_eq!(numbers.as_array().unwrap().len(), 3);
    assert_eq!(numbers[0], phones()[PHONES][0]);
    assert_eq!(numbers[1]["phoneNumber"], json!("+491719999999"));
    assert_eq!(numbers[2], phones()[PHONES][2]);

    let clear = update(&bench.mapping, now, &[("phoneNumber.Office", None)]);
    let outcome = bench.write(clear).await;
    assert_eq!(
        text(&bench.mapping, stored(&outcome), "phoneNumber.Office"),
        None
    );
    let numbers = bench.world().shown(&id)[PHONES].clone();
    assert_eq!(numbers.as_array().unwrap().len(), 2);
    assert_eq!(numbers[0]["primary"], json!(true));
}

#[tokio::test]
async fn the_first_address_changes_and_further_ones_stay() {
    let bench = Bench::start("All Contacts").await;
    let id = bench.add(&json!({
        "lastName": "Example",
        "emailAddressData": [
            {"emailAddress": "old@example.com", "lower": "old@example.com", "primary": true, "optOut": true},
            {"emailAddress": "further@example.com", "lower": "further@example.com", "primary": false},
        ],
    }));
    let before = one(&bench.espo, &id).await;
    assert_eq!(before.key, Some(Key::from("old@example.com")));
    let write = update(
        &bench.mapping,
        &before,
        &[("emailAddress", Some("new@example.com"))],
    );
    let outcome = bench.write(write).await;
    assert_eq!(stored(&outcome).key, Some(Key::from("new@example.com")));
    let data = bench.world().shown(&id)["emailAddressData"].clone();
    assert_eq!(data[0]["emailAddress"], json!("new@example.com"));
    assert_eq!(data[0]["optOut"], json!(true));
    assert_eq!(data[1]["emailAddress"], json!("further@example.com"));
}

#[tokio::test]
async fn a_number_without_a_country_is_refused_before_anything_is_sent() {
    let bench = Bench::with(Sim::start(), "All Contacts", None).await;
    let with = |phone: &str| {
        create(
            &bench.mapping,
            Some("a@example.com"),
            &[
                ("emailAddress", "a@example.com"),
                ("lastName", "A"),
                ("phoneNumber.Office", phone),
            ],
        )
    };
    let refusal = bench.espo.vet(&with("(030) 1234-567")).unwrap_err();
    assert_eq!(
        refusal.field,
        Some(field(&bench.mapping, "phoneNumber.Office"))
    );
    assert!(refusal.hint.contains("region"), "{}", refusal.hint);
    assert!(
        bench
            .espo
            .vet(&with("+49 30 1234567 ext. 5"))
            .unwrap_err()
            .hint
            .contains("extension")
    );
    bench.espo.vet(&with("+49 30 1234-567")).unwrap();
    let outcome = bench.write(with("+49 30 1234-567")).await;
    assert_eq!(
        text(&bench.mapping, stored(&outcome), "phoneNumber.Office"),
        Some("+49301234567")
    );
    // One that is set to take any number gets what stands there.
    bench.world().international = false;
    let bench = Bench::with(bench.sim, "All Contacts", None).await;
    let outcome = bench
        .write(create(
            &bench.mapping,
            Some("b@example.com"),
            &[
                ("emailAddress", "b@example.com"),
                ("lastName", "B"),
                ("phoneNumber.Office", "call 12"),
            ],
        ))
        .await;
    assert_eq!(
        text(&bench.mapping, stored(&outcome), "phoneNumber.Office"),
        Some("call 12")
    );
}

#[tokio::test]
async fn one_number_in_two_places_is_refused() {
    let bench = Bench::start("All Contacts").await;
    let both = create(
        &bench.mapping,
        Some("a@example.com"),
        &[
            ("emailAddress", "a@example.com"),
            ("lastName", "A"),
            ("phoneNumber.Office", "030 1111111"),
            ("phoneNumber.Home", "+49 30 1111111"),
        ],
    );
    assert!(
        bench
            .espo
            .vet(&both)
            .unwrap_err()
            .reason
            .contains("once per contact")
    );
    let id = bench.add(&phones());
    let record = one(&bench.espo, &id).await;
    let write = update(
        &bench.mapping,
        &record,
        &[("phoneNumber.Home", Some("+49 30 1111111"))],
    );
    assert!(reason(&bench.write(write).await).contains("once per contact"));
    // Two numbers that change places are no clash.
    let swap = update(
        &bench.mapping,
        &record,
        &[
            ("phoneNumber.Office", Some("+491712222222")),
            ("phoneNumber.Mobile", Some("+49301111111")),
        ],
    );
    let outcome = bench.write(swap).await;
    assert_eq!(
        text(&bench.mapping, stored(&outcome), "phoneNumber.Office"),
        Some("+491712222222")
    );
}

#[tokio::test]
async fn only_the_address_makes_a_look_alike_the_same_person() {
    let bench = Bench::start("All Contacts").await;
    let twin = bench
        .add(&json!({"emailAddress": "Eva@Example.com", "firstName": "Eva", "lastName": "Muster"}));
    let create_as = |email: &str, key: Option<&str>| {
        let mut fields = vec![("firstName", "Eva"), ("lastName", "Muster")];
        if key.is_some() {
            fields.push(("emailAddress", email));
        }
        create(&bench.mapping, key, &fields)
    };
    // The same address: nothing is written, the twin is named.
    let outcome = bench
        .write(create_as("eva@example.com", Some("eva@example.com")))
        .await;
    assert_eq!(
        outcome,
        Outcome::Duplicate {
            of: RemoteId::from(twin.as_str())
        }
    );
    assert_eq!(bench.world().count(), 1);
    // The same name with another address: another person.
    let outcome = bench
        .write(create_as("eva2@example.com", Some("eva2@example.com")))
        .await;
    assert_eq!(stored(&outcome).key, Some(Key::from("eva2@example.com")));
    assert_eq!(bench.world().count(), 2);
    // The same name without an address: nobody can tell.
    let outcome = bench.write(create_as("", None)).await;
    assert!(reason(&outcome).contains("same name"), "{outcome:?}");
    assert_eq!(bench.world().count(), 2);
}

#[tokio::test]
async fn a_further_address_or_a_hidden_look_alike_is_never_doubled() {
    let bench = Bench::start("All Contacts").await;
    let other = bench.add(&json!({
        "lastName": "Office",
        "emailAddressData": [
            {"emailAddress": "office@example.com", "primary": true},
            {"emailAddress": "max@example.com", "primary": false},
        ],
    }));
    let outcome = bench.write(bench.create("max@example.com", "Muster")).await;
    assert!(reason(&outcome).contains("further one"), "{outcome:?}");
    assert!(reason(&outcome).contains(&other));
    // Found by its first address only.
    let found = bench
        .espo
        .find(&[Key::from("max@example.com")])
        .await
        .unwrap();
    assert!(found.is_empty());
    bench.world().hidden.insert(other);
    let outcome = bench.write(bench.create("max@example.com", "Muster")).await;
    assert!(reason(&outcome).contains("may not read"), "{outcome:?}");
    assert_eq!(bench.world().count(), 1);
}

#[tokio::test]
async fn records_are_found_by_their_first_address_whatever_the_case() {
    let bench = Bench::start("All Contacts").await;
    let keys: Vec<Key> = (0..60)
        .map(|number| {
            bench.add(&json!({"emailAddress": format!("P{number}@Example.com"), "lastName": "P"}));
            Key::from(format!("p{number}@example.com").as_str())
        })
        .collect();
    let found = bench.espo.find(&keys).await.unwrap();
    assert_eq!(found.len(), 60);
    let found: BTreeSet<_> = found
        .into_iter()
        .map(|record| record.key.unwrap())
        .collect();
    assert_eq!(found, keys.into_iter().collect());
}

#[tokio::test]
async fn only_its_own_word_proves_that_a_contact_is_gone() {
    let bench = Bench::start("All Contacts").await;
    let (gone, hidden, here) = (
        bench.add(&person(1)),
        bench.add(&person(2)),
        bench.add(&person(3)),
    );
    let ids: Vec<RemoteId> = [&gone, &hidden, &here]
        .map(|id| RemoteId::from(id.as_str()))
        .into();
    bench.world().delete(&gone);
    bench.world().hidden.insert(hidden);
    let found = bench.espo.get(&ids).await.unwrap();
    assert_eq!(found[0], Found::Gone);
    assert_eq!(found[1], Found::Hidden);
    assert!(matches!(found[2], Found::Here(_)));
    // A 404 that EspoCRM does not explain may come from a proxy.
    bench.world().mishap("GET Contact/", Mishap::Status(404));
    let found = bench
        .espo
        .get(&[RemoteId::from(here.as_str())])
        .await
        .unwrap();
    assert_eq!(found[0], Found::Hidden);
}

#[tokio::test]
async fn a_lost_answer_to_a_create_is_found_and_not_sent_twice() {
    let bench = Bench::start("All Contacts").await;
    bench.world().mishap("POST Contact", Mishap::Lost);
    let write = bench.create("lost@example.com", "Lost");
    let outcome = bench.write(write.clone()).await;
    assert!(matches!(outcome, Outcome::Uncertain { .. }), "{outcome:?}");
    let found = bench.espo.look(std::slice::from_ref(&write)).await.unwrap();
    assert_eq!(found[0].key, write.key);
    // Sent again all the same, it is refused as a duplicate.
    assert!(matches!(
        bench.write(write).await,
        Outcome::Duplicate { .. }
    ));
    assert_eq!(bench.world().by_address("lost@example.com").len(), 1);
    // Cut before it was executed, it looks the same from here and is not there.
    bench.world().mishap("POST Contact", Mishap::Cut);
    let write = bench.create("cut@example.com", "Cut");
    assert!(matches!(
        bench.write(write.clone()).await,
        Outcome::Uncertain { .. }
    ));
    assert!(bench.espo.look(&[write]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_bare_server_error_is_a_refusal_unless_the_record_is_there() {
    let bench = Bench::start("All Contacts").await;
    bench.world().mishap("POST Contact", Mishap::DoneBut500);
    let outcome = bench
        .write(bench.create("there@example.com", "There"))
        .await;
    assert!(matches!(outcome, Outcome::Duplicate { .. }), "{outcome:?}");
    bench.world().mishap("POST Contact", Mishap::Status(500));
    let outcome = bench
        .write(bench.create("wrong@example.com", "Wrong"))
        .await;
    assert!(reason(&outcome).contains("without a reason"), "{outcome:?}");
    let posts = bench
        .world()
        .log
        .iter()
        .filter(|call| *call == "POST Contact")
        .count();
    assert_eq!(posts, 2, "neither is sent again");
    let id = bench.world().by_address("there@example.com").remove(0);
    let record = one(&bench.espo, &id).await;
    bench.world().mishap("PUT Contact", Mishap::Status(500));
    let outcome = bench
        .write(update(&bench.mapping, &record, &[("firstName", Some("X"))]))
        .await;
    assert!(reason(&outcome).contains("without a reason"), "{outcome:?}");
}

#[tokio::test]
async fn a_refused_value_is_named_by_its_field() {
    let bench = Bench::start("All Contacts").await;
    let record = one(&bench.espo, &bench.add(&person(1))).await;
    let long = "x".repeat(101);
    let write = update(&bench.mapping, &record, &[("firstName", Some(&long))]);
    let refusal = bench.espo.vet(&write).unwrap_err();
    assert_eq!(refusal.field, Some(field(&bench.mapping, "firstName")));
    assert!(refusal.reason.contains("at most 100"), "{}", refusal.reason);
    // What the metadata did not say comes back from the server: its numbers are national.
    let id = bench.add(&json!({"lastName": "Old", "phoneNumber": "030 55555"}));
    let record = one(&bench.espo, &id).await;
    let write = update(
        &bench.mapping,
        &record,
        &[("phoneNumber.Home", Some("+49 30 6666666"))],
    );
    let outcome = bench.write(write).await;
    let Outcome::Rejected(refusal) = &outcome else {
        panic!("{outcome:?}");
    };
    assert!(
        refusal.field.is_some() && refusal.reason.contains("does not take"),
        "{refusal:?}"
    );
}

#[tokio::test]
async fn a_target_list_is_read_written_and_counted() {
    let sim = Sim::start();
    let (list, inside, outside) = {
        let mut world = lock(&sim.world);
        let list = world.add_list("Newsletter");
        let (inside, outside) = (world.add(&person(1)), world.add(&person(2)));
        world.lists.get_mut(&list).unwrap().1.insert(inside.clone());
        (list, inside, outside)
    };
    let bench = Bench::with(sim, "newsletter", Some("DE")).await;
    assert_eq!(bench.probe.list.id, list);
    assert!(!bench.probe.list.covers_all);
    let (full, read) = fetch(&bench.espo, None, Census::No).await.unwrap();
    assert_eq!(read.records.keys().collect::<Vec<_>>(), [&inside]);
    bench
        .world()
        .edit(&outside, &json!({"firstName": "Changed"}));
    let (_, read) = fetch(&bench.espo, full.cursor.as_ref(), Census::Yes)
        .await
        .unwrap();
    assert!(!read.records[&outside].listed && read.records[&inside].listed);
    assert_eq!(read.census, Some([inside.clone()].into()));
    // A contact from Google goes into the list.
    let outcome = bench.write(bench.create("new@example.com", "New")).await;
    let new = stored(&outcome).id.to_string();
    assert!(stored(&outcome).listed);
    assert!(bench.world().lists[&list].1.contains(&new));
    // So does one whose answer was lost before it got there.
    bench.world().mishap("POST Contact", Mishap::Lost);
    let write = bench.create("lost@example.com", "Lost");
    assert!(matches!(
        bench.write(write.clone()).await,
        Outcome::Uncertain { .. }
    ));
    let found = bench.espo.look(&[write]).await.unwrap();
    assert!(found[0].listed && bench.world().lists[&list].1.contains(found[0].id.as_str()));
    let sizes: BTreeMap<String, Option<u64>> = bench
        .espo
        .lists()
        .await
        .unwrap()
        .into_iter()
        .map(|list| (list.name, list.size))
        .collect();
    assert_eq!(sizes["Newsletter"], Some(3));
    assert_eq!(sizes["All Contacts"], Some(4));
    assert_eq!(sizes["accountActive"], Some(0));
}

#[tokio::test]
async fn a_target_list_that_may_not_be_written_stops_the_writing() {
    let sim = Sim::start();
    lock(&sim.world).add_list("Newsletter");
    let bench = Bench::with(sim, "Newsletter", None).await;
    bench.world().table["TargetList"]["edit"] = json!("no");
    let written = bench
        .espo
        .write(&[bench.create("a@example.com", "A")])
        .await;
    // It is stored, and known to be.
    assert!(!stored(&written.outcomes[0]).listed);
    assert_eq!(written.stop.unwrap().kind, Kind::Forbidden);
}

#[tokio::test]
async fn a_filter_is_a_list_that_nothing_is_put_into() {
    let sim = Sim::start();
    let inside = lock(&sim.world).add(&json!({"lastName": "A", "accountName": "Example Ltd"}));
    lock(&sim.world).add(&person(1));
    let bench = Bench::with(sim, "accountActive", None).await;
    let (_, read) = fetch(&bench.espo, None, Census::No).await.unwrap();
    assert_eq!(read.records.keys().collect::<Vec<_>>(), [&inside]);
    assert_eq!(
        text(&bench.mapping, &read.records[&inside], "account"),
        Some("Example Ltd")
    );
    let outcome = bench.write(bench.create("a@example.com", "B")).await;
    assert!(!stored(&outcome).listed);
}

#[tokio::test]
async fn a_delete_takes_only_what_was_read() {
    let bench = Bench::start("All Contacts").await;
    let id = bench.add(&person(1));
    let record = one(&bench.espo, &id).await;
    bench.world().edit(&id, &json!({"firstName": "Changed"}));
    assert_eq!(bench.write(delete(&record)).await, Outcome::Stale);
    let record = one(&bench.espo, &id).await;
    let outcome = bench.write(delete(&record)).await;
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    assert_eq!(bench.world().count(), 0);
    assert_eq!(bench.write(delete(&record)).await, Outcome::Gone);
}

#[tokio::test]
async fn the_role_says_what_the_user_may_do() {
    let sim = Sim::start();
    {
        let mut world = lock(&sim.world);
        world.table["Contact"] =
            json!({"create": "no", "read": "all", "edit": "own", "delete": "no"});
        world.field_table = json!({"description": {"read": "no", "edit": "no"}});
    }
    let bench = Bench::with(sim, "All Contacts", None).await;
    assert_eq!(bench.probe.rights, [Right::View, Right::Edit]);
    assert_eq!(bench.probe.user.as_deref(), Some("crmsync"));
    assert!(
        bench
            .probe
            .account
            .clone()
            .unwrap()
            .starts_with("espocrm/127.0.0.1:")
    );
    let info = |name: &str| {
        bench
            .probe
            .fields
            .iter()
            .find(|info| info.name == name)
            .unwrap()
    };
    assert!(info("description").hidden);
    assert_eq!(info("cBirthday").kind, FieldKind::Date);
    assert!(info("cBirthday").custom && info("lastName").required);
    let id = bench.add(&json!({"lastName": "A", "description": "secret"}));
    let record = one(&bench.espo, &id).await;
    assert_eq!(record.unread, [field(&bench.mapping, "description")]);
    // A partial right is refused record by record, a lost one stops the run.
    bench.world().table["Contact"]["edit"] = json!("no");
    let write = update(&bench.mapping, &record, &[("firstName", Some("X"))]);
    assert!(reason(&bench.write(write.clone()).await).contains("edit access"));
    bench.world().table["Contact"]["edit"] = json!("all");
    let bench = Bench::with(bench.sim, "All Contacts", None).await;
    bench.world().table["Contact"]["edit"] = json!("no");
    let written = bench.espo.write(&[write]).await;
    assert_eq!(written.outcomes, [Outcome::NotTried]);
    assert_eq!(written.stop.unwrap().kind, Kind::Forbidden);
}

#[tokio::test]
async fn wrong_keys_addresses_and_lists_are_named_with_their_cure() {
    let sim = Sim::start();
    let error = connector(&sim, "All Contacts", "wrong")
        .probe(None)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Unauthorized);
    let error = connector(&sim, "Nonesuch", KEY)
        .probe(None)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Unknown);
    assert!(error.to_string().contains("Nonesuch"));
    let near = connector(&sim, "All Contcats", KEY)
        .probe(None)
        .await
        .unwrap_err();
    assert!(near.hint.unwrap().contains("All Contacts"));
    // A page of EspoCRM's own where the API should be.
    let http = Http::new(HttpSettings::new(
        "EspoCRM",
        Signing::Header("x-api-key"),
        Arc::new(Fixed(KEY)),
    ))
    .unwrap();
    let settings = EspoSettings {
        endpoint: format!("{}/elsewhere", sim.endpoint()),
        ..EspoSettings::default()
    };
    let error = Espo::new(settings, http).probe(None).await.unwrap_err();
    assert!(error.hint.unwrap().contains("endpoint"));
}

#[tokio::test]
async fn the_first_number_of_all_and_one_by_type_are_not_mapped_together() {
    let bench = Bench::start("All Contacts").await;
    let mut mapping = bench.mapping.clone();
    mapping.pairs[2].crm = "phoneNumber".to_owned();
    let error = bench
        .espo
        .equip(&bench.probe, Arc::new(mapping))
        .unwrap_err();
    assert_eq!(error.kind, Kind::Config);
}

#[tokio::test]
async fn without_numbers_by_type_a_listing_tells_everything() {
    let bench = Bench::start("All Contacts").await;
    for number in 0..250 {
        bench.add(&person(number));
    }
    let mut mapping = bench.mapping.clone();
    mapping
        .pairs
        .retain(|pair| !pair.crm.starts_with("phoneNumber."));
    bench.espo.equip(&bench.probe, Arc::new(mapping)).unwrap();
    let before = bench.espo.meter().requests;
    let (_, read) = fetch(&bench.espo, None, Census::No).await.unwrap();
    assert_eq!(read.records.len(), 250);
    assert_eq!(bench.espo.meter().requests - before, 2);
}
