//! Changed contacts: whole lists with one slot changed, 200 a call, each bound to its etag.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::convert::{Kept, person_fields, record};
use super::errors::{Fault, is_stale, parse, refusal};
use super::get::READING;
use super::wire::{Person, Status, Updated};
use super::write::Slate;
use super::{Gear, Google};
use crate::connector::http::{Answer, SendError};
use crate::connector::{Error, Found};
use crate::model::{Change, Native, Outcome, Patch, Record, RemoteId, Stored, Version, Write};

const UPDATING: &str = "update contacts";
/// A list of this length may have been cut by the listing that it came from.
const CUT: usize = 100;
/// How often a call that nobody knows the outcome of is sent again, after looking.
const ROUNDS: u32 = 3;

/// An update that is ready to go.
struct Draft<'w> {
    at: usize,
    id: &'w RemoteId,
    expected: &'w Version,
    patch: &'w Patch,
    mask: Vec<String>,
    body: Value,
}

/// What became of a contact whose update was not confirmed.
enum Check {
    /// It is as it was read: the update was not stored.
    Unchanged,
    /// That is settled.
    Settled(Outcome),
}

impl Google {
    pub(super) async fn update(&self, batch: &[Write], at: &[usize], slate: &mut Slate) {
        if let Err(failed) = self.update_all(batch, at, slate).await {
            slate.stop = Some(failed);
        }
    }

    async fn update_all(
        &self,
        batch: &[Write],
        at: &[usize],
        slate: &mut Slate,
    ) -> Result<(), Error> {
        let gear = self.gear()?;
        let mut groups: BTreeMap<Vec<String>, Vec<Draft<'_>>> = BTreeMap::new();
        for at in at {
            if let Some(draft) = self.draft(&gear, *at, &batch[*at], slate).await? {
                groups.entry(draft.mask.clone()).or_default().push(draft);
            }
        }
        for (mask, drafts) in groups {
            self.update_group(&gear, &mask, drafts, slate).await?;
        }
        Ok(())
    }

    /// Builds an update from what was kept of the contact, read again where that is not enough.
    async fn draft<'w>(
        &self,
        gear: &Gear,
        at: usize,
        write: &'w Write,
        slate: &mut Slate,
    ) -> Result<Option<Draft<'w>>, Error> {
        let Change::Update {
            id,
            expected,
            native,
            patch,
        } = &write.change
        else {
            return Ok(None);
        };
        let mut kept = match usable(native) {
            Some(kept) => kept,
            None => match self.reread(gear, id, expected).await? {
                Ok(kept) => kept,
                Err(outcome) => {
                    slate.set(at, outcome);
                    return Ok(None);
                }
            },
        };
        match kept.apply(&gear.mapping, patch) {
            Err((field, _)) => {
                slate.reject_date(at, field, &gear.mapping);
                Ok(None)
            }
            Ok(mask) if mask.is_empty() => {
                // The contact says so already; nothing unchanged is written.
                let stored = Stored::Accepted {
                    id: id.clone(),
                    version: expected.clone(),
                    changed_at: None,
                    listed: None,
                };
                slate.set(at, Outcome::Done(stored));
                Ok(None)
            }
            Ok(mask) => {
                let body = kept.body(expected, &mask);
                Ok(Some(Draft {
                    at,
                    id,
                    expected,
                    patch,
                    mask,
                    body,
                }))
            }
        }
    }

    async fn reread(
        &self,
        gear: &Gear,
        id: &RemoteId,
        expected: &Version,
    ) -> Result<Result<Kept<'static>, Outcome>, Error> {
        let Some(answer) = self.get_one(gear, id).await? else {
            return Ok(Err(Outcome::Gone));
        };
        let person: Person<'_> = parse(&answer, READING)?;
        let same = &*person.resource_name == id.as_str()
            && person
                .contact()
                .is_some_and(|source| &*source.etag == expected.as_str());
        Ok(if same {
            Ok(Kept::of(&person, &gear.mapping))
        } else {
            Err(Outcome::Stale)
        })
    }

    async fn update_group(
        &self,
        gear: &Gear,
        mask: &[String],
        drafts: Vec<Draft<'_>>,
        slate: &mut Slate,
    ) -> Result<(), Error> {
        let mut queue = vec![drafts];
        let mut rounds = 0;
        while let Some(open) = queue.pop() {
            if open.is_empty() {
                continue;
            }
            let places: Vec<usize> = open.iter().map(|draft| draft.at).collect();
            let unknown = match self.update_once(gear, mask, &open).await {
                Ok(answer) if answer.status < 300 => {
                    let unsaid = self.settle_updated(gear, &answer, open, slate);
                    let unchanged = self.check(unsaid, slate).await?;
                    slate.doubt(
                        &unchanged.iter().map(|draft| draft.at).collect::<Vec<_>>(),
                        "Google's answer does not mention the contact",
                    );
                    continue;
                }
                Ok(answer) if answer.status < 500 => {
                    queue.extend(
                        self.sort_refused(gear, &Fault::of(&answer), open, slate)
                            .await?,
                    );
                    continue;
                }
                Ok(answer) => format!("Google answered {}", answer.status),
                Err(SendError::Failed(failed)) => return Err(failed),
                Err(SendError::Uncertain(failed)) => failed.reason,
            };
            slate.doubt(&places, &unknown);
            let unchanged = self.check(open, slate).await?;
            rounds += 1;
            // The etag keeps a second sending from changing anything twice.
            if rounds < ROUNDS && self.http.pause(Duration::from_secs(1 << rounds)).await {
                queue.push(unchanged);
            }
        }
        Ok(())
    }

    async fn update_once(
        &self,
        gear: &Gear,
        mask: &[String],
        open: &[Draft<'_>],
    ) -> Result<Answer, SendError> {
        let contacts: Map<String, Value> = open
            .iter()
            .map(|draft| (draft.id.to_string(), draft.body.clone()))
            .collect();
        let mut call = self.call(
            "people.batchUpdateContacts",
            UPDATING,
            Method::POST,
            "people:batchUpdateContacts",
        );
        call.body = Some(self.body(&json!({
            "contacts": contacts,
            "updateMask": mask.join(","),
            "readMask": person_fields(&gear.lists),
            "sources": ["READ_SOURCE_TYPE_CONTACT"],
        })));
        self.send_once(call).await
    }

    /// Takes in a good answer; returns the updates that it does not mention.
    fn settle_updated<'w>(
        &self,
        gear: &Gear,
        answer: &Answer,
        open: Vec<Draft<'w>>,
        slate: &mut Slate,
    ) -> Vec<Draft<'w>> {
        let Ok(mut updated) = answer.json::<Updated<'_>>() else {
            return open;
        };
        let labels = self.labels();
        let lens = self.lens(gear, &labels);
        let mut unsaid = Vec::new();
        for draft in open {
            let response = updated
                .update_result
                .remove(draft.id.as_str())
                .unwrap_or_default();
            let stored = response
                .person
                .as_ref()
                .and_then(|person| record(&lens, person));
            match (response.fault(), stored) {
                (Some(status), _) => slate.set(draft.at, said(gear, &status)),
                (None, Some(record)) => {
                    slate.set(draft.at, Outcome::Done(Stored::Record(Box::new(record))));
                }
                (None, None) => unsaid.push(draft),
            }
        }
        unsaid
    }

    /// Sorts out a refused call: settles who is at fault, and returns the rest in groups to send.
    async fn sort_refused<'w>(
        &self,
        gear: &Gear,
        fault: &Fault,
        open: Vec<Draft<'w>>,
        slate: &mut Slate,
    ) -> Result<Vec<Vec<Draft<'w>>>, Error> {
        let named = fault.contact_errors();
        let count = open.len();
        let mut rest = Vec::new();
        for draft in open {
            let place = fault
                .violations()
                .into_iter()
                .find(|path| names(path, draft.id.as_str()));
            match (named.get(draft.id.as_str()), place) {
                (Some(status), _) => slate.set(draft.at, said(gear, status)),
                (None, Some(path)) => {
                    slate.set(
                        draft.at,
                        Outcome::Rejected(refusal(&gear.mapping, &fault.message, Some(&path))),
                    );
                }
                (None, None) => rest.push(draft),
            }
        }
        if let [only] = rest.as_slice()
            && count == 1
        {
            let outcome = match fault.http {
                _ if fault.is_stale() => Outcome::Stale,
                404 => Outcome::Gone,
                _ => Outcome::Rejected(fault.refusal(&gear.mapping)),
            };
            slate.set(only.at, outcome);
            return Ok(Vec::new());
        }
        slate.doubt(
            &rest.iter().map(|draft| draft.at).collect::<Vec<_>>(),
            "the call failed for another contact",
        );
        let mut unchanged = self.check(rest, slate).await?;
        if unchanged.len() < count {
            return Ok(vec![unchanged]);
        }
        let second = unchanged.split_off(count / 2);
        Ok(vec![second, unchanged])
    }

    /// Reads contacts again and settles those that changed, by us or by others; returns those that
    /// did not.
    async fn check<'w>(
        &self,
        open: Vec<Draft<'w>>,
        slate: &mut Slate,
    ) -> Result<Vec<Draft<'w>>, Error> {
        let ids: Vec<RemoteId> = open.iter().map(|draft| draft.id.clone()).collect();
        let found = self.get_people(&ids).await?;
        let mut unchanged = Vec::new();
        for (draft, found) in open.into_iter().zip(found) {
            match judge(&draft, found) {
                Check::Unchanged => unchanged.push(draft),
                Check::Settled(outcome) => slate.set(draft.at, outcome),
            }
        }
        Ok(unchanged)
    }
}

fn judge(draft: &Draft<'_>, found: Found) -> Check {
    match found {
        Found::Here(record) if record.version == *draft.expected => Check::Unchanged,
        Found::Here(record) | Found::Moved(record) if holds(&record, draft.patch) => {
            Check::Settled(Outcome::Done(Stored::Record(record)))
        }
        Found::Here(_) | Found::Moved(_) => Check::Settled(Outcome::Stale),
        Found::Gone => Check::Settled(Outcome::Gone),
        Found::Hidden => Check::Settled(Outcome::Uncertain {
            reason: "the contact cannot be read again".to_owned(),
        }),
    }
}

/// Whether a record holds what a patch was to bring.
fn holds(record: &Record, patch: &Patch) -> bool {
    patch
        .iter()
        .all(|(field, swap)| record.fields.get(field) == swap.to.as_ref())
}

/// What is kept of a contact, when it is certain to be complete.
fn usable(native: &Native) -> Option<Kept<'_>> {
    Kept::read(native).filter(|kept| kept.lists.values().all(|items| items.len() < CUT))
}

/// The outcome that a status of one contact means: 5 is not found, 9 and 10 a revision that moved.
fn said(gear: &Gear, status: &Status) -> Outcome {
    match status.code {
        _ if is_stale(&status.message) => Outcome::Stale,
        5 => Outcome::Gone,
        9 | 10 => Outcome::Stale,
        7 => Outcome::Denied {
            reason: super::errors::tidy(&status.message),
        },
        _ => Outcome::Rejected(refusal(&gear.mapping, &status.message, None)),
    }
}

/// Whether a path like `contacts[people/c1].…` or `contacts["people/c1"]` means this contact.
fn names(path: &str, id: &str) -> bool {
    path.split(['[', ']', '"', '\'']).any(|part| part == id)
}
