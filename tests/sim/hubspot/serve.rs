//! The server: who may come in, limits, mishaps, and which call is which.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::{Value, json};

use super::{
    Mishap, Reply, Shared, TOKEN, World, batch, contact, fault, lists, lock, meta, oauth, search,
};
use crate::host::Host;

/// A running simulator; it ends when this goes.
pub(crate) struct Sim {
    pub(crate) world: Shared,
    host: Host,
}

impl Sim {
    pub(crate) fn start() -> Self {
        let world = Shared::default();
        let app = Router::new()
            .fallback(answer)
            .with_state(Shared::clone(&world));
        Self {
            world,
            host: Host::start(app),
        }
    }

    /// Its address, as a profile's `endpoint` has it.
    pub(crate) fn endpoint(&self) -> String {
        self.host.endpoint()
    }
}

async fn answer(
    State(world): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let answered = handle(&mut lock(&world), &method, &uri, &headers, &body);
    match answered {
        Some(response) => response,
        None => std::future::pending().await,
    }
}

/// The answer to a call; none when it is held back.
fn handle(
    world: &mut World,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Option<Response<Body>> {
    let path = uri.path().to_owned();
    let query = pairs(uri.query().unwrap_or_default().as_bytes());
    let call = format!("{method} {path}");
    world.log.push(call.clone());
    let date = world.now();
    if path.starts_with("/oauth/") && !path.contains("private-apps") {
        return Some(sign_in(world, method, &path, &query, body));
    }
    let token = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if !token.is_some_and(|token| token == TOKEN || world.oauth.access.contains(token)) {
        let text = "Authentication credentials not found.";
        let reply = Reply::refused(401, "INVALID_AUTHENTICATION", text);
        return Some(respond(world, reply, date));
    }
    if let Some((left, most)) = world.window {
        if left == 0 {
            world.window = Some((most, most));
            return Some(respond(world, too_many("TEN_SECONDLY_ROLLING"), date));
        }
        world.window = Some((left - 1, most));
    }
    let due = world
        .mishaps
        .iter()
        .position(|(begin, _)| call.starts_with(begin));
    let mishap = due.map(|at| world.mishaps.remove(at).1);
    match mishap {
        Some(Mishap::Cut) => return Some(broken()),
        Some(Mishap::Status(status, body)) => {
            return Some(respond(world, Reply::with(status, body), date));
        }
        Some(Mishap::Lost | Mishap::Held | Mishap::DoneBut502) | None => {}
    }
    let body = if body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(body).unwrap_or(Value::Null)
    };
    let reply = match scope(method, &path).filter(|scope| !world.scopes.contains(*scope)) {
        Some(scope) => {
            let text = "This app hasn't been granted all required scopes to make this call.";
            let mut error = fault("MISSING_SCOPES", text);
            error["errors"] = json!([
                { "message": "One or more of the following scopes are required.",
                  "context": { "requiredGranularScopes": [scope] } },
            ]);
            Reply::with(403, error)
        }
        None => route(world, method, &path, &query, &body),
    };
    let bad_gateway = Reply {
        status: 502,
        body: None,
    };
    match mishap {
        Some(Mishap::Lost) => Some(broken()),
        Some(Mishap::Held) => {
            world.held = true;
            None
        }
        Some(Mishap::DoneBut502) => Some(respond(world, bad_gateway, date)),
        Some(Mishap::Cut | Mishap::Status(..)) | None => Some(respond(world, reply, date)),
    }
}

/// The consent page and the token calls, which need no token.
fn sign_in(
    world: &mut World,
    method: &Method,
    path: &str,
    query: &[(String, String)],
    body: &[u8],
) -> Response<Body> {
    let date = world.now();
    if method == Method::GET {
        return match oauth::authorize(world, query) {
            Some(to) => redirect(&to),
            None => respond(
                world,
                Reply::refused(400, "BAD_REDIRECT_URI", "redirect_uri"),
                date,
            ),
        };
    }
    let form: BTreeMap<String, String> = pairs(body).into_iter().collect();
    let reply = if path.ends_with("/revoke") {
        oauth::revoke(world, &form)
    } else {
        oauth::token(world, &form)
    };
    respond(world, reply, date)
}

/// The body of a refusal by the limits.
pub(crate) fn too_many(policy: &str) -> Reply {
    Reply::with(
        429,
        json!({
            "status": "error", "message": "You have reached your limit.", "errorType": "RATE_LIMIT",
            "policyName": policy, "correlationId": "00000000-0000-4000-8000-000000000000",
        }),
    )
}

/// The scope that a call needs.
fn scope(method: &Method, path: &str) -> Option<&'static str> {
    let changes = ["/batch/create", "/batch/update", "/batch/archive"]
        .iter()
        .any(|end| path.ends_with(end));
    if path.starts_with("/crm/v3/lists") {
        Some(if method == Method::PUT {
            "crm.lists.write"
        } else {
            "crm.lists.read"
        })
    } else if path.starts_with("/crm/v3/properties") {
        Some("crm.schemas.contacts.read")
    } else if path.starts_with("/crm/v3/objects/contacts") {
        Some(if changes {
            "crm.objects.contacts.write"
        } else {
            "crm.objects.contacts.read"
        })
    } else {
        None
    }
}

fn route(
    world: &mut World,
    method: &Method,
    path: &str,
    query: &[(String, String)],
    body: &Value,
) -> Reply {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let archived = contact::truth(query, "archived");
    match (method.as_str(), &parts[..]) {
        ("GET", ["account-info", "v3", "details"]) => meta::account(),
        ("POST", ["oauth", "v2", "private-apps", "get", "access-token-info"]) => {
            meta::token_info(world, body)
        }
        ("GET", ["crm", "v3", "properties", "contacts"]) => meta::properties(world),
        ("GET", ["crm", "v3", "objects", "contacts"]) => contact::page(world, query),
        ("POST", ["crm", "v3", "objects", "contacts", "search"]) => search::search(world, body),
        ("POST", ["crm", "v3", "objects", "contacts", "batch", "read"]) => {
            batch::read(world, body, archived)
        }
        ("POST", ["crm", "v3", "objects", "contacts", "batch", "create"]) => {
            batch::create(world, body)
        }
        ("POST", ["crm", "v3", "objects", "contacts", "batch", "update"]) => {
            batch::update(world, body)
        }
        ("POST", ["crm", "v3", "objects", "contacts", "batch", "archive"]) => {
            batch::archive(world, body)
        }
        ("POST", ["crm", "v3", "objects", "contacts", "merge"]) => contact::merge(world, body),
        ("GET", ["crm", "v3", "objects", "contacts", id]) => contact::read(world, id, query),
        ("POST", ["crm", "v3", "lists"]) => lists::create(world, body),
        ("POST", ["crm", "v3", "lists", "search"]) => lists::search(world, body),
        (
            "POST",
            [
                "crm",
                "v3",
                "lists",
                "records",
                "memberships",
                "batch",
                "read",
            ],
        ) => lists::of_records(world, body),
        ("GET", ["crm", "v3", "lists", id, "memberships"]) => lists::members(world, id, query),
        (
            "PUT",
            [
                "crm",
                "v3",
                "lists",
                id,
                "memberships",
                what @ ("add" | "remove"),
            ],
        ) => lists::change(world, id, what, body),
        _ => Reply {
            status: 404,
            body: None,
        },
    }
}

fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(bytes).into_owned().collect()
}

fn respond(world: &World, reply: Reply, date: i64) -> Response<Body> {
    let stamp = jiff::Timestamp::from_millisecond(date).unwrap();
    let date = stamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let mut response = Response::builder()
        .status(StatusCode::from_u16(reply.status).unwrap())
        .header("date", date);
    if let Some((left, most)) = world.window {
        response = response
            .header("x-hubspot-ratelimit-max", most)
            .header("x-hubspot-ratelimit-remaining", left)
            .header("x-hubspot-ratelimit-interval-milliseconds", 10_000);
    }
    let body = match reply.body {
        Some(body) => {
            response = response.header("content-type", "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    response.body(body).unwrap()
}

fn redirect(to: &str) -> Response<Body> {
    let response = Response::builder().status(302).header("location", to);
    response.body(Body::empty()).unwrap()
}

/// An answer that breaks off before its end.
fn broken() -> Response<Body> {
    let pieces = futures::stream::iter([Ok(Bytes::from("{")), Err(std::io::Error::other("cut"))]);
    Response::builder()
        .header("content-length", "1000")
        .body(Body::from_stream(pieces))
        .unwrap()
}
