//! Names of resources: one spelling for each, whatever the server escapes.

use reqwest::Url;

use crate::model::RemoteId;

/// Letters that stand for themselves in a part of a path (RFC 3986, section 3.3).
fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(&byte)
}

/// A part of a path without its escapes; bytes that are no text become signs for that.
pub(super) fn decode(part: &str) -> String {
    String::from_utf8_lossy(&bytes(part)).into_owned()
}

fn bytes(part: &str) -> Vec<u8> {
    let raw = part.as_bytes();
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let hex = raw
            .get(at + 1..at + 3)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = hex.filter(|_| raw[at] == b'%') {
            out.push(byte);
            at += 3;
        } else {
            out.push(raw[at]);
            at += 1;
        }
    }
    out
}

/// A part of a path with the escapes that it needs, and no others.
fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        if plain(*byte) {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    })
}

/// The name of a resource of the address book; none for the book itself, for what lies elsewhere or
/// deeper, and for other collections.
pub(super) fn name(book: &Url, href: &str) -> Option<RemoteId> {
    let url = book.join(href).ok()?;
    let own = parts(book);
    let theirs = parts(&url);
    let (last, before) = theirs.split_last()?;
    (before == own && !url.path().ends_with('/')).then(|| RemoteId::from(encode(last)))
}

/// The parts of a path that are not empty, without their escapes.
fn parts(url: &Url) -> Vec<Vec<u8>> {
    url.path_segments().map_or_else(Vec::new, |parts| {
        parts.filter(|part| !part.is_empty()).map(bytes).collect()
    })
}

/// The address of a resource of the address book.
pub(super) fn url(book: &Url, id: &RemoteId) -> Url {
    let mut url = book.clone();
    let path = format!("{}{}", book.path(), encode(&bytes(id.as_str())));
    url.set_path(&path);
    url
}
