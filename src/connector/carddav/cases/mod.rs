//! Cards as people have them: what is read, and that a change leaves every other byte alone.

mod damaged;
mod values;

use std::sync::Arc;

use serde_json::json;

use super::convert::{Resource, Source, resource};
use super::fields::default_mapping;
use super::gear::{Extra, Gear};
use super::patch::{Refused, created, patched};
use crate::mapping::{Mapping, Pair, Path};
use crate::model::{
    Field, Fields, ListInfo, Patch, Probe, Record, RemoteId, Sides, Swap, Value, Version,
};

/// A card as an Apple program writes it, with much that no mapping knows.
const RICH: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Apple Inc.//macOS 14//EN\r\n\
N:Example;Anna;Maria,Luise;Dr.;\r\nFN:Dr. Anna Maria,Luise Example\r\n\
X-PHONETIC-FIRST-NAME:Ann-ah\r\n\
item1.EMAIL;type=INTERNET;type=pref:anna@example.com\r\nitem1.X-ABLabel:_$!<Work>!$_\r\n\
EMAIL;type=INTERNET;type=HOME:anna.home@example.org\r\n\
TEL;type=CELL;type=VOICE;type=pref:+49 170 0000001\r\nTEL;TYPE=\"WORK,VOICE\":+49 30 0000002\r\n\
TEL;WORK;FAX:+49 30 0000003\r\n\
item2.ADR;type=WORK:;;Lange Straße 1\\, Hof;Berlin;;10115;Germany\r\nitem2.X-ABADR:de\r\n\
ORG:Example GmbH;Vertrieb;Team Nord\r\nX-SOCIALPROFILE;type=twitter;x-user=anna:https://example.com/a;b,c\r\n\
NOTE:first\\nsecond\\; with \\\\ and a very long line that is folded somewhere in t\r\n he middle of a word\r\n\
BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12\r\n\
PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEB\r\n AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wAARCAAB\r\n  AAE=\r\n\
REV:2025-01-01T00:00:00Z\r\nUID:1-2-3\r\nEND:VCARD\r\n";

fn gear_with(more: &[(&str, &str)]) -> Gear {
    let mut names: Vec<(String, String)> = default_mapping()
        .iter()
        .map(|pair| (pair.crm.to_owned(), pair.google.to_owned()))
        .collect();
    names.extend(
        more.iter()
            .map(|(crm, google)| ((*crm).to_owned(), (*google).to_owned())),
    );
    let pairs = names
        .iter()
        .enumerate()
        .map(|(at, (crm, google))| Pair {
            field: Field(u16::try_from(at).unwrap()),
            crm: crm.clone(),
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
            ..Extra::default()
        }),
    };
    Gear::new(&probe, Arc::new(mapping)).unwrap()
}

fn gear() -> Gear {
    gear_with(&[])
}

fn read(gear: &Gear, text: &str) -> Record {
    let from = Source {
        id: RemoteId::from("a.vcf"),
        version: Version::from("\"1\""),
        changed_at: None,
    };
    match resource(gear, from, text) {
        Resource::Contact(record) => *record,
        Resource::Group => panic!("a group"),
    }
}

fn field(gear: &Gear, crm: &str) -> Field {
    gear.mapping
        .pairs
        .iter()
        .find(|pair| pair.crm == crm)
        .unwrap()
        .field
}

fn said(gear: &Gear, record: &Record, crm: &str) -> String {
    record
        .fields
        .get(&field(gear, crm))
        .map_or_else(String::new, |value| value.text.to_string())
}

fn change(gear: &Gear, text: &str, to: &[(&str, Option<&str>)]) -> Result<String, Refused> {
    let patch: Patch = to
        .iter()
        .map(|(crm, to)| {
            let swap = Swap {
                from: None,
                to: to.map(Value::plain),
            };
            (field(gear, crm), swap)
        })
        .collect();
    patched(gear, text, &patch)
}

/// The physical lines that a change took out and put in.
fn diff(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let lines =
        |text: &str| -> Vec<String> { text.split_inclusive('\n').map(str::to_owned).collect() };
    let (mut old, mut new) = (lines(before), lines(after));
    let kept: Vec<String> = old
        .iter()
        .filter(|line| new.contains(line))
        .cloned()
        .collect();
    old.retain(|line| !kept.contains(line));
    new.retain(|line| !kept.contains(line));
    (old, new)
}

#[test]
fn types_are_understood_in_every_spelling() {
    let gear = gear();
    let record = read(&gear, RICH);
    let said = |crm| said(&gear, &record, crm);
    assert_eq!(said("EMAIL"), "anna@example.com", "the label says work");
    assert_eq!(said("EMAIL.home"), "anna.home@example.org");
    assert_eq!(said("TEL.cell"), "+49 170 0000001");
    assert_eq!(said("TEL.work"), "+49 30 0000002");
    assert_eq!(said("TEL.fax"), "+49 30 0000003");
    assert_eq!(said("N.additional"), "Maria,Luise");
    assert_eq!(said("N.prefix"), "Dr.");
    assert_eq!(said("ADR.work.street"), "Lange Straße 1, Hof");
    assert_eq!(said("ADR.work.postcode"), "10115");
    assert_eq!(said("ORG.name"), "Example GmbH");
    assert_eq!(said("ORG.unit"), "Vertrieb; Team Nord");
    assert_eq!(
        said("NOTE"),
        "first\nsecond; with \\ and a very long line that is folded somewhere in the middle of a word"
    );
    assert_eq!(record.key.unwrap().as_str(), "anna@example.com");
    assert_eq!(
        record.unread,
        [field(&gear, "BDAY")],
        "a day without its year is neither empty nor a date"
    );
    assert_eq!(
        record.label.as_deref(),
        Some("Dr. Anna Maria,Luise Example")
    );
}

#[test]
fn a_change_leaves_every_other_byte_alone() {
    let gear = gear();
    let after = change(&gear, RICH, &[("TEL.work", Some("+49 30 999"))]).unwrap();
    assert_eq!(
        diff(RICH, &after),
        (
            vec!["TEL;TYPE=\"WORK,VOICE\":+49 30 0000002\r\n".to_owned()],
            vec!["TEL;TYPE=\"WORK,VOICE\":+49 30 999\r\n".to_owned()],
        )
    );
    let back = change(&gear, &after, &[("TEL.work", Some("+49 30 0000002"))]).unwrap();
    assert_eq!(back, RICH);
}

#[test]
fn a_part_of_a_structured_value_changes_alone() {
    let gear = gear();
    let after = change(
        &gear,
        RICH,
        &[
            ("ADR.work.city", Some("Köln; am Rhein")),
            ("ORG.name", Some("Other, Inc.")),
        ],
    )
    .unwrap();
    let (_, new) = diff(RICH, &after);
    assert_eq!(
        new,
        [
            "item2.ADR;type=WORK:;;Lange Straße 1\\, Hof;Köln\\; am Rhein;;10115;Germany\r\n",
            "ORG:Other\\, Inc.;Vertrieb;Team Nord\r\n"
        ]
    );
    assert_eq!(
        said(&gear, &read(&gear, &after), "ADR.work.city"),
        "Köln; am Rhein"
    );
}

#[test]
fn a_display_name_follows_its_names_and_a_hand_made_one_stays() {
    let gear = gear();
    let after = change(&gear, RICH, &[("N.family", Some("Muster"))]).unwrap();
    let (old, new) = diff(RICH, &after);
    assert_eq!(old.len(), 2);
    assert_eq!(
        new,
        [
            "N:Muster;Anna;Maria,Luise;Dr.;\r\n",
            "FN:Dr. Anna Maria\\,Luise Muster\r\n"
        ]
    );
    let by_hand = RICH.replace("FN:Dr. Anna Maria,Luise Example", "FN:Änne");
    let after = change(&gear, &by_hand, &[("N.family", Some("Muster"))]).unwrap();
    let (_, new) = diff(&by_hand, &after);
    assert_eq!(new, ["N:Muster;Anna;Maria,Luise;Dr.;\r\n"]);
    let reversed = RICH.replace("FN:Dr. Anna Maria,Luise Example", "FN:Example, Anna");
    let after = change(&gear, &reversed, &[("N.given", Some("Ann"))]).unwrap();
    assert!(after.contains("\r\nFN:Example\\, Ann\r\n"), "{after}");
}

#[test]
fn a_card_without_names_has_them_from_its_display_name() {
    let gear = gear();
    let card = "BEGIN:VCARD\nVERSION:4.0\nFN:Anna van Example\nEMAIL:a@example.com\nEND:VCARD\n";
    let record = read(&gear, card);
    assert_eq!(said(&gear, &record, "N.given"), "Anna van");
    assert_eq!(said(&gear, &record, "N.family"), "Example");
    let after = change(&gear, card, &[("N.given", Some("Ann"))]).unwrap();
    assert_eq!(
        after,
        "BEGIN:VCARD\nVERSION:4.0\nFN:Ann Example\nEMAIL:a@example.com\nN:Example;Ann;;;\nEND:VCARD\n"
    );
    let firm = "BEGIN:VCARD\nVERSION:4.0\nFN:Example Inc\nORG:Example Inc\nEND:VCARD\n";
    assert_eq!(
        said(&gear, &read(&gear, firm), "N.family"),
        "",
        "a firm is no person"
    );
}

#[test]
fn clearing_takes_the_line_and_its_label_out() {
    let gear = gear();
    let after = change(&gear, RICH, &[("EMAIL", None), ("TEL.cell", None)]).unwrap();
    let (old, new) = diff(RICH, &after);
    assert_eq!(
        old,
        [
            "item1.EMAIL;type=INTERNET;type=pref:anna@example.com\r\n",
            "item1.X-ABLabel:_$!<Work>!$_\r\n",
            "TEL;type=CELL;type=VOICE;type=pref:+49 170 0000001\r\n"
        ]
    );
    assert!(new.is_empty(), "{new:?}");
    let after = change(&gear, RICH, &[("ADR.work.country", None)]).unwrap();
    assert!(after.contains("Hof;Berlin;;10115;\r\n"), "{after}");
}
