//! `crmsync status`: what the last runs did and what waits; never needs the network.

mod contact;
mod contact_text;
mod journal;
mod run;
mod standing;
mod table;

use jiff::Timestamp;
use serde::Serialize;

use super::failure::{self, Failure};
use super::output::Show;
use super::paths::Paths;
use crate::profile::{self, Profile, ProfileError};
use crate::run::prepare::duration_text;
use crate::state::{RunRow, State};

/// What the last runs did and what waits.
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("view").multiple(false)),
    after_help = "Examples:\n  crmsync status\n  crmsync status sales --contact ada@example.com\n  crmsync status --run 12"
)]
pub(super) struct Args {
    /// Profile names; all of them when none is given
    #[arg(value_name = "PROFILE")]
    profiles: Vec<String>,
    /// Explain one contact: how it matched, its values on both sides, what was written, what is wrong
    #[arg(long, value_name = "EMAIL", group = "view")]
    contact: Option<String>,
    /// Show one run: every contact that it wrote, its problems
    #[arg(long, value_name = "N", group = "view")]
    run: Option<i64>,
    /// List the runs, newest first
    #[arg(long, group = "view")]
    history: bool,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

/// How many runs plain `--json` shows.
const RUNS: usize = 20;
/// How many runs `--history` shows.
const HISTORY: usize = 500;

/// The status of one profile.
#[derive(Debug, Serialize)]
struct Status {
    profile: String,
    active: bool,
    direction: String,
    frequency: String,
    last_sync: Option<String>,
    last_outcome: Option<String>,
    next_due: Option<String>,
    linked: u64,
    resting: u64,
    deferred: u64,
    deletes_waiting: u64,
    excluded: u64,
    failing: u64,
    conflicts: u64,
    runs: Vec<Run>,
    /// Whether the profile's file is there.
    #[serde(skip)]
    file: bool,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names of the contract")]
struct Run {
    run: i64,
    started: String,
    outcome: String,
    written: u64,
    problems: u64,
    duration_ms: u64,
}

impl Run {
    fn of(run: &RunRow) -> Self {
        Self {
            run: run.no.0,
            started: time(run.started),
            outcome: outcome(run),
            written: run.written,
            problems: run.problems.max(run::problems(&run::report(run))),
            duration_ms: run.duration_ms,
        }
    }
}

/// A profile that is asked about; without its file only the state knows of it.
struct Asked {
    name: String,
    file: Option<Profile>,
}

pub(super) fn run(args: &Args, paths: &Paths, show: &Show) -> anyhow::Result<u8> {
    let state = State::peek(&paths.state)?;
    if let Some(no) = args.run {
        return run::show(no, &args.profiles, state.as_ref(), args.json, show);
    }
    let names = if args.profiles.is_empty() {
        let found = profile::list(&paths.config);
        found.into_iter().map(|(name, _)| name).collect()
    } else {
        args.profiles.clone()
    };
    if names.is_empty() {
        return Err(Failure::no_profiles(&paths.config).into());
    }
    let key = match &args.contact {
        Some(text) => Some(contact::key(text)?),
        None => None,
    };
    let mut code = 0;
    let mut asked = Vec::new();
    for name in names {
        // A broken profile does not hide the others.
        match ask(paths, state.as_ref(), &name) {
            Ok(one) => asked.push(one),
            Err(error) => code = failure::show(&error),
        }
    }
    if let Some(key) = key {
        contact::show(&key, &asked, state.as_ref(), args.json, show)?;
        return Ok(code);
    }
    if args.history {
        for one in &asked {
            table::history(&one.name, state.as_ref(), args.json, show)?;
        }
        return Ok(code);
    }
    let mut all = Vec::new();
    for one in &asked {
        all.push(status(one, state.as_ref())?);
    }
    if args.json {
        for status in &all {
            show.line(&serde_json::to_string(status)?)?;
        }
    } else if let ([one], [_]) = (&*all, &*args.profiles) {
        show.line(&table::block(one, show))?;
    } else if !all.is_empty() {
        show.line(&table::overview(&all, Timestamp::now()))?;
    }
    Ok(code)
}

/// The profile of a name. One whose file is gone can still be asked about when it ran.
fn ask(paths: &Paths, state: Option<&State>, name: &str) -> anyhow::Result<Asked> {
    match paths.profile(name) {
        Ok(file) => Ok(Asked {
            name: file.name.clone(),
            file: Some(file),
        }),
        Err(error) => {
            let ProfileError::Unknown { path, .. } = &error else {
                return Err(error.into());
            };
            let name = path
                .file_stem()
                .map_or_else(|| name.into(), |stem| stem.to_string_lossy())
                .into_owned();
            let ran = match state {
                Some(state) => state.scope_of(&name)?.is_some(),
                None => false,
            };
            if ran {
                Ok(Asked { name, file: None })
            } else {
                Err(error.into())
            }
        }
    }
}

fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

/// How a run ended, in the report's word.
fn outcome(run: &RunRow) -> String {
    let word = run.outcome.clone();
    word.unwrap_or_else(|| "interrupted".to_owned())
}

fn status(asked: &Asked, state: Option<&State>) -> anyhow::Result<Status> {
    let sync = asked.file.as_ref().map(|file| &file.sync);
    let mut status = Status {
        profile: asked.name.clone(),
        active: true,
        direction: sync.map_or_else(String::new, |sync| {
            crate::run::direction_name(sync.direction).to_owned()
        }),
        frequency: sync.map_or_else(String::new, |sync| duration_text(sync.frequency)),
        last_sync: None,
        last_outcome: None,
        next_due: None,
        linked: 0,
        resting: 0,
        deferred: 0,
        deletes_waiting: 0,
        excluded: 0,
        failing: 0,
        conflicts: 0,
        runs: Vec::new(),
        file: sync.is_some(),
    };
    let Some(state) = state else {
        return Ok(status);
    };
    let Some((scope, _)) = state.scope_of(&asked.name)? else {
        return Ok(status);
    };
    let facts = state.facts(scope)?;
    let counts = state.counts(scope)?;
    status.active = facts.active;
    status.last_sync = facts.last_sync.map(time);
    status.last_outcome = facts.last_outcome;
    if let Some(sync) = sync {
        let frequency = i64::try_from(sync.frequency.as_secs()).unwrap_or(i64::MAX);
        status.next_due = facts
            .last_sync
            .filter(|_| facts.active)
            .map(|last| time(last.saturating_add(frequency)));
    } else {
        status.direction = facts.direction.unwrap_or_default();
        status.frequency = facts.frequency.unwrap_or_default();
    }
    status.linked = counts.linked;
    status.resting = counts.resting.total();
    status.deferred = facts.deferred;
    status.deletes_waiting = facts.deletes_waiting;
    status.excluded = facts.excluded;
    status.failing = facts.failing;
    status.conflicts = facts.conflicts;
    let runs = state.runs(Some(&asked.name), RUNS)?;
    status.runs = runs.iter().map(Run::of).collect();
    Ok(status)
}
