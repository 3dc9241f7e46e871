//! Cards as people have them: what is read, and that a change leaves every other byte alone.

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

#[test]
fn what_is_in_another_encoding_is_left_alone() {
    let gear = gear();
    let card = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;;\r\n\
        NOTE;ENCODING=QUOTED-PRINTABLE:one=\r\ntwo=0D=0A=\r\nthree\r\nTITLE:Chef\r\nEMAIL;INTERNET:j@example.com\r\nEND:VCARD\r\n";
    let record = read(&gear, card);
    assert!(record.unread.contains(&field(&gear, "N.family")));
    assert!(record.unread.contains(&field(&gear, "NOTE")));
    assert_eq!(
        said(&gear, &record, "TITLE"),
        "Chef",
        "the soft line breaks belong to the note"
    );
    assert_eq!(
        change(&gear, card, &[("N.family", Some("Muster"))]),
        Err(Refused::Unreadable(field(&gear, "N.family")))
    );
    let after = change(&gear, card, &[("TITLE", Some("Chefin"))]).unwrap();
    assert_eq!(diff(card, &after).1, ["TITLE:Chefin\r\n"]);
}

#[test]
fn dates_are_written_as_the_version_has_them() {
    let gear = gear();
    for (version, line) in [("3.0", "BDAY:1985-04-12\n"), ("4.0", "BDAY:19850412\n")] {
        let card = format!("BEGIN:VCARD\nVERSION:{version}\nFN:A\nEND:VCARD\n");
        let after = change(&gear, &card, &[("BDAY", Some("1985-04-12"))]).unwrap();
        assert!(after.contains(line), "{after}");
        assert_eq!(said(&gear, &read(&gear, &after), "BDAY"), "1985-04-12");
    }
    for day in [
        "19850412",
        "1985-04-12",
        "1985-04-12T00:00:00Z",
        "19850412T000000Z",
    ] {
        let card = format!("BEGIN:VCARD\nVERSION:3.0\nFN:A\nBDAY;VALUE=date:{day}\nEND:VCARD\n");
        assert_eq!(
            said(&gear, &read(&gear, &card), "BDAY"),
            "1985-04-12",
            "{day}"
        );
    }
    for day in ["--0412", "1985", "circa 1800", "1985-13-40"] {
        for version in ["3.0", "4.0"] {
            let card = format!("BEGIN:VCARD\nVERSION:{version}\nFN:A\nBDAY:{day}\nEND:VCARD\n");
            let record = read(&gear, &card);
            assert_eq!(record.unread, [field(&gear, "BDAY")], "{day} in {version}");
        }
    }
    assert_eq!(
        change(&gear, RICH, &[("BDAY", Some("1985-04-12"))]),
        Err(Refused::Unreadable(field(&gear, "BDAY")))
    );
}

#[test]
fn properties_of_ones_own_can_be_mapped() {
    let gear = gear_with(&[("X-SHOE-SIZE", "custom.shoe"), ("ROLE", "custom.role")]);
    let card =
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nN:;A;;;\r\nitem7.x-shoe-size:4\\,5\r\nEND:VCARD\r\n";
    assert_eq!(said(&gear, &read(&gear, card), "X-SHOE-SIZE"), "4,5");
    let after = change(
        &gear,
        card,
        &[("X-SHOE-SIZE", Some("46;a")), ("ROLE", Some("Lead"))],
    )
    .unwrap();
    assert_eq!(
        diff(card, &after).1,
        ["item7.x-shoe-size:46\\;a\r\n", "ROLE:Lead\r\n"]
    );
}

#[test]
fn a_line_belongs_to_one_field() {
    let gear = gear();
    let card = "BEGIN:VCARD\nVERSION:4.0\nFN:A\nEMAIL;TYPE=home:home@example.com\nEND:VCARD\n";
    let record = read(&gear, card);
    assert_eq!(said(&gear, &record, "EMAIL"), "home@example.com");
    assert_eq!(said(&gear, &record, "EMAIL.home"), "");
    let after = change(&gear, card, &[("EMAIL.home", Some("two@example.com"))]).unwrap();
    let record = read(&gear, &after);
    assert_eq!(said(&gear, &record, "EMAIL"), "home@example.com");
    assert_eq!(said(&gear, &record, "EMAIL.home"), "two@example.com");
}

#[test]
fn a_number_written_as_an_address_is_a_number() {
    let gear = gear();
    let card = "BEGIN:VCARD\nVERSION:4.0\nFN:A\nTEL;VALUE=uri;TYPE=\"cell,text\":tel:+49-170-1\nEND:VCARD\n";
    assert_eq!(said(&gear, &read(&gear, card), "TEL.cell"), "+49-170-1");
    let after = change(&gear, card, &[("TEL.cell", Some("+49 170 2"))]).unwrap();
    assert!(
        after.contains("TEL;TYPE=\"cell,text\":+49 170 2\n"),
        "{after}"
    );
}

#[test]
fn a_new_card_holds_what_it_was_given_and_nothing_folds_wrongly() {
    let gear = gear();
    let long = "ü".repeat(100) + "\nnext; line, \\ end";
    let given = [
        ("EMAIL", "new@example.com"),
        ("N.given", "Jörg"),
        ("N.family", "Muster"),
        ("TEL.fax", "+49 30 5"),
        ("ADR.home.city", "Berlin"),
        ("ORG.unit", "R&D"),
        ("URL", "https://example.com/a;b,c?d=e"),
        ("BDAY", "1990-02-28"),
        ("NOTE", long.as_str()),
    ];
    let fields: Fields = given
        .iter()
        .map(|(crm, text)| (field(&gear, crm), Value::plain(*text)))
        .collect();
    let text = created(&gear, "u-1", "people/c1", &fields).unwrap();
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    assert!(text.contains("\r\nFN:Jörg Muster\r\n"), "{text}");
    assert!(
        text.contains("\r\nTEL;TYPE=WORK,FAX:+49 30 5\r\n"),
        "{text}"
    );
    let record = read(&gear, &text);
    for (crm, text) in given {
        assert_eq!(said(&gear, &record, crm), text, "{crm}");
    }
    assert_eq!(record.fields.len(), given.len());
    assert_eq!(record.stamp.unwrap().as_str(), "people/c1");
    let bare = created(&gear, "u-1", "people/c1", &Fields::new()).unwrap();
    assert!(
        bare.contains("\r\nN:;;;;\r\n") && bare.contains("\r\nFN:No name\r\n"),
        "{bare}"
    );
}

#[test]
fn what_is_no_single_card_is_neither_read_nor_written() {
    let gear = gear();
    for text in [
        "",
        "hello",
        "BEGIN:VCARD\r\nFN:A\r\n",
        "BEGIN:VCARD\nFN:A\nEND:VCARD\nBEGIN:VCARD\nFN:B\nEND:VCARD\n",
    ] {
        let record = read(&gear, text);
        assert_eq!(record.unread.len(), gear.mapping.pairs.len());
        assert_eq!(record.key, None);
        assert_eq!(
            change(&gear, text, &[("TITLE", Some("x"))]),
            Err(Refused::NoCard)
        );
    }
    let nested = "BEGIN:VCARD\nVERSION:2.1\nFN:A\nAGENT:\nBEGIN:VCARD\nFN:B\nTITLE:t\nEND:VCARD\nEND:VCARD\n";
    assert_eq!(
        said(&gear, &read(&gear, nested), "TITLE"),
        "",
        "the agent's is not the card's"
    );
}

#[test]
fn groups_of_contacts_take_no_part() {
    let gear = gear();
    for line in ["KIND:group", "X-ADDRESSBOOKSERVER-KIND:group"] {
        let text = format!("BEGIN:VCARD\nVERSION:4.0\nFN:Friends\n{line}\nEND:VCARD\n");
        let from = Source {
            id: RemoteId::from("a.vcf"),
            version: Version::from("1"),
            changed_at: None,
        };
        assert_eq!(resource(&gear, from, &text), Resource::Group);
    }
}
