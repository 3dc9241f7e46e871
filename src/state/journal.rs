//! The journal: every write before it is sent, with its before-image, and what becomes of it.

use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;

use super::Tx;
use super::code::json;
use super::error::{Fault, Result};
use super::history::OPEN;
use super::runs::RunNo;
use crate::model::{Key, Moment, RemoteId, Side, Version, Write};

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
    pub(super) fn of(word: &str, id: Option<RemoteId>) -> Outcome<Option<Self>> {
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
                "INSERT INTO journal (run, pair, google, crm, key, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            let mut numbers = Vec::with_capacity(writes.len());
            for write in writes {
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
                    json(&Sent { write, sent: now })?
                ])?;
                numbers.push(JournalNo(conn.last_insert_rowid()));
            }
            // Nobody else writes meanwhile, so that the numbers follow one another.
            if let (Some(first), Some(last)) = (numbers.first(), numbers.last()) {
                conn.prepare_cached(
                    "INSERT INTO stretch (first, last, run, pair, open) VALUES (?1, ?2, ?3, ?4, 1)",
                )?
                .execute([first.0, last.0, run.0, pair])?;
            }
            Ok(numbers)
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
        let open = matches!(outcome, Settled::Uncertain);
        self.doing("settle a write", |conn| {
            let changed = conn
                .prepare_cached(
                    "INSERT INTO outcome (no, open, state, other, note, behind)
                     SELECT no, ?2, ?3, ?4, ?5, ?6 FROM journal WHERE no = ?1
                     ON CONFLICT (no) DO UPDATE SET open = excluded.open, state = excluded.state,
                     other = excluded.other, note = coalesce(excluded.note, note),
                     behind = coalesce(excluded.behind, behind) WHERE outcome.open = 1",
                )?
                .execute(params![
                    no.0,
                    open,
                    outcome.name(),
                    outcome.id().map(RemoteId::as_str),
                    note,
                    left.map(Version::as_str)
                ])?;
            if changed == 0 {
                return Err(Fault::Rule(format!(
                    "the journal has no open entry {}",
                    no.0
                )));
            }
            Ok(())
        })?;
        if !open {
            self.settled.push(no.0);
        }
        Ok(())
    }

    /// Closes the stretches of what was settled, where nothing of them is open any more.
    pub(super) fn close_stretches(&mut self) -> Result<()> {
        let mut settled = std::mem::take(&mut self.settled);
        settled.sort_unstable();
        self.doing("settle a write", |conn| {
            let mut around = conn.prepare_cached(
                "SELECT first, last FROM stretch WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
            )?;
            let mut close = conn.prepare_cached(&format!(
                "UPDATE stretch SET open = 0 WHERE first = ?1 AND NOT EXISTS
                 (SELECT 1 FROM journal j LEFT JOIN outcome o ON o.no = j.no
                  WHERE j.no BETWEEN ?1 AND ?2 AND {OPEN})"
            ))?;
            let mut seen = i64::MIN;
            for no in settled {
                if no <= seen {
                    continue;
                }
                let found: Option<(i64, i64)> = around
                    .query_row([no], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                let Some((first, last)) = found else { continue };
                close.execute([first, last])?;
                seen = last;
            }
            Ok(())
        })
    }
}
