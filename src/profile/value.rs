//! One value of a profile against the shape that its key takes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::fault::Fault;
use super::keys::or_leave_out;
use super::secret;
use crate::mapping::{self, canon, nearest};
use crate::model::{KeyInfo, Shape, quoted, spelled};

/// A value that fits its key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given {
    Text(String),
    Duration(Duration),
    Count(u64),
    Flag(bool),
    Words(Vec<String>),
    Values(BTreeMap<String, (serde_json::Value, Range<usize>)>),
    Path(mapping::Path),
}

/// Reads a value as what its key takes.
pub(super) fn read(key: &KeyInfo, value: &Spanned<DeValue<'_>>) -> Result<Given, Vec<Fault>> {
    let span = value.span();
    match key.shape {
        Shape::Values => return values(key, value),
        Shape::Words(words) => return word_list(key, words, value),
        Shape::Flag => {
            return value
                .get_ref()
                .as_bool()
                .map(Given::Flag)
                .ok_or_else(|| wrong_type(key, value));
        }
        Shape::Count(least, most) => {
            let number = value
                .get_ref()
                .as_integer()
                .ok_or_else(|| wrong_type(key, value))?;
            return integer(number)
                .and_then(|number| u64::try_from(number).ok())
                .filter(|number| (least..=most).contains(number))
                .map(Given::Count)
                .ok_or_else(|| {
                    let message = format!("`{}` is out of range", key.name);
                    vec![
                        Fault::new(span, message)
                            .help(format!("give a number from {least} to {most}")),
                    ]
                });
        }
        Shape::Text
        | Shape::Word(_)
        | Shape::Duration(..)
        | Shape::Region
        | Shape::Address
        | Shape::File
        | Shape::Endpoint
        | Shape::Path => {}
    }
    let text = value
        .get_ref()
        .as_str()
        .ok_or_else(|| wrong_type(key, value))?;
    if secret::looks_secret(text) {
        return Err(vec![secret_fault(span, key.name)]);
    }
    of_text(key, text).map_err(|(message, help)| vec![Fault::new(span, message).help(help)])
}

/// The error about a secret, with where it belongs instead.
pub(super) fn secret_fault(span: Range<usize>, name: &str) -> Fault {
    let help = match name {
        "google.client_secret" | "google.service_account" => {
            "name the file that holds it, relative to the profile"
        }
        name if name.starts_with("google.") => {
            "remove it; `crmsync auth google` signs in, and CRMSYNC_GOOGLE_TOKEN holds a ready token"
        }
        _ => "remove it; `crmsync auth crm` signs in, and CRMSYNC_CRM_TOKEN holds a ready token",
    };
    let mut fault = Fault::new(span, secret::MESSAGE).help(help);
    fault.secret = true;
    fault
}

type Wrong = (String, String);

fn of_text(key: &KeyInfo, text: &str) -> Result<Given, Wrong> {
    let name = key.name;
    if text.trim().is_empty() {
        return Err((
            format!("`{name}` is empty"),
            format!("give it a value{}", or_leave_out(key)),
        ));
    }
    if text.contains(char::is_control) {
        return Err((
            format!("`{name}` holds a line end or another control character"),
            "write it on one line".to_owned(),
        ));
    }
    match key.shape {
        Shape::Word(words) => one_of(name, words, text).map(Given::Text),
        Shape::Duration(least, most) => duration(name, text, least, most).map(Given::Duration),
        Shape::Region => canon::region(text).map(Given::Text).ok_or_else(|| {
            let meant = if text.eq_ignore_ascii_case("uk") {
                "GB"
            } else {
                "DE"
            };
            (
                format!("`{text}` is not a country code"),
                format!("give the two letters of ISO 3166, such as \"{meant}\""),
            )
        }),
        Shape::Address => canon::email(text)
            .map(|key| Given::Text(key.as_str().to_owned()))
            .ok_or_else(|| {
                (
                    format!("`{name}` is not an e-mail address"),
                    "give it as \"me@example.com\"".to_owned(),
                )
            }),
        Shape::Endpoint => endpoint(name, text).map(Given::Text),
        Shape::Path => mapping::Path::parse(text)
            .map(Given::Path)
            .map_err(|error| {
                let help = error.nearest.as_ref().map_or_else(
                    || "`crmsync map-fields` lists the paths".to_owned(),
                    |nearest| format!("did you mean `{nearest}`?"),
                );
                (error.to_string(), help)
            }),
        Shape::Text
        | Shape::File
        | Shape::Count(..)
        | Shape::Flag
        | Shape::Words(_)
        | Shape::Values => Ok(Given::Text(text.to_owned())),
    }
}

fn wrong_type(key: &KeyInfo, value: &Spanned<DeValue<'_>>) -> Vec<Fault> {
    let message = format!(
        "`{}` takes {}, not {}",
        key.name,
        key.takes(),
        kind_of(value.get_ref())
    );
    let fault = Fault::new(value.span(), message);
    let quotes =
        value.get_ref().is_integer() || value.get_ref().is_float() || value.get_ref().is_bool();
    let as_text = !matches!(
        key.shape,
        Shape::Flag | Shape::Count(..) | Shape::Values | Shape::Words(_)
    );
    let unquote = match (key.shape, value.get_ref().as_str()) {
        (Shape::Flag, Some(text)) => text.parse::<bool>().is_ok(),
        (Shape::Count(..), Some(text)) => text.parse::<u64>().is_ok(),
        (_, _) => false,
    };
    vec![if quotes && as_text {
        fault.help("put it in quotes")
    } else if unquote {
        fault.help("write it without quotes")
    } else {
        fault
    }]
}

/// What a TOML value is, as a person says it.
pub(super) fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn integer(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn one_of(name: &str, words: &[&str], text: &str) -> Result<String, Wrong> {
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    let meant = nearest(text, words.iter().copied())
        .map(|word| format!("did you mean \"{word}\"? "))
        .unwrap_or_default();
    Err((
        format!("`{name}` cannot be \"{text}\""),
        format!("{meant}it takes {}", quoted(words)),
    ))
}

fn duration(name: &str, text: &str, least: Duration, most: Duration) -> Result<Duration, Wrong> {
    let help = format!(
        "give it from {} to {}, such as \"1h\", \"30m\", \"2d\" or \"1h 30m\"",
        spelled(least),
        spelled(most)
    );
    let length = text
        .trim()
        .parse::<Span>()
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
        .map_err(|_| {
            (
                format!("`{name}`: \"{text}\" is not a length of time"),
                help.clone(),
            )
        })?;
    Duration::try_from(length)
        .ok()
        .filter(|length| (least..=most).contains(length))
        .ok_or_else(|| (format!("`{name}`: \"{text}\" is out of range"), help))
}

fn endpoint(name: &str, text: &str) -> Result<String, Wrong> {
    let wrong = |message: &str, help: &str| (format!("`{name}` {message}"), help.to_owned());
    let https = "give an address that starts with https://";
    let parsed = url::Url::parse(text).map_err(|_| wrong("is not an address", https))?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(wrong(
            "must not hold a user or a password",
            "take the part before the @ out",
        ));
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(wrong(
            "must not have a `?` or `#` part",
            "give the root alone",
        ));
    }
    let loopback = match parsed.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(_)) => false,
        None => return Err(wrong("has no host", https)),
    };
    match parsed.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => {
            return Err(wrong(
                "is `http://` and not on this machine: contacts and tokens would go over the wire unprotected",
                "use https://, or a loopback literal such as http://127.0.0.1:8801",
            ));
        }
        _ => return Err(wrong("is neither https:// nor http://", https)),
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn word_list(
    key: &KeyInfo,
    words: &[&str],
    value: &Spanned<DeValue<'_>>,
) -> Result<Given, Vec<Fault>> {
    let list = value
        .get_ref()
        .as_array()
        .ok_or_else(|| wrong_type(key, value))?;
    let mut faults = Vec::new();
    let mut found: Vec<String> = Vec::new();
    for item in list {
        let Some(text) = item.get_ref().as_str() else {
            faults.extend(wrong_type(key, item));
            continue;
        };
        match one_of(key.name, words, text) {
            Ok(word) if found.contains(&word) => {
                faults.push(Fault::new(
                    item.span(),
                    format!("\"{word}\" stands here twice"),
                ));
            }
            Ok(word) => found.push(word),
            Err((message, help)) => faults.push(Fault::new(item.span(), message).help(help)),
        }
    }
    if faults.is_empty() {
        Ok(Given::Words(found))
    } else {
        Err(faults)
    }
}

fn values(key: &KeyInfo, value: &Spanned<DeValue<'_>>) -> Result<Given, Vec<Fault>> {
    let table: &DeTable<'_> = value
        .get_ref()
        .as_table()
        .ok_or_else(|| wrong_type(key, value))?;
    let mut faults = Vec::new();
    let mut found = BTreeMap::new();
    for (field, value) in table {
        let scalar = match value.get_ref() {
            DeValue::String(text) if secret::looks_secret(text) => {
                faults.push(secret_fault(value.span(), key.name));
                continue;
            }
            DeValue::String(text) => Some(serde_json::Value::from(text.as_ref())),
            DeValue::Integer(number) => integer(number).map(serde_json::Value::from),
            DeValue::Float(number) => number
                .as_str()
                .parse::<f64>()
                .ok()
                .and_then(serde_json::Number::from_f64)
                .map(serde_json::Value::Number),
            DeValue::Boolean(flag) => Some(serde_json::Value::from(*flag)),
            DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
        };
        if let Some(scalar) = scalar {
            found.insert(field.get_ref().to_string(), (scalar, value.span()));
        } else {
            let message = format!(
                "`{}.{}` takes a text, a number or true or false, not {}",
                key.name,
                field.get_ref(),
                kind_of(value.get_ref())
            );
            faults.push(Fault::new(value.span(), message));
        }
    }
    if faults.is_empty() {
        Ok(Given::Values(found))
    } else {
        Err(faults)
    }
}
