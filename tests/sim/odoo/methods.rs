//! The methods that can be called, each in one transaction.

use serde_json::{Value, json};

use super::{KEY, LOGIN, Raised, Row, UID, World, domain, fields, raised, store};

/// A call: the records it works on, and its arguments by place and by name.
pub(super) struct Call<'a> {
    pub(super) model: &'a str,
    pub(super) method: &'a str,
    /// JSON-RPC gives the records as the first argument.
    pub(super) ids: Option<Vec<i64>>,
    pub(super) placed: Vec<Value>,
    pub(super) named: Row,
}

/// Runs a call; an exception takes back what it did.
pub(super) fn execute(world: &mut World, call: Call<'_>) -> Result<Value, Raised> {
    let before = world.tables.clone();
    let done = run(world, call);
    if done.is_err() {
        world.tables = before;
    }
    done
}

fn run(world: &mut World, mut call: Call<'_>) -> Result<Value, Raised> {
    if call.method.starts_with('_') {
        let text = format!(
            "Private methods (such as '{}') cannot be called remotely.",
            call.method
        );
        return Err(raised("odoo.exceptions.AccessError", &text));
    }
    let signature = signature(world, call.model, call.method)?;
    let on_records = signature.first() == Some(&"ids");
    if on_records && call.ids.is_none() {
        if call.placed.is_empty() {
            return Err(raised(
                "builtins.TypeError",
                "missing a required argument: 'ids'",
            ));
        }
        call.ids = Some(numbers(&call.placed.remove(0)));
    }
    let names = signature.iter().filter(|name| **name != "ids");
    let mut arguments = call.named;
    let context = arguments.remove("context").unwrap_or(json!({}));
    for (name, value) in names.clone().zip(call.placed) {
        arguments.insert((*name).to_owned(), value);
    }
    if let Some(unknown) = arguments
        .keys()
        .find(|name| !signature.contains(&name.as_str()))
    {
        let text = format!("got an unexpected keyword argument '{unknown}'");
        return Err(raised("builtins.TypeError", &text));
    }
    let ids = call.ids.unwrap_or_default();
    match (call.model, call.method) {
        ("res.users", "context_get") => Ok(json!({"lang": "en_US", "tz": "Europe/Berlin", "uid": UID})),
        ("res.users", "read") => Ok(json!([{"id": UID, "login": LOGIN, "name": "Sync"}])),
        ("res.partner.category", "search_read") => Ok(small(
            &arguments,
            world.tables.tags.iter().map(|(id, name)| json!({"id": id, "name": name, "display_name": name})),
        )),
        ("ir.filters", "search_read") => Ok(small(
            &arguments,
            world.tables.filters.iter().map(|(id, (name, domain))| {
                json!({"id": id, "name": name, "domain": domain, "model_id": "res.partner"})
            }),
        )),
        (_, method) => partners(world, method, &ids, &arguments, &context),
    }
}

/// What the page about a model says of its methods, as far as they are simulated.
pub(super) fn described(world: &World, model: &str) -> Value {
    let names = [
        "context_get",
        "read",
        "search_read",
        "search",
        "search_count",
        "fields_get",
        "default_get",
        "has_access",
        "create",
        "write",
        "unlink",
    ];
    let known = names
        .iter()
        .filter_map(|name| Some((*name, signature(world, model, name).ok()?)));
    let methods = known.map(|(name, arguments)| {
        let on_records = arguments.first() == Some(&"ids");
        let parameters = arguments.iter().filter(|name| **name != "ids");
        let parameters: Row = parameters
            .map(|name| ((*name).to_owned(), json!({})))
            .collect();
        let api = if on_records {
            json!([])
        } else {
            json!(["model"])
        };
        (
            name.to_owned(),
            json!({"parameters": parameters, "api": api}),
        )
    });
    json!({"model": model, "methods": methods.collect::<Row>()})
}

/// The names of a method's arguments.
fn signature(world: &World, model: &str, method: &str) -> Result<&'static [&'static str], Raised> {
    let search_read: &[&str] = &["domain", "fields", "offset", "limit", "order"];
    Ok(match (model, method) {
        ("res.users", "context_get") => &[],
        ("res.users" | "res.partner", "read") => &["ids", "fields", "load"],
        ("res.partner" | "res.partner.category" | "ir.filters", "search_read") => search_read,
        ("res.partner", "search") => &["domain", "offset", "limit", "order"],
        ("res.partner", "search_count") => &["domain", "limit"],
        ("res.partner", "fields_get") => &["allfields", "attributes"],
        ("res.partner", "default_get") if world.version >= 19 => &["fields"],
        ("res.partner", "default_get") => &["fields_list"],
        ("res.partner", "has_access") => &["ids", "operation"],
        ("res.partner", "create") => &["vals_list"],
        ("res.partner", "write") => &["ids", "vals"],
        ("res.partner", "unlink") => &["ids"],
        ("res.users" | "res.partner" | "res.partner.category" | "ir.filters", method) => {
            let text = format!("The method '{model}.{method}' does not exist");
            return Err(Raised {
                status: 404,
                ..raised("builtins.AttributeError", &text)
            });
        }
        (model, _) => {
            let text = format!("Object {model} doesn't exist");
            return Err(Raised {
                status: 404,
                ..raised("odoo.exceptions.UserError", &text)
            });
        }
    })
}

fn partners(
    world: &mut World,
    method: &str,
    ids: &[i64],
    arguments: &Row,
    context: &Value,
) -> Result<Value, Raised> {
    let operation = match method {
        "create" => "create",
        "write" => "write",
        "unlink" => "unlink",
        "search_read" | "search" | "search_count" | "read" => "read",
        _ => "",
    };
    if world.denied.contains(operation) {
        let text = format!("You are not allowed to {operation} 'Contact' (res.partner) records.");
        return Err(raised("odoo.exceptions.AccessError", &text));
    }
    let unseen = |world: &World, id: &i64| {
        world.hidden.contains(id) || (operation != "read" && world.fixed.contains(id))
    };
    if ids.iter().any(|id| unseen(world, id)) {
        let text = "Due to security restrictions, you are not allowed to access 'Contact' (res.partner) records.";
        return Err(raised("odoo.exceptions.AccessError", text));
    }
    // The time at which the transaction began is the time of all it changes.
    let now = world.now();
    match method {
        "search_read" => {
            let found = search(world, arguments, context)?;
            let names = asked(world, arguments)?;
            let rows = found.iter().map(|id| store::row(world, *id, &names));
            Ok(json!(rows.collect::<Vec<_>>()))
        }
        "search" => Ok(json!(search(world, arguments, context)?)),
        "search_count" => Ok(json!(search(world, arguments, context)?.len())),
        "read" => {
            let names = asked(world, arguments)?;
            let there = ids
                .iter()
                .filter(|id| world.tables.partners.contains_key(id));
            let rows = there.map(|id| store::row(world, *id, &names));
            Ok(json!(rows.collect::<Vec<_>>()))
        }
        "fields_get" => {
            let wanted = arguments.get("attributes").and_then(Value::as_array);
            let mut defs = fields::all(world);
            if let Some(named) = arguments.get("allfields").and_then(Value::as_array) {
                defs.retain(|name, _| named.is_empty() || named.contains(&json!(name)));
            }
            for (_, def) in &mut defs {
                let def = def.as_object_mut().unwrap();
                def.retain(|name, _| wanted.is_none_or(|all| all.contains(&json!(name))));
            }
            Ok(Value::Object(defs))
        }
        "default_get" => {
            let names = arguments.values().next().and_then(Value::as_array).unwrap();
            let mut defaults = fields::defaults(world);
            defaults.retain(|name, value| names.contains(&json!(name)) && *value != json!(false));
            Ok(Value::Object(defaults))
        }
        "has_access" => Ok(json!(
            !world
                .denied
                .contains(arguments["operation"].as_str().unwrap())
        )),
        "create" => {
            let rows = &arguments["vals_list"];
            let Some(rows) = rows.as_array() else {
                return Ok(json!(store::create(world, rows.as_object().unwrap(), now)?));
            };
            let ids: Result<Vec<i64>, Raised> = rows
                .iter()
                .map(|row| store::create(world, row.as_object().unwrap(), now))
                .collect();
            Ok(json!(ids?))
        }
        "write" => {
            store::write(world, ids, arguments["vals"].as_object().unwrap(), now)?;
            Ok(json!(true))
        }
        "unlink" => {
            store::unlink(world, ids)?;
            Ok(json!(true))
        }
        other => panic!("{other} has a signature and no body"),
    }
}

/// The numbers that a search finds, in its order.
fn search(world: &World, arguments: &Row, context: &Value) -> Result<Vec<i64>, Raised> {
    let everything = json!([]);
    let terms = arguments.get("domain").unwrap_or(&everything);
    domain::check(world, terms)?;
    let archived = context["active_test"] == false || domain::mentions(terms, "active");
    let mut found = Vec::new();
    for (id, partner) in &world.tables.partners {
        let there = archived || partner.values["active"] == true;
        if there && !world.hidden.contains(id) && domain::meets(world, *id, partner, terms)? {
            found.push(*id);
        }
    }
    let order = arguments
        .get("order")
        .and_then(Value::as_str)
        .unwrap_or("id");
    if order.starts_with("write_date") {
        found.sort_by_key(|id| (world.tables.partners[id].written, *id));
    }
    let number = |name: &str| arguments.get(name).and_then(Value::as_u64);
    let offset = usize::try_from(number("offset").unwrap_or(0)).unwrap();
    let limit = usize::try_from(number("limit").unwrap_or(u64::MAX)).unwrap();
    Ok(found.into_iter().skip(offset).take(limit).collect())
}

/// The fields that a reading asks for; all where it names none.
fn asked(world: &World, arguments: &Row) -> Result<Vec<String>, Raised> {
    let defs = fields::all(world);
    let named = arguments.get("fields").and_then(Value::as_array);
    let Some(named) = named.filter(|named| !named.is_empty()) else {
        return Ok(defs.keys().cloned().collect());
    };
    let named: Vec<String> = named
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    match named.iter().find(|name| !defs.contains_key(*name)) {
        Some(unknown) => Err(store::no_field(unknown)),
        None => Ok(named),
    }
}

/// The rows of a model that has few.
fn small(arguments: &Row, rows: impl Iterator<Item = Value>) -> Value {
    let wanted = arguments["fields"].as_array().cloned().unwrap();
    let rows = rows.map(|mut row| {
        let row = row.as_object_mut().unwrap();
        row.retain(|name, _| name == "id" || wanted.contains(&json!(name)));
        std::mem::take(row)
    });
    json!(rows.collect::<Vec<_>>())
}

pub(super) fn numbers(value: &Value) -> Vec<i64> {
    let number = |id: &Value| id.as_i64().unwrap();
    match value.as_array() {
        Some(all) => all.iter().map(number).collect(),
        None => vec![number(value)],
    }
}

/// Who signs in with a login and a key or password.
pub(super) fn user(login: &Value, key: &Value) -> Option<i64> {
    (*login == LOGIN && *key == KEY).then_some(UID)
}
