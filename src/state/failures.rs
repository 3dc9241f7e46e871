//! Said once, and tried again later: notices that were given, contacts that keep failing.

use rusqlite::params;

use super::code::{problem_of, problem_text, side_no, side_of};
use super::error::Result;
use super::scopes::ScopeId;
use super::{Db, Tx};
use crate::model::{Moment, Problem, RemoteId, Side};

/// A contact whose writes failed and have not succeeded since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// The side of the record that the failures are kept for.
    pub side: Side,
    /// That record.
    pub id: RemoteId,
    /// How many times in a row.
    pub times: u32,
    /// Before this moment it is not worth another try.
    pub next_try: Moment,
    /// When it was last told to a person, where that is kept.
    pub said_at: Option<Moment>,
    /// The revisions of its records at the last failure, opaque.
    pub seen: String,
    /// The latest failure.
    pub problem: Problem,
}

/// How long to wait after so many failures in a row, in seconds: two more tries at once, then after
/// 1, 2, 4 … hours, at most a day.
fn wait(times: u32) -> i64 {
    match times {
        0..=2 => 0,
        more => (3600_i64 << (more - 3).min(8)).min(86_400),
    }
}

impl Db {
    /// Every contact that fails, in order of side and identifier.
    pub fn failing(&self, scope: ScopeId) -> Result<Vec<Failing>> {
        self.doing("read the failing contacts", |conn| {
            let mut query = conn.prepare_cached(
                "SELECT side, id, times, next_try, said_at, seen, problem FROM failure
                 WHERE scope = ?1 ORDER BY side, id",
            )?;
            let mut rows = query.query([scope.0])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(Failing {
                    side: side_of(row.get(0)?)?,
                    id: row.get(1)?,
                    times: row.get(2)?,
                    next_try: Moment(row.get(3)?),
                    said_at: row.get::<_, Option<i64>>(4)?.map(Moment),
                    seen: row.get(5)?,
                    problem: problem_of(row.get_ref(6)?.as_str().map_err(rusqlite::Error::from)?)?,
                });
            }
            Ok(all)
        })
    }
}

impl Db {
    /// Whether this was said before.
    pub fn said(&self, scope: ScopeId, kind: &str, subject: &str) -> Result<bool> {
        self.doing("look up what was said", |conn| {
            Ok(conn
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM said
                     WHERE scope = ?1 AND kind = ?2 AND subject = ?3)",
                )?
                .query_row(params![scope.0, kind, subject], |row| row.get(0))?)
        })
    }
}

impl Tx<'_> {
    /// Notes that the writes of a contact failed at `now`, when its records had the revisions `seen`;
    /// gives the number of failures in a row.
    pub fn fail(
        &mut self,
        scope: ScopeId,
        (side, id): (Side, &RemoteId),
        problem: &Problem,
        seen: &str,
        now: Moment,
    ) -> Result<u32> {
        self.doing("note a failing contact", |conn| {
            let times: u32 = conn
                .prepare_cached(
                    "INSERT INTO failure (scope, side, id, times, next_try, seen, problem)
                     VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6)
                     ON CONFLICT DO UPDATE SET times = times + 1, seen = excluded.seen,
                     problem = excluded.problem RETURNING times",
                )?
                .query_row(
                    params![
                        scope.0,
                        side_no(side),
                        id.as_str(),
                        now.0,
                        seen,
                        problem_text(problem)?
                    ],
                    |row| row.get(0),
                )?;
            conn.prepare_cached(
                "UPDATE failure SET next_try = ?4 WHERE scope = ?1 AND side = ?2 AND id = ?3",
            )?
            .execute(params![
                scope.0,
                side_no(side),
                id.as_str(),
                now.0.saturating_add(wait(times))
            ])?;
            Ok(times)
        })
    }

    /// Notes that a failing contact was told to a person.
    pub fn told(&mut self, scope: ScopeId, side: Side, id: &RemoteId, now: Moment) -> Result<()> {
        self.doing("note what was said", |conn| {
            conn.prepare_cached(
                "UPDATE failure SET said_at = ?4 WHERE scope = ?1 AND side = ?2 AND id = ?3",
            )?
            .execute(params![scope.0, side_no(side), id.as_str(), now.0])?;
            Ok(())
        })
    }

    /// Forgets the failures of a contact.
    pub fn clear_failures(&mut self, scope: ScopeId, side: Side, id: &RemoteId) -> Result<()> {
        self.doing("clear a failing contact", |conn| {
            conn.prepare_cached("DELETE FROM failure WHERE scope = ?1 AND side = ?2 AND id = ?3")?
                .execute(params![scope.0, side_no(side), id.as_str()])?;
            Ok(())
        })
    }

    /// Takes back that something was said.
    pub fn unsay(&mut self, scope: ScopeId, kind: &str, subject: &str) -> Result<()> {
        self.doing("note what was said", |conn| {
            conn.prepare_cached(
                "DELETE FROM said WHERE scope = ?1 AND kind = ?2 AND subject = ?3",
            )?
            .execute(params![scope.0, kind, subject])?;
            Ok(())
        })
    }

    /// Whether a notice of this kind about this subject is said for the first time.
    pub fn say_once(&mut self, scope: ScopeId, kind: &str, subject: &str) -> Result<bool> {
        self.doing("note what was said", |conn| {
            Ok(conn
                .prepare_cached(
                    "INSERT INTO said (scope, kind, subject) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO NOTHING",
                )?
                .execute(params![scope.0, kind, subject])?
                == 1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::wait;

    #[test]
    fn the_wait_doubles_up_to_a_day() {
        let waits: Vec<i64> = [0, 1, 2, 3, 4, 7, 8, 40, u32::MAX].map(wait).into();
        assert_eq!(waits, [0, 0, 0, 3600, 7200, 57_600, 86_400, 86_400, 86_400]);
    }
}
