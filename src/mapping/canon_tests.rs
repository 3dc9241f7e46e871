//! Canonical forms: what counts as equal, and that no text makes them panic.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

fn key(text: &str) -> Option<String> {
    email(text).map(|key| key.as_str().to_owned())
}

#[test]
fn an_address_is_trimmed_and_lower_case() {
    assert_eq!(
        key("  Ada.Lovelace+CRM@Example.COM\n").unwrap(),
        "ada.lovelace+crm@example.com"
    );
}

#[test]
fn dots_and_plus_are_kept() {
    assert_ne!(key("a.b@example.com"), key("ab@example.com"));
    assert_ne!(key("a+b@example.com"), key("a@example.com"));
}

#[test]
fn composed_and_decomposed_letters_are_one_address() {
    assert_eq!(key("Jose\u{301}@example.com"), key("jos\u{e9}@example.com"));
    assert_eq!(key("\u{c9}va@example.com"), key("e\u{301}va@example.com"));
}

#[test]
fn the_domain_is_ascii() {
    assert_eq!(
        key("a@B\u{fc}cher.example").unwrap(),
        "a@xn--bcher-kva.example"
    );
    assert_eq!(key("a@xn--bcher-kva.example"), key("a@b\u{fc}cher.example"));
    // Non-transitional: an sharp s is its own letter, another domain than `ss`.
    assert_eq!(
        key("a@stra\u{df}e.example").unwrap(),
        "a@xn--strae-oqa.example"
    );
    assert_ne!(key("a@stra\u{df}e.example"), key("a@strasse.example"));
    // Full-width letters and dots are the ordinary ones.
    assert_eq!(
        key("a@\u{ff25}xample\u{ff0e}\u{ff43}\u{ff4f}\u{ff4d}").unwrap(),
        "a@example.com"
    );
}

#[test]
fn a_key_is_looked_for_in_both_spellings_of_its_domain() {
    let key = |text: &str| email(text).unwrap();
    assert_eq!(spellings(&key("a@example.com")), ["a@example.com"]);
    assert_eq!(
        spellings(&key("a@B\u{fc}cher.example")),
        ["a@xn--bcher-kva.example", "a@b\u{fc}cher.example"]
    );
}

#[test]
fn the_international_form_of_a_phone_needs_a_country_and_no_extension() {
    assert_eq!(
        e164("(030) 1234-567", Some("DE")).as_deref(),
        Some("+49301234567")
    );
    assert_eq!(
        e164("+49 30 1234567", None).as_deref(),
        Some("+49301234567")
    );
    assert_eq!(e164("(030) 1234-567", None), None);
    assert_eq!(e164("+49 30 1234567 ext. 12", None), None);
    assert_eq!(e164("call me", Some("DE")), None);
}

#[test]
fn turkish_letters_never_become_another_address() {
    assert_eq!(key("INFO@example.com").unwrap(), "info@example.com");
    assert_eq!(
        key("\u{130}nfo@example.com").unwrap(),
        "i\u{307}nfo@example.com"
    );
    assert_ne!(key("\u{131}nfo@example.com"), key("info@example.com"));
    assert_eq!(
        key("\u{130}nfo@example.com"),
        key("i\u{307}nfo@example.com")
    );
}

#[test]
fn what_is_no_address_has_no_key() {
    for text in [
        "",
        " ",
        "@",
        "a@",
        "@example.com",
        "example.com",
        "a b@example.com",
        "a@exam ple.com",
        "a@.example.com",
        "a@example..com",
        "a@b@example.com",
        "a\u{0}b@example.com",
        "a\nb@example.com",
        "Ada <a@example.com>",
        "<a@example.com>",
        "a,b@example.com",
        "\"a b\"@example.com",
        "a@[127.0.0.1]",
        "a@exa\u{200b}mple_.com",
        "a\u{200b}b@example.com",
        "a@-example.com",
    ] {
        assert_eq!(key(text), None, "{text:?}");
    }
}

#[test]
fn what_copying_leaves_behind_is_trimmed() {
    assert_eq!(
        key("\u{feff}a@example.com\u{200b}\u{a0}").unwrap(),
        "a@example.com"
    );
}

#[test]
fn phones_compare_by_e164() {
    let german = phone("030 901820", Some("DE"));
    assert_eq!(german, "4930901820");
    for text in [
        "+49 30 901820",
        "+49 (0)30 90 18 20",
        "0049 30 901820",
        "tel:+49-30-901820",
        "(030) 90/1820",
    ] {
        assert_eq!(phone(text, Some("DE")), german, "{text}");
    }
    assert_eq!(phone("+49 30 901820", None), german);
    assert_eq!(phone("\u{ff0b}\u{ff14}\u{ff19} 30 901820", None), german);
    assert_eq!(phone("(650) 253-0000", Some("us")), "16502530000");
    // Italy keeps the leading zero of a fixed line.
    assert_eq!(phone("06 698 12345", Some("IT")), "390669812345");
    assert_eq!(phone("+39 06 698 12345", None), "390669812345");
}

#[test]
fn an_extension_stands_behind_an_x() {
    assert_eq!(phone("+1 650-253-0000 ext. 0123", None), "16502530000x0123");
    assert_eq!(phone("+1 650 253 0000 x0123", None), "16502530000x0123");
    assert_ne!(
        phone("+1 650 253 0000", None),
        phone("+1 650 253 0000 x1", None)
    );
}

#[test]
fn an_unreadable_phone_is_its_digits_and_else_its_text() {
    assert_eq!(phone("030 / 90 18 20", None), "030901820");
    assert_eq!(phone("\u{663}\u{664} 12", None), "3412");
    assert_eq!(phone("112", Some("DE")), "112");
    assert_eq!(phone("  ask reception ", Some("DE")), "ask reception");
    assert_eq!(phone("030 901820", Some("nowhere")), "030901820");
}

#[test]
fn regions_are_iso_codes_with_phone_numbers() {
    assert_eq!(region("de").as_deref(), Some("DE"));
    for code in ["", "D", "DEU", "ZZ", "UK", "001", "d\u{e9}", "\u{e9}"] {
        assert_eq!(region(code), None, "{code:?}");
    }
    let all = regions();
    assert!(all.len() > 200 && all.iter().all(|code| region(code).as_deref() == Some(code)));
}

#[test]
fn dates_are_iso_dates() {
    assert_eq!(date("1815-12-10").as_deref(), Some("1815-12-10"));
    assert_eq!(date(" 1815-2-9 ").as_deref(), Some("1815-02-09"));
    assert_eq!(
        date("2024-02-29T23:30:00+05:00").as_deref(),
        Some("2024-02-29")
    );
    assert_eq!(date("--02-29").as_deref(), Some("--02-29"));
    assert_eq!(date("--2-9").as_deref(), Some("--02-09"));
    for text in [
        "",
        "2023-02-29",
        "2024-13-01",
        "24-01-01",
        "10/12/1815",
        "--02-30",
        "1815-12",
        "2024-01-01-01",
        "2024-01-01 soon",
        "+999-01-01",
    ] {
        assert_eq!(date(text), None, "{text:?}");
    }
    assert_ne!(date("--12-10"), date("1815-12-10"));
}

#[test]
fn texts_compare_without_their_line_ends_and_composition() {
    assert_eq!(text("a\r\nb\rc\n"), "a\nb\nc");
    assert_eq!(text("Jose\u{301}"), "Jos\u{e9}");
    assert_eq!(value(FieldKind::Text, " \r\n\u{feff}", None), None);
    let seen = value(FieldKind::Multiline, " one\r\ntwo ", None).unwrap();
    assert_eq!(
        (&*seen.text, seen.canonical()),
        (" one\r\ntwo ", "one\ntwo")
    );
    assert_ne!(
        value(FieldKind::Text, "Ada", None),
        value(FieldKind::Text, "ada", None)
    );
}

#[test]
fn an_unreadable_value_is_compared_as_text() {
    let mail = value(FieldKind::Email, " not an address ", None).unwrap();
    assert_eq!(mail.canonical(), "not an address");
    let day = value(FieldKind::Date, "in spring", None).unwrap();
    assert_eq!(day.canonical(), "in spring");
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ +0-9()/.x-]{0,24}",
        "[a-zA-Z\u{130}\u{131}\u{df}\u{3c2}.]{1,8}@[a-zA-Z\u{df}\u{130}.-]{1,12}",
        "-?-?[0-9]{0,5}-[0-9]{0,3}-?[0-9]{0,3}[T ]?.{0,3}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn canonical_forms_are_stable_and_never_panic(text in any_text(), region in prop_oneof![Just(None), "[a-zA-Z]{0,3}".prop_map(Some)]) {
        let region = region.as_deref();
        if let Some(key) = email(&text) {
            prop_assert_eq!(email(key.as_str()), Some(key.clone()));
            prop_assert!(key.as_str().matches('@').count() == 1);
        }
        if let Some(day) = date(&text) {
            prop_assert_eq!(date(&day), Some(day.clone()));
        }
        let plain = self::text(&text);
        prop_assert_eq!(self::text(&plain), plain.clone());
        let number = phone(&text, region);
        prop_assert!(number.is_empty() == plain.is_empty() || plain.is_empty());
        for kind in [FieldKind::Text, FieldKind::Email, FieldKind::Phone, FieldKind::Date, FieldKind::Url] {
            let value = value(kind, &text, region);
            prop_assert_eq!(value.is_none(), plain.is_empty());
            if let Some(value) = value {
                prop_assert_eq!(&*value.text, text.as_str());
                prop_assert!(!value.canonical().is_empty());
            }
        }
    }

    #[test]
    fn the_form_of_a_valid_number_is_its_own_form(number in "(1[2-9][0-9]{2}[2-9][0-9]{6}|4930[1-9][0-9]{5,7}|491[567][0-9]{8,9}|[1-9][0-9]{6,13})") {
        let text = format!("+{number}");
        let valid = PhoneNumber::parse(&text, None).is_ok_and(|number| number.is_valid());
        if valid {
            // A trunk zero behind the country code is dropped, and an area code that may be left out is
            // put in (+261 2000000 in Madagascar), once and for all.
            let form = phone(&text, None);
            prop_assert_eq!(&form[..1], &number[..1]);
            for region in [None, Some("DE"), Some("US"), Some("IT")] {
                prop_assert_eq!(phone(&format!("+{form}"), region), form.as_str());
            }
        }
    }
}

#[test]
fn the_table_of_regions_is_the_librarys_own() {
    let mut codes: Vec<String> = PHONE_NUMBER_UTIL
        .get_supported_regions()
        .filter(|region| *region != Region::World)
        .map(|region| region.to_string())
        .collect();
    codes.sort();
    assert_eq!(codes, REGIONS);
}

/// What IDNA itself makes of an address of ASCII letters.
fn by_the_book(local: &str, domain: &str) -> Option<String> {
    let domain = idna::domain_to_ascii_strict(domain).ok()?;
    Some(format!("{}@{domain}", local.to_lowercase()))
}

#[test]
fn the_short_way_for_domains_is_taken_for_ordinary_ones_only() {
    let long = "a".repeat(63);
    let total = |last: usize| format!("{long}.{long}.{long}.{}", "b".repeat(last));
    for domain in [
        "example.com",
        "EXAMPLE.Com",
        "1.2",
        "a-b.c--d",
        "a",
        &long,
        &total(61),
    ] {
        assert!(ordinary(domain), "{domain}");
        assert_eq!(key(&format!("X@{domain}")), by_the_book("x", domain));
    }
    let longer = "a".repeat(64);
    for domain in [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "-a.b",
        "a-.b",
        "xn--a.b",
        "ab--c",
        "a_b",
        "a b",
        &longer,
        &total(62),
        "ex\u{e4}mple.com",
    ] {
        assert!(!ordinary(domain), "{domain}");
        assert_eq!(key(&format!("x@{domain}")), by_the_book("x", domain));
    }
}

proptest! {
    #[test]
    fn the_short_ways_give_what_the_long_ones_give(
        domain in "([a-zA-Z0-9.-]{0,12}\\.)?(xn--)?[a-zA-Z0-9-]{0,66}(\\.[a-z-]{0,5})?",
        plain in "[ -~\r\n\t]{0,12}",
    ) {
        prop_assert_eq!(key(&format!("Ann@{domain}")), by_the_book("ann", &domain));
        let long: String = trim(&plain).replace("\r\n", "\n").replace('\r', "\n").nfc().collect();
        prop_assert_eq!(text(&plain), long);
    }

    #[test]
    fn a_text_of_any_letters_is_composed_as_the_long_way_does(
        odd in "[a-e\u{300}-\u{304}\u{323}äÄéǭ\u{1e0b}\u{212b}가\u{1100}\u{1161}\u{11a8}\u{a0}\u{200b}\r\n ]{0,9}",
        any in ".{0,9}",
    ) {
        for given in [odd, any] {
            let long: String = trim(&given).replace("\r\n", "\n").replace('\r', "\n").nfc().collect();
            prop_assert_eq!(text(&given), long);
        }
    }

    #[test]
    fn the_part_before_the_at_sign_is_held_to_the_same_rules_in_both_ways(local in "[ -~\t\r\n\u{7f}]{0,6}") {
        // A letter beyond ASCII leads the long way.
        let long = key(&format!("ä{local}@example.com")).map(|key| key.trim_start_matches('ä').to_owned());
        let short = key(&format!("b{local}@example.com")).map(|key| key[1..].to_owned());
        prop_assert_eq!(short, long);
    }
}
