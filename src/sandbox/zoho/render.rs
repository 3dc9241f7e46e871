//! Records, users and fields as the API writes them.

use serde_json::{Map, Value, json};

use super::schema::{Field, Kind};
use super::store::{Module, Record, time_text};
use super::{COLLEAGUE, SANDBOX_USER, ZohoWorld};

/// A user's name and address.
pub(super) fn user_names(id: u64) -> (&'static str, &'static str) {
    if id == COLLEAGUE {
        ("Colleague Example", "colleague@example.com")
    } else {
        ("Sandbox Admin", "admin@example.com")
    }
}

/// A user as records show it.
pub(super) fn user(id: u64) -> Value {
    let (name, email) = user_names(id);
    json!({"name": name, "id": id.to_string(), "email": email})
}

/// A user as replies to writes show it.
pub(super) fn short_user(id: u64) -> Value {
    json!({"name": user_names(id).0, "id": id.to_string()})
}

impl ZohoWorld {
    /// One value of a record; null when it is empty.
    pub(super) fn value(&self, module: &Module, name: &str, id: u64, record: &Record) -> Value {
        let offset = self.switches.utc_offset_minutes;
        match name {
            "id" => return json!(id.to_string()),
            "Created_Time" => return json!(time_text(record.created, offset)),
            "Modified_Time" => return json!(time_text(record.modified, offset)),
            "Created_By" => return user(record.created_by),
            "Modified_By" => return user(record.modified_by),
            _ => {}
        }
        let Some(field) = module.field(name) else {
            return Value::Null;
        };
        if field.restricted {
            return Value::Null;
        }
        let value = record.fields.get(name);
        match (field.kind, value) {
            (Kind::Owner, Some(value)) => {
                let id = value.get("id").and_then(Value::as_str);
                user(id.and_then(|id| id.parse().ok()).unwrap_or(SANDBOX_USER))
            }
            (Kind::Boolean, None) => json!(false),
            (Kind::Tags, None) => json!([]),
            (_, value) => value.cloned().unwrap_or(Value::Null),
        }
    }

    /// A record with the given fields, or with all that the user may see.
    pub(super) fn record(
        &self,
        module: &Module,
        id: u64,
        record: &Record,
        names: Option<&[String]>,
    ) -> Value {
        let mut out = Map::new();
        out.insert("id".to_owned(), json!(id.to_string()));
        if let Some(names) = names {
            for name in names {
                if module.field(name).is_some() {
                    out.insert(name.clone(), self.value(module, name, id, record));
                }
            }
        } else {
            for field in module.fields.iter().filter(|field| !field.hidden) {
                let name = &field.api_name;
                out.insert(name.clone(), self.value(module, name, id, record));
            }
        }
        Value::Object(out)
    }
}

/// A field as its metadata describes it.
pub(super) fn describe_field(field: &Field) -> Value {
    let writable = !field.read_only;
    let values: Vec<Value> = field
        .picklist
        .iter()
        .zip(1u64..)
        .map(|(value, number)| {
            json!({
                "id": (field.id + 100_000 + number).to_string(), "display_value": value,
                "actual_value": value, "reference_value": value,
                "sequence_number": number, "type": "used",
            })
        })
        .collect();
    let unique = if field.unique {
        json!({"casesensitive": "false"})
    } else {
        json!({})
    };
    let lookup = field.lookup.map_or_else(
        || json!({}),
        |module| json!({"module": {"api_name": module}, "display_label": field.label, "api_name": field.api_name}),
    );
    let permission = if writable { "read_write" } else { "read_only" };
    json!({
        "id": field.id.to_string(), "api_name": field.api_name,
        "field_label": field.label, "display_label": field.label,
        "data_type": field.kind.data_type(), "json_type": field.kind.json_type(),
        "length": field.length, "decimal_place": null, "custom_field": field.custom,
        "read_only": field.read_only, "field_read_only": field.read_only,
        "system_mandatory": field.mandatory, "visible": true, "virtual_field": false,
        "searchable": field.kind.is_text(), "sortable": true, "filterable": !field.encrypted,
        "operation_type": {
            "api_create": writable, "api_update": writable,
            "web_create": writable, "web_update": writable,
        },
        "view_type": {"view": true, "create": writable, "edit": writable, "quick_create": field.mandatory},
        "pick_list_values": values, "unique": unique, "lookup": lookup,
        "profiles": [{"id": super::meta::PROFILE.to_string(), "name": "Administrator", "permission_type": permission}],
        "crypt": field.encrypted.then(|| json!({"mode": "encrypted", "status": 1})),
        "private": null,
        "hipaa_compliance_enabled": field.restricted,
        "hipaa_compliance": field.restricted.then(|| json!({"restricted_in_export": true})),
    })
}
