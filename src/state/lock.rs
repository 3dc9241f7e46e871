//! One run at a time on an account pair (rule 14): a lock file beside the state file.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::file;

/// Why a pair could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run is active on the pair.
    #[error("another run on the same accounts is active: process {pid}, started {since}")]
    Busy {
        /// Its process; 0 when it could not be learned.
        pid: u32,
        /// Its start, as it told it.
        since: String,
    },
    /// The lock file could not be made or locked.
    #[error("cannot lock {}", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The right to run on a pair, given back when dropped, however the process ends.
#[derive(Debug)]
pub struct PairLock {
    _file: File,
}

/// Takes the lock of `pair`, the text identity of an account pair, for the state file at `state`;
/// `started` is what a second run is told about the start of this one.
pub fn lock(state: &Path, pair: &str, started: &str) -> Result<PairLock, LockError> {
    let path = lock_path(state, pair);
    let io = |source| LockError::Io {
        path: path.clone(),
        source,
    };
    file::make_directory(&path).map_err(io)?;
    let mut file = file::private_options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(holder(&mut file)),
        Err(TryLockError::Error(source)) => return Err(io(source)),
    }
    let text = format!("{} {started}\n", std::process::id());
    file.write_all(text.as_bytes())
        .and_then(|()| file.set_len(text.len() as u64))
        .map_err(io)?;
    Ok(PairLock { _file: file })
}

fn lock_path(state: &Path, pair: &str) -> PathBuf {
    let digest = Sha256::digest(pair.as_bytes());
    let mut name = OsString::from(state.as_os_str());
    name.push(".");
    for byte in digest.iter().take(8) {
        name.push(format!("{byte:02x}"));
    }
    name.push(".lock");
    name.into()
}

/// Who holds the lock. The holder may only just have taken it and not said so yet.
fn holder(file: &mut File) -> LockError {
    for _ in 0..5 {
        let mut text = String::new();
        if file.seek(SeekFrom::Start(0)).is_ok()
            && file.read_to_string(&mut text).is_ok()
            && let Some((pid, since)) = text.trim_end().split_once(' ')
            && let Ok(pid) = pid.parse()
        {
            return LockError::Busy {
                pid,
                since: since.to_owned(),
            };
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    LockError::Busy {
        pid: 0,
        since: "at an unknown time".to_owned(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_on_the_pair_is_told_about_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("deep/state.sqlite3");
        let held = lock(&state, "a|b", "2026-11-22T10:00:00Z").unwrap();
        let refused = lock(&state, "a|b", "later").unwrap_err();
        assert!(
            matches!(&refused, LockError::Busy { pid, since }
            if *pid == std::process::id() && since == "2026-11-22T10:00:00Z"),
            "{refused}"
        );
        let other = lock(&state, "a|c", "x").unwrap();
        drop(held);
        let again = lock(&state, "a|b", "y").unwrap();
        drop((other, again));
    }

    #[test]
    fn what_a_killed_run_left_in_the_file_does_not_stay() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state.sqlite3");
        drop(lock(&state, "a|b", "a much longer start than the next one").unwrap());
        let held = lock(&state, "a|b", "now").unwrap();
        let text = std::fs::read_to_string(lock_path(&state, "a|b")).unwrap();
        assert_eq!(text, format!("{} now\n", std::process::id()));
        drop(held);
    }
}
