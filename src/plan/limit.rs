//! Cuts a plan to the run's limit of contacts, oldest change first (rule 9).

use std::collections::{BTreeMap, BTreeSet};

use super::{Because, Held, Plan};
use crate::model::{Key, Limits, Moment, Op, RemoteId, Side, Write};

/// What tells one contact from another, whichever side is written: its Google identifier where it
/// has one, else its CRM identifier.
#[must_use]
pub fn contact_of(write: &Write) -> (Side, &RemoteId) {
    match (write.on, write.change.id()) {
        (Side::Google, Some(id)) => (Side::Google, id),
        (Side::Google, None) => (Side::Crm, &write.twin),
        (Side::Crm, _) => (Side::Google, &write.twin),
    }
}

/// Keeps the writes of the first `limits.contacts` contacts and holds the others back. Creates and
/// updates count, once a contact; group changes go on. A capped plan deletes nothing.
#[must_use]
pub fn limit(mut plan: Plan, limits: &Limits) -> Plan {
    let mut oldest = BTreeMap::<(Side, &RemoteId), (Option<Moment>, Option<&Key>)>::new();
    for write in plan.writes.iter().filter(|write| counts(write)) {
        let age = (write.changed_at, write.key.as_ref());
        oldest
            .entry(contact_of(write))
            .and_modify(|known| *known = age.min(*known))
            .or_insert(age);
    }
    let most = usize::try_from(limits.contacts).unwrap_or(usize::MAX);
    if limits.contacts == 0 || oldest.len() <= most {
        return plan;
    }
    let mut line: Vec<_> = oldest.into_iter().map(|(id, age)| (age, id)).collect();
    line.sort();
    let chosen: BTreeSet<(Side, RemoteId)> = line
        .into_iter()
        .take(most)
        .map(|(_, (side, id))| (side, id.clone()))
        .collect();
    let writes = std::mem::take(&mut plan.writes);
    for write in writes {
        let (side, id) = contact_of(&write);
        let because = match write.change.op() {
            Op::Create | Op::Update => {
                (!chosen.contains(&(side, id.clone()))).then_some(Because::Deferred)
            }
            Op::Delete => Some(Because::CappedRunsDoNotDelete),
            Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive => None,
        };
        match because {
            Some(because) => plan.held.push(Held { because, write }),
            None => plan.writes.push(write),
        }
    }
    plan
}

fn counts(write: &Write) -> bool {
    matches!(write.change.op(), Op::Create | Op::Update)
}
