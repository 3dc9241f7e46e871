//! Changes to a profile's text that keep its comments and its order.

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TableLike, Value};

use super::keys::{KeyInfo, Shape, key, keys};
use super::{MapEntry, build, secret, value};
use crate::mapping::nearest;

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
/// that was there keeps the comment behind it. Checked against the table of keys.
pub fn set(text: &str, name: &str, raw: &str) -> Result<String, EditError> {
    let (parents, leaf, value) = resolve(name, raw)?;
    let mut document = document(text)?;
    let table = section(&mut document, &parents)?;
    put(table, leaf, value);
    Ok(spelled_like(text, &document))
}

/// Takes a key out, so that its default counts.
pub fn unset(text: &str, name: &str) -> Result<String, EditError> {
    let (parents, leaf) = split(name)?;
    let mut document = document(text)?;
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

/// Adds a pair to the end of the mapping; a file without `[[map]]` gets its first entry.
pub fn add_map(text: &str, entry: &MapEntry) -> Result<String, EditError> {
    let mut document = document(text)?;
    let entries = entries(&mut document)?;
    let google = entry.google.to_string();
    for table in entries.iter() {
        for (leaf, name) in [("crm", &entry.crm), ("google", &google)] {
            if table.get(leaf).and_then(Item::as_str) == Some(name) {
                return Err(EditError::Mapped(name.clone()));
            }
        }
    }
    let mut table = written(entry);
    table.decor_mut().set_prefix("\n");
    entries.push(table);
    Ok(spelled_like(text, &document))
}

/// Takes the pair of a CRM field or of a Google path out of the mapping, with the comment lines
/// right above it.
pub fn remove_map(text: &str, name: &str) -> Result<String, EditError> {
    let mut document = document(text)?;
    let entries = entries(&mut document)?;
    let is_it = |table: &Table| {
        ["crm", "google"]
            .iter()
            .any(|leaf| table.get(leaf).and_then(Item::as_str) == Some(name))
    };
    let at = entries
        .iter()
        .position(is_it)
        .ok_or_else(|| EditError::NotMapped(name.to_owned()))?;
    if entries.len() == 1 {
        return Err(EditError::LastPair(name.to_owned()));
    }
    let kept = entries.get(at).map(comment_above).unwrap_or_default();
    entries.remove(at);
    if let Some(next) = entries.get_mut(at) {
        let prefix = next
            .decor()
            .prefix()
            .and_then(|raw| raw.as_str())
            .unwrap_or_default();
        let joined = format!("{kept}{prefix}");
        next.decor_mut().set_prefix(joined);
    }
    Ok(spelled_like(text, &document))
}

/// Replaces the whole mapping: with nothing, the default mapping counts again.
pub fn set_map(text: &str, pairs: &[MapEntry]) -> Result<String, EditError> {
    let mut document = document(text)?;
    document.remove("map");
    if !pairs.is_empty() {
        let entries = entries(&mut document)?;
        for pair in pairs {
            let mut table = written(pair);
            table.decor_mut().set_prefix("\n");
            entries.push(table);
        }
    }
    Ok(spelled_like(text, &document))
}

/// A new profile's text from choices, given as for [`set`]: what is chosen, with a line of
/// explanation each, and as comments the defaults of everything else.
pub fn new_text<K: AsRef<str>, V: AsRef<str>>(choices: &[(K, V)]) -> Result<String, EditError> {
    let mut chosen = std::collections::BTreeMap::new();
    let mut later = Vec::new();
    for (name, raw) in choices {
        let (parents, _, value) = resolve(name.as_ref(), raw.as_ref())?;
        if parents.len() == 1 {
            chosen.insert(name.as_ref(), value);
        } else {
            later.push((name.as_ref(), raw.as_ref()));
        }
    }
    let kind = chosen.get("crm.kind").and_then(Value::as_str);
    let mut lines = String::new();
    let mut section = "";
    for info in keys().iter().filter(|info| info.section() != "map") {
        if info.kind.is_some() && info.kind != kind.or(info.kind) {
            continue;
        }
        if info.section() != section {
            lines.push_str(if section.is_empty() { "[" } else { "\n[" });
            section = info.section();
            lines.push_str(section);
            lines.push_str("]\n");
        }
        let leaf = info.leaf();
        if let Some(value) = chosen.get(info.name) {
            lines.push_str(&format!("# {}\n{leaf} = {value}\n", info.doc));
        } else if let Some(default) = info.default() {
            lines.push_str(&format!("# {}\n# {leaf} = {default}\n", info.doc));
        }
    }
    later
        .into_iter()
        .try_fold(lines, |text, (name, raw)| set(&text, name, raw))
}

fn document(text: &str) -> Result<DocumentMut, EditError> {
    text.parse()
        .map_err(|error: toml_edit::TomlError| EditError::Text(error.message().to_owned()))
}

/// The changed text, with the line ends that the text had.
fn spelled_like(before: &str, document: &DocumentMut) -> String {
    let text = document.to_string();
    if before.contains("\r\n") {
        text.replace("\r\n", "\n").replace('\n', "\r\n")
    } else {
        text
    }
}

fn split(name: &str) -> Result<(Vec<&str>, &str), EditError> {
    if let Some(field) = name.strip_prefix("crm.defaults.")
        && !field.is_empty()
    {
        return Ok((vec!["crm", "defaults"], field));
    }
    let known = key(name).filter(|info| info.section() != "map" && info.shape != Shape::Values);
    match (known, name.split_once('.')) {
        (Some(_), Some((section, leaf))) => Ok((vec![section], leaf)),
        (_, _) => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> EditError {
    if secret::names_secret(name.rsplit('.').next().unwrap_or(name)) {
        return EditError::Value {
            message: secret::MESSAGE.to_owned(),
            help: Some("`crmsync auth` takes them and keeps them apart".to_owned()),
        };
    }
    let settable = || keys().iter().filter(|info| info.section() != "map");
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
fn resolve<'a>(name: &'a str, raw: &str) -> Result<(Vec<&'a str>, &'a str, Value), EditError> {
    let (parents, leaf) = split(name)?;
    let value = match key(name) {
        Some(info) => {
            let value = from_command_line(info, raw);
            check(info, &value.to_string())?;
            value
        }
        None => {
            let value = scalar(raw);
            if let Some(info) = key("crm.defaults") {
                let mut table = toml_edit::InlineTable::new();
                table.insert(leaf, value.clone());
                check(info, &Value::InlineTable(table).to_string())?;
            }
            value
        }
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

fn entries(document: &mut DocumentMut) -> Result<&mut ArrayOfTables, EditError> {
    let item = document
        .entry("map")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    if !item.is_array_of_tables() {
        let tables = std::mem::take(item)
            .into_array_of_tables()
            .map_err(|_| EditError::Text("`map` is not a list of tables".to_owned()))?;
        *item = Item::ArrayOfTables(tables);
    }
    item.as_array_of_tables_mut()
        .ok_or_else(|| EditError::Text("`map` is not a list of tables".to_owned()))
}

fn written(entry: &MapEntry) -> Table {
    let mut table = Table::new();
    let mut add = |leaf: &str, value: Value| {
        table.insert(leaf, Item::Value(value));
    };
    add("crm", Value::from(entry.crm.as_str()));
    add("google", Value::from(entry.google.to_string()));
    if entry.key {
        add("key", Value::from(true));
    }
    if let Some(word) = entry
        .direction
        .and_then(|of| build::word_of(&build::DIRECTION, of))
    {
        add("direction", Value::from(word));
    }
    if let Some(word) = entry.wins.and_then(|of| build::word_of(&build::WINS, of)) {
        add("wins", Value::from(word));
    }
    table
}

/// The comment lines above an entry that a blank line parts from it: they are about what follows
/// as a whole.
fn comment_above(table: &Table) -> String {
    let prefix = table
        .decor()
        .prefix()
        .and_then(|raw| raw.as_str())
        .unwrap_or_default();
    match prefix.trim_start_matches(['\r', '\n']).rfind("\n\n") {
        Some(_) => prefix
            .rfind("\n\n")
            .map_or_else(String::new, |at| prefix[..=at].to_owned()),
        None => String::new(),
    }
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
