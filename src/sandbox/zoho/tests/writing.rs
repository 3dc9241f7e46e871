//! Create, update, upsert and delete: outcomes, refusals, locks.

use serde_json::{Value, json};

use super::super::store::time_text;
use super::{Bench, START, answer, fault};
use crate::sandbox::faults::FaultKind;

fn codes(body: &Value) -> Vec<&str> {
    let data = body["data"].as_array().unwrap();
    data.iter()
        .map(|outcome| outcome["code"].as_str().unwrap())
        .collect()
}

#[test]
fn outcomes_are_aligned_and_the_status_sums_them_up() {
    let mut bench = Bench::new();
    let good = json!({"Last_Name": "A", "Unknown_Field": 1});
    let nameless = json!({"First_Name": "B"});
    let long =
        json!({"Last_Name": "x".repeat(81), "Phone": "call me!", "Date_of_Birth": "1.2.1990"});
    let body = json!({"data": [good, nameless, long], "trigger": []});
    let (status, reply) = bench.send("POST", "/Contacts", &body);
    assert_eq!(status, 207);
    assert_eq!(
        codes(&reply),
        ["SUCCESS", "MANDATORY_NOT_FOUND", "MULTIPLE_OR_MULTI_ERRORS"]
    );
    assert_eq!(
        reply["data"][1]["details"]["json_path"],
        "$.data[1].Last_Name"
    );
    assert_eq!(
        reply["data"][2]["details"]["errors"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(bench.world.dump()["contacts"][0]["last_trigger"], json!([]));
    let (status, _) = bench.send("POST", "/Contacts", &json!({"data": [nameless]}));
    assert_eq!(status, 400);
    for (body, code) in [
        (json!({"data": {}}), "INVALID_DATA"),
        (json!({}), "MANDATORY_NOT_FOUND"),
        (
            json!({"data": vec![json!({"Last_Name": "A"}); 101]}),
            "LIMIT_EXCEEDED",
        ),
    ] {
        let (status, reply) = bench.send("POST", "/Contacts", &body);
        assert_eq!((status, reply["code"].as_str().unwrap()), (400, code));
    }
}

#[test]
fn the_lock_header_refuses_what_was_modified_since() {
    let mut bench = Bench::with_contacts(1);
    let id = bench.world.dump()["contacts"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let target = format!("/Contacts/{id}");
    let item = json!({"data": [{"Title": "T"}]});
    bench.headers = vec![("if-unmodified-since", time_text(START - 1, 0))];
    let (status, reply) = bench.send("PUT", &target, &item);
    assert_eq!((status, codes(&reply)), (412, vec!["ALREADY_MODIFIED"]));
    assert_eq!(
        reply["data"][0]["details"]["Modified_Time"],
        json!(time_text(START, 120))
    );
    bench.headers = vec![("if-unmodified-since", time_text(START, 0))];
    bench.now += 5;
    assert_eq!(bench.send("PUT", &target, &item).0, 200);
    bench.headers = vec![("if-unmodified-since", "yesterday".to_owned())];
    assert_eq!(bench.send("PUT", &target, &item).0, 200);
    bench.admin("switch", &json!({"malformed_lock": "refuse"}));
    assert_eq!(bench.send("PUT", &target, &item).0, 400);
}

#[test]
fn an_update_without_effect_is_a_modification_and_null_clears() {
    let mut bench = Bench::with_contacts(1);
    let id = bench.world.dump()["contacts"][0]["id"].clone();
    bench.now += 60;
    let item =
        json!({"data": [{"id": id, "Last_Name": "Name0", "Email": null, "Created_Time": "x"}]});
    let (status, reply) = bench.send("PUT", "/Contacts", &item);
    assert_eq!(status, 200);
    assert_eq!(
        reply["data"][0]["details"]["Modified_Time"],
        json!(time_text(START + 60, 120))
    );
    assert_eq!(bench.world.dump()["contacts"][0]["Email"], Value::Null);
    let mandatory = json!({"data": [{"id": id, "Last_Name": null}]});
    let (_, reply) = bench.send("PUT", "/Contacts", &mandatory);
    assert_eq!(codes(&reply), ["MANDATORY_NOT_FOUND"]);
    bench.admin("switch", &json!({"read_only_fields": "refuse"}));
    assert_eq!(
        codes(&bench.send("PUT", "/Contacts", &item).1),
        ["NOT_ALLOWED"]
    );
    let gone = json!({"data": [{"id": "1", "Title": "x"}, {"Title": "x"}]});
    let (_, reply) = bench.send("PUT", "/Contacts", &gone);
    assert_eq!(codes(&reply), ["INVALID_DATA", "MANDATORY_NOT_FOUND"]);
}

#[test]
fn unique_fields_refuse_duplicates_and_upsert_finds_them() {
    let mut bench = Bench::with_contacts(2);
    let twin = json!({"data": [{"Last_Name": "Again", "Email": "C0@example.com"}]});
    let (status, reply) = bench.send("POST", "/Contacts/upsert", &twin);
    assert_eq!(status, 200);
    assert_eq!(reply["data"][0]["action"], "update");
    assert_eq!(reply["data"][0]["duplicate_field"], "Email");
    assert_eq!(
        bench.send("POST", "/Contacts", &twin).0,
        201,
        "a plain POST may double"
    );
    let (_, reply) = bench.send("POST", "/Contacts/upsert", &twin);
    assert_eq!(reply["data"][0]["details"]["more_records"], true);
    bench.admin("set_field", &json!({"api_name": "Email", "unique": true}));
    let (status, reply) = bench.send(
        "POST",
        "/Contacts",
        &json!({"data": [{"Last_Name": "B", "Email": "c1@example.com"}]}),
    );
    assert_eq!((status, codes(&reply)), (400, vec!["DUPLICATE_DATA"]));
    assert!(reply["data"][0]["details"]["duplicate_record"]["id"].is_string());
    bench.admin(
        "add_field",
        &json!({"api_name": "Google_Id", "unique": true}),
    );
    let listed = json!({"data": [{"Last_Name": "C", "Email": "c1@example.com", "Google_Id": "g"}],
        "duplicate_check_fields": ["Google_Id"]});
    let (_, reply) = bench.send("POST", "/Contacts/upsert", &listed);
    assert_eq!(
        codes(&reply),
        ["DUPLICATE_DATA"],
        "Email is not looked at, yet it is unique"
    );
    let wrong = json!({"data": [{"Last_Name": "C"}], "duplicate_check_fields": ["Phone"]});
    assert_eq!(bench.send("POST", "/Contacts/upsert", &wrong).0, 400);
}

#[test]
fn locked_records_lists_and_lookups() {
    let mut bench = Bench::with_contacts(1);
    let id = bench.world.dump()["contacts"][0]["id"].clone();
    let item = |fields: Value| {
        let mut fields = fields;
        fields["id"] = id.clone();
        json!({ "data": [fields] })
    };
    let odd = item(json!({"Lead_Source": "Nowhere"}));
    assert_eq!(bench.send("PUT", "/Contacts", &odd).0, 200, "kept");
    bench.admin("switch", &json!({"picklist_strict": true}));
    let (_, reply) = bench.send("PUT", "/Contacts", &odd);
    assert!(reply["data"][0]["details"]["supported_values"].is_array());
    let (_, reply) = bench.send(
        "PUT",
        "/Contacts",
        &item(json!({"Account_Name": "Example"})),
    );
    assert_eq!(reply["data"][0]["details"]["expected_data_type"], "lookup");
    bench.admin("lock_record", &json!({"id": id, "code": "NOT_APPROVED"}));
    let (_, reply) = bench.send("PUT", "/Contacts", &item(json!({"Title": "x"})));
    assert_eq!(codes(&reply), ["NOT_APPROVED"]);
    let path = format!("/Contacts?ids={}", id.as_str().unwrap());
    assert_eq!(
        codes(&bench.send("DELETE", &path, &Value::Null).1),
        ["NOT_APPROVED"]
    );
    let partial = fault(FaultKind::BatchPartial, json!({"index": 1}));
    let two = json!({"data": [{"Last_Name": "A"}, {"Last_Name": "B"}]});
    let reply = bench.call("POST", "/crm/v8/Contacts", &two, Some(&partial));
    let (status, body) = answer(&reply);
    assert_eq!(
        (status, codes(&body)),
        (207, vec!["SUCCESS", "RECORD_LOCKED"])
    );
}

#[test]
fn deletes_are_limited_and_can_be_restored() {
    let mut bench = Bench::with_contacts(1);
    let id = bench.world.dump()["contacts"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        bench.send("DELETE", "/Contacts", &Value::Null).1["code"],
        "REQUIRED_PARAM_MISSING"
    );
    let many = vec!["1"; 101].join(",");
    let (_, reply) = bench.send("DELETE", &format!("/Contacts?ids={many}"), &Value::Null);
    assert_eq!(reply["code"], "LIMIT_EXCEEDED");
    let both = format!("/Contacts?ids={id},1");
    let (status, reply) = bench.send("DELETE", &both, &Value::Null);
    assert_eq!(
        (status, codes(&reply)),
        (207, vec!["SUCCESS", "INVALID_DATA"])
    );
    bench.admin("restore", &json!({ "id": id }));
    assert_eq!(bench.get(&format!("/Contacts/{id}")).0, 200);
}

#[test]
fn other_modules_have_their_own_mandatory_names() {
    let mut bench = Bench::new();
    let vendor = json!({"data": [{"Vendor_Name": "Example Supplies", "Email": "v@example.com"}]});
    assert_eq!(bench.send("POST", "/Vendors", &vendor).0, 201);
    let lead = json!({"data": [{"Last_Name": "L"}]});
    let (_, reply) = bench.send("POST", "/Leads", &lead);
    assert_eq!(reply["data"][0]["details"]["api_name"], "Company");
    assert_eq!(
        bench
            .coql("select Vendor_Name from Vendors where Email = 'v@example.com'")
            .0,
        200
    );
}

#[test]
fn photos_are_kept() {
    let mut bench = Bench::with_contacts(1);
    let id = bench.world.dump()["contacts"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/Contacts/{id}/photo");
    assert_eq!(bench.get(&path).0, 204);
    bench.headers = vec![(
        "content-type",
        "multipart/form-data; boundary=XX".to_owned(),
    )];
    let body = b"--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.gif\"\r\n\r\nGIF89a\r\n--XX--\r\n";
    let request = bench.request("POST", &format!("/crm/v8{path}"), body);
    let now = bench.time();
    assert_eq!(bench.world.handle(&request, now, None).status, 200);
    let reply = bench.call("GET", &format!("/crm/v8{path}"), &Value::Null, None);
    assert_eq!(
        (reply.media_type, reply.body.as_slice()),
        (Some("image/gif"), b"GIF89a".as_slice())
    );
    assert_eq!(bench.send("DELETE", &path, &Value::Null).0, 200);
    assert_eq!(bench.get(&path).0, 204);
}
