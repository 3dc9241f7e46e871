//! What a person does in Google's own web page, done by a test: edits, merges, labels, and the switches.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::errors::Refusal;
use super::groups::Group;
use super::mask::{Mask, Sources};
use super::render::{self, View};
use super::store::{Book, Bump, number_of, resource_name};
use super::{MAIN_ACCOUNT, PeopleWorld, SignIns, Switches, normal, schema, write};

/// A refusal of an admin call: what was wrong.
pub(crate) type Done = Result<Value, String>;

fn words(refusal: &Refusal) -> String {
    refusal.message.clone()
}

/// The number of `people/c1`, `c1` or `1`.
fn number(id: &str) -> Result<u64, String> {
    let full = match id.strip_prefix("people/") {
        Some(_) => id.to_owned(),
        None => format!("people/{}{id}", if id.starts_with('c') { "" } else { "c" }),
    };
    number_of(&full).ok_or_else(|| format!("no such contact: {id}"))
}

fn fitting(person: &Value) -> Result<(), String> {
    let found = schema::misfits("Person", person, "person");
    match found.first() {
        None => Ok(()),
        Some(misfit) => Err(misfit.text.clone()),
    }
}

fn show(book: &Book, number: u64) -> Done {
    let record = book.get(number).ok_or("no such contact")?;
    let view = View {
        mask: Mask::ALL,
        sources: Sources {
            contact: true,
            profile: true,
        },
        listed: false,
        delta: true,
        shuffled: false,
    };
    Ok(render::person(record, &record.current, view))
}

impl PeopleWorld {
    /// A new contact of the main account, from People JSON; returns its resource name.
    pub fn add_contact(&mut self, person: &Value, now: Timestamp) -> Result<String, String> {
        fitting(person)?;
        let switches = self.switches.clone();
        let book = self.book(MAIN_ACCOUNT, now);
        let prepared =
            write::prepare_create(book, &switches, person).map_err(|refusal| words(&refusal))?;
        Ok(resource_name(write::create(book, prepared, now)))
    }

    /// Replaces the top-level fields that `fields` names; null or an empty list clears one.
    pub fn edit_contact(&mut self, id: &str, fields: &Value, now: Timestamp) -> Done {
        let number = number(id)?;
        let switches = self.switches.clone();
        let book = self.book(MAIN_ACCOUNT, now);
        let record = book
            .get(number)
            .ok_or_else(|| format!("no such contact: {id}"))?;
        let mask: Vec<&str> = fields
            .as_object()
            .ok_or("an object of person fields is wanted")?
            .keys()
            .map(String::as_str)
            .filter(|name| !matches!(*name, "etag" | "resourceName" | "metadata"))
            .collect();
        let mask = Mask::write("fields", &mask.join(",")).map_err(|refusal| words(&refusal))?;
        let mut person = fields.clone();
        person["metadata"] =
            json!({"sources": [{"type": "CONTACT", "etag": record.current.source_etag()}]});
        fitting(&person)?;
        let prepared =
            write::prepare_update(book, &switches, &resource_name(number), &person, mask)
                .map_err(|refusal| words(&refusal))?;
        write::update(book, &switches, prepared, now);
        show(book, number)
    }

    /// Moves a contact to the trash; false when there is none.
    pub fn delete_contact(&mut self, id: &str, now: Timestamp) -> bool {
        number(id).is_ok_and(|number| self.book(MAIN_ACCOUNT, now).delete(number, now))
    }

    /// Merges `from` into `into`: the survivor gains what it lacks, the other is deleted.
    fn merge(&mut self, body: &Value, now: Timestamp) -> Done {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or("");
        let (into, from) = (number(text("into"))?, number(text("from"))?);
        if into == from {
            return Err("a contact cannot be merged into itself".to_owned());
        }
        let book = self.book(MAIN_ACCOUNT, now);
        let other = book
            .get(from)
            .ok_or("no such contact: from")?
            .current
            .clone();
        let source_id = book.get(into).ok_or("no such contact: into")?.source_id;
        book.change(into, now, |version| {
            for (field, theirs) in &other.fields {
                join(&mut version.fields, field, theirs, source_id);
            }
            for group in &other.groups {
                if !version.groups.contains(group) {
                    version.groups.push(group.clone());
                }
            }
            Bump::Etag
        });
        if let Some(record) = book.records.get_mut(&into) {
            record.previous.push(from);
        }
        book.delete(from, now);
        show(book, into)
    }

    /// Gives a contact another resource name.
    fn rename(&mut self, body: &Value, now: Timestamp) -> Done {
        let id = body.get("id").and_then(Value::as_str).unwrap_or("");
        let number = number(id)?;
        let fresh = self.book(MAIN_ACCOUNT, now).rename(number, now);
        let fresh = fresh.ok_or_else(|| format!("no such contact: {id}"))?;
        Ok(json!({"resourceName": resource_name(fresh), "previous": resource_name(number)}))
    }

    /// Links a public profile whose fields mix into reads of the source PROFILE.
    fn link_profile(&mut self, body: &Value, now: Timestamp) -> Done {
        let number = number(body.get("id").and_then(Value::as_str).unwrap_or(""))?;
        let book = self.book(MAIN_ACCOUNT, now);
        let record = book.records.get_mut(&number).ok_or("no such contact")?;
        let source = json!({"source": {"type": "PROFILE", "id": render::profile_id(record)}});
        let mut profile = Map::new();
        for (field, items) in body
            .get("fields")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let mut items = items.as_array().cloned().unwrap_or_default();
            for item in &mut items {
                item["metadata"] = source.clone();
            }
            profile.insert(field.clone(), Value::Array(items));
        }
        record.profile = profile;
        show(book, number)
    }

    /// Makes a label, or deletes the one named by `delete`; `contacts` (names) join it.
    pub fn add_group(&mut self, name: &str, now: Timestamp) -> String {
        let book = self.book(MAIN_ACCOUNT, now);
        if let Some(group) = book.groups.named(name) {
            return group.resource_name();
        }
        let group = Group {
            id: format!("{:x}", book.fresh_number()),
            name: name.trim().to_owned(),
            system: false,
            open: true,
            client_data: Vec::new(),
            revision: book.next_revision(),
            updated: now,
            seq: book.next_seq(),
            deleted: false,
        };
        let name = group.resource_name();
        book.groups.insert(group);
        name
    }

    fn groups(&mut self, body: &Value, now: Timestamp) -> Done {
        if let Some(name) = body.get("name").and_then(Value::as_str) {
            return Ok(json!({"resourceName": self.add_group(name, now)}));
        }
        let Some(gone) = body.get("delete").and_then(Value::as_str) else {
            return Err("name or delete is wanted".to_owned());
        };
        let id = gone
            .strip_prefix("contactGroups/")
            .unwrap_or(gone)
            .to_owned();
        let book = self.book(MAIN_ACCOUNT, now);
        let holders: Vec<u64> = book
            .records
            .values()
            .filter(|record| !record.deleted && record.current.groups.contains(&id))
            .map(|record| record.number)
            .collect();
        for number in holders {
            book.change(number, now, |version| {
                version.groups.retain(|group| *group != id);
                if version.groups.is_empty() {
                    version.groups.push(super::groups::MY_CONTACTS.to_owned());
                }
                Bump::Etag
            });
        }
        let seq = book.next_seq();
        let group = book.groups.get_mut(&id).ok_or("no such group")?;
        (group.deleted, group.seq, group.updated) = (true, seq, now);
        Ok(json!({"deleted": gone}))
    }

    /// Puts contacts into a group (by name or resource name) and takes others out.
    fn members(&mut self, body: &Value, now: Timestamp) -> Done {
        let wanted = body.get("group").and_then(Value::as_str).unwrap_or("");
        let book = self.book(MAIN_ACCOUNT, now);
        let id = wanted
            .strip_prefix("contactGroups/")
            .map(str::to_owned)
            .or_else(|| book.groups.named(wanted).map(|group| group.id.clone()))
            .unwrap_or_else(|| wanted.to_owned());
        if book.groups.get(&id).is_none() {
            return Err(format!("no such group: {wanted}"));
        }
        let mut changed = 0;
        for (list, joins) in [("add", true), ("remove", false)] {
            for name in super::calls::texts(body, list) {
                let number = number(name)?;
                let found = book.change(number, now, |version| {
                    let is_in = version.groups.contains(&id);
                    if joins == is_in {
                        return Bump::Nothing;
                    }
                    changed += 1;
                    if joins {
                        version.groups.push(id.clone());
                    } else {
                        version.groups.retain(|group| *group != id);
                        if version.groups.is_empty() {
                            version.groups.push(super::groups::MY_CONTACTS.to_owned());
                        }
                    }
                    Bump::Etag
                });
                if !found {
                    return Err(format!("no such contact: {name}"));
                }
            }
        }
        Ok(json!({"changed": changed}))
    }

    /// Any other admin operation under `/admin/google/…`.
    pub fn admin(&mut self, op: &str, body: &Value, now: Timestamp) -> Done {
        match op {
            "merge" => self.merge(body, now),
            "rename" => self.rename(body, now),
            "profile" => self.link_profile(body, now),
            "groups" => self.groups(body, now),
            "members" => self.members(body, now),
            "switch" => {
                self.switches.set(body)?;
                serde_json::to_value(&self.switches).map_err(|error| error.to_string())
            }
            "client_secret.json" => Ok(self.sign_ins.client_file()),
            _ => match self.sign_ins.admin(op, body) {
                Some(done) => done,
                None => Err(format!("no such operation: {op}")),
            },
        }
    }

    /// The main account's address book: live contacts with every field, groups, and names of deleted ones.
    #[must_use]
    pub fn dump(&self) -> Value {
        let Some(book) = self.books.get(MAIN_ACCOUNT) else {
            return json!({"contacts": [], "groups": [], "deleted": []});
        };
        let live = book.records.values().filter(|record| !record.deleted);
        let contacts: Vec<Value> = live
            .filter_map(|record| show(book, record.number).ok())
            .collect();
        let deleted: Vec<String> = book
            .records
            .values()
            .filter(|record| record.deleted)
            .map(|record| resource_name(record.number))
            .collect();
        let counts = book.member_counts();
        let fields: Vec<String> = ["name", "groupType", "memberCount"]
            .map(str::to_owned)
            .to_vec();
        let groups: Vec<Value> = book
            .groups
            .iter()
            .filter(|group| !group.deleted)
            .map(|group| group.render(&fields, counts.get(group.id.as_str()).copied().unwrap_or(0)))
            .collect();
        json!({"contacts": contacts, "groups": groups, "deleted": deleted})
    }

    /// Name, address, phone and groups of a slice of the main account's contacts, and how many there are.
    pub(crate) fn summary(&self, offset: usize, count: usize) -> (usize, Vec<[String; 4]>) {
        let Some(book) = self.books.get(MAIN_ACCOUNT) else {
            return (0, Vec::new());
        };
        let first = |fields: &Map<String, Value>, field: &str, key: &str| {
            let item = fields
                .get(field)
                .and_then(|list| list.get(0))
                .and_then(|item| item.get(key));
            item.and_then(Value::as_str).unwrap_or("").to_owned()
        };
        let rows = book
            .records
            .values()
            .filter(|record| !record.deleted)
            .skip(offset)
            .take(count)
            .map(|record| {
                let fields = &record.current.fields;
                let groups: Vec<&str> = record
                    .current
                    .groups
                    .iter()
                    .filter_map(|id| book.groups.get(id))
                    .map(|group| group.name.as_str())
                    .collect();
                [
                    first(fields, "names", "displayName"),
                    first(fields, "emailAddresses", "value"),
                    first(fields, "phoneNumbers", "value"),
                    groups.join(", "),
                ]
            })
            .collect();
        (book.live, rows)
    }

    /// Keeps sign-ins as they are, forgets every contact and switch.
    pub(crate) fn reset(&mut self, seed: u64) {
        let base_kept = std::mem::replace(&mut self.sign_ins, SignIns::new(seed));
        *self = Self::new(seed);
        self.sign_ins = base_kept;
        self.switches = Switches::default();
    }
}

/// Adds to a field the items that it lacks; a field that has one value at most keeps its own.
fn join(fields: &mut Map<String, Value>, field: &str, theirs: &Value, source_id: u64) {
    let single = matches!(field, "names" | "birthdays" | "biographies" | "genders");
    let mine = fields.entry(field.to_owned()).or_insert_with(|| json!([]));
    let (Value::Array(mine), Value::Array(theirs)) = (mine, theirs) else {
        return;
    };
    let bare = |item: &Value| {
        let mut item = item.clone();
        if let Value::Object(entries) = &mut item {
            entries.remove("metadata");
        }
        item
    };
    for item in theirs {
        let known = mine.iter().any(|other| bare(other) == bare(item));
        if known || (single && !mine.is_empty()) {
            continue;
        }
        let mut item = bare(item);
        item["metadata"] = normal::item_metadata(source_id, mine.is_empty());
        mine.push(item);
    }
}
