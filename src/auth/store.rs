//! The token files: one per account, mode 0600, replaced atomically, locked while renewed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::credentials;
use super::error::{Error, Kind, json_fault};
use super::{Account, Tokens};

/// How long to wait for another process that renews the same tokens; a renewal takes a few seconds.
const LOCK_LIMIT: Duration = Duration::from_secs(60);
/// How often the lock is tried.
const LOCK_STEP: Duration = Duration::from_millis(25);

/// The directory of the token files, `tokens` beside the state file.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) dir: PathBuf,
    pub(super) credentials: Option<PathBuf>,
}

/// The right to renew one account's tokens; given back when dropped, by the system if need be.
#[derive(Debug)]
pub struct Lock {
    _file: Option<File>,
}

impl Store {
    /// The store in that directory, which is made (0700) when the first token is saved.
    ///
    /// # Errors
    /// `Insecure` when others can read the directory, with the command that mends it.
    pub fn at(dir: &Path) -> Result<Self, Error> {
        match fs::metadata(dir) {
            Ok(found) if found.is_dir() => private(dir, &found, Bar::Others)?,
            Ok(_) => {
                return Err(Error::new(
                    Kind::Invalid,
                    format!("{} is not a directory", dir.display()),
                ));
            }
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => {}
            Err(fault) => return Err(Error::io("look at", dir, fault)),
        }
        Ok(Self {
            dir: dir.to_owned(),
            credentials: None,
        })
    }

    /// The same store with a directory of systemd credentials, which go before its own files (see
    /// [`super::credentials_directory`]).
    #[must_use]
    pub fn with_credentials(mut self, dir: Option<PathBuf>) -> Self {
        self.credentials = dir;
        self
    }

    /// What is known of the account; none when nobody signed in.
    ///
    /// # Errors
    /// `Insecure` when others can read the file, `Invalid` when it is broken, `Io`.
    pub fn load(&self, account: &Account) -> Result<Option<Tokens>, Error> {
        let Some(given) = self.credential(account)? else {
            return self.read(&self.file(account, "json")?);
        };
        // What was renewed from the same credential before is at hand beside the real files.
        let cached = self.read(&self.file(account, "cache")?).ok().flatten();
        Ok(cached
            .filter(|cached| cached.origin == given.origin)
            .or(Some(given)))
    }

    /// Keeps the tokens: written aside with mode 0600, flushed, and put in place in one step. What
    /// came from a systemd credential goes to a file of its own.
    ///
    /// # Errors
    /// `Io`, `Insecure`, `Invalid` (the profile's name cannot name a file).
    pub fn save(&self, account: &Account, tokens: &Tokens) -> Result<(), Error> {
        let ending = match tokens.origin {
            Some(_) => "cache",
            None => "json",
        };
        let path = self.file(account, ending)?;
        self.make_dir()?;
        let text = serde_json::to_vec_pretty(tokens)
            .map_err(|fault| Error::new(Kind::Io, format!("cannot write tokens: {fault}")))?;
        let failed = |fault| Error::io("write", &path, fault);
        let mut aside = tempfile::Builder::new()
            .prefix(".token-")
            .tempfile_in(&self.dir)
            .map_err(failed)?;
        only_mine(aside.as_file()).map_err(failed)?;
        aside.write_all(&text).map_err(failed)?;
        aside.as_file().sync_all().map_err(failed)?;
        aside.persist(&path).map_err(|fault| failed(fault.error))?;
        // The rename itself lasts once the directory is flushed.
        File::open(&self.dir)
            .and_then(|dir| dir.sync_all())
            .map_err(|fault| Error::io("flush", &self.dir, fault))
    }

    /// Forgets the account's tokens; nothing there is fine.
    ///
    /// # Errors
    /// `Io`, `Invalid`.
    pub fn remove(&self, account: &Account) -> Result<(), Error> {
        for ending in ["json", "cache"] {
            let path = self.file(account, ending)?;
            match fs::remove_file(&path) {
                Ok(()) => {}
                Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => {}
                Err(fault) => return Err(Error::io("remove", &path, fault)),
            }
        }
        Ok(())
    }

    /// Waits for the right to renew the account's tokens; whoever gets it reads them again first,
    /// since another process may have renewed them meanwhile.
    ///
    /// A read-only directory (a systemd credential without a state directory) gives a lock that
    /// holds nothing, because there is nothing to share either.
    ///
    /// # Errors
    /// `Unavailable` when another process keeps it for a minute, `Io`.
    pub async fn lock(&self, account: &Account) -> Result<Lock, Error> {
        let path = self.file(account, "lock")?;
        let file = match self.lock_file(&path) {
            Ok(file) => file,
            Err(_) if self.credential(account)?.is_some() => return Ok(Lock { _file: None }),
            Err(fault) => return Err(fault),
        };
        let waiting = async {
            loop {
                match file.try_lock() {
                    Ok(()) => return Ok(()),
                    Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_STEP).await,
                    Err(TryLockError::Error(fault)) => {
                        return Err(Error::io("lock", &path, fault));
                    }
                }
            }
        };
        match tokio::time::timeout(LOCK_LIMIT, waiting).await {
            Ok(done) => done?,
            Err(_) => {
                return Err(Error::unavailable(format!(
                    "another crmsync has been renewing the tokens of {} for over a minute",
                    account.profile
                )));
            }
        }
        Ok(Lock { _file: Some(file) })
    }

    fn lock_file(&self, path: &Path) -> Result<File, Error> {
        self.make_dir()?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(path)
            .map_err(|fault| Error::io("open", path, fault))
    }

    fn credential(&self, account: &Account) -> Result<Option<Tokens>, Error> {
        let Some(dir) = &self.credentials else {
            return Ok(None);
        };
        for name in [self.name(account)?, account.service.word().to_owned()] {
            let path = dir.join(name);
            if let Some(text) = read_private(&path, Bar::World)? {
                return credentials::parse(account, &path, &text).map(Some);
            }
        }
        Ok(None)
    }

    #[expect(clippy::unused_self, reason = "reads like its callers")]
    fn read(&self, path: &Path) -> Result<Option<Tokens>, Error> {
        let Some(text) = read_private(path, Bar::Others)? else {
            return Ok(None);
        };
        serde_json::from_str(&text).map(Some).map_err(|fault| {
            Error::new(
                Kind::Invalid,
                format!(
                    "the token file {} is broken: {}",
                    path.display(),
                    json_fault(&fault)
                ),
            )
            .hint("remove it and sign in again with `crmsync auth`")
        })
    }

    fn name(&self, account: &Account) -> Result<String, Error> {
        let profile = &account.profile;
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ' | '@' | '+');
        if profile.is_empty() || profile.starts_with('.') || !profile.chars().all(plain) {
            return Err(Error::new(
                Kind::Invalid,
                format!(
                    "the profile name {profile:?} cannot name a file in {}",
                    self.dir.display()
                ),
            )
            .hint("use letters, digits, - and _"));
        }
        Ok(format!("{}-{profile}", account.service.word()))
    }

    fn file(&self, account: &Account, ending: &str) -> Result<PathBuf, Error> {
        Ok(self.dir.join(format!("{}.{ending}", self.name(account)?)))
    }

    fn make_dir(&self) -> Result<(), Error> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&self.dir)
            .map_err(|fault| Error::io("make", &self.dir, fault))?;
        let found =
            fs::metadata(&self.dir).map_err(|fault| Error::io("look at", &self.dir, fault))?;
        private(&self.dir, &found, Bar::Others)
    }
}

/// Whom a file is kept from.
#[derive(Clone, Copy)]
pub(super) enum Bar {
    /// Everyone but the owner.
    Others,
    /// Those who are neither owner nor group: systemd opens a credential to the service's user by
    /// an access list, which shows in the group's bits.
    World,
}

/// The text of a file with secrets; none when there is no such file. Its mode is looked at after
/// opening, so that it cannot be exchanged in between.
pub(super) fn read_private(path: &Path, bar: Bar) -> Result<Option<String>, Error> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(Error::io("open", path, fault)),
    };
    let found = file
        .metadata()
        .map_err(|fault| Error::io("look at", path, fault))?;
    private(path, &found, bar)?;
    let mut text = String::new();
    file.read_to_string(&mut text)
        .map_err(|fault| Error::io("read", path, fault))?;
    Ok(Some(text))
}

#[cfg(unix)]
fn private(path: &Path, found: &fs::Metadata, bar: Bar) -> Result<(), Error> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&found.permissions());
    let open_to = mode
        & match bar {
            Bar::Others => 0o077,
            Bar::World => 0o007,
        };
    if open_to == 0 {
        return Ok(());
    }
    let (what, cure) = if found.is_dir() {
        ("directory", "700")
    } else {
        ("file", "600")
    };
    Err(Error::new(
        Kind::Insecure,
        format!(
            "others can get at the {what} {} (mode {:o}), which holds secrets",
            path.display(),
            mode & 0o777
        ),
    )
    .hint(format!("run: chmod {cure} '{}'", path.display())))
}

#[cfg(unix)]
fn only_mine(file: &File) -> std::io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
fn private(_: &Path, _: &fs::Metadata, _: Bar) -> Result<(), Error> {
    Ok(())
}

#[cfg(not(unix))]
fn only_mine(_: &File) -> std::io::Result<()> {
    Ok(())
}
