//! Changes to a profile's text that keep its comments and its order.

use std::collections::BTreeMap;

use toml_edit::{Array, DocumentMut, Item, Key, Table, TableLike, Value};

pub use super::edit_map::{add_map, remove_map, set_map};
use super::keys::{Keys, Kind};
use super::{secret, value};
use crate::mapping::nearest;
use crate::model::{KeyInfo, Kinds, Shape};

/// Why a text was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text is not TOML, or a section is something else than a section.
    #[error("the profile cannot be changed: {0}")]
    Text(String),
    /// No such key.
    #[error("there is no key `{given}`")]
    UnknownKey {
        /// What was given.
        given: String,
        /// The key that was probably meant.
        nearest: Option<String>,
    },
    /// The value does not fit its key.
    #[error("{message}")]
    Value {
        /// What is wrong.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// The CRM field or the Google field is in the mapping already.
    #[error("`{0}` is mapped already")]
    Mapped(String),
    /// The mapping has no such field.
    #[error("`{0}` is not in the profile's mapping")]
    NotMapped(String),
    /// It is the last pair.
    #[error("`{0}` is the last pair of the mapping")]
    LastPair(String),
}

impl EditError {
    /// What to do about it; none when the message says it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Text(_) => Some("mend it in an editor first".to_owned()),
            Self::UnknownKey { given, nearest } => Some(match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None if given.starts_with("map.") => {
                    "`crmsync map-fields` changes the mapping".to_owned()
                }
                None => "keys are written with their section, such as `sync.full_every`".to_owned(),
            }),
            Self::Value { help, .. } => help.clone(),
            Self::Mapped(_) => {
                Some("take the pair out first, with `map-fields --remove`".to_owned())
            }
            Self::NotMapped(_) => Some("`crmsync map-fields` lists the mapping".to_owned()),
            Self::LastPair(_) => {
                Some("`map-fields --reset` goes back to the default mapping".to_owned())
            }
        }
    }
}

/// Sets a key, given as `section.name` (`sync.full_every`, `crm.defaults.Lead_Source`), to a value
/// as a command line gives it: `12h`, `500`, `true`, `workflow,approval`, quoted or not. A value
/// that was there keeps the comment behind it. Checked against the keys of the text's CRM kind.
pub fn set(kinds: Kinds, text: &str, name: &str, raw: &str) -> Result<String, EditError> {
    let mut document = document(text)?;
    let keys = keys_of(kinds, &document);
    let (parents, leaf, value) = resolve(&keys, name, raw)?;
    let table = section(&mut document, &parents)?;
    put(table, leaf, value);
    Ok(spelled_like(text, &document))
}

/// Takes a key out, so that its default counts.
pub fn unset(kinds: Kinds, text: &str, name: &str) -> Result<String, EditError> {
    let mut document = document(text)?;
    let keys = keys_of(kinds, &document);
    let (parents, leaf) = split(&keys, name)?;
    if let Some(mut table) = document
        .get_mut(parents[0])
        .and_then(Item::as_table_like_mut)
    {
        if let Some(inner) = parents.get(1) {
            match table.get_mut(inner).and_then(Item::as_table_like_mut) {
                Some(found) => table = found,
                None => return Ok(text.to_owned()),
            }
        }
        table.remove(leaf);
    }
    Ok(spelled_like(text, &document))
}

/// A new profile's text from choices, given as for [`set`]: what is chosen, with a line of
/// explanation each, and as comments the defaults of everything else.
pub fn new_text<K: AsRef<str>, V: AsRef<str>>(
    kinds: Kinds,
    choices: &[(K, V)],
) -> Result<String, EditError> {
    let kind = choices
        .iter()
        .find(|(name, _)| name.as_ref() == "crm.kind")
        .map(|(_, raw)| unquoted(raw.as_ref()));
    let keys = Keys::new(kinds, Kind::named(kinds, kind));
    let mut chosen = BTreeMap::new();
    let mut defaults = BTreeMap::new();
    for (name, raw) in choices {
        let (parents, leaf, value) = resolve(&keys, name.as_ref(), raw.as_ref())?;
        if parents.len() == 1 {
            chosen.insert(name.as_ref(), value);
        } else {
            defaults.insert(leaf, value);
        }
    }
    let mut lines: Vec<String> = Vec::new();
    let mut section = "";
    for info in keys.iter().filter(|info| info.section() != "map") {
        if info.section() != section {
            let blank = if section.is_empty() { "" } else { "\n" };
            section = info.section();
            lines.push(format!("{blank}[{section}]\n"));
        }
        let leaf = info.leaf();
        if let Some(value) = chosen.get(info.name) {
            lines.push(format!("# {}\n{leaf} = {value}\n", info.doc));
        } else if let Some(default) = info.default() {
            lines.push(format!("# {}\n# {leaf} = {default}\n", info.doc));
        }
    }
    if let (false, Some(info)) = (defaults.is_empty(), keys.find("crm.defaults")) {
        lines.push(format!("\n# {}\n[{}]\n", info.doc, info.name));
    }
    let defaults = defaults.into_iter();
    lines.extend(defaults.map(|(leaf, value)| format!("{} = {value}\n", Key::new(leaf))));
    Ok(lines.concat())
}

pub(super) fn document(text: &str) -> Result<DocumentMut, EditError> {
    text.parse()
        .map_err(|error: toml_edit::TomlError| EditError::Text(error.message().to_owned()))
}

/// The keys of the CRM kind that the text names, or of all of them.
fn keys_of(kinds: Kinds, document: &DocumentMut) -> Keys {
    let kind = document
        .get("crm")
        .and_then(|crm| crm.get("kind"))
        .and_then(Item::as_str);
    Keys::new(kinds, Kind::named(kinds, kind))
}

/// The changed text, with the line ends that the text had.
pub(super) fn spelled_like(before: &str, document: &DocumentMut) -> String {
    let text = document.to_string();
    if before.contains("\r\n") {
        text.replace("\r\n", "\n").replace('\n', "\r\n")
    } else {
        text
    }
}

fn split<'a>(keys: &Keys, name: &'a str) -> Result<(Vec<&'a str>, &'a str), EditError> {
    if let Some(field) = name.strip_prefix("crm.defaults.")
        && !field.is_empty()
    {
        return Ok((vec!["crm", "defaults"], field));
    }
    let known = keys
        .find(name)
        .filter(|info| info.section() != "map" && info.shape != Shape::Values);
    match (known, name.split_once('.')) {
        (Some(_), Some((section, leaf))) => Ok((vec![section], leaf)),
        (_, _) => Err(unknown(keys, name)),
    }
}

fn unknown(keys: &Keys, name: &str) -> EditError {
    if secret::names_secret(name.rsplit('.').next().unwrap_or(name)) {
        return EditError::Value {
            message: secret::MESSAGE.to_owned(),
            help: Some("`crmsync auth` takes them and keeps them apart".to_owned()),
        };
    }
    if let Some(kind) = keys.elsewhere(name).and_then(|info| info.kind) {
        return EditError::Value {
            message: format!("`{name}` is no key of this CRM"),
            help: Some(format!("only kind = \"{kind}\" has it")),
        };
    }
    let settable = || keys.iter().filter(|info| info.section() != "map");
    let meant = settable()
        .find(|info| info.leaf() == name)
        .map(|info| info.name)
        .or_else(|| nearest(name, settable().map(|info| info.name)))
        .filter(|_| !name.starts_with("map."));
    EditError::UnknownKey {
        given: name.to_owned(),
        nearest: meant.map(str::to_owned),
    }
}

/// A key's place and its value, checked.
fn resolve<'a>(
    keys: &Keys,
    name: &'a str,
    raw: &str,
) -> Result<(Vec<&'a str>, &'a str, Value), EditError> {
    let (parents, leaf) = split(keys, name)?;
    let value = if let Some(info) = keys.find(name) {
        let value = from_command_line(info, raw);
        check(info, &value.to_string())?;
        value
    } else {
        let value = scalar(raw);
        if let Some(info) = keys.find("crm.defaults") {
            let mut table = toml_edit::InlineTable::new();
            table.insert(leaf, value.clone());
            check(info, &Value::InlineTable(table).to_string())?;
        }
        value
    };
    Ok((parents, leaf, value))
}

fn check(info: &KeyInfo, toml: &str) -> Result<(), EditError> {
    let wrong = |message: String, help| EditError::Value { message, help };
    let parsed = toml::de::DeValue::parse(toml.trim())
        .map_err(|error| wrong(format!("`{}`: {}", info.name, error.message()), None))?;
    value::read(info, &parsed).map(|_| ()).map_err(|faults| {
        let first = faults.into_iter().next();
        first.map_or_else(
            || wrong(format!("`{}` takes {}", info.name, info.takes()), None),
            |fault| wrong(fault.message, fault.help),
        )
    })
}

fn from_command_line(info: &KeyInfo, raw: &str) -> Value {
    let bare = unquoted(raw);
    match info.shape {
        Shape::Flag => bare
            .parse::<bool>()
            .map_or_else(|_| Value::from(bare), Value::from),
        Shape::Count(..) => bare
            .parse::<i64>()
            .map_or_else(|_| Value::from(bare), Value::from),
        Shape::Words(_) => {
            let list = bare.trim().trim_start_matches('[').trim_end_matches(']');
            let words = list.split(',').map(|word| unquoted(word.trim()));
            Value::Array(words.filter(|word| !word.is_empty()).collect::<Array>())
        }
        Shape::Text
        | Shape::Word(_)
        | Shape::Duration(..)
        | Shape::Region
        | Shape::Address
        | Shape::File
        | Shape::Endpoint
        | Shape::Values
        | Shape::Path => Value::from(bare),
    }
}

/// A text, a number or a flag, whichever it looks like; in quotes always a text.
fn scalar(raw: &str) -> Value {
    let bare = unquoted(raw);
    if bare.len() != raw.len() {
        return Value::from(bare);
    }
    match raw.parse::<Value>() {
        Ok(value @ (Value::Integer(_) | Value::Float(_) | Value::Boolean(_))) => value,
        Ok(_) | Err(_) => Value::from(raw),
    }
}

fn unquoted(raw: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| raw.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(raw)
}

fn section<'d>(
    document: &'d mut DocumentMut,
    parents: &[&str],
) -> Result<&'d mut dyn TableLike, EditError> {
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for parent in parents {
        let inline = table.get(parent).is_some_and(Item::is_inline_table);
        let item = table
            .entry(parent)
            .or_insert_with(|| Item::Table(Table::new()));
        if !inline && !item.is_table() {
            return Err(EditError::Text(format!("`{parent}` is not a section")));
        }
        table = item
            .as_table_like_mut()
            .ok_or_else(|| EditError::Text(format!("`{parent}` is not a section")))?;
    }
    Ok(table)
}

/// Puts a value in, with the space and the comment of the value that it replaces.
fn put(table: &mut dyn TableLike, leaf: &str, mut value: Value) {
    match table.get_mut(leaf) {
        Some(item) => {
            if let Some(old) = item.as_value() {
                *value.decor_mut() = old.decor().clone();
            }
            *item = Item::Value(value);
        }
        None => {
            table.insert(leaf, Item::Value(value));
        }
    }
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
