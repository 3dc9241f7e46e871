//! The page on which a person picks an account and allows or denies.

use jiff::Timestamp;
use url::Url;

use crate::sandbox::http::{Reply, Request};
use crate::sandbox::page::escape;
use crate::sandbox::people::Switches;

use super::{CONTACTS, CONTACTS_READONLY, Code, SignIns};

/// `GET /o/oauth2/v2/auth`: the page, or the redirect that an answer leads to.
///
/// `decision` is what the page's own form adds; `auto` in the query and the switch `auto_consent` stand for a person.
pub(crate) fn consent(
    sign_ins: &mut SignIns,
    switches: &Switches,
    request: &Request,
    now: Timestamp,
) -> Reply {
    if !switches.consent_error.is_empty() {
        return error_page(400, &switches.consent_error);
    }
    let client = request.param("client_id").unwrap_or("");
    if client.is_empty() {
        return error_page(400, "invalid_request");
    }
    if !sign_ins.clients.contains_key(client) {
        return error_page(401, "invalid_client");
    }
    let redirect = request
        .param("redirect_uri")
        .and_then(|text| Url::parse(text).ok())
        .filter(is_loopback);
    let Some(redirect) = redirect else {
        return error_page(400, "redirect_uri_mismatch");
    };
    if request.param("response_type") != Some("code") {
        return error_page(400, "unsupported_response_type");
    }
    let asked: Vec<&str> = request
        .param("scope")
        .unwrap_or("")
        .split_whitespace()
        .collect();
    if asked.is_empty() {
        return error_page(400, "invalid_request");
    }
    let account = chosen_account(sign_ins, switches, request);
    let auto = request.param("auto").unwrap_or(&switches.auto_consent);
    let decision = request.param("decision").unwrap_or(auto);
    let granted: Vec<String> = match decision {
        "" => return page(sign_ins, request, &asked, &account),
        "allow" => asked
            .iter()
            .filter(|scope| {
                // The form names what stayed ticked; without a form everything is.
                request.param("ticked").is_none() || request.params("granted").contains(scope)
            })
            .map(|scope| (*scope).to_owned())
            .collect(),
        "untick" => asked
            .iter()
            .filter(|scope| ![CONTACTS, CONTACTS_READONLY].contains(scope))
            .map(|scope| (*scope).to_owned())
            .collect(),
        _ => Vec::new(),
    };
    if granted.is_empty() {
        return back(redirect, request, &[("error", "access_denied")]);
    }
    let challenge = request.param("code_challenge").map(|text| {
        let method = request.param("code_challenge_method").unwrap_or("plain");
        (method.to_owned(), text.to_owned())
    });
    let code = sign_ins.random("4/0A", 48);
    let scope = granted.join(" ");
    let held = Code {
        account,
        client: client.to_owned(),
        redirect: request.param("redirect_uri").unwrap_or("").to_owned(),
        challenge,
        scopes: granted,
        born: now,
    };
    sign_ins.codes.insert(code.clone(), held);
    back(redirect, request, &[("code", &code), ("scope", &scope)])
}

fn chosen_account(sign_ins: &SignIns, switches: &Switches, request: &Request) -> String {
    let wanted = request
        .param("account")
        .or_else(|| Some(switches.consent_account.as_str()).filter(|name| !name.is_empty()))
        .or_else(|| request.param("login_hint"));
    sign_ins
        .accounts
        .iter()
        .find(|account| Some(account.as_str()) == wanted)
        .or_else(|| sign_ins.accounts.first())
        .cloned()
        .unwrap_or_default()
}

fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

fn back(mut redirect: Url, request: &Request, pairs: &[(&str, &str)]) -> Reply {
    {
        let mut query = redirect.query_pairs_mut();
        if let Some(state) = request.param("state") {
            query.append_pair("state", state);
        }
        query.extend_pairs(pairs);
    }
    Reply::empty(302).with_header("location", redirect.as_str())
}

fn error_page(status: u16, error: &str) -> Reply {
    let error = escape(error);
    Reply::html(
        status,
        format!(
            "<!doctype html><meta charset=utf-8><title>Error {status}: {error}</title>\n<h1>Access blocked</h1>\n<p>Error {status}: {error}\n<p>This is the sandbox's sign-in page; no real account is touched."
        ),
    )
}

fn page(sign_ins: &SignIns, request: &Request, asked: &[&str], chosen: &str) -> Reply {
    let own = ["decision", "account", "granted", "ticked", "auto"];
    let hidden: String = request
        .query
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()))
        .map(|(name, value)| {
            let (name, value) = (escape(name), escape(value));
            [
                "<input type=hidden name=\"",
                &name,
                "\" value=\"",
                &value,
                "\">\n",
            ]
            .concat()
        })
        .collect();
    let accounts: String = sign_ins
        .accounts
        .iter()
        .map(|account| {
            let checked = if account == chosen {
                "\" checked> "
            } else {
                "\"> "
            };
            let account = escape(account);
            [
                "<label><input type=radio name=account value=\"",
                &account,
                checked,
                &account,
                "</label>\n",
            ]
            .concat()
        })
        .collect();
    let scopes: String = asked
        .iter()
        .map(|scope| {
            let scope = escape(scope);
            [
                "<br><label><input type=checkbox name=granted value=\"",
                &scope,
                "\" checked> ",
                &scope,
                "</label>\n",
            ]
            .concat()
        })
        .collect();
    Reply::html(
        200,
        format!(
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>Sign in (sandbox)</title>\n<h1>Sign in with the sandbox's Google</h1>\n<p>No real account is touched.\n<form method=get action=\"/o/oauth2/v2/auth\">\n{hidden}<input type=hidden name=ticked value=1>\n<p>Account:\n{accounts}<p>Allow:\n{scopes}<p><button name=decision value=allow>Allow</button>\n<button name=decision value=deny>Deny</button>\n</form>"
        ),
    )
}
