//! Changed, relabelled and deleted contacts.

use std::collections::BTreeMap;

use crmsync::connector::{Kind, Sink, Source};
use crmsync::model::{Change, Fields, Outcome, Record, RemoteId, Stored, Write};
use crmsync::sandbox::FaultKind;
use serde_json::{Value, json};

use crate::support::*;

fn rich() -> Value {
    json!({
        "names": [{"givenName": "Ada", "familyName": "Stone", "middleName": "M", "honorificSuffix": "PhD"}],
        "emailAddresses": [{"value": "ada@example.com", "type": "work", "displayName": "Ada S"},
            {"value": "ada@example.org", "type": "home"}, {"value": "old@example.org", "type": "Club"}],
        "phoneNumbers": [{"value": "+41 1", "type": "work"}, {"value": "+41 2", "type": "mobile"},
            {"value": "+41 3", "type": "mobile"}, {"value": "+41 4", "type": "Boat"}],
        "addresses": [{"type": "home", "city": "Basel"}, {"type": "work", "city": "Bern", "streetAddress": "Lane 1", "postalCode": "3000"}],
        "organizations": [{"name": "Stone Ltd", "title": "Owner", "type": "work", "current": true}],
        "birthdays": [{"date": {"year": 1980, "month": 5, "day": 4}}],
        "biographies": [{"value": "Met in Bern", "contentType": "TEXT_PLAIN"}],
        "userDefined": [{"key": "Shoe", "value": "38"}],
        "clientData": [{"key": "other", "value": "x"}, {"key": "other", "value": "y"}],
    })
}

fn dump(bench: &Bench, id: &RemoteId) -> Value {
    let world = bench.running.world();
    let dump = world.lock().unwrap().google.dump();
    let contacts = dump["contacts"].as_array().unwrap().clone();
    contacts
        .into_iter()
        .find(|person| person["resourceName"] == json!(id.as_str()))
        .unwrap()
}

fn values(person: &Value, list: &str, member: &str) -> Vec<String> {
    let items = person[list].as_array().cloned().unwrap_or_default();
    items
        .iter()
        .map(|item| item[member].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn one_slot_changes_and_its_neighbours_stay() {
    let bench = Bench::new(0, "CRM").await;
    let id = bench.add(&rich());
    let before = dump(&bench, &id);
    let mut record = bench.one(&id).await;
    for (field, to) in [
        (3, Some("+41 99")),
        (5, Some("Thun")),
        (1, Some("Eda")),
        (4, Some("Boss")),
        (6, None),
        (7, Some("New")),
        (0, Some("eda@example.com")),
    ] {
        let written = bench.write(vec![update(&record, field, to)]).await;
        record = done(&written.outcomes[0]).clone();
        assert_eq!(
            record
                .fields
                .get(&crmsync::model::Field(field))
                .map(|value| value.text.to_string()),
            to.map(str::to_owned)
        );
    }
    assert_eq!(record, bench.one(&id).await);
    let after = dump(&bench, &id);
    assert_eq!(
        values(&after, "phoneNumbers", "value"),
        ["+41 1", "+41 99", "+41 3", "+41 4"]
    );
    assert_eq!(
        values(&after, "phoneNumbers", "type"),
        ["work", "mobile", "mobile", "Boat"]
    );
    assert_eq!(
        values(&after, "emailAddresses", "value"),
        ["eda@example.com", "ada@example.org", "old@example.org"]
    );
    assert_eq!(values(&after, "addresses", "city"), ["Basel", "Thun"]);
    assert_eq!(values(&after, "addresses", "streetAddress"), ["", "Lane 1"]);
    assert_eq!(
        (
            values(&after, "names", "middleName"),
            values(&after, "names", "familyName")
        ),
        (vec!["M".to_owned()], vec!["Stone".to_owned()])
    );
    assert_eq!(values(&after, "organizations", "name"), ["Stone Ltd"]);
    assert!(values(&after, "birthdays", "text").is_empty());
    for list in ["userDefined", "clientData", "memberships"] {
        assert_eq!(
            values(&after, list, "value"),
            values(&before, list, "value"),
            "{list}"
        );
        assert_eq!(
            after[list].as_array().map(Vec::len),
            before[list].as_array().map(Vec::len),
            "{list}"
        );
    }
}

#[tokio::test]
async fn updates_of_one_mask_share_a_call_and_nothing_unchanged_is_sent() {
    let bench = Bench::new(250, "CRM").await;
    let all: Vec<Record> = bench.all().await.into_values().collect();
    let mut writes: Vec<Write> = all
        .iter()
        .map(|record| update(record, 4, Some("Chief of all")))
        .collect();
    writes.push(update(
        &all[0],
        7,
        all[0]
            .fields
            .get(&crmsync::model::Field(7))
            .map(|value| &*value.text),
    ));
    let batches = bench.google.batches(writes);
    let sizes: Vec<usize> = batches.iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 200, 50]);
    for batch in batches {
        let written = bench.google.write(&batch).await;
        assert!(
            written.stop.is_none()
                && written
                    .outcomes
                    .iter()
                    .all(|outcome| matches!(outcome, Outcome::Done(_)))
        );
    }
    assert_eq!(bench.count("batchUpdateContacts"), 2);
}

#[tokio::test]
async fn a_stale_update_changes_nothing_and_the_others_land() {
    let bench = Bench::new(5, "CRM").await;
    let all: Vec<Record> = bench.all().await.into_values().collect();
    bench.edit(&all[2].id, &json!({"names": [{"givenName": "Edited"}]}));
    bench.delete(&all[3].id);
    let written = bench
        .write(
            all.iter()
                .map(|record| update(record, 1, Some("Ours")))
                .collect(),
        )
        .await;
    let words: Vec<&str> = written.outcomes.iter().map(word).collect();
    assert_eq!(words, ["done", "done", "stale", "gone", "done"]);
    let now = bench.all().await;
    assert_eq!(
        &*now[&all[2].id].fields[&crmsync::model::Field(1)].text,
        "Edited"
    );
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done(_) => "done",
        Outcome::Stale => "stale",
        Outcome::Gone => "gone",
        Outcome::Duplicate { .. } => "duplicate",
        Outcome::Rejected(_) => "rejected",
        Outcome::Denied { .. } => "denied",
        Outcome::NotTried => "not tried",
        Outcome::Uncertain { .. } => "uncertain",
    }
}

#[tokio::test]
async fn a_lost_answer_to_updates_is_settled_by_reading_again() {
    use FaultKind::{
        BadJson, DropAfter, DropBefore, ErrorAfterCommit, Html502, NotAvailable503, ServerError,
        TruncateBody,
    };
    for kind in [
        BadJson,
        DropAfter,
        DropBefore,
        ErrorAfterCommit,
        Html502,
        NotAvailable503,
        ServerError,
        TruncateBody,
    ] {
        let bench = Bench::new(3, "CRM").await;
        let all: Vec<Record> = bench.all().await.into_values().collect();
        bench.fault("batchUpdateContacts", kind, 1, Value::Null);
        let written = bench
            .write(
                all.iter()
                    .map(|record| update(record, 1, Some("Ours")))
                    .collect(),
            )
            .await;
        let now = bench.all().await;
        for outcome in &written.outcomes {
            assert_eq!(done(outcome), &now[&done(outcome).id], "{kind:?}");
            assert_eq!(
                &*done(outcome).fields[&crmsync::model::Field(1)].text,
                "Ours"
            );
        }
    }
}

fn on(record: &Record, make: fn(RemoteId) -> Change) -> Write {
    write("crm", make(record.id.clone()))
}

fn delete(record: &Record) -> Write {
    write(
        "crm",
        Change::Delete {
            id: record.id.clone(),
            expected: record.version.clone(),
            before: Fields::new(),
        },
    )
}

#[tokio::test]
async fn deletes_look_before_and_survive_a_refused_batch() {
    for refuses in [false, true] {
        let bench = Bench::new(6, "CRM").await;
        bench.switch(&json!({"batch_delete_refuses_missing": refuses}));
        let all: Vec<Record> = bench.all().await.into_values().collect();
        bench.edit(&all[1].id, &json!({"names": [{"givenName": "Edited"}]}));
        bench.delete(&all[2].id);
        let written = bench.write(all.iter().take(5).map(delete).collect()).await;
        let words: Vec<&str> = written.outcomes.iter().map(word).collect();
        assert_eq!(words, ["done", "stale", "gone", "done", "done"]);
        let left: Vec<RemoteId> = bench.all().await.into_keys().collect();
        assert_eq!(left, [all[1].id.clone(), all[5].id.clone()]);
    }
    let bench = Bench::new(3, "CRM").await;
    let all: Vec<Record> = bench.all().await.into_values().collect();
    bench.fault("batchDeleteContacts", FaultKind::DropAfter, 1, Value::Null);
    let written = bench.write(all.iter().map(delete).collect()).await;
    assert!(
        written
            .outcomes
            .iter()
            .all(|outcome| *outcome == Outcome::Done(Stored::Nothing)),
        "{written:?}"
    );
    assert!(bench.all().await.is_empty());
}

#[tokio::test]
async fn labels_are_put_on_and_taken_off() {
    let bench = Bench::new(0, "Sales").await;
    let ids: Vec<RemoteId> = (0..4)
        .map(|number| bench.add(&json!({"names": [{"givenName": format!("N{number}")}]})))
        .collect();
    let before = bench.all().await;
    let grouped = bench
        .write(
            before
                .values()
                .map(|record| on(record, |id| Change::Group { id }))
                .collect(),
        )
        .await;
    assert!(
        grouped
            .outcomes
            .iter()
            .all(|outcome| *outcome == Outcome::Done(Stored::Nothing)),
        "{grouped:?}"
    );
    assert!(bench.all().await.values().all(|record| record.listed));

    // One has no other label left.
    let world = bench.running.world();
    let now = world.lock().unwrap().clock.now();
    world
        .lock()
        .unwrap()
        .google
        .admin(
            "members",
            &json!({"group": "contactGroups/myContacts", "remove": [ids[0].as_str()]}),
            now,
        )
        .unwrap();
    bench.delete(&ids[3]);
    let three: Vec<Write> = [&ids[0], &ids[1], &ids[3]]
        .iter()
        .map(|id| on(&before[*id], |id| Change::Ungroup { id }))
        .collect();
    let words: Vec<&str> = bench.write(three).await.outcomes.iter().map(word).collect();
    assert_eq!(words, ["done", "done", "gone"]);
    let archived = bench
        .write(vec![on(&before[&ids[2]], |id| Change::Archive { id })])
        .await;
    assert_eq!(archived.outcomes, [Outcome::Done(Stored::Nothing)]);
    let after: BTreeMap<RemoteId, Record> = bench.all().await;
    assert!(after.values().all(|record| !record.listed));
    assert!(after[&ids[2]].archived && !after[&ids[0]].archived);
    let groups: Vec<String> = bench
        .google
        .lists()
        .await
        .unwrap()
        .into_iter()
        .map(|list| list.name)
        .collect();
    assert!(groups.contains(&"Sales".to_owned()) && groups.contains(&"crmsync-archive".to_owned()));
}

#[tokio::test]
async fn quota_and_space_end_the_writing_with_their_kind() {
    for (kind, expected) in [
        (FaultKind::RateLimitedB, Kind::RateLimited),
        (FaultKind::AccountFull, Kind::Full),
        (FaultKind::InsufficientScope, Kind::Forbidden),
    ] {
        let bench = Bench::new(3, "CRM").await;
        bench.fault("batchCreateContacts", kind, 9, Value::Null);
        let written = bench.write((0..3).map(create).collect()).await;
        assert_eq!(written.stop.as_ref().map(|stop| stop.kind), Some(expected));
        assert!(
            written
                .outcomes
                .iter()
                .all(|outcome| *outcome == Outcome::NotTried),
            "{written:?}"
        );
        assert!(written.stop.unwrap().hint.is_some());
    }
    let bench = Bench::new(3, "CRM").await;
    bench.fault(
        "batchCreateContacts",
        FaultKind::RateLimitedA,
        2,
        Value::Null,
    );
    let written = bench.write((0..3).map(create).collect()).await;
    assert!(
        written
            .outcomes
            .iter()
            .all(|outcome| word(outcome) == "done")
    );
}
