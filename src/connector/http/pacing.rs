//! Budgets of a minute, kept ahead of refusals: what was spent in the last 60 seconds, and how long the
//! next request has to wait for its share.
//!
//! A budget that nobody set is learnt from the first refusal: what went through in the minute before it
//! is what goes through in a minute. That is believed for a minute, because a refusal may have another
//! cause.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
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

/// The wait that a remote wants after a minute's budget was used up.
pub(super) const MINUTE: Duration = Duration::from_secs(60);

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
    /// A budget that a refusal has taught, and until when it counts.
    learnt: Option<(Instant, Budget)>,
    /// By how much waits were cut short (in tests): the clock goes on as if they had not been.
    skipped: Duration,
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
        if cost == Cost::default() {
            return Ok(Share(None));
        }
        let mut spent = self.spent();
        let now = now + spent.skipped;
        let limit = spent.limit(self.budget, now);
        let wait = [
            spent.wait(now, limit.reads, cost.reads, |cost| cost.reads),
            spent.wait(now, limit.writes, cost.writes, |cost| cost.writes),
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

    fn spent(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request was refused for a minute's budget; says whether that taught what the budget is, so
    /// that the share can be asked for again at once.
    pub(super) fn refused(&self, share: Share, now: Instant) -> bool {
        let mut spent = self.spent();
        let now = now + spent.skipped;
        let Some(place) = spent
            .entries
            .iter()
            .position(|entry| Some(entry.0) == share.0)
        else {
            return false;
        };
        let own = spent
            .entries
            .remove(place)
            .map_or(Cost::default(), |entry| entry.2);
        let known = spent.limit(self.budget, now);
        let sum = spent.sum();
        let taught = Budget {
            reads: if own.reads > 0 { sum.reads } else { 0 },
            writes: if own.writes > 0 { sum.writes } else { 0 },
        };
        let less = |now: u32, before: u32| now > 0 && (before == 0 || now < before);
        let new = less(taught.reads, known.reads) || less(taught.writes, known.writes);
        if spent.learnt.is_some() || !new {
            return false;
        }
        spent.learnt = Some((now + WINDOW, taught));
        true
    }

    /// What is left of the budgets that there are, of reading and of writing.
    pub(super) fn left(&self, now: Instant) -> (Option<u32>, Option<u32>) {
        let mut spent = self.spent();
        let now = now + spent.skipped;
        let limit = spent.limit(self.budget, now);
        let sum = spent.sum();
        let left = |limit: u32, sum: u32| (limit > 0).then(|| limit.saturating_sub(sum));
        (left(limit.reads, sum.reads), left(limit.writes, sum.writes))
    }

    /// A wait was cut short by that much.
    fn skip(&self, time: Duration) {
        self.spent().skipped += time;
    }

    /// The request has ended.
    pub(super) fn ended(&self, share: Share, now: Instant) {
        let Some(no) = share.0 else { return };
        let mut spent = self.spent();
        let now = now + spent.skipped;
        if let Some(entry) = spent.entries.iter_mut().find(|entry| entry.0 == no) {
            entry.1 = now;
        }
    }
}

/// When to come back, for a person.
pub(super) fn come_back(wait: Duration) -> String {
    let seconds = wait.as_secs() + 1;
    let time = match seconds {
        0..=120 => format!("{seconds} s"),
        121..=7_200 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3_600)),
    };
    format!("Run it again in {time}, where it goes on; a longer --patience waits longer.")
}

impl super::Http {
    /// Waits until the minute's budget has room for a call.
    pub(super) async fn share(&self, call: &super::Call<'_>) -> Result<Share, Error> {
        let inner = &*self.0;
        loop {
            match inner.pacer.take(call.cost, Instant::now()) {
                Ok(share) => return Ok(share),
                Err(wait) if self.pause(wait).await => {
                    inner.pacer.skip(wait.saturating_sub(self.scaled(wait)));
                }
                Err(wait) => {
                    let reason = "the budget of requests a minute is used up, and so is the time \
                                  that this run may wait";
                    return Err(Error {
                        retry_after: Some(wait),
                        hint: Some(come_back(wait)),
                        ..super::error(inner.settings.remote, call.doing, Kind::RateLimited, reason)
                    });
                }
            }
        }
    }
}

impl Spent {
    /// Forgets what is older than the window; gives the limits that hold.
    fn limit(&mut self, budget: Budget, now: Instant) -> Budget {
        while let Some((_, at, _)) = self.entries.front()
            && now.saturating_duration_since(*at) >= WINDOW
        {
            self.entries.pop_front();
        }
        self.learnt = self.learnt.filter(|(until, _)| now < *until);
        let taught = self.learnt.map_or(Budget::default(), |(_, taught)| taught);
        let lower = |set: u32, taught: u32| match (set, taught) {
            (0, other) | (other, 0) => other,
            (set, taught) => set.min(taught),
        };
        Budget {
            reads: lower(budget.reads, taught.reads),
            writes: lower(budget.writes, taught.writes),
        }
    }

    fn sum(&self) -> Cost {
        self.entries
            .iter()
            .fold(Cost::default(), |sum, (_, _, cost)| Cost {
                reads: sum.reads + cost.reads,
                writes: sum.writes + cost.writes,
            })
    }

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
    fn a_refusal_teaches_the_budget_for_a_minute() {
        let pacer = budget(0);
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(pacer.left(at(0)), (None, None));
        for seconds in [0, 2] {
            let share = pacer.take(WRITE, at(seconds)).unwrap();
            pacer.ended(share, at(seconds + 1));
        }
        let third = pacer.take(WRITE, at(4)).unwrap();
        assert!(pacer.refused(third, at(5)));
        assert_eq!(pacer.left(at(5)), (Some(0), Some(0)));
        let wait = pacer.take(WRITE, at(5)).unwrap_err();
        assert_eq!(
            at(5) + wait,
            at(1) + WINDOW,
            "when the oldest is a minute old"
        );
        let third = pacer.take(WRITE, at(5) + wait).unwrap();
        assert!(!pacer.refused(third, at(62)), "that guess was wrong");
        for _ in 0..100 {
            pacer.take(WRITE, at(70)).unwrap();
        }
    }

    #[test]
    fn a_refusal_of_the_first_request_teaches_nothing() {
        let pacer = budget(0);
        let start = Instant::now();
        let share = pacer.take(WRITE, start).unwrap();
        assert!(!pacer.refused(share, start));
        pacer.take(WRITE, start).unwrap();
    }

    #[test]
    fn people_are_told_when_to_come_back() {
        for (seconds, words) in [
            (58, "in 59 s,"),
            (600, "in 11 minutes,"),
            (86_400, "in 25 hours,"),
        ] {
            let told = come_back(Duration::from_secs(seconds));
            assert!(told.contains(words), "{told}");
        }
    }

    #[test]
    fn waits_that_were_cut_short_count_in_full() {
        let pacer = budget(6);
        let start = Instant::now();
        pacer.take(WRITE, start).unwrap();
        let wait = pacer.take(WRITE, start).unwrap_err();
        pacer.skip(wait);
        pacer.take(WRITE, start).unwrap();
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
