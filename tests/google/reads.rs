//! Reading.

use crmsync::connector::{Census, Extent, Found, Kind, Page, Source};
use crmsync::mapping::Path;
use crmsync::model::{Field, RemoteId};
use crmsync::sandbox::FaultKind;
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn a_full_read_brings_all_and_a_delta_what_changed() {
    let bench = Bench::new(1200, "CRM").await;
    let (pages, end) = bench.fetch(None, Census::No).await.unwrap();
    let full = records(pages);
    assert_eq!((full.len(), end.pages, end.records), (1200, 2, 1200));
    assert!(full.iter().any(|record| record.listed) && full.iter().any(|record| !record.listed));

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
async fn the_first_page_that_was_foreseen_is_asked_for_once() {
    let bench = Bench::new(1_200, "CRM").await;
    let paths: Vec<_> = mapping()
        .pairs
        .iter()
        .map(|pair| pair.google.clone())
        .collect();
    bench.google.foresee(&paths);
    assert_eq!(bench.all().await.len(), 1_200);
    assert_eq!(bench.count("connections.list"), 2);
    assert_eq!(bench.all().await.len(), 1_200, "and never used again");
    assert_eq!(bench.count("connections.list"), 4);
    // A mapping that came out otherwise reads other fields: that page is of no use.
    let other = [Path::parse("nickname").unwrap()];
    bench.google.foresee(&other);
    assert_eq!(bench.all().await.len(), 1_200);
    let asked = bench.count("connections.list");
    assert!((6..=7).contains(&asked), "{asked}");
}

#[tokio::test]
async fn an_expired_cursor_gives_a_restart_and_a_full_read() {
    for kind in [
        FaultKind::SyncTokenExpired400,
        FaultKind::SyncTokenExpired410,
    ] {
        let bench = Bench::new(5, "CRM").await;
        let (_, end) = bench.fetch(None, Census::No).await.unwrap();
        bench.fault("connections.list", kind, 1, Value::Null);
        let (pages, end) = bench.fetch(end.cursor, Census::No).await.unwrap();
        assert!(matches!(pages[0], Page::Restart));
        assert_eq!((end.extent, end.records), (Extent::Full, 5));
        assert!(end.cursor.is_some());
    }
}

#[tokio::test]
async fn direct_reads_say_gone_and_moved() {
    let bench = Bench::new(60, "CRM").await;
    let ids: Vec<RemoteId> = bench.all().await.into_keys().collect();
    bench.delete(&ids[3]);
    let world = bench.running.world();
    let now = world.lock().unwrap().clock.now();
    world
        .lock()
        .unwrap()
        .google
        .admin("rename", &json!({"id": ids[4].as_str()}), now)
        .unwrap();
    let found = bench.google.get(&ids).await.unwrap();
    assert_eq!(found.len(), 60);
    assert_eq!(found[3], Found::Gone);
    assert!(
        matches!(&found[4], Found::Moved(record) if record.id != ids[4]),
        "{:?}",
        found[4]
    );
    assert!(matches!(&found[59], Found::Here(record) if record.id == ids[59]));
}

#[tokio::test]
async fn the_label_is_found_by_name_and_by_id_and_a_wrong_one_names_the_nearest() {
    let bench = Bench::new(4, "CRM").await;
    let probe = bench.google.probe(None).await.unwrap();
    assert!(probe.list.id.starts_with("contactGroups/") && probe.list.size.is_some());
    let bench = Bench::new(4, "crm").await;
    assert_eq!(bench.google.probe(None).await.unwrap().list.name, "CRM");
    let bench = Bench::new(4, "Crmm").await;
    assert_eq!(bench.google.probe(None).await.unwrap().list.id, "");
    let unknown = bench
        .connector("contactGroups/nope")
        .probe(None)
        .await
        .unwrap_err();
    assert_eq!(unknown.kind, Kind::Unknown);
    assert!(unknown.hint.unwrap().contains("`CRM`"));
    // A label that was renamed since is known by what the last probe saw.
    let old = bench.connector("Old name");
    let mut last = bench.connector("CRM").probe(None).await.unwrap();
    assert_eq!(old.probe(Some(&last)).await.unwrap().list.id, "");
    last.extra["group"] = json!("Old name");
    assert_eq!(old.probe(Some(&last)).await.unwrap().list, last.list);
}

#[tokio::test]
async fn trouble_with_the_api_has_its_kind_and_a_hint() {
    for (kind, expected) in [
        (FaultKind::InsufficientScope, Kind::Forbidden),
        (FaultKind::ApiDisabled, Kind::Forbidden),
        (FaultKind::Unauthorized, Kind::Unauthorized),
        (FaultKind::Html404, Kind::Protocol),
        (FaultKind::Html502, Kind::Unavailable),
        (FaultKind::RateLimitedA, Kind::RateLimited),
        (FaultKind::RateLimitedB, Kind::RateLimited),
    ] {
        let bench = Bench::new(2, "CRM").await;
        bench.fault("connections.list", kind, 100_000, Value::Null);
        let failed = bench.fetch(None, Census::No).await.unwrap_err();
        assert_eq!(failed.kind, expected, "{failed}");
        if !matches!(expected, Kind::Unavailable | Kind::RateLimited) {
            assert!(failed.hint.is_some(), "{failed}");
        }
    }
    let bench = Bench::new(2, "CRM").await;
    bench.fault("connections.list", FaultKind::RateLimitedA, 2, Value::Null);
    bench.fault("connections.list", FaultKind::Unauthorized, 1, Value::Null);
    bench.fault("connections.list", FaultKind::DropBefore, 1, Value::Null);
    assert_eq!(bench.fetch(None, Census::No).await.unwrap().1.records, 2);
}

#[tokio::test]
async fn the_fingerprint_is_stable_and_follows_the_label_and_the_fields() {
    let bench = Bench::new(2, "CRM").await;
    let again = bench.connector("CRM");
    let probe = again.probe(None).await.unwrap();
    again.equip(&probe, mapping()).unwrap();
    assert_eq!(again.fingerprint(), bench.google.fingerprint());
    let mut fewer = (*mapping()).clone();
    fewer.pairs.truncate(2);
    again.equip(&probe, fewer.into()).unwrap();
    assert_ne!(again.fingerprint(), bench.google.fingerprint());
    let other = bench.connector("myContacts");
    other
        .equip(&other.probe(None).await.unwrap(), mapping())
        .unwrap();
    assert_ne!(other.fingerprint(), bench.google.fingerprint());
}
