//! `crmsync configure`: chooses the lists and the rules, and writes the profile.

mod draft;
mod file;
mod flags;
mod look;
mod question;
mod summary;
mod wizard;

use super::deactivate::is_inactive;
use super::failure::{self, Failure};
use super::output::Show;
use super::paths::Paths;
use super::prompt;
use super::schedule::{self, Whose};
use super::sync;
use crate::connector;
use crate::profile::{self, Profile};
use crate::state::State;
use draft::Draft;

pub(super) use file::replace;
pub(super) use flags::Args;
use look::look;

pub(super) async fn run(args: &Args, paths: &Paths, show: &Show) -> anyhow::Result<u8> {
    if args.schema {
        show.line(&serde_json::to_string_pretty(&profile::schema(
            connector::kinds(),
        ))?)?;
        return Ok(0);
    }
    let terminal = prompt::someone();
    let which = match which(args, paths) {
        Some(which) => which,
        None if terminal => wizard::name(paths)?,
        None => return Err(no_name(paths).into()),
    };
    let mut draft = Draft::open(paths, &which)?;
    for (key, value) in flags::choices(args, &draft)? {
        draft.choose(&key, &value)?;
    }
    let asks = terminal && (!args.says_something() || !draft.is_complete());
    let wants = if asks {
        Box::pin(wizard::ask(paths, &mut draft)).await?
    } else {
        draft.check_complete()?;
        wizard::Wants::default()
    };
    let profile = draft.profile()?;
    let seen = Box::pin(look(paths, &profile)).await?;
    let timer = args.install_timer.or(wants.timer);
    if timer.is_some() {
        listed(paths, &profile)?;
    }
    let written = draft.write()?;
    if args.activate {
        activate(paths, &profile)?;
    }
    let mut text = summary::of(&profile, written, &seen, *show);
    let timers = match timer {
        Some(how) => {
            let whose = if args.system {
                Whose::Machine
            } else {
                Whose::User
            };
            schedule::install(paths, how, whose)?
        }
        None => schedule::adapt(paths)?,
    };
    summary::schedule(&mut text, paths, &profile, &timers)?;
    summary::next(
        &mut text,
        &profile,
        &seen,
        !is_inactive(paths, &profile.name)?,
    );
    if !show.quiet {
        show.bytes(text.as_bytes())?;
    }
    if wants.dry_run {
        return Box::pin(sync::rehearse(&which, paths, show)).await;
    }
    Ok(troubles(&seen))
}

/// Says what stands in the way of a sync; gives the exit code.
fn troubles(seen: &look::Seen) -> u8 {
    let mut code = 0;
    for error in seen.troubles() {
        let failure = failure::explain(error);
        failure::say(&failure.message, failure.hint.as_deref(), None);
        if code == 0 {
            code = failure.code;
        }
    }
    code
}

/// The profile that is meant: the named one, else the only one.
fn which(args: &Args, paths: &Paths) -> Option<String> {
    if let Some(which) = &args.profile {
        return Some(which.clone());
    }
    let mut known = profile::list(&paths.config);
    match (known.pop(), known.pop()) {
        (Some((name, _)), None) => Some(name),
        (_, _) => None,
    }
}

fn no_name(paths: &Paths) -> Failure {
    let known: Vec<String> = profile::list(&paths.config)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    if known.is_empty() {
        Failure::usage(
            "which profile? There is none yet",
            format!("name it, such as: {}", flags::example()),
        )
    } else {
        Failure::usage(
            format!("which profile? There are: {}", known.join(", ")),
            "name one: crmsync configure NAME",
        )
    }
}

/// A schedule runs `sync --all`, which knows the profiles of the folder alone.
fn listed(paths: &Paths, profile: &Profile) -> Result<(), Failure> {
    let whole = |path: &std::path::Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = match profile.path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => std::path::Path::new("."),
    };
    if whole(folder) == whole(&paths.config) {
        return Ok(());
    }
    Err(Failure::usage(
        format!(
            "the timer runs the profiles in {}, and {} is not one of them",
            paths.config.display(),
            profile.path.display()
        ),
        "move the file there, or name its folder with --config-dir",
    ))
}

/// Wakes a deactivated profile.
fn activate(paths: &Paths, profile: &Profile) -> anyhow::Result<()> {
    if !is_inactive(paths, &profile.name)? {
        return Ok(());
    }
    let mut state = State::open(&paths.state)?;
    state.write(|tx| match tx.scope_of(&profile.name)? {
        Some((scope, _)) => tx.set_facts(scope, |facts| facts.active = true),
        None => Ok(()),
    })?;
    Ok(())
}
