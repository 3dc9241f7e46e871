//! What every connector states about its remote is so.

use crmsync::connector::{Batch, Census, Ids, List, Since};
use crmsync::model::{Change, Outcome, Revisions, Right, Stored, Write};

use super::{ANN, BEN, Bench, CAT, FAMILY, GIVEN, Subject, text};

pub(crate) async fn the_probe_says_who_and_what(subject: &dyn Subject) {
    let bench = Bench::open(subject).await;
    let probe = bench.sink.probe(None).await.unwrap();
    for right in [Right::View, Right::Create, Right::Edit, Right::Delete] {
        assert!(probe.rights.contains(&right), "{right:?}");
    }
    assert!(!probe.fields.is_empty());
    let lists = bench.sink.lists().await.unwrap();
    assert!(
        lists.iter().any(|list| list.id == probe.list.id),
        "{:?} is none of {lists:?}",
        probe.list
    );
    // The account is the same for every process, and there is one where identifiers need it.
    let later = Bench::open(subject).await.sink.probe(Some(&probe)).await;
    let later = later.unwrap();
    assert_eq!(
        (&later.account, &later.list.id),
        (&probe.account, &probe.list.id)
    );
    match bench.sink.capabilities().ids {
        Ids::Global => {}
        Ids::Local => assert!(probe.account.is_some_and(|account| !account.is_empty())),
    }
}

pub(crate) async fn batches_leave_nothing_out(subject: &dyn Subject) {
    let ids = [subject.add(ANN).await, subject.add(BEN).await];
    let bench = Bench::open(subject).await;
    let (full, _) = bench.full().await;
    let [ann, ben] = ids.map(|id| full.records[&id].clone());
    let writes = vec![
        bench.update(&ann, GIVEN, Some("Anna")),
        bench.create(CAT),
        bench.update(&ben, FAMILY, Some("Oak")),
        bench.remove(&ben),
    ];
    let batches = bench.sink.batches(writes.clone());
    match bench.sink.capabilities().batch {
        Batch::PerRecord | Batch::AllOrNothing => {}
        Batch::Single => assert!(batches.iter().all(|batch| batch.len() == 1)),
    }
    let mut sorted: Vec<Write> = batches.concat();
    assert_eq!(sorted.len(), writes.len());
    for write in writes {
        let at = sorted.iter().position(|other| *other == write);
        sorted.remove(at.unwrap());
    }
}

pub(crate) async fn the_list_is_what_it_says(subject: &dyn Subject) {
    let ann = subject.add(ANN).await;
    let bench = Bench::open(subject).await;
    bench.full().await;
    let probe = bench.sink.probe(None).await.unwrap();
    let list = bench.sink.capabilities().list;
    assert_eq!(probe.list.covers_all, list == List::Everything);
    for (listed, change) in [
        (false, Change::Ungroup { id: ann.clone() }),
        (true, Change::Group { id: ann.clone() }),
    ] {
        subject.pass(5).await;
        let outcomes = bench
            .write(vec![bench.to("people/ann", None, change)])
            .await;
        let (full, _) = bench.full().await;
        let is_listed = full.records.get(&ann).is_some_and(|record| record.listed);
        match list {
            List::Static => {
                assert_eq!(outcomes, [Outcome::Done(Stored::Nothing)]);
                assert_eq!(is_listed, listed);
            }
            List::Everything | List::Dynamic => {
                assert!(matches!(outcomes[0], Outcome::Rejected(_)), "{outcomes:?}");
                assert!(is_listed, "it is as it was");
            }
        }
    }
}

pub(crate) async fn a_change_outside_the_list_comes_as_stated(subject: &dyn Subject) {
    subject.add(ANN).await;
    let Some(outside) = subject.add_outside(BEN).await else {
        return;
    };
    let bench = Bench::open(subject).await;
    let (_, cursor) = bench.full().await;
    subject.pass(5).await;
    subject.edit(&outside, "Benno").await;
    let delta = bench.fetch(Some(&cursor), Census::No).await;
    match bench.sink.capabilities().since {
        Since::Account => {
            let record = &delta.records[&outside];
            assert_eq!((text(record, GIVEN), record.listed), (Some("Benno"), false));
        }
        Since::List => assert!(!delta.records.contains_key(&outside)),
    }
}

pub(crate) async fn a_revision_comes_back_only_where_it_is_said(subject: &dyn Subject) {
    let ann = subject.add(ANN).await;
    let bench = Bench::open(subject).await;
    bench.full().await;
    let first = bench.get(&ann).await;
    let mut versions = vec![first.version.clone()];
    for given in ["Anna", ANN.given, "Anna"] {
        subject.pass(5).await;
        subject.edit(&ann, given).await;
        let record = bench.get(&ann).await;
        assert_eq!(text(&record, GIVEN), Some(given));
        assert_ne!(Some(&record.version), versions.last(), "every edit shows");
        versions.push(record.version);
    }
    let came_back = versions[2..]
        .iter()
        .zip(&versions)
        .any(|(version, before)| version == before);
    match bench.sink.capabilities().revisions {
        Revisions::Unique => assert!(!came_back, "{versions:?}"),
        // It may; an account that gives other revisions all the same does no harm.
        Revisions::OfContent => {}
    }
}
