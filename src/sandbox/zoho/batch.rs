//! What every call that writes several records has in common: its items, its refusals, its summary.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::SANDBOX_USER;
use super::errors::Failure;
use super::render::short_user;
use super::schema::duplicate_field;
use super::store::{Fields, Module};
use crate::sandbox::faults::{Fault, FaultKind};
use crate::sandbox::http::Reply;

/// Records in one call.
pub(super) const BATCH: usize = 100;

/// The code of the item that a `batch_partial` fault refuses.
pub(super) fn fault_at(fault: Option<&Fault>, index: usize) -> Option<Failure> {
    let fault = fault.filter(|fault| fault.kind == FaultKind::BatchPartial)?;
    let named = fault.params.get("index").cloned().unwrap_or(json!(0));
    let hit = named
        .as_array()
        .map_or(named == json!(index), |list| list.contains(&json!(index)));
    let code = fault.params.get("code").and_then(Value::as_str);
    hit.then(|| refusal(code.unwrap_or("RECORD_LOCKED")))
}

/// The refusal of a record's every write.
pub(super) fn refusal(code: &str) -> Failure {
    let (code, message) = match code {
        "NOT_APPROVED" => ("NOT_APPROVED", "the record is not approved"),
        "NOT_REVIEWED" => ("NOT_REVIEWED", "the record is not reviewed"),
        "RECORD_IN_BLUEPRINT" => ("RECORD_IN_BLUEPRINT", "the record is in a blueprint"),
        "AUTHORIZATION_FAILED" => ("AUTHORIZATION_FAILED", "no permission for the record"),
        "INVALID_DATA" => ("INVALID_DATA", "invalid data"),
        _ => ("RECORD_LOCKED", "the record is locked"),
    };
    Failure::new(400, code, message)
}

/// One answer for the outcomes of a call: aligned, with a status that sums them up.
pub(super) fn summed_up(outcomes: Vec<Result<Value, Failure>>, all_good: u16) -> Reply {
    let failed: Vec<&Failure> = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().err())
        .collect();
    let status = if failed.is_empty() {
        all_good
    } else if failed.len() < outcomes.len() {
        207
    } else if failed.iter().all(|failure| failure.status == 412) {
        412
    } else {
        400
    };
    let data: Vec<Value> = outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap_or_else(|failure| failure.object()))
        .collect();
    Reply::json(status, &json!({ "data": data }))
}

/// The items of a body; an id in the path goes into its one item.
pub(super) fn items(body: &Value, id: Option<&str>) -> Result<Vec<Value>, Failure> {
    let data = body.get("data").ok_or_else(|| {
        Failure::new(400, "MANDATORY_NOT_FOUND", "required field not found")
            .with(json!({"api_name": "data", "json_path": "$.data"}))
    })?;
    let malformed = Failure::new(400, "INVALID_DATA", "invalid data").with(
        json!({"api_name": "data", "expected_data_type": "jsonarray", "json_path": "$.data"}),
    );
    let mut items = data.as_array().cloned().ok_or_else(|| malformed.clone())?;
    if items.is_empty() {
        return Err(malformed);
    }
    if items.len() > BATCH {
        return Err(Failure::limit(BATCH, "data"));
    }
    if let Some(id) = id {
        let [Value::Object(item)] = items.as_mut_slice() else {
            return Err(malformed);
        };
        item.insert("id".to_owned(), json!(id));
    }
    Ok(items)
}

/// The fields that upsert looks for duplicates in, in order.
pub(super) fn checks(module: &Module, body: &Value) -> Result<Vec<String>, Failure> {
    let system = duplicate_field(module.name);
    let own: BTreeSet<&str> = module
        .fields
        .iter()
        .filter(|field| field.unique && field.api_name != system)
        .map(|field| field.api_name.as_str())
        .collect();
    let mut names: Vec<String> = match body.get("duplicate_check_fields") {
        None | Some(Value::Null) => vec![system.to_owned()],
        Some(given) => {
            let wrong = || {
                Failure::new(400, "INVALID_DATA", "invalid data")
                    .with(json!({"api_name": "duplicate_check_fields", "json_path": "$.duplicate_check_fields"}))
            };
            let list = given.as_array().ok_or_else(wrong)?;
            list.iter()
                .map(|name| {
                    name.as_str()
                        .filter(|name| *name == system || own.contains(name))
                        .map(str::to_owned)
                        .ok_or_else(wrong)
                })
                .collect::<Result<_, _>>()?
        }
    };
    for name in own {
        if !names.iter().any(|listed| listed == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Adds to multi-select lists instead of replacing them, where `$append_values` says so.
pub(super) fn append(changes: &mut Fields, held: &Fields) {
    let Some(Value::Object(which)) = changes.remove("$append_values") else {
        return;
    };
    for (name, _) in which.iter().filter(|(_, on)| **on == json!(true)) {
        if let (Some(Value::Array(new)), Some(Value::Array(old))) =
            (changes.get_mut(name), held.get(name))
        {
            let mut both = old.clone();
            both.extend(new.iter().filter(|value| !old.contains(value)).cloned());
            *new = both;
        }
    }
}

pub(super) fn duplicate(
    module: &Module,
    field: &str,
    id: u64,
    index: usize,
    more: bool,
) -> Failure {
    Failure::new(400, "DUPLICATE_DATA", "duplicate data").with(json!({
        "api_name": field, "json_path": format!("$.data[{index}].{field}"), "id": id.to_string(),
        "duplicate_record": {
            "id": id.to_string(), "Owner": short_user(SANDBOX_USER),
            "module": {"id": module.id.to_string(), "api_name": module.name},
        },
        "more_records": more,
    }))
}

/// Refuses a value that another record has in a unique field.
pub(super) fn unique(
    module: &Module,
    changes: &Fields,
    index: usize,
    own: Option<u64>,
) -> Result<(), Failure> {
    for field in module.fields.iter().filter(|field| field.unique) {
        let Some(text) = changes.get(&field.api_name).and_then(Value::as_str) else {
            continue;
        };
        let mut others = module
            .with_value(&field.api_name, text)
            .into_iter()
            .flatten()
            .filter(|id| Some(**id) != own);
        if let Some(id) = others.next() {
            let more = others.next().is_some();
            return Err(duplicate(module, &field.api_name, *id, index, more));
        }
    }
    Ok(())
}
