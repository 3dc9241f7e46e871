//! Google field paths: `phone.mobile`, `address.work.city`, `custom.KEY`.

use std::fmt;

use super::offer::nearest_path;
use crate::model::FieldKind;

/// A part of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NamePart {
    /// `givenName`
    Given,
    /// `familyName`
    Family,
    /// `middleName`
    Middle,
    /// `honorificPrefix`
    Prefix,
    /// `honorificSuffix`
    Suffix,
}

/// A part of a postal address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressPart {
    /// `streetAddress`
    Street,
    /// `extendedAddress`
    Extended,
    /// `city`
    City,
    /// `region`
    Region,
    /// `postalCode`
    Postcode,
    /// `country`
    Country,
    /// `countryCode`
    CountryCode,
    /// `poBox`
    PoBox,
}

/// A part of the organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrganizationPart {
    /// `name`
    Name,
    /// `title`
    Title,
    /// `department`
    Department,
}

/// One slot of a Google contact. A type is Google's or the user's own word; without one the slot is
/// the first entry of type `work`, else the first entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Path {
    /// `name.PART`
    Name(NamePart),
    /// `nickname`
    Nickname,
    /// `email.TYPE`
    Email(Option<String>),
    /// `phone.TYPE`
    Phone(Option<String>),
    /// `url.TYPE`
    Url(Option<String>),
    /// `im.TYPE`
    Im(Option<String>),
    /// `relation.TYPE`
    Relation(Option<String>),
    /// `event.TYPE`
    Event(Option<String>),
    /// `address.TYPE.PART`
    Address(Option<String>, AddressPart),
    /// `organization.PART`
    Organization(OrganizationPart),
    /// `birthday`
    Birthday,
    /// `note`
    Note,
    /// `custom.KEY`
    Custom(String),
    /// `external_id.TYPE`
    ExternalId(Option<String>),
}

/// A text that is no path; `nearest` is the closest valid one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a Google field path")]
pub struct PathError {
    /// What was given.
    pub given: String,
    /// The closest valid path.
    pub nearest: Option<String>,
}

impl Path {
    /// Reads a path as a profile writes it. A type is any text without control characters and
    /// without white space around it.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let wrong = || PathError {
            given: text.to_owned(),
            nearest: nearest_path(text),
        };
        if text != text.trim() || text.contains(char::is_control) {
            return Err(wrong());
        }
        let (head, rest) = match text.split_once('.') {
            Some((head, rest)) if typed_well(rest) => (head, Some(rest)),
            Some(_) => return Err(wrong()),
            None => (text, None),
        };
        let kind = rest.map(str::to_owned);
        Ok(match (head, rest) {
            ("nickname", None) => Self::Nickname,
            ("birthday", None) => Self::Birthday,
            ("note", None) => Self::Note,
            ("email", _) => Self::Email(kind),
            ("phone", _) => Self::Phone(kind),
            ("url", _) => Self::Url(kind),
            ("im", _) => Self::Im(kind),
            ("relation", _) => Self::Relation(kind),
            ("event", _) => Self::Event(kind),
            ("external_id", _) => Self::ExternalId(kind),
            ("custom", Some(key)) => Self::Custom(key.to_owned()),
            ("name", Some(part)) => Self::Name(NamePart::parse(part).ok_or_else(wrong)?),
            ("organization", Some(part)) => {
                Self::Organization(OrganizationPart::parse(part).ok_or_else(wrong)?)
            }
            ("address", Some(rest)) => match rest.rsplit_once('.') {
                Some((kind, part)) if typed_well(kind) => Self::Address(
                    Some(kind.to_owned()),
                    AddressPart::parse(part).ok_or_else(wrong)?,
                ),
                Some(_) => return Err(wrong()),
                None => Self::Address(None, AddressPart::parse(rest).ok_or_else(wrong)?),
            },
            _ => return Err(wrong()),
        })
    }

    /// The type that the path names; none for the first entry and for slots that exist once.
    #[must_use]
    pub fn type_name(&self) -> Option<&str> {
        match self {
            Self::Email(kind)
            | Self::Phone(kind)
            | Self::Url(kind)
            | Self::Im(kind)
            | Self::Relation(kind)
            | Self::Event(kind)
            | Self::ExternalId(kind)
            | Self::Address(kind, _) => kind.as_deref(),
            Self::Custom(key) => Some(key),
            Self::Name(_)
            | Self::Nickname
            | Self::Organization(_)
            | Self::Birthday
            | Self::Note => None,
        }
    }

    /// Whether two paths can name one slot of a contact: the same path but for the type's letter
    /// case, or a path without a type beside one with a type, whose entry may be the first.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let same_list = match (self, other) {
            (Self::Address(_, part), Self::Address(_, others)) => part == others,
            (Self::Custom(_), Self::Custom(_))
            | (Self::Email(_), Self::Email(_))
            | (Self::Phone(_), Self::Phone(_))
            | (Self::Url(_), Self::Url(_))
            | (Self::Im(_), Self::Im(_))
            | (Self::Relation(_), Self::Relation(_))
            | (Self::Event(_), Self::Event(_))
            | (Self::ExternalId(_), Self::ExternalId(_)) => true,
            (one, two) => return one == two,
        };
        same_list
            && match (self.type_name(), other.type_name()) {
                (Some(one), Some(two)) => one.to_lowercase() == two.to_lowercase(),
                (None, _) | (_, None) => true,
            }
    }

    /// The sort of value that the slot holds.
    #[must_use]
    pub fn kind(&self) -> FieldKind {
        match self {
            Self::Email(_) => FieldKind::Email,
            Self::Phone(_) => FieldKind::Phone,
            Self::Url(_) => FieldKind::Url,
            Self::Event(_) | Self::Birthday => FieldKind::Date,
            Self::Note | Self::Address(_, AddressPart::Street) => FieldKind::Multiline,
            Self::Name(_)
            | Self::Nickname
            | Self::Im(_)
            | Self::Relation(_)
            | Self::Address(..)
            | Self::Organization(_)
            | Self::Custom(_)
            | Self::ExternalId(_) => FieldKind::Text,
        }
    }
}

impl NamePart {
    /// Every part with its word.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Given, "given"),
        (Self::Family, "family"),
        (Self::Middle, "middle"),
        (Self::Prefix, "prefix"),
        (Self::Suffix, "suffix"),
    ];

    fn parse(text: &str) -> Option<Self> {
        pick(&Self::ALL, text)
    }
}

impl AddressPart {
    /// Every part with its word.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Street, "street"),
        (Self::Extended, "extended"),
        (Self::City, "city"),
        (Self::Region, "region"),
        (Self::Postcode, "postcode"),
        (Self::Country, "country"),
        (Self::CountryCode, "country_code"),
        (Self::PoBox, "po_box"),
    ];

    fn parse(text: &str) -> Option<Self> {
        pick(&Self::ALL, text)
    }
}

impl OrganizationPart {
    /// Every part with its word.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Name, "name"),
        (Self::Title, "title"),
        (Self::Department, "department"),
    ];

    fn parse(text: &str) -> Option<Self> {
        pick(&Self::ALL, text)
    }
}

/// Whether a text can be a type: it says something and has no white space around it.
fn typed_well(text: &str) -> bool {
    !text.is_empty() && text == text.trim() && !text.starts_with('.') && !text.ends_with('.')
}

fn pick<T: Copy>(all: &[(T, &str)], text: &str) -> Option<T> {
    all.iter()
        .find(|(_, word)| *word == text)
        .map(|(part, _)| *part)
}

fn word<T: Copy + PartialEq>(all: &[(T, &'static str)], part: T) -> &'static str {
    all.iter()
        .find(|(each, _)| *each == part)
        .map_or("", |(_, word)| word)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let typed = |f: &mut fmt::Formatter<'_>, head: &str, kind: &Option<String>| match kind {
            Some(kind) => write!(f, "{head}.{kind}"),
            None => f.write_str(head),
        };
        match self {
            Self::Name(part) => write!(f, "name.{}", word(&NamePart::ALL, *part)),
            Self::Nickname => f.write_str("nickname"),
            Self::Email(kind) => typed(f, "email", kind),
            Self::Phone(kind) => typed(f, "phone", kind),
            Self::Url(kind) => typed(f, "url", kind),
            Self::Im(kind) => typed(f, "im", kind),
            Self::Relation(kind) => typed(f, "relation", kind),
            Self::Event(kind) => typed(f, "event", kind),
            Self::ExternalId(kind) => typed(f, "external_id", kind),
            Self::Address(kind, part) => {
                typed(f, "address", kind)?;
                write!(f, ".{}", word(&AddressPart::ALL, *part))
            }
            Self::Organization(part) => {
                write!(f, "organization.{}", word(&OrganizationPart::ALL, *part))
            }
            Self::Birthday => f.write_str("birthday"),
            Self::Note => f.write_str("note"),
            Self::Custom(key) => write!(f, "custom.{key}"),
        }
    }
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;
