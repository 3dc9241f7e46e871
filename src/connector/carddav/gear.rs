//! What calls work from once the probe is known: the address book, the mapped fields as slots.

use std::collections::BTreeSet;
use std::sync::Arc;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::card::Edition;
use super::slot::Slot;
use crate::mapping::Mapping;
use crate::model::{Field, Probe};

/// The property that holds the Google contact's identifier on cards that crmsync made.
pub(super) const STAMP: &str = "X-CRMSYNC-TWIN";

/// Properties that names and reports come from.
const ALWAYS: [&str; 6] = ["FN", "N", "NICKNAME", "ORG", "EMAIL", "TEL"];

/// What the connector keeps in [`Probe::extra`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Extra {
    /// The address book as the profile named it when this was read.
    pub(super) asked: String,
    /// The address book's address.
    pub(super) book: String,
    /// Whether it says what changed since a token (RFC 6578).
    pub(super) sync: bool,
    /// Whether new cards are of version 4.0.
    pub(super) four: bool,
    /// The largest card that it takes, octets.
    pub(super) most: Option<u64>,
}

/// Everything that reading and writing need to know.
pub(super) struct Gear {
    pub(super) mapping: Arc<Mapping>,
    /// The slot of each mapped pair, in the mapping's order.
    pub(super) slots: Vec<Slot>,
    /// The address book, with a slash at its end.
    pub(super) book: Url,
    pub(super) sync: bool,
    /// The version that new cards get.
    pub(super) edition: Edition,
    pub(super) most: Option<u64>,
    wanted: BTreeSet<String>,
}

impl Gear {
    /// Puts together what a probe said and what the profile maps; the error says what does not fit.
    pub(super) fn new(probe: &Probe, mapping: Arc<Mapping>) -> Result<Self, String> {
        let extra: Extra = serde_json::from_value(probe.extra.clone())
            .map_err(|_| "what was read about the address book has another form".to_owned())?;
        let book = Url::parse(&extra.book)
            .map_err(|_| "the address book's address is not known".to_owned())?;
        let slots: Vec<Slot> = mapping
            .pairs
            .iter()
            .map(|pair| Slot::parse(&pair.crm).ok_or_else(|| format!("`{}` is no field", pair.crm)))
            .collect::<Result<_, _>>()?;
        let wanted = slots
            .iter()
            .map(Slot::property)
            .chain(ALWAYS)
            .map(str::to_owned)
            .collect();
        Ok(Self {
            edition: if extra.four {
                Edition::Four
            } else {
                Edition::Three
            },
            mapping,
            slots,
            book,
            sync: extra.sync,
            most: extra.most,
            wanted,
        })
    }

    /// Whether the lines of a property have to be understood.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.wanted.contains(name)
    }

    /// The place of a field in the mapping.
    pub(super) fn at(&self, field: Field) -> Option<usize> {
        self.mapping
            .pairs
            .iter()
            .position(|pair| pair.field == field)
    }
}
