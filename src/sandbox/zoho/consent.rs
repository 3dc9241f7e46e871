//! The consent page of the simulated CRM and the redirect that follows it.

use url::Url;

use super::ZohoWorld;
use super::oauth::{CLIENT_ID, Code, Scopes};
use super::switches::Consent;
use crate::sandbox::http::{Reply, Request};

impl ZohoWorld {
    /// `GET /oauth/v2/auth`: a page with two buttons, or the redirect when someone has decided.
    pub(super) fn consent(&mut self, request: &Request, now: i64) -> Reply {
        let given = |name: &str| request.param(name).unwrap_or_default();
        if given("client_id") != CLIENT_ID {
            return problem("Invalid Client", "The client id is not known.");
        }
        let Some(mut redirect) = Url::parse(given("redirect_uri")).ok().filter(is_loopback) else {
            return problem(
                "Invalid Redirect Uri",
                "The redirect address is not registered.",
            );
        };
        if given("response_type") != "code" {
            return problem("Invalid Response Type", "response_type must be code.");
        }
        let known = |scope: &str| {
            let scope = scope.to_lowercase();
            ["zohocrm.", "zohosearch.", "aaaserver."]
                .iter()
                .any(|start| scope.starts_with(start))
        };
        let scopes = given("scope");
        if scopes.is_empty() || !scopes.split([',', ' ']).all(known) {
            return problem("Invalid Scope", "A scope is not known.");
        }
        let decision = match (given("decision"), given("auto"), self.switches.consent) {
            ("allow", _, _) | (_, "allow", _) | ("", "", Consent::Allow) => true,
            ("deny", _, _) | (_, "deny", _) | ("", "", Consent::Deny) => false,
            _ => return page(request, scopes),
        };
        let code = format!("1000.{}.code", self.random_text());
        let challenge = request.param("code_challenge").map(str::to_owned);
        let grant = Code {
            scopes: Scopes::read(scopes),
            expires: now + self.switches.grant_ttl_seconds,
            redirect: Some(given("redirect_uri").to_owned()),
            challenge,
            offline: given("access_type") == "offline"
                && (given("prompt") == "consent" || !self.oauth.consented()),
        };
        let granted = decision && self.oauth.grant(code.clone(), grant, now);
        {
            let mut query = redirect.query_pairs_mut();
            if granted {
                query.append_pair("code", &code);
                query.append_pair("location", &self.switches.location);
                query.append_pair("accounts-server", &self.base);
            } else {
                query.append_pair("error", "access_denied");
            }
            if let Some(state) = request.param("state") {
                query.append_pair("state", state);
            }
        }
        Reply::empty(302).with_header("Location", redirect)
    }
}

/// Redirects of a client under test go to this machine only.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

fn problem(title: &str, text: &str) -> Reply {
    Reply::html(
        400,
        format!(
            "<!doctype html><html lang=\"en\"><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>"
        ),
    )
}

fn page(request: &Request, scopes: &str) -> Reply {
    let link = |decision: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(request.query.iter().filter(|(name, _)| name != "decision"));
        query.append_pair("decision", decision);
        escaped(&format!("/oauth/v2/auth?{}", query.finish()))
    };
    let items = scopes
        .split([',', ' '])
        .map(escaped)
        .collect::<Vec<_>>()
        .join("</code></li><li><code>");
    Reply::html(
        200,
        format!(
            "<!doctype html><html lang=\"en\"><head><title>Simulated CRM: allow access?</title></head><body>\
             <h1>Simulated CRM</h1><p>The sandbox client asks for:</p><ul><li><code>{items}</code></li></ul>\
             <p><a href=\"{}\">Allow</a> <a href=\"{}\">Deny</a></p></body></html>",
            link("allow"),
            link("deny")
        ),
    )
}
