//! How a request shows who sends it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

/// Where the token, the key or the password goes in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signing {
    /// Behind this word in the `Authorization` header (`Bearer`).
    Scheme(&'static str),
    /// Into this header of the remote's own, in lower case (`x-api-key`).
    Header(&'static str),
    /// As the password of HTTP Basic, for this user.
    Basic(String),
    /// Nowhere by itself: the connector puts what [`super::Http::secret`] gives where the remote
    /// wants it.
    Own,
}

impl Signing {
    /// The header for a token.
    pub(super) fn header(
        &self,
        token: &SecretString,
    ) -> Result<Option<(HeaderName, HeaderValue)>, ()> {
        let token = token.expose_secret();
        let (name, text) = match self {
            Self::Scheme(word) => (AUTHORIZATION, format!("{word} {token}")),
            Self::Header(name) => (HeaderName::from_static(name), token.to_owned()),
            Self::Basic(user) => {
                let pair = STANDARD.encode(format!("{user}:{token}"));
                (AUTHORIZATION, format!("Basic {pair}"))
            }
            Self::Own => return Ok(None),
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| ())?;
        value.set_sensitive(true);
        Ok(Some((name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_signing_fills_its_header() {
        for (signing, wanted) in [
            (
                Signing::Scheme("Bearer"),
                Some(("authorization", "Bearer s3cret")),
            ),
            (Signing::Header("x-api-key"), Some(("x-api-key", "s3cret"))),
            (
                Signing::Basic("ann".to_owned()),
                Some(("authorization", "Basic YW5uOnMzY3JldA==")),
            ),
            (Signing::Own, None),
        ] {
            let made = signing.header(&SecretString::from("s3cret"));
            let made = made.as_ref().map(|made| {
                made.as_ref()
                    .map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()))
            });
            assert_eq!(made, Ok(wanted), "{signing:?}");
        }
        let broken = SecretString::from("a\nb");
        assert!(Signing::Scheme("Bearer").header(&broken).is_err());
    }
}
