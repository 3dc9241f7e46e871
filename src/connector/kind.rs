//! What a kind of CRM has to say so that everything else can do without its name: its profile keys,
//! its default mapping, how people sign in, and how it is opened.

use std::time::Duration;

use secrecy::SecretString;

use super::http::{Http, HttpSettings, Patience, Signing, TokenSource};
use super::{DefaultPair, Error, Sink};
use crate::auth::crm::{OAuth, Server};
use crate::auth::{self, Access};
use crate::model::{CrmSection, KindInfo};
use std::sync::Arc;

/// A kind of CRM: one value without state in each connector's folder, listed in [`super::kinds`].
pub trait CrmKind: Send + Sync {
    /// Its name, its profile keys and its words.
    fn info(&self) -> &'static KindInfo;

    /// How people sign in.
    fn sign_in(&self) -> SignIn;

    /// The mapping of a profile that names none; a field that is not there is left out.
    fn default_mapping(&self, section: &CrmSection) -> Vec<DefaultPair>;

    /// The connector for a profile; nothing is sent yet.
    ///
    /// # Errors
    /// `Config` when the section says something that cannot work.
    fn open(&self, section: &CrmSection, opening: Opening) -> Result<Box<dyn Sink>, Error>;
}

/// What a connector is opened with besides the profile's section.
pub struct Opening {
    /// Where tokens, keys and passwords come from.
    pub tokens: Arc<dyn TokenSource>,
    /// The run's budget of waiting.
    pub patience: Patience,
    /// The longest time for one request; none for the usual one.
    pub timeout: Option<Duration>,
    /// The CRM's fields that the profile maps, in its own words; none where it has the default
    /// mapping. A CRM whose records may have fields of any name offers these beside those it knows.
    pub mapped: Vec<String>,
}

impl Opening {
    /// The HTTP client for these tokens, `remote` being what messages call the CRM.
    ///
    /// # Errors
    /// `Config` when TLS cannot be set up.
    pub fn http(self, remote: &'static str, signing: Signing) -> Result<Http, Error> {
        let mut settings = HttpSettings::new(remote, signing, self.tokens);
        settings.patience = self.patience;
        if let Some(timeout) = self.timeout {
            settings.timeout = timeout;
        }
        Http::new(settings)
    }
}

/// The ways to sign in to a kind; at least one.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignIn {
    /// A key or a password that the CRM's settings page hands out.
    pub key: Option<KeyWay>,
    /// OAuth.
    pub oauth: Option<OAuthWay>,
}

/// A secret that is handed over once and sent with every request.
#[derive(Clone, Copy, Debug)]
pub struct KeyWay {
    /// What it is, in the middle of a sentence (`API key`, `password`).
    pub what: &'static str,
    /// Where it is found or made, as a whole sentence.
    pub place: &'static str,
}

/// How OAuth goes at a kind.
#[derive(Clone, Copy, Debug)]
pub struct OAuthWay {
    /// The service.
    pub service: &'static dyn OAuth,
    /// The key of the section that holds the client's id, without its section.
    pub client_key: &'static str,
    /// Codes that are made without a redirect (a code from the service's console); none where there are none.
    pub grant_code: Option<&'static GrantCode>,
    /// The consent page needs a client with the redirect address `http://127.0.0.1:48017/`; this
    /// says of which sort, for the choice at a terminal (`for a server-based client`).
    pub browser: &'static str,
    /// Where to sign in, and for what.
    pub grounds: fn(&CrmSection, Access) -> Result<Grounds, auth::Error>,
}

/// How a code without a redirect is made.
#[derive(Debug)]
pub struct GrantCode {
    /// What makes it, for the choice at a terminal (`a self client`).
    pub by: &'static str,
    /// Where, for the choice at a terminal.
    pub place: &'static str,
    /// What to do on the console's page, up to and after the scopes.
    pub steps: [&'static str; 2],
}

/// Where and for what a profile's user signs in.
#[derive(Clone, Debug)]
pub struct Grounds {
    /// The service's addresses.
    pub server: Server,
    /// The least scopes for what the profile does.
    pub scopes: Vec<String>,
    /// The page where clients and codes are made.
    pub console: String,
    /// What the profile says of where the account lies, for messages.
    pub place: String,
}

/// A secret that was just handed over, as a source: for the first try, before it is kept.
pub struct Handed(pub SecretString);

#[async_trait::async_trait]
impl TokenSource for Handed {
    async fn token(&self) -> Result<SecretString, Error> {
        Ok(self.0.clone())
    }

    async fn renew(&self, _: &SecretString) -> Result<SecretString, Error> {
        Err(super::http::error(
            "the CRM",
            "sign in",
            super::Kind::Unauthorized,
            "what was handed over is not accepted",
        ))
    }

    fn api_domain(&self) -> Option<String> {
        None
    }
}
