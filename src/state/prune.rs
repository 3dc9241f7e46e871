//! What of the history is given up: old runs with their writes and before-images.

use rusqlite::params;

use super::scopes::PairId;
use super::{Result, Tx};
use crate::model::Moment;

/// How long every run is kept, seconds: 90 days.
pub const KEPT: i64 = 90 * 24 * 3600;
/// How many of the latest runs that wrote are kept whatever their age.
pub const KEPT_RUNS: usize = 20;
/// The most runs that are given up at a time.
const AT_A_TIME: i64 = 1_000;

impl Tx<'_> {
    /// Gives up the runs of a pair that are older than [`KEPT`], but for the latest [`KEPT_RUNS`] that
    /// wrote, those with a write of which nobody knows whether it landed, and those whose undo is kept.
    pub fn prune(&mut self, pair: PairId, now: Moment) -> Result<u64> {
        self.doing("give up old runs", |conn| {
            let before = now.0.saturating_sub(KEPT);
            let most = i64::try_from(KEPT_RUNS).unwrap_or(i64::MAX);
            let mut old = conn.prepare_cached(
                "WITH own AS (SELECT r.no, r.started FROM run r JOIN scope s ON s.no = r.scope
                              WHERE s.pair = ?1),
                      wrote AS (SELECT no FROM own
                                WHERE EXISTS (SELECT 1 FROM stretch s
                                              CROSS JOIN journal j ON j.no BETWEEN s.first AND s.last
                                              LEFT JOIN outcome o ON o.no = j.no
                                              WHERE s.run = own.no AND (o.no IS NULL OR o.open = 1
                                                    OR o.state IN ('done', 'recovered')))
                                ORDER BY no DESC LIMIT ?3)
                 SELECT no FROM own WHERE started < ?2 AND no NOT IN wrote
                 AND NOT EXISTS (SELECT 1 FROM stretch s WHERE s.run = own.no AND s.open = 1)
                 ORDER BY no DESC LIMIT ?4",
            )?;
            let old: Vec<i64> = old
                .query_map(params![pair.0, before, most, AT_A_TIME], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let mut undone = conn.prepare_cached("SELECT 1 FROM run WHERE undo_of = ?1")?;
            let mut gone = 0;
            // The newest first: an undo goes before the run that it undid.
            for no in old {
                if undone.exists([no])? {
                    continue;
                }
                for statement in [
                    "DELETE FROM outcome WHERE no IN
                     (SELECT j.no FROM stretch s CROSS JOIN journal j
                      ON j.no BETWEEN s.first AND s.last WHERE s.run = ?1)",
                    "DELETE FROM journal WHERE no IN
                     (SELECT j.no FROM stretch s CROSS JOIN journal j
                      ON j.no BETWEEN s.first AND s.last WHERE s.run = ?1)",
                    "DELETE FROM stretch WHERE run = ?1",
                    "DELETE FROM problem WHERE run = ?1",
                    "DELETE FROM run WHERE no = ?1",
                ] {
                    conn.prepare_cached(statement)?.execute([no])?;
                }
                gone += 1;
            }
            Ok(gone)
        })
    }
}
