//! Batches: what was done and what was not, in no order.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::contact::{check, shown, usual};
use super::{Contact, Properties, Reply, World, fault, number, texts};

/// The most inputs of a batch.
const MOST: usize = 100;

fn inputs(body: &Value) -> Result<Vec<Value>, Reply> {
    let bad = |message: &str| Err(Reply::refused(400, "VALIDATION_ERROR", message));
    let Some(inputs) = body["inputs"].as_array() else {
        return bad("inputs must not be null");
    };
    if inputs.is_empty() || inputs.len() > MOST {
        return bad("inputs must hold between 1 and 100 items");
    }
    let ids: Vec<&str> = inputs
        .iter()
        .filter_map(|input| input["id"].as_str())
        .collect();
    if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
        return bad("Duplicate IDs found in batch input. IDs in batch inputs must be unique");
    }
    Ok(inputs.clone())
}

fn answer(done: u16, mut results: Vec<Value>, errors: &[Value]) -> Reply {
    // Nothing promises an order.
    results.reverse();
    let time = "2026-11-22T10:00:00.000Z";
    let mut body = json!({
        "status": "COMPLETE", "results": results, "startedAt": time, "completedAt": time,
    });
    if errors.is_empty() {
        return Reply::with(done, body);
    }
    body["numErrors"] = json!(errors.len());
    body["errors"] = json!(errors);
    Reply::with(207, body)
}

/// `POST …/batch/read`.
pub(super) fn read(world: &World, body: &Value, archived: bool) -> Reply {
    let inputs = match inputs(body) {
        Ok(inputs) => inputs,
        Err(reply) => return reply,
    };
    let asked: Vec<String> = match body["properties"].as_array() {
        Some(names) => names
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        None => usual(),
    };
    let by_address = body["idProperty"] == "email";
    let (mut found, mut missing) = (BTreeSet::new(), Vec::new());
    for input in &inputs {
        let text = input["id"].as_str().unwrap_or_default();
        let id = if by_address {
            world.owner_of(text)
        } else {
            let id = number(text);
            Some(if archived { id } else { world.resolve(id) })
        };
        let there = |id: &u64| {
            world
                .contacts
                .get(id)
                .is_some_and(|contact| contact.archived.is_some() == archived)
        };
        match id.filter(there) {
            Some(id) => drop(found.insert(id)),
            None => missing.push(json!(text)),
        }
    }
    let results = found
        .iter()
        .map(|id| shown(*id, &world.contacts[id], &asked))
        .collect();
    let errors = if missing.is_empty() {
        Vec::new()
    } else {
        let text = "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid.";
        let mut error = fault("OBJECT_NOT_FOUND", text);
        error["context"] = json!({ "ids": missing });
        vec![error]
    };
    answer(200, results, &errors)
}

/// `POST …/batch/create`.
pub(super) fn create(world: &mut World, body: &Value) -> Reply {
    write(world, body, 201, |world, _| {
        let id = world.new_id();
        let contact = Contact {
            created: world.now(),
            ..Contact::default()
        };
        world.contacts.insert(id, contact);
        id
    })
}

/// `POST …/batch/update`.
pub(super) fn update(world: &mut World, body: &Value) -> Reply {
    write(world, body, 200, |world, input| {
        world.resolve(number(input["id"].as_str().unwrap_or_default()))
    })
}

fn write(
    world: &mut World,
    body: &Value,
    done: u16,
    place: impl Fn(&mut World, &Value) -> u64,
) -> Reply {
    let inputs = match inputs(body) {
        Ok(inputs) => inputs,
        Err(reply) => return reply,
    };
    let creates = done == 201;
    let target = |world: &World, input: &Value| {
        let id = input["id"].as_str().map(number)?;
        let id = world.resolve(id);
        world
            .contacts
            .get(&id)
            .filter(|contact| contact.archived.is_none())
            .map(|_| id)
    };
    let kept = (world.contacts.clone(), world.lists.clone(), world.next);
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in &inputs {
        let properties: Properties = texts(&input["properties"]);
        let id = target(world, input);
        let wrong = if !creates && id.is_none() {
            Some((404, fault("OBJECT_NOT_FOUND", "resource not found")))
        } else if !creates && properties.is_empty() {
            Some((
                400,
                fault("VALIDATION_ERROR", "No properties found to update"),
            ))
        } else {
            check(world, &properties, id)
        };
        let Some((status, mut error)) = wrong else {
            let id = place(world, input);
            world.set(id, &properties);
            let names: Vec<String> = properties.keys().cloned().collect();
            let mut result = shown(id, &world.contacts[&id], &names);
            if let Some(trace) = input["objectWriteTraceId"]
                .as_str()
                .filter(|_| world.traces)
            {
                result["objectWriteTraceId"] = json!(trace);
            }
            results.push(result);
            continue;
        };
        if status == 400 || (status == 409 && world.whole_batch) {
            // Nothing of the batch is done.
            (world.contacts, world.lists, world.next) = kept;
            return Reply::with(status, error);
        }
        if let Some(trace) = input["objectWriteTraceId"]
            .as_str()
            .filter(|_| world.traces)
        {
            error["context"] = json!({ "objectWriteTraceId": [trace] });
        }
        errors.push(error);
    }
    answer(done, results, &errors)
}

/// `POST …/batch/archive`: nothing is said of single ones.
pub(super) fn archive(world: &mut World, body: &Value) -> Reply {
    let inputs = match inputs(body) {
        Ok(inputs) => inputs,
        Err(reply) => return reply,
    };
    for input in inputs {
        let id = world.resolve(number(input["id"].as_str().unwrap_or_default()));
        if world
            .contacts
            .get(&id)
            .is_some_and(|contact| contact.archived.is_none())
        {
            world.delete(&id.to_string());
        }
    }
    Reply {
        status: 204,
        body: None,
    }
}
