//! Records as the remotes hold them, in the profile's vocabulary.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::Fields;

macro_rules! text_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub SmolStr);

        impl $name {
            /// Wraps a text.
            pub fn new(text: impl Into<SmolStr>) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text_newtype! {
    /// A remote system's own identifier for a record (`people/c123`, a CRM record id).
    RemoteId
}
text_newtype! {
    /// Whatever the remote uses to tell one revision of a record from another: Google's CONTACT
    /// source etag, a CRM's modification time as sent. Opaque; only compared for equality.
    Version
}
text_newtype! {
    /// A normalised e-mail address: trimmed, NFC, lower-case, domain in ASCII (IDNA). Made by
    /// `mapping::canon::email`; compared as bytes.
    Key
}

/// A mapped pair of fields, as the state file numbers it: the same `CRM field = Google path` pair
/// has the same number for ever, whatever the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Field(pub u16);

/// Seconds since the Unix epoch, always passed in: the core has no clock.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Moment(pub i64);

/// A mapped value that is not blank. Two values are equal when their canonical forms are. Short
/// texts need no memory of their own and copies share the others: a value goes from its record into the base,
/// the write and the other record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Value {
    /// The text as the remote spells it.
    #[serde(rename = "t")]
    pub text: SmolStr,
    /// The canonical form (E.164 digits of a phone, the key form of an address) where it differs
    /// from the text, which few do.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub canon: Option<Box<SmolStr>>,
}

impl Value {
    /// A value whose canonical form is its text.
    pub fn plain(text: impl Into<SmolStr>) -> Self {
        Self {
            text: text.into(),
            canon: None,
        }
    }

    /// A value with its canonical form.
    pub fn with_canon(text: impl Into<SmolStr>, canon: &str) -> Self {
        let text = text.into();
        let canon = (canon != &*text).then(|| Box::new(canon.into()));
        Self { text, canon }
    }

    /// The form that values are compared by.
    #[must_use]
    pub fn canonical(&self) -> &str {
        self.canon.as_deref().unwrap_or(&self.text).as_str()
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}
impl Eq for Value {}
impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Value {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.canonical().cmp(other.canonical())
    }
}

/// What a connector needs to see again in order to write a record without harming what it does not
/// map (on Google: the unmapped siblings in each list). Opaque to everyone else; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Native(pub Box<str>);

/// One revision of one remote record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The remote's identifier.
    pub id: RemoteId,
    /// The revision that these fields were read at.
    pub version: Version,
    /// The mapped fields.
    pub fields: Fields,
    /// Mapped fields whose value the remote did not tell, hides, or that cannot be expressed in the
    /// other side's terms: they are neither empty nor changed.
    pub unread: Vec<Field>,
    /// The match key: the canonical form of the mapped e-mail field.
    pub key: Option<Key>,
    /// Every other e-mail address of a Google contact, canonical, without `key`; empty on a CRM.
    pub emails: Vec<Key>,
    /// The counterpart's identifier that we once wrote on the record.
    pub stamp: Option<RemoteId>,
    /// Whether the record is in the profile's list (Google group, CRM view).
    pub listed: bool,
    /// Whether the record carries the `crmsync-archive` label (Google).
    pub archived: bool,
    /// When the remote says it was last changed.
    pub changed_at: Option<Moment>,
    /// The best name for the contact: given name, display name or organisation, in that order; fills
    /// a mandatory CRM name and labels reports.
    pub label: Option<Box<str>>,
    /// What the connector needs for a later write.
    pub native: Native,
}

impl Record {
    /// A record with nothing but its identity, to build on.
    #[must_use]
    pub fn bare(id: RemoteId, version: Version) -> Self {
        Self {
            id,
            version,
            fields: Fields::new(),
            unread: Vec::new(),
            key: None,
            emails: Vec::new(),
            stamp: None,
            listed: false,
            archived: false,
            changed_at: None,
            label: None,
            native: Native::default(),
        }
    }

    /// Whether two readings say the same about the contact, whatever their revision and spelling.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        self.fields == other.fields
            && self.unread == other.unread
            && self.key == other.key
            && self.emails == other.emails
            && self.stamp == other.stamp
            && self.listed == other.listed
            && self.archived == other.archived
    }

    /// Every address of the record, the match key first.
    pub fn addresses(&self) -> impl Iterator<Item = &Key> {
        self.key.iter().chain(&self.emails)
    }
}
