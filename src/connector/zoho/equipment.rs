//! A small equipment for the connector's unit tests: metadata, gear, rows and writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::fields::field_info;
use super::gear::{Extra, Gear};
use super::wire::{ApiError, FieldMeta, Row};
use crate::mapping::{Mapping, Pair, Path};
use crate::model::{Change, Field, ListInfo, Meeting, Probe, RemoteId, Side, Sides, Why, Write};

pub(super) const PAIRS: [(&str, &str); 6] = [
    ("Email", "email.work"),
    ("First_Name", "name.given"),
    ("Last_Name", "name.family"),
    ("Account_Name", "organization.name"),
    ("Lead_Source", "custom.source"),
    ("Date_of_Birth", "birthday"),
];

pub(super) fn meta(name: &str, kind: &str, more: Json) -> Json {
    let mut meta = json!({
        "api_name": name, "display_label": name.replace('_', " "), "data_type": kind, "length": 40,
        "read_only": false, "system_mandatory": name == "Last_Name", "visible": true, "custom_field": false,
        "operation_type": {"api_create": true, "api_update": true}, "view_type": {"view": true},
    });
    if let (Some(meta), Json::Object(more)) = (meta.as_object_mut(), more) {
        meta.extend(more);
    }
    meta
}

pub(super) fn fields() -> Vec<Json> {
    vec![
        meta("Email", "email", json!({"length": 100})),
        meta("First_Name", "text", json!({})),
        meta("Last_Name", "text", json!({"length": 80})),
        meta("Account_Name", "lookup", json!({})),
        meta(
            "Lead_Source",
            "picklist",
            json!({"pick_list_values": [
                {"display_value": "Trade Fair", "actual_value": "trade_fair", "type": "used"},
                {"display_value": "Web", "actual_value": "web", "type": "used"},
                {"display_value": "Fax", "actual_value": "fax", "type": "unused"}]}),
        ),
        meta("Date_of_Birth", "date", json!({})),
    ]
}

pub(super) fn info(meta: &Json) -> crate::model::FieldInfo {
    let meta: FieldMeta = serde_json::from_value(meta.clone()).unwrap();
    field_info(&meta, Some("7"))
}

pub(super) fn gear_with(fields: &[Json], extra: Extra) -> Gear {
    let mapping = Mapping {
        pairs: PAIRS
            .iter()
            .zip(0_u16..)
            .map(|((crm, google), at)| Pair {
                field: Field(at),
                crm: (*crm).to_owned(),
                google: Path::parse(google).unwrap(),
                to: Sides::from_fn(|_| true),
            })
            .collect(),
        key: Field(0),
        region: None,
    };
    let probe = Probe {
        user: None,
        account: None,
        rights: Vec::new(),
        list: ListInfo {
            id: "900".to_owned(),
            name: "Customers".to_owned(),
            size: None,
            covers_all: false,
        },
        fields: fields.iter().map(info).collect(),
        extra: serde_json::to_value(extra).unwrap(),
    };
    Gear::new("Contacts", &probe, Arc::new(mapping))
}

pub(super) fn gear() -> Gear {
    let lookups = [(
        "Account_Name".to_owned(),
        "Account_Name.Account_Name".to_owned(),
    )];
    gear_with(
        &fields(),
        Extra {
            coql: true,
            view_coql: true,
            lookups: BTreeMap::from(lookups),
            ..Extra::default()
        },
    )
}

pub(super) fn row(json: Json) -> Row {
    serde_json::from_value(json).unwrap()
}

pub(super) fn item(json: Json) -> ApiError {
    serde_json::from_value(json).unwrap()
}

pub(super) fn text(record: &crate::model::Record, at: u16) -> Option<&str> {
    record.fields.get(&Field(at)).map(|value| &*value.text)
}

pub(super) fn write(change: Change) -> Write {
    Write {
        on: Side::Crm,
        link: None,
        twin: RemoteId::from("people/c1"),
        key: None,
        changed_at: None,
        meeting: Meeting::First,
        twin_listed: true,
        why: Why::Missing,
        change,
    }
}
