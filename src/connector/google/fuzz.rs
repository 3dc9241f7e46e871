//! Entry points for `crate::fuzz`: every answer of the People API, and what becomes of it.

use std::hint::black_box;
use std::sync::OnceLock;

use reqwest::header::HeaderMap;

use super::convert::{Kept, Lens, record, slots};
use super::errors::{Fault, judge, tidy};
use super::fresh::tests::body as body_of;
use super::groups::choose;
use super::tests::mapping;
use super::vet::vet;
use super::wire::{
    Connections, Created, EachCreated, Group, Groups, Modified, People, Person, PersonResponse,
    Updated,
};
use crate::connector::Twins;
use crate::connector::http::Answer;
use crate::mapping::Mapping;
use crate::model::{Change, Native, Patch, RemoteId, Swap, Version};

pub(super) fn lens() -> Lens<'static> {
    static MAPPING: OnceLock<std::sync::Arc<Mapping>> = OnceLock::new();
    let mapping = MAPPING.get_or_init(mapping);
    Lens {
        twins: &Twins::Global,
        mapping,
        slots: slots(mapping),
        group: "contactGroups/a",
        archive: "contactGroups/b",
        stamp: "crmsync",
    }
}

fn answer(status: u16, body: &[u8]) -> Answer {
    Answer {
        status,
        headers: HeaderMap::new(),
        body: body.to_vec(),
    }
}

/// A contact becomes a record, what is kept of it can be read and written back.
fn contact(person: &Person<'_>) {
    let lens = lens();
    let Some(record) = record(&lens, person) else {
        return;
    };
    let cleared: Patch = record
        .fields
        .iter()
        .map(|(field, value)| {
            let from = Some(value.clone());
            (*field, Swap { from, to: None })
        })
        .collect();
    if let Some(mut kept) = Kept::read(&record.native) {
        // A fraction with more digits than a float has comes back as its nearest float.
        let told = Kept::of(person, lens.mapping);
        assert!(kept.id == told.id && kept.lists.keys().eq(told.lists.keys()));
        assert_eq!(record.native, told.native());
        assert!(kept.apply(lens.mapping, &cleared).is_ok());
        assert!(kept.body(&record.version, &[]).is_object());
    }
    let create = Change::Create {
        fields: record.fields.clone(),
        twin_holds: std::collections::BTreeMap::new(),
        unread: Vec::new(),
    };
    if vet(lens.mapping, &create).is_ok() {
        assert!(body_of(&lens, &record.fields, &RemoteId::from("1")).is_ok());
    }
}

/// A page of contacts.
pub(crate) fn connections(body: &[u8]) {
    if let Ok(page) = answer(200, body).json::<Connections<'_>>() {
        page.people.iter().for_each(contact);
    }
}

/// One contact.
pub(crate) fn person(body: &[u8]) {
    if let Ok(person) = answer(200, body).json::<Person<'_>>() {
        contact(&person);
    }
}

/// The answers of the batch calls.
pub(crate) fn batches(body: &[u8]) {
    let answer = answer(200, body);
    let mut all = Vec::new();
    all.extend(
        answer
            .json::<People<'_>>()
            .map(|it| it.responses)
            .unwrap_or_default(),
    );
    all.extend(
        answer
            .json::<Created<'_>>()
            .map(|it| it.created_people)
            .unwrap_or_default(),
    );
    all.extend(
        answer
            .json::<Updated<'_>>()
            .map(|it| it.update_result.into_values().collect::<Vec<_>>())
            .unwrap_or_default(),
    );
    each_created(&answer);
    for response in &all {
        if let Some(fault) = response.fault() {
            assert!(fault.code != 0);
            black_box(tidy(&fault.message));
        }
        response.person.iter().for_each(contact);
    }
}

/// Contact by contact an answer is what it is as a whole.
fn each_created(answer: &Answer) {
    let mut each = Vec::new();
    let read = answer.json_by(EachCreated(|response: PersonResponse<'_>| {
        each.push(format!("{response:?}"));
    }));
    match answer.json::<Created<'_>>() {
        Ok(whole) if answer.body.trim_ascii_start().starts_with(b"{") => {
            assert!(read.is_ok());
            let whole = whole.created_people.iter();
            assert!(whole.map(|response| format!("{response:?}")).eq(each));
        }
        // A list of members instead of an object is good too; nobody sends it.
        Ok(_) | Err(_) => assert!(read.is_err()),
    }
}

/// Labels, and what changing them answers.
pub(crate) fn groups(body: &[u8]) {
    let answer = answer(200, body);
    if let Ok(page) = answer.json::<Groups>() {
        for wanted in ["CRM", "myContacts", "contactGroups/a", ""] {
            black_box(choose(&page.contact_groups, wanted));
        }
    }
    black_box(answer.json::<Group>()).ok();
    black_box(answer.json::<Modified>()).ok();
}

/// A refusal of any status.
pub(crate) fn refusal(body: &[u8]) {
    let status = [400, 401, 403, 404, 409, 410, 412, 429, 500, 503];
    let at = body.len() % status.len();
    let answer = answer(status[at], body);
    black_box(judge("try", &answer));
    let fault = Fault::of(&answer);
    let shown = fault.error("try").to_string();
    assert!(!shown.contains("@example"), "an address is shown: {shown}");
    black_box(fault.contact_errors());
    black_box(fault.refusal(lens().mapping));
    black_box((fault.is_expired(), fault.is_stale(), fault.is_full()));
}

/// What the state file keeps of a contact.
pub(crate) fn native(text: &[u8]) {
    let native = Native(String::from_utf8_lossy(text).into());
    if let Some(kept) = Kept::read(&native) {
        let again = Kept::read(&kept.native()).map(|again| again.id);
        assert_eq!(again, Some(kept.id.clone()));
        black_box(kept.body(&Version::from("1"), &["names".to_owned()]));
    }
}
