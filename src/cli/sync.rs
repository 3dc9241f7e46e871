//! `crmsync sync`: one pass over one or more profiles.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use futures::stream::{self, StreamExt as _};
use jiff::{SignedDuration, Timestamp};

use super::connect;
use super::deactivate;
use super::failure::{self, Failure};
use super::machine;
use super::output::{self, Show};
use super::paths::Paths;
use super::progress::Bars;
use crate::connector::{Extent, Source};
use crate::model::{Bulk, Side};
use crate::profile::{self, Profile};
use crate::run::{self, Job, Monitor, Options, Outcome, Report, Silent, Stop};
use crate::state::State;

/// One pass over one or more profiles.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: crmsync sync sales --dry-run")]
#[expect(clippy::struct_excessive_bools, reason = "command-line switches")]
pub(super) struct Args {
    /// Profile names, or paths to .toml files
    #[arg(value_name = "PROFILE", conflicts_with = "all")]
    profiles: Vec<String>,
    /// Every active profile
    #[arg(long)]
    all: bool,
    /// Only profiles whose frequency has passed
    #[arg(long)]
    due: bool,
    /// Show what would be done and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Read both sides in full
    #[arg(long)]
    full: bool,
    /// Write at most N contacts, 0 for no limit
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Let one run through the brakes
    #[arg(long)]
    allow_bulk: bool,
    /// How many profiles run at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Print one JSON object a profile
    #[arg(long)]
    json: bool,
    /// How long a run may wait for remotes, in all
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = patience)]
    patience: Duration,
    /// Exit with 10 instead of 0 when something was written
    #[arg(long)]
    detailed_exitcode: bool,
}

/// The order in which the exit codes of several profiles count.
const WORST_FIRST: [u8; 8] = [1, 7, 5, 4, 6, 8, 3, 0];

pub(super) fn patience(text: &str) -> Result<Duration, String> {
    let span: SignedDuration = text
        .parse()
        .map_err(|_| "give a time such as 90s, 5m or 1h".to_owned())?;
    Duration::try_from(span).map_err(|_| "give a time that is not negative".to_owned())
}

pub(super) async fn run(args: &Args, paths: &Paths, show: &Show) -> anyhow::Result<u8> {
    let chosen = choose(args, paths)?;
    let stop = Stop::default();
    listen(stop.clone())?;
    let (codes, wrote): (Vec<u8>, Vec<bool>) = stream::iter(chosen)
        .map(|which| one(args, paths, show, which, &stop))
        .buffered(usize::from(args.jobs))
        .collect::<Vec<(u8, bool)>>()
        .await
        .into_iter()
        .unzip();
    let code = WORST_FIRST
        .into_iter()
        .find(|code| codes.contains(code))
        .unwrap_or(0);
    let changed = args.detailed_exitcode && wrote.contains(&true);
    Ok(if code == 0 && changed { 10 } else { code })
}

/// A dry run of one profile, as `sync PROFILE --dry-run` does it.
pub(super) async fn rehearse(which: &str, paths: &Paths, show: &Show) -> anyhow::Result<u8> {
    #[derive(clap::Parser)]
    struct Call {
        #[command(flatten)]
        args: Args,
    }
    let call = Call::try_parse_from(["crmsync", "--dry-run", "--", which])?;
    run(&call.args, paths, show).await
}

/// The profiles meant, loaded or not: one that cannot be loaded is reported with the others.
fn choose(args: &Args, paths: &Paths) -> anyhow::Result<Vec<String>> {
    let known: Vec<_> = profile::list(&paths.config)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    if !args.profiles.is_empty() {
        return Ok(args.profiles.clone());
    }
    match (args.all || args.due, known.as_slice()) {
        (false, []) => Err(Failure::new(
            7,
            format!("there are no profiles in {}", paths.config.display()),
            "write one with `crmsync configure NAME`, or look around with `crmsync sandbox tour`",
        )
        .into()),
        (true, _) | (false, [_]) => Ok(known),
        (false, several) => Err(Failure::usage(
            format!("which profile? There are: {}", several.join(", ")),
            "name one or more, or use --all",
        )
        .into()),
    }
}

/// Ctrl-C and SIGTERM end the run after the batches in flight; the second one at once.
pub(super) fn listen(stop: Stop) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            if stop.ask() {
                failure::say(
                    "stopped at once; the next run finds out what landed",
                    None,
                    None,
                );
                std::process::exit(6);
            }
            failure::say(
                "stopping after what is in flight; once more stops at once",
                None,
                None,
            );
        }
    });
    Ok(())
}

async fn one(args: &Args, paths: &Paths, show: &Show, which: String, stop: &Stop) -> (u8, bool) {
    let started = Timestamp::now();
    let report = match paths.profile(&which) {
        Err(error) => failed(&which, started, &error.into()),
        Ok(profile) => match due(args, paths, &profile, started) {
            Ok(false) => return (0, false),
            Ok(true) => match sync(args, paths, show, &profile, started, stop).await {
                Ok(report) => report,
                Err(error) => failed(&profile.name, started, &error),
            },
            Err(error) => failed(&profile.name, started, &error),
        },
    };
    let code = tell(&report, args.json, show);
    (code, report.wrote() && !report.dry_run)
}

/// Prints what came of a run; gives the exit code.
pub(super) fn tell(report: &Report, as_json: bool, show: &Show) -> u8 {
    let printed = if as_json {
        serde_json::to_string(report)
            .map_err(Into::into)
            .and_then(|text| show.line(&text))
    } else {
        show.report(report)
    };
    if let Some(error) = &report.error {
        failure::say(&error.message, error.hint.as_deref(), Some(&report.profile));
    }
    match printed {
        Ok(()) => report.outcome.code(),
        Err(error) => failure::show(&error),
    }
}

/// A profile that did not get as far as a run.
pub(super) fn failed(profile: &str, started: Timestamp, error: &anyhow::Error) -> Report {
    let failure = failure::explain(error);
    let mut report = Report::new(profile, started.to_string());
    report.outcome = match failure.code {
        4 => Outcome::Refused,
        5 => Outcome::Auth,
        6 => Outcome::Unavailable,
        2 | 7 => Outcome::Invalid,
        8 => Outcome::Busy,
        _ => Outcome::Failed,
    };
    report.error = Some(run::Failure {
        code: failure.code,
        message: failure.message,
        hint: failure.hint,
    });
    report
}

/// Whether the profile is to run now: always, unless `--due` is given and its time has not come, or
/// it is deactivated and was not named.
fn due(args: &Args, paths: &Paths, profile: &Profile, now: Timestamp) -> anyhow::Result<bool> {
    if !args.due && !args.all {
        return Ok(true);
    }
    let Some(state) = State::peek(&paths.state)? else {
        return Ok(true);
    };
    let Some((scope, _)) = state.scope_of(&profile.name)? else {
        return Ok(true);
    };
    let facts = state.facts(scope)?;
    if !facts.active {
        return Ok(!args.profiles.is_empty());
    }
    let frequency = i64::try_from(profile.sync.frequency.as_secs()).unwrap_or(i64::MAX);
    // A timer of the same period starts a little early or late: a tenth of the period, at most five
    // minutes, is no reason to wait for the next start.
    let early = (frequency / 10).min(300);
    let next = facts
        .last_sync
        .map(|last| last.saturating_add(frequency - early));
    // A clock that was ahead and was put right has left a time to come: that is no reason to wait for it.
    let jumped = facts.last_sync.is_some_and(|last| last > now.as_second());
    Ok(!args.due || jumped || next.is_none_or(|next| next <= now.as_second()))
}

async fn sync(
    args: &Args,
    paths: &Paths,
    show: &Show,
    profile: &Profile,
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
            extent: if args.full {
                Extent::Full
            } else {
                Extent::Delta
            },
            limit: args.limit,
            bulk: if args.allow_bulk {
                Bulk::Allowed
            } else {
                Bulk::Braked
            },
            now: started.as_second(),
            started: seconds(started),
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
        let mut copy = rehearsal(&paths.state)?;
        let sources = sinks.map(|sink| sink as &dyn Source);
        return Ok(run::preview(&job, &mut copy, sources).await);
    }
    let mut state = State::open(&paths.state)?;
    let hurry = async {
        stop.wait().await;
        remotes.patience.end();
        std::future::pending().await
    };
    let report = tokio::select! {
        report = run::sync(&job, &mut state, sinks) => report,
        report = hurry => report,
    };
    for side in Side::BOTH {
        let name = sinks.on(side).name();
        tracing::info!("{name}: {}", output::spent(report.tally(side)));
        tracing::debug!(requests = ?sinks.on(side).meter().by_call, "{side}");
    }
    Ok(report)
}

/// A private copy of the state for a dry run; an empty one when there is none yet.
pub(super) fn rehearsal(path: &Path) -> anyhow::Result<State> {
    Ok(match State::peek(path)? {
        Some(state) => state.scratch()?,
        None => State::blank()?,
    })
}

/// A time as reports show it: whole seconds, UTC.
pub(super) fn seconds(time: Timestamp) -> String {
    let whole = Timestamp::from_second(time.as_second()).unwrap_or(time);
    whole.to_string()
}
