//! Get Records, single records, the deletion feed, search and count.

use serde_json::{Value, json};

use super::super::store::time_text;
use super::{Bench, START, fault};
use crate::sandbox::faults::FaultKind;

fn ids(body: &Value) -> Vec<String> {
    let data = body["data"].as_array().unwrap();
    data.iter()
        .map(|record| record["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn parameters_are_checked() {
    let mut bench = Bench::with_contacts(1);
    let code = |bench: &mut Bench, target: &str| bench.refused(target).1;
    assert_eq!(code(&mut bench, "/Contacts"), "REQUIRED_PARAM_MISSING");
    let many: Vec<String> = (0..51).map(|number| format!("F{number}")).collect();
    let target = format!("/Contacts?fields={}", many.join(","));
    assert_eq!(bench.refused(&target), (400, "LIMIT_EXCEEDED".to_owned()));
    let all = bench.view("All Contacts");
    let both = format!("/Contacts?fields=Email&cvid={all}&sort_by=id");
    assert_eq!(code(&mut bench, &both), "AMBIGUITY_DURING_PROCESSING");
    assert_eq!(
        code(&mut bench, "/Contacts?fields=Email&page=11"),
        "DISCRETE_PAGINATION_LIMIT_EXCEEDED"
    );
    assert_eq!(
        code(&mut bench, "/Contacts?fields=Email&cvid=5"),
        "INVALID_DATA"
    );
    assert_eq!(
        code(&mut bench, "/Contacts?fields=Email&per_page=201"),
        "INVALID_DATA"
    );
    assert_eq!(code(&mut bench, "/Nonsense?fields=Email"), "INVALID_MODULE");
    assert_eq!(bench.refused("/settings/nothing").0, 404);
}

#[test]
fn page_tokens_walk_every_record_once_and_are_bound() {
    let mut bench = Bench::with_contacts(450);
    let (_, first) = bench.get("/Contacts?fields=Email");
    assert_eq!(first["info"]["count"], 200);
    let token = first["info"]["next_page_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut all = ids(&first);
    let mut next = Some(token.clone());
    while let Some(token) = next {
        let (_, page) = bench.get(&format!("/Contacts?fields=Email&page_token={token}"));
        all.extend(ids(&page));
        next = page["info"]["next_page_token"].as_str().map(str::to_owned);
    }
    assert_eq!(all.len(), 450);
    assert!(all.is_sorted_by(|one, other| one > other), "ids descend");
    let other = format!("/Contacts?fields=Phone&page_token={token}");
    assert_eq!(bench.refused(&other).1, "TOKEN_BOUND_DATA_MISMATCH");
    let paged = format!("/Contacts?fields=Email&page=2&page_token={token}");
    assert_eq!(bench.refused(&paged).1, "AMBIGUITY_DURING_PROCESSING");
    bench.headers = vec![("if-modified-since", time_text(START, 0))];
    let same = format!("/Contacts?fields=Email&page_token={token}");
    assert_eq!(bench.refused(&same).1, "TOKEN_BOUND_DATA_MISMATCH");
    bench.headers.clear();
    bench.now += 86_400;
    assert_eq!(bench.refused(&same).1, "EXPIRED_VALUE");
}

#[test]
fn modified_since_takes_in_its_second_unless_switched() {
    let mut bench = Bench::with_contacts(2);
    bench.now += 10;
    let late = bench.add(&json!({"Last_Name": "Late"}));
    bench.headers = vec![("if-modified-since", time_text(START + 10, 330))];
    let (status, body) = bench.get("/Contacts?fields=Last_Name,Modified_Time");
    assert_eq!((status, ids(&body)), (200, vec![late]));
    assert_eq!(
        body["data"][0]["Modified_Time"],
        json!(time_text(START + 10, 120))
    );
    bench.admin("switch", &json!({"modified_since": "exclusive"}));
    assert_eq!(bench.get("/Contacts?fields=Last_Name"), (304, Value::Null));
    bench.admin("switch", &json!({"not_modified_status": 204}));
    assert_eq!(bench.get("/Contacts?fields=Last_Name").0, 204);
    bench.headers = vec![(
        "if-modified-since",
        "Wed, 21 Oct 2026 07:28:00 GMT".to_owned(),
    )];
    assert_eq!(
        bench.refused("/Contacts?fields=Last_Name").1,
        "PATTERN_NOT_MATCHED"
    );
}

#[test]
fn views_gain_and_lose_records_by_data_and_by_their_own_edit() {
    let mut bench = Bench::new();
    let id = bench.add(&json!({"Last_Name": "A", "Lead_Source": "Partner"}));
    let customers = bench.view("Customers");
    let target = format!("/Contacts?fields=Last_Name&cvid={customers}");
    assert_eq!(bench.get(&target).0, 200);
    let now = bench.time();
    let web = json!({"Lead_Source": "Web"}).as_object().unwrap().clone();
    assert!(bench.world.edit_contact(&id, web, now));
    assert_eq!(bench.get(&target).0, 204);
    let criteria =
        json!({"comparator": "equal", "field": {"api_name": "Lead_Source"}, "value": "Web"});
    bench.admin(
        "view_edit",
        &json!({"name": "Customers", "criteria": criteria}),
    );
    assert_eq!(bench.get(&target).0, 200);
    bench.admin("hide_record", &json!({ "id": id }));
    assert_eq!(bench.get(&target).0, 204);
    assert_eq!(bench.get(&format!("/Contacts/{id}")).0, 204);
    bench.admin("switch", &json!({"missing_record_status": 404}));
    assert_eq!(bench.get(&format!("/Contacts/{id}")).0, 404);
}

#[test]
fn the_feed_tells_of_deletions_for_their_windows() {
    let mut bench = Bench::with_contacts(2);
    let (_, body) = bench.get("/Contacts?fields=id");
    let all = ids(&body);
    let (status, _) = bench.send("DELETE", &format!("/Contacts?ids={}", all[0]), &Value::Null);
    assert_eq!(status, 200);
    let (_, feed) = bench.get("/Contacts/deleted?type=all");
    assert_eq!(feed["data"][0]["type"], "recycle");
    assert_eq!(feed["data"][0]["display_name"], "Name1");
    bench.now += 61 * 86_400;
    let (_, feed) = bench.get("/Contacts/deleted?type=all");
    assert_eq!(feed["data"][0]["type"], "permanent");
    assert_eq!(feed["data"][0]["display_name"], Value::Null);
    assert_eq!(bench.get("/Contacts/deleted?type=recycle").0, 204);
    bench.now += 60 * 86_400;
    assert_eq!(bench.get("/Contacts/deleted?type=all").0, 204);
}

#[test]
fn a_merge_leaves_no_trace_of_the_loser_unless_switched() {
    let mut bench = Bench::new();
    let one = bench.add(&json!({"Last_Name": "A"}));
    let two = bench.add(&json!({"Last_Name": "A", "Phone": "123"}));
    bench.admin("merge", &json!({"into": one, "from": two}));
    let (_, kept) = bench.get(&format!("/Contacts/{one}?fields=Phone"));
    assert_eq!(kept["data"][0]["Phone"], "123");
    assert_eq!(bench.get("/Contacts/deleted").0, 204);
}

#[test]
fn search_is_loose_and_lags_while_coql_is_exact() {
    let mut bench = Bench::new();
    bench.add(&json!({"Last_Name": "Team", "Email": "sales_team@example.com"}));
    let (status, body) = bench.get("/Contacts/search?email=sales-team@");
    assert_eq!((status, ids(&body).len()), (200, 1));
    assert_eq!(
        bench
            .coql("select id from Contacts where Email = 'sales-team@'")
            .0,
        204
    );
    bench.admin("switch", &json!({"search_delay_seconds": 60}));
    let item = json!({"data": [{"Last_Name": "New", "Email": "new@example.com"}]});
    assert_eq!(bench.send("POST", "/Contacts", &item).0, 201);
    assert_eq!(bench.get("/Contacts/search?email=new@example.com").0, 204);
    assert_eq!(
        bench
            .coql("select id from Contacts where Email = 'new@example.com'")
            .0,
        200
    );
    bench.now += 60;
    let both =
        "/Contacts/search?criteria=((Email:equals:new@example.com)and(Last_Name:starts_with:N))";
    assert_eq!(bench.get(both).0, 200);
    assert_eq!(bench.get("/Contacts/actions/count").1["count"], 2);
    let all = bench.view("All Contacts");
    let ambiguous = format!("/Contacts/actions/count?cvid={all}&email=new@example.com");
    assert_eq!(bench.refused(&ambiguous).1, "AMBIGUITY_DURING_PROCESSING");
}

#[test]
fn restricted_values_are_null_and_faults_leave_gaps() {
    let mut bench = Bench::with_contacts(100);
    bench.admin(
        "set_field",
        &json!({"api_name": "Email", "restricted": true}),
    );
    let (_, body) = bench.get("/Contacts?fields=Email");
    assert_eq!(body["data"][0]["Email"], Value::Null);
    let hole = fault(FaultKind::ListingHole, json!({"every": 10}));
    let reply = bench.call(
        "GET",
        "/crm/v8/Contacts?fields=Email",
        &Value::Null,
        Some(&hole),
    );
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(ids(&body).len(), 90);
}
