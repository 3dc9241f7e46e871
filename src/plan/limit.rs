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

/// Whether something of a plan was cut while it grew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// It is whole.
    #[default]
    NotYet,
    /// Some of it waits already.
    Already,
}

/// Keeps the writes of the first `limits.contacts` contacts and holds the others back. Creates and
/// updates count, once a contact; group changes go on. A capped plan deletes nothing.
#[must_use]
pub fn limit(plan: Plan, limits: &Limits) -> Plan {
    limit_rest(plan, limits, Cut::NotYet)
}

/// The same for what [`trim`] left of a plan.
#[must_use]
pub fn limit_rest(mut plan: Plan, limits: &Limits, cut: Cut) -> Plan {
    let chosen = chosen(&plan, limits);
    if chosen.is_none() && cut == Cut::NotYet {
        return plan;
    }
    for write in std::mem::take(&mut plan.writes) {
        let because = match write.change.op() {
            Op::Create | Op::Update => waits(&write, chosen.as_ref()).then_some(Because::Deferred),
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

/// Takes the creates and updates of all but the first `limits.contacts` contacts out of a plan, also of
/// one that is still growing: a contact that so many others come before now is never among the first
/// again.
pub fn trim(plan: &mut Plan, limits: &Limits) -> Vec<Write> {
    let Some(chosen) = chosen(plan, limits) else {
        return Vec::new();
    };
    let writes = std::mem::take(&mut plan.writes).into_iter();
    let (stays, rest) = writes.partition(|write| !counts(write) || !waits(write, Some(&chosen)));
    plan.writes = stays;
    rest
}

/// The contacts that are written, oldest change first; none when all of them are.
fn chosen(plan: &Plan, limits: &Limits) -> Option<BTreeSet<(Side, RemoteId)>> {
    if limits.contacts == 0 {
        return None;
    }
    let mut oldest = BTreeMap::<(Side, &RemoteId), (Option<Moment>, Option<&Key>)>::new();
    for write in plan.writes.iter().filter(|write| counts(write)) {
        let age = (write.changed_at, write.key.as_ref());
        oldest
            .entry(contact_of(write))
            .and_modify(|known| *known = age.min(*known))
            .or_insert(age);
    }
    let most = usize::try_from(limits.contacts).unwrap_or(usize::MAX);
    if oldest.len() <= most {
        return None;
    }
    let mut line: Vec<_> = oldest.into_iter().map(|(id, age)| (age, id)).collect();
    line.sort();
    let first = line.into_iter().take(most);
    Some(first.map(|(_, (side, id))| (side, id.clone())).collect())
}

fn waits(write: &Write, chosen: Option<&BTreeSet<(Side, RemoteId)>>) -> bool {
    let (side, id) = contact_of(write);
    chosen.is_some_and(|chosen| !chosen.contains(&(side, id.clone())))
}

fn counts(write: &Write) -> bool {
    matches!(write.change.op(), Op::Create | Op::Update)
}
