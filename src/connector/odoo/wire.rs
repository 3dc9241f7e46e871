//! The JSON of Odoo's two interfaces, read leniently.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value as Json};

use super::Api;
use crate::connector::http::Answer;

/// A record as the API sends it, or named arguments.
pub(super) type Row = Map<String, Json>;

/// What JSON-RPC wraps around a result.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<T> {
    #[serde(default = "none")]
    pub(super) result: Option<T>,
    #[serde(default)]
    error: Option<RpcError>,
}

fn none<T>() -> Option<T> {
    None
}

#[derive(Debug, Deserialize)]
struct RpcError {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    data: Option<Fault>,
}

/// An exception that Odoo names; what it did until then was rolled back. The traceback beside it is
/// not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Fault {
    /// The dotted path of its class.
    #[serde(default)]
    name: String,
    #[serde(default)]
    message: Option<String>,
}

impl Fault {
    /// Whether it is of this class.
    pub(super) fn is(&self, class: &str) -> bool {
        self.class() == class
    }

    /// The last part of its class.
    pub(super) fn class(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or_default()
    }

    /// Whether it comes from the database and not from Odoo.
    pub(super) fn is_of_database(&self) -> bool {
        self.name.starts_with("psycopg2.")
    }

    /// Whether the same call may work in a moment.
    pub(super) fn is_busy(&self) -> bool {
        let class = [
            "SerializationFailure",
            "LockNotAvailable",
            "DeadlockDetected",
        ];
        self.is_of_database() && class.contains(&self.class())
    }

    /// What it says, in one line.
    pub(super) fn text(&self) -> String {
        let words = self.message.as_deref().unwrap_or_default();
        let line: Vec<&str> = words.split_whitespace().collect();
        let line: String = line.join(" ").chars().take(200).collect();
        if line.is_empty() {
            self.class().to_owned()
        } else {
            line
        }
    }
}

/// The exception that an answer names; none when it succeeded or is not Odoo's.
pub(super) fn fault_of(answer: &Answer, api: Api) -> Option<Fault> {
    match api {
        Api::Json2 if answer.status == 200 => None,
        Api::Json2 => {
            let fault: Fault = serde_json::from_slice(&answer.body).ok()?;
            (!fault.name.is_empty()).then_some(fault)
        }
        Api::JsonRpc => {
            let envelope: Envelope<IgnoredAny> = serde_json::from_slice(&answer.body).ok()?;
            let error = envelope.error?;
            let message = error.message;
            Some(error.data.unwrap_or(Fault {
                name: String::new(),
                message,
            }))
        }
    }
}

/// One field of `fields_get`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FieldDef {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) string: Option<String>,
    pub(super) required: bool,
    pub(super) readonly: bool,
    pub(super) store: Option<bool>,
    pub(super) size: Option<u32>,
    pub(super) selection: Option<Vec<(Json, String)>>,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn an_exception_is_known_by_its_class_in_both_interfaces() {
        let rpc = answer(
            200,
            r#"{"jsonrpc": "2.0", "id": 1, "error": {"code": 200, "message": "Odoo Server Error",
                "data": {"name": "odoo.exceptions.ValidationError", "message": "Contacts\n require a name",
                         "debug": "Traceback"}}}"#,
        );
        let fault = fault_of(&rpc, Api::JsonRpc).unwrap();
        assert!(fault.is("ValidationError"));
        assert_eq!(fault.text(), "Contacts require a name");
        let json2 = answer(
            500,
            r#"{"name": "builtins.ValueError", "message": "", "debug": ""}"#,
        );
        let fault = fault_of(&json2, Api::Json2).unwrap();
        assert_eq!(fault.text(), "ValueError");
        assert!(!fault.is_busy());
    }

    #[test]
    fn a_success_and_a_page_of_a_proxy_are_no_exceptions() {
        let done = answer(
            200,
            r#"{"jsonrpc": "2.0", "id": 1, "result": [{"error": "no"}]}"#,
        );
        assert_eq!(fault_of(&done, Api::JsonRpc), None);
        assert_eq!(fault_of(&answer(200, r#"{"name": "x"}"#), Api::Json2), None);
        assert_eq!(fault_of(&answer(502, "<html>"), Api::Json2), None);
        assert_eq!(fault_of(&answer(502, "<html>"), Api::JsonRpc), None);
    }
}
