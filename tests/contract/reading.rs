//! What every connector promises about reading.

use std::collections::BTreeMap;

use crmsync::connector::{Census, Deletes, Extent, Found};
use crmsync::model::{Record, RemoteId};

use super::{ANN, BEN, Bench, CAT, GIVEN, Subject, key, text};

pub(crate) async fn a_change_comes_with_the_next_delta(subject: &dyn Subject) {
    let ann = subject.add(ANN).await;
    let bench = Bench::open(subject).await;
    let (full, cursor) = bench.full().await;
    assert_eq!(full.end.as_ref().unwrap().extent, Extent::Full);
    assert_eq!(text(&full.records[&ann], GIVEN), Some("Ann"));
    assert_eq!(full.records[&ann].key, Some(key(ANN)));
    assert!(full.records[&ann].listed);
    subject.pass(5).await;
    subject.edit(&ann, "Anna").await;
    let ben = subject.add(BEN).await;
    let delta = bench.fetch(Some(&cursor), Census::No).await;
    assert_eq!(delta.end.as_ref().unwrap().extent, Extent::Delta);
    assert_eq!(text(&delta.records[&ann], GIVEN), Some("Anna"));
    assert_ne!(delta.records[&ann].version, full.records[&ann].version);
    assert!(delta.records[&ben].listed);
    // A connector of another process goes on where this one ended.
    subject.pass(5).await;
    subject.edit(&ben, "Benno").await;
    let later = Bench::open(subject).await;
    let again = later.fetch(Some(&delta.cursor()), Census::No).await;
    assert_eq!(text(&again.records[&ben], GIVEN), Some("Benno"));
}

pub(crate) async fn deltas_add_up_to_a_full_read(subject: &dyn Subject) {
    let first = subject.add(ANN).await;
    let second = subject.add(BEN).await;
    let bench = Bench::open(subject).await;
    let (full, mut cursor) = bench.full().await;
    let mut known: BTreeMap<RemoteId, Record> = full.records;
    let mut third = None;
    for step in 0..4 {
        subject.pass(5).await;
        match step {
            0 => subject.edit(&first, "Anna").await,
            1 => third = Some(subject.add(CAT).await),
            2 => subject.delete(&second).await,
            _ => subject.edit(third.as_ref().unwrap(), "Cathy").await,
        }
        let delta = bench.fetch(Some(&cursor), Census::Yes).await;
        cursor = delta.cursor();
        known.extend(delta.records);
        known.retain(|id, _| !delta.deleted.contains(id));
        // Of what is in the list, the census knows all.
        if let Some(census) = delta.census {
            known.retain(|id, record| !record.listed || census.contains(id));
        }
    }
    let (full, _) = Bench::open(subject).await.full().await;
    assert_eq!(known.len(), 2);
    assert_eq!(
        known.keys().collect::<Vec<_>>(),
        full.records.keys().collect::<Vec<_>>()
    );
    for (id, record) in &known {
        assert!(
            record.same_content(&full.records[id]),
            "{record:?}\n{:?}",
            full.records[id]
        );
    }
}

pub(crate) async fn a_deletion_is_told_or_can_be_proven(subject: &dyn Subject) {
    let (ann, ben) = (subject.add(ANN).await, subject.add(BEN).await);
    let bench = Bench::open(subject).await;
    let (full, cursor) = bench.full().await;
    assert!(full.records.contains_key(&ben));
    subject.pass(5).await;
    subject.delete(&ben).await;
    let delta = bench.fetch(Some(&cursor), Census::Yes).await;
    assert!(!delta.records.contains_key(&ben));
    assert!(!delta.deleted.contains(&ann), "nobody deleted that one");
    match bench.sink.capabilities().deletes {
        Deletes::Tombstones | Deletes::FlagScan => assert!(delta.deleted.contains(&ben)),
        Deletes::SetDifference => {
            // A remote that does not tell of every deletion may tell of some, and of earlier ones.
            let others = full.records.keys().filter(|id| **id != ben);
            assert!(others.into_iter().all(|id| !delta.deleted.contains(id)));
            let census = delta.census.unwrap();
            assert!(census.contains(&ann) && !census.contains(&ben));
        }
    }
    let found = bench.sink.get(std::slice::from_ref(&ben)).await.unwrap();
    assert!(matches!(found[0], Found::Gone | Found::Hidden), "{found:?}");
    let (full, _) = bench.full().await;
    assert!(full.records.contains_key(&ann) && !full.records.contains_key(&ben));
}

pub(crate) async fn leaving_the_list_is_seen(subject: &dyn Subject) {
    let (ann, ben) = (subject.add(ANN).await, subject.add(BEN).await);
    let bench = Bench::open(subject).await;
    let (_, cursor) = bench.full().await;
    subject.pass(5).await;
    if !subject.take_out(&ben).await {
        let probe = bench.sink.probe(None).await.unwrap();
        assert!(
            probe.list.covers_all,
            "a list that nothing leaves holds everything"
        );
        return;
    }
    let delta = bench.fetch(Some(&cursor), Census::Yes).await;
    let told = delta.records.get(&ben).is_some_and(|record| !record.listed);
    let census = delta.census;
    let missing = census.as_ref().is_some_and(|census| !census.contains(&ben));
    assert!(told || missing, "by its own change or by the census");
    assert!(census.is_none_or(|census| census.contains(&ann)));
    assert!(!delta.deleted.contains(&ben), "it is not gone");
    bench.get(&ben).await;
}

pub(crate) async fn an_expired_cursor_reads_everything(subject: &dyn Subject) {
    let ann = subject.add(ANN).await;
    let bench = Bench::open(subject).await;
    let (_, cursor) = bench.full().await;
    let Some(old) = subject.expired(&cursor).await else {
        assert!(
            bench.sink.capabilities().cursor_life.is_none(),
            "or say how they do"
        );
        return;
    };
    let reading = bench.fetch(Some(&old), Census::No).await;
    assert_eq!(reading.end.as_ref().unwrap().extent, Extent::Full);
    assert_eq!(reading.restarts, 1);
    assert!(reading.records.contains_key(&ann));
}

pub(crate) async fn keys_are_found_outside_the_list_too(subject: &dyn Subject) {
    let ann = subject.add(ANN).await;
    let outside = subject.add_outside(BEN).await;
    let bench = Bench::open(subject).await;
    bench.indexed(subject).await;
    let found = bench
        .sink
        .find(&[key(ANN), key(BEN), key(CAT)])
        .await
        .unwrap();
    let mut found: Vec<_> = found
        .iter()
        .map(|record| (record.id.clone(), record.listed))
        .collect();
    found.sort();
    let mut wanted = vec![(ann, true)];
    wanted.extend(outside.clone().map(|id| (id, false)));
    wanted.sort();
    let ids = |all: &[(RemoteId, bool)]| all.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&found), ids(&wanted));
    let (full, _) = bench.full().await;
    if let Some(outside) = outside {
        let listed = full
            .records
            .get(&outside)
            .is_some_and(|record| record.listed);
        assert!(!listed, "it is not in the list");
    }
}

pub(crate) async fn a_direct_read_is_aligned(subject: &dyn Subject) {
    let ids = [
        subject.add(ANN).await,
        subject.add(BEN).await,
        subject.add(CAT).await,
    ];
    let bench = Bench::open(subject).await;
    subject.delete(&ids[1]).await;
    let asked = [&ids[2], &ids[1], &ids[0], &ids[2]].map(Clone::clone);
    let found = bench.sink.get(&asked).await.unwrap();
    assert_eq!(found.len(), asked.len());
    for (id, found) in asked.iter().zip(found) {
        match found {
            Found::Here(record) => assert_eq!(record.id, *id),
            Found::Gone | Found::Hidden => assert_eq!(*id, ids[1]),
            Found::Moved(record) => panic!("nobody renamed {}", record.id),
        }
    }
    assert!(bench.sink.get(&[]).await.unwrap().is_empty());
}

pub(crate) async fn requests_are_counted(subject: &dyn Subject) {
    subject.add(ANN).await;
    let bench = Bench::open(subject).await;
    let before = bench.sink.meter().requests;
    bench.full().await;
    let after = bench.sink.meter();
    assert!(after.requests > before);
    assert_eq!(after.requests, after.by_call.values().sum::<u64>());
    assert!(!bench.sink.name().is_empty() && !bench.sink.fingerprint().is_empty());
    assert_eq!(
        bench.sink.fingerprint(),
        Bench::open(subject).await.sink.fingerprint()
    );
}
