//! A rich Google contact comes out of many syncs with nothing lost but what was edited.

use serde_json::{Value, json};

use crate::support::{Home, Sandbox, named, record};

/// What Google derives or moves by itself, and our own stamp.
fn bare(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(name, _)| {
                !matches!(
                    name.as_str(),
                    "etag"
                        | "updateTime"
                        | "canonicalForm"
                        | "displayName"
                        | "displayNameLastFirst"
                        | "unstructuredName"
                        | "formattedValue"
                )
            })
            .map(|(name, value)| {
                let mut value = bare(value);
                if let (true, Some(items)) = (name == "clientData", value.as_array_mut()) {
                    items.retain(|item| item["key"] != "crmsync");
                }
                (name.clone(), value)
            })
            .collect(),
        Value::Array(items) => items.iter().map(bare).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn rich(groups: &[String]) -> Value {
    let membership =
        |name: &String| json!({"contactGroupMembership": {"contactGroupResourceName": name}});
    json!({
        "names": [{"givenName": "Grace", "familyName": "Holm", "middleName": "Maria", "honorificPrefix": "Dr."}],
        "nicknames": [{"value": "Gracie"}],
        "emailAddresses": [
            {"value": "grace@example.com", "type": "work"},
            {"value": "grace.private@example.org", "type": "home", "displayName": "Grace at home"},
            {"value": "choir@example.org", "type": "Choir list"},
        ],
        "phoneNumbers": [
            {"value": "+49 30 1111111", "type": "work"},
            {"value": "+49 30 2222222", "type": "work"},
            {"value": "+49 151 3333333", "type": "mobile"},
            {"value": "0444 55", "type": "Cabin"},
        ],
        "addresses": [
            {"type": "home", "streetAddress": "Elm Road 1", "city": "Kiel", "postalCode": "24103", "poBox": "77"},
            {"type": "work", "streetAddress": "Oak Road 2", "extendedAddress": "3rd floor", "city": "Bremen", "postalCode": "28195", "country": "Germany", "countryCode": "DE"},
        ],
        "organizations": [
            {"name": "Alder Works", "title": "Buyer", "type": "work", "jobDescription": "buys", "costCenter": "12"},
            {"name": "Old Firm", "title": "Clerk", "type": "work", "current": false},
        ],
        "birthdays": [{"date": {"month": 5, "day": 17}}],
        "biographies": [{"value": "Met at the fair.\nLikes tea.", "contentType": "TEXT_PLAIN"}],
        "urls": [{"value": "https://example.com/grace", "type": "homePage"}],
        "relations": [{"person": "Hugo Holm", "type": "spouse"}],
        "events": [{"date": {"year": 2011, "month": 6, "day": 1}, "type": "anniversary"}],
        "userDefined": [{"key": "Shoe size", "value": "38"}, {"key": "Tier", "value": "gold"}],
        "clientData": [{"key": "otherapp", "value": "row-7"}],
        "externalIds": [{"value": "E-42", "type": "account"}],
        "memberships": groups.iter().map(membership).collect::<Vec<_>>(),
    })
}

/// Sets one value in a list of a person, found by type (the first one).
fn set(person: &mut Value, list: &str, kind: &str, field: &str, value: &str) {
    let items = person[list].as_array_mut().expect("a list");
    let item = items
        .iter_mut()
        .find(|item| item["type"] == kind)
        .expect("a slot");
    item[field] = json!(value);
}

#[test]
fn twenty_syncs_with_edits_on_both_sides_lose_nothing_that_was_not_edited() {
    let sandbox = Sandbox::empty();
    let groups: Vec<_> = ["CRM", "Choir", "Neighbours"]
        .iter()
        .map(|name| sandbox.add_group(name))
        .collect();
    let id = sandbox.add_google(&rich(&groups));
    let crm = sandbox.add_crm(&record("Grace", "Holm", "grace@example.com"));
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let look = || bare(named(&sandbox.google_contacts(), "grace@example.com"));
    let mut wanted = look();
    let first = home.synced(&["sales"]);
    assert_eq!(first["adopted"], 1, "{first}");
    assert_eq!(
        look(),
        wanted,
        "the first meeting filled the CRM, and Google had everything"
    );

    for round in 0..20 {
        match round % 5 {
            0 => {
                let phone = format!("+49 30 90000{round:02}");
                sandbox.edit_crm(&crm, &json!({ "Phone": phone }));
                set(&mut wanted, "phoneNumbers", "work", "value", &phone);
            }
            1 => {
                let title = format!("Buyer {round}");
                sandbox.edit_crm(
                    &crm,
                    &json!({"Title": title, "Mailing_City": format!("Town {round}")}),
                );
                set(&mut wanted, "organizations", "work", "title", &title);
                set(
                    &mut wanted,
                    "addresses",
                    "work",
                    "city",
                    &format!("Town {round}"),
                );
            }
            2 => {
                // In Google: a mapped value, and things that are none of our business.
                let mut phones = wanted["phoneNumbers"].clone();
                phones[2]["value"] = json!(format!("+49 151 70000{round:02}"));
                phones[3]["value"] = json!(format!("0444 {round}"));
                let custom = json!([{"key": "Shoe size", "value": round.to_string()}, {"key": "Tier", "value": "gold"}]);
                sandbox.edit_google(&id, &json!({"phoneNumbers": phones, "userDefined": custom}));
                wanted = look();
            }
            3 => {
                let name = format!("Grace{round}");
                sandbox.edit_crm(&crm, &json!({ "First_Name": name }));
                wanted["names"][0]["givenName"] = json!(name);
                // At the same time another field in Google.
                let mut addresses = wanted["emailAddresses"].clone();
                addresses[2]["value"] = json!(format!("choir{round}@example.org"));
                sandbox.edit_google(&id, &json!({ "emailAddresses": addresses }));
                wanted["emailAddresses"] = look()["emailAddresses"].clone();
            }
            _ => {
                let note = format!("Note {round}\nsecond line");
                sandbox.edit_crm(&crm, &json!({ "Description": note }));
                wanted["biographies"][0]["value"] = json!(note);
            }
        }
        let report = home.synced(&["sales"]);
        assert_eq!(report["outcome"], "changed", "round {round}: {report}");
        assert_eq!(report["conflicts"], json!([]), "round {round}: {report}");
        similar(&look(), &wanted, round);
    }
    let record = named(&sandbox.crm_contacts(), "grace@example.com").clone();
    assert_eq!(record["Mobile"], "+49 151 7000017");
    assert_eq!(record["First_Name"], "Grace18");
    assert_eq!(record["Secondary_Email"], "grace.private@example.org");
    assert_eq!(home.synced(&["sales"])["outcome"], "in-sync");
}

#[track_caller]
fn similar(found: &Value, wanted: &Value, round: usize) {
    let keys = |value: &Value| -> Vec<String> {
        value
            .as_object()
            .expect("a person")
            .keys()
            .cloned()
            .collect()
    };
    assert_eq!(keys(found), keys(wanted), "round {round}");
    for key in keys(wanted) {
        assert_eq!(found[&key], wanted[&key], "round {round}: {key}");
    }
}
