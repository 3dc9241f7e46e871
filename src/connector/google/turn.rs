//! One mutation after another: who waits for a turn goes on before the last answer is looked into, and
//! not at all when the call before failed in a way that ends this side's writing.

use std::sync::{Mutex, PoisonError};

use crate::connector::http::SendError;
use crate::connector::{Error, Kind};

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Turn {
    queue: tokio::sync::Mutex<()>,
    /// How many calls have failed, and the last failure.
    failed: Mutex<(u64, Option<Error>)>,
}

impl Turn {
    /// Makes a call when it is its turn; whoever waited while a call failed fails as it did, unsent.
    pub(super) async fn take<T>(
        &self,
        call: impl Future<Output = Result<T, SendError>>,
    ) -> Result<T, SendError> {
        let before = self.failures();
        let turn = self.queue.lock().await;
        if self.failures() != before
            && let Some(last) = self.last()
        {
            return Err(SendError::Failed(last));
        }
        let answer = call.await;
        // A full account ends creates only; whoever is next may be something else.
        if let Err(SendError::Failed(error)) = &answer
            && error.kind != Kind::Full
        {
            self.fail(error);
            return answer;
        }
        drop(turn);
        // The next one is sent first.
        tokio::task::yield_now().await;
        answer
    }

    fn failures(&self) -> u64 {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn last(&self) -> Option<Error> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.1.as_ref().map(copy)
    }

    fn fail(&self, error: &Error) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.0 += 1;
        failed.1 = Some(copy(error));
    }
}

/// The same failure without its cause.
fn copy(error: &Error) -> Error {
    Error {
        remote: error.remote.clone(),
        doing: error.doing.clone(),
        reason: error.reason.clone(),
        kind: error.kind,
        hint: error.hint.clone(),
        retry_after: error.retry_after,
        source: None,
    }
}
