//! The brakes: refuses a plan that looks like an accident (rule 10).

use std::collections::BTreeMap;

use super::{Note, Plan};
use crate::model::{Bulk, Limits, Meeting, Op, Rematch, Rest, Side, Sides};

/// What the brakes measure against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Linked pairs.
    pub linked: u64,
    /// Whether the pair has once had nothing deferred: until then creates and first-meeting updates
    /// are free.
    pub settled_once: Settled,
    /// How many contacts the Google account holds.
    pub google_records: u64,
    /// How many records each side's list held after the last run, where there was one.
    pub listed_before: Sides<Option<u64>>,
    /// How many it holds now.
    pub listed_now: Sides<u64>,
    /// How many linked records of each side are older than they once were.
    pub rewound: Sides<u64>,
}

/// Whether an account pair has once had nothing deferred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Settled {
    /// It is still filling up.
    #[default]
    NotYet,
    /// It has.
    Once,
}

/// What a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threat {
    /// Too many writes of one kind.
    Bulk(Op),
    /// A list shrank to less than half.
    Shrunk,
    /// Google's cap would be passed.
    Full,
    /// Records are older than they were.
    Rewound,
    /// Too many pairs would end.
    Ended,
}

/// Why a whole plan was refused; nothing is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it is about.
    pub threat: Threat,
    /// On which side.
    pub side: Side,
    /// What was seen: planned writes, or listed records now, or contacts after the run, or older
    /// records, or pairs that would end.
    pub seen: u64,
    /// What is allowed, or what was listed before, or how many are linked.
    pub allowed: u64,
}

/// The smallest list that the shrinking guard looks at; smaller books change by such shares in
/// ordinary life.
const SMALLEST_GUARDED_LIST: u64 = 10;

/// What a plan comes to, as the brakes count it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Pairs that it ends because a side lost their records.
    ended: Sides<u64>,
    /// Writes by side and kind: those of first meetings, and the others.
    writes: Sides<BTreeMap<Op, [u64; 2]>>,
}

impl Load {
    /// Adds a part of the plan.
    pub fn add(&mut self, plan: &Plan) {
        for note in &plan.notes {
            if let Note::Agree(link) = note
                && let Rest::Ended(side) = link.rest
            {
                *self.ended.on_mut(side) += 1;
            }
        }
        for write in &plan.writes {
            let counts = self.writes.on_mut(write.on);
            let counts = counts.entry(write.change.op()).or_default();
            counts[usize::from(write.meeting == Meeting::Later)] += 1;
        }
    }

    /// How many creates there are on a side.
    #[must_use]
    pub fn creates(&self, side: Side) -> u64 {
        let counts = self.writes.on(side).get(&Op::Create);
        counts.map_or(0, |counts| counts.iter().sum())
    }

    fn braked_as(&self, side: Side, op: Op, filling: bool) -> u64 {
        let counts = self.writes.on(side).iter();
        counts
            .filter(|(each, _)| braked_as(**each) == Some(op))
            .map(|(_, [first, later])| if filling { *later } else { first + later })
            .sum()
    }
}

/// Checks a plan, before limits cut it, against the brakes.
pub fn guard(
    plan: &Plan,
    totals: &Totals,
    limits: &Limits,
    rematch: Rematch,
) -> Result<(), Refusal> {
    let mut load = Load::default();
    load.add(plan);
    guard_load(&load, totals, limits, rematch)
}

/// The same by what a plan came to.
pub fn guard_load(
    load: &Load,
    totals: &Totals,
    limits: &Limits,
    rematch: Rematch,
) -> Result<(), Refusal> {
    if limits.bulk == Bulk::Allowed {
        return Ok(());
    }
    let filling = totals.settled_once == Settled::NotYet || rematch == Rematch::Yes;
    for side in Side::BOTH {
        for (op, floor, percent) in [
            (Op::Delete, 20, 10),
            (Op::Update, 200, 50),
            (Op::Create, 200, 50),
        ] {
            let seen = load.braked_as(side, op, filling);
            let allowed = (totals.linked.saturating_mul(percent) / 100).max(floor);
            if seen > allowed {
                return Err(Refusal {
                    threat: Threat::Bulk(op),
                    side,
                    seen,
                    allowed,
                });
            }
        }
    }
    Ok(())
}

/// Refuses a list that suddenly holds fewer than half of what it held after the last run.
pub fn guard_listing(totals: &Totals, limits: &Limits, rematch: Rematch) -> Result<(), Refusal> {
    if limits.bulk == Bulk::Allowed || rematch == Rematch::Yes {
        return Ok(());
    }
    for side in Side::BOTH {
        let (Some(before), now) = (*totals.listed_before.on(side), *totals.listed_now.on(side))
        else {
            continue;
        };
        if before >= SMALLEST_GUARDED_LIST && now.saturating_mul(2) < before {
            return Err(Refusal {
                threat: Threat::Shrunk,
                side,
                seen: now,
                allowed: before,
            });
        }
    }
    Ok(())
}

/// Refuses a plan that would end more than twenty pairs, and more than half of all, because a side lost
/// their records: nothing is deleted then, but a side that reads as wiped out must not end its links in
/// silence. Holds in a re-match as well, where the lists are not compared.
pub fn guard_ends(plan: &Plan, totals: &Totals, limits: &Limits) -> Result<(), Refusal> {
    let mut load = Load::default();
    load.add(plan);
    guard_ended(&load, totals, limits)
}

/// The same by what a plan came to.
pub fn guard_ended(load: &Load, totals: &Totals, limits: &Limits) -> Result<(), Refusal> {
    if limits.bulk == Bulk::Allowed {
        return Ok(());
    }
    for side in Side::BOTH {
        let seen = *load.ended.on(side);
        let allowed = (totals.linked / 2).max(20);
        if seen > allowed {
            return Err(Refusal {
                threat: Threat::Ended,
                side,
                seen,
                allowed,
            });
        }
    }
    Ok(())
}

/// Refuses a side of which more than two linked records, and more than one in a hundred, are older
/// than they once were. A record never gets older by itself; a side that was put back from a backup
/// does.
pub fn guard_time(totals: &Totals, limits: &Limits) -> Result<(), Refusal> {
    if limits.bulk == Bulk::Allowed {
        return Ok(());
    }
    for side in Side::BOTH {
        let seen = *totals.rewound.on(side);
        if seen > (totals.linked / 100).max(2) {
            return Err(Refusal {
                threat: Threat::Rewound,
                side,
                seen,
                allowed: totals.linked,
            });
        }
    }
    Ok(())
}

/// Refuses a plan, after limits cut it, that would take the Google account past its cap. Nothing
/// lets this through.
pub fn guard_capacity(plan: &Plan, totals: &Totals, limits: &Limits) -> Result<(), Refusal> {
    let mut load = Load::default();
    load.add(plan);
    guard_room(&load, totals, limits)
}

/// The same by what a plan came to.
pub fn guard_room(load: &Load, totals: &Totals, limits: &Limits) -> Result<(), Refusal> {
    let creates = load.creates(Side::Google);
    let seen = totals.google_records + creates;
    if creates > 0 && seen > limits.google_cap {
        return Err(Refusal {
            threat: Threat::Full,
            side: Side::Google,
            seen,
            allowed: limits.google_cap,
        });
    }
    Ok(())
}

/// Archiving and ungrouping count as updates; grouping is free.
fn braked_as(op: Op) -> Option<Op> {
    match op {
        Op::Delete => Some(Op::Delete),
        Op::Update | Op::Archive | Op::Ungroup => Some(Op::Update),
        Op::Create => Some(Op::Create),
        Op::Group | Op::Unarchive => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(bulk: Bulk) -> Limits {
        Limits {
            contacts: 0,
            bulk,
            google_cap: 25_000,
        }
    }

    #[test]
    fn a_side_that_went_back_in_time_is_refused() {
        let went = |linked, google, crm| {
            let totals = Totals {
                linked,
                rewound: Sides { google, crm },
                ..Totals::default()
            };
            guard_time(&totals, &limits(Bulk::Braked)).map_err(|refusal| refusal.side)
        };
        assert_eq!(went(10, 2, 2), Ok(()));
        assert_eq!(went(10, 3, 0), Err(Side::Google));
        assert_eq!(went(10, 0, 3), Err(Side::Crm));
        assert_eq!(went(1_000, 10, 0), Ok(()));
        assert_eq!(went(1_000, 11, 0), Err(Side::Google));
    }

    #[test]
    fn what_a_person_allowed_goes_through() {
        let totals = Totals {
            linked: 10,
            rewound: Sides { google: 9, crm: 9 },
            ..Totals::default()
        };
        assert_eq!(guard_time(&totals, &limits(Bulk::Allowed)), Ok(()));
    }
}
