//! Whole calls against the simulated People API, without a server.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::sandbox::oauth::{FIXED_READONLY_TOKEN, FIXED_TOKEN};

struct Service {
    world: PeopleWorld,
    now: Timestamp,
    token: &'static str,
}

impl Service {
    fn new() -> Self {
        Self {
            world: PeopleWorld::new(1),
            now: Timestamp::from_second(1_800_000_000).unwrap(),
            token: FIXED_TOKEN,
        }
    }

    fn ask(&mut self, method: &str, target: &str, body: &Value) -> (u16, Value) {
        self.ask_with(method, target, body, None)
    }

    fn ask_with(
        &mut self,
        method: &str,
        target: &str,
        body: &Value,
        fault: Option<&Fault>,
    ) -> (u16, Value) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            headers: [("authorization".to_owned(), format!("Bearer {}", self.token))].into(),
            body: if body.is_null() {
                Vec::new()
            } else {
                body.to_string().into_bytes()
            },
        };
        let reply = self.world.handle(&request, self.now, fault);
        (
            reply.status,
            serde_json::from_slice(&reply.body).unwrap_or_default(),
        )
    }

    fn get(&mut self, target: &str) -> (u16, Value) {
        self.ask("GET", target, &Value::Null)
    }

    fn later(&mut self, seconds: i64) {
        self.now = self
            .now
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap();
    }

    fn add(&mut self, number: usize) -> String {
        let person = json!({"names": [{"givenName": format!("N{number}")}]});
        self.world.add_contact(&person, self.now).unwrap()
    }

    fn list(&mut self, more: &str) -> (u16, Value) {
        self.get(&format!("{LIST}{more}"))
    }
}

const LIST: &str = "/v1/people/me/connections?personFields=names,metadata&pageSize=3&requestSyncToken=true&sources=READ_SOURCE_TYPE_CONTACT";

fn count(answer: &Value) -> usize {
    answer["connections"].as_array().map_or(0, Vec::len)
}

#[test]
fn pages_hold_everyone_once_and_the_last_one_the_sync_token() {
    let mut service = Service::new();
    for number in 0..7 {
        service.add(number);
    }
    let mut sizes = Vec::new();
    let mut page = String::new();
    loop {
        let (status, answer) = service.list(&page);
        assert_eq!(status, 200, "{answer}");
        sizes.push(count(&answer));
        let Some(token) = answer["nextPageToken"].as_str() else {
            assert!(answer["nextSyncToken"].is_string());
            break;
        };
        assert_eq!(answer["nextSyncToken"], Value::Null);
        page = format!("&pageToken={token}");
    }
    assert_eq!(sizes, [3, 3, 1]);
}

#[test]
fn a_page_token_is_bound_to_the_parameters() {
    let mut service = Service::new();
    for number in 0..4 {
        service.add(number);
    }
    let token = service.list("").1["nextPageToken"]
        .as_str()
        .unwrap()
        .to_owned();
    let other = LIST.replace("pageSize=3", "pageSize=2");
    let (status, answer) = service.get(&format!("{other}&pageToken={token}"));
    assert_eq!(
        (status, answer["error"]["status"].as_str()),
        (400, Some("INVALID_ARGUMENT"))
    );
    assert_eq!(service.list("&pageToken=nonsense").0, 400);
    assert_eq!(service.list(&format!("&pageToken={token}")).0, 200);
}

#[test]
fn a_change_during_paging_reaches_the_next_delta() {
    let mut service = Service::new();
    let names: Vec<_> = (0..4).map(|number| service.add(number)).collect();
    let token = service.list("").1["nextPageToken"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(service.world.delete_contact(&names[0], service.now));
    let (_, last) = service.list(&format!("&pageToken={token}"));
    let sync = last["nextSyncToken"].as_str().unwrap();
    let (_, delta) = service.list(&format!("&syncToken={sync}"));
    assert_eq!(count(&delta), 1);
    assert_eq!(
        delta["connections"][0]["metadata"],
        json!({"deleted": true})
    );
    assert_eq!(delta["connections"][0].get("names"), None);
}

#[test]
fn an_old_sync_token_is_expired_even_when_deltas_renewed_it() {
    let mut service = Service::new();
    service.add(0);
    let first = service.list("").1["nextSyncToken"]
        .as_str()
        .unwrap()
        .to_owned();
    service.later(6 * 86_400);
    let second = service.list(&format!("&syncToken={first}")).1["nextSyncToken"]
        .as_str()
        .unwrap()
        .to_owned();
    service.later(2 * 86_400);
    let (status, answer) = service.list(&format!("&syncToken={second}"));
    assert_eq!(status, 400);
    assert_eq!(
        answer["error"]["details"][0]["reason"],
        "EXPIRED_SYNC_TOKEN"
    );
}

#[test]
fn a_write_that_a_delta_does_not_show_yet_comes_with_a_later_one() {
    let mut service = Service::new();
    service.add(0);
    let token = service.list("").1["nextSyncToken"]
        .as_str()
        .unwrap()
        .to_owned();
    service
        .world
        .admin("switch", &json!({"delta_delay_seconds": 300}), service.now)
        .unwrap();
    service.later(3600);
    service.add(1);
    let (_, early) = service.list(&format!("&syncToken={token}"));
    assert_eq!(count(&early), 0);
    service.later(301);
    let token = early["nextSyncToken"].as_str().unwrap();
    assert_eq!(count(&service.list(&format!("&syncToken={token}")).1), 1);
}

#[test]
fn a_lagging_list_hides_the_new_shows_the_deleted_and_loses_nothing() {
    let mut service = Service::new();
    let old = service.add(0);
    service
        .world
        .admin("switch", &json!({"listing_lag_seconds": 300}), service.now)
        .unwrap();
    service.later(3600);
    service.add(1);
    assert!(service.world.delete_contact(&old, service.now));
    let (_, stale) = service.list("");
    assert_eq!(stale["connections"][0]["resourceName"], old.as_str());
    assert_eq!(count(&stale), 1);
    let token = stale["nextSyncToken"].as_str().unwrap();
    assert_eq!(count(&service.list(&format!("&syncToken={token}")).1), 2);
}

#[test]
fn a_stale_etag_changes_nothing() {
    let mut service = Service::new();
    let name = service.add(0);
    let (_, before) = service.get(&format!("/v1/{name}?personFields=names"));
    service
        .world
        .edit_contact(&name, &json!({"nicknames": [{"value": "x"}]}), service.now)
        .unwrap();
    let target = format!("/v1/{name}:updateContact?updatePersonFields=names");
    let body = json!({"etag": before["etag"], "names": [{"givenName": "Late"}]});
    let (status, answer) = service.ask("PATCH", &target, &body);
    assert_eq!(
        (status, answer["error"]["status"].as_str()),
        (400, Some("FAILED_PRECONDITION"))
    );
    let (_, after) = service.get(&format!("/v1/{name}?personFields=names"));
    assert_eq!(after["names"], before["names"]);
}

#[test]
fn a_batch_is_all_or_nothing_unless_it_is_switched() {
    let mut service = Service::new();
    let good = json!({"contactPerson": {"names": [{"givenName": "A"}]}});
    let bad = json!({"contactPerson": {"names": [{"givenName": "A"}, {"givenName": "B"}]}});
    let body = json!({"contacts": [good, bad], "readMask": "metadata"});
    for (partial, left) in [(false, 0), (true, 1)] {
        service
            .world
            .admin("switch", &json!({"batch_partial": partial}), service.now)
            .unwrap();
        let (status, answer) = service.ask("POST", "/v1/people:batchCreateContacts", &body);
        assert_eq!(status, 400);
        let named = answer["error"]["details"][0]["contactErrors"]
            .as_object()
            .unwrap();
        assert_eq!(named.keys().collect::<Vec<_>>(), ["1"]);
        assert_eq!(service.world.summary(0, 9).0, left);
    }
}

#[test]
fn a_forced_batch_failure_names_its_entries() {
    let mut service = Service::new();
    let good = json!({"contactPerson": {"names": [{"givenName": "A"}]}});
    let body = json!({"contacts": [good, good, good], "readMask": "metadata"});
    let fault = Fault {
        kind: FaultKind::BatchPartial,
        params: json!({"index": [0, 2]}),
    };
    let (status, answer) = service.ask_with(
        "POST",
        "/v1/people:batchCreateContacts",
        &body,
        Some(&fault),
    );
    assert_eq!(status, 400);
    let named = answer["error"]["details"][0]["contactErrors"]
        .as_object()
        .unwrap();
    assert_eq!(named.keys().collect::<Vec<_>>(), ["0", "2"]);
    assert_eq!(service.world.summary(0, 9).0, 0);
}

#[test]
fn the_account_is_full_at_its_cap_with_the_trash_counted() {
    let mut service = Service::new();
    service
        .world
        .admin("switch", &json!({"contacts_cap": 2}), service.now)
        .unwrap();
    let name = service.add(0);
    service.add(1);
    let body = json!({"names": [{"givenName": "C"}]});
    let create = "/v1/people:createContact?personFields=names";
    let (status, answer) = service.ask("POST", create, &body);
    assert_eq!(status, 400);
    assert!(answer.to_string().contains("MY_CONTACTS_OVERFLOW_COUNT"));
    service.world.delete_contact(&name, service.now);
    assert_eq!(
        service.ask("POST", create, &body).0,
        400,
        "the trash counts"
    );
    service.later(31 * 86_400);
    assert_eq!(service.ask("POST", create, &body).0, 200);
}

#[test]
fn a_token_that_only_reads_cannot_write_and_an_unknown_one_does_nothing() {
    let mut service = Service::new();
    service.token = FIXED_READONLY_TOKEN;
    assert_eq!(service.list("").0, 200);
    let body = json!({"names": [{"givenName": "C"}]});
    let (status, answer) =
        service.ask("POST", "/v1/people:createContact?personFields=names", &body);
    assert_eq!(
        (status, answer["error"]["status"].as_str()),
        (403, Some("PERMISSION_DENIED"))
    );
    service.token = "nobody";
    assert_eq!(service.list("").0, 401);
}

#[test]
fn quota_of_a_minute_comes_back_after_it() {
    let mut service = Service::new();
    service
        .world
        .admin(
            "switch",
            &json!({"critical_reads_per_minute": 2}),
            service.now,
        )
        .unwrap();
    assert_eq!(service.list("").0, 200);
    assert_eq!(service.list("").0, 200);
    let (status, answer) = service.list("");
    assert_eq!(status, 429);
    assert_eq!(
        answer["error"]["details"][0]["reason"],
        "RATE_LIMIT_EXCEEDED"
    );
    service.later(61);
    assert_eq!(service.list("").0, 200);
}

#[test]
fn the_profile_mixes_in_only_when_it_is_read() {
    let mut service = Service::new();
    let name = service.add(0);
    let profile = json!({"id": name, "fields": {"names": [{"displayName": "Public"}]}});
    service
        .world
        .admin("profile", &profile, service.now)
        .unwrap();
    let (_, both) = service.get(&format!("/v1/{name}?personFields=names,metadata"));
    assert_eq!(both["names"].as_array().map(Vec::len), Some(2));
    let (_, own) = service.get(&format!(
        "/v1/{name}?personFields=names&sources=READ_SOURCE_TYPE_CONTACT"
    ));
    assert_eq!(own["names"].as_array().map(Vec::len), Some(1));
}

#[test]
fn unknown_paths_are_html_and_unknown_parameters_are_named() {
    let mut service = Service::new();
    assert_eq!(
        service.ask("POST", "/v1/people/me:createContact", &json!({})),
        (404, Value::Null)
    );
    let (status, answer) = service.list("&updateMask=names");
    assert_eq!(status, 400);
    let message = answer["error"]["message"].as_str().expect("a message");
    assert!(message.contains("Unknown name \"updateMask\""), "{message}");
}
