//! `crmsync sandbox` as a child process, and a small client of its admin interface.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

/// Requests written before their answers are read.
const PIPELINED: usize = 200;

/// A sandbox that ends with the test.
#[derive(Debug)]
pub(crate) struct Sandbox {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    wire: Mutex<Option<BufReader<TcpStream>>>,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// How often each call was made, by service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Calls of the People API.
    pub(crate) google: BTreeMap<String, u64>,
    /// Calls of the CRM.
    pub(crate) crm: BTreeMap<String, u64>,
}

impl Counts {
    /// All requests to Google.
    pub(crate) fn google_total(&self) -> u64 {
        self.google.values().sum()
    }

    /// All requests to the CRM.
    pub(crate) fn crm_total(&self) -> u64 {
        self.crm.values().sum()
    }

    /// How often Google was asked for this.
    pub(crate) fn of(&self, call: &str) -> u64 {
        let both = [&self.google, &self.crm];
        both.iter().filter_map(|calls| calls.get(call)).sum()
    }
}

impl Sandbox {
    /// With empty address books.
    pub(crate) fn empty() -> Self {
        Self::start(0, 0)
    }

    /// With `contacts` on each side, `overlap` of them the same people.
    pub(crate) fn start(contacts: usize, overlap: usize) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_crmsync"))
            .args(["sandbox", "--port", "0", "--record"])
            .args(["--contacts", &contacts.to_string()])
            .args(["--overlap", &overlap.to_string()])
            .env_clear()
            .env("HOME", "/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the sandbox starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line
            .trim()
            .strip_prefix("sandbox on http://")
            .unwrap_or_else(|| panic!("the sandbox said {line:?}"))
            .to_owned();
        Self {
            child,
            address,
            wire: Mutex::default(),
        }
    }

    /// Its root, without a slash at the end.
    pub(crate) fn root(&self) -> String {
        format!("http://{}", self.address)
    }

    /// One admin call; panics when it is refused.
    pub(crate) fn admin(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut all = self.all(&[(method, path.to_owned(), body.clone())]);
        all.pop().expect("an answer")
    }

    /// Many admin calls on one connection, answers in order.
    pub(crate) fn all(&self, calls: &[(&str, String, Value)]) -> Vec<Value> {
        let mut wire = self.wire.lock().expect("a whole lock");
        let mut reader = wire.take().unwrap_or_else(|| {
            let stream = TcpStream::connect(&self.address).expect("the sandbox listens");
            stream.set_nodelay(true).expect("a socket option");
            stream
                .set_read_timeout(Some(Duration::from_secs(30)))
                .expect("a socket option");
            BufReader::new(stream)
        });
        let mut answers = Vec::with_capacity(calls.len());
        for some in calls.chunks(PIPELINED) {
            let mut out = Vec::new();
            for (method, path, body) in some {
                let body = if body.is_null() {
                    String::new()
                } else {
                    body.to_string()
                };
                write!(
                    out,
                    "{method} /admin/{path} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n\r\n{body}",
                    self.address,
                    body.len()
                )
                .expect("memory");
            }
            reader.get_mut().write_all(&out).expect("it is sent");
            for (method, path, body) in some {
                let (status, answer) = read_answer(&mut reader);
                assert_eq!(status, 200, "{method} /admin/{path} {body}: {answer}");
                answers.push(serde_json::from_str(&answer).expect("JSON"));
            }
        }
        *wire = Some(reader);
        answers
    }

    /// Adds a person in Google; returns the resource name.
    pub(crate) fn add_google(&self, person: &Value) -> String {
        text(
            &self.admin("POST", "google/contacts", person),
            "resourceName",
        )
    }

    /// Replaces top-level fields of a person.
    pub(crate) fn edit_google(&self, id: &str, fields: &Value) {
        self.admin("PATCH", &format!("google/contacts/{id}"), fields);
    }

    /// Deletes a person.
    pub(crate) fn delete_google(&self, id: &str) {
        self.admin("DELETE", &format!("google/contacts/{id}"), &Value::Null);
    }

    /// Adds a record in the CRM; returns its id.
    pub(crate) fn add_crm(&self, fields: &Value) -> String {
        text(&self.admin("POST", "crm/contacts", fields), "id")
    }

    /// Edits fields of a record.
    pub(crate) fn edit_crm(&self, id: &str, fields: &Value) {
        self.admin("PATCH", &format!("crm/contacts/{id}"), fields);
    }

    /// Deletes a record into the recycle bin.
    pub(crate) fn delete_crm(&self, id: &str) {
        self.admin("DELETE", &format!("crm/contacts/{id}"), &Value::Null);
    }

    /// Makes a label; returns its resource name.
    pub(crate) fn add_group(&self, name: &str) -> String {
        let made = self.admin("POST", "google/groups", &json!({ "name": name }));
        text(&made, "resourceName")
    }

    /// Puts people into a label and takes others out.
    pub(crate) fn members(&self, group: &str, add: &[&str], remove: &[&str]) {
        let body = json!({"group": group, "add": add, "remove": remove});
        self.admin("POST", "google/members", &body);
    }

    /// An operation under `/admin/crm/`.
    pub(crate) fn crm(&self, op: &str, body: &Value) -> Value {
        self.admin("POST", &format!("crm/{op}"), body)
    }

    /// An operation under `/admin/google/`.
    pub(crate) fn google(&self, op: &str, body: &Value) -> Value {
        self.admin("POST", &format!("google/{op}"), body)
    }

    /// A list view of the CRM that shows the records of one lead source; returns its id.
    pub(crate) fn add_view(&self, name: &str, lead_source: &str) -> String {
        let criteria = json!({"comparator": "equal", "field": {"api_name": "Lead_Source"}, "value": lead_source});
        let made = self.crm("view_create", &json!({"name": name, "criteria": criteria}));
        text(&made, "id")
    }

    /// Everything on both sides.
    pub(crate) fn dump(&self) -> Value {
        self.admin("GET", "dump", &Value::Null)
    }

    /// Google's live contacts in full.
    pub(crate) fn google_contacts(&self) -> Vec<Value> {
        list(&self.admin("GET", "dump?side=google", &Value::Null)["google"]["contacts"])
    }

    /// The CRM's records in full.
    pub(crate) fn crm_contacts(&self) -> Vec<Value> {
        list(&self.admin("GET", "dump?side=crm", &Value::Null)["crm"]["contacts"])
    }

    /// Adds a fault rule.
    pub(crate) fn fault(&self, rule: &Value) {
        self.admin("POST", "faults", rule);
    }

    /// The fault rules that can still hit.
    pub(crate) fn faults(&self) -> Vec<Value> {
        list(&self.admin("GET", "faults", &Value::Null)["faults"])
    }

    /// Takes every fault rule away.
    pub(crate) fn no_faults(&self) {
        self.admin("DELETE", "faults", &Value::Null);
    }

    /// Moves the sandbox's clock.
    pub(crate) fn advance(&self, by: &str) {
        self.admin("POST", "clock", &json!({ "advance": by }));
    }

    /// The requests since the log was last emptied, and empties it. Fails when Google mutations overlapped.
    pub(crate) fn counts(&self) -> Counts {
        let log = self.admin("GET", "requests", &Value::Null);
        self.admin("DELETE", "requests", &Value::Null);
        assert_eq!(log["violations"], json!([]), "mutations overlapped");
        let of = |service: &str| -> BTreeMap<String, u64> {
            let calls = log["counts"][service].as_object();
            let calls = calls.into_iter().flatten();
            calls
                .map(|(call, count)| (call.clone(), count.as_u64().expect("a count")))
                .collect()
        };
        Counts {
            google: of("google"),
            crm: of("zoho"),
        }
    }

    /// What the CRM's calls cost since the log was last emptied, in credits.
    pub(crate) fn credits(&self) -> u64 {
        let log = self.admin("GET", "requests?brief=1", &Value::Null);
        log["credits"].as_u64().expect("a count")
    }

    /// The log itself, bodies included.
    pub(crate) fn requests(&self) -> Vec<Value> {
        list(&self.admin("GET", "requests?full=1", &Value::Null)["requests"])
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().expect("an array").clone()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().expect("a text").to_owned()
}

fn read_answer(reader: &mut BufReader<TcpStream>) -> (u16, String) {
    let mut line = String::new();
    reader.read_line(&mut line).expect("a status line");
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or_else(|| panic!("a status line, not {line:?}"));
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).expect("a header");
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body");
    (status, String::from_utf8(body).expect("UTF-8"))
}
