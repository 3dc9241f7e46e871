//! Mapped fields, account pairs, profiles on them, and the facts kept about each.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::error::{Fault, Result};
use super::{Db, Tx};
use crate::model::{Field, Sides};

/// The number of an account pair in the state file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PairId(pub i64);

/// The number of one profile on one account pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(pub i64);

/// A position in a remote's change feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCursor {
    /// The position, opaque.
    pub cursor: String,
    /// What it was taken with; a cursor of another fingerprint is of no use.
    pub fingerprint: String,
    /// When, in seconds since the epoch.
    pub taken_at: i64,
}

/// What is kept about a profile on a pair between runs. Times are seconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that do not hang together"
)]
pub struct ScopeFacts {
    /// Whether the profile may run (`deactivate` stops it).
    pub active: bool,
    /// The profile's fingerprint at its last finished run; another one makes the next a re-match.
    pub fingerprint: Option<String>,
    /// Where each side's next reading goes on.
    pub cursors: Sides<Option<StoredCursor>>,
    /// When each side was last read in full.
    pub last_full: Sides<Option<i64>>,
    /// When the lists' members were last counted through.
    pub last_census: Option<i64>,
    /// How many records each list had then.
    pub last_listed: Sides<Option<u64>>,
    /// When each side was last probed, and what it said, as JSON.
    pub probes: Sides<Option<(i64, String)>>,
    /// When the last run finished.
    pub last_sync: Option<i64>,
    /// How the last run ended, in the report's word.
    pub last_outcome: Option<String>,
    /// How many contacts wait for the next runs.
    pub deferred: u64,
    /// How many deletes wait for a run without a cap.
    pub deletes_waiting: u64,
    /// How many conflicts are held.
    pub conflicts: u64,
    /// How many contacts fail.
    pub failing: u64,
    /// How many list members take no part.
    pub excluded: u64,
    /// Whether a re-match after a profile change is under way.
    pub rematching: bool,
    /// The profile's direction at its last run, for `status`.
    pub direction: Option<String>,
    /// The profile's frequency at its last run, for `status`.
    pub frequency: Option<String>,
    /// Whether the pair has once had nothing deferred; shared by every profile on the pair.
    #[serde(skip)]
    pub pair_settled: bool,
    /// Whether a sync of the pair has once finished, whatever the profile; looked up, not stored.
    #[serde(skip)]
    pub pair_finished: bool,
}

impl Default for ScopeFacts {
    fn default() -> Self {
        Self {
            active: true,
            fingerprint: None,
            cursors: Sides::default(),
            last_full: Sides::default(),
            last_census: None,
            last_listed: Sides::default(),
            probes: Sides::default(),
            last_sync: None,
            last_outcome: None,
            deferred: 0,
            deletes_waiting: 0,
            conflicts: 0,
            failing: 0,
            excluded: 0,
            rematching: false,
            direction: None,
            frequency: None,
            pair_settled: false,
            pair_finished: false,
        }
    }
}

/// The pair of a scope.
pub(super) fn pair_of(conn: &Connection, scope: ScopeId) -> std::result::Result<PairId, Fault> {
    conn.prepare_cached("SELECT pair FROM scope WHERE no = ?1")?
        .query_row([scope.0], |row| row.get(0))
        .optional()?
        .map(PairId)
        .ok_or_else(|| Fault::Rule(format!("there is no scope {}", scope.0)))
}

/// The other scopes of a scope's pair.
pub(super) fn others_of(
    conn: &Connection,
    scope: ScopeId,
    pair: PairId,
) -> std::result::Result<Vec<i64>, Fault> {
    let mut query =
        conn.prepare_cached("SELECT no FROM scope WHERE pair = ?2 AND no <> ?1 ORDER BY no")?;
    let rows = query.query_map([scope.0, pair.0], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

impl Db {
    /// The scope that the profile used last, and its pair; none when it never ran.
    pub fn scope_of(&self, profile: &str) -> Result<Option<(ScopeId, PairId)>> {
        self.doing("look up a profile", |conn| {
            Ok(conn
                .prepare_cached(
                    "SELECT no, pair FROM scope WHERE profile = ?1 ORDER BY used DESC LIMIT 1",
                )?
                .query_row([profile], |row| {
                    Ok((ScopeId(row.get(0)?), PairId(row.get(1)?)))
                })
                .optional()?)
        })
    }

    /// Every account pair there is.
    pub fn pairs(&self) -> Result<Vec<PairId>> {
        self.doing("list the account pairs", |conn| {
            let mut query = conn.prepare_cached("SELECT no FROM pair ORDER BY no")?;
            let rows = query.query_map([], |row| Ok(PairId(row.get(0)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The text identity of a pair.
    pub fn pair_name(&self, pair: PairId) -> Result<String> {
        self.doing("look up an account pair", |conn| {
            Ok(conn
                .prepare_cached("SELECT name FROM pair WHERE no = ?1")?
                .query_row([pair.0], |row| row.get(0))?)
        })
    }

    /// What is kept about a scope.
    pub fn facts(&self, scope: ScopeId) -> Result<ScopeFacts> {
        self.doing("read what is known of a profile", |conn| {
            Ok(self.facts_of(conn, scope)?.0)
        })
    }

    /// The name of every mapped pair of fields that was ever numbered.
    pub fn field_names(&self) -> Result<BTreeMap<Field, String>> {
        self.doing("read the field names", |conn| {
            let mut names = BTreeMap::new();
            let mut query = conn.prepare_cached("SELECT no, name FROM field ORDER BY no")?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                names.insert(Field(row.get(0)?), row.get(1)?);
            }
            Ok(names)
        })
    }
}

impl Db {
    /// The facts and their text.
    fn facts_of(
        &self,
        conn: &Connection,
        scope: ScopeId,
    ) -> std::result::Result<(ScopeFacts, String), Fault> {
        let pair = pair_of(conn, scope)?;
        let (text, settled): (String, bool) = conn
        .prepare_cached(
            "SELECT s.facts, p.settled FROM scope s JOIN pair p ON p.no = s.pair WHERE s.no = ?1",
        )?
        .query_row([scope.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let finished: bool = conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM scope CROSS JOIN run ON run.scope = scope.no
             WHERE scope.pair = ?1 AND run.finished = 1 AND run.undo_of IS NULL)",
            )?
            .query_row([pair.0], |row| row.get(0))?;
        let mut facts = self.read_facts(&text)?;
        facts.pair_settled = settled;
        facts.pair_finished = finished;
        Ok((facts, text))
    }

    /// Facts from their text. The text read last is known: a run asks several times, and reading it takes
    /// longer than all else that a run with nothing to do asks of the state.
    fn read_facts(&self, text: &str) -> std::result::Result<ScopeFacts, Fault> {
        let mut last = self.last_facts.borrow_mut();
        if let Some((known, facts)) = &*last
            && known == text
        {
            return Ok(facts.clone());
        }
        let facts: ScopeFacts = serde_json::from_str(text)?;
        *last = Some((text.to_owned(), facts.clone()));
        Ok(facts)
    }
}

impl Tx<'_> {
    /// The numbers of mapped pairs of fields, by their name `CRM=google.path`, in the order asked;
    /// a name keeps its number for ever.
    pub fn fields(&mut self, names: &[String]) -> Result<Vec<Field>> {
        self.doing("number the mapped fields", |conn| {
            let mut insert =
                conn.prepare_cached("INSERT INTO field (name) VALUES (?1) ON CONFLICT DO NOTHING")?;
            let mut find = conn.prepare_cached("SELECT no FROM field WHERE name = ?1")?;
            names
                .iter()
                .map(|name| {
                    insert.execute([name])?;
                    let no: i64 = find.query_row([name], |row| row.get(0))?;
                    u16::try_from(no)
                        .map(Field)
                        .map_err(|_| Fault::Rule("there are too many mapped fields".to_owned()))
                })
                .collect()
        })
    }

    /// The scope of a profile on a pair, made when new; from now on it is the profile's newest.
    pub fn scope(&mut self, profile: &str, pair: &str) -> Result<(ScopeId, PairId)> {
        // The scopes around it may become more.
        self.around = None;
        let first = serde_json::to_string(&ScopeFacts::default());
        self.doing("look up a profile", |conn| {
            conn.prepare_cached("INSERT INTO pair (name) VALUES (?1) ON CONFLICT DO NOTHING")?
                .execute([pair])?;
            let pair: i64 = conn
                .prepare_cached("SELECT no FROM pair WHERE name = ?1")?
                .query_row([pair], |row| row.get(0))?;
            let scope = conn
                .prepare_cached(
                    "INSERT INTO scope (profile, pair, used, facts)
                     VALUES (?1, ?2, (SELECT coalesce(max(used), 0) + 1 FROM scope), ?3)
                     ON CONFLICT (profile, pair) DO UPDATE SET used = excluded.used
                     RETURNING no",
                )?
                .query_row(params![profile, pair, first?], |row| row.get(0))?;
            Ok((ScopeId(scope), PairId(pair)))
        })
    }

    /// Changes what is kept about a scope (`pair_settled` for the whole pair; `pair_finished` is
    /// looked up and cannot be set).
    pub fn set_facts(&mut self, scope: ScopeId, f: impl FnOnce(&mut ScopeFacts)) -> Result<()> {
        self.doing("note what is known of a profile", |conn| {
            let pair = pair_of(conn, scope)?;
            let (mut facts, before) = self.facts_of(conn, scope)?;
            let settled = facts.pair_settled;
            f(&mut facts);
            let text = serde_json::to_string(&facts)?;
            if text != before {
                conn.prepare_cached("UPDATE scope SET facts = ?2 WHERE no = ?1")?
                    .execute(params![scope.0, text])?;
                *self.last_facts.borrow_mut() = Some((text, facts.clone()));
            }
            if facts.pair_settled != settled {
                conn.prepare_cached("UPDATE pair SET settled = ?2 WHERE no = ?1")?
                    .execute(params![pair.0, facts.pair_settled])?;
            }
            Ok(())
        })
    }
}
