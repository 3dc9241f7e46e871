//! Single contacts: how they look, what they may hold, and reading them one by one or as a list.

use serde_json::{Map, Value, json};

use super::{Contact, Properties, Reply, World, fault, iso, number};

/// A contact with the properties that were asked for.
pub(super) fn shown(id: u64, contact: &Contact, asked: &[String]) -> Value {
    let mut properties = Map::new();
    properties.insert("hs_object_id".to_owned(), json!(id.to_string()));
    properties.insert("createdate".to_owned(), json!(iso(contact.created)));
    properties.insert("lastmodifieddate".to_owned(), json!(iso(contact.modified)));
    for name in asked {
        if properties.contains_key(name) {
            continue;
        }
        properties.insert(name.clone(), json!(contact.properties.get(name)));
    }
    let mut shown = json!({
        "id": id.to_string(),
        "properties": properties,
        "createdAt": iso(contact.created),
        "updatedAt": iso(contact.modified),
        "archived": contact.archived.is_some(),
    });
    if let Some(at) = contact.archived {
        shown["archivedAt"] = json!(iso(at));
    }
    shown
}

/// What is asked for where nothing is.
pub(super) fn usual() -> Vec<String> {
    ["email", "firstname", "lastname"].map(str::to_owned).into()
}

/// What keeps a contact from being stored: the error.
pub(super) fn check(
    world: &World,
    properties: &Properties,
    id: Option<u64>,
) -> Option<(u16, Value)> {
    for (name, value) in properties {
        let Some(info) = world.properties.iter().find(|info| info["name"] == **name) else {
            return Some((400, at_fault(name, "PROPERTY_DOESNT_EXIST", value)));
        };
        if info["modificationMetadata"]["readOnlyValue"] == true || info["calculated"] == true {
            return Some((400, at_fault(name, "READ_ONLY_VALUE", value)));
        }
        if value.is_empty() {
            continue;
        }
        let options = info["options"].as_array().cloned().unwrap_or_default();
        if info["type"] == "enumeration" && !options.iter().any(|option| option["value"] == **value)
        {
            return Some((400, at_fault(name, "INVALID_OPTION", value)));
        }
        let wrong = value.split('@').count() != 2
            || !value.is_ascii()
            || !value.rsplit('@').next().unwrap_or_default().contains('.');
        if name == "email" && wrong {
            return Some((400, at_fault(name, "INVALID_EMAIL", value)));
        }
    }
    if id.is_none()
        && !["email", "firstname", "lastname"]
            .iter()
            .any(|name| properties.get(*name).is_some_and(|value| !value.is_empty()))
    {
        let message = "at least one of email, firstname, or lastname must be given";
        return Some((400, fault("VALIDATION_ERROR", message)));
    }
    let email = properties.get("email").filter(|email| !email.is_empty())?;
    let owner = world.owner_of(email).filter(|owner| Some(*owner) != id)?;
    let message = format!("Contact already exists. Existing ID: {owner}");
    Some((409, fault("CONFLICT", &message)))
}

/// HubSpot quotes the value in the message, as JSON at its end.
fn at_fault(name: &str, code: &str, value: &str) -> Value {
    let inside = json!([{
        "isValid": false, "message": format!("{value} was not valid"), "error": code, "name": name,
    }]);
    fault(
        "VALIDATION_ERROR",
        &format!("Property values were not valid: {inside}"),
    )
}

/// `GET /crm/v3/objects/contacts/{id}`.
pub(super) fn read(world: &World, id: &str, query: &[(String, String)]) -> Reply {
    let archived = truth(query, "archived");
    let id = if value(query, "idProperty") == Some("email") {
        world.owner_of(&id.replace("%40", "@")).unwrap_or_default()
    } else {
        world.resolve(number(id))
    };
    match world
        .contacts
        .get(&id)
        .filter(|contact| contact.archived.is_some() == archived)
    {
        Some(contact) => Reply::ok(shown(id, contact, &asked(query))),
        None => Reply::refused(404, "OBJECT_NOT_FOUND", "resource not found"),
    }
}

/// `POST /crm/v3/objects/contacts/merge`.
pub(super) fn merge(world: &mut World, body: &Value) -> Reply {
    let id = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let (into, from) = (id("primaryObjectId"), id("objectIdToMerge"));
    let there = |id: &str| {
        let contact = world.contacts.get(&number(id));
        contact.is_some_and(|contact| contact.archived.is_none())
    };
    if into == from || !there(&into) || !there(&from) {
        return Reply::refused(400, "VALIDATION_ERROR", "the contacts cannot be merged");
    }
    world.merge(&into, &from);
    Reply::ok(shown(
        number(&into),
        &world.contacts[&number(&into)],
        &usual(),
    ))
}

/// `GET /crm/v3/objects/contacts`: all of them by identifier, or all that were deleted.
pub(super) fn page(world: &mut World, query: &[(String, String)]) -> Reply {
    let limit = value(query, "limit").map_or(Some(10), |limit| limit.parse().ok());
    let Some(limit @ 1..=100) = limit else {
        return Reply::refused(400, "VALIDATION_ERROR", "limit must be between 1 and 100");
    };
    let archived = truth(query, "archived");
    let after = value(query, "after").map_or(0, number);
    let asked = asked(query);
    let fits = |id: &u64, contact: &Contact| {
        let merged = world.merged.contains_key(id);
        if archived {
            contact.archived.is_some() && (!merged || world.merged_in_archive)
        } else {
            contact.archived.is_none()
        }
    };
    let mut found = world
        .contacts
        .range(after + 1..)
        .filter(|(id, contact)| fits(id, contact));
    let results: Vec<Value> = found
        .by_ref()
        .take(limit)
        .map(|(id, contact)| shown(*id, contact, &asked))
        .collect();
    let more = found.next().is_some();
    let mut body = json!({ "results": results });
    if let Some(last) = results.last().filter(|_| more) {
        let link = "https://api.hubapi.com/crm/v3/objects/contacts";
        body["paging"] = json!({ "next": { "after": last["id"], "link": link } });
    }
    if let Some(id) = world.between.pop() {
        world.delete(&id.to_string());
    }
    Reply::ok(body)
}

/// A flag, however a client spells it.
pub(super) fn truth(query: &[(String, String)], name: &str) -> bool {
    value(query, name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

pub(super) fn value<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = query.iter().find(|(each, _)| each == name);
    found.map(|(_, value)| value.as_str())
}

fn asked(query: &[(String, String)]) -> Vec<String> {
    let asked: Vec<String> = query
        .iter()
        .filter(|(name, _)| name == "properties")
        .flat_map(|(_, names)| names.split(','))
        .map(str::to_owned)
        .collect();
    if asked.is_empty() { usual() } else { asked }
}
