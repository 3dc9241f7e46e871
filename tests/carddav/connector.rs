//! The connector alone against each server: reading, writing, who was first, what is gone.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crmsync::connector::carddav::{Carddav, CarddavSettings, default_mapping};
use crmsync::connector::http::{Http, HttpSettings, Patience, Signing, TokenSource};
use crmsync::connector::{Ask, Census, Cursor, Error, Extent, FetchEnd, Found, Page, Sink, Source};
use crmsync::mapping::{Mapping, Pair, Path};
use crmsync::model::{
    Change, Field, Fields, Meeting, Outcome, Patch, Record, RemoteId, Side, Sides, Stored, Swap,
    Value, Version, Why, Write,
};
use secrecy::SecretString;

use crate::server::{Kind, PASSWORD, Server, USER};

struct Basic;

#[async_trait]
impl TokenSource for Basic {
    async fn token(&self) -> Result<SecretString, Error> {
        Ok(PASSWORD.into())
    }

    async fn renew(&self, refused: &SecretString) -> Result<SecretString, Error> {
        Ok(refused.clone())
    }

    fn api_domain(&self) -> Option<String> {
        None
    }
}

/// A connector to the server's address book.
fn connector(server: &Server, endpoint: &str) -> Carddav {
    let http = Http::new(HttpSettings {
        patience: Patience::new(Duration::ZERO),
        ..HttpSettings::new("CardDAV", Signing::Basic(USER.to_owned()), Arc::new(Basic))
    })
    .unwrap();
    let settings = CarddavSettings {
        endpoint: format!("{}{endpoint}", server.root),
        ..CarddavSettings::default()
    };
    Carddav::new(settings, http)
}

fn mapping() -> Arc<Mapping> {
    let pairs = default_mapping()
        .iter()
        .enumerate()
        .map(|(at, pair)| Pair {
            field: Field(u16::try_from(at).unwrap()),
            crm: pair.crm.to_owned(),
            google: Path::parse(pair.google).unwrap(),
            to: Sides {
                google: true,
                crm: true,
            },
        })
        .collect();
    Arc::new(Mapping {
        pairs,
        key: Field(0),
        region: None,
    })
}

fn field(crm: &str) -> Field {
    let mapping = mapping();
    let pair = mapping.pairs.iter().find(|pair| pair.crm == crm);
    pair.unwrap().field
}

async fn ready(server: &Server) -> Carddav {
    let carddav = connector(server, "");
    let probe = carddav.probe(None).await.unwrap();
    carddav.equip(&probe, mapping()).unwrap();
    carddav
}

/// What a fetch brought.
#[derive(Debug, Default)]
struct Heard {
    records: Vec<Record>,
    deleted: Vec<RemoteId>,
    census: Option<Vec<RemoteId>>,
    restarted: bool,
}

async fn fetch(carddav: &Carddav, since: Option<&Cursor>, census: Census) -> (Heard, FetchEnd) {
    let ask = Ask {
        since: since.cloned(),
        census,
        now: 1_790_000_000,
    };
    let (sender, mut pages) = tokio::sync::mpsc::channel(1);
    let taking = async {
        let mut heard = Heard::default();
        while let Some(page) = pages.recv().await {
            match page {
                Page::Restart => {
                    heard = Heard {
                        restarted: true,
                        ..Heard::default()
                    }
                }
                Page::Records(records) => heard.records.extend(records),
                Page::Deleted(ids) => heard.deleted.extend(ids),
                Page::Renamed { .. } => panic!("nothing is renamed on CardDAV"),
                Page::Census(ids) => heard.census.get_or_insert_default().extend(ids),
            }
        }
        heard
    };
    let (end, mut heard) = tokio::join!(carddav.fetch(&ask, sender), taking);
    heard.records.sort_by(|a, b| a.id.cmp(&b.id));
    heard.deleted.sort();
    (heard, end.unwrap())
}

fn write(twin: &str, change: Change) -> Write {
    Write {
        on: Side::Crm,
        link: None,
        twin: RemoteId::from(twin),
        key: None,
        changed_at: None,
        meeting: Meeting::First,
        twin_listed: true,
        why: Why::Missing,
        change,
    }
}

fn creation(twin: &str, fields: &[(&str, &str)]) -> Write {
    let fields: Fields = fields
        .iter()
        .map(|(crm, text)| (field(crm), Value::plain(*text)))
        .collect();
    write(
        twin,
        Change::Create {
            fields,
            twin_holds: std::collections::BTreeMap::new(),
            unread: Vec::new(),
        },
    )
}

fn update(record: &Record, crm: &str, to: Option<&str>) -> Write {
    let swap = Swap {
        from: None,
        to: to.map(Value::plain),
    };
    write(
        "people/x",
        Change::Update {
            id: record.id.clone(),
            expected: record.version.clone(),
            native: record.native.clone(),
            patch: Patch::from([(field(crm), swap)]),
        },
    )
}

fn deletion(id: &RemoteId, expected: &Version) -> Write {
    write(
        "people/x",
        Change::Delete {
            id: id.clone(),
            expected: expected.clone(),
            before: Fields::new(),
        },
    )
}

async fn one(carddav: &Carddav, write: Write) -> Outcome {
    let mut written = carddav.write(&[write]).await;
    assert!(written.stop.is_none(), "{:?}", written.stop);
    written.outcomes.pop().unwrap()
}

#[track_caller]
fn stored(outcome: Outcome) -> Record {
    let Outcome::Done(Stored::Record(record)) = outcome else {
        panic!("{outcome:?}");
    };
    *record
}

fn said(record: &Record, crm: &str) -> String {
    let value = record.fields.get(&field(crm));
    value.map_or_else(String::new, |value| value.text.to_string())
}

fn card(given: &str, email: &str, more: &str) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{email}\r\nFN:{given} Example\r\nN:Example;{given};;;\r\n\
         EMAIL;TYPE=WORK:{email}\r\n{more}END:VCARD\r\n"
    )
}

#[tokio::test]
#[ignore = "needs Radicale and Xandikos: tests/carddav/run"]
async fn the_address_book_is_found_from_any_place() {
    for kind in Kind::BOTH {
        let server = Server::start(kind);
        for endpoint in ["", "/", "/anna/", server.book] {
            let carddav = connector(&server, endpoint);
            let probe = carddav.probe(None).await.unwrap();
            assert_eq!(probe.list.id, server.book, "{kind:?} from {endpoint:?}");
            assert!(probe.list.covers_all);
            assert_eq!(probe.rights.len(), 4, "{kind:?}: {:?}", probe.rights);
            let lists = carddav.lists().await.unwrap();
            assert!(
                lists
                    .iter()
                    .any(|list| list.id == server.book && list.size == Some(0))
            );
        }
        // A server whose well-known address leads on is found from anywhere.
        let nowhere = connector(&server, "/no/such/place/").probe(None).await;
        assert_eq!(nowhere.unwrap().list.id, server.book, "{kind:?}");
    }
}

#[tokio::test]
#[ignore = "needs Radicale and Xandikos: tests/carddav/run"]
async fn changes_and_deletions_are_told_and_equal_a_full_reading() {
    for kind in Kind::BOTH {
        let server = Server::start(kind);
        server.put("a.vcf", &card("Anna", "a@example.com", ""));
        server.put("b.vcf", &card("Bert", "b@example.com", ""));
        server.put("c%20c.vcf", &card("Cleo", "c@example.com", ""));
        let carddav = ready(&server).await;
        let (all, end) = fetch(&carddav, None, Census::No).await;
        assert_eq!(end.extent, Extent::Full);
        assert_eq!(all.records.len(), 3, "{kind:?}: {all:?}");
        assert!(all.records.iter().all(|record| record.listed));
        assert_eq!(said(&all.records[0], "N.given"), "Anna");
        let cursor = end.cursor.unwrap();

        let (none, end) = fetch(&carddav, Some(&cursor), Census::No).await;
        assert_eq!(end.extent, Extent::Delta);
        assert!(
            none.records.is_empty() && none.deleted.is_empty(),
            "{kind:?}: {none:?}"
        );

        server.put("b.vcf", &card("Bea", "b@example.com", ""));
        server.put("d.vcf", &card("Dora", "d@example.com", ""));
        server.delete("a.vcf");
        let (some, end) = fetch(&carddav, Some(&cursor), Census::Yes).await;
        let ids: Vec<&str> = some
            .records
            .iter()
            .map(|record| record.id.as_str())
            .collect();
        assert_eq!(ids, ["b.vcf", "d.vcf"], "{kind:?}");
        assert_eq!(some.deleted, [RemoteId::from("a.vcf")], "{kind:?}");
        let mut census = some.census.unwrap();
        census.sort();
        assert_eq!(census.len(), 3, "{kind:?}: {census:?}");

        let (full, _) = fetch(&carddav, None, Census::No).await;
        let ids: Vec<&RemoteId> = full.records.iter().map(|record| &record.id).collect();
        assert_eq!(ids, census.iter().collect::<Vec<_>>());
        let (none, _) = fetch(&carddav, end.cursor.as_ref(), Census::No).await;
        assert!(
            none.records.is_empty() && none.deleted.is_empty(),
            "{kind:?}: {none:?}"
        );

        let useless = Cursor("token http://example.com/ns/sync/no-such-token".to_owned());
        let (anew, end) = fetch(&carddav, Some(&useless), Census::No).await;
        assert!(anew.restarted, "{kind:?}");
        assert_eq!(end.extent, Extent::Full);
        assert_eq!(anew.records.len(), 3);

        let found = carddav
            .get(&["b.vcf", "a.vcf", "never.vcf"].map(RemoteId::from))
            .await
            .unwrap();
        assert!(matches!(&found[0], Found::Here(record) if said(record, "N.given") == "Bea"));
        assert_eq!(found[1..], [Found::Gone, Found::Gone], "{kind:?}");
    }
}

#[tokio::test]
#[ignore = "needs Radicale and Xandikos: tests/carddav/run"]
async fn a_create_that_is_sent_twice_makes_one_card() {
    for kind in Kind::BOTH {
        let server = Server::start(kind);
        let carddav = ready(&server).await;
        let fields = [
            ("EMAIL", "new@example.com"),
            ("N.given", "Nora"),
            ("N.family", "Muster"),
        ];
        let first = stored(one(&carddav, creation("people/c1", &fields)).await);
        assert_eq!(first.stamp, Some(RemoteId::from("people/c1")));
        let again = stored(one(&carddav, creation("people/c1", &fields)).await);
        assert_eq!(first.id, again.id, "{kind:?}");
        assert_eq!(server.names().len(), 1);

        // What was returned is what is there; when it was stored only a listing says.
        let (mut all, _) = fetch(&carddav, None, Census::No).await;
        all.records[0].changed_at = again.changed_at;
        assert_eq!(
            all.records.as_slice(),
            std::slice::from_ref(&again),
            "{kind:?}"
        );

        // Somebody changed it meanwhile: it is ours, and not what was sent.
        server.put(again.id.as_str(), &{
            let text = server.card(again.id.as_str()).unwrap();
            text.replace("Muster", "Changed")
        });
        let third = one(&carddav, creation("people/c1", &fields)).await;
        assert_eq!(
            third,
            Outcome::Duplicate {
                of: again.id.clone()
            },
            "{kind:?}"
        );
        let look = carddav
            .look(&[creation("people/c1", &fields), creation("people/c9", &[])])
            .await;
        let look = look.unwrap();
        assert_eq!(look.len(), 1);
        assert_eq!(look[0].id, again.id);

        // Somebody else's card has the name: another one is taken. Radicale lets nobody change a UID.
        server.delete(again.id.as_str());
        server.put(again.id.as_str(), &card("Other", "other@example.com", ""));
        let other = stored(one(&carddav, creation("people/c1", &fields)).await);
        assert_ne!(other.id, again.id);
        assert_eq!(server.names().len(), 2, "{kind:?}");
    }
}

#[tokio::test]
#[ignore = "needs Radicale and Xandikos: tests/carddav/run"]
async fn who_was_first_wins_and_the_other_hears_of_it() {
    for kind in Kind::BOTH {
        let server = Server::start(kind);
        server.put(
            "a.vcf",
            &card("Anna", "a@example.com", "X-KEEP;P=\"a,b\":one\\, two\r\n"),
        );
        let carddav = ready(&server).await;
        let (all, _) = fetch(&carddav, None, Census::No).await;
        let before = all.records[0].clone();

        let after = stored(one(&carddav, update(&before, "TITLE", Some("Chief"))).await);
        assert_eq!(said(&after, "TITLE"), "Chief");
        assert_ne!(after.version, before.version);
        let text = server.card("a.vcf").unwrap();
        assert!(text.contains("TITLE:Chief\r\n"), "{text}");

        let stale = one(&carddav, update(&before, "TITLE", Some("Boss"))).await;
        assert_eq!(stale, Outcome::Stale, "{kind:?}");
        assert_eq!(
            one(&carddav, deletion(&before.id, &before.version)).await,
            Outcome::Stale
        );
        assert_eq!(server.card("a.vcf").unwrap(), text);

        let cleared = stored(one(&carddav, update(&after, "TITLE", None)).await);
        assert!(!server.card("a.vcf").unwrap().contains("TITLE"));
        let done = one(&carddav, deletion(&cleared.id, &cleared.version)).await;
        assert_eq!(done, Outcome::Done(Stored::Nothing), "{kind:?}");
        assert!(server.names().is_empty());
        assert_eq!(
            one(&carddav, deletion(&cleared.id, &cleared.version)).await,
            Outcome::Gone
        );
        assert_eq!(
            one(&carddav, update(&cleared, "TITLE", Some("x"))).await,
            Outcome::Gone
        );
    }
}
