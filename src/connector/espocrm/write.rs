//! Writing: one record a call, read again just before it is changed, and read again after.
//!
//! EspoCRM has no lock for contacts: between the reading and the writing a moment remains in which
//! another edit goes unseen. Fields that are not in the patch are not touched by it.

use reqwest::Method;
use serde_json::{Value, json};

use super::Espo;
use super::api::{self, Ask, Refusals, Reply};
use super::convert::{self};
use super::duplicates::Alike;
use super::explain::{explain, fail, says_gone};
use super::gear::{Gear, View};
use super::outcome::{broken, denied, heard, refused, unfit_outcome, unheard};
use super::query::second;
use super::read::One;
use super::wire::Row;
use crate::connector::http::{Repeat, SendError};
use crate::connector::{Error, Kind, Written};
use crate::model::{
    Change, Fields, Key, Moment, Outcome, Patch, Refusal, RemoteId, Stored, Version, Write,
};

/// What came of one write, and what ends this side's writing.
pub(super) type Done = (Outcome, Option<Error>);

impl Espo {
    /// See [`crate::connector::Sink::write`].
    pub(super) async fn write_batch(&self, batch: &[Write]) -> Written {
        let mut outcomes = vec![Outcome::NotTried; batch.len()];
        let gear = match self.gear() {
            Ok(gear) => gear,
            Err(error) => {
                return Written {
                    outcomes,
                    stop: Some(error),
                };
            }
        };
        for (write, place) in batch.iter().zip(&mut outcomes) {
            let (outcome, stop) = self.write_one(&gear, write).await;
            *place = outcome;
            if stop.is_some() {
                return Written { outcomes, stop };
            }
        }
        Written {
            outcomes,
            stop: None,
        }
    }

    async fn write_one(&self, gear: &Gear, write: &Write) -> Done {
        if let Err(refusal) = super::vet::vet(gear, &self.settings.defaults, write) {
            return (Outcome::Rejected(refusal), None);
        }
        let done = match &write.change {
            Change::Create { fields, .. } => self.create(gear, write.key.as_ref(), fields).await,
            Change::Update {
                id,
                expected,
                patch,
                ..
            } => self.update(gear, id, expected, patch).await,
            Change::Delete { id, expected, .. } => self.delete(gear, id, expected).await,
            Change::Group { id } => self.member(gear, id, Method::POST).await,
            Change::Ungroup { id } => self.member(gear, id, Method::DELETE).await,
            Change::Archive { .. } | Change::Unarchive { .. } => Ok((
                Outcome::Rejected(Refusal {
                    field: None,
                    reason: "EspoCRM has no archive for contacts".to_owned(),
                    hint: "Nothing has to be done.".to_owned(),
                }),
                None,
            )),
        };
        done.unwrap_or_else(|error| (Outcome::NotTried, Some(error)))
    }

    async fn create(&self, gear: &Gear, key: Option<&Key>, fields: &Fields) -> Result<Done, Error> {
        let body = convert::body(gear, fields, self.settings.defaults.iter());
        let sent = self.post(&body, Vec::new()).await;
        let reply = match heard(sent) {
            Ok(reply) => reply,
            Err(done) => return Ok(done),
        };
        if reply.answer.status != 409 {
            return self.created(gear, key, &reply).await;
        }
        let rows: Vec<Row> = serde_json::from_slice(&reply.answer.body).unwrap_or_default();
        match self.alike(gear, key, &rows).await? {
            Alike::Settled(outcome) => Ok((outcome, None)),
            Alike::Others => {
                let unchecked = vec![("X-Skip-Duplicate-Check", "true".to_owned())];
                match heard(self.post(&body, unchecked).await) {
                    Ok(reply) => self.created(gear, key, &reply).await,
                    Err(done) => Ok(done),
                }
            }
        }
    }

    async fn post(
        &self,
        body: &Row,
        headers: Vec<(&'static str, String)>,
    ) -> Result<Reply, SendError> {
        self.call(Ask {
            method: Method::POST,
            headers,
            body: Some(json!(body)),
            repeat: Repeat::Once,
            refusals: Refusals::Taken,
            ..Ask::get("create", "create a contact", "Contact".to_owned())
        })
        .await
    }

    /// Takes in the answer to a create.
    async fn created(&self, gear: &Gear, key: Option<&Key>, reply: &Reply) -> Result<Done, Error> {
        let doing = "create a contact";
        match reply.answer.status {
            200..=299 => {}
            // A right that is missing for one contact is missing for all.
            403 => return Err(explain(&reply.answer, doing)),
            500 => return self.after_error(key, doing).await,
            _ => return Ok((refused(gear, &reply.answer, doing), None)),
        }
        let row: Row = match serde_json::from_slice(&reply.answer.body) {
            Ok(row) => row,
            Err(_) => return Ok((unheard("its answer to a create makes no sense"), None)),
        };
        let Some(id) = api::id(&row) else {
            return Ok((
                unheard("it says that a contact is stored, and not which"),
                None,
            ));
        };
        let linked = match gear.targets() {
            Some(list) => self.put_into(list, id).await,
            None => Ok(()),
        };
        let stored = self.stored(gear, id, &row).await;
        Ok((Outcome::Done(stored), linked.err()))
    }

    /// A bare server error: whether the record is there all the same decides what it means.
    async fn after_error(&self, key: Option<&Key>, doing: &str) -> Result<Done, Error> {
        let Some(key) = key else {
            return Ok((
                unheard("it answered with a server error and no reason"),
                Some(fail(
                    doing,
                    Kind::Unavailable,
                    "a server error without a reason",
                )),
            ));
        };
        let found = self.find_records(std::slice::from_ref(key)).await?;
        Ok((
            match found.into_iter().next() {
                Some(record) => Outcome::Duplicate { of: record.id },
                None => broken(),
            },
            None,
        ))
    }

    /// The record as it stands after a write. The answer to the write itself may be out of date.
    async fn stored(&self, gear: &Gear, id: &str, row: &Row) -> Stored {
        let read = self.get_records(&[RemoteId::from(id)]).await;
        if let Ok(found) = read
            && let Some(crate::connector::Found::Here(record)) = found.into_iter().next()
        {
            return Stored::Record(record);
        }
        let modified = row.get("modifiedAt");
        Stored::Accepted {
            id: RemoteId::from(id),
            version: Version::from(modified.and_then(Value::as_str).unwrap_or_default()),
            changed_at: second(modified).map(Moment),
            listed: (gear.list.covers_all || gear.targets().is_some()).then_some(true),
        }
    }

    async fn update(
        &self,
        gear: &Gear,
        id: &RemoteId,
        expected: &Version,
        patch: &Patch,
    ) -> Result<Done, Error> {
        let doing = "change a contact";
        let now = match self.unmoved(gear, id, expected).await? {
            Ok(row) => row,
            Err(outcome) => return Ok((outcome, None)),
        };
        let body = match convert::patch_body(gear, &now, patch) {
            Ok(body) => body,
            Err(unfit) => return Ok((unfit_outcome(gear, unfit), None)),
        };
        let sent = self
            .call(Ask {
                method: Method::PUT,
                body: Some(json!(body)),
                repeat: Repeat::Once,
                refusals: Refusals::Taken,
                ..Ask::get("update", doing, format!("Contact/{id}"))
            })
            .await;
        let reply = match heard(sent) {
            Ok(reply) => reply,
            Err(done) => return Ok(done),
        };
        match reply.answer.status {
            200..=299 => {
                let row: Row = serde_json::from_slice(&reply.answer.body).unwrap_or_default();
                let stored = self.stored(gear, id.as_str(), &row).await;
                let stored = match stored {
                    // Membership is as it was, whatever could be read.
                    Stored::Accepted {
                        id,
                        version,
                        changed_at,
                        ..
                    } => Stored::Accepted {
                        id,
                        version,
                        changed_at,
                        listed: None,
                    },
                    Stored::Record(_) | Stored::Found(_) | Stored::Nothing => stored,
                };
                Ok((Outcome::Done(stored), None))
            }
            404 if says_gone(&reply.answer) => Ok((Outcome::Gone, None)),
            403 => denied(gear.extra.edits, &reply.answer, doing),
            500 => Ok((broken(), None)),
            _ => Ok((refused(gear, &reply.answer, doing), None)),
        }
    }

    async fn delete(&self, gear: &Gear, id: &RemoteId, expected: &Version) -> Result<Done, Error> {
        let doing = "delete a contact";
        if let Err(outcome) = self.unmoved(gear, id, expected).await? {
            return Ok((outcome, None));
        }
        let sent = self
            .call(Ask {
                method: Method::DELETE,
                repeat: Repeat::Once,
                refusals: Refusals::Taken,
                ..Ask::get("delete", doing, format!("Contact/{id}"))
            })
            .await;
        let reply = match heard(sent) {
            Ok(reply) => reply,
            Err(done) => return Ok(done),
        };
        match reply.answer.status {
            200..=299 => Ok((Outcome::Done(Stored::Nothing), None)),
            404 if says_gone(&reply.answer) => Ok((Outcome::Gone, None)),
            403 => denied(gear.extra.deletes, &reply.answer, doing),
            _ => Ok((refused(gear, &reply.answer, doing), None)),
        }
    }

    /// The record as it is now when it is still at the expected revision; else the outcome.
    async fn unmoved(
        &self,
        gear: &Gear,
        id: &RemoteId,
        expected: &Version,
    ) -> Result<Result<Row, Outcome>, Error> {
        Ok(match self.one(id.as_str()).await? {
            One::Gone => Err(Outcome::Gone),
            One::Hidden => Err(Outcome::Denied {
                reason: "EspoCRM does not let the user read this contact".to_owned(),
            }),
            One::Here(row) => match convert::record(gear, &row, false) {
                Some(record) if record.version == *expected => Ok(row),
                Some(_) | None => Err(Outcome::Stale),
            },
        })
    }

    /// Puts a contact into the profile's target list or takes it out.
    async fn member(&self, gear: &Gear, id: &RemoteId, method: Method) -> Result<Done, Error> {
        let View::Targets(list) = &gear.extra.view else {
            return Ok((
                Outcome::Rejected(Refusal {
                    field: None,
                    reason:
                        "EspoCRM's filters follow from their criteria; contacts cannot be put into \
                             them or taken out"
                            .to_owned(),
                    hint: "Change the contact in EspoCRM.".to_owned(),
                }),
                None,
            ));
        };
        self.link(method, list, id.as_str()).await?;
        Ok((Outcome::Done(Stored::Nothing), None))
    }

    /// Puts a contact into a target list; doing it twice does no harm.
    pub(super) async fn put_into(&self, list: &str, id: &str) -> Result<(), Error> {
        self.link(Method::POST, list, id).await
    }

    async fn link(&self, method: Method, list: &str, id: &str) -> Result<(), Error> {
        let ask = Ask {
            method,
            body: Some(json!({ "id": id })),
            ..Ask::get(
                "link",
                "put a contact into the target list or take it out",
                format!("TargetList/{list}/contacts"),
            )
        };
        let sent = self.call(ask).await;
        sent.map(drop).map_err(SendError::into_error)
    }
}
