//! Field paths, canonical forms, and the pairs of a profile: how a contact is expressed on each side.

pub mod canon;
mod nearest;
mod offer;
mod path;
mod regions;

pub use nearest::nearest;
pub use path::{AddressPart, NamePart, OrganizationPart, Path, PathError};

use crate::model::{Field, FieldKind, Sides, Value};

/// One mapped pair of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Its number in the state file.
    pub field: Field,
    /// The CRM's API name of the field.
    pub crm: String,
    /// The slot of the Google contact.
    pub google: Path,
    /// Whether the profile lets values flow to each side.
    pub to: Sides<bool>,
}

impl Pair {
    /// The name that the state file numbers: `CRM=google.path`.
    #[must_use]
    pub fn name(crm: &str, google: &Path) -> String {
        format!("{crm}={google}")
    }
}

/// The mapping of one profile, as connectors use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The pairs, in the profile's order.
    pub pairs: Vec<Pair>,
    /// The pair that holds the match key.
    pub key: Field,
    /// The default country of phone numbers, ISO 3166 alpha-2 upper-case.
    pub region: Option<String>,
}

impl Mapping {
    /// The pair of a field number.
    #[must_use]
    pub fn pair(&self, field: Field) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.field == field)
    }

    /// The pair that holds the match key.
    #[must_use]
    pub fn key_pair(&self) -> Option<&Pair> {
        self.pair(self.key)
    }

    /// The fields of these CRM names, as far as they are mapped, in the order of the names.
    #[must_use]
    pub fn named(&self, names: &[&str]) -> Vec<Field> {
        let pair = |name: &&str| self.pairs.iter().find(|pair| pair.crm == *name);
        names
            .iter()
            .filter_map(pair)
            .map(|pair| pair.field)
            .collect()
    }

    /// Gets ready, aside, what the first phone number would wait for. Called when there is something to
    /// read, since most passes have nothing.
    pub fn get_ready(&self) {
        let kinds = self.pairs.iter().map(|pair| pair.google.kind());
        if kinds.into_iter().any(|kind| kind == FieldKind::Phone) {
            canon::get_ready();
        }
    }

    /// A remote's text as a value of this pair: canonical form added, `None` when it is blank.
    #[must_use]
    pub fn value(&self, pair: &Pair, text: &str) -> Option<Value> {
        canon::value(pair.google.kind(), text, self.region.as_deref())
    }
}

/// The sort of value that a field kind is compared as.
#[must_use]
pub fn comparable(kind: FieldKind) -> bool {
    kind != FieldKind::Other
}

#[cfg(test)]
mod tests;
