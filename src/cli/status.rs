//! `crmsync status`: what the last runs did and what waits; never needs the network.

use jiff::Timestamp;
use serde::Serialize;

use super::output::Show;
use super::paths::Paths;
use crate::profile::{self, Profile};
use crate::run::prepare::duration_text;
use crate::state::State;

/// What the last runs did and what waits.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: crmsync status sales --json")]
pub(super) struct Args {
    /// Profile names; all of them when none is given
    #[arg(value_name = "PROFILE")]
    profiles: Vec<String>,
    /// Print one JSON object a profile
    #[arg(long)]
    json: bool,
}

/// How many runs are shown.
const RUNS: usize = 20;

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

pub(super) fn run(args: &Args, paths: &Paths, show: &Show) -> anyhow::Result<u8> {
    let names = if args.profiles.is_empty() {
        profile::list(&paths.config)
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    } else {
        args.profiles.clone()
    };
    if names.is_empty() {
        return Err(super::failure::Failure::new(
            7,
            format!("there are no profiles in {}", paths.config.display()),
            "write one with `crmsync configure NAME`",
        )
        .into());
    }
    let state = State::peek(&paths.state)?;
    for name in names {
        let profile = Profile::load(&paths.config, &name)?;
        let status = status(&profile, state.as_ref())?;
        if args.json {
            show.line(&serde_json::to_string(&status)?)?;
        } else {
            show.line(&text(&status, show))?;
        }
    }
    Ok(0)
}

fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

fn status(profile: &Profile, state: Option<&State>) -> anyhow::Result<Status> {
    let mut status = Status {
        profile: profile.name.clone(),
        active: true,
        direction: crate::run::direction_name(profile.sync.direction).to_owned(),
        frequency: duration_text(profile.sync.frequency),
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
    };
    let Some(state) = state else {
        return Ok(status);
    };
    let Some((scope, _)) = state.scope_of(&profile.name)? else {
        return Ok(status);
    };
    let facts = state.facts(scope)?;
    let counts = state.counts(scope)?;
    let frequency = i64::try_from(profile.sync.frequency.as_secs()).unwrap_or(i64::MAX);
    status.active = facts.active;
    status.last_sync = facts.last_sync.map(time);
    status.last_outcome = facts.last_outcome;
    status.next_due = facts
        .last_sync
        .filter(|_| facts.active)
        .map(|last| time(last.saturating_add(frequency)));
    status.linked = counts.linked;
    status.resting = counts.resting.total();
    status.deferred = facts.deferred;
    status.deletes_waiting = facts.deletes_waiting;
    status.excluded = facts.excluded;
    status.failing = facts.failing;
    status.conflicts = facts.conflicts;
    status.runs = state
        .runs(Some(&profile.name), RUNS)?
        .into_iter()
        .map(|run| Run {
            run: run.no.0,
            started: time(run.started),
            outcome: run.outcome.unwrap_or_else(|| "interrupted".to_owned()),
            written: run.written,
            problems: run.problems,
            duration_ms: run.duration_ms,
        })
        .collect();
    Ok(status)
}

fn text(status: &Status, show: &Show) -> String {
    let active = if status.active { "" } else { " (deactivated)" };
    let never = || "never".to_owned();
    let rows = [
        (
            "direction",
            format!("{}, every {}", status.direction, status.frequency),
        ),
        (
            "last sync",
            match (&status.last_sync, &status.last_outcome) {
                (Some(at), Some(outcome)) => format!("{at}, {outcome}"),
                (Some(at), None) => at.clone(),
                (None, Some(outcome)) => format!("never finished, {outcome}"),
                (None, None) => never(),
            },
        ),
        (
            "next due",
            status.next_due.clone().unwrap_or_else(|| "now".to_owned()),
        ),
        (
            "linked",
            format!("{}, {} resting", status.linked, status.resting),
        ),
        (
            "waiting",
            format!(
                "{} contacts, {} deletes",
                status.deferred, status.deletes_waiting
            ),
        ),
        (
            "problems",
            format!(
                "{} failing, {} conflicts held, {} excluded",
                status.failing, status.conflicts, status.excluded
            ),
        ),
    ];
    let mut text = format!("{}{active}", show.bold(&status.profile));
    for (name, value) in rows {
        text.push_str(&format!("\n  {name:10} {value}"));
    }
    text
}
