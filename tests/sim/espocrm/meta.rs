//! Who is signed in, and the metadata of contacts.

use serde_json::{Value, json};

use super::World;

pub(super) fn user(world: &World) -> Value {
    json!({
        "user": {"id": "65a1f0e7d21c4a8b0", "userName": "crmsync", "type": "api"},
        "acl": {"table": world.table, "fieldTable": {"Contact": world.field_table}},
    })
}

pub(super) fn metadata(query: &[(String, String)]) -> Value {
    let key = query.iter().find(|(name, _)| name == "key");
    match key.map(|(_, value)| value.as_str()) {
        Some("entityDefs.Contact.fields") => fields(),
        Some("clientDefs.Contact.filterList") => json!(["portalUsers", {"name": "accountActive"}]),
        Some(_) | None => Value::Null,
    }
}

/// The fields, as far as they matter.
pub(super) fn fields() -> Value {
    json!({
        "name": {"type": "personName"},
        "salutationName": {"type": "enum", "options": ["", "Mr.", "Ms.", "Mrs.", "Dr."]},
        "firstName": {"type": "varchar", "maxLength": 100},
        "lastName": {"type": "varchar", "maxLength": 100, "required": true},
        "title": {"type": "varchar", "maxLength": 100, "notStorable": true, "directUpdateDisabled": true},
        "emailAddress": {"type": "email"},
        "phoneNumber": {
            "type": "phone",
            "typeList": ["Mobile", "Office", "Home", "Fax", "Other"],
            "defaultType": "Mobile",
        },
        "doNotCall": {"type": "bool"},
        "description": {"type": "text"},
        "address": {"type": "address"},
        "addressStreet": {"type": "text", "maxLength": 255},
        "addressCity": {"type": "varchar"},
        "addressState": {"type": "varchar"},
        "addressCountry": {"type": "varchar"},
        "addressPostalCode": {"type": "varchar"},
        "account": {"type": "link"},
        "targetList": {"type": "link", "notStorable": true, "directAccessDisabled": true},
        "cBirthday": {"type": "date", "isCustom": true},
        "createdAt": {"type": "datetime", "readOnly": true},
        "modifiedAt": {"type": "datetime", "readOnly": true},
    })
}
