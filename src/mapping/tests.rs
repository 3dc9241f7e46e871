//! A profile's pairs: how they are found and named, and what their values are compared by.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

fn mapping() -> Mapping {
    let pair = |field, crm: &str, google: &str| Pair {
        field: Field(field),
        crm: crm.to_owned(),
        google: Path::parse(google).unwrap(),
        to: Sides {
            google: true,
            crm: true,
        },
    };
    Mapping {
        pairs: vec![
            pair(4, "Phone", "phone.work"),
            pair(7, "Email", "email.work"),
        ],
        key: Field(7),
        region: Some("DE".to_owned()),
    }
}

#[test]
fn a_pair_is_found_by_its_number_and_named_by_both_ends() {
    let mapping = mapping();
    assert_eq!(mapping.pair(Field(4)).unwrap().crm, "Phone");
    assert_eq!(mapping.pair(Field(5)), None);
    assert_eq!(mapping.key_pair().unwrap().crm, "Email");
    assert_eq!(
        Pair::name("Phone", &mapping.pairs[0].google),
        "Phone=phone.work"
    );
}

#[test]
fn fields_are_found_by_their_names_in_the_crm_in_the_order_of_the_names() {
    let named = |names: &[&str]| mapping().named(names);
    assert_eq!(named(&["Email", "Fax", "Phone"]), [Field(7), Field(4)]);
    assert_eq!(named(&["Fax"]), []);
}

#[test]
fn a_text_is_a_value_of_its_pair() {
    let mapping = mapping();
    let phone = mapping.value(&mapping.pairs[0], " 030 1234567 ").unwrap();
    assert_eq!(phone.canonical(), "49301234567");
    assert_eq!(mapping.value(&mapping.pairs[0], "  "), None);
    let email = mapping.value(&mapping.pairs[1], "A@Example.COM").unwrap();
    assert_eq!(email.canonical(), "a@example.com");
}

#[test]
fn every_kind_but_the_unknown_is_compared() {
    assert!(comparable(FieldKind::Text) && comparable(FieldKind::Lookup));
    assert!(!comparable(FieldKind::Other));
}
