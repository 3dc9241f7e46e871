//! Signs that something outside went back in time or into other hands: records that are older than
//! they were, and the machine that used the file last.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::code::{side_no, to_count};
use super::error::{Fault, Result};
use super::scopes::{ScopeId, pair_of};
use super::{Db, Tx};
use crate::model::{Moment, RemoteId, Side, Sides};

/// Compares when a record was changed with what was known of it.
pub(super) fn compare(
    conn: &Connection,
    scope: ScopeId,
    side: Side,
    id: &RemoteId,
    (before, now): (Option<i64>, Option<Moment>),
) -> std::result::Result<(), Fault> {
    let (Some(before), Some(now)) = (before, now) else {
        return Ok(());
    };
    if now.0 < before {
        conn.prepare_cached(
            "INSERT INTO rewound (scope, side, id, newest) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET newest = max(newest, excluded.newest)",
        )?
        .execute(params![scope.0, side_no(side), id.as_str(), before])?;
    } else if now.0 > before {
        conn.prepare_cached(
            "DELETE FROM rewound WHERE scope = ?1 AND side = ?2 AND id = ?3 AND newest <= ?4",
        )?
        .execute(params![scope.0, side_no(side), id.as_str(), now.0])?;
    }
    Ok(())
}

impl Db {
    /// How many records of links that take part are older than they once were.
    pub fn rewound(&self, scope: ScopeId) -> Result<Sides<u64>> {
        self.doing("count what went back in time", |conn| {
            let pair = pair_of(conn, scope)?;
            // There are many links and hardly ever a rewound record: those come first.
            let count = |statement: &str, side: Side| -> rusqlite::Result<u64> {
                let count: i64 = conn
                    .prepare_cached(statement)?
                    .query_row(params![scope.0, side_no(side), pair.0], |row| row.get(0))?;
                Ok(to_count(count))
            };
            Ok(Sides {
                google: count(
                    "SELECT count(*) FROM rewound r CROSS JOIN link l ON l.pair = ?3 AND l.google = r.id
                     WHERE r.scope = ?1 AND r.side = ?2 AND l.rest = 0",
                    Side::Google,
                )?,
                crm: count(
                    "SELECT count(*) FROM rewound r CROSS JOIN link l ON l.pair = ?3 AND l.crm = r.id
                     WHERE r.scope = ?1 AND r.side = ?2 AND l.rest = 0",
                    Side::Crm,
                )?,
            })
        })
    }

    /// The mark of the machine that used the file last, and when, in seconds since the epoch.
    pub fn machine(&self) -> Result<Option<(String, i64)>> {
        self.doing("read which machine used the state", |conn| {
            Ok(conn
                .prepare_cached("SELECT mark, at FROM machine WHERE no = 1")?
                .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?)
        })
    }
}

impl Tx<'_> {
    /// Takes records for what they are now.
    pub fn forget_rewound(&mut self, scope: ScopeId) -> Result<()> {
        self.doing("forget what went back in time", |conn| {
            conn.prepare_cached("DELETE FROM rewound WHERE scope = ?1")?
                .execute([scope.0])?;
            Ok(())
        })
    }

    /// Notes which machine uses the file, at `now`.
    pub fn set_machine(&mut self, mark: &str, now: Moment) -> Result<()> {
        self.doing("note which machine uses the state", |conn| {
            conn.prepare_cached(
                "INSERT INTO machine (no, mark, at) VALUES (1, ?1, ?2)
                 ON CONFLICT DO UPDATE SET mark = excluded.mark, at = excluded.at",
            )?
            .execute(params![mark, now.0])?;
            Ok(())
        })
    }
}
