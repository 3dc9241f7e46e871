//! Fields that go to and fro between two values, kept with their link.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension as _, params};

use super::error::Result;
use super::scopes::{ScopeId, pair_of};
use super::{Db, Tx};
use crate::model::{Field, Flip, LinkNo, Moment};

impl Db {
    /// The fields of a link that were written lately.
    pub fn flips(&self, link: LinkNo) -> Result<BTreeMap<Field, Flip>> {
        self.doing("read what went to and fro", |conn| {
            let body: Option<String> = conn
                .prepare_cached("SELECT body FROM flip WHERE link = ?1")?
                .query_row([link.0], |row| row.get(0))
                .optional()?;
            Ok(match body {
                Some(body) => serde_json::from_str(&body)?,
                None => BTreeMap::new(),
            })
        })
    }

    /// The links of the scope's pair that have a field in quarantine.
    pub fn held_flips(&self, scope: ScopeId) -> Result<BTreeSet<LinkNo>> {
        self.doing("read what is in quarantine", |conn| {
            let pair = pair_of(conn, scope)?;
            let mut query = conn.prepare_cached(
                "SELECT f.link FROM flip f CROSS JOIN link l ON l.no = f.link
                 WHERE f.held = 1 AND l.pair = ?1",
            )?;
            let rows = query.query_map([pair.0], |row| Ok(LinkNo(row.get(0)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

impl Tx<'_> {
    /// Replaces what is known of a link's fields; one that is not there is ignored.
    pub fn put_flips(&mut self, link: LinkNo, flips: &BTreeMap<Field, Flip>) -> Result<()> {
        self.doing("note what went to and fro", |conn| {
            let Some(at) = flips.values().map(|flip| flip.at.0).max() else {
                conn.prepare_cached("DELETE FROM flip WHERE link = ?1")?
                    .execute([link.0])?;
                return Ok(());
            };
            let held = flips.values().any(|flip| flip.held);
            conn.prepare_cached(
                "INSERT INTO flip (link, at, held, body)
                 SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM link WHERE no = ?1)
                 ON CONFLICT DO UPDATE SET at = excluded.at, held = excluded.held,
                 body = excluded.body",
            )?
            .execute(params![link.0, at, held, serde_json::to_string(flips)?])?;
            Ok(())
        })
    }

    /// Forgets what was not written since then and is in no quarantine.
    pub fn forget_flips(&mut self, before: Moment) -> Result<()> {
        self.doing("forget what went to and fro", |conn| {
            conn.prepare_cached("DELETE FROM flip WHERE at < ?1 AND held = 0")?
                .execute([before.0])?;
            Ok(())
        })
    }
}
