//! Writing: one request for each card, and only on the revision that the change was planned on.

use super::Carddav;
use super::call::Ask;
use super::cards::{Stored as Text, header, version};
use super::convert::Resource;
use super::gear::Gear;
use super::wire;
use super::{href, outcome, patch};
use crate::connector::http::{Answer, Repeat, SendError};
use crate::connector::{Error, Written};
use crate::model::{
    Change, Field, Outcome, Patch, Record, Refusal, RemoteId, Stored, Version, Write,
};

/// How often a delete is sent when it is not known to have arrived.
const TRIES: u8 = 2;

/// What became of one write, and what ends the writing.
pub(super) struct Verdict {
    outcome: Outcome,
    stop: Option<Error>,
}

impl Verdict {
    /// An outcome that the writing goes on after.
    pub(super) fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            stop: None,
        }
    }

    /// An outcome that ends the writing.
    pub(super) fn stop(outcome: Outcome, error: Error) -> Self {
        Self {
            outcome,
            stop: Some(error),
        }
    }
}

/// What a server says to a card that is sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// It has it now.
    Stored,
    /// Its condition does not hold: somebody was there before.
    Moved,
    /// Another card has the same `UID` (RFC 6352, section 5.3.2).
    SameUid,
    /// Anything else.
    Refused,
}

impl Sent {
    /// Reads an answer.
    pub(super) fn of(answer: &Answer) -> Self {
        match answer.status {
            200..=299 => Self::Stored,
            412 if failed(answer, "valid-address-data") => Self::Refused,
            412 => Self::Moved,
            403 | 409 if failed(answer, "no-uid-conflict") => Self::SameUid,
            _ => Self::Refused,
        }
    }
}

/// Whether an answer names a condition that does not hold.
pub(super) fn failed(answer: &Answer, condition: &str) -> bool {
    wire::read(&answer.body).is_ok_and(|read| read.failed(condition))
}

/// A refusal of a card.
pub(super) fn refusal(field: Option<Field>, reason: &str, hint: &str) -> Refusal {
    Refusal {
        field,
        reason: reason.to_owned(),
        hint: hint.to_owned(),
    }
}

/// Every write for itself, in order.
pub(super) fn batches(writes: Vec<Write>) -> Vec<Vec<Write>> {
    writes.into_iter().map(|write| vec![write]).collect()
}

impl Carddav {
    /// See [`crate::connector::Sink::write`].
    pub(super) async fn write_batch(&self, batch: &[Write]) -> Written {
        let mut written = Written {
            outcomes: vec![Outcome::NotTried; batch.len()],
            stop: None,
        };
        let gear = match self.gear() {
            Ok(gear) => gear,
            Err(error) => {
                written.stop = Some(error);
                return written;
            }
        };
        for (write, outcome) in batch.iter().zip(&mut written.outcomes) {
            let verdict = self.write_one(&gear, write).await;
            *outcome = verdict.outcome;
            written.stop = verdict.stop;
            if written.stop.is_some() {
                break;
            }
        }
        written
    }

    async fn write_one(&self, gear: &Gear, write: &Write) -> Verdict {
        match &write.change {
            Change::Create { fields, .. } => self.create(gear, write, fields).await,
            Change::Update {
                id,
                expected,
                patch,
                ..
            } => self.update(gear, id, expected, patch).await,
            Change::Delete { id, expected, .. } => self.delete(gear, id, expected).await,
            Change::Group { .. }
            | Change::Ungroup { .. }
            | Change::Archive { .. }
            | Change::Unarchive { .. } => Verdict::of(Outcome::Rejected(refusal(
                None,
                "an address book is the list; a card cannot be put into it or taken out",
                "Move the card in the CardDAV program.",
            ))),
        }
    }

    /// Changes lines of a card. It is read right before, byte for byte: what a listing brings has been
    /// through XML.
    async fn update(
        &self,
        gear: &Gear,
        id: &RemoteId,
        expected: &Version,
        patch: &Patch,
    ) -> Verdict {
        let stored = match self.stored(gear, id).await {
            Ok(Some(stored)) => stored,
            Ok(None) => return Verdict::of(Outcome::Gone),
            Err(error) => return Verdict::stop(Outcome::NotTried, error),
        };
        let own = stored.etag.as_deref().map(version);
        if own.as_deref().is_some_and(|own| own != expected.as_str()) {
            return Verdict::of(Outcome::Stale);
        }
        let text = stored.text.as_deref().unwrap_or_default();
        let text = match patch::patched(gear, text, patch) {
            Ok(text) => text,
            Err(refused) => return Verdict::of(outcome::unfit(gear, &refused)),
        };
        if let Some(outcome) = outcome::too_large(gear, &text) {
            return Verdict::of(outcome);
        }
        let condition = ("if-match", expected.as_str().to_owned());
        let answer = match self.put(gear, id, condition, text.clone()).await {
            Ok(answer) => answer,
            Err(SendError::Failed(error)) => return Verdict::stop(Outcome::NotTried, error),
            Err(SendError::Uncertain(error)) => {
                let outcome = match self.stands(gear, id, expected, patch).await {
                    Some(Outcome::NotTried) | None => Outcome::Uncertain {
                        reason: error.reason.clone(),
                    },
                    Some(outcome) => outcome,
                };
                return Verdict::stop(outcome, error);
            }
        };
        match Sent::of(&answer) {
            Sent::Stored => {
                let sent = Text {
                    etag: header(&answer, "etag"),
                    modified: None,
                    text: Some(text),
                };
                self.confirm(gear, id, sent).await
            }
            // It may be our own: a request whose answer was lost is sent again.
            Sent::Moved => Verdict::of(
                self.stands(gear, id, expected, patch)
                    .await
                    .filter(|outcome| *outcome != Outcome::NotTried)
                    .unwrap_or(Outcome::Stale),
            ),
            Sent::SameUid | Sent::Refused if answer.status == 404 => Verdict::of(Outcome::Gone),
            Sent::SameUid | Sent::Refused => outcome::refused(&answer),
        }
    }

    /// Whether a card holds what an update was to bring: done, stale, gone, or as it was
    /// (`NotTried`); nothing when it cannot be read.
    async fn stands(
        &self,
        gear: &Gear,
        id: &RemoteId,
        expected: &Version,
        patch: &Patch,
    ) -> Option<Outcome> {
        let Some(stored) = self.stored(gear, id).await.ok()? else {
            return Some(Outcome::Gone);
        };
        let Resource::Contact(record) = Self::understood(gear, id, &stored).ok()? else {
            return Some(Outcome::Stale);
        };
        Some(if record.version == *expected {
            Outcome::NotTried
        } else if holds(&record, patch) {
            Outcome::Done(Stored::Record(record))
        } else {
            Outcome::Stale
        })
    }

    async fn delete(&self, gear: &Gear, id: &RemoteId, expected: &Version) -> Verdict {
        let mut doubt = None;
        for _ in 0..TRIES {
            let mut ask = Ask::plain(
                "delete",
                "delete a card",
                "DELETE",
                href::url(&gear.book, id),
            );
            ask.headers = vec![("if-match", expected.as_str().to_owned())];
            ask.repeat = Repeat::Once;
            let answer = match self.call(ask).await {
                Ok(answer) => answer,
                Err(SendError::Failed(error)) => return Verdict::stop(Outcome::NotTried, error),
                Err(SendError::Uncertain(error)) => {
                    match self.stored(gear, id).await {
                        Ok(None) => return Verdict::of(Outcome::Done(Stored::Nothing)),
                        Ok(Some(stored)) => {
                            let own = stored.etag.as_deref().map(version);
                            if own.as_deref() != Some(expected.as_str()) {
                                return Verdict::of(Outcome::Stale);
                            }
                        }
                        Err(_) => {}
                    }
                    doubt = Some(error);
                    continue;
                }
            };
            return match answer.status {
                200..=299 => Verdict::of(Outcome::Done(Stored::Nothing)),
                // It was there a moment ago and we asked for this.
                404 | 410 if doubt.is_some() => Verdict::of(Outcome::Done(Stored::Nothing)),
                404 | 410 => Verdict::of(Outcome::Gone),
                412 => Verdict::of(Outcome::Stale),
                _ => outcome::refused(&answer),
            };
        }
        match doubt {
            Some(error) => Verdict::stop(
                Outcome::Uncertain {
                    reason: error.reason.clone(),
                },
                error,
            ),
            None => Verdict::of(Outcome::NotTried),
        }
    }

    /// What a card is after it was stored. A server that gives no revision has changed the text, so it
    /// is read again (RFC 6352, section 6.3.2.3).
    pub(super) async fn confirm(&self, gear: &Gear, id: &RemoteId, sent: Text) -> Verdict {
        let stored = if sent.etag.is_some() {
            Ok(Some(sent))
        } else {
            self.stored(gear, id).await
        };
        let read = match stored {
            Ok(Some(stored)) => Self::understood(gear, id, &stored),
            Ok(None) => {
                return Verdict::of(Outcome::Uncertain {
                    reason: "the server took the card and has it under another name".to_owned(),
                });
            }
            Err(error) => Err(error),
        };
        match read {
            Ok(Resource::Contact(record)) => Verdict::of(Outcome::Done(Stored::Record(record))),
            Ok(Resource::Group) => Verdict::of(Outcome::Stale),
            Err(error) => Verdict::stop(
                Outcome::Uncertain {
                    reason: error.reason.clone(),
                },
                error,
            ),
        }
    }
}

/// Whether a record has every value that a patch puts there.
fn holds(record: &Record, patch: &Patch) -> bool {
    patch
        .iter()
        .all(|(field, swap)| record.fields.get(field) == swap.to.as_ref())
}
