//! Texts that are put together bit by bit.

use std::fmt::{Arguments, Write as _};

/// Appends to a text.
pub(super) fn push(text: &mut String, what: Arguments<'_>) {
    // Writing to a string cannot fail.
    if text.write_fmt(what).is_err() {
        text.push('?');
    }
}
