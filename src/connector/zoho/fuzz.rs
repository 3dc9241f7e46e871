//! Entry points for `crate::fuzz`: every answer of Zoho's API, and what becomes of it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::cell::LazyCell;
use std::hint::black_box;

use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

use super::convert::{self, Listed};
use super::equipment::{gear, write};
use super::explain::explain;
use super::fields::{field_info, note_field};
use super::gear::{Extra, Gear};
use super::outcome::outcome;
use super::vet::vet;
use super::wire::{
    ApiError, Count, FieldList, Listing, Modules, Orgs, Profiles, Users, Views, WriteAnswer,
};
use crate::connector::http::Answer;
use crate::model::{Change, Op, RemoteId};

thread_local! {
    static GEAR: LazyCell<Gear> = const { LazyCell::new(gear) };
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    answer(200, body).json().ok()
}

fn answer(status: u16, body: &[u8]) -> Answer {
    Answer {
        status,
        headers: HeaderMap::new(),
        body: body.to_vec(),
    }
}

/// A page of records.
pub(crate) fn listing(body: &[u8]) {
    let Some(listing) = read::<Listing>(body) else {
        return;
    };
    GEAR.with(|gear| {
        for row in &listing.data {
            let Some(record) = convert::record(gear, row, Listed::Yes) else {
                continue;
            };
            let create = Change::Create {
                fields: record.fields.clone(),
                twin_holds: std::collections::BTreeMap::new(),
                unread: Vec::new(),
            };
            let vetted = vet(gear, &std::collections::BTreeMap::new(), &write(create));
            black_box(vetted.is_ok());
            black_box(convert::body(gear, &record.fields, std::iter::empty()));
        }
    });
}

/// The answer to a write, item by item.
pub(crate) fn written(body: &[u8]) {
    let id = RemoteId::from("5");
    let items = read::<WriteAnswer>(body).unwrap_or_default().data;
    GEAR.with(|gear| {
        for item in items.iter().chain(&read::<ApiError>(body)) {
            black_box(outcome(gear, Op::Create, None, item));
            black_box(outcome(gear, Op::Update, Some(&id), item));
            black_box(outcome(gear, Op::Delete, Some(&id), item));
        }
    });
}

/// Field metadata.
pub(crate) fn fields(body: &[u8]) {
    let mut extra = Extra::default();
    for meta in read::<FieldList>(body).unwrap_or_default().fields {
        note_field(&meta, &mut extra);
        black_box(field_info(&meta, Some("7")));
    }
    let kept = serde_json::to_value(&extra).unwrap();
    assert!(serde_json::from_value::<Extra>(kept).is_ok());
}

/// The other settings calls.
pub(crate) fn settings(body: &[u8]) {
    black_box(read::<Modules>(body));
    black_box(read::<Views>(body));
    black_box(read::<Users>(body));
    black_box(read::<Orgs>(body));
    black_box(read::<Profiles>(body));
    black_box(read::<Count>(body));
}

/// A refusal of any status.
pub(crate) fn refusal(body: &[u8]) {
    let status = [400, 401, 403, 404, 429, 500];
    let answer = answer(status[body.len() % status.len()], body);
    let said = answer.json::<ApiError>().ok();
    black_box(explain(said.as_ref(), &answer, "try", "scope").to_string());
}
