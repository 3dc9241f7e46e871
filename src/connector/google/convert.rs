//! A contact's JSON as a record, and a record's values as JSON for a write. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::item::Item;
use super::slots::{EMAILS, LISTS, NAMES, NoDate, ORGANIZATIONS, Reading, SORTED, Slot, kept};
use super::text::{Told, quote};
use super::wire::{Lists, Person};
use crate::connector::Twins;
use crate::mapping::{Mapping, Path, canon};
use crate::model::{Field, Fields, Moment, Native, Patch, Record, RemoteId, Swap, Version};

/// Every contact belongs here unless a person took it out.
pub(super) const MY_CONTACTS: &str = "contactGroups/myContacts";

/// What a contact is looked at with.
pub(super) struct Lens<'a> {
    /// The profile's mapping.
    pub(super) mapping: &'a Mapping,
    /// Its pairs as places.
    pub(super) slots: Vec<Slot<'a>>,
    /// The profile's label; empty while it does not exist.
    pub(super) group: &'a str,
    /// The archive label; empty while it does not exist.
    pub(super) archive: &'a str,
    /// The `clientData` key of our stamp.
    pub(super) stamp: &'a str,
    /// How it names the counterpart.
    pub(super) twins: &'a Twins,
}

/// What is kept of a contact for a later write: the lists that the mapping can touch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept<'a> {
    /// The identifier of its `CONTACT` source.
    #[serde(default)]
    pub(super) id: String,
    /// The lists, stripped of what the API derives.
    #[serde(default, borrow)]
    pub(super) lists: Lists<'a>,
}

/// The places of a mapping's pairs.
pub(super) fn slots(mapping: &Mapping) -> Vec<Slot<'_>> {
    let paths = mapping.pairs.iter().map(|pair| &pair.google);
    paths.map(Slot::of).collect()
}

/// What [`Kept`] says, written without a copy of it.
fn native(lens: &Lens<'_>, person: &Person<'_>) -> Native {
    let mut to = Vec::with_capacity(1_000);
    to.extend_from_slice(b"{\"id\":");
    quote(&mut to, person.contact().map_or("", |source| &source.id));
    to.extend_from_slice(b",\"lists\":{");
    let mut first = true;
    for at in SORTED {
        let items = person.list(at);
        if items.is_empty() || lens.slots.iter().all(|slot| slot.at != at) {
            continue;
        }
        if !first {
            to.push(b',');
        }
        first = false;
        let list = LISTS[at].0;
        quote(&mut to, list);
        to.push(b':');
        for (place, item) in items.iter().enumerate() {
            to.extend_from_slice(if place == 0 { b"[{" } else { b",{" });
            let members = item.members().filter(|(member, _)| kept(list, member));
            for (place, (member, told)) in members.enumerate() {
                if place > 0 {
                    to.push(b',');
                }
                quote(&mut to, member);
                to.push(b':');
                match told {
                    Told::Text(text) => quote(&mut to, text),
                    Told::Other(other) => to.extend_from_slice(other.to_string().as_bytes()),
                }
            }
            to.push(b'}');
        }
        to.push(b']');
    }
    to.extend_from_slice(b"}}");
    Native(std::str::from_utf8(&to).unwrap_or_default().into())
}

/// The lists that are read: the touched ones, and those that matching and labels need.
pub(super) fn wanted(mapping: &Mapping) -> Vec<&'static str> {
    wanted_of(mapping.pairs.iter().map(|pair| &pair.google))
}

/// The same for a mapping to these places.
pub(super) fn wanted_of<'p>(paths: impl Iterator<Item = &'p Path>) -> Vec<&'static str> {
    let touched: Vec<&str> = paths.map(|path| Slot::of(path).list).collect();
    LISTS
        .iter()
        .map(|(list, _)| *list)
        .filter(|list| {
            ["names", "emailAddresses", "organizations"].contains(list) || touched.contains(list)
        })
        .collect()
}

/// `personFields` or `readMask` for these lists.
pub(super) fn person_fields(lists: &[&str]) -> String {
    let mut mask = "metadata,memberships,clientData".to_owned();
    for list in lists {
        mask.push(',');
        mask.push_str(list);
    }
    mask
}

/// The partial-response mask of one person with these lists.
pub(super) fn person_mask(lists: &[&str]) -> String {
    let mut mask = "resourceName,metadata(deleted,previousResourceNames,sources(type,id,etag,updateTime)),\
                    memberships(contactGroupMembership(contactGroupResourceName)),clientData(key,value)"
        .to_owned();
    for (list, members) in LISTS.iter().filter(|(list, _)| lists.contains(list)) {
        for piece in [",", list, "(", members, ")"] {
            mask.push_str(piece);
        }
    }
    mask
}

impl Kept<'_> {
    /// What a person's JSON holds of the touched lists.
    pub(super) fn of(person: &Person<'_>, mapping: &Mapping) -> Kept<'static> {
        let slots = slots(mapping);
        let mut lists = Lists::new();
        for (at, (list, _)) in LISTS.iter().enumerate() {
            let items = person.list(at).iter();
            let items: Vec<Item<'_>> = items
                .map(|item| item.kept(|member| kept(list, member)))
                .collect();
            if !items.is_empty() && slots.iter().any(|slot| slot.at == at) {
                lists.insert((*list).to_owned(), items);
            }
        }
        let id = person.contact().map(|source| source.id.to_string());
        Kept {
            id: id.unwrap_or_default(),
            lists,
        }
    }

    /// Reads it back; `None` when nothing usable was kept.
    pub(super) fn read(native: &Native) -> Option<Kept<'_>> {
        serde_json::from_str::<Kept<'_>>(&native.0)
            .ok()
            .filter(|kept| !kept.id.is_empty())
    }

    /// As a record carries it.
    #[cfg(test)]
    pub(super) fn native(&self) -> Native {
        Native(serde_json::to_string(self).unwrap_or_default().into())
    }

    /// Makes the changes of a patch and says which lists differ from before.
    pub(super) fn apply(
        &mut self,
        mapping: &Mapping,
        patch: &Patch,
    ) -> Result<Vec<String>, (Field, NoDate)> {
        let before = self.lists.clone();
        for (field, Swap { to, .. }) in patch {
            if let Some(pair) = mapping.pair(*field) {
                let slot = Slot::of(&pair.google);
                let items = self.lists.entry(slot.list.to_owned()).or_default();
                let text = to.as_ref().map(|value| &*value.text);
                slot.write(items, text).map_err(|error| (*field, error))?;
            }
        }
        self.lists.retain(|_, items| !items.is_empty());
        let names = LISTS.iter().map(|(list, _)| (*list).to_owned());
        Ok(names
            .filter(|list| self.lists.get(list) != before.get(list))
            .collect())
    }

    /// The body of an update: these lists, bound to a revision. A list that is empty now is left
    /// out, which clears it.
    pub(super) fn body(&self, etag: &Version, mask: &[String]) -> Value {
        let mut body = serde_json::Map::new();
        for list in mask {
            if let Some(items) = self.lists.get(list) {
                body.insert(list.clone(), json!(items));
            }
        }
        let source = json!({"type": "CONTACT", "id": self.id, "etag": etag.as_str()});
        body.insert("metadata".to_owned(), json!({"sources": [source]}));
        Value::Object(body)
    }
}

/// A contact as a record; `None` when it has no `CONTACT` source and so is no contact of the user's.
pub(super) fn record(lens: &Lens<'_>, person: &Person<'_>) -> Option<Record> {
    record_of(lens, person, None)
}

/// The same of a contact that was made from these values: what comes back as it was sent needs no second
/// look.
pub(super) fn record_of(
    lens: &Lens<'_>,
    person: &Person<'_>,
    sent: Option<&Fields>,
) -> Option<Record> {
    let source = person.contact()?;
    let mut record = Record::bare(
        RemoteId::from(&*person.resource_name),
        Version::from(&*source.etag),
    );
    record.fields = Fields::with_capacity(lens.slots.len());
    let lists = person.lists();
    for (pair, slot) in lens.mapping.pairs.iter().zip(&lens.slots) {
        let Some(list) = lists[slot.at] else {
            continue;
        };
        if list.odd || list.unclear {
            // Not what the API promises: it says nothing of what the contact holds.
            record.unread.push(pair.field);
            continue;
        }
        match slot.read(&list.items) {
            Reading::Blank => {}
            Reading::Unreadable => record.unread.push(pair.field),
            Reading::Text(text) => {
                // A canonical form that is not the text itself was read from this text.
                let known = sent
                    .and_then(|sent| sent.get(&pair.field))
                    .filter(|value| *value.text == *text && value.canon.is_some());
                let value = match known {
                    Some(value) => Some(value.clone()),
                    None => lens.mapping.value(pair, &text),
                };
                record.fields.extend(value.map(|value| (pair.field, value)));
            }
        }
    }
    let key = record.fields.get(&lens.mapping.key);
    let key = key.and_then(|value| Some((&*value.text, canon::email(&value.text)?)));
    for address in person.list(EMAILS) {
        let Some(text) = text(address, "value") else {
            continue;
        };
        // Mostly it is the one of the key.
        if key.as_ref().is_some_and(|(spelled, _)| *spelled == text) {
            continue;
        }
        if let Some(address) = canon::email(text)
            && key.as_ref().is_none_or(|(_, key)| *key != address)
            && !record.emails.contains(&address)
        {
            record.emails.push(address);
        }
    }
    record.key = key.map(|(_, key)| key);
    record.stamp = person
        .client_data
        .iter()
        .find(|data| &*data.key == lens.stamp)
        .and_then(|data| lens.twins.read(&data.value));
    record.listed = person.carries(lens.group);
    record.archived = person.carries(lens.archive);
    record.changed_at = source
        .update_time
        .as_deref()
        .and_then(|time| time.parse::<jiff::Timestamp>().ok())
        .map(|time| Moment(time.as_second()));
    record.label = label(person);
    record.native = native(lens, person);
    Some(record)
}

fn label(person: &Person<'_>) -> Option<Box<str>> {
    let name = |member| {
        let mut names = person.list(NAMES).iter();
        names.find_map(|item| text(item, member))
    };
    name("givenName")
        .or_else(|| name("displayName"))
        .or_else(|| {
            person
                .list(ORGANIZATIONS)
                .iter()
                .find_map(|item| text(item, "name"))
        })
        .map(Into::into)
}

fn text<'i>(item: &'i Item<'_>, member: &str) -> Option<&'i str> {
    item.text(member)
        .map(str::trim)
        .filter(|text| !text.is_empty())
}
