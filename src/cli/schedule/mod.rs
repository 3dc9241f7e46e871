//! The schedule: one cron entry or one systemd timer that calls `crmsync sync --all --due` and so
//! serves every profile.

mod cron;
mod place;
mod systemd;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use super::failure::Failure;
use super::paths::Paths;
use crate::profile;
use crate::state::State;
use place::Where;
use systemd::Manager;

/// What starts the runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum How {
    /// A service and a timer of systemd.
    Systemd,
    /// A line in the user's crontab.
    Cron,
}

/// Whose schedule it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// The user's own.
    User,
    /// The machine's, which takes root (systemd only).
    Machine,
}

/// The one entry that serves every profile of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The program, absolute.
    program: PathBuf,
    /// The profiles' folder, absolute.
    config: PathBuf,
    /// The state file, absolute.
    state: PathBuf,
    /// The units' name, without an ending.
    name: String,
    /// Minutes between two starts: a divisor of 60.
    tick: u64,
    /// How many minutes after the full tick cron starts, below `tick`: not every machine at once.
    offset: u64,
}

impl Entry {
    /// The entry for the profiles that are active, leaving out `without`; none when there are none.
    fn of(paths: &Paths, without: Option<&str>) -> anyhow::Result<Option<Self>> {
        let frequencies = frequencies(paths, without)?;
        tick(&frequencies)
            .map(|tick| Self::every(paths, tick))
            .transpose()
    }

    fn every(paths: &Paths, tick: u64) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("find this program's own file")?;
        let config = absolute(&paths.config)?;
        let state = absolute(&paths.state)?;
        for path in [&program, &config, &state] {
            if path
                .to_str()
                .is_none_or(|text| text.contains(char::is_control))
            {
                return Err(Failure::usage(
                    format!("a schedule cannot name the path {}", path.display()),
                    "choose a path without line ends and in UTF-8",
                )
                .into());
            }
        }
        let digest = Sha256::digest(format!("{}\u{1f}{}", config.display(), machine()).as_bytes());
        let number = u64::from_be_bytes(std::array::from_fn(|at| digest[at]));
        let own = Sha256::digest(config.as_os_str().as_encoded_bytes());
        let usual = Paths::usual_config().is_some_and(|usual| usual == config);
        let name = if usual {
            "crmsync".to_owned()
        } else {
            let tag = u32::from_be_bytes(std::array::from_fn(|at| own[at]));
            format!("crmsync-{tag:08x}")
        };
        Ok(Self {
            program,
            config,
            state,
            name,
            tick,
            offset: number % tick,
        })
    }

    /// The call, each argument apart.
    fn call(&self) -> Vec<String> {
        let text = |path: &Path| path.display().to_string();
        vec![
            text(&self.program),
            "--config-dir".to_owned(),
            text(&self.config),
            "--state".to_owned(),
            text(&self.state),
            "sync".to_owned(),
            "--all".to_owned(),
            "--due".to_owned(),
        ]
    }

    /// How often, as a person says it.
    pub(super) fn rhythm(&self) -> String {
        match self.tick {
            1 => "every minute".to_owned(),
            60 => "every hour".to_owned(),
            minutes => format!("every {minutes} minutes"),
        }
    }

    /// The crontab line.
    pub(super) fn cron_line(&self) -> String {
        cron::line(self)
    }

    /// The service unit's and the timer unit's file name and text.
    pub(super) fn units(&self, whose: Whose) -> [(String, String); 2] {
        systemd::units(self, whose)
    }
}

/// The entry that would serve every active profile and one of this frequency.
pub(super) fn planned(paths: &Paths, frequency: Duration) -> anyhow::Result<Entry> {
    let mut all = frequencies(paths, None)?;
    all.push(frequency);
    Entry::every(paths, tick(&all).unwrap_or(60))
}

/// Installs the entry, instead of one of the other sort. Says what was done.
///
/// # Errors
/// Exit 7 when no profile is active, 5 without the right to write, 1 when cron or systemd refuses.
pub(super) fn install(paths: &Paths, how: How, whose: Whose) -> anyhow::Result<Vec<String>> {
    let Some(entry) = Entry::of(paths, None)? else {
        return Err(Failure::new(
            7,
            "there is no active profile to run",
            "write one with `crmsync configure NAME`, or wake one with `--activate`",
        )
        .into());
    };
    let mut said = Vec::new();
    match how {
        How::Cron => {
            said.push(cron::install(&entry)?);
            for manager in [Manager::user(), Some(Manager::machine())]
                .into_iter()
                .flatten()
            {
                said.extend(systemd::remove(&entry, &manager)?);
            }
        }
        How::Systemd => {
            let manager = match whose {
                Whose::User => Manager::user().context("find the home directory")?,
                Whose::Machine => Manager::machine(),
            };
            said.extend(systemd::install(&entry, &manager)?);
            said.extend(cron::remove(&entry)?);
        }
    }
    Ok(said)
}

/// Where the entry is installed, in words; empty when nowhere.
pub(super) fn installed(paths: &Paths) -> anyhow::Result<Vec<String>> {
    let entry = Entry::every(paths, 60)?;
    Ok(place::find(&entry)?.iter().map(Where::words).collect())
}

/// Fits an installed entry to the profiles that are active now: another period, or none at all
/// when no profile is left. Says what was changed.
pub(super) fn adapt(paths: &Paths) -> anyhow::Result<Vec<String>> {
    fit(paths, None)
}

/// Takes a profile out of the schedule: the entry goes when no other active profile is left, else
/// its period is fitted to them. Says what was done, and so says nothing when nothing is installed.
pub(super) fn remove(paths: &Paths, profile: &str) -> anyhow::Result<Vec<String>> {
    fit(paths, Some(profile))
}

fn fit(paths: &Paths, without: Option<&str>) -> anyhow::Result<Vec<String>> {
    let any = Entry::every(paths, 60)?;
    let places = place::find(&any)?;
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let entry = Entry::of(paths, without)?;
    let mut said = Vec::new();
    for place in &places {
        match (&entry, place) {
            (Some(entry), Where::Crontab) => said.extend(cron::renew(entry)?),
            (Some(entry), Where::Units(manager)) => said.extend(systemd::renew(entry, manager)?),
            (None, Where::Crontab) => said.extend(cron::remove(&any)?),
            (None, Where::Units(manager)) => said.extend(systemd::remove(&any, manager)?),
        }
    }
    Ok(said)
}

/// The frequencies of the active profiles in the folder; a profile that cannot be read has none.
fn frequencies(paths: &Paths, without: Option<&str>) -> anyhow::Result<Vec<Duration>> {
    let state = State::peek(&paths.state)?;
    let mut found = Vec::new();
    for (name, _) in profile::list(&paths.config) {
        let Ok(profile) = paths.profile(&name) else {
            continue;
        };
        let active = match &state {
            Some(state) => match state.scope_of(&name)? {
                Some((scope, _)) => state.facts(scope)?.active,
                None => true,
            },
            None => true,
        };
        if active && without != Some(name.as_str()) {
            found.push(profile.sync.frequency);
        }
    }
    Ok(found)
}

/// Minutes between two starts: the longest that divides an hour and every frequency, so that each
/// profile is met when its time comes and a missed time is made up within the hour. None without
/// frequencies.
fn tick(frequencies: &[Duration]) -> Option<u64> {
    let minutes = frequencies
        .iter()
        .map(|length| (length.as_secs() / 60).max(1));
    let mut minutes = minutes.peekable();
    minutes.peek()?;
    Some(minutes.fold(60, common))
}

/// The greatest common divisor.
fn common(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common(b, a % b) }
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("find where {} is", path.display()))
}

/// What tells this machine from others, for the offset alone.
fn machine() -> String {
    ["/etc/machine-id", "/etc/hostname"]
        .iter()
        .find_map(|file| std::fs::read_to_string(file).ok())
        .unwrap_or_default()
}
