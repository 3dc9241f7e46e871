//! The one table of profile keys: validation, defaults, the JSON schema, `configure --set` and the
//! documentation all read it.

use std::time::Duration;

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

/// The shortest `frequency` and `full_every`.
pub(super) const SHORTEST: Duration = Duration::from_secs(5 * MINUTE);
/// The longest `frequency` and `full_every`.
pub(super) const LONGEST: Duration = Duration::from_secs(30 * DAY);

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
}

/// Every CRM kind that a profile can name.
pub(super) const KINDS: &[&str] = &["zoho"];
/// The words for directions.
pub(super) const DIRECTIONS: &[&str] = &["two-way", "crm-to-google", "google-to-crm"];
/// Zoho's data centres by the names that a profile uses.
pub(super) const DATA_CENTERS: &[&str] = &["us", "eu", "in", "au", "jp", "ca", "cn", "sa", "uk"];
/// Zoho's modules that hold people.
pub(super) const MODULES: &[&str] = &["Contacts", "Leads", "Vendors"];
/// What a write may set off in Zoho.
pub(super) const TRIGGERS: &[&str] = &["workflow", "approval", "blueprint"];

/// Every key, in the order of the documentation.
#[must_use]
pub fn keys() -> &'static [KeyInfo] {
    super::table::KEYS
}

/// The key of this dotted name; none when there is no such key.
#[must_use]
pub fn key(name: &str) -> Option<&'static KeyInfo> {
    keys().iter().find(|key| key.name == name)
}
