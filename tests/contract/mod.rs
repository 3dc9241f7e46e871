//! The suite, and what a server has to let a person do so that a connector to it can be tested.

pub(crate) mod carddav;
#[path = "../carddav/server.rs"]
mod carddav_server;
pub(crate) mod espocrm;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../sim/espocrm/mod.rs"]
mod espocrm_sim;
pub(crate) mod example;
mod facts;
pub(crate) mod google;
pub(crate) mod hubspot;
#[expect(dead_code, unused_imports, reason = "other tests use the rest")]
#[path = "../sim/hubspot/mod.rs"]
mod hubspot_sim;
pub(crate) mod liar;
pub(crate) mod live;
pub(crate) mod memory;
#[expect(dead_code, reason = "the program that the example is")]
#[path = "../../examples/new_connector.rs"]
mod new_connector;
pub(crate) mod odoo;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../sim/odoo/mod.rs"]
mod odoo_sim;
mod reading;
mod writing;
pub(crate) mod zoho;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use crmsync::connector::{Ask, Census, Cursor, FetchEnd, Found, Lock, Lookup, Page, Sink};
use crmsync::mapping::{Mapping, Pair, Path, canon};
use crmsync::model::{
    Change, Field, Fields, Key, Meeting, Outcome, Probe, Record, RemoteId, Sides, Swap, Value, Why,
    Write,
};
use futures::FutureExt as _;
use futures::future::LocalBoxFuture;

pub(crate) use facts::*;
pub(crate) use reading::*;
pub(crate) use writing::*;

pub(crate) const EMAIL: Field = Field(0);
pub(crate) const GIVEN: Field = Field(1);
pub(crate) const FAMILY: Field = Field(2);
pub(crate) const PHONE: Field = Field(3);
const PATHS: [&str; 5] = [
    "email.work",
    "name.given",
    "name.family",
    "phone.work",
    "nickname",
];

/// A contact as a person types it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contact {
    pub(crate) email: &'static str,
    pub(crate) given: &'static str,
    pub(crate) family: &'static str,
}

pub(crate) const ANN: Contact = Contact {
    email: "ann@example.com",
    given: "Ann",
    family: "Amber",
};
pub(crate) const BEN: Contact = Contact {
    email: "ben@example.com",
    given: "Ben",
    family: "Birch",
};
pub(crate) const CAT: Contact = Contact {
    email: "cat@example.com",
    given: "Cat",
    family: "Cedar",
};

/// A server with an empty list, a person at it, and the connector under test in front of it.
#[async_trait]
pub(crate) trait Subject: Send + Sync {
    /// What the mapped fields are called on a CRM: e-mail, given name, family name, phone.
    fn fields(&self) -> [&'static str; 4];
    /// A connector as a new process has it: not probed, not equipped.
    fn connect(&self) -> Box<dyn Sink>;
    /// A person creates a record in the list.
    async fn add(&self, contact: Contact) -> RemoteId;
    /// The same outside the list; none when the list holds everything.
    async fn add_outside(&self, contact: Contact) -> Option<RemoteId>;
    /// A person changes the given name.
    async fn edit(&self, id: &RemoteId, given: &str);
    /// A person deletes a record.
    async fn delete(&self, id: &RemoteId);
    /// A person takes a record out of the list; false when the list holds everything.
    async fn take_out(&self, id: &RemoteId) -> bool;
    /// A person fills what no pair maps; false when there is no such thing.
    async fn fill_unmapped(&self, id: &RemoteId) -> bool;
    /// Whether that is still there.
    async fn has_unmapped(&self, id: &RemoteId) -> bool;
    /// The cursor as it is long after; none when cursors never expire.
    async fn expired(&self, cursor: &Cursor) -> Option<Cursor>;
    /// The next create is carried out and its answer is lost; false when that cannot be arranged.
    async fn lose_an_answer(&self) -> bool;
    /// Time passes on the server.
    async fn pass(&self, seconds: i64);
    /// A given name that the remote would not store, if there is one that its metadata tell of.
    fn refused(&self) -> Option<String>;
}

/// The promises, handed to another macro after what it is given.
macro_rules! promises {
    ($then:ident $($given:tt)*) => {
        $then! { $($given)*;
            a_create_is_found_and_listed
            a_change_comes_with_the_next_delta
            deltas_add_up_to_a_full_read
            a_deletion_is_told_or_can_be_proven
            leaving_the_list_is_seen
            an_expired_cursor_reads_everything
            keys_are_found_outside_the_list_too
            a_direct_read_is_aligned
            a_stale_update_changes_nothing
            one_bad_write_holds_up_no_other
            an_update_is_stored_and_its_echo_is_equal
            clearing_clears
            what_is_not_mapped_survives
            the_stamp_survives
            a_delete_deletes_once
            a_create_whose_answer_was_lost_is_found
            what_would_be_refused_is_known_beforehand
            requests_are_counted
            the_probe_says_who_and_what
            batches_leave_nothing_out
            the_list_is_what_it_says
            a_change_outside_the_list_comes_as_stated
            a_revision_comes_back_only_where_it_is_said
        }
    };
}
macro_rules! table {
    (; $($promise:ident)*) => {
        &[$((stringify!($promise), |subject| $promise(subject).boxed_local())),*]
    };
}

/// A promise, kept or broken by a panic.
type Promise = for<'s> fn(&'s dyn Subject) -> LocalBoxFuture<'s, ()>;

/// All promises by name.
pub(crate) const PROMISES: &[(&str, Promise)] = promises!(table);

/// A test for each promise, its subject made anew.
macro_rules! suite {
    ($(#[$attribute:meta])* $name:ident, $subject:expr) => {
        mod $name {
            use crate::contract::{self, each, promises};

            promises!(each [$(#[$attribute])*] $subject);
        }
    };
}
macro_rules! each {
    ([$($attributes:tt)*] $subject:expr; $first:ident $($rest:ident)*) => {
        $($attributes)*
        #[tokio::test]
        async fn $first() {
            let subject = $subject;
            contract::$first(&subject).await;
        }
        each!([$($attributes)*] $subject; $($rest)*);
    };
    ([$($attributes:tt)*] $subject:expr;) => {};
}
pub(crate) use {each, promises, suite};

/// A connector that is ready to work.
pub(crate) struct Bench {
    pub(crate) sink: Box<dyn Sink>,
    mapping: Arc<Mapping>,
}

impl Bench {
    pub(crate) async fn open(subject: &dyn Subject) -> Self {
        Self::with(subject, &subject.fields()).await
    }

    /// One that maps these fields of the CRM.
    pub(crate) async fn with(subject: &dyn Subject, fields: &[&str]) -> Self {
        let sink = subject.connect();
        let probe: Probe = sink.probe(None).await.unwrap();
        let mapping = mapping(fields);
        sink.equip(&probe, Arc::clone(&mapping)).unwrap();
        Self { sink, mapping }
    }

    pub(crate) async fn fetch(&self, since: Option<&Cursor>, census: Census) -> Reading {
        let (sender, mut pages) = tokio::sync::mpsc::channel(2);
        let ask = Ask {
            since: since.cloned(),
            census,
            now: jiff::Timestamp::now().as_second(),
        };
        let take = async {
            let mut reading = Reading::default();
            while let Some(page) = pages.recv().await {
                reading.take(page);
            }
            reading
        };
        let (end, mut reading) = futures::join!(self.sink.fetch(&ask, sender), take);
        reading.end = Some(end.unwrap());
        reading
    }

    /// A full read, and its cursor.
    pub(crate) async fn full(&self) -> (Reading, Cursor) {
        let reading = self.fetch(None, Census::No).await;
        let cursor = reading.end.as_ref().unwrap().cursor.clone().unwrap();
        (reading, cursor)
    }

    /// A connector that writes as long after the reading as the remote's lock asks for: one without a
    /// lock believes what it has just read.
    pub(crate) async fn later(self, subject: &dyn Subject) -> Self {
        match self.sink.capabilities().lock {
            Lock::PerRequest => self,
            Lock::ReadCompare => Self::open(subject).await,
        }
    }

    /// Waits until look-ups know of what is there.
    pub(crate) async fn indexed(&self, subject: &dyn Subject) {
        match self.sink.capabilities().lookup {
            Lookup::Asked | Lookup::Scanned => {}
            Lookup::Late => subject.pass(60).await,
        }
    }

    pub(crate) async fn get(&self, id: &RemoteId) -> Record {
        match self
            .sink
            .get(std::slice::from_ref(id))
            .await
            .unwrap()
            .remove(0)
        {
            Found::Here(record) => *record,
            other @ (Found::Moved(_) | Found::Gone | Found::Hidden) => panic!("{id}: {other:?}"),
        }
    }

    pub(crate) fn value(&self, field: Field, text: &str) -> Value {
        let pair = self.mapping.pair(field).unwrap();
        self.mapping.value(pair, text).unwrap()
    }

    /// Sends writes; the outcomes in the order of the writes, as long as the connector keeps them.
    pub(crate) async fn write(&self, writes: Vec<Write>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for batch in self.sink.batches(writes) {
            let written = self.sink.write(&batch).await;
            assert_eq!(written.outcomes.len(), batch.len(), "one outcome per write");
            outcomes.extend(written.outcomes);
        }
        outcomes
    }

    pub(crate) fn to(&self, twin: &str, key: Option<&str>, change: Change) -> Write {
        Write {
            on: self.sink.side(),
            link: None,
            twin: RemoteId::from(twin),
            key: key.and_then(canon::email),
            changed_at: None,
            meeting: Meeting::First,
            twin_listed: true,
            why: Why::Missing,
            change,
        }
    }

    pub(crate) fn create(&self, contact: Contact) -> Write {
        let fields: Fields = [
            (EMAIL, contact.email),
            (GIVEN, contact.given),
            (FAMILY, contact.family),
        ]
        .map(|(field, text)| (field, self.value(field, text)))
        .into();
        let change = Change::Create {
            fields,
            twin_holds: BTreeMap::new(),
            unread: Vec::new(),
        };
        self.to(twin(contact).as_str(), Some(contact.email), change)
    }

    pub(crate) fn update(&self, record: &Record, field: Field, to: Option<&str>) -> Write {
        let swap = Swap {
            from: record.fields.get(&field).cloned(),
            to: to.map(|text| self.value(field, text)),
        };
        let change = Change::Update {
            id: record.id.clone(),
            expected: record.version.clone(),
            native: record.native.clone(),
            patch: [(field, swap)].into(),
        };
        self.to("twin-of-it", None, change)
    }

    pub(crate) fn remove(&self, record: &Record) -> Write {
        let change = Change::Delete {
            id: record.id.clone(),
            expected: record.version.clone(),
            before: record.fields.clone(),
        };
        self.to("twin-of-it", None, change)
    }
}

/// What a fetch brought.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) records: BTreeMap<RemoteId, Record>,
    pub(crate) deleted: BTreeSet<RemoteId>,
    pub(crate) census: Option<BTreeSet<RemoteId>>,
    pub(crate) restarts: usize,
    pub(crate) end: Option<FetchEnd>,
}

impl Reading {
    fn take(&mut self, page: Page) {
        match page {
            Page::Restart => {
                *self = Self {
                    restarts: self.restarts + 1,
                    ..Self::default()
                };
            }
            Page::Records(records) => {
                let by_id = records
                    .into_iter()
                    .map(|record| (record.id.clone(), record));
                self.records.extend(by_id);
            }
            Page::Deleted(ids) => self.deleted.extend(ids),
            Page::Renamed { from, to } => panic!("nobody renamed {from} to {to}"),
            Page::Census(ids) => self.census.get_or_insert_default().extend(ids),
        }
    }

    pub(crate) fn cursor(&self) -> Cursor {
        self.end.as_ref().unwrap().cursor.clone().unwrap()
    }
}

pub(crate) fn text(record: &Record, field: Field) -> Option<&str> {
    record.fields.get(&field).map(|value| &*value.text)
}

/// The counterpart of a contact.
pub(crate) fn twin(contact: Contact) -> RemoteId {
    RemoteId::from(format!("people/{}", contact.given.to_lowercase()))
}

pub(crate) fn key(contact: Contact) -> Key {
    canon::email(contact.email).unwrap()
}

fn mapping(fields: &[&str]) -> Arc<Mapping> {
    let pairs = fields
        .iter()
        .zip(PATHS)
        .zip(0..)
        .map(|((crm, google), at)| Pair {
            field: Field(at),
            crm: (*crm).to_owned(),
            google: Path::parse(google).unwrap(),
            to: Sides {
                google: true,
                crm: true,
            },
        });
    Arc::new(Mapping {
        pairs: pairs.collect(),
        key: EMAIL,
        region: None,
    })
}
