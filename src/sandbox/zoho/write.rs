//! Creating, updating and upserting records, with one outcome for each.

use serde_json::{Value, json};

use super::batch::{append, checks, duplicate, fault_at, items, refusal, summed_up, unique};
use super::errors::{Answer, Failure};
use super::render::short_user;
use super::route::Route;
use super::store::{Fields, Record, name_in_full, read_time, time_text};
use super::switches::{ManyRule, ReadOnly};
use super::validate::{Purpose, required};
use super::{SANDBOX_USER, ZohoWorld, json_body};
use crate::sandbox::faults::Fault;
use crate::sandbox::http::Request;

/// What a write does with its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WriteKind {
    Create,
    Update,
    Upsert,
}

impl WriteKind {
    pub(super) fn of(route: &Route<'_>, method: &str) -> Self {
        match (route, method) {
            (Route::Upsert(_), _) => Self::Upsert,
            (_, "PUT") => Self::Update,
            _ => Self::Create,
        }
    }
}

/// What holds for every item of a call.
struct Call<'a> {
    kind: WriteKind,
    now: i64,
    /// Items after this time are refused.
    unmodified_since: Option<i64>,
    trigger: Option<Value>,
    /// The fields that upsert looks for duplicates in.
    checks: Vec<String>,
    fault: Option<&'a Fault>,
}

impl ZohoWorld {
    /// `POST` and `PUT` of records, and upsert.
    pub(super) fn write(
        &mut self,
        name: &str,
        id: Option<&str>,
        kind: WriteKind,
        request: &Request,
        now: i64,
        fault: Option<&Fault>,
    ) -> Answer {
        let module = self.module(name)?;
        let allowed = match kind {
            WriteKind::Create => [module.rights.create, true],
            WriteKind::Update => [true, module.rights.edit],
            WriteKind::Upsert => [module.rights.create, module.rights.edit],
        };
        for (right, allowed) in ["Create", "Edit"].into_iter().zip(allowed) {
            if !allowed {
                return Err(Failure::permission(&format!("Crm_Implied_{right}_{name}")));
            }
        }
        let body = json_body(request)?;
        let items = items(&body, id)?;
        let call = Call {
            kind,
            now,
            unmodified_since: self.lock(request)?,
            trigger: body.get("trigger").cloned(),
            checks: checks(module, &body)?,
            fault,
        };
        let outcomes = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.write_one(name, item, index, &call))
            .collect();
        let all_good = if kind == WriteKind::Create { 201 } else { 200 };
        Ok(summed_up(outcomes, all_good))
    }

    /// The time in `If-Unmodified-Since`.
    fn lock(&self, request: &Request) -> Result<Option<i64>, Failure> {
        let Some(text) = request.header("if-unmodified-since") else {
            return Ok(None);
        };
        match (read_time(text), self.switches.malformed_lock) {
            (Some(time), _) => Ok(Some(time)),
            (None, ReadOnly::Ignore) => Ok(None),
            (None, ReadOnly::Refuse) => {
                Err(
                    Failure::new(400, "INVALID_DATA", "the value given seems to be invalid")
                        .with(json!({"header": "If-Unmodified-Since"})),
                )
            }
        }
    }

    fn write_one(
        &mut self,
        name: &str,
        item: &Value,
        index: usize,
        call: &Call<'_>,
    ) -> Result<Value, Failure> {
        if let Some(failure) = fault_at(call.fault, index) {
            return Err(failure);
        }
        let fields = item.as_object().ok_or_else(|| {
            Failure::new(400, "INVALID_DATA", "invalid data").with(json!({
                "expected_data_type": "jsonobject", "json_path": format!("$.data[{index}]"),
            }))
        })?;
        let named = fields.get("id").filter(|_| call.kind != WriteKind::Create);
        let target = match (named, call.kind) {
            (Some(id), _) => Some((self.target(name, id, index)?, None)),
            (None, WriteKind::Update) => return Err(required(index, "id")),
            (None, WriteKind::Upsert) => self.twin(name, fields, index, &call.checks)?,
            (None, WriteKind::Create) => None,
        };
        match target {
            Some((id, duplicate)) => {
                self.update(name, id, fields, index, call, duplicate.as_deref())
            }
            None => self.create(name, fields, index, call),
        }
    }

    /// The record that an item names.
    fn target(&self, name: &str, id: &Value, index: usize) -> Result<u64, Failure> {
        id.as_str()
            .and_then(|id| id.parse().ok())
            .filter(|id| {
                self.module(name)
                    .is_ok_and(|module| module.visible(*id).is_some())
            })
            .ok_or_else(|| {
                Failure::no_such_id()
                    .with(json!({"api_name": "id", "json_path": format!("$.data[{index}].id")}))
            })
    }

    /// The record that upsert takes an item for, and the field that told.
    fn twin(
        &self,
        name: &str,
        fields: &Fields,
        index: usize,
        checks: &[String],
    ) -> Result<Option<(u64, Option<String>)>, Failure> {
        let module = self.module(name)?;
        for field in checks {
            let Some(text) = fields.get(field).and_then(Value::as_str) else {
                continue;
            };
            let ids = module
                .with_value(field, text)
                .map_or_else(Vec::new, |ids| ids.iter().copied().collect());
            match ids.as_slice() {
                [] => {}
                [id] => return Ok(Some((*id, Some(field.clone())))),
                [id, ..] => return Err(duplicate(module, field, *id, index, true)),
            }
        }
        Ok(None)
    }

    fn create(
        &mut self,
        name: &str,
        item: &Fields,
        index: usize,
        call: &Call<'_>,
    ) -> Result<Value, Failure> {
        let module = self.module(name)?;
        let mut fields = self.changes(module, item, index, Purpose::Create)?;
        fields.remove("$append_values");
        fields.retain(|_, value| !value.is_null());
        unique(module, &fields, index, None)?;
        let delay = self.switches.search_delay_seconds;
        let id = self.insert(name, fields, call.now);
        let module = self.module_mut(name)?;
        if let Some(record) = module.records.get_mut(&id) {
            record.last_trigger.clone_from(&call.trigger);
            record.indexed = (delay > 0).then_some((call.now + delay, None));
        }
        Ok(self.success(name, id, "record added", call, None))
    }

    /// Puts a new record in.
    pub(super) fn insert(&mut self, name: &str, mut fields: Fields, now: i64) -> u64 {
        let id = self.new_id();
        fields
            .entry("Owner")
            .or_insert_with(|| json!({"id": SANDBOX_USER.to_string()}));
        name_in_full(name, &mut fields);
        if let Ok(module) = self.module_mut(name) {
            module.serial += 1;
            let record = Record {
                fields,
                created: now,
                modified: now,
                created_by: SANDBOX_USER,
                modified_by: SANDBOX_USER,
                serial: module.serial,
                hidden: false,
                refusal: None,
                last_trigger: None,
                photo: None,
                indexed: None,
            };
            module.put(id, record);
        }
        id
    }

    fn update(
        &mut self,
        name: &str,
        id: u64,
        item: &Fields,
        index: usize,
        call: &Call<'_>,
        duplicate: Option<&str>,
    ) -> Result<Value, Failure> {
        let module = self.module(name)?;
        let record = module.records.get(&id).ok_or_else(Failure::no_such_id)?;
        if let Some(code) = &record.refusal {
            return Err(refusal(code).with(json!({"id": id.to_string()})));
        }
        let protects = match self.switches.lock_with_many {
            ManyRule::Each => true,
            ManyRule::First => index == 0,
            ManyRule::Ignore => false,
        };
        if protects
            && call
                .unmodified_since
                .is_some_and(|time| record.modified > time)
        {
            return Err(Failure::new(
                412,
                "ALREADY_MODIFIED",
                "record updated time has already passed if-unmodified-since time",
            )
            .with(self.details(id, record)));
        }
        let mut changes = self.changes(module, item, index, Purpose::Update)?;
        append(&mut changes, &record.fields);
        unique(module, &changes, index, Some(id))?;
        let earlier = record.fields.clone();
        let delay = self.switches.search_delay_seconds;
        self.edit(name, id, changes, call.now);
        if let Some(record) = self.module_mut(name)?.records.get_mut(&id) {
            record.last_trigger.clone_from(&call.trigger);
            if delay > 0 {
                record.indexed = Some((call.now + delay, Some(earlier)));
            }
        }
        Ok(self.success(name, id, "record updated", call, duplicate))
    }

    /// Changes a record, as the user and now; false when it is not there.
    pub(super) fn edit(&mut self, name: &str, id: u64, changes: Fields, now: i64) -> bool {
        let Ok(module) = self.module_mut(name) else {
            return false;
        };
        let there = module.change(id, changes);
        if let Some(record) = module.records.get_mut(&id) {
            record.modified = record.modified.max(now);
            record.modified_by = SANDBOX_USER;
        }
        there
    }

    fn details(&self, id: u64, record: &Record) -> Value {
        let offset = self.switches.utc_offset_minutes;
        json!({
            "id": id.to_string(),
            "Created_Time": time_text(record.created, offset),
            "Modified_Time": time_text(record.modified, offset),
            "Created_By": short_user(record.created_by),
            "Modified_By": short_user(record.modified_by),
        })
    }

    fn success(
        &self,
        name: &str,
        id: u64,
        message: &str,
        call: &Call<'_>,
        duplicate: Option<&str>,
    ) -> Value {
        let record = self
            .module(name)
            .ok()
            .and_then(|module| module.records.get(&id));
        let details = record.map_or(Value::Null, |record| self.details(id, record));
        let mut out =
            json!({"code": "SUCCESS", "status": "success", "message": message, "details": details});
        if call.kind == WriteKind::Upsert {
            let added = message == "record added";
            out["action"] = json!(if added { "insert" } else { "update" });
            out["duplicate_field"] = json!(duplicate);
        }
        out
    }
}
