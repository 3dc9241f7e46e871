//! What a profile key takes: the rows of the table of keys, which validation, defaults, the JSON
//! schema, `configure` and the documentation all read.

use std::time::Duration;

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Any text that is not blank.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A length of time such as `"1h 30m"`, from `.0` to `.1`.
    Duration(Duration, Duration),
    /// A whole number, from `.0` to `.1`.
    Count(u64, u64),
    /// `true` or `false`.
    Flag,
    /// An ISO 3166 alpha-2 country code.
    Region,
    /// An e-mail address.
    Address,
    /// A file, relative to the profile.
    File,
    /// An `https://` address, or `http://` on a loopback literal.
    Endpoint,
    /// A list of these words.
    Words(&'static [&'static str]),
    /// A table of field names with a text, a number or `true`/`false` each.
    Values,
    /// A Google field path.
    Path,
}

/// Whether a key has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The profile is invalid without it.
    Required,
    /// It may be left out and then says nothing.
    Optional,
    /// It may be left out and then has this value, written as TOML.
    Default(&'static str),
}

/// One key that a profile may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its section and name with a dot (`sync.direction`); `map.*` are the keys of a `[[map]]` entry.
    pub name: &'static str,
    /// What it takes.
    pub shape: Shape,
    /// Whether it has to be there.
    pub presence: Presence,
    /// The CRM kind that knows it; none when every profile does.
    pub kind: Option<&'static str>,
    /// What it means, as one line.
    pub doc: &'static str,
}

impl KeyInfo {
    /// A key that every profile knows.
    #[must_use]
    pub const fn of_all(
        name: &'static str,
        shape: Shape,
        presence: Presence,
        doc: &'static str,
    ) -> Self {
        Self {
            name,
            shape,
            presence,
            kind: None,
            doc,
        }
    }

    /// A key that only one CRM kind knows.
    #[must_use]
    pub const fn of_kind(
        kind: &'static str,
        name: &'static str,
        shape: Shape,
        presence: Presence,
        doc: &'static str,
    ) -> Self {
        Self {
            name,
            shape,
            presence,
            kind: Some(kind),
            doc,
        }
    }

    /// The section that it stands in: `sync`, `google`, `crm` or `map`.
    #[must_use]
    pub fn section(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(section, _)| section)
    }

    /// Its name inside the section.
    #[must_use]
    pub fn leaf(&self) -> &'static str {
        self.name
            .split_once('.')
            .map_or(self.name, |(_, leaf)| leaf)
    }

    /// The value that counts when the key is left out, written as TOML.
    #[must_use]
    pub fn default(&self) -> Option<&'static str> {
        match self.presence {
            Presence::Default(text) => Some(text),
            Presence::Required | Presence::Optional => None,
        }
    }

    /// What it takes, as a person says it.
    #[must_use]
    pub fn takes(&self) -> String {
        match self.shape {
            Shape::Text => "a text".to_owned(),
            Shape::Word(words) => format!("one of {}", quoted(words)),
            Shape::Duration(least, most) => {
                format!(
                    "a length of time from {} to {}",
                    spelled(least),
                    spelled(most)
                )
            }
            Shape::Count(least, most) => format!("a whole number from {least} to {most}"),
            Shape::Flag => "true or false".to_owned(),
            Shape::Region => "a country code of two letters (ISO 3166)".to_owned(),
            Shape::Address => "an e-mail address".to_owned(),
            Shape::File => "a file, relative to the profile".to_owned(),
            Shape::Endpoint => {
                "an `https://` address, or `http://` on a loopback literal".to_owned()
            }
            Shape::Words(words) => format!("a list of {}", quoted(words)),
            Shape::Values => {
                "a table of field names, each with a text, a number or true or false".to_owned()
            }
            Shape::Path => "a Google field path".to_owned(),
        }
    }
}

/// Words in quotes, with commas between them.
#[must_use]
pub fn quoted(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    quoted.join(", ")
}

/// A length of time as a profile writes it.
#[must_use]
pub fn spelled(length: Duration) -> String {
    let minutes = length.as_secs() / 60;
    if minutes.is_multiple_of(24 * 60) {
        format!("{}d", minutes / (24 * 60))
    } else {
        format!("{minutes}m")
    }
}
