//! How Odoo spells what Google keeps apart: one name, one text with all addresses, HTML for notes.

use std::ops::Range;

/// A name as given and family name: the last word is the family name, and so is a single one.
pub(super) fn split_name(name: &str) -> (&str, &str) {
    let name = name.trim();
    name.rsplit_once(char::is_whitespace).unwrap_or(("", name))
}

/// Given and family name as one name.
pub(super) fn join_name(given: &str, family: &str) -> String {
    format!("{} {}", given.trim(), family.trim())
        .trim()
        .to_owned()
}

/// The entries of an e-mail field: separated by commas or semicolons, which a name in quotes may
/// hold as well.
fn entries(text: &str) -> Vec<&str> {
    let paired = text.matches('"').count().is_multiple_of(2);
    let mut quoted = false;
    text.split(|letter: char| {
        quoted ^= letter == '"';
        matches!(letter, ',' | ';') && !(quoted && paired)
    })
    .collect()
}

/// Where an entry has its address: all of it, or what stands in angle brackets behind a name.
fn address(entry: &str) -> Option<Range<usize>> {
    let (from, to) = match (entry.rfind('<'), entry.rfind('>')) {
        (Some(open), Some(close)) if open < close => (open + 1, close),
        _ => (0, entry.len()),
    };
    let inner = &entry[from..to];
    let from = from + inner.len() - inner.trim_start().len();
    let range = from..from + inner.trim().len();
    (inner.contains('@') && !inner.contains('"')).then_some(range)
}

/// The addresses of an e-mail field.
pub(super) fn addresses(text: &str) -> Vec<&str> {
    entries(text)
        .into_iter()
        .filter_map(|entry| entry.get(address(entry)?))
        .collect()
}

/// The field with another first address, or without it; the others stay.
pub(super) fn put_address(text: &str, new: Option<&str>) -> String {
    let all = entries(text);
    let first = all
        .iter()
        .enumerate()
        .find_map(|(at, entry)| Some((at, address(entry)?)));
    let Some((at, range)) = first else {
        return new.unwrap_or_default().to_owned();
    };
    if let Some(new) = new {
        let before: usize = all[..at].iter().map(|entry| entry.len() + 1).sum();
        let (from, to) = (before + range.start, before + range.end);
        return format!("{}{new}{}", &text[..from], &text[to..]);
    }
    let others = all.iter().enumerate().filter(|(other, _)| *other != at);
    let others = others.filter(|(_, entry)| address(entry).is_some());
    let others: Vec<&str> = others.map(|(_, entry)| entry.trim()).collect();
    others.join(", ")
}

/// The text of a note that is kept as HTML: blocks and breaks become lines, everything else between
/// angle brackets goes.
pub(super) fn plain_text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let Some((tag, behind)) = after.split_once('>') else {
            rest = "";
            break;
        };
        let name = tag
            .trim_start_matches('/')
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let closes = tag.starts_with('/');
        let block = ["p", "div", "li", "tr", "h1", "h2", "h3"].contains(&name.as_str());
        if name == "br" || (block && closes) {
            text.push('\n');
        }
        rest = behind;
    }
    text.push_str(rest);
    entities(&text).trim().to_owned()
}

fn entities(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let known = after.split_once(';').and_then(|(name, behind)| {
            let letter = match name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                "nbsp" => ' ',
                name => {
                    let number = name.strip_prefix('#')?;
                    let code = match number.strip_prefix(['x', 'X']) {
                        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                        None => number.parse().ok()?,
                    };
                    char::from_u32(code)?
                }
            };
            Some((letter, behind))
        });
        if let Some((letter, behind)) = known {
            plain.push(letter);
            rest = behind;
        } else {
            plain.push('&');
            rest = after;
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_as_it_was() {
        for name in ["Anna Maria Muster", "Madonna", "Jean-Luc de la Cruz", ""] {
            let (given, family) = split_name(name);
            assert_eq!(join_name(given, family), name);
        }
        assert_eq!(split_name("Anna Maria Muster"), ("Anna Maria", "Muster"));
        assert_eq!(split_name("Madonna"), ("", "Madonna"));
        assert_eq!(join_name("Anna", " "), "Anna");
        assert_eq!(join_name("Duran", "Duran"), "Duran Duran");
    }

    #[test]
    fn the_first_address_changes_and_the_others_stay() {
        let text = "\"Ada Example\" <ada@example.com>, b@example.com; c@example.com";
        assert_eq!(
            addresses(text),
            ["ada@example.com", "b@example.com", "c@example.com"]
        );
        assert_eq!(
            put_address(text, Some("new@example.com")),
            "\"Ada Example\" <new@example.com>, b@example.com; c@example.com"
        );
        assert_eq!(put_address(text, None), "b@example.com, c@example.com");
        assert_eq!(put_address("", Some("a@example.com")), "a@example.com");
        assert_eq!(put_address("a@example.com", None), "");
        assert!(addresses(" , ").is_empty());
        let quoted = "\"Doe, John\" <john@example.com>";
        assert_eq!(addresses(quoted), ["john@example.com"]);
        assert_eq!(put_address(quoted, None), "");
        let last = "a@example.com, \"Doe; J\" <j@example.com>";
        assert_eq!(put_address(last, None), "\"Doe; J\" <j@example.com>");
        let odd = "a@example.com <x>, a@example.com";
        assert_eq!(
            put_address(odd, Some("b@example.com")),
            "a@example.com <x>, b@example.com"
        );
    }

    proptest::proptest! {
        #[test]
        fn only_the_first_address_is_touched(
            others in proptest::collection::vec("[a-c]{1,4}@example\\.com", 1..5),
            separator in "[,;] ?",
        ) {
            let text = others.join(&separator);
            let changed = put_address(&text, Some("new@example.org"));
            let after = addresses(&changed);
            proptest::prop_assert_eq!(after[0], "new@example.org");
            proptest::prop_assert_eq!(&after[1..], &others[1..]);
            let less = put_address(&text, None);
            proptest::prop_assert_eq!(addresses(&less), &others[1..]);
        }

        #[test]
        fn no_html_is_too_much(html in "[<>&;#x0-9a-z/ ]{0,60}") {
            proptest::prop_assert!(plain_text(&html).len() <= html.len());
        }
    }

    #[test]
    fn a_note_is_read_as_text() {
        let html = "<p>Fish &amp; <b>chips</b></p><div>5 &lt; 7&#33;<br/>Caf&#xe9;</div>";
        assert_eq!(plain_text(html), "Fish & chips\n5 < 7!\nCaf\u{e9}");
        assert_eq!(plain_text("no tags & no entities"), "no tags & no entities");
        assert_eq!(plain_text("<broken"), "");
    }
}
