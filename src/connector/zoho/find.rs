//! Direct reads: by identifier, by match key, and membership of the view.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use futures::future::try_join_all;

use super::Zoho;
use super::api::{Ask, Failure};
use super::coql::{Select, quote};
use super::gear::Gear;
use super::read::{compact, records};
use super::row::Told;
use super::table::{FEW, Plain, ids_of};
use super::wire::{Count, Row};
use crate::connector::{Error, Found};
use crate::mapping::canon;
use crate::model::{Key, Record, RemoteId};

/// How many keys go into one query.
const KEYS: usize = 50;
/// From so many queries on, the records are counted to see whether listing them all is cheaper.
const COUNT_FROM: usize = 4;
/// How long a page-by-page listing of the view's members answers for.
const MEMBERS_LIFE: Duration = Duration::from_secs(120);

/// What a look-up reads of each record.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// COQL columns.
    pub(super) columns: &'a [String],
    /// Get Records fields.
    pub(super) fields: &'a [String],
}

impl Zoho {
    /// See [`crate::connector::Source::get`].
    pub(super) async fn get_records(&self, ids: &[RemoteId]) -> Result<Vec<Found>, Error> {
        let gear = self.gear()?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let doing = "read records by identifier";
        let begun = Instant::now();
        let texts: Vec<&str> = ids.iter().map(RemoteId::as_str).collect();
        let (rows, members) = futures::try_join!(
            self.rows_by_id(&gear, doing, &gear.columns, &gear.plain, &texts),
            self.members_of(&gear, &texts),
        )
        .map_err(|failure| failure.error)?;
        let found =
            records(&gear, &rows, |id| members.contains(id)).map_err(|failure| failure.error)?;
        let found: BTreeMap<RemoteId, Record> = found
            .into_iter()
            .map(|record| (record.id.clone(), record))
            .collect();
        self.read_directly(ids, begun);
        Ok(ids
            .iter()
            .map(|id| match found.get(id) {
                Some(record) => Found::Here(Box::new(record.clone())),
                // Deleted and hidden look the same; only the deletion feed is proof.
                None => Found::Hidden,
            })
            .collect())
    }

    /// See [`crate::connector::Source::find`].
    pub(super) async fn find_records(&self, keys: &[Key]) -> Result<Vec<Record>, Error> {
        let gear = self.gear()?;
        let wanted = Wanted {
            columns: &gear.columns,
            fields: &gear.plain,
        };
        let rows = self
            .find_rows(&gear, keys, wanted)
            .await
            .map_err(|failure| failure.error)?;
        let ids = ids_of(&rows);
        let texts: Vec<&str> = ids.iter().map(String::as_str).collect();
        let members = self
            .members_of(&gear, &texts)
            .await
            .map_err(|failure| failure.error)?;
        records(&gear, &rows, |id| members.contains(id)).map_err(|failure| failure.error)
    }

    /// Every row of the module whose match key is one of these, each once, with the wanted columns
    /// (the key field among them).
    pub(super) async fn find_rows(
        &self,
        gear: &Gear,
        keys: &[Key],
        wanted: Wanted<'_>,
    ) -> Result<Vec<Row>, Failure> {
        let keys: BTreeSet<&Key> = keys.iter().collect();
        let Some(field) = gear.key.as_deref().filter(|_| !keys.is_empty()) else {
            return Ok(Vec::new());
        };
        let doing = "look for records by their address";
        let mut rows = Vec::new();
        let mut odd: Vec<&Key> = keys.iter().copied().collect();
        if gear.open.key() && !gear.cased {
            let plain =
                |key: &Key| !key.as_str().contains("@xn--") && !key.as_str().contains(".xn--");
            let (quoted, rest): (Vec<_>, Vec<_>) = odd
                .iter()
                .copied()
                .partition(|key| plain(key) && quote(key.as_str()).is_some());
            let quoted: Vec<String> = quoted
                .iter()
                .filter_map(|key| quote(key.as_str()))
                .collect();
            let queries = quoted.len().div_ceil(KEYS);
            if self.cheaper_to_list(gear, queries).await? {
                return self.list_module(gear, doing, field, &keys, wanted).await;
            }
            let parts = quoted.chunks(KEYS).map(|some| {
                let select = Select::new(wanted.columns, &gear.module, None).one_of(field, some);
                self.all_rows(gear, doing, select)
            });
            match try_join_all(parts).await {
                Ok(found) => {
                    rows = found.into_iter().flatten().collect();
                    odd = rest;
                }
                Err(failure) if gear.open.close(&failure, Some(field)) => {}
                Err(failure) => return Err(failure),
            }
        }
        if !odd.is_empty() {
            let more = if odd.len() <= KEYS && gear.open.search() {
                self.search_rows(gear, doing, field, &odd, wanted).await?
            } else {
                None
            };
            match more {
                Some(more) => rows.extend(more),
                None => rows.extend(self.list_module(gear, doing, field, &keys, wanted).await?),
            }
        }
        keep_hits(&mut rows, field, &keys);
        let mut seen = HashSet::new();
        rows.retain(|row| {
            super::convert::id(row).is_none_or(|id| seen.insert(compact(id.as_str())))
        });
        Ok(rows)
    }

    /// All rows of a query that is expected to bring few.
    pub(super) async fn all_rows(
        &self,
        gear: &Gear,
        doing: &str,
        select: Select<'_>,
    ) -> Result<Vec<Row>, Failure> {
        let mut rows: Vec<Row> = Vec::new();
        let mut last: Option<String> = None;
        loop {
            let select = select.clone().after(last.as_deref());
            let table = self.query_few(gear, doing, select, FEW).await?;
            let next = ids_of(&table.rows).pop();
            rows.extend(table.rows);
            if !table.more || next.is_none() || next == last {
                return Ok(rows);
            }
            last = next;
        }
    }

    /// Whether reading all records takes fewer requests than that many queries.
    async fn cheaper_to_list(&self, gear: &Gear, queries: usize) -> Result<bool, Failure> {
        if queries < COUNT_FROM || !gear.open.search() {
            return Ok(false);
        }
        let doing = "count the records";
        let ask = Ask::get(
            "count",
            doing,
            format!("{}/actions/count", gear.module),
            super::search::scope(self),
        );
        let count: Count = match self.call(ask).await {
            Ok(reply) => reply.read(doing)?,
            Err(failure) if failure.is("OAUTH_SCOPE_MISMATCH") => {
                gear.open.close_search();
                return Ok(false);
            }
            Err(failure) if failure.said.is_some() => return Ok(false),
            Err(failure) => return Err(failure),
        };
        let pages = count
            .count
            .and_then(|count| usize::try_from(count).ok())
            .map(|count| count.div_ceil(gear.open.rows()));
        Ok(pages.is_some_and(|pages| pages + 1 < queries))
    }

    /// Reads the whole module and keeps the hits.
    async fn list_module(
        &self,
        gear: &Gear,
        doing: &str,
        field: &str,
        keys: &BTreeSet<&Key>,
        wanted: Wanted<'_>,
    ) -> Result<Vec<Row>, Failure> {
        let mut hits = Vec::new();
        let mut last: Option<String> = None;
        while gear.open.coql() {
            let select = Select::new(wanted.columns, &gear.module, None)
                .filled(field)
                .after(last.as_deref());
            let mut table = match self.query(gear, doing, select).await {
                Err(failure) if failure.is("OAUTH_SCOPE_MISMATCH") => {
                    gear.open.close(&failure, None);
                    break;
                }
                table => table?,
            };
            let next = ids_of(&table.rows).pop();
            keep_hits(&mut table.rows, field, keys);
            hits.extend(table.rows);
            if !table.more || next.is_none() || next == last {
                return Ok(hits);
            }
            last = next;
        }
        self.list_pages(gear, doing, field, keys, wanted, None)
            .await
    }

    /// Reads the module page by page, all of it or what changed since then, and keeps the hits.
    pub(super) async fn list_pages(
        &self,
        gear: &Gear,
        doing: &str,
        field: &str,
        keys: &BTreeSet<&Key>,
        wanted: Wanted<'_>,
        since: Option<i64>,
    ) -> Result<Vec<Row>, Failure> {
        let plain = Plain {
            doing,
            view: None,
            fields: wanted.fields,
            since,
        };
        let mut hits = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut table = self.plain_page(gear, plain, token.as_deref()).await?;
            keep_hits(&mut table.rows, field, keys);
            hits.extend(table.rows);
            if !table.more {
                return Ok(hits);
            }
            token = table.token;
        }
    }

    /// Which of these records are in the list view now.
    pub(super) async fn members_of(
        &self,
        gear: &Gear,
        ids: &[&str],
    ) -> Result<HashSet<String>, Failure> {
        if gear.list.covers_all || ids.is_empty() {
            return Ok(ids.iter().map(|id| (*id).to_owned()).collect());
        }
        if gear.open.view() {
            let doing = "read which records are in the list view";
            let columns = ["id".to_owned()];
            match self
                .query_ids(gear, doing, &columns, gear.view(), ids)
                .await
            {
                Ok(rows) => return Ok(ids_of(&rows).into_iter().collect()),
                Err(failure) if gear.open.close(&failure, None) => {}
                Err(failure) => return Err(failure),
            }
        }
        let known = self
            .members
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .filter(|(read, _)| read.elapsed() < MEMBERS_LIFE);
        let all = if let Some((_, all)) = known {
            all
        } else {
            let read = Instant::now();
            let all: HashSet<u64> = self
                .plain_members(gear)
                .await?
                .iter()
                .map(|id| compact(id))
                .collect();
            let all = Arc::new(all);
            *self.members.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((read, Arc::clone(&all)));
            all
        };
        Ok(ids
            .iter()
            .filter(|id| all.contains(&compact(id)))
            .map(|id| (*id).to_owned())
            .collect())
    }
}

/// The key of a row.
pub(super) fn key_of(row: &Row, field: &str) -> Option<Key> {
    row.get(field).and_then(Told::as_str).and_then(canon::email)
}

fn keep_hits(rows: &mut Vec<Row>, field: &str, keys: &BTreeSet<&Key>) {
    rows.retain(|row| key_of(row, field).is_some_and(|key| keys.contains(&key)));
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn hits_are_compared_by_their_key_form() {
        let row = |email: &str| {
            serde_json::from_value::<Row>(serde_json::json!({"Email": email})).unwrap()
        };
        let mut rows = vec![
            row("Anna@Example.COM "),
            row("sales_team@example.com"),
            row("no address"),
        ];
        let (anna, team) = (
            Key::from("anna@example.com"),
            Key::from("sales-team@example.com"),
        );
        keep_hits(&mut rows, "Email", &BTreeSet::from([&anna, &team]));
        assert_eq!(rows.len(), 1);
        assert_eq!(key_of(&rows[0], "Email"), Some(anna));
    }
}
