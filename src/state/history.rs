//! What the journal tells: open writes, the writes of a run, the history of a contact.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::Db;
use super::error::{Fault, Result};
use super::journal::{JournalNo, JournalRow, OpenWrite, Settled};
use super::runs::RunNo;
use super::scopes::PairId;
use crate::model::{Key, Moment, RemoteId, Side, Sides, Version};

type Outcome<T> = std::result::Result<T, Fault>;

/// A write and what became of it; `j` is the journal, `o` the outcome.
const ROW: &str = "SELECT j.no, j.run, j.body, coalesce(o.state, 'sending'), o.other, o.note,
    j.body ->> '$.list' FROM journal j LEFT JOIN outcome o ON o.no = j.no";
/// Nobody knows yet whether it landed.
pub(super) const OPEN: &str = "(o.no IS NULL OR o.open = 1)";
/// It landed.
const LANDED: &str = "o.state IN ('done', 'recovered')";

/// The record on a side that a write is on or about, also when it made it.
fn own(side: Side) -> String {
    let column = side.name();
    format!("coalesce(j.{column}, CASE WHEN {LANDED} THEN o.other END)")
}

fn row_of(row: &Row<'_>) -> Outcome<JournalRow> {
    let word: String = row.get(3)?;
    Ok(JournalRow {
        no: JournalNo(row.get(0)?),
        run: RunNo(row.get(1)?),
        write: serde_json::from_str(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?)?,
        outcome: Settled::of(&word, row.get::<_, Option<RemoteId>>(4)?)?,
        note: row.get(5)?,
        list: row.get(6)?,
    })
}

fn rows(conn: &Connection, rest: &str, args: impl rusqlite::Params) -> Outcome<Vec<JournalRow>> {
    let mut query = conn.prepare_cached(&format!("{ROW} {rest}"))?;
    let mut rows = query.query(args)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(row_of(row)?);
    }
    Ok(all)
}

impl Db {
    /// The writes of a pair of which nobody knows whether they landed, in the order they were sent.
    pub fn open_writes(&self, pair: PairId) -> Result<Vec<OpenWrite>> {
        self.doing("read the open writes", |conn| {
            let mut query = conn.prepare_cached(&format!(
                "SELECT j.no, j.body, j.body ->> '$.sent'
                 FROM stretch s CROSS JOIN journal j ON j.no BETWEEN s.first AND s.last
                 LEFT JOIN outcome o ON o.no = j.no
                 WHERE s.pair = ?1 AND s.open = 1 AND {OPEN} ORDER BY j.no"
            ))?;
            let mut rows = query.query([pair.0])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let body = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
                all.push(OpenWrite {
                    no: JournalNo(row.get(0)?),
                    sent: row.get::<_, Option<i64>>(2)?.map(Moment),
                    write: serde_json::from_str(body)?,
                });
            }
            Ok(all)
        })
    }

    /// Every write of a run, in the order they were sent.
    pub fn writes_of(&self, run: RunNo) -> Result<Vec<JournalRow>> {
        self.doing("read the writes of a run", |conn| {
            rows(
                conn,
                "CROSS JOIN stretch s ON j.no BETWEEN s.first AND s.last
                 WHERE s.run = ?1 ORDER BY j.no",
                [run.0],
            )
        })
    }

    /// Every write on either of two records or about them, in the order they were sent. Reads the whole
    /// journal of the pair.
    pub fn history_of(&self, pair: PairId, ids: &Sides<RemoteId>) -> Result<Vec<JournalRow>> {
        self.doing("read the history of a contact", |conn| {
            rows(
                conn,
                &format!(
                    "WHERE j.pair = ?1 AND (?2 = {} OR ?3 = {}) ORDER BY j.no",
                    own(Side::Google),
                    own(Side::Crm)
                ),
                params![pair.0, ids.google.as_str(), ids.crm.as_str()],
            )
        })
    }

    /// Every write for a contact with this match key or on a record of it, in the order they were sent.
    pub fn history_of_contact(&self, pair: PairId, key: &Key) -> Result<Vec<JournalRow>> {
        let mut all: BTreeMap<JournalNo, JournalRow> = BTreeMap::new();
        let mut add = |rows: Vec<JournalRow>| all.extend(rows.into_iter().map(|row| (row.no, row)));
        add(self.history_of_key(pair, key)?);
        for link in self.contact(pair, key)? {
            add(self.history_of(pair, &link.ids)?);
        }
        Ok(all.into_values().collect())
    }

    /// The latest runs that wrote something, or may have, newest first, of one profile or of all.
    pub fn writing_runs(&self, profile: Option<&str>, most: usize) -> Result<Vec<RunNo>> {
        self.doing("look for what was written", |conn| {
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let mut query = conn.prepare_cached(&format!(
                "SELECT r.no FROM run r JOIN scope s ON s.no = r.scope
                 WHERE (?1 IS NULL OR s.profile = ?1)
                 AND EXISTS (SELECT 1 FROM stretch s
                             CROSS JOIN journal j ON j.no BETWEEN s.first AND s.last
                             LEFT JOIN outcome o ON o.no = j.no
                             WHERE s.run = r.no AND ({OPEN} OR {LANDED}))
                 ORDER BY r.no DESC LIMIT ?2"
            ))?;
            let rows = query.query_map(params![profile, most], |row| Ok(RunNo(row.get(0)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The revisions that our latest writes on these records left, of whatever run; none where the remote
    /// did not tell it. Reads the whole journal of the pair.
    pub fn left_on(
        &self,
        pair: PairId,
        side: Side,
        ids: &BTreeSet<RemoteId>,
    ) -> Result<BTreeMap<RemoteId, Version>> {
        self.doing("look up what writes left", |conn| {
            let own = own(side);
            let mut landed = conn.prepare_cached(&format!(
                "SELECT {own}, j.no FROM journal j JOIN outcome o ON o.no = j.no
                 WHERE j.pair = ?1 AND {LANDED} ORDER BY j.no"
            ))?;
            let mut on_it = conn.prepare_cached(
                "SELECT o.behind FROM journal j JOIN outcome o ON o.no = j.no
                 WHERE j.no = ?1 AND j.body ->> '$.on' = ?2",
            )?;
            let mut left = BTreeMap::new();
            let mut rows = landed.query([pair.0])?;
            while let Some(row) = rows.next()? {
                let Some(id) = row
                    .get_ref(0)?
                    .as_str_or_null()
                    .map_err(rusqlite::Error::from)?
                else {
                    continue;
                };
                let Some(id) = ids.get(id) else { continue };
                let no: i64 = row.get(1)?;
                let behind = on_it
                    .query_row(params![no, side.name()], |row| {
                        row.get::<_, Option<Version>>(0)
                    })
                    .optional()?;
                match behind {
                    Some(Some(behind)) => drop(left.insert(id.clone(), behind)),
                    // The latest one counts, whatever those before it told.
                    Some(None) => drop(left.remove(id)),
                    None => {}
                }
            }
            Ok(left)
        })
    }

    /// Every write for a contact with this match key, in the order they were sent. Reads the whole journal
    /// of the pair.
    pub fn history_of_key(&self, pair: PairId, key: &Key) -> Result<Vec<JournalRow>> {
        self.doing("read the history of a contact", |conn| {
            rows(
                conn,
                "WHERE j.pair = ?1 AND j.key = ?2 ORDER BY j.no",
                params![pair.0, key.as_str()],
            )
        })
    }
}
