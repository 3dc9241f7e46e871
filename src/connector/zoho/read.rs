//! Fetching: the whole view, or what changed since a watermark, with the deletion feed beside it.
//!
//! The watermark is the server's time at the start of a fetch less a look-back. `Modified_Time` only
//! grows and identifiers never change, so pages by identifier lose nothing.

use std::collections::HashSet;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::Zoho;
use super::api::{Failure, fail};
use super::convert::{self, Listed, Places};
use super::coql::Select;
use super::gear::Gear;
use super::table::{FEW, Plain, Table, ids_of};
use super::wire::Row;
use crate::connector::{Ask, Census, Cursor, Error, Extent, FetchEnd, Kind, Page, PageSender};
use crate::model::{Record, RemoteId};

/// Seconds by which a window reaches back behind the start of the scan before it.
const LOOK_BACK: i64 = 60;
/// The same where the server does not tell its time.
const BLIND_LOOK_BACK: i64 = 600;
/// The recycle bin is emptied after 60 days; a watermark stays well within.
const CURSOR_LIFE: i64 = 55 * 24 * 3600;
/// Whether Get Records' `If-Modified-Since` takes in the second it names is not documented.
const PLAIN_SLACK: i64 = 2;
pub(super) const PAGE: usize = 1_000;
/// After so many readings in a row that brought nothing, and less than [`SOON`] seconds after the last,
/// the next is expected to bring little, and the first query asks for few rows, which costs one
/// credit instead of three.
const QUIET: u32 = 3;
const SOON: i64 = 1_800;

/// What a cursor holds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Watermark {
    /// Seconds since the epoch by the server's clock.
    pub(super) w: i64,
    /// How it was read, for whoever looks into the state file.
    #[serde(default)]
    pub(super) mode: String,
    /// How many readings in a row brought nothing.
    #[serde(default)]
    pub(super) quiet: u32,
}

/// What one part of a fetch came to.
#[derive(Default)]
pub(super) struct Part {
    pub(super) pages: u32,
    pub(super) records: u64,
    began: Option<i64>,
    seen: HashSet<u64>,
}

impl Zoho {
    /// See [`crate::connector::Source::fetch`].
    pub(super) async fn fetch_pages(
        &self,
        ask: &Ask,
        pages: PageSender,
    ) -> Result<FetchEnd, Error> {
        let gear = self.gear()?;
        let here = Instant::now();
        let given = ask.since.as_ref();
        let mark = given.and_then(|cursor| serde_json::from_str::<Watermark>(&cursor.0).ok());
        let since = mark
            .as_ref()
            .map(|mark| mark.w)
            .filter(|w| ask.now - *w <= CURSOR_LIFE);
        if given.is_some() && since.is_none() {
            tracing::warn!(
                "the last position in Zoho CRM is too old or unreadable: everything is read again, and \
                 records deleted for longer than Zoho remembers stay as they are"
            );
            drop(pages.send(Page::Restart).await);
        }
        let quiet = mark.as_ref().map_or(0, |mark| mark.quiet);
        let calm = quiet >= QUIET && since.is_some_and(|since| ask.now - since < SOON);
        let first = if calm { FEW } else { usize::MAX };
        let main = async {
            match since {
                None => self.whole(&gear, &pages).await,
                Some(since) => self.changed(&gear, since, first, &pages).await,
            }
        };

        let census = async {
            if since.is_some() && ask.census == Census::Yes {
                self.census(&gear, &pages).await
            } else {
                Ok(0)
            }
        };
        let read = futures::try_join!(main, self.deleted(&gear, since), census);
        let (part, (deleted, deleted_pages, deleted_began), census_pages) = match read {
            Ok(read) => read,
            Err(_) if pages.is_closed() => return Ok(unheard(since)),
            Err(failure) => return Err(failure.error),
        };
        // A record that was read and deleted meanwhile is in the next window too.
        let mut told = HashSet::new();
        let deleted: Vec<RemoteId> = deleted
            .into_iter()
            .filter(|id| !part.seen.contains(&compact(id)) && told.insert(compact(id)))
            .map(RemoteId::from)
            .collect();
        for some in deleted.chunks(PAGE) {
            if pages.send(Page::Deleted(some.to_vec())).await.is_err() {
                return Ok(unheard(since));
            }
        }
        let began = part.began.into_iter().chain(deleted_began).min();
        let w = began.map_or(ask.now - BLIND_LOOK_BACK, |began| began - LOOK_BACK);
        let mark = Watermark {
            w: since.map_or(w, |since| w.max(since)),
            mode: if gear.open.coql() { "coql" } else { "records" }.to_owned(),
            quiet: if part.records == 0 && deleted.is_empty() {
                quiet.saturating_add(1)
            } else {
                0
            },
        };
        self.confirmed(here);
        Ok(FetchEnd {
            extent: extent(since),
            cursor: serde_json::to_string(&mark).ok().map(Cursor),
            pages: part.pages + deleted_pages + census_pages,
            records: part.records,
        })
    }

    /// Every record of the view.
    async fn whole(&self, gear: &Gear, pages: &PageSender) -> Result<Part, Failure> {
        let doing = "read the list view";
        if gear.reads_list() {
            match self.whole_by_query(gear, doing, pages).await {
                Err(failure) if gear.open.close(&failure, None) => {}
                done => return done,
            }
        }
        let plain = Plain {
            doing,
            view: gear.view(),
            fields: &gear.plain,
            since: None,
        };
        let mut part = Part::default();
        let mut token: Option<String> = None;
        loop {
            let table = self.plain_page(gear, plain, token.as_deref()).await?;
            send(gear, &mut part, &table, pages, |_| true).await?;
            if !table.more {
                return Ok(part);
            }
            token = table.token;
        }
    }

    /// What changed in the module since then, with its membership.
    /// The first query asks for `first` rows at most.
    async fn changed(
        &self,
        gear: &Gear,
        since: i64,
        first: usize,
        pages: &PageSender,
    ) -> Result<Part, Failure> {
        let doing = "read what changed";
        if gear.open.coql() {
            match self
                .changed_by_query(gear, doing, since, first, pages)
                .await
            {
                Err(failure) if gear.open.close(&failure, None) => {}
                done => return done,
            }
        }
        let plain = Plain {
            doing,
            view: None,
            fields: &gear.plain,
            since: Some(since - PLAIN_SLACK),
        };
        let mut part = Part::default();
        let mut token: Option<String> = None;
        let mut members: Option<HashSet<String>> = None;
        loop {
            let table = self.plain_page(gear, plain, token.as_deref()).await?;
            if !table.rows.is_empty() && !gear.list.covers_all && members.is_none() {
                members = Some(self.plain_members(gear).await?);
            }
            let listed = |id: &str| {
                gear.list.covers_all || members.as_ref().is_some_and(|all| all.contains(id))
            };
            send(gear, &mut part, &table, pages, listed).await?;
            if !table.more {
                return Ok(part);
            }
            token = table.token;
        }
    }

    async fn changed_by_query(
        &self,
        gear: &Gear,
        doing: &str,
        since: i64,
        first: usize,
        pages: &PageSender,
    ) -> Result<Part, Failure> {
        let mut part = Part::default();
        let mut last: Option<String> = None;
        let mut slow: Option<HashSet<String>> = None;
        loop {
            let select = Select::new(&gear.columns, &gear.module, None)
                .since(since)
                .after(last.as_deref());
            let most = if part.pages == 0 { first } else { usize::MAX };
            let table = self.query_few(gear, doing, select, most).await?;
            let ids = ids_of(&table.rows);
            if gear.list.covers_all || ids.is_empty() {
                send(gear, &mut part, &table, pages, |_| true).await?;
            } else if let Some(members) = self
                .members_among(gear, since, last.as_deref(), &ids)
                .await?
            {
                send(gear, &mut part, &table, pages, |id| members.contains(id)).await?;
            } else {
                if slow.is_none() {
                    slow = Some(self.plain_members(gear).await?);
                }
                let listed = |id: &str| slow.as_ref().is_some_and(|all| all.contains(id));
                send(gear, &mut part, &table, pages, listed).await?;
            }
            last = further(&table, last.as_deref(), doing)?;
            if last.is_none() {
                return Ok(part);
            }
        }
    }

    /// Which of a page of changed records are in the view; none when COQL does not read the view.
    async fn members_among(
        &self,
        gear: &Gear,
        since: i64,
        after: Option<&str>,
        ids: &[String],
    ) -> Result<Option<HashSet<String>>, Failure> {
        let Some(end) = ids.last().filter(|_| gear.open.view()) else {
            return Ok(None);
        };
        let doing = "read which of them are in the list view";
        let columns = ["id".to_owned()];
        let mut members = HashSet::new();
        let mut last = after.map(str::to_owned);
        loop {
            let select = Select::new(&columns, &gear.module, gear.view())
                .since(since)
                .after(last.as_deref())
                .up_to(end);
            let most = if ids.len() <= FEW { FEW } else { usize::MAX };
            let table = match self.query_few(gear, doing, select, most).await {
                Err(failure) if gear.open.close(&failure, None) => return Ok(None),
                table => table?,
            };
            members.extend(ids_of(&table.rows));
            last = further(&table, last.as_deref(), doing)?;
            if last.is_none() {
                return Ok(Some(members));
            }
        }
    }
}

/// Sends a page of rows as records.
pub(super) async fn send(
    gear: &Gear,
    part: &mut Part,
    table: &Table,
    pages: &PageSender,
    listed: impl Fn(&str) -> bool,
) -> Result<(), Failure> {
    part.pages += 1;
    part.began = part.began.or(table.began);
    if table.rows.is_empty() {
        return Ok(());
    }
    let records = records(gear, &table.rows, listed)?;
    part.records += u64::try_from(records.len()).unwrap_or(u64::MAX);
    part.seen
        .extend(records.iter().map(|record| compact(record.id.as_str())));
    pages
        .send(Page::Records(records))
        .await
        .map_err(|_| closed())
}

/// Rows as records.
pub(super) fn records(
    gear: &Gear,
    rows: &[Row],
    listed: impl Fn(&str) -> bool,
) -> Result<Vec<Record>, Failure> {
    let mut places = Places::default();
    rows.iter()
        .map(|row| {
            let yes = convert::id(row).is_some_and(|id| listed(id.as_str()));
            convert::record_near(gear, row, Listed::from(yes), &mut places)
                .ok_or_else(|| fail("read records", Kind::Protocol, "a record has no id").into())
        })
        .collect()
}

/// The identifier behind which a listing goes on; none at its end. A page that does not get further
/// would loop for ever.
pub(super) fn further(
    table: &Table,
    last: Option<&str>,
    doing: &str,
) -> Result<Option<String>, Failure> {
    if !table.more {
        return Ok(None);
    }
    match table.rows.last().and_then(convert::id) {
        Some(id) if last != Some(id.as_str()) => Ok(Some(id.as_str().to_owned())),
        Some(_) | None => Err(fail(
            doing,
            Kind::Protocol,
            "a page says that there are more and gets no further",
        )
        .into()),
    }
}

pub(super) fn closed() -> Failure {
    fail("read records", Kind::Unavailable, "nobody listens any more").into()
}

fn extent(since: Option<i64>) -> Extent {
    match since {
        None => Extent::Full,
        Some(_) => Extent::Delta,
    }
}

fn unheard(since: Option<i64>) -> FetchEnd {
    FetchEnd {
        extent: extent(since),
        cursor: None,
        pages: 0,
        records: 0,
    }
}

/// An identifier in eight bytes: Zoho's are numbers; anything else is hashed (FNV-1a) into the upper
/// half.
pub(super) fn compact(id: &str) -> u64 {
    id.parse::<u64>().unwrap_or_else(|_| {
        id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }) | 1 << 63
    })
}
