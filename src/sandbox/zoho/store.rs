//! The records of one module, in order of their ids, with what was deleted and what is looked up by value.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::{Map, Value, json};

use super::criteria::Expr;
use super::schema::{Field, Kind};
use super::views::View;

/// A field name to its value.
pub(super) type Fields = Map<String, Value>;

/// One record.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Filled fields only; lookups as `{id, name}`, owners as `{id}`.
    pub(super) fields: Fields,
    /// Creation and modification, in seconds since 1970.
    pub(super) created: i64,
    pub(super) modified: i64,
    pub(super) created_by: u64,
    pub(super) modified_by: u64,
    /// How many records of the module came before.
    pub(super) serial: u64,
    /// The user's role does not show the record.
    pub(super) hidden: bool,
    /// The code with which every write is refused.
    pub(super) refusal: Option<String>,
    /// `trigger` of the last write; none when it was left out.
    pub(super) last_trigger: Option<Value>,
    pub(super) photo: Option<Vec<u8>>,
    /// What Search still sees until a time: the earlier fields, or nothing.
    pub(super) indexed: Option<(i64, Option<Fields>)>,
}

/// One deleted record.
#[derive(Clone, Debug)]
pub(super) struct Deleted {
    pub(super) record: Record,
    pub(super) name: String,
    pub(super) at: i64,
    pub(super) by: u64,
    /// Not in the recycle bin any more.
    pub(super) permanent: bool,
    /// Left out of the deletion feed.
    pub(super) silent: bool,
}

/// What the user may do in a module.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a profile's rights are independent"
)]
pub(super) struct Rights {
    pub(super) view: bool,
    pub(super) create: bool,
    pub(super) edit: bool,
    pub(super) delete: bool,
}

/// One module.
#[derive(Clone, Debug)]
pub(super) struct Module {
    pub(super) name: &'static str,
    pub(super) id: u64,
    pub(super) fields: Vec<Field>,
    pub(super) records: BTreeMap<u64, Record>,
    pub(super) deleted: BTreeMap<u64, Deleted>,
    pub(super) views: Vec<View>,
    pub(super) rights: Rights,
    /// Records put in so far.
    pub(super) serial: u64,
    keys: BTreeMap<String, HashMap<String, BTreeSet<u64>>>,
}

/// Records that a listing leaves out although they are there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gaps {
    /// Those created at or after this second.
    pub(super) created_since: Option<i64>,
    /// Every so-manieth.
    pub(super) every: Option<u64>,
}

impl Gaps {
    fn keep(self, record: &Record) -> bool {
        self.created_since
            .is_none_or(|since| record.created < since)
            && self
                .every
                .is_none_or(|every| !record.serial.is_multiple_of(every.max(1)))
    }
}

impl Module {
    pub(super) fn new(name: &'static str, id: u64, fields: Vec<Field>) -> Self {
        let mut module = Self {
            name,
            id,
            fields,
            records: BTreeMap::new(),
            deleted: BTreeMap::new(),
            views: Vec::new(),
            rights: Rights {
                view: true,
                create: true,
                edit: true,
                delete: true,
            },
            serial: 0,
            keys: BTreeMap::new(),
        };
        module.rebuild_keys();
        module
    }

    /// The field of that name, if the user may see it.
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields
            .iter()
            .find(|field| field.api_name == name && !field.hidden)
    }

    /// Makes the value look-ups anew, after a field became unique.
    pub(super) fn rebuild_keys(&mut self) {
        self.keys = self
            .fields
            .iter()
            .filter(|field| {
                field.unique
                    || field.kind == Kind::Email
                    || field.api_name == super::schema::duplicate_field(self.name)
            })
            .map(|field| (field.api_name.clone(), HashMap::new()))
            .collect();
        for (id, record) in &self.records {
            add_keys(&mut self.keys, *id, &record.fields);
        }
    }

    /// The ids with that value, without regard to case; none when the field has no look-up.
    pub(super) fn with_value(&self, field: &str, value: &str) -> Option<&BTreeSet<u64>> {
        static NOBODY: BTreeSet<u64> = BTreeSet::new();
        let values = self.keys.get(field)?;
        Some(values.get(&value.to_lowercase()).unwrap_or(&NOBODY))
    }

    /// Puts a record in or replaces it.
    pub(super) fn put(&mut self, id: u64, record: Record) {
        self.take(id);
        add_keys(&mut self.keys, id, &record.fields);
        self.records.insert(id, record);
    }

    /// Takes a record out.
    pub(super) fn take(&mut self, id: u64) -> Option<Record> {
        let record = self.records.remove(&id)?;
        for (field, values) in &mut self.keys {
            if let Some(text) = record.fields.get(field).and_then(Value::as_str) {
                let folded = text.to_lowercase();
                if let Some(ids) = values.get_mut(&folded) {
                    ids.remove(&id);
                    if ids.is_empty() {
                        values.remove(&folded);
                    }
                }
            }
        }
        Some(record)
    }

    /// Changes a record's fields: null clears. False when it is not there.
    pub(super) fn change(&mut self, id: u64, changes: Fields) -> bool {
        let Some(mut record) = self.take(id) else {
            return false;
        };
        for (name, value) in changes {
            if value.is_null() {
                record.fields.remove(&name);
            } else {
                record.fields.insert(name, value);
            }
        }
        name_in_full(self.name, &mut record.fields);
        self.put(id, record);
        true
    }

    /// A record that the user may see.
    pub(super) fn visible(&self, id: u64) -> Option<&Record> {
        self.records.get(&id).filter(|record| !record.hidden)
    }

    /// The visible records that meet a condition, in order of their ids.
    pub(super) fn matching<'a>(
        &'a self,
        expr: &'a Expr,
        gaps: Gaps,
    ) -> Box<dyn DoubleEndedIterator<Item = (u64, &'a Record)> + 'a> {
        let keep = move |(id, record): &(u64, &Record)| {
            !record.hidden && gaps.keep(record) && expr.holds(*id, record)
        };
        if let Some(ids) = expr.candidates(self) {
            return Box::new(
                ids.into_iter()
                    .filter_map(|id| self.records.get(&id).map(|record| (id, record)))
                    .filter(keep),
            );
        }
        let range = (Bound::Included(expr.lowest_id()), Bound::Unbounded);
        Box::new(
            self.records
                .range(range)
                .map(|(id, record)| (*id, record))
                .filter(keep),
        )
    }
}

fn add_keys(keys: &mut BTreeMap<String, HashMap<String, BTreeSet<u64>>>, id: u64, fields: &Fields) {
    for (field, values) in keys {
        if let Some(text) = fields.get(field).and_then(Value::as_str) {
            values.entry(text.to_lowercase()).or_default().insert(id);
        }
    }
}

/// Writes `Full_Name` from its parts, in modules that have it.
pub(super) fn name_in_full(module: &str, fields: &mut Fields) {
    if !matches!(module, "Contacts" | "Leads") {
        return;
    }
    let full = ["First_Name", "Last_Name"]
        .iter()
        .filter_map(|name| fields.get(*name).and_then(Value::as_str))
        .collect::<Vec<_>>()
        .join(" ");
    if full.is_empty() {
        fields.remove("Full_Name");
    } else {
        fields.insert("Full_Name".to_owned(), json!(full));
    }
}

/// A time as the CRM writes it: whole seconds with the organisation's offset.
pub(super) fn time_text(seconds: i64, offset_minutes: i32) -> String {
    let offset = Offset::from_seconds(offset_minutes * 60).unwrap_or(Offset::UTC);
    Timestamp::from_second(seconds)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .display_with_offset(offset)
        .to_string()
}

/// A time as the CRM reads it: date, time in whole seconds, and an offset. None when malformed.
pub(super) fn read_time(text: &str) -> Option<i64> {
    let (_, clock) = text.split_once('T')?;
    if clock.contains('.') || clock.contains(' ') {
        return None;
    }
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// An id as clients write it: a text, or a number as Zoho's own SDKs send it.
pub(super) fn read_id(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}
