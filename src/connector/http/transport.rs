//! What a broken connection means: whether the request got out, and what a person can do.

use reqwest::Url;

use super::error;
use crate::connector::{Error, Kind};

/// A failed attempt: whether it may have reached the server, and how many tries it is worth.
pub(super) struct Trouble {
    pub(super) error: Error,
    pub(super) sent: bool,
    pub(super) tries: u32,
}

/// Whether an address names this machine by a loopback literal.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(_)) | None => false,
    }
}

pub(super) fn transport(remote: &str, doing: &str, host: &str, cause: reqwest::Error) -> Trouble {
    let mut chain = String::new();
    let mut refused = false;
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(&cause);
    while let Some(each) = next {
        chain.push_str(&each.to_string().to_lowercase());
        refused |= each
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused);
        next = each.source();
    }
    let (reason, hint, tries) = if refused {
        (
            "refuses connections",
            "Check that the server runs and that the endpoint's port is right.",
            3,
        )
    } else if chain.contains("dns") || chain.contains("lookup address") {
        (
            "cannot be found (DNS)",
            "Check the network connection and the endpoint's spelling.",
            4,
        )
    } else if chain.contains("certificate") || chain.contains("tls") || chain.contains("handshake")
    {
        (
            "offers no connection that can be trusted (TLS)",
            "Check the machine's clock, its root certificates and any proxy in between.",
            1,
        )
    } else if cause.is_timeout() {
        (
            "does not answer in time",
            "Try again later; check the network connection and any proxy.",
            3,
        )
    } else {
        (
            "broke the connection",
            "Try again later; check the network connection and any proxy.",
            4,
        )
    };
    Trouble {
        sent: !cause.is_connect(),
        tries,
        error: Error {
            hint: Some(hint.to_owned()),
            source: Some(Box::new(cause.without_url())),
            ..error(
                remote,
                doing,
                Kind::Unavailable,
                &format!("{host} {reason}"),
            )
        },
    }
}
