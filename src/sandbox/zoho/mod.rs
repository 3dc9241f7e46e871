//! A simulated Zoho CRM: its REST API v8 and its OAuth, as the documents describe them.

mod admin;
mod batch;
mod consent;
mod coql;
mod coql_parse;
mod criteria;
mod delete;
mod errors;
mod import;
mod listing;
mod meta;
mod oauth;
mod photo;
mod read;
mod render;
mod route;
mod schema;
mod search;
mod store;
mod switches;
mod validate;
mod views;
mod write;

#[cfg(test)]
mod tests;

pub use oauth::{CLIENT_ID, CLIENT_SECRET, FIXED_TOKEN};

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::Value;

use self::errors::{Answer, Failure, stopped_by};
use self::listing::PageToken;
use self::oauth::OAuth;
use self::route::Route;
use self::schema::{MODULES, fields_of};
use self::store::{Deleted, Gaps, Module, Record};
use self::switches::Switches;
use crate::sandbox::faults::{Fault, FaultKind};
use crate::sandbox::http::{Reply, Request};

/// Every id of the organisation starts with these digits.
const ORG: u64 = 554_023_000_000_000_000;
/// The user behind every token.
const SANDBOX_USER: u64 = ORG + 265_001;
/// Another user of the organisation.
const COLLEAGUE: u64 = ORG + 265_017;

/// A module's records and deleted records, as a backup holds them.
type Kept = (BTreeMap<u64, Record>, BTreeMap<u64, Deleted>);

/// All state of the simulated CRM, its OAuth included.
#[derive(Clone, Debug)]
pub struct ZohoWorld {
    base: String,
    switches: Switches,
    oauth: OAuth,
    modules: BTreeMap<&'static str, Module>,
    backup: BTreeMap<&'static str, Kept>,
    page_tokens: HashMap<String, PageToken>,
    credits: VecDeque<(i64, u64)>,
    /// Credits since the log was last forgotten, whether there is a limit or not.
    spent: u64,
    next_id: u64,
    chance: u64,
}

impl ZohoWorld {
    /// An organisation without records; the seed decides ids' distances and tokens.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut world = Self {
            base: String::new(),
            switches: Switches::default(),
            oauth: OAuth::default(),
            modules: BTreeMap::new(),
            backup: BTreeMap::new(),
            page_tokens: HashMap::new(),
            credits: VecDeque::new(),
            spent: 0,
            next_id: ORG + 341_000,
            chance: seed,
        };
        for (name, number) in MODULES.into_iter().zip(1u64..) {
            let mut module = Module::new(
                name,
                ORG + 2_000 + number,
                fields_of(name, ORG + 2_500 + number * 500 + 1),
            );
            let mut id = ORG + 87_500 + number * 100 + 1;
            module.views = views::standard(
                name,
                &mut || {
                    id += 2;
                    id
                },
                0,
            );
            world.modules.insert(name, module);
        }
        world
    }

    /// Credits since the log was last forgotten.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.spent
    }

    /// Counts credits from nothing again.
    pub fn forget_spent(&mut self) {
        self.spent = 0;
    }

    /// Says under which address the sandbox is reached; token answers name it as `api_domain`.
    pub fn set_base(&mut self, base: String) {
        self.base = base;
    }

    /// The name of a call, for faults and the log.
    #[must_use]
    pub fn call_name(request: &Request) -> &'static str {
        Route::of(&request.path).call_name(&request.method)
    }

    /// Whether a call changes records.
    #[must_use]
    pub fn is_mutation(request: &Request) -> bool {
        let name = Self::call_name(request);
        matches!(name, "create" | "update" | "upsert" | "delete")
            || (name == "photo" && request.method != "GET")
    }

    /// Answers a request to `/crm/…` or `/oauth/v2/…`; a fault that is not the server's own business is carried out here.
    pub fn handle(
        &mut self,
        request: &Request,
        now: jiff::Timestamp,
        fault: Option<&Fault>,
    ) -> Reply {
        let now = now.as_second();
        let route = Route::of(&request.path);
        let call = route.call_name(&request.method);
        let module = route.module().unwrap_or("Contacts");
        if let Some(reply) = fault.and_then(|fault| stopped_by(fault, call, module)) {
            return reply;
        }
        if let Route::OAuth(step) = route {
            return self.oauth_step(step, request, now);
        }
        self.api(&route, request, now, fault)
            .unwrap_or_else(|failure| failure.reply())
    }

    fn api(
        &mut self,
        route: &Route<'_>,
        request: &Request,
        now: i64,
        fault: Option<&Fault>,
    ) -> Answer {
        let scopes = self.oauth.authenticate(request, now)?;
        let left = self.spend(route, request, now)?;
        route.check_scopes(request, &scopes)?;
        let reply = self.serve(route, request, now, fault)?;
        Ok(match left {
            Some(left) => reply.with_header("X-API-CREDITS-REMAINING", left.to_string()),
            None => reply,
        })
    }

    fn serve(
        &mut self,
        route: &Route<'_>,
        request: &Request,
        now: i64,
        fault: Option<&Fault>,
    ) -> Answer {
        let gaps = gaps(fault, now);
        let method = request.method.as_str();
        match (route, method) {
            (Route::Coql, "POST") => self.coql(request, gaps),
            (Route::Records(module), "GET") => self.get_records(module, request, now, gaps),
            (Route::Records(module), "POST" | "PUT") | (Route::Upsert(module), "POST") => {
                let kind = write::WriteKind::of(route, method);
                self.write(module, None, kind, request, now, fault)
            }
            (Route::Records(module), "DELETE") => {
                self.delete_records(module, None, request, now, fault)
            }
            (Route::Record(module, id), "GET") => self.get_record(module, id, request),
            (Route::Record(module, id), "PUT") => {
                let kind = write::WriteKind::Update;
                self.write(module, Some(id), kind, request, now, fault)
            }
            (Route::Record(module, id), "DELETE") => {
                self.delete_records(module, Some(id), request, now, fault)
            }
            (Route::Deleted(module), "GET") => self.get_deleted(module, request, now),
            (Route::Search(module), "GET") => self.search(module, request, now),
            (Route::Count(module), "GET") => self.count(module, request, now),
            (Route::Photo(module, id), _) => self.photo(module, id, request, now),
            (Route::Users, "GET") => self.get_users(request),
            (Route::Org, "GET") => Ok(self.get_org()),
            (Route::Modules(name), "GET") => self.get_modules(*name),
            (Route::Fields, "GET") => self.get_fields(request),
            (Route::Views(id), "GET") => self.get_views(request, *id),
            (Route::Profiles(id), "GET") => self.get_profiles(*id),
            (Route::Layouts, "GET") => self.get_layouts(request),
            (Route::Other | Route::OAuth(_), _) => Err(Failure::url()),
            _ => Err(Failure::method()),
        }
    }

    /// Books a call's credits; what is left once half of the day's are gone.
    fn spend(
        &mut self,
        route: &Route<'_>,
        request: &Request,
        now: i64,
    ) -> Result<Option<u64>, Failure> {
        let limit = self.switches.daily_credits;
        let cost = route.credits(request);
        if limit == 0 {
            self.spent += cost;
            return Ok(None);
        }
        while self
            .credits
            .front()
            .is_some_and(|(at, _)| *at <= now - 86_400)
        {
            self.credits.pop_front();
        }
        let used: u64 = self.credits.iter().map(|(_, cost)| cost).sum();
        if used + cost > limit {
            return Err(Failure::throttled());
        }
        self.spent += cost;
        self.credits.push_back((now, cost));
        let left = limit - used - cost;
        Ok((left * 2 <= limit).then_some(left))
    }

    fn module(&self, name: &str) -> Result<&Module, Failure> {
        self.modules.get(name).ok_or_else(Failure::module)
    }

    fn module_mut(&mut self, name: &str) -> Result<&mut Module, Failure> {
        self.modules.get_mut(name).ok_or_else(Failure::module)
    }

    fn module_param(&self, request: &Request) -> Result<&Module, Failure> {
        let name = request
            .param("module")
            .ok_or_else(|| Failure::missing_param("module"))?;
        self.module(name)
    }

    /// The next id: ascending, with gaps.
    fn new_id(&mut self) -> u64 {
        self.next_id += 1 + self.random() % 9;
        self.next_id
    }

    fn random(&mut self) -> u64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.chance;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A token of 32 hexadecimal digits.
    fn random_text(&mut self) -> String {
        format!("{:016x}{:016x}", self.random(), self.random())
    }
}

fn gaps(fault: Option<&Fault>, now: i64) -> Gaps {
    match fault {
        Some(fault) if fault.kind == FaultKind::LagListing => Gaps {
            created_since: Some(now - fault.number("seconds", 300).cast_signed()),
            every: None,
        },
        Some(fault) if fault.kind == FaultKind::ListingHole => Gaps {
            created_since: None,
            every: Some(fault.number("every", 50)),
        },
        _ => Gaps::default(),
    }
}

/// The JSON body of a request.
fn json_body(request: &Request) -> Result<Value, Failure> {
    serde_json::from_slice(&request.body).map_err(|_| {
        Failure::new(
            400,
            "INVALID_REQUEST",
            "unable to process your request. please verify the request body",
        )
    })
}
