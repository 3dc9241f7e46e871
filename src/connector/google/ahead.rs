//! The first page of a first listing, asked for while the probes are still under way.

use reqwest::Method;
use tokio::task::JoinHandle;

use super::read::{LISTING, parameters_of};
use super::{Google, convert, errors};
use crate::connector::http::{Answer, SendError};
use crate::mapping::Path;

/// A page on its way; given up when nobody wants it any more.
pub(super) struct Ahead {
    parameters: Vec<(&'static str, String)>,
    page: JoinHandle<Result<Answer, SendError>>,
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.page.abort();
    }
}

impl Google {
    /// Asks for the first page of everything.
    pub(super) fn begin(&self, paths: &[Path]) {
        let parameters = parameters_of(&convert::wanted_of(paths.iter()));
        let mut call = self.call(
            "connections.list",
            LISTING,
            Method::GET,
            "people/me/connections",
        );
        call.query.extend(parameters.iter().cloned());
        let http = self.http.clone();
        let page = tokio::spawn(async move {
            http.send(call, &|answer| errors::judge(LISTING, answer))
                .await
        });
        self.keep(Some(Ahead { parameters, page }));
    }

    fn keep(&self, ahead: Option<Ahead>) -> Option<Ahead> {
        let mut kept = self
            .ahead
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::replace(&mut *kept, ahead)
    }

    /// The page that was asked for, when it was asked for with these parameters.
    pub(super) async fn begun(
        &self,
        parameters: &[(&'static str, String)],
    ) -> Option<Result<Answer, SendError>> {
        let mut ahead = self.keep(None)?;
        if ahead.parameters != parameters {
            return None;
        }
        (&mut ahead.page).await.ok()
    }
}
