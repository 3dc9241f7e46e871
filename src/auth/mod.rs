//! Signing in, and the tokens that come of it: the types that everyone else sees.
//!
//! Nothing here knows a terminal, a profile or a connector. A sign-in is an async function that
//! speaks to a person through a [`Prompter`] and returns [`Tokens`]; a [`Store`] keeps them; a
//! [`TokenSource`] hands out access tokens and renews them, one process at a time.
//!
//! Secrets are [`SecretString`]s, whose `Debug` is redacted, and no error quotes a body or an
//! address with a query. The crates below log what they send when they are asked to: whoever sets
//! up logging has to turn [`SILENCED_TARGETS`] off after the user's own filter.

mod consent;
mod credentials;
pub mod crm;
mod error;
#[cfg(test)]
pub(crate) mod fuzz;
pub mod google;
mod loopback;
mod oauth;
mod service_account;
#[cfg(all(test, unix))]
mod service_account_tests;
mod source;
mod store;
#[cfg(all(test, unix))]
mod store_tests;
#[cfg(test)]
pub(crate) mod testing;
mod wire;

pub use credentials::credentials_directory;
pub use error::{Error, Kind};
pub use oauth::Refusal;
pub use source::{Acting, Fixed, Stored, TokenSource, from_environment};
pub use store::{Lock, Store};
pub use wire::{Revoked, checked, revoke as revoke_at};

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// Log targets that print tokens or client secrets at `debug` or `trace` (yup-oauth2 does at
/// `debug`, the transport below may at `trace`); logging must force them off.
pub const SILENCED_TARGETS: &[&str] = &[
    "yup_oauth2",
    "oauth2",
    "reqwest",
    "hyper",
    "hyper_util",
    "hyper_rustls",
    "h2",
];

/// How long a person may take to sign in unless the caller says otherwise.
pub const SIGN_IN_LIMIT: Duration = Duration::from_secs(300);

/// How much life an access token needs to be handed out: what is closer to its end is renewed.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// Which half of a profile a token belongs to; the word in its file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// Google Contacts.
    Google,
    /// The CRM, whichever it is.
    Crm,
}

impl Service {
    /// The word in file names and in `crmsync auth …`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Crm => "crm",
        }
    }
}

/// Whose tokens: names the file `<google|crm>-<profile>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// The half of the profile.
    pub service: Service,
    /// The profile's name (not its path).
    pub profile: String,
}

impl Account {
    /// Google's half of a profile.
    #[must_use]
    pub fn google(profile: &str) -> Self {
        Self {
            service: Service::Google,
            profile: profile.to_owned(),
        }
    }

    /// The CRM's half of a profile.
    #[must_use]
    pub fn crm(profile: &str) -> Self {
        Self {
            service: Service::Crm,
            profile: profile.to_owned(),
        }
    }

    /// The command that signs in anew.
    #[must_use]
    pub fn command(&self) -> String {
        format!("crmsync auth {} {}", self.service.word(), self.profile)
    }
}

/// Who gave the tokens, which decides how they are renewed and revoked; a word in token files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Provider {
    /// Google's OAuth server.
    Google,
    /// A CRM's OAuth server, by its word ([`crm::OAuth::word`]).
    Crm(String),
    /// A remote with API keys only: nothing to renew, nothing to revoke.
    Other,
}

impl Provider {
    /// The service of a CRM.
    #[must_use]
    pub fn of(service: &dyn crm::OAuth) -> Self {
        Self::Crm(service.word().to_owned())
    }
}

impl From<String> for Provider {
    fn from(word: String) -> Self {
        match word.as_str() {
            "google" => Self::Google,
            "other" => Self::Other,
            _ => Self::Crm(word),
        }
    }
}

impl From<Provider> for String {
    fn from(provider: Provider) -> Self {
        match provider {
            Provider::Google => "google".to_owned(),
            Provider::Crm(word) => word,
            Provider::Other => "other".to_owned(),
        }
    }
}

/// How the tokens came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenKind {
    /// A person signed in here.
    User,
    /// A refresh token was brought along (a file, standard input, a systemd credential).
    Imported,
    /// Google signs for a user of its domain by a key file.
    ServiceAccount,
    /// A key that neither expires nor is renewed.
    ApiKey,
}

/// What the profile does with the remote, hence the least scope to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The profile never writes there.
    Read,
    /// Records are created and changed.
    Write,
    /// Records are deleted as well (`on_delete = "delete"`).
    Delete,
}

/// How the person reaches the consent page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A browser on this machine, whose redirect comes back over loopback.
    Browser,
    /// A browser anywhere: the address is shown and the redirect's address is pasted; a redirect
    /// that comes over loopback all the same (`ssh -L`) is taken too.
    Paste,
}

/// What a sign-in needs from whoever talks to the person; no terminal code lives in this module.
#[async_trait]
pub trait Prompter: Send + Sync {
    /// Opens the address in a browser; an error says why there is none. The address is said with
    /// [`Prompter::say`] in any case.
    fn open(&self, url: &str) -> Result<(), String>;
    /// Shows a line of text, which may hold the address to open.
    fn say(&self, text: &str);
    /// The redirect's address or the bare code as the person pasted it; none when nothing can come
    /// (end of input). Called only for [`Way::Paste`].
    async fn pasted(&self) -> Option<String>;
}

/// An OAuth client as its owner registered it.
#[derive(Clone, Debug)]
pub struct Client {
    /// The public identifier.
    pub id: String,
    /// The secret; Google's desktop clients need it even with PKCE.
    pub secret: SecretString,
}

/// What is kept for one account, as the token file holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tokens {
    /// Who renews and revokes them.
    pub provider: Provider,
    /// How they came about.
    pub kind: TokenKind,
    /// The access token or API key; none when it has yet to be fetched.
    #[serde(default, with = "secret")]
    pub access_token: Option<SecretString>,
    /// When the access token ends; none for keys.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// What renews it.
    #[serde(default, with = "secret")]
    pub refresh_token: Option<SecretString>,
    /// The scopes that were granted; empty when the remote does not say.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The OAuth client.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Its secret.
    #[serde(default, with = "secret")]
    pub client_secret: Option<SecretString>,
    /// Where tokens are renewed.
    #[serde(default)]
    pub token_uri: Option<String>,
    /// Where tokens are revoked.
    #[serde(default)]
    pub revoke_uri: Option<String>,
    /// The API root that came with the token; it beats every table of hosts.
    #[serde(default)]
    pub api_domain: Option<String>,
    /// The server that gave the token, where a CRM has several.
    #[serde(default)]
    pub accounts_server: Option<String>,
    /// Who signed in, as an e-mail address; none when the remote did not say.
    #[serde(default)]
    pub account: Option<String>,
    /// When the refresh token was issued or brought along.
    pub issued_at: Timestamp,
    /// When the refresh token ends, if the remote said so.
    #[serde(default)]
    pub refresh_expires_at: Option<Timestamp>,
    /// The service account's key file.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// The user that the service account acts for.
    #[serde(default)]
    pub subject: Option<String>,
    /// A fingerprint of the systemd credential that these tokens were made from.
    #[serde(default)]
    pub origin: Option<String>,
}

impl Tokens {
    /// Tokens of that sort with nothing in them yet, issued now.
    fn new(provider: Provider, kind: TokenKind) -> Self {
        Self {
            provider,
            kind,
            access_token: None,
            expires_at: None,
            refresh_token: None,
            scopes: Vec::new(),
            client_id: None,
            client_secret: None,
            token_uri: None,
            revoke_uri: None,
            api_domain: None,
            accounts_server: None,
            account: None,
            issued_at: Timestamp::now(),
            refresh_expires_at: None,
            key_file: None,
            subject: None,
            origin: None,
        }
    }

    /// A key that a remote's settings page handed out, for CRMs without OAuth.
    #[must_use]
    pub fn api_key(key: SecretString) -> Self {
        Self {
            access_token: Some(key),
            ..Self::new(Provider::Other, TokenKind::ApiKey)
        }
    }

    /// A client with its secret, before anybody signed in with it.
    #[must_use]
    pub fn client_only(provider: Provider, kind: TokenKind, client: Client) -> Self {
        Self {
            client_id: Some(client.id),
            client_secret: Some(client.secret),
            ..Self::new(provider, kind)
        }
    }

    /// The access token, if it lives for another minute.
    #[must_use]
    pub fn usable(&self, now: Timestamp) -> Option<&SecretString> {
        let ends = self.expires_at.unwrap_or(Timestamp::MAX);
        self.access_token
            .as_ref()
            .filter(|_| ends.duration_since(now) > MARGIN)
    }

    /// What `auth status` has to warn of: the end that was announced for the sign-in, or the seven
    /// days after which Google drops sign-ins to an app whose publishing status is "Testing".
    #[must_use]
    pub fn warning(&self, now: Timestamp) -> Option<String> {
        if let Some(ends) = self.refresh_expires_at {
            return Some(format!(
                "this sign-in ends at {ends}; if the Google app's publishing status is \"Testing\", publish it and \
                 sign in again (docs/google-setup.md)"
            ));
        }
        let week = self.issued_at.checked_add(google::TESTING_LIFE).ok()?;
        (self.provider == Provider::Google && self.kind == TokenKind::User && now < week).then(|| {
            format!(
                "if the Google app's publishing status is still \"Testing\", this sign-in ends at {week}; \
                 docs/google-setup.md says how to publish it"
            )
        })
    }
}

/// Asks the service to forget the tokens; what it no longer knows counts as done.
///
/// Google drops every grant of that user to the whole Google project, on other machines too. What
/// a service account or an API key may do is taken back by an administrator, not here.
///
/// `service` is the CRM's, by the provider's word; without one nothing can be revoked there.
///
/// # Errors
/// `Unavailable` when the service cannot be reached.
pub async fn revoke(tokens: &Tokens, service: Option<&dyn crm::OAuth>) -> Result<Revoked, Error> {
    match (&tokens.provider, service) {
        (Provider::Google, _) => google::revoke(tokens).await,
        (Provider::Crm(_), Some(service)) => crm::revoke(service, tokens).await,
        (Provider::Crm(_), None) | (Provider::Other, _) => Ok(Revoked::NothingToRevoke),
    }
}

/// Secrets as plain strings inside the token file, whose mode is 0600.
mod secret {
    use secrecy::{ExposeSecret, SecretString};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(
        clippy::ref_option,
        reason = "serde calls it with a reference to the field"
    )]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<SecretString>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        value
            .as_ref()
            .map(ExposeSecret::expose_secret)
            .serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<SecretString>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.map(SecretString::from))
    }
}
