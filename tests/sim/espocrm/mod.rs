//! A simulated EspoCRM 8, written from what its documentation says and a running server was seen to do: whole seconds, 409
//! with the look-alikes, bare 500s, lists without the further numbers, types of numbers that all records share.
//!
//! It stands in its own thread, so that programs and connectors in any runtime can be pointed at it.

mod list;
mod meta;
mod record;
mod serve;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Map, Value, json};

pub(crate) use serve::Sim;

pub(crate) type Row = Map<String, Value>;

/// The key that opens it.
pub(crate) const KEY: &str = "espo-api-key-for-tests";

/// What goes wrong with the next call of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It is executed and the connection breaks before the answer.
    Lost,
    /// It is executed and never answered.
    Held,
    /// The connection breaks before anything is executed.
    Cut,
    /// It is not executed and answered with this status and no body.
    Status(u16),
    /// It is executed and answered with a bare 500.
    DoneBut500,
}

/// One contact. Addresses and numbers in their order, the first marked by `primary`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contact {
    pub(crate) attributes: Row,
    pub(crate) addresses: Vec<Row>,
    pub(crate) numbers: Vec<Row>,
    pub(crate) created: i64,
    pub(crate) modified: i64,
    pub(crate) deleted: bool,
}

/// Everything that it holds.
pub(crate) struct World {
    pub(crate) contacts: BTreeMap<String, Contact>,
    /// Target lists: name and members.
    pub(crate) lists: BTreeMap<String, (String, BTreeSet<String>)>,
    /// The type of every number, one for all records.
    pub(crate) types: BTreeMap<String, String>,
    /// Rights by scope and action.
    pub(crate) table: Value,
    /// Rights by field.
    pub(crate) field_table: Value,
    /// Contacts that the user may not read.
    pub(crate) hidden: BTreeSet<String>,
    pub(crate) max_size: usize,
    pub(crate) international: bool,
    /// Whether listings say how many records fit.
    pub(crate) totals: bool,
    pub(crate) mishaps: Vec<(&'static str, Mishap)>,
    /// Whether an answer is held back.
    pub(crate) held: bool,
    /// Seconds by which its clock differs from the real one.
    pub(crate) skew: i64,
    /// Contacts that someone deletes after the next pages of a listing, one after each.
    pub(crate) between: Vec<String>,
    /// Every call: method and path.
    pub(crate) log: Vec<String>,
    next: u64,
}

impl Default for World {
    fn default() -> Self {
        let all = json!({"create": "yes", "read": "all", "edit": "all", "delete": "all"});
        Self {
            contacts: BTreeMap::new(),
            lists: BTreeMap::new(),
            types: BTreeMap::new(),
            table: json!({"Contact": all, "TargetList": all, "Account": all}),
            field_table: json!({}),
            hidden: BTreeSet::new(),
            max_size: 200,
            international: true,
            totals: true,
            mishaps: Vec::new(),
            held: false,
            skew: 0,
            between: Vec::new(),
            log: Vec::new(),
            next: 0,
        }
    }
}

impl World {
    pub(crate) fn now(&self) -> i64 {
        jiff::Timestamp::now().as_second() + self.skew
    }

    /// A new identifier: 17 hexadecimal digits in no order of time.
    fn new_id(&mut self) -> String {
        self.next += 1;
        let mixed = self.next.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{mixed:016x}{:x}", self.next % 16)
    }

    /// Adds a contact as a person at its screens would.
    pub(crate) fn add(&mut self, row: &Value) -> String {
        let id = self.new_id();
        let now = self.now();
        let mut contact = Contact {
            created: now,
            ..Contact::default()
        };
        record::store(self, &mut contact, row.as_object().unwrap());
        contact.modified = now;
        self.contacts.insert(id.clone(), contact);
        id
    }

    /// Changes a contact as a person would.
    pub(crate) fn edit(&mut self, id: &str, row: &Value) {
        let mut contact = self.contacts[id].clone();
        record::store(self, &mut contact, row.as_object().unwrap());
        contact.modified = self.now();
        self.contacts.insert(id.to_owned(), contact);
    }

    pub(crate) fn delete(&mut self, id: &str) {
        self.contacts.get_mut(id).unwrap().deleted = true;
    }

    /// Adds a target list.
    pub(crate) fn add_list(&mut self, name: &str) -> String {
        let id = self.new_id();
        let list = (name.to_owned(), BTreeSet::new());
        self.lists.insert(id.clone(), list);
        id
    }

    /// The contacts that are there and have this first address.
    pub(crate) fn by_address(&self, address: &str) -> Vec<String> {
        self.contacts
            .iter()
            .filter(|(_, contact)| !contact.deleted)
            .filter(|(_, contact)| {
                record::first(&contact.addresses, "emailAddress") == json!(address)
            })
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// A contact as a GET sends it.
    pub(crate) fn shown(&self, id: &str) -> Value {
        Value::Object(record::whole(self, id))
    }

    /// How many contacts are there.
    pub(crate) fn count(&self) -> usize {
        let there = |contact: &&Contact| !contact.deleted;
        self.contacts.values().filter(there).count()
    }

    /// Lets the next call whose method and path begin like this go wrong.
    pub(crate) fn mishap(&mut self, call: &'static str, mishap: Mishap) {
        self.mishaps.push((call, mishap));
    }

    fn level(&self, scope: &str, action: &str) -> String {
        let level = &self.table[scope][action];
        level.as_str().unwrap_or("no").to_owned()
    }
}

pub(crate) type Shared = Arc<Mutex<World>>;

pub(crate) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// An answer: status, reason, body.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) reason: Option<String>,
    pub(crate) body: Option<Value>,
}

impl Reply {
    fn ok(body: Value) -> Self {
        Self {
            status: 200,
            reason: None,
            body: Some(body),
        }
    }

    fn refused(status: u16, reason: &str) -> Self {
        Self {
            status,
            reason: Some(reason.to_owned()),
            body: None,
        }
    }

    fn bare(status: u16) -> Self {
        Self {
            status,
            reason: None,
            body: None,
        }
    }
}
