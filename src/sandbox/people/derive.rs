//! The forms of a field that the server works out itself: shown names, shown types, canonical numbers.

use serde_json::{Map, Value, json};

use super::normal::Habits;
use super::schema;

fn text<'a>(item: &'a Map<String, Value>, key: &str) -> &'a str {
    item.get(key).and_then(Value::as_str).unwrap_or("")
}

/// Adds to a cleaned item what the server derives from it.
pub(super) fn derive(field: &str, item: &mut Map<String, Value>, habits: Habits) {
    match field {
        "names" => derive_name(item, habits.unstructured_wins),
        "phoneNumbers" => {
            if let Some(form) = canonical_phone(text(item, "value")) {
                item.insert("canonicalForm".to_owned(), Value::String(form));
            }
        }
        "addresses" => derive_address(item, habits.formatted_wins),
        "biographies" => {
            item.entry("contentType")
                .or_insert_with(|| json!("TEXT_PLAIN"));
        }
        "genders" => {
            let value = text(item, "value").to_owned();
            item.insert("formattedValue".to_owned(), Value::String(capital(&value)));
        }
        "imClients" => {
            let protocol = text(item, "protocol").to_owned();
            if !protocol.is_empty() {
                item.insert(
                    "formattedProtocol".to_owned(),
                    Value::String(capital(&protocol)),
                );
            }
        }
        _ => {}
    }
    let has_shown_type =
        schema::item_message(field).is_some_and(|message| message.contains_key("formattedType"));
    let kind = text(item, "type").to_owned();
    if has_shown_type && !kind.is_empty() {
        item.insert("formattedType".to_owned(), Value::String(shown_type(&kind)));
    }
}

fn shown_type(kind: &str) -> String {
    match kind {
        "homeFax" => "Home Fax".to_owned(),
        "workFax" => "Work Fax".to_owned(),
        "otherFax" => "Other Fax".to_owned(),
        "workMobile" => "Work Mobile".to_owned(),
        "workPager" => "Work Pager".to_owned(),
        "googleVoice" => "Google Voice".to_owned(),
        "homePage" => "Home Page".to_owned(),
        "ftp" | "sip" => kind.to_uppercase(),
        "home" | "work" | "mobile" | "other" | "main" | "pager" | "spouse" | "child" | "mother"
        | "father" | "parent" | "brother" | "sister" | "friend" | "relative" | "manager"
        | "assistant" | "partner" | "anniversary" | "blog" | "profile" | "school" | "account"
        | "customer" | "network" | "organization" => capital(kind),
        custom => custom.to_owned(),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn derive_name(item: &mut Map<String, Value>, unstructured_wins: bool) {
    const PARTS: [&str; 5] = [
        "honorificPrefix",
        "givenName",
        "middleName",
        "familyName",
        "honorificSuffix",
    ];
    let whole = text(item, "unstructuredName").to_owned();
    let has_parts = PARTS.iter().any(|part| item.contains_key(*part));
    if !whole.is_empty() && (unstructured_wins || !has_parts) {
        for part in PARTS {
            item.remove(part);
        }
        let whole = whole.trim();
        match whole.rsplit_once(' ') {
            Some((given, family)) => {
                item.insert("givenName".to_owned(), json!(given.trim()));
                item.insert("familyName".to_owned(), json!(family));
            }
            None => {
                item.insert("givenName".to_owned(), json!(whole));
            }
        }
    }
    let join = |names: &[&str]| {
        names
            .iter()
            .map(|name| text(item, name))
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let shown = join(&PARTS);
    let first = join(&["honorificPrefix", "givenName", "middleName"]);
    let last = join(&["familyName", "honorificSuffix"]);
    let last_first = match (first.is_empty(), last.is_empty()) {
        (false, false) => format!("{last}, {first}"),
        (true, _) => last,
        (_, true) => first,
    };
    for (key, value) in [
        ("displayName", &shown),
        ("displayNameLastFirst", &last_first),
        ("unstructuredName", &shown),
    ] {
        if value.is_empty() {
            item.remove(key);
        } else {
            item.insert(key.to_owned(), json!(value));
        }
    }
}

fn derive_address(item: &mut Map<String, Value>, formatted_wins: bool) {
    let town = [
        text(item, "city"),
        text(item, "region"),
        text(item, "postalCode"),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join(" ");
    let lines = [
        text(item, "streetAddress"),
        text(item, "extendedAddress"),
        text(item, "poBox"),
        town.as_str(),
        text(item, "country"),
    ];
    let built = lines
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n");
    let keep = item.contains_key("formattedValue") && (formatted_wins || built.is_empty());
    if !keep && !built.is_empty() {
        item.insert("formattedValue".to_owned(), Value::String(built));
    }
}

/// E.164 of a number written with its country code; the server has no country to guess from.
fn canonical_phone(number: &str) -> Option<String> {
    let trimmed = number.trim();
    let rest = trimmed.strip_prefix('+')?;
    if !rest
        .chars()
        .all(|c| c.is_ascii_digit() || " -./()".contains(c))
    {
        return None;
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    ((7..=15).contains(&digits.len())).then(|| format!("+{digits}"))
}
