//! The per-minute quotas of one user.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::errors::{Answer, Refusal};
use super::store::age_seconds;
use super::switches::Switches;

/// What a call costs, in critical reads and writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) reads: u32,
    pub(crate) writes: u32,
    /// 1 for the first page of a full list.
    pub(crate) first_pages: u32,
}

/// What was spent in the last minute.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quota {
    spent: VecDeque<(Timestamp, Cost)>,
}

impl Quota {
    /// Spends the cost, or refuses the call with the 429 of a minute's quota.
    pub(crate) fn spend(&mut self, cost: Cost, switches: &Switches, now: Timestamp) -> Answer<()> {
        while self
            .spent
            .front()
            .is_some_and(|(then, _)| age_seconds(*then, now) >= 60)
        {
            self.spent.pop_front();
        }
        let sum =
            |of: fn(&Cost) -> u32| -> u32 { self.spent.iter().map(|(_, cost)| of(cost)).sum() };
        let over = |limit: u32, of: fn(&Cost) -> u32| {
            limit > 0 && of(&cost) > 0 && sum(of) + of(&cost) > limit
        };
        if over(switches.critical_writes_per_minute, |cost| cost.writes) {
            return Err(Refusal::rate_limited_a(
                "CriticalWritesPerMinutePerProjectPerUser",
            ));
        }
        if over(switches.critical_reads_per_minute, |cost| cost.reads)
            || over(switches.first_pages_per_minute, |cost| cost.first_pages)
        {
            return Err(Refusal::rate_limited_a(
                "CriticalReadsPerMinutePerProjectPerUser",
            ));
        }
        if cost != Cost::default() {
            self.spent.push_back((now, cost));
        }
        Ok(())
    }
}
