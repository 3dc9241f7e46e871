//! Lists and their members, which come as identifiers only.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::contact::value;
use super::{Kind, List, Reply, World, iso, number};

/// Contacts among the objects.
const CONTACTS: &str = "0-1";

fn shown(id: u64, list: &List) -> Value {
    let kind = match list.kind {
        Kind::Manual => "MANUAL",
        Kind::Snapshot => "SNAPSHOT",
        Kind::Dynamic(..) => "DYNAMIC",
    };
    let mut more = Map::new();
    more.insert(
        "hs_list_size".to_owned(),
        json!(list.members.len().to_string()),
    );
    if let Some(at) = list.last_added {
        more.insert("hs_last_record_added_at".to_owned(), json!(at.to_string()));
    }
    json!({
        "listId": id.to_string(),
        "listVersion": 1,
        "name": list.name,
        "objectTypeId": CONTACTS,
        "processingStatus": "COMPLETE",
        "processingType": kind,
        "createdAt": "2026-01-02T03:04:05.006Z",
        "updatedAt": "2026-01-02T03:04:05.006Z",
        "additionalProperties": more,
    })
}

/// `POST /crm/v3/lists`.
pub(super) fn create(world: &mut World, body: &Value) -> Reply {
    let name = body["name"].as_str().unwrap_or_default();
    let kind = match body["processingType"].as_str() {
        Some("MANUAL") => Kind::Manual,
        Some("SNAPSHOT") => Kind::Snapshot,
        _ => return Reply::refused(400, "VALIDATION_ERROR", "processingType"),
    };
    let id = number(&world.add_list(name, kind));
    Reply::ok(json!({ "list": shown(id, &world.lists[&id]) }))
}

/// `POST /crm/v3/lists/search`.
pub(super) fn search(world: &World, body: &Value) -> Reply {
    let count = body["count"].as_u64().unwrap_or(20);
    if count > 500 {
        return Reply::refused(400, "VALIDATION_ERROR", "count must be at most 500");
    }
    let ids: Option<Vec<u64>> = body["listIds"].as_array().map(|ids| {
        let id = |id: &Value| id.as_str().map_or_else(|| id.as_u64().unwrap_or(0), number);
        ids.iter().map(id).collect()
    });
    let query = body["query"].as_str().unwrap_or_default().to_lowercase();
    let fits = |id: &u64, list: &List| {
        ids.as_ref()
            .is_none_or(|ids| ids.is_empty() || ids.contains(id))
            && list.name.to_lowercase().contains(&query)
    };
    let found: Vec<(&u64, &List)> = world
        .lists
        .iter()
        .filter(|(id, list)| fits(id, list))
        .collect();
    let offset = usize::try_from(body["offset"].as_u64().unwrap_or(0)).unwrap();
    let page = found
        .iter()
        .skip(offset)
        .take(usize::try_from(count).unwrap());
    let lists: Vec<Value> = page.map(|(id, list)| shown(**id, list)).collect();
    let next = offset + lists.len();
    Reply::ok(json!({
        "lists": lists, "offset": next, "hasMore": next < found.len(), "total": found.len(),
    }))
}

/// `GET /crm/v3/lists/{id}/memberships`.
pub(super) fn members(world: &World, id: &str, query: &[(String, String)]) -> Reply {
    let Some(list) = world.lists.get(&number(id)) else {
        return Reply::refused(404, "OBJECT_NOT_FOUND", "List does not exist.");
    };
    let limit = value(query, "limit").map_or(Some(100), |limit| limit.parse().ok());
    let Some(limit @ 1..=250) = limit else {
        return Reply::refused(400, "VALIDATION_ERROR", "limit must be between 1 and 250");
    };
    let after = value(query, "after").map_or(0, number);
    let mut rest = list.members.range(after + 1..);
    let results: Vec<Value> = rest
        .by_ref()
        .take(limit)
        .map(|(id, at)| json!({ "recordId": id.to_string(), "membershipTimestamp": iso(*at) }))
        .collect();
    let mut body = json!({ "results": results, "total": list.members.len() });
    if let Some(last) = results.last().filter(|_| rest.next().is_some()) {
        body["paging"] = json!({ "next": { "after": last["recordId"], "link": "" } });
    }
    Reply::ok(body)
}

/// `POST /crm/v3/lists/records/memberships/batch/read`.
pub(super) fn of_records(world: &World, body: &Value) -> Reply {
    let inputs = body["inputs"].as_array().cloned().unwrap_or_default();
    let results: Vec<Value> = inputs
        .iter()
        .map(|input| {
            let id = input["recordId"].as_str().unwrap_or_default();
            let inside = world.lists.iter().filter_map(|(list, held)| {
                let at = held.members.get(&number(id))?;
                // The documentation shows numbers here and texts elsewhere.
                Some(json!({
                    "listId": list, "listVersion": 1,
                    "firstAddedTimestamp": iso(*at), "lastAddedTimestamp": iso(*at),
                }))
            });
            json!({
                "objectTypeId": CONTACTS, "recordId": id,
                "recordListMemberships": inside.collect::<Vec<_>>(),
            })
        })
        .collect();
    Reply::ok(json!({ "status": "COMPLETE", "results": results }))
}

/// `PUT /crm/v3/lists/{id}/memberships/add` and `…/remove`.
pub(super) fn change(world: &mut World, id: &str, what: &str, body: &Value) -> Reply {
    let now = world.now();
    let wanted: Vec<u64> = body
        .as_array()
        .map(|ids| {
            let id = |id: &Value| id.as_str().map_or_else(|| id.as_u64().unwrap_or(0), number);
            ids.iter().map(id).collect()
        })
        .unwrap_or_default();
    let there: BTreeMap<u64, bool> = wanted
        .iter()
        .map(|id| {
            (
                *id,
                world
                    .contacts
                    .get(id)
                    .is_some_and(|contact| contact.archived.is_none()),
            )
        })
        .collect();
    let Some(list) = world.lists.get_mut(&number(id)) else {
        return Reply::refused(404, "OBJECT_NOT_FOUND", "List does not exist.");
    };
    if matches!(list.kind, Kind::Dynamic(..)) {
        let text =
            "Memberships can only be changed on lists of the processing types MANUAL and SNAPSHOT.";
        return Reply::refused(400, "VALIDATION_ERROR", text);
    }
    let (mut changed, mut missing) = (Vec::new(), Vec::new());
    for id in wanted {
        if !there[&id] {
            missing.push(id.to_string());
        } else if what == "add" {
            if list.members.insert(id, now).is_none() {
                list.last_added = Some(now);
                changed.push(id.to_string());
            }
        } else if list.members.remove(&id).is_some() {
            changed.push(id.to_string());
        }
    }
    let (added, removed) = if what == "add" {
        (changed, Vec::new())
    } else {
        (Vec::new(), changed)
    };
    Reply::ok(json!({
        "recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": missing,
    }))
}
