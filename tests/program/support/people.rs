//! Made-up contacts, and what tests look at in them.

use serde_json::{Value, json};

/// A person of Google with a work address, in no label.
pub(crate) fn person(given: &str, family: &str, email: &str) -> Value {
    json!({
        "names": [{"givenName": given, "familyName": family}],
        "emailAddresses": [{"value": email, "type": "work"}],
    })
}

/// A record of the CRM, made this moment.
pub(crate) fn fresh(given: &str, family: &str, email: &str) -> Value {
    json!({"First_Name": given, "Last_Name": family, "Email": email, "Lead_Source": "Partner"})
}

/// A record of the CRM, last changed long ago.
pub(crate) fn record(given: &str, family: &str, email: &str) -> Value {
    json!({
        "First_Name": given, "Last_Name": family, "Email": email,
        "Lead_Source": "Partner", "Modified_Time": "2026-01-02T03:04:05+00:00",
    })
}

/// The contact among `all` whose first or only address this is.
#[track_caller]
pub(crate) fn named<'a>(all: &'a [Value], email: &str) -> &'a Value {
    let found: Vec<_> = all
        .iter()
        .filter(|each| emails(each).iter().any(|own| own == email))
        .collect();
    assert_eq!(found.len(), 1, "{email} is there {} times", found.len());
    found[0]
}

/// The addresses of a person or a record.
pub(crate) fn emails(contact: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(all) = contact["emailAddresses"].as_array() {
        return all.iter().filter_map(|each| text(&each["value"])).collect();
    }
    text(&contact["Email"]).into_iter().collect()
}

/// Whether a person is in a label.
pub(crate) fn group_of(person: &Value, group: &str) -> bool {
    let all = person["memberships"].as_array();
    all.into_iter()
        .flatten()
        .any(|each| each["contactGroupMembership"]["contactGroupResourceName"] == group)
}
