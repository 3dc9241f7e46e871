//! Fetching: the whole list, or what changed among all partners since a watermark.
//!
//! The watermark is the server's time at the start of a fetch less a look-back: a change is dated
//! when its transaction begins and seen when it ends. Pages go by number, which never changes. What
//! was archived since is told as deleted; what was unlinked is not told at all.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::api::Ask as Call;
use super::convert::{self, active, id, instant};
use super::explain::{explain, fail, no_sense};
use super::gear::Gear;
use super::wire::Row;
use super::{Odoo, PARTNER, domain, lists};
use crate::connector::http::SendError;
use crate::connector::{Ask, Census, Cursor, Error, Extent, FetchEnd, Kind, Page, PageSender};
use crate::model::{Record, RemoteId};

/// Seconds by which a window reaches back behind the start of the scan before it.
const LOOK_BACK: i64 = 900;
/// The same where the server does not tell its time.
const BLIND_LOOK_BACK: i64 = 1800;
/// How many records a page has. Odoo itself has no limit.
const PAGE: usize = 1000;

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

/// One page of a reading.
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    /// The number behind which it goes on; none at the end.
    pub(super) next: Option<i64>,
    pub(super) began: Option<i64>,
}

impl Odoo {
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
            tracing::warn!("the last position in Odoo is unreadable: everything is read again");
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

    /// Every person of the list.
    async fn whole(&self, gear: &Gear, pages: &PageSender) -> Result<Part, Error> {
        let members = lists::members(&gear.extra.view);
        let mut part = Part::default();
        let mut after = None;
        loop {
            let page = self
                .page("read the list", &members, &gear.select, after)
                .await?;
            part.began = part.began.or(page.began);
            let records = records(gear, &page.rows, |_| true)?;
            tell(&mut part, records, Vec::new(), pages).await?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(part),
            }
        }
    }

    /// What changed among all partners since then, with its membership.
    async fn changed(&self, gear: &Gear, since: i64, pages: &PageSender) -> Result<Part, Error> {
        let changed = json!([["write_date", ">=", instant(since)]]);
        let mut part = Part::default();
        let mut after = None;
        loop {
            let page = self
                .page("read what changed", &changed, &gear.select, after)
                .await?;
            part.began = part.began.or(page.began);
            let (there, archived): (Vec<Row>, Vec<Row>) = page.rows.into_iter().partition(active);
            let members = self.members_among(gear, &there).await?;
            let records = records(gear, &there, |id| members.contains(&id))?;
            let gone = archived.iter().filter_map(id).map(remote).collect();
            tell(&mut part, records, gone, pages).await?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(part),
            }
        }
    }

    /// The numbers of all members of the list.
    async fn census(&self, gear: &Gear, pages: &PageSender) -> Result<u32, Error> {
        let members = lists::members(&gear.extra.view);
        let select = ["id".to_owned()];
        let mut count = 0;
        let mut after = None;
        loop {
            let page = self
                .page("list the members", &members, &select, after)
                .await?;
            count += 1;
            let ids = page.rows.iter().filter_map(id).map(remote).collect();
            send(pages, Page::Census(ids)).await?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(count),
            }
        }
    }

    /// Which of these rows are in the list now.
    pub(super) async fn members_among(
        &self,
        gear: &Gear,
        rows: &[Row],
    ) -> Result<HashSet<i64>, Error> {
        let mut members = HashSet::new();
        let mut asked = Vec::new();
        for row in rows {
            match (convert::listed(gear, row), id(row)) {
                (Some(true), Some(id)) => drop(members.insert(id)),
                (None, Some(id)) => asked.push(id),
                (Some(_) | None, _) => {}
            }
        }
        if asked.is_empty() {
            return Ok(members);
        }
        let among = domain::and(
            &lists::members(&gear.extra.view),
            &json!([["id", "in", asked]]),
        );
        let select = ["id".to_owned()];
        let rows = self
            .rows("read which are in the list", &among, &select)
            .await?;
        members.extend(rows.iter().filter_map(id));
        Ok(members)
    }

    /// Rows by number, archived ones among them; those that cannot be seen are missing.
    pub(super) async fn by_id(&self, gear: &Gear, ids: &[i64]) -> Result<Vec<Row>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let domain = json!([["id", "in", ids]]);
        self.rows("read contacts", &domain, &gear.select).await
    }

    /// Every row that meets the conditions.
    pub(super) async fn rows(
        &self,
        doing: &str,
        domain: &Json,
        select: &[String],
    ) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let page = self.page(doing, domain, select, after).await?;
            rows.extend(page.rows);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(rows),
            }
        }
    }

    /// One page of the rows that meet the conditions, archived ones among them.
    async fn page(
        &self,
        doing: &str,
        domain: &Json,
        select: &[String],
        after: Option<i64>,
    ) -> Result<Batch, Error> {
        let behind = after.map_or(json!([]), |after| json!([["id", ">", after]]));
        let named = json!({
            "domain": domain::and(domain, &behind),
            "fields": select,
            "limit": PAGE,
            "order": "id",
            "context": {"active_test": false},
        });
        let call = Call::of("read", doing, PARTNER, "search_read", named);
        let reply = self.call(call).await.map_err(SendError::into_error)?;
        let reply = reply.map_err(|fault| explain(&fault, doing))?;
        let rows: Vec<Row> = serde_json::from_value(reply.result)
            .map_err(|_| no_sense(doing, "the answer has an unexpected form"))?;
        let last = rows.last().map(id);
        let next = match last {
            None => None,
            Some(None) => return Err(no_sense(doing, "a record has no id")),
            Some(Some(last)) if after.is_some_and(|after| last <= after) => {
                return Err(no_sense(
                    doing,
                    "a page gets no further than the one before",
                ));
            }
            Some(last) => last.filter(|_| rows.len() >= PAGE),
        };
        Ok(Batch {
            rows,
            next,
            began: reply.began,
        })
    }
}

/// A number as the engine knows it.
pub(super) fn remote(id: i64) -> RemoteId {
    RemoteId::from(id.to_string())
}

/// Rows as records.
pub(super) fn records(
    gear: &Gear,
    rows: &[Row],
    listed: impl Fn(i64) -> bool,
) -> Result<Vec<Record>, Error> {
    rows.iter()
        .map(|row| {
            let yes = id(row).is_some_and(&listed);
            convert::record(gear, row, yes)
                .ok_or_else(|| no_sense("read contacts", "a record has no id"))
        })
        .collect()
}

async fn tell(
    part: &mut Part,
    records: Vec<Record>,
    gone: Vec<RemoteId>,
    pages: &PageSender,
) -> Result<(), Error> {
    part.pages += 1;
    part.records += u64::try_from(records.len()).unwrap_or(u64::MAX);
    if !gone.is_empty() {
        send(pages, Page::Deleted(gone)).await?;
    }
    if records.is_empty() {
        return Ok(());
    }
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
