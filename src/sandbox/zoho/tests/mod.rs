//! Tests of the simulated CRM, calling it without a server.

#![expect(clippy::unwrap_used, reason = "tests")]

mod coql;
mod oauth;
mod reading;
mod writing;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ZohoWorld;
use crate::sandbox::faults::{Fault, FaultKind};
use crate::sandbox::http::{Reply, Request};

/// The second that tests begin at.
const START: i64 = 1_780_000_000;

/// A world, its clock, and what a client may say to it.
struct Bench {
    world: ZohoWorld,
    now: i64,
    token: String,
    headers: Vec<(&'static str, String)>,
}

impl Bench {
    fn new() -> Self {
        let mut world = ZohoWorld::new(7);
        world.set_base("http://127.0.0.1:1".to_owned());
        Self {
            world,
            now: START,
            token: "sandbox-crm-token".to_owned(),
            headers: Vec::new(),
        }
    }

    /// A world with contacts `c0@example.com` and so on.
    fn with_contacts(count: usize) -> Self {
        let mut bench = Self::new();
        for number in 0..count {
            bench.add(&json!({"Last_Name": format!("Name{number}"), "Email": format!("c{number}@example.com")}));
        }
        bench
    }

    fn add(&mut self, fields: &Value) -> String {
        let fields = fields.as_object().unwrap().clone();
        self.world.add_contact(fields, self.time())
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_second(self.now).unwrap()
    }

    fn admin(&mut self, op: &str, body: &Value) -> Value {
        let now = self.time();
        self.world.admin(op, body, now).unwrap()
    }

    fn request(&self, method: &str, target: &str, body: &[u8]) -> Request {
        let url = url::Url::parse(&format!("http://sandbox{target}")).unwrap();
        let mut headers = BTreeMap::from([(
            "authorization".to_owned(),
            format!("Zoho-oauthtoken {}", self.token),
        )]);
        for (name, value) in &self.headers {
            headers.insert((*name).to_owned(), value.clone());
        }
        Request {
            method: method.to_owned(),
            path: url.path().to_owned(),
            query: url.query_pairs().into_owned().collect(),
            headers,
            body: body.to_vec(),
        }
    }

    fn call(&mut self, method: &str, target: &str, body: &Value, fault: Option<&Fault>) -> Reply {
        let bytes = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        let request = self.request(method, target, &bytes);
        let now = self.time();
        self.world.handle(&request, now, fault)
    }

    /// Status and JSON (null when empty) of a call.
    fn send(&mut self, method: &str, target: &str, body: &Value) -> (u16, Value) {
        answer(&self.call(method, &format!("/crm/v8{target}"), body, None))
    }

    fn get(&mut self, target: &str) -> (u16, Value) {
        self.send("GET", target, &Value::Null)
    }

    fn coql(&mut self, query: &str) -> (u16, Value) {
        self.send("POST", "/coql", &json!({ "select_query": query }))
    }

    /// Status and code of a refusal.
    fn refused(&mut self, target: &str) -> (u16, String) {
        let (status, body) = self.get(target);
        (status, body["code"].as_str().unwrap_or("").to_owned())
    }

    fn view(&mut self, name: &str) -> String {
        let (_, body) = self.get("/settings/custom_views?module=Contacts");
        let views = body["custom_views"].as_array().unwrap();
        let view = views.iter().find(|view| view["name"] == name).unwrap();
        view["id"].as_str().unwrap().to_owned()
    }
}

fn answer(reply: &Reply) -> (u16, Value) {
    (
        reply.status,
        serde_json::from_slice(&reply.body).unwrap_or(Value::Null),
    )
}

fn fault(kind: FaultKind, params: Value) -> Fault {
    Fault { kind, params }
}

#[test]
fn calls_have_names() {
    let bench = Bench::new();
    for (method, path, name) in [
        ("POST", "/crm/v8/coql", "coql"),
        ("GET", "/crm/v8/Contacts", "get_records"),
        ("GET", "/crm/v8/Contacts/1", "get_record"),
        ("POST", "/crm/v8/Contacts/upsert", "upsert"),
        ("GET", "/crm/v8/Contacts/deleted", "deleted"),
        ("GET", "/crm/v8/settings/profiles/1", "profiles"),
        ("POST", "/oauth/v2/token", "oauth.token"),
        ("GET", "/crm/v7/Contacts", "other"),
    ] {
        let request = bench.request(method, path, b"");
        assert_eq!(ZohoWorld::call_name(&request), name, "{path}");
    }
    assert!(ZohoWorld::is_mutation(&bench.request(
        "DELETE",
        "/crm/v8/Contacts",
        b""
    )));
    assert!(!ZohoWorld::is_mutation(&bench.request(
        "POST",
        "/crm/v8/coql",
        b""
    )));
}

#[test]
fn faults_answer_in_the_crms_words() {
    let mut bench = Bench::with_contacts(1);
    let path = "/crm/v8/Contacts?fields=Email";
    let throttled = fault(FaultKind::Throttled, json!({"credits_remaining": 12}));
    let reply = bench.call("GET", path, &Value::Null, Some(&throttled));
    assert_eq!(reply.status, 429);
    assert_eq!(reply.headers[0].0, "X-API-CREDITS-REMAINING");
    let bare = fault(FaultKind::Throttled, Value::Null);
    assert!(
        bench
            .call("GET", path, &Value::Null, Some(&bare))
            .headers
            .is_empty()
    );
    for (kind, status, code) in [
        (FaultKind::Unauthorized, 401, "INVALID_TOKEN"),
        (FaultKind::InsufficientScope, 401, "OAUTH_SCOPE_MISMATCH"),
        (FaultKind::NoPermission, 403, "NO_PERMISSION"),
    ] {
        let reply = bench.call("GET", path, &Value::Null, Some(&fault(kind, Value::Null)));
        let (got, body) = answer(&reply);
        assert_eq!((got, body["code"].as_str().unwrap()), (status, code));
    }
}

#[test]
fn credits_run_out_and_come_back() {
    let mut bench = Bench::with_contacts(1);
    bench.admin("switch", &json!({"daily_credits": 4}));
    let path = "/crm/v8/Contacts?fields=Email";
    let seen: Vec<(u16, usize)> = (0..5)
        .map(|_| {
            let reply = bench.call("GET", path, &Value::Null, None);
            (reply.status, reply.headers.len())
        })
        .collect();
    assert_eq!(seen, [(200, 0), (200, 1), (200, 1), (200, 1), (429, 0)]);
    bench.now += 86_400;
    assert_eq!(bench.get("/Contacts?fields=Email").0, 200);
}

#[test]
fn metadata_tells_rights_and_hidden_fields() {
    let mut bench = Bench::new();
    bench.admin("set_rights", &json!({"create": false}));
    bench.admin("set_field", &json!({"api_name": "Mobile", "hidden": true}));
    let (_, module) = bench.get("/settings/modules/Contacts");
    assert_eq!(module["modules"][0]["creatable"], false);
    assert_eq!(module["modules"][0]["viewable"], true);
    let (_, fields) = bench.get("/settings/fields?module=Contacts");
    let names: Vec<&str> = fields["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["api_name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"Phone") && !names.contains(&"Mobile"));
    let (status, body) = bench.send("POST", "/Contacts", &json!({"data": [{"Last_Name": "A"}]}));
    assert_eq!(status, 403);
    assert_eq!(
        body["details"]["permissions"][0],
        "Crm_Implied_Create_Contacts"
    );
    assert_eq!(bench.get("/settings/profiles").0, 200);
    assert_eq!(bench.get("/settings/layouts?module=Leads").0, 200);
    assert_eq!(bench.get("/org").1["org"][0]["zgid"], "20087654321");
}
