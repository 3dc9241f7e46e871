//! Changes to the `[[map]]` entries of a profile's text.

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, Value};

use super::edit::{EditError, document, spelled_like};
use super::{MapEntry, build};

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
