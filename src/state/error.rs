//! What can go wrong with the state file, sorted by the cure.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// The result of everything that touches the state file.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, sorted by what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The file is damaged, cut short, or no state file at all.
    Corrupt,
    /// A newer program wrote the file.
    Newer {
        /// The version of the file.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The file or its directory cannot be written.
    ReadOnly,
    /// Another process holds the file for longer than the patience of ten seconds.
    Locked,
    /// The disk is full.
    DiskFull,
    /// Others can read the file, or this user cannot.
    Permissions,
    /// The operating system could not read or write.
    Io,
    /// The database refused a statement, or an edit broke a rule of the file (a record linked twice,
    /// an unknown link): a fault in the program.
    Sql,
}

/// A failure of the state file; its `Display` is one sentence that names the file and the cure.
#[derive(Debug)]
pub struct Error {
    /// The sort.
    pub kind: Kind,
    /// What was being done, as the end of "cannot …".
    pub doing: String,
    /// The file.
    pub path: PathBuf,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// A failure that has no deeper cause.
    pub(super) fn plain(kind: Kind, doing: impl Into<String>, path: &Path) -> Self {
        Self {
            kind,
            doing: doing.into(),
            path: path.to_owned(),
            source: None,
        }
    }

    /// A failure with its cause; the cause decides the kind.
    pub(super) fn from_fault(fault: impl Into<Fault>, doing: &str, path: &Path) -> Self {
        let fault = fault.into();
        Self {
            kind: fault.kind(),
            doing: doing.to_owned(),
            path: path.to_owned(),
            source: Some(fault.into_source()),
        }
    }

    /// The command that mends it, where there is one.
    #[must_use]
    pub fn hint(&self) -> String {
        let path = self.path.display();
        match self.kind {
            Kind::Corrupt => format!(
                "set it aside with `mv '{path}' '{path}.damaged'`; the next run matches every contact anew and makes no duplicates"
            ),
            Kind::Newer { .. } => "install the newer crmsync that wrote it".to_owned(),
            Kind::ReadOnly => {
                format!("make it and its directory writable (`chmod u+w '{path}'`), or name another file with --state")
            }
            Kind::Locked => {
                "wait until the other crmsync has ended, then try again".to_owned()
            }
            Kind::DiskFull => "make room on the disk, then run again".to_owned(),
            Kind::Permissions => format!("run `chmod 600 '{path}'` as its owner"),
            Kind::Io => "see that the path exists, that there is room on the disk and that it is in order, or name another file with --state".to_owned(),
            Kind::Sql => "this is a fault in crmsync; please report it".to_owned(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (doing, path) = (&self.doing, self.path.display());
        write!(f, "cannot {doing}: the state file {path} ")?;
        match self.kind {
            Kind::Corrupt => f.write_str("is damaged or not a crmsync state file")?,
            Kind::Newer { found, known } => write!(
                f,
                "has version {found} and this crmsync knows versions up to {known}"
            )?,
            Kind::ReadOnly => f.write_str("cannot be written")?,
            Kind::Locked => f.write_str("is held by another process")?,
            Kind::DiskFull => f.write_str("does not fit on its disk")?,
            Kind::Permissions => {
                f.write_str("can be read by others than its owner, or not by this user")?;
            }
            Kind::Io => f.write_str("cannot be read or written")?,
            Kind::Sql => f.write_str("refused a change")?,
        }
        write!(f, "; {}", self.hint())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|cause| cause as _)
    }
}

/// A cause that does not yet know which file it is about.
#[derive(Debug)]
pub(super) enum Fault {
    /// The database said so.
    Sql(rusqlite::Error),
    /// Stored JSON does not have the shape that was written.
    Code(serde_json::Error),
    /// The operating system said so.
    Io(std::io::Error),
    /// What is stored makes no sense.
    Nonsense(String),
    /// An edit breaks a rule of the file.
    Rule(String),
}

impl Fault {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "foreign lists of causes that grow; only these have a cure of their own"
    )]
    fn kind(&self) -> Kind {
        match self {
            Self::Sql(rusqlite::Error::SqliteFailure(cause, _)) => match cause.code {
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Kind::Corrupt,
                ErrorCode::ReadOnly => Kind::ReadOnly,
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Kind::Locked,
                ErrorCode::DiskFull => Kind::DiskFull,
                ErrorCode::PermissionDenied => Kind::Permissions,
                ErrorCode::CannotOpen | ErrorCode::SystemIoFailure => Kind::Io,
                _ => Kind::Sql,
            },
            Self::Sql(
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::QueryReturnedNoRows
                | rusqlite::Error::Utf8Error(..),
            )
            | Self::Code(_)
            | Self::Nonsense(_) => Kind::Corrupt,
            Self::Sql(_) | Self::Rule(_) => Kind::Sql,
            Self::Io(cause) => match cause.kind() {
                std::io::ErrorKind::PermissionDenied => Kind::Permissions,
                std::io::ErrorKind::ReadOnlyFilesystem => Kind::ReadOnly,
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                    Kind::DiskFull
                }
                _ => Kind::Io,
            },
        }
    }

    fn into_source(self) -> Box<dyn StdError + Send + Sync> {
        match self {
            Self::Sql(cause) => cause.into(),
            Self::Code(cause) => cause.into(),
            Self::Io(cause) => cause.into(),
            Self::Nonsense(text) | Self::Rule(text) => text.into(),
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Sql(cause)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(cause: serde_json::Error) -> Self {
        Self::Code(cause)
    }
}

impl From<std::io::Error> for Fault {
    fn from(cause: std::io::Error) -> Self {
        Self::Io(cause)
    }
}
