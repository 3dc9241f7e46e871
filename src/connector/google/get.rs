//! Reading single contacts by their names.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt, TryStreamExt};
use reqwest::Method;

use super::convert::{Lens, person_fields, person_mask, record};
use super::errors::Fault;
use super::wire::{People, Person, PersonResponse};
use super::{Gear, Google, parse};
use crate::connector::http::{Answer, SendError};
use crate::connector::{Error, Found};
use crate::model::RemoteId;

/// How many names go into one `batchGet`; 200 are allowed, the length of a GET is not documented.
const GET_CHUNK: usize = 50;
/// How many of them are under way at once.
const GETS: usize = 4;
pub(super) const READING: &str = "read contacts";

impl Google {
    /// One answer per identifier, in order.
    pub(super) async fn get_people(&self, ids: &[RemoteId]) -> Result<Vec<Found>, Error> {
        let gear = self.gear()?;
        let labels = self.labels();
        let lens = self.lens(&gear, &labels);
        let parts: Vec<_> = ids
            .chunks(GET_CHUNK)
            .map(|chunk| self.get_chunk(&gear, &lens, chunk))
            .collect();
        let parts: Vec<Vec<Found>> = stream::iter(parts).buffered(GETS).try_collect().await?;
        Ok(parts.into_iter().flatten().collect())
    }

    async fn get_chunk(
        &self,
        gear: &Gear,
        lens: &Lens<'_>,
        chunk: &[RemoteId],
    ) -> Result<Vec<Found>, Error> {
        let mut found = Vec::with_capacity(chunk.len());
        let answer = self.batch_get(gear, chunk).await?;
        let mut told = BTreeMap::new();
        if let Some(answer) = &answer {
            let people: People<'_> = parse(answer, READING)?;
            told.extend(people.responses.into_iter().map(named));
        }
        for id in chunk {
            found.push(match told.remove(id.as_str()) {
                Some(response) => match (&response.person, response.fault()) {
                    (_, Some(fault)) if fault.code == 5 => Found::Gone,
                    (Some(person), None) => here(lens, id, person),
                    (_, _) => Found::Hidden,
                },
                None => match self.get_one(gear, id).await? {
                    Some(answer) => here(lens, id, &parse(&answer, READING)?),
                    None => Found::Gone,
                },
            });
        }
        Ok(found)
    }

    /// The answer of a `batchGet`, if it tells of each name.
    async fn batch_get(&self, gear: &Gear, ids: &[RemoteId]) -> Result<Option<Answer>, Error> {
        let mut call = self.call(
            "people.getBatchGet",
            READING,
            Method::GET,
            "people:batchGet",
        );
        call.query.extend(
            ids.iter()
                .map(|id| ("resourceNames", id.as_str().to_owned())),
        );
        call.query
            .push(("personFields", person_fields(&gear.lists)));
        call.query
            .push(("sources", "READ_SOURCE_TYPE_CONTACT".to_owned()));
        let mask = person_mask(&gear.lists);
        call.query.push((
            "fields",
            format!("responses(person({mask}),requestedResourceName,httpStatusCode,status)"),
        ));
        let answer = self.send(call).await.map_err(SendError::into_error)?;
        if matches!(answer.status, 400 | 404) && Fault::of(&answer).json {
            // Whether one unknown name fails them all is not documented: each is asked for alone.
            return Ok(None);
        }
        Ok(Some(answer))
    }

    /// `people.get`, which unlike a listing returns more than 100 addresses and numbers; none of a
    /// contact that is gone.
    pub(super) async fn get_one(
        &self,
        gear: &Gear,
        id: &RemoteId,
    ) -> Result<Option<Answer>, Error> {
        let mut call = self.call("people.get", READING, Method::GET, id.as_str());
        call.query
            .push(("personFields", person_fields(&gear.lists)));
        call.query
            .push(("sources", "READ_SOURCE_TYPE_CONTACT".to_owned()));
        call.query.push(("fields", person_mask(&gear.lists)));
        let answer = self.send(call).await.map_err(SendError::into_error)?;
        let gone = answer.status == 404 && Fault::of(&answer).json;
        Ok((!gone).then_some(answer))
    }
}

/// An answer and the name that it is for.
fn named(response: PersonResponse<'_>) -> (String, PersonResponse<'_>) {
    let asked = &response.requested_resource_name;
    let name = match &response.person {
        Some(person) if asked.is_empty() => person.resource_name.to_string(),
        _ => asked.to_string(),
    };
    (name, response)
}

/// What a contact that was asked for by this name is.
fn here(lens: &Lens<'_>, id: &RemoteId, person: &Person<'_>) -> Found {
    match record(lens, person) {
        Some(record) if record.id == *id => Found::Here(Box::new(record)),
        Some(record) => Found::Moved(Box::new(record)),
        None => Found::Gone,
    }
}
