//! Contact groups (labels): the system's and the user's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::store::age_seconds;

/// The group that every contact belongs to unless it is told otherwise.
pub(crate) const MY_CONTACTS: &str = "myContacts";

/// System groups: id, shown name, and whether contacts can still be added.
const SYSTEM: [(&str, &str, bool); 8] = [
    (MY_CONTACTS, "My Contacts", true),
    ("chatBuddies", "Chat contacts", false),
    ("friends", "Friends", false),
    ("family", "Family", false),
    ("coworkers", "Coworkers", false),
    ("blocked", "Blocked", false),
    ("starred", "Starred", true),
    ("all", "All Contacts", false),
];

/// One group.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The part after `contactGroups/`.
    pub(crate) id: String,
    /// The name as given.
    pub(crate) name: String,
    /// The system's own, which nobody renames or deletes.
    pub(crate) system: bool,
    /// Contacts can be added.
    pub(crate) open: bool,
    /// The app's own data: `key`, `value` objects.
    pub(crate) client_data: Vec<Value>,
    /// Behind the etag.
    pub(crate) revision: u64,
    /// When it last changed.
    pub(crate) updated: Timestamp,
    /// Its place in the order of changes.
    pub(crate) seq: u64,
    /// It was deleted.
    pub(crate) deleted: bool,
}

/// All groups of an account.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    all: BTreeMap<String, Group>,
}

impl Groups {
    /// The system's groups.
    pub(crate) fn new(now: Timestamp) -> Self {
        let all = SYSTEM
            .into_iter()
            .map(|(id, _, open)| {
                let group = Group {
                    id: id.to_owned(),
                    name: id.to_owned(),
                    system: true,
                    open,
                    client_data: Vec::new(),
                    revision: 0,
                    updated: now,
                    seq: 0,
                    deleted: false,
                };
                (id.to_owned(), group)
            })
            .collect();
        Self { all }
    }

    /// A group that exists.
    pub(crate) fn get(&self, id: &str) -> Option<&Group> {
        self.all.get(id).filter(|group| !group.deleted)
    }

    /// A group that exists, to change it.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Group> {
        self.all.get_mut(id).filter(|group| !group.deleted)
    }

    /// Every group, deleted ones included.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Group> {
        self.all.values()
    }

    /// The user's group of that name.
    pub(crate) fn named(&self, name: &str) -> Option<&Group> {
        self.all
            .values()
            .find(|group| !group.deleted && !group.system && group.name == name.trim())
    }

    /// Puts in a new group of the user's.
    pub(crate) fn insert(&mut self, group: Group) {
        self.all.insert(group.id.clone(), group);
    }

    /// The oldest change of a group that a reader lagging by `delay` seconds does not see yet.
    pub(crate) fn newest_hidden(&self, now: Timestamp, delay: i64) -> Option<u64> {
        self.all
            .values()
            .filter(|group| group.seq > 0 && age_seconds(group.updated, now) < delay)
            .map(|group| group.seq)
            .min()
    }
}

impl Group {
    /// `contactGroups/…`.
    pub(crate) fn resource_name(&self) -> String {
        format!("contactGroups/{}", self.id)
    }

    /// The group as the API shows it. `fields` is the parsed mask; `members` the count.
    pub(crate) fn render(&self, fields: &[String], members: usize) -> Value {
        let has = |name: &str| fields.iter().any(|field| field == name);
        let mut shown = json!({
            "resourceName": self.resource_name(),
            "etag": format!("{:x}", self.revision.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5EED),
        });
        if self.deleted {
            shown["metadata"] = json!({"deleted": true, "updateTime": self.updated.to_string()});
            return shown;
        }
        if has("metadata") && !self.system {
            shown["metadata"] = json!({"updateTime": self.updated.to_string()});
        }
        if has("groupType") {
            shown["groupType"] = json!(if self.system {
                "SYSTEM_CONTACT_GROUP"
            } else {
                "USER_CONTACT_GROUP"
            });
        }
        if has("name") {
            shown["name"] = json!(self.name);
            let formal = SYSTEM
                .iter()
                .find(|(id, _, _)| self.system && *id == self.id);
            shown["formattedName"] = json!(formal.map_or(self.name.as_str(), |(_, name, _)| name));
        }
        if has("memberCount") && members > 0 {
            shown["memberCount"] = json!(members);
        }
        if has("clientData") && !self.client_data.is_empty() {
            shown["clientData"] = json!(self.client_data);
        }
        shown
    }
}
