//! Cards as people keep them: encodings, dates, own properties, new cards, and what is no card.

use super::*;

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
