//! A simulated HubSpot (CRM API v3), written from HubSpot's own documentation and what its users report: a search
//! index that is behind and answers 10,000 results, identifiers only in lists, answers to batches in another order
//! than the inputs, an address that is taken refusing the whole batch, 207, merged contacts under both identifiers, an
//! archive without a condition on time, limits by header.
//!
//! It stands in its own thread, so that programs and connectors in any runtime can be pointed at it.

mod batch;
mod contact;
mod lists;
mod meta;
mod oauth;
mod search;
mod serve;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

pub(crate) use oauth::CLIENT;
pub(crate) use serve::Sim;

/// The token of the private app that opens it.
pub(crate) const TOKEN: &str = "pat-na1-made-up-token-for-tests";
/// The account.
pub(crate) const PORTAL: u64 = 4242;

pub(crate) type Properties = BTreeMap<String, String>;

/// What goes wrong with the next call of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It is executed and the connection breaks before the answer.
    Lost,
    /// It is executed and never answered.
    Held,
    /// The connection breaks before anything is executed.
    Cut,
    /// It is not executed and answered with this status and body.
    Status(u16, Value),
    /// It is executed and answered with a bad gateway.
    DoneBut502,
}

/// One contact.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contact {
    pub(crate) properties: Properties,
    pub(crate) created: i64,
    pub(crate) modified: i64,
    pub(crate) archived: Option<i64>,
    /// What it held at which time, for the search index, which is behind.
    history: Vec<(i64, Option<Properties>)>,
}

/// How a list gets its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Manual,
    Snapshot,
    /// Everyone whose property has this value.
    Dynamic(String, String),
}

/// A list.
#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Members and when they joined; those of a dynamic list follow from its condition.
    pub(crate) members: BTreeMap<u64, i64>,
    pub(crate) last_added: Option<i64>,
}

/// Everything that it holds.
#[expect(clippy::struct_excessive_bools, reason = "habits, each set by name")]
pub(crate) struct World {
    pub(crate) contacts: BTreeMap<u64, Contact>,
    /// Merged contacts and what they were merged into.
    pub(crate) merged: BTreeMap<u64, u64>,
    pub(crate) lists: BTreeMap<u64, List>,
    pub(crate) properties: Vec<Value>,
    pub(crate) scopes: BTreeSet<String>,
    /// Milliseconds by which the search index is behind.
    pub(crate) index_lag: i64,
    /// How many results a search answers in all.
    pub(crate) search_cap: usize,
    /// Whether a taken address refuses the whole batch (409) or that input alone (207).
    pub(crate) whole_batch: bool,
    /// Whether answers to batches give back what marked the inputs.
    pub(crate) traces: bool,
    /// Whether merged contacts stand in the archive too.
    pub(crate) merged_in_archive: bool,
    /// How many calls the window still has; then one is refused and a new window begins.
    pub(crate) window: Option<(u32, u32)>,
    pub(crate) mishaps: Vec<(&'static str, Mishap)>,
    /// Whether an answer is held back.
    pub(crate) held: bool,
    /// Milliseconds by which its clock differs from the real one.
    pub(crate) skew: i64,
    /// Contacts that someone deletes after the next pages of a listing, one after each.
    pub(crate) between: Vec<u64>,
    /// Every call: method and path.
    pub(crate) log: Vec<String>,
    pub(crate) oauth: oauth::Grants,
    next: u64,
}

impl Default for World {
    fn default() -> Self {
        let scopes = [
            "oauth",
            "crm.objects.contacts.read",
            "crm.objects.contacts.write",
            "crm.schemas.contacts.read",
            "crm.lists.read",
            "crm.lists.write",
        ];
        Self {
            contacts: BTreeMap::new(),
            merged: BTreeMap::new(),
            lists: BTreeMap::new(),
            properties: meta::standard(),
            scopes: scopes.map(str::to_owned).into(),
            index_lag: 0,
            search_cap: 10_000,
            whole_batch: true,
            traces: true,
            merged_in_archive: true,
            window: None,
            mishaps: Vec::new(),
            held: false,
            skew: 0,
            between: Vec::new(),
            log: Vec::new(),
            oauth: oauth::Grants::default(),
            next: 100,
        }
    }
}

impl World {
    /// Milliseconds since the epoch.
    pub(crate) fn now(&self) -> i64 {
        jiff::Timestamp::now().as_millisecond() + self.skew
    }

    fn new_id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Adds a contact as a person at its screens would.
    pub(crate) fn add(&mut self, properties: &Value) -> String {
        let id = self.new_id();
        let now = self.now();
        self.contacts.insert(
            id,
            Contact {
                created: now,
                ..Contact::default()
            },
        );
        self.set(id, &texts(properties));
        id.to_string()
    }

    /// Changes a contact as a person would.
    pub(crate) fn edit(&mut self, id: &str, properties: &Value) {
        self.set(number(id), &texts(properties));
    }

    /// HubSpot works out something of its own: the time moves and nothing else.
    pub(crate) fn bump(&mut self, id: &str) {
        self.set(number(id), &Properties::new());
    }

    fn set(&mut self, id: u64, properties: &Properties) {
        let now = self.now();
        let contact = self.contacts.get_mut(&id).unwrap();
        contact.modified = now.max(contact.modified + 1);
        for (name, value) in properties {
            if value.is_empty() {
                contact.properties.remove(name);
            } else {
                let value = if name == "email" {
                    value.trim().to_lowercase()
                } else {
                    value.clone()
                };
                contact.properties.insert(name.clone(), value);
            }
        }
        let shown = contact.properties.clone();
        contact.history.push((contact.modified, Some(shown)));
        self.evaluate();
    }

    pub(crate) fn delete(&mut self, id: &str) {
        let now = self.now();
        let id = number(id);
        let contact = self.contacts.get_mut(&id).unwrap();
        contact.archived = Some(now);
        contact.history.push((now, None));
        for list in self.lists.values_mut() {
            list.members.remove(&id);
        }
    }

    /// Deletes a contact for good (GDPR): nothing is left of it.
    pub(crate) fn purge(&mut self, id: &str) {
        self.delete(id);
        self.contacts.remove(&number(id));
    }

    /// Merges the second contact into the first.
    pub(crate) fn merge(&mut self, into: &str, from: &str) {
        let other = self.contacts[&number(from)].properties.clone();
        self.delete(from);
        let kept = self.contacts[&number(into)].properties.clone();
        let mut changes: Properties = other
            .iter()
            .filter(|(name, _)| !kept.contains_key(*name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let join = |name: &str, value: String| match kept.get(name) {
            Some(known) => format!("{known};{value}"),
            None => value,
        };
        changes.insert(
            "hs_merged_object_ids".to_owned(),
            join("hs_merged_object_ids", from.to_owned()),
        );
        if let Some(email) = other.get("email").filter(|_| kept.contains_key("email")) {
            changes.insert(
                "hs_additional_emails".to_owned(),
                join("hs_additional_emails", email.clone()),
            );
        }
        self.set(number(into), &changes);
        self.merged.insert(number(from), number(into));
    }

    /// Adds a list.
    pub(crate) fn add_list(&mut self, name: &str, kind: Kind) -> String {
        let id = self.new_id();
        let list = List {
            name: name.to_owned(),
            kind,
            members: BTreeMap::new(),
            last_added: None,
        };
        self.lists.insert(id, list);
        self.evaluate();
        id.to_string()
    }

    /// Puts a contact into a list as a person would; that does not change the contact.
    pub(crate) fn join(&mut self, list: &str, id: &str) {
        let now = self.now();
        let list = self.lists.get_mut(&number(list)).unwrap();
        list.members.insert(number(id), now);
        list.last_added = Some(now);
    }

    pub(crate) fn leave(&mut self, list: &str, id: &str) {
        let list = self.lists.get_mut(&number(list)).unwrap();
        list.members.remove(&number(id));
    }

    /// Works out the members of dynamic lists.
    fn evaluate(&mut self) {
        let now = self.now();
        for list in self.lists.values_mut() {
            let Kind::Dynamic(name, value) = &list.kind else {
                continue;
            };
            let fits = |contact: &Contact| {
                contact.archived.is_none() && contact.properties.get(name) == Some(value)
            };
            for (id, contact) in &self.contacts {
                if !fits(contact) {
                    list.members.remove(id);
                } else if !list.members.contains_key(id) {
                    list.members.insert(*id, now);
                    list.last_added = Some(now);
                }
            }
        }
    }

    /// The contact that an identifier means now, merged ones included.
    fn resolve(&self, id: u64) -> u64 {
        let mut id = id;
        while let Some(into) = self.merged.get(&id) {
            id = *into;
        }
        id
    }

    /// The contacts that are there and have this first address.
    pub(crate) fn by_address(&self, address: &str) -> Vec<String> {
        self.contacts
            .iter()
            .filter(|(_, contact)| contact.archived.is_none())
            .filter(|(_, contact)| {
                contact.properties.get("email").map(String::as_str) == Some(address)
            })
            .map(|(id, _)| id.to_string())
            .collect()
    }

    /// The contact that has an address, as its first or as a further one.
    fn owner_of(&self, address: &str) -> Option<u64> {
        let address = address.trim().to_lowercase();
        let there = |contact: &&Contact| contact.archived.is_none();
        let mut all = self.contacts.iter().filter(|(_, contact)| there(contact));
        all.find(|(_, contact)| {
            let of = |name: &str| contact.properties.get(name).cloned().unwrap_or_default();
            of("email") == address
                || of("hs_additional_emails")
                    .split(';')
                    .any(|one| one == address)
        })
        .map(|(id, _)| *id)
    }

    /// A property of a contact; empty when it has none.
    pub(crate) fn property(&self, id: &str, name: &str) -> String {
        let contact = &self.contacts[&number(id)];
        contact.properties.get(name).cloned().unwrap_or_default()
    }

    /// How many contacts are there.
    pub(crate) fn count(&self) -> usize {
        let there = |contact: &&Contact| contact.archived.is_none();
        self.contacts.values().filter(there).count()
    }

    /// Lets the next call whose method and path begin like this go wrong.
    pub(crate) fn mishap(&mut self, call: &'static str, mishap: Mishap) {
        self.mishaps.push((call, mishap));
    }

    /// How often a call was made.
    pub(crate) fn calls(&self, begin: &str) -> usize {
        self.log
            .iter()
            .filter(|call| call.starts_with(begin))
            .count()
    }
}

pub(crate) fn number(id: &str) -> u64 {
    id.parse().unwrap_or_default()
}

fn texts(properties: &Value) -> Properties {
    let Some(object) = properties.as_object() else {
        return Properties::new();
    };
    object
        .iter()
        .map(|(name, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (name.clone(), text)
        })
        .collect()
}

/// A time as the API writes it.
pub(crate) fn iso(ms: i64) -> String {
    let stamp = jiff::Timestamp::from_millisecond(ms).unwrap();
    stamp.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

pub(crate) type Shared = Arc<Mutex<World>>;

pub(crate) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// An answer: status and body.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
}

impl Reply {
    fn ok(body: Value) -> Self {
        Self {
            status: 200,
            body: Some(body),
        }
    }

    fn with(status: u16, body: Value) -> Self {
        Self {
            status,
            body: Some(body),
        }
    }

    fn refused(status: u16, category: &str, message: &str) -> Self {
        Self::with(status, fault(category, message))
    }
}

/// The body of an error.
fn fault(category: &str, message: &str) -> Value {
    json!({
        "status": "error",
        "message": message,
        "correlationId": "00000000-0000-4000-8000-000000000000",
        "category": category,
    })
}
