//! Fetching: the whole list, or what changed in all contacts since a watermark.
//!
//! The watermark is the server's time at the start of a fetch less a look-back. Identifiers never
//! change, so pages by identifier lose nothing. Deletions are not told: the engine compares the
//! identifiers of the list and asks for what is missing.

use std::collections::HashSet;

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::Espo;
use super::api::{self, Ask as Call, Refusals};
use super::convert;
use super::explain::{explain, fail, no_sense, says_gone};
use super::gear::Gear;
use super::lists::{filter, path};
use super::query::{Query, Where};
use super::wire::Row;
use crate::connector::http::SendError;
use crate::connector::{Ask, Census, Cursor, Error, Extent, FetchEnd, Kind, Page, PageSender};
use crate::model::{Record, RemoteId};

/// Seconds by which a window reaches back behind the start of the scan before it: a change is dated
/// when its saving begins and seen when it ends.
const LOOK_BACK: i64 = 120;
/// The same where the server does not tell its time.
const BLIND_LOOK_BACK: i64 = 900;
/// How many identifiers go into one condition: they are part of the address.
const IDS: usize = 100;

/// What a cursor holds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Watermark {
    /// Seconds since the epoch by the server's clock.
    w: i64,
}

/// What a fetch came to so far.
#[derive(Default)]
struct Part {
    pages: u32,
    records: u64,
    began: Option<i64>,
}

/// What reading one record brought.
pub(super) enum One {
    /// Its content.
    Here(Row),
    /// EspoCRM says that it does not exist.
    Gone,
    /// It cannot be seen.
    Hidden,
}

impl Espo {
    /// See [`crate::connector::Source::fetch`].
    pub(super) async fn fetch_pages(
        &self,
        ask: &Ask,
        pages: PageSender,
    ) -> Result<FetchEnd, Error> {
        let gear = self.gear()?;
        let given = ask.since.as_ref();
        let mark = given.and_then(|cursor| serde_json::from_str::<Watermark>(&cursor.0).ok());
        let since = mark.map(|mark| mark.w);
        if given.is_some() && since.is_none() {
            tracing::warn!("the last position in EspoCRM is unreadable: everything is read again");
            drop(pages.send(Page::Restart).await);
        }
        let extent = if since.is_some() {
            Extent::Delta
        } else {
            Extent::Full
        };
        let read = async {
            let mut part = match since {
                None => self.whole(&gear, &pages).await?,
                Some(since) => self.changed(&gear, since, &pages).await?,
            };
            if since.is_some() && ask.census == Census::Yes {
                part.pages += self.census(&gear, &pages).await?;
            }
            Ok(part)
        };
        let part: Part = match read.await {
            Ok(part) => part,
            Err(_) if pages.is_closed() => {
                return Ok(FetchEnd {
                    extent,
                    cursor: None,
                    pages: 0,
                    records: 0,
                });
            }
            Err(error) => return Err(error),
        };
        let w = part
            .began
            .map_or(ask.now - BLIND_LOOK_BACK, |began| began - LOOK_BACK);
        let mark = Watermark {
            w: since.map_or(w, |since| w.max(since)),
        };
        Ok(FetchEnd {
            extent,
            cursor: serde_json::to_string(&mark).ok().map(Cursor),
            pages: part.pages,
            records: part.records,
        })
    }

    /// Every contact of the list.
    async fn whole(&self, gear: &Gear, pages: &PageSender) -> Result<Part, Error> {
        let doing = "read the list";
        let path = path(&gear.extra.view);
        let query = Query {
            path: &path,
            filter: filter(&gear.extra.view),
            conditions: Vec::new(),
            select: &gear.select,
        };
        let mut part = Part::default();
        let mut after: Option<String> = None;
        loop {
            let page = self.page(doing, &query, after.as_deref()).await?;
            part.began = part.began.or(page.began);
            let records = self.records(gear, page.rows, |_| true).await?;
            tell(&mut part, records, pages).await?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(part),
            }
        }
    }

    /// What changed among all contacts since then, with its membership.
    async fn changed(&self, gear: &Gear, since: i64, pages: &PageSender) -> Result<Part, Error> {
        let query = Query {
            path: "Contact",
            filter: None,
            conditions: vec![Where::changed_since(since)],
            select: &gear.select,
        };
        let mut part = Part::default();
        let mut after: Option<String> = None;
        loop {
            let page = self
                .page("read what changed", &query, after.as_deref())
                .await?;
            part.began = part.began.or(page.began);
            let ids: Vec<String> = page
                .rows
                .iter()
                .filter_map(api::id)
                .map(str::to_owned)
                .collect();
            let members = self.members_among(gear, &ids).await?;
            let records = self
                .records(gear, page.rows, |id| members.contains(id))
                .await?;
            tell(&mut part, records, pages).await?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(part),
            }
        }
    }

    /// The identifiers of all members of the list.
    async fn census(&self, gear: &Gear, pages: &PageSender) -> Result<u32, Error> {
        let select = ["id".to_owned()];
        let path = path(&gear.extra.view);
        let query = Query {
            path: &path,
            filter: filter(&gear.extra.view),
            conditions: Vec::new(),
            select: &select,
        };
        let mut count = 0;
        let mut after: Option<String> = None;
        loop {
            let page = self
                .page("list the members", &query, after.as_deref())
                .await?;
            count += 1;
            let ids = page.rows.iter().filter_map(api::id).map(RemoteId::from);
            send(pages, Page::Census(ids.collect())).await?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(count),
            }
        }
    }

    /// Which of these contacts are in the list now.
    pub(super) async fn members_among(
        &self,
        gear: &Gear,
        ids: &[String],
    ) -> Result<HashSet<String>, Error> {
        if gear.list.covers_all {
            return Ok(ids.iter().cloned().collect());
        }
        let select = ["id".to_owned()];
        let path = path(&gear.extra.view);
        let mut members = HashSet::new();
        for some in ids.chunks(IDS) {
            let some: Vec<&str> = some.iter().map(String::as_str).collect();
            let query = Query {
                path: &path,
                filter: filter(&gear.extra.view),
                conditions: vec![Where::ids(&some)],
                select: &select,
            };
            let rows = self.rows("read which are in the list", &query).await?;
            members.extend(rows.iter().filter_map(api::id).map(str::to_owned));
        }
        Ok(members)
    }

    /// Rows of a listing as records; each is read by itself where the listing does not tell
    /// everything. One that is gone or hidden by then is left out.
    pub(super) async fn records(
        &self,
        gear: &Gear,
        rows: Vec<Row>,
        listed: impl Fn(&str) -> bool,
    ) -> Result<Vec<Record>, Error> {
        let rows = if gear.one_by_one {
            let ids: Vec<&str> = rows.iter().filter_map(api::id).collect();
            let read = self.many(&ids).await?;
            let here = |one| match one {
                One::Here(row) => Some(row),
                One::Gone | One::Hidden => None,
            };
            read.into_iter().filter_map(here).collect()
        } else {
            rows
        };
        rows.iter()
            .map(|row| {
                let yes = api::id(row).is_some_and(&listed);
                convert::record(gear, row, yes)
                    .ok_or_else(|| no_sense("read contacts", "a record has no id"))
            })
            .collect()
    }

    /// Reads contacts, as many at once as there are places; one answer per identifier, in order.
    pub(super) async fn many(&self, ids: &[&str]) -> Result<Vec<One>, Error> {
        let mut reads = Vec::with_capacity(ids.len());
        for id in ids {
            reads.push(self.one(id));
        }
        try_join_all(reads).await
    }

    /// Reads one contact.
    pub(super) async fn one(&self, id: &str) -> Result<One, Error> {
        let doing = "read a contact";
        let ask = Call {
            refusals: Refusals::Taken,
            ..Call::get("read", doing, format!("Contact/{id}"))
        };
        let reply = self.call(ask).await.map_err(SendError::into_error)?;
        match reply.answer.status {
            200..=299 => reply.read(doing).map(One::Here),
            404 if says_gone(&reply.answer) => Ok(One::Gone),
            403 | 404 => Ok(One::Hidden),
            _ => Err(explain(&reply.answer, doing)),
        }
    }
}

async fn tell(part: &mut Part, records: Vec<Record>, pages: &PageSender) -> Result<(), Error> {
    part.pages += 1;
    if records.is_empty() {
        return Ok(());
    }
    part.records += u64::try_from(records.len()).unwrap_or(u64::MAX);
    send(pages, Page::Records(records)).await
}

async fn send(pages: &PageSender, page: Page) -> Result<(), Error> {
    pages.send(page).await.map_err(|_| {
        fail(
            "read contacts",
            Kind::Unavailable,
            "nobody listens any more",
        )
    })
}
