//! `crmsync auth`: signs in to Google or to the CRM, and says who is signed in.

mod crm;
mod google;
mod key;
mod status;

use std::time::Duration;

use clap::Subcommand;

use super::failure::Failure;
use super::output::Show;
use super::paths::Paths;
use super::{connect, deactivate, prompt};
use crate::auth::{self, Account, Service, Store, Tokens};
use crate::profile::{self, Profile};

/// Sign in to Google or to the CRM, or see who is signed in.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  crmsync auth google sales\n  crmsync auth crm sales\n  crmsync auth status"
)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Sign in to Google Contacts
    Google(google::Args),
    /// Sign in to the CRM
    Crm(crm::Args),
    /// Who is signed in, with which scopes, until when
    Status(status::Args),
}

/// What every sign-in that goes through a browser takes.
#[derive(Debug, clap::Args)]
struct Consent {
    /// Print the address, and take the address that the browser ends on
    #[arg(long, group = "way")]
    no_browser: bool,
    /// The same without a terminal: take that address from standard input
    #[arg(long, group = "stdin")]
    redirect_stdin: bool,
    /// How many seconds the sign-in may take in the browser
    #[arg(long, value_name = "SECONDS", default_value_t = auth::SIGN_IN_LIMIT.as_secs(),
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    wait: u64,
}

impl Consent {
    /// How the person reaches the page.
    fn way(&self) -> anyhow::Result<auth::Way> {
        if self.no_browser && !self.redirect_stdin && !prompt::someone() {
            return Err(Failure::usage(
                "--no-browser asks for an address to be pasted, and there is no terminal",
                "hand the address that the browser ends on over with --redirect-stdin",
            )
            .into());
        }
        Ok(if self.no_browser || self.redirect_stdin {
            auth::Way::Paste
        } else {
            auth::Way::Browser
        })
    }

    /// Whether an option about the browser is there.
    fn is_given(&self) -> bool {
        self.no_browser || self.redirect_stdin
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(self.wait)
    }
}

pub(super) async fn run(args: &Args, paths: &Paths, show: &Show) -> anyhow::Result<u8> {
    match &args.what {
        What::Google(args) => google::run(args, paths, show).await,
        What::Crm(args) => crm::run(args, paths, show).await,
        What::Status(args) => status::run(args, paths, *show),
    }
}

/// A sign-in that Ctrl-C ends. Questions are outside of it: at those, Ctrl-C is a key like others.
async fn interruptible(
    work: impl Future<Output = Result<Tokens, auth::Error>>,
) -> anyhow::Result<Tokens> {
    tokio::select! {
        done = work => Ok(done?),
        _ = tokio::signal::ctrl_c() => Err(Failure::interrupted().into()),
    }
}

/// The profile that is meant: the one named, or the only one that there is.
fn pick(paths: &Paths, named: Option<&str>) -> anyhow::Result<Profile> {
    if let Some(name) = named {
        return Ok(paths.profile(name)?);
    }
    let known: Vec<String> = profile::list(&paths.config)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    match known.as_slice() {
        [only] => Ok(paths.profile(only)?),
        [] => Err(Failure::no_profiles(&paths.config).into()),
        several => Err(Failure::usage(
            format!("which profile? There are: {}", several.join(", ")),
            "name one",
        )
        .into()),
    }
}

/// Keeps a sign-in and says what came of it.
async fn keep(
    paths: &Paths,
    show: &Show,
    store: &Store,
    profile: &Profile,
    account: &Account,
    tokens: &Tokens,
) -> anyhow::Result<u8> {
    let before = {
        let _lock = store.lock(account).await?;
        let before = store.load(account).ok().flatten();
        store.save(account, tokens)?;
        before
    };
    let name = &profile.name;
    let service = match account.service {
        Service::Google => "Google",
        Service::Crm => profile.crm.kind.name,
    };
    let who = tokens
        .account
        .as_ref()
        .map_or_else(String::new, |who| format!(" as {who}"));
    show.line(&format!("{name}: signed in to {service}{who}"))?;
    if show.quiet {
        return Ok(0);
    }
    if let Some(before) = before.and_then(|before| before.account)
        && tokens.account.as_ref().is_some_and(|now| *now != before)
    {
        prompt::tell(&format!(
            "note: before, it was {before}; the links of that account stay with it, and the next sync matches anew"
        ));
    }
    if let Some(warning) = tokens.warning(jiff::Timestamp::now()) {
        prompt::tell(&format!("note: {warning}"));
    }
    let variable = match account.service {
        Service::Google => connect::READY_TOKENS.google,
        Service::Crm => connect::READY_TOKENS.crm,
    };
    if auth::from_environment(variable).is_some() {
        prompt::tell(&format!(
            "note: {variable} is set and goes before this sign-in"
        ));
    }
    if store
        .load(account)?
        .is_some_and(|used| used.origin.is_some())
    {
        prompt::tell("note: a systemd credential goes before this sign-in");
    }
    prompt::tell(&format!("next: {}", next(paths, store, profile)?));
    Ok(0)
}

/// What to do after a sign-in.
fn next(paths: &Paths, store: &Store, profile: &Profile) -> anyhow::Result<String> {
    let name = &profile.name;
    for (account, variable) in [
        (Account::google(name), connect::READY_TOKENS.google),
        (Account::crm(name), connect::READY_TOKENS.crm),
    ] {
        let there = auth::from_environment(variable).is_some()
            || store
                .load(&account)
                .ok()
                .flatten()
                .is_some_and(|tokens| status::complete(&tokens));
        if !there {
            return Ok(account.command());
        }
    }
    if deactivate::is_inactive(paths, name)? {
        return Ok(format!("crmsync configure {name} --activate"));
    }
    Ok(format!("crmsync sync {name} --dry-run"))
}
