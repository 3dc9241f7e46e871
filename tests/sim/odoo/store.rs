//! Partners: storing, changing, what is refused, and what a reading shows.

use serde_json::{Value, json};

use super::{Partner, Raised, Row, World, fields, raised};

/// What a company passes on to its contacts.
const SHARED: [&str; 6] = ["street", "street2", "zip", "city", "state_id", "country_id"];

/// A time as the interface writes it.
pub(super) fn time(micros: i64) -> String {
    let stamp = jiff::Timestamp::from_microsecond(micros).unwrap();
    stamp.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A partner as a reading sends it.
pub(super) fn row(world: &World, id: i64, names: &[String]) -> Row {
    let partner = &world.tables.partners[&id];
    let defs = fields::all(world);
    let mut row = Row::new();
    row.insert("id".to_owned(), json!(id));
    for name in names {
        let stored = partner.values.get(name).cloned().unwrap_or(json!(false));
        let value = match (name.as_str(), stored) {
            ("id", _) => continue,
            ("display_name", _) => partner.values["name"].clone(),
            ("write_date", _) => json!(time(partner.written)),
            ("create_date", _) => json!(time(partner.created)),
            ("child_ids", _) => json!(children(world, id)),
            (name, Value::Number(to)) if defs[name]["type"] == "many2one" => {
                let model = defs[name]["relation"].as_str().unwrap();
                let name = fields::named(world, model, to.as_i64().unwrap());
                json!([to, name])
            }
            (_, stored) => stored,
        };
        row.insert(name.clone(), value);
    }
    row
}

fn children(world: &World, id: i64) -> Vec<i64> {
    let all = world.tables.partners.iter();
    all.filter(|(_, partner)| partner.values["parent_id"] == id)
        .map(|(id, _)| *id)
        .collect()
}

/// Stores a new partner at the time at which its transaction began.
pub(super) fn create(world: &mut World, vals: &Row, now: i64) -> Result<i64, Raised> {
    let mut partner = Partner {
        values: fields::defaults(world),
        created: now,
        written: now,
    };
    put(world, &mut partner, vals)?;
    check(world, &partner)?;
    let id = world.tables.new_id();
    world.tables.partners.insert(id, partner);
    Ok(id)
}

/// Changes partners at the time at which the transaction began.
pub(super) fn write(world: &mut World, ids: &[i64], vals: &Row, now: i64) -> Result<(), Raised> {
    for id in ids {
        let Some(mut partner) = world.tables.partners.get(id).cloned() else {
            return Err(missing(&[*id]));
        };
        if vals.get("active") == Some(&json!(false)) && world.users.contains(id) {
            return Err(raised(
                "odoo.exceptions.RedirectWarning",
                "You cannot archive contacts linked to an active user.",
            ));
        }
        put(world, &mut partner, vals)?;
        check(world, &partner)?;
        partner.written = now;
        let company = partner.values["is_company"] == true;
        let values = partner.values.clone();
        world.tables.partners.insert(*id, partner);
        let passed = vals
            .keys()
            .any(|name| SHARED.contains(&name.as_str()) || name == "phone");
        if company && passed {
            for child in children(world, *id) {
                let child = world.tables.partners.get_mut(&child).unwrap();
                for name in SHARED {
                    child.values.insert(name.to_owned(), values[name].clone());
                }
                child.written = now;
            }
        }
    }
    Ok(())
}

pub(super) fn unlink(world: &mut World, ids: &[i64]) -> Result<(), Raised> {
    for id in ids {
        if world.users.contains(id) {
            return Err(raised(
                "odoo.exceptions.RedirectWarning",
                "You cannot delete contacts linked to an active user.",
            ));
        }
        if world.tables.partners.remove(id).is_none() {
            return Err(missing(&[*id]));
        }
    }
    Ok(())
}

pub(super) fn missing(ids: &[i64]) -> Raised {
    raised(
        "odoo.exceptions.MissingError",
        &format!("Record does not exist or has been deleted.\n(Records: {ids:?}, User: 7)"),
    )
}

pub(super) fn no_field(name: &str) -> Raised {
    raised(
        "builtins.ValueError",
        &format!("Invalid field '{name}' on model 'res.partner'"),
    )
}

fn put(world: &World, partner: &mut Partner, vals: &Row) -> Result<(), Raised> {
    let defs = fields::all(world);
    for (name, value) in vals {
        let Some(def) = defs.get(name) else {
            return Err(no_field(name));
        };
        let value = match (def["type"].as_str().unwrap(), value) {
            ("many2many", Value::Array(commands)) => {
                let old = partner.values[name].as_array().cloned().unwrap();
                many(old, commands)
            }
            ("char" | "html", Value::String(text)) if text.is_empty() => json!(false),
            ("html", Value::String(text)) => json!(sanitised(text)),
            ("selection", Value::String(text)) => {
                let known = def["selection"].as_array().unwrap();
                if !known.iter().any(|pair| pair[0] == text.as_str()) {
                    let wrong = format!("Wrong value for res.partner.{name}: '{text}'");
                    return Err(raised("builtins.ValueError", &wrong));
                }
                json!(text)
            }
            ("date", Value::String(text)) if text.parse::<jiff::civil::Date>().is_err() => {
                let wrong = format!("Invalid isoformat string: '{text}'");
                return Err(raised("builtins.ValueError", &wrong));
            }
            (_, Value::Null) => json!(false),
            (_, value) => value.clone(),
        };
        partner.values.insert(name.clone(), value);
    }
    Ok(())
}

/// Odoo's commands on a list of references.
fn many(mut all: Vec<Value>, commands: &[Value]) -> Value {
    for command in commands {
        match command[0].as_i64().unwrap() {
            3 => all.retain(|id| *id != command[1]),
            4 => {
                all.retain(|id| *id != command[1]);
                all.push(command[1].clone());
            }
            6 => all = command[2].as_array().cloned().unwrap(),
            other => panic!("command {other}"),
        }
    }
    json!(all)
}

/// Scripts are dropped from HTML.
fn sanitised(html: &str) -> String {
    match (html.find("<script"), html.find("</script>")) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &html[..from], &html[to + 9..]),
        _ => html.to_owned(),
    }
}

fn check(world: &World, partner: &Partner) -> Result<(), Raised> {
    let values = &partner.values;
    if values["type"] == "contact" && values["name"] == false {
        return Err(raised(
            "odoo.exceptions.ValidationError",
            "The operation cannot be completed: Contacts require a name",
        ));
    }
    for (name, def) in &world.custom {
        if def["required"] == true && values[name] == false {
            let text = format!(
                "The operation cannot be completed:\n- Create/update: a mandatory field is not set.\nField: {name}"
            );
            return Err(raised("odoo.exceptions.ValidationError", &text));
        }
    }
    if world.banned.is_some_and(|banned| values["city"] == banned) {
        return Err(raised(
            "odoo.exceptions.ValidationError",
            "This city is not served.",
        ));
    }
    Ok(())
}
