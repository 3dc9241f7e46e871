//! Entry points for `crate::fuzz`: every answer of the API, and what becomes of it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::{Arc, OnceLock};

use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

use super::gear::{Extra, Gear};
use super::wire::{
    Account, AppToken, Batch, Contact, Contacts, Fault, Lists, Members, Memberships,
};
use super::wire::{Properties, after};
use super::{convert, default_mapping, explain, fields, outcome, vet};
use crate::connector::http::Answer;
use crate::mapping::{Mapping, Pair, Path};
use crate::model::{
    Change, Field, Fields, ListInfo, Meeting, Patch, Probe, RemoteId, Side, Sides, Swap, Value,
    Why, Write,
};

/// The metadata of an account's contacts.
pub(crate) const PROPERTIES: &str = r#"{"results":[{"name":"email","label":"Email","type":"string","fieldType":"text","options":[],"hubspotDefined":true,"hidden":false,"calculated":false,"modificationMetadata":{"readOnlyValue":false}},{"name":"firstname","label":"First Name","type":"string","fieldType":"text"},{"name":"lastname","label":"Last Name","type":"string","fieldType":"text"},{"name":"phone","label":"Phone Number","type":"string","fieldType":"phonenumber"},{"name":"website","label":"Website URL","type":"string","fieldType":"text"},{"name":"anniversary","label":"Anniversary","type":"date","fieldType":"date","hubspotDefined":false},{"name":"lifecyclestage","label":"Stage","type":"enumeration","fieldType":"radio","options":[{"label":"Lead","value":"lead","hidden":false},{"label":"Lead","value":"lead2"},{"label":"Customer","value":"customer"}]},{"name":"hubspot_owner_id","type":"enumeration","fieldType":"select","externalOptions":true}]}"#;

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

/// The default mapping with a date and a choice, over some properties.
fn gear_over(properties: Properties) -> Gear {
    let pairs = default_mapping()
        .iter()
        .map(|pair| (pair.crm, pair.google))
        .chain([
            ("anniversary", "birthday"),
            ("lifecyclestage", "custom.stage"),
        ])
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
            name: "All contacts".to_owned(),
            size: None,
            covers_all: true,
        },
        fields: fields::fields(properties.results),
        extra: serde_json::to_value(Extra::default()).unwrap(),
    };
    Gear::new(&probe, Arc::new(mapping)).unwrap()
}

fn gear() -> &'static Gear {
    static GEAR: OnceLock<Gear> = OnceLock::new();
    GEAR.get_or_init(|| gear_over(serde_json::from_str(PROPERTIES).unwrap()))
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

/// A contact can be written back and cleared; reading it twice is the same.
fn one(contact: &Contact) {
    let gear = gear();
    let record = convert::record(gear, contact, true);
    assert_eq!(
        record.version,
        convert::record(gear, contact, false).version
    );
    black_box(convert::key_of(contact));
    black_box(convert::merged(contact).count());
    if vet::vet(gear, &BTreeMap::new(), &create(&record.fields)).is_ok() {
        // What may be written is sent to the last field.
        let sent = convert::properties(gear, &record.fields, std::iter::empty());
        assert_eq!(sent.len(), record.fields.len());
    }
    let clear: Patch = gear
        .slots
        .iter()
        .map(|slot| {
            (
                slot.field,
                Swap {
                    from: None,
                    to: None,
                },
            )
        })
        .collect();
    let cleared = convert::patched(gear, &clear);
    assert!(cleared.len() == gear.slots.len() && cleared.values().all(|value| value == ""));
    for slot in &gear.slots {
        black_box(convert::sent(slot, &Value::plain("a@example.com")));
    }
}

/// Pages of contacts, answers to batches, and one contact.
pub(crate) fn contacts(body: &[u8]) {
    if let Some(page) = read::<Contacts>(body) {
        page.results.iter().for_each(one);
        black_box(after(page.paging));
    }
    if let Some(batch) = read::<Batch>(body) {
        batch.results.iter().for_each(one);
        batch.errors.iter().for_each(fault);
    }
    if let Some(contact) = read::<Contact>(body) {
        one(&contact);
    }
}

/// Lists and who is in them.
pub(crate) fn lists(body: &[u8]) {
    if let Some(lists) = read::<Lists>(body) {
        for list in lists.found {
            let added = list.additional("hs_last_record_added_at");
            black_box(added.as_deref().and_then(convert::instant));
        }
    }
    if let Some(members) = read::<Members>(body) {
        let times = members
            .results
            .iter()
            .map(|one| one.membership_timestamp.as_deref());
        black_box(times.flatten().filter_map(convert::instant).count());
        black_box(after(members.paging));
    }
    black_box(read::<Memberships>(body));
}

/// The properties, the account and the token.
pub(crate) fn metadata(body: &[u8]) {
    if let Some(properties) = read::<Properties>(body) {
        black_box(gear_over(properties).properties);
    }
    black_box((read::<Account>(body), read::<AppToken>(body)));
}

fn fault(fault: &Fault) {
    black_box(outcome::places(fault).count());
    black_box(outcome::existing(fault));
    black_box(outcome::refused(gear(), fault));
    assert!(explain::words(fault).chars().count() <= 200);
}

/// A refusal of any status.
pub(crate) fn refusal(body: &[u8]) {
    let status = [400, 401, 403, 404, 409, 429, 500];
    let answer = answer(status[body.len() % status.len()], body);
    black_box(explain::explain(&answer, "try").to_string());
    fault(&explain::fault(&answer));
}
