//! The HTTP clients, each made when the first request needs it, or aside before that: making one that knows
//! TLS reads the system's root certificates, which takes longer than a pass with nothing to do.

use std::sync::{Mutex, Once, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::{Client, ClientBuilder};

use super::error;
use crate::connector::{Error, Kind};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The clients of one remote.
pub(super) struct Clients {
    remote: &'static str,
    timeout: Duration,
    wide: OnceLock<Client>,
    local: OnceLock<Client>,
    plain: OnceLock<Client>,
    /// Held while one is made.
    making: Mutex<()>,
}

impl Clients {
    pub(super) fn new(remote: &'static str, timeout: Duration) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // A provider that is there already is as good.
            drop(rustls::crypto::ring::default_provider().install_default());
        });
        Self {
            remote,
            timeout,
            wide: OnceLock::new(),
            local: OnceLock::new(),
            plain: OnceLock::new(),
            making: Mutex::new(()),
        }
    }

    /// The one for the network, through a proxy where the environment names one.
    pub(super) fn wide(&self) -> Result<&Client, Error> {
        self.made(&self.wide, self.builder())
    }

    /// The one for this machine.
    pub(super) fn local(&self) -> Result<&Client, Error> {
        self.made(&self.local, self.builder().no_proxy())
    }

    /// The one for this machine without TLS: it trusts no certificate, and reads none.
    pub(super) fn plain(&self) -> Result<&Client, Error> {
        self.made(&self.plain, self.builder().no_proxy().tls_certs_only([]))
    }

    fn builder(&self) -> ClientBuilder {
        Client::builder()
            .user_agent(concat!("crmsync/", env!("CARGO_PKG_VERSION"), " (gzip)"))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(self.timeout)
            .redirect(reqwest::redirect::Policy::none())
    }

    fn made<'c>(
        &self,
        place: &'c OnceLock<Client>,
        builder: ClientBuilder,
    ) -> Result<&'c Client, Error> {
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let client = builder.build().map_err(|cause| Error {
            hint: Some(
                "Install the operating system's root certificates (package ca-certificates)."
                    .to_owned(),
            ),
            source: Some(Box::new(cause)),
            ..error(
                self.remote,
                "set up TLS",
                Kind::Config,
                "the HTTP client cannot be built",
            )
        })?;
        Ok(place.get_or_init(|| client))
    }
}
