//! Field metadata in the words of the model.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::gear::{FAMILY, GIVEN};
use super::wire::FieldDef;
use crate::model::{Choice, FieldInfo, FieldKind};

/// Every field that can be mapped, in the order of its name. `given` are the fields that Odoo fills
/// by itself when a create does not name them.
pub(super) fn fields(
    defs: &BTreeMap<String, FieldDef>,
    given: &BTreeSet<String>,
) -> Vec<FieldInfo> {
    let mut infos: Vec<FieldInfo> = defs
        .iter()
        .filter(|(_, def)| def.store != Some(false))
        .filter_map(|(name, def)| {
            let mut info = info(name, def)?;
            // Odoo insists on a name by a rule of its own, which the metadata do not tell.
            info.required =
                name == "name" || (info.required && def.kind != "boolean" && !given.contains(name));
            Some(info)
        })
        .collect();
    // An add-on keeps the two apart; then the halves are fields of their own.
    let apart = |name: &str| defs.get(name).is_some_and(|def| !def.readonly);
    if !(apart("firstname") && apart("lastname")) {
        let name = infos.iter().find(|info| info.name == "name").map(halves);
        infos.extend(name.into_iter().flatten());
    }
    infos
}

/// The name's halves.
fn halves(name: &FieldInfo) -> [FieldInfo; 2] {
    let half = |half: &str, what: &str, required: bool| FieldInfo {
        name: half.to_owned(),
        label: format!("{} ({what})", name.label),
        required,
        ..name.clone()
    };
    [
        half(GIVEN, "given, all but the last word", false),
        half(FAMILY, "family, the last word", true),
    ]
}

/// The fields that a create has to name unless Odoo fills them.
pub(super) fn mandatory(defs: &BTreeMap<String, FieldDef>) -> Vec<&str> {
    defs.iter()
        .filter(|(_, def)| def.required && !def.readonly && def.kind != "boolean")
        .map(|(name, _)| name.as_str())
        .collect()
}

fn info(name: &str, def: &FieldDef) -> Option<FieldInfo> {
    let kind = kind(name, &def.kind)?;
    let fixed = def.readonly
        || def.kind == "html"
        || name == "id"
        || matches!(kind, FieldKind::Lookup | FieldKind::Other);
    Some(FieldInfo {
        name: name.to_owned(),
        label: def.string.clone().unwrap_or_else(|| name.to_owned()),
        kind,
        native_type: def.kind.clone(),
        max_length: def.size.filter(|size| *size > 0),
        creatable: !fixed,
        updatable: !fixed,
        required: def.required,
        custom: name.starts_with("x_"),
        hidden: false,
        choices: choices(def),
    })
}

fn choices(def: &FieldDef) -> Vec<Choice> {
    def.selection
        .iter()
        .flatten()
        .filter_map(|(stored, shown)| {
            Some(Choice {
                stored: stored.as_str()?.to_owned(),
                shown: shown.clone(),
            })
        })
        .collect()
}

/// Odoo's word for a type in the words of the model; nothing for what is no single value.
fn kind(name: &str, native: &str) -> Option<FieldKind> {
    Some(match (native, name) {
        ("char", "email") => FieldKind::Email,
        ("char", "phone" | "mobile") => FieldKind::Phone,
        ("char", "website") => FieldKind::Url,
        ("char", _) => FieldKind::Text,
        ("text" | "html", _) => FieldKind::Multiline,
        ("date", _) => FieldKind::Date,
        ("selection", _) => FieldKind::Picklist,
        ("many2one", _) => FieldKind::Lookup,
        ("integer" | "float" | "monetary" | "boolean" | "datetime", _) => FieldKind::Other,
        _ => return None,
    })
}

/// What a value of a record's JSON says: nothing for `false`, the name of another record.
pub(super) fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Array(pair) => pair.get(1)?.as_str().map(str::to_owned),
        Json::Null | Json::Bool(_) | Json::Object(_) => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(defs: Json, given: &[&str]) -> Vec<FieldInfo> {
        let defs: BTreeMap<String, FieldDef> = serde_json::from_value(defs).unwrap();
        fields(
            &defs,
            &given.iter().map(|name| (*name).to_owned()).collect(),
        )
    }

    fn defs() -> Json {
        json!({
            "name": {"type": "char", "string": "Name"},
            "email": {"type": "char", "string": "Email"},
            "comment": {"type": "html", "string": "Notes"},
            "state_id": {"type": "many2one", "string": "State"},
            "child_ids": {"type": "one2many", "string": "Contact"},
            "lang": {"type": "selection", "string": "Language", "required": true,
                     "selection": [["en_US", "English (US)"]]},
            "x_studio_size": {"type": "char", "string": "Size", "required": true, "size": 8},
            "contact_address": {"type": "char", "store": false, "readonly": true},
        })
    }

    #[test]
    fn one_name_is_offered_whole_and_in_halves() {
        let infos = read(defs(), &["lang"]);
        let of = |name: &str| infos.iter().find(|info| info.name == name);
        assert!(of("name").unwrap().required);
        assert!(of(FAMILY).unwrap().required && !of(GIVEN).unwrap().required);
        let mut apart = defs();
        apart["firstname"] = json!({"type": "char"});
        apart["lastname"] = json!({"type": "char"});
        let infos = read(apart, &[]);
        assert!(
            infos
                .iter()
                .all(|info| info.name != GIVEN && info.name != FAMILY)
        );
    }

    #[test]
    fn what_is_no_single_value_or_not_kept_is_left_out() {
        let infos = read(defs(), &["lang"]);
        let of = |name: &str| infos.iter().find(|info| info.name == name);
        assert!(of("child_ids").is_none() && of("contact_address").is_none());
        assert_eq!(of("state_id").unwrap().kind, FieldKind::Lookup);
        assert!(!of("comment").unwrap().updatable, "HTML is read only");
        assert!(!of("lang").unwrap().required, "Odoo fills it");
        let size = of("x_studio_size").unwrap();
        assert!(size.required && size.custom && size.max_length == Some(8));
    }
}
