//! systemd: a service that makes one pass, and a timer that starts it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use etcetera::BaseStrategy as _;

use super::{Entry, Whose};
use crate::cli::failure::Failure;

/// The units of the machine.
const MACHINE: &str = "/etc/systemd/system";

/// One of the two managers of units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manager {
    pub(super) whose: Whose,
    pub(super) folder: PathBuf,
}

impl Manager {
    /// The user's; none without a home directory.
    pub(super) fn user() -> Option<Self> {
        let folder = etcetera::choose_base_strategy().ok()?.config_dir();
        Some(Self {
            whose: Whose::User,
            folder: folder.join("systemd").join("user"),
        })
    }

    /// The machine's.
    pub(super) fn machine() -> Self {
        Self {
            whose: Whose::Machine,
            folder: PathBuf::from(MACHINE),
        }
    }

    /// Whether the entry's timer is in its folder.
    pub(super) fn has(&self, entry: &Entry) -> bool {
        self.folder.join(timer(entry)).is_file()
    }

    fn words(&self) -> &'static [&'static str] {
        match self.whose {
            Whose::User => &["systemctl", "--user"],
            Whose::Machine => &["systemctl"],
        }
    }
}

fn timer(entry: &Entry) -> String {
    format!("{}.timer", entry.name)
}

fn service(entry: &Entry) -> String {
    format!("{}.service", entry.name)
}

/// The two units, service first.
pub(super) fn units(entry: &Entry, whose: Whose) -> [(String, String); 2] {
    let call: Vec<String> = entry.call().iter().map(|word| quoted(word)).collect();
    let network = match whose {
        Whose::User => "",
        Whose::Machine => "Wants=network-online.target\nAfter=network-online.target\n",
    };
    let text = format!(
        "[Unit]\nDescription=Keeps a CRM's contacts and Google Contacts the same\n{network}\n\
         [Service]\nType=oneshot\nExecStart={}\n\
         # Another run was active: no fault.\nSuccessExitStatus=8\nUMask=0077\n",
        call.join(" ")
    );
    let when = match entry.tick {
        60 => "*:00".to_owned(),
        tick => format!("*:00/{tick:02}"),
    };
    // Apart from other machines, by the same delay each time, so that the period stays what it is.
    let delay = (entry.tick * 30).min(300);
    let starts = format!(
        "[Unit]\nDescription=Starts crmsync {}\n\n\
         [Timer]\nOnCalendar={when}\nPersistent=true\nRandomizedDelaySec={delay}\n\
         FixedRandomDelay=true\nAccuracySec=1s\n\n\
         [Install]\nWantedBy=timers.target\n",
        entry.rhythm()
    );
    [(service(entry), text), (timer(entry), starts)]
}

/// A word of `ExecStart`, where `%` and `$` mean something.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./-:@+,=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let text = word
        .replace('\\', r"\\")
        .replace('"', "\\\"")
        .replace('%', "%%")
        .replace('$', "$$");
    format!("\"{text}\"")
}

/// Writes the units and starts the timer where systemd is there.
pub(super) fn install(entry: &Entry, manager: &Manager) -> anyhow::Result<Vec<String>> {
    write(entry, manager)?;
    let mut said = vec![format!(
        "{} and {} are in {}",
        service(entry),
        timer(entry),
        manager.folder.display()
    )];
    let timer = timer(entry);
    if !control(manager, &["daemon-reload"])? {
        said.push(format!(
            "systemctl is not here; start the timer with: {} enable --now {timer}",
            manager.words().join(" ")
        ));
        return Ok(said);
    }
    control(manager, &["enable", "--now", &timer])?;
    said.push(format!("systemd starts crmsync {}", entry.rhythm()));
    if manager.whose == Whose::User {
        said.push("so that it runs while you are logged out: loginctl enable-linger".to_owned());
    }
    Ok(said)
}

/// Brings the units that are there up to date; says nothing when they are.
pub(super) fn renew(entry: &Entry, manager: &Manager) -> anyhow::Result<Option<String>> {
    let same = units(entry, manager.whose).iter().all(|(name, text)| {
        std::fs::read_to_string(manager.folder.join(name)).is_ok_and(|there| there == *text)
    });
    if same {
        return Ok(None);
    }
    write(entry, manager)?;
    if control(manager, &["daemon-reload"])? {
        control(manager, &["restart", &timer(entry)])?;
    }
    Ok(Some(format!(
        "systemd starts crmsync {} now",
        entry.rhythm()
    )))
}

/// Stops the timer and takes the units away; says nothing when there are none.
pub(super) fn remove(entry: &Entry, manager: &Manager) -> anyhow::Result<Option<String>> {
    if !manager.has(entry) {
        return Ok(None);
    }
    let name = timer(entry);
    // A timer that cannot be stopped now is gone at the next start, with its file.
    let stopped = control(manager, &["disable", "--now", &name]);
    for file in [name, service(entry)] {
        let path = manager.folder.join(file);
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(denied(&path, &error).into()),
        }
    }
    if stopped? {
        control(manager, &["daemon-reload"])?;
    }
    Ok(Some(format!(
        "crmsync's timer is out of {}",
        manager.folder.display()
    )))
}

fn write(entry: &Entry, manager: &Manager) -> anyhow::Result<()> {
    let folder = &manager.folder;
    std::fs::create_dir_all(folder).map_err(|error| denied(folder, &error))?;
    for (name, text) in units(entry, manager.whose) {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| denied(&path, &error))?;
    }
    Ok(())
}

fn denied(path: &Path, error: &std::io::Error) -> Failure {
    let code = if error.kind() == ErrorKind::PermissionDenied {
        5
    } else {
        1
    };
    Failure::new(
        code,
        format!("cannot change {}: {error}", path.display()),
        "`--system` takes root; without it the timer is your own",
    )
}

/// Runs systemctl; false when there is none.
fn control(manager: &Manager, words: &[&str]) -> anyhow::Result<bool> {
    let (program, own) = manager.words().split_first().context("name systemctl")?;
    let output = match Command::new(program).args(own).args(words).output() {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).context("run systemctl"),
    };
    if output.status.success() {
        return Ok(true);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.trim().lines().next().unwrap_or_default();
    Err(Failure::new(
        1,
        format!(
            "`{} {}` failed: {line}",
            manager.words().join(" "),
            words.join(" ")
        ),
        "the units lie where they belong; run that command in a session that systemd knows, or use `--install-timer cron`",
    )
    .into())
}
