//! Signing in to HubSpot by OAuth: scopes, addresses, and what is HubSpot's own about it
//! (developers.hubspot.com, OAuth 2026-03).

mod refusals;
#[cfg(test)]
mod tests;

use async_trait::async_trait;

use super::api::HOST;
use super::meta::scope;
use crate::auth::crm::{OAuth, Server, Setup};
use crate::auth::{Access, Account, Error, Refusal};
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

    fn exchange_refused(&self, refusal: &Refusal, setup: &Setup) -> Error {
        exchange_refused(refusal, setup)
    }

    fn refresh_refused(&self, refusal: &Refusal, account: &Account) -> Error {
        refresh_refused(refusal, account)
    }
}
