//! `crmsync undo`: puts back what a run wrote.

use std::time::Duration;

use jiff::Timestamp;

use super::connect;
use super::deactivate;
use super::failure::Failure;
use super::machine;
use super::output::Show;
use super::paths::Paths;
use super::progress::Bars;
use super::sync;
use crate::connector::{Extent, Source};
use crate::mapping::canon;
use crate::model::{Bulk, Key};
use crate::profile::{Profile, ProfileError};
use crate::run::{self, Asked, Job, Monitor, Options, Report, Silent, Stop};
use crate::state::{JournalRow, KEPT, KEPT_RUNS, RunNo, RunRow, State};

/// Put back what a run wrote, on both sides.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  crmsync undo --dry-run\n  crmsync undo 12\n  crmsync undo 12 --contact ada@example.com\n\n\
                  What anyone changed since stays as it is and is reported (exit 3). An undo is a run itself: \
                  `crmsync undo` after an undo takes that back. `crmsync status --history` lists the runs."
)]
pub(super) struct Args {
    /// The run; the last one that wrote when it is not given
    #[arg(value_name = "RUN")]
    run: Option<i64>,
    /// Only what was written for the contact with this address; without RUN, by the last run that wrote it
    #[arg(long, value_name = "EMAIL")]
    contact: Option<String>,
    /// The profile, where its file is not the one that the run had; without RUN, only its runs count
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Show what would be put back and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object, as `sync --json`
    #[arg(long)]
    json: bool,
    /// How long the run may wait for remotes, in all
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = sync::patience)]
    patience: Duration,
}

/// How many runs a refusal names.
const NAMED: usize = 5;

pub(super) async fn run(args: &Args, paths: &Paths, show: &Show) -> anyhow::Result<u8> {
    let key = args.contact.as_deref().map(key).transpose()?;
    let named = match &args.profile {
        Some(which) => Some(paths.profile(which)?),
        None => None,
    };
    let asked = choose(args, paths, key, named.as_ref())?;
    let profile = match named {
        Some(profile) => profile,
        None => profile_of(&asked.run, paths)?,
    };
    let stop = Stop::default();
    sync::listen(stop.clone())?;
    let started = Timestamp::now();
    let report = match undo(args, paths, show, &profile, &asked, started, &stop).await {
        Ok(report) => report,
        Err(error) => sync::failed(&profile.name, started, &error),
    };
    Ok(sync::tell(&report, args.json, show))
}

fn key(text: &str) -> anyhow::Result<Key> {
    canon::email(text).ok_or_else(|| {
        Failure::usage(
            format!("{text:?} is no e-mail address"),
            "give the whole address: `crmsync undo --contact ada@example.com`",
        )
        .into()
    })
}

/// The run that is meant.
fn choose(
    args: &Args,
    paths: &Paths,
    contact: Option<Key>,
    profile: Option<&Profile>,
) -> anyhow::Result<Asked> {
    let nothing = || {
        Failure::usage(
            "no run has written anything yet; there is nothing to undo",
            "`crmsync sync` starts the first, `crmsync status --history` lists the runs",
        )
    };
    let Some(state) = State::peek(&paths.state)? else {
        return Err(nothing().into());
    };
    let profile = profile.map(|profile| profile.name.as_str());
    let writing = state.writing_runs(None, NAMED)?;
    let no = match (args.run, &contact) {
        (Some(no), _) => RunNo(no),
        (None, Some(key)) => last_of_contact(&state, key, profile)?,
        (None, None) => {
            let last = state.writing_runs(profile, 1)?;
            *last.first().ok_or_else(nothing)?
        }
    };
    let hint = match &*writing {
        [] => {
            "no run has written anything yet; `crmsync status --history` lists the runs".to_owned()
        }
        some => {
            let some: Vec<_> = some.iter().map(|no| no.0.to_string()).collect();
            format!(
                "the last runs that wrote: {}; `crmsync status --history` lists all",
                some.join(", ")
            )
        }
    };
    let Some(run) = state.run(no)? else {
        return Err(Failure::usage(
            format!(
                "there is no run {}; runs are kept for {} days, and the last {KEPT_RUNS} that wrote for longer",
                no.0,
                KEPT / (24 * 3600)
            ),
            hint,
        )
        .into());
    };
    let asked = Asked { run, contact };
    if !asked.rows(&state)?.iter().any(wrote) {
        let what = match &asked.contact {
            Some(key) => format!("run {} wrote nothing for {key}", no.0),
            None => format!("run {} wrote nothing", no.0),
        };
        return Err(Failure::usage(format!("{what}; there is nothing to undo"), hint).into());
    }
    Ok(asked)
}

/// Whether a write landed, or may have.
fn wrote(row: &JournalRow) -> bool {
    row.landed_on().is_some() || row.is_open()
}

/// The last run that wrote a contact. On several pairs of accounts it has to be said which.
fn last_of_contact(state: &State, key: &Key, profile: Option<&str>) -> anyhow::Result<RunNo> {
    let mut found: Vec<RunRow> = Vec::new();
    for pair in state.pairs()? {
        let rows = state.history_of_contact(pair, key)?;
        for row in rows.iter().rev().filter(|row| wrote(row)) {
            let Some(run) = state.run(row.run)? else {
                continue;
            };
            if profile.is_none_or(|name| name == run.profile) {
                found.push(run);
                break;
            }
        }
    }
    match &*found {
        [] => Err(Failure::usage(
            format!("no run wrote a contact with the address {key}"),
            format!("`crmsync status --contact {key}` shows what is known of it"),
        )
        .into()),
        [one] => Ok(one.no),
        several => {
            let each: Vec<_> = several
                .iter()
                .map(|run| format!("run {} of {}", run.no.0, run.profile))
                .collect();
            Err(Failure::usage(
                format!("{key} was written in several accounts: {}", each.join(", ")),
                format!(
                    "name the run: `crmsync undo {} --contact {key}`",
                    several[0].no.0
                ),
            )
            .into())
        }
    }
}

/// The profile that a run was one of.
fn profile_of(run: &RunRow, paths: &Paths) -> anyhow::Result<Profile> {
    match paths.profile(&run.profile) {
        Err(ProfileError::Unknown { path, .. }) => Err(Failure::new(
            7,
            format!(
                "run {} was one of the profile `{}`, and {} is not there",
                run.no.0,
                run.profile,
                path.display()
            ),
            format!(
                "name its file with `--profile PATH`, or write it anew for the same accounts: `crmsync configure {}`",
                run.profile
            ),
        )
        .into()),
        other => Ok(other?),
    }
}

async fn undo(
    args: &Args,
    paths: &Paths,
    show: &Show,
    profile: &Profile,
    asked: &Asked,
    started: Timestamp,
    stop: &Stop,
) -> anyhow::Result<Report> {
    deactivate::refuse_inactive(paths, &profile.name)?;
    let remotes = connect::open(paths, profile, args.patience)?;
    let bars = Bars::wanted(show.no_progress || args.json, &profile.name);
    let monitor: &dyn Monitor = bars.as_ref().map_or(&Silent, |bars| bars);
    let job = Job {
        profile,
        defaults: &remotes.defaults,
        options: Options {
            extent: Extent::Delta,
            limit: None,
            bulk: Bulk::Braked,
            now: started.as_second(),
            started: sync::seconds(started),
            begun: std::time::Instant::now(),
            settling: run::SETTLING,
            state_file: paths.state.clone(),
            machine: machine::mark(),
        },
        monitor,
        stop: stop.clone(),
    };
    let sinks = remotes.sinks();
    if args.dry_run {
        let mut copy = sync::rehearsal(&paths.state)?;
        let sources = sinks.map(|sink| sink as &dyn Source);
        return Ok(run::preview_undo(&job, &mut copy, sources, asked).await);
    }
    let mut state = State::open(&paths.state)?;
    let hurry = async {
        stop.wait().await;
        remotes.patience.end();
        std::future::pending().await
    };
    Ok(tokio::select! {
        report = run::undo(&job, &mut state, sinks, asked) => report,
        report = hurry => report,
    })
}
