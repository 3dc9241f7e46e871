//! Where access tokens come from during a run: a token file that is renewed under its lock, or a
//! ready token from the environment. Nothing here ever asks a person anything.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use super::error::{Error, Kind};
use super::oauth::Grant;
use super::{Access, Account, Client, Provider, Store, TokenKind, Tokens, crm, google};

/// What a connector needs to know of a sign-in.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// An access token that lives for another minute at least, renewed if need be.
    ///
    /// # Errors
    /// `SignInNeeded` and its like, `Unavailable`, `Io`.
    async fn token(&self) -> Result<SecretString, Error>;
    /// Another token, after the remote refused that one.
    ///
    /// # Errors
    /// As [`TokenSource::token`]; `SignInNeeded` where there is nothing to renew it with.
    async fn renew(&self, refused: &SecretString) -> Result<SecretString, Error>;
    /// The API root that came with the token.
    fn api_domain(&self) -> Option<String>;
    /// Who signed in, as an e-mail address, if the service said so.
    fn account(&self) -> Option<String>;
    /// The granted scopes; none when they are not known beforehand.
    fn scopes(&self) -> Option<Vec<String>>;
}

/// A ready access token or API key; it bypasses the token store and is never renewed.
#[derive(Clone, Debug)]
pub struct Fixed {
    token: SecretString,
    variable: String,
}

impl Fixed {
    /// A token from anywhere; `from` names the place in messages.
    #[must_use]
    pub fn new(token: SecretString, from: &str) -> Self {
        Self {
            token,
            variable: from.to_owned(),
        }
    }
}

/// The ready token in that environment variable (`CRMSYNC_GOOGLE_TOKEN`, `CRMSYNC_CRM_TOKEN`), if
/// it is set and not blank.
#[must_use]
pub fn from_environment(variable: &str) -> Option<Fixed> {
    let text = std::env::var(variable).ok()?;
    let token = text.trim();
    (!token.is_empty()).then(|| Fixed::new(SecretString::from(token), variable))
}

#[async_trait]
impl TokenSource for Fixed {
    async fn token(&self) -> Result<SecretString, Error> {
        Ok(self.token.clone())
    }

    async fn renew(&self, _: &SecretString) -> Result<SecretString, Error> {
        Err(Error::new(
            Kind::SignInNeeded,
            format!("the token in {} was refused", self.variable),
        )
        .hint("put a fresh one there, or unset it to use the stored sign-in"))
    }

    fn api_domain(&self) -> Option<String> {
        None
    }

    fn account(&self) -> Option<String> {
        None
    }

    fn scopes(&self) -> Option<Vec<String>> {
        None
    }
}

/// A stored sign-in. Several of them, in this process or in others, share one file: whoever finds
/// the token ended renews it under the lock, and the others read what that one wrote.
#[derive(Debug)]
pub struct Stored {
    store: Store,
    account: Account,
    acting: Option<Acting>,
    /// The CRM's OAuth service.
    service: Option<&'static dyn crm::OAuth>,
    current: Mutex<Tokens>,
    /// The refresh token in the file that `current` has outlived, while the newer one cannot be kept.
    outlived: Mutex<Option<SecretString>>,
    turn: tokio::sync::Mutex<()>,
}

/// What a profile says of a service account now; it goes before what was stored, and a token that
/// was made for another key, user or scope is not used. A person's sign-in is used as it is, unless
/// the profile names a key file.
#[derive(Clone, Debug)]
pub struct Acting {
    /// The key file; none when it was given to `auth google` or comes as a systemd credential.
    pub key_file: Option<PathBuf>,
    /// The user of the domain to act for.
    pub subject: Option<String>,
    /// What is done with the contacts.
    pub access: Access,
}

impl Stored {
    /// The stored sign-in of an account.
    ///
    /// # Errors
    /// `SignInNeeded` when there is none, with the command; `Insecure`, `Invalid`, `Io`.
    pub fn open(store: Store, account: Account) -> Result<Self, Error> {
        Self::build(store, account, None, None)
    }

    /// The same for a CRM, whose OAuth service renews it.
    ///
    /// # Errors
    /// As [`Stored::open`].
    pub fn open_crm(
        store: Store,
        account: Account,
        service: Option<&'static dyn crm::OAuth>,
    ) -> Result<Self, Error> {
        Self::build(store, account, None, service)
    }

    /// The same for Google, where it may be a service account.
    ///
    /// # Errors
    /// As [`Stored::open`]; a key file that the profile names counts as a sign-in.
    pub fn open_google(store: Store, account: Account, acting: Acting) -> Result<Self, Error> {
        Self::build(store, account, Some(acting), None)
    }

    fn build(
        store: Store,
        account: Account,
        acting: Option<Acting>,
        service: Option<&'static dyn crm::OAuth>,
    ) -> Result<Self, Error> {
        let tokens = read(&store, &account, acting.as_ref())?;
        Ok(Self {
            store,
            account,
            acting,
            service,
            current: Mutex::new(tokens),
            outlived: Mutex::new(None),
            turn: tokio::sync::Mutex::new(()),
        })
    }

    /// What is known of the sign-in.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn adopt(&self, tokens: Tokens) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = tokens;
    }

    /// Renews under the lock, unless another did meanwhile.
    async fn renewed(&self, refused: Option<&SecretString>) -> Result<SecretString, Error> {
        let _turn = self.turn.lock().await;
        let _lock = self.store.lock(&self.account).await?;
        let now = Timestamp::now();
        let is_new = |token: &&SecretString| {
            refused.is_none_or(|refused| refused.expose_secret() != token.expose_secret())
        };
        let on_disk = read(&self.store, &self.account, self.acting.as_ref())?;
        // Memory is ahead of the file where the store cannot be written (a systemd credential).
        for tokens in [&on_disk, &self.tokens()] {
            let same = tokens.origin == on_disk.origin;
            if let Some(token) = tokens.usable(now).filter(is_new).filter(|_| same) {
                let token = token.clone();
                self.adopt(tokens.clone());
                return Ok(token);
            }
        }
        let on_disk = self.ahead_of(on_disk);
        let old = on_disk.refresh_token.clone();
        let renewed = match &on_disk.provider {
            _ if on_disk.kind == TokenKind::ApiKey => return Err(self.refused_key()),
            Provider::Google => google::renewed(on_disk, &self.account).await?,
            Provider::Crm(word) => match self.service.filter(|known| known.word() == word) {
                Some(service) => crm::renewed(service, on_disk, &self.account).await?,
                None => return Err(self.stranger(word)),
            },
            Provider::Other => return Err(self.refused_key()),
        };
        match self.store.save(&self.account, &renewed) {
            Ok(()) => self.outlive(None),
            Err(fault) if renewed.origin.is_some() => {
                tracing::debug!("the renewed token is kept in memory only: {fault}");
            }
            Err(fault) if fault.kind == Kind::Io => self.warn(old, &renewed, &fault),
            Err(fault) => return Err(fault),
        }
        let token = renewed.access_token.clone();
        self.adopt(renewed);
        token.ok_or_else(|| Error::unavailable("the service gave no access token"))
    }

    /// What a renewal starts from: the file, unless this process has got a newer refresh token that it
    /// could not keep there.
    fn ahead_of(&self, on_disk: Tokens) -> Tokens {
        let outlived = self.outlived.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*outlived, &on_disk.refresh_token) {
            (Some(old), Some(there)) if old.expose_secret() == there.expose_secret() => {
                self.tokens()
            }
            (Some(_) | None, _) => on_disk,
        }
    }

    fn outlive(&self, old: Option<SecretString>) {
        *self.outlived.lock().unwrap_or_else(PoisonError::into_inner) = old;
    }

    /// Says that a renewed token is good for this run only; loudly when the service has replaced the
    /// refresh token as well, since the one in the file may be worth nothing now.
    fn warn(&self, old: Option<SecretString>, renewed: &Tokens, fault: &Error) {
        let same = match (&old, &renewed.refresh_token) {
            (Some(old), Some(new)) => old.expose_secret() == new.expose_secret(),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if same {
            tracing::warn!("the renewed token is used for this run and cannot be kept: {fault}");
            return;
        }
        tracing::error!(
            "the service has replaced the refresh token, and the new one cannot be kept: {fault}; this run goes on, but the stored sign-in may be worth nothing from now on: put that right, then run `{}`",
            self.account.command()
        );
        let mut outlived = self.outlived.lock().unwrap_or_else(PoisonError::into_inner);
        if outlived.is_none() {
            *outlived = old;
        }
    }

    /// The tokens are of another CRM than the profile's.
    fn stranger(&self, word: &str) -> Error {
        Error::new(
            Kind::SignInNeeded,
            format!("the stored sign-in is one to {word}, which is not the profile's CRM"),
        )
        .hint(format!("run `{}`", self.account.command()))
    }

    fn refused_key(&self) -> Error {
        Error::new(Kind::SignInNeeded, "the stored API key was refused").hint(format!(
            "run `{} --api-key-stdin` with a new one",
            self.account.command()
        ))
    }
}

#[async_trait]
impl TokenSource for Stored {
    async fn token(&self) -> Result<SecretString, Error> {
        let ready = self.tokens().usable(Timestamp::now()).cloned();
        match ready {
            Some(token) => Ok(token),
            None => self.renewed(None).await,
        }
    }

    async fn renew(&self, refused: &SecretString) -> Result<SecretString, Error> {
        self.renewed(Some(refused)).await
    }

    fn api_domain(&self) -> Option<String> {
        self.tokens().api_domain
    }

    fn account(&self) -> Option<String> {
        self.tokens().account
    }

    fn scopes(&self) -> Option<Vec<String>> {
        Some(self.tokens().scopes).filter(|scopes| !scopes.is_empty())
    }
}

fn read(store: &Store, account: &Account, acting: Option<&Acting>) -> Result<Tokens, Error> {
    let stored = store.load(account)?;
    let Some(acting) = acting else {
        return stored.ok_or_else(|| absent(account));
    };
    let blank = || Tokens::new(Provider::Google, TokenKind::ServiceAccount);
    let mut tokens = match (stored, &acting.key_file) {
        (Some(tokens), _) if tokens.kind == TokenKind::ServiceAccount => tokens,
        (_, Some(_)) => blank(),
        (Some(tokens), None) => return Ok(tokens),
        (None, None) => return Err(absent(account)),
    };
    let before = (tokens.key_file, tokens.subject, tokens.scopes);
    let now = (
        acting.key_file.clone().or(before.0.clone()),
        acting.subject.clone().or(before.1.clone()),
        vec![google::scope(acting.access).to_owned()],
    );
    if before != now {
        tokens.access_token = None;
        tokens.expires_at = None;
    }
    tokens.account.clone_from(&now.1);
    (tokens.key_file, tokens.subject, tokens.scopes) = now;
    Ok(tokens)
}

fn absent(account: &Account) -> Error {
    let service = account.service.word();
    Error::new(
        Kind::SignInNeeded,
        format!(
            "nobody has signed in to {service} for the profile {}",
            account.profile
        ),
    )
    .hint(format!("run `{}`", account.command()))
}

impl Tokens {
    /// What a renewal needs.
    pub(super) fn renewable(&self, account: &Account) -> Result<(Client, SecretString), Error> {
        match (&self.client_id, &self.client_secret, &self.refresh_token) {
            (Some(id), Some(secret), Some(token)) => Ok((
                Client {
                    id: id.clone(),
                    secret: secret.clone(),
                },
                token.clone(),
            )),
            _ => Err(Error::new(
                Kind::SignInNeeded,
                "the stored sign-in has nothing to renew itself with",
            )
            .hint(format!("run `{}`", account.command()))),
        }
    }

    /// Puts an answer in place; what it leaves out stays.
    pub(super) fn take(&mut self, grant: Grant, now: Timestamp) {
        self.access_token = Some(grant.access_token);
        let life = grant
            .expires_in
            .unwrap_or(std::time::Duration::from_secs(3600));
        self.expires_at = SignedDuration::try_from(life)
            .ok()
            .and_then(|life| now.checked_add(life).ok());
        self.refresh_token = grant.refresh_token.or(self.refresh_token.take());
        if let Some(scopes) = grant.scopes.filter(|scopes| !scopes.is_empty()) {
            self.scopes = scopes;
        }
    }
}
