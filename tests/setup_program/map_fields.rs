//! `map-fields`: the table, the changes, the check on real data.

use serde_json::{Value, json};

use crate::support::{Home, Sandbox};

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_table_shows_both_sides_in_80_columns() {
    let sandbox = Sandbox::start(5, 2);
    sandbox.crm(
        "add_field",
        &json!({"api_name": "Loyalty", "label": "Loyalty", "picklist": ["Gold", "Silver"], "data_type": "picklist"}),
    );
    let home = Home::signed_in();
    home.with_profile(&sandbox, "sales", &[]);
    let said = home.call(&["map-fields", "sales"]).expect(0);
    for line in said.out.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for words in [
        "address.work.postcode",
        "organization.department",
        "match key",
        "required",
        "read-only",
        "custom.Loyalty",
        "relation.assistant",
        "2 values",
    ] {
        assert!(said.out.contains(words), "{words} in\n{}", said.out);
    }
}

#[test]
fn json_has_pairs_fields_and_suggestions() {
    let sandbox = Sandbox::start(5, 2);
    let home = Home::signed_in();
    home.with_profile(&sandbox, "sales", &[]);
    let said = parsed(&home.call(&["map-fields", "sales", "--json"]).expect(0).out);
    assert_eq!(said["default"], true);
    assert_eq!(said["pairs"].as_array().unwrap().len(), 23);
    assert_eq!(
        said["pairs"][0],
        json!({"crm": "Email", "google": "email.work", "key": true, "to_google": true, "to_crm": true, "wins": null})
    );
    let suggested = said["suggestions"].as_array().unwrap();
    assert!(
        suggested.contains(&json!({"crm": "Assistant", "google": "relation.assistant"})),
        "{suggested:?}"
    );
    assert!(said["google"].as_array().unwrap().len() > 30);
}

#[test]
fn pairs_are_added_taken_out_and_reset() {
    let sandbox = Sandbox::start(5, 2);
    let home = Home::signed_in();
    home.with_profile(&sandbox, "sales", &[]);
    let before = home.read(".config/crmsync/sales.toml").unwrap();
    home.call(&[
        "map-fields",
        "sales",
        "--add",
        "Assistant=relation.assistant",
        "--remove",
        "Fax",
    ])
    .expect(0);
    let said = parsed(&home.call(&["map-fields", "sales", "--json"]).expect(0).out);
    let names: Vec<&str> = said["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| pair["crm"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"Assistant") && !names.contains(&"Fax"),
        "{names:?}"
    );
    let company = said["pairs"].as_array().unwrap().iter();
    let company = company
        .clone()
        .find(|pair| pair["crm"] == "Account_Name")
        .unwrap();
    assert_eq!(company["to_crm"], false, "lookups are read, never written");
    home.call(&["sync", "sales", "--dry-run", "--json"])
        .expect(0);
    home.call(&["map-fields", "sales", "--reset"]).expect(0);
    assert_eq!(home.read(".config/crmsync/sales.toml").unwrap(), before);
}

#[test]
fn what_does_not_fit_is_refused_with_the_reason() {
    let sandbox = Sandbox::start(5, 2);
    sandbox.crm(
        "add_field",
        &json!({"api_name": "Wedding", "label": "Wedding", "data_type": "date"}),
    );
    let home = Home::signed_in();
    home.with_profile(&sandbox, "sales", &[]);
    let before = home.read(".config/crmsync/sales.toml");
    for (pair, code, words) in [
        (
            "Wedding=phone.pager",
            7,
            "holds a date and `phone.pager` takes a phone number",
        ),
        ("Email_Opt_Out=note", 7, "holds no text"),
        (
            "Asistant=relation.assistant",
            7,
            "did you mean `Assistant`?",
        ),
        (
            "Assistant=relaton.assistant",
            7,
            "did you mean `relation.assistant`?",
        ),
        ("Email=email.other", 7, "mapped already"),
        ("Assistant", 2, "CRM=GOOGLE"),
    ] {
        let said = home
            .call(&["map-fields", "sales", "--add", pair])
            .expect(code);
        assert!(said.err.contains(words), "{pair}: {}", said.err);
        assert_eq!(home.read(".config/crmsync/sales.toml"), before, "{pair}");
    }
    let said = home
        .call(&["map-fields", "sales", "--remove", "Email"])
        .expect(7);
    assert!(said.err.contains("key"), "{}", said.err);
    assert_eq!(home.read(".config/crmsync/sales.toml"), before);
}

#[test]
fn the_check_names_what_would_be_overwritten_held_or_ambiguous_and_writes_nothing() {
    let sandbox = Sandbox::start(20, 20);
    let home = Home::signed_in();
    home.with_profile(&sandbox, "sales", &[]);
    let check = |code| {
        let said = home.call(&["map-fields", "sales", "--check", "--json"]);
        parsed(&said.expect(code).out)
    };
    let of = |found: &Value, kind: &str| -> Vec<Value> {
        let rows = found["rows"].as_array().unwrap().iter();
        rows.filter(|row| row["kind"] == kind && row["email"] == "met@example.com")
            .cloned()
            .collect()
    };
    sandbox.admin(
        "/admin/google/contacts",
        &json!({
            "names": [{"givenName": "Ann", "familyName": "Xu"}],
            "emailAddresses": [{"value": "met@example.com", "type": "work"}],
        }),
    );
    let record =
        json!({"fields": {"First_Name": "Anna", "Last_Name": "Xu", "Email": "met@example.com"}});
    sandbox.crm("record_create", &record);
    let found = check(0);
    assert_eq!(found["crm"], 21, "{found}");
    let lost = of(&found, "overwritten");
    assert_eq!(lost.len(), 1, "{found}");
    assert_eq!(lost[0]["field"], "name.given");
    assert_eq!(lost[0]["side"], "google");
    assert_eq!(lost[0]["from"], "Ann");
    assert_eq!(lost[0]["to"], "Anna");

    home.call(&["configure", "sales", "--on-conflict", "hold"])
        .expect(0);
    let found = check(3);
    assert_eq!(of(&found, "held").len(), 1, "{found}");
    assert_eq!(of(&found, "overwritten").len(), 0, "{found}");

    sandbox.crm("record_create", &record);
    assert_eq!(of(&check(3), "ambiguous").len(), 1);
    assert!(!home.path(".local/state/crmsync/state.sqlite3").exists());
}

#[test]
fn the_check_refuses_what_is_too_long_for_the_crm() {
    let sandbox = Sandbox::start(20, 0);
    sandbox.crm("set_field", &json!({"api_name": "First_Name", "length": 1}));
    let home = Home::signed_in();
    home.with_profile(&sandbox, "sales", &["--google-group", "myContacts"]);
    let checked = home
        .call(&["map-fields", "sales", "--check", "--json"])
        .expect(3);
    let found = parsed(&checked.out);
    let rows = found["rows"].as_array().unwrap();
    let refused: Vec<_> = rows.iter().filter(|row| row["kind"] == "refused").collect();
    assert!(!refused.is_empty(), "{found}");
    assert_eq!(refused[0]["field"], "name.given", "{}", refused[0]);
    assert_eq!(refused[0]["side"], "crm");
    assert!(found["creates"]["crm"].as_u64().unwrap() >= refused.len() as u64);
    let text = home.call(&["map-fields", "sales", "--check"]).expect(3);
    assert!(text.out.contains("would be refused"), "{}", text.out);
    assert!(text.out.contains("name.given"), "{}", text.out);
}
