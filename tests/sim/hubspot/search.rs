//! The search: an index that is behind, at most 200 results a page and 10,000 in all.

use serde_json::{Value, json};

use super::contact::{shown, usual};
use super::{Contact, Reply, World, number};

/// `POST …/search`.
pub(super) fn search(world: &World, body: &Value) -> Reply {
    let bad = |message: &str| Reply::refused(400, "VALIDATION_ERROR", message);
    let limit = body["limit"].as_u64().unwrap_or(10);
    if !(1..=200).contains(&limit) {
        return bad("limit must be between 1 and 200");
    }
    let offset = body["after"]
        .as_str()
        .map_or_else(|| body["after"].as_u64().unwrap_or(0), number);
    let (limit, offset) = (
        usize::try_from(limit).unwrap(),
        usize::try_from(offset).unwrap(),
    );
    if offset + limit > world.search_cap {
        return bad("There was a problem with the request.");
    }
    let groups = body["filterGroups"].as_array().cloned().unwrap_or_default();
    if groups.len() > 5 {
        return bad("too many filter groups");
    }
    let horizon = world.now() - world.index_lag;
    let mut found: Vec<(u64, Contact)> = Vec::new();
    for (id, contact) in &world.contacts {
        let Some((at, Some(properties))) = contact.history.iter().rfind(|(at, _)| *at <= horizon)
        else {
            continue;
        };
        let indexed = Contact {
            properties: properties.clone(),
            modified: *at,
            archived: None,
            ..contact.clone()
        };
        let fits = |group: &Value| {
            let filters = group["filters"].as_array().cloned().unwrap_or_default();
            filters.iter().all(|filter| fits(*id, &indexed, filter))
        };
        if groups.is_empty() || groups.iter().any(fits) {
            found.push((*id, indexed));
        }
    }
    let sort = &body["sorts"][0];
    let by = sort
        .as_str()
        .or_else(|| sort["propertyName"].as_str())
        .unwrap_or("createdate");
    found.sort_by_key(|(id, contact)| (instant(*id, contact, by), *id));
    if sort["direction"] == "DESCENDING" {
        found.reverse();
    }
    let asked: Vec<String> = match body["properties"].as_array() {
        Some(names) => names
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        None => usual(),
    };
    let total = found.len();
    let results: Vec<Value> = found
        .iter()
        .skip(offset)
        .take(limit)
        .map(|(id, contact)| shown(*id, contact, &asked))
        .collect();
    let mut answer = json!({ "total": total, "results": results });
    if offset + results.len() < total {
        answer["paging"] = json!({ "next": { "after": (offset + results.len()).to_string() } });
    }
    Reply::ok(answer)
}

/// A property as a number to order and compare by.
fn instant(id: u64, contact: &Contact, name: &str) -> i64 {
    match name {
        "hs_object_id" => i64::try_from(id).unwrap(),
        "lastmodifieddate" => contact.modified,
        _ => contact.created,
    }
}

fn fits(id: u64, contact: &Contact, filter: &Value) -> bool {
    let name = filter["propertyName"].as_str().unwrap_or_default();
    let operator = filter["operator"].as_str().unwrap_or_default();
    let wanted = filter["value"].as_str().unwrap_or_default();
    if ["hs_object_id", "lastmodifieddate", "createdate"].contains(&name) {
        let have = instant(id, contact, name);
        let wanted = wanted.parse::<i64>().unwrap_or(i64::MAX);
        return match operator {
            "GT" => have > wanted,
            "GTE" => have >= wanted,
            "LT" => have < wanted,
            "LTE" => have <= wanted,
            "EQ" => have == wanted,
            _ => false,
        };
    }
    let have = contact.properties.get(name);
    match operator {
        "HAS_PROPERTY" => have.is_some(),
        "EQ" => have.is_some_and(|have| have.eq_ignore_ascii_case(wanted)),
        "IN" => {
            let all = filter["values"].as_array().cloned().unwrap_or_default();
            have.is_some_and(|have| all.iter().any(|one| one.as_str() == Some(have)))
        }
        _ => false,
    }
}
