//! Signing in by OAuth: the consent page, codes, tokens, revocation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{PORTAL, Reply, World};

/// The app that may sign in.
pub(crate) const CLIENT: (&str, &str) = ("made-up-app", "made-up-secret");

/// What was granted.
#[derive(Default)]
pub(crate) struct Grants {
    /// Codes and the redirect address and challenge that they count with.
    codes: BTreeMap<String, (String, String)>,
    pub(crate) access: BTreeSet<String>,
    pub(crate) refresh: BTreeSet<String>,
    made: u32,
}

/// `GET /oauth/authorize`: where the browser is sent; nothing for an address that HubSpot does not
/// take.
pub(super) fn authorize(world: &mut World, query: &[(String, String)]) -> Option<String> {
    let of = |name: &str| {
        let found = query.iter().find(|(each, _)| each == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let to = of("redirect_uri");
    // Plain http is for localhost, by that name, and for nothing else.
    if of("client_id") != CLIENT.0
        || !(to.starts_with("https://") || to.starts_with("http://localhost"))
    {
        return None;
    }
    world.oauth.made += 1;
    let code = format!("code-{}", world.oauth.made);
    let kept = (to.clone(), of("code_challenge"));
    world.oauth.codes.insert(code.clone(), kept);
    Some(format!("{to}?code={code}&state={}", of("state")))
}

/// `POST /oauth/…/token`.
pub(super) fn token(world: &mut World, form: &BTreeMap<String, String>) -> Reply {
    let of = |name: &str| form.get(name).cloned().unwrap_or_default();
    let refused = |error: &str, status: &str| {
        let body = json!({ "status": status, "error": error, "error_description": "refused", "message": "refused" });
        Reply::with(400, body)
    };
    if of("client_id") != CLIENT.0 || of("client_secret") != CLIENT.1 {
        return refused("invalid_client", "BAD_CLIENT_ID");
    }
    let refresh = match of("grant_type").as_str() {
        "authorization_code" => {
            let Some((to, challenge)) = world.oauth.codes.remove(&of("code")) else {
                return refused("invalid_grant", "BAD_AUTH_CODE");
            };
            if to != of("redirect_uri") || (!challenge.is_empty() && of("code_verifier").is_empty())
            {
                return refused("invalid_grant", "BAD_REDIRECT_URI");
            }
            world.oauth.made += 1;
            let refresh = format!("refresh-{}", world.oauth.made);
            world.oauth.refresh.insert(refresh.clone());
            refresh
        }
        "refresh_token" if world.oauth.refresh.contains(&of("refresh_token")) => {
            of("refresh_token")
        }
        "refresh_token" => return refused("invalid_grant", "BAD_REFRESH_TOKEN"),
        _ => return refused("unsupported_grant_type", "BAD_GRANT_TYPE"),
    };
    world.oauth.made += 1;
    let access = format!("access-{}", world.oauth.made);
    world.oauth.access.insert(access.clone());
    Reply::ok(json!({
        "token_type": "bearer", "access_token": access, "refresh_token": refresh,
        "expires_in": 1800, "hub_id": PORTAL, "user_id": 7,
        "scopes": world.scopes.iter().map(|scope| json!(scope)).collect::<Vec<Value>>(),
    }))
}

/// `POST /oauth/…/token/revoke`.
pub(super) fn revoke(world: &mut World, form: &BTreeMap<String, String>) -> Reply {
    let token = form.get("token").cloned().unwrap_or_default();
    if form.get("client_id").map(String::as_str) != Some(CLIENT.0) {
        let body = json!({ "error": "invalid_client", "error_description": "refused" });
        return Reply::with(400, body);
    }
    world.oauth.refresh.remove(&token);
    world.oauth.access.clear();
    Reply {
        status: 204,
        body: None,
    }
}
