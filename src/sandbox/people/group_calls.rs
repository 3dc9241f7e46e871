//! The calls on contact groups and their members.

use serde_json::{Value, json};

use super::calls::{Call, text, texts};
use super::errors::{Answer, Refusal};
use super::groups::{Group, MY_CONTACTS};
use super::list::{Token, fingerprint, page_size, sync_token_read};
use super::store::{Book, Bump, number_of, resource_name};

/// What a mask of groups can name, `memberCount` aside.
const GROUP_FIELDS: [&str; 4] = ["clientData", "groupType", "metadata", "name"];
const COUNT: &str = "memberCount";

/// The mask of a call that reads groups; it can name the count of members, and does when it is empty.
fn group_fields(name: &str, text: &str) -> Answer<Vec<String>> {
    masked(
        name,
        text,
        &[&GROUP_FIELDS[..], &[COUNT]].concat(),
        &["metadata", "groupType", COUNT, "name"],
    )
}

fn masked(name: &str, text: &str, known: &[&str], default: &[&str]) -> Answer<Vec<String>> {
    let fields: Vec<String> = text
        .split(',')
        .map(str::trim)
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect();
    if let Some(bad) = fields.iter().find(|path| !known.contains(&path.as_str())) {
        return Err(Refusal::invalid(format!(
            "Invalid {name} mask path: \"{bad}\"."
        )));
    }
    if fields.is_empty() {
        return Ok(default.iter().map(|path| (*path).to_owned()).collect());
    }
    Ok(fields)
}

/// Takes a contact out of a group that goes away; it falls back to `myContacts`.
fn leave(groups: &mut Vec<String>, id: &str) {
    groups.retain(|group| group != id);
    if groups.is_empty() {
        groups.push(MY_CONTACTS.to_owned());
    }
}

fn members(book: &Book, id: &str) -> Vec<u64> {
    book.records
        .values()
        .filter(|record| !record.deleted && record.current.groups.iter().any(|group| group == id))
        .map(|record| record.number)
        .collect()
}

impl Call<'_> {
    fn group(&self, id: &str) -> Answer<&Group> {
        self.book.groups.get(id).ok_or_else(Refusal::not_found)
    }

    fn shown_group(&self, id: &str, fields: &[String]) -> Answer<Value> {
        let group = self.group(id)?;
        Ok(group.render(fields, members(self.book, id).len()))
    }

    /// `contactGroups.list`.
    pub(crate) fn groups_list(&self, salt: u64) -> Answer<Value> {
        let fields = group_fields(
            "groupFields",
            self.request.param("groupFields").unwrap_or(""),
        )?;
        let size = page_size(self.request, 30, 1000)?;
        let for_sync = fingerprint(self.request, &["groupFields", "pageSize"]);
        let for_page = fingerprint(self.request, &["groupFields", "pageSize", "syncToken"]);
        let mut at = Token {
            kind: 'q',
            fingerprint: for_page,
            base: 0,
            limit: self.book.last_seq(),
            cursor: 0,
            born: self.now.as_second(),
            full: true,
        };
        if let Some(text) = self
            .request
            .param("syncToken")
            .filter(|text| !text.is_empty())
        {
            let given = sync_token_read(text, 'g', salt, for_sync, self.switches, self.now)?;
            at = Token {
                base: given.limit,
                born: given.born,
                full: false,
                ..at
            };
        }
        if let Some(text) = self
            .request
            .param("pageToken")
            .filter(|text| !text.is_empty())
        {
            at = match Token::read(text, salt) {
                Some((token, true)) if token.kind == 'q' && token.fingerprint == for_page => token,
                _ => return Err(Refusal::invalid("Invalid page token.")),
            };
        }
        let counts = self.book.member_counts();
        let mut chosen: Vec<&Group> = self
            .book
            .groups
            .iter()
            .filter(|group| {
                if at.full {
                    !group.deleted
                } else {
                    group.seq > at.base
                }
            })
            .collect();
        chosen.sort_by_key(|group| (!group.system, group.seq));
        let start = usize::try_from(at.cursor)
            .unwrap_or(usize::MAX)
            .min(chosen.len());
        let end = (start + size).min(chosen.len());
        let shown: Vec<Value> = chosen[start..end]
            .iter()
            .map(|group| group.render(&fields, counts.get(group.id.as_str()).copied().unwrap_or(0)))
            .collect();
        let mut answer = json!({});
        if !shown.is_empty() {
            answer["contactGroups"] = Value::Array(shown);
        }
        if at.full {
            answer["totalItems"] = json!(chosen.len());
        }
        if end < chosen.len() {
            let next = Token {
                cursor: end as u64,
                ..at
            };
            answer["nextPageToken"] = json!(next.write(salt));
        } else {
            let next = Token {
                kind: 'g',
                fingerprint: for_sync,
                cursor: 0,
                ..at
            };
            answer["nextSyncToken"] = json!(next.write(salt));
        }
        Ok(answer)
    }

    /// `contactGroups.get`.
    pub(crate) fn group_get(&self, id: &str) -> Answer<Value> {
        let fields = group_fields(
            "groupFields",
            self.request.param("groupFields").unwrap_or(""),
        )?;
        let most = match self.request.param("maxMembers") {
            None | Some("") => 0,
            Some(text) => text.parse::<usize>().map_err(|_| {
                Refusal::invalid(format!(
                    "Invalid value at 'max_members' (TYPE_INT32), \"{text}\""
                ))
            })?,
        };
        let mut shown = self.shown_group(id, &fields)?;
        let names: Vec<Value> = members(self.book, id)
            .into_iter()
            .take(most)
            .map(|number| json!(resource_name(number)))
            .collect();
        if !names.is_empty() {
            shown["memberResourceNames"] = Value::Array(names);
        }
        Ok(shown)
    }

    fn wanted_name(&self, except: Option<&str>) -> Answer<String> {
        let name = self
            .body
            .pointer("/contactGroup/name")
            .and_then(Value::as_str);
        let name = name.unwrap_or("").trim();
        if name.is_empty() {
            return Err(Refusal::invalid("Contact group name must not be empty."));
        }
        match self.book.groups.named(name) {
            Some(other) if except != Some(other.id.as_str()) => Err(Refusal::new(
                409,
                "ALREADY_EXISTS",
                "Contact group name already exists.",
            )),
            _ => Ok(name.to_owned()),
        }
    }

    fn wanted_client_data(&self) -> Vec<Value> {
        self.body
            .pointer("/contactGroup/clientData")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    }

    /// `contactGroups.create`.
    pub(crate) fn group_create(&mut self) -> Answer<Value> {
        let default = ["metadata", "groupType", "name"];
        let given = text(self.body, "readGroupFields");
        let fields = masked("readGroupFields", given, &GROUP_FIELDS, &default)?;
        if self.body.get("contactGroup").is_none() {
            return Err(Refusal::invalid("contactGroup is required."));
        }
        let name = self.wanted_name(None)?;
        let id = format!("{:x}", self.book.fresh_number());
        let group = Group {
            id: id.clone(),
            name,
            system: false,
            open: true,
            client_data: self.wanted_client_data(),
            revision: self.book.next_revision(),
            updated: self.now,
            seq: self.book.next_seq(),
            deleted: false,
        };
        self.book.groups.insert(group);
        self.shown_group(&id, &fields)
    }

    /// `contactGroups.update`.
    pub(crate) fn group_update(&mut self, id: &str) -> Answer<Value> {
        let given = text(self.body, "readGroupFields");
        let known = [&GROUP_FIELDS[..], &[COUNT]].concat();
        let read = masked(
            "readGroupFields",
            given,
            &known,
            &["metadata", "groupType", "name"],
        )?;
        let given = text(self.body, "updateGroupFields");
        let update = masked(
            "updateGroupFields",
            given,
            &["clientData", "name"],
            &["name"],
        )?;
        if self.group(id)?.system {
            return Err(Refusal::invalid("System contact groups cannot be changed."));
        }
        let renames = update.iter().any(|path| path == "name");
        let name = if renames {
            Some(self.wanted_name(Some(id))?)
        } else {
            None
        };
        let data = self.wanted_client_data();
        let (seq, revision) = (self.book.next_seq(), self.book.next_revision());
        let now = self.now;
        let group = self
            .book
            .groups
            .get_mut(id)
            .ok_or_else(Refusal::not_found)?;
        if let Some(name) = name {
            group.name = name;
        }
        if update.iter().any(|path| path == "clientData") {
            group.client_data = data;
        }
        (group.seq, group.revision, group.updated) = (seq, revision, now);
        self.shown_group(id, &read)
    }

    /// `contactGroups.delete`.
    pub(crate) fn group_delete(&mut self, id: &str) -> Answer<Value> {
        if self.group(id)?.system {
            return Err(Refusal::invalid("System contact groups cannot be deleted."));
        }
        let with_contacts = self.request.param("deleteContacts") == Some("true");
        for number in members(self.book, id) {
            if with_contacts {
                self.book.delete(number, self.now);
            } else {
                self.book.change(number, self.now, |version| {
                    leave(&mut version.groups, id);
                    Bump::Etag
                });
            }
        }
        let seq = self.book.next_seq();
        let now = self.now;
        let group = self
            .book
            .groups
            .get_mut(id)
            .ok_or_else(Refusal::not_found)?;
        (group.deleted, group.seq, group.updated) = (true, seq, now);
        Ok(json!({}))
    }

    /// `contactGroups.members.modify`.
    pub(crate) fn members_modify(&mut self, id: &str) -> Answer<Value> {
        let add = texts(self.body, "resourceNamesToAdd");
        let remove = texts(self.body, "resourceNamesToRemove");
        if add.is_empty() && remove.is_empty() {
            return Err(Refusal::invalid("At least one resource name is required."));
        }
        if add.len() + remove.len() > 1000 {
            return Err(Refusal::invalid(
                "The number of resource names to add and remove must not be more than 1000.",
            ));
        }
        let group = self.group(id)?;
        if !group.open && !add.is_empty() {
            return Err(Refusal::invalid(
                "Contacts can only be added to user groups, myContacts and starred.",
            ));
        }
        let bump = if self.switches.members_bump_etag {
            Bump::Etag
        } else {
            Bump::Order
        };
        let mut missing = Vec::new();
        let mut last = Vec::new();
        for (name, joins) in add
            .into_iter()
            .map(|name| (name, true))
            .chain(remove.into_iter().map(|name| (name, false)))
        {
            let Some(record) = number_of(name).and_then(|number| self.book.get(number)) else {
                missing.push(name.to_owned());
                continue;
            };
            let (number, groups) = (record.number, &record.current.groups);
            let is_in = groups.iter().any(|group| group == id);
            if joins == is_in {
                continue;
            }
            if !joins && groups.len() == 1 {
                last.push(name.to_owned());
                continue;
            }
            self.book.change(number, self.now, |version| {
                if joins {
                    version.groups.push(id.to_owned());
                } else {
                    version.groups.retain(|group| group != id);
                }
                bump
            });
        }
        let mut answer = json!({});
        if !missing.is_empty() {
            answer["notFoundResourceNames"] = json!(missing);
        }
        if !last.is_empty() {
            answer["canNotRemoveLastContactGroupResourceNames"] = json!(last);
        }
        Ok(answer)
    }
}
