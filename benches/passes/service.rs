//! The sandbox as a child process, and its admin interface.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// Requests that are written before their answers are read.
const AHEAD: usize = 100;

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_crmsync");

/// A sandbox that ends with the case.
pub(crate) struct Sandbox {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What the sandbox saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Requests by service and call.
    pub(crate) calls: BTreeMap<String, u64>,
    /// Bytes that came in, heads included.
    pub(crate) bytes: u64,
    /// What the CRM's calls cost in API credits.
    pub(crate) credits: u64,
    /// Google mutations that overlapped.
    pub(crate) violations: usize,
}

impl Sandbox {
    /// With so many contacts on each side, `both` of them the same people.
    pub(crate) fn start(google: usize, crm: usize, both: usize) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["sandbox", "--port", "0"])
            .args(["--google", &google.to_string()])
            .args(["--crm", &crm.to_string()])
            .args(["--overlap", &both.to_string()])
            .env_clear()
            .env("HOME", "/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
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
        Self { child, address }
    }

    /// One admin call.
    pub(crate) fn admin(&self, method: &str, path: &str, body: &Value) -> Value {
        self.all(&[(method, path.to_owned(), body.clone())])
            .pop()
            .expect("an answer")
    }

    /// Many admin calls on one connection, answers in order.
    pub(crate) fn all(&self, calls: &[(&str, String, Value)]) -> Vec<Value> {
        let stream = TcpStream::connect(&self.address).expect("the sandbox listens");
        let mut reader = BufReader::new(stream);
        let mut answers = Vec::with_capacity(calls.len());
        for some in calls.chunks(AHEAD) {
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
            for (method, path, _) in some {
                let (status, body) = answer(&mut reader);
                assert_eq!(status, 200, "{method} {path}: {body}");
                answers.push(serde_json::from_str(&body).expect("JSON"));
            }
        }
        answers
    }

    /// 100 ms a read and 300 ms a mutation, on both services.
    pub(crate) fn delay(&self) {
        let delay = json!({"read": 100, "mutation": 300});
        self.admin("POST", "latency", &json!({"google": delay, "zoho": delay}));
    }

    /// Forgets what was counted so far.
    pub(crate) fn forget(&self) {
        self.admin("DELETE", "requests", &Value::Null);
    }

    /// What was counted.
    pub(crate) fn seen(&self) -> Seen {
        let report = self.admin("GET", "requests?brief=1", &Value::Null);
        let mut seen = Seen {
            bytes: report["bytes"]["received"].as_u64().unwrap_or(0),
            credits: report["credits"].as_u64().unwrap_or(0),
            violations: report["violations"].as_array().map_or(0, Vec::len),
            ..Seen::default()
        };
        for (service, calls) in report["counts"].as_object().into_iter().flatten() {
            for (call, count) in calls.as_object().into_iter().flatten() {
                seen.calls
                    .insert(format!("{service} {call}"), count.as_u64().unwrap_or(0));
            }
        }
        seen
    }
}

fn answer(reader: &mut impl BufRead) -> (u16, String) {
    let mut head = String::new();
    reader.read_line(&mut head).expect("an answer");
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let body = String::from_utf8(body).expect("text");
    (status.expect("a status"), body)
}
