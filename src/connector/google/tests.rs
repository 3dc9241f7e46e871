//! Round trips of contacts through a record and back.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::convert::{Kept, Lens, record, slots};
use super::errors::{Fault, judge, tidy};
use super::fresh::tests::body;
use super::item::Item;
use super::slots::{LISTS, Slot, parse_date};
use super::wire::Person;
use crate::connector::http::{Answer, Verdict};
use crate::connector::{Kind, Twins};
use crate::mapping::{Mapping, Pair, Path};
use crate::model::{Field, Fields, Sides, Swap};

const PATHS: [&str; 14] = [
    "email.work",
    "email.home",
    "phone.mobile",
    "phone.Pager",
    "url.blog",
    "name.given",
    "name.family",
    "address.work.city",
    "address.home.street",
    "organization.title",
    "birthday",
    "note",
    "custom.Shoe",
    "external_id.customer",
];

pub(super) fn mapping() -> Arc<Mapping> {
    let pair = |(number, path): (usize, &&str)| Pair {
        field: Field(u16::try_from(number).unwrap()),
        crm: path.to_string(),
        google: Path::parse(path).unwrap(),
        to: Sides {
            google: true,
            crm: true,
        },
    };
    Arc::new(Mapping {
        pairs: PATHS.iter().enumerate().map(pair).collect(),
        key: Field(0),
        region: None,
    })
}

fn person() -> Value {
    json!({
        "resourceName": "people/c1",
        "metadata": {"sources": [{"type": "PROFILE", "id": "9", "etag": "#p"},
            {"type": "CONTACT", "id": "1", "etag": "#e", "updateTime": "2026-01-02T03:04:05.678Z"}]},
        "names": [{"metadata": {"primary": true}, "givenName": "Ada", "familyName": "Stone", "middleName": "M",
            "displayName": "Ada Stone", "unstructuredName": "Ada M Stone", "phoneticGivenName": "Ay-da"}],
        "emailAddresses": [{"value": "Ada@Example.com", "type": "WORK", "unknown": {"x": 1}},
            {"value": "ada@example.org", "type": "home"}, {"value": "b@example.org", "type": "Club"}],
        "phoneNumbers": [{"value": "+41 1", "type": "work", "canonicalForm": "+411"}, {"value": "+41 2", "type": "mobile"},
            {"value": "+41 3", "type": "mobile"}, {"value": "+41 4", "type": "Boat"}],
        "addresses": [{"type": "home", "formattedValue": "Lane 1\nBasel", "streetAddress": "Lane 1", "city": "Basel"},
            {"type": "Hut", "city": "Thun", "formattedValue": "Thun"}],
        "organizations": [{"name": "Stone Ltd", "type": "work", "title": "Owner", "jobDescription": "all"}, {"name": "Club"}],
        "userDefined": [{"key": "Hat", "value": "57"}, {"key": "Shoe", "value": "38"}],
        "biographies": [{"value": "<b>x</b>", "contentType": "TEXT_HTML"}],
        "birthdays": [{"date": {"month": 2, "day": 29}}],
        "memberships": [{"contactGroupMembership": {"contactGroupResourceName": "contactGroups/a"}},
            {"contactGroupMembership": {"contactGroupResourceName": "contactGroups/b"}}],
        "clientData": [{"key": "other", "value": "1"}, {"key": "crmsync", "value": "crm7"}],
    })
}

fn read(person: &Value) -> crate::model::Record {
    let mapping = mapping();
    let lens = Lens {
        mapping: &mapping,
        slots: slots(&mapping),
        group: "contactGroups/a",
        archive: "",
        stamp: "crmsync",
        twins: &Twins::Global,
    };
    let text = person.to_string();
    let person: Person<'_> = serde_json::from_str(&text).unwrap();
    let record = record(&lens, &person).unwrap();
    assert_eq!(record.native, Kept::of(&person, &mapping).native());
    record
}

#[test]
fn a_value_of_another_type_is_unread_and_not_blank() {
    let number = |path: &str| {
        let at = PATHS.iter().position(|each| *each == path).unwrap();
        Field(u16::try_from(at).unwrap())
    };
    for (list, value, path) in [
        ("names", json!({"0": {"givenName": "Ada"}}), "name.given"),
        ("names", json!(["Ada"]), "name.given"),
        ("names", json!([{"givenName": 7}]), "name.given"),
        (
            "emailAddresses",
            json!([{"value": "a@example.com", "type": 7}]),
            "email.work",
        ),
        (
            "userDefined",
            json!([{"key": ["Shoe"], "value": "38"}]),
            "custom.Shoe",
        ),
        ("biographies", json!(7), "note"),
    ] {
        let mut person = person();
        person[list] = value.clone();
        let record = read(&person);
        assert!(record.unread.contains(&number(path)), "{path}: {value}");
        assert_eq!(record.fields.get(&number(path)), None, "{path}: {value}");
    }
    let mut person = person();
    person["names"] = json!([{"givenName": null}]);
    assert!(
        !read(&person).unread.contains(&number("name.given")),
        "null is blank"
    );
}

#[test]
fn a_contact_becomes_a_record() {
    let record = read(&person());
    assert_eq!(
        (record.id.as_str(), record.version.as_str()),
        ("people/c1", "#e")
    );
    assert_eq!(
        record.key.as_ref().map(crate::model::Key::as_str),
        Some("ada@example.com")
    );
    let emails: Vec<&str> = record
        .emails
        .iter()
        .map(crate::model::Key::as_str)
        .collect();
    assert_eq!(emails, ["ada@example.org", "b@example.org"]);
    assert_eq!(
        record.stamp.as_ref().map(crate::model::RemoteId::as_str),
        Some("crm7")
    );
    assert!(record.listed && !record.archived);
    assert_eq!(record.unread, [Field(10)]);
    assert_eq!(record.changed_at.map(|at| at.0), Some(1_767_323_045));
    assert_eq!(record.label.as_deref(), Some("Ada"));
    assert_eq!(&*record.fields[&Field(2)].text, "+41 2");
    assert_eq!(record.fields.get(&Field(7)), None);
    assert_eq!(&*record.fields[&Field(12)].text, "38");
    for derived in ["displayName\"", "canonicalForm", "primary"] {
        assert!(!record.native.0.contains(derived), "{derived}");
    }
}

#[test]
fn a_stamp_of_another_account_says_nothing() {
    let mapping = mapping();
    let small = Twins::of("odd/host/people");
    let lens = Lens {
        mapping: &mapping,
        slots: slots(&mapping),
        group: "",
        archive: "",
        stamp: "crmsync",
        twins: &small,
    };
    // A bare stamp is of a CRM whose identifiers need no account.
    let text = person().to_string();
    let bare: Person<'_> = serde_json::from_str(&text).unwrap();
    assert_eq!(record(&lens, &bare).unwrap().stamp, None);
    let mut own = person();
    let twin = crate::model::RemoteId::from("7");
    own["clientData"] = body(&lens, &Fields::new(), &twin).unwrap()["clientData"].clone();
    assert_eq!(own["clientData"][0]["value"], "ba445ad6500982bc#7");
    let text = own.to_string();
    let own: Person<'_> = serde_json::from_str(&text).unwrap();
    assert_eq!(record(&lens, &own).unwrap().stamp, Some(twin));
    let bare = Lens {
        twins: &Twins::Global,
        ..lens
    };
    assert_eq!(record(&bare, &own).unwrap().stamp, None);
}

#[test]
fn a_profile_without_a_contact_is_none_of_ours() {
    let mut person = person();
    person["metadata"]["sources"].as_array_mut().unwrap().pop();
    let mapping = mapping();
    let lens = Lens {
        mapping: &mapping,
        slots: slots(&mapping),
        group: "",
        archive: "",
        stamp: "crmsync",
        twins: &Twins::Global,
    };
    let text = person.to_string();
    assert!(record(&lens, &serde_json::from_str(&text).unwrap()).is_none());
}

#[test]
fn an_edited_address_drops_its_old_wording_and_no_other() {
    let mapping = mapping();
    let native = read(&person()).native;
    let mut kept = Kept::read(&native).unwrap();
    let swap = Swap {
        from: None,
        to: mapping.value(mapping.pair(Field(8)).unwrap(), "Lane 2"),
    };
    assert_eq!(
        kept.apply(&mapping, &[(Field(8), swap)].into()).unwrap(),
        ["addresses"]
    );
    assert_eq!(
        json!(kept.lists["addresses"]),
        json!([{"type": "home", "streetAddress": "Lane 2", "city": "Basel"}, {"type": "Hut", "city": "Thun", "formattedValue": "Thun"}])
    );
}

#[test]
fn only_full_dates_are_dates() {
    assert!(parse_date("1984-02-29").is_some());
    for wrong in ["1985-02-29", "02-29", "0000-02-29", "1984-2-29", "soon"] {
        assert!(parse_date(wrong).is_none(), "{wrong}");
    }
}

fn fault(status: u16, body: &Value) -> Fault {
    Fault::of(&answer(status, body))
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        headers: reqwest::header::HeaderMap::new(),
        body: body.to_string().into_bytes(),
    }
}

#[test]
fn an_expired_sync_token_is_recognised_by_each_of_its_signs() {
    let info = json!({"error": {"message": "x", "details": [{"reason": "EXPIRED_SYNC_TOKEN"}]}});
    let words =
        json!({"error": {"message": "Sync token is expired. Clear local cache and retry."}});
    assert!(
        fault(400, &info).is_expired()
            && fault(400, &words).is_expired()
            && fault(410, &json!({})).is_expired()
    );
    assert!(
        !fault(
            400,
            &json!({"error": {"status": "FAILED_PRECONDITION", "message": "no"}})
        )
        .is_expired()
    );
}

#[test]
fn a_403_is_told_apart_by_what_it_says() {
    let verdict = |reason: &str, message: &str| {
        let body = json!({"error": {"message": message, "errors": [{"reason": reason}]}});
        judge("try", &answer(403, &body))
    };
    assert!(matches!(
        verdict("userRateLimitExceeded", "slow"),
        Verdict::Retry { .. }
    ));
    let hint = |verdict| {
        if let Verdict::Fail(error) = verdict {
            error.hint.unwrap()
        } else {
            String::new()
        }
    };
    assert!(
        hint(verdict(
            "",
            "Request had insufficient authentication scopes."
        ))
        .contains("auth google")
    );
    assert!(hint(verdict("accessNotConfigured", "off")).contains("console.cloud.google.com"));
    assert!(matches!(verdict("", "etag is different"), Verdict::Take));
}

#[test]
fn a_minute_quota_is_waited_for_and_a_daily_one_is_not() {
    let minute = json!({"error": {"message": "x", "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"}]}});
    let day = json!({"error": {"message": "x", "details": [{"@type": "type.googleapis.com/google.rpc.QuotaFailure"}]}});
    assert!(
        matches!(judge("try", &answer(429, &minute)), Verdict::Retry { floor, .. } if floor.as_secs() == 60)
    );
    assert!(
        matches!(judge("try", &answer(429, &day)), Verdict::Fail(error) if error.kind == Kind::RateLimited)
    );
}

#[test]
fn messages_lose_the_values_they_quote() {
    let said = tidy("Invalid value \"Ada\" for ada@example.com or +41791234567\nnow");
    assert_eq!(said, "Invalid value \u{2026} for \u{2026} or \u{2026} now");
}

fn text_for(field: u16, seed: u16) -> String {
    if field == 10 {
        format!("19{:02}-03-{:02}", seed % 100, seed % 27 + 1)
    } else {
        format!("v{seed}")
    }
}

proptest! {
    /// Twenty edits of single slots change those slots and nothing else.
    #[test]
    fn edits_lose_nothing(edits in proptest::collection::vec((0_u16..14, proptest::option::of(0_u16..999)), 20)) {
        let mapping = mapping();
        let native = read(&person()).native;
        let mut kept = Kept::read(&native).unwrap();
        for (field, to) in edits {
            let pair = mapping.pair(Field(field)).unwrap();
            let slot = Slot::of(&pair.google);
            let before = kept.lists.clone();
            let text = to.map(|seed| text_for(field, seed));
            let value = text.as_deref().and_then(|text| mapping.value(pair, text));
            let cleared = value.is_none();
            let mask = kept.apply(&mapping, &[(Field(field), Swap { from: None, to: value })].into()).unwrap();
            prop_assert!(mask.iter().all(|list| list == slot.list));
            let empty = Vec::new();
            for (list, _) in LISTS {
                let (old, new) = (before.get(list).unwrap_or(&empty), kept.lists.get(list).unwrap_or(&empty));
                if list != slot.list {
                    prop_assert_eq!(old, new);
                    continue;
                }
                let at = slot.find(old);
                let others = |items: &[Item<'_>], skip: Option<usize>| -> Vec<Item<'static>> {
                    items.iter().enumerate().filter(|(place, _)| Some(*place) != skip).map(|(_, item)| item.kept(|_| true)).collect()
                };
                if new.len() == old.len() {
                    prop_assert_eq!(others(old, at), others(new, at));
                } else if cleared {
                    prop_assert_eq!(&others(old, at), new);
                } else {
                    prop_assert_eq!(old.as_slice(), &new[..old.len()]);
                    prop_assert_eq!(new.len(), old.len() + 1);
                }
                if let Some(text) = &text {
                    prop_assert_eq!(slot.read(new), super::slots::Reading::Text(text.into()));
                }
            }
        }
    }
}
