//! The state file as the file system sees it: private, whole, and really ours.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::error::{Error, Kind, Result};

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Options that make a new file readable by its owner only.
pub(super) fn private_options() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are a Unix matter"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes the directory of `path`, closed to others; an existing one stays as it is.
pub(super) fn make_directory(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() && !parent.exists() => {
            let mut builder = std::fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(parent)
        }
        Some(_) | None => Ok(()),
    }
}

/// The path with something added to its file name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Whether the caller means to write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// Only to read.
    Read,
    /// To write as well.
    Write,
}

/// Whether there is something in the file already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// There is no file.
    Missing,
    /// It has no bytes (a program was stopped while it made it).
    Empty,
    /// It looks like a database.
    Database,
}

/// Looks at the file without the database's help: access rights, first bytes, length.
pub(super) fn look(path: &Path, want: Want) -> Result<Body> {
    let doing = "open the state";
    let meta = match std::fs::metadata(path) {
        Ok(meta) => meta,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Body::Missing),
        Err(cause) => return Err(Error::from_fault(cause, doing, path)),
    };
    if !meta.is_file() {
        return Err(Error::plain(Kind::Io, doing, path));
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o077 != 0 {
        return Err(Error::plain(Kind::Permissions, doing, path));
    }
    if want == Want::Write && meta.permissions().readonly() {
        return Err(Error::plain(Kind::ReadOnly, doing, path));
    }
    // What a crash left in the log belongs to the file; then its first page may be an old one.
    let log = std::fs::metadata(beside(path, "-wal")).map_or(0, |meta| meta.len());
    if meta.len() == 0 && log == 0 {
        return Ok(Body::Empty);
    }
    let mut head = [0_u8; 100];
    let whole = File::open(path)
        .and_then(|mut file| file.read_exact(&mut head))
        .is_ok();
    let expected = u64::from(u32::from_be_bytes([head[28], head[29], head[30], head[31]]))
        * match u16::from_be_bytes([head[16], head[17]]) {
            1 => 65_536,
            size => u64::from(size),
        };
    if !whole || &head[..16] != MAGIC || (log == 0 && meta.len() < expected) {
        return Err(Error::plain(Kind::Corrupt, doing, path));
    }
    Ok(Body::Database)
}
