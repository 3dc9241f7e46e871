//! Zoho: data centres, scopes, the self client's grant code, the browser's way, and what each
//! refusal means (zoho.com/crm/developer/docs/api/v8/oauth-overview.html).

mod data_center;
mod refusals;
#[cfg(test)]
mod tests;

pub use data_center::DataCenter;

use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::auth::consent::{Ask, Consent, consent};
use crate::auth::error::{Error, Kind};
use crate::auth::loopback::{Listener, Place};
use crate::auth::oauth::{Grant, exchange, exchange_bare, refresh};
use crate::auth::wire::{Revoked, checked};
use crate::auth::{Access, Account, Client, Prompter, Provider, TokenKind, Tokens, Way};
use refusals::{exchange_refused, refresh_refused};

/// The ports of the redirect. Zoho compares it letter by letter with what stands in its API
/// console, so `http://127.0.0.1:<port>/` has to be entered there for at least the first.
pub const REDIRECT_PORTS: &[u16] = &[48017, 48018, 48019];

/// The redirect addresses to enter in Zoho's API console.
#[must_use]
pub fn redirect_uris() -> Vec<String> {
    REDIRECT_PORTS.iter().copied().map(Listener::uri).collect()
}

/// What a profile says about its Zoho half.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The OAuth client of Zoho's API console.
    pub client: Client,
    /// Where the organisation's data lie.
    pub data_center: DataCenter,
    /// An accounts server instead of the data centre's (a sandbox on loopback).
    pub accounts_endpoint: Option<String>,
    /// The scopes to ask for, see [`scopes`].
    pub scopes: Vec<String>,
    /// The profile's name, for messages.
    pub profile: String,
}

/// The least scopes for a module (`Contacts`, `Leads`, `Vendors`) and what is done with it.
#[must_use]
pub fn scopes(module: &str, access: Access) -> Vec<String> {
    let rights: &[&str] = match access {
        Access::Read => &["READ"],
        Access::Write => &["READ", "CREATE", "UPDATE"],
        Access::Delete => &["READ", "CREATE", "UPDATE", "DELETE"],
    };
    let module = module.to_ascii_lowercase();
    let reading = [
        "ZohoCRM.coql.READ",
        "ZohoCRM.settings.custom_views.READ",
        "ZohoCRM.settings.fields.READ",
        "ZohoCRM.settings.modules.READ",
        "ZohoCRM.settings.profiles.READ",
        "ZohoCRM.users.READ",
        "ZohoCRM.org.READ",
    ];
    rights
        .iter()
        .map(|right| format!("ZohoCRM.modules.{module}.{right}"))
        .chain(reading.iter().map(|scope| (*scope).to_owned()))
        .collect()
}

/// The wanted scopes that the granted ones do not cover (`….ALL` covers what is below it). No
/// granted scopes at all means that Zoho did not say, and nothing is missing as far as is known.
#[must_use]
pub fn missing_scopes(granted: &[String], wanted: &[String]) -> Vec<String> {
    let covers = |granted: &str, wanted: &str| {
        let (granted, wanted) = (granted.to_ascii_lowercase(), wanted.to_ascii_lowercase());
        granted == wanted
            || granted
                .strip_suffix("all")
                .is_some_and(|above| above.ends_with('.') && wanted.starts_with(above))
    };
    wanted
        .iter()
        .filter(|wanted| {
            !granted.is_empty() && !granted.iter().any(|granted| covers(granted, wanted))
        })
        .cloned()
        .collect()
}

/// Turns the code of a self client into tokens; it counts once, for the minutes chosen.
///
/// # Errors
/// `SignInNeeded` (used, expired, other data centre), `Invalid` (client), `MissingScope`,
/// `Unavailable`.
pub async fn from_grant_code(setup: &Setup, code: &SecretString) -> Result<Tokens, Error> {
    let accounts = setup.accounts()?;
    let grant = exchange_bare(&setup.client, &token_uri(&accounts), code)
        .await
        .map_err(|failure| {
            failure.explain("use the grant code at Zoho", |refusal| {
                exchange_refused(refusal, setup.data_center)
            })
        })?;
    setup.finish(&accounts, grant, &[])
}

/// Signs a person in by the browser. Zoho sends them back with the accounts server of their data
/// centre, and the code counts only there; only servers of Zoho's, or the configured one, are asked.
///
/// # Errors
/// `Denied`, `Timeout`, `Invalid`, `MissingScope`, `Unavailable`.
pub async fn sign_in(
    setup: &Setup,
    way: Way,
    limit: Duration,
    prompter: &dyn Prompter,
) -> Result<Tokens, Error> {
    let accounts = setup.accounts()?;
    let ask = Ask {
        service: "Zoho",
        client: &setup.client,
        auth_uri: &format!("{accounts}/oauth/v2/auth"),
        scope: setup.scopes.join(","),
        extra: vec![
            ("access_type", "offline".to_owned()),
            ("prompt", "consent".to_owned()),
        ],
        place: Place::OneOf(REDIRECT_PORTS),
        way,
        limit,
    };
    let mut given = consent(ask, prompter).await?;
    let page = given.take_page();
    let done = async {
        let accounts = match given.params.get("accounts-server") {
            Some(server) => known_server(server, &accounts)?,
            None => accounts,
        };
        let grant = exchange(&setup.client, &token_uri(&accounts), given)
            .await
            .map_err(|failure| {
                failure.explain("finish the sign-in at Zoho", |refusal| {
                    exchange_refused(refusal, setup.data_center)
                })
            })?;
        setup.finish(&accounts, grant, &setup.scopes)
    };
    let done = done.await;
    Consent::finish(page, done).await
}

/// Takes a refresh token that was made elsewhere for the same client, and tries it at once.
///
/// # Errors
/// Those of a renewal.
pub async fn from_refresh_token(setup: &Setup, token: SecretString) -> Result<Tokens, Error> {
    let accounts = setup.accounts()?;
    let mut tokens = setup.blank(&accounts, TokenKind::Imported);
    tokens.refresh_token = Some(token);
    let tokens = renewed(tokens, &Account::crm(&setup.profile)).await?;
    setup.check_scopes(&tokens.scopes)?;
    Ok(tokens)
}

/// Takes a JSON with `client_id`, `client_secret` and `refresh_token`, whose client replaces the one
/// in `setup`, and tries it at once.
///
/// # Errors
/// `Invalid`, and those of a renewal.
pub async fn import(text: &str, setup: Setup) -> Result<Tokens, Error> {
    let (client, token) = crate::auth::credentials::authorized_user(text)?;
    from_refresh_token(&Setup { client, ..setup }, token).await
}

/// Renews the access token at the server that gave it; what the answer leaves out stays.
pub(super) async fn renewed(tokens: Tokens, account: &Account) -> Result<Tokens, Error> {
    let (client, refresh_token) = tokens.renewable(account)?;
    let Some(uri) = tokens.token_uri.clone() else {
        return Err(Error::new(
            Kind::Invalid,
            "the tokens do not say where they are renewed",
        )
        .hint(format!("run `{}`", account.command())));
    };
    let grant = refresh(&client, &uri, &refresh_token)
        .await
        .map_err(|failure| {
            failure.explain("renew Zoho's access token", |refusal| {
                refresh_refused(refusal, account)
            })
        })?;
    let mut tokens = tokens;
    take(&mut tokens, grant)?;
    Ok(tokens)
}

/// Revokes the refresh token, and with it the access tokens made from it.
pub(super) async fn revoke(tokens: &Tokens) -> Result<Revoked, Error> {
    let (Some(token), Some(address)) = (&tokens.refresh_token, &tokens.revoke_uri) else {
        return Ok(Revoked::NothingToRevoke);
    };
    let mut url = checked(address)?;
    url.query_pairs_mut()
        .append_pair("token", token.expose_secret());
    crate::auth::wire::revoke(url, &[]).await
}

fn token_uri(accounts: &str) -> String {
    format!("{accounts}/oauth/v2/token")
}

/// An accounts server that came with a redirect, if it is one of Zoho's or the configured one.
fn known_server(server: &str, configured: &str) -> Result<String, Error> {
    let server = server.trim_end_matches('/');
    if server == configured {
        return Ok(server.to_owned());
    }
    let ours = Url::parse(server).is_ok_and(|url| {
        url.scheme() == "https"
            && url.port().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && matches!(url.host(), Some(Host::Domain(host))
                if DataCenter::ALL.iter().any(|dc| dc.accounts_host() == host))
    });
    if ours {
        return Ok(server.to_owned());
    }
    Err(Error::new(
        Kind::Denied,
        "the redirect names an accounts server that is not Zoho's; the code was not sent there",
    )
    .hint(
        "start the sign-in again; if it stays so, set `data_center` in the profile and report it",
    ))
}

impl Setup {
    /// The accounts server, without a slash at the end.
    fn accounts(&self) -> Result<String, Error> {
        let server = match &self.accounts_endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://{}", self.data_center.accounts_host()),
        };
        checked(&server)?;
        Ok(server)
    }

    fn blank(&self, accounts: &str, kind: TokenKind) -> Tokens {
        Tokens {
            client_id: Some(self.client.id.clone()),
            client_secret: Some(self.client.secret.clone()),
            token_uri: Some(token_uri(accounts)),
            revoke_uri: Some(format!("{accounts}/oauth/v2/token/revoke")),
            accounts_server: Some(accounts.to_owned()),
            ..Tokens::new(Provider::Zoho, kind)
        }
    }

    fn finish(&self, accounts: &str, grant: Grant, asked: &[String]) -> Result<Tokens, Error> {
        let mut tokens = self.blank(accounts, TokenKind::User);
        tokens.scopes = asked.to_vec();
        take(&mut tokens, grant)?;
        self.check_scopes(&tokens.scopes)?;
        if tokens.refresh_token.is_none() {
            return Err(Error::new(Kind::SignInNeeded, "Zoho gave no refresh token")
                .hint("remove crmsync in your Zoho account under Sessions, Connected Apps, and sign in again"));
        }
        Ok(tokens)
    }

    fn check_scopes(&self, granted: &[String]) -> Result<(), Error> {
        let missing = missing_scopes(granted, &self.scopes);
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            Kind::MissingScope,
            format!(
                "the sign-in lacks scopes that the profile needs: {}",
                missing.join(",")
            ),
        )
        .hint(format!(
            "run `{}` again with all of: {}",
            Account::crm(&self.profile).command(),
            self.scopes.join(",")
        )))
    }
}

fn take(tokens: &mut Tokens, grant: Grant) -> Result<(), Error> {
    if let Some(domain) = &grant.extra.api_domain {
        checked(domain)?;
        tokens.api_domain = Some(domain.trim_end_matches('/').to_owned());
    }
    tokens.take(grant, Timestamp::now());
    Ok(())
}
