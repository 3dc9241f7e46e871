//! The HubSpot connector against a simulated HubSpot: what it reads, finds and writes, and what goes wrong there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    unused_imports,
    reason = "tests"
)]

#[path = "sim/bench.rs"]
mod bench;
#[path = "sim/host.rs"]
mod host;
#[path = "hubspot/program.rs"]
mod program;
#[path = "sim/hubspot/mod.rs"]
mod sim;
#[path = "program/support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use bench::{Fixed, create, delete, fetch, field, mapping, one, reason, stored, text, update};
use crmsync::connector::http::{Http, HttpSettings, Patience, Signing};
use crmsync::connector::hubspot::{HubSpot, HubSpotSettings, default_mapping};
use crmsync::connector::{Census, Extent, Found, Kind, Sink, Source};
use crmsync::mapping::Mapping;
use crmsync::model::{FieldKind, Key, Outcome, Probe, RemoteId, Right, Stored, Write};
use serde_json::{Value as Json, json};
use sim::{Kind as ListKind, Mishap, Sim, TOKEN, World, lock};

/// Serves until standard input ends, for a client that we did not write (`tests/clients/run`).
#[test]
#[ignore = "a server for tests/clients/run"]
fn serve() {
    let sim = Sim::start();
    println!("hubspot on {}", sim.endpoint());
    let mut nothing = String::new();
    while std::io::stdin().read_line(&mut nothing).unwrap() > 0 {}
}

struct Bench {
    sim: Sim,
    hubspot: HubSpot,
    mapping: Mapping,
    probe: Probe,
}

impl Bench {
    async fn start(view: &str) -> Self {
        Self::with(Sim::start(), view).await
    }

    /// A connector as a new process would have it.
    async fn with(sim: Sim, view: &str) -> Self {
        let hubspot = connector(&sim, view, TOKEN);
        let probe = hubspot.probe(None).await.unwrap();
        let mapping = mapping(&probe, default_mapping(), None);
        hubspot.equip(&probe, Arc::new(mapping.clone())).unwrap();
        Self {
            sim,
            hubspot,
            mapping,
            probe,
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.sim.world)
    }

    fn add(&self, properties: &Json) -> String {
        self.world().add(properties)
    }

    async fn write(&self, write: Write) -> Outcome {
        self.write_all(&[write]).await.remove(0)
    }

    async fn write_all(&self, writes: &[Write]) -> Vec<Outcome> {
        let written = self.hubspot.write(writes).await;
        assert!(written.stop.is_none(), "{:?}", written.stop);
        written.outcomes
    }

    /// A create with an address and a family name.
    fn create(&self, email: &str, family: &str) -> Write {
        create(
            &self.mapping,
            Some(email),
            &[("email", email), ("lastname", family)],
        )
    }

    fn text<'a>(&self, record: &'a crmsync::model::Record, name: &str) -> Option<&'a str> {
        text(&self.mapping, record, name)
    }
}

fn connector(sim: &Sim, view: &str, token: &'static str) -> HubSpot {
    let http = Http::new(HttpSettings {
        wait_scale: 0.01,
        timeout: Duration::from_secs(10),
        ..HttpSettings::new("HubSpot", Signing::Scheme("Bearer"), Arc::new(Fixed(token)))
    })
    .unwrap();
    HubSpot::new(
        HubSpotSettings {
            endpoint: Some(sim.endpoint()),
            view: view.to_owned(),
            ..HubSpotSettings::default()
        },
        http,
    )
}

fn person(number: usize) -> Json {
    json!({
        "email": format!("p{number}@example.com"),
        "firstname": "Person",
        "lastname": format!("Number {number}"),
    })
}

fn ids(read: &bench::Read) -> BTreeSet<String> {
    read.records.keys().cloned().collect()
}

/// Time passes, so that what was done before is behind the look-back.
fn pass(bench: &Bench, minutes: i64) {
    bench.world().skew += minutes * 60_000;
}

#[tokio::test]
async fn a_full_reading_brings_every_contact_and_a_delta_what_changed() {
    let bench = Bench::start("All contacts").await;
    let all: BTreeSet<String> = (0..250).map(|number| bench.add(&person(number))).collect();
    let (full, read) = fetch(&bench.hubspot, None, Census::No).await.unwrap();
    assert_eq!((full.extent, full.pages), (Extent::Full, 3));
    assert_eq!(ids(&read), all);
    let record = read.records.values().next().unwrap();
    assert!(record.listed && record.unread.is_empty());
    assert_eq!(record.key, Some(Key::from("p0@example.com")));
    assert_eq!(bench.text(record, "phone"), None);
    pass(&bench, 20);
    let (quiet, _) = fetch(&bench.hubspot, full.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    let before = bench.hubspot.meter().requests;
    let (_, read) = fetch(&bench.hubspot, quiet.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    assert!(read.records.is_empty());
    assert_eq!(
        bench.hubspot.meter().requests - before,
        2,
        "a pass with nothing to do: what changed, and what was deleted"
    );
    let ada = all.first().unwrap().clone();
    bench.world().edit(&ada, &json!({"firstname": "Augusta"}));
    let new = bench.add(&person(900));
    let (delta, read) = fetch(&bench.hubspot, quiet.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    assert_eq!(delta.extent, Extent::Delta);
    assert_eq!(
        bench.text(&read.records[&ada], "firstname"),
        Some("Augusta")
    );
    assert_eq!(ids(&read), [ada, new].into());
}

#[tokio::test]
async fn what_the_index_shows_late_is_not_lost_and_its_old_content_is_not_believed() {
    let bench = Bench::start("All contacts").await;
    let id = bench.add(&person(1));
    let (full, _) = fetch(&bench.hubspot, None, Census::No).await.unwrap();
    pass(&bench, 20);
    let (mut cursor, _) = fetch(&bench.hubspot, full.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    // The index is four minutes behind when the contact is edited.
    bench.world().index_lag = 4 * 60_000;
    bench.world().edit(&id, &json!({"firstname": "Edited"}));
    let (next, read) = fetch(&bench.hubspot, cursor.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    assert!(read.records.is_empty(), "it is not in the index yet");
    cursor = next;
    pass(&bench, 5);
    let (next, read) = fetch(&bench.hubspot, cursor.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    assert_eq!(bench.text(&read.records[&id], "firstname"), Some("Edited"));
    // The index shows the edit before the last one: what is handed on is what the contact holds.
    pass(&bench, 5);
    bench.world().edit(&id, &json!({"firstname": "Latest"}));
    let (_, read) = fetch(&bench.hubspot, next.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    assert_eq!(bench.text(&read.records[&id], "firstname"), Some("Latest"));
}

#[tokio::test]
async fn behind_ten_thousand_results_a_search_goes_on_by_identifier() {
    let bench = Bench::start("All contacts").await;
    let (full, _) = fetch(&bench.hubspot, None, Census::No).await.unwrap();
    bench.world().search_cap = 400;
    let all: BTreeSet<String> = {
        let mut world = bench.world();
        // All at the same millisecond, as an import writes them.
        let all: Vec<String> = (0..950).map(|number| world.add(&person(number))).collect();
        let now = world.now();
        for contact in world.contacts.values_mut() {
            contact.modified = now;
        }
        all.into_iter().collect()
    };
    let (_, read) = fetch(&bench.hubspot, full.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    assert_eq!(ids(&read), all);
    assert_eq!(
        bench.world().calls("POST /crm/v3/objects/contacts/search"),
        5
    );
}

#[tokio::test]
async fn a_contact_that_goes_while_a_listing_is_read_hides_no_other() {
    let bench = Bench::start("All contacts").await;
    let all: Vec<String> = (0..250).map(|number| bench.add(&person(number))).collect();
    bench.world().between = vec![sim::number(&all[0])];
    let (_, read) = fetch(&bench.hubspot, None, Census::No).await.unwrap();
    assert!(all[1..].iter().all(|id| read.records.contains_key(id)));
}

#[tokio::test]
async fn deleted_contacts_are_told_and_restored_or_merged_ones_are_not() {
    let bench = Bench::start("All contacts").await;
    let [old, gone, kept, from, into] = [1, 2, 3, 4, 5].map(|number| bench.add(&person(number)));
    bench.world().delete(&old);
    pass(&bench, 60);
    let (full, _) = fetch(&bench.hubspot, None, Census::No).await.unwrap();
    pass(&bench, 20);
    let (quiet, read) = fetch(&bench.hubspot, full.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    assert!(read.deleted.is_empty(), "long ago");
    {
        let mut world = bench.world();
        world.delete(&gone);
        world.merge(&into, &from);
    }
    let (_, read) = fetch(&bench.hubspot, quiet.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    assert_eq!(read.deleted, [gone.clone()].into());
    assert_eq!(read.renamed, [(from.clone(), into.clone())].into());
    assert_eq!(ids(&read), [into.clone()].into());
    let asked = [&old, &gone, &kept, &from, &into].map(|id| RemoteId::from(id.as_str()));
    let found = bench.hubspot.get(&asked).await.unwrap();
    assert_eq!(found[..2], [Found::Gone, Found::Gone]);
    assert!(matches!(&found[2], Found::Here(record) if record.id == asked[2]));
    assert!(matches!(&found[3], Found::Moved(record) if record.id == asked[4]));
    assert!(matches!(&found[4], Found::Here(record) if record.id == asked[4]));
    // What was deleted for good leaves nothing to prove it.
    bench.world().purge(&kept);
    let found = bench.hubspot.get(&asked[2..3]).await.unwrap();
    assert_eq!(found, [Found::Hidden]);
}

#[tokio::test]
async fn a_merged_contact_whose_survivor_does_not_tell_is_asked_for_by_itself() {
    let bench = Bench::start("All contacts").await;
    let [from, into] = [1, 2].map(|number| bench.add(&person(number)));
    {
        let mut world = bench.world();
        world.merge(&into, &from);
        let survivor = world.contacts.get_mut(&sim::number(&into)).unwrap();
        survivor.properties.remove("hs_merged_object_ids");
    }
    let found = bench
        .hubspot
        .get(&[RemoteId::from(from.as_str())])
        .await
        .unwrap();
    assert!(
        matches!(&found[0], Found::Moved(record) if record.id == RemoteId::from(into.as_str()))
    );
}

#[tokio::test]
async fn a_large_archive_is_left_to_the_comparison_of_identifiers() {
    let bench = Bench::start("All contacts").await;
    {
        let mut world = bench.world();
        for number in 0..2_050 {
            let id = world.add(&json!({"lastname": format!("Old {number}")}));
            world.delete(&id);
        }
    }
    let late = bench.add(&person(1));
    pass(&bench, 30);
    let (full, _) = fetch(&bench.hubspot, None, Census::No).await.unwrap();
    pass(&bench, 20);
    let list = "GET /crm/v3/objects/contacts";
    let before = bench.world().calls(list);
    let (first, _) = fetch(&bench.hubspot, full.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    assert_eq!(bench.world().calls(list) - before, 20, "and no more");
    bench.world().delete(&late);
    let before = bench.world().calls(list);
    let (second, read) = fetch(&bench.hubspot, first.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    assert!(read.deleted.is_empty());
    assert_eq!(bench.world().calls(list) - before, 0);
    let (_, read) = fetch(&bench.hubspot, second.cursor.as_ref(), Census::Yes)
        .await
        .unwrap();
    assert_eq!(
        read.census,
        Some(BTreeSet::new()),
        "the contact is missing here"
    );
    let found = bench.hubspot.get(&[RemoteId::from(late.as_str())]).await;
    assert_eq!(found.unwrap(), [Found::Gone]);
}

#[tokio::test]
async fn a_batch_is_put_together_again_by_its_marks() {
    let bench = Bench::start("All contacts").await;
    let writes: Vec<Write> = (0..40)
        .map(|number| bench.create(&format!("n{number}@example.com"), &format!("New {number}")))
        .collect();
    let batches = bench.hubspot.batches(writes.clone());
    assert_eq!(batches.len(), 1);
    let outcomes = bench.write_all(&writes).await;
    for (number, outcome) in outcomes.iter().enumerate() {
        let record = stored(outcome);
        let family = format!("New {number}");
        assert_eq!(bench.text(record, "lastname"), Some(family.as_str()));
        assert!(record.listed);
    }
    let posts = bench
        .world()
        .calls("POST /crm/v3/objects/contacts/batch/create");
    assert_eq!(posts, 1);
    let writes: Vec<Write> = outcomes
        .iter()
        .enumerate()
        .map(|(number, outcome)| {
            let phone = format!("+41 44 668 18 {number:02}");
            update(
                &bench.mapping,
                stored(outcome),
                &[("phone", Some(&phone)), ("lastname", None)],
            )
        })
        .collect();
    // Without marks updates are known by their identifiers.
    bench.world().traces = false;
    for (number, outcome) in bench.write_all(&writes).await.iter().enumerate() {
        let phone = format!("+41 44 668 18 {number:02}");
        assert_eq!(bench.text(stored(outcome), "phone"), Some(phone.as_str()));
        assert_eq!(bench.text(stored(outcome), "lastname"), None, "cleared");
    }
    // And creates by their addresses.
    let outcome = bench.write(bench.create("last@example.com", "Last")).await;
    assert_eq!(
        bench.text(stored(&outcome), "email"),
        Some("last@example.com")
    );
}

#[tokio::test]
async fn a_taken_address_holds_up_no_other_contact() {
    for whole_batch in [true, false] {
        let bench = Bench::start("All contacts").await;
        bench.world().whole_batch = whole_batch;
        let known = bench.add(&json!({"email": "Known@Example.com", "lastname": "Known"}));
        let office = bench.add(
            &json!({"email": "office@example.com", "hs_additional_emails": "max@example.com"}),
        );
        let writes: Vec<Write> = ["a", "b", "known", "c", "max", "d", "a"]
            .map(|name| bench.create(&format!("{name}@example.com"), name))
            .into();
        let outcomes = bench.write_all(&writes).await;
        for at in [0, 1, 3, 5] {
            assert!(stored(&outcomes[at]).key.is_some(), "{at}");
        }
        let of = RemoteId::from(known);
        assert_eq!(outcomes[2], Outcome::Duplicate { of });
        assert!(
            reason(&outcomes[4]).contains("further one"),
            "{:?}",
            outcomes[4]
        );
        assert!(reason(&outcomes[4]).contains(&office));
        let twin = stored(&outcomes[0]).id.clone();
        assert_eq!(outcomes[6], Outcome::Duplicate { of: twin });
        assert_eq!(bench.world().count(), 6);
        // A changed address may be taken as well.
        let record = stored(&outcomes[1]);
        let write = update(
            &bench.mapping,
            record,
            &[("email", Some("known@example.com"))],
        );
        let outcome = bench.write(write).await;
        assert!(reason(&outcome).contains("has this address"), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_refused_value_is_named_by_its_field_and_not_quoted() {
    let bench = Bench::start("All contacts").await;
    // HubSpot has its own idea of an address.
    let writes = [
        bench.create("fine@example.com", "Fine"),
        bench.create("dotless@example", "Wrong"),
        bench.create("good@example.com", "Good"),
    ];
    let outcomes = bench.write_all(&writes).await;
    assert!(stored(&outcomes[0]).key.is_some() && stored(&outcomes[2]).key.is_some());
    let Outcome::Rejected(refusal) = &outcomes[1] else {
        panic!("{:?}", outcomes[1]);
    };
    assert_eq!(refusal.field, Some(field(&bench.mapping, "email")));
    assert!(refusal.reason.contains("no e-mail address"), "{refusal:?}");
    assert!(!refusal.reason.contains("dotless"), "{refusal:?}");
    let nameless = create(&bench.mapping, None, &[("phone", "+41 44 668 18 00")]);
    let refusal = bench.hubspot.vet(&nameless).unwrap_err();
    assert!(refusal.reason.contains("first or a last name"));
}

#[tokio::test]
async fn an_edit_in_between_is_not_overwritten_and_bookkeeping_is_no_edit() {
    let bench = Bench::start("All contacts").await;
    let [moved, bumped, gone, from, into] =
        [1, 2, 3, 4, 5].map(|number| bench.add(&person(number)));
    let (_, read) = fetch(&bench.hubspot, None, Census::No).await.unwrap();
    {
        let mut world = bench.world();
        world.edit(&moved, &json!({"firstname": "Edited"}));
        world.bump(&bumped);
        world.delete(&gone);
        world.merge(&into, &from);
    }
    let writes: Vec<Write> = [&moved, &bumped, &gone, &from]
        .map(|id| {
            update(
                &bench.mapping,
                &read.records[id],
                &[("lastname", Some("Written"))],
            )
        })
        .into();
    let outcomes = bench.write_all(&writes).await;
    assert_eq!(outcomes[0], Outcome::Stale);
    assert_eq!(
        bench.text(stored(&outcomes[1]), "lastname"),
        Some("Written")
    );
    assert_eq!(outcomes[2..], [Outcome::Gone, Outcome::Gone]);
    assert_eq!(bench.world().property(&moved, "lastname"), "Number 1");
    assert_eq!(bench.world().property(&into, "lastname"), "Number 5");
    // A delete takes only what was read, to the last of it.
    bench.world().bump(&bumped);
    assert_eq!(
        bench.write(delete(stored(&outcomes[1]))).await,
        Outcome::Stale
    );
    let now = one(&bench.hubspot, &bumped).await;
    let outcome = bench.write(delete(&now)).await;
    assert_eq!(outcome, Outcome::Done(Stored::Nothing));
    assert_eq!(bench.write(delete(&now)).await, Outcome::Gone);
}

#[tokio::test]
async fn a_lost_answer_to_a_create_is_found_and_not_sent_twice() {
    let bench = Bench::start("All contacts").await;
    // Nothing of it is in the index yet when it is looked for.
    bench.world().index_lag = 60_000;
    for mishap in [Mishap::Lost, Mishap::DoneBut502] {
        let name = format!("{mishap:?}@example.com").to_lowercase();
        bench
            .world()
            .mishap("POST /crm/v3/objects/contacts/batch/create", mishap);
        let writes = [
            bench.create(&name, "Lost"),
            bench.create(&format!("x{name}"), "Lost"),
        ];
        let written = bench.hubspot.write(&writes).await;
        assert!(written.stop.is_none());
        assert!(
            written
                .outcomes
                .iter()
                .all(|outcome| matches!(outcome, Outcome::Uncertain { .. }))
        );
        let found = bench.hubspot.look(&writes).await.unwrap();
        assert_eq!(found.len(), 2);
        // Sent again all the same, they are refused as duplicates.
        let again = bench.write_all(&writes).await;
        assert!(
            again
                .iter()
                .all(|outcome| matches!(outcome, Outcome::Duplicate { .. }))
        );
        assert_eq!(bench.world().by_address(&name).len(), 1);
    }
    // Cut before it was executed, it looks the same from here and is not there.
    bench
        .world()
        .mishap("POST /crm/v3/objects/contacts/batch/create", Mishap::Cut);
    let writes = [bench.create("cut@example.com", "Cut")];
    let written = bench.hubspot.write(&writes).await;
    assert!(matches!(written.outcomes[0], Outcome::Uncertain { .. }));
    assert!(bench.hubspot.look(&writes).await.unwrap().is_empty());
}

#[tokio::test]
async fn contacts_are_found_by_their_first_address_whatever_the_case() {
    let bench = Bench::start("All contacts").await;
    bench.world().index_lag = 3_600_000;
    let keys: Vec<Key> = (0..150)
        .map(|number| {
            bench.add(&json!({"email": format!("P{number}@Example.com"), "lastname": "P"}));
            Key::from(format!("p{number}@example.com").as_str())
        })
        .collect();
    bench
        .add(&json!({"email": "first@example.com", "hs_additional_emails": "further@example.com"}));
    let mut asked = keys.clone();
    asked.push(Key::from("further@example.com"));
    asked.push(Key::from("nobody@example.com"));
    let found = bench.hubspot.find(&asked).await.unwrap();
    let found: BTreeSet<_> = found
        .into_iter()
        .map(|record| record.key.unwrap())
        .collect();
    assert_eq!(found, keys.into_iter().collect());
}

#[tokio::test]
async fn a_static_list_is_read_joined_and_written() {
    let sim = Sim::start();
    let (list, inside, outside) = {
        let mut world = lock(&sim.world);
        let list = world.add_list("Newsletter", ListKind::Manual);
        let (inside, outside) = (world.add(&person(1)), world.add(&person(2)));
        world.join(&list, &inside);
        (list, inside, outside)
    };
    let bench = Bench::with(sim, "newsletter").await;
    assert_eq!(bench.probe.list.id, list);
    assert_eq!(bench.probe.list.size, Some(1));
    let (full, read) = fetch(&bench.hubspot, None, Census::No).await.unwrap();
    assert_eq!(ids(&read), [inside.clone()].into());
    pass(&bench, 20);
    let (quiet, read) = fetch(&bench.hubspot, full.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    assert!(
        !read
            .records
            .get(&outside)
            .is_some_and(|record| record.listed)
    );
    pass(&bench, 20);
    // Joining changes no contact, and is seen at once all the same.
    bench.world().join(&list, &outside);
    let (joined, read) = fetch(&bench.hubspot, quiet.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    assert_eq!(ids(&read), [outside.clone()].into());
    assert!(read.records[&outside].listed);
    // Leaving is seen with the next change, or when the members are counted through.
    bench.world().leave(&list, &inside);
    let (_, read) = fetch(&bench.hubspot, joined.cursor.as_ref(), Census::Yes)
        .await
        .unwrap();
    assert_eq!(read.census, Some([outside.clone()].into()));
    bench
        .world()
        .edit(&inside, &json!({"firstname": "Changed"}));
    let (_, read) = fetch(&bench.hubspot, joined.cursor.as_ref(), Census::No)
        .await
        .unwrap();
    assert!(!read.records[&inside].listed);
    // A contact from Google goes into the list, and so does one whose answer was lost before it got there.
    let outcome = bench.write(bench.create("new@example.com", "New")).await;
    assert!(stored(&outcome).listed);
    bench
        .world()
        .mishap("POST /crm/v3/objects/contacts/batch/create", Mishap::Lost);
    let write = bench.create("lost@example.com", "Lost");
    bench.hubspot.write(std::slice::from_ref(&write)).await;
    let found = bench.hubspot.look(&[write]).await.unwrap();
    assert!(found[0].listed);
    assert_eq!(bench.world().lists[&sim::number(&list)].members.len(), 3);
}

#[tokio::test]
async fn a_list_that_may_not_be_written_stops_the_writing() {
    let sim = Sim::start();
    lock(&sim.world).add_list("Newsletter", ListKind::Snapshot);
    let bench = Bench::with(sim, "Newsletter").await;
    bench.world().scopes.remove("crm.lists.write");
    let written = bench
        .hubspot
        .write(&[bench.create("a@example.com", "A")])
        .await;
    // It is stored, and known to be.
    assert!(!stored(&written.outcomes[0]).listed);
    let stop = written.stop.unwrap();
    assert_eq!(stop.kind, Kind::Forbidden);
    assert!(stop.to_string().contains("crm.lists.write"), "{stop}");
}

#[tokio::test]
async fn a_dynamic_list_picks_its_members_by_itself() {
    let sim = Sim::start();
    let condition = ListKind::Dynamic("lifecyclestage".to_owned(), "customer".to_owned());
    let (inside, other) = {
        let mut world = lock(&sim.world);
        world.add_list("Customers", condition);
        let inside = world.add(&json!({"email": "c@example.com", "lifecyclestage": "customer"}));
        (inside, world.add(&person(1)))
    };
    let bench = Bench::with(sim, "Customers").await;
    let (full, read) = fetch(&bench.hubspot, None, Census::No).await.unwrap();
    assert_eq!(ids(&read), [inside.clone()].into());
    {
        let mut world = bench.world();
        world.edit(&inside, &json!({"lifecyclestage": "lead"}));
        world.edit(&other, &json!({"lifecyclestage": "customer"}));
    }
    let (_, read) = fetch(&bench.hubspot, full.cursor.as_ref(), Census::Yes)
        .await
        .unwrap();
    assert!(!read.records[&inside].listed && read.records[&other].listed);
    assert_eq!(read.census, Some([other].into()));
    let outcome = bench.write(bench.create("a@example.com", "B")).await;
    assert!(!stored(&outcome).listed);
    assert_eq!(bench.world().calls("PUT"), 0);
    let names: BTreeMap<String, Option<u64>> = bench
        .hubspot
        .lists()
        .await
        .unwrap()
        .into_iter()
        .map(|list| (list.name, list.size))
        .collect();
    assert_eq!(names["Customers"], Some(1));
    assert!(names.contains_key("All contacts"));
}

#[tokio::test]
async fn the_token_says_what_may_be_done() {
    let sim = Sim::start();
    lock(&sim.world).scopes.remove("crm.objects.contacts.write");
    let bench = Bench::with(sim, "All contacts").await;
    assert_eq!(bench.probe.rights, [Right::View]);
    assert_eq!(
        bench.probe.account.as_deref(),
        Some("hubspot/4242/contacts")
    );
    let user = bench.probe.user.as_deref().unwrap();
    assert!(user.contains("private app 99"), "{user}");
    let info = |name: &str| {
        let mut fields = bench.probe.fields.iter();
        fields.find(|info| info.name == name)
    };
    assert_eq!(info("anniversary").unwrap().kind, FieldKind::Date);
    assert!(info("anniversary").unwrap().custom);
    assert!(!info("hubspot_owner_id").unwrap().creatable);
    assert_eq!(info("lifecyclestage").unwrap().choices.len(), 2);
    assert!(info("hs_additional_emails").is_none(), "hidden");
    let written = bench
        .hubspot
        .write(&[bench.create("a@example.com", "A")])
        .await;
    assert_eq!(written.outcomes, [Outcome::NotTried]);
    let stop = written.stop.unwrap();
    assert_eq!(stop.kind, Kind::Forbidden);
    assert!(
        stop.to_string().contains("crm.objects.contacts.write"),
        "{stop}"
    );
    // An OAuth token does not tell its scopes here; the account is the same.
    lock(&bench.sim.world)
        .oauth
        .access
        .insert("access-1".to_owned());
    let other = connector(&bench.sim, "All contacts", "access-1");
    let probe = other.probe(None).await.unwrap();
    assert_eq!(probe.account, bench.probe.account);
    assert_eq!(probe.rights.len(), 4);
}

#[tokio::test]
async fn without_the_scope_for_lists_all_contacts_can_be_chosen() {
    let sim = Sim::start();
    lock(&sim.world).scopes.remove("crm.lists.read");
    let bench = Bench::with(sim, "all contacts").await;
    let lists = bench.hubspot.lists().await.unwrap();
    assert_eq!(lists.len(), 1);
    let error = connector(&bench.sim, "Newsletter", TOKEN)
        .probe(None)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Forbidden);
    assert!(error.to_string().contains("crm.lists.read"), "{error}");
}

#[tokio::test]
async fn wrong_tokens_addresses_and_lists_are_named_with_their_cure() {
    let sim = Sim::start();
    let error = connector(&sim, "All contacts", "pat-wrong")
        .probe(None)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Unauthorized);
    let error = connector(&sim, "Nonesuch", TOKEN)
        .probe(None)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Unknown);
    assert!(error.to_string().contains("Nonesuch"));
    let near = connector(&sim, "All contcats", TOKEN)
        .probe(None)
        .await
        .unwrap_err();
    assert!(near.hint.unwrap().contains("All contacts"));
    let http = Http::new(HttpSettings::new(
        "HubSpot",
        Signing::Scheme("Bearer"),
        Arc::new(Fixed(TOKEN)),
    ));
    let settings = HubSpotSettings {
        endpoint: Some(format!("{}/elsewhere", sim.endpoint())),
        ..HubSpotSettings::default()
    };
    let error = HubSpot::new(settings, http.unwrap())
        .probe(None)
        .await
        .unwrap_err();
    assert!(error.hint.unwrap().contains("endpoint"));
}

#[tokio::test]
async fn another_property_than_the_address_is_no_key() {
    let bench = Bench::start("All contacts").await;
    let mut mapping = bench.mapping.clone();
    mapping.key = field(&mapping, "phone");
    let error = bench
        .hubspot
        .equip(&bench.probe, Arc::new(mapping))
        .unwrap_err();
    assert_eq!(error.kind, Kind::Config);
    assert!(error.hint.unwrap().contains("map-fields"));
}

#[tokio::test]
async fn a_used_up_window_is_waited_for_and_a_used_up_day_is_not() {
    let bench = Bench::start("All contacts").await;
    for number in 0..450 {
        bench.add(&person(number));
    }
    // Two calls in each window: the header tells when it is used up.
    bench.world().window = Some((2, 2));
    let (_, read) = fetch(&bench.hubspot, None, Census::No).await.unwrap();
    assert_eq!(read.records.len(), 450);
    bench.world().window = None;
    let daily = json!({"status": "error", "errorType": "RATE_LIMIT", "policyName": "DAILY", "message": "limit"});
    let search = "POST /crm/v3/objects/contacts/batch/read";
    bench.world().mishap(search, Mishap::Status(429, daily));
    let before = bench.world().calls(search);
    let error = bench
        .hubspot
        .find(&[Key::from("a@example.com")])
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::RateLimited);
    assert!(error.reason.contains("day's requests"), "{error}");
    assert_eq!(
        bench.world().calls(search) - before,
        1,
        "it is not tried again"
    );
    for policy in ["SECONDLY", "TEN_SECONDLY_ROLLING"] {
        let body = json!({"errorType": "RATE_LIMIT", "policyName": policy});
        bench.world().mishap(search, Mishap::Status(429, body));
    }
    let locked = json!({"message": "locked", "category": "LOCKED"});
    bench.world().mishap(search, Mishap::Status(423, locked));
    let found = bench
        .hubspot
        .find(&[Key::from("p1@example.com")])
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn a_window_longer_than_the_patience_ends_the_run() {
    let sim = Sim::start();
    let hubspot = {
        let settings = HttpSettings {
            wait_scale: 0.01,
            patience: Patience::new(Duration::from_secs(5)),
            ..HttpSettings::new("HubSpot", Signing::Scheme("Bearer"), Arc::new(Fixed(TOKEN)))
        };
        let endpoint = Some(sim.endpoint());
        let own = HubSpotSettings {
            endpoint,
            ..HubSpotSettings::default()
        };
        HubSpot::new(own, Http::new(settings).unwrap())
    };
    let probe = hubspot.probe(None).await.unwrap();
    let mapping = mapping(&probe, default_mapping(), None);
    hubspot.equip(&probe, Arc::new(mapping)).unwrap();
    lock(&sim.world).window = Some((1, 1));
    hubspot.find(&[Key::from("a@example.com")]).await.unwrap();
    let error = hubspot
        .find(&[Key::from("a@example.com")])
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::RateLimited);
    assert!(error.retry_after.is_some());
}

#[tokio::test]
async fn choices_are_read_and_written_by_their_labels() {
    let bench = Bench::start("All contacts").await;
    let mut mapping = bench.mapping.clone();
    let last = mapping.pairs.len() - 1;
    mapping.pairs[last].crm = "lifecyclestage".to_owned();
    mapping.pairs[last].google = crmsync::mapping::Path::parse("custom.stage").unwrap();
    bench
        .hubspot
        .equip(&bench.probe, Arc::new(mapping.clone()))
        .unwrap();
    let id = bench.add(&json!({"email": "c@example.com", "lifecyclestage": "lead"}));
    let record = one(&bench.hubspot, &id).await;
    assert_eq!(text(&mapping, &record, "lifecyclestage"), Some("Lead"));
    let write = update(&mapping, &record, &[("lifecyclestage", Some("Customer"))]);
    let outcome = bench.write(write).await;
    assert_eq!(
        text(&mapping, stored(&outcome), "lifecyclestage"),
        Some("Customer")
    );
    assert_eq!(bench.world().property(&id, "lifecyclestage"), "customer");
    let write = update(
        &mapping,
        stored(&outcome),
        &[("lifecyclestage", Some("Nonesuch"))],
    );
    assert!(reason(&bench.write(write).await).contains("none of the 2 values"));
}
