//! Reading contacts by identifier or by address: the only readings that are never behind.
//!
//! The search index of HubSpot is some seconds to minutes old, so a search tells identifiers only.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::HubSpot;
use super::api::{Ask, Refusals};
use super::convert::merged;
use super::explain::explain;
use super::gear::{EMAIL, Gear};
use super::wire::{Batch, Contact};
use crate::connector::Error;
use crate::connector::http::SendError;

/// The most records of one call.
pub(super) const BATCH: usize = 100;

/// What reading one contact brought.
#[derive(Clone)]
pub(super) enum One {
    /// Its content.
    Here(Contact),
    /// It was merged into this one.
    Moved(Contact),
    /// It is not among those that are there.
    Missing,
}

/// Which contacts a batch names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Id,
    Address,
}

/// Which contacts are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Among {
    /// Those that are there.
    Present,
    /// Those that were deleted in the last 90 days.
    Archived,
}

impl HubSpot {
    /// Reads contacts; one answer per identifier, in order.
    pub(super) async fn many(&self, gear: &Gear, ids: &[&str]) -> Result<Vec<One>, Error> {
        let mut found: BTreeMap<&str, One> = BTreeMap::new();
        let unique: Vec<&str> = ids
            .iter()
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        for some in unique.chunks(BATCH) {
            let contacts = self.batch(gear, some, By::Id, Among::Present).await?;
            let mut strangers = Vec::new();
            for contact in contacts {
                match some.iter().find(|id| **id == contact.id) {
                    Some(id) => drop(found.insert(id, One::Here(contact))),
                    None => strangers.push(contact),
                }
            }
            let here: Vec<Contact> = found
                .values()
                .filter_map(|one| match one {
                    One::Here(contact) => Some(contact.clone()),
                    One::Moved(_) | One::Missing => None,
                })
                .collect();
            for id in some {
                if found.contains_key(id) {
                    continue;
                }
                let known = strangers
                    .iter()
                    .chain(&here)
                    .find(|contact| merged(contact).any(|one| one == *id));
                let one = match known {
                    Some(survivor) => One::Moved(survivor.clone()),
                    // An answer that nobody asked for is that of a merged contact.
                    None if !strangers.is_empty() => self.single(gear, id).await?,
                    None => One::Missing,
                };
                found.insert(id, one);
            }
        }
        let one = |id: &&str| found.get(*id).cloned().unwrap_or(One::Missing);
        Ok(ids.iter().map(one).collect())
    }

    /// Which of these contacts HubSpot calls deleted.
    pub(super) async fn archived(
        &self,
        gear: &Gear,
        ids: &[&str],
    ) -> Result<BTreeSet<String>, Error> {
        let mut gone = BTreeSet::new();
        let unique: Vec<&str> = ids
            .iter()
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        for some in unique.chunks(BATCH) {
            let contacts = self.batch(gear, some, By::Id, Among::Archived).await?;
            let flagged = contacts.into_iter().filter(|contact| contact.archived);
            gone.extend(flagged.map(|contact| contact.id));
        }
        Ok(gone)
    }

    /// The contacts with these addresses, lower-case, first or further ones.
    pub(super) async fn by_addresses(
        &self,
        gear: &Gear,
        addresses: &[&str],
    ) -> Result<Vec<Contact>, Error> {
        let mut all = Vec::new();
        let unique: Vec<&str> = addresses
            .iter()
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        for some in unique.chunks(BATCH) {
            all.extend(self.batch(gear, some, By::Address, Among::Present).await?);
        }
        let mut seen = BTreeSet::new();
        all.retain(|contact| seen.insert(contact.id.clone()));
        Ok(all)
    }

    async fn batch(
        &self,
        gear: &Gear,
        ids: &[&str],
        by: By,
        among: Among,
    ) -> Result<Vec<Contact>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let doing = "read contacts";
        let inputs: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
        let mut body = json!({ "inputs": inputs, "properties": gear.properties });
        if by == By::Address {
            body["idProperty"] = json!(EMAIL);
        }
        let mut ask = Ask {
            refusals: Refusals::Taken,
            ..Ask::post("read", doing, "/crm/v3/objects/contacts/batch/read", body)
        };
        if among == Among::Archived {
            ask.query.push(("archived", "true".to_owned()));
        }
        let reply = self.call(ask).await.map_err(SendError::into_error)?;
        match reply.answer.status {
            200..=299 => Ok(reply.read::<Batch>(doing)?.results),
            404 if super::explain::fault(&reply.answer).category == "OBJECT_NOT_FOUND" => {
                Ok(Vec::new())
            }
            _ => Err(explain(&reply.answer, doing)),
        }
    }

    /// Reads one contact by itself.
    async fn single(&self, gear: &Gear, id: &str) -> Result<One, Error> {
        let doing = "read a contact";
        let mut ask = Ask {
            refusals: Refusals::Taken,
            ..Ask::get("read", doing, &format!("/crm/v3/objects/contacts/{id}"))
        };
        ask.query.push(("properties", gear.properties.join(",")));
        let reply = self.call(ask).await.map_err(SendError::into_error)?;
        match reply.answer.status {
            200..=299 => {
                let contact: Contact = reply.read(doing)?;
                Ok(if contact.id == id {
                    One::Here(contact)
                } else {
                    One::Moved(contact)
                })
            }
            404 => Ok(One::Missing),
            _ => Err(explain(&reply.answer, doing)),
        }
    }
}
