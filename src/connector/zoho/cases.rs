//! The tests of rows, bodies, outcomes, metadata and refusals.

use std::collections::BTreeMap;

use reqwest::header::HeaderMap;
use serde_json::{Value as Json, json};

use super::convert::{self, Listed};
use super::equipment::{fields, gear, gear_with, info, item, meta, row, text, write};
use super::explain::explain;
use super::gear::Extra;
use super::outcome::outcome;
use super::vet::vet;
use crate::connector::Kind;
use crate::connector::http::Answer;
use crate::model::{
    Change, Field, Fields, Moment, Op, Outcome, RemoteId, Stored, Swap, Value, Version,
};

#[test]
fn a_row_becomes_a_record_whatever_its_offset() {
    let gear = gear();
    let query = row(json!({
        "id": "111", "Modified_Time": "2026-03-01T12:00:00+02:00", "Email": "Anna@Example.com",
        "First_Name": "Anna", "Last_Name": null, "Account_Name.Account_Name": "Example GmbH",
        "Account_Name": {"id": "5"}, "Lead_Source": "trade_fair", "Date_of_Birth": "1980-02-29"}));
    let record = convert::record(&gear, &query, Listed::Yes).unwrap();
    assert_eq!(record.version, Version::from("2026-03-01T10:00:00Z"));
    assert_eq!(record.changed_at, Some(Moment(1_772_359_200)));
    assert_eq!(record.key.as_ref().unwrap().as_str(), "anna@example.com");
    assert_eq!(text(&record, 2), None);
    assert_eq!(text(&record, 3), Some("Example GmbH"));
    assert_eq!(text(&record, 4), Some("Trade Fair"));
    assert_eq!(text(&record, 5), Some("1980-02-29"));
    assert!(record.unread.is_empty() && record.listed && record.label.is_none());

    let plain = row(json!({
        "id": "111", "Modified_Time": "2026-03-01T05:00:00-05:00", "Email": "Anna@Example.com",
        "First_Name": "Anna", "Last_Name": null, "Account_Name": {"id": "5", "name": "Example GmbH"},
        "Lead_Source": "trade_fair", "Date_of_Birth": "1980-02-29"}));
    assert_eq!(
        convert::record(&gear, &plain, Listed::Yes).unwrap(),
        record,
        "both ways of reading say the same"
    );
    assert!(convert::record(&gear, &row(json!({"Email": "a@example.com"})), Listed::No).is_none());
}

#[test]
fn what_is_not_told_is_not_blank() {
    let mut fields = fields();
    fields[1] = meta(
        "First_Name",
        "text",
        json!({"profiles": [{"id": "7", "permission_type": "hidden"}]}),
    );
    let extra = Extra {
        restricted: vec!["Last_Name".to_owned()],
        rich: vec!["Lead_Source".to_owned()],
        ..Extra::default()
    };
    let gear = gear_with(&fields, extra);
    assert!(!gear.columns.contains(&"First_Name".to_owned()));
    let told = row(
        json!({"id": "1", "Modified_Time": "2026-03-01T12:00:00Z", "Email": null,
        "Last_Name": null, "Account_Name": {"id": "5"}, "Lead_Source": "x".repeat(500)}),
    );
    let record = convert::record(&gear, &told, Listed::No).unwrap();
    let unread: Vec<u16> = record.unread.iter().map(|field| field.0).collect();
    assert_eq!(
        unread,
        [1, 2, 3, 4, 5],
        "hidden, restricted, nameless, cut off, missing; a null address is blank"
    );
}

#[test]
fn bodies_carry_stored_values_defaults_and_no_lookups() {
    let gear = gear();
    let given: Fields = [
        (Field(0), Value::plain("a@example.com")),
        (Field(3), Value::plain("Example GmbH")),
        (Field(4), Value::plain("trade fair")),
    ]
    .into();
    let defaults = BTreeMap::from([
        ("Lead_Source".to_owned(), json!("web")),
        ("Email_Opt_Out".to_owned(), json!(true)),
    ]);
    let body = convert::body(&gear, &given, defaults.iter());
    assert_eq!(
        Json::Object(body),
        json!({"Email": "a@example.com", "Lead_Source": "trade_fair", "Email_Opt_Out": true})
    );
    let patch = [
        (
            Field(1),
            Swap {
                from: Some(Value::plain("A")),
                to: None,
            },
        ),
        (
            Field(3),
            Swap {
                from: None,
                to: Some(Value::plain("Other")),
            },
        ),
    ]
    .into();
    let body = convert::patch_body(&gear, &RemoteId::from("5"), &patch);
    assert_eq!(Json::Object(body), json!({"id": "5", "First_Name": null}));
}

#[test]
fn items_are_read_by_their_code() {
    let gear = gear();
    let id = RemoteId::from("5");
    let of = |op, json: Json| {
        let id = (op != Op::Create).then_some(&id);
        outcome(&gear, op, id, &item(json))
    };
    let done = json!({"code": "SUCCESS", "status": "success", "message": "record added",
        "details": {"id": "77", "Modified_Time": "2026-03-01T12:00:00+02:00"}});
    assert_eq!(
        of(Op::Create, done.clone()),
        Outcome::Done(Stored::Accepted {
            id: RemoteId::from("77"),
            version: Version::from("2026-03-01T10:00:00Z"),
            changed_at: Some(Moment(1_772_359_200)),
            listed: None,
        })
    );
    assert_eq!(of(Op::Delete, done), Outcome::Done(Stored::Nothing));
    let nameless = json!({"code": "SUCCESS", "details": {}});
    assert!(matches!(
        of(Op::Create, nameless),
        Outcome::Uncertain { .. }
    ));
    let moved = json!({"code": "ALREADY_MODIFIED", "status": "error", "details": {"id": "5"}});
    assert_eq!(of(Op::Update, moved), Outcome::Stale);
    let twin = json!({"code": "DUPLICATE_DATA", "details": {"api_name": "Email",
        "duplicate_record": {"id": "42", "module": {"api_name": "Contacts"}}}});
    assert_eq!(
        of(Op::Create, twin.clone()),
        Outcome::Duplicate {
            of: RemoteId::from("42")
        }
    );
    assert!(matches!(of(Op::Update, twin), Outcome::Rejected(_)));
    let other =
        json!({"code": "DUPLICATE_DATA", "details": {"api_name": "First_Name", "id": "42"}});
    let Outcome::Rejected(refusal) = of(Op::Create, other) else {
        panic!("another unique field does not make two records one contact");
    };
    assert_eq!(refusal.field, Some(Field(1)));
    for code in [
        "RECORD_LOCKED",
        "NOT_APPROVED",
        "RECORD_IN_BLUEPRINT",
        "NO_PERMISSION",
    ] {
        let outcome = of(Op::Update, json!({"code": code, "details": {}}));
        assert!(
            matches!(outcome, Outcome::Denied { .. }),
            "{code}: {outcome:?}"
        );
    }
    let unknown = json!({"code": "INVALID_DATA", "message": "the id given seems to be invalid",
        "details": {"id": "5"}});
    assert_eq!(of(Op::Update, unknown.clone()), Outcome::Stale);
    assert_eq!(of(Op::Delete, unknown), Outcome::Gone);
    let many = json!({"code": "MULTIPLE_OR_MULTI_ERRORS", "details": {"errors": [
        {"code": "INVALID_DATA", "details": {"api_name": "Last_Name", "maximum_length": 80}}]}});
    let Outcome::Rejected(refusal) = of(Op::Create, many) else {
        panic!("rejected");
    };
    assert_eq!(refusal.field, Some(Field(2)));
    assert!(refusal.reason.contains("Last Name") && refusal.reason.contains("80"));
}

#[test]
fn metadata_says_who_may_write_what() {
    let field = info(&meta("Title", "text", json!({"field_read_only": true})));
    assert!(!field.creatable && !field.updatable && !field.hidden);
    let field = info(&meta("Title", "text", json!({"visible": false})));
    assert!(field.hidden && !field.updatable);
    let field = info(&meta(
        "Title",
        "text",
        json!({"profiles": [{"id": "8", "permission_type": "hidden"}]}),
    ));
    assert!(!field.hidden, "another profile's permission");
    let field = info(&meta(
        "Created",
        "text",
        json!({"operation_type": {"api_create": true, "api_update": false}}),
    ));
    assert!(field.creatable && !field.updatable);
    let field = info(&fields()[4]);
    assert_eq!(field.choices.len(), 2, "unused values are left out");
}

#[test]
fn vetting_names_the_label_and_never_the_value() {
    let gear = gear();
    let none = BTreeMap::new();
    let create = |at: u16, value: &str| {
        let fields: Fields = [(Field(at), Value::plain(value))].into();
        write(Change::Create {
            fields,
            twin_holds: BTreeMap::new(),
            unread: Vec::new(),
        })
    };
    let long = "x".repeat(41);
    for (at, value, word) in [
        (1, long.as_str(), "41 characters"),
        (0, "no address", "no e-mail address"),
        (4, "Carrier pigeon", "none of the 2 values"),
        (5, "29 February", "type date"),
    ] {
        let refusal = vet(&gear, &none, &create(at, value)).unwrap_err();
        assert_eq!(refusal.field, Some(Field(at)));
        assert!(refusal.reason.contains(word), "{}", refusal.reason);
        assert!(!refusal.reason.contains(value) && !refusal.hint.contains(value));
    }
    assert!(
        vet(&gear, &none, &create(3, &long)).is_ok(),
        "a lookup is never written"
    );
    assert!(vet(&gear, &none, &create(4, "web")).is_ok());
    let clear = |at: u16| {
        let swap = Swap {
            from: Some(Value::plain("x")),
            to: None,
        };
        write(Change::Update {
            id: RemoteId::from("5"),
            expected: Version::from("v"),
            native: crate::model::Native::default(),
            patch: [(Field(at), swap)].into(),
        })
    };
    assert!(vet(&gear, &none, &clear(1)).is_ok());
    assert!(
        vet(&gear, &none, &clear(2))
            .unwrap_err()
            .reason
            .contains("mandatory")
    );
}

#[test]
fn a_mandatory_field_needs_a_value_or_a_default() {
    let mut all = fields();
    all.push(meta(
        "Company_Code",
        "text",
        json!({"system_mandatory": true}),
    ));
    let gear = gear_with(&all, Extra::default());
    let create = write(Change::Create {
        fields: [(Field(0), Value::plain("a@example.com"))].into(),
        twin_holds: BTreeMap::new(),
        unread: Vec::new(),
    });
    let refusal = vet(&gear, &BTreeMap::new(), &create).unwrap_err();
    assert!(refusal.reason.contains("Company Code") && refusal.hint.contains("[crm.defaults]"));
    let defaults = BTreeMap::from([("Company_Code".to_owned(), json!("X1"))]);
    assert!(vet(&gear, &defaults, &create).is_ok());
}

#[test]
fn refusals_of_a_call_name_the_cure() {
    let explain = |status, said: Json| {
        let answer = Answer {
            status,
            headers: HeaderMap::new(),
            body: Vec::new(),
        };
        explain(Some(&item(said)), &answer, "read", "ZohoCRM.coql.READ")
    };
    let scope = explain(401, json!({"code": "OAUTH_SCOPE_MISMATCH", "details": {}}));
    assert_eq!(scope.kind, Kind::Forbidden);
    assert!(scope.reason.contains("ZohoCRM.coql.READ") && scope.hint.is_some());
    let right = explain(
        403,
        json!({"code": "NO_PERMISSION", "details": {"permissions": ["Crm_Implied_View_Contacts"]}}),
    );
    assert_eq!(right.kind, Kind::Forbidden);
    assert!(right.reason.contains("Crm_Implied_View_Contacts"));
    assert!(right.hint.unwrap().contains("Profiles"));
    for (status, code, kind) in [
        (401, "INVALID_TOKEN", Kind::Unauthorized),
        (401, "AUTHENTICATION_FAILURE", Kind::Unauthorized),
        (400, "INVALID_MODULE", Kind::Unknown),
        (404, "INVALID_URL_PATTERN", Kind::Unknown),
    ] {
        assert_eq!(
            explain(status, json!({ "code": code })).kind,
            kind,
            "{code}"
        );
    }
    let view = explain(
        400,
        json!({"code": "INVALID_DATA", "details": {"param_name": "cvid"}}),
    );
    assert_eq!(view.kind, Kind::Unknown);
}
