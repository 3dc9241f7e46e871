//! Changes: each record is read just before it is changed, because Odoo has no lock. In the moment in
//! between another edit goes unseen. Fields that are not in the patch are not touched.

use std::time::{Duration, Instant};

use serde_json::json;

use super::api::Ask;
use super::convert::{name_after, patch_body};
use super::gear::Gear;
use super::outcome::{Setback, rejected};
use super::wire::Row;
use super::write::target;
use super::{Odoo, PARTNER};
use crate::connector::Written;
use crate::connector::http::Repeat;
use crate::model::{Change, Outcome, Patch, Write};

/// What was read longer ago is read again before it is written.
const FRESH: Duration = Duration::from_secs(5);

impl Odoo {
    pub(super) async fn update_all(&self, gear: &Gear, writes: &[Write]) -> Written {
        let mut outcomes = vec![Outcome::NotTried; writes.len()];
        let mut stop = None;
        let mut changed = Vec::new();
        let mut done = 0;
        'reading: while done < writes.len() {
            let began = Instant::now();
            let standing = match self.unmoved(gear, &writes[done..]).await {
                Ok(standing) => standing,
                Err(error) => {
                    stop = Some(error);
                    break;
                }
            };
            // However slow it is, each reading serves one record at least.
            for (nth, standing) in standing.into_iter().enumerate() {
                if nth > 0 && began.elapsed() > FRESH {
                    continue 'reading;
                }
                let at = done;
                done += 1;
                let row = match standing {
                    Ok(row) => row,
                    Err(outcome) => {
                        outcomes[at] = outcome;
                        continue;
                    }
                };
                match self.update(gear, &writes[at], &row).await {
                    Ok(()) => changed.push(at),
                    Err(Setback::Refused(outcome)) => outcomes[at] = outcome,
                    Err(Setback::Stopped(error)) => {
                        stop = Some(error);
                        break 'reading;
                    }
                    Err(Setback::Unknown(error)) => {
                        outcomes[at] = Outcome::Uncertain {
                            reason: error.reason.clone(),
                        };
                        stop = Some(error);
                        break 'reading;
                    }
                }
            }
        }
        let ids: Vec<i64> = changed
            .iter()
            .filter_map(|at| target(&writes[*at]))
            .collect();
        if !ids.is_empty() {
            let stored = self.stored(&ids, None).await;
            for (at, stored) in changed.into_iter().zip(stored) {
                outcomes[at] = Outcome::Done(stored);
            }
        }
        Written { outcomes, stop }
    }

    async fn update(&self, gear: &Gear, write: &Write, now: &Row) -> Result<(), Setback> {
        let none = Patch::new();
        let patch = match &write.change {
            Change::Update { patch, .. } => patch,
            Change::Create { .. }
            | Change::Delete { .. }
            | Change::Group { .. }
            | Change::Ungroup { .. }
            | Change::Archive { .. }
            | Change::Unarchive { .. } => &none,
        };
        if name_after(gear, now, patch).is_some_and(|name| name.is_empty()) {
            return Err(Setback::Refused(rejected(
                "the name is mandatory in Odoo and cannot be cleared",
                "Give the contact a name.",
            )));
        }
        let body = patch_body(gear, now, patch);
        if body
            .iter()
            .all(|(name, value)| now.get(name) == Some(value))
        {
            return Ok(());
        }
        let ask = Ask {
            ids: target(write).map(|id| vec![id]),
            placed: vec![("vals", json!(body))],
            repeat: Repeat::Once,
            ..Ask::of("update", "change a contact", PARTNER, "write", json!({}))
        };
        self.carried_out(ask, "write").await.map(drop)
    }
}
