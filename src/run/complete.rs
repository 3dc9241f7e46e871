//! How complete a reading was, in words.

use crate::connector::{Extent, FetchEnd, Source};
use crate::model::Side;

/// How complete a reading was: "Google: 4 pages, 3,812 contacts, token ok".
pub(super) fn words(source: &dyn Source, end: &FetchEnd) -> String {
    let (one, position) = match source.side() {
        Side::Google => ("contact", "token"),
        Side::Crm => ("record", "position"),
    };
    let what = match end.extent {
        Extent::Full => "",
        Extent::Delta => "changes only, ",
    };
    format!(
        "{}: {what}{}, {}, {position} {}",
        source.name(),
        several(u64::from(end.pages), "page"),
        several(end.records, one),
        if end.cursor.is_some() {
            "ok"
        } else {
            "missing"
        },
    )
}

/// A count with its word, thousands parted by commas.
fn several(count: u64, word: &str) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text} {word}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::several;

    #[test]
    fn counts_are_parted_in_thousands() {
        let words = [0, 1, 999, 1_000, 3_812, 25_000, 1_234_567].map(|n| several(n, "page"));
        assert_eq!(
            words,
            [
                "0 pages",
                "1 page",
                "999 pages",
                "1,000 pages",
                "3,812 pages",
                "25,000 pages",
                "1,234,567 pages"
            ]
        );
    }
}
