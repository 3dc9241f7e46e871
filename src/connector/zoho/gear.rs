//! What calls work from once the probe is known: the mapped fields as slots, the columns to ask for, and
//! which ways of reading are open.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::api::Failure;
use super::coql;
use super::explain::names_view;
use crate::mapping::Mapping;
use crate::model::{Choice, Field, FieldInfo, FieldKind, ListInfo, Probe};

/// What the connector keeps in [`Probe::extra`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Extra {
    /// The view as the profile named it when this was read.
    pub(super) asked: String,
    /// Whether COQL may be used at all.
    pub(super) coql: bool,
    /// Whether COQL reads the list view.
    pub(super) view_coql: bool,
    /// Whether COQL was seen to tell upper from lower case.
    pub(super) cased: bool,
    /// The COQL column that holds a lookup's name, by field; a lookup without one has none.
    pub(super) lookups: BTreeMap<String, String>,
    /// Fields whose `null` may mean "not shown" (health data).
    pub(super) restricted: Vec<String>,
    /// Fields whose text is cut in lists (rich text).
    pub(super) rich: Vec<String>,
    /// The signed-in user's identifier.
    pub(super) user_id: Option<String>,
    /// What could not be read and what was done instead.
    pub(super) notes: Vec<String>,
}

/// One mapped field as this module has it.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) field: Field,
    pub(super) crm: String,
    pub(super) label: String,
    pub(super) kind: FieldKind,
    pub(super) native: String,
    /// The column that COQL is asked for.
    pub(super) column: String,
    /// It is not told at all.
    pub(super) hidden: bool,
    /// Its `null` may mean "not shown".
    pub(super) restricted: bool,
    /// Its text is cut in lists.
    pub(super) rich: bool,
    pub(super) choices: Vec<Choice>,
}

/// Everything that reading and writing need to know.
pub(super) struct Gear {
    pub(super) mapping: Arc<Mapping>,
    pub(super) module: String,
    pub(super) list: ListInfo,
    pub(super) fields: BTreeMap<String, FieldInfo>,
    pub(super) slots: Vec<Slot>,
    /// The CRM field of the match key.
    pub(super) key: Option<String>,
    /// Whether COQL was seen to tell upper from lower case.
    pub(super) cased: bool,
    /// COQL columns of a whole record.
    pub(super) columns: Vec<String>,
    /// Get Records fields of a whole record.
    pub(super) plain: Vec<String>,
    pub(super) open: Open,
}

/// Which ways of reading are open; each closes for the session when it was refused.
#[derive(Debug)]
pub(super) struct Open {
    coql: AtomicBool,
    view: AtomicBool,
    key: AtomicBool,
    search: AtomicBool,
    /// The limits of older API pages hold.
    old: AtomicBool,
}

impl Gear {
    /// Puts together what a probe said and what the profile maps.
    pub(super) fn new(module: &str, probe: &Probe, mapping: Arc<Mapping>) -> Self {
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
                    native: info.map_or_else(String::new, |info| info.native_type.clone()),
                    column: extra
                        .lookups
                        .get(&pair.crm)
                        .cloned()
                        .unwrap_or_else(|| pair.crm.clone()),
                    hidden: info.is_none_or(|info| info.hidden),
                    restricted: extra.restricted.contains(&pair.crm),
                    rich: extra.rich.contains(&pair.crm),
                    choices: info.map_or_else(Vec::new, |info| info.choices.clone()),
                }
            })
            .collect();
        let shown = || slots.iter().filter(|slot| !slot.hidden);
        let base = ["id".to_owned(), "Modified_Time".to_owned()];
        let columns = base
            .iter()
            .cloned()
            .chain(shown().map(|slot| slot.column.clone()))
            .collect();
        let plain = base[1..]
            .iter()
            .cloned()
            .chain(shown().map(|slot| slot.crm.clone()))
            .collect();
        // A query joins at most two other modules, and only by a column that is known.
        let lookups: Vec<&Slot> = shown()
            .filter(|slot| slot.kind == FieldKind::Lookup)
            .collect();
        let joins = lookups.len() <= 2 && lookups.iter().all(|slot| slot.column.contains('.'));
        let key = mapping.key_pair().map(|pair| pair.crm.clone());
        Self {
            open: Open {
                coql: AtomicBool::new(extra.coql && joins),
                view: AtomicBool::new(extra.view_coql),
                key: AtomicBool::new(true),
                search: AtomicBool::new(true),
                old: AtomicBool::new(false),
            },
            module: module.to_owned(),
            list: probe.list.clone(),
            cased: extra.cased,
            mapping,
            fields,
            slots,
            key,
            columns,
            plain,
        }
    }

    /// The view for a query's `from`; none when the list is the whole module.
    pub(super) fn view(&self) -> Option<&str> {
        (!self.list.covers_all).then_some(self.list.id.as_str())
    }

    /// Whether COQL reads the list.
    pub(super) fn reads_list(&self) -> bool {
        if self.list.covers_all {
            self.open.coql()
        } else {
            self.open.view()
        }
    }

    /// The slot of a field number.
    pub(super) fn slot(&self, field: Field) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.field == field)
    }

    /// The slot of an API name.
    pub(super) fn slot_named(&self, crm: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.crm == crm)
    }
}

impl Open {
    /// Whether COQL may be used on the module.
    pub(super) fn coql(&self) -> bool {
        self.coql.load(Ordering::Relaxed)
    }

    /// Whether COQL may be used on the list view.
    pub(super) fn view(&self) -> bool {
        self.coql() && self.view.load(Ordering::Relaxed)
    }

    /// Whether COQL may look for the key field.
    pub(super) fn key(&self) -> bool {
        self.coql() && self.key.load(Ordering::Relaxed)
    }

    /// Whether Search may be used.
    pub(super) fn search(&self) -> bool {
        self.search.load(Ordering::Relaxed)
    }

    /// The most rows of a query.
    pub(super) fn rows(&self) -> usize {
        if self.old.load(Ordering::Relaxed) {
            coql::OLD_ROWS
        } else {
            coql::ROWS
        }
    }

    /// The most identifiers of an `in` list.
    pub(super) fn values(&self) -> usize {
        if self.old.load(Ordering::Relaxed) {
            coql::OLD_VALUES
        } else {
            coql::VALUES
        }
    }

    /// Search is not granted.
    pub(super) fn close_search(&self) {
        self.search.store(false, Ordering::Relaxed);
    }

    /// The organisation has the limits of older API pages.
    pub(super) fn older(&self) {
        self.old.store(true, Ordering::Relaxed);
    }

    /// Closes what a refused query shows not to work here; whether it was such a refusal, so that the
    /// other way has to be taken.
    pub(super) fn close(&self, failure: &Failure, key: Option<&str>) -> bool {
        let Some(said) = &failure.said else {
            return false;
        };
        let shut = match said.code.as_str() {
            "OAUTH_SCOPE_MISMATCH" => &self.coql,
            "INVALID_QUERY" if names_view(said) => &self.view,
            "INVALID_QUERY" if key.is_some() && said.detail("column_name") == key => &self.key,
            _ => return false,
        };
        shut.store(false, Ordering::Relaxed);
        true
    }
}
