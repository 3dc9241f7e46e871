//! The calls on people: get, create, update, delete, and their batches.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::sandbox::faults::{Fault, FaultKind};
use crate::sandbox::http::Request;

use super::errors::{Answer, Refusal};
use super::list::seen_with_lag;
use super::mask::{Mask, Sources};
use super::render::{self, View};
use super::store::{Book, Record, number_of, resource_name};
use super::switches::Switches;
use super::write;

/// What a call works on.
pub(crate) struct Call<'a> {
    pub(crate) book: &'a mut Book,
    pub(crate) switches: &'a Switches,
    pub(crate) request: &'a Request,
    pub(crate) body: &'a Value,
    pub(crate) now: Timestamp,
    pub(crate) fault: Option<&'a Fault>,
}

impl Call<'_> {
    fn view(&self, mask: Mask, sources: Sources) -> View {
        View {
            mask,
            sources,
            listed: false,
            delta: false,
            shuffled: self.switches.shuffle_items,
        }
    }

    /// The view that the query asks for; `default` when it names no fields.
    fn query_view(&self, default: Option<Mask>) -> Answer<View> {
        let text = self.request.param("personFields").unwrap_or("");
        let mask = match default {
            Some(mask) if text.is_empty() => mask,
            _ => Mask::read("personFields", text)?,
        };
        let sources = Sources::read(self.request.params("sources").into_iter())?;
        Ok(self.view(mask, sources))
    }

    /// The view that a batch body asks for; none when it wants nothing back.
    fn body_view(&self) -> Answer<Option<View>> {
        let sources = self.body.get("sources").and_then(Value::as_array);
        let sources = Sources::read(sources.into_iter().flatten().filter_map(Value::as_str))?;
        match text(self.body, "readMask") {
            "" => Ok(None),
            mask => Ok(Some(self.view(Mask::read("readMask", mask)?, sources))),
        }
    }

    fn shown(&self, number: u64, view: View) -> Answer<Value> {
        let record = self.book.get(number).ok_or_else(Refusal::not_found)?;
        Ok(render::person(record, &record.current, view))
    }

    fn find_to_read(&self, name: &str) -> Option<(&Record, &super::store::Version)> {
        let mut number = number_of(name)?;
        if self.switches.follow_renames {
            number = self.book.resolve(number);
        }
        let record = self.book.records.get(&number)?;
        Some((
            record,
            seen_with_lag(record, self.switches.read_lag_seconds, self.now)?,
        ))
    }

    /// `people.get` of a contact.
    pub(crate) fn get(&self, name: &str) -> Answer<Value> {
        let view = self.query_view(None)?;
        let (record, version) = self.find_to_read(name).ok_or_else(Refusal::not_found)?;
        Ok(render::person(record, version, view))
    }

    /// `people.getBatchGet`.
    pub(crate) fn batch_get(&self) -> Answer<Value> {
        let names = self.request.params("resourceNames");
        if names.is_empty() {
            return Err(Refusal::invalid("Must request at least one resource name."));
        }
        if names.len() > 200 {
            return Err(Refusal::invalid(
                "The number of resource names must not be more than 200.",
            ));
        }
        if let Some(bad) = names.iter().find(|name| !name.starts_with("people/")) {
            return Err(Refusal::invalid(format!("Invalid resource name: {bad}")));
        }
        let view = self.query_view(None)?;
        let responses: Vec<_> = names
            .into_iter()
            .map(|name| match self.find_to_read(name) {
                Some((record, version)) => json!({
                    "httpStatusCode": 200,
                    "person": render::person(record, version, view),
                    "requestedResourceName": name,
                }),
                None => json!({
                    "httpStatusCode": 404,
                    "requestedResourceName": name,
                    "status": Refusal::not_found().as_status(),
                }),
            })
            .collect();
        Ok(json!({ "responses": responses }))
    }

    /// `people.createContact`.
    pub(crate) fn create(&mut self) -> Answer<Value> {
        let view = self.query_view(Some(Mask::ALL))?;
        write::check_room(self.book, self.switches, 1, self.now)?;
        let prepared = write::prepare_create(self.book, self.switches, self.body)?;
        let number = write::create(self.book, prepared, self.now);
        self.shown(number, view)
    }

    /// `people.updateContact`.
    pub(crate) fn update(&mut self, name: &str) -> Answer<Value> {
        let text = self.request.param("updatePersonFields").unwrap_or("");
        let mask = Mask::write("updatePersonFields", text)?;
        let view = self.query_view(Some(Mask::ALL))?;
        let prepared = write::prepare_update(self.book, self.switches, name, self.body, mask)?;
        let number = prepared.number;
        write::update(self.book, self.switches, prepared, self.now);
        self.shown(number, view)
    }

    /// `people.deleteContact`.
    pub(crate) fn delete(&mut self, name: &str) -> Answer<Value> {
        let number = number_of(name).ok_or_else(Refusal::not_found)?;
        if self.book.delete(number, self.now) {
            Ok(json!({}))
        } else {
            Err(Refusal::not_found())
        }
    }

    /// `people.batchCreateContacts`.
    pub(crate) fn batch_create(&mut self) -> Answer<Value> {
        let body = self.body;
        let entries = body.get("contacts").and_then(Value::as_array);
        let entries = entries.map_or(&[][..], Vec::as_slice);
        check_count("contacts", entries.len(), 200)?;
        let view = self.body_view()?;
        write::check_room(self.book, self.switches, entries.len(), self.now)?;
        let mut errors =
            self.forced_errors(|index| (index < entries.len()).then(|| index.to_string()));
        let mut prepared = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let key = index.to_string();
            if errors.contains_key(&key) {
                continue;
            }
            let result = match entry.get("contactPerson") {
                Some(person) => write::prepare_create(self.book, self.switches, person),
                None => Err(Refusal::invalid("contactPerson is required.")),
            };
            match result {
                Ok(good) => prepared.push(good),
                Err(refusal) => drop(errors.insert(key, refusal)),
            }
        }
        let refused = !errors.is_empty();
        if refused && !self.lets_good_ones_through() {
            prepared.clear();
        }
        let mut created = Vec::with_capacity(prepared.len());
        for good in prepared {
            created.push(write::create(self.book, good, self.now));
        }
        if refused {
            return Err(batch_refusal("BatchCreateContactsErrorDetails", &errors));
        }
        let Some(view) = view else {
            return Ok(json!({}));
        };
        let mut people = Vec::with_capacity(created.len());
        for number in created {
            people.push(json!({
                "httpStatusCode": 200,
                "person": self.shown(number, view)?,
                "requestedResourceName": resource_name(number),
            }));
        }
        Ok(json!({ "createdPeople": people }))
    }

    /// `people.batchUpdateContacts`.
    pub(crate) fn batch_update(&mut self) -> Answer<Value> {
        let body = self.body;
        let empty = Map::new();
        let entries = body
            .get("contacts")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        check_count("contacts", entries.len(), 200)?;
        let mask = Mask::write("updateMask", text(body, "updateMask"))?;
        let view = self.body_view()?;
        let mut errors = self.forced_errors(|index| entries.keys().nth(index).cloned());
        let mut prepared = Vec::with_capacity(entries.len());
        for (name, person) in entries {
            if errors.contains_key(name) {
                continue;
            }
            match write::prepare_update(self.book, self.switches, name, person, mask) {
                Ok(good) => prepared.push(good),
                Err(refusal) => drop(errors.insert(name.clone(), refusal)),
            }
        }
        let refused = !errors.is_empty();
        if refused && !self.lets_good_ones_through() {
            prepared.clear();
        }
        let mut updated = Vec::with_capacity(prepared.len());
        for good in prepared {
            updated.push(good.number);
            write::update(self.book, self.switches, good, self.now);
        }
        if refused {
            return Err(batch_refusal("BatchUpdateContactsErrorDetails", &errors));
        }
        let Some(view) = view else {
            return Ok(json!({}));
        };
        let mut result = Map::new();
        for number in updated {
            let name = resource_name(number);
            let response = json!({
                "httpStatusCode": 200,
                "person": self.shown(number, view)?,
                "requestedResourceName": name,
            });
            result.insert(name, response);
        }
        Ok(json!({ "updateResult": result }))
    }

    /// `people.batchDeleteContacts`.
    pub(crate) fn batch_delete(&mut self) -> Answer<Value> {
        let names = texts(self.body, "resourceNames");
        check_count("resourceNames", names.len(), 500)?;
        let mut numbers = Vec::with_capacity(names.len());
        for name in names {
            let number = number_of(name)
                .ok_or_else(|| Refusal::invalid(format!("Invalid resource name: {name}")))?;
            if self.book.get(number).is_some() {
                numbers.push(number);
            } else if self.switches.batch_delete_refuses_missing {
                return Err(Refusal::not_found());
            }
        }
        for number in numbers {
            // A name given twice is deleted once.
            self.book.delete(number, self.now);
        }
        Ok(json!({}))
    }

    fn lets_good_ones_through(&self) -> bool {
        self.switches.batch_partial || self.fault.is_some_and(|fault| fault.flag("partial"))
    }

    /// The entries that a fault makes fail; `key` names the entry at a place.
    fn forced_errors(
        &self,
        key: impl Fn(usize) -> Option<String>,
    ) -> BTreeMap<String, Box<Refusal>> {
        let Some(fault) = self
            .fault
            .filter(|fault| fault.kind == FaultKind::BatchPartial)
        else {
            return BTreeMap::new();
        };
        let places: Vec<u64> = match fault.params.get("index") {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_u64).collect(),
            Some(value) => value.as_u64().into_iter().collect(),
            None => vec![0],
        };
        places
            .into_iter()
            .filter_map(|place| key(usize::try_from(place).ok()?))
            .map(|key| {
                (
                    key,
                    Refusal::invalid("Request contains an invalid argument."),
                )
            })
            .collect()
    }
}

/// A text of a body; empty when it is not there.
pub(crate) fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or("")
}

/// A list of texts of a body.
pub(crate) fn texts<'a>(body: &'a Value, name: &str) -> Vec<&'a str> {
    body.get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn check_count(name: &str, count: usize, most: usize) -> Answer<()> {
    if count == 0 {
        return Err(Refusal::invalid(format!("{name} must not be empty.")));
    }
    if count > most {
        return Err(Refusal::invalid(format!(
            "The number of {name} must not be more than {most}."
        )));
    }
    Ok(())
}

#[expect(
    clippy::unnecessary_box_returns,
    reason = "a refusal travels boxed, see `Answer`"
)]
fn batch_refusal(details: &str, errors: &BTreeMap<String, Box<Refusal>>) -> Box<Refusal> {
    let by_entry: Map<String, Value> = errors
        .iter()
        .map(|(key, refusal)| (key.clone(), refusal.as_status()))
        .collect();
    let (code, status) = errors
        .values()
        .next()
        .map_or((400, "INVALID_ARGUMENT"), |first| {
            (first.code, first.status)
        });
    let mut refusal = Refusal::new(
        code,
        status,
        format!("{} of the contacts failed; see the details.", errors.len()),
    );
    refusal.details.push(json!({
        "@type": format!("type.googleapis.com/google.people.v1.{details}"),
        "contactErrors": by_entry,
    }));
    refusal
}
