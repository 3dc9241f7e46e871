//! Google: which scopes are asked for, who signed in, what was brought along, and what each refusal
//! means (developers.google.com/identity/protocols/oauth2).

mod refusals;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::Deserialize;

use crate::auth::consent::{Ask, Consent, consent};
use crate::auth::error::{Error, Kind, json_fault};
use crate::auth::loopback::Place;
use crate::auth::oauth::{Grant, exchange, refresh};
use crate::auth::service_account::{read_key, sign};
use crate::auth::store::Bar;
use crate::auth::wire::{Revoked, checked};
use crate::auth::{Access, Account, Client, Prompter, Provider, TokenKind, Tokens, Way};
use refusals::{exchange_refused, refresh_refused};

const AUTH_URI: &str = "https://accounts.google.com/o/oauth2/v2/auth";
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const REVOKE_URI: &str = "https://oauth2.googleapis.com/revoke";
const CONTACTS: &str = "https://www.googleapis.com/auth/contacts";
const CONTACTS_READONLY: &str = "https://www.googleapis.com/auth/contacts.readonly";

/// How long a sign-in lasts at an external app whose publishing status is "Testing"
/// (developers.google.com/identity/protocols/oauth2#expiration).
pub const TESTING_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// OAuth addresses that a profile or a client file names; Google's own where it names none.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// The consent page.
    pub auth_uri: Option<String>,
    /// The token server.
    pub token_uri: Option<String>,
    /// The revocation address; without one of its own, a token server that is not Google's has none.
    pub revoke_uri: Option<String>,
}

impl Endpoints {
    /// These, completed by others.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            auth_uri: self.auth_uri.or(others.auth_uri),
            token_uri: self.token_uri.or(others.token_uri),
            revoke_uri: self.revoke_uri.or(others.revoke_uri),
        }
    }

    fn token(&self) -> &str {
        self.token_uri.as_deref().unwrap_or(TOKEN_URI)
    }

    fn revoke(&self) -> Option<String> {
        let own = || self.token().starts_with("https://oauth2.googleapis.com/");
        self.revoke_uri
            .clone()
            .or_else(|| own().then(|| REVOKE_URI.to_owned()))
    }
}

/// What a profile says about its Google half.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The OAuth client.
    pub client: Client,
    /// Its addresses.
    pub endpoints: Endpoints,
    /// What the profile does with the contacts.
    pub access: Access,
    /// Who has to sign in, if the profile says so.
    pub account: Option<String>,
    /// The profile's name, for messages.
    pub profile: String,
}

/// The scope for the contacts that the access needs: read-only when nothing is ever written.
#[must_use]
pub fn scope(access: Access) -> &'static str {
    match access {
        Access::Read => CONTACTS_READONLY,
        Access::Write | Access::Delete => CONTACTS,
    }
}

/// Whether the granted scopes are enough; no scopes at all means that Google did not say.
///
/// # Errors
/// `MissingScope`, with what to tick.
pub fn check_scopes(granted: &[String], access: Access, profile: &str) -> Result<(), Error> {
    let has = |wanted: &str| granted.iter().any(|scope| scope == wanted);
    if granted.is_empty() || has(CONTACTS) || has(scope(access)) {
        return Ok(());
    }
    Err(Error::new(
        Kind::MissingScope,
        format!(
            "the sign-in does not allow what the profile needs: the scope {} was not granted",
            scope(access)
        ),
    )
    .hint(format!(
        "run `{}` and leave the box about your contacts ticked on Google's page",
        Account::google(profile).command()
    )))
}

/// Reads a client file as Google's console gives it ("Desktop app" or "Web application").
///
/// # Errors
/// `Invalid`.
pub fn parse_client(text: &str) -> Result<(Client, Endpoints), Error> {
    #[derive(Deserialize)]
    struct File {
        installed: Option<Inner>,
        web: Option<Inner>,
    }
    #[derive(Deserialize)]
    struct Inner {
        client_id: String,
        client_secret: String,
        auth_uri: Option<String>,
        token_uri: Option<String>,
    }
    let invalid = |why: String| {
        Error::new(Kind::Invalid, format!("the client file cannot be used: {why}")).hint(
            "download it from Google's console: Google Auth platform, Clients, a client of type \"Desktop app\" \
             (docs/google-setup.md)",
        )
    };
    let file: File = serde_json::from_str(text).map_err(|fault| invalid(json_fault(&fault)))?;
    let inner = file
        .installed
        .or(file.web)
        .ok_or_else(|| invalid("it has neither `installed` nor `web`".to_owned()))?;
    Ok((
        Client {
            id: inner.client_id,
            secret: SecretString::from(inner.client_secret),
        },
        Endpoints {
            auth_uri: inner.auth_uri,
            token_uri: inner.token_uri,
            revoke_uri: None,
        },
    ))
}

/// Signs a person in. The scopes `openid email` come along, since the contacts' scope alone does
/// not tell who signed in.
///
/// # Errors
/// `Denied`, `Timeout`, `WrongAccount`, `MissingScope`, `Invalid`, `Unavailable`.
pub async fn sign_in(
    setup: &Setup,
    way: Way,
    limit: Duration,
    prompter: &dyn Prompter,
) -> Result<Tokens, Error> {
    let scopes = format!("openid email {}", scope(setup.access));
    let mut extra = vec![
        ("access_type", "offline".to_owned()),
        ("prompt", "consent".to_owned()),
    ];
    if let Some(account) = &setup.account {
        extra.push(("login_hint", account.clone()));
    }
    let ask = Ask {
        service: "Google",
        client: &setup.client,
        auth_uri: setup.endpoints.auth_uri.as_deref().unwrap_or(AUTH_URI),
        scope: scopes.clone(),
        extra,
        place: Place::AnyPort,
        way,
        limit,
    };
    let mut given = consent(ask, prompter).await?;
    let page = given.take_page();
    let done = async {
        let grant = exchange(&setup.client, setup.endpoints.token(), given)
            .await
            .map_err(|failure| failure.explain("finish the sign-in at Google", exchange_refused))?;
        let mut tokens = setup.tokens(TokenKind::User);
        tokens.scopes = scopes.split(' ').map(str::to_owned).collect();
        take(&mut tokens, grant);
        check_scopes(&tokens.scopes, setup.access, &setup.profile)?;
        if tokens.refresh_token.is_none() {
            return Err(
                Error::new(Kind::SignInNeeded, "Google gave no refresh token").hint(
                    "remove crmsync under myaccount.google.com/connections and sign in again",
                ),
            );
        }
        setup.check_account(&tokens)?;
        Ok(tokens)
    };
    let done = done.await;
    Consent::finish(page, done).await
}

/// Takes a refresh token that was made elsewhere for the same client, and tries it at once.
///
/// # Errors
/// Those of a renewal, `WrongAccount` and `MissingScope` as far as Google tells.
pub async fn from_refresh_token(setup: &Setup, token: SecretString) -> Result<Tokens, Error> {
    let mut tokens = setup.tokens(TokenKind::Imported);
    tokens.refresh_token = Some(token);
    let tokens = renewed(tokens, &Account::google(&setup.profile)).await?;
    check_scopes(&tokens.scopes, setup.access, &setup.profile)?;
    if tokens.account.is_some() {
        setup.check_account(&tokens)?;
    }
    Ok(tokens)
}

/// Takes an `authorized_user` JSON, whose own client replaces the one in `setup`, and tries it.
///
/// # Errors
/// `Invalid`, and those of [`from_refresh_token`].
pub async fn import(text: &str, setup: Setup) -> Result<Tokens, Error> {
    let (client, token) = crate::auth::credentials::authorized_user(text)?;
    from_refresh_token(&Setup { client, ..setup }, token).await
}

/// Uses a service account in the name of a user of the domain, and tries it at once. Only the key
/// file's place is kept.
///
/// # Errors
/// `Invalid`, `Insecure`, and what Google's refusal means.
pub async fn service_account(
    key_file: &Path,
    subject: &str,
    access: Access,
    profile: &str,
) -> Result<Tokens, Error> {
    let key_file =
        std::path::absolute(key_file).map_err(|fault| Error::io("find", key_file, fault))?;
    let tokens = Tokens {
        key_file: Some(key_file),
        subject: Some(subject.to_owned()),
        scopes: vec![scope(access).to_owned()],
        ..Tokens::new(Provider::Google, TokenKind::ServiceAccount)
    };
    renewed(tokens, &Account::google(profile)).await
}

/// Renews the access token; what the answer leaves out stays.
pub(super) async fn renewed(tokens: Tokens, account: &Account) -> Result<Tokens, Error> {
    match tokens.kind {
        TokenKind::ServiceAccount => sign_anew(tokens, account).await,
        TokenKind::User | TokenKind::Imported | TokenKind::ApiKey => {
            let (client, refresh_token) = tokens.renewable(account)?;
            let token_uri = tokens.token_uri.as_deref().unwrap_or(TOKEN_URI);
            let grant = refresh(&client, token_uri, &refresh_token)
                .await
                .map_err(|failure| {
                    failure.explain("renew Google's access token", |refusal| {
                        refresh_refused(refusal, &tokens, account, Timestamp::now())
                    })
                })?;
            let mut tokens = tokens;
            take(&mut tokens, grant);
            Ok(tokens)
        }
    }
}

async fn sign_anew(mut tokens: Tokens, account: &Account) -> Result<Tokens, Error> {
    let (Some(path), Some(subject)) = (&tokens.key_file, &tokens.subject) else {
        return Err(Error::new(
            Kind::Invalid,
            "a service account needs its key file and the user that it acts for",
        )
        .hint(format!(
            "set `subject` in the profile, or run `{} --service-account FILE --subject USER`",
            account.command()
        )));
    };
    let bar = match tokens.origin {
        Some(_) => Bar::World,
        None => Bar::Others,
    };
    let signed = sign(read_key(path, bar)?, subject, &tokens.scopes).await?;
    tokens.account = Some(subject.clone());
    tokens.access_token = Some(signed.access_token);
    tokens.expires_at = signed.expires_at;
    Ok(tokens)
}

/// Revokes the grant of a person; Google forgets it for the whole project.
pub(super) async fn revoke(tokens: &Tokens) -> Result<Revoked, Error> {
    let token = match tokens.kind {
        TokenKind::ServiceAccount | TokenKind::ApiKey => None,
        TokenKind::User | TokenKind::Imported => tokens
            .refresh_token
            .as_ref()
            .or(tokens.access_token.as_ref()),
    };
    let (Some(token), Some(address)) = (token, &tokens.revoke_uri) else {
        return Ok(Revoked::NothingToRevoke);
    };
    let token = secrecy::ExposeSecret::expose_secret(token);
    crate::auth::wire::revoke(checked(address)?, &[("token", token)]).await
}

impl Setup {
    fn tokens(&self, kind: TokenKind) -> Tokens {
        Tokens {
            client_id: Some(self.client.id.clone()),
            client_secret: Some(self.client.secret.clone()),
            token_uri: Some(self.endpoints.token().to_owned()),
            revoke_uri: self.endpoints.revoke(),
            ..Tokens::new(Provider::Google, kind)
        }
    }

    fn check_account(&self, tokens: &Tokens) -> Result<(), Error> {
        let Some(wanted) = &self.account else {
            return Ok(());
        };
        match &tokens.account {
            Some(found) if found.trim().eq_ignore_ascii_case(wanted.trim()) => Ok(()),
            Some(found) => Err(Error::new(
                Kind::WrongAccount,
                format!("{found} signed in, but the profile is for {wanted}"),
            )
            .hint(format!(
                "run `{}` and choose {wanted} on Google's page, or change `account` in the profile",
                Account::google(&self.profile).command()
            ))),
            None => Err(Error::new(
                Kind::MissingScope,
                format!("Google did not say who signed in, and the profile is for {wanted}"),
            )
            .hint("sign in again and leave the box about your e-mail address ticked")),
        }
    }
}

/// Puts an answer into the tokens.
pub(super) fn take(tokens: &mut Tokens, grant: Grant) {
    let now = Timestamp::now();
    let account = grant.extra.id_token.as_deref().and_then(address_of);
    let life = grant
        .extra
        .refresh_token_expires_in
        .filter(|seconds| *seconds > 0);
    tokens.account = account.or(tokens.account.take());
    tokens.refresh_expires_at = life
        .and_then(|seconds| now.checked_add(SignedDuration::from_secs(seconds)).ok())
        .or(tokens.refresh_expires_at);
    tokens.take(grant, now);
}

/// The e-mail address in an ID token. Its signature is not checked: it came straight from the token
/// server over TLS (`OpenID` Connect Core 3.1.3.7, point 6), and nothing but a comparison hangs on it.
fn address_of(id_token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        email: Option<String>,
    }
    let payload = id_token.split('.').nth(1)?.trim_end_matches('=');
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(payload)
        .ok()?;
    serde_json::from_slice::<Claims>(&bytes).ok()?.email
}
