//! The shape of the state file: making it, recognising it, and bringing an older one up to date.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::error::{Error, Fault, Kind, Result};
use super::file::{self, Body};

/// The version that this program writes.
pub(super) const KNOWN: i64 = 4;

/// How long anything waits for another process.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Marks the file as ours in its header: "crms".
const APPLICATION: i64 = 0x6372_6d73;

const SCHEMA: &str = include_str!("schema.sql");
const TEMPORARY: &str = include_str!("temp.sql");

/// `STEPS[n - 1]` takes version n to n + 1.
const STEPS: &[&str] = &[
    include_str!("step_1.sql"),
    include_str!("step_2.sql"),
    include_str!("step_3.sql"),
];

const TABLES: &[&str] = &[
    "addr",
    "counted",
    "dirty",
    "failure",
    "field",
    "flip",
    "journal",
    "link",
    "link_scope",
    "machine",
    "mirror",
    "outcome",
    "pair",
    "problem",
    "rewound",
    "run",
    "said",
    "scope",
    "stretch",
];

/// What a database turned out to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Nothing yet.
    Nothing,
    /// A state of this version.
    State(i64),
}

/// Looks into the file without changing it; an error when it is not ours, newer, or damaged.
pub(super) fn inspect(path: &Path) -> Result<Holds> {
    let doing = "open the state";
    let conn = open_readonly(path)?;
    match holds(&conn).map_err(|fault| Error::from_fault(fault, doing, path))? {
        Some(Holds::State(found)) if found > KNOWN => Err(Error::plain(
            Kind::Newer {
                found,
                known: KNOWN,
            },
            doing,
            path,
        )),
        Some(holds) => Ok(holds),
        None => {
            let verdict: std::result::Result<String, _> =
                conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
            let detail = match verdict {
                Ok(text) if text == "ok" => "a database, but not crmsync's".to_owned(),
                Ok(text) => text,
                Err(cause) => cause.to_string(),
            };
            Err(Error::from_fault(Fault::Nonsense(detail), doing, path))
        }
    }
}

/// What the database holds; none when it is not a state file.
fn holds(conn: &Connection) -> std::result::Result<Option<Holds>, Fault> {
    let application: i64 = pragma(conn, "application_id")?;
    let version: i64 = pragma(conn, "user_version")?;
    let mut tables =
        conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
    let tables = tables
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<String>>>()?;
    Ok(if application == 0 && version == 0 && tables.is_empty() {
        Some(Holds::Nothing)
    } else if application == APPLICATION
        && version >= 1
        && (version != KNOWN || TABLES.iter().all(|table| tables.iter().any(|t| t == table)))
    {
        Some(Holds::State(version))
    } else {
        None
    })
}

fn pragma(conn: &Connection, name: &str) -> rusqlite::Result<i64> {
    conn.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
}

/// Opens the file for reading only. When even the shared memory of the log cannot be made, because
/// the directory is read-only, and there is no log, the file is read as it stands.
pub(super) fn open_readonly(path: &Path) -> Result<Connection> {
    let doing = "open the state";
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<Connection> {
        let conn = Connection::open_with_flags(path, flags)?;
        conn.busy_timeout(PATIENCE)?;
        pragma(&conn, "schema_version")?;
        Ok(conn)
    };
    open()
        .or_else(|cause| {
            let cannot = matches!(
                cause.sqlite_error_code(),
                Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::ReadOnly)
            );
            if !cannot || file::beside(path, "-wal").exists() {
                return Err(cause);
            }
            let text = path.to_string_lossy();
            let text = text
                .replace('%', "%25")
                .replace('?', "%3f")
                .replace('#', "%23");
            let uri = format!("file:{text}?immutable=1");
            Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
        })
        .map_err(|cause| Error::from_fault(cause, doing, path))
}

/// Opens the file for reading and writing, making or upgrading what is in it.
pub(super) fn open_writable(path: &Path, body: Body) -> Result<Connection> {
    let told = |fault: Fault, doing: &str| Error::from_fault(fault, doing, path);
    match body {
        Body::Missing => {
            file::make_directory(path).map_err(|e| told(e.into(), "make the state directory"))?;
            let made = file::private_options()
                .write(true)
                .create_new(true)
                .open(path);
            match made {
                Ok(_) => {}
                // Another process was faster; the transaction below sorts that out.
                Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(told(cause.into(), "make the state file")),
            }
        }
        Body::Empty => {}
        Body::Database => {
            inspect(path)?;
        }
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn =
        Connection::open_with_flags(path, flags).map_err(|e| told(e.into(), "open the state"))?;
    conn.busy_timeout(PATIENCE)
        .and_then(|()| switch_to_wal(&conn))
        .and_then(|()| conn.execute_batch("PRAGMA synchronous = FULL;"))
        .and_then(|()| prepare(&conn))
        .map(|()| take_in_log(&conn, path))
        .map_err(|e| told(e.into(), "open the state"))?;
    bring_up(&conn, path, STEPS)?;
    Ok(conn)
}

/// Takes a log that was left into the file, or it would take all the room of a disk that is nearly full.
fn take_in_log(conn: &Connection, path: &Path) {
    if std::fs::metadata(file::beside(path, "-wal")).is_ok_and(|log| log.len() > 0) {
        drop(conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())));
    }
}

/// What every connection needs, whatever it may do.
pub(super) fn prepare(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(96);
    // Without it statements that partial indexes might serve are planned anew for every value.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.execute_batch(
        "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000;
         PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 16777216;",
    )?;
    conn.execute_batch(TEMPORARY)
}

/// The switch does not wait for others by itself.
fn switch_to_wal(conn: &Connection) -> rusqlite::Result<()> {
    let start = Instant::now();
    loop {
        match conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())) {
            Err(cause)
                if cause.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && start.elapsed() < PATIENCE =>
            {
                std::thread::sleep(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}

/// Makes or upgrades the tables, in one transaction. Before an upgrade a copy is set aside.
pub(super) fn bring_up(conn: &Connection, path: &Path, steps: &[&str]) -> Result<()> {
    let told = |fault: Fault, doing: &str| Error::from_fault(fault, doing, path);
    let known = i64::try_from(steps.len()).unwrap_or(0) + 1;
    let found = holds(conn).map_err(|fault| told(fault, "open the state"))?;
    match found {
        Some(Holds::State(version)) if version == known => return Ok(()),
        Some(Holds::State(version)) if version < known => set_aside(conn, path, version)?,
        Some(_) | None => {}
    }
    create_or_upgrade(conn, path, steps)
}

fn create_or_upgrade(conn: &Connection, path: &Path, steps: &[&str]) -> Result<()> {
    let told = |fault: Fault, doing: &str| Error::from_fault(fault, doing, path);
    let known = i64::try_from(steps.len()).unwrap_or(0) + 1;
    let work = || -> std::result::Result<Option<i64>, Fault> {
        let tx = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
        let first = match holds(&tx)? {
            Some(Holds::Nothing) => {
                tx.execute_batch(SCHEMA)?;
                tx.execute_batch(&format!(
                    "PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {KNOWN};"
                ))?;
                KNOWN
            }
            Some(Holds::State(version)) => version,
            None => return Err(Fault::Nonsense("not a crmsync state file".to_owned())),
        };
        if first > known {
            return Ok(Some(first));
        }
        for step in &steps[usize::try_from(first - 1).unwrap_or(0)..] {
            tx.execute_batch(step)?;
        }
        tx.execute_batch(&format!("PRAGMA user_version = {known};"))?;
        tx.commit()?;
        Ok(None)
    };
    match work().map_err(|fault| told(fault, "upgrade the state"))? {
        None => Ok(()),
        Some(found) => Err(Error::plain(
            Kind::Newer { found, known },
            "open the state",
            path,
        )),
    }
}

/// Makes or upgrades the tables of a temporary file, whose original stays as it is.
pub(super) fn bring_up_private(conn: &Connection, path: &Path) -> Result<()> {
    create_or_upgrade(conn, path, STEPS)
}

/// Keeps a copy of an older file beside it: `<file>.v<version>.bak`.
fn set_aside(conn: &Connection, path: &Path, version: i64) -> Result<()> {
    let doing = "set a copy of the older state aside";
    let told = |fault: Fault| Error::from_fault(fault, doing, path);
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    let copy = tempfile::Builder::new()
        .prefix(".crmsync-")
        .tempfile_in(parent.unwrap_or(Path::new(".")))
        .map_err(|e| told(e.into()))?;
    let mut target = Connection::open(copy.path()).map_err(|e| told(e.into()))?;
    copy_all(conn, &mut target).map_err(told)?;
    target
        .query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))
        .map_err(|e| told(e.into()))?;
    drop(target);
    copy.as_file().sync_all().map_err(|e| told(e.into()))?;
    copy.persist(file::beside(path, &format!(".v{version}.bak")))
        .map_err(|e| told(e.error.into()))?;
    Ok(())
}

/// Copies every page, waiting for writers.
pub(super) fn copy_all(from: &Connection, to: &mut Connection) -> std::result::Result<(), Fault> {
    let start = Instant::now();
    let backup = Backup::new(from, to)?;
    loop {
        match backup.step(-1)? {
            StepResult::Done => return Ok(()),
            StepResult::Busy | StepResult::Locked if start.elapsed() > PATIENCE => {
                let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
                return Err(rusqlite::Error::SqliteFailure(busy, None).into());
            }
            StepResult::More => {}
            StepResult::Busy | StepResult::Locked | _ => {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn made(dir: &Path) -> (std::path::PathBuf, Connection) {
        let path = dir.join("s.sqlite3");
        let conn = open_writable(&path, Body::Missing).unwrap();
        conn.execute("INSERT INTO field (name) VALUES ('Email=email.work')", [])
            .unwrap();
        (path, conn)
    }

    /// The known steps and one more.
    fn with(step: &'static str) -> Vec<&'static str> {
        STEPS.iter().copied().chain([step]).collect()
    }

    #[test]
    fn an_upgrade_sets_a_copy_aside_and_goes_through() {
        let dir = tempfile::tempdir().unwrap();
        let (path, conn) = made(dir.path());
        let steps = with("ALTER TABLE field ADD COLUMN more TEXT;");
        bring_up(&conn, &path, &steps).unwrap();
        assert_eq!(pragma(&conn, "user_version").unwrap(), KNOWN + 1);
        conn.prepare("SELECT more FROM field").unwrap();
        let copy = file::beside(&path, &format!(".v{KNOWN}.bak"));
        let old = Connection::open(&copy).unwrap();
        assert_eq!(pragma(&old, "user_version").unwrap(), KNOWN);
        let name: String = old
            .query_row("SELECT name FROM field", [], |row| row.get(0))
            .unwrap();
        assert_eq!(name, "Email=email.work");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        drop(conn);
        let newer = inspect(&path).unwrap_err();
        let found = KNOWN + 1;
        assert_eq!(
            newer.kind,
            Kind::Newer {
                found,
                known: KNOWN
            }
        );
    }

    #[test]
    fn a_failing_upgrade_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (path, conn) = made(dir.path());
        let mut steps = with("ALTER TABLE field ADD COLUMN more TEXT;");
        steps.push("NO SUCH STATEMENT;");
        bring_up(&conn, &path, &steps).unwrap_err();
        assert_eq!(pragma(&conn, "user_version").unwrap(), KNOWN);
        conn.prepare("SELECT more FROM field").unwrap_err();
    }

    #[test]
    fn a_file_that_another_program_made_meanwhile_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.sqlite3");
        file::private_options()
            .write(true)
            .create_new(true)
            .open(&path)
            .unwrap();
        let conn = open_writable(&path, Body::Missing).unwrap();
        assert_eq!(pragma(&conn, "user_version").unwrap(), KNOWN);
        let impossible = dir.path().join("x".repeat(300));
        let error = open_writable(&impossible, Body::Missing).unwrap_err();
        assert_eq!(error.doing, "make the state file");
    }

    #[test]
    fn a_newer_file_is_not_copied() {
        let dir = tempfile::tempdir().unwrap();
        let (path, conn) = made(dir.path());
        let found = KNOWN + 1;
        conn.execute_batch(&format!("PRAGMA user_version = {found};"))
            .unwrap();
        let error = bring_up(&conn, &path, STEPS).unwrap_err();
        let known = KNOWN;
        assert_eq!(error.kind, Kind::Newer { found, known });
        assert!(!file::beside(&path, &format!(".v{found}.bak")).exists());
    }
}
