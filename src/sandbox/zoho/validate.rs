//! What the CRM makes of the values that a client sends for a record.

use serde_json::{Value, json};

use super::ZohoWorld;
use super::errors::Failure;
use super::schema::{Field, Kind};
use super::store::{Fields, Module, read_time};
use super::switches::ReadOnly;
use super::{COLLEAGUE, SANDBOX_USER};

/// Whether a record comes to be or is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Create,
    Update,
}

fn path(index: usize, name: &str) -> String {
    format!("$.data[{index}].{name}")
}

/// `INVALID_DATA` of one field, with one more detail.
fn invalid(field: &Field, index: usize, detail: &str, value: Value) -> Failure {
    let mut details =
        json!({"api_name": field.api_name, "json_path": path(index, &field.api_name)});
    details[detail] = value;
    Failure::new(400, "INVALID_DATA", "invalid data").with(details)
}

/// A field that must be there and is not.
pub(super) fn required(index: usize, name: &str) -> Failure {
    Failure::new(400, "MANDATORY_NOT_FOUND", "required field not found")
        .with(json!({"api_name": name, "json_path": path(index, name)}))
}

impl ZohoWorld {
    /// The changes that an item asks for, with null for what it clears; or what is wrong with it.
    pub(super) fn changes(
        &self,
        module: &Module,
        item: &Fields,
        index: usize,
        purpose: Purpose,
    ) -> Result<Fields, Failure> {
        let mut changes = Fields::new();
        let mut wrong = Vec::new();
        for (name, value) in item {
            let Some(field) = module.field(name) else {
                continue;
            };
            if field.read_only {
                if self.switches.read_only_fields == ReadOnly::Refuse {
                    let refusal = Failure::new(400, "NOT_ALLOWED", "the field is not editable")
                        .with(json!({"api_name": name, "json_path": path(index, name)}));
                    wrong.push(refusal);
                }
                continue;
            }
            match self.checked(module, field, value, index) {
                Ok(Value::Null) if field.mandatory => wrong.push(required(index, name)),
                Ok(value) => {
                    changes.insert(name.clone(), value);
                }
                Err(failure) => wrong.push(failure),
            }
        }
        if purpose == Purpose::Create {
            for field in module.fields.iter().filter(|field| field.mandatory) {
                if !item.contains_key(&field.api_name) {
                    wrong.push(required(index, &field.api_name));
                }
            }
        }
        if let Some(append) = item.get("$append_values").and_then(Value::as_object) {
            changes.insert("$append_values".to_owned(), json!(append));
        }
        match wrong.len() {
            0 => Ok(changes),
            1 => Err(wrong.remove(0)),
            _ => {
                let errors: Vec<Value> = wrong.iter().map(Failure::object).collect();
                Err(
                    Failure::new(400, "MULTIPLE_OR_MULTI_ERRORS", "multiple errors")
                        .with(json!({ "errors": errors })),
                )
            }
        }
    }

    /// One value as it is kept.
    fn checked(
        &self,
        module: &Module,
        field: &Field,
        value: &Value,
        index: usize,
    ) -> Result<Value, Failure> {
        let kind = field.kind;
        let bad_type = || invalid(field, index, "expected_data_type", json!(kind.data_type()));
        if value.is_null() {
            return Ok(Value::Null);
        }
        match kind {
            Kind::Boolean => value
                .is_boolean()
                .then(|| value.clone())
                .ok_or_else(bad_type),
            Kind::Integer => value.is_i64().then(|| value.clone()).ok_or_else(bad_type),
            Kind::Lookup | Kind::Owner => self.lookup(module, field, value).ok_or_else(|| {
                if value.is_object() {
                    invalid(field, index, "expected_data_type", json!("bigint"))
                } else {
                    bad_type()
                }
            }),
            Kind::MultiPicklist => {
                let list = value.as_array().ok_or_else(bad_type)?;
                for entry in list {
                    let text = entry.as_str().ok_or_else(bad_type)?;
                    self.in_list(field, text, index)?;
                }
                Ok(value.clone())
            }
            Kind::Tags | Kind::Image => Err(bad_type()),
            Kind::Text
            | Kind::Textarea
            | Kind::Email
            | Kind::Phone
            | Kind::Website
            | Kind::Picklist
            | Kind::Date
            | Kind::DateTime => {
                let text = value.as_str().ok_or_else(bad_type)?;
                let text = if self.switches.trim_text {
                    text.trim()
                } else {
                    text
                };
                if text.is_empty() {
                    return Ok(Value::Null);
                }
                if text.chars().count() > field.length {
                    return Err(invalid(field, index, "maximum_length", json!(field.length)));
                }
                if kind == Kind::Picklist {
                    self.in_list(field, text, index)?;
                } else if !well_formed(kind, text) {
                    return Err(bad_type());
                }
                Ok(json!(text))
            }
        }
    }

    fn in_list(&self, field: &Field, text: &str, index: usize) -> Result<(), Failure> {
        let known = field.picklist.iter().any(|value| value == text);
        if self.switches.picklist_strict && !known {
            return Err(invalid(
                field,
                index,
                "supported_values",
                json!(field.picklist),
            ));
        }
        Ok(())
    }

    /// `{id, name}` of the record or user that `{id}` names.
    fn lookup(&self, module: &Module, field: &Field, value: &Value) -> Option<Value> {
        let id: u64 = value.get("id")?.as_str()?.parse().ok()?;
        if field.kind == Kind::Owner {
            return [SANDBOX_USER, COLLEAGUE]
                .contains(&id)
                .then(|| json!({"id": id.to_string()}));
        }
        let target = field.lookup?;
        let held = if target == module.name {
            Some(module)
        } else {
            self.modules.get(target)
        };
        let record = held?.visible(id)?;
        let name = ["Full_Name", "Account_Name"]
            .iter()
            .find_map(|name| record.fields.get(*name));
        Some(json!({"id": id.to_string(), "name": name}))
    }
}

/// Whether a text has the form of its kind.
fn well_formed(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Email => {
            let strange = |letter: char| letter.is_whitespace() || "<>(),;\"".contains(letter);
            text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && domain.contains('.')
                    && !domain.starts_with('.')
                    && !domain.ends_with('.')
                    && !domain.contains('@')
            }) && !text.contains(strange)
        }
        Kind::Phone => text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "+-(). ,;/".contains(letter)),
        Kind::Date => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        Kind::DateTime => read_time(text).is_some(),
        Kind::Text
        | Kind::Textarea
        | Kind::Website
        | Kind::Picklist
        | Kind::MultiPicklist
        | Kind::Boolean
        | Kind::Integer
        | Kind::Lookup
        | Kind::Owner
        | Kind::Tags
        | Kind::Image => true,
    }
}
