//! Entry points for `crate::fuzz`: every answer of EspoCRM's API, and what becomes of it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::{Arc, OnceLock};

use reqwest::header::{HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::gear::{Extra, Gear, Place};
use super::wire::{Acl, AppUser, Listing, Row, Settings};
use super::{api, convert, default_mapping, explain, fields, find, meta, numbers, outcome, vet};
use crate::connector::http::Answer;
use crate::mapping::{Mapping, Pair, Path};
use crate::model::{
    Change, Field, FieldInfo, Fields, ListInfo, Meeting, Patch, Probe, RemoteId, Side, Sides, Swap,
    Value, Why, Write,
};

/// The metadata of an installation's contacts.
pub(crate) const METADATA: &str = r#"{"name":{"type":"personName"},"salutationName":{"type":"enum","options":["","Mr.","Dr."]},"firstName":{"type":"varchar","maxLength":100},"lastName":{"type":"varchar","maxLength":100,"required":true},"title":{"type":"varchar","maxLength":100,"notStorable":true,"directUpdateDisabled":true},"emailAddress":{"type":"email"},"phoneNumber":{"type":"phone","typeList":["Mobile","Office","Home","Fax","Other"],"defaultType":"Mobile"},"doNotCall":{"type":"bool"},"description":{"type":"text"},"address":{"type":"address"},"addressStreet":{"type":"text","maxLength":255},"addressCity":{"type":"varchar"},"addressState":{"type":"varchar"},"addressCountry":{"type":"varchar"},"addressPostalCode":{"type":"varchar"},"account":{"type":"link"},"cBirthday":{"type":"date","isCustom":true},"createdAt":{"type":"datetime","readOnly":true}}"#;

fn answer(status: u16, body: &[u8]) -> Answer {
    Answer {
        status,
        headers: HeaderMap::new(),
        body: body.to_vec(),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    answer(200, body).json().ok()
}

/// The default mapping with a date and a choice, over some fields.
fn gear_over(fields: Vec<FieldInfo>, phones_by_type: bool) -> Gear {
    let first = ("phoneNumber", "phone.main");
    let pairs = default_mapping()
        .iter()
        .map(|pair| (pair.crm, pair.google))
        .filter(|(crm, _)| phones_by_type || !crm.starts_with("phoneNumber."))
        .chain((!phones_by_type).then_some(first))
        .chain([("cBirthday", "birthday"), ("salutationName", "name.prefix")])
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
            covers_all: true,
        },
        fields,
        extra: serde_json::to_value(Extra::default()).unwrap(),
    };
    Gear::new(&probe, Arc::new(mapping)).unwrap()
}

/// With the numbers by their types, and with the first number of any type.
fn gears() -> &'static [Gear; 2] {
    static GEARS: OnceLock<[Gear; 2]> = OnceLock::new();
    GEARS.get_or_init(|| {
        let defs = meta::definitions(serde_json::from_str(METADATA).unwrap()).unwrap();
        let fields = fields::fields(&defs, &Acl::default());
        [true, false].map(|by_type| gear_over(fields.clone(), by_type))
    })
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

/// A record can be written back, cleared, and given other numbers and another address.
fn row(row: &Row) {
    for gear in gears() {
        let Some(record) = convert::record(gear, row, true) else {
            continue;
        };
        black_box(find::key_of(row));
        black_box(vet::vet(gear, &BTreeMap::new(), &create(&record.fields)).is_ok());
        black_box(convert::body(gear, &record.fields, std::iter::empty()));
        let put = |text: Option<&str>| -> Patch {
            let swap = Swap {
                from: None,
                to: text.map(Value::plain),
            };
            let all = gear.slots.iter().map(|slot| (slot.field, swap.clone()));
            all.collect()
        };
        black_box(convert::patch_body(gear, row, &put(None))).ok();
        black_box(convert::patch_body(gear, row, &put(Some("a@example.com")))).ok();
        one_number(gear, row);
    }
}

/// A number that is written is there, and no other is missing.
fn one_number(gear: &Gear, row: &Row) {
    let number = "+49301234567";
    for slot in &gear.slots {
        if !matches!(slot.place, Place::Phone | Place::PhoneOf(_)) {
            continue;
        }
        let swap = Swap {
            from: None,
            to: Some(Value::plain(number)),
        };
        let patch = Patch::from_iter([(slot.field, swap)]);
        let Ok(body) = convert::patch_body(gear, row, &patch) else {
            continue;
        };
        let before = numbers::entries(row, "phoneNumberData").unwrap_or_default();
        let after = numbers::entries(&body, "phoneNumberData").unwrap();
        assert_eq!(numbers::number(&after, &slot.place), Some(number));
        let kept = before.iter().filter(|entry| after.contains(entry)).count();
        assert!(kept + 1 >= before.len(), "another number is gone");
    }
}

/// A page of contacts.
pub(crate) fn listing(body: &[u8]) {
    let listing = read::<Listing>(body).unwrap_or_default();
    listing.list.iter().for_each(row);
}

/// One contact.
pub(crate) fn contact(body: &[u8]) {
    if let Some(one) = read::<Row>(body) {
        row(&one);
    }
}

/// The metadata of the fields.
pub(crate) fn metadata(body: &[u8]) {
    let defs = read::<Json>(body).and_then(|defs| meta::definitions(defs).ok());
    if let Some(defs) = defs {
        let acl = read::<AppUser>(body).unwrap_or_default().acl;
        black_box(gear_over(fields::fields(&defs, &acl), true).select);
    }
}

/// Who is signed in, and the settings.
pub(crate) fn settings(body: &[u8]) {
    if let Some(user) = read::<AppUser>(body) {
        black_box(meta::rights(&user));
        black_box(meta::reach(&user, "edit"));
    }
    black_box(read::<Settings>(body));
}

/// A refusal of any status, with its reason in the header or without.
pub(crate) fn refusal(body: &[u8]) {
    let status = [400, 401, 403, 404, 409, 500, 503];
    let mut answer = answer(status[body.len() % status.len()], body);
    let head = body.get(..body.len().min(60)).unwrap_or_default();
    if let Ok(reason) = HeaderValue::from_bytes(head) {
        answer.headers.insert("x-status-reason", reason);
    }
    black_box(explain::explain(&answer, "try").to_string());
    black_box(explain::says_gone(&answer));
    black_box(api::allowed(&answer));
    for gear in gears() {
        black_box(outcome::refused(gear, &answer, "try"));
    }
    for alike in serde_json::from_slice::<Vec<Row>>(body).unwrap_or_default() {
        black_box((api::id(&alike), find::key_of(&alike)));
        black_box(numbers::has_address(&alike, "a@example.com"));
    }
}
