//! Sign-in: codes, tokens, limits, scopes.

use serde_json::{Value, json};

use super::{Bench, answer};

const CLIENT: &str = "client_id=1000.SANDBOX&client_secret=sandbox-secret";
const SCOPES: &str = "ZohoCRM.modules.contacts.READ,ZohoCRM.settings.fields.READ";

impl Bench {
    fn token(&mut self, form: &str) -> (u16, Value) {
        let request = self.request(
            "POST",
            "/oauth/v2/token",
            format!("{CLIENT}&{form}").as_bytes(),
        );
        let now = self.time();
        answer(&self.world.handle(&request, now, None))
    }

    fn sign_in(&mut self) -> (String, String) {
        let code = self.admin("grant_code", &json!({"scopes": SCOPES}))["code"].clone();
        let (_, body) = self.token(&format!(
            "grant_type=authorization_code&code={}",
            code.as_str().unwrap()
        ));
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        assert_eq!(body["api_domain"], "http://127.0.0.1:1");
        (text("access_token"), text("refresh_token"))
    }

    fn refresh(&mut self, token: &str) -> Value {
        let (status, body) = self.token(&format!("grant_type=refresh_token&refresh_token={token}"));
        assert_eq!(status, 200, "errors come as 200 as well");
        body
    }

    /// The redirect of the consent page.
    fn consent(&mut self, more: &str) -> url::Url {
        let target = format!(
            "/oauth/v2/auth?response_type=code&client_id=1000.SANDBOX&scope={SCOPES}&redirect_uri=http://127.0.0.1:9/cb&state=s&{more}"
        );
        let reply = self.call("GET", &target, &Value::Null, None);
        assert_eq!(reply.status, 302);
        url::Url::parse(&reply.headers[0].1).unwrap()
    }
}

fn pair(url: &url::Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

#[test]
fn a_code_is_used_once_and_dies() {
    let mut bench = Bench::new();
    let code = bench.admin("grant_code", &json!({"scopes": SCOPES}))["code"].clone();
    let form = format!(
        "grant_type=authorization_code&code={}",
        code.as_str().unwrap()
    );
    bench.now += 180;
    assert_eq!(bench.token(&form), (200, json!({"error": "invalid_code"})));
    let (_, refresh) = bench.sign_in();
    assert_eq!(bench.token(&form).1["error"], "invalid_code");
    assert!(bench.refresh(&refresh)["access_token"].is_string());
    assert!(bench.refresh(&refresh).get("refresh_token").is_none());
    assert_eq!(bench.refresh("unknown")["error"], "invalid_code");
}

#[test]
fn scopes_are_checked_per_call() {
    let mut bench = Bench::with_contacts(1);
    let (access, refresh) = bench.sign_in();
    bench.token = access;
    assert_eq!(bench.get("/Contacts?fields=Email").0, 200);
    assert_eq!(
        bench.refused("/org"),
        (401, "OAUTH_SCOPE_MISMATCH".to_owned())
    );
    let (status, body) = bench.coql("select id from Contacts where id > 0");
    assert_eq!(
        (status, body["code"].as_str()),
        (401, Some("OAUTH_SCOPE_MISMATCH"))
    );
    assert_eq!(
        bench.refused("/Contacts/search?email=ab").1,
        "OAUTH_SCOPE_MISMATCH"
    );
    let (status, _) = bench.send("POST", "/Contacts", &json!({"data": [{"Last_Name": "A"}]}));
    assert_eq!(status, 401);
    bench.now += 3600;
    assert_eq!(bench.refused("/Contacts?fields=Email").1, "INVALID_TOKEN");
    let fresh = bench.refresh(&refresh);
    fresh["access_token"]
        .as_str()
        .unwrap()
        .clone_into(&mut bench.token);
    assert_eq!(bench.get("/Contacts?fields=Email").0, 200);
    let form = format!("token={refresh}");
    let request = bench.request("POST", "/oauth/v2/token/revoke", form.as_bytes());
    let now = bench.time();
    assert_eq!(bench.world.handle(&request, now, None).status, 200);
    assert_eq!(bench.refused("/Contacts?fields=Email").1, "INVALID_TOKEN");
}

#[test]
fn the_eleventh_refresh_in_ten_minutes_is_refused() {
    let mut bench = Bench::new();
    let (_, refresh) = bench.sign_in();
    let made = (0..12)
        .filter(|_| bench.refresh(&refresh).get("access_token").is_some())
        .count();
    assert_eq!(made, 9, "the exchange was the first of ten");
    assert_eq!(bench.refresh(&refresh)["error"], "Access Denied");
    bench.now += 600;
    assert!(bench.refresh(&refresh)["access_token"].is_string());
}

#[test]
fn the_sixteenth_access_token_ends_the_first() {
    let mut bench = Bench::with_contacts(1);
    let (first, refresh) = bench.sign_in();
    bench.token.clone_from(&first);
    for _ in 0..14 {
        bench.now += 61;
        assert!(bench.refresh(&refresh)["access_token"].is_string());
    }
    assert_eq!(bench.get("/Contacts?fields=Email").0, 200);
    bench.now += 61;
    bench.refresh(&refresh);
    assert_eq!(bench.refused("/Contacts?fields=Email").1, "INVALID_TOKEN");
}

#[test]
fn the_twenty_first_refresh_token_ends_the_first() {
    let mut bench = Bench::new();
    let (_, first) = bench.sign_in();
    for _ in 0..19 {
        bench.now += 61;
        bench.sign_in();
    }
    assert!(bench.refresh(&first)["access_token"].is_string());
    bench.now += 61;
    bench.sign_in();
    assert_eq!(bench.refresh(&first)["error"], "invalid_code");
}

#[test]
fn the_browser_flow_redirects_with_a_code_or_a_refusal() {
    let mut bench = Bench::new();
    let refused = bench.consent("auto=deny");
    assert_eq!(pair(&refused, "error").as_deref(), Some("access_denied"));
    // The challenge of RFC 7636, appendix B.
    let allowed = bench.consent(
        "auto=allow&access_type=offline&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
    );
    assert_eq!(pair(&allowed, "state").as_deref(), Some("s"));
    assert_eq!(pair(&allowed, "location").as_deref(), Some("eu"));
    assert_eq!(
        pair(&allowed, "accounts-server").as_deref(),
        Some("http://127.0.0.1:1")
    );
    let code = pair(&allowed, "code").unwrap();
    let form = format!(
        "grant_type=authorization_code&code={code}&redirect_uri=http://127.0.0.1:9/cb&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    assert!(bench.token(&form).1["refresh_token"].is_string());
    let again = bench.consent("auto=allow&access_type=offline");
    let code = pair(&again, "code").unwrap();
    let form =
        format!("grant_type=authorization_code&code={code}&redirect_uri=http://127.0.0.1:9/cb");
    let (_, body) = bench.token(&form);
    assert!(body["access_token"].is_string() && body.get("refresh_token").is_none());
    let page = bench.call(
        "GET",
        &format!("/oauth/v2/auth?response_type=code&client_id=1000.SANDBOX&scope={SCOPES}&redirect_uri=http://127.0.0.1:9/cb"),
        &Value::Null,
        None,
    );
    assert_eq!(page.status, 200);
    assert!(
        String::from_utf8(page.body)
            .unwrap()
            .contains("decision=allow")
    );
    let elsewhere = bench.call(
        "GET",
        "/oauth/v2/auth?response_type=code&client_id=1000.SANDBOX&redirect_uri=https://example.com/&scope=ZohoCRM.org.READ",
        &Value::Null,
        None,
    );
    assert_eq!(elsewhere.status, 400);
}
