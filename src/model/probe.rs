//! What a remote said about itself: rights, lists and fields, read at most once a day.

use serde::{Deserialize, Serialize};

/// What the signed-in user may do with records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Read records.
    View,
    /// Add records.
    Create,
    /// Change records.
    Edit,
    /// Remove records.
    Delete,
}

/// The type of a field, as far as mapping and checks care.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// One line of text.
    #[default]
    Text,
    /// Several lines.
    Multiline,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// A date.
    Date,
    /// A web address.
    Url,
    /// One of a fixed set of values.
    Picklist,
    /// A reference to another record; read by name, never written.
    Lookup,
    /// A number, a flag, or anything else that is not text.
    Other,
}

/// One field that a remote offers for mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each asked for by name"
)]
pub struct FieldInfo {
    /// Its name in the profile.
    pub name: String,
    /// Its name on the remote's screens.
    pub label: String,
    /// Its type.
    pub kind: FieldKind,
    /// The remote's own word for the type.
    pub native_type: String,
    /// The most characters that it holds; none when the remote does not say.
    pub max_length: Option<u32>,
    /// Whether it may be set when a record is created.
    pub creatable: bool,
    /// Whether it may be changed.
    pub updatable: bool,
    /// Whether the remote refuses a record without it.
    pub required: bool,
    /// Whether an administrator added it.
    pub custom: bool,
    /// Whether it is hidden from the signed-in user: neither empty nor cleared.
    pub hidden: bool,
    /// The allowed values: what is shown, and what is written. Empty when anything goes.
    pub choices: Vec<Choice>,
}

/// One value of a picklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What people see.
    pub shown: String,
    /// What the API takes.
    pub stored: String,
}

/// A list that a profile can name: a Google group, a CRM list view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListInfo {
    /// The remote's identifier; empty while the list does not exist yet (a Google group to be made).
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many members, where the remote says so.
    pub size: Option<u64>,
    /// Whether it holds every record of the account, so that reading it answers every look-up.
    pub covers_all: bool,
}

/// Everything that is read at most once a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Who is signed in, in the remote's words (an address, a user name); may be unknown.
    pub user: Option<String>,
    /// This side's half of the account pair; none when only the profile can tell (Google with a
    /// ready token).
    pub account: Option<String>,
    /// What the user may do.
    pub rights: Vec<Right>,
    /// The profile's list.
    pub list: ListInfo,
    /// Every field.
    pub fields: Vec<FieldInfo>,
    /// Anything else that the connector wants to see again (identifiers of other labels, limits).
    pub extra: serde_json::Value,
}
