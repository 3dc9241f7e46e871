//! The server: its two interfaces, who may come in, and mishaps.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use serde_json::{Value, json};

use super::methods::{Call, described, execute, numbers, user};
use super::{DATABASE, KEY, Mishap, Raised, Row, Shared, UID, World, lock, raised};
use crate::host::Host;

/// A running simulator; it ends when this goes.
pub(crate) struct Sim {
    pub(crate) world: Shared,
    host: Host,
}

impl Sim {
    pub(crate) fn start(version: u8) -> Self {
        let world = Shared::new(World::new(version).into());
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

/// An answer on its way: status and JSON, or a page.
struct Reply {
    status: u16,
    body: Option<Value>,
    cookie: bool,
}

fn json_reply(status: u16, body: Value) -> Reply {
    Reply {
        status,
        body: Some(body),
        cookie: false,
    }
}

/// What stands outside the interfaces, and in place of them where a proxy answers.
fn page(status: u16) -> Reply {
    Reply {
        status,
        body: None,
        cookie: false,
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
        (Ok(reply), date) => respond(reply, date),
        (Err(Broken::Cut), _) => broken(),
        (Err(Broken::Held), _) => std::future::pending().await,
    }
}

fn handle(
    world: &mut World,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> (Result<Reply, Broken>, i64) {
    let date = world.now().div_euclid(1_000_000);
    let (path, version) = (uri.path().to_owned(), world.version);
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let reply = match (method.as_str(), &parts[..]) {
        ("GET", ["web", "version"]) if version >= 19 => {
            world.log.push("version".to_owned());
            Ok(json_reply(
                200,
                json!({"version_info": info(version), "version": format!("{version}.0")}),
            ))
        }
        ("GET", ["doc-bearer", model]) if version >= 19 => {
            let model = model.trim_end_matches(".json");
            Ok(json_reply(200, described(world, model)))
        }
        ("POST", ["json", "2", model, name]) if version >= 19 => {
            json2(world, model, name, headers, body)
        }
        ("POST", ["jsonrpc"]) => rpc(world, body, |world, params| {
            service(world, params).map(|(call, result)| (call, result, false))
        }),
        // What the Python library signs in by.
        ("POST", ["web", "webclient", "version_info"]) => rpc(world, body, |world, _| {
            let version = world.version;
            Ok(("version".to_owned(), Ok(about(version)), false))
        }),
        ("POST", ["web", "session", "authenticate"]) => rpc(world, body, |_, params| {
            let signed = params["db"] == DATABASE;
            let uid = user(&params["login"], &params["password"]).filter(|_| signed);
            let result = uid.map(|uid| {
                json!({"uid": uid, "db": DATABASE, "username": params["login"],
                       "user_context": {"lang": "en_US", "tz": "Europe/Berlin", "uid": uid}})
            });
            let result =
                result.ok_or_else(|| raised("odoo.exceptions.AccessDenied", "Access Denied"));
            Ok(("authenticate".to_owned(), result, true))
        }),
        _ => Ok(page(404)),
    };
    (reply, date)
}

/// There is no answer.
enum Broken {
    /// The connection breaks.
    Cut,
    /// It never comes.
    Held,
}

fn info(version: u8) -> Value {
    json!([version, 0, 0, "final", 0, ""])
}

fn about(version: u8) -> Value {
    json!({
        "server_version": format!("{version}.0"), "server_version_info": info(version),
        "server_serie": format!("{version}.0"), "protocol_version": 1,
    })
}

/// What JSON-RPC wraps around a call: exceptions have status 200.
type Served = (String, Result<Value, Raised>, bool);

fn rpc(
    world: &mut World,
    body: &[u8],
    serve: impl FnOnce(&mut World, &Value) -> Result<Served, Broken>,
) -> Result<Reply, Broken> {
    let Ok(request) = serde_json::from_slice::<Value>(body) else {
        return Ok(page(400));
    };
    let before = world.log.len();
    let (call, result, cookie) = serve(world, &request["params"])?;
    if world.log.len() == before {
        world.log.push(call);
    }
    let mut reply = json!({"jsonrpc": "2.0", "id": request["id"]});
    match result {
        Ok(result) => reply["result"] = result,
        // A proxy answers with a page of its own.
        Err(raised) if raised.name.is_empty() => return Ok(page(raised.status)),
        Err(raised) => {
            let mut data = exception(&raised);
            data["exception_type"] = json!("internal_error");
            reply["error"] = json!({"code": 200, "message": "Odoo Server Error", "data": data});
        }
    }
    Ok(Reply {
        cookie,
        ..json_reply(200, reply)
    })
}

fn exception(raised: &Raised) -> Value {
    json!({
        "name": raised.name, "message": raised.message, "arguments": [raised.message], "context": {},
        "debug": format!("Traceback (most recent call last):\n  File \"/opt/odoo/http.py\"\n{}", raised.message),
    })
}

fn service(world: &mut World, params: &Value) -> Result<(String, Result<Value, Raised>), Broken> {
    let args = params["args"].as_array().cloned().unwrap_or_default();
    let arg = |at: usize| args.get(at).cloned().unwrap_or_default();
    let no_database = || raised("psycopg2.OperationalError", "database does not exist");
    match (params["service"].as_str(), params["method"].as_str()) {
        (Some("common"), Some("version")) => {
            let version = world.version;
            Ok(("common version".to_owned(), Ok(about(version))))
        }
        (Some("common"), Some("authenticate" | "login")) => {
            let result = if arg(0) == DATABASE {
                Ok(user(&arg(1), &arg(2)).map_or(json!(false), |uid| json!(uid)))
            } else {
                Err(no_database())
            };
            Ok(("common authenticate".to_owned(), result))
        }
        (Some("object"), Some(how @ ("execute_kw" | "execute"))) => {
            let (model, method) = (arg(3), arg(4));
            let (model, method) = (model.as_str().unwrap(), method.as_str().unwrap());
            let call = format!("{model} {method}");
            if arg(0) != DATABASE {
                return Ok((call, Err(no_database())));
            }
            if arg(1) != UID || arg(2) != KEY {
                return Ok((
                    call,
                    Err(raised("odoo.exceptions.AccessDenied", "Access Denied")),
                ));
            }
            let (placed, named) = if how == "execute" {
                (args[5..].to_vec(), Row::new())
            } else {
                let placed = arg(5).as_array().cloned().unwrap_or_default();
                (placed, arg(6).as_object().cloned().unwrap_or_default())
            };
            // The special case of this method: its argument has a place.
            if method == "create" && placed.is_empty() {
                return Ok((
                    call,
                    Err(raised("builtins.IndexError", "tuple index out of range")),
                ));
            }
            let made = Call {
                model,
                method,
                ids: None,
                placed,
                named,
            };
            carried_out(world, &call, made).map(|result| (call, result))
        }
        _ => Ok((
            "unknown".to_owned(),
            Err(raised("builtins.KeyError", "service")),
        )),
    }
}

fn json2(
    world: &mut World,
    model: &str,
    method: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Reply, Broken> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let call = format!("{model} {method}");
    let refused = |raised: &Raised| Ok(json_reply(raised.status, exception(raised)));
    if header("x-odoo-database").is_some_and(|name| name != DATABASE) {
        world.log.push(call);
        return Ok(page(404));
    }
    let bearer = header("authorization").and_then(|text| text.split_once(' '));
    let signed =
        bearer.is_some_and(|(word, key)| word.eq_ignore_ascii_case("bearer") && key == KEY);
    if !signed {
        world.log.push(call);
        return refused(&raised(
            "werkzeug.exceptions.Unauthorized",
            "Invalid apikey",
        ));
    }
    let Ok(Value::Object(mut named)) = serde_json::from_slice::<Value>(body) else {
        world.log.push(call);
        return Ok(json_reply(
            400,
            exception(&raised("werkzeug.exceptions.BadRequest", "Invalid JSON")),
        ));
    };
    let ids = named.remove("ids");
    let made = Call {
        model,
        method,
        ids: ids.as_ref().map(numbers),
        placed: Vec::new(),
        named,
    };
    match carried_out(world, &call, made)? {
        Ok(result) => Ok(json_reply(200, result)),
        Err(raised) if raised.name.is_empty() => Ok(page(raised.status)),
        Err(raised) => refused(&raised),
    }
}

/// Runs a call, with what goes wrong on the way.
fn carried_out(
    world: &mut World,
    name: &str,
    call: Call<'_>,
) -> Result<Result<Value, Raised>, Broken> {
    world.log.push(name.to_owned());
    let due = world
        .mishaps
        .iter()
        .position(|(begin, _)| name.starts_with(begin));
    let mishap = due.map(|at| world.mishaps.remove(at).1);
    match mishap {
        None => Ok(execute(world, call)),
        Some(Mishap::Cut) => Err(Broken::Cut),
        Some(Mishap::Lost) => {
            drop(execute(world, call));
            Err(Broken::Cut)
        }
        Some(Mishap::Held) => {
            drop(execute(world, call));
            world.held = true;
            Err(Broken::Held)
        }
        Some(Mishap::Status(status)) => Ok(Err(Raised {
            name: String::new(),
            message: String::new(),
            status,
        })),
        Some(Mishap::Raised(name, message)) => Ok(Err(raised(name, message))),
    }
}

fn respond(reply: Reply, date: i64) -> Response<Body> {
    let stamp = jiff::Timestamp::from_second(date).unwrap();
    let date = stamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let mut response = Response::builder()
        .status(reply.status)
        .header("date", date);
    if reply.cookie {
        response = response.header("set-cookie", "session_id=of-the-library; Path=/; HttpOnly");
    }
    if reply.status == 401 {
        response = response.header("www-authenticate", "Bearer");
    }
    let (kind, body) = match reply.body {
        Some(body) => ("application/json", body.to_string()),
        None => ("text/html", "<!doctype html><title>Odoo</title>".to_owned()),
    };
    response
        .header("content-type", kind)
        .body(Body::from(body))
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
