//! Budgets of a minute, kept ahead of refusals: what was spent in the last 60 seconds, and how long the
//! next request has to wait for its share.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::connector::{Error, Kind};

/// The length of a budget's window. A second more than the minute, for clocks that differ.
const WINDOW: Duration = Duration::from_millis(60_250);

/// What a request takes out of the budgets of a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Of reading.
    pub reads: u32,
    /// Of writing.
    pub writes: u32,
}

/// How much may be spent in a minute; 0 is no limit.
pub type Budget = Cost;

/// What was spent of the budgets of a minute.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    budget: Budget,
    spent: Mutex<Spent>,
}

#[derive(Debug, Default)]
struct Spent {
    /// By when it counts from; the number tells entries apart.
    entries: VecDeque<(u64, Instant, Cost)>,
    next: u64,
}

/// A share that was taken; counted from the end of its request, which is when the server has surely
/// counted it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share(Option<u64>);

impl Pacer {
    pub(super) fn new(budget: Budget) -> Self {
        Self {
            budget,
            spent: Mutex::default(),
        }
    }

    /// Takes a share, or says how long to wait before asking again.
    pub(super) fn take(&self, cost: Cost, now: Instant) -> Result<Share, Duration> {
        if cost == Cost::default() || self.budget == Budget::default() {
            return Ok(Share(None));
        }
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((_, at, _)) = spent.entries.front()
            && now.saturating_duration_since(*at) >= WINDOW
        {
            spent.entries.pop_front();
        }
        let wait = [
            spent.wait(now, self.budget.reads, cost.reads, |cost| cost.reads),
            spent.wait(now, self.budget.writes, cost.writes, |cost| cost.writes),
        ];
        match wait.into_iter().max().unwrap_or_default() {
            Duration::ZERO => {
                let no = spent.next;
                spent.next += 1;
                spent.entries.push_back((no, now, cost));
                Ok(Share(Some(no)))
            }
            wait => Err(wait),
        }
    }

    /// The request has ended.
    pub(super) fn ended(&self, share: Share, now: Instant) {
        let Some(no) = share.0 else { return };
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = spent.entries.iter_mut().find(|entry| entry.0 == no) {
            entry.1 = now;
        }
    }
}

impl super::Http {
    /// Waits until the minute's budget has room for a call.
    pub(super) async fn share(&self, call: &super::Call<'_>) -> Result<Share, Error> {
        let inner = &*self.0;
        loop {
            match inner.pacer.take(call.cost, Instant::now()) {
                Ok(share) => return Ok(share),
                Err(wait) if self.pause(wait).await => {}
                Err(wait) => {
                    let reason = "the budget of requests a minute is used up, and so is the time \
                                  that this run may wait";
                    return Err(Error {
                        retry_after: Some(wait),
                        hint: Some(format!(
                            "Run it again in {} s, where it goes on; a longer --patience waits longer.",
                            wait.as_secs() + 1
                        )),
                        ..super::error(inner.settings.remote, call.doing, Kind::RateLimited, reason)
                    });
                }
            }
        }
    }
}

impl Spent {
    /// How long until `more` fits into a limit; what is more than the limit goes alone.
    fn wait(&self, now: Instant, limit: u32, more: u32, of: fn(&Cost) -> u32) -> Duration {
        if limit == 0 || more == 0 {
            return Duration::ZERO;
        }
        let mut sum: u32 = self.entries.iter().map(|(_, _, cost)| of(cost)).sum();
        let mut free = Duration::ZERO;
        for (_, at, cost) in &self.entries {
            if sum == 0 || sum.saturating_add(more) <= limit {
                break;
            }
            sum -= of(cost);
            free = free.max((*at + WINDOW).saturating_duration_since(now));
        }
        free
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const WRITE: Cost = Cost {
        reads: 6,
        writes: 6,
    };

    fn budget(writes: u32) -> Pacer {
        Pacer::new(Budget { reads: 0, writes })
    }

    #[test]
    fn a_full_minute_waits_until_its_oldest_request_is_a_minute_old() {
        let pacer = budget(12);
        let start = Instant::now();
        for at in [0, 2] {
            let share = pacer.take(WRITE, start + Duration::from_secs(at)).unwrap();
            pacer.ended(share, start + Duration::from_secs(at + 1));
        }
        let wait = pacer
            .take(WRITE, start + Duration::from_secs(11))
            .unwrap_err();
        assert_eq!(wait, WINDOW.checked_sub(Duration::from_secs(10)).unwrap());
        pacer
            .take(WRITE, start + Duration::from_secs(11) + wait)
            .unwrap();
    }

    #[test]
    fn a_request_larger_than_the_budget_goes_alone() {
        let pacer = budget(5);
        let start = Instant::now();
        pacer.take(WRITE, start).unwrap();
        pacer.take(WRITE, start).unwrap_err();
        pacer.take(WRITE, start + WINDOW).unwrap();
    }

    #[test]
    fn without_a_budget_nothing_waits() {
        let pacer = budget(0);
        let start = Instant::now();
        for _ in 0..1_000 {
            pacer.take(WRITE, start).unwrap();
        }
    }
}
