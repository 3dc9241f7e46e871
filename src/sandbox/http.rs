//! One HTTP exchange as the simulated services see it, free of any server library.

use std::collections::BTreeMap;

/// A request, already read to its end and decompressed.
#[derive(Clone, Debug)]
pub struct Request {
    /// Upper-case method, after `X-HTTP-Method-Override` was applied.
    pub method: String,
    /// The path, percent-decoded, without the query.
    pub path: String,
    /// Query parameters in order, percent-decoded (form parameters of an overridden GET included).
    pub query: Vec<(String, String)>,
    /// Headers with lower-case names.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The first query parameter of that name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Every query parameter of that name, in order.
    #[must_use]
    pub fn params(&self, name: &str) -> Vec<&str> {
        self.query
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// A header by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Extra headers.
    pub headers: Vec<(String, String)>,
    /// Media type of the body; none for an empty body.
    pub media_type: Option<&'static str>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            media_type: Some("application/json; charset=UTF-8"),
            body: body.to_string().into_bytes(),
        }
    }

    /// An HTML answer.
    #[must_use]
    pub fn html(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            media_type: Some("text/html; charset=UTF-8"),
            body: body.into().into_bytes(),
        }
    }

    /// An answer without a body (204, 304).
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            media_type: None,
            body: Vec::new(),
        }
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}
