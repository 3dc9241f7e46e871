//! Runs: when each began, how it ended, and what it had to say.

use rusqlite::{OptionalExtension as _, Row, params};

use super::code::{from_count, problem_of, problem_text, to_count};
use super::error::{Fault, Result};
use super::scopes::{PairId, ScopeId};
use super::{Db, Tx};
use crate::model::Problem;

/// The number of a run; ascending over all profiles, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunNo(pub i64);

/// What a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunKind {
    /// A pass of `crmsync sync`.
    Sync,
    /// The undo of this run.
    Undo(RunNo),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunEnd<'a> {
    /// The report's word for it (`in-sync`, `changed` …).
    pub outcome: &'a str,
    /// Whether it counts as finished: it was neither refused nor stopped.
    pub finished: bool,
    /// How many contacts it wrote.
    pub written: u64,
    /// What needs a person.
    pub problems: &'a [Problem],
    /// The report as `--json` prints it.
    pub report_json: &'a str,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// A run as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Its number.
    pub no: RunNo,
    /// The profile that it ran.
    pub profile: String,
    /// That profile on its pair.
    pub scope: ScopeId,
    /// The pair.
    pub pair: PairId,
    /// What it is.
    pub kind: RunKind,
    /// When it began, in seconds since the epoch.
    pub started: i64,
    /// How it ended, in the report's word; none while it is under way, or when it was killed.
    pub outcome: Option<String>,
    /// Whether it counts as finished.
    pub finished: bool,
    /// How many contacts it wrote.
    pub written: u64,
    /// How many problems it had.
    pub problems: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The report as `--json` prints it; empty without an end.
    pub report_json: String,
}

const RUN: &str = "SELECT r.no, s.profile, r.scope, s.pair, r.undo_of, r.started, r.outcome,
    r.finished, r.written, r.problems, r.duration_ms, r.report
    FROM run r JOIN scope s ON s.no = r.scope";

fn run_of(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        no: RunNo(row.get(0)?),
        profile: row.get(1)?,
        scope: ScopeId(row.get(2)?),
        pair: PairId(row.get(3)?),
        kind: row
            .get::<_, Option<i64>>(4)?
            .map_or(RunKind::Sync, |of| RunKind::Undo(RunNo(of))),
        started: row.get(5)?,
        outcome: row.get(6)?,
        finished: row.get(7)?,
        written: to_count(row.get(8)?),
        problems: to_count(row.get(9)?),
        duration_ms: to_count(row.get(10)?),
        report_json: row.get(11)?,
    })
}

impl Db {
    /// The latest runs, newest first, of one profile (on whatever pair) or of all.
    pub fn runs(&self, profile: Option<&str>, most: usize) -> Result<Vec<RunRow>> {
        self.doing("read the history", |conn| {
            let mut query = conn.prepare_cached(&format!(
                "{RUN} WHERE ?1 IS NULL OR s.profile = ?1 ORDER BY r.no DESC LIMIT ?2"
            ))?;
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let rows = query.query_map(params![profile, most], run_of)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// One run; none when there is no such number.
    pub fn run(&self, no: RunNo) -> Result<Option<RunRow>> {
        self.doing("read a run", |conn| {
            Ok(conn
                .prepare_cached(&format!("{RUN} WHERE r.no = ?1"))?
                .query_row([no.0], run_of)
                .optional()?)
        })
    }

    /// What a run had that needs a person, in the order of its report.
    pub fn problems_of(&self, run: RunNo) -> Result<Vec<Problem>> {
        self.doing("read the problems of a run", |conn| {
            let mut query =
                conn.prepare_cached("SELECT body FROM problem WHERE run = ?1 ORDER BY seq")?;
            let mut rows = query.query([run.0])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(problem_of(
                    row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?,
                )?);
            }
            Ok(all)
        })
    }
}

impl Tx<'_> {
    /// Begins a run; `started` in seconds since the epoch.
    pub fn begin_run(&mut self, scope: ScopeId, kind: RunKind, started: i64) -> Result<RunNo> {
        self.doing("begin a run", |conn| {
            let undo_of = match kind {
                RunKind::Sync => None,
                RunKind::Undo(of) => Some(of.0),
            };
            conn.prepare_cached("INSERT INTO run (scope, undo_of, started) VALUES (?1, ?2, ?3)")?
                .execute(params![scope.0, undo_of, started])?;
            Ok(RunNo(conn.last_insert_rowid()))
        })
    }

    /// Ends a run; a run ends once.
    pub fn close_run(&mut self, no: RunNo, end: &RunEnd<'_>) -> Result<()> {
        self.doing("end a run", |conn| {
            let problems = i64::try_from(end.problems.len()).unwrap_or(i64::MAX);
            let changed = conn
                .prepare_cached(
                    "UPDATE run SET outcome = ?2, finished = ?3, written = ?4, problems = ?5,
                     duration_ms = ?6, report = ?7 WHERE no = ?1 AND outcome IS NULL",
                )?
                .execute(params![
                    no.0,
                    end.outcome,
                    end.finished,
                    from_count(end.written),
                    problems,
                    from_count(end.duration_ms),
                    end.report_json
                ])?;
            if changed == 0 {
                return Err(Fault::Rule(format!("run {} is not under way", no.0)));
            }
            let mut add =
                conn.prepare_cached("INSERT INTO problem (run, seq, body) VALUES (?1, ?2, ?3)")?;
            for (seq, problem) in (0_i64..).zip(end.problems) {
                add.execute(params![no.0, seq, problem_text(problem)?])?;
            }
            Ok(())
        })
    }
}
