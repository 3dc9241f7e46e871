//! One request and its whole answer, on a task of its own: it goes out and comes in while whoever asked is
//! busy with something else, such as the answer before.

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, StatusCode};
use tokio::task::JoinHandle;

use super::BODY_LIMIT;

/// An answer.
pub(super) struct Got {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Decompressed.
    pub(super) body: Vec<u8>,
}

/// Why there is none.
pub(super) enum Broken {
    /// The connection.
    Transport(reqwest::Error),
    /// What came cannot be used.
    Off(&'static str),
}

/// Given up when nobody waits for it any more.
struct Aside(JoinHandle<Result<Got, Broken>>);

impl Drop for Aside {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends a request and reads the answer.
pub(super) async fn aside(request: RequestBuilder) -> Result<Got, Broken> {
    let mut task = Aside(tokio::spawn(exchange(request)));
    (&mut task.0)
        .await
        .unwrap_or(Err(Broken::Off("reading the answer failed")))
}

async fn exchange(request: RequestBuilder) -> Result<Got, Broken> {
    let mut response = request.send().await.map_err(Broken::Transport)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Broken::Transport)? {
        if body.len() + chunk.len() > BODY_LIMIT {
            return Err(Broken::Off("the answer is larger than 64 MB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Got {
        status: response.status(),
        headers: std::mem::take(response.headers_mut()),
        body,
    })
}
