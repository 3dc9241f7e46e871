//! Writing contacts: what a create or update would store, and the checks before it.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::errors::{Answer, Refusal};
use super::groups::{Groups, MY_CONTACTS};
use super::mask::{Mask, writable};
use super::normal::{self, Habits};
use super::render::source_etag_of;
use super::store::{Book, Bump, Version, number_of};
use super::switches::Switches;

/// A write that passed every check and waits to be carried out.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The contact's number; a fresh one for a create.
    pub(crate) number: u64,
    fields: Map<String, Value>,
    groups: Vec<String>,
}

fn habits(switches: &Switches) -> Habits {
    Habits {
        unstructured_wins: switches.unstructured_wins,
        formatted_wins: switches.formatted_wins,
    }
}

/// Checks a new contact. `person` already fits the schema.
pub(crate) fn prepare_create(
    book: &mut Book,
    switches: &Switches,
    person: &Value,
) -> Answer<Prepared> {
    let number = book.fresh_number();
    let mut fields = Map::new();
    for path in writable().filter(|path| *path != "memberships") {
        let items = normal::items(path, person.get(path), number, habits(switches))?;
        if !items.is_empty() {
            fields.insert(path.to_owned(), Value::Array(items));
        }
    }
    normal::check_size(&fields)?;
    let mut groups = memberships(&book.groups, person.get("memberships"), &[])?;
    if groups.is_empty() {
        groups.push(MY_CONTACTS.to_owned());
    }
    Ok(Prepared {
        number,
        fields,
        groups,
    })
}

/// Carries out a create.
pub(crate) fn create(book: &mut Book, prepared: Prepared, now: Timestamp) -> u64 {
    book.insert(prepared.number, prepared.fields, prepared.groups, now);
    prepared.number
}

/// Refuses what would take the account past its cap.
pub(crate) fn check_room(
    book: &Book,
    switches: &Switches,
    adding: usize,
    now: Timestamp,
) -> Answer<()> {
    if book.live + adding > switches.contacts_cap || {
        // The trash is only counted when it could matter.
        book.records.len() + adding > switches.contacts_cap
            && book.occupied(now) + adding > switches.contacts_cap
    } {
        return Err(Refusal::account_full(switches.overflow_status));
    }
    Ok(())
}

/// Checks an update. The contact is found under its present name only.
pub(crate) fn prepare_update(
    book: &Book,
    switches: &Switches,
    resource_name: &str,
    person: &Value,
    mask: Mask,
) -> Answer<Prepared> {
    let record = number_of(resource_name)
        .and_then(|number| book.get(number))
        .ok_or_else(Refusal::not_found)?;
    check_etag(&record.current, person, switches)?;
    let mut fields = record.current.fields.clone();
    let mut groups = record.current.groups.clone();
    for path in mask.paths() {
        if path == "memberships" {
            groups = memberships(&book.groups, person.get(path), &record.current.groups)?;
            if groups.is_empty() {
                return Err(Refusal::invalid(
                    "Contact must always have at least one contact group membership.",
                ));
            }
            continue;
        }
        let items = normal::items(path, person.get(path), record.source_id, habits(switches))?;
        if items.is_empty() {
            fields.remove(path);
        } else {
            fields.insert(path.to_owned(), Value::Array(items));
        }
    }
    normal::check_size(&fields)?;
    Ok(Prepared {
        number: record.number,
        fields,
        groups,
    })
}

/// Carries out an update.
pub(crate) fn update(book: &mut Book, switches: &Switches, prepared: Prepared, now: Timestamp) {
    let noop_bumps = switches.noop_bumps_etag;
    book.change(prepared.number, now, |version| {
        let same = version.fields == prepared.fields && version.groups == prepared.groups;
        version.fields = prepared.fields;
        version.groups = prepared.groups;
        if same && !noop_bumps {
            Bump::Nothing
        } else {
            Bump::Etag
        }
    });
}

fn check_etag(current: &Version, person: &Value, switches: &Switches) -> Answer<()> {
    let of_source = person
        .pointer("/metadata/sources")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|source| source.get("type").and_then(Value::as_str) == Some("CONTACT"))
        .and_then(|source| source.get("etag"))
        .and_then(Value::as_str)
        .filter(|etag| !etag.is_empty())
        .map(str::to_owned);
    let of_person = person
        .get("etag")
        .and_then(Value::as_str)
        .filter(|etag| !etag.is_empty());
    let given = match (of_source, of_person) {
        (Some(etag), _) => etag,
        (None, Some(etag)) => source_etag_of(etag).unwrap_or_default(),
        (None, None) => {
            let mut refusal = Refusal::invalid(
                "Request must set person.etag or person.metadata.sources.etag for the source that is being updated.",
            );
            if switches.missing_etag_status == "FAILED_PRECONDITION" {
                refusal.status = "FAILED_PRECONDITION";
                refusal.reason = Some("failedPrecondition");
            }
            return Err(refusal);
        }
    };
    if given == current.source_etag() {
        Ok(())
    } else {
        Err(Refusal::stale())
    }
}

/// The group ids that a list of memberships names. A deprecated group can stay but not be joined.
fn memberships(groups: &Groups, sent: Option<&Value>, had: &[String]) -> Answer<Vec<String>> {
    let mut ids: Vec<String> = Vec::new();
    for entry in sent.and_then(Value::as_array).into_iter().flatten() {
        let Some(name) = entry
            .pointer("/contactGroupMembership/contactGroupResourceName")
            .and_then(Value::as_str)
        else {
            continue;
        };
        let group = name
            .strip_prefix("contactGroups/")
            .and_then(|id| groups.get(id))
            .ok_or_else(|| {
                Refusal::invalid(format!("Invalid contact group resource name: {name}"))
            })?;
        if !group.open && !had.contains(&group.id) {
            return Err(Refusal::invalid(format!(
                "Contacts cannot be added to the system group {name}."
            )));
        }
        if !ids.contains(&group.id) {
            ids.push(group.id.clone());
        }
    }
    Ok(ids)
}
