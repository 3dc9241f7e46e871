//! The wish that a run ends early: what waits or reads ends at once, what is being written may finish
//! for a while.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::error::Error;
use super::report::Outcome;

/// How long writes in flight may take after the wish. What a run has to write down after that has to
/// fit into the half minute that service managers and people wait.
const GRACE: Duration = Duration::from_secs(25);

/// How long what a run begins with may take after the wish, so that the run has its place in the history.
const SOON: Duration = Duration::from_secs(2);

/// The wish, shared by everyone who has to hear it; cheap to clone.
#[derive(Clone, Debug)]
pub struct Stop {
    since: Arc<watch::Sender<Option<Instant>>>,
    grace: Duration,
}

impl Default for Stop {
    fn default() -> Self {
        Self {
            since: Arc::new(watch::Sender::new(None)),
            grace: GRACE,
        }
    }
}

impl Stop {
    /// A wish after which writes in flight may take this long, and not the usual time.
    #[must_use]
    pub fn with_grace(grace: Duration) -> Self {
        Self {
            grace,
            ..Self::default()
        }
    }

    /// Asks to stop; says whether somebody had asked before.
    #[must_use = "who asks twice may want it at once"]
    pub fn ask(&self) -> bool {
        let first = self.since.send_if_modified(|since| {
            let first = since.is_none();
            since.get_or_insert_with(Instant::now);
            first
        });
        !first
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.since.borrow().is_some()
    }

    /// Ends when somebody asks.
    pub async fn wait(&self) -> Instant {
        let mut since = self.since.subscribe();
        match since.wait_for(Option::is_some).await {
            Ok(found) => found.unwrap_or_else(Instant::now),
            // The sender lives in `self`.
            Err(_) => Instant::now(),
        }
    }

    /// Does something that may be given up at any moment; none when it was.
    pub(super) async fn cut<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            _ = self.wait() => None,
            done = work => Some(done),
        }
    }

    /// Does something that is short: after the wish it may go on for a moment; none when that was not
    /// enough.
    pub(super) async fn soon<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.within(SOON.min(self.grace), work).await
    }

    /// Does something that must not be given up lightly: after the wish it may go on for a while;
    /// none when that was not enough.
    pub(super) async fn finish<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.within(self.grace, work).await
    }

    async fn within<T>(&self, grace: Duration, work: impl Future<Output = T>) -> Option<T> {
        let late = async {
            let since = self.wait().await;
            sleep_until(since + grace).await;
        };
        tokio::select! {
            biased;
            done = work => Some(done),
            () = late => None,
        }
    }
}

/// What is said when nothing had been sent yet.
pub(super) fn before_writing() -> Error {
    Error::new(
        Outcome::Interrupted,
        "interrupted; nothing was written",
        "run the same command again to go on",
    )
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    fn hasty() -> Stop {
        Stop::with_grace(Duration::ZERO)
    }

    #[tokio::test]
    async fn nothing_is_given_up_before_somebody_asks() {
        let stop = hasty();
        assert!(!stop.asked());
        assert_eq!(stop.cut(ready(1)).await, Some(1));
        assert_eq!(stop.finish(ready(2)).await, Some(2));
    }

    #[tokio::test]
    async fn after_the_wish_reading_ends_at_once_and_writing_when_its_time_is_over() {
        let stop = hasty();
        let heard = stop.clone();
        assert!(!stop.ask());
        assert!(stop.ask(), "the second time");
        assert!(heard.asked());
        assert_eq!(heard.cut(pending::<u8>()).await, None);
        assert_eq!(heard.finish(pending::<u8>()).await, None);
        assert_eq!(
            heard.finish(ready(3)).await,
            Some(3),
            "an answer that is there counts"
        );
    }

    #[tokio::test]
    async fn who_waits_already_hears_it() {
        let stop = hasty();
        let (cut, ()) = futures::join!(stop.cut(pending::<u8>()), async { assert!(!stop.ask()) });
        assert_eq!(cut, None);
    }
}
