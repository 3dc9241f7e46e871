//! The simulated Odoo itself: what the connector's tests rely on, and the server that a client which we did not write is
//! run against (`tests/clients/run`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

#[path = "sim/host.rs"]
mod host;
#[expect(dead_code, reason = "shared with the connector's tests")]
#[path = "sim/odoo/mod.rs"]
mod sim;

use serde_json::{Value as Json, json};
use sim::{DATABASE, KEY, LOGIN, Mishap, Sim, UID, lock};

/// Serves until standard input ends; the addresses of version 18 and 19 are the first line.
#[test]
#[ignore = "a server for tests/clients/run"]
fn serve() {
    let (old, new) = (Sim::start(18), Sim::start(19));
    println!("odoo on {} {}", old.endpoint(), new.endpoint());
    let mut nothing = String::new();
    while std::io::stdin().read_line(&mut nothing).unwrap() > 0 {}
}

async fn post(sim: &Sim, path: &str, key: &str, body: &Json) -> (u16, Json) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let sent = client
        .post(format!("{}{path}", sim.endpoint()))
        .header("authorization", format!("bearer {key}"))
        .json(body)
        .send()
        .await
        .unwrap();
    (
        sent.status().as_u16(),
        sent.json().await.unwrap_or_default(),
    )
}

async fn rpc(sim: &Sim, key: &str, model: &str, method: &str, args: Json, named: Json) -> Json {
    let args = json!([DATABASE, UID, key, model, method, args, named]);
    let params = json!({"service": "object", "method": "execute_kw", "args": args});
    let body = json!({"jsonrpc": "2.0", "method": "call", "id": 4, "params": params});
    let (status, answer) = post(sim, "/jsonrpc", "", &body).await;
    assert_eq!(
        (status, &answer["id"]),
        (200, &json!(4)),
        "whatever happened"
    );
    answer
}

fn provider() {
    drop(rustls::crypto::ring::default_provider().install_default());
}

#[tokio::test]
async fn a_batch_is_one_transaction_with_one_time() {
    provider();
    let sim = Sim::start(18);
    let made = rpc(
        &sim,
        KEY,
        "res.partner",
        "create",
        json!([[{"name": "A"}, {"name": "B"}]]),
        json!({}),
    )
    .await;
    assert_eq!(made["result"].as_array().unwrap().len(), 2);
    {
        let world = lock(&sim.world);
        let times: Vec<i64> = world
            .tables
            .partners
            .values()
            .map(|partner| partner.written)
            .collect();
        assert_eq!(times[0], times[1]);
    }
    let failed = rpc(
        &sim,
        KEY,
        "res.partner",
        "create",
        json!([[{"name": "C"}, {"email": "x"}]]),
        json!({}),
    )
    .await;
    assert_eq!(
        failed["error"]["data"]["name"],
        "odoo.exceptions.ValidationError"
    );
    assert_eq!(lock(&sim.world).count(), 2, "rolled back");
}

#[tokio::test]
async fn times_are_compared_as_each_version_does_it() {
    provider();
    for (version, again) in [(18, 1), (19, 0)] {
        let sim = Sim::start(version);
        let id = lock(&sim.world).add(&json!({"name": "A"}));
        let shown = {
            let mut world = lock(&sim.world);
            let partner = world.tables.partners.get_mut(&id).unwrap();
            partner.written -= partner.written.rem_euclid(1_000_000);
            partner.written += 93_834;
            world.shown(id)["write_date"].clone()
        };
        let after = |sign: &str| json!([[["write_date", sign, shown]]]);
        let found = rpc(&sim, KEY, "res.partner", "search", after(">"), json!({})).await;
        assert_eq!(found["result"].as_array().unwrap().len(), again);
        let found = rpc(&sim, KEY, "res.partner", "search", after(">="), json!({})).await;
        assert_eq!(found["result"], json!([id]));
    }
}

#[tokio::test]
async fn both_interfaces_answer_mistakes_as_seen() {
    provider();
    let sim = Sim::start(19);
    let call = async |path: &str, key: &str, body: Json| {
        let (status, answer) = post(&sim, path, key, &body).await;
        (
            status,
            answer["name"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let partner = |method: &str| format!("/json/2/res.partner/{method}");
    let all = json!({"domain": []});
    assert_eq!(call(&partner("search"), "wrong", all.clone()).await.0, 401);
    assert_eq!(
        call("/json/2/nonesuch/search", KEY, all.clone()).await.0,
        404
    );
    assert_eq!(call(&partner("nonesuch"), KEY, all.clone()).await.0, 404);
    assert_eq!(call(&partner("_search"), KEY, all).await.0, 403);
    let unknown = json!({"domain": [["nofield", "=", 1]]});
    let wrong = call(&partner("search"), KEY, unknown.clone()).await;
    assert_eq!(wrong, (500, "builtins.ValueError".to_owned()));
    assert_eq!(
        call(&partner("write"), KEY, json!({"ids": [1], "vals": {}}))
            .await
            .0,
        404
    );
    let nameless = json!({"vals_list": [{"email": "x"}]});
    assert_eq!(call(&partner("create"), KEY, nameless).await.0, 422);
    let denied = rpc(
        &sim,
        "wrong",
        "res.partner",
        "search",
        json!([[]]),
        json!({}),
    )
    .await;
    assert_eq!(
        denied["error"]["data"]["name"],
        "odoo.exceptions.AccessDenied"
    );
    let wrong = rpc(
        &sim,
        KEY,
        "res.partner",
        "search",
        json!([unknown["domain"]]),
        json!({}),
    )
    .await;
    assert_eq!(wrong["error"]["code"], 200);
    lock(&sim.world).mishap("res.partner search", Mishap::Status(502));
    assert_eq!(
        call(&partner("search"), KEY, json!({})).await,
        (502, String::new())
    );
    let whoever = json!({"service": "common", "method": "authenticate", "args": [DATABASE, LOGIN, "wrong", {}]});
    let body = json!({"jsonrpc": "2.0", "method": "call", "id": 1, "params": whoever});
    assert_eq!(
        post(&sim, "/jsonrpc", "", &body).await.1["result"],
        json!(false)
    );
}
