//! `crmsync auth`: signs in to Google or to the CRM.

use std::path::PathBuf;

use anyhow::Context as _;

use super::connect;
use super::failure::Failure;
use super::output::Show;
use super::paths::Paths;
use crate::auth::{self, Account, Client};
use crate::model::Side;
use crate::profile::{CrmKind, Profile};

/// Sign in to Google or to the CRM.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: crmsync auth google sales --import token.json")]
pub(super) struct Args {
    /// Which side
    #[arg(value_enum)]
    side: Which,
    /// The profile
    #[arg(value_name = "PROFILE")]
    profile: String,
    /// A JSON file with client_id, client_secret, refresh_token and type "authorized_user"
    #[arg(long, value_name = "FILE")]
    import: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    Google,
    Crm,
}

pub(super) async fn run(args: &Args, paths: &Paths, show: &Show) -> anyhow::Result<u8> {
    let profile = Profile::load(&paths.config, &args.profile)?;
    let text = std::fs::read_to_string(&args.import)
        .with_context(|| format!("read {}", args.import.display()))?;
    let store = connect::store(paths)?;
    let account = match args.side {
        Which::Google => Account::google(&profile.name),
        Which::Crm => Account::crm(&profile.name),
    };
    let tokens = match args.side {
        Which::Google => auth::google::import(&text, google_setup(&profile)?).await?,
        Which::Crm => match &profile.crm.kind {
            CrmKind::Zoho(zoho) => {
                let setup = auth::zoho::Setup {
                    client: Client {
                        id: zoho.client_id.clone().unwrap_or_default(),
                        secret: secrecy::SecretString::from(String::new()),
                    },
                    data_center: auth::zoho::DataCenter::parse(&zoho.data_center)?,
                    accounts_endpoint: zoho.accounts_endpoint.clone(),
                    scopes: auth::zoho::scopes(&zoho.module, connect::access(&profile, Side::Crm)),
                    profile: profile.name.clone(),
                };
                auth::zoho::import(&text, setup).await?
            }
        },
    };
    store.save(&account, &tokens)?;
    let who = tokens.account.as_deref().unwrap_or("signed in");
    show.line(&format!("{}: {who}", profile.name))?;
    Ok(0)
}

fn google_setup(profile: &Profile) -> anyhow::Result<auth::google::Setup> {
    let google = &profile.google;
    let own = auth::google::Endpoints {
        auth_uri: google.auth_uri.clone(),
        token_uri: google.token_uri.clone(),
        revoke_uri: google.revoke_uri.clone(),
    };
    let (client, endpoints) = match &google.client_secret {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
            let (client, theirs) = auth::google::parse_client(&text)?;
            (client, own.or(theirs))
        }
        None => (
            Client {
                id: String::new(),
                secret: secrecy::SecretString::from(String::new()),
            },
            own,
        ),
    };
    Ok(auth::google::Setup {
        client,
        endpoints,
        access: connect::access(profile, Side::Google),
        account: google.account.clone(),
        profile: profile.name.clone(),
    })
}

fn unreadable(path: &std::path::Path, error: &std::io::Error) -> Failure {
    Failure::new(
        7,
        format!("cannot read the client file {}: {error}", path.display()),
        "download it from Google's console (docs/google-setup.md) and name it in `client_secret`",
    )
}
