//! What calls work from once the probe is known: the mapped fields and how each one is spelt.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Api;
use super::explain::fail;
use crate::connector::{Error, Kind};
use crate::mapping::Mapping;
use crate::model::{Choice, Field, FieldInfo, FieldKind, ListInfo, Probe};

/// The first half of a name that Odoo keeps in one field.
pub(super) const GIVEN: &str = "name.given";
/// Its second half.
pub(super) const FAMILY: &str = "name.family";

/// Which persons a list holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum View {
    /// All of them.
    #[default]
    All,
    /// Those that a saved filter lets through: its conditions.
    Filter(Json),
    /// Those who carry a tag, by its number.
    Tag(i64),
}

/// What the connector keeps in [`Probe::extra`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Extra {
    /// The view as the profile named it when this was read.
    pub(super) asked: String,
    pub(super) view: View,
    pub(super) api: Api,
    /// The user's number; JSON-RPC wants it in every call.
    pub(super) uid: Option<i64>,
    /// The version by its name.
    pub(super) version: String,
}

impl Default for Extra {
    fn default() -> Self {
        Self {
            asked: String::new(),
            view: View::All,
            api: Api::JsonRpc,
            uid: None,
            version: String::new(),
        }
    }
}

/// How a mapped field is spelt in a record's JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The attribute itself.
    Plain,
    /// Everything but the last word of `name`.
    Given,
    /// The last word of `name`.
    Family,
    /// The first address of a text that may hold several.
    Address,
    /// A text in HTML.
    Html,
}

/// One mapped field.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) field: Field,
    pub(super) crm: String,
    pub(super) label: String,
    pub(super) kind: FieldKind,
    pub(super) place: Place,
    pub(super) hidden: bool,
    pub(super) choices: Vec<Choice>,
}

impl Slot {
    /// The attribute of a record's JSON.
    pub(super) fn attribute(&self) -> &str {
        match self.place {
            Place::Given | Place::Family => "name",
            Place::Plain | Place::Address | Place::Html => &self.crm,
        }
    }
}

/// Everything that reading and writing need to know.
pub(super) struct Gear {
    pub(super) mapping: Arc<Mapping>,
    pub(super) list: ListInfo,
    pub(super) extra: Extra,
    pub(super) fields: BTreeMap<String, FieldInfo>,
    pub(super) slots: Vec<Slot>,
    /// What a reading asks for.
    pub(super) select: Vec<String>,
}

impl Gear {
    /// Puts together what a probe said and what the profile maps.
    pub(super) fn new(probe: &Probe, extra: Extra, mapping: Arc<Mapping>) -> Result<Self, Error> {
        let fields: BTreeMap<String, FieldInfo> = probe
            .fields
            .iter()
            .map(|info| (info.name.clone(), info.clone()))
            .collect();
        let slots: Vec<Slot> = mapping
            .pairs
            .iter()
            .map(|pair| {
                let info = fields.get(&pair.crm);
                let html = info.is_some_and(|info| info.native_type == "html");
                let kind = info.map_or(FieldKind::Text, |info| info.kind);
                Slot {
                    field: pair.field,
                    crm: pair.crm.clone(),
                    label: info.map_or_else(|| pair.crm.clone(), |info| info.label.clone()),
                    kind,
                    place: match (pair.crm.as_str(), kind) {
                        (GIVEN, _) => Place::Given,
                        (FAMILY, _) => Place::Family,
                        (_, FieldKind::Email) => Place::Address,
                        _ if html => Place::Html,
                        _ => Place::Plain,
                    },
                    hidden: info.is_none_or(|info| info.hidden),
                    choices: info.map_or_else(Vec::new, |info| info.choices.clone()),
                }
            })
            .collect();
        let part = slots
            .iter()
            .find(|slot| matches!(slot.place, Place::Given | Place::Family));
        if let Some(part) = part.filter(|_| slots.iter().any(|slot| slot.crm == "name")) {
            return Err(Error {
                hint: Some("Map one or the other: crmsync map-fields".to_owned()),
                ..fail(
                    "use the mapping",
                    Kind::Config,
                    &format!(
                        "`name` is the whole name, and `{}` is a part of it",
                        part.crm
                    ),
                )
            });
        }
        let mut select: Vec<String> = ["write_date", "active", "is_company", "type", "category_id"]
            .into_iter()
            .chain(
                slots
                    .iter()
                    .filter(|slot| !slot.hidden)
                    .map(Slot::attribute),
            )
            .map(str::to_owned)
            .collect();
        select.sort();
        select.dedup();
        Ok(Self {
            mapping,
            list: probe.list.clone(),
            extra,
            fields,
            slots,
            select,
        })
    }

    /// The slot of a field number.
    pub(super) fn slot(&self, field: Field) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.field == field)
    }

    /// The slot of a name.
    pub(super) fn slot_named(&self, crm: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.crm == crm)
    }

    /// The tag that new records get.
    pub(super) fn tag(&self) -> Option<i64> {
        match self.extra.view {
            View::Tag(tag) => Some(tag),
            View::All | View::Filter(_) => None,
        }
    }
}
