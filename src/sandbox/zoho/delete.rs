//! Deleting records into the recycle bin.

use serde_json::{Value, json};

use super::batch::{BATCH, fault_at, refusal, summed_up};
use super::errors::{Answer, Failure};
use super::store::{Deleted, Module, Record};
use super::{SANDBOX_USER, ZohoWorld};
use crate::sandbox::faults::Fault;
use crate::sandbox::http::Request;

impl ZohoWorld {
    /// `DELETE` of records.
    pub(super) fn delete_records(
        &mut self,
        name: &str,
        id: Option<&str>,
        request: &Request,
        now: i64,
        fault: Option<&Fault>,
    ) -> Answer {
        if !self.module(name)?.rights.delete {
            return Err(Failure::permission(&format!("Crm_Implied_Delete_{name}")));
        }
        let text = id
            .or_else(|| request.param("ids"))
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Failure::missing_param("ids"))?;
        let most = self.switches.ids_max_chars;
        if most > 0 && text.chars().count() > most {
            return Err(Failure::limit(most, "ids"));
        }
        let ids: Vec<&str> = text.split(',').map(str::trim).collect();
        if ids.len() > BATCH {
            return Err(Failure::limit(BATCH, "ids"));
        }
        let outcomes = ids
            .iter()
            .enumerate()
            .map(|(index, id)| match fault_at(fault, index) {
                Some(failure) => Err(failure.with(json!({ "id": id }))),
                None => self.delete_one(name, id, now),
            })
            .collect();
        Ok(summed_up(outcomes, 200))
    }

    fn delete_one(&mut self, name: &str, id: &str, now: i64) -> Result<Value, Failure> {
        let details = json!({ "id": id });
        let record = id.parse().ok().and_then(|id| {
            self.module(name)
                .ok()?
                .visible(id)
                .map(|record| (id, record))
        });
        let Some((id, record)) = record else {
            return Err(Failure::new(400, "INVALID_DATA", "record not deleted").with(details));
        };
        if let Some(code) = &record.refusal {
            return Err(refusal(code).with(details));
        }
        self.bin(name, id, now);
        Ok(
            json!({"code": "SUCCESS", "status": "success", "message": "record deleted", "details": details}),
        )
    }

    /// Moves a record to the recycle bin; false when it is not there.
    pub(super) fn bin(&mut self, name: &str, id: u64, now: i64) -> bool {
        let Ok(module) = self.module_mut(name) else {
            return false;
        };
        let Some(record) = module.take(id) else {
            return false;
        };
        let gone = Deleted {
            name: display_name(module, &record),
            record,
            at: now,
            by: SANDBOX_USER,
            permanent: false,
            silent: false,
        };
        module.deleted.insert(id, gone);
        true
    }
}

/// What the deletion feed calls a record.
fn display_name(module: &Module, record: &Record) -> String {
    ["Full_Name", super::schema::mandatory_name(module.name)]
        .iter()
        .find_map(|name| record.fields.get(*name).and_then(Value::as_str))
        .unwrap_or_default()
        .to_owned()
}
