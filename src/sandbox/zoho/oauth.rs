//! OAuth of the simulated CRM: grant codes, refresh and access tokens, their limits, and revocation.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ZohoWorld;
use super::errors::Failure;
use super::route::OAuthStep;
use crate::sandbox::http::{Reply, Request};

/// The access token that scripts use: never expires, has every scope.
pub const FIXED_TOKEN: &str = "sandbox-crm-token";
/// The registered self client.
pub const CLIENT_ID: &str = "1000.SANDBOX";
/// Its secret.
pub const CLIENT_SECRET: &str = "sandbox-secret";

const WINDOW: i64 = 600;
const GRANTS_IN_WINDOW: usize = 10;
const REFRESHES_IN_WINDOW: usize = 10;
const ACCESS_IN_WINDOW: usize = 10;
const LIVE_ACCESS: usize = 15;
const LIVE_REFRESH: usize = 20;

/// What a token may do.
#[derive(Clone, Debug)]
pub(super) struct Scopes(Option<BTreeSet<String>>);

impl Scopes {
    fn all() -> Self {
        Self(None)
    }

    /// Reads a list separated by commas or blanks.
    pub(super) fn read(text: &str) -> Self {
        Self(Some(
            text.split([',', ' '])
                .filter(|scope| !scope.is_empty())
                .map(str::to_lowercase)
                .collect(),
        ))
    }

    fn text(&self) -> String {
        self.0.as_ref().map_or_else(
            || "*".to_owned(),
            |scopes| scopes.iter().cloned().collect::<Vec<_>>().join(","),
        )
    }

    /// Whether a scope, in lower case, was granted.
    pub(super) fn has(&self, scope: &str) -> bool {
        self.0.as_ref().is_none_or(|scopes| scopes.contains(scope))
    }

    /// Whether the records of a module may be read, created, … .
    pub(super) fn module(&self, module: &str, action: &str) -> bool {
        let module = module.to_lowercase();
        [
            "zohocrm.modules.all".to_owned(),
            format!("zohocrm.modules.{action}"),
            format!("zohocrm.modules.{module}.all"),
            format!("zohocrm.modules.{module}.{action}"),
        ]
        .iter()
        .any(|scope| self.has(scope))
    }

    /// Whether the records of any module may be read.
    pub(super) fn any_module_read(&self) -> bool {
        self.0.as_ref().is_none_or(|scopes| {
            scopes.iter().any(|scope| {
                scope.starts_with("zohocrm.modules.")
                    && matches!(scope.rsplit('.').next(), Some("read" | "all"))
            })
        })
    }

    /// Whether a kind of settings may be read.
    pub(super) fn setting(&self, what: &str) -> bool {
        [
            "zohocrm.settings.all".to_owned(),
            "zohocrm.settings.read".to_owned(),
            format!("zohocrm.settings.{what}.all"),
            format!("zohocrm.settings.{what}.read"),
        ]
        .iter()
        .any(|scope| self.has(scope))
    }
}

/// A one-time code.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) scopes: Scopes,
    pub(super) expires: i64,
    /// None for a self client's code.
    pub(super) redirect: Option<String>,
    /// PKCE's S256 challenge, when one was sent.
    pub(super) challenge: Option<String>,
    /// Whether a refresh token comes with it.
    pub(super) offline: bool,
}

#[derive(Clone, Debug)]
struct RefreshToken {
    token: String,
    scopes: Scopes,
    used: VecDeque<i64>,
}

#[derive(Clone, Debug)]
struct AccessToken {
    token: String,
    scopes: Scopes,
    expires: i64,
    refresh: Option<String>,
}

/// Everything that was handed out.
#[derive(Clone, Debug, Default)]
pub(super) struct OAuth {
    codes: BTreeMap<String, Code>,
    refresh: Vec<RefreshToken>,
    access: Vec<AccessToken>,
    granted: VecDeque<i64>,
    refreshed: VecDeque<i64>,
}

/// Counts one more use within the window; false when there were too many.
fn within(times: &mut VecDeque<i64>, limit: usize, now: i64) -> bool {
    while times.front().is_some_and(|at| *at <= now - WINDOW) {
        times.pop_front();
    }
    if times.len() >= limit {
        return false;
    }
    times.push_back(now);
    true
}

fn refused(error: &str) -> Reply {
    Reply::json(200, &json!({"error": error}))
}

impl OAuth {
    /// The scopes of the request's token.
    pub(super) fn authenticate(&self, request: &Request, now: i64) -> Result<Scopes, Failure> {
        let header = request
            .header("authorization")
            .ok_or_else(|| Failure::new(401, "AUTHENTICATION_FAILURE", "Authentication failed"))?;
        let token = header
            .strip_prefix("Zoho-oauthtoken ")
            .ok_or_else(Failure::token)?
            .trim();
        if token == FIXED_TOKEN {
            return Ok(Scopes::all());
        }
        self.access
            .iter()
            .find(|access| access.token == token && access.expires > now)
            .map(|access| access.scopes.clone())
            .ok_or_else(Failure::token)
    }

    /// Whether the user has a refresh token of this client already.
    pub(super) fn consented(&self) -> bool {
        !self.refresh.is_empty()
    }

    /// Keeps a new code; false when there were too many within ten minutes.
    pub(super) fn grant(&mut self, code: String, grant: Code, now: i64) -> bool {
        let allowed = within(&mut self.granted, GRANTS_IN_WINDOW, now);
        if allowed {
            self.codes.insert(code, grant);
        }
        allowed
    }

    /// Ends every access token, the fixed one excepted.
    pub(super) fn expire_access(&mut self) -> usize {
        let count = self.access.len();
        self.access.clear();
        count
    }

    /// Ends every refresh token and what was made from it.
    pub(super) fn forget(&mut self) -> usize {
        let count = self.refresh.len();
        self.refresh.clear();
        self.access.clear();
        count
    }

    /// What is alive, for tests.
    pub(super) fn list(&self, now: i64) -> Value {
        let access: Vec<Value> = self
            .access
            .iter()
            .filter(|access| access.expires > now)
            .map(|access| json!({"token": access.token, "expires_in": access.expires - now, "refresh_token": access.refresh}))
            .collect();
        let refresh: Vec<Value> = self
            .refresh
            .iter()
            .map(|refresh| json!({"token": refresh.token, "scopes": refresh.scopes.text()}))
            .collect();
        json!({"access": access, "refresh": refresh})
    }

    /// Takes a token away with what was made from it; false when it is not known.
    fn revoke(&mut self, token: &str) -> bool {
        let before = self.refresh.len();
        self.refresh.retain(|refresh| refresh.token != token);
        self.access
            .retain(|access| access.refresh.as_deref() != Some(token));
        before != self.refresh.len()
    }
}

impl ZohoWorld {
    /// A step of the sign-in.
    pub(super) fn oauth_step(&mut self, step: OAuthStep, request: &Request, now: i64) -> Reply {
        let form = form(request);
        match step {
            OAuthStep::Consent => self.consent(request, now),
            OAuthStep::Token if request.method == "POST" => self.token(&form, now),
            OAuthStep::Revoke if request.method == "POST" => {
                let known = form
                    .get("token")
                    .is_some_and(|token| self.oauth.revoke(token));
                if known {
                    Reply::json(200, &json!({"status": "success"}))
                } else {
                    refused("invalid_token")
                }
            }
            OAuthStep::Token | OAuthStep::Revoke => Failure::method().reply(),
        }
    }

    fn token(&mut self, form: &BTreeMap<String, String>, now: i64) -> Reply {
        let given = |name: &str| form.get(name).map_or("", String::as_str);
        if given("client_id") != CLIENT_ID {
            return refused("invalid_client");
        }
        if given("client_secret") != CLIENT_SECRET {
            return refused("invalid_client_secret");
        }
        match given("grant_type") {
            "authorization_code" => self.exchange(form, now),
            "refresh_token" => self.refresh(given("refresh_token"), now),
            _ => refused("unsupported_grant_type"),
        }
    }

    /// A code for tokens.
    fn exchange(&mut self, form: &BTreeMap<String, String>, now: i64) -> Reply {
        let code = form.get("code").map_or("", String::as_str);
        let Some(grant) = self.oauth.codes.remove(code) else {
            return refused("invalid_code");
        };
        if grant.expires <= now {
            return refused("invalid_code");
        }
        if grant.redirect.is_some() && grant.redirect.as_ref() != form.get("redirect_uri") {
            return refused("invalid_redirect_uri");
        }
        if let Some(challenge) = &grant.challenge {
            let verifier = form.get("code_verifier").map_or("", String::as_str);
            if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != *challenge {
                return refused("invalid_code");
            }
        }
        let mut refresh = None;
        if grant.offline {
            if !within(&mut self.oauth.refreshed, REFRESHES_IN_WINDOW, now) {
                return refused("access_denied");
            }
            if self.oauth.refresh.len() >= LIVE_REFRESH {
                let oldest = self.oauth.refresh[0].token.clone();
                self.oauth.revoke(&oldest);
            }
            let token = format!("1000.{}.refresh", self.random_text());
            self.oauth.refresh.push(RefreshToken {
                token: token.clone(),
                scopes: grant.scopes.clone(),
                used: VecDeque::from([now]),
            });
            refresh = Some(token);
        }
        let mut body = self.access_token(grant.scopes, refresh.clone(), now);
        if let Some(token) = refresh {
            body["refresh_token"] = json!(token);
        }
        Reply::json(200, &body)
    }

    /// A new access token for a refresh token.
    fn refresh(&mut self, token: &str, now: i64) -> Reply {
        let Some(held) = self
            .oauth
            .refresh
            .iter_mut()
            .find(|refresh| refresh.token == token)
        else {
            return refused("invalid_code");
        };
        if !within(&mut held.used, ACCESS_IN_WINDOW, now) {
            return Reply::json(
                200,
                &json!({
                    "error": "Access Denied", "status": "failure",
                    "error_description": "You have made too many requests continuously. Please try again after some time.",
                }),
            );
        }
        let scopes = held.scopes.clone();
        let body = self.access_token(scopes, Some(token.to_owned()), now);
        Reply::json(200, &body)
    }

    fn access_token(&mut self, scopes: Scopes, refresh: Option<String>, now: i64) -> Value {
        let token = format!("1000.{}.access", self.random_text());
        let ttl = self.switches.token_ttl_seconds;
        let access = &mut self.oauth.access;
        access.retain(|held| held.expires > now);
        let mut siblings = access
            .iter()
            .enumerate()
            .filter(|(_, held)| refresh.is_some() && held.refresh == refresh)
            .map(|(index, _)| index);
        if let (Some(oldest), true) = (siblings.next(), siblings.count() + 1 >= LIVE_ACCESS) {
            access.remove(oldest);
        }
        access.push(AccessToken {
            token: token.clone(),
            scopes,
            expires: now + ttl,
            refresh,
        });
        json!({"access_token": token, "api_domain": self.base, "token_type": "Bearer", "expires_in": ttl})
    }
}

/// The parameters of a form, in the query or in the body.
fn form(request: &Request) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = request.query.iter().cloned().collect();
    let body = url::form_urlencoded::parse(&request.body);
    all.extend(body.map(|(name, value)| (name.into_owned(), value.into_owned())));
    all
}
