//! The JSON of the People API as its discovery document describes it, as far as it is read here.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::item::{Item, List, once};
use super::slots::LISTS;

/// A contact's lists by name.
pub(super) type Lists = BTreeMap<String, Vec<Item>>;

/// A contact.
#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    pub(super) resource_name: String,
    pub(super) metadata: PersonMetadata,
    pub(super) memberships: Vec<Membership>,
    pub(super) client_data: Vec<ClientData>,
    /// The lists of values that it has, each once.
    lists: Vec<(&'static str, List)>,
}

impl<'de> Deserialize<'de> for Person {
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
    List(&'static str),
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
                        .find(|(list, _)| *list == other)
                        .map_or(Member::Other, |(list, _)| Member::List(list)),
                })
            }
        }
        from.deserialize_identifier(Name)
    }
}

/// Reads a contact member by member.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Person;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a contact")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Person, A::Error> {
        let (mut name, mut metadata, mut memberships, mut data) = (None, None, None, None);
        let mut lists: Vec<(&'static str, List)> = Vec::with_capacity(8);
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
pub(super) struct PersonMetadata {
    pub(super) sources: Vec<Source>,
    pub(super) deleted: bool,
    pub(super) previous_resource_names: Vec<String>,
}

/// One source of a contact; the `CONTACT` source carries the etag that counts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Source {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) etag: String,
    pub(super) update_time: Option<String>,
}

/// A label that a contact carries.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Membership {
    pub(super) contact_group_membership: Option<GroupMembership>,
}

/// The label of a [`Membership`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct GroupMembership {
    pub(super) contact_group_resource_name: String,
}

/// Data that programs keep on a contact; keys may repeat.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ClientData {
    pub(super) key: String,
    pub(super) value: String,
}

/// A page of `people.connections.list`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Connections {
    #[serde(rename = "connections")]
    pub(super) people: Vec<Person>,
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
pub(super) struct PersonResponse {
    pub(super) person: Option<Person>,
    pub(super) requested_resource_name: String,
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
pub(super) struct People {
    pub(super) responses: Vec<PersonResponse>,
}

/// The answer of `people.batchCreateContacts`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Created {
    pub(super) created_people: Vec<PersonResponse>,
}

/// The answer of `people.batchUpdateContacts`, by the resource name that was asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Updated {
    pub(super) update_result: BTreeMap<String, PersonResponse>,
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

impl Person {
    /// The source that this tool reads and writes.
    pub(super) fn contact(&self) -> Option<&Source> {
        self.metadata
            .sources
            .iter()
            .find(|source| source.kind == "CONTACT")
    }

    fn found(&self, name: &str) -> Option<&List> {
        let mut lists = self.lists.iter();
        lists.find(|(list, _)| *list == name).map(|(_, list)| list)
    }

    /// The lists that it has, with their items.
    pub(super) fn lists(&self) -> impl Iterator<Item = (&'static str, &[Item])> {
        let lists = self.lists.iter();
        lists.map(|(list, found)| (*list, found.items.as_slice()))
    }

    /// The items of a list.
    pub(super) fn list(&self, name: &str) -> &[Item] {
        self.found(name).map_or(&[], |list| &list.items)
    }

    /// Whether a list is what the API promises: not there, or items. Anything else says nothing of
    /// what the contact holds.
    pub(super) fn tells(&self, name: &str) -> bool {
        self.found(name).is_none_or(|list| !list.odd)
    }

    /// Whether the contact carries a label; an unknown (empty) label is carried by nobody.
    pub(super) fn carries(&self, group: &str) -> bool {
        !group.is_empty()
            && self.memberships.iter().any(|membership| {
                membership
                    .contact_group_membership
                    .as_ref()
                    .is_some_and(|it| it.contact_group_resource_name == group)
            })
    }
}

impl PersonResponse {
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
