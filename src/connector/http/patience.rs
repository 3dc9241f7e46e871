//! How long a run waits for remotes, and by how much each wait grows.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

const BACKOFF_BASE: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(64);

/// What a run may still spend on waiting for remotes, shared by everything that waits. Waits that
/// overlap in time count once.
#[derive(Clone, Debug)]
pub struct Patience {
    budget: Arc<Mutex<Budget>>,
    over: Arc<watch::Sender<bool>>,
}

#[derive(Debug)]
struct Budget {
    left: Duration,
    busy_until: Option<Instant>,
}

impl Patience {
    /// A budget of that much waiting.
    #[must_use]
    pub fn new(budget: Duration) -> Self {
        Self {
            budget: Arc::new(Mutex::new(Budget {
                left: budget,
                busy_until: None,
            })),
            over: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Ends all waiting, the waits that have begun too.
    pub fn end(&self) {
        self.over.send_replace(true);
    }

    /// Waits that long; `false` when the waiting was ended before.
    pub(super) async fn sleep(&self, time: Duration) -> bool {
        let mut over = self.over.subscribe();
        tokio::select! {
            biased;
            _ = over.wait_for(|over| *over) => false,
            () = tokio::time::sleep(time) => true,
        }
    }

    /// What is left.
    #[must_use]
    pub fn left(&self) -> Duration {
        let budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        budget.left
    }

    /// Takes a wait out of the budget, less what another wait covers already; `false` when it does
    /// not fit. `slept` is how long the wait really takes.
    pub(super) fn take(&self, wait: Duration, slept: Duration) -> bool {
        if *self.over.borrow() {
            return false;
        }
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let end = now + slept;
        let covered = budget.busy_until.map_or(Duration::ZERO, |until| {
            until.min(end).saturating_duration_since(now)
        });
        let share = if slept.is_zero() {
            1.0
        } else {
            1.0 - (covered.as_secs_f64() / slept.as_secs_f64()).min(1.0)
        };
        let cost = wait.mul_f64(share);
        if wait > budget.left && cost > budget.left {
            return false;
        }
        budget.left -= cost;
        budget.busy_until = Some(budget.busy_until.map_or(end, |until| until.max(end)));
        true
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self::new(Duration::from_secs(300))
    }
}

/// Full jitter: anything between nothing and the doubled base.
pub(super) fn backoff(tries: u32) -> Duration {
    let most = BACKOFF_BASE
        .saturating_mul(1 << (tries - 1).min(10))
        .min(BACKOFF_MAX);
    most.mul_f64(rand::random::<f64>())
}
