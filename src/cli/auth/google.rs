//! `crmsync auth google`: every way to sign in to Google Contacts.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

use super::super::connect;
use super::super::failure::Failure;
use super::super::output::Show;
use super::super::paths::Paths;
use super::super::prompt::{self, Person};
use super::{interruptible, keep, pick};
use crate::auth::google::{self, Endpoints, Setup};
use crate::auth::{Account, Client, Store, Tokens};
use crate::model::Side;
use crate::profile::Profile;

/// Sign in to Google Contacts.
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("stdin").multiple(false)),
    group(clap::ArgGroup::new("way").multiple(false)),
    after_help = "Examples:\n  crmsync auth google sales\n  crmsync auth google sales --no-browser\n  \
                  crmsync auth google sales --import token.json\n\n\
                  On a machine without a consent: sign in with --no-browser and paste the address that the browser \
                  ends on. Or let it come by itself: the address holds redirect_uri=http://127.0.0.1:PORT/, so run \
                  `ssh -L PORT:127.0.0.1:PORT THIS-MACHINE` where the browser is, and then open the address there.\n\
                  What to set up at Google once: docs/google-setup.md"
)]
pub(super) struct Args {
    /// The profile; may be left out when there is only one
    #[arg(value_name = "PROFILE")]
    profile: Option<String>,
    #[command(flatten)]
    consent: super::Consent,
    #[arg(
        long,
        value_name = "FILE",
        group = "way",
        conflicts_with = "stdin",
        help = "Bring a sign-in along: a JSON with client_id, client_secret, refresh_token and type \"authorized_user\""
    )]
    import: Option<PathBuf>,
    /// Take a refresh token from standard input, made for the client that the profile names
    #[arg(long, groups = ["stdin", "way"])]
    refresh_token_stdin: bool,
    /// Take the client's JSON, as downloaded from Google's console, from standard input
    #[arg(long, group = "stdin")]
    client_secret_stdin: bool,
    /// The key file of a service account with domain-wide delegation
    #[arg(long, value_name = "FILE", group = "way", conflicts_with = "stdin")]
    service_account: Option<PathBuf>,
    /// The user of the domain that the service account acts for
    #[arg(long, value_name = "USER", conflicts_with_all = ["no_browser", "import", "stdin"])]
    subject: Option<String>,
}

pub(super) async fn run(args: &Args, paths: &Paths, show: &Show) -> anyhow::Result<u8> {
    let profile = pick(paths, args.profile.as_deref())?;
    let store = connect::store(paths)?;
    let account = Account::google(&profile.name);
    let tokens = sign_in(args, &profile, &store, &account).await?;
    keep(paths, show, &store, &profile, &account, &tokens).await
}

async fn sign_in(
    args: &Args,
    profile: &Profile,
    store: &Store,
    account: &Account,
) -> anyhow::Result<Tokens> {
    if let Some(file) = &args.import {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let setup = setup(profile, client_of_profile(profile)?.unwrap_or_else(nobody));
        return interruptible(google::import(&text, setup)).await;
    }
    let by_hand = args.consent.no_browser
        || args.consent.redirect_stdin
        || args.refresh_token_stdin
        || args.client_secret_stdin;
    if args.service_account.is_some()
        || args.subject.is_some()
        || (profile.google.service_account.is_some() && !by_hand)
    {
        return service_account(args, profile).await;
    }
    let way = args.consent.way()?;
    let setup = setup(profile, client(args, profile, store, account)?);
    if args.refresh_token_stdin {
        let token = prompt::handed_over("refresh token", "--refresh-token-stdin")?;
        return interruptible(google::from_refresh_token(&setup, token)).await;
    }
    interruptible(google::sign_in(&setup, way, args.consent.limit(), &Person)).await
}

async fn service_account(args: &Args, profile: &Profile) -> anyhow::Result<Tokens> {
    let named = &profile.google;
    let key = match (&args.service_account, &named.service_account) {
        (Some(given), Some(own)) if !same_file(given, own) => {
            return Err(Failure::usage(
                format!(
                    "the profile names another key file, {}, which every sync uses",
                    own.display()
                ),
                "change `service_account` in the profile, or leave --service-account out",
            )
            .into());
        }
        (Some(key), _) | (None, Some(key)) => key,
        (None, None) => {
            return Err(Failure::usage(
                "--subject is for a service account, and there is none",
                "add --service-account FILE, or `service_account` to the profile",
            )
            .into());
        }
    };
    let subject = match (&args.subject, &named.subject) {
        (Some(given), Some(own)) if !given.eq_ignore_ascii_case(own) => {
            return Err(Failure::usage(
                format!("the profile names another subject, {own}, which every sync uses"),
                "change `subject` in the profile, or leave --subject out",
            )
            .into());
        }
        (Some(subject), _) | (None, Some(subject)) => subject,
        (None, None) => {
            return Err(Failure::usage(
                "a service account needs the user that it acts for",
                "add --subject USER, the primary address of a user of the domain",
            )
            .into());
        }
    };
    if let Some(wanted) = &named.account
        && !wanted.eq_ignore_ascii_case(subject)
    {
        return Err(Failure::new(
            5,
            format!("the service account would act for {subject}, but the profile is for {wanted}"),
            "use --subject with that address, or change `account` in the profile",
        )
        .into());
    }
    let access = connect::access(profile, Side::Google);
    interruptible(google::service_account(key, subject, access, &profile.name)).await
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

type Known = (Client, Endpoints);

fn nobody() -> Known {
    let client = Client {
        id: String::new(),
        secret: SecretString::from(String::new()),
    };
    (client, Endpoints::default())
}

fn setup(profile: &Profile, (client, theirs): Known) -> Setup {
    let google = &profile.google;
    let own = Endpoints {
        auth_uri: google.auth_uri.clone(),
        token_uri: google.token_uri.clone(),
        revoke_uri: google.revoke_uri.clone(),
    };
    Setup {
        client,
        endpoints: own.or(theirs),
        access: connect::access(profile, Side::Google),
        account: google.account.clone(),
        profile: profile.name.clone(),
    }
}

/// The OAuth client: handed over, of the file that the profile names, or of the last sign-in.
fn client(
    args: &Args,
    profile: &Profile,
    store: &Store,
    account: &Account,
) -> anyhow::Result<Known> {
    if args.client_secret_stdin {
        let given = prompt::handed_over("client file", "--client-secret-stdin")?;
        if given.expose_secret().starts_with('{') {
            return Ok(google::parse_client(given.expose_secret())?);
        }
        let known = match client_of_profile(profile)? {
            Some(known) => Some(known),
            None => client_of_store(store, account)?,
        };
        let (client, theirs) = known.ok_or_else(|| {
            Failure::usage(
                "a secret alone does not tell its client",
                "hand over the whole JSON that Google's console offers for download (docs/google-setup.md)",
            )
        })?;
        let client = Client {
            secret: given,
            ..client
        };
        return Ok((client, theirs));
    }
    if let Some(known) = client_of_profile(profile)? {
        return Ok(known);
    }
    if let Some(known) = client_of_store(store, account)? {
        return Ok(known);
    }
    let name = &profile.name;
    Err(Failure::usage(
        format!("the profile {name} names no OAuth client to sign in with"),
        format!(
            "make one as docs/google-setup.md says, then `crmsync configure {name} --google-client-secret FILE`; \
             or hand its JSON over with --client-secret-stdin"
        ),
    )
    .into())
}

fn client_of_profile(profile: &Profile) -> anyhow::Result<Option<Known>> {
    let Some(path) = &profile.google.client_secret else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(
            7,
            format!("cannot read the client file {}: {error}", path.display()),
            "download it from Google's console (docs/google-setup.md) and name it in `client_secret`",
        )
    })?;
    Ok(Some(google::parse_client(&text)?))
}

fn client_of_store(store: &Store, account: &Account) -> anyhow::Result<Option<Known>> {
    let Some(tokens) = store.load(account)? else {
        return Ok(None);
    };
    let (Some(id), Some(secret)) = (tokens.client_id, tokens.client_secret) else {
        return Ok(None);
    };
    let theirs = Endpoints {
        auth_uri: None,
        token_uri: tokens.token_uri,
        revoke_uri: tokens.revoke_uri,
    };
    Ok(Some((Client { id, secret }, theirs)))
}
