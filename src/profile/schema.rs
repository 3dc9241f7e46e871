//! The JSON schema of a profile, for editors, from the table of keys.

use serde_json::{Map, Value, json};

use super::keys::keys;
use crate::model::{KeyInfo, KindInfo, Kinds, Presence, Shape};

/// The JSON schema (draft 2020-12) of a profile.
#[must_use]
pub fn schema(kinds: Kinds) -> Value {
    let keys = keys(kinds);
    let section = |name: &str| section(&keys, name);
    let sections = ["sync", "google", "crm"].map(|name| (name.to_owned(), section(name)));
    let mut properties: Map<String, Value> = sections.into_iter().collect();
    if let Some(crm) = properties.get_mut("crm").and_then(Value::as_object_mut) {
        let kinds = kinds.all().iter();
        crm.insert(
            "allOf".to_owned(),
            kinds.map(|kind| of_kind(kind)).collect(),
        );
    }
    let entries = json!({
        "type": "array",
        "minItems": 1,
        "items": section("map"),
        "description": "The mapping; the CRM's default mapping counts when there is none.",
    });
    properties.insert("map".to_owned(), entries);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A crmsync profile",
        "type": "object",
        "properties": properties,
        "required": ["google", "crm"],
        "additionalProperties": false,
    })
}

/// A section: what every profile needs in it, and every key that some kind knows.
fn section(keys: &[KeyInfo], name: &str) -> Value {
    let mine = || keys.iter().filter(|key| key.section() == name);
    let mut properties: Map<String, Value> = Map::new();
    for key in mine() {
        let shapes: Vec<Value> = mine()
            .filter(|other| other.name == key.name)
            .map(property)
            .collect();
        properties
            .entry(key.leaf())
            .or_insert(match shapes.as_slice() {
                [one] => one.clone(),
                several => {
                    let everybodys = mine().filter(|other| other.name == key.name);
                    let doc = everybodys
                        .min_by_key(|other| other.kind.is_some())
                        .map_or(key.doc, |other| other.doc);
                    json!({ "description": doc, "anyOf": several })
                }
            });
    }
    let required: Vec<&str> = mine()
        .filter(|key| key.presence == Presence::Required && key.kind.is_none())
        .map(KeyInfo::leaf)
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// What holds for a profile of one CRM kind: its keys as it takes them, and those that it needs.
fn of_kind(kind: &KindInfo) -> Value {
    let properties: Map<String, Value> = kind
        .keys
        .iter()
        .map(|key| (key.leaf().to_owned(), property(key)))
        .collect();
    let needed = kind
        .keys
        .iter()
        .filter(|key| key.presence == Presence::Required);
    let required: Vec<&str> = needed.map(KeyInfo::leaf).collect();
    json!({
        "if": {"properties": {"kind": {"const": kind.name}}},
        "then": {"properties": properties, "required": required},
    })
}

fn property(key: &KeyInfo) -> Value {
    let mut property = match key.shape {
        Shape::Text | Shape::File | Shape::Path | Shape::Duration(..) => {
            json!({"type": "string", "minLength": 1})
        }
        Shape::Word(words) => json!({"type": "string", "enum": words}),
        Shape::Count(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Region => json!({"type": "string", "pattern": "^[A-Za-z]{2}$"}),
        Shape::Address => json!({"type": "string", "format": "email"}),
        Shape::Endpoint => json!({"type": "string", "format": "uri", "pattern": "^https?://"}),
        Shape::Words(words) => {
            json!({"type": "array", "uniqueItems": true, "items": {"type": "string", "enum": words}})
        }
        Shape::Values => {
            json!({"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}})
        }
    };
    if let Some(object) = property.as_object_mut() {
        object.insert("description".to_owned(), Value::from(key.doc));
        if let Some(default) = key.default().and_then(json_of) {
            object.insert("default".to_owned(), default);
        }
    }
    property
}

/// A default, which is written as TOML, as JSON. Texts, numbers, flags and empty lists are written
/// alike in both.
fn json_of(toml: &str) -> Option<Value> {
    serde_json::from_str(toml).ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::profile::testing::KINDS;

    #[test]
    fn the_schema_has_every_key_with_its_default() {
        let schema = schema(KINDS);
        for key in keys(KINDS) {
            if let Some(kind) = key.kind {
                let kinds = schema.pointer("/properties/crm/allOf").unwrap();
                let rule =
                    kinds.as_array().unwrap().iter().find(|rule| {
                        rule.pointer("/if/properties/kind/const") == Some(&json!(kind))
                    });
                let place = format!("/then/properties/{}", key.leaf());
                let property = rule.unwrap().pointer(&place).unwrap();
                assert_eq!(property, &super::property(&key), "{}", key.name);
                continue;
            }
            if key.name == "crm.endpoint" {
                continue;
            }
            let place = if key.section() == "map" {
                format!("/properties/map/items/properties/{}", key.leaf())
            } else {
                format!("/properties/{}/properties/{}", key.section(), key.leaf())
            };
            let property = schema.pointer(&place);
            let of = |name: &str| property.and_then(|property| property.get(name));
            assert_eq!(of("description"), Some(&json!(key.doc)), "{}", key.name);
            assert_eq!(
                of("default").is_some(),
                key.default().is_some(),
                "{}",
                key.name
            );
        }
        assert_eq!(
            schema.pointer("/properties/sync/properties/next_limit/default"),
            Some(&json!(500))
        );
        assert_eq!(
            schema.pointer("/properties/google/required"),
            Some(&json!(["group"]))
        );
        assert_eq!(
            schema.pointer("/properties/sync/required"),
            Some(&json!([]))
        );
    }
}
