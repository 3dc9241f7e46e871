//! What calls work from once the probe is known: the mapped properties and the list.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::explain::fail;
use crate::connector::{Error, Kind};
use crate::mapping::Mapping;
use crate::model::{Choice, Field, FieldInfo, FieldKind, ListInfo, Probe};

/// The property of the match key: HubSpot keeps an address once per account and finds it by it.
pub(super) const EMAIL: &str = "email";
/// When a contact was changed, by anybody and anything.
pub(super) const MODIFIED: &str = "lastmodifieddate";
/// The contacts that were merged into one.
pub(super) const MERGED: &str = "hs_merged_object_ids";

/// Which contacts a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum View {
    /// Every contact of the account.
    #[default]
    All,
    /// The members of a list, by its identifier.
    List(String),
}

/// What the connector keeps in [`Probe::extra`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Extra {
    /// The view as the profile named it when this was read.
    pub(super) asked: String,
    pub(super) view: View,
    /// Whether contacts can be put into the list and taken out of it.
    pub(super) writable: bool,
}

/// One mapped property.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) field: Field,
    pub(super) crm: String,
    pub(super) label: String,
    pub(super) kind: FieldKind,
    pub(super) choices: Vec<Choice>,
}

/// Everything that reading and writing need to know.
pub(super) struct Gear {
    pub(super) mapping: Arc<Mapping>,
    pub(super) list: ListInfo,
    pub(super) extra: Extra,
    pub(super) fields: BTreeMap<String, FieldInfo>,
    pub(super) slots: Vec<Slot>,
    /// The properties that are asked for.
    pub(super) properties: Vec<String>,
}

impl Gear {
    /// Puts together what a probe said and what the profile maps.
    pub(super) fn new(probe: &Probe, mapping: Arc<Mapping>) -> Result<Self, Error> {
        let extra: Extra = serde_json::from_value(probe.extra.clone()).unwrap_or_default();
        let fields: BTreeMap<String, FieldInfo> = probe
            .fields
            .iter()
            .map(|info| (info.name.clone(), info.clone()))
            .collect();
        if let Some(key) = mapping.key_pair().filter(|pair| pair.crm != EMAIL) {
            return Err(Error {
                hint: Some(format!(
                    "Map `{EMAIL}` as the key instead of `{}`: crmsync map-fields",
                    key.crm
                )),
                ..fail(
                    "use the mapping",
                    Kind::Config,
                    "HubSpot tells contacts apart by their property `email`, and by no other",
                )
            });
        }
        let slots: Vec<Slot> = mapping
            .pairs
            .iter()
            .map(|pair| {
                let info = fields.get(&pair.crm);
                Slot {
                    field: pair.field,
                    crm: pair.crm.clone(),
                    label: info.map_or_else(|| pair.crm.clone(), |info| info.label.clone()),
                    kind: info.map_or(FieldKind::Text, |info| info.kind),
                    choices: info.map_or_else(Vec::new, |info| info.choices.clone()),
                }
            })
            .collect();
        let mut properties: Vec<String> = [EMAIL, MODIFIED, MERGED].map(str::to_owned).into();
        for slot in &slots {
            if !properties.contains(&slot.crm) {
                properties.push(slot.crm.clone());
            }
        }
        Ok(Self {
            mapping,
            list: probe.list.clone(),
            extra,
            fields,
            slots,
            properties,
        })
    }

    /// The slot of a field number.
    pub(super) fn slot(&self, field: Field) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.field == field)
    }

    /// The slot of a property.
    pub(super) fn slot_named(&self, crm: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.crm == crm)
    }

    /// The list that the profile names; none when it is every contact.
    pub(super) fn chosen(&self) -> Option<&str> {
        match &self.extra.view {
            View::All => None,
            View::List(id) => Some(id),
        }
    }

    /// The list that new contacts are put into.
    pub(super) fn writable(&self) -> Option<&str> {
        self.chosen().filter(|_| self.extra.writable)
    }
}
