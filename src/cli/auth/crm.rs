//! `crmsync auth crm`: every way to sign in to the CRM that the profile names.

use std::path::PathBuf;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

use super::super::connect;
use super::super::failure::Failure;
use super::super::output::Show;
use super::super::paths::Paths;
use super::super::prompt::{self, Person};
use super::{interruptible, keep, pick};
use crate::auth::zoho::{self, DataCenter, Setup};
use crate::auth::{Account, Client, Provider, Store, TokenKind, Tokens};
use crate::model::Side;
use crate::profile::{CrmKind, Profile, Zoho};

/// Sign in to the CRM.
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("stdin").multiple(false)),
    group(clap::ArgGroup::new("way").multiple(false)),
    after_help = "Examples:\n  crmsync auth crm sales\n  crmsync auth crm sales --grant-code-stdin < code.txt\n  \
                  crmsync auth crm sales --client-secret-stdin < secret.txt\n\n\
                  Zoho, on a server: a self client needs no browser here. Make a code in Zoho's API console and hand it \
                  over with --grant-code-stdin; the client secret goes on a second line unless it is known from an \
                  earlier sign-in or from --client-secret-stdin.\n\
                  Zoho, by a browser on another machine: --no-browser, or `ssh -L 48017:127.0.0.1:48017 THIS-MACHINE` \
                  where the browser is.\n\
                  What to set up at Zoho once: docs/zoho-setup.md"
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
    /// Take a Zoho self client's code from standard input; on a second line the client secret, if it is not known
    #[arg(long, groups = ["stdin", "way"])]
    grant_code_stdin: bool,
    /// Take a refresh token from standard input; on a second line the client secret, if it is not known
    #[arg(long, groups = ["stdin", "way"])]
    refresh_token_stdin: bool,
    /// Take the client secret from standard input, keep it, and go on in the browser
    #[arg(long, group = "stdin")]
    client_secret_stdin: bool,
    /// Take an API key from standard input, for CRMs that have them
    #[arg(long, groups = ["stdin", "way"])]
    api_key_stdin: bool,
}

/// How to sign in to Zoho.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ZohoWay {
    SelfClient,
    Browser,
}

pub(super) async fn run(args: &Args, paths: &Paths, show: &Show) -> anyhow::Result<u8> {
    let profile = pick(paths, args.profile.as_deref())?;
    let store = connect::store(paths)?;
    let account = Account::crm(&profile.name);
    let CrmKind::Zoho(zoho) = &profile.crm.kind;
    if args.api_key_stdin {
        return Err(Failure::usage(
            "Zoho CRM has no API keys",
            "use --grant-code-stdin with a code of a self client (docs/zoho-setup.md), or the browser",
        )
        .into());
    }
    let call = Call {
        args,
        profile: &profile,
        zoho,
        store: &store,
        account: &account,
    };
    let tokens = call.sign_in().await?;
    keep(paths, show, &store, &profile, &account, &tokens).await
}

/// One call for a Zoho profile.
struct Call<'a> {
    args: &'a Args,
    profile: &'a Profile,
    zoho: &'a Zoho,
    store: &'a Store,
    account: &'a Account,
}

impl Call<'_> {
    async fn sign_in(&self) -> anyhow::Result<Tokens> {
        let args = self.args;
        if let Some(file) = &args.import {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            let nobody = Client {
                id: String::new(),
                secret: SecretString::from(String::new()),
            };
            return interruptible(zoho::import(&text, self.setup(nobody)?)).await;
        }
        if args.grant_code_stdin {
            let given = prompt::handed_over("grant code", "--grant-code-stdin")?;
            let (code, secret) = two_lines(&given);
            let setup = self.setup(self.client(secret)?)?;
            return interruptible(zoho::from_grant_code(&setup, &code)).await;
        }
        if args.refresh_token_stdin {
            let given = prompt::handed_over("refresh token", "--refresh-token-stdin")?;
            let (token, secret) = two_lines(&given);
            let setup = self.setup(self.client(secret)?)?;
            return interruptible(zoho::from_refresh_token(&setup, token)).await;
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
        if way == crate::auth::Way::Browser && prompt::someone() && how()? == ZohoWay::SelfClient {
            prompt::tell(&format!(
                "Open {} and choose Self Client, Generate Code. Scopes, on one line:\n{}\n\
                 Time: 10 minutes. Then choose the organisation, and copy the code.",
                setup.data_center.console(),
                setup.scopes.join(",")
            ));
            let code = prompt::secret("The code (it is not shown)")?;
            return interruptible(zoho::from_grant_code(&setup, &code)).await;
        }
        interruptible(zoho::sign_in(&setup, way, args.consent.limit(), &Person)).await
    }

    fn setup(&self, client: Client) -> anyhow::Result<Setup> {
        Ok(Setup {
            client,
            data_center: DataCenter::parse(&self.zoho.data_center)?,
            accounts_endpoint: self.zoho.accounts_endpoint.clone(),
            scopes: zoho::scopes(&self.zoho.module, connect::access(self.profile, Side::Crm)),
            profile: self.profile.name.clone(),
        })
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
        self.zoho.client_id.clone().ok_or_else(|| {
            Failure::new(
                7,
                format!("the profile {name} has no `client_id` in its [crm] table"),
                format!(
                    "make a client as docs/zoho-setup.md says, then `crmsync configure {name} --client-id ID`"
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
        let tokens = Tokens::client_only(Provider::Zoho, TokenKind::User, client);
        Ok(self.store.save(self.account, &tokens)?)
    }
}

fn how() -> anyhow::Result<ZohoWay> {
    prompt::choose(
        "How do you want to sign in to Zoho?",
        &[
            (
                ZohoWay::SelfClient,
                "With a code of a self client",
                "made in Zoho's API console; best for servers",
            ),
            (
                ZohoWay::Browser,
                "In the browser",
                "for a server-based client with the redirect address http://127.0.0.1:48017/",
            ),
        ],
    )
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
