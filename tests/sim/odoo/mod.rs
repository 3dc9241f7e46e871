//! A simulated Odoo, version 18 or 19, written from what its documentation says and running servers were seen to do: one
//! transaction a call, microseconds in the database and seconds on the wire, one time for a whole batch, exceptions
//! with status 200 in JSON-RPC and with a status of their own in JSON-2.
//!
//! It stands in its own thread, so that programs and connectors in any runtime can be pointed at it.

mod domain;
mod fields;
mod methods;
mod serve;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Map, Value};

pub(crate) use serve::Sim;

pub(crate) type Row = Map<String, Value>;

/// The key that opens it.
pub(crate) const KEY: &str = "odoo-api-key-for-tests";
/// Its only database.
pub(crate) const DATABASE: &str = "company";
/// Whose key it is.
pub(crate) const LOGIN: &str = "sync@example.com";
/// The number of that user.
pub(crate) const UID: i64 = 7;

/// What goes wrong with the next call of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It is executed and the connection breaks before the answer.
    Lost,
    /// It is executed and never answered.
    Held,
    /// The connection breaks before anything is executed.
    Cut,
    /// It is not executed and answered by a proxy with this status.
    Status(u16),
    /// It is rolled back by this exception.
    Raised(&'static str, &'static str),
}

/// One partner. Times in microseconds since the epoch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partner {
    pub(crate) values: Row,
    pub(crate) created: i64,
    pub(crate) written: i64,
}

/// What a transaction can change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    pub(crate) partners: BTreeMap<i64, Partner>,
    /// Tags by number.
    pub(crate) tags: BTreeMap<i64, String>,
    /// Saved filters by number: name and domain text.
    pub(crate) filters: BTreeMap<i64, (String, String)>,
    next: i64,
}

/// Everything that it holds.
pub(crate) struct World {
    pub(crate) version: u8,
    pub(crate) tables: Tables,
    /// Operations on partners that the user may not do.
    pub(crate) denied: BTreeSet<&'static str>,
    /// Partners that a rule hides from the user.
    pub(crate) hidden: BTreeSet<i64>,
    /// Partners that the user may see and not change.
    pub(crate) fixed: BTreeSet<i64>,
    /// Partners that stand for users.
    pub(crate) users: BTreeSet<i64>,
    /// A city that a rule of this installation forbids.
    pub(crate) banned: Option<&'static str>,
    /// Further fields of partners, as `fields_get` describes them.
    pub(crate) custom: Row,
    pub(crate) mishaps: Vec<(&'static str, Mishap)>,
    /// Whether an answer is held back.
    pub(crate) held: bool,
    /// Seconds by which its clock differs from the real one.
    pub(crate) skew: i64,
    /// Every call: model and method.
    pub(crate) log: Vec<String>,
}

impl World {
    fn new(version: u8) -> Self {
        Self {
            version,
            tables: Tables {
                next: 100,
                ..Tables::default()
            },
            denied: BTreeSet::new(),
            hidden: BTreeSet::new(),
            fixed: BTreeSet::new(),
            users: BTreeSet::new(),
            banned: None,
            custom: Row::new(),
            mishaps: Vec::new(),
            held: false,
            skew: 0,
            log: Vec::new(),
        }
    }

    /// Its clock, in microseconds.
    pub(crate) fn now(&self) -> i64 {
        jiff::Timestamp::now().as_microsecond() + self.skew * 1_000_000
    }

    /// Adds a partner as a person at its screens would.
    pub(crate) fn add(&mut self, row: &Value) -> i64 {
        let now = self.now();
        store::create(self, row.as_object().unwrap(), now).unwrap()
    }

    /// Changes a partner as a person would.
    pub(crate) fn edit(&mut self, id: i64, row: &Value) {
        let now = self.now();
        store::write(self, &[id], row.as_object().unwrap(), now).unwrap();
    }

    pub(crate) fn archive(&mut self, id: i64) {
        self.edit(id, &serde_json::json!({"active": false}));
    }

    /// Deletes for good, without a trace.
    pub(crate) fn unlink(&mut self, id: i64) {
        self.tables.partners.remove(&id).unwrap();
    }

    pub(crate) fn add_tag(&mut self, name: &str) -> i64 {
        let id = self.tables.new_id();
        self.tables.tags.insert(id, name.to_owned());
        id
    }

    pub(crate) fn add_filter(&mut self, name: &str, domain: &str) -> i64 {
        let id = self.tables.new_id();
        let filter = (name.to_owned(), domain.to_owned());
        self.tables.filters.insert(id, filter);
        id
    }

    /// A partner with all its fields, as a reading sends it.
    pub(crate) fn shown(&self, id: i64) -> Value {
        let fields: Vec<String> = fields::all(self).keys().cloned().collect();
        Value::Object(store::row(self, id, &fields))
    }

    /// The partners that are not archived and have this address.
    pub(crate) fn by_address(&self, address: &str) -> Vec<i64> {
        let there = self.tables.partners.iter();
        there
            .filter(|(_, partner)| partner.values["active"] == true)
            .filter(|(_, partner)| {
                let email = partner.values["email"].as_str().unwrap_or_default();
                email.eq_ignore_ascii_case(address)
            })
            .map(|(id, _)| *id)
            .collect()
    }

    /// How many partners are not archived.
    pub(crate) fn count(&self) -> usize {
        let there = self.tables.partners.values();
        there
            .filter(|partner| partner.values["active"] == true)
            .count()
    }

    /// Lets the next call whose model and method begin like this go wrong.
    pub(crate) fn mishap(&mut self, call: &'static str, mishap: Mishap) {
        self.mishaps.push((call, mishap));
    }
}

impl Tables {
    fn new_id(&mut self) -> i64 {
        self.next += 1;
        self.next
    }
}

/// A Python exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Raised {
    /// The dotted path of its class.
    pub(crate) name: String,
    pub(crate) message: String,
    /// The status that JSON-2 answers with.
    pub(crate) status: u16,
}

fn raised(name: &str, message: &str) -> Raised {
    let status = match name.rsplit('.').next().unwrap_or_default() {
        "ValidationError" | "UserError" => 422,
        "MissingError" | "NotFound" => 404,
        "AccessError" | "Forbidden" => 403,
        "AccessDenied" | "Unauthorized" => 401,
        // Unknown fields and arguments, redirections, trouble in the database.
        _ => 500,
    };
    Raised {
        name: name.to_owned(),
        message: message.to_owned(),
        status,
    }
}

pub(crate) type Shared = Arc<Mutex<World>>;

pub(crate) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
