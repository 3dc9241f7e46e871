//! The simulated Google People API: one address book per account, behind Google's rules.

mod admin;
mod calls;
mod derive;
mod errors;
mod group_calls;
mod groups;
mod list;
mod mask;
mod normal;
mod partial;
mod quota;
mod render;
mod route;
mod schema;
mod store;
mod switches;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::faults::{Fault, FaultKind};
use super::http::{Reply, Request};
use super::oauth::{self, CONTACTS, CONTACTS_READONLY, Caller, MAIN_ACCOUNT, SignIns};
use calls::Call;
use errors::{Answer, Refusal};
use partial::Selection;
use quota::Quota;
use route::Route;
use store::Book;

pub(crate) use errors::html_not_found;
pub use switches::Switches;

/// Query parameters that every call takes.
const COMMON: [&str; 15] = [
    "$.xgafv",
    "$alt",
    "$prettyPrint",
    "access_token",
    "alt",
    "callback",
    "fields",
    "key",
    "oauth_token",
    "passwd",
    "prettyPrint",
    "quotaUser",
    "uploadType",
    "upload_protocol",
    "userIp",
];

/// Everything that the simulated Google remembers.
#[derive(Clone, Debug)]
pub struct PeopleWorld {
    books: BTreeMap<String, Book>,
    switches: Switches,
    sign_ins: SignIns,
    quotas: BTreeMap<String, Quota>,
    seed: u64,
}

impl PeopleWorld {
    /// Empty address books. The seed decides ids and tokens.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            books: BTreeMap::new(),
            switches: Switches::default(),
            sign_ins: SignIns::new(seed),
            quotas: BTreeMap::new(),
            seed,
        }
    }

    /// Tells the world its own address, without a slash at the end.
    pub fn set_base(&mut self, base: String) {
        self.sign_ins.set_base(base);
    }

    /// The call's name, or `unknown`.
    #[must_use]
    pub fn call_name(request: &Request) -> &'static str {
        Route::of(request).map_or("unknown", |route| route.name())
    }

    /// Whether the request changes contacts or groups.
    #[must_use]
    pub fn is_mutation(request: &Request) -> bool {
        Route::of(request).is_some_and(|route| route.is_mutation())
    }

    /// Whether the path belongs to Google's half.
    #[must_use]
    pub fn owns(path: &str) -> bool {
        path.starts_with("/v1/")
            || path.starts_with("/o/oauth2/")
            || path.starts_with("/oauth2/")
            || matches!(path, "/token" | "/revoke")
    }

    /// The behaviour switches.
    #[must_use]
    pub fn switches(&self) -> &Switches {
        &self.switches
    }

    fn book(&mut self, account: &str, now: Timestamp) -> &mut Book {
        let seed = self.seed;
        self.books.entry(account.to_owned()).or_insert_with(|| {
            let extra: u64 = account.bytes().map(u64::from).sum();
            Book::new(seed.wrapping_add(extra), now)
        })
    }

    /// The answer to a request. `fault` is one that needs Google's knowledge.
    pub fn handle(&mut self, request: &Request, now: Timestamp, fault: Option<&Fault>) -> Reply {
        let Some(route) = Route::of(request) else {
            return html_not_found(&request.path);
        };
        if route == Route::OauthAuth {
            return oauth::consent(&mut self.sign_ins, &self.switches, request, now);
        }
        if route == Route::OauthToken {
            return oauth::token(&mut self.sign_ins, &self.switches, request, now, fault);
        }
        if route == Route::OauthRevoke {
            return oauth::revoke(&mut self.sign_ins, request, now);
        }
        match self.answer(&route, request, now, fault) {
            Ok(value) => {
                let mut reply = Reply::json(200, &Value::Null);
                let compact = request.param("prettyPrint") == Some("false");
                reply.body = if compact {
                    value.to_string().into_bytes()
                } else {
                    format!("{value:#}").into_bytes()
                };
                reply
            }
            Err(refusal) => refusal.into_reply(),
        }
    }

    fn answer(
        &mut self,
        route: &Route,
        request: &Request,
        now: Timestamp,
        fault: Option<&Fault>,
    ) -> Answer<Value> {
        if let Some(fault) = fault {
            refuse_for(fault)?;
        }
        let caller = self
            .sign_ins
            .caller(request.header("authorization"), now)
            .ok_or_else(Refusal::unauthenticated)?;
        if *route == Route::UserInfo {
            return Ok(SignIns::user_info(&caller));
        }
        check_scope(route, &caller)?;
        check_query(route, request)?;
        let selection = match request.param("fields") {
            None | Some("") => Selection::default(),
            Some(text) => Selection::parse(text)?,
        };
        let body = body_of(route, request)?;
        let first_page = request.param("pageToken").is_none_or(str::is_empty)
            && request.param("syncToken").is_none_or(str::is_empty);
        let quota = self.quotas.entry(caller.account.clone()).or_default();
        quota.spend(route.cost(first_page), &self.switches, now)?;
        let salt = self.seed ^ 0x00C0_FFEE;
        self.book(&caller.account, now);
        let Some(book) = self.books.get_mut(&caller.account) else {
            return Err(Refusal::internal());
        };
        let switches = &self.switches;
        let mut call = Call {
            book,
            switches,
            request,
            body: &body,
            now,
            fault,
        };
        let value = match route {
            Route::Connections => list::connections(call.book, switches, salt, request, now, fault),
            Route::Get(name) if name == "people/me" => me(&caller, request),
            Route::Get(name) => call.get(name),
            Route::BatchGet => call.batch_get(),
            Route::Create => call.create(),
            Route::Update(name) => call.update(name),
            Route::Delete(name) => call.delete(name),
            Route::BatchCreate => call.batch_create(),
            Route::BatchUpdate => call.batch_update(),
            Route::BatchDelete => call.batch_delete(),
            Route::GroupsList => call.groups_list(salt),
            Route::GroupGet(id) => call.group_get(id),
            Route::GroupCreate => call.group_create(),
            Route::GroupUpdate(id) => call.group_update(id),
            Route::GroupDelete(id) => call.group_delete(id),
            Route::MembersModify(id) => call.members_modify(id),
            Route::OauthAuth | Route::OauthToken | Route::OauthRevoke | Route::UserInfo => {
                Err(Refusal::internal())
            }
        }?;
        Ok(selection.of(value))
    }
}

/// The answers that a fault stands for; kinds that a call itself understands pass.
fn refuse_for(fault: &Fault) -> Answer<()> {
    Err(match fault.kind {
        FaultKind::RateLimitedA | FaultKind::Throttled => {
            let limit = fault
                .params
                .get("quota_limit")
                .and_then(Value::as_str)
                .unwrap_or("CriticalReadsPerMinutePerProjectPerUser");
            with_retry_after(Refusal::rate_limited_a(limit), fault)
        }
        FaultKind::Quota403 => with_retry_after(Refusal::quota_403(), fault),
        FaultKind::Stale => Refusal::stale(),
        FaultKind::RateLimitedB => with_retry_after(Refusal::rate_limited_b(), fault),
        FaultKind::Unauthorized | FaultKind::InvalidGrant => Refusal::unauthenticated(),
        FaultKind::InsufficientScope => Refusal::insufficient_scope(CONTACTS),
        FaultKind::ApiDisabled => Refusal::api_disabled(),
        FaultKind::NoPermission => {
            let mut refusal = Refusal::new(
                403,
                "PERMISSION_DENIED",
                "The caller does not have permission",
            );
            refusal.reason = Some("forbidden");
            refusal
        }
        FaultKind::AccountFull => {
            Refusal::account_full(u16::try_from(fault.number("status", 400)).unwrap_or(400))
        }
        FaultKind::NotAvailable503 => with_retry_after(Refusal::unavailable(), fault),
        FaultKind::ServerError | FaultKind::ErrorAfterCommit => Refusal::internal(),
        FaultKind::DropBefore
        | FaultKind::DropAfter
        | FaultKind::LateCommit
        | FaultKind::Html502
        | FaultKind::Html404
        | FaultKind::Slow
        | FaultKind::TruncateBody
        | FaultKind::HugeBody
        | FaultKind::BadJson
        | FaultKind::DeepJson
        | FaultKind::WrongTypes
        | FaultKind::DuplicateKeys
        | FaultKind::InvalidUtf8
        | FaultKind::SyncTokenExpired400
        | FaultKind::SyncTokenExpired410
        | FaultKind::BatchPartial
        | FaultKind::LagListing
        | FaultKind::ListingHole
        | FaultKind::CutListing => return Ok(()),
    })
}

#[expect(
    clippy::unnecessary_box_returns,
    reason = "a refusal travels boxed, see `Answer`"
)]
fn with_retry_after(mut refusal: Box<Refusal>, fault: &Fault) -> Box<Refusal> {
    if let Some(seconds) = fault.params.get("retry_after") {
        let text = seconds
            .as_str()
            .map_or_else(|| seconds.to_string(), str::to_owned);
        refusal.headers.push(("retry-after".to_owned(), text));
    }
    refusal
}

fn check_scope(route: &Route, caller: &Caller) -> Answer<()> {
    let me = *route == Route::Get("people/me".to_owned());
    let fits = if route.is_mutation() {
        caller.has(&[CONTACTS])
    } else {
        caller.has(&[CONTACTS, CONTACTS_READONLY]) || (me && caller.tells_email())
    };
    if fits {
        Ok(())
    } else {
        Err(Refusal::insufficient_scope(CONTACTS))
    }
}

fn check_query(route: &Route, request: &Request) -> Answer<()> {
    let known = |name: &str| COMMON.contains(&name) || route.parameters().contains(&name);
    let found: Vec<_> = request
        .query
        .iter()
        .filter(|(name, _)| !known(name))
        .map(|(name, _)| schema::Misfit {
            field: String::new(),
            text: format!(
                "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. Field '{name}' could not be found in request message."
            ),
        })
        .collect();
    if !found.is_empty() {
        return Err(Refusal::misfits(&found));
    }
    if request
        .param("quotaUser")
        .is_some_and(|user| user.len() > 40)
    {
        return Err(Refusal::invalid(
            "quotaUser must not be longer than 40 characters.",
        ));
    }
    Ok(())
}

fn body_of(route: &Route, request: &Request) -> Answer<Value> {
    let Some(message) = route.body_message() else {
        return Ok(Value::Null);
    };
    if request.body.is_empty() {
        return Ok(json!({}));
    }
    let value: Value = serde_json::from_slice(&request.body)
        .map_err(|error| Refusal::invalid(format!("Invalid JSON payload received. {error}")))?;
    let place = if message == "Person" { "person" } else { "" };
    let found = schema::misfits(message, &value, place);
    if found.is_empty() {
        Ok(value)
    } else {
        Err(Refusal::misfits(&found))
    }
}

/// `people/me`: who is signed in. The address is told only with the scope for it.
fn me(caller: &Caller, request: &Request) -> Answer<Value> {
    let mask = mask::Mask::read("personFields", request.param("personFields").unwrap_or(""))?;
    let id = SignIns::subject(&caller.account);
    let mut person = json!({"resourceName": format!("people/{id}"), "etag": "%me"});
    if mask.has("emailAddresses") && caller.tells_email() {
        person["emailAddresses"] = json!([{
            "metadata": {"primary": true, "verified": true, "source": {"type": "ACCOUNT", "id": id}, "sourcePrimary": true},
            "value": caller.account,
        }]);
    }
    if mask.has("metadata") {
        person["metadata"] = json!({"sources": [{"type": "PROFILE", "id": id, "etag": "#me"}], "objectType": "PERSON"});
    }
    Ok(person)
}
