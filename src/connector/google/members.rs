//! Label changes: into the group, out of it, into the archive; 1,000 contacts a call.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use super::convert::MY_CONTACTS;
use super::errors::{Fault, tidy};
use super::wire::Modified;
use super::{Google, parse};
use crate::connector::http::SendError;
use crate::connector::{Error, Kind};
use crate::model::{Op, Outcome, Refusal, RemoteId, Stored};

const CHANGING: &str = "change who carries a label";

/// Which way a membership goes.
#[derive(Clone, Copy)]
enum Way {
    Into,
    OutOf,
}

/// What became of one change of memberships.
#[derive(Default)]
struct Left {
    missing: BTreeSet<String>,
    last: BTreeSet<String>,
}

impl Google {
    /// Makes a membership change for contacts; one outcome per contact, in order. On an error
    /// nothing is known of any of them, but doing it again does no harm.
    pub(super) async fn change_labels(
        &self,
        op: Op,
        ids: &[&RemoteId],
    ) -> Result<Vec<Outcome>, Error> {
        let mut left = Left::default();
        match op {
            Op::Group => {
                let group = self.ensure_group().await?;
                self.modify(&group, Way::Into, ids, &mut left).await?;
            }
            Op::Ungroup => self.take_out(ids, &mut left).await?,
            Op::Archive => {
                let archive = self.ensure_archive().await?;
                self.modify(&archive, Way::Into, ids, &mut left).await?;
                self.take_out(ids, &mut left).await?;
            }
            Op::Unarchive => {
                let group = self.ensure_group().await?;
                self.modify(&group, Way::Into, ids, &mut left).await?;
                let archive = self.labels().archive;
                if !archive.is_empty() {
                    self.modify(&archive, Way::OutOf, ids, &mut left).await?;
                }
            }
            Op::Create | Op::Update | Op::Delete => {}
        }
        let outcome = |id: &&RemoteId| {
            if left.missing.contains(id.as_str()) {
                Outcome::Gone
            } else if left.last.contains(id.as_str()) {
                Outcome::Rejected(Refusal {
                    field: None,
                    reason: "Google does not take a contact out of its last label".to_owned(),
                    hint: "Give the contact another label in Google Contacts first.".to_owned(),
                })
            } else {
                Outcome::Done(Stored::Nothing)
            }
        };
        Ok(ids.iter().map(outcome).collect())
    }

    /// Out of the group; a contact that has no other label goes into `myContacts` first.
    async fn take_out(&self, ids: &[&RemoteId], left: &mut Left) -> Result<(), Error> {
        let group = self.labels().group;
        if group.is_empty() {
            return Ok(());
        }
        self.modify(&group, Way::OutOf, ids, left).await?;
        if left.last.is_empty() || group == MY_CONTACTS {
            return Ok(());
        }
        let last = std::mem::take(&mut left.last);
        let again: Vec<&RemoteId> = ids
            .iter()
            .copied()
            .filter(|id| last.contains(id.as_str()))
            .collect();
        self.modify(MY_CONTACTS, Way::Into, &again, left).await?;
        self.modify(&group, Way::OutOf, &again, left).await
    }

    async fn modify(
        &self,
        group: &str,
        way: Way,
        ids: &[&RemoteId],
        left: &mut Left,
    ) -> Result<(), Error> {
        let wanted: Vec<&str> = ids
            .iter()
            .map(|id| id.as_str())
            .filter(|id| !left.missing.contains(*id))
            .collect();
        for chunk in wanted.chunks(1000) {
            let answer = self.modify_once(group, way, chunk).await?;
            let fault = Fault::of(&answer);
            if answer.status < 300 {
                note(&parse::<Modified>(&answer, CHANGING)?, left);
            } else if answer.status == 404 && fault.json && self.is_gone(group).await? {
                return Err(Error {
                    kind: Kind::Unknown,
                    reason: "the label was deleted meanwhile".to_owned(),
                    hint: Some(
                        "Run `crmsync sync` again; the label is looked for anew.".to_owned(),
                    ),
                    ..fault.error(CHANGING)
                });
            } else if chunk.len() > 1 && matches!(answer.status, 400 | 404) && fault.json {
                // One contact at fault must not sink the others: each is sent alone.
                for id in chunk {
                    let answer = self
                        .modify_once(group, way, std::slice::from_ref(id))
                        .await?;
                    if answer.status == 404 {
                        left.missing.insert((*id).to_owned());
                    } else {
                        note(&parse::<Modified>(&answer, CHANGING)?, left);
                    }
                }
            } else if answer.status == 404 && fault.json {
                left.missing.extend(chunk.iter().map(|id| (*id).to_owned()));
            } else {
                tracing::debug!(reason = tidy(&fault.message), "a label change was refused");
                return Err(fault.error(CHANGING));
            }
        }
        Ok(())
    }

    async fn modify_once(
        &self,
        group: &str,
        way: Way,
        ids: &[&str],
    ) -> Result<crate::connector::http::Answer, Error> {
        let path = format!("{group}/members:modify");
        let mut call = self.call(
            "contactGroups.members.modify",
            CHANGING,
            Method::POST,
            &path,
        );
        let list = match way {
            Way::Into => "resourceNamesToAdd",
            Way::OutOf => "resourceNamesToRemove",
        };
        call.body = Some(self.body(&json!({list: ids})));
        self.send_in_turn(call).await.map_err(SendError::into_error)
    }

    async fn is_gone(&self, group: &str) -> Result<bool, Error> {
        Ok(self
            .groups()
            .await?
            .iter()
            .all(|each| each.resource_name != group))
    }
}

fn note(modified: &Modified, left: &mut Left) {
    left.missing
        .extend(modified.not_found_resource_names.iter().cloned());
    left.last.extend(
        modified
            .can_not_remove_last_contact_group_resource_names
            .iter()
            .cloned(),
    );
}
