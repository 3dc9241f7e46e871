//! The fields of partners, as far as they matter, and what references point at.

use serde_json::{Value, json};

use super::{Row, World};

/// Every field as `fields_get` describes it.
pub(super) fn all(world: &World) -> Row {
    let mut fields = json!({
        "id": {"type": "integer", "string": "ID", "readonly": true},
        "name": {"type": "char", "string": "Name"},
        "display_name": {"type": "char", "string": "Display Name", "readonly": true, "store": false},
        "email": {"type": "char", "string": "Email"},
        "phone": {"type": "char", "string": "Phone"},
        "mobile": {"type": "char", "string": "Mobile"},
        "function": {"type": "char", "string": "Job Position"},
        "street": {"type": "char", "string": "Street"},
        "street2": {"type": "char", "string": "Street2"},
        "zip": {"type": "char", "string": "Zip"},
        "city": {"type": "char", "string": "City"},
        "website": {"type": "char", "string": "Website Link"},
        "ref": {"type": "char", "string": "Reference"},
        "comment": {"type": "html", "string": "Notes"},
        "active": {"type": "boolean", "string": "Active"},
        "is_company": {"type": "boolean", "string": "Is a Company"},
        "type": {"type": "selection", "string": "Address Type", "selection": [
            ["contact", "Contact"], ["invoice", "Invoice Address"], ["delivery", "Delivery Address"],
            ["other", "Other Address"],
        ]},
        "autopost_bills": {"type": "selection", "string": "Auto-post bills", "required": true, "selection": [
            ["always", "Always"], ["ask", "Ask after 3 validations without edits"], ["never", "Never"],
        ]},
        "parent_id": {"type": "many2one", "string": "Related Company", "relation": "res.partner"},
        "state_id": {"type": "many2one", "string": "State", "relation": "res.country.state"},
        "country_id": {"type": "many2one", "string": "Country", "relation": "res.country"},
        "category_id": {"type": "many2many", "string": "Tags", "relation": "res.partner.category"},
        "child_ids": {"type": "one2many", "string": "Contact", "relation": "res.partner"},
        "image_1920": {"type": "binary", "string": "Image"},
        "create_date": {"type": "datetime", "string": "Created on", "readonly": true},
        "write_date": {"type": "datetime", "string": "Last Updated on", "readonly": true},
    });
    let fields = fields.as_object_mut().unwrap();
    if world.version >= 19 {
        fields.remove("mobile");
    }
    fields.extend(world.custom.clone());
    for (_, def) in fields.iter_mut() {
        let def = def.as_object_mut().unwrap();
        for (attribute, usual) in [("required", false), ("readonly", false), ("store", true)] {
            def.entry(attribute).or_insert(json!(usual));
        }
    }
    std::mem::take(fields)
}

/// What a create fills in by itself.
pub(super) fn defaults(world: &World) -> Row {
    let row = json!({
        "active": true, "is_company": false, "type": "contact", "autopost_bills": "ask", "category_id": [],
    });
    let mut row = row.as_object().cloned().unwrap();
    for (name, def) in all(world) {
        if name != "id" {
            let blank = if def["type"] == "many2many" {
                json!([])
            } else {
                json!(false)
            };
            row.entry(name).or_insert(blank);
        }
    }
    row
}

/// The name of what a reference points at.
pub(super) fn named(world: &World, model: &str, id: i64) -> Value {
    match (model, id) {
        ("res.partner", id) => world.tables.partners[&id].values["name"].clone(),
        ("res.country", 57) => json!("Germany"),
        ("res.country.state", 3) => json!("Bavaria (DE)"),
        (model, id) => panic!("{model} has no {id}"),
    }
}
