//! The state file: everything that is remembered between runs, in one `SQLite` file for all profiles.
//!
//! Links and the journal belong to an account pair ([`PairId`]); the mirror, cursors and marks to a
//! profile on a pair ([`ScopeId`]). [`Db`] holds what can be asked; [`State`] and [`Tx`] lend it.
//! Changes happen in [`State::write`] only, each call one transaction.

mod apply;
mod code;
mod counts;
mod error;
mod failures;
mod file;
mod flips;
#[cfg(test)]
pub(crate) mod fuzz;
mod history;
mod islands;
mod journal;
mod links;
mod listing;
mod lock;
mod mirror;
mod prune;
mod runs;
mod schema;
mod scopes;
#[cfg(test)]
mod tests;
mod watch;

use std::cell::RefCell;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tempfile::TempPath;

use apply::Around;
pub use counts::{Counts, Resting};
use error::Fault;
pub use error::{Error, Kind, Result};
pub use failures::Failing;
use file::{Body, Want};
pub use islands::IslandPass;
pub use journal::{JournalNo, JournalRow, OpenWrite, Settled};
pub use listing::ListingNo;
pub use lock::{LockError, PairLock, lock};
pub use prune::{KEPT, KEPT_RUNS};
pub use runs::{RunEnd, RunKind, RunNo, RunRow};
use schema::Holds;
pub use scopes::{PairId, ScopeFacts, ScopeId, StoredCursor};

/// What can be asked of the state.
#[derive(Debug)]
pub struct Db {
    conn: Connection,
    path: PathBuf,
    /// The text of facts that was read last, and what it says.
    last_facts: RefCell<Option<(String, ScopeFacts)>>,
}

/// An open state file.
#[derive(Debug)]
pub struct State {
    db: Db,
    /// How a commit gets to the disk; none in a file that nobody needs after a crash.
    commits: Option<Commits>,
    // Dropped after the connection.
    _temp: Option<TempPath>,
}

/// How a commit gets to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Commits {
    /// Before it returns, with all those before it.
    AtOnce,
    /// With the next one that waits for it.
    WithTheNext,
}

/// A transaction: everything that can be asked, and every change.
#[derive(Debug)]
pub struct Tx<'a> {
    db: &'a Db,
    /// The pair whose kept counts this transaction has forgotten already.
    uncounted: Option<PairId>,
    /// What was looked up about a scope and holds until the transaction ends.
    around: Option<Around>,
    /// Entries of the journal whose outcome is known now.
    settled: Vec<i64>,
}

impl Deref for State {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

impl Deref for Tx<'_> {
    type Target = Db;

    fn deref(&self) -> &Db {
        self.db
    }
}

impl Db {
    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Does something with the connection; a failure says what was being done.
    fn doing<T>(
        &self,
        what: &str,
        f: impl FnOnce(&Connection) -> std::result::Result<T, Fault>,
    ) -> Result<T> {
        f(&self.conn).map_err(|fault| Error::from_fault(fault, what, &self.path))
    }
}

impl State {
    /// Brings what was written into the file itself, as far as nobody reads what was there before; else
    /// that is done later, at the latest when the file is closed. For a time when there is nothing else
    /// to do.
    pub fn tidy(&self) -> Result<()> {
        self.doing("tidy the state", |conn| {
            conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
            Ok(())
        })
    }

    /// Opens the file for reading and writing, makes it when there is none (mode 0600, its directory
    /// 0700), and upgrades an older one after a copy was set aside.
    pub fn open(path: &Path) -> Result<Self> {
        let body = file::look(path, Want::Write)?;
        Ok(Self::over(schema::open_writable(path, body)?, path))
    }

    /// Opens the file for reading only; none when there is no file, or nothing in it yet. An older
    /// file is read through an upgraded private copy.
    pub fn peek(path: &Path) -> Result<Option<Self>> {
        if file::look(path, Want::Read)? != Body::Database {
            return Ok(None);
        }
        match schema::inspect(path)? {
            Holds::Nothing => Ok(None),
            Holds::State(version) => {
                let conn = schema::open_readonly(path)?;
                schema::prepare(&conn)
                    .map_err(|cause| Error::from_fault(cause, "open the state", path))?;
                let state = Self::over(conn, path);
                if version < schema::KNOWN {
                    state.scratch().map(Some)
                } else {
                    Ok(Some(state))
                }
            }
        }
    }

    /// An empty state in a temporary file, deleted when dropped: what a dry run starts from when
    /// there is no state file.
    pub fn blank() -> Result<Self> {
        Self::temporary(None)
    }

    /// A private copy in a temporary file, deleted when dropped. Dry runs work on it.
    pub fn scratch(&self) -> Result<Self> {
        Self::temporary(Some(self))
    }

    fn temporary(from: Option<&Self>) -> Result<Self> {
        let doing = "make a private copy of the state";
        let temp = tempfile::Builder::new()
            .prefix("crmsync-")
            .suffix(".sqlite3")
            .tempfile()
            .map_err(|cause| Error::from_fault(cause, doing, &std::env::temp_dir()))?
            .into_temp_path();
        let told = |fault: Fault| Error::from_fault(fault, doing, &temp);
        let mut conn = Connection::open(&temp).map_err(|cause| told(cause.into()))?;
        if let Some(from) = from {
            schema::copy_all(&from.db.conn, &mut conn).map_err(told)?;
        }
        // Nobody else knows the file and nobody needs it after a crash.
        conn.query_row("PRAGMA journal_mode = MEMORY", [], |_| Ok(()))
            .and_then(|()| conn.execute_batch("PRAGMA synchronous = OFF;"))
            .and_then(|()| schema::prepare(&conn))
            .map_err(|cause| told(cause.into()))?;
        schema::bring_up_private(&conn, &temp)?;
        let path = temp.to_path_buf();
        Ok(Self {
            db: Db {
                conn,
                path,
                last_facts: RefCell::default(),
            },
            commits: None,
            _temp: Some(temp),
        })
    }

    fn over(conn: Connection, path: &Path) -> Self {
        Self {
            db: Db {
                conn,
                path: path.to_owned(),
                last_facts: RefCell::default(),
            },
            // As the connection was opened.
            commits: Some(Commits::AtOnce),
            _temp: None,
        }
    }

    /// Keeps less of the file in memory from now on: a pass over everything comes by no page twice.
    pub fn be_lean(&self) -> Result<()> {
        self.doing("use less memory", |conn| {
            Ok(conn.execute_batch("PRAGMA cache_size = -2000;")?)
        })
    }

    /// Runs `f` in one transaction that no other writer can come between; nothing of it stays when
    /// it fails. It is on the disk when this returns.
    pub fn write<T>(&mut self, f: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        self.transact(Commits::AtOnce, f)
    }

    /// The same, but the disk may get it with the next [`State::write`] only. A program that is killed
    /// loses nothing. After a power cut the state may be one of a moment before: the latest of these
    /// transactions are missing, in their order, and none that came before a `write`.
    pub fn write_soon<T>(&mut self, f: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        self.transact(Commits::WithTheNext, f)
    }

    fn transact<T>(
        &mut self,
        commits: Commits,
        f: impl FnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        let told =
            |cause: rusqlite::Error| Error::from_fault(cause, "write the state", &self.db.path);
        if self.commits.is_some_and(|now| now != commits) {
            let mode = match commits {
                Commits::AtOnce => "PRAGMA synchronous = FULL;",
                Commits::WithTheNext => "PRAGMA synchronous = NORMAL;",
            };
            self.db.conn.execute_batch(mode).map_err(told)?;
            self.commits = Some(commits);
        }
        let transaction = Transaction::new_unchecked(&self.db.conn, TransactionBehavior::Immediate)
            .map_err(told)?;
        let mut tx = Tx {
            db: &self.db,
            uncounted: None,
            around: None,
            settled: Vec::new(),
        };
        let out = f(&mut tx)?;
        tx.close_stretches()?;
        transaction.commit().map_err(told)?;
        Ok(out)
    }
}
