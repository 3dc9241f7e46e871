//! The sandbox's own HTTP interface under `/admin/`: edits by hand, faults, clock, log.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::faults::FaultRule;
use super::http::{Reply, Request};
use super::log::Recording;
use super::{World, clock};

type Done = Result<Value, String>;

/// Answers an admin request: 200 with JSON, or 400 or 404 with `{"error": …}`.
pub(super) fn handle(world: &mut World, request: &Request) -> Reply {
    let body: Value = if request.body.is_empty() {
        json!({})
    } else {
        match serde_json::from_slice(&request.body) {
            Ok(body) => body,
            Err(error) => return failed(400, &error.to_string()),
        }
    };
    let path = request.path.trim_start_matches("/admin/");
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let done = match (request.method.as_str(), parts.as_slice()) {
        (method, ["google", rest @ ..]) => google(world, method, rest, &body),
        (method, ["crm", rest @ ..]) => crm(world, method, rest, &body),
        ("POST", ["faults"]) => Some(add_faults(world, &body)),
        ("DELETE", ["faults"]) => {
            world.faults.clear();
            Some(Ok(json!({"faults": []})))
        }
        ("GET", ["faults"]) => Some(Ok(json!({"faults": world.faults.list()}))),
        ("POST", ["clock"]) => Some(set_clock(world, &body)),
        ("POST", ["latency"]) => Some(world.pace.set(&body)),
        ("GET", ["latency"]) => Some(Ok(json!(world.pace))),
        ("GET", ["clock"]) => Some(Ok(json!({"now": world.clock.now().to_string()}))),
        ("GET", ["dump"]) => Some(Ok(dump(world, request.param("side")))),
        ("GET", ["requests"]) => {
            let full = if request.param("full").is_some_and(|full| full != "0") {
                Recording::Bodies
            } else {
                Recording::Outlines
            };
            let mut report = world.log.report(full);
            report["bytes"] = world.traffic.report();
            report["credits"] = json!(world.zoho.spent());
            if request.param("brief").is_some()
                && let Some(report) = report.as_object_mut()
            {
                report.remove("requests");
            }
            Some(Ok(report))
        }
        ("DELETE", ["requests"]) => {
            world.log.clear();
            world.traffic.clear();
            world.zoho.forget_spent();
            Some(Ok(json!({"total": 0})))
        }
        ("POST", ["reset"]) => {
            world.reset();
            Some(Ok(json!({"reset": true})))
        }
        _ => None,
    };
    match done {
        Some(Ok(value)) => Reply::json(200, &value),
        Some(Err(error)) => {
            let status = if error.starts_with("no such") {
                404
            } else {
                400
            };
            failed(status, &error)
        }
        None => failed(404, "no such admin call"),
    }
}

fn failed(status: u16, error: &str) -> Reply {
    Reply::json(status, &json!({ "error": error }))
}

fn google(world: &mut World, method: &str, parts: &[&str], body: &Value) -> Option<Done> {
    let now = world.clock.now();
    let google = &mut world.google;
    Some(match (method, parts) {
        ("POST", ["contacts"]) => {
            let person = body.get("person").unwrap_or(body);
            google
                .add_contact(person, now)
                .map(|name| json!({ "resourceName": name }))
        }
        ("PATCH", ["contacts", id] | ["contacts", "people", id]) => {
            google.edit_contact(id, body, now)
        }
        ("DELETE", ["contacts", id] | ["contacts", "people", id]) => {
            if google.delete_contact(id, now) {
                Ok(json!({ "deleted": id }))
            } else {
                Err(format!("no such contact: {id}"))
            }
        }
        ("GET", ["client_secret.json"]) => google.admin("client_secret.json", body, now),
        ("GET", ["switch"]) => google.admin("switch", &json!({}), now),
        ("POST", [op]) => google.admin(op, body, now),
        _ => return None,
    })
}

fn crm(world: &mut World, method: &str, parts: &[&str], body: &Value) -> Option<Done> {
    let now = world.clock.now();
    let fields = || -> Map<String, Value> {
        let fields = body.get("fields").unwrap_or(body);
        fields.as_object().cloned().unwrap_or_default()
    };
    let found = |found: bool, id: &str| {
        if found {
            Ok(json!({ "id": id }))
        } else {
            Err(format!("no such contact: {id}"))
        }
    };
    Some(match (method, parts) {
        ("POST", ["contacts"]) => Ok(json!({"id": world.zoho.add_contact(fields(), now)})),
        ("PATCH", ["contacts", id]) => found(world.zoho.edit_contact(id, fields(), now), id),
        ("DELETE", ["contacts", id]) => found(world.zoho.delete_contact(id, now), id),
        ("POST", [op]) => world.zoho.admin(op, body, now),
        _ => return None,
    })
}

/// One rule, or `{"rules": [...]}`.
fn add_faults(world: &mut World, body: &Value) -> Done {
    let one = json!([body]);
    let given = body.get("rules").unwrap_or(&one);
    let rules = Vec::<FaultRule>::deserialize(given).map_err(|error| error.to_string())?;
    for rule in rules {
        world.faults.add(rule);
    }
    Ok(json!({"faults": world.faults.list()}))
}

fn set_clock(world: &mut World, body: &Value) -> Done {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    if let Some(by) = text("advance") {
        let by = clock::duration(by).ok_or("advance is a duration such as 7d, 90m or -30s")?;
        world.clock.advance(by);
    } else if let Some(to) = text("set") {
        let to: Timestamp = to
            .parse()
            .map_err(|_| "set is a time such as 2026-11-22T10:00:00Z")?;
        world.clock.set(to);
    } else {
        return Err("advance or set is wanted".to_owned());
    }
    Ok(json!({"now": world.clock.now().to_string()}))
}

fn dump(world: &World, side: Option<&str>) -> Value {
    match side {
        Some("google") => json!({"google": world.google.dump()}),
        Some("crm" | "zoho") => json!({"crm": world.zoho.dump()}),
        _ => json!({"google": world.google.dump(), "crm": world.zoho.dump()}),
    }
}
