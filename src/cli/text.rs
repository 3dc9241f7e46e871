//! Texts that are put together bit by bit, and tables with columns of fixed widths.

use std::fmt::{Arguments, Write as _};

use comfy_table::presets::ASCII_FULL_CONDENSED;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};

/// The width that every table keeps to, in columns.
const WIDTH: u16 = 80;

/// Appends to a text.
pub(super) fn push(text: &mut String, what: Arguments<'_>) {
    // Writing to a string cannot fail.
    if text.write_fmt(what).is_err() {
        text.push('?');
    }
}

/// An empty table of these columns, ruled; each width counts the blanks beside its text.
pub(super) fn table(header: &[&str], widths: &[u16]) -> Table {
    let mut table = Table::new();
    table
        .load_style(ASCII_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .set_header(header.iter().copied())
        .set_constraints(
            widths
                .iter()
                .map(|width| ColumnConstraint::Absolute(Width::Fixed(*width))),
        );
    table
}
