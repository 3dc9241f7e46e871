//! New contacts.

use crmsync::connector::Sink;
use crmsync::model::{Field, Outcome, Record, RemoteId, Stored, Write};
use crmsync::sandbox::FaultKind;
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn creates_make_the_label_and_come_back_as_they_are_listed() {
    let bench = Bench::new(0, "Brand new").await;
    let written = bench.write((0..450).map(create).collect()).await;
    assert!(written.stop.is_none());
    assert_eq!(
        (
            bench.count("batchCreateContacts"),
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
    assert_eq!(bench.count("batchCreateContacts"), 1);
}
