//! Entry points for `crate::fuzz`: every answer of Odoo's two interfaces, and what becomes of it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::sync::{Arc, OnceLock};

use reqwest::header::HeaderMap;
use serde_json::{Value as Json, json};

use super::explain::explain;
use super::gear::{Extra, FAMILY, GIVEN, Gear, Place};
use super::wire::{FieldDef, Row, fault_of};
use super::{Api, convert, default_mapping, domain, fields, meet, outcome, spelling, vet};
use crate::connector::http::Answer;
use crate::mapping::{Mapping, Pair, Path};
use crate::model::{
    Change, Field, FieldInfo, Fields, ListInfo, Meeting, Patch, Probe, RemoteId, Side, Sides, Swap,
    Value, Why, Write,
};

/// The metadata of an installation's partners.
pub(crate) const METADATA: &str = r#"{"name":{"type":"char","string":"Name","required":false,"readonly":false,"store":true},"email":{"type":"char","string":"Email","store":true},"phone":{"type":"char","string":"Phone"},"mobile":{"type":"char","string":"Mobile"},"function":{"type":"char","string":"Job Position"},"street":{"type":"char"},"street2":{"type":"char"},"city":{"type":"char"},"zip":{"type":"char","size":24},"comment":{"type":"html","string":"Notes"},"parent_id":{"type":"many2one","relation":"res.partner"},"state_id":{"type":"many2one"},"country_id":{"type":"many2one"},"x_birthday":{"type":"date","string":"Birthday"},"x_tier":{"type":"selection","required":true,"selection":[["a","Gold"],["b","Silver"],[3,"Bronze"]]},"child_ids":{"type":"one2many"},"active":{"type":"boolean","required":true}}"#;

fn gear_over(fields: Vec<FieldInfo>) -> Gear {
    let pairs = default_mapping()
        .iter()
        .map(|pair| (pair.crm, pair.google))
        .chain([("x_birthday", "birthday"), ("x_tier", "name.prefix")])
        .enumerate()
        .map(|(at, (crm, google))| Pair {
            field: Field(u16::try_from(at).unwrap()),
            crm: crm.to_owned(),
            google: Path::parse(google).unwrap(),
            to: Sides {
                google: true,
                crm: true,
            },
        })
        .collect();
    let mapping = Mapping {
        pairs,
        key: Field(0),
        region: Some("DE".to_owned()),
    };
    let probe = Probe {
        user: None,
        account: None,
        rights: Vec::new(),
        list: ListInfo {
            id: "all".to_owned(),
            name: "All Contacts".to_owned(),
            size: None,
            covers_all: false,
        },
        fields,
        extra: Json::Null,
    };
    Gear::new(&probe, Extra::default(), Arc::new(mapping)).unwrap()
}

fn infos(body: &str) -> Option<Vec<FieldInfo>> {
    let defs: BTreeMap<String, FieldDef> = serde_json::from_str(body).ok()?;
    black_box(fields::mandatory(&defs));
    Some(fields::fields(&defs, &BTreeSet::new()))
}

fn gear() -> &'static Gear {
    static GEAR: OnceLock<Gear> = OnceLock::new();
    GEAR.get_or_init(|| gear_over(infos(METADATA).unwrap()))
}

fn create(fields: &Fields) -> Write {
    Write {
        on: Side::Crm,
        link: None,
        twin: RemoteId::from("people/c1"),
        key: None,
        changed_at: None,
        meeting: Meeting::First,
        twin_listed: true,
        why: Why::Missing,
        change: Change::Create {
            fields: fields.clone(),
            twin_holds: BTreeMap::new(),
            unread: Vec::new(),
        },
    }
}

/// A page of partners. A new first address leaves the others, and a name whose halves are written
/// as they were read is the same name.
pub(crate) fn listing(body: &[u8]) {
    let rows: Vec<Row> = serde_json::from_slice(body).unwrap_or_default();
    let gear = gear();
    for row in &rows {
        black_box(convert::listed(gear, row));
        let Some(record) = convert::record(gear, row, true) else {
            continue;
        };
        black_box(vet::vet(gear, &BTreeMap::new(), &create(&record.fields)).is_ok());
        black_box(convert::body(gear, &record.fields, std::iter::empty()));
        let to = |text: Option<&str>| Swap {
            from: None,
            to: text.map(Value::plain),
        };
        let slots = gear.slots.iter();
        let cleared: Patch = slots.map(|slot| (slot.field, to(None))).collect();
        black_box(convert::patch_body(gear, row, &cleared));
        let new = "new@example.com";
        for slot in gear
            .slots
            .iter()
            .filter(|slot| slot.place == Place::Address)
        {
            let patch = Patch::from([(slot.field, to(Some(new)))]);
            let body = convert::patch_body(gear, row, &patch);
            let old = row.get(&slot.crm).and_then(fields::text);
            let old = old.unwrap_or_default();
            let after = body[&slot.crm].as_str().unwrap();
            let (before, after) = (spelling::addresses(&old), spelling::addresses(after));
            assert_eq!(after[0], new);
            assert_eq!(after[1..], *before.get(1..).unwrap_or_default());
        }
        let halves: Option<Patch> = [GIVEN, FAMILY]
            .map(|half| {
                let slot = gear.slot_named(half)?;
                let value = record.fields.get(&slot.field).cloned();
                let swap = Swap {
                    from: None,
                    to: value,
                };
                Some((slot.field, swap))
            })
            .into_iter()
            .collect();
        let name = row.get("name").and_then(Json::as_str);
        let written = convert::name_after(gear, row, &halves.unwrap());
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        // What nobody sees is taken off both ends of a value.
        let name = name.filter(|name| name.is_ascii());
        if let (Some(name), Some(written)) = (name, written) {
            assert_eq!(words(&written), words(name));
        }
    }
}

/// The metadata of the fields.
pub(crate) fn metadata(body: &[u8]) {
    if let Some(infos) = std::str::from_utf8(body).ok().and_then(infos) {
        black_box(gear_over(infos).select);
    }
}

/// The conditions of a saved filter.
pub(crate) fn condition(body: &[u8]) {
    let Ok(text) = std::str::from_utf8(body) else {
        return;
    };
    if let Ok(parsed) = domain::parse(text) {
        let both = domain::and(&json!([["active", "=", true]]), &parsed);
        assert!(both.as_array().unwrap().len() >= parsed.as_array().unwrap().len());
    }
}

/// An answer of any status that may name an exception or a version.
pub(crate) fn refusal(body: &[u8]) {
    let status = [200, 400, 401, 403, 404, 422, 500, 503];
    let answer = Answer {
        status: status[body.len() % status.len()],
        headers: HeaderMap::new(),
        body: body.to_vec(),
    };
    for api in [Api::Json2, Api::JsonRpc] {
        if let Some(fault) = fault_of(&answer, api) {
            black_box(explain(&fault, "try").to_string());
            black_box(outcome::refused(&fault));
            black_box(fault.is_busy());
        }
    }
    if let Ok(version) = serde_json::from_slice::<Json>(body) {
        black_box(meet::major(&version));
    }
}
