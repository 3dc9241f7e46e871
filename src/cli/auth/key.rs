//! Signing in to a CRM with a key or a password: handed over or asked for, and tried at once.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::super::connect;
use super::super::failure::Failure;
use super::super::prompt;
use crate::auth::Tokens;
use crate::connector::http::Patience;
use crate::connector::kind::{Handed, KeyWay};
use crate::connector::{Error, Kind};
use crate::profile::Profile;

/// How long the first try may wait for the remote, in all.
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes the secret and tries it.
///
/// # Errors
/// Exit 2 without a secret, 5 when the CRM does not take it, 6 when it cannot be asked.
pub(super) async fn sign_in(
    profile: &Profile,
    way: &KeyWay,
    from_stdin: bool,
) -> anyhow::Result<Tokens> {
    let secret = if from_stdin {
        prompt::handed_over(way.what, "--api-key-stdin")?
    } else if prompt::someone() {
        prompt::tell(way.place);
        prompt::secret(&format!("The {} (it is not shown)", way.what))?
    } else {
        return Err(Failure::usage(
            format!(
                "the {} is needed, and there is no terminal to ask at",
                way.what
            ),
            format!(
                "hand it over: crmsync auth crm {} --api-key-stdin < FILE; {}",
                profile.name, way.place
            ),
        )
        .into());
    };
    tokio::select! {
        tokens = tried(profile, secret) => Ok(tokens?),
        _ = tokio::signal::ctrl_c() => Err(Failure::interrupted().into()),
    }
}

/// Asks the CRM who that is.
async fn tried(profile: &Profile, secret: SecretString) -> Result<Tokens, Error> {
    let handed = Arc::new(Handed(secret.clone()));
    let crm = connect::crm_with(handed, profile, &Patience::new(PATIENCE))?;
    let mut tokens = Tokens::api_key(secret);
    match crm.probe(None).await {
        Ok(probe) => tokens.account = probe.user,
        // The secret is good; the list can be chosen now that there is a sign-in.
        Err(error) if error.kind == Kind::Unknown => {
            prompt::tell(&format!("note: {error}"));
        }
        Err(error) => return Err(error),
    }
    Ok(tokens)
}
