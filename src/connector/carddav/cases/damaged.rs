//! Cards that a program damaged: nothing is written where it would not be read again.

use super::*;

#[test]
fn a_card_that_ends_twice_is_left_alone() {
    let gear = gear();
    let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nEND:VCARD\r\nEND:VCARD\r\n";
    let record = read(&gear, text);
    assert_eq!(record.unread.len(), gear.slots.len());
    let refused = change(&gear, text, &[("NOTE", Some("x"))]);
    assert_eq!(refused, Err(Refused::NoCard));
}

#[test]
fn a_line_whose_value_begins_nowhere_is_left_alone() {
    let gear = gear();
    let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nNOTE;X-A=\"b:c\r\nEND:VCARD\r\n";
    let note = field(&gear, "NOTE");
    assert_eq!(read(&gear, text).unread, [note]);
    let refused = change(&gear, text, &[("NOTE", Some("x"))]);
    assert_eq!(refused, Err(Refused::Unreadable(note)));
}

#[test]
fn what_stands_behind_a_group_that_is_none_is_no_field() {
    let gear = gear();
    let text =
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\na{.NOTE:one\r\nb..NOTE:two\r\nEND:VCARD\r\n";
    assert_eq!(said(&gear, &read(&gear, text), "NOTE"), "");
    let after = change(&gear, text, &[("NOTE", Some("three"))]).unwrap();
    assert_eq!(said(&gear, &read(&gear, &after), "NOTE"), "three");
    assert!(after.contains("a{.NOTE:one\r\nb..NOTE:two\r\n"), "{after}");
}

#[test]
fn a_name_or_an_end_with_a_fold_in_it_is_the_same_name_and_the_same_end() {
    let gear = gear();
    let text = "BEGIN:VC\r\n ARD\r\nVERSION:3.0\r\nFN:Ada\r\nNO\r\n TE:one\r\nEND:\r\n VCARD\r\n";
    assert_eq!(said(&gear, &read(&gear, text), "NOTE"), "one");
    let after = change(&gear, text, &[("NOTE", Some("two"))]).unwrap();
    assert_eq!(said(&gear, &read(&gear, &after), "NOTE"), "two");
    // The inner card ends there, and the outer one never does.
    let endless = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:Bo\r\nEND:\r\n VCARD\r\n";
    let refused = change(&gear, endless, &[("NOTE", Some("x"))]);
    assert_eq!(refused, Err(Refused::NoCard));
}

#[test]
fn a_value_that_would_not_be_read_again_is_not_written() {
    let gear = gear();
    let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nNOTE;QU\\:one\r\nEND:VCARD\r\n";
    let note = field(&gear, "NOTE");
    let refused = change(&gear, text, &[("NOTE", Some("two"))]);
    assert_eq!(refused, Err(Refused::Unreadable(note)));
}
