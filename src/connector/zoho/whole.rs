//! The whole list: its records, page after page at first and many at once when it is long, and the
//! identifiers of its members.
//!
//! A page behind an identifier loses nothing, but only the page before tells that identifier. Pages by
//! offset can be asked for together, but a record that leaves the list meanwhile moves the others forward
//! by one place, over the edge of a page. So each of them begins with the last row of the page before:
//! where it does, nothing lies between them, and where it does not, the rows in between are asked for.

use futures::stream::{self, StreamExt};

use super::Zoho;
use super::api::Failure;
use super::convert;
use super::coql::Select;
use super::gear::Gear;
use super::read::{PAGE, Part, closed, further, send};
use super::table::{Table, ids_of};
use crate::connector::{Page, PageSender};
use crate::model::RemoteId;

/// So many pages are read one after another before the rest is counted; most lists end before.
const SINGLY: u32 = 5;
/// From so many further pages on they are asked for together.
const TOGETHER: usize = 3;
/// How many of them are under way at once; each waits in memory for its turn.
const WIDE: usize = 4;
/// `limit` and `offset` reach no further.
const REACH: usize = 100_000;

impl Zoho {
    pub(super) async fn whole_by_query(
        &self,
        gear: &Gear,
        doing: &str,
        pages: &PageSender,
    ) -> Result<Part, Failure> {
        let mut part = Part::default();
        let mut size = None;
        let mut table = self.query(gear, doing, behind(gear, None)).await?;
        let mut last = further(&table, None, doing)?;
        loop {
            let Some(edge) = last else {
                send(gear, &mut part, &table, pages, |_| true).await?;
                return Ok(part);
            };
            let count = part.pages + 1 == SINGLY;
            let count = async {
                if count {
                    self.count_list(gear).await
                } else {
                    None
                }
            };
            // The next page is asked for before this one is looked into.
            let (next, counted, sent) = futures::join!(
                self.query(gear, doing, behind(gear, Some(&edge))),
                count,
                send(gear, &mut part, &table, pages, |_| true),
            );
            sent?;
            table = next?;
            size = counted.or(size);
            last = further(&table, Some(&edge), doing)?;
            let read = usize::try_from(part.records).unwrap_or(usize::MAX) + table.rows.len();
            let left = size.unwrap_or(0).saturating_sub(read);
            if left > gear.open.rows() * TOGETHER
                && let Some(start) = &last
            {
                send(gear, &mut part, &table, pages, |_| true).await?;
                let Some(edge) = self
                    .pages_together(gear, doing, start, left, &mut part, pages)
                    .await?
                else {
                    return Ok(part);
                };
                table = self.query(gear, doing, behind(gear, Some(&edge))).await?;
                last = further(&table, Some(&edge), doing)?;
            }
        }
    }

    /// How many records the list has, where Zoho tells; its count lags behind.
    async fn count_list(&self, gear: &Gear) -> Option<usize> {
        if !gear.open.search() {
            return None;
        }
        let count = self.size(&gear.list.id).await;
        if count.is_none() {
            gear.open.close_search();
        }
        count.and_then(|count| usize::try_from(count).ok())
    }

    /// Reads about `left` records behind an identifier, several pages at a time; returns behind which
    /// identifier to go on, none at the end of the list.
    async fn pages_together(
        &self,
        gear: &Gear,
        doing: &str,
        start: &str,
        left: usize,
        part: &mut Part,
        pages: &PageSender,
    ) -> Result<Option<String>, Failure> {
        let step = gear.open.rows() - 1;
        let reach = if step < super::coql::ROWS - 1 {
            super::coql::OLD_REACH
        } else {
            REACH
        };
        let count = left.min(reach - step - 1).div_ceil(step);
        let queries: Vec<_> = (0..count)
            .map(|at| self.query(gear, doing, behind(gear, Some(start)).skip(at * step)))
            .collect();
        let mut tables = stream::iter(queries).buffered(WIDE);
        let mut edge: Option<String> = None;
        while let Some(table) = tables.next().await {
            let mut table = table?;
            if let Some(edge) = &edge {
                self.close_gap(gear, doing, edge, &mut table, part, pages)
                    .await?;
            }
            let ended = !table.more;
            edge = table
                .rows
                .last()
                .and_then(convert::id)
                .map(|id| id.as_str().to_owned())
                .or(edge);
            send(gear, part, &table, pages, |_| true).await?;
            if ended {
                return Ok(None);
            }
        }
        Ok(edge)
    }

    /// Takes the row off a page's head that the page before ended with; where it begins otherwise, reads
    /// what lies between them.
    async fn close_gap(
        &self,
        gear: &Gear,
        doing: &str,
        edge: &str,
        table: &mut Table,
        part: &mut Part,
        pages: &PageSender,
    ) -> Result<(), Failure> {
        let first = table.rows.first().and_then(convert::id);
        if first.as_ref().is_some_and(|id| id.as_str() == edge) {
            table.rows.remove(0);
            return Ok(());
        }
        let mut last = edge.to_owned();
        loop {
            let mut select = behind(gear, Some(&last));
            if let Some(first) = &first {
                select = select.up_to(first.as_str());
            }
            let between = self.query(gear, doing, select).await?;
            send(gear, part, &between, pages, |_| true).await?;
            match further(&between, Some(&last), doing)? {
                Some(next) => last = next,
                None => return Ok(()),
            }
        }
    }

    /// The identifiers of all members of the view.
    pub(super) async fn census(&self, gear: &Gear, pages: &PageSender) -> Result<u32, Failure> {
        let doing = "list the view's members";
        let columns = ["id".to_owned()];
        let mut count = 0;
        let mut last: Option<String> = None;
        while gear.reads_list() {
            let select = Select::new(&columns, &gear.module, gear.view()).after(last.as_deref());
            let table = match self.query(gear, doing, select).await {
                Err(failure) if gear.open.close(&failure, None) => break,
                table => table?,
            };
            count += 1;
            last = further(&table, last.as_deref(), doing)?;
            tell_members(ids_of(&table.rows), pages).await?;
            if last.is_none() {
                return Ok(count);
            }
        }
        let members: Vec<String> = self.plain_members(gear).await?.into_iter().collect();
        for some in members.chunks(PAGE) {
            tell_members(some.to_vec(), pages).await?;
            count += 1;
        }
        if members.is_empty() {
            tell_members(Vec::new(), pages).await?;
        }
        Ok(count)
    }
}

/// The list's records behind an identifier.
fn behind<'a>(gear: &'a Gear, last: Option<&str>) -> Select<'a> {
    Select::new(&gear.columns, &gear.module, gear.view()).after(last)
}

async fn tell_members(ids: Vec<String>, pages: &PageSender) -> Result<(), Failure> {
    let ids = ids.into_iter().map(RemoteId::from).collect();
    pages.send(Page::Census(ids)).await.map_err(|_| closed())
}
