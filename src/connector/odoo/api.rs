//! One call of a method of a model, in either of Odoo's two ways, and what an answer means.
//!
//! Each call is one transaction: an answer that names an exception changed nothing.

use std::time::{Duration, Instant};

use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::explain::{explain, fail, misplaced, no_sense};
use super::wire::{Envelope, Fault, Row, fault_of};
use super::{Api, Odoo};
use crate::connector::http::{Answer, Call, Cost, Redirect, Repeat, SendError, Verdict};
use crate::connector::{Error, Kind};

/// One call.
pub(super) struct Ask<'a> {
    pub(super) name: &'static str,
    pub(super) doing: &'a str,
    pub(super) model: &'a str,
    pub(super) method: &'a str,
    /// The records that the method works on; none for a method of the model.
    pub(super) ids: Option<Vec<i64>>,
    /// Arguments that JSON-RPC takes by their place.
    pub(super) placed: Vec<(&'static str, Json)>,
    /// Arguments by name.
    pub(super) named: Row,
    pub(super) repeat: Repeat,
}

impl<'a> Ask<'a> {
    /// A call of a model's method that may be repeated.
    pub(super) fn of(
        name: &'static str,
        doing: &'a str,
        model: &'a str,
        method: &'a str,
        named: Json,
    ) -> Self {
        let named = match named {
            Json::Object(named) => named,
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                Row::new()
            }
        };
        Self {
            name,
            doing,
            model,
            method,
            ids: None,
            placed: Vec::new(),
            named,
            repeat: Repeat::Safe,
        }
    }
}

/// An answer with the server's time at the start of the call, seconds since the epoch.
pub(super) struct Reply {
    pub(super) result: Json,
    pub(super) began: Option<i64>,
}

impl Odoo {
    /// Sends one call when there is a free place for it. The inner failure is Odoo's own refusal.
    pub(super) async fn call(&self, ask: Ask<'_>) -> Result<Result<Reply, Fault>, SendError> {
        let (api, uid) = self.tongue().map_err(SendError::Failed)?;
        let doing = ask.doing;
        let call = match api {
            Api::Json2 => self.json2(ask),
            Api::JsonRpc => {
                let mut args = vec![json!(ask.model), json!(ask.method)];
                let mut placed: Vec<Json> = ask.ids.iter().map(|ids| json!(ids)).collect();
                placed.extend(ask.placed.into_iter().map(|(_, value)| value));
                args.push(json!(placed));
                args.push(json!(ask.named));
                let mut all = self.credentials(json!(uid)).await?;
                all.append(&mut args);
                self.rpc(ask.name, doing, "object", "execute_kw", &all, ask.repeat)
            }
        };
        self.exchange(call, api, doing).await
    }

    /// One call whose result has a shape; a refusal is a failure.
    pub(super) async fn read<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T, Error> {
        let doing = ask.doing;
        let reply = self.call(ask).await.map_err(SendError::into_error)?;
        shaped(reply.map_err(|fault| explain(&fault, doing))?.result, doing)
    }

    /// A call of the service that knows versions and logins; JSON-RPC only.
    pub(super) async fn common<T: DeserializeOwned>(
        &self,
        doing: &str,
        method: &str,
        args: &[Json],
    ) -> Result<Result<T, Fault>, Error> {
        let call = self.rpc("common", doing, "common", method, args, Repeat::Safe);
        let sent = self.exchange(call, Api::JsonRpc, doing).await;
        match sent.map_err(SendError::into_error)? {
            Ok(reply) => shaped(reply.result, doing).map(Ok),
            Err(fault) => Ok(Err(fault)),
        }
    }

    /// What `/web/version` says; nothing where there is no such page, as in Odoo 18.
    pub(super) async fn version_page(&self) -> Result<Option<Json>, Error> {
        let doing = "read the version";
        let call = Call {
            method: Method::GET,
            body: None,
            redirect: Redirect::Answer,
            ..self.post("version", doing, "/web/version", &Json::Null, Repeat::Safe)
        };
        let judge = |answer: &Answer| match answer.status {
            429 | 500.. => later(answer),
            _ => Verdict::Take,
        };
        let _place = self.lanes.acquire().await;
        let answer = self.http.send(call, &judge).await;
        let answer = answer.map_err(SendError::into_error)?;
        if answer.status != 200 {
            return Ok(None);
        }
        Ok(serde_json::from_slice(&answer.body).ok())
    }

    /// The database, the user and the key, as every JSON-RPC call begins.
    pub(super) async fn credentials(&self, user: Json) -> Result<Vec<Json>, SendError> {
        let key = self.http.secret().await.map_err(SendError::Failed)?;
        Ok(vec![
            json!(self.settings.database),
            user,
            json!(key.expose_secret()),
        ])
    }

    async fn exchange(
        &self,
        call: Call<'_>,
        api: Api,
        doing: &str,
    ) -> Result<Result<Reply, Fault>, SendError> {
        let _place = self.lanes.acquire().await;
        let repeat = call.repeat;
        let judge = |answer: &Answer| judge(answer, api, repeat, doing);
        let began = Instant::now();
        let answer = self.http.send(call, &judge).await?;
        let took = i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX / 4);
        let date = answer
            .headers
            .get("date")
            .and_then(|date| date.to_str().ok())
            .and_then(|date| jiff::fmt::rfc2822::parse(date).ok())
            .map(|date| date.timestamp().as_second() - took - 1);
        if let Some(fault) = fault_of(&answer, api) {
            return Ok(Err(fault));
        }
        let read = match api {
            Api::Json2 => answer.json::<Json>(),
            Api::JsonRpc => answer
                .json::<Envelope<Json>>()
                .map(|envelope| envelope.result.unwrap_or_default()),
        };
        // It answered with success, so what it did is done.
        let result = read.map_err(|reason| SendError::Uncertain(no_sense(doing, &reason)))?;
        Ok(Ok(Reply {
            result,
            began: date,
        }))
    }

    fn json2<'a>(&self, ask: Ask<'a>) -> Call<'a> {
        let mut body = ask.named;
        if let Some(ids) = ask.ids {
            body.insert("ids".to_owned(), json!(ids));
        }
        for (name, value) in ask.placed {
            body.insert(name.to_owned(), value);
        }
        let path = format!("/json/2/{}/{}", ask.model, ask.method);
        let body = Json::Object(body);
        Call {
            headers: vec![("x-odoo-database", self.settings.database.clone())],
            ..self.post(ask.name, ask.doing, &path, &body, ask.repeat)
        }
    }

    fn rpc<'a>(
        &self,
        name: &'static str,
        doing: &'a str,
        service: &str,
        method: &str,
        args: &[Json],
        repeat: Repeat,
    ) -> Call<'a> {
        let body = json!({
            "jsonrpc": "2.0", "method": "call", "id": 1,
            "params": {"service": service, "method": method, "args": args},
        });
        self.post(name, doing, "/jsonrpc", &body, repeat)
    }

    fn post<'a>(
        &self,
        name: &'static str,
        doing: &'a str,
        path: &str,
        body: &Json,
        repeat: Repeat,
    ) -> Call<'a> {
        Call {
            name,
            doing,
            method: Method::POST,
            url: format!("{}{path}", self.root()),
            query: Vec::new(),
            headers: Vec::new(),
            body: Some(body.to_string().into_bytes().into()),
            cost: Cost::default(),
            repeat,
            redirect: Redirect::Refused,
        }
    }

    /// The installation's address, without the path of its pages.
    pub(super) fn root(&self) -> &str {
        let root = self.settings.endpoint.trim().trim_end_matches('/');
        ["/odoo", "/web", "/jsonrpc", "/json/2"]
            .iter()
            .find_map(|path| root.strip_suffix(path))
            .unwrap_or(root)
    }
}

/// A result in the form that it should have.
fn shaped<T: DeserializeOwned>(result: Json, doing: &str) -> Result<T, Error> {
    serde_json::from_value(result).map_err(|_| no_sense(doing, "the answer has an unexpected form"))
}

fn later(answer: &Answer) -> Verdict {
    let (kind, reason) = match answer.status {
        429 => (Kind::RateLimited, "too many requests (429)".to_owned()),
        status => (Kind::Unavailable, format!("server error {status}")),
    };
    Verdict::Retry {
        after: answer.retry_after(),
        floor: Duration::ZERO,
        kind,
        reason,
    }
}

fn judge(answer: &Answer, api: Api, repeat: Repeat, doing: &str) -> Verdict {
    if let Some(fault) = fault_of(answer, api) {
        if fault.is("AccessDenied") || answer.status == 401 {
            return Verdict::Fail(explain(&fault, doing));
        }
        // Two transactions in each other's way; Odoo tried again itself and gave up. A write that a
        // server error would leave in doubt is not sent again: its transaction was rolled back.
        let again = answer.status < 500 || repeat == Repeat::Safe;
        if !(fault.is_busy() && again) {
            return Verdict::Take;
        }
        return Verdict::Retry {
            after: answer.retry_after(),
            floor: Duration::ZERO,
            kind: Kind::Unavailable,
            reason: "the database is busy".to_owned(),
        };
    }
    match answer.status {
        200 => Verdict::Take,
        401 => Verdict::Fail(fail(doing, Kind::Unauthorized, "the API key was refused")),
        429 | 500.. => later(answer),
        status => Verdict::Fail(misplaced(doing, status)),
    }
}
