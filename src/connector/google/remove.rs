//! Deletes: Google's delete takes no etag, so each contact is read again just before.

use reqwest::Method;
use serde_json::json;

use super::Google;
use super::errors::Fault;
use super::write::Slate;
use crate::connector::http::SendError;
use crate::connector::{Error, Found, Kind};
use crate::model::{Change, Outcome, RemoteId, Stored, Write};

const DELETING: &str = "delete contacts";

impl Google {
    pub(super) async fn remove(&self, batch: &[Write], at: &[usize], slate: &mut Slate) {
        if let Err(failed) = self.remove_all(batch, at, slate).await {
            slate.stop = Some(failed);
        }
    }

    async fn remove_all(
        &self,
        batch: &[Write],
        at: &[usize],
        slate: &mut Slate,
    ) -> Result<(), Error> {
        let mut open: Vec<(usize, RemoteId)> = Vec::new();
        let ids: Vec<RemoteId> = at
            .iter()
            .filter_map(|at| batch[*at].change.id().cloned())
            .collect();
        for (at, found) in at.iter().zip(self.get_people(&ids).await?) {
            let Change::Delete { id, expected, .. } = &batch[*at].change else {
                continue;
            };
            match found {
                Found::Here(record) if record.version == *expected => open.push((*at, id.clone())),
                Found::Here(_) | Found::Moved(_) => slate.set(*at, Outcome::Stale),
                Found::Gone => slate.set(*at, Outcome::Gone),
                Found::Hidden => slate.set(
                    *at,
                    Outcome::Denied {
                        reason: "the contact cannot be read".to_owned(),
                    },
                ),
            }
        }
        if open.is_empty() {
            return Ok(());
        }
        let names: Vec<&RemoteId> = open.iter().map(|(_, id)| id).collect();
        let mut call = self.call(
            "people.batchDeleteContacts",
            DELETING,
            Method::POST,
            "people:batchDeleteContacts",
        );
        call.body = Some(self.body(&json!({"resourceNames": names})));
        let places: Vec<usize> = open.iter().map(|(at, _)| *at).collect();
        match self.send_in_turn(call).await {
            Ok(answer) if answer.status < 300 => {
                for at in places {
                    slate.set(at, Outcome::Done(Stored::Nothing));
                }
                Ok(())
            }
            Ok(answer) => {
                tracing::debug!(
                    status = answer.status,
                    "a batch of deletes was refused, going one by one"
                );
                self.remove_one_by_one(open, slate).await
            }
            Err(SendError::Failed(failed)) => Err(failed),
            Err(SendError::Uncertain(failed)) => {
                slate.doubt(&places, &failed.reason);
                if failed.kind == Kind::Unavailable {
                    self.settle_removed(&open, slate).await;
                }
                Err(failed)
            }
        }
    }

    /// What is gone after an unknown outcome was deleted; a failing read leaves the doubt.
    async fn settle_removed(&self, open: &[(usize, RemoteId)], slate: &mut Slate) {
        let ids: Vec<RemoteId> = open.iter().map(|(_, id)| id.clone()).collect();
        if let Ok(found) = self.get_people(&ids).await {
            for ((at, _), found) in open.iter().zip(found) {
                if found == Found::Gone {
                    slate.set(*at, Outcome::Done(Stored::Nothing));
                }
            }
        }
    }

    async fn remove_one_by_one(
        &self,
        open: Vec<(usize, RemoteId)>,
        slate: &mut Slate,
    ) -> Result<(), Error> {
        for (at, id) in open {
            let path = format!("{id}:deleteContact");
            let call = self.call("people.deleteContact", DELETING, Method::DELETE, &path);
            let answer = match self.send_in_turn(call).await {
                Ok(answer) => answer,
                Err(SendError::Failed(failed)) => return Err(failed),
                Err(SendError::Uncertain(failed)) => {
                    slate.doubt(&[at], &failed.reason);
                    return Err(failed);
                }
            };
            let fault = Fault::of(&answer);
            slate.set(
                at,
                match answer.status {
                    // A batch that failed in part has deleted it already.
                    404 if fault.json => Outcome::Done(Stored::Nothing),
                    0..300 => Outcome::Done(Stored::Nothing),
                    _ => Outcome::Rejected(fault.refusal(&self.gear()?.mapping)),
                },
            );
        }
        Ok(())
    }
}
