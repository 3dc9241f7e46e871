//! Listings: conditions, order, pages; without the further addresses and numbers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Contact, Reply, Row, World, record};

/// A condition by its number in the query.
#[derive(Default)]
struct Where {
    kind: String,
    attribute: String,
    values: Vec<String>,
}

pub(super) fn contacts(world: &World, query: &[(String, String)], of: Option<&str>) -> Reply {
    if world.level("Contact", "read") == "no" {
        return Reply::refused(403, "No read access.");
    }
    if of.is_some() && world.level("TargetList", "read") == "no" {
        return Reply::refused(403, "No read access.");
    }
    let conditions = conditions(query);
    for condition in conditions.values() {
        let known = [
            "id",
            "modifiedAt",
            "createdAt",
            "emailAddress",
            "firstName",
            "lastName",
        ];
        if !known.contains(&condition.attribute.as_str()) {
            let reason = format!("Not existing attribute '{}' in where.", condition.attribute);
            return Reply::refused(400, &reason);
        }
    }
    let filter = value(query, "primaryFilter");
    let rows = world
        .contacts
        .iter()
        .filter(|(id, contact)| !contact.deleted && !world.hidden.contains(*id))
        .filter(|(id, _)| of.is_none_or(|list| world.lists[list].1.contains(*id)))
        .filter(|(_, contact)| match filter {
            None => true,
            Some("accountActive") => contact.attributes.contains_key("accountName"),
            Some(_) => false,
        })
        .filter(|(id, contact)| {
            let met = |condition: &Where| meets(id, contact, condition);
            conditions.values().all(met)
        })
        .map(|(id, _)| record::listed(world, id))
        .collect();
    page(world, query, rows)
}

pub(super) fn target_lists(world: &World, query: &[(String, String)]) -> Reply {
    if world.level("TargetList", "read") == "no" {
        return Reply::refused(403, "No read access.");
    }
    let rows = world
        .lists
        .iter()
        .map(|(id, (name, _))| {
            let row = json!({"id": id, "name": name});
            row.as_object().cloned().unwrap()
        })
        .filter(|row| {
            let after = conditions(query);
            after.values().all(|condition| {
                condition.kind == "greaterThan"
                    && row["id"].as_str() > Some(condition.values[0].as_str())
            })
        })
        .collect();
    page(world, query, rows)
}

fn page(world: &World, query: &[(String, String)], mut rows: Vec<Row>) -> Reply {
    let number = |name: &str| value(query, name).and_then(|text| text.parse::<usize>().ok());
    let size = number("maxSize").unwrap_or(world.max_size);
    if size > world.max_size {
        let reason = format!(
            "Max size should not exceed {}. Use offset and limit.",
            world.max_size
        );
        return Reply::refused(403, &reason);
    }
    let order = value(query, "orderBy").unwrap_or("createdAt").to_owned();
    rows.sort_by_key(|row| {
        let text = |name: &str| {
            row.get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        (text(&order), text("id"))
    });
    let total = rows.len();
    let offset = number("offset").unwrap_or(0);
    let select: Option<Vec<&str>> = value(query, "select").map(|text| text.split(',').collect());
    let list: Vec<Row> = rows
        .into_iter()
        .skip(offset)
        .take(size)
        .map(|row| {
            let wanted =
                |name: &str| name == "id" || select.as_ref().is_none_or(|all| all.contains(&name));
            row.into_iter().filter(|(name, _)| wanted(name)).collect()
        })
        .collect();
    let total = if world.totals {
        i64::try_from(total).unwrap()
    } else if offset + list.len() < total {
        -1
    } else {
        -2
    };
    Reply::ok(json!({"total": total, "list": list}))
}

fn conditions(query: &[(String, String)]) -> BTreeMap<String, Where> {
    let mut all: BTreeMap<String, Where> = BTreeMap::new();
    for (name, value) in query {
        let Some((at, part)) = name
            .strip_prefix("where[")
            .and_then(|rest| rest.split_once(']'))
        else {
            continue;
        };
        let condition = all.entry(at.to_owned()).or_default();
        match part {
            "[type]" => condition.kind.clone_from(value),
            "[attribute]" => condition.attribute.clone_from(value),
            "[value]" | "[value][]" => condition.values.push(value.clone()),
            _ => {}
        }
    }
    all
}

fn meets(id: &str, contact: &Contact, condition: &Where) -> bool {
    let own: Vec<String> = match condition.attribute.as_str() {
        "id" => vec![id.to_owned()],
        "modifiedAt" => vec![record::time(contact.modified)],
        "createdAt" => vec![record::time(contact.created)],
        // Any address of the record counts, in lower case.
        "emailAddress" => contact
            .addresses
            .iter()
            .filter_map(|entry| entry["emailAddress"].as_str())
            .map(str::to_lowercase)
            .collect(),
        name => vec![
            contact
                .attributes
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
        ],
    };
    let any = |test: &dyn Fn(&str, &str) -> bool| {
        own.iter()
            .any(|own| condition.values.iter().any(|value| test(own, value)))
    };
    match condition.kind.as_str() {
        "equals" | "in" => any(&|own, value| own == value),
        "greaterThan" | "after" => any(&|own, value| own > value),
        "greaterThanOrEquals" => any(&|own, value| own >= value),
        _ => false,
    }
}

fn value<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query
        .iter()
        .find(|(each, _)| each == name)
        .map(|(_, value)| value.as_str())
}
