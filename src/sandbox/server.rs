//! The HTTP front of the sandbox: reads requests, applies faults and latency, and sends answers.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::sleep_until;

use super::cut::Scissors;
use super::faults::{Fault, FaultKind};
use super::http::{Reply, Request};
use super::incoming::read;
use super::people::{self, PeopleWorld};
use super::zoho::ZohoWorld;
use super::{World, admin, page, spoil};

/// What every request handler shares.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) world: Arc<Mutex<World>>,
    under_way: Arc<Mutex<HashMap<String, u32>>>,
}

impl App {
    pub(crate) fn new(world: Arc<Mutex<World>>) -> Self {
        Self {
            world,
            under_way: Arc::default(),
        }
    }
}

/// Locks, whatever happened to the thread that held the lock before.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts a mutation as under way until it is answered or its client goes away.
struct UnderWay {
    counts: Arc<Mutex<HashMap<String, u32>>>,
    user: String,
}

impl UnderWay {
    fn begin(app: &App, user: &str) -> (Self, u32) {
        let mut counts = lock(&app.under_way);
        let count = counts.entry(user.to_owned()).or_insert(0);
        let others = *count;
        *count += 1;
        let guard = Self {
            counts: Arc::clone(&app.under_way),
            user: user.to_owned(),
        };
        (guard, others)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(count) = lock(&self.counts).get_mut(&self.user) {
            *count = count.saturating_sub(1);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Google,
    Zoho,
}

impl Service {
    fn name(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Zoho => "zoho",
        }
    }
}

/// Answers one request of any kind.
pub(crate) async fn answer(
    State(app): State<App>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    incoming: axum::extract::Request,
) -> Response {
    let begun = Instant::now();
    let Some(request) = read(incoming).await else {
        return plain(Reply::html(400, "The request could not be read."));
    };
    let service = if PeopleWorld::owns(&request.path) {
        Service::Google
    } else if request.path.starts_with("/crm/") || request.path.starts_with("/oauth/v2/") {
        Service::Zoho
    } else if request.path.starts_with("/admin/") {
        return plain(admin::handle(&mut lock(&app.world), &request));
    } else if request.path == "/" || request.path == "/page" {
        return plain(page::handle(&lock(&app.world), &request));
    } else {
        return plain(people::html_not_found(&request.path));
    };
    exchange(&app, service, &request, &scissors, begun).await
}

async fn exchange(
    app: &App,
    service: Service,
    request: &Request,
    scissors: &Scissors,
    begun: Instant,
) -> Response {
    let (call, mutation) = match service {
        Service::Google => (
            PeopleWorld::call_name(request),
            PeopleWorld::is_mutation(request),
        ),
        Service::Zoho => (
            ZohoWorld::call_name(request),
            ZohoWorld::is_mutation(request),
        ),
    };
    let (number, fault, wait) = {
        let mut world = lock(&app.world);
        let now = world.clock.now();
        let wait = world.pace.of(service.name(), mutation);
        let number = world
            .log
            .begin(service.name(), call, mutation, request, now);
        let fault_name = match service {
            Service::Google if !call.contains('.') => format!("people.{call}"),
            Service::Google | Service::Zoho => call.to_owned(),
        };
        let fault = world.faults.take(service.name(), &fault_name);
        if let Some(fault) = &fault {
            world.log.hit(number, fault.kind);
        }
        (number, fault, wait)
    };
    let _under_way = (service == Service::Google && mutation).then(|| {
        let user = request.header("authorization").unwrap_or("");
        let (guard, others) = UnderWay::begin(app, user);
        if others > 0 {
            lock(&app.world).log.overlap(number, call, others);
        }
        guard
    });
    let kind = fault.as_ref().map(|fault| fault.kind);
    if let Some(fault) = fault.as_ref().filter(|fault| fault.kind == FaultKind::Slow) {
        tokio::time::sleep(Duration::from_millis(fault.number("ms", 1000))).await;
    }
    if kind == Some(FaultKind::DropBefore) {
        sleep_until((begun + wait).into()).await;
        scissors.cut();
        return Response::new(Body::empty());
    }
    if let Some(fault) = fault
        .as_ref()
        .filter(|fault| fault.kind == FaultKind::LateCommit)
    {
        late(app, service, request, fault);
        scissors.cut();
        return Response::new(Body::empty());
    }
    let reply = work(app, service, request, number, fault.as_ref());
    // The work is part of the time that an answer takes; nothing is locked while it waits.
    sleep_until((begun + wait).into()).await;
    let Some(reply) = reply else {
        scissors.cut();
        return Response::new(Body::empty());
    };
    match &fault {
        Some(fault) if fault.kind == FaultKind::TruncateBody => truncated(&reply, fault),
        _ => plain(reply),
    }
}

/// Carries a request out; nothing when the connection is to be cut instead of an answer.
fn work(
    app: &App,
    service: Service,
    request: &Request,
    number: u64,
    fault: Option<&Fault>,
) -> Option<Reply> {
    let kind = fault.map(|fault| fault.kind);
    let early = kind.and_then(|kind| instead(kind, service, request));
    let mut world = lock(&app.world);
    let reply = early.unwrap_or_else(|| {
        let now = world.clock.now();
        let theirs = fault.filter(|fault| !is_transport(fault.kind));
        match service {
            Service::Google => world.google.handle(request, now, theirs),
            Service::Zoho => world.zoho.handle(request, now, theirs),
        }
    });
    let reply = match (kind, fault) {
        (Some(FaultKind::DropAfter), _) => return None,
        (Some(FaultKind::ErrorAfterCommit), _) => internal_error(service),
        (_, Some(fault)) => spoil::spoilt(reply, fault),
        (_, None) => reply,
    };
    let mut reply = dated(reply, world.clock.now());
    if service == Service::Google {
        // RFC 7694: says that request bodies may come compressed.
        reply = reply.with_header("accept-encoding", "gzip");
    }
    world.log.end(number, Some(&reply));
    drop(world);
    Some(compressed(service, request, reply))
}

/// Does the work of a request some time after its client has gone.
fn late(app: &App, service: Service, request: &Request, fault: &Fault) {
    let wait = Duration::from_millis(fault.number("ms", 1000));
    let (world, request) = (Arc::clone(&app.world), request.clone());
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        let mut world = lock(&world);
        let now = world.clock.now();
        match service {
            Service::Google => drop(world.google.handle(&request, now, None)),
            Service::Zoho => drop(world.zoho.handle(&request, now, None)),
        }
    });
}

/// The answer of a front end that does not let the request through.
fn instead(kind: FaultKind, service: Service, request: &Request) -> Option<Reply> {
    if kind == FaultKind::Html502 {
        Some(bad_gateway())
    } else if kind == FaultKind::Html404 {
        Some(people::html_not_found(&request.path))
    } else if kind == FaultKind::ServerError {
        Some(internal_error(service))
    } else {
        None
    }
}

fn is_transport(kind: FaultKind) -> bool {
    let around = matches!(
        kind,
        FaultKind::DropAfter
            | FaultKind::LateCommit
            | FaultKind::ErrorAfterCommit
            | FaultKind::TruncateBody
            | FaultKind::Slow
    );
    around || spoil::spoils(kind)
}

/// The answer's time is the sandbox's own, as records' times are.
fn dated(reply: Reply, now: Timestamp) -> Reply {
    let text = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    reply.with_header("date", text)
}

fn bad_gateway() -> Reply {
    Reply::html(
        502,
        "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8><title>Error 502 (Server Error)!!1</title>\n<p><b>502.</b> <ins>That's an error.</ins>\n<p>The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds.\n",
    )
}

fn internal_error(service: Service) -> Reply {
    match service {
        Service::Google => Reply::json(
            500,
            &json!({"error": {"code": 500, "message": "Internal error encountered.", "status": "INTERNAL",
                "errors": [{"message": "Internal error encountered.", "domain": "global", "reason": "backendError"}]}}),
        ),
        Service::Zoho => Reply::json(
            500,
            &json!({"code": "INTERNAL_ERROR", "details": {}, "message": "Internal Server Error", "status": "error"}),
        ),
    }
}

/// Google compresses only for clients that name gzip in their User-Agent as well.
fn compressed(service: Service, request: &Request, mut reply: Reply) -> Reply {
    let names = |header: &str| {
        request
            .header(header)
            .is_some_and(|text| text.to_ascii_lowercase().contains("gzip"))
    };
    let wanted = names("accept-encoding") && (service == Service::Zoho || names("user-agent"));
    if !wanted || reply.body.is_empty() {
        return reply;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    if encoder.write_all(&reply.body).is_ok()
        && let Ok(body) = encoder.finish()
    {
        reply.body = body;
        return reply.with_header("content-encoding", "gzip");
    }
    reply
}

fn head(reply: &Reply) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(media_type) = reply.media_type {
        headers.insert("content-type", HeaderValue::from_static(media_type));
    }
    for (name, value) in &reply.headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        ) {
            headers.insert(name, value);
        }
    }
    response
}

fn plain(reply: Reply) -> Response {
    let mut response = head(&reply);
    *response.body_mut() = Body::from(reply.body);
    response
}

/// The head promises the whole body; a part of it comes, then the connection breaks.
fn truncated(reply: &Reply, fault: &Fault) -> Response {
    let half = reply.body.len() / 2;
    let keep = usize::try_from(fault.number("keep", half as u64)).unwrap_or(half);
    let keep = keep.min(reply.body.len().saturating_sub(1));
    let mut response = head(reply);
    response
        .headers_mut()
        .insert("content-length", HeaderValue::from(reply.body.len()));
    let part = Bytes::copy_from_slice(&reply.body[..keep]);
    let stream = futures::stream::unfold(0, move |step| {
        let part = part.clone();
        async move {
            match step {
                0 => Some((Ok(part), 1)),
                1 => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Some((
                        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
                        2,
                    ))
                }
                _ => None,
            }
        }
    });
    *response.body_mut() = Body::from_stream(stream);
    response
}
