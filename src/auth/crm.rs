//! Signing in to a CRM by OAuth: the flows, driven by what the CRM's connector says of its server.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::consent::{Ask, Consent, consent};
use super::error::{Error, Kind};
use super::loopback::{LITERAL, Listener, Place};
use super::oauth::{Grant, Refusal, exchange, exchange_bare, refresh};
use super::wire::{Revoked, checked};
use super::{Account, Client, Prompter, Provider, TokenKind, Tokens, Way};

/// The ports of the redirect. Services compare its address letter by letter with what was entered
/// in their consoles, so `http://127.0.0.1:<port>/` has to stand there for at least the first.
pub const REDIRECT_PORTS: &[u16] = &[48017, 48018, 48019];

/// The redirect addresses to enter in a service's console.
#[must_use]
pub fn redirect_uris(service: &dyn OAuth) -> Vec<String> {
    let uri = |port| Listener::uri(service.redirect_host(), port);
    REDIRECT_PORTS.iter().copied().map(uri).collect()
}

/// The addresses of a service that signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its root, kept with the tokens, without a slash at its end.
    pub root: String,
    /// The consent page.
    pub auth_uri: String,
    /// Where codes and refresh tokens become access tokens.
    pub token_uri: String,
    /// Where tokens are revoked; none when they cannot be.
    pub revoke_uri: Option<String>,
}

/// What a profile says about its sign-in.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The OAuth client.
    pub client: Client,
    /// Where to sign in.
    pub server: Server,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// The page where clients and codes are made, for messages.
    pub console: String,
    /// What the profile says of where the account lies (a data centre), for messages.
    pub place: String,
    /// The profile's name, for messages.
    pub profile: String,
}

/// A CRM's OAuth service, as its connector describes it.
#[async_trait]
pub trait OAuth: Send + Sync + std::fmt::Debug {
    /// The word in token files; it never changes.
    fn word(&self) -> &'static str;

    /// What messages call the service.
    fn title(&self) -> &'static str;

    /// Where a person revokes by hand (`in your account under …`).
    fn by_hand(&self) -> &'static str;

    /// What stands between the scopes in the consent page's address.
    fn separator(&self) -> &'static str {
        " "
    }

    /// What the service takes as this machine's name in a redirect address over plain http.
    fn redirect_host(&self) -> &'static str {
        LITERAL
    }

    /// What the consent page's address needs besides.
    fn consent(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Whether a granted scope covers a wanted one.
    fn covers(&self, granted: &str, wanted: &str) -> bool {
        granted == wanted
    }

    /// The server at which the code of a redirect counts, when the redirect names one; only one that
    /// is the service's own beyond doubt may be answered.
    ///
    /// # Errors
    /// `Denied` when the redirect names a stranger.
    fn moved(
        &self,
        _redirect: &BTreeMap<String, String>,
        configured: &Server,
    ) -> Result<Server, Error> {
        Ok(configured.clone())
    }

    /// What a refused code means, and what to do about it.
    fn exchange_refused(&self, refusal: &Refusal, setup: &Setup) -> Error;

    /// What a refused refresh token means, and what to do about it.
    fn refresh_refused(&self, refusal: &Refusal, account: &Account) -> Error;

    /// Revokes a refresh token, and with it the access tokens made from it: RFC 7009, unless the
    /// service has a way of its own.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn revoke(
        &self,
        address: &str,
        token: &SecretString,
        _client: Option<&Client>,
    ) -> Result<Revoked, Error> {
        let url = checked(address)?;
        super::wire::revoke(url, &[("token", token.expose_secret())]).await
    }
}

/// The wanted scopes that the granted ones do not cover. No granted scopes at all means that the
/// service did not say, and nothing is missing as far as is known.
#[must_use]
pub fn missing_scopes(service: &dyn OAuth, granted: &[String], wanted: &[String]) -> Vec<String> {
    wanted
        .iter()
        .filter(|wanted| {
            !granted.is_empty()
                && !granted
                    .iter()
                    .any(|granted| service.covers(granted, wanted))
        })
        .cloned()
        .collect()
}

/// Turns a code that was made without a redirect into tokens; it counts once, for some minutes.
///
/// # Errors
/// `SignInNeeded` (used, expired), `Invalid` (client), `MissingScope`, `Unavailable`.
pub async fn from_grant_code(
    service: &dyn OAuth,
    setup: &Setup,
    code: &SecretString,
) -> Result<Tokens, Error> {
    let server = setup.server()?;
    let grant = exchange_bare(&setup.client, &server.token_uri, code)
        .await
        .map_err(|failure| {
            let doing = format!("use the grant code at {}", service.title());
            failure.explain(&doing, |refusal| service.exchange_refused(refusal, setup))
        })?;
    setup.finish(service, server, grant, &[])
}

/// Signs a person in by the browser.
///
/// # Errors
/// `Denied`, `Timeout`, `Invalid`, `MissingScope`, `Unavailable`.
pub async fn sign_in(
    service: &dyn OAuth,
    setup: &Setup,
    way: Way,
    limit: Duration,
    prompter: &dyn Prompter,
) -> Result<Tokens, Error> {
    let server = setup.server()?;
    let ask = Ask {
        service: service.title(),
        client: &setup.client,
        auth_uri: &server.auth_uri,
        scope: setup.scopes.join(service.separator()),
        extra: service.consent(),
        place: Place::OneOf {
            host: service.redirect_host(),
            ports: REDIRECT_PORTS,
        },
        way,
        limit,
    };
    let mut given = consent(ask, prompter).await?;
    let page = given.take_page();
    let done = async {
        let server = service.moved(&given.params, server)?;
        let grant = exchange(&setup.client, &server.token_uri, given)
            .await
            .map_err(|failure| {
                let doing = format!("finish the sign-in at {}", service.title());
                failure.explain(&doing, |refusal| service.exchange_refused(refusal, setup))
            })?;
        setup.finish(service, &server, grant, &setup.scopes)
    };
    let done = done.await;
    Consent::finish(page, done).await
}

/// Takes a refresh token that was made elsewhere for the same client, and tries it at once.
///
/// # Errors
/// Those of a renewal.
pub async fn from_refresh_token(
    service: &dyn OAuth,
    setup: &Setup,
    token: SecretString,
) -> Result<Tokens, Error> {
    let server = setup.server()?;
    let mut tokens = setup.blank(service, server, TokenKind::Imported);
    tokens.refresh_token = Some(token);
    let tokens = renewed(service, tokens, &Account::crm(&setup.profile)).await?;
    setup.check_scopes(service, &tokens.scopes)?;
    Ok(tokens)
}

/// Takes a JSON with `client_id`, `client_secret` and `refresh_token`, whose client replaces the one
/// in `setup`, and tries it at once.
///
/// # Errors
/// `Invalid`, and those of a renewal.
pub async fn import(service: &dyn OAuth, text: &str, setup: Setup) -> Result<Tokens, Error> {
    let (client, token) = super::credentials::authorized_user(text)?;
    from_refresh_token(service, &Setup { client, ..setup }, token).await
}

/// Renews the access token at the server that gave it; what the answer leaves out stays.
pub(crate) async fn renewed(
    service: &dyn OAuth,
    tokens: Tokens,
    account: &Account,
) -> Result<Tokens, Error> {
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
            let doing = format!("renew {}'s access token", service.title());
            failure.explain(&doing, |refusal| service.refresh_refused(refusal, account))
        })?;
    let mut tokens = tokens;
    take(&mut tokens, grant)?;
    Ok(tokens)
}

/// Revokes the refresh token, and with it the access tokens made from it.
pub(crate) async fn revoke(service: &dyn OAuth, tokens: &Tokens) -> Result<Revoked, Error> {
    let (Some(token), Some(address)) = (&tokens.refresh_token, &tokens.revoke_uri) else {
        return Ok(Revoked::NothingToRevoke);
    };
    let client = match (&tokens.client_id, &tokens.client_secret) {
        (Some(id), Some(secret)) => Some(Client {
            id: id.clone(),
            secret: secret.clone(),
        }),
        (_, _) => None,
    };
    service.revoke(address, token, client.as_ref()).await
}

impl Setup {
    /// The server, whose addresses may be used.
    fn server(&self) -> Result<&Server, Error> {
        checked(&self.server.root)?;
        checked(&self.server.token_uri)?;
        Ok(&self.server)
    }

    pub(crate) fn blank(&self, service: &dyn OAuth, server: &Server, kind: TokenKind) -> Tokens {
        Tokens {
            client_id: Some(self.client.id.clone()),
            client_secret: Some(self.client.secret.clone()),
            token_uri: Some(server.token_uri.clone()),
            revoke_uri: server.revoke_uri.clone(),
            accounts_server: Some(server.root.clone()),
            ..Tokens::new(Provider::of(service), kind)
        }
    }

    fn finish(
        &self,
        service: &dyn OAuth,
        server: &Server,
        grant: Grant,
        asked: &[String],
    ) -> Result<Tokens, Error> {
        let mut tokens = self.blank(service, server, TokenKind::User);
        tokens.scopes = asked.to_vec();
        take(&mut tokens, grant)?;
        self.check_scopes(service, &tokens.scopes)?;
        if tokens.refresh_token.is_none() {
            return Err(Error::new(
                Kind::SignInNeeded,
                format!("{} gave no refresh token", service.title()),
            )
            .hint(format!(
                "remove crmsync {}, and sign in again",
                service.by_hand()
            )));
        }
        Ok(tokens)
    }

    fn check_scopes(&self, service: &dyn OAuth, granted: &[String]) -> Result<(), Error> {
        let missing = missing_scopes(service, granted, &self.scopes);
        if missing.is_empty() {
            return Ok(());
        }
        let separator = service.separator();
        Err(Error::new(
            Kind::MissingScope,
            format!(
                "the sign-in lacks scopes that the profile needs: {}",
                missing.join(separator)
            ),
        )
        .hint(format!(
            "run `{}` again with all of: {}",
            Account::crm(&self.profile).command(),
            self.scopes.join(separator)
        )))
    }
}

pub(super) fn take(tokens: &mut Tokens, grant: Grant) -> Result<(), Error> {
    if let Some(domain) = &grant.extra.api_domain {
        checked(domain)?;
        tokens.api_domain = Some(domain.trim_end_matches('/').to_owned());
    }
    tokens.take(grant, Timestamp::now());
    Ok(())
}
