//! How a client is set up, and where its access tokens come from.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use super::{Budget, Packing, Patience, Signing};
use crate::connector::Error;

/// Where access tokens come from.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A token that is believed to be good.
    async fn token(&self) -> Result<SecretString, Error>;
    /// A new token after the remote refused one; `Unauthorized` when there is no way to get one.
    async fn renew(&self, refused: &SecretString) -> Result<SecretString, Error>;
    /// The API root that came with the token, where the remote tells one.
    fn api_domain(&self) -> Option<String>;
}

/// How a client is set up.
#[derive(Clone)]
pub struct HttpSettings {
    /// What messages call the remote (`Google`).
    pub remote: &'static str,
    /// Where the token goes in a request.
    pub signing: Signing,
    /// Where tokens come from.
    pub tokens: Arc<dyn TokenSource>,
    /// The budget of waiting.
    pub patience: Patience,
    /// The longest time for one request, body included.
    pub timeout: Duration,
    /// Every wait is multiplied by this; 1 outside tests. The budget is charged unscaled.
    pub wait_scale: f64,
    /// Whether request bodies may go compressed.
    pub packing: Packing,
    /// How much may be spent in a minute.
    pub budget: Budget,
}

impl HttpSettings {
    /// Settings with a minute for a request and five minutes of patience.
    #[must_use]
    pub fn new(remote: &'static str, signing: Signing, tokens: Arc<dyn TokenSource>) -> Self {
        Self {
            remote,
            signing,
            tokens,
            patience: Patience::default(),
            timeout: Duration::from_secs(60),
            wait_scale: 1.0,
            packing: Packing::default(),
            budget: Budget::default(),
        }
    }
}
