//! Signing in to Zoho: scopes, accounts servers, and what is Zoho's own about OAuth
//! (zoho.com/crm/developer/docs/api/v8/oauth-overview.html).

mod data_center;
mod refusals;
#[cfg(test)]
mod tests;

pub use data_center::DataCenter;

use std::collections::BTreeMap;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::auth::crm::{OAuth, Server, Setup};
use crate::auth::{self, Access, Account, Client, Error, Kind, Refusal, Revoked};
use refusals::{exchange_refused, refresh_refused};

/// Zoho's accounts servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accounts;

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

/// The accounts server of a data centre, or the one that the profile names.
#[must_use]
pub fn server(data_center: DataCenter, accounts_endpoint: Option<&str>) -> Server {
    match accounts_endpoint {
        Some(endpoint) => at(endpoint.trim_end_matches('/')),
        None => at(&format!("https://{}", data_center.accounts_host())),
    }
}

fn at(accounts: &str) -> Server {
    Server {
        root: accounts.to_owned(),
        auth_uri: format!("{accounts}/oauth/v2/auth"),
        token_uri: format!("{accounts}/oauth/v2/token"),
        revoke_uri: Some(format!("{accounts}/oauth/v2/token/revoke")),
    }
}

#[async_trait]
impl OAuth for Accounts {
    fn word(&self) -> &'static str {
        "zoho"
    }

    fn title(&self) -> &'static str {
        "Zoho"
    }

    fn by_hand(&self) -> &'static str {
        "in your Zoho account under Sessions, Connected Apps"
    }

    fn separator(&self) -> &'static str {
        ","
    }

    fn consent(&self) -> Vec<(&'static str, String)> {
        vec![
            ("access_type", "offline".to_owned()),
            ("prompt", "consent".to_owned()),
        ]
    }

    /// `….ALL` covers what is below it.
    fn covers(&self, granted: &str, wanted: &str) -> bool {
        let (granted, wanted) = (granted.to_ascii_lowercase(), wanted.to_ascii_lowercase());
        granted == wanted
            || granted
                .strip_suffix("all")
                .is_some_and(|above| above.ends_with('.') && wanted.starts_with(above))
    }

    /// Zoho sends people back with the accounts server of their data centre, and the code counts
    /// only there; only servers of Zoho's, or the configured one, are asked.
    fn moved(
        &self,
        redirect: &BTreeMap<String, String>,
        configured: &Server,
    ) -> Result<Server, Error> {
        match redirect.get("accounts-server") {
            Some(server) => known_server(server, configured),
            None => Ok(configured.clone()),
        }
    }

    fn exchange_refused(&self, refusal: &Refusal, setup: &Setup) -> Error {
        exchange_refused(refusal, setup)
    }

    fn refresh_refused(&self, refusal: &Refusal, account: &Account) -> Error {
        refresh_refused(refusal, account)
    }

    /// Zoho takes the token in the address.
    async fn revoke(
        &self,
        address: &str,
        token: &SecretString,
        _client: Option<&Client>,
    ) -> Result<Revoked, Error> {
        let mut url = auth::checked(address)?;
        url.query_pairs_mut()
            .append_pair("token", token.expose_secret());
        auth::revoke_at(url, &[]).await
    }
}

/// An accounts server that came with a redirect, if it is one of Zoho's or the configured one.
fn known_server(server: &str, configured: &Server) -> Result<Server, Error> {
    let server = server.trim_end_matches('/');
    if server == configured.root {
        return Ok(configured.clone());
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
        return Ok(at(server));
    }
    Err(Error::new(
        Kind::Denied,
        "the redirect names an accounts server that is not Zoho's; the code was not sent there",
    )
    .hint(
        "start the sign-in again; if it stays so, set `data_center` in the profile and report it",
    ))
}
