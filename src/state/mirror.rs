//! The mirror: the last reading of every record of a scope, its addresses, and the marks on it.

use std::collections::BTreeMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Row, ToSql, params};

use super::code::{Content, addrs_of, addrs_text, content_of, content_text, side_no, to_count};
use super::error::{Fault, Result};
use super::listing::{self, HEAR, ids};
use super::scopes::{ScopeId, pair_of};
use super::{Db, Tx, watch};
use crate::model::{Key, Moment, Native, Record, RemoteId, Seen, Side, Version};

/// The columns that [`record_of`] reads, from 0 on.
pub(super) const RECORD: &str =
    "id, listed, archived, changed_at, version, stamp, addrs, content, native";

/// A record from the columns of [`RECORD`].
pub(super) fn record_of(row: &Row<'_>) -> std::result::Result<Record, Fault> {
    let (key, emails) = addrs_of(row.get_ref(6)?.as_str().map_err(rusqlite::Error::from)?)?;
    let Content {
        fields,
        unread,
        label,
    } = content_of(row.get_ref(7)?.as_str().map_err(rusqlite::Error::from)?)?;
    Ok(Record {
        id: row.get(0)?,
        version: row.get(4)?,
        fields,
        unread,
        key,
        emails,
        stamp: row.get::<_, Option<RemoteId>>(5)?,
        listed: row.get(1)?,
        archived: row.get(2)?,
        changed_at: row.get::<_, Option<i64>>(3)?.map(Moment),
        label,
        native: Native(row.get(8)?),
    })
}

/// Remembers records of a scope: the statements that every one of them needs.
pub(super) struct Putting<'c> {
    conn: &'c Connection,
    scope: ScopeId,
    insert: CachedStatement<'c>,
    address: CachedStatement<'c>,
    hear: CachedStatement<'c>,
}

impl<'c> Putting<'c> {
    pub(super) fn new(conn: &'c Connection, scope: ScopeId) -> rusqlite::Result<Self> {
        Ok(Self {
            conn,
            scope,
            insert: conn.prepare_cached(
                "INSERT INTO mirror (scope, side, id, listed, archived, keyed, changed_at,
                 unlisted_since, version, replaced, stamp, addrs, content, native)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
                 ON CONFLICT DO NOTHING",
            )?,
            address: conn.prepare_cached(
                "INSERT INTO addr (scope, key, side, rec) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO NOTHING",
            )?,
            hear: conn.prepare_cached(HEAR)?,
        })
    }

    /// Remembers a record, with its addresses; a full reading that is under way (`listing`) heard it.
    pub(super) fn put(
        &mut self,
        side: Side,
        seen: &Seen,
        listing: Option<i64>,
    ) -> std::result::Result<(), Fault> {
        let (conn, scope) = (self.conn, self.scope);
        let record = &seen.record;
        let addrs = addrs_text(record)?;
        let content = content_text(record)?;
        let replaced = replaced_text(&seen.replaced);
        let values: &[&dyn ToSql] = params![
            scope.0,
            side_no(side),
            record.id.as_str(),
            record.listed,
            record.archived,
            record.key.is_some(),
            record.changed_at.map(|at| at.0),
            seen.unlisted_since.map(|at| at.0),
            record.version.as_str(),
            replaced,
            record.stamp.as_ref().map(RemoteId::as_str),
            addrs,
            content,
            &*record.native.0,
        ];
        let no = if self.insert.execute(values)? == 1 {
            let no = conn.last_insert_rowid();
            self.add_addresses(side, no, record)?;
            no
        } else {
            self.replace(side, record, values)?
        };
        if let Some(listing) = listing {
            self.hear.execute([listing, no])?;
        }
        Ok(())
    }

    /// Replaces what is remembered of a record; returns its number. The indexes that hardly ever change
    /// are left alone unless they do.
    fn replace(
        &mut self,
        side: Side,
        record: &Record,
        values: &[&dyn ToSql],
    ) -> std::result::Result<i64, Fault> {
        let (conn, scope) = (self.conn, self.scope);
        let place = params![scope.0, side_no(side), record.id.as_str()];
        let (no, before, old, as_before) = conn
            .prepare_cached(
                "SELECT no, changed_at, addrs, listed, keyed, stamp, stale FROM mirror
                 WHERE scope = ?1 AND side = ?2 AND id = ?3",
            )?
            .query_row(place, |row| {
                let stamp = record.stamp.as_ref().map(RemoteId::as_str);
                let as_before = row.get::<_, bool>(3)? == record.listed
                    && row.get::<_, bool>(4)? == record.key.is_some()
                    && row.get_ref(5)?.as_str_or_null()? == stamp
                    && !row.get::<_, bool>(6)?;
                let before: Option<i64> = row.get(1)?;
                let (no, old): (i64, String) = (row.get(0)?, row.get(2)?);
                Ok((no, before, old, as_before))
            })?;
        watch::compare(conn, scope, side, &record.id, (before, record.changed_at))?;
        let indexed = if as_before {
            ""
        } else {
            "listed = ?4, keyed = ?6, stamp = ?11, stale = 0, "
        };
        conn.prepare_cached(&format!(
            "UPDATE mirror SET {indexed}archived = ?5, changed_at = ?7, unlisted_since = ?8,
             version = ?9, replaced = ?10, addrs = ?12, content = ?13, native = ?14
             WHERE scope = ?1 AND side = ?2 AND id = ?3"
        ))?
        .execute(values)?;
        let addrs = addrs_text(record)?;
        if old != addrs {
            drop_addresses(conn, scope, side, no, &old)?;
            self.add_addresses(side, no, record)?;
        }
        Ok(no)
    }

    fn add_addresses(&mut self, side: Side, no: i64, record: &Record) -> rusqlite::Result<()> {
        for key in record.addresses() {
            let place = params![self.scope.0, key.as_str(), side_no(side), no];
            self.address.execute(place)?;
        }
        Ok(())
    }
}

fn drop_addresses(
    conn: &Connection,
    scope: ScopeId,
    side: Side,
    no: i64,
    text: &str,
) -> std::result::Result<(), Fault> {
    let (key, emails) = addrs_of(text)?;
    let mut gone = conn.prepare_cached(
        "DELETE FROM addr WHERE scope = ?1 AND key = ?2 AND side = ?3 AND rec = ?4",
    )?;
    for key in key.iter().chain(&emails) {
        gone.execute(params![scope.0, key.as_str(), side_no(side), no])?;
    }
    Ok(())
}

/// Forgets a record, with its addresses; its dirty mark stays.
pub(super) fn forget(
    conn: &Connection,
    scope: ScopeId,
    side: Side,
    id: &RemoteId,
) -> std::result::Result<(), Fault> {
    let old = conn
        .prepare_cached(
            "DELETE FROM mirror WHERE scope = ?1 AND side = ?2 AND id = ?3 RETURNING no, addrs",
        )?
        .query_row(params![scope.0, side_no(side), id.as_str()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })
        .optional()?;
    if let Some((no, text)) = old {
        drop_addresses(conn, scope, side, no, &text)?;
        conn.prepare_cached("DELETE FROM rewound WHERE scope = ?1 AND side = ?2 AND id = ?3")?
            .execute(params![scope.0, side_no(side), id.as_str()])?;
    }
    Ok(())
}

/// Revisions are opaque but hold no line ends; one a line.
fn replaced_text(replaced: &[Version]) -> Option<String> {
    (!replaced.is_empty()).then(|| {
        replaced
            .iter()
            .map(Version::as_str)
            .collect::<Vec<_>>()
            .join("\n")
    })
}

fn replaced_of(text: Option<&str>) -> Vec<Version> {
    text.map_or_else(Vec::new, |text| text.lines().map(Version::from).collect())
}

impl Db {
    /// What is remembered of these records; unknown ones are left out.
    pub fn seen(
        &self,
        scope: ScopeId,
        side: Side,
        ids: &[RemoteId],
    ) -> Result<BTreeMap<RemoteId, Seen>> {
        self.doing("read the last reading", |conn| {
            let mut query = conn.prepare_cached(&format!(
                "SELECT {RECORD}, replaced, unlisted_since FROM mirror
                 WHERE scope = ?1 AND side = ?2 AND id = ?3"
            ))?;
            let mut all = BTreeMap::new();
            for id in ids {
                let mut rows = query.query(params![scope.0, side_no(side), id.as_str()])?;
                if let Some(row) = rows.next()? {
                    all.insert(
                        id.clone(),
                        Seen {
                            record: record_of(row)?,
                            replaced: replaced_of(row.get::<_, Option<String>>(9)?.as_deref()),
                            unlisted_since: row.get::<_, Option<i64>>(10)?.map(Moment),
                        },
                    );
                }
            }
            Ok(all)
        })
    }

    /// Every record of the mirror with this address, as match key or otherwise.
    pub fn holders(&self, scope: ScopeId, side: Side, key: &Key) -> Result<Vec<RemoteId>> {
        self.doing("look for an address", |conn| {
            let mut query = conn.prepare_cached(
                "SELECT m.id FROM addr a JOIN mirror m ON m.no = a.rec
                 WHERE a.scope = ?1 AND a.key = ?2 AND a.side = ?3 ORDER BY m.id",
            )?;
            Ok(ids(
                &mut query,
                params![scope.0, key.as_str(), side_no(side)],
            )?)
        })
    }

    /// Whether the address is known on a side: a record of the mirror has it, or a link of the pair
    /// whose record there is not gone (ended or vanished on that side).
    pub fn has_key(&self, scope: ScopeId, side: Side, key: &Key) -> Result<bool> {
        self.doing("look for an address", |conn| {
            let pair = pair_of(conn, scope)?;
            Ok(conn
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM addr WHERE scope = ?1 AND key = ?2 AND side = ?3)
                     OR EXISTS (SELECT 1 FROM link WHERE pair = ?4 AND key = ?2
                                AND NOT (rest IN (2, 3) AND rest_side = ?3))",
                )?
                .query_row(
                    params![scope.0, key.as_str(), side_no(side), pair.0],
                    |row| row.get(0),
                )?)
        })
    }

    /// How many records the next plan has to look at.
    pub fn touched(&self, scope: ScopeId) -> Result<u64> {
        self.doing("count what changed", |conn| {
            let count: i64 = conn
                .prepare_cached("SELECT count(*) FROM dirty WHERE scope = ?1")?
                .query_row([scope.0], |row| row.get(0))?;
            Ok(to_count(count))
        })
    }

    /// The records that another scope of the pair wrote since this one saw them: to be read again.
    pub fn stale(&self, scope: ScopeId, side: Side) -> Result<Vec<RemoteId>> {
        self.doing("look for foreign writes", |conn| {
            let mut query = conn.prepare_cached(
                "SELECT id FROM mirror WHERE scope = ?1 AND side = ?2 AND stale = 1 ORDER BY +id",
            )?;
            Ok(ids(&mut query, [scope.0, side_no(side)])?)
        })
    }

    /// How many records of a side are known, in the list or not.
    pub fn known_records(&self, scope: ScopeId, side: Side) -> Result<u64> {
        self.doing("count the records", |conn| {
            let count: i64 = conn
                .prepare_cached("SELECT count(*) FROM mirror WHERE scope = ?1 AND side = ?2")?
                .query_row([scope.0, side_no(side)], |row| row.get(0))?;
            Ok(u64::try_from(count).unwrap_or(0))
        })
    }

    /// The linked records of a side that the mirror does not hold (after [`Tx::forget_mirror`] and a
    /// full reading: those that the reading did not bring). Only links that take part and that this
    /// scope has agreed on.
    pub fn unmirrored(&self, scope: ScopeId, side: Side) -> Result<Vec<RemoteId>> {
        self.doing("compare the links with the last reading", |conn| {
            let mut query = conn.prepare_cached(
                "SELECT DISTINCT CASE ?2 WHEN 0 THEN l.google ELSE l.crm END AS id
                 FROM link_scope s JOIN link l ON l.no = s.link
                 WHERE s.scope = ?1 AND l.rest = 0
                 AND NOT EXISTS (SELECT 1 FROM mirror m WHERE m.scope = ?1 AND m.side = ?2
                     AND m.id = CASE ?2 WHEN 0 THEN l.google ELSE l.crm END)
                 ORDER BY id",
            )?;
            Ok(ids(&mut query, [scope.0, side_no(side)])?)
        })
    }
}

impl Tx<'_> {
    /// Drops the last reading of a side and its cursor, because the fingerprint changed; links and
    /// dirty marks stay.
    pub fn forget_mirror(&mut self, scope: ScopeId, side: Side) -> Result<()> {
        let pair = self.around(scope)?.pair;
        self.uncount(pair)?;
        self.doing("forget the last reading", |conn| {
            for table in ["addr", "mirror", "rewound"] {
                conn.prepare_cached(&format!(
                    "DELETE FROM {table} WHERE scope = ?1 AND side = ?2"
                ))?
                .execute([scope.0, side_no(side)])?;
            }
            let listing = listing::current(conn, scope, side)?;
            conn.prepare_cached("DELETE FROM temp.heard WHERE listing = ?1")?
                .execute([listing])?;
            Ok(())
        })?;
        self.set_facts(scope, |facts| *facts.cursors.on_mut(side) = None)
    }

    /// Marks records that this scope wrote as to be read again by the other scopes of the pair that
    /// know them, until those put them again.
    pub fn spread(&mut self, scope: ScopeId, side: Side, ids: &[RemoteId]) -> Result<()> {
        let others = self.around(scope)?.others;
        if others.is_empty() {
            return Ok(());
        }
        self.doing("mark records for other profiles", |conn| {
            let mut mark = conn.prepare_cached(
                "UPDATE mirror SET stale = 1 WHERE scope = ?1 AND side = ?2 AND id = ?3",
            )?;
            for other in others.iter() {
                for id in ids {
                    mark.execute(params![other, side_no(side), id.as_str()])?;
                }
            }
            Ok(())
        })
    }
}
