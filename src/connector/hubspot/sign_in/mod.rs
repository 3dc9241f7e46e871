//! Signing in to HubSpot by OAuth: scopes, addresses, and what is HubSpot's own about it
//! (developers.hubspot.com, OAuth 2026-03).

mod refusals;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::api::HOST;
use super::meta::scope;
use crate::auth::crm::{OAuth, Server, Setup};
use crate::auth::{self, Access, Account, Client, Error, Refusal, Revoked};
use refusals::{exchange_refused, refresh_refused};

/// Where apps are made.
pub(super) const CONSOLE: &str = "https://app.hubspot.com/developer";
/// Where people sign in; HubSpot sends those of another region on.
const PAGES: &str = "https://app.hubspot.com";

/// HubSpot's OAuth apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct App;

/// The least scopes for what is done with contacts. HubSpot has one for every sort of writing.
#[must_use]
pub fn scopes(access: Access) -> Vec<String> {
    let reading = ["oauth", scope::READ, scope::SCHEMAS, scope::LISTS];
    let writing = match access {
        Access::Read => &[][..],
        Access::Write | Access::Delete => &[scope::WRITE, scope::MEMBERS],
    };
    reading
        .iter()
        .chain(writing)
        .map(|scope| (*scope).to_owned())
        .collect()
}

/// HubSpot's server, or the one that the profile names.
#[must_use]
pub fn server(endpoint: Option<&str>, pages: Option<&str>) -> Server {
    let root = endpoint.unwrap_or(HOST).trim_end_matches('/');
    let pages = pages.unwrap_or(PAGES).trim_end_matches('/');
    Server {
        root: root.to_owned(),
        auth_uri: format!("{pages}/oauth/authorize"),
        token_uri: format!("{root}/oauth/2026-03/token"),
        revoke_uri: Some(format!("{root}/oauth/2026-03/token/revoke")),
    }
}

#[async_trait]
impl OAuth for App {
    fn word(&self) -> &'static str {
        "hubspot"
    }

    fn title(&self) -> &'static str {
        "HubSpot"
    }

    fn by_hand(&self) -> &'static str {
        "in HubSpot under Settings, Integrations, Connected Apps"
    }

    /// The only host for which HubSpot takes plain http.
    fn redirect_host(&self) -> &'static str {
        "localhost"
    }

    fn exchange_refused(&self, refusal: &Refusal, setup: &Setup) -> Error {
        exchange_refused(refusal, setup)
    }

    fn refresh_refused(&self, refusal: &Refusal, account: &Account) -> Error {
        refresh_refused(refusal, account)
    }

    /// HubSpot wants to know whose token it is.
    async fn revoke(
        &self,
        address: &str,
        token: &SecretString,
        client: Option<&Client>,
    ) -> Result<Revoked, Error> {
        let url = auth::checked(address)?;
        let mut form = vec![
            ("token", token.expose_secret()),
            ("token_type_hint", "refresh_token"),
        ];
        if let Some(client) = client {
            form.push(("client_id", client.id.as_str()));
            form.push(("client_secret", client.secret.expose_secret()));
        }
        auth::revoke_at(url, &form).await
    }
}
