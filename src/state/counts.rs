//! How many links and records are in which condition, for reports, brakes and `status`.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::code::{side_no, to_count};
use super::error::{Fault, Result};
use super::scopes::{PairId, ScopeId, pair_of};
use super::{Db, Tx};
use crate::model::{Side, Sides};

/// Counts of a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Links that take part: awake, and with a record in one of the scope's lists at the last
    /// agreement.
    pub linked: u64,
    /// Links that rest.
    pub resting: Resting,
    /// Awake links whose target has edits of its own that stay (rule 6).
    pub drift: u64,
    /// Records that are known, in the list or not.
    pub known: Sides<u64>,
    /// Records in each list.
    pub listed: Sides<u64>,
    /// Records in each list that have neither match key nor link.
    pub excluded_no_key: Sides<u64>,
    /// Ended and vanished links whose surviving record is in its list and in no other link that
    /// takes part.
    pub excluded_rest: u64,
}

/// Links that rest, by why; only those that the scope has agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resting {
    /// A record left its list.
    pub left: u64,
    /// A record cannot be seen.
    pub vanished: u64,
    /// A record was deleted.
    pub ended: u64,
    /// The younger link of a merge.
    pub merged: u64,
}

impl Resting {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.left + self.vanished + self.ended + self.merged
    }
}

impl Tx<'_> {
    /// Forgets what was counted of the scopes of a pair, because something of theirs changes.
    pub(super) fn uncount(&mut self, pair: PairId) -> Result<()> {
        if self.uncounted == Some(pair) {
            return Ok(());
        }
        self.doing("forget the counts", |conn| {
            conn.prepare_cached(
                "DELETE FROM counted WHERE scope IN (SELECT no FROM scope WHERE pair = ?1)",
            )?
            .execute([pair.0])?;
            Ok(())
        })?;
        self.uncounted = Some(pair);
        Ok(())
    }

    /// Keeps counts of a scope that were taken in this transaction, until something of it changes.
    pub fn keep_counts(&mut self, scope: ScopeId, counts: &Counts) -> Result<()> {
        self.doing("keep the counts", |conn| {
            conn.prepare_cached(
                "INSERT INTO counted (scope, body) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?
            .execute(params![scope.0, serde_json::to_string(counts)?])?;
            Ok(())
        })?;
        self.uncounted = None;
        Ok(())
    }
}

impl Db {
    /// Counts the links and records of a scope; what was kept of the last count, while it is true.
    pub fn counts(&self, scope: ScopeId) -> Result<Counts> {
        let kept = self.doing("read the counts", |conn| {
            let body: Option<String> = conn
                .prepare_cached("SELECT body FROM counted WHERE scope = ?1")?
                .query_row([scope.0], |row| row.get(0))
                .optional()?;
            Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
        })?;
        kept.map_or_else(|| self.count_anew(scope), Ok)
    }

    /// As [`Db::counts`], whatever was kept.
    pub(super) fn count_anew(&self, scope: ScopeId) -> Result<Counts> {
        self.doing("count the contacts", |conn| {
            let pair = pair_of(conn, scope)?;
            let count = |statement: &str, args: &[i64]| count(conn, statement, args);
            let here = [scope.0, pair.0];
            let resting = |rest: i64| {
                count(
                    "SELECT count(*) FROM link l JOIN link_scope s ON s.scope = ?1 AND s.link = l.no
                     WHERE l.pair = ?2 AND l.rest <> 0 AND l.rest = ?3",
                    &[scope.0, pair.0, rest],
                )
            };
            // Nearly all links are awake, and counting those that are not is quick.
            let taking_part = count(
                "SELECT count(*) FROM link_scope WHERE scope = ?1 AND (google OR crm)",
                &[scope.0],
            )?;
            let asleep = count(
                "SELECT count(*) FROM link l JOIN link_scope s ON s.scope = ?1 AND s.link = l.no
                 WHERE l.pair = ?2 AND l.rest <> 0 AND (s.google OR s.crm)",
                &here,
            )?;
            let known = |side: Side| {
                count(
                    "SELECT count(*) FROM mirror WHERE scope = ?1 AND side = ?2",
                    &[scope.0, side_no(side)],
                )
            };
            let known = Sides {
                google: known(Side::Google)?,
                crm: known(Side::Crm)?,
            };
            // Where a label or a view is all that there is, hardly any are outside of it.
            let listed = |side: Side| -> std::result::Result<u64, Fault> {
                let outside = count(
                    "SELECT count(*) FROM mirror WHERE scope = ?1 AND side = ?2 AND listed = 0",
                    &[scope.0, side_no(side)],
                )?;
                Ok(known.on(side).saturating_sub(outside))
            };
            let no_key = |side: Side| {
                let own = match side {
                    Side::Google => "google",
                    Side::Crm => "crm",
                };
                count(
                    &format!(
                        "SELECT count(*) FROM mirror m
                         WHERE scope = ?1 AND side = ?2 AND listed = 1 AND keyed = 0 AND NOT EXISTS
                         (SELECT 1 FROM link l WHERE l.pair = ?3 AND l.{own} = m.id)"
                    ),
                    &[scope.0, side_no(side), pair.0],
                )
            };
            Ok(Counts {
                linked: taking_part.saturating_sub(asleep),
                resting: Resting {
                    left: resting(1)?,
                    vanished: resting(2)?,
                    ended: resting(3)?,
                    merged: resting(4)?,
                },
                drift: count(
                    "SELECT count(*) FROM link l JOIN link_scope s ON s.scope = ?1 AND s.link = l.no
                     WHERE l.pair = ?2 AND l.drift > 0 AND l.rest = 0",
                    &here,
                )?,
                known,
                listed: Sides {
                    google: listed(Side::Google)?,
                    crm: listed(Side::Crm)?,
                },
                excluded_no_key: Sides {
                    google: no_key(Side::Google)?,
                    crm: no_key(Side::Crm)?,
                },
                excluded_rest: count(
                    "SELECT count(*) FROM link l WHERE l.pair = ?2 AND l.rest <> 0
                     AND l.rest IN (2, 3) AND (
                       EXISTS (SELECT 1 FROM mirror m WHERE m.scope = ?1 AND m.side = 0
                               AND m.id = l.google AND m.listed = 1
                               AND NOT EXISTS (SELECT 1 FROM link o WHERE o.pair = ?2
                                               AND o.google = m.id AND o.rest = 0))
                       OR EXISTS (SELECT 1 FROM mirror m WHERE m.scope = ?1 AND m.side = 1
                               AND m.id = l.crm AND m.listed = 1
                               AND NOT EXISTS (SELECT 1 FROM link o WHERE o.pair = ?2
                                               AND o.crm = m.id AND o.rest = 0)))",
                    &here,
                )?,
            })
        })
    }
}

fn count(conn: &Connection, statement: &str, args: &[i64]) -> std::result::Result<u64, Fault> {
    let number: i64 = conn
        .prepare_cached(statement)?
        .query_row(rusqlite::params_from_iter(args), |row| row.get(0))?;
    Ok(to_count(number))
}
