//! Requests as they come in: read to their end, decompressed, and with their method put right.

use std::collections::BTreeMap;
use std::io::Read;

use axum::body::to_bytes;
use flate2::read::GzDecoder;
use url::form_urlencoded;

use super::http::Request;

/// The largest request body that is read.
const BODY_LIMIT: usize = 64 << 20;

/// A request, read to its end; none when it breaks off or is too long.
pub(super) async fn read(incoming: axum::extract::Request) -> Option<Request> {
    let (parts, body) = incoming.into_parts();
    let bytes = to_bytes(body, BODY_LIMIT).await.ok()?;
    let mut headers = BTreeMap::new();
    for (name, value) in &parts.headers {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.insert(name.as_str().to_owned(), text);
    }
    let mut body = bytes.to_vec();
    if headers.get("content-encoding").map(String::as_str) == Some("gzip") {
        let mut plain = Vec::new();
        GzDecoder::new(bytes.as_ref())
            .take(BODY_LIMIT as u64)
            .read_to_end(&mut plain)
            .ok()?;
        body = plain;
    }
    let query = parts.uri.query().unwrap_or("");
    let mut request = Request {
        method: parts.method.as_str().to_owned(),
        path: percent_decoded(parts.uri.path()),
        query: form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers,
        body,
    };
    apply_override(&mut request);
    Some(request)
}

/// `X-HTTP-Method-Override`: a long GET sent as POST, its query in a form body.
fn apply_override(request: &mut Request) {
    if request.method != "POST" {
        return;
    }
    let Some(method) = request
        .header("x-http-method-override")
        .map(str::to_uppercase)
    else {
        return;
    };
    let is_form = request
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if method == "GET" && is_form {
        let form = form_urlencoded::parse(&request.body).into_owned();
        request.query.extend(form);
        request.body = Vec::new();
    }
    request.method = method;
}

fn percent_decoded(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = (bytes[at] == b'%')
            .then(|| path.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        plain.push(pair.unwrap_or(bytes[at]));
        at += if pair.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&plain).into_owned()
}
