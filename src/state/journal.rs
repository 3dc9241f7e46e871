//! The journal: every write before it is sent, with its before-image, and what became of it.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use super::error::{Fault, Result};
use super::runs::RunNo;
use super::scopes::PairId;
use super::{Db, Tx};
use crate::model::{Key, Moment, RemoteId, Side, Sides, Version, Write};

type Outcome<T> = std::result::Result<T, Fault>;

/// The number of a journalled write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JournalNo(pub i64);

/// What became of a journalled write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The remote confirmed it.
    Done {
        /// The record that was written.
        id: RemoteId,
    },
    /// The record had moved; nothing was written.
    Stale,
    /// The remote already has such a record; nothing was written.
    Duplicate {
        /// That record, when the remote named it.
        of: Option<RemoteId>,
    },
    /// The remote will not store it.
    Rejected,
    /// The user may not write it.
    Denied,
    /// The record is gone.
    Gone,
    /// It was not sent.
    NotTried,
    /// Nobody knows whether it landed: it stays open.
    Uncertain,
    /// A later look found that it had landed.
    Recovered {
        /// The record that was written.
        id: RemoteId,
    },
    /// A later look found that it had not landed.
    Lost,
}

impl Settled {
    /// Its word in the state file and in `status`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Stale => "stale",
            Self::Duplicate { .. } => "duplicate",
            Self::Rejected => "rejected",
            Self::Denied => "denied",
            Self::Gone => "gone",
            Self::NotTried => "not tried",
            Self::Uncertain => "uncertain",
            Self::Recovered { .. } => "recovered",
            Self::Lost => "lost",
        }
    }

    /// Whether the remote holds what was sent.
    #[must_use]
    pub fn landed(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Recovered { .. })
    }

    fn id(&self) -> Option<&RemoteId> {
        match self {
            Self::Done { id } | Self::Recovered { id } => Some(id),
            Self::Duplicate { of } => of.as_ref(),
            Self::Stale
            | Self::Rejected
            | Self::Denied
            | Self::Gone
            | Self::NotTried
            | Self::Uncertain
            | Self::Lost => None,
        }
    }

    /// None while it is being sent.
    fn of(word: &str, id: Option<RemoteId>) -> Outcome<Option<Self>> {
        let named = |id: Option<RemoteId>| {
            id.ok_or_else(|| Fault::Nonsense(format!("a journal entry is {word} without an id")))
        };
        Ok(Some(match word {
            "sending" => return Ok(None),
            "done" => Self::Done { id: named(id)? },
            "stale" => Self::Stale,
            "duplicate" => Self::Duplicate { of: id },
            "rejected" => Self::Rejected,
            "denied" => Self::Denied,
            "gone" => Self::Gone,
            "not tried" => Self::NotTried,
            "uncertain" => Self::Uncertain,
            "recovered" => Self::Recovered { id: named(id)? },
            "lost" => Self::Lost,
            other => {
                return Err(Fault::Nonsense(format!("{other} is no outcome of a write")));
            }
        }))
    }
}

/// A journalled write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// Its number.
    pub no: JournalNo,
    /// The run that sent it.
    pub run: RunNo,
    /// The write, before-images included.
    pub write: Write,
    /// What became of it; none when it was being sent and never settled.
    pub outcome: Option<Settled>,
    /// The remote's words, or what else there is to say.
    pub note: Option<String>,
    /// Which list a change of memberships was about; none of other writes, and in entries of older
    /// programs.
    pub list: Option<String>,
}

/// A journalled write of which nobody knows whether it landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenWrite {
    /// Its number.
    pub no: JournalNo,
    /// When it was sent; none in entries of older programs.
    pub sent: Option<Moment>,
    /// The write.
    pub write: Write,
}

impl JournalRow {
    /// Whether nobody knows yet whether it landed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.outcome, None | Some(Settled::Uncertain))
    }

    /// The record that it was written to, when it landed.
    #[must_use]
    pub fn landed_on(&self) -> Option<&RemoteId> {
        let outcome = self.outcome.as_ref()?;
        let id = outcome.id().filter(|_| outcome.landed())?;
        Some(self.write.change.id().unwrap_or(id))
    }
}

/// A write with the time when it is sent.
#[derive(Serialize)]
struct Sent<'a> {
    #[serde(flatten)]
    write: &'a Write,
    sent: Moment,
}

const ROW: &str = "SELECT no, run, body, state, other, note, body ->> '$.list' FROM journal";
/// Landed, or nobody knows yet.
const WROTE: &str = "(open = 1 OR state IN ('done', 'recovered'))";

fn row_of(row: &Row<'_>) -> Outcome<JournalRow> {
    let word: String = row.get(3)?;
    Ok(JournalRow {
        no: JournalNo(row.get(0)?),
        run: RunNo(row.get(1)?),
        write: serde_json::from_str(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?)?,
        outcome: Settled::of(&word, row.get::<_, Option<Box<str>>>(4)?.map(RemoteId))?,
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
            let mut query = conn.prepare_cached(
                "SELECT no, body, body ->> '$.sent' FROM journal
                 WHERE pair = ?1 AND open = 1 ORDER BY no",
            )?;
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
            rows(conn, "WHERE run = ?1 ORDER BY no", [run.0])
        })
    }

    /// Every write on either of two records or about them, in the order they were sent.
    pub fn history_of(&self, pair: PairId, ids: &Sides<RemoteId>) -> Result<Vec<JournalRow>> {
        self.doing("read the history of a contact", |conn| {
            rows(
                conn,
                "WHERE no IN (SELECT no FROM journal WHERE pair = ?1 AND google = ?2
                              UNION SELECT no FROM journal WHERE pair = ?1 AND crm = ?3)
                 ORDER BY no",
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
                 AND EXISTS (SELECT 1 FROM journal WHERE run = r.no AND {WROTE})
                 ORDER BY r.no DESC LIMIT ?2"
            ))?;
            let rows = query.query_map(params![profile, most], |row| Ok(RunNo(row.get(0)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The revision that our latest write on a record left, of whatever run; none when the remote did
    /// not tell it.
    pub fn left_on(&self, pair: PairId, side: Side, id: &RemoteId) -> Result<Option<Version>> {
        self.doing("look up what a write left", |conn| {
            let column = side.name();
            Ok(conn
                .prepare_cached(&format!(
                    "SELECT behind FROM journal
                     WHERE pair = ?1 AND {column} = ?2 AND body ->> '$.on' = '{column}'
                     AND state IN ('done', 'recovered') ORDER BY no DESC LIMIT 1"
                ))?
                .query_row(params![pair.0, id.as_str()], |row| {
                    row.get::<_, Option<Box<str>>>(0)
                })
                .optional()?
                .flatten()
                .map(Version))
        })
    }

    /// Every write for a contact with this match key, in the order they were sent.
    pub fn history_of_key(&self, pair: PairId, key: &Key) -> Result<Vec<JournalRow>> {
        self.doing("read the history of a contact", |conn| {
            rows(
                conn,
                "WHERE pair = ?1 AND key = ?2 ORDER BY no",
                params![pair.0, key.as_str()],
            )
        })
    }
}

impl Tx<'_> {
    /// Notes writes as being sent at `now`; the numbers come in the order of the writes.
    pub fn journal(&mut self, run: RunNo, writes: &[Write], now: Moment) -> Result<Vec<JournalNo>> {
        self.doing("journal the writes", |conn| {
            let pair: i64 = conn
                .prepare_cached(
                    "SELECT s.pair FROM run r JOIN scope s ON s.no = r.scope WHERE r.no = ?1",
                )?
                .query_row([run.0], |row| row.get(0))
                .optional()?
                .ok_or_else(|| Fault::Rule(format!("there is no run {}", run.0)))?;
            let mut add = conn.prepare_cached(
                "INSERT INTO journal (run, pair, google, crm, key, open, state, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, 1, 'sending', ?6)",
            )?;
            writes
                .iter()
                .map(|write| {
                    let id = |side: Side| {
                        if side == write.on {
                            write.change.id().map(RemoteId::as_str)
                        } else {
                            Some(write.twin.as_str())
                        }
                    };
                    add.execute(params![
                        run.0,
                        pair,
                        id(Side::Google),
                        id(Side::Crm),
                        write.key.as_ref().map(Key::as_str),
                        serde_json::to_string(&Sent { write, sent: now })?
                    ])?;
                    Ok(JournalNo(conn.last_insert_rowid()))
                })
                .collect()
        })
    }

    /// Notes which list a change of memberships is about.
    pub fn note_list(&mut self, no: JournalNo, list: &str) -> Result<()> {
        self.doing("note the list of a write", |conn| {
            conn.prepare_cached(
                "UPDATE journal SET body = json_set(body, '$.list', ?2) WHERE no = ?1",
            )?
            .execute(params![no.0, list])?;
            Ok(())
        })
    }

    /// Notes what became of an open write; `note` is the remote's words. Only an uncertain one can be
    /// settled again.
    pub fn settle(&mut self, no: JournalNo, outcome: &Settled, note: Option<&str>) -> Result<()> {
        self.settle_at(no, outcome, note, None)
    }

    /// Notes that an open write landed, and the revision that it left on its record, to tell later
    /// whether anyone has changed the record since.
    pub fn landed(
        &mut self,
        no: JournalNo,
        outcome: &Settled,
        left: Option<&Version>,
    ) -> Result<()> {
        self.settle_at(no, outcome, None, left)
    }

    fn settle_at(
        &mut self,
        no: JournalNo,
        outcome: &Settled,
        note: Option<&str>,
        left: Option<&Version>,
    ) -> Result<()> {
        self.doing("settle a write", |conn| {
            let id = outcome.id().map(RemoteId::as_str);
            let landed = outcome.landed().then_some(id).flatten();
            let open = matches!(outcome, Settled::Uncertain);
            let changed = conn
                .prepare_cached(
                    "UPDATE journal SET state = ?2, other = ?3, note = coalesce(?4, note), open = ?5,
                     google = coalesce(google, ?6), crm = coalesce(crm, ?6),
                     behind = coalesce(?7, behind) WHERE no = ?1 AND open = 1",
                )?
                .execute(params![
                    no.0,
                    outcome.name(),
                    id,
                    note,
                    open,
                    landed,
                    left.map(Version::as_str)
                ])?;
            if changed == 0 {
                return Err(Fault::Rule(format!(
                    "the journal has no open entry {}",
                    no.0
                )));
            }
            Ok(())
        })
    }
}
