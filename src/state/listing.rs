//! What a full reading, or a listing of ids, has not brought. Kept in memory: a killed run starts
//! its listing over.

use rusqlite::{CachedStatement, OptionalExtension as _, params};

use super::code::side_no;
use super::error::{Fault, Result};
use super::scopes::ScopeId;
use super::{Db, Tx};
use crate::model::{RemoteId, Side};

/// The number of a full reading, valid as long as the [`super::State`] that it was started on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListingNo(pub i64);

/// The full reading that is under way, if any.
pub(super) fn current(
    conn: &rusqlite::Connection,
    scope: ScopeId,
    side: Side,
) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT no FROM temp.listing WHERE scope = ?1 AND side = ?2")?
        .query_row([scope.0, side_no(side)], |row| row.get(0))
        .optional()
}

/// Marks a mirror row as heard.
pub(super) const HEAR: &str =
    "INSERT INTO temp.heard (listing, rec) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

/// The first column of every row as an identifier.
pub(super) fn ids(
    query: &mut CachedStatement<'_>,
    args: impl rusqlite::Params,
) -> rusqlite::Result<Vec<RemoteId>> {
    query.query_map(args, |row| row.get(0))?.collect()
}

impl Db {
    /// The known records that a full reading did not bring, records included that no listing has
    /// shown yet since we created them.
    pub fn unheard(&self, scope: ScopeId, side: Side, listing: ListingNo) -> Result<Vec<RemoteId>> {
        self.doing("compare a full reading", |conn| {
            if current(conn, scope, side)? != Some(listing.0) {
                return Err(Fault::Rule("this listing is over".to_owned()));
            }
            let mut query = conn.prepare_cached(
                "SELECT id FROM mirror WHERE scope = ?1 AND side = ?2
                 AND no NOT IN (SELECT rec FROM temp.heard WHERE listing = ?3) ORDER BY id",
            )?;
            Ok(ids(&mut query, [scope.0, side_no(side), listing.0])?)
        })
    }

    /// The records that were in their list and that the census did not name.
    pub fn departed(&self, scope: ScopeId, side: Side) -> Result<Vec<RemoteId>> {
        self.doing("compare a listing of ids", |conn| {
            // Nearly all are in both: the row itself is looked at last.
            let mut query = conn.prepare_cached(
                "SELECT id FROM mirror m WHERE scope = ?1 AND side = ?2
                 AND NOT EXISTS (SELECT 1 FROM temp.census c
                                 WHERE c.scope = ?1 AND c.side = ?2 AND c.id = m.id)
                 AND EXISTS (SELECT 1 FROM mirror o WHERE o.no = m.no AND o.listed = 1)
                 ORDER BY id",
            )?;
            Ok(ids(&mut query, [scope.0, side_no(side)])?)
        })
    }

    /// The records that the census named and that are unknown or were not in their list.
    pub fn arrived(&self, scope: ScopeId, side: Side) -> Result<Vec<RemoteId>> {
        self.doing("compare a listing of ids", |conn| {
            let mut query = conn.prepare_cached(
                "SELECT id FROM temp.census c WHERE scope = ?1 AND side = ?2
                 AND NOT EXISTS (SELECT 1 FROM mirror m WHERE m.scope = ?1 AND m.side = ?2
                                 AND m.id = c.id AND m.listed = 1) ORDER BY id",
            )?;
            Ok(ids(&mut query, [scope.0, side_no(side)])?)
        })
    }
}

impl Tx<'_> {
    /// Starts a full reading of a side: every record that is put from now on counts as heard. An
    /// earlier reading of the side is over.
    pub fn start_listing(&mut self, scope: ScopeId, side: Side) -> Result<ListingNo> {
        self.around = None;
        self.doing("start a full reading", |conn| {
            let side = side_no(side);
            conn.prepare_cached(
                "DELETE FROM temp.heard WHERE listing IN
                 (SELECT no FROM temp.listing WHERE scope = ?1 AND side = ?2)",
            )?
            .execute([scope.0, side])?;
            let last: i64 = conn
                .prepare_cached("SELECT coalesce(max(no), 0) FROM temp.listing")?
                .query_row([], |row| row.get(0))?;
            conn.prepare_cached(
                "INSERT OR REPLACE INTO temp.listing (no, scope, side, newest)
                 SELECT ?1, ?2, ?3, coalesce(max(no), 0) FROM mirror",
            )?
            .execute([last + 1, scope.0, side])?;
            Ok(ListingNo(last + 1))
        })
    }

    /// Ends the full reading of a side that is under way, if there is one.
    pub fn end_listing(&mut self, scope: ScopeId, side: Side) -> Result<()> {
        self.around = None;
        self.doing("end a full reading", |conn| {
            let Some(listing) = current(conn, scope, side)? else {
                return Ok(());
            };
            for statement in [
                "DELETE FROM temp.heard WHERE listing = ?1",
                "DELETE FROM temp.listing WHERE no = ?1",
            ] {
                conn.prepare_cached(statement)?.execute([listing])?;
            }
            Ok(())
        })
    }

    /// Whether the full reading that is under way brought a record of which nothing was known before.
    pub fn met_now(&mut self, scope: ScopeId, side: Side, id: &RemoteId) -> Result<bool> {
        self.doing("ask what a full reading met", |conn| {
            let met = conn
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM mirror m JOIN temp.listing l
                     ON l.scope = m.scope AND l.side = m.side
                     WHERE m.scope = ?1 AND m.side = ?2 AND m.id = ?3 AND m.no > l.newest)",
                )?
                .query_row(params![scope.0, side_no(side), id.as_str()], |row| {
                    row.get(0)
                })?;
            Ok(met)
        })
    }

    /// Marks known records as heard although nothing about them changed; unknown ones are ignored.
    pub fn hear(
        &mut self,
        scope: ScopeId,
        side: Side,
        listing: ListingNo,
        ids: &[RemoteId],
    ) -> Result<()> {
        self.doing("note what a full reading brought", |conn| {
            if current(conn, scope, side)? != Some(listing.0) {
                return Err(Fault::Rule("this listing is over".to_owned()));
            }
            let mut hear = conn.prepare_cached(
                "INSERT INTO temp.heard (listing, rec)
                 SELECT ?4, no FROM mirror WHERE scope = ?1 AND side = ?2 AND id = ?3
                 ON CONFLICT DO NOTHING",
            )?;
            for id in ids {
                hear.execute(params![scope.0, side_no(side), id.as_str(), listing.0])?;
            }
            Ok(())
        })
    }

    /// Starts a listing of the ids of a side's list; an earlier one is forgotten.
    pub fn start_census(&mut self, scope: ScopeId, side: Side) -> Result<()> {
        self.doing("start a listing of ids", |conn| {
            conn.prepare_cached("DELETE FROM temp.census WHERE scope = ?1 AND side = ?2")?
                .execute([scope.0, side_no(side)])?;
            Ok(())
        })
    }

    /// Adds ids of list members to the listing; one that comes twice counts once.
    pub fn add_census(&mut self, scope: ScopeId, side: Side, ids: &[RemoteId]) -> Result<()> {
        self.doing("note a listing of ids", |conn| {
            let mut add = conn.prepare_cached(
                "INSERT INTO temp.census (scope, side, id) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO NOTHING",
            )?;
            for id in ids {
                add.execute(params![scope.0, side_no(side), id.as_str()])?;
            }
            Ok(())
        })
    }
}
