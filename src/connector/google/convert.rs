//! A contact's JSON as a record, and a record's values as JSON for a write. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use super::item::Item;
use super::slots::{LISTS, NoDate, Reading, Slot, kept};
use super::wire::{Lists, Person};
use crate::connector::Twins;
use crate::mapping::{Mapping, Path, canon};
use crate::model::{Field, Fields, Key, Moment, Native, Patch, Record, RemoteId, Swap, Version};

/// Every contact belongs here unless a person took it out.
pub(super) const MY_CONTACTS: &str = "contactGroups/myContacts";

/// What a contact is looked at with.
pub(super) struct Lens<'a> {
    /// The profile's mapping.
    pub(super) mapping: &'a Mapping,
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
pub(super) struct Kept {
    /// The identifier of its `CONTACT` source.
    #[serde(default)]
    pub(super) id: String,
    /// The lists, stripped of what the API derives.
    #[serde(default)]
    pub(super) lists: Lists,
}

/// The same, borrowed from a contact: written without a copy of it.
#[derive(Serialize)]
struct Keeping<'p> {
    id: &'p str,
    lists: BTreeMap<&'static str, Vec<KeptItem<'p>>>,
}

/// An item less what is not kept of it.
struct KeptItem<'p> {
    list: &'static str,
    item: &'p Item,
}

impl Serialize for KeptItem<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let members = self.item.members();
        to.collect_map(members.filter(|(member, _)| kept(self.list, member)))
    }
}

impl<'p> Keeping<'p> {
    fn of(person: &'p Person, mapping: &Mapping) -> Self {
        let touched = |list: &str| {
            let mut pairs = mapping.pairs.iter();
            pairs.any(|pair| Slot::of(&pair.google).list == list)
        };
        let lists = person
            .lists()
            .filter(|(list, items)| !items.is_empty() && touched(list))
            .map(|(list, items)| {
                let items = items.iter().map(|item| KeptItem { list, item });
                (list, items.collect())
            });
        Self {
            id: person.contact().map_or("", |source| source.id.as_str()),
            lists: lists.collect(),
        }
    }

    fn native(&self) -> Native {
        Native(serde_json::to_string(self).unwrap_or_default().into())
    }
}

/// The lists that a mapping can touch, in the order of [`LISTS`].
pub(super) fn touched(mapping: &Mapping) -> Vec<&'static str> {
    let used: Vec<&str> = mapping
        .pairs
        .iter()
        .map(|pair| Slot::of(&pair.google).list)
        .collect();
    LISTS
        .iter()
        .map(|(list, _)| *list)
        .filter(|list| used.contains(list))
        .collect()
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

impl Kept {
    /// What a person's JSON holds of the touched lists.
    pub(super) fn of(person: &Person, mapping: &Mapping) -> Self {
        let mut lists = Lists::new();
        for list in touched(mapping) {
            let items: Vec<Item> = person
                .list(list)
                .iter()
                .map(|item| item.kept(|member| kept(list, member)))
                .collect();
            if !items.is_empty() {
                lists.insert(list.to_owned(), items);
            }
        }
        Self {
            id: person
                .contact()
                .map(|source| source.id.clone())
                .unwrap_or_default(),
            lists,
        }
    }

    /// Reads it back; `None` when nothing usable was kept.
    pub(super) fn read(native: &Native) -> Option<Self> {
        serde_json::from_str::<Self>(&native.0)
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

/// The body of a new contact: its values, its labels and the stamp.
pub(super) fn new_person(
    lens: &Lens<'_>,
    fields: &Fields,
    twin: &RemoteId,
) -> Result<Value, (Field, NoDate)> {
    let patch: Patch = fields
        .iter()
        .map(|(field, value)| {
            (
                *field,
                Swap {
                    from: None,
                    to: Some(value.clone()),
                },
            )
        })
        .collect();
    let mut kept = Kept::default();
    kept.apply(lens.mapping, &patch)?;
    let mut groups = vec![MY_CONTACTS];
    if !lens.group.is_empty() && lens.group != MY_CONTACTS {
        groups.insert(0, lens.group);
    }
    let memberships = groups
        .iter()
        .map(|group| json!({"contactGroupMembership": {"contactGroupResourceName": group}}))
        .collect();
    let mut body: serde_json::Map<String, Value> = kept
        .lists
        .into_iter()
        .map(|(list, items)| (list, items.into_iter().map(Value::from).collect()))
        .collect();
    body.insert("memberships".to_owned(), memberships);
    let stamp = json!([{"key": lens.stamp, "value": lens.twins.stamp(twin)}]);
    body.insert("clientData".to_owned(), stamp);
    Ok(Value::Object(body))
}

/// A contact as a record; `None` when it has no `CONTACT` source and so is no contact of the user's.
pub(super) fn record(lens: &Lens<'_>, person: &Person) -> Option<Record> {
    record_of(lens, person, None)
}

/// The same of a contact that was made from these values: what comes back as it was sent needs no second
/// look.
pub(super) fn record_of(lens: &Lens<'_>, person: &Person, sent: Option<&Fields>) -> Option<Record> {
    let source = person.contact()?;
    let mut record = Record::bare(
        RemoteId::from(person.resource_name.as_str()),
        Version::from(source.etag.as_str()),
    );
    record.fields = Fields::with_capacity(lens.mapping.pairs.len());
    for pair in &lens.mapping.pairs {
        let slot = Slot::of(&pair.google);
        if !person.tells(slot.list) {
            record.unread.push(pair.field);
            continue;
        }
        match slot.read(person.list(slot.list)) {
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
    record.key = record
        .fields
        .get(&lens.mapping.key)
        .and_then(|value| canon::email(&value.text));
    let mut emails: Vec<Key> = Vec::new();
    for item in person.list("emailAddresses") {
        if let Some(key) = text(item, "value").and_then(canon::email)
            && record.key.as_ref() != Some(&key)
            && !emails.contains(&key)
        {
            emails.push(key);
        }
    }
    record.emails = emails;
    record.stamp = person
        .client_data
        .iter()
        .find(|data| data.key == lens.stamp)
        .and_then(|data| lens.twins.read(&data.value));
    record.listed = person.carries(lens.group);
    record.archived = person.carries(lens.archive);
    record.changed_at = source
        .update_time
        .as_deref()
        .and_then(|time| time.parse::<jiff::Timestamp>().ok())
        .map(|time| Moment(time.as_second()));
    record.label = label(person);
    record.native = Keeping::of(person, lens.mapping).native();
    Some(record)
}

fn label(person: &Person) -> Option<Box<str>> {
    let name = |member| {
        let mut names = person.list("names").iter();
        names.find_map(|item| text(item, member))
    };
    name("givenName")
        .or_else(|| name("displayName"))
        .or_else(|| {
            person
                .list("organizations")
                .iter()
                .find_map(|item| text(item, "name"))
        })
        .map(Into::into)
}

fn text<'i>(item: &'i Item, member: &str) -> Option<&'i str> {
    item.get(member)
        .and_then(Value::as_str)
        .map(str::trim)
        .filter(|text| !text.is_empty())
}
