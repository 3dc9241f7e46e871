//! Field paths: what is read, what is refused and with which advice.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

fn advice(text: &str) -> Option<String> {
    Path::parse(text).unwrap_err().nearest
}

#[test]
fn every_path_that_is_offered_is_read_back() {
    let all = Path::all();
    for path in &all {
        assert_eq!(Path::parse(&path.to_string()).as_ref(), Ok(path));
    }
    let mut once = all.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), all.len());
}

#[test]
fn the_documented_words_are_paths() {
    for text in [
        "name.given",
        "name.family",
        "name.middle",
        "name.prefix",
        "name.suffix",
        "nickname",
        "email.work",
        "phone.workFax",
        "url.blog",
        "im.home",
        "relation.manager",
        "event.anniversary",
        "organization.name",
        "organization.title",
        "organization.department",
        "birthday",
        "note",
        "custom.Customer number",
        "external_id.customer",
        "address.work.country_code",
        "address.work.po_box",
        "address.city",
        "email",
        "phone.Holiday home",
        "address.My.place.city",
    ] {
        assert_eq!(Path::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn a_wrong_path_names_the_nearest() {
    for (text, meant) in [
        ("emial.work", "email.work"),
        ("name.givn", "name.given"),
        ("Name.Given", "name.given"),
        ("name.first", "name.given"),
        ("phone.", "phone"),
        (" phone.mobile", "phone.mobile"),
        ("address.work", "address.work.street"),
        ("address.work.zipcode", "address.work.postcode"),
        ("organization.work.title", "organization.title"),
        ("organisation.title", "organization.title"),
        ("custom", "custom.KEY"),
        ("birthdate", "birthday"),
        ("notes", "note"),
    ] {
        assert_eq!(advice(text).as_deref(), Some(meant), "{text}");
    }
    assert_eq!(advice("zzzzzzzzzzzzzz"), None);
    assert_eq!(advice(""), None);
}

#[test]
fn half_paths_are_refused() {
    for text in [
        "name",
        "organization",
        "address",
        "custom",
        "custom.",
        "email. ",
        "address..city",
        "address. .city",
        "birthday.work",
        "phone.a\nb",
        "note ",
        ".",
        "email..work",
    ] {
        assert!(Path::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_part_that_no_list_has_leads_to_the_lists_first_path() {
    assert_eq!(
        advice("organization.work.bogus").as_deref(),
        Some("organization.name")
    );
}

#[test]
fn a_slot_without_type_may_be_any_entry_of_its_list() {
    let path = |text| Path::parse(text).unwrap();
    for (one, two, overlap) in [
        ("email", "email.home", true),
        ("email.work", "email.Work", true),
        ("email.work", "email.home", false),
        ("email", "phone", false),
        ("address.city", "address.work.city", true),
        ("address.city", "address.work.region", false),
        ("custom.A", "custom.B", false),
        ("custom.A", "custom.A", true),
        ("name.given", "name.given", true),
        ("name.given", "name.family", false),
    ] {
        assert_eq!(path(one).overlaps(&path(two)), overlap, "{one} {two}");
        assert_eq!(path(two).overlaps(&path(one)), overlap, "{two} {one}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_is_written_the_same(
        text in prop_oneof![
            any::<String>(),
            "(name|email|phone|address|custom|organization|note)(\\.[a-zA-Z. ]{0,8}){0,3}",
        ]
    ) {
        match Path::parse(&text) {
            Ok(path) => prop_assert_eq!(path.to_string(), text),
            Err(error) => if let Some(near) = error.nearest {
                prop_assert!(Path::parse(&near).is_ok(), "{}", near);
            },
        }
    }
}
