//! After an unclear answer: looking what landed, before anything is sent again.

use std::time::Duration;

use super::Zoho;
use super::api::{Failure, Landed};
use super::convert::{self, Listed};
use super::find::{Wanted, key_of};
use super::gear::Gear;
use super::outcome::{accepted, outcome};
use super::row::Told;
use super::wire::Row;
use super::write::{Progress, Said};
use crate::model::{Change, FieldKind, Key, Op, Outcome, Patch, Record, RemoteId, Stored};

/// How long a request that was cut off is given to end.
const GRACE: Duration = Duration::from_millis(500);

impl Zoho {
    /// Finds out what became of places whose call was not heard to its end, and sends what surely did
    /// not land once more. `start` is the server's time before the call.
    pub(super) async fn settle(
        &self,
        gear: &Gear,
        op: Op,
        places: &[usize],
        start: i64,
        failure: Failure,
        progress: &mut Progress<'_>,
    ) {
        for at in places {
            progress.outcomes[*at] = Outcome::Uncertain {
                reason: failure.error.reason.clone(),
            };
        }
        if failure.landed == Landed::Unknown {
            tokio::time::sleep(GRACE).await;
        }
        let looked = match op {
            Op::Create => self.created(gear, places, start, progress).await,
            Op::Delete => self.removed(gear, places, progress).await,
            Op::Update | Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive => {
                self.updated(gear, places, progress).await
            }
        };
        let Ok(absent) = looked else {
            progress.stop = Some(failure.error);
            return;
        };
        // A create whose connection was cut may still be under way, and a second one would be a
        // duplicate; an update or a delete says the same twice.
        let again = op != Op::Create || failure.landed == Landed::Answered;
        if again && !absent.is_empty() {
            match self.send(gear, op, &absent, progress).await {
                Ok(Said::Items(items)) if items.len() == absent.len() => {
                    for (at, item) in absent.iter().zip(&items) {
                        let heard = outcome(gear, op, progress.id(*at), item);
                        // It was there a moment ago and we asked for this.
                        let ours = op == Op::Delete && heard == Outcome::Gone;
                        progress.outcomes[*at] = if ours {
                            Outcome::Done(Stored::Nothing)
                        } else {
                            heard
                        };
                    }
                }
                Err(again) if again.landed == Landed::No => {
                    for at in &absent {
                        progress.outcomes[*at] = Outcome::NotTried;
                    }
                    progress.stop = Some(again.error);
                    return;
                }
                Ok(Said::Items(_) | Said::All(_)) | Err(_) => {}
            }
        }
        let unclear = |at: &usize| matches!(progress.outcomes[*at], Outcome::Uncertain { .. });
        if places.iter().any(unclear) {
            progress.stop = Some(failure.error);
        }
    }

    /// Looks for creates by their keys; returns the places that surely did not land.
    async fn created(
        &self,
        gear: &Gear,
        places: &[usize],
        start: i64,
        progress: &mut Progress<'_>,
    ) -> Result<Vec<usize>, Failure> {
        let Some(field) = gear.key.clone() else {
            return Ok(Vec::new());
        };
        let mut columns = vec!["id".to_owned()];
        let fields = [
            "Modified_Time".to_owned(),
            "Created_Time".to_owned(),
            field.clone(),
        ];
        columns.extend(fields.iter().cloned());
        let wanted = Wanted {
            columns: &columns,
            fields: &fields,
        };
        let key = |at: usize| -> Option<Key> { progress.batch[at].key.clone() };
        let keys: Vec<Key> = places.iter().filter_map(|at| key(*at)).collect();
        let rows = self.find_rows(gear, &keys, wanted).await?;
        let mut absent = Vec::new();
        for at in places.iter().copied() {
            // Without a key there is nothing to look for.
            let Some(key) = progress.batch[at].key.as_ref() else {
                continue;
            };
            let hits: Vec<&Row> = rows
                .iter()
                .filter(|row| key_of(row, &field).as_ref() == Some(key))
                .collect();
            let ours = |row: &&&Row| {
                row.get("Created_Time")
                    .and_then(Told::as_str)
                    .and_then(convert::second)
                    .is_some_and(|created| created >= start)
            };
            let time = |row: &Row| {
                row.get("Modified_Time")
                    .and_then(Told::as_str)
                    .map(str::to_owned)
            };
            let id = |row: &Row| convert::id(row);
            if let Some((row, id)) = hits
                .iter()
                .find(ours)
                .and_then(|row| Some((*row, id(row)?)))
            {
                progress.outcomes[at] = Outcome::Done(accepted(gear, id, time(row).as_deref()));
            } else if let Some(of) = hits.first().and_then(|row| id(row)) {
                progress.outcomes[at] = Outcome::Duplicate { of };
            } else {
                absent.push(at);
            }
        }
        Ok(absent)
    }

    /// Reads whether updates landed; returns the places whose records are as they were.
    async fn updated(
        &self,
        gear: &Gear,
        places: &[usize],
        progress: &mut Progress<'_>,
    ) -> Result<Vec<usize>, Failure> {
        let ids: Vec<&str> = places
            .iter()
            .filter_map(|at| progress.id(*at))
            .map(RemoteId::as_str)
            .collect();
        let doing = "read whether an update landed";
        let rows = self
            .rows_by_id(gear, doing, &gear.columns, &gear.plain, &ids)
            .await?;
        let records: Vec<Record> = rows
            .iter()
            .filter_map(|row| convert::record(gear, row, Listed::No))
            .collect();
        let mut absent = Vec::new();
        for at in places.iter().copied() {
            let Change::Update {
                id,
                expected,
                patch,
                ..
            } = &progress.batch[at].change
            else {
                continue;
            };
            match records.iter().find(|record| record.id == *id) {
                Some(record) if record.version == *expected => absent.push(at),
                Some(record) if holds(gear, record, patch) => {
                    progress.outcomes[at] = Outcome::Done(Stored::Accepted {
                        id: id.clone(),
                        version: record.version.clone(),
                        changed_at: record.changed_at,
                        listed: gear.list.covers_all.then_some(true),
                    });
                }
                Some(_) | None => progress.outcomes[at] = Outcome::Stale,
            }
        }
        Ok(absent)
    }

    /// Reads whether deletes landed; returns the places whose records are still as they were.
    async fn removed(
        &self,
        gear: &Gear,
        places: &[usize],
        progress: &mut Progress<'_>,
    ) -> Result<Vec<usize>, Failure> {
        let now = self.versions(gear, places, progress).await?;
        let mut absent = Vec::new();
        for at in places.iter().copied() {
            let version = progress.id(at).and_then(|id| now.get(id));
            match version {
                None => progress.outcomes[at] = Outcome::Done(Stored::Nothing),
                Some(version) if Some(version) == progress.expected(at) => absent.push(at),
                Some(_) => progress.outcomes[at] = Outcome::Stale,
            }
        }
        Ok(absent)
    }
}

/// Whether a record has every value that a patch puts there.
fn holds(gear: &Gear, record: &Record, patch: &Patch) -> bool {
    patch.iter().all(|(field, swap)| {
        gear.slot(*field)
            .is_none_or(|slot| slot.kind == FieldKind::Lookup)
            || record.fields.get(field) == swap.to.as_ref()
    })
}
