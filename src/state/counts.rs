//! How many links and records are in which condition, for reports, brakes and `status`.

use rusqlite::Connection;

use super::Db;
use super::code::{side_no, to_count};
use super::error::{Fault, Result};
use super::scopes::{ScopeId, pair_of};
use crate::model::{Side, Sides};

/// Counts of a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Links that take part: awake, and with a record in one of the scope's lists at the last
    /// agreement.
    pub linked: u64,
    /// Links that rest.
    pub resting: Resting,
    /// Awake links whose target has edits of its own that stay (rule 6).
    pub drift: u64,
    /// Records in each list.
    pub listed: Sides<u64>,
    /// Records in each list that have neither match key nor link.
    pub excluded_no_key: Sides<u64>,
    /// Ended and vanished links whose surviving record is in its list and in no other link that
    /// takes part.
    pub excluded_rest: u64,
}

/// Links that rest, by why; only those that the scope has agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

impl Db {
    /// Counts the links and records of a scope.
    pub fn counts(&self, scope: ScopeId) -> Result<Counts> {
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
            let listed = |side: Side| {
                count(
                    "SELECT count(*) FROM mirror WHERE scope = ?1 AND side = ?2 AND listed = 1",
                    &[scope.0, side_no(side)],
                )
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
