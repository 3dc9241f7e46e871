//! Canonical forms: what two values are compared by. The text itself is never changed.

use std::borrow::Cow;
use std::sync::Once;

use jiff::civil;
use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, Region};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::regions::REGIONS;
use crate::model::{FieldKind, Key, Value};

/// A text as a value of a kind, with its canonical form; `None` when it is blank. `region` is the
/// default country of phone numbers, ISO 3166 alpha-2.
#[must_use]
pub fn value(kind: FieldKind, text: &str, region: Option<&str>) -> Option<Value> {
    let plain = plain(text);
    if plain.is_empty() {
        return None;
    }
    let canon = match kind {
        FieldKind::Email => email(text).map_or(plain, |key| key.as_str().to_owned().into()),
        FieldKind::Phone => phone(text, region).into(),
        FieldKind::Date => date(text).map_or(plain, Cow::Owned),
        FieldKind::Text
        | FieldKind::Multiline
        | FieldKind::Url
        | FieldKind::Picklist
        | FieldKind::Lookup
        | FieldKind::Other => plain,
    };
    Some(Value::with_canon(text, &canon))
}

/// Gets the rules of phone numbers ready on a thread of their own: that takes as long as reading a thousand
/// numbers. Whoever needs them meanwhile waits for it; where there is no thread to be had, whoever needs them
/// first does it.
pub(super) fn get_ready() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let rules = || PHONE_NUMBER_UTIL.normalize_digits_only("0").len();
        drop(std::thread::Builder::new().spawn(rules));
    });
}

/// The canonical form of a text: NFC, line ends as `\n`, no white space around it.
#[must_use]
pub fn text(text: &str) -> String {
    plain(text).into_owned()
}

/// The same, without a copy where the text is that form already.
fn plain(text: &str) -> Cow<'_, str> {
    if plainly(text) {
        return Cow::Borrowed(text);
    }
    let trimmed = trim(text);
    if trimmed.contains('\r') {
        let lines = trimmed.replace("\r\n", "\n").replace('\r', "\n");
        return lines.nfc().collect::<String>().into();
    }
    composed(trimmed)
}

/// Whether a text is of ASCII from a sign to a sign, on lines that end in `\n`.
fn plainly(text: &str) -> bool {
    let sign = |byte: Option<&u8>| byte.is_some_and(|byte| *byte > b' ');
    let bytes = text.as_bytes();
    sign(bytes.first()) && sign(bytes.last()) && text.is_ascii() && !bytes.contains(&b'\r')
}

/// The text in NFC; nearly every text is that already.
fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        text.nfc().collect::<String>().into()
    }
}

/// The key form of an e-mail address: trimmed, NFC, lower-case, domain in ASCII (IDNA, UTS #46
/// non-transitional); `None` when it is no address. No dot or plus folding. Lower-casing follows
/// Unicode's rules for every language, so that a Turkish `İ` becomes `i` with a dot above, never `ı`.
#[must_use]
pub fn email(text: &str) -> Option<Key> {
    let address = trim(text);
    let (local, domain) = address.rsplit_once('@')?;
    let ordinary = ordinary(domain);
    if ordinary && local.is_ascii() {
        let good = !local.is_empty() && !local.chars().any(not_in_local_part);
        return good.then(|| Key::from(address.to_ascii_lowercase()));
    }
    let local: String = if local.is_ascii() {
        local.to_ascii_lowercase()
    } else {
        local
            .nfc()
            .flat_map(char::to_lowercase)
            .collect::<String>()
            .nfc()
            .collect()
    };
    if local.is_empty() || local.chars().any(not_in_local_part) {
        return None;
    }
    let mut key = local;
    key.push('@');
    if ordinary {
        key.extend(domain.chars().map(|c| c.to_ascii_lowercase()));
    } else {
        key.push_str(&idna::domain_to_ascii_strict(domain).ok()?);
    }
    Some(Key::from(key))
}

/// Whether a domain is one of letters, digits and hyphens of which IDNA has nothing to say but that
/// its ASCII form is lower-case.
fn ordinary(domain: &str) -> bool {
    let label = |label: &[u8]| {
        (1..=63).contains(&label.len())
            && label
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
            && label.get(2..4) != Some(b"--")
    };
    domain.len() <= 253 && domain.as_bytes().split(|byte| *byte == b'.').all(label)
}

/// Characters that an address has before the `@` only in quotes (RFC 5321, section 4.1.2), which
/// neither side keeps, and characters that nobody sees.
fn not_in_local_part(c: char) -> bool {
    if c.is_ascii_alphanumeric() {
        return false;
    }
    c.is_whitespace() || c.is_control() || invisible(c) || "@<>()[],;:\\\"".contains(c)
}

/// Zero-width characters that copying from a web page or a spreadsheet leaves behind.
fn invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || invisible(c))
}

/// The canonical form of a phone number: the E.164 digits without the plus sign, with `x` and the
/// extension behind them, when it can be read as a number (`region` is the default country); else
/// its digits; else its text.
#[must_use]
pub fn phone(text: &str, region: Option<&str>) -> String {
    let trimmed = trim(text);
    if let Some((e164, extension)) = read_phone(trimmed, region) {
        let digits = e164.strip_prefix('+').unwrap_or(&e164);
        return match extension {
            Some(extension) => format!("{digits}x{extension}"),
            None => digits.to_owned(),
        };
    }
    let digits = PHONE_NUMBER_UTIL.normalize_digits_only(trimmed);
    if digits.is_empty() {
        self::text(text)
    } else {
        digits
    }
}

/// The E.164 form of a phone number, plus sign included; `None` when it cannot be read as a number
/// (`region` is the default country) or has an extension, which that form cannot hold.
#[must_use]
pub fn e164(text: &str, region: Option<&str>) -> Option<String> {
    match read_phone(trim(text), region)? {
        (e164, None) => Some(e164),
        (_, Some(_)) => None,
    }
}

/// The E.164 form of a number that is possible, and its extension.
fn read_phone(trimmed: &str, region: Option<&str>) -> Option<(String, Option<String>)> {
    let region = region.and_then(known_region);
    let number = PhoneNumber::parse(trimmed, region).ok()?;
    if number.is_possible_with_reason() != Ok(NumberLengthType::IsPossible) {
        return None;
    }
    let extension = number
        .extension
        .as_deref()
        .filter(|extension| !extension.is_empty())
        .map(str::to_owned);
    Some((number.to_string(), extension))
}

/// The ways in which a remote may have stored a key: as it is, and with the letters of an
/// international domain instead of its ASCII form. Lower-case.
#[must_use]
pub fn spellings(key: &Key) -> Vec<String> {
    let mut all = vec![key.as_str().to_owned()];
    if let Some((local, domain)) = key.as_str().rsplit_once('@') {
        let (letters, read) = idna::domain_to_unicode(domain);
        if read.is_ok() && letters != domain {
            all.push(format!("{local}@{letters}"));
        }
    }
    all
}

/// The country code in upper case when it is one that has phone numbers (ISO 3166 alpha-2).
#[must_use]
pub fn region(code: &str) -> Option<String> {
    known_region(code).map(|region| region.to_string())
}

fn known_region(code: &str) -> Option<Region> {
    let region = Region::from_code(code).ok()?;
    REGIONS
        .binary_search(&region.to_string().as_str())
        .is_ok()
        .then_some(region)
}

/// Every country code that [`region`] knows, sorted.
#[must_use]
pub fn regions() -> &'static [&'static str] {
    &REGIONS
}

/// The canonical form of a date, `YYYY-MM-DD`, or `--MM-DD` without a year; a time of day behind it
/// is dropped. `None` when it is no date.
#[must_use]
pub fn date(text: &str) -> Option<String> {
    let trimmed = trim(text);
    if let Some(rest) = trimmed.strip_prefix("--") {
        let (month, day) = rest.split_once('-')?;
        // A leap year, so that 29 February is a birthday like any other.
        let date = civil::Date::new(2000, number(month, 2)?, number(day, 2)?).ok()?;
        return Some(format!("--{:02}-{:02}", date.month(), date.day()));
    }
    let only_date = match trimmed.split_once(['T', ' ']) {
        Some((date, time)) if time.starts_with(|c: char| c.is_ascii_digit()) => date,
        Some(_) => return None,
        None => trimmed,
    };
    let mut parts = only_date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let date = civil::Date::new(number(year, 4)?, number(month, 2)?, number(day, 2)?).ok()?;
    Some(date.to_string())
}

/// A run of at most `most` ASCII digits as a number.
fn number<N: std::str::FromStr>(text: &str, most: usize) -> Option<N> {
    let digits = !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
#[path = "canon_tests.rs"]
mod tests;
