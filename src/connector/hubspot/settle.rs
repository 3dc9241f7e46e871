//! Sorts the answer to a batch: which contact was stored, which was refused, and why.

use std::collections::HashSet;

use super::HubSpot;
use super::api::Reply;
use super::contacts::One;
use super::convert::{key_of, record};
use super::explain::fault;
use super::gear::Gear;
use super::outcome::{absent, conflicts, existing, places, refused, taken, unheard};
use super::wire::{Batch, Contact, Fault};
use super::write::Progress;
use crate::connector::Error;
use crate::model::{Key, Op, Outcome, RemoteId, Stored, Write};

impl HubSpot {
    /// The outcomes of a batch that was taken, wholly or in part.
    pub(super) async fn sorted(
        &self,
        gear: &Gear,
        writes: &[Write],
        answer: Batch,
    ) -> Result<Vec<Outcome>, Error> {
        let mut outcomes: Vec<Option<Outcome>> = vec![None; writes.len()];
        for contact in &answer.results {
            let marked = contact.object_write_trace_id.as_deref();
            let marked = marked.and_then(|trace| trace.parse::<usize>().ok());
            let at = marked.or_else(|| writes.iter().position(|write| is_of(write, contact)));
            if let Some(place) = at.and_then(|at| outcomes.get_mut(at)) {
                let now = record(gear, contact, false);
                *place = Some(Outcome::Done(Stored::Accepted {
                    id: now.id,
                    version: now.version,
                    changed_at: now.changed_at,
                    listed: gear.list.covers_all.then_some(true),
                }));
            }
        }
        for fault in &answer.errors {
            for at in places(fault) {
                if let Some(write) = writes.get(at).filter(|_| outcomes[at].is_none()) {
                    outcomes[at] = Some(self.fault_of(gear, write, fault).await?);
                }
            }
        }
        let silent = || unheard("its answer does not say what became of this contact");
        Ok(outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(silent))
            .collect())
    }

    /// The outcome of a batch of one that was refused as a whole.
    pub(super) async fn one_refused(
        &self,
        gear: &Gear,
        write: &Write,
        reply: &Reply,
    ) -> Result<Outcome, Error> {
        self.fault_of(gear, write, &fault(&reply.answer)).await
    }

    /// What an error about one contact means.
    async fn fault_of(&self, gear: &Gear, write: &Write, fault: &Fault) -> Result<Outcome, Error> {
        let creates = write.change.op() == Op::Create;
        if conflicts(fault) {
            let twin = existing(fault);
            return match (&write.key, creates) {
                (Some(key), true) => self.twin(gear, key, twin).await,
                (None, true) => Ok(refused(gear, fault)),
                (_, false) => Ok(taken(gear, twin.as_deref())),
            };
        }
        if absent(fault) && !creates {
            return Ok(Outcome::Gone);
        }
        Ok(refused(gear, fault))
    }

    /// The contact because of which a create was refused: the same one only when the address is its first.
    async fn twin(&self, gear: &Gear, key: &Key, id: Option<String>) -> Result<Outcome, Error> {
        let found = if let Some(id) = &id {
            self.many(gear, &[id]).await?.pop()
        } else {
            let mut all = self.by_addresses(gear, &[key.as_str()]).await?;
            all.pop().map(One::Here)
        };
        Ok(match found {
            Some(One::Here(contact) | One::Moved(contact)) => {
                if key_of(&contact).as_ref() == Some(key) {
                    Outcome::Duplicate {
                        of: RemoteId::from(contact.id),
                    }
                } else {
                    taken(gear, Some(&contact.id))
                }
            }
            Some(One::Missing) | None => taken(gear, id.as_deref()),
        })
    }

    /// Replaces bare confirmations by what the contacts hold now. `listed` are those that are in the list;
    /// without it HubSpot is asked.
    pub(super) async fn keep_stored(
        &self,
        gear: &Gear,
        stored: &[(usize, String)],
        listed: Option<HashSet<String>>,
        progress: &mut Progress,
    ) {
        let ids: Vec<&str> = stored.iter().map(|(_, id)| id.as_str()).collect();
        let read = async {
            let read = self.many(gear, &ids).await?;
            let members = if let Some(listed) = listed {
                listed
            } else {
                let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
                self.members_among(gear, &ids).await?
            };
            Ok::<_, Error>((read, members))
        };
        // Without it the confirmations stand as they are.
        let Ok((read, members)) = read.await else {
            return;
        };
        for ((at, id), one) in stored.iter().zip(read) {
            if let One::Here(contact) = one {
                let now = record(gear, &contact, members.contains(id));
                progress.outcomes[*at] = Outcome::Done(Stored::Record(Box::new(now)));
            }
        }
    }
}

/// The confirmed writes of these places, with their identifiers.
pub(super) fn done(outcomes: &[Outcome], places: &[usize]) -> Vec<(usize, String)> {
    places
        .iter()
        .filter_map(|at| match &outcomes[*at] {
            Outcome::Done(Stored::Accepted { id, .. }) => Some((*at, id.as_str().to_owned())),
            Outcome::Done(Stored::Record(_) | Stored::Found(_) | Stored::Nothing)
            | Outcome::Stale
            | Outcome::Duplicate { .. }
            | Outcome::Rejected(_)
            | Outcome::Denied { .. }
            | Outcome::Gone
            | Outcome::NotTried
            | Outcome::Uncertain { .. } => None,
        })
        .collect()
}

/// Whether a result without a mark is that of a write.
fn is_of(write: &Write, contact: &Contact) -> bool {
    match write.change.id() {
        Some(id) => id.as_str() == contact.id,
        None => write.key.is_some() && key_of(contact) == write.key,
    }
}
