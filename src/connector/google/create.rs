//! New contacts: 200 a call, and never a second time without having looked for our stamp.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::Method;

use super::bodies::Bodies;
use super::convert::{person_fields, person_mask, record_of};
use super::errors::{Fault, REMOTE, refusal};
use super::fresh::Pen;
use super::wire::{EachCreated, PersonResponse, Status};
use super::write::Slate;
use super::{Gear, Google, vet};
use crate::connector::http::{Answer, SendError, error};
use crate::connector::{Error, Kind};
use crate::model::{Change, Field, Outcome, Record, Stored, Write};

const CREATING: &str = "create contacts";
/// How often a call that the service failed is sent again, after looking.
const ROUNDS: u32 = 3;

/// What an answer to a create means for the writes that it left open.
enum Next {
    /// They were surely not stored: send these groups.
    Send(Vec<Vec<usize>>),
    /// They may have been stored: look, and send what is not there.
    LookAndSend(Vec<usize>),
}

impl Google {
    pub(super) async fn create(&self, batch: &[Write], at: &[usize], slate: &mut Slate) {
        if let Err(failed) = self.create_all(batch, at, slate).await {
            slate.stop = Some(failed);
        }
    }

    async fn create_all(
        &self,
        batch: &[Write],
        at: &[usize],
        slate: &mut Slate,
    ) -> Result<(), Error> {
        let gear = self.gear()?;
        let group = self.ensure_group().await?;
        let labels = self.labels();
        let lens = self.lens(&gear, &labels);
        let mut bodies = Bodies::default();
        let mut pen = Pen::default();
        for at in at {
            if let Change::Create { fields, .. } = &batch[*at].change
                && let Err((field, _)) = bodies.add(&mut pen, &lens, *at, &batch[*at], fields)
            {
                slate.reject_date(*at, field, &gear.mapping);
            }
        }
        let mut queue = vec![bodies.writes()];
        let mut rounds = 0;
        while let Some(open) = queue.pop() {
            if open.is_empty() {
                continue;
            }
            let answer = match self.create_once(&gear, &bodies, &open).await {
                Ok(answer) => answer,
                Err(SendError::Failed(failed)) => {
                    if failed.kind == Kind::Full {
                        // Whether a full account refuses the whole call is not documented.
                        self.settle_found(batch, &open, slate).await?;
                    }
                    return Err(failed);
                }
                Err(SendError::Uncertain(failed)) => {
                    slate.doubt(&open, &failed.reason);
                    self.settle_found(batch, &open, slate).await?;
                    if failed.kind == Kind::Full {
                        return Err(failed);
                    }
                    continue;
                }
            };
            if answer.status < 300 {
                let missing = self.settle_created(&gear, &answer, batch, &open, slate);
                if !missing.is_empty() {
                    slate.doubt(&missing, "Google's answer does not mention the contact");
                    self.settle_found(batch, &missing, slate).await?;
                }
                continue;
            }
            let fault = Fault::of(&answer);
            if answer.status >= 500 {
                slate.doubt(&open, &format!("Google answered {}", answer.status));
                let missing = self.settle_found(batch, &open, slate).await?;
                rounds += 1;
                // A 503 says that the call was not taken; after a 500 the contacts may still appear
                // in a listing that lags, so they stay in doubt.
                if answer.status == 503
                    && !missing.is_empty()
                    && rounds < ROUNDS
                    && self.http.pause(Duration::from_secs(1 << rounds)).await
                {
                    queue.push(missing);
                }
                continue;
            }
            if self
                .groups()
                .await?
                .iter()
                .all(|each| each.resource_name != group)
            {
                self.learn(|labels| labels.group.clear());
                let reason = "the label was deleted meanwhile";
                return Err(error(REMOTE, CREATING, Kind::Unknown, reason));
            }
            match refused(&gear, &fault, &open, slate) {
                Next::Send(groups) => queue.extend(groups),
                Next::LookAndSend(rest) => {
                    slate.doubt(&rest, "the call failed for another contact");
                    queue.push(self.settle_found(batch, &rest, slate).await?);
                }
            }
        }
        Ok(())
    }

    async fn create_once(
        &self,
        gear: &Gear,
        bodies: &Bodies,
        open: &[usize],
    ) -> Result<Answer, SendError> {
        let mut call = self.call(
            "people.batchCreateContacts",
            CREATING,
            Method::POST,
            "people:batchCreateContacts",
        );
        // What the listing asks for, and what became of each; a refusal comes whole whatever is asked for.
        let mask = person_mask(&gear.lists);
        let fields = format!("createdPeople(person({mask}),httpStatusCode,status)");
        call.query.push(("fields", fields));
        call.body = Some(self.http.pack(bodies.of(open, &person_fields(&gear.lists))));
        self.send_once(call).await
    }

    /// Takes in a good answer; returns the writes that it does not mention.
    fn settle_created(
        &self,
        gear: &Gear,
        answer: &Answer,
        batch: &[Write],
        open: &[usize],
        slate: &mut Slate,
    ) -> Vec<usize> {
        let labels = self.labels();
        let lens = self.lens(gear, &labels);
        let mut told: Vec<(Option<Status>, Option<Record>)> = Vec::with_capacity(open.len());
        let each = EachCreated(|response: PersonResponse<'_>| {
            let sent = open.get(told.len()).map(|at| &batch[*at]);
            // What an undo sends may have been read under other rules.
            let sent = sent.filter(|write| !write.undoes());
            let sent = sent.and_then(|write| match &write.change {
                Change::Create { fields, .. } => Some(fields),
                Change::Update { .. }
                | Change::Delete { .. }
                | Change::Group { .. }
                | Change::Ungroup { .. }
                | Change::Archive { .. }
                | Change::Unarchive { .. } => None,
            });
            let person = response.person.as_ref();
            let stored = person.and_then(|person| record_of(&lens, person, sent));
            told.push((response.fault(), stored));
        });
        if answer.json_by(each).is_err() {
            return open.to_vec();
        }
        let mut missing: BTreeSet<usize> = open.iter().copied().collect();
        let aligned = told.len() == open.len();
        for (place, (fault, stored)) in told.into_iter().enumerate() {
            let stamped = stored.as_ref().and_then(|record| record.stamp.as_ref());
            let at = match stamped {
                Some(stamp) => missing.iter().copied().find(|at| batch[*at].twin == *stamp),
                None => open
                    .get(place)
                    .copied()
                    .filter(|at| aligned && missing.contains(at)),
            };
            let Some(at) = at else { continue };
            match (fault, stored) {
                (Some(status), _) => slate.set(
                    at,
                    Outcome::Rejected(refusal(&gear.mapping, &status.message, None)),
                ),
                (None, Some(record)) => {
                    slate.set(at, Outcome::Done(Stored::Record(Box::new(record))));
                }
                (None, None) => continue,
            }
            missing.remove(&at);
        }
        missing.into_iter().collect()
    }

    /// Looks for our stamps; settles what is there and returns what is not.
    async fn settle_found(
        &self,
        batch: &[Write],
        open: &[usize],
        slate: &mut Slate,
    ) -> Result<Vec<usize>, Error> {
        let writes: Vec<&Write> = open.iter().map(|at| &batch[*at]).collect();
        let found = match self.look_for(&writes).await {
            Ok(found) => found,
            Err(failed) => {
                slate.doubt(open, &failed.reason);
                return Err(failed);
            }
        };
        let mut missing = Vec::new();
        for at in open {
            match found
                .iter()
                .find(|record| record.stamp.as_ref() == Some(&batch[*at].twin))
            {
                Some(record) => {
                    slate.set(*at, Outcome::Done(Stored::Found(Box::new(record.clone()))));
                }
                None => missing.push(*at),
            }
        }
        Ok(missing)
    }
}

/// Sorts out a refused call: who is at fault, and what to do with the rest.
fn refused(gear: &Gear, fault: &Fault, open: &[usize], slate: &mut Slate) -> Next {
    let named = fault.contact_errors();
    if !named.is_empty() {
        let mut rest = Vec::new();
        for (place, at) in open.iter().enumerate() {
            match named.get(&place.to_string()) {
                Some(status) => slate.set(
                    *at,
                    Outcome::Rejected(refusal(&gear.mapping, &status.message, None)),
                ),
                None => rest.push(*at),
            }
        }
        if rest.len() < open.len() {
            return Next::LookAndSend(rest);
        }
    }
    if let [only] = open {
        slate.set(*only, Outcome::Rejected(fault.refusal(&gear.mapping)));
        return Next::Send(Vec::new());
    }
    let places: BTreeMap<usize, String> = fault
        .violations()
        .into_iter()
        .filter_map(|path| Some((index(&path)?, path)))
        .filter(|(place, _)| *place < open.len())
        .collect();
    if places.is_empty() {
        let (left, right) = open.split_at(open.len() / 2);
        return Next::Send(vec![right.to_vec(), left.to_vec()]);
    }
    let mut rest = Vec::new();
    for (place, at) in open.iter().enumerate() {
        match places.get(&place) {
            Some(path) => slate.set(
                *at,
                Outcome::Rejected(refusal(&gear.mapping, &fault.message, Some(path))),
            ),
            None => rest.push(*at),
        }
    }
    Next::Send(vec![rest])
}

/// The place in `contacts[3].contact_person…`.
fn index(path: &str) -> Option<usize> {
    let rest = path.strip_prefix("contacts[")?;
    rest.split(']').next()?.parse().ok()
}

impl Slate {
    /// Notes that a value is no full date.
    pub(super) fn reject_date(
        &mut self,
        at: usize,
        field: Field,
        mapping: &crate::mapping::Mapping,
    ) {
        if let Some(pair) = mapping.pair(field)
            && let Err(refusal) = vet::no_date(field, &pair.google)
        {
            self.set(at, Outcome::Rejected(refusal));
        }
    }
}
