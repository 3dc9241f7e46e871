//! The paths that can be offered: all that Google has words for, and the nearest to a mistyped one.

use super::{AddressPart, NamePart, OrganizationPart, Path, nearest};

/// Makes a path of a list from a type.
type Typed = fn(Option<String>) -> Path;

impl Path {
    /// Every path with Google's own types (People API v1, `people` resource), in the order of the
    /// documentation; `custom.KEY` and the user's own types come on top.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all: Vec<Self> = NamePart::ALL.map(|(part, _)| Self::Name(part)).into();
        all.push(Self::Nickname);
        let typed: [(&[&str], Typed); 7] = [
            (EMAIL_TYPES, Self::Email),
            (PHONE_TYPES, Self::Phone),
            (URL_TYPES, Self::Url),
            (PLACES, Self::Im),
            (RELATION_TYPES, Self::Relation),
            (EVENT_TYPES, Self::Event),
            (EXTERNAL_ID_TYPES, Self::ExternalId),
        ];
        for (kinds, path) in typed {
            all.push(path(None));
            all.extend(kinds.iter().map(|kind| path(Some((*kind).to_owned()))));
        }
        for kind in std::iter::once(None).chain(PLACES.iter().map(Some)) {
            for (part, _) in AddressPart::ALL {
                all.push(Self::Address(kind.map(|kind| (*kind).to_owned()), part));
            }
        }
        all.extend(OrganizationPart::ALL.map(|(part, _)| Self::Organization(part)));
        all.extend([Self::Birthday, Self::Note]);
        all
    }
}

const PLACES: &[&str] = &["home", "work", "other"];
const EMAIL_TYPES: &[&str] = PLACES;
const PHONE_TYPES: &[&str] = &[
    "home",
    "work",
    "mobile",
    "homeFax",
    "workFax",
    "otherFax",
    "pager",
    "workMobile",
    "workPager",
    "main",
    "googleVoice",
    "other",
];
const URL_TYPES: &[&str] = &[
    "home",
    "work",
    "blog",
    "profile",
    "homePage",
    "ftp",
    "reservations",
    "appInstallPage",
    "other",
];
const RELATION_TYPES: &[&str] = &[
    "spouse",
    "child",
    "mother",
    "father",
    "parent",
    "brother",
    "sister",
    "friend",
    "relative",
    "domesticPartner",
    "manager",
    "assistant",
    "referredBy",
    "partner",
];
const EVENT_TYPES: &[&str] = &["anniversary", "other"];
const EXTERNAL_ID_TYPES: &[&str] = &["account", "customer", "loginId", "network", "organization"];

/// The path that was probably meant.
pub(super) fn nearest_path(text: &str) -> Option<String> {
    let all: Vec<String> = Path::all().iter().map(ToString::to_string).collect();
    let names = || all.iter().map(String::as_str);
    if text.trim_end_matches('.') == "custom" {
        return Some("custom.KEY".to_owned());
    }
    // A list without its part: `address.work`, `name`.
    let begun = format!("{text}.");
    if let Some(name) = names().find(|name| name.starts_with(&begun)) {
        return Some(name.to_owned());
    }
    if let Some(name) = nearest(text, names()) {
        return Some(name.to_owned());
    }
    // A part too many (`organization.work.title`), or another word for a part.
    let (head, rest) = text.split_once('.').unwrap_or((text, ""));
    let tail = rest.rsplit('.').next().unwrap_or_default();
    let heads = names().map(|name| name.split('.').next().unwrap_or(name));
    let head = nearest(head, heads)?;
    names()
        .find(|name| *name == format!("{head}.{tail}"))
        .or_else(|| names().find(|name| name.split('.').next() == Some(head)))
        .map(str::to_owned)
}
