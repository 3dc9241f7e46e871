//! Reading one record, and the feed of deleted ones.

use serde_json::{Value, json};

use super::ZohoWorld;
use super::errors::{Answer, Failure};
use super::listing::{is_since, since_header};
use super::render::short_user;
use super::store::{Deleted, time_text};
use crate::sandbox::http::{Reply, Request};

const DAY: i64 = 86_400;
/// How long the recycle bin keeps a record.
const RECYCLED_DAYS: i64 = 60;
/// How long the feed tells of a deletion.
const TOLD_DAYS: i64 = 120;

impl Deleted {
    /// Whether the record is out of the recycle bin, by hand or by age.
    pub(super) fn is_permanent(&self, now: i64) -> bool {
        self.permanent || now - self.at > RECYCLED_DAYS * DAY
    }
}

impl ZohoWorld {
    /// `GET /{module}/{id}`.
    pub(super) fn get_record(&self, name: &str, id: &str, request: &Request) -> Answer {
        let module = self.readable(name)?;
        let number: Option<u64> = id.parse().ok();
        let found = number.and_then(|id| module.visible(id).map(|record| (id, record)));
        let Some((id, record)) = found else {
            let missing = self.switches.missing_record_status;
            return if missing == 204 && number.is_some() {
                Ok(Reply::empty(204))
            } else {
                let mut failure = Failure::no_such_id();
                failure.status = if number.is_some() { missing } else { 400 };
                Err(failure)
            };
        };
        let names: Option<Vec<String>> = request
            .param("fields")
            .map(|text| text.split(',').map(|name| name.trim().to_owned()).collect());
        if names.as_ref().is_some_and(|names| names.len() > 50) {
            return Err(Failure::limit(50, "fields"));
        }
        if let Some(since) = since_header(request)?
            && !is_since(record.modified, Some(since), self.switches.modified_since)
        {
            return Ok(Reply::empty(self.switches.not_modified_status));
        }
        let record = self.record(module, id, record, names.as_deref());
        Ok(Reply::json(200, &json!({"data": [record]})))
    }

    /// `GET /{module}/deleted`.
    pub(super) fn get_deleted(&self, name: &str, request: &Request, now: i64) -> Answer {
        let module = self.readable(name)?;
        let since = since_header(request)?;
        let page = self.small_page(request)?;
        let wanted = match request.param("type") {
            Some(kind @ ("all" | "recycle" | "permanent")) => kind,
            None => "all",
            Some(_) => return Err(Failure::invalid_param("type")),
        };
        let mut found: Vec<(&u64, &Deleted)> = module
            .deleted
            .iter()
            .filter(|(_, gone)| !gone.silent && now - gone.at <= TOLD_DAYS * DAY)
            .filter(|(_, gone)| match wanted {
                "recycle" => !gone.is_permanent(now),
                "permanent" => gone.is_permanent(now),
                _ => true,
            })
            .filter(|(_, gone)| is_since(gone.at, since, self.switches.modified_since))
            .collect();
        // The newest first; nothing documents another order.
        found.sort_by_key(|(id, gone)| std::cmp::Reverse((gone.at, **id)));
        let offset = self.switches.utc_offset_minutes;
        let data: Vec<Value> = found
            .iter()
            .skip(page.skip)
            .take(page.size)
            .map(|(id, gone)| {
                let permanent = gone.is_permanent(now);
                json!({
                    "id": id.to_string(),
                    "display_name": (!permanent).then_some(&gone.name),
                    "type": if permanent { "permanent" } else { "recycle" },
                    "deleted_time": time_text(gone.at, offset),
                    "deleted_by": (!permanent).then(|| short_user(gone.by)),
                    "created_by": (!permanent).then(|| short_user(gone.record.created_by)),
                })
            })
            .collect();
        if data.is_empty() {
            return Ok(Reply::empty(204));
        }
        let info = json!({
            "per_page": page.size, "count": data.len(), "page": page.number,
            "more_records": found.len() > page.skip + data.len(),
        });
        Ok(Reply::json(200, &json!({"data": data, "info": info})))
    }
}
