//! Builds the two remotes of a profile: tokens, HTTP clients, connectors.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use super::paths::Paths;
use crate::auth::{self, Access, Account, Acting, Store};
use crate::connector::google::{Google, GoogleSettings, NewGroup, Writes};
use crate::connector::http::{self, Budget, Http, HttpSettings, Packing, Patience, Signing};
use crate::connector::{self, CrmKind, DefaultPair, Error, Kind, Opening, Sink};
use crate::model::{OnDelete, Side, Sides};
use crate::profile::Profile;

/// The environment variables that hold ready tokens.
pub(super) const READY_TOKENS: Sides<&str> = Sides {
    google: "CRMSYNC_GOOGLE_TOKEN",
    crm: "CRMSYNC_CRM_TOKEN",
};

/// Both remotes of a profile.
pub(super) struct Remotes {
    google: Google,
    crm: Box<dyn Sink>,
    /// The CRM's default mapping.
    pub(super) defaults: Vec<DefaultPair>,
    /// What both may still wait.
    pub(super) patience: Patience,
}

impl Remotes {
    /// The remotes as something that can write.
    pub(super) fn sinks(&self) -> Sides<&dyn Sink> {
        Sides {
            google: &self.google,
            crm: &*self.crm,
        }
    }
}

/// What the profile does with a side, hence what has to be allowed.
pub(super) fn access(profile: &Profile, side: Side) -> Access {
    match (
        profile.sync.direction.writes(side),
        profile.sync.on_delete == OnDelete::Delete,
    ) {
        (false, _) => Access::Read,
        (true, false) => Access::Write,
        (true, true) => Access::Delete,
    }
}

/// The token store of this call.
pub(super) fn store(paths: &Paths) -> Result<Store, auth::Error> {
    Ok(Store::at(&paths.tokens())?.with_credentials(auth::credentials_directory()))
}

/// The token source of one side: a ready token, else the stored sign-in.
pub(super) fn tokens(
    paths: &Paths,
    profile: &Profile,
    side: Side,
) -> Result<Arc<dyn auth::TokenSource>, auth::Error> {
    if let Some(fixed) = auth::from_environment(READY_TOKENS.on(side)) {
        return Ok(Arc::new(fixed));
    }
    let store = store(paths)?;
    Ok(match side {
        Side::Google => {
            let acting = Acting {
                key_file: profile.google.service_account.clone(),
                subject: profile.google.subject.clone(),
                access: access(profile, side),
            };
            Arc::new(auth::Stored::open_google(
                store,
                Account::google(&profile.name),
                acting,
            )?)
        }
        Side::Crm => {
            let service = kind(profile).ok().and_then(|kind| kind.sign_in().oauth);
            Arc::new(auth::Stored::open_crm(
                store,
                Account::crm(&profile.name),
                service.map(|way| way.service),
            )?)
        }
    })
}

/// Opens both remotes of a profile.
pub(super) fn open(
    paths: &Paths,
    profile: &Profile,
    patience: Duration,
) -> anyhow::Result<Remotes> {
    let patience = Patience::new(patience);
    let google = google(paths, profile, &patience)?;
    let (crm, defaults) = crm(paths, profile, &patience)?;
    Ok(Remotes {
        google,
        crm,
        defaults,
        patience,
    })
}

/// Opens Google alone.
pub(super) fn google(
    paths: &Paths,
    profile: &Profile,
    patience: &Patience,
) -> anyhow::Result<Google> {
    let tokens = tokens(paths, profile, Side::Google)?;
    if let Some(scopes) = tokens.scopes() {
        auth::google::check_scopes(&scopes, access(profile, Side::Google), &profile.name)?;
    }
    let mut settings = GoogleSettings::new(&profile.google.group);
    if let Some(endpoint) = &profile.google.endpoint {
        settings.endpoint.clone_from(endpoint);
    }
    settings.account = tokens.account().or_else(|| profile.google.account.clone());
    if !profile.sync.direction.writes(Side::Google) {
        settings.writes = Writes::Never;
        settings.new_group = NewGroup::Refuse;
    }
    let mut http = HttpSettings::new(
        "Google",
        Signing::Scheme("Bearer"),
        bridge("Google", tokens, profile),
    );
    http.patience = patience.clone();
    http.budget = Budget {
        reads: profile.google.reads_per_minute,
        writes: profile.google.writes_per_minute,
    };
    if profile.google.endpoint.is_none() {
        http.packing = Packing::Known;
    }
    Ok(Google::new(settings, Http::new(http)?))
}

/// Opens the CRM alone, with its default mapping.
pub(super) fn crm(
    paths: &Paths,
    profile: &Profile,
    patience: &Patience,
) -> anyhow::Result<(Box<dyn Sink>, Vec<DefaultPair>)> {
    let title = profile.crm.kind.title;
    let tokens = bridge(title, tokens(paths, profile, Side::Crm)?, profile);
    Ok((
        crm_with(tokens, profile, patience)?,
        default_pairs(profile)?,
    ))
}

/// Opens the CRM with tokens that need not be stored.
pub(super) fn crm_with(
    tokens: Arc<dyn http::TokenSource>,
    profile: &Profile,
    patience: &Patience,
) -> Result<Box<dyn Sink>, Error> {
    let mapped = profile.map.iter().flatten().map(|entry| entry.crm.clone());
    let opening = Opening {
        tokens,
        patience: patience.clone(),
        timeout: None,
        mapped: mapped.collect(),
    };
    connector::open(&profile.crm, opening)
}

/// The kind of the profile's CRM.
pub(super) fn kind(profile: &Profile) -> Result<&'static dyn CrmKind, Error> {
    connector::kind_of(&profile.crm)
}

/// The mapping that the profile's CRM has by default.
pub(super) fn default_pairs(profile: &Profile) -> Result<Vec<DefaultPair>, Error> {
    Ok(kind(profile)?.default_mapping(&profile.crm))
}

fn bridge(
    remote: &'static str,
    tokens: Arc<dyn auth::TokenSource>,
    profile: &Profile,
) -> Arc<dyn http::TokenSource> {
    Arc::new(Bridge {
        tokens,
        remote,
        profile: profile.name.clone(),
    })
}

/// Lends a sign-in to an HTTP client.
struct Bridge {
    tokens: Arc<dyn auth::TokenSource>,
    remote: &'static str,
    profile: String,
}

impl Bridge {
    fn error(&self, error: auth::Error) -> Error {
        let kind = match error.kind {
            auth::Kind::SignInNeeded
            | auth::Kind::WrongAccount
            | auth::Kind::Denied
            | auth::Kind::Insecure
            | auth::Kind::Timeout => Kind::Unauthorized,
            auth::Kind::MissingScope => Kind::Forbidden,
            auth::Kind::Unavailable => Kind::Unavailable,
            auth::Kind::Invalid => Kind::Config,
            auth::Kind::Io => Kind::Protocol,
        };
        Error {
            remote: self.remote.to_owned(),
            doing: format!("use the sign-in of `{}`", self.profile),
            reason: error.message.clone(),
            kind,
            hint: error.hint.clone(),
            retry_after: None,
            source: Some(Box::new(error)),
        }
    }
}

#[async_trait]
impl http::TokenSource for Bridge {
    async fn token(&self) -> Result<SecretString, Error> {
        self.tokens.token().await.map_err(|error| self.error(error))
    }

    async fn renew(&self, refused: &SecretString) -> Result<SecretString, Error> {
        self.tokens
            .renew(refused)
            .await
            .map_err(|error| self.error(error))
    }

    fn api_domain(&self) -> Option<String> {
        self.tokens.api_domain()
    }
}
