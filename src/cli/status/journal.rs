//! A journalled write as `--run` and `--contact` show it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::redact;
use crate::cli::status::table::clean;
use crate::cli::text::push;
use crate::model::{Change, Field, RemoteId, Side, Value};
use crate::run::FromTo;
use crate::state::{JournalRow, Settled};

/// The names of the fields, `CRM=google.path`.
pub(super) type Names = BTreeMap<Field, String>;

/// One write.
#[derive(Debug, Serialize)]
pub(super) struct WriteRow {
    pub(super) run: i64,
    pub(super) side: Side,
    pub(super) op: &'static str,
    pub(super) email: Option<String>,
    pub(super) id: Option<String>,
    /// The record on the other side.
    pub(super) twin: String,
    pub(super) why: String,
    /// `done`, `rejected` …; `sending` when it was never settled.
    pub(super) outcome: &'static str,
    pub(super) note: Option<String>,
    pub(super) fields: BTreeMap<String, FromTo>,
}

/// A field's Google path.
pub(super) fn path_of(names: &Names, field: Field) -> String {
    split(names, field).1
}

/// A field's two names: the CRM's, and the Google path.
pub(super) fn split(names: &Names, field: Field) -> (String, String) {
    match names.get(&field).and_then(|name| name.split_once('=')) {
        Some((crm, google)) => (crm.to_owned(), google.to_owned()),
        None => (format!("field {}", field.0), format!("field {}", field.0)),
    }
}

pub(super) fn text(value: Option<&Value>) -> Option<String> {
    value.map(|value| value.text.to_string())
}

impl WriteRow {
    pub(super) fn of(row: &JournalRow, names: &Names) -> Self {
        let write = &row.write;
        let change = |from: Option<&Value>, to: Option<&Value>| FromTo {
            from: text(from),
            to: text(to),
        };
        let fields = match &write.change {
            Change::Create { fields, .. } => fields
                .iter()
                .map(|(field, value)| (path_of(names, *field), change(None, Some(value))))
                .collect(),
            Change::Update { patch, .. } => patch
                .iter()
                .map(|(field, swap)| {
                    let swap = change(swap.from.as_ref(), swap.to.as_ref());
                    (path_of(names, *field), swap)
                })
                .collect(),
            Change::Delete { before, .. } => before
                .iter()
                .map(|(field, value)| (path_of(names, *field), change(Some(value), None)))
                .collect(),
            Change::Group { .. }
            | Change::Ungroup { .. }
            | Change::Archive { .. }
            | Change::Unarchive { .. } => BTreeMap::new(),
        };
        let made = match &row.outcome {
            Some(Settled::Done { id } | Settled::Recovered { id }) => Some(id),
            _ => None,
        };
        Self {
            run: row.run.0,
            side: write.on,
            op: write.change.op().name(),
            email: write.key.as_ref().map(ToString::to_string),
            id: write.change.id().or(made).map(RemoteId::to_string),
            twin: write.twin.to_string(),
            why: write.why.to_string(),
            outcome: row.outcome.as_ref().map_or("sending", Settled::name),
            note: row.note.clone(),
            fields,
        }
    }

    /// What became of it, unless it simply landed.
    pub(super) fn trouble(&self) -> Option<&'static str> {
        (self.outcome != "done").then_some(self.outcome)
    }

    /// Its fields, one a line, and the remote's words.
    pub(super) fn changes(&self) -> String {
        let mut all = String::new();
        for (field, change) in &self.fields {
            let new = shown(change.to.as_deref());
            let line = match &change.from {
                None if self.op == "create" => format!("{field}: {new}"),
                from => format!("{field}: {} -> {new}", shown(from.as_deref())),
            };
            push(&mut all, format_args!("{line}\n"));
        }
        if let Some(note) = &self.note {
            push(
                &mut all,
                format_args!("{}\n", clean(&redact::sentence(note))),
            );
        }
        if all.is_empty() {
            all.push_str(&self.why);
        }
        all.trim_end().to_owned()
    }
}

/// A value for a person; a blank one is a dash, as no text in quotes is.
pub(super) fn shown(value: Option<&str>) -> String {
    value.map_or_else(
        || "-".to_owned(),
        |text| format!("{:?}", redact::value(text)),
    )
}
