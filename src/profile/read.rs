//! From a TOML text to values by key: every key known, every value of its shape, nothing missing.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;
use super::keys::{Keys, Kind};
use super::secret;
use super::value::{self, Given};
use crate::mapping::nearest;
use crate::model::{KeyInfo, KindInfo, Kinds};

/// The values of a section by dotted key, each with the place of its value.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    values: BTreeMap<&'static str, (Given, Range<usize>)>,
    /// The place of the section's header.
    pub(super) span: Range<usize>,
}

impl Sheet {
    pub(super) fn given(&self, name: &str) -> Option<&Given> {
        self.values.get(name).map(|(given, _)| given)
    }

    /// Where the value stands; the section's header when it is not there.
    pub(super) fn place(&self, name: &str) -> Range<usize> {
        self.values
            .get(name)
            .map_or_else(|| self.span.clone(), |(_, span)| span.clone())
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.given(name)? {
            Given::Text(text) => Some(text.clone()),
            Given::Duration(_)
            | Given::Count(_)
            | Given::Flag(_)
            | Given::Words(_)
            | Given::Values(_)
            | Given::Path(_) => None,
        }
    }
}

/// A whole file.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// `[sync]`, `[google]` and `[crm]` in one.
    pub(super) sheet: Sheet,
    /// The `[[map]]` entries; none when there is none.
    pub(super) map: Option<Vec<Sheet>>,
    /// The CRM kind that `crm.kind` names.
    pub(super) kind: Option<&'static KindInfo>,
    pub(super) faults: Vec<Fault>,
    /// What must not be shown.
    pub(super) secrets: Vec<Range<usize>>,
}

const SECTIONS: [&str; 3] = ["sync", "google", "crm"];

/// Reads a text as far as it can be read.
pub(super) fn read(kinds: Kinds, text: &str) -> Read {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut read = Read {
        secrets: secret::on_lines(text),
        ..Read::default()
    };
    for error in &errors {
        let span = error.span().unwrap_or(text.len()..text.len());
        read.faults.push(Fault::new(
            span,
            format!("this is not TOML: {}", error.message()),
        ));
    }
    if errors.is_empty() {
        read.document(kinds, document.get_ref(), text.len());
    }
    for fault in read.faults.iter().filter(|fault| fault.secret) {
        read.secrets.push(fault.span.clone());
    }
    read
}

impl Read {
    fn document(&mut self, kinds: Kinds, document: &DeTable<'_>, end: usize) {
        let named = kind_of(document);
        self.kind = named.and_then(|word| kinds.get(word));
        let keys = Keys::new(kinds, Kind::named(kinds, named));
        for (key, value) in document {
            let name = key.get_ref().as_ref();
            if name == "map" {
                self.entries(kinds, value);
            } else if !SECTIONS.contains(&name) {
                self.unknown_section(&keys, name, key.span(), value.span());
            }
        }
        for section in SECTIONS {
            let found = document.get(section);
            let mut sheet = Sheet {
                span: found.map_or(end..end, Spanned::span),
                ..Sheet::default()
            };
            if let Some(value) = found {
                match value.get_ref().as_table() {
                    Some(table) => self.section(&mut sheet, section, &keys, table),
                    None => self.not_a_table(section, value),
                }
            }
            let whole = found.is_none_or(|value| value.get_ref().is_table());
            if whole {
                self.fill(&mut sheet, section, &keys);
            }
            self.sheet.values.append(&mut sheet.values);
        }
    }

    fn not_a_table(&mut self, section: &str, value: &Spanned<DeValue<'_>>) {
        let message = format!("`{section}` is {}", value::kind_of(value.get_ref()));
        let help = format!("write it as a section: [{section}]");
        self.faults
            .push(Fault::new(value.span(), message).help(help));
    }

    fn unknown_section(
        &mut self,
        keys: &Keys,
        name: &str,
        span: Range<usize>,
        value: Range<usize>,
    ) {
        if secret::names_secret(name) {
            self.faults.push(value::secret_fault(value, name));
            return;
        }
        let fault = Fault::new(span, format!("unknown section or key `{name}`"));
        let home = keys.iter().find(|key| key.leaf() == name);
        let near = nearest(name, SECTIONS.into_iter().chain(["map"]));
        self.faults.push(match (home, near) {
            (Some(key), _) if key.section() != "map" => {
                fault.help(format!("`{name}` stands in [{}]", key.section()))
            }
            (_, Some("map")) => fault.help("did you mean [[map]]?"),
            (_, Some(near)) => fault.help(format!("did you mean [{near}]?")),
            (_, None) => fault.help("a profile has [sync], [google], [crm] and [[map]]"),
        });
    }

    fn section(&mut self, sheet: &mut Sheet, section: &str, keys: &Keys, table: &DeTable<'_>) {
        for (key, value) in table {
            let leaf = key.get_ref().as_ref();
            let known = keys
                .iter()
                .find(|key| key.section() == section && key.leaf() == leaf);
            match known {
                Some(info) => match value::read(info, value) {
                    Ok(given) => {
                        sheet.values.insert(info.name, (given, value.span()));
                    }
                    Err(faults) => {
                        // A key that is there and wrong is not missing as well.
                        self.faults.extend(faults);
                    }
                },
                None => self.unknown_key(section, keys, leaf, &key.span(), &value.span()),
            }
        }
        for info in keys.required(section) {
            if !table.contains_key(info.leaf()) {
                self.missing(info, sheet.span.clone());
            }
        }
    }

    fn missing(&mut self, info: &KeyInfo, span: Range<usize>) {
        let section = if info.section() == "map" {
            "this [[map]] entry".to_owned()
        } else {
            format!("[{}]", info.section())
        };
        let message = format!("{section} lacks `{}`", info.leaf());
        let list = self.kind.map_or("list view", |kind| kind.list);
        let help = match info.name {
            "google.group" => {
                "add group = \"…\", the label by its name; `crmsync configure` lists the labels"
                    .to_owned()
            }
            "crm.view" => {
                format!("add view = \"…\", the {list} by its name; `crmsync configure` lists them")
            }
            _ => format!("add {} = \"…\": {}", info.leaf(), info.takes()),
        };
        self.faults.push(Fault::new(span, message).help(help));
    }

    fn unknown_key(
        &mut self,
        section: &str,
        keys: &Keys,
        leaf: &str,
        key: &Range<usize>,
        value: &Range<usize>,
    ) {
        let name = format!("{section}.{leaf}");
        if secret::names_secret(leaf) || leaf == "client_secret" {
            self.faults.push(value::secret_fault(value.clone(), &name));
            return;
        }
        let fault = Fault::new(key.clone(), format!("unknown key `{name}`"));
        let leaves = keys.iter().filter(|info| info.section() == section);
        let near = nearest(leaf, leaves.map(KeyInfo::leaf));
        let elsewhere = keys.iter().find(|info| info.leaf() == leaf);
        let other_kind = keys.elsewhere(&name);
        self.faults.push(
            match (near, elsewhere, other_kind.and_then(|info| info.kind)) {
                (_, _, Some(kind)) => fault.help(format!("only kind = \"{kind}\" has it")),
                (_, Some(info), None) => {
                    fault.help(format!("`{leaf}` stands in [{}]", info.section()))
                }
                (Some(near), None, None) => fault.help(format!("did you mean `{near}`?")),
                (None, None, None) => {
                    let leaves = keys.iter().filter(|info| info.section() == section);
                    let names: Vec<_> = leaves.map(KeyInfo::leaf).collect();
                    fault.help(format!("[{section}] takes {}", names.join(", ")))
                }
            },
        );
    }

    /// Puts in what is left out and has a default.
    fn fill(&mut self, sheet: &mut Sheet, section: &str, keys: &Keys) {
        for info in keys.iter().filter(|info| info.section() == section) {
            if let Some(text) = info.default()
                && !sheet.values.contains_key(info.name)
                && let Ok(value) = DeValue::parse(text)
                && let Ok(given) = value::read(info, &value)
            {
                sheet.values.insert(info.name, (given, sheet.span.clone()));
            }
        }
        if sheet.span.is_empty() {
            for info in keys.required(section) {
                self.missing(info, sheet.span.clone());
            }
        }
    }

    fn entries(&mut self, kinds: Kinds, value: &Spanned<DeValue<'_>>) {
        let Some(list) = value.get_ref().as_array() else {
            let message = format!("`map` is {}", value::kind_of(value.get_ref()));
            let help = "write every pair as an entry of its own under [[map]], in double brackets";
            self.faults
                .push(Fault::new(value.span(), message).help(help));
            return;
        };
        if list.is_empty() {
            let help = "take it out for the default mapping, or `crmsync map-fields` writes one";
            self.faults
                .push(Fault::new(value.span(), "the mapping is empty").help(help));
            return;
        }
        let keys = Keys::new(kinds, Kind::None);
        let mut entries = Vec::new();
        for item in list {
            let mut sheet = Sheet {
                span: item.span(),
                ..Sheet::default()
            };
            match item.get_ref().as_table() {
                Some(table) => {
                    self.section(&mut sheet, "map", &keys, table);
                    self.fill(&mut sheet, "map", &keys);
                }
                None => self.not_a_table("map", item),
            }
            entries.push(sheet);
        }
        self.map = Some(entries);
    }
}

/// The word in `crm.kind`.
fn kind_of<'d>(document: &'d DeTable<'_>) -> Option<&'d str> {
    let crm = document.get("crm")?.get_ref().as_table()?;
    crm.get("kind")?.get_ref().as_str()
}
