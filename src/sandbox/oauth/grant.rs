//! The token endpoint's grants, and revocation.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use crate::sandbox::faults::{Fault, FaultKind};
use crate::sandbox::http::{Reply, Request};
use crate::sandbox::people::Switches;

use super::{SignIns, jwt};

/// Seconds that an authorization code lives.
const CODE_LIFE: i64 = 600;
/// Seconds after which an unused refresh token ends: six months.
const UNUSED_LIFE: i64 = 183 * 86_400;
/// Seconds that a refresh token of an unpublished app lives.
const TESTING_LIFE: i64 = 7 * 86_400;

/// An OAuth refusal: status, `error`, `error_description`.
pub(super) struct Denied(pub(super) u16, pub(super) &'static str, pub(super) String);

impl Denied {
    pub(super) fn new(status: u16, error: &'static str, text: &str) -> Self {
        Self(status, error, text.to_owned())
    }

    fn grant(text: &str) -> Self {
        Self::new(400, "invalid_grant", text)
    }

    fn reply(&self) -> Reply {
        let mut body = json!({"error": self.1});
        if !self.2.is_empty() {
            body["error_description"] = json!(self.2);
        }
        Reply::json(self.0, &body)
    }
}

type Form = BTreeMap<String, String>;

fn form_of(request: &Request) -> Form {
    let mut form: Form = form_urlencoded::parse(&request.body).into_owned().collect();
    if let Some(pair) = request
        .header("authorization")
        .and_then(|text| text.strip_prefix("Basic "))
        .and_then(|text| STANDARD.decode(text).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        && let Some((id, secret)) = pair.split_once(':')
    {
        let plain = |text: &str| {
            form_urlencoded::parse(format!("v={text}").as_bytes())
                .next()
                .map_or_else(String::new, |(_, value)| value.into_owned())
        };
        form.insert("client_id".to_owned(), plain(id));
        form.insert("client_secret".to_owned(), plain(secret));
    }
    form
}

fn field<'a>(form: &'a Form, name: &str) -> &'a str {
    form.get(name).map_or("", String::as_str)
}

/// `POST /token`.
pub(crate) fn token(
    sign_ins: &mut SignIns,
    switches: &Switches,
    request: &Request,
    now: Timestamp,
    fault: Option<&Fault>,
) -> Reply {
    match fault.map(|fault| fault.kind) {
        Some(FaultKind::InvalidGrant) => {
            return Denied::grant("Token has been expired or revoked.").reply();
        }
        Some(FaultKind::NotAvailable503) => {
            return Denied::new(503, "internal_failure", "Backend Error").reply();
        }
        Some(FaultKind::Unauthorized) => {
            return Denied::new(401, "invalid_client", "Unauthorized").reply();
        }
        _ => {}
    }
    let form = form_of(request);
    let result = match field(&form, "grant_type") {
        "authorization_code" => by_code(sign_ins, switches, &form, now),
        "refresh_token" => by_refresh(sign_ins, switches, &form, now),
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
            jwt::grant(sign_ins, switches, field(&form, "assertion"), now)
        }
        "" => Err(Denied::new(
            400,
            "invalid_request",
            "Required parameter is missing: grant_type",
        )),
        other => Err(Denied(
            400,
            "unsupported_grant_type",
            format!("Invalid grant_type: {other}"),
        )),
    };
    match result {
        Ok(body) => Reply::json(200, &body),
        Err(denied) => denied.reply(),
    }
}

fn check_client(sign_ins: &SignIns, form: &Form) -> Result<String, Denied> {
    let id = field(form, "client_id");
    if id.is_empty() {
        return Err(Denied::new(
            400,
            "invalid_request",
            "Could not determine client ID from request.",
        ));
    }
    let Some(secret) = sign_ins.clients.get(id) else {
        return Err(Denied::new(
            401,
            "invalid_client",
            "The OAuth client was not found.",
        ));
    };
    match field(form, "client_secret") {
        "" => Err(Denied::new(
            400,
            "invalid_request",
            "client_secret is missing.",
        )),
        given if given == secret => Ok(id.to_owned()),
        _ => Err(Denied::new(
            401,
            "invalid_client",
            "The provided client secret is invalid.",
        )),
    }
}

fn by_code(
    sign_ins: &mut SignIns,
    switches: &Switches,
    form: &Form,
    now: Timestamp,
) -> Result<Value, Denied> {
    let client = check_client(sign_ins, form)?;
    // A code works once, whatever comes of it.
    let code = sign_ins
        .codes
        .remove(field(form, "code"))
        .filter(|code| now.as_second() - code.born.as_second() <= CODE_LIFE)
        .filter(|code| code.client == client)
        .ok_or_else(|| Denied::grant("Malformed auth code."))?;
    if field(form, "redirect_uri") != code.redirect {
        return Err(Denied::new(400, "redirect_uri_mismatch", "Bad Request"));
    }
    let verifier = field(form, "code_verifier");
    match &code.challenge {
        None => {}
        Some(_) if verifier.is_empty() => return Err(Denied::grant("Missing code verifier.")),
        Some((method, challenge)) => {
            let computed = if method == "S256" {
                URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
            } else {
                verifier.to_owned()
            };
            let long_enough = (43..=128).contains(&verifier.len());
            if computed != *challenge || !long_enough {
                return Err(Denied::grant("Invalid code verifier."));
            }
        }
    }
    let known = sign_ins
        .refresh
        .values()
        .any(|other| other.account == code.account && other.client == client);
    let gives_refresh = match switches.refresh_token.as_str() {
        "never" => false,
        "first" => !known,
        _ => true,
    };
    let seconds = switches.token_ttl_seconds;
    let mut body = sign_ins.give_access(&code.account, &code.scopes, seconds, now);
    if gives_refresh {
        let refresh = sign_ins.give_refresh(&code.account, &client, &code.scopes, now);
        body["refresh_token"] = json!(refresh);
    }
    if code.scopes.iter().any(|scope| scope == "openid") {
        body["id_token"] = json!(id_token(&code.account, &client, &code.scopes, now));
    }
    Ok(body)
}

fn id_token(account: &str, client: &str, scopes: &[String], now: Timestamp) -> String {
    let mut claims = json!({
        "iss": "https://accounts.google.com",
        "aud": client,
        "sub": SignIns::subject(account),
        "iat": now.as_second(),
        "exp": now.as_second() + 3600,
    });
    if scopes
        .iter()
        .any(|scope| scope == "email" || scope == super::EMAIL)
    {
        claims["email"] = json!(account);
        claims["email_verified"] = json!(true);
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(&json!({"alg": "RS256", "kid": "sandbox", "typ": "JWT"}));
    format!(
        "{header}.{}.{}",
        part(&claims),
        URL_SAFE_NO_PAD.encode("not signed")
    )
}

fn by_refresh(
    sign_ins: &mut SignIns,
    switches: &Switches,
    form: &Form,
    now: Timestamp,
) -> Result<Value, Denied> {
    let client = check_client(sign_ins, form)?;
    let token = field(form, "refresh_token").to_owned();
    if token.is_empty() {
        return Err(Denied::new(
            400,
            "invalid_request",
            "Missing required parameter: refresh_token",
        ));
    }
    let ended = || Denied::grant("Token has been expired or revoked.");
    let held = sign_ins.refresh.get_mut(&token).ok_or_else(ended)?;
    let over = |since: Timestamp, life: i64| now.as_second() - since.as_second() > life;
    let testing = switches.testing_mode && over(held.born, TESTING_LIFE);
    if held.client != client || testing || over(held.used, UNUSED_LIFE) {
        return Err(ended());
    }
    held.used = now;
    let held = held.clone();
    let mut body =
        sign_ins.give_access(&held.account, &held.scopes, switches.token_ttl_seconds, now);
    if switches.rotate_refresh_tokens {
        sign_ins.refresh.remove(&token);
        let fresh = sign_ins.give_refresh(&held.account, &client, &held.scopes, now);
        body["refresh_token"] = json!(fresh);
    }
    Ok(body)
}

/// `POST /revoke`: ends every token of that account, for all clients of the project.
pub(crate) fn revoke(sign_ins: &mut SignIns, request: &Request, now: Timestamp) -> Reply {
    let form = form_of(request);
    let token = match field(&form, "token") {
        "" => request.param("token").unwrap_or(""),
        token => token,
    };
    let account = sign_ins
        .refresh
        .get(token)
        .map(|refresh| refresh.account.clone())
        .or_else(|| {
            let access = sign_ins.access.get(token)?;
            (now < access.expires).then(|| access.account.clone())
        });
    let Some(account) = account else {
        return Denied::new(400, "invalid_token", "Token expired or revoked").reply();
    };
    sign_ins.refresh.retain(|_, other| other.account != account);
    sign_ins.access.retain(|_, other| other.account != account);
    Reply::json(200, &json!({}))
}
