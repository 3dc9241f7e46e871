//! The table of profile keys for the CRM kinds that there are: everybody's keys, and those of a kind.

use std::time::Duration;

use crate::model::{KeyInfo, Kinds, Presence, Shape};

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

/// The shortest `frequency` and `full_every`.
pub(super) const SHORTEST: Duration = Duration::from_secs(5 * MINUTE);
/// The longest `frequency` and `full_every`.
pub(super) const LONGEST: Duration = Duration::from_secs(30 * DAY);
/// The words for directions.
pub(super) const DIRECTIONS: &[&str] = &["two-way", "crm-to-google", "google-to-crm"];

/// Every key of every kind, in the order of the documentation. Where kinds know a key of one name
/// it stands here once for each.
#[must_use]
pub fn keys(kinds: Kinds) -> Vec<KeyInfo> {
    let mut keys = Vec::new();
    for info in super::table::KEYS {
        let mut info = *info;
        if info.name == "crm.kind" {
            info.shape = Shape::Word(kinds.names());
        }
        keys.push(info);
        if info.name == "crm.view" {
            let own = kinds.all().iter().flat_map(|kind| kind.keys);
            keys.extend(own.copied());
        }
    }
    keys
}

/// Which CRM's keys are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// That CRM's.
    One(&'static str),
    /// All of them: the kind is missing or wrong, which is an error of its own.
    Any,
    /// None: the keys do not depend on it.
    None,
}

impl Kind {
    /// The kind of that word, if there is one.
    pub(super) fn named(kinds: Kinds, word: Option<&str>) -> Self {
        word.and_then(|word| kinds.get(word))
            .map_or(Self::Any, |info| Self::One(info.name))
    }
}

/// The keys that count for a kind.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    all: Vec<KeyInfo>,
    kind: Kind,
}

impl Keys {
    pub(super) fn new(kinds: Kinds, kind: Kind) -> Self {
        Self {
            all: keys(kinds),
            kind,
        }
    }

    /// Every key that counts, in the order of the documentation.
    pub(super) fn iter(&self) -> impl Iterator<Item = &KeyInfo> {
        self.all.iter().filter(|info| self.knows(info))
    }

    /// The keys of a section that have to be there. While the kind is not known, nobody can say
    /// which of the kinds' own these are.
    pub(super) fn required(&self, section: &str) -> impl Iterator<Item = &KeyInfo> {
        self.iter()
            .filter(move |info| info.section() == section)
            .filter(|info| info.presence == Presence::Required)
            .filter(|info| info.kind.is_none() || self.kind != Kind::Any)
    }

    /// The key of that dotted name.
    pub(super) fn find(&self, name: &str) -> Option<&KeyInfo> {
        self.iter().find(|info| info.name == name)
    }

    /// The key of that name that another kind has.
    pub(super) fn elsewhere(&self, name: &str) -> Option<&KeyInfo> {
        self.all.iter().find(|info| info.name == name)
    }

    fn knows(&self, info: &KeyInfo) -> bool {
        match (self.kind, info.kind) {
            // A kind may take one of everybody's keys in its own way.
            (Kind::One(kind), None) => !self
                .all
                .iter()
                .any(|own| own.kind == Some(kind) && own.name == info.name),
            (Kind::One(kind), Some(of)) => kind == of,
            (Kind::Any, _) | (Kind::None, None) => true,
            (Kind::None, Some(_)) => false,
        }
    }
}

/// The key of this dotted name, of a profile whose `crm.kind` is that word; of any kind when it is
/// no known one. None when there is no such key.
#[must_use]
pub fn key(kinds: Kinds, kind: Option<&str>, name: &str) -> Option<KeyInfo> {
    Keys::new(kinds, Kind::named(kinds, kind))
        .find(name)
        .copied()
}

pub(super) fn or_leave_out(info: &KeyInfo) -> &'static str {
    match info.presence {
        Presence::Required => "",
        Presence::Optional | Presence::Default(_) => " or leave the key out",
    }
}
