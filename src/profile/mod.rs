//! The profile: one TOML file, read into something that is valid by construction.

mod build;
pub mod edit;
mod edit_map;
#[cfg(test)]
mod error_tests;
mod fault;
mod fingerprint;
mod keys;
mod load;
mod read;
mod schema;
mod secret;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod value;

pub use crate::model::{CrmSection, KeyInfo, Presence, Shape};
pub use fault::{Finding, Invalid, ProfileError};
pub use fingerprint::fingerprint;
pub use keys::{key, keys};
pub use load::list;
pub use schema::schema;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use crate::mapping::Path;
use crate::model::{
    AnyEmail, Clears, Direction, NoEmail, OnConflict, OnDelete, OnLeave, Side, Target,
};

/// A valid profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Its name: the file's name without `.toml`.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// How contacts flow.
    pub sync: SyncSection,
    /// The Google end.
    pub google: GoogleSection,
    /// The CRM end.
    pub crm: CrmSection,
    /// The mapping in the file's order; none when the CRM's default mapping is meant.
    pub map: Option<Vec<MapEntry>>,
    text: String,
    spans: Spans,
}

/// `[sync]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncSection {
    /// Which way contacts flow.
    pub direction: Direction,
    /// Who wins a conflict.
    pub on_conflict: OnConflict,
    /// How often `sync --due` and the timers run it.
    pub frequency: Duration,
    /// The most contacts that the first run writes; 0 means no limit.
    pub first_limit: u64,
    /// The most contacts that a later run writes; 0 means no limit.
    pub next_limit: u64,
    /// What a deletion does.
    pub on_delete: OnDelete,
    /// What leaving the view does.
    pub on_leave: OnLeave,
    /// What happens to contacts without an address.
    pub no_email: NoEmail,
    /// How often the lists are compared in full.
    pub full_every: Duration,
    /// The default country of phone numbers, ISO 3166 alpha-2 upper-case.
    pub region: Option<String>,
    /// Whether any other address of a Google contact matches too.
    pub match_any_email: AnyEmail,
    /// Whether a cleared field is cleared on the other side.
    pub propagate_clears: Clears,
    /// Whether a one-way target's own edits are put back.
    pub enforce: Target,
}

/// `[google]`; addresses are without a slash at their end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoogleSection {
    /// The account that has to be signed in, in its key form (lower-case).
    pub account: Option<String>,
    /// The label's name, its `contactGroups/…` name, or `myContacts`.
    pub group: String,
    /// The OAuth client's file, resolved against the profile's folder.
    pub client_secret: Option<PathBuf>,
    /// The service account's key file, resolved against the profile's folder; goes before
    /// `client_secret`.
    pub service_account: Option<PathBuf>,
    /// The user that the service account acts for; only with `service_account`.
    pub subject: Option<String>,
    /// The People API's root.
    pub endpoint: Option<String>,
    /// The consent page.
    pub auth_uri: Option<String>,
    /// Where tokens are fetched.
    pub token_uri: Option<String>,
    /// Where tokens are revoked.
    pub revoke_uri: Option<String>,
    /// Critical reads that may be spent in a minute; 0 is no limit.
    pub reads_per_minute: u32,
    /// Critical writes that may be spent in a minute; 0 is no limit.
    pub writes_per_minute: u32,
}

/// One `[[map]]` entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapEntry {
    /// The CRM's API name of the field.
    pub crm: String,
    /// The slot of the Google contact.
    pub google: Path,
    /// Whether it holds the match key; exactly one entry does, and its path is an e-mail path.
    pub key: bool,
    /// Its own direction; the profile's still counts.
    pub direction: Option<Direction>,
    /// Its own winner.
    pub wins: Option<Side>,
}

/// A place in a profile that a later error can point at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MapPart {
    /// `crm.view`
    View,
    /// `google.group`
    Group,
    /// `crm.kind`, where a default mapping comes from.
    Kind,
    /// A whole `[[map]]` entry, counted from 0.
    Entry(usize),
    /// The CRM field of an entry.
    Crm(usize),
    /// The Google path of an entry.
    Google(usize),
    /// The value of this field in `[crm.defaults]`.
    Default(String),
}

/// Where the parts stand in the text, as byte ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Spans {
    view: Range<usize>,
    group: Range<usize>,
    kind: Range<usize>,
    entries: Vec<EntrySpans>,
    defaults: BTreeMap<String, Range<usize>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct EntrySpans {
    whole: Range<usize>,
    crm: Range<usize>,
    google: Range<usize>,
}
