//! The token calls of OAuth 2.0 (RFC 6749, 7636) as every service needs them: a code or a refresh
//! token goes in, a grant or the reason why there is none comes out.

use std::time::Duration;

use oauth2::basic::{
    BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet,
    ErrorResponse, ExtraTokenFields, RefreshToken, RequestTokenError, StandardRevocableToken,
    StandardTokenResponse, TokenResponse, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::Client;
use super::consent::Consent;
use super::error::{Error, plain};
use super::wire::{Trouble, checked, send};

/// Waits before a call that found no server, or a broken one, is made again.
const PAUSES: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(1)];

/// What a token server gave.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) access_token: SecretString,
    pub(super) refresh_token: Option<SecretString>,
    pub(super) expires_in: Option<Duration>,
    /// None when the answer does not say (then they are what was asked for, RFC 6749 section 5.1).
    pub(super) scopes: Option<Vec<String>>,
    pub(super) extra: Extra,
}

/// What services add to a token answer.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Extra {
    /// Google with the scope `openid`: who signed in.
    pub(super) id_token: Option<String>,
    /// Google for grants that end: seconds from now.
    pub(super) refresh_token_expires_in: Option<i64>,
    /// Where a CRM tells it: the API root.
    pub(super) api_domain: Option<String>,
}

impl std::fmt::Debug for Extra {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extra")
            .field("refresh_token_expires_in", &self.refresh_token_expires_in)
            .field("api_domain", &self.api_domain)
            .finish_non_exhaustive()
    }
}

impl ExtraTokenFields for Extra {}

/// An OAuth error as a server words it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// The code (`invalid_grant`).
    pub error: String,
    /// A sentence for people.
    #[serde(default)]
    pub error_description: Option<String>,
    /// Google's finer code.
    #[serde(default)]
    pub error_subtype: Option<String>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&plain(&self.error))?;
        for more in [&self.error_description, &self.error_subtype]
            .into_iter()
            .flatten()
        {
            write!(f, ": {}", plain(more))?;
        }
        Ok(())
    }
}

impl ErrorResponse for Refusal {}

/// Why there is no grant.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server said no.
    Refused(Refusal),
    /// No server, a broken one, or an answer that is no OAuth answer: try later.
    Unavailable(String),
    /// An address that cannot be used.
    Invalid(Error),
}

impl Failure {
    /// The failure as an error, with `advise` for what the server said.
    pub(super) fn explain(self, doing: &str, advise: impl FnOnce(&Refusal) -> Error) -> Error {
        match self {
            Self::Refused(refusal) => advise(&refusal),
            Self::Unavailable(why) => Error::unavailable(format!("cannot {doing}: {why}")),
            Self::Invalid(error) => error,
        }
    }
}

type Answer = StandardTokenResponse<Extra, BasicTokenType>;
type TokenClient = oauth2::Client<
    Refusal,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

fn token_client(client: &Client, token_uri: &str) -> Result<TokenClient, Failure> {
    let url = checked(token_uri).map_err(Failure::Invalid)?;
    Ok(oauth2::Client::new(ClientId::new(client.id.clone()))
        .set_client_secret(ClientSecret::new(client.secret.expose_secret().to_owned()))
        .set_auth_type(AuthType::RequestBody)
        .set_token_uri(TokenUrl::from_url(url)))
}

/// Turns a consent into tokens.
pub(super) async fn exchange(
    client: &Client,
    token_uri: &str,
    consent: Consent,
) -> Result<Grant, Failure> {
    let request = token_client(client, token_uri)?.set_redirect_uri(consent.redirect_uri);
    let answer = request
        .exchange_code(consent.code)
        .set_pkce_verifier(consent.verifier)
        .request_async(&send)
        .await;
    read_answer(answer)
}

/// Turns a code that was made without a redirect into tokens (a self client).
pub(super) async fn exchange_bare(
    client: &Client,
    token_uri: &str,
    code: &SecretString,
) -> Result<Grant, Failure> {
    let code = AuthorizationCode::new(code.expose_secret().trim().to_owned());
    let answer = token_client(client, token_uri)?
        .exchange_code(code)
        .request_async(&send)
        .await;
    read_answer(answer)
}

/// Renews an access token; tried again when the server cannot be reached or is broken.
pub(super) async fn refresh(
    client: &Client,
    token_uri: &str,
    refresh_token: &SecretString,
) -> Result<Grant, Failure> {
    let token = RefreshToken::new(refresh_token.expose_secret().to_owned());
    let server = token_client(client, token_uri)?;
    let mut pauses = PAUSES.into_iter();
    loop {
        let answer = server
            .exchange_refresh_token(&token)
            .request_async(&send)
            .await;
        match (read_answer(answer), pauses.next()) {
            (Err(Failure::Unavailable(_)), Some(pause)) => tokio::time::sleep(pause).await,
            (result, _) => return result,
        }
    }
}

/// The grant in the body of a token answer.
#[cfg(test)]
pub(super) fn grant_of(body: &[u8]) -> Option<Grant> {
    let answer = serde_json::from_slice::<Answer>(body).ok()?;
    read_answer(Ok(answer)).ok()
}

fn read_answer(
    answer: Result<Answer, RequestTokenError<Trouble, Refusal>>,
) -> Result<Grant, Failure> {
    match answer {
        Ok(answer) => Ok(Grant {
            access_token: SecretString::from(answer.access_token().secret().as_str()),
            refresh_token: answer
                .refresh_token()
                .map(|token| SecretString::from(token.secret().as_str())),
            expires_in: answer.expires_in(),
            scopes: answer.scopes().map(|scopes| {
                scopes
                    .iter()
                    .flat_map(|scope| scope.split([',', ' ']))
                    .filter(|scope| !scope.is_empty())
                    .map(str::to_owned)
                    .collect()
            }),
            extra: answer.extra_fields().clone(),
        }),
        Err(RequestTokenError::ServerResponse(refusal)) => Err(Failure::Refused(refusal)),
        Err(RequestTokenError::Request(trouble)) => Err(Failure::Unavailable(trouble.to_string())),
        // Neither the message nor the body of a parse error is quoted: both may hold a token.
        Err(RequestTokenError::Parse(fault, _)) => Err(Failure::Unavailable(format!(
            "the answer is no token answer (at {})",
            fault.path()
        ))),
        Err(RequestTokenError::Other(why)) => Err(Failure::Unavailable(why)),
    }
}
