//! What tests of one connector share: a fixed key, a mapping by its defaults, readings, and writes to send.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use crmsync::connector::http::{TokenSource, error};
use crmsync::connector::{
    Ask, Census, Cursor, DefaultPair, Error, FetchEnd, Found, Kind, Page, Source,
};
use crmsync::mapping::{Mapping, Pair, Path};
use crmsync::model::{
    Change, Field, Fields, Key, Meeting, Native, Outcome, Patch, Probe, Record, RemoteId, Side,
    Sides, Stored, Swap, Value, Why, Write,
};
use secrecy::SecretString;

/// A key that never changes.
pub(crate) struct Fixed(pub(crate) &'static str);

#[async_trait]
impl TokenSource for Fixed {
    async fn token(&self) -> Result<SecretString, Error> {
        Ok(self.0.to_owned().into())
    }
    async fn renew(&self, _refused: &SecretString) -> Result<SecretString, Error> {
        Err(error(
            "the CRM",
            "renew the key",
            Kind::Unauthorized,
            "a key cannot be renewed",
        ))
    }
    fn api_domain(&self) -> Option<String> {
        None
    }
}

/// The default mapping, as far as the fields are there.
pub(crate) fn mapping(probe: &Probe, defaults: Vec<DefaultPair>, region: Option<&str>) -> Mapping {
    let names: BTreeSet<&str> = probe.fields.iter().map(|info| info.name.as_str()).collect();
    let pairs: Vec<Pair> = defaults
        .into_iter()
        .filter(|pair| names.contains(pair.crm))
        .zip(0_u16..)
        .map(|(pair, at)| Pair {
            field: Field(at),
            crm: pair.crm.to_owned(),
            google: Path::parse(pair.google).unwrap(),
            to: Sides::from_fn(|side| side == Side::Google || !pair.to_google_only),
        })
        .collect();
    Mapping {
        pairs,
        key: Field(0),
        region: region.map(str::to_owned),
    }
}

/// The number of a CRM field.
pub(crate) fn field(mapping: &Mapping, crm: &str) -> Field {
    mapping
        .pairs
        .iter()
        .find(|pair| pair.crm == crm)
        .unwrap()
        .field
}

/// A text as a value of a CRM field.
pub(crate) fn value(mapping: &Mapping, crm: &str, text: &str) -> Value {
    let pair = mapping.pairs.iter().find(|pair| pair.crm == crm).unwrap();
    mapping.value(pair, text).unwrap()
}

/// What a record has in a CRM field.
pub(crate) fn text<'a>(mapping: &Mapping, record: &'a Record, crm: &str) -> Option<&'a str> {
    record
        .fields
        .get(&field(mapping, crm))
        .map(|value| &*value.text)
}

#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) records: BTreeMap<String, Record>,
    pub(crate) deleted: BTreeSet<String>,
    pub(crate) census: Option<BTreeSet<String>>,
    /// Former identifiers and what they became.
    pub(crate) renamed: BTreeMap<String, String>,
    pub(crate) restarts: usize,
}

pub(crate) async fn fetch(
    source: &dyn Source,
    since: Option<&Cursor>,
    census: Census,
) -> Result<(FetchEnd, Read), Error> {
    let (sender, mut pages) = tokio::sync::mpsc::channel(4);
    let ask = Ask {
        since: since.cloned(),
        census,
        now: jiff::Timestamp::now().as_second(),
    };
    let take = async {
        let mut read = Read::default();
        while let Some(page) = pages.recv().await {
            match page {
                Page::Restart => {
                    read = Read {
                        restarts: read.restarts + 1,
                        ..Read::default()
                    };
                }
                Page::Records(records) => {
                    for record in records {
                        read.records.insert(record.id.to_string(), record);
                    }
                }
                Page::Deleted(ids) => read.deleted.extend(ids.iter().map(ToString::to_string)),
                Page::Renamed { from, to } => {
                    read.renamed.insert(from.to_string(), to.to_string());
                }
                Page::Census(ids) => read
                    .census
                    .get_or_insert_default()
                    .extend(ids.iter().map(ToString::to_string)),
            }
        }
        read
    };
    let (end, read) = tokio::join!(source.fetch(&ask, sender), take);
    end.map(|end| (end, read))
}

/// A record that has to be there.
pub(crate) async fn one(source: &dyn Source, id: &str) -> Record {
    let mut found = source.get(&[RemoteId::from(id)]).await.unwrap();
    let Found::Here(record) = found.remove(0) else {
        panic!("{id} is not here");
    };
    *record
}

fn write(key: Option<&str>, change: Change) -> Write {
    Write {
        on: Side::Crm,
        link: None,
        twin: RemoteId::from("people/c1"),
        key: key.map(Key::from),
        changed_at: None,
        meeting: Meeting::First,
        twin_listed: true,
        why: Why::Missing,
        change,
    }
}

/// A create of fields by their CRM names; the first one is the address.
pub(crate) fn create(mapping: &Mapping, key: Option<&str>, fields: &[(&str, &str)]) -> Write {
    let fields: Fields = fields
        .iter()
        .map(|(crm, text)| (field(mapping, crm), value(mapping, crm, text)))
        .collect();
    write(
        key,
        Change::Create {
            fields,
            twin_holds: BTreeMap::new(),
            unread: Vec::new(),
        },
    )
}

/// An update of fields by their CRM names.
pub(crate) fn update(mapping: &Mapping, record: &Record, to: &[(&str, Option<&str>)]) -> Write {
    let patch: Patch = to
        .iter()
        .map(|(crm, text)| {
            let swap = Swap {
                from: record.fields.get(&field(mapping, crm)).cloned(),
                to: text.map(|text| value(mapping, crm, text)),
            };
            (field(mapping, crm), swap)
        })
        .collect();
    write(
        record.key.as_ref().map(Key::as_str),
        Change::Update {
            id: record.id.clone(),
            expected: record.version.clone(),
            native: Native::default(),
            patch,
        },
    )
}

pub(crate) fn delete(record: &Record) -> Write {
    write(
        None,
        Change::Delete {
            id: record.id.clone(),
            expected: record.version.clone(),
            before: record.fields.clone(),
        },
    )
}

/// The record that a write left.
pub(crate) fn stored(outcome: &Outcome) -> &Record {
    let Outcome::Done(Stored::Record(record)) = outcome else {
        panic!("not done: {outcome:?}");
    };
    record
}

/// The reason of a refusal.
pub(crate) fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Rejected(refusal) => &refusal.reason,
        Outcome::Denied { reason } | Outcome::Uncertain { reason } => reason,
        other @ (Outcome::Done(_)
        | Outcome::Stale
        | Outcome::Duplicate { .. }
        | Outcome::Gone
        | Outcome::NotTried) => panic!("not refused: {other:?}"),
    }
}
