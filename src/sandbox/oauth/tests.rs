//! The sign-in's promises: proof keys, ended tokens, delegation.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::*;
use crate::sandbox::http::{Reply, Request};
use crate::sandbox::people::Switches;

const VERIFIER: &str = "0123456789012345678901234567890123456789abc";

struct Service {
    sign_ins: SignIns,
    switches: Switches,
    now: Timestamp,
}

impl Service {
    fn new() -> Self {
        let mut sign_ins = SignIns::new(1);
        sign_ins.set_base("http://127.0.0.1:1".to_owned());
        Self {
            sign_ins,
            switches: Switches::default(),
            now: Timestamp::from_second(1_800_000_000).unwrap(),
        }
    }

    fn later(&mut self, seconds: i64) {
        self.now = self
            .now
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap();
    }

    fn consent(&mut self, more: &[(&str, &str)]) -> Reply {
        let mut query = BTreeMap::from([
            ("client_id", CLIENT_ID),
            ("redirect_uri", "http://127.0.0.1:9/"),
            ("response_type", "code"),
            ("scope", CONTACTS),
            ("state", "s"),
            ("auto", "allow"),
        ]);
        query.extend(more.iter().copied());
        let request = Request {
            method: "GET".to_owned(),
            path: "/o/oauth2/v2/auth".to_owned(),
            query: query
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            headers: BTreeMap::new(),
            body: Vec::new(),
        };
        consent(&mut self.sign_ins, &self.switches, &request, self.now)
    }

    fn code(&mut self, more: &[(&str, &str)]) -> String {
        let back = location(&self.consent(more));
        back["code"].clone()
    }

    fn token(&mut self, form: &[(&str, &str)]) -> (u16, Value) {
        let mut all = BTreeMap::from([("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)]);
        all.extend(form.iter().copied());
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(all)
            .finish();
        let request = Request {
            method: "POST".to_owned(),
            path: "/token".to_owned(),
            query: Vec::new(),
            headers: BTreeMap::new(),
            body: body.into_bytes(),
        };
        let reply = token(&mut self.sign_ins, &self.switches, &request, self.now, None);
        (reply.status, serde_json::from_slice(&reply.body).unwrap())
    }

    fn exchange(&mut self, code: &str, more: &[(&str, &str)]) -> (u16, Value) {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", "http://127.0.0.1:9/"),
        ];
        form.extend(more);
        self.token(&form)
    }

    fn signed_in(&mut self) -> Value {
        let code = self.code(&[]);
        self.exchange(&code, &[]).1
    }

    fn refresh(&mut self, token: &Value) -> (u16, Value) {
        self.token(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", token.as_str().unwrap()),
        ])
    }

    fn assertion(&mut self, claims: &Value) -> (u16, Value) {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}.c2ln", part(&json!({"alg": "RS256"})), part(claims));
        self.token(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", &text),
        ])
    }

    fn claims(&self, subject: Option<&str>) -> Value {
        let second = self.now.as_second();
        let mut claims = json!({"iss": "robot@example.com", "scope": CONTACTS,
            "aud": "http://127.0.0.1:1/token", "iat": second, "exp": second + 3595});
        claims["sub"] = json!(subject);
        claims
    }
}

fn location(reply: &Reply) -> BTreeMap<String, String> {
    let (_, url) = reply
        .headers
        .iter()
        .find(|(name, _)| name == "location")
        .unwrap();
    Url::parse(url)
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect()
}

#[test]
fn a_code_needs_its_proof_key_and_works_once() {
    let mut service = Service::new();
    let challenge = URL_SAFE_NO_PAD.encode(<sha2::Sha256 as sha2::Digest>::digest(VERIFIER));
    let ask = [
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    for bad in [
        &[][..],
        &[(
            "code_verifier",
            "0123456789012345678901234567890123456789abX",
        )],
    ] {
        let code = service.code(&ask);
        let (status, answer) = service.exchange(&code, bad);
        assert_eq!(
            (status, answer["error"].as_str()),
            (400, Some("invalid_grant"))
        );
    }
    let code = service.code(&ask);
    let (status, answer) = service.exchange(&code, &[("code_verifier", VERIFIER)]);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["expires_in"], 3599);
    assert_eq!(
        service.exchange(&code, &[("code_verifier", VERIFIER)]).0,
        400
    );
}

#[test]
fn secret_and_redirect_must_be_right() {
    let mut service = Service::new();
    let code = service.code(&[]);
    let (status, answer) = service.exchange(&code, &[("client_secret", "")]);
    assert_eq!(
        (status, answer["error_description"].as_str()),
        (400, Some("client_secret is missing."))
    );
    let code = service.code(&[]);
    assert_eq!(
        service.exchange(&code, &[("client_secret", "wrong")]).0,
        401
    );
    let code = service.code(&[]);
    let (_, answer) = service.exchange(&code, &[("redirect_uri", "http://localhost:9/")]);
    assert_eq!(answer["error"], "redirect_uri_mismatch");
}

#[test]
fn refusals_before_consent_are_pages_and_never_redirects() {
    let mut service = Service::new();
    for (name, value) in [
        ("redirect_uri", "https://elsewhere.example.com/"),
        ("client_id", "unknown"),
        ("scope", ""),
    ] {
        let reply = service.consent(&[(name, value)]);
        assert!(reply.status >= 400 && reply.headers.is_empty(), "{name}");
    }
    service.switches.consent_error = "admin_policy_enforced".to_owned();
    let reply = service.consent(&[]);
    assert!(String::from_utf8_lossy(&reply.body).contains("admin_policy_enforced"));
}

#[test]
fn denying_and_unticking_come_back_as_such() {
    let mut service = Service::new();
    let denied = location(&service.consent(&[("auto", "deny")]));
    assert_eq!(
        (denied["error"].as_str(), denied["state"].as_str()),
        ("access_denied", "s")
    );
    let scope = format!("openid {CONTACTS}");
    let part = location(&service.consent(&[("scope", &scope), ("auto", "untick")]));
    assert_eq!(part["scope"], "openid");
}

#[test]
fn the_page_asks_and_its_form_decides() {
    let mut service = Service::new();
    let page = service.consent(&[("auto", "")]);
    let text = String::from_utf8_lossy(&page.body).into_owned();
    assert!(
        text.contains("second@example.com") && text.contains("value=\"s\""),
        "{text}"
    );
    let form = [
        ("auto", ""),
        ("decision", "allow"),
        ("ticked", "1"),
        ("granted", CONTACTS),
        ("account", "second@example.com"),
    ];
    let code = service.code(&form);
    let tokens = service.exchange(&code, &[]).1;
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    assert_eq!(
        service
            .sign_ins
            .caller(Some(&bearer), service.now)
            .unwrap()
            .account,
        "second@example.com"
    );
    service.later(3601);
    assert!(
        service
            .sign_ins
            .caller(Some(&bearer), service.now)
            .is_none(),
        "it expires"
    );
}

#[test]
fn an_unpublished_app_ends_after_seven_days() {
    let mut service = Service::new();
    service.switches.testing_mode = true;
    let tokens = service.signed_in();
    service.later(7 * 86_400 - 1);
    assert_eq!(service.refresh(&tokens["refresh_token"]).0, 200);
    service.later(2);
    let (status, answer) = service.refresh(&tokens["refresh_token"]);
    assert_eq!(
        (status, answer["error"].as_str()),
        (400, Some("invalid_grant"))
    );
}

#[test]
fn the_hundred_and_first_refresh_token_ends_the_first() {
    let mut service = Service::new();
    let first = service.signed_in();
    for _ in 0..99 {
        service.signed_in();
    }
    assert_eq!(service.refresh(&first["refresh_token"]).0, 200);
    let last = service.signed_in();
    assert_eq!(service.refresh(&first["refresh_token"]).0, 400);
    assert_eq!(service.refresh(&last["refresh_token"]).0, 200);
}

#[test]
fn rotation_and_absence_of_refresh_tokens_are_switches() {
    let mut service = Service::new();
    let tokens = service.signed_in();
    service.switches.rotate_refresh_tokens = true;
    let (_, fresh) = service.refresh(&tokens["refresh_token"]);
    assert_eq!(service.refresh(&tokens["refresh_token"]).0, 400);
    assert_eq!(service.refresh(&fresh["refresh_token"]).0, 200);
    service.switches.refresh_token = "first".to_owned();
    assert_eq!(service.signed_in().get("refresh_token"), None);
}

#[test]
fn delegation_acts_for_a_user_and_names_what_is_wrong() {
    let mut service = Service::new();
    let claims = service.claims(Some(MAIN_ACCOUNT));
    assert_eq!(
        service.assertion(&claims).0,
        400,
        "an unknown service account"
    );
    service
        .sign_ins
        .admin(
            "service_account",
            &json!({"client_email": "robot@example.com"}),
        )
        .unwrap()
        .unwrap();
    let (status, answer) = service.assertion(&claims);
    assert_eq!(status, 200, "{answer}");
    let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    assert_eq!(
        service
            .sign_ins
            .caller(Some(&bearer), service.now)
            .unwrap()
            .account,
        MAIN_ACCOUNT
    );
    assert_eq!(answer.get("refresh_token"), None);

    let own = service.claims(None);
    assert_eq!(
        service.assertion(&own).0,
        200,
        "without a subject it is the robot itself"
    );
    let stranger = service.claims(Some("nobody@example.com"));
    assert_eq!(
        service.assertion(&stranger).1["error_description"],
        "Invalid email or User ID"
    );
    let mut wide = claims.clone();
    wide["scope"] = json!("https://www.googleapis.com/auth/drive");
    assert_eq!(service.assertion(&wide).1["error"], "unauthorized_client");
    let mut long = claims.clone();
    long["exp"] = json!(service.now.as_second() + 7200);
    assert_eq!(service.assertion(&long).1["error"], "invalid_grant");
}
