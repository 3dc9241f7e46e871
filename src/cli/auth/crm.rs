//! `crmsync auth crm`: every way to sign in to the CRM that the profile names.

use std::path::PathBuf;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

use super::super::connect;
use super::super::failure::Failure;
use super::super::output::Show;
use super::super::paths::Paths;
use super::super::prompt::{self, Person};
use super::{interruptible, keep, key, pick};
use crate::auth::crm::{self, Setup};
use crate::auth::{Account, Client, Provider, Store, TokenKind, Tokens};
use crate::connector;
use crate::connector::kind::{GrantCode, OAuthWay};
use crate::model::Side;
use crate::profile::Profile;

/// Sign in to the CRM.
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("stdin").multiple(false)),
    group(clap::ArgGroup::new("way").multiple(false)),
    after_help = help()
)]
#[expect(clippy::struct_excessive_bools, reason = "command-line switches")]
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
    /// Take a code that was made without a redirect (a self client's) from standard input; on a second line the client secret, if it is not known
    #[arg(long, groups = ["stdin", "way"])]
    grant_code_stdin: bool,
    /// Take a refresh token from standard input; on a second line the client secret, if it is not known
    #[arg(long, groups = ["stdin", "way"])]
    refresh_token_stdin: bool,
    /// Take the client secret from standard input, keep it, and go on in the browser
    #[arg(long, group = "stdin")]
    client_secret_stdin: bool,
    /// Take an API key or a password from standard input, for CRMs that have them
    #[arg(long, groups = ["stdin", "way"])]
    api_key_stdin: bool,
}

/// The examples, and the pages of the CRMs.
fn help() -> String {
    let kinds = connector::kinds().all().iter();
    let pages: Vec<String> = kinds
        .map(|kind| format!("{}: {}", kind.title, kind.page))
        .collect();
    format!(
        "Examples:\n  crmsync auth crm sales\n  crmsync auth crm sales --api-key-stdin < key.txt\n  \
         crmsync auth crm sales --grant-code-stdin < code.txt\n  \
         crmsync auth crm sales --client-secret-stdin < secret.txt\n\n\
         A CRM with keys or passwords: the secret is asked for, or handed over with --api-key-stdin, and tried at once.\n\
         A self client's code needs no browser here: hand it over with --grant-code-stdin; the client secret goes on a \
         second line unless it is known from an earlier sign-in or from --client-secret-stdin.\n\
         By a browser on another machine: --no-browser, or `ssh -L 48017:127.0.0.1:48017 THIS-MACHINE` where the \
         browser is.\n\
         What to set up once: {}",
        pages.join("; ")
    )
}

/// How a person signs in by OAuth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Code,
    Browser,
}

pub(super) async fn run(args: &Args, paths: &Paths, show: &Show) -> anyhow::Result<u8> {
    let profile = pick(paths, args.profile.as_deref())?;
    let store = connect::store(paths)?;
    let account = Account::crm(&profile.name);
    let ways = connect::kind(&profile)?.sign_in();
    let tokens = match (ways.key, ways.oauth) {
        (Some(way), oauth) if args.api_key_stdin || args.by_key(&profile, oauth) => {
            key::sign_in(&profile, &way, args.api_key_stdin).await?
        }
        (_, Some(way)) if !args.api_key_stdin => {
            let call = Call {
                args,
                profile: &profile,
                way: &way,
                store: &store,
                account: &account,
            };
            call.sign_in().await?
        }
        (_, _) => return Err(no_such_way(&profile, &ways).into()),
    };
    keep(paths, show, &store, &profile, &account, &tokens).await
}

/// The profile's CRM does not know the way that the options name.
fn no_such_way(profile: &Profile, ways: &connector::kind::SignIn) -> Failure {
    let title = profile.crm.kind.title;
    let page = profile.crm.kind.page;
    match (ways.key, ways.oauth) {
        (Some(key), _) => Failure::usage(
            format!(
                "{title} is signed in to with its {}, not by OAuth",
                key.what
            ),
            format!("use --api-key-stdin ({page})"),
        ),
        (None, Some(way)) if way.grant_code.is_some() => Failure::usage(
            format!("{title} has no API keys"),
            format!("use --grant-code-stdin with a code of a self client ({page}), or the browser"),
        ),
        (None, _) => Failure::usage(
            format!("{title} has no API keys"),
            format!("sign in in the browser ({page})"),
        ),
    }
}

impl Args {
    /// Whether it goes by a key without being told so: there is nothing else, or the profile names no
    /// OAuth client.
    fn by_key(&self, profile: &Profile, oauth: Option<OAuthWay>) -> bool {
        let client = oauth.and_then(|way| profile.crm.own.text(way.client_key));
        client.is_none() && !self.names_oauth()
    }

    /// Whether an option says that it goes by OAuth.
    fn names_oauth(&self) -> bool {
        self.import.is_some()
            || self.grant_code_stdin
            || self.refresh_token_stdin
            || self.client_secret_stdin
            || self.consent.is_given()
    }
}

/// One call by OAuth.
struct Call<'a> {
    args: &'a Args,
    profile: &'a Profile,
    way: &'a OAuthWay,
    store: &'a Store,
    account: &'a Account,
}

impl Call<'_> {
    async fn sign_in(&self) -> anyhow::Result<Tokens> {
        let args = self.args;
        let service = self.way.service;
        if let Some(file) = &args.import {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            let nobody = Client {
                id: String::new(),
                secret: SecretString::from(String::new()),
            };
            return interruptible(crm::import(service, &text, self.setup(nobody)?)).await;
        }
        if args.grant_code_stdin {
            if self.way.grant_code.is_none() {
                return Err(Failure::usage(
                    format!("{} knows no codes without a redirect", service.title()),
                    "sign in in the browser, or use --refresh-token-stdin",
                )
                .into());
            }
            let given = prompt::handed_over("grant code", "--grant-code-stdin")?;
            let (code, secret) = two_lines(&given);
            let setup = self.setup(self.client(secret)?)?;
            return interruptible(crm::from_grant_code(service, &setup, &code)).await;
        }
        if args.refresh_token_stdin {
            let given = prompt::handed_over("refresh token", "--refresh-token-stdin")?;
            let (token, secret) = two_lines(&given);
            let setup = self.setup(self.client(secret)?)?;
            return interruptible(crm::from_refresh_token(service, &setup, token)).await;
        }
        let way = args.consent.way()?;
        let secret = if args.client_secret_stdin {
            let secret = prompt::handed_over("client secret", "--client-secret-stdin")?;
            self.remember(&secret).await?;
            Some(secret)
        } else {
            None
        };
        let setup = self.setup(self.client(secret)?)?;
        if way == crate::auth::Way::Browser
            && prompt::someone()
            && let Some(code) = self.way.grant_code
            && self.how(code)? == How::Code
        {
            let [before, after] = code.steps;
            prompt::tell(&format!(
                "Open {} and {before}. Scopes, on one line:\n{}\n{after}",
                setup.console,
                setup.scopes.join(service.separator())
            ));
            let code = prompt::secret("The code (it is not shown)")?;
            return interruptible(crm::from_grant_code(service, &setup, &code)).await;
        }
        interruptible(crm::sign_in(
            service,
            &setup,
            way,
            args.consent.limit(),
            &Person,
        ))
        .await
    }

    fn setup(&self, client: Client) -> anyhow::Result<Setup> {
        let access = connect::access(self.profile, Side::Crm);
        let grounds = (self.way.grounds)(&self.profile.crm, access)?;
        Ok(Setup {
            client,
            server: grounds.server,
            scopes: grounds.scopes,
            console: grounds.console,
            place: grounds.place,
            profile: self.profile.name.clone(),
        })
    }

    fn how(&self, code: &GrantCode) -> anyhow::Result<How> {
        prompt::choose(
            &format!(
                "How do you want to sign in to {}?",
                self.way.service.title()
            ),
            &[
                (
                    How::Code,
                    &format!("With a code of {}", code.by),
                    code.place,
                ),
                (How::Browser, "In the browser", self.way.browser),
            ],
        )
    }

    /// The OAuth client: its id stands in the profile; its secret is handed over, known from the last
    /// sign-in with that id, or asked for.
    fn client(&self, given: Option<SecretString>) -> anyhow::Result<Client> {
        let name = &self.profile.name;
        let id = self.id()?;
        let stored = self.store.load(self.account)?;
        let known = stored
            .filter(|tokens| tokens.client_id.as_ref() == Some(&id))
            .and_then(|tokens| tokens.client_secret)
            .filter(|secret| !secret.expose_secret().is_empty());
        let secret = match given.or(known) {
            Some(secret) => secret,
            None if prompt::someone() => prompt::secret("The client secret (it is not shown)")?,
            None => {
                return Err(Failure::usage(
                    format!(
                        "the client secret of {id} is not known, and there is no terminal to ask at"
                    ),
                    format!(
                        "put it on the second line of what is handed over, or keep it first: \
                         crmsync auth crm {name} --client-secret-stdin < FILE"
                    ),
                )
                .into());
            }
        };
        Ok(Client { id, secret })
    }

    fn id(&self) -> anyhow::Result<String> {
        let name = &self.profile.name;
        let own = self.profile.crm.own.text(self.way.client_key);
        own.map(str::to_owned).ok_or_else(|| {
            Failure::new(
                7,
                format!(
                    "the profile {name} has no `{}` in its [crm] table",
                    self.way.client_key
                ),
                format!(
                    "make a client as {} says, then `crmsync configure {name} --client-id ID`",
                    self.profile.crm.kind.page
                ),
            )
            .into()
        })
    }

    /// Keeps a client secret that was handed over for the calls to come, unless a sign-in is there
    /// that it could spoil.
    async fn remember(&self, secret: &SecretString) -> anyhow::Result<()> {
        let _lock = self.store.lock(self.account).await?;
        let stored = self.store.load(self.account)?;
        if stored.is_some_and(|tokens| tokens.refresh_token.is_some()) {
            return Ok(());
        }
        let client = Client {
            id: self.id()?,
            secret: secret.clone(),
        };
        let tokens = Tokens::client_only(Provider::of(self.way.service), TokenKind::User, client);
        Ok(self.store.save(self.account, &tokens)?)
    }
}

/// The first line, and the second if there is one.
fn two_lines(text: &SecretString) -> (SecretString, Option<SecretString>) {
    let mut lines = text
        .expose_secret()
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(SecretString::from);
    (
        lines.next().unwrap_or_else(|| SecretString::from("")),
        lines.next(),
    )
}
