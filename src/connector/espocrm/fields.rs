//! Field metadata in the words of the model.

use std::collections::BTreeMap;

use serde_json::Value;

use super::wire::{Acl, FieldDef};
use crate::model::{Choice, FieldInfo, FieldKind};

/// A text field without a limit of its own has a column of this length.
const VARCHAR: u32 = 255;
/// The column of a phone number.
const PHONE: u32 = 36;

/// What the user may do with one field of contacts.
#[derive(Clone, Copy)]
struct May {
    read: bool,
    edit: bool,
}

/// Every field that can be mapped, in the order of its name.
pub(super) fn fields(defs: &BTreeMap<String, FieldDef>, acl: &Acl) -> Vec<FieldInfo> {
    defs.iter()
        .filter(|(_, def)| !def.disabled && !def.utility && !def.direct_access_disabled)
        .flat_map(|(name, def)| {
            let may = may(acl, name);
            let mut infos = Vec::new();
            if let Some(info) = info(name, def, may) {
                if info.kind == FieldKind::Phone {
                    infos.extend(typed(&info, def));
                }
                infos.push(info);
            }
            infos
        })
        .collect()
}

fn may(acl: &Acl, field: &str) -> May {
    let level = |action: &str| {
        acl.field_table
            .get("Contact")
            .and_then(|fields| fields.get(field))
            .and_then(|levels| levels.get(action))
            .and_then(Value::as_str)
    };
    May {
        read: level("read") != Some("no"),
        edit: level("edit") != Some("no"),
    }
}

fn info(name: &str, def: &FieldDef, may: May) -> Option<FieldInfo> {
    let kind = kind(name, &def.kind)?;
    let fixed = def.read_only
        || def.not_storable
        || def.direct_update_disabled
        || matches!(kind, FieldKind::Lookup | FieldKind::Other);
    let writable = !fixed && may.read && may.edit;
    let max_length = match def.kind.as_str() {
        "varchar" => Some(def.max_length.unwrap_or(VARCHAR)),
        "phone" => Some(PHONE),
        _ => def.max_length,
    };
    Some(FieldInfo {
        name: name.to_owned(),
        label: label(name),
        kind,
        native_type: def.kind.clone(),
        max_length,
        creatable: writable,
        updatable: writable && !def.read_only_after_create,
        required: def.required,
        custom: def.is_custom,
        hidden: !may.read,
        choices: if kind == FieldKind::Picklist {
            choices(def)
        } else {
            Vec::new()
        },
    })
}

/// The numbers by type: `phoneNumber.Mobile` is the first mobile number.
fn typed(info: &FieldInfo, def: &FieldDef) -> Vec<FieldInfo> {
    def.type_list
        .iter()
        .flatten()
        .map(|kind| FieldInfo {
            name: format!("{}.{kind}", info.name),
            label: format!("{} ({kind})", info.label),
            required: false,
            ..info.clone()
        })
        .collect()
}

fn choices(def: &FieldDef) -> Vec<Choice> {
    def.options
        .iter()
        .flatten()
        .flatten()
        .filter(|option| !option.is_empty())
        .map(|option| Choice {
            shown: option.clone(),
            stored: option.clone(),
        })
        .collect()
}

/// EspoCRM's word for a type in the words of the model; nothing for what is no single value.
fn kind(name: &str, native: &str) -> Option<FieldKind> {
    Some(match native {
        "varchar" => FieldKind::Text,
        "text" => FieldKind::Multiline,
        "email" if name == "emailAddress" => FieldKind::Email,
        "phone" if name == "phoneNumber" => FieldKind::Phone,
        "date" => FieldKind::Date,
        "url" => FieldKind::Url,
        "enum" => FieldKind::Picklist,
        "link" | "linkOne" => FieldKind::Lookup,
        "int" | "float" | "decimal" | "bool" | "datetime" | "datetimeOptional" | "currency"
        | "autoincrement" | "number" => FieldKind::Other,
        _ => return None,
    })
}

/// A name as EspoCRM's screens write it: `addressPostalCode` is `Address Postal Code`. A custom
/// field's leading `c` is not part of it.
fn label(name: &str) -> String {
    let rest = name
        .strip_prefix('c')
        .filter(|rest| rest.starts_with(|letter: char| letter.is_ascii_uppercase()))
        .unwrap_or(name);
    let mut label = String::new();
    for (at, letter) in rest.chars().enumerate() {
        if at > 0 && letter.is_ascii_uppercase() {
            label.push(' ');
        }
        if at == 0 {
            label.extend(letter.to_uppercase());
        } else {
            label.push(letter);
        }
    }
    label
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(fields: Value, acl: Value) -> Vec<FieldInfo> {
        let defs: BTreeMap<String, FieldDef> = serde_json::from_value(fields).unwrap();
        super::fields(&defs, &serde_json::from_value(acl).unwrap())
    }

    #[test]
    fn phones_are_offered_by_type_and_as_the_first_of_all() {
        let fields = read(
            json!({"phoneNumber": {"type": "phone", "typeList": ["Mobile", "Office"]}}),
            json!({}),
        );
        let names: Vec<&str> = fields.iter().map(|info| info.name.as_str()).collect();
        assert_eq!(
            names,
            ["phoneNumber.Mobile", "phoneNumber.Office", "phoneNumber"]
        );
        assert_eq!(fields[0].label, "Phone Number (Mobile)");
    }

    #[test]
    fn what_the_role_forbids_is_hidden_or_read_only() {
        let fields = read(
            json!({
                "firstName": {"type": "varchar", "maxLength": 100},
                "description": {"type": "text"},
                "title": {"type": "varchar", "notStorable": true},
                "account": {"type": "link"},
                "name": {"type": "personName"},
            }),
            json!({"fieldTable": {"Contact": {
                "description": {"read": "no", "edit": "no"},
                "firstName": {"read": "yes", "edit": "no"},
            }}}),
        );
        let of = |name: &str| fields.iter().find(|info| info.name == name).unwrap();
        assert!(of("description").hidden);
        assert!(!of("firstName").hidden && !of("firstName").updatable);
        assert_eq!(of("firstName").max_length, Some(100));
        assert!(
            !of("title").creatable,
            "the title belongs to the account link"
        );
        assert_eq!(of("account").kind, FieldKind::Lookup);
        assert_eq!(fields.len(), 4, "a composed name is no value");
    }

    #[test]
    fn labels_read_like_the_screens() {
        assert_eq!(label("addressPostalCode"), "Address Postal Code");
        assert_eq!(label("cShoeSize"), "Shoe Size");
        assert_eq!(label("campaign"), "Campaign");
    }
}
