//! `crmsync deactivate`: stops a profile, revokes and forgets its sign-ins, keeps its links.

mod sign_out;

use anyhow::Context as _;
use jiff::Timestamp;

use super::connect;
use super::failure::{self, Failure};
use super::output::Show;
use super::paths::Paths;
use super::schedule;
use crate::auth::{Account, Service, Store};
use crate::model::{Side, Sides};
use crate::profile::{self, Profile, ProfileError};
use crate::state::{self, PairId, ScopeId, State};

/// Stop a profile, revoke and forget its sign-ins, keep its links.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: crmsync deactivate sales --dry-run\n\n\
                  The links stay, so that a new profile for the same accounts makes no duplicates. Wake the profile \
                  with `crmsync configure PROFILE --activate`.\n\
                  Google's own list of connected apps, https://myaccount.google.com/connections, can revoke as well.")]
pub(super) struct Args {
    /// The profile; one whose file is gone can still be named
    #[arg(value_name = "PROFILE")]
    profile: String,
    /// Neither revoke nor forget the sign-ins
    #[arg(long)]
    keep_tokens: bool,
    /// Forget which records belong together and which were deleted; the next sync matches anew
    #[arg(long)]
    forget_links: bool,
    /// Say what would be done and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// The name that stands for the account pair of a profile that never ran.
const NO_PAIR: &str = "none yet";

/// Whether a profile was deactivated.
///
/// # Errors
/// Those of the state file.
pub(super) fn is_inactive(paths: &Paths, profile: &str) -> Result<bool, state::Error> {
    let Some(state) = State::peek(&paths.state)? else {
        return Ok(false);
    };
    Ok(match state.scope_of(profile)? {
        Some((scope, _)) => !state.facts(scope)?.active,
        None => false,
    })
}

/// Refuses to run a deactivated profile, before anything else is looked at.
///
/// # Errors
/// Exit 7.
pub(super) fn refuse_inactive(paths: &Paths, profile: &str) -> anyhow::Result<()> {
    if is_inactive(paths, profile)? {
        return Err(Failure::new(
            7,
            format!("the profile `{profile}` is deactivated"),
            format!("wake it with `crmsync configure {profile} --activate`"),
        )
        .into());
    }
    Ok(())
}

pub(super) async fn run(args: &Args, paths: &Paths, show: &Show) -> anyhow::Result<u8> {
    let store = connect::store(paths)?;
    let name = name_of(args, paths, &store)?;
    let mut work = Work {
        args,
        paths,
        show,
        name,
        store,
        codes: Vec::new(),
    };
    let found = work.scope()?;
    let _lock = match (&found, args.dry_run) {
        (Some((_, _, pair)), false) => Some(lock(paths, pair)?),
        _ => None,
    };
    work.stop(found.as_ref())?;
    work.stop_schedule()?;
    if args.forget_links {
        work.forget_links(found.as_ref())?;
    } else {
        work.note("links kept: a new profile for the same accounts makes no duplicates")?;
    }
    if args.keep_tokens {
        work.note("sign-ins kept (--keep-tokens)")?;
    } else {
        work.sign_out(Service::Google).await?;
        work.sign_out(Service::Crm).await?;
    }
    let worst = [1, 7, 5, 6];
    Ok(worst
        .into_iter()
        .find(|code| work.codes.contains(code))
        .unwrap_or(0))
}

/// The profile's name. A profile that is gone or broken can be deactivated all the same, as long as
/// something of it is left.
fn name_of(args: &Args, paths: &Paths, store: &Store) -> anyhow::Result<String> {
    let error = match paths.profile(&args.profile) {
        Ok(profile) => return Ok(profile.name),
        Err(error) => error,
    };
    let path = Profile::place_of(&paths.config, &args.profile)?;
    let name = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .map(str::to_owned)
        .with_context(|| format!("{} names no profile", path.display()))?;
    let gone = matches!(error, ProfileError::Unknown { .. });
    let known = || -> anyhow::Result<bool> {
        let in_state = match State::peek(&paths.state)? {
            Some(state) => state.scope_of(&name)?.is_some(),
            None => false,
        };
        // A file that is there but cannot be read counts too: it is reported when its turn comes.
        let in_store = [Account::google(&name), Account::crm(&name)]
            .iter()
            .any(|account| !matches!(store.load(account), Ok(None)));
        Ok(in_state || in_store)
    };
    if gone && !known()? {
        return Err(error.into());
    }
    Ok(name)
}

fn lock(paths: &Paths, pair: &str) -> anyhow::Result<state::PairLock> {
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    state::lock(&paths.state, pair, &now.to_string()).map_err(|error| match error {
        busy @ state::LockError::Busy { .. } => Failure::new(
            8,
            busy.to_string(),
            "wait for it to end, or stop it, and deactivate again",
        )
        .into(),
        other @ state::LockError::Io { .. } => other.into(),
    })
}

type Found = (ScopeId, PairId, String);

struct Work<'a> {
    args: &'a Args,
    paths: &'a Paths,
    show: &'a Show,
    name: String,
    store: Store,
    codes: Vec<u8>,
}

impl Work<'_> {
    fn say(&self, text: &str) -> anyhow::Result<()> {
        let would = if self.args.dry_run { "would be: " } else { "" };
        self.show.line(&format!("{}: {would}{text}", self.name))
    }

    fn note(&self, text: &str) -> anyhow::Result<()> {
        self.show.line(&format!("{}: {text}", self.name))
    }

    fn failed(&mut self, code: u8, message: &str, hint: &str) {
        failure::say(message, Some(hint), Some(&self.name));
        self.codes.push(code);
    }

    /// What the state file knows of the profile: its scope, its pair and the pair's name.
    fn scope(&self) -> anyhow::Result<Option<Found>> {
        let Some(state) = State::peek(&self.paths.state)? else {
            return Ok(None);
        };
        let Some((scope, pair)) = state.scope_of(&self.name)? else {
            return Ok(None);
        };
        let name = state.pair_name(pair)?;
        Ok(Some((scope, pair, name)))
    }

    /// Notes that the profile may not run. One that never ran is noted too.
    fn stop(&self, found: Option<&Found>) -> anyhow::Result<()> {
        if self.args.dry_run {
            return self.say("deactivated");
        }
        let mut state = State::open(&self.paths.state)?;
        state.write(|tx| {
            let scope = match found {
                Some((scope, _, _)) => *scope,
                None => {
                    tx.scope(&self.name, &format!("{NO_PAIR}: {}", self.name))?
                        .0
                }
            };
            tx.set_facts(scope, |facts| facts.active = false)
        })?;
        self.say("deactivated")
    }

    /// Takes the profile out of the schedule. What fails there stops nothing else.
    fn stop_schedule(&mut self) -> anyhow::Result<()> {
        let done = if self.args.dry_run {
            schedule::installed(self.paths).map(|places| {
                let would =
                    |place: &String| format!("would be: taken out of the schedule in {place}");
                places.iter().map(would).collect()
            })
        } else {
            schedule::remove(self.paths, &self.name)
        };
        match done {
            Ok(said) => {
                for line in &said {
                    self.note(line)?;
                }
                self.note("`crmsync sync --all` leaves it out from now on")
            }
            Err(error) => {
                let failure = failure::explain(&error);
                let hint = failure.hint.unwrap_or_else(|| {
                    "take it out by hand; until then `crmsync sync --all` passes the profile over".to_owned()
                });
                self.failed(failure.code, &failure.message, &hint);
                Ok(())
            }
        }
    }

    /// Other profiles, by name, that pass the test.
    fn others(&self, mut test: impl FnMut(&str) -> bool) -> Vec<String> {
        profile::list(&self.paths.config)
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| *name != self.name && test(name))
            .collect()
    }

    /// Forgets the pair's links. Every profile on the pair then reads in full and matches anew.
    fn forget_links(&self, found: Option<&Found>) -> anyhow::Result<()> {
        let Some((scope, pair, _)) = found else {
            return self.note("no links to forget");
        };
        let mut sharing = Vec::new();
        if let Some(state) = State::peek(&self.paths.state)? {
            for name in self.others(|_| true) {
                if let Some((other, its)) = state.scope_of(&name)?
                    && its == *pair
                {
                    sharing.push((name, other));
                }
            }
        }
        let also = match sharing.as_slice() {
            [] => String::new(),
            some => {
                let names: Vec<&str> = some.iter().map(|(name, _)| name.as_str()).collect();
                format!(" (they are shared with {})", names.join(", "))
            }
        };
        if self.args.dry_run {
            return self.say(&format!("links forgotten{also}"));
        }
        let mut state = State::open(&self.paths.state)?;
        let gone = state.write(|tx| {
            for scope in sharing.iter().map(|(_, scope)| scope).chain([scope]) {
                // Whoever was read before is looked at anew, changed or not.
                for side in Side::BOTH {
                    tx.forget_mirror(*scope, side)?;
                }
                tx.set_facts(*scope, |facts| {
                    facts.last_full = Sides::default();
                    facts.last_census = None;
                    // Another fingerprint than any: the next run links and fills, and deletes nothing.
                    if facts.fingerprint.is_some() {
                        facts.fingerprint = Some(String::new());
                    }
                })?;
            }
            tx.drop_pair_links(*pair)
        })?;
        self.say(&format!(
            "{gone} links forgotten{also}; the next sync matches anew, by the ids stamped on the records and by e-mail"
        ))
    }
}
