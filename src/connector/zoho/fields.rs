//! Field metadata in the words of the model.

use serde_json::{Value, json};

use super::gear::Extra;
use super::wire::FieldMeta;
use crate::model::{Choice, FieldInfo, FieldKind};

/// What the probe remembers of a field beside its [`FieldInfo`].
pub(super) fn note_field(meta: &FieldMeta, extra: &mut Extra) {
    let name = || meta.api_name.clone();
    if meta.hipaa_compliance_enabled == Some(true)
        || meta
            .hipaa_compliance
            .as_ref()
            .is_some_and(|at| !at.is_null() && *at != json!(false))
    {
        extra.restricted.push(name());
    }
    let rich = meta
        .textarea
        .as_ref()
        .and_then(|text| text.get("type"))
        .and_then(Value::as_str);
    if rich == Some("rich_text") {
        extra.rich.push(name());
    }
    let target = meta
        .lookup
        .as_ref()
        .and_then(|lookup| lookup.get("module"))
        .and_then(|module| module.get("api_name").or(Some(module)))
        .and_then(Value::as_str);
    let column = match target {
        Some("Accounts") => "Account_Name",
        Some("Contacts" | "Leads") => "Full_Name",
        Some("Vendors") => "Vendor_Name",
        Some("Deals") => "Deal_Name",
        Some("Products") => "Product_Name",
        Some("Campaigns") => "Campaign_Name",
        Some(_) | None => return,
    };
    extra
        .lookups
        .insert(name(), format!("{}.{column}", meta.api_name));
}

/// A field's metadata in the words of the model; `profile` is the user's profile.
pub(super) fn field_info(meta: &FieldMeta, profile: Option<&str>) -> FieldInfo {
    let native = meta.data_type.clone().unwrap_or_default();
    let kind = kind(&native);
    let permission = meta
        .profiles
        .iter()
        .flatten()
        .find(|each| profile.is_some() && each.id.as_deref() == profile)
        .and_then(|each| each.permission_type.as_deref());
    let view = meta.view_type.as_ref().and_then(|view| view.view);
    let hidden = meta.visible == Some(false) || view == Some(false) || permission == Some("hidden");
    let locked = meta.read_only == Some(true)
        || meta.field_read_only == Some(true)
        || permission == Some("read_only")
        || hidden
        || kind == FieldKind::Lookup;
    let operations = meta.operation_type.as_ref();
    let choices = meta
        .pick_list_values
        .iter()
        .flatten()
        .filter(|value| value.kind.as_deref() != Some("unused"))
        .filter_map(|value| {
            let stored = value
                .actual_value
                .clone()
                .or_else(|| value.display_value.clone())?;
            Some(Choice {
                shown: value
                    .display_value
                    .clone()
                    .unwrap_or_else(|| stored.clone()),
                stored,
            })
        })
        .collect();
    FieldInfo {
        name: meta.api_name.clone(),
        label: meta
            .display_label
            .clone()
            .or_else(|| meta.field_label.clone())
            .unwrap_or_else(|| meta.api_name.clone()),
        kind,
        native_type: native,
        max_length: meta.length.filter(|length| *length > 0),
        creatable: !locked && operations.and_then(|may| may.api_create).unwrap_or(true),
        updatable: !locked && operations.and_then(|may| may.api_update).unwrap_or(true),
        required: meta.system_mandatory == Some(true),
        custom: meta.custom_field == Some(true),
        hidden,
        choices,
    }
}

/// Zoho's word for a type in the words of the model.
fn kind(native: &str) -> FieldKind {
    match native {
        "text" => FieldKind::Text,
        "textarea" => FieldKind::Multiline,
        "email" => FieldKind::Email,
        "phone" => FieldKind::Phone,
        "date" => FieldKind::Date,
        "website" => FieldKind::Url,
        "picklist" => FieldKind::Picklist,
        "lookup" | "ownerlookup" | "userlookup" | "multiselectlookup" => FieldKind::Lookup,
        _ => FieldKind::Other,
    }
}
