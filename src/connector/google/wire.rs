//! The JSON of the People API as its discovery document describes it, as far as it is read here.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::item::{Item, List, once};
use super::slots::LISTS;
use super::text::Text;

/// A contact's lists by name.
pub(super) type Lists<'a> = BTreeMap<String, Vec<Item<'a>>>;

/// A contact, as far as possible in the bytes of the answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Person<'a> {
    pub(super) resource_name: Text<'a>,
    pub(super) metadata: PersonMetadata<'a>,
    pub(super) memberships: Vec<Membership<'a>>,
    pub(super) client_data: Vec<ClientData<'a>>,
    /// The lists of values that it has, each once, by their places in [`LISTS`].
    lists: Vec<(usize, List<'a>)>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Person<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Members)
    }
}

/// A member of a contact.
enum Member {
    Name,
    Metadata,
    Memberships,
    Data,
    List(usize),
    Other,
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Member;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Member, E> {
                Ok(match name {
                    "resourceName" => Member::Name,
                    "metadata" => Member::Metadata,
                    "memberships" => Member::Memberships,
                    "clientData" => Member::Data,
                    other => LISTS
                        .iter()
                        .position(|(list, _)| *list == other)
                        .map_or(Member::Other, Member::List),
                })
            }
        }
        from.deserialize_identifier(Name)
    }
}

/// Reads a contact member by member.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Person<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a contact")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Person<'de>, A::Error> {
        let (mut name, mut metadata, mut memberships, mut data) = (None, None, None, None);
        let mut lists: Vec<(usize, List<'_>)> = Vec::with_capacity(8);
        while let Some(member) = from.next_key()? {
            match member {
                Member::Name => once(&mut name, "resourceName", from.next_value()?)?,
                Member::Metadata => once(&mut metadata, "metadata", from.next_value()?)?,
                Member::Memberships => once(&mut memberships, "memberships", from.next_value()?)?,
                Member::Data => once(&mut data, "clientData", from.next_value()?)?,
                Member::List(list) => {
                    let found = from.next_value()?;
                    // Of a list that comes twice the last one counts.
                    lists.retain(|(known, _)| *known != list);
                    lists.push((list, found));
                }
                Member::Other => drop(from.next_value::<Value>()?),
            }
        }
        Ok(Person {
            resource_name: name.unwrap_or_default(),
            metadata: metadata.unwrap_or_default(),
            memberships: memberships.unwrap_or_default(),
            client_data: data.unwrap_or_default(),
            lists,
        })
    }
}

/// Where a contact comes from and what became of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PersonMetadata<'a> {
    #[serde(borrow)]
    pub(super) sources: Vec<Source<'a>>,
    pub(super) deleted: bool,
    #[serde(borrow)]
    pub(super) previous_resource_names: Vec<Text<'a>>,
}

/// One source of a contact; the `CONTACT` source carries the etag that counts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Source<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) etag: Text<'a>,
    #[serde(borrow)]
    pub(super) update_time: Option<Text<'a>>,
}

/// A label that a contact carries.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Membership<'a> {
    #[serde(borrow)]
    pub(super) contact_group_membership: Option<GroupMembership<'a>>,
}

/// The label of a [`Membership`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct GroupMembership<'a> {
    #[serde(borrow)]
    pub(super) contact_group_resource_name: Text<'a>,
}

/// Data that programs keep on a contact; keys may repeat.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ClientData<'a> {
    #[serde(borrow)]
    pub(super) key: Text<'a>,
    #[serde(borrow)]
    pub(super) value: Text<'a>,
}

/// A page of `people.connections.list`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Connections<'a> {
    #[serde(rename = "connections", borrow)]
    pub(super) people: Vec<Person<'a>>,
}

/// Where a listing goes on; the contacts of the page are skipped.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Tokens {
    pub(super) next_page_token: Option<String>,
    pub(super) next_sync_token: Option<String>,
    /// How many contacts there are on all pages of a full list.
    pub(super) total_items: Option<u64>,
}

/// What a call on several contacts says about one of them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PersonResponse<'a> {
    #[serde(borrow)]
    pub(super) person: Option<Person<'a>>,
    #[serde(borrow)]
    pub(super) requested_resource_name: Text<'a>,
    pub(super) http_status_code: Option<u16>,
    pub(super) status: Option<Status>,
}

/// google.rpc.Status: 0 is good, 5 not found, 9 failed precondition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    pub(super) code: i32,
    pub(super) message: String,
}

/// The answer of `people.getBatchGet`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct People<'a> {
    #[serde(borrow)]
    pub(super) responses: Vec<PersonResponse<'a>>,
}

/// The answer of `people.batchCreateContacts` as a whole.
#[cfg(test)]
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Created<'a> {
    #[serde(borrow)]
    pub(super) created_people: Vec<PersonResponse<'a>>,
}

/// Reads the answer of `people.batchCreateContacts` and hands on each contact before the
/// next one is read.
pub(super) struct EachCreated<F>(pub(super) F);

impl<'de, F: FnMut(PersonResponse<'de>)> DeserializeSeed<'de> for EachCreated<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, F: FnMut(PersonResponse<'de>)> Visitor<'de> for EachCreated<F> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an answer about made contacts")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut from: A) -> Result<(), A::Error> {
        let mut seen = None;
        while let Some(member) = from.next_key::<Text<'_>>()? {
            if &*member == "createdPeople" {
                once(&mut seen, "createdPeople", ())?;
                from.next_value_seed(Each(&mut self.0))?;
            } else {
                from.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Hands on the elements of a list.
struct Each<'f, F>(&'f mut F);

impl<'de, F: FnMut(PersonResponse<'de>)> DeserializeSeed<'de> for Each<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(PersonResponse<'de>)> Visitor<'de> for Each<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of made contacts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        while let Some(response) = from.next_element()? {
            (self.0)(response);
        }
        Ok(())
    }
}

/// The answer of `people.batchUpdateContacts`, by the resource name that was asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Updated<'a> {
    #[serde(borrow)]
    pub(super) update_result: BTreeMap<String, PersonResponse<'a>>,
}

/// A label.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Group {
    pub(super) resource_name: String,
    pub(super) name: String,
    pub(super) formatted_name: String,
    #[serde(rename = "groupType")]
    pub(super) kind: String,
    pub(super) member_count: u64,
    pub(super) member_resource_names: Vec<String>,
    pub(super) metadata: GroupMetadata,
}

/// What became of a label.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GroupMetadata {
    pub(super) deleted: bool,
}

/// A page of `contactGroups.list`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Groups {
    pub(super) contact_groups: Vec<Group>,
    pub(super) next_page_token: Option<String>,
}

/// The failure lists of `contactGroups.members.modify`, which answers 200 with them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Modified {
    pub(super) not_found_resource_names: Vec<String>,
    pub(super) can_not_remove_last_contact_group_resource_names: Vec<String>,
}

impl<'a> Person<'a> {
    /// The source that this tool reads and writes.
    pub(super) fn contact(&self) -> Option<&Source<'a>> {
        self.metadata
            .sources
            .iter()
            .find(|source| &*source.kind == "CONTACT")
    }

    /// Its lists by their places in [`LISTS`].
    pub(super) fn lists(&self) -> [Option<&List<'a>>; LISTS.len()] {
        let mut lists = [None; LISTS.len()];
        for (at, list) in &self.lists {
            lists[*at] = Some(list);
        }
        lists
    }

    /// The items of a list.
    pub(super) fn list(&self, at: usize) -> &[Item<'a>] {
        let mut lists = self.lists.iter();
        let found = lists.find(|(list, _)| *list == at);
        found.map_or(&[], |(_, list)| &list.items)
    }

    /// Whether the contact carries a label; an unknown (empty) label is carried by nobody.
    pub(super) fn carries(&self, group: &str) -> bool {
        !group.is_empty()
            && self.memberships.iter().any(|membership| {
                membership
                    .contact_group_membership
                    .as_ref()
                    .is_some_and(|it| &*it.contact_group_resource_name == group)
            })
    }
}

impl PersonResponse<'_> {
    /// What went wrong with this contact, if anything did.
    pub(super) fn fault(&self) -> Option<Status> {
        match (&self.status, self.http_status_code) {
            (Some(status), _) if status.code != 0 => Some(status.clone()),
            (_, Some(404)) => Some(Status {
                code: 5,
                message: "not found".to_owned(),
            }),
            (_, Some(code)) if code >= 400 => Some(Status {
                code: 2,
                message: format!("status {code}"),
            }),
            _ => None,
        }
    }
}
