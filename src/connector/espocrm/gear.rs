//! What calls work from once the probe is known: the mapped fields and where each one lies.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::explain::fail;
use crate::connector::{Error, Kind};
use crate::mapping::Mapping;
use crate::model::{Choice, Field, FieldInfo, FieldKind, ListInfo, Probe};

/// Which contacts a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum View {
    /// Every contact that the user may read.
    #[default]
    All,
    /// Those that a filter of EspoCRM's own lets through, by its name.
    Filter(String),
    /// The members of a target list, by its identifier.
    Targets(String),
}

/// How far a right reaches; EspoCRM has more words, and only these two make a difference here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reach {
    /// Every record: a refusal means that the right is gone.
    #[default]
    Every,
    /// One's own or one's team's records: a refusal may be about the record alone.
    Some,
}

/// What the connector keeps in [`Probe::extra`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Extra {
    /// The view as the profile named it when this was read.
    pub(super) asked: String,
    pub(super) view: View,
    /// Whether contacts can be put into the target list.
    pub(super) linkable: bool,
    pub(super) edits: Reach,
    pub(super) deletes: Reach,
    /// Whether phone numbers have to be international.
    pub(super) international: bool,
    /// What could not be read or is not as it should be.
    pub(super) notes: Vec<String>,
}

/// Where a field lies in a record's JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// An attribute of the record.
    Attribute(String),
    /// The first e-mail address.
    Email,
    /// The first phone number, whatever its type.
    Phone,
    /// The first phone number of a type; only reading the record by itself tells it.
    PhoneOf(String),
}

impl Place {
    /// Where a field of the metadata lies.
    pub(super) fn of(name: &str, kind: FieldKind) -> Self {
        match (name, kind) {
            ("emailAddress", _) => Self::Email,
            ("phoneNumber", _) => Self::Phone,
            (_, FieldKind::Lookup) => Self::Attribute(format!("{name}Name")),
            (_, FieldKind::Phone) => match name.strip_prefix("phoneNumber.") {
                Some(kind) => Self::PhoneOf(kind.to_owned()),
                None => Self::Attribute(name.to_owned()),
            },
            _ => Self::Attribute(name.to_owned()),
        }
    }

    /// The attribute that a listing is asked for.
    fn attribute(&self) -> Option<&str> {
        match self {
            Self::Attribute(name) => Some(name),
            Self::Email => Some("emailAddress"),
            Self::Phone => Some("phoneNumber"),
            Self::PhoneOf(_) => None,
        }
    }
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

/// Everything that reading and writing need to know.
pub(super) struct Gear {
    pub(super) mapping: Arc<Mapping>,
    pub(super) list: ListInfo,
    pub(super) extra: Extra,
    pub(super) fields: BTreeMap<String, FieldInfo>,
    pub(super) slots: Vec<Slot>,
    /// What a listing is asked for.
    pub(super) select: Vec<String>,
    /// Whether a listing does not tell everything and each record has to be read by itself.
    pub(super) one_by_one: bool,
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
        let slots: Vec<Slot> = mapping
            .pairs
            .iter()
            .map(|pair| {
                let info = fields.get(&pair.crm);
                let kind = info.map_or(FieldKind::Text, |info| info.kind);
                Slot {
                    field: pair.field,
                    crm: pair.crm.clone(),
                    label: info.map_or_else(|| pair.crm.clone(), |info| info.label.clone()),
                    kind,
                    place: Place::of(&pair.crm, kind),
                    hidden: info.is_none_or(|info| info.hidden),
                    choices: info.map_or_else(Vec::new, |info| info.choices.clone()),
                }
            })
            .collect();
        let typed = |slot: &&Slot| matches!(slot.place, Place::PhoneOf(_));
        let primary = slots.iter().any(|slot| slot.place == Place::Phone);
        if let Some(slot) = slots.iter().find(typed).filter(|_| primary) {
            return Err(Error {
                hint: Some("Map one or the other: crmsync map-fields".to_owned()),
                ..fail(
                    "use the mapping",
                    Kind::Config,
                    &format!(
                        "`phoneNumber` is the first number of any type, so it can be the same number as `{}`",
                        slot.crm
                    ),
                )
            });
        }
        let shown = || slots.iter().filter(|slot| !slot.hidden);
        let one_by_one = shown().any(|slot| typed(&slot));
        let select = ["id", "modifiedAt"]
            .into_iter()
            .chain(shown().filter_map(|slot| slot.place.attribute()))
            .map(str::to_owned)
            .collect();
        Ok(Self {
            mapping,
            list: probe.list.clone(),
            extra,
            fields,
            slots,
            select,
            one_by_one,
        })
    }

    /// The slot of a field number.
    pub(super) fn slot(&self, field: Field) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.field == field)
    }

    /// The slot of an API name.
    pub(super) fn slot_named(&self, crm: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.crm == crm)
    }

    /// The target list that new records are put into.
    pub(super) fn targets(&self) -> Option<&str> {
        match &self.extra.view {
            View::Targets(id) if self.extra.linkable => Some(id),
            View::Targets(_) | View::All | View::Filter(_) => None,
        }
    }
}
