//! COQL: grammar, limits, answers, and speed by keyset.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::store::time_text;
use super::{Bench, START};

fn code(answer: &(u16, Value)) -> &str {
    answer.1["code"].as_str().unwrap_or("")
}

#[test]
fn criteria_stand_in_pairs() {
    let mut bench = Bench::with_contacts(3);
    let three = bench.coql("select id from Contacts where id > 0 and id > 1 and id > 2");
    assert_eq!((three.0, code(&three)), (400, "SYNTAX_ERROR"));
    let pairs = bench.coql(
        "select id from Contacts where (id > 0 and (id > 1 and Email like 'c%@example.com')) limit 2",
    );
    assert_eq!(pairs.0, 200);
    assert_eq!(pairs.1["info"], json!({"count": 2, "more_records": true}));
    let no_where = bench.coql("select id from Contacts limit 2");
    assert_eq!(no_where.1["details"]["clause"], "where");
    for broken in [
        "select id from Contacts where Email = 'a",
        "select id from Contacts where Email in ()",
        "update Contacts set Email = 'a'",
        "select id from Contacts where Email = null",
        "select id from Contacts where id > 0 limit x",
        "select id from Contacts where id > 0 limit 1 nonsense",
    ] {
        let answer = bench.coql(broken);
        assert_eq!(code(&answer), "SYNTAX_ERROR", "{broken}");
    }
}

#[test]
fn limits_hold_and_the_older_ones_can_be_had() {
    let mut bench = Bench::with_contacts(1);
    let many = |count: usize| {
        let list: Vec<String> = (0..count)
            .map(|number| format!("'c{number}@example.com'"))
            .collect();
        format!(
            "select id from Contacts where Email in ({})",
            list.join(",")
        )
    };
    assert_eq!(bench.coql(&many(100)).0, 200);
    assert_eq!(code(&bench.coql(&many(101))), "LIMIT_EXCEEDED");
    let wide = "select id from Contacts where id > 0 limit 2001";
    assert_eq!(code(&bench.coql(wide)), "LIMIT_EXCEEDED");
    let far = "select id from Contacts where id > 0 limit 2000 offset 98001";
    assert_eq!(code(&bench.coql(far)), "LIMIT_EXCEEDED");
    let two = "select id from Contacts where id > 0 limit 2000";
    assert_eq!(bench.coql(two).0, 200);
    bench.admin("switch", &json!({"coql_legacy_limits": true}));
    assert_eq!(code(&bench.coql(two)), "LIMIT_EXCEEDED");
    assert_eq!(code(&bench.coql(&many(51))), "LIMIT_EXCEEDED");
}

#[test]
fn bad_columns_operators_and_views_are_named() {
    let mut bench = Bench::with_contacts(1);
    let unknown = bench.coql("select Nonsense from Contacts where id > 0");
    assert_eq!(code(&unknown), "INVALID_QUERY");
    assert_eq!(unknown.1["details"]["column_name"], "Nonsense");
    let shared = bench.view("Co-owner");
    let answer = bench.coql(&format!(
        "select id from Contacts#{shared} where id is not null"
    ));
    assert_eq!(code(&answer), "INVALID_QUERY");
    assert_eq!(answer.1["details"]["cvid"], json!(shared));
    bench.admin(
        "set_field",
        &json!({"api_name": "Email", "encrypted": true}),
    );
    let hidden = bench.coql("select id from Contacts where Email = 'c0@example.com'");
    assert_eq!(hidden.1["details"]["operator"], "=");
    assert_eq!(
        bench
            .coql("select id from Contacts where Email is not null")
            .0,
        200
    );
    bench.admin("set_field", &json!({"api_name": "Phone", "hidden": true}));
    assert_eq!(
        code(&bench.coql("select Phone from Contacts where id > 0")),
        "INVALID_QUERY"
    );
    let bare =
        bench.coql("select id from Contacts where Modified_Time >= 2026-01-01T00:00:00+00:00");
    assert_eq!(code(&bare), "INVALID_QUERY");
}

#[test]
fn times_quotes_lookups_and_case() {
    let mut bench = Bench::new();
    bench.add(
        &json!({"Last_Name": "O'Brien", "Email": "Ann@Example.com", "Account_Name": "Example Ltd"}),
    );
    let (_, body) = bench.coql(
        r"select Last_Name, Account_Name, Account_Name.Account_Name, Modified_Time from Contacts where Last_Name = 'O\'Brien'",
    );
    let row = &body["data"][0];
    assert_eq!(row["Account_Name.Account_Name"], "Example Ltd");
    assert_eq!(row["Account_Name"].as_object().unwrap().len(), 1);
    assert_eq!(row["Modified_Time"], json!(time_text(START, 120)));
    let since = |second: i64| {
        format!(
            "select id from Contacts where Modified_Time >= '{}'",
            time_text(second, -420)
        )
    };
    assert_eq!(bench.coql(&since(START)).0, 200);
    assert_eq!(bench.coql(&since(START + 1)).0, 204);
    let lower = "select id from Contacts where Email in ('ann@example.com', 'x@example.com')";
    assert_eq!(bench.coql(lower).0, 200);
    bench.admin("switch", &json!({"coql_case_sensitive": true}));
    assert_eq!(bench.coql(lower).0, 204);
    let exact = "select id from Contacts where Email = 'Ann@Example.com'";
    assert_eq!(bench.coql(exact).0, 200);
    assert_eq!(
        bench
            .coql("select id from Contacts where Email != 'a@b.example'")
            .0,
        200
    );
    assert_eq!(
        bench.coql("select id from Contacts where Phone != '1'").0,
        204
    );
    assert_eq!(
        bench.coql("select id from Contacts where Phone is null").0,
        200
    );
}

#[test]
fn a_view_and_a_key_walk_a_large_module_quickly() {
    let mut bench = Bench::with_contacts(20_000);
    let all = bench.view("All Contacts");
    let begin = Instant::now();
    let (mut last, mut seen) = ("0".to_owned(), 0);
    loop {
        let (status, body) = bench.coql(&format!(
            "select id, Email from Contacts#{all} where (Modified_Time >= '2020-01-01T00:00:00Z' and id > {last}) order by id asc limit 2000"
        ));
        if status == 204 {
            break;
        }
        let data = body["data"].as_array().unwrap();
        seen += data.len();
        data[data.len() - 1]["id"]
            .as_str()
            .unwrap()
            .clone_into(&mut last);
    }
    assert_eq!(seen, 20_000);
    assert!(
        begin.elapsed() < Duration::from_secs(20),
        "{:?}",
        begin.elapsed()
    );
    let (_, ordered) =
        bench.coql("select Email from Contacts where id > 0 order by Email desc limit 1");
    assert_eq!(ordered["data"][0]["Email"], "c9@example.com");
}
