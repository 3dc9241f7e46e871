//! What every connector promises about writing.

use crmsync::connector::{Census, Found, List, Stamp};
use crmsync::model::{Outcome, RemoteId, Stored};

use super::{ANN, BEN, Bench, CAT, Contact, EMAIL, FAMILY, GIVEN, PHONE, Subject, key, text, twin};

/// The record that an outcome confirms.
pub(crate) fn stored(outcome: &Outcome) -> RemoteId {
    match outcome {
        Outcome::Done(Stored::Record(record) | Stored::Found(record)) => record.id.clone(),
        Outcome::Done(Stored::Accepted { id, .. }) => id.clone(),
        other @ (Outcome::Done(Stored::Nothing)
        | Outcome::Stale
        | Outcome::Duplicate { .. }
        | Outcome::Rejected(_)
        | Outcome::Denied { .. }
        | Outcome::Gone
        | Outcome::NotTried
        | Outcome::Uncertain { .. }) => panic!("not stored: {other:?}"),
    }
}

pub(crate) async fn a_create_is_found_and_listed(subject: &dyn Subject) {
    let bench = Bench::open(subject).await;
    bench.full().await;
    let outcomes = bench
        .write(vec![bench.create(ANN), bench.create(BEN)])
        .await;
    let [ann, ben] = [stored(&outcomes[0]), stored(&outcomes[1])];
    assert_ne!(ann, ben);
    let later = Bench::open(subject).await;
    later.indexed(subject).await;
    let found = later.sink.find(&[key(ANN)]).await.unwrap();
    assert_eq!(
        found.iter().map(|record| &record.id).collect::<Vec<_>>(),
        [&ann]
    );
    let record = later.get(&ann).await;
    assert_eq!(
        [EMAIL, GIVEN, FAMILY, PHONE].map(|field| text(&record, field)),
        [Some(ANN.email), Some("Ann"), Some("Amber"), None]
    );
    let (full, _) = later.full().await;
    let put_in = match later.sink.capabilities().list {
        List::Everything | List::Static => true,
        List::Dynamic => false,
    };
    for id in [&ann, &ben] {
        let listed = full.records.get(id).is_some_and(|record| record.listed);
        assert_eq!(listed, put_in, "{id}");
    }
}

pub(crate) async fn a_stale_update_changes_nothing(subject: &dyn Subject) {
    let ann = subject.add(ANN).await;
    let bench = Bench::open(subject).await;
    let (full, _) = bench.full().await;
    let old = full.records[&ann].clone();
    subject.pass(5).await;
    subject.edit(&ann, "Anna").await;
    let mut bench = bench;
    for write in [bench.update(&old, FAMILY, Some("Oak")), bench.remove(&old)] {
        bench = bench.later(subject).await;
        let outcomes = bench.write(vec![write]).await;
        assert_eq!(outcomes, [Outcome::Stale]);
        let now = bench.get(&ann).await;
        assert_eq!(
            [text(&now, GIVEN), text(&now, FAMILY)],
            [Some("Anna"), Some("Amber")]
        );
    }
}

pub(crate) async fn one_bad_write_holds_up_no_other(subject: &dyn Subject) {
    let ids = [
        subject.add(ANN).await,
        subject.add(BEN).await,
        subject.add(CAT).await,
    ];
    let bench = Bench::open(subject).await;
    let (full, _) = bench.full().await;
    subject.pass(5).await;
    subject.edit(&ids[1], "Benno").await;
    let bench = bench.later(subject).await;
    let writes = ids
        .iter()
        .map(|id| bench.update(&full.records[id], FAMILY, Some("Oak")))
        .collect();
    let outcomes = bench.write(writes).await;
    assert_eq!(stored(&outcomes[0]), ids[0]);
    assert_eq!(outcomes[1], Outcome::Stale);
    assert_eq!(stored(&outcomes[2]), ids[2]);
    let mut names = Vec::new();
    for id in &ids {
        names.push(text(&bench.get(id).await, FAMILY).unwrap().to_owned());
    }
    assert_eq!(names, ["Oak", "Birch", "Oak"]);
}

pub(crate) async fn an_update_is_stored_and_its_echo_is_equal(subject: &dyn Subject) {
    let ann = subject.add(ANN).await;
    let bench = Bench::open(subject).await;
    let (full, cursor) = bench.full().await;
    subject.pass(5).await;
    let outcomes = bench
        .write(vec![bench.update(
            &full.records[&ann],
            PHONE,
            Some("+41 44 668 18 00"),
        )])
        .await;
    assert_eq!(stored(&outcomes[0]), ann);
    let now = bench.get(&ann).await;
    let wanted = bench.value(PHONE, "+41 44 668 18 00");
    assert_eq!(now.fields.get(&PHONE), Some(&wanted));
    assert_eq!(text(&now, GIVEN), Some("Ann"));
    // The next update stands on the revision that this one left.
    let outcomes = bench
        .write(vec![bench.update(&now, GIVEN, Some("Anna"))])
        .await;
    let echo = bench.fetch(Some(&cursor), Census::No).await;
    let direct = bench.get(&ann).await;
    assert_eq!(text(&direct, GIVEN), Some("Anna"));
    assert_eq!(direct.fields.get(&PHONE), Some(&wanted));
    assert_eq!(echo.records[&ann].fields, direct.fields);
    assert_eq!(echo.records[&ann].version, direct.version);
    if let Outcome::Done(Stored::Record(record)) = &outcomes[0] {
        assert_eq!(
            (&record.fields, &record.version),
            (&direct.fields, &direct.version)
        );
    }
}

pub(crate) async fn clearing_clears(subject: &dyn Subject) {
    let ann = subject.add(ANN).await;
    let bench = Bench::open(subject).await;
    bench.full().await;
    let record = bench.get(&ann).await;
    let outcomes = bench.write(vec![bench.update(&record, GIVEN, None)]).await;
    assert_eq!(stored(&outcomes[0]), ann);
    let now = bench.get(&ann).await;
    assert_eq!(
        [text(&now, GIVEN), text(&now, FAMILY)],
        [None, Some("Amber")]
    );
    assert!(!now.unread.contains(&GIVEN), "blank, not untold");
}

pub(crate) async fn what_is_not_mapped_survives(subject: &dyn Subject) {
    let ann = subject.add(ANN).await;
    if !subject.fill_unmapped(&ann).await {
        return;
    }
    let bench = Bench::open(subject).await;
    let (full, _) = bench.full().await;
    for (field, to) in [
        (GIVEN, Some("Anna")),
        (PHONE, Some("+41 44 668 18 00")),
        (PHONE, None),
        (EMAIL, Some("anna@example.com")),
    ] {
        subject.pass(5).await;
        let record = bench.get(&ann).await;
        let outcomes = bench.write(vec![bench.update(&record, field, to)]).await;
        assert_eq!(stored(&outcomes[0]), ann);
        assert!(subject.has_unmapped(&ann).await, "{field:?} {to:?}");
    }
    assert!(full.records.contains_key(&ann));
}

pub(crate) async fn the_stamp_survives(subject: &dyn Subject) {
    let bench = Bench::open(subject).await;
    bench.full().await;
    let id = stored(&bench.write(vec![bench.create(ANN)]).await[0]);
    let record = bench.get(&id).await;
    match bench.sink.capabilities().stamp {
        Stamp::Nowhere => {
            assert_eq!(record.stamp, None);
            return;
        }
        Stamp::Aside | Stamp::Inside => {}
    }
    let twin = twin(ANN);
    assert_eq!(record.stamp, Some(twin.clone()));
    bench
        .write(vec![bench.update(&record, GIVEN, Some("Anna"))])
        .await;
    subject.pass(5).await;
    subject.edit(&id, "Annie").await;
    let record = bench.get(&id).await;
    assert_eq!(
        (text(&record, GIVEN), record.stamp.clone()),
        (Some("Annie"), Some(twin))
    );
}

pub(crate) async fn a_delete_deletes_once(subject: &dyn Subject) {
    let (ann, ben) = (subject.add(ANN).await, subject.add(BEN).await);
    let bench = Bench::open(subject).await;
    let (full, _) = bench.full().await;
    let write = bench.remove(&full.records[&ann]);
    let outcomes = bench.write(vec![write.clone()]).await;
    assert_eq!(outcomes, [Outcome::Done(Stored::Nothing)]);
    let found = bench.sink.get(&[ann, ben.clone()]).await.unwrap();
    assert!(matches!(found[0], Found::Gone | Found::Hidden));
    assert!(matches!(&found[1], Found::Here(record) if record.id == ben));
    let again = bench.write(vec![write]).await;
    assert!(
        matches!(again[0], Outcome::Gone | Outcome::Done(Stored::Nothing)),
        "{again:?}"
    );
}

pub(crate) async fn a_create_whose_answer_was_lost_is_found(subject: &dyn Subject) {
    let bench = Bench::open(subject).await;
    bench.full().await;
    if !subject.lose_an_answer().await {
        return;
    }
    let write = bench.create(ANN);
    let outcomes = bench.write(vec![write.clone()]).await;
    assert!(
        matches!(outcomes[0], Outcome::Uncertain { .. } | Outcome::Done(_)),
        "it is neither refused nor untried: {outcomes:?}"
    );
    let later = Bench::open(subject).await;
    later.full().await;
    let seen = later.sink.look(std::slice::from_ref(&write)).await.unwrap();
    later.indexed(subject).await;
    let here = later.sink.find(&[key(ANN)]).await.unwrap();
    assert_eq!(here.len(), 1, "it landed, once");
    let ids: Vec<&RemoteId> = seen.iter().map(|record| &record.id).collect();
    assert!(ids.contains(&&here[0].id), "{ids:?}");
    assert!(
        later
            .sink
            .look(&[later.create(BEN)])
            .await
            .unwrap()
            .iter()
            .all(|record| record.key != Some(key(BEN)))
    );
}

pub(crate) async fn what_would_be_refused_is_known_beforehand(subject: &dyn Subject) {
    let bench = Bench::open(subject).await;
    bench.full().await;
    assert_eq!(bench.sink.vet(&bench.create(ANN)), Ok(()));
    let Some(refused) = subject.refused() else {
        return;
    };
    let given: &'static str = Box::leak(refused.into_boxed_str());
    let write = bench.create(Contact { given, ..ANN });
    let refusal = bench.sink.vet(&write).unwrap_err();
    assert_eq!(refusal.field, Some(GIVEN), "{refusal:?}");
    assert!(!refusal.reason.contains(given) && !refusal.hint.is_empty());
    // The remote says no as well, and nothing of it is stored.
    let outcomes = bench.write(vec![write]).await;
    assert!(matches!(outcomes[0], Outcome::Rejected(_)), "{outcomes:?}");
    assert!(bench.sink.find(&[key(ANN)]).await.unwrap().is_empty());
}
