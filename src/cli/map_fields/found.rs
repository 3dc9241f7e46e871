//! What a check found: rows, counts, and how they are said.

use serde::Serialize;

use crate::cli::redact;
use crate::cli::text::push;
use crate::model::{Side, Sides};

/// How many rows are printed without `--json`.
const SHOWN: usize = 50;

/// One thing that would happen to one contact's field.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// `overwritten`, `held`, `refused`, `ambiguous` or `unread`.
    pub(super) kind: &'static str,
    pub(super) email: Option<String>,
    /// The Google path.
    pub(super) field: Option<String>,
    /// The side that loses its value or refuses it.
    pub(super) side: Option<Side>,
    /// What is there and what would take its place, where a value is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<String>,
    pub(super) reason: String,
    pub(super) hint: Option<String>,
}

/// What was found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Found {
    pub(super) profile: String,
    pub(super) google: u64,
    pub(super) crm: u64,
    pub(super) creates: Sides<u64>,
    pub(super) updates: Sides<u64>,
    pub(super) rows: Vec<Row>,
}

/// The report that a person reads.
pub(super) fn text(found: &Found) -> String {
    let mut text = format!(
        "{}: read {} contacts in Google and {} in the CRM; wrote nothing\n  \
         Google would get {} new and {} changed, the CRM {} new and {} changed\n",
        found.profile,
        found.google,
        found.crm,
        found.creates.google,
        found.updates.google,
        found.creates.crm,
        found.updates.crm,
    );
    for (kind, what) in [
        ("refused", "would be refused"),
        ("ambiguous", "match more than one record"),
        ("held", "differ and would be held"),
        ("overwritten", "would be overwritten"),
        ("unread", "would be left alone"),
    ] {
        let rows: Vec<&Row> = found.rows.iter().filter(|row| row.kind == kind).collect();
        if rows.is_empty() {
            continue;
        }
        push(&mut text, format_args!("{} {what}:\n", rows.len()));
        for row in rows.iter().take(SHOWN) {
            let email = row.email.as_deref().unwrap_or("(no e-mail)");
            let field = row.field.as_deref().unwrap_or("the contact");
            push(
                &mut text,
                format_args!("  {email}, {field}: {}", row.reason),
            );
            if let (Some(from), Some(to)) = (&row.from, &row.to) {
                let (from, to) = (redact::value(from), redact::value(to));
                push(&mut text, format_args!(" ({from:?}, {to:?})"));
            }
            text.push('\n');
        }
        if rows.len() > SHOWN {
            push(
                &mut text,
                format_args!("  and {} more: --json has them all\n", rows.len() - SHOWN),
            );
        }
        if let Some(hint) = rows.first().and_then(|row| row.hint.as_deref()) {
            push(&mut text, format_args!("  help: {hint}\n"));
        }
    }
    if found.rows.is_empty() {
        text.push_str("  nothing would be lost and nothing refused\n");
    }
    text
}
