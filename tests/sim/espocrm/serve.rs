//! The server: who may come in, mishaps, and which call is which.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::{Value, json};

use super::{KEY, Mishap, Reply, Shared, World, list, lock, meta, record};
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
    let Some(path) = uri.path().strip_prefix("/api/v1/").map(str::to_owned) else {
        return Some(page());
    };
    let call = format!("{method} {path}");
    world.log.push(call.clone());
    let date = world.now();
    let key = headers.get("x-api-key").and_then(|key| key.to_str().ok());
    if key != Some(KEY) {
        return Some(respond(Reply::bare(401), date));
    }
    let due = world
        .mishaps
        .iter()
        .position(|(begin, _)| call.starts_with(begin));
    let mishap = due.map(|at| world.mishaps.remove(at).1);
    match mishap {
        Some(Mishap::Cut) => return Some(broken()),
        Some(Mishap::Status(status)) => return Some(respond(Reply::bare(status), date)),
        Some(Mishap::Lost | Mishap::Held | Mishap::DoneBut500) | None => {}
    }
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let unchecked = headers
        .get("x-skip-duplicate-check")
        .is_some_and(|value| value == "true");
    let reply = route(world, method, &path, &query, body, unchecked);
    if call == "GET Contact"
        && let Some(id) = world.between.pop()
    {
        world.delete(&id);
    }
    match mishap {
        Some(Mishap::Lost) => Some(broken()),
        Some(Mishap::Held) => {
            world.held = true;
            None
        }
        Some(Mishap::DoneBut500) => Some(respond(Reply::bare(500), date)),
        Some(Mishap::Cut | Mishap::Status(_)) | None => Some(respond(reply, date)),
    }
}

fn route(
    world: &mut World,
    method: &Method,
    path: &str,
    query: &[(String, String)],
    body: &[u8],
    unchecked: bool,
) -> Reply {
    let parts: Vec<&str> = path.split('/').collect();
    let row = if body.is_empty() {
        json!({})
    } else {
        match serde_json::from_slice::<Value>(body) {
            Ok(row) if row.is_object() => row,
            // Unparsable JSON is answered with a bare 500.
            Ok(_) | Err(_) => return Reply::bare(500),
        }
    };
    let row = row.as_object().unwrap();
    match (method.as_str(), &parts[..]) {
        ("GET", ["App", "user"]) => Reply::ok(meta::user(world)),
        ("GET", ["Settings"]) => {
            Reply::ok(json!({"phoneNumberInternational": world.international}))
        }
        ("GET", ["Metadata"]) => Reply::ok(meta::metadata(query)),
        ("GET", ["Contact"]) => list::contacts(world, query, None),
        ("GET", ["TargetList"]) => list::target_lists(world, query),
        ("GET", ["TargetList", id, "contacts"]) => {
            if world.lists.contains_key(*id) {
                list::contacts(world, query, Some(id))
            } else {
                Reply::refused(404, "Record does not exist.")
            }
        }
        ("POST" | "DELETE", ["TargetList", id, "contacts"]) => {
            let into = method == Method::POST;
            record::link(world, id, row["id"].as_str().unwrap_or_default(), into)
        }
        ("POST", ["Contact"]) => record::create(world, row, unchecked),
        ("GET", ["Contact", id]) => record::read(world, id),
        ("PUT", ["Contact", id]) => record::update(world, id, row),
        ("DELETE", ["Contact", id]) => record::delete(world, id),
        _ => Reply::bare(404),
    }
}

fn respond(reply: Reply, date: i64) -> Response<Body> {
    let stamp = jiff::Timestamp::from_second(date).unwrap();
    let date = stamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let mut response = Response::builder()
        .status(StatusCode::from_u16(reply.status).unwrap())
        .header("date", date);
    if let Some(reason) = reply.reason {
        response = response.header("x-status-reason", reason);
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

/// What stands outside the API: the sign-in page.
fn page() -> Response<Body> {
    Response::builder()
        .header("content-type", "text/html")
        .body(Body::from("<!doctype html><title>EspoCRM</title>"))
        .unwrap()
}

/// An answer that breaks off before its end.
fn broken() -> Response<Body> {
    let pieces = futures::stream::iter([Ok(Bytes::from("{")), Err(std::io::Error::other("cut"))]);
    Response::builder()
        .header("content-length", "1000")
        .body(Body::from_stream(pieces))
        .unwrap()
}
