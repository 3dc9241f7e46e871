//! Entry points for `crate::fuzz`: WebDAV's answers, addresses in them, and cards.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::hint::black_box;
use std::sync::{Arc, OnceLock};

use reqwest::Url;
use reqwest::header::HeaderMap;
use serde_json::json;

use super::card::Card;
use super::convert::{Resource, Source, resource};
use super::gear::{Extra, Gear};
use super::slot::Slot;
use super::{call, cards, default_mapping, discover, href, outcome, patch, wire, write};
use crate::connector::http::Answer;
use crate::mapping::{Mapping, Pair, Path};
use crate::model::{
    Field, Fields, ListInfo, Patch, Probe, Record, RemoteId, Sides, Swap, Value, Version,
};

fn gear(four: bool) -> Gear {
    let pairs = default_mapping()
        .iter()
        .map(|pair| (pair.crm, pair.google))
        .chain([("FN", "custom.name"), ("X-CLASS", "custom.class")])
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
        region: None,
    };
    let probe = Probe {
        user: None,
        account: None,
        rights: Vec::new(),
        list: ListInfo {
            id: "/anna/book/".to_owned(),
            name: "book".to_owned(),
            size: None,
            covers_all: true,
        },
        fields: Vec::new(),
        extra: json!(Extra {
            book: "https://example.com/anna/book/".to_owned(),
            four,
            ..Extra::default()
        }),
    };
    Gear::new(&probe, Arc::new(mapping)).unwrap()
}

/// For new cards of version 3.0 and of 4.0.
fn gears() -> &'static [Gear; 2] {
    static GEARS: OnceLock<[Gear; 2]> = OnceLock::new();
    GEARS.get_or_init(|| [false, true].map(gear))
}

fn contact(gear: &Gear, text: &str) -> Option<Record> {
    let from = Source {
        id: RemoteId::from("a.vcf"),
        version: Version::from("1"),
        changed_at: None,
    };
    match resource(gear, from, text) {
        Resource::Contact(record) => Some(*record),
        Resource::Group => None,
    }
}

/// The fields whose text a card gives back letter by letter: a control character has no place in it,
/// and the scheme of a number is not part of it.
fn plain(fields: &Fields) -> Fields {
    let plain = |value: &Value| {
        let scheme = value.text.get(..4).unwrap_or_default();
        !value.text.contains(char::is_control) && !scheme.eq_ignore_ascii_case("tel:")
    };
    let kept = fields.iter().filter(|(_, value)| plain(value));
    kept.map(|(field, value)| (*field, value.clone())).collect()
}

/// Whether a value is read where it was written, or, when the card has no other of its kind, by the
/// field that takes the first of any type.
fn holds(record: &Record, field: Field, value: &Value) -> bool {
    record.fields.get(&field) == Some(value)
        || record.fields.values().any(|held| held.text == value.text)
}

/// A card keeps its bytes; what it says makes a new card that says the same, and it can be cleared.
fn card(text: &str) {
    if let Ok(card) = Card::parse(text) {
        assert_eq!(card.text(), text);
    }
    for gear in gears() {
        let Some(record) = contact(gear, text) else {
            continue;
        };
        let fields = plain(&record.fields);
        if let Ok(new) = patch::created(gear, "u-1", "people/c1", &fields) {
            let again = contact(gear, &new).unwrap();
            assert_eq!(again.stamp, Some(RemoteId::from("people/c1")));
            for (field, value) in &fields {
                assert!(holds(&again, *field, value), "{new}");
            }
        }
        let clear = |(field, value): (&Field, &Value)| {
            let from = Some(value.clone());
            (*field, Swap { from, to: None })
        };
        let cleared: Patch = record.fields.iter().map(clear).collect();
        black_box(patch::patched(gear, text, &cleared)).ok();
        one_value(gear, text);
    }
}

/// A value that is written into a card is read from it.
fn one_value(gear: &Gear, text: &str) {
    let at = text.len() % gear.slots.len();
    let (pair, slot) = (&gear.mapping.pairs[at], &gear.slots[at]);
    let to = match slot {
        Slot::Date(_) => "1980-02-29",
        Slot::Listed("EMAIL", _) => "ada@example.com",
        Slot::Listed("TEL", _) => "+49 30 1234567",
        Slot::Listed("URL", _) => "https://example.com/a;b,c",
        Slot::Formatted
        | Slot::Name(_)
        | Slot::Org(_)
        | Slot::Single(_)
        | Slot::Listed(..)
        | Slot::Address(..)
        | Slot::Extra(_) => "Stone; Sons, Ltd",
    };
    let value = gear.mapping.value(pair, to);
    let swap = Swap {
        from: None,
        to: value.clone(),
    };
    if let (Ok(new), Some(value)) = (
        patch::patched(gear, text, &Patch::from_iter([(pair.field, swap)])),
        value,
    ) {
        let again = contact(gear, &new).unwrap();
        assert!(holds(&again, pair.field, &value), "{slot}: {new}");
    }
}

/// A card, as one answer brings it.
pub(crate) fn cards(bytes: &[u8]) {
    card(&String::from_utf8_lossy(bytes));
}

/// A name that is found in an address leads back to it; nothing leads to another host.
fn address(text: &str) {
    let book = &gears()[0].book;
    if let Some(id) = href::name(book, text) {
        let url = href::url(book, &id);
        assert_eq!(href::name(book, url.as_str()), Some(id.clone()));
        assert_eq!(href::name(book, url.path()), Some(id));
    }
    if let Ok(to) = discover::join("try", book, text) {
        assert_eq!((to.scheme(), to.host()), (book.scheme(), book.host()));
    }
    black_box(href::decode(text));
    black_box(Url::parse(text).map(|url| discover::last_part(&url))).ok();
}

/// An address in an answer.
pub(crate) fn addresses(bytes: &[u8]) {
    address(&String::from_utf8_lossy(bytes));
}

/// A multi-status answer, or a refusal with its conditions.
pub(crate) fn answers(body: &[u8]) {
    let gear = &gears()[0];
    if let Ok(all) = wire::read(body) {
        black_box(all.failed("valid-sync-token"));
        for response in &all.responses {
            address(&response.href);
            response.props.homes.iter().for_each(|home| address(home));
            if let Some(etag) = &response.props.etag {
                black_box(cards::version(etag));
            }
            if let Some(text) = &response.props.card {
                black_box(contact(gear, text));
            }
        }
    }
    let status = [
        200, 207, 302, 400, 403, 404, 409, 412, 413, 415, 423, 501, 507,
    ];
    let answer = Answer {
        status: status[body.len() % status.len()],
        headers: HeaderMap::new(),
        body: body.to_vec(),
    };
    black_box(call::refused("try", &answer).to_string());
    drop(black_box(outcome::refused(&answer)));
    black_box(write::failed(&answer, "no-uid-conflict"));
}
