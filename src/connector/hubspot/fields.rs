//! Property metadata in the words of the model.

use super::gear::EMAIL;
use super::wire::Property;
use crate::model::{Choice, FieldInfo, FieldKind};

/// Every property that can be mapped, in the order of its name. What HubSpot hides on its own screens is
/// its bookkeeping.
pub(super) fn fields(properties: Vec<Property>) -> Vec<FieldInfo> {
    let mut fields: Vec<FieldInfo> = properties
        .into_iter()
        .filter(|property| !property.archived && !property.name.is_empty())
        .filter(|property| !property.hidden || property.name == EMAIL)
        .map(info)
        .collect();
    fields.sort_by(|one, other| one.name.cmp(&other.name));
    fields
}

fn info(property: Property) -> FieldInfo {
    let kind = kind(&property);
    let fixed = property.calculated
        || property
            .modification_metadata
            .is_some_and(|metadata| metadata.read_only_value)
        || matches!(kind, FieldKind::Lookup | FieldKind::Other);
    let choices = match kind {
        FieldKind::Picklist => property
            .options
            .iter()
            .filter(|choice| !choice.hidden && !choice.value.is_empty())
            .map(|choice| Choice {
                shown: choice.label.clone(),
                stored: choice.value.clone(),
            })
            .collect(),
        FieldKind::Text
        | FieldKind::Multiline
        | FieldKind::Email
        | FieldKind::Phone
        | FieldKind::Date
        | FieldKind::Url
        | FieldKind::Lookup
        | FieldKind::Other => Vec::new(),
    };
    let label = if property.label.is_empty() {
        property.name.clone()
    } else {
        property.label
    };
    FieldInfo {
        name: property.name,
        label,
        kind,
        native_type: format!("{}/{}", property.kind, property.field_type),
        max_length: None,
        creatable: !fixed,
        updatable: !fixed,
        required: false,
        custom: !property.hubspot_defined,
        hidden: false,
        choices,
    }
}

/// HubSpot's two words for a type in the words of the model.
fn kind(property: &Property) -> FieldKind {
    match (property.kind.as_str(), property.field_type.as_str()) {
        ("string", _) if property.name == EMAIL || property.name == "work_email" => {
            FieldKind::Email
        }
        ("string", _) if property.name == "website" => FieldKind::Url,
        ("string" | "phone_number", "phonenumber") | ("phone_number", _) => FieldKind::Phone,
        ("string", "text") => FieldKind::Text,
        ("string", "textarea") => FieldKind::Multiline,
        ("date", _) => FieldKind::Date,
        // Values that come from elsewhere (owners, teams) are references; several values in one are
        // no single value.
        ("enumeration", "select" | "radio") if !property.external_options => FieldKind::Picklist,
        _ => FieldKind::Other,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn read(properties: serde_json::Value) -> Vec<FieldInfo> {
        fields(serde_json::from_value(properties).unwrap())
    }

    #[test]
    fn what_can_be_written_follows_from_the_metadata() {
        let fields = read(json!([
            {"name": "email", "label": "Email", "type": "string", "fieldType": "text", "hubspotDefined": true},
            {"name": "phone", "label": "Phone Number", "type": "string", "fieldType": "phonenumber", "hubspotDefined": true},
            {"name": "score", "label": "Score", "type": "number", "fieldType": "number", "hubspotDefined": true},
            {"name": "full", "label": "Full", "type": "string", "fieldType": "text", "calculated": true},
            {"name": "fixed", "label": "Fixed", "type": "string", "fieldType": "text",
             "modificationMetadata": {"readOnlyValue": true}},
            {"name": "hs_secret", "label": "S", "type": "string", "fieldType": "text", "hidden": true},
            {"name": "gone", "label": "G", "type": "string", "fieldType": "text", "archived": true},
            {"name": "birth", "label": "Birth", "type": "date", "fieldType": "date"},
            {"name": "owner", "label": "Owner", "type": "enumeration", "fieldType": "select", "externalOptions": true},
            {"name": "topics", "label": "Topics", "type": "enumeration", "fieldType": "checkbox"},
            {"name": "stage", "label": "Stage", "type": "enumeration", "fieldType": "radio", "options": [
                {"label": "Lead", "value": "lead"}, {"label": "Old", "value": "old", "hidden": true}]},
        ]));
        let of = |name: &str| fields.iter().find(|info| info.name == name).unwrap();
        assert_eq!(of("email").kind, FieldKind::Email);
        assert_eq!(of("phone").kind, FieldKind::Phone);
        assert_eq!(of("birth").kind, FieldKind::Date);
        assert!(of("birth").custom && !of("email").custom);
        for fixed in ["score", "full", "fixed", "owner", "topics"] {
            assert!(!of(fixed).creatable && !of(fixed).updatable, "{fixed}");
        }
        assert_eq!(of("stage").kind, FieldKind::Picklist);
        assert_eq!(of("stage").choices.len(), 1);
        assert_eq!(fields.len(), 9, "what is hidden or archived is not offered");
    }
}
