//! Reading cards by name: several in one request, or one as it is stored.

use std::collections::BTreeSet;

use super::Carddav;
use super::call::{Ask, fail, refused};
use super::convert::{Resource, Source, resource};
use super::gear::Gear;
use super::href;
use crate::connector::http::{Answer, SendError};
use crate::connector::{Error, Found, Kind};
use crate::model::{Key, Moment, Record, RemoteId, Version, Write};

/// The most cards in one direct read.
const CARDS: usize = 100;

/// What a request for several cards brought.
#[derive(Debug, Default)]
pub(super) struct Cards {
    pub(super) records: Vec<Record>,
    /// Groups of contacts, which take no part.
    pub(super) groups: BTreeSet<RemoteId>,
    /// Those of which the server says that they are not there.
    pub(super) gone: Vec<RemoteId>,
    /// Those that the answer does not mention, or whose card it does not hold.
    pub(super) unsaid: Vec<RemoteId>,
}

/// What a request for one card brought.
#[derive(Debug)]
pub(super) enum Single {
    Found(Found),
    /// It is a group of contacts.
    Group,
}

/// What is looked for in the whole address book.
enum Keep {
    Keys(Vec<Key>),
    Stamps(Vec<RemoteId>),
}

impl Keep {
    fn takes(&self, record: &Record) -> bool {
        match self {
            Self::Keys(keys) => record.key.as_ref().is_some_and(|key| keys.contains(key)),
            Self::Stamps(twins) => record
                .stamp
                .as_ref()
                .is_some_and(|stamp| twins.contains(stamp)),
        }
    }
}

/// A card as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// Its text; none when it is not in UTF-8.
    pub(super) text: Option<String>,
    /// Its revision; none when the server does not tell.
    pub(super) etag: Option<String>,
    pub(super) modified: Option<Moment>,
}

/// A revision from an ETag: whether it is a weak one makes no difference to its being another.
pub(super) fn version(etag: &str) -> String {
    etag.trim().trim_start_matches("W/").to_owned()
}

/// An HTTP date.
fn moment(text: &str) -> Option<Moment> {
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Moment(date.timestamp().as_second()))
}

/// A header of an answer.
pub(super) fn header(answer: &Answer, name: &str) -> Option<String> {
    let value = answer.headers.get(name)?.to_str().ok()?;
    (!value.is_empty()).then(|| value.to_owned())
}

impl Carddav {
    /// Reads several cards.
    pub(super) async fn cards(&self, gear: &Gear, ids: &[RemoteId]) -> Result<Cards, Error> {
        let doing = "read cards";
        let paths: Vec<String> = ids
            .iter()
            .map(|id| href::url(&gear.book, id).path().to_owned())
            .collect();
        let ask = Ask::multiget(doing, gear.book.clone(), paths.iter().map(String::as_str));
        let (_, read) = self.ask(ask).await?;
        let mut open: BTreeSet<&RemoteId> = ids.iter().collect();
        let mut cards = Cards::default();
        for response in read.responses {
            let Some(id) = href::name(&gear.book, &response.href) else {
                continue;
            };
            if !open.contains(&id) {
                continue;
            }
            if matches!(response.status, Some(404 | 410)) {
                open.remove(&id);
                cards.gone.push(id);
                continue;
            }
            let (Some(text), Some(etag)) = (&response.props.card, &response.props.etag) else {
                continue;
            };
            open.remove(&id);
            let from = Source {
                id: id.clone(),
                version: Version::from(version(etag)),
                changed_at: response.props.modified.as_deref().and_then(moment),
            };
            match resource(gear, from, text) {
                Resource::Contact(record) => cards.records.push(*record),
                Resource::Group => drop(cards.groups.insert(id)),
            }
        }
        cards.unsaid = open.into_iter().cloned().collect();
        Ok(cards)
    }

    /// Reads one card byte for byte; none when there is none.
    pub(super) async fn stored(&self, gear: &Gear, id: &RemoteId) -> Result<Option<Stored>, Error> {
        let doing = "read a card";
        let mut ask = Ask::plain("get", doing, "GET", href::url(&gear.book, id));
        ask.headers = vec![
            (
                "accept",
                "text/vcard, text/x-vcard;q=0.5, */*;q=0.1".to_owned(),
            ),
            // A server that packs an answer may give it another revision.
            ("accept-encoding", "identity".to_owned()),
        ];
        let answer = self.call(ask).await.map_err(SendError::into_error)?;
        match answer.status {
            200 => Ok(Some(Stored {
                etag: header(&answer, "etag"),
                modified: header(&answer, "last-modified").and_then(|text| moment(&text)),
                text: String::from_utf8(answer.body).ok(),
            })),
            404 | 410 => Ok(None),
            _ => Err(refused(doing, &answer)),
        }
    }

    /// Reads one card as a record.
    pub(super) async fn single(&self, gear: &Gear, id: &RemoteId) -> Result<Single, Error> {
        let stored = match self.stored(gear, id).await {
            Ok(Some(stored)) => stored,
            Ok(None) => return Ok(Single::Found(Found::Gone)),
            Err(error) if error.kind == Kind::Forbidden => {
                return Ok(Single::Found(Found::Hidden));
            }
            Err(error) => return Err(error),
        };
        Ok(match Self::understood(gear, id, &stored)? {
            Resource::Contact(record) => Single::Found(Found::Here(record)),
            Resource::Group => Single::Group,
        })
    }

    /// A stored card as a record.
    pub(super) fn understood(
        gear: &Gear,
        id: &RemoteId,
        stored: &Stored,
    ) -> Result<Resource, Error> {
        let etag = stored.etag.as_deref().ok_or_else(no_revisions)?;
        let from = Source {
            id: id.clone(),
            version: Version::from(version(etag)),
            changed_at: stored.modified,
        };
        Ok(resource(
            gear,
            from,
            stored.text.as_deref().unwrap_or_default(),
        ))
    }

    /// See [`crate::connector::Source::get`].
    pub(super) async fn get_records(&self, ids: &[RemoteId]) -> Result<Vec<Found>, Error> {
        let gear = self.gear()?;
        let mut found = Vec::with_capacity(ids.len());
        for part in ids.chunks(CARDS) {
            let mut cards = self.cards(&gear, part).await?;
            for id in part {
                let at = cards.records.iter().position(|record| record.id == *id);
                found.push(match at {
                    Some(at) => Found::Here(Box::new(cards.records[at].clone())),
                    None if cards.gone.contains(id) => Found::Gone,
                    None if cards.groups.contains(id) => Found::Hidden,
                    None => match self.single(&gear, id).await? {
                        Single::Found(found) => found,
                        Single::Group => Found::Hidden,
                    },
                });
            }
            cards.records.clear();
        }
        Ok(found)
    }

    /// See [`crate::connector::Source::find`].
    pub(super) async fn find_records(&self, keys: &[Key]) -> Result<Vec<Record>, Error> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.scan(&Keep::Keys(keys.to_vec())).await
    }

    /// Looks for cards that were perhaps created: by the name that they would have, else among all.
    pub(super) async fn look_for(&self, open: &[Write]) -> Result<Vec<Record>, Error> {
        let gear = self.gear()?;
        let mut found = Vec::new();
        let mut unseen = Vec::new();
        for write in open {
            let name = super::create::name(&write.twin, 0);
            match self.single(&gear, &name.id).await? {
                Single::Found(Found::Here(record))
                    if record.stamp.as_ref() == Some(&write.twin) =>
                {
                    found.push(*record);
                }
                Single::Found(Found::Here(_) | Found::Moved(_) | Found::Gone | Found::Hidden)
                | Single::Group => unseen.push(write.twin.clone()),
            }
        }
        if !unseen.is_empty() {
            // A server may have given the card another name.
            found.extend(self.scan(&Keep::Stamps(unseen)).await?);
        }
        Ok(found)
    }

    /// Reads the whole address book and keeps some of it.
    async fn scan(&self, keep: &Keep) -> Result<Vec<Record>, Error> {
        let ask = crate::connector::Ask {
            since: None,
            census: crate::connector::Census::No,
            now: 0,
        };
        let (sender, mut pages) = tokio::sync::mpsc::channel(1);
        let reading = self.fetch_pages(&ask, sender);
        let keeping = async {
            let mut kept = Vec::new();
            while let Some(page) = pages.recv().await {
                if let crate::connector::Page::Records(records) = page {
                    kept.extend(records.into_iter().filter(|record| keep.takes(record)));
                }
            }
            kept
        };
        let (read, kept) = futures::join!(reading, keeping);
        read.map(|_| kept)
    }
}

fn no_revisions() -> Error {
    fail(
        "read a card",
        Kind::Protocol,
        "the server gives no ETags, without which nothing can be written safely",
    )
}
