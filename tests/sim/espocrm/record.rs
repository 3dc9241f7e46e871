//! One record: reading, creating, changing, deleting, and what it is refused for.

use serde_json::{Value, json};

use super::meta::fields;
use super::{Contact, Reply, Row, World};

/// A time as the API writes it.
pub(super) fn time(second: i64) -> String {
    let stamp = jiff::Timestamp::from_second(second).unwrap();
    stamp.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The value of the first entry.
pub(super) fn first(entries: &[Row], name: &str) -> Value {
    let primary = entries.iter().find(|entry| entry["primary"] == json!(true));
    primary.map_or(Value::Null, |entry| entry[name].clone())
}

/// A record as a listing has it: the first address and number only.
pub(super) fn listed(world: &World, id: &str) -> Row {
    let contact = &world.contacts[id];
    let mut row = contact.attributes.clone();
    for (name, def) in fields().as_object().unwrap() {
        let simple = ["varchar", "text", "enum", "date", "bool"];
        if simple.iter().any(|kind| def["type"] == json!(kind)) {
            row.entry(name.clone()).or_insert(Value::Null);
        }
    }
    row.entry("accountName".to_owned()).or_insert(Value::Null);
    row.insert("id".to_owned(), json!(id));
    row.insert("createdAt".to_owned(), json!(time(contact.created)));
    row.insert("modifiedAt".to_owned(), json!(time(contact.modified)));
    row.insert(
        "emailAddress".to_owned(),
        first(&contact.addresses, "emailAddress"),
    );
    row.insert(
        "phoneNumber".to_owned(),
        first(&contact.numbers, "phoneNumber"),
    );
    for (name, levels) in world.field_table.as_object().unwrap() {
        if levels["read"] == json!("no") {
            row.remove(name);
        }
    }
    row
}

/// A record as reading it by itself has it.
pub(super) fn whole(world: &World, id: &str) -> Row {
    let contact = &world.contacts[id];
    let mut row = listed(world, id);
    let hidden = |name: &str| world.field_table[name]["read"] == json!("no");
    if !hidden("emailAddress") {
        row.insert("emailAddressData".to_owned(), json!(contact.addresses));
    }
    if !hidden("phoneNumber") {
        row.insert(
            "phoneNumberData".to_owned(),
            json!(typed(world, &contact.numbers)),
        );
    }
    row.insert("versionNumber".to_owned(), Value::Null);
    row
}

/// Numbers with the type that the installation has for each.
fn typed(world: &World, numbers: &[Row]) -> Vec<Row> {
    numbers
        .iter()
        .map(|entry| {
            let mut entry = entry.clone();
            let number = entry["phoneNumber"].as_str().unwrap();
            if let Some(kind) = world.types.get(number) {
                entry.insert("type".to_owned(), json!(kind));
            }
            entry
        })
        .collect()
}

/// Puts attributes onto a record; unknown ones are dropped silently.
pub(super) fn store(world: &mut World, contact: &mut Contact, row: &Row) {
    let defs = fields();
    for (name, value) in row {
        match name.as_str() {
            "emailAddressData" => contact.addresses = entries(value),
            "emailAddress" if !row.contains_key("emailAddressData") => {
                put_first(&mut contact.addresses, "emailAddress", value, None);
            }
            "phoneNumberData" => {
                contact.numbers = entries(value);
                for entry in &contact.numbers {
                    let kind = entry
                        .get("type")
                        .and_then(Value::as_str)
                        .unwrap_or("Mobile");
                    let number = entry["phoneNumber"].as_str().unwrap();
                    world.types.insert(number.to_owned(), kind.to_owned());
                }
            }
            "phoneNumber" if !row.contains_key("phoneNumberData") => {
                put_first(&mut contact.numbers, "phoneNumber", value, Some("Mobile"));
            }
            // The link to the account brings its name; the title belongs to it.
            "accountName" | "title" => drop(contact.attributes.insert(name.clone(), value.clone())),
            name => {
                let fixed = defs[name]["readOnly"] == json!(true)
                    || defs[name]["notStorable"] == json!(true);
                if defs.get(name).is_some() && !fixed && !name.starts_with("email") {
                    contact.attributes.insert(name.to_owned(), value.clone());
                }
            }
        }
    }
}

fn entries(value: &Value) -> Vec<Row> {
    let mut all: Vec<Row> = Vec::new();
    for entry in value.as_array().unwrap() {
        let mut entry = entry.as_object().cloned().unwrap();
        entry.entry("primary".to_owned()).or_insert(json!(false));
        // An entry is known by its value: the later of two alike wins.
        let value = |row: &Row| row.get("phoneNumber").or(row.get("emailAddress")).cloned();
        all.retain(|other| value(other) != value(&entry));
        all.push(entry);
    }
    all
}

fn put_first(entries: &mut Vec<Row>, name: &str, value: &Value, kind: Option<&str>) {
    entries.retain(|entry| entry["primary"] != json!(true));
    if value.as_str().is_none_or(str::is_empty) {
        if let Some(next) = entries.first_mut() {
            next.insert("primary".to_owned(), json!(true));
        }
        return;
    }
    let mut entry = json!({name: value, "primary": true, "optOut": false, "invalid": false});
    if let Some(kind) = kind {
        entry["type"] = json!(kind);
    }
    entries.insert(0, entry.as_object().cloned().unwrap());
}

/// What a value is refused for.
fn fault(world: &World, row: &Row) -> Option<Reply> {
    let defs = fields();
    for (name, value) in row {
        let kind = defs[name]["type"].as_str().unwrap_or_default();
        let text = matches!(kind, "varchar" | "text" | "enum" | "date");
        if text && !value.is_string() && !value.is_null() {
            return Some(Reply::bare(500));
        }
        let length = value.as_str().map_or(0, |text| text.chars().count());
        let most = defs[name]["maxLength"].as_u64().unwrap_or(255);
        if kind == "varchar" && length > usize::try_from(most).unwrap() {
            return Some(invalid(name, "maxLength"));
        }
        let options = defs[name]["options"].as_array();
        if let (Some(options), Some(_)) = (options, value.as_str())
            && !options.contains(value)
        {
            return Some(invalid(name, "valid"));
        }
    }
    let mut addresses: Vec<&Value> = row.get("emailAddress").into_iter().collect();
    let data = row.get("emailAddressData").and_then(Value::as_array);
    addresses.extend(
        data.into_iter()
            .flatten()
            .map(|entry| &entry["emailAddress"]),
    );
    let odd = |value: &&Value| {
        let text = value.as_str().unwrap_or_default();
        !value.is_null() && !text.is_empty() && (!text.contains('@') || !text.is_ascii())
    };
    if addresses.iter().any(odd) {
        return Some(invalid("emailAddress", "emailAddress"));
    }
    let mut numbers: Vec<&Value> = row.get("phoneNumber").into_iter().collect();
    let data = row.get("phoneNumberData").and_then(Value::as_array);
    numbers.extend(
        data.into_iter()
            .flatten()
            .map(|entry| &entry["phoneNumber"]),
    );
    let national = |value: &&Value| {
        let text = value.as_str().unwrap_or_default();
        let digits = text.strip_prefix('+').unwrap_or("x");
        !value.is_null() && !digits.chars().all(|letter| letter.is_ascii_digit())
    };
    if world.international && numbers.iter().any(national) {
        return Some(invalid("phoneNumber", "valid"));
    }
    None
}

fn invalid(field: &str, rule: &str) -> Reply {
    Reply {
        status: 400,
        reason: Some("Field validation failure.".to_owned()),
        body: Some(json!({"messageTranslation": {
            "label": "validationFailure",
            "scope": null,
            "data": {"field": field, "type": rule},
        }})),
    }
}

pub(super) fn create(world: &mut World, row: &Row, unchecked: bool) -> Reply {
    if world.level("Contact", "create") == "no" {
        return Reply::refused(403, "No create access.");
    }
    if let Some(fault) = fault(world, row) {
        return fault;
    }
    if row
        .get("lastName")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .is_empty()
    {
        return invalid("lastName", "required");
    }
    let id = world.new_id();
    let mut contact = Contact {
        created: world.now(),
        modified: world.now(),
        ..Contact::default()
    };
    let types = world.types.clone();
    store(world, &mut contact, row);
    if !unchecked {
        let alike: Vec<Row> = world
            .contacts
            .iter()
            .filter(|(_, other)| !other.deleted && look_alike(&contact, other))
            .map(|(id, _)| listed(world, id))
            .collect();
        if !alike.is_empty() {
            world.types = types;
            return Reply {
                status: 409,
                reason: Some("duplicate".to_owned()),
                body: Some(json!(alike)),
            };
        }
    }
    world.contacts.insert(id.clone(), contact);
    Reply::ok(Value::Object(whole(world, &id)))
}

/// Equal first and last names, or an address in common.
fn look_alike(new: &Contact, other: &Contact) -> bool {
    let name = |contact: &Contact| {
        let part = |name: &str| {
            contact
                .attributes
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        (part("firstName"), part("lastName"))
    };
    let addresses = |contact: &Contact| -> Vec<String> {
        let all = contact.addresses.iter();
        all.filter_map(|entry| entry["emailAddress"].as_str())
            .map(str::to_lowercase)
            .collect()
    };
    let theirs = addresses(other);
    (!name(new).0.is_empty() && name(new) == name(other))
        || addresses(new)
            .iter()
            .any(|address| theirs.contains(address))
}

pub(super) fn read(world: &World, id: &str) -> Reply {
    match there(world, id, "read") {
        Err(refused) => refused,
        Ok(()) => Reply::ok(Value::Object(whole(world, id))),
    }
}

pub(super) fn update(world: &mut World, id: &str, row: &Row) -> Reply {
    if let Err(refused) = there(world, id, "edit") {
        return refused;
    }
    if let Some(fault) = fault(world, row) {
        return fault;
    }
    if row
        .get("lastName")
        .is_some_and(|name| name.as_str().is_none_or(str::is_empty))
    {
        return invalid("lastName", "required");
    }
    let before = whole(world, id);
    let mut contact = world.contacts[id].clone();
    store(world, &mut contact, row);
    contact.modified = world.now();
    world.contacts.insert(id.to_owned(), contact);
    let mut now = whole(world, id);
    // The answer shows the numbers as they were.
    for name in ["phoneNumberData", "phoneNumber"] {
        if let Some(old) = before.get(name) {
            now.insert(name.to_owned(), old.clone());
        }
    }
    Reply::ok(Value::Object(now))
}

pub(super) fn delete(world: &mut World, id: &str) -> Reply {
    if let Err(refused) = there(world, id, "delete") {
        return refused;
    }
    world.delete(id);
    Reply::ok(json!(true))
}

pub(super) fn link(world: &mut World, list: &str, id: &str, into: bool) -> Reply {
    if world.level("TargetList", "edit") == "no" {
        return Reply::refused(403, "No edit access.");
    }
    let now = world.now();
    if !world.contacts.contains_key(id) {
        return Reply::refused(404, "Foreign record does not exist.");
    }
    let Some((_, members)) = world.lists.get_mut(list) else {
        return Reply::refused(404, "Record does not exist.");
    };
    let changed = if into {
        members.insert(id.to_owned())
    } else {
        members.remove(id)
    };
    if changed && into {
        world.contacts.get_mut(id).unwrap().modified = now;
    }
    Reply::ok(json!(true))
}

fn there(world: &World, id: &str, action: &str) -> Result<(), Reply> {
    match world.contacts.get(id) {
        None => Err(Reply::refused(
            404,
            &format!("Record '{id}' does not exist."),
        )),
        Some(contact) if contact.deleted => Err(Reply::refused(
            404,
            &format!("Record '{id}' does not exist."),
        )),
        Some(_) if world.level("Contact", action) == "no" || world.hidden.contains(id) => {
            Err(Reply::refused(403, &format!("No {action} access.")))
        }
        Some(_) => Ok(()),
    }
}
