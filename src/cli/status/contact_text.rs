//! `status --contact EMAIL` as a person reads it, in 80 columns.

use super::contact::{Contact, FieldRow, LinkRow, Past};
use super::run;
use super::table::{clean, fold};
use crate::cli::output::Show;
use crate::cli::redact;
use crate::cli::text::{push, table};
use crate::model::Side;

/// The columns' widths, with a blank on either side; with the lines between they make 80.
const VALUES: [u16; 4] = [23, 18, 17, 17];
const HISTORY: [u16; 4] = [6, 12, 18, 39];

/// Everything about one address.
pub(super) fn text(contact: &Contact, show: &Show) -> String {
    let mut text = format!("{} in {}\n", show.bold(&contact.email), contact.profile);
    for link in &contact.links {
        self::link(&mut text, link);
    }
    for record in &contact.records {
        let side = label(record.side);
        fold(
            &mut text,
            "  ",
            &format!("{side} {}: {}", record.id, record.why),
        );
    }
    if let Some(run) = contact.said_by {
        run::heading(&mut text, &format!("what run {run} had to say:"));
    }
    for conflict in &contact.conflicts {
        let word = |name: &str| conflict[name].as_str().unwrap_or("").to_owned();
        let winner = match conflict["winner"].as_str() {
            Some("crm") => "the CRM's value went over",
            Some("google") => "Google's value went over",
            Some(_) | None => "held; edit one side to the value that is right",
        };
        fold(
            &mut text,
            "  conflict ",
            &format!("{}: {winner}", word("field")),
        );
    }
    for problem in &contact.problems {
        run::problem(&mut text, problem);
    }
    for notice in &contact.notices {
        fold(
            &mut text,
            "  note: ",
            notice["text"].as_str().unwrap_or_default(),
        );
    }
    if contact.history.is_empty() {
        text.push_str("\nno run has written it\n");
    } else {
        history(&mut text, &contact.history);
    }
    text
}

fn label(side: Side) -> &'static str {
    match side {
        Side::Google => "Google",
        Side::Crm => "CRM",
    }
}

fn link(text: &mut String, link: &LinkRow) {
    fold(text, "  ", &link.why);
    if let Some(cure) = &link.cure {
        fold(text, "    help: ", cure);
    }
    fold(text, "    matched: ", &link.matched);
    for side in [Side::Crm, Side::Google] {
        let list = match (side, link.listed.on(side)) {
            (_, None) => "not there when last looked",
            (Side::Google, Some(true)) => "in the label",
            (Side::Google, Some(false)) => "not in the label",
            (Side::Crm, Some(true)) => "in the list view",
            (Side::Crm, Some(false)) => "not in the list view",
        };
        let side_label = format!("    {}: ", label(side));
        fold(text, &side_label, &format!("{}, {list}", link.ids.on(side)));
    }
    if link.fields.is_empty() {
        return;
    }
    let mut table = table(&["field", "CRM", "Google", "last agreed on"], &VALUES);
    for field in &link.fields {
        table.add_row([
            format!("{}\n{}", field.field, field.crm_field),
            cell(field.values.crm.as_deref()),
            cell(field.values.google.as_deref()),
            base(field),
        ]);
    }
    push(text, format_args!("{table}\n"));
    for field in &link.fields {
        let Some(moved) = field.moved else { continue };
        let who = match moved {
            "both" => "changed on both sides",
            "crm" => "changed in the CRM",
            _ => "changed in Google",
        };
        fold(
            text,
            "  ",
            &format!("{}: {who} since they last agreed", field.field),
        );
    }
}

fn cell(value: Option<&str>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| clean(&redact::value(value)))
}

/// What was last agreed on; both spellings where they differ.
fn base(field: &FieldRow) -> String {
    match &field.base {
        None => "never".to_owned(),
        Some(base) if base.crm == base.google => cell(base.crm.as_deref()),
        Some(base) => format!(
            "CRM: {}\nGoogle: {}",
            cell(base.crm.as_deref()),
            cell(base.google.as_deref())
        ),
    }
}

fn history(text: &mut String, all: &[Past]) {
    run::heading(text, "what was written:");
    let mut table = table(&["run", "when", "what", "fields"], &HISTORY);
    for past in all {
        let write = &past.write;
        let when = past.started.as_deref().unwrap_or("-");
        let trouble = write
            .trouble()
            .map_or_else(String::new, |word| format!("\n{word}"));
        table.add_row([
            write.run.to_string(),
            when.replace('T', "\n"),
            format!("{} in {}{trouble}", write.op, label(write.side)),
            write.changes(),
        ]);
    }
    push(text, format_args!("{table}\n"));
}
