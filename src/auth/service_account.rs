//! Google service accounts with domain-wide delegation, by yup-oauth2: which user they act for, and
//! what each documented refusal means (developers.google.com/identity/protocols/oauth2/service-account).
//!
//! yup-oauth2 keeps nothing here: its tokens go into our own store, and it is asked anew each time.
//! It knows no proxy settings.

use std::path::Path;

use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use secrecy::SecretString;
use yup_oauth2::{CustomHyperClientBuilder, ServiceAccountAuthenticator, ServiceAccountKey};

use super::error::{Error, Kind, json_fault, plain};
use super::store::{Bar, read_private};
use super::wire::{CALL_LIMIT, checked, install_provider};

/// An access token for a user of the domain.
pub(super) struct Signed {
    pub(super) access_token: SecretString,
    pub(super) expires_at: Option<Timestamp>,
}

/// Reads a key file, which others must not be able to read.
///
/// # Errors
/// `Invalid`, `Insecure`, `Io`.
pub(super) fn read_key(path: &Path, bar: Bar) -> Result<ServiceAccountKey, Error> {
    let invalid = |why: &str| {
        Error::new(
            Kind::Invalid,
            format!(
                "the service account key {} cannot be used: {why}",
                path.display()
            ),
        )
        .hint("make a new JSON key in Google's console: IAM & Admin, Service Accounts, Keys")
    };
    let text = read_private(path, bar)?.ok_or_else(|| invalid("there is no such file"))?;
    let key: ServiceAccountKey =
        serde_json::from_str(&text).map_err(|fault| invalid(&json_fault(&fault)))?;
    if key.key_type.as_deref() != Some("service_account") {
        return Err(invalid("its `type` is not service_account"));
    }
    checked(&key.token_uri)?;
    Ok(key)
}

/// Asks Google for an access token in the name of `subject`.
///
/// # Errors
/// `Denied` and its like with what an administrator has to do, `Invalid`, `Unavailable`.
pub(super) async fn sign(
    key: ServiceAccountKey,
    subject: &str,
    scopes: &[String],
) -> Result<Signed, Error> {
    install_provider();
    let facts = Facts {
        email: key.client_email.clone(),
        client_id: key
            .client_id
            .clone()
            .unwrap_or_else(|| "its numeric id".to_owned()),
        subject: subject.to_owned(),
        scopes: scopes.join(","),
    };
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_provider_and_platform_verifier(rustls::crypto::ring::default_provider())
        .map_err(|fault| {
            Error::new(Kind::Io, format!("cannot set up TLS: {fault}"))
                .hint("install the system's CA certificates (package ca-certificates)")
        })?
        .https_or_http()
        .enable_http1()
        .build();
    let client = HyperClient::builder(TokioExecutor::new()).build(connector);
    let asked = async {
        ServiceAccountAuthenticator::with_client(key, CustomHyperClientBuilder::from(client))
            .subject(subject)
            .build()
            .await
            .map_err(|fault| {
                Error::new(
                    Kind::Invalid,
                    format!("the private key of {} cannot be used: {fault}", facts.email),
                )
                .hint(
                    "make a new JSON key in Google's console: IAM & Admin, Service Accounts, Keys",
                )
            })?
            .token(scopes)
            .await
            .map_err(|fault| facts.explain(fault))
    };
    // The crate's own limit is ignored with a client of our own, and would not cover the body.
    let token = tokio::time::timeout(CALL_LIMIT, asked)
        .await
        .map_err(|_| {
            Error::unavailable("Google's token server did not answer the service account in time")
        })??;
    // The crate ignores the HTTP status: an error page that is JSON comes as a token without one.
    let text = token
        .token()
        .filter(|text| !text.is_empty())
        .ok_or_else(|| {
            Error::unavailable("Google's token server gave no token to the service account")
        })?;
    Ok(Signed {
        access_token: SecretString::from(text),
        expires_at: token
            .expiration_time()
            .and_then(|at| Timestamp::from_second(at.unix_timestamp()).ok()),
    })
}

/// What a refusal is explained with.
struct Facts {
    email: String,
    client_id: String,
    subject: String,
    scopes: String,
}

impl Facts {
    fn explain(&self, fault: yup_oauth2::Error) -> Error {
        match fault {
            yup_oauth2::Error::AuthError(refused) => self.refused(
                refused.error.as_str(),
                refused.error_description.as_deref().unwrap_or_default(),
            ),
            yup_oauth2::Error::UserError(_) | yup_oauth2::Error::CredentialSourceError(_) => {
                Error::new(Kind::Invalid, "the service account key cannot be used")
            }
            yup_oauth2::Error::HttpError(_)
            | yup_oauth2::Error::HttpClientError(_)
            | yup_oauth2::Error::LowLevelError(_) => Error::unavailable(
                "Google's token server cannot be reached for the service account",
            ),
            yup_oauth2::Error::JSONError(_)
            | yup_oauth2::Error::MissingAccessToken
            | yup_oauth2::Error::StorageError(_) => {
                Error::unavailable("Google's token server gave no token to the service account")
            }
        }
    }

    /// The documented refusals, each with who has to do what.
    fn refused(&self, error: &str, description: &str) -> Error {
        let Self {
            email,
            client_id,
            subject,
            scopes,
        } = self;
        let said = if description.is_empty() {
            plain(error)
        } else {
            plain(&format!("{error}: {description}"))
        };
        let (kind, why, hint) = match error {
            "unauthorized_client" => (
                Kind::Denied,
                format!("{email} may not act for {subject}"),
                format!(
                    "in the Admin console, Security, API controls, Domain-wide delegation, add the client id \
                     {client_id} with the scopes {scopes}; it takes from minutes to a day to act"
                ),
            ),
            "access_denied" | "admin_policy_enforced" => (
                Kind::Denied,
                format!("the domain does not let {email} act for {subject}"),
                "ask the domain's administrator to allow the app under Security, API controls".to_owned(),
            ),
            "invalid_grant" if is_subject(description) => (
                Kind::WrongAccount,
                format!("Google knows no user {subject} in the domain"),
                "give the user's primary address with --subject, or as `subject` in the profile".to_owned(),
            ),
            "invalid_grant" if description.contains("short-lived") => (
                Kind::Denied,
                "this machine's clock is wrong".to_owned(),
                "set the clock (timedatectl set-ntp true) and try again".to_owned(),
            ),
            "invalid_grant" if description.contains("Signature") => (
                Kind::SignInNeeded,
                format!("Google no longer accepts the key of {email}"),
                "the key was deleted or belongs to another account: make a new JSON key in Google's console"
                    .to_owned(),
            ),
            "invalid_scope" => (
                Kind::MissingScope,
                "Google does not know a scope that was asked for".to_owned(),
                format!("check the scopes in the Admin console: {scopes}"),
            ),
            "disabled_client" | "deleted_client" | "invalid_client" => (
                Kind::SignInNeeded,
                format!("the service account {email} was disabled or deleted"),
                "enable it in Google's console, or make a new one and a new key".to_owned(),
            ),
            _ => (
                Kind::Denied,
                format!("Google refused the service account {email}"),
                "check the service account, its delegation and the subject (docs/google-setup.md)".to_owned(),
            ),
        };
        Error::new(kind, format!("{why} ({said})")).hint(hint)
    }
}

fn is_subject(description: &str) -> bool {
    ["Invalid email or User ID", "Not a valid email"]
        .iter()
        .any(|text| description.contains(text))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn each_documented_refusal_says_who_has_to_do_what() {
        let facts = Facts {
            email: "robot@project.example.com".to_owned(),
            client_id: "1122334455".to_owned(),
            subject: "anna@example.com".to_owned(),
            scopes: "scope.a,scope.b".to_owned(),
        };
        let cases = [
            (
                "unauthorized_client",
                "Unauthorized client or scope in request",
                Kind::Denied,
                "1122334455",
            ),
            ("access_denied", "", Kind::Denied, "administrator"),
            (
                "invalid_grant",
                "Invalid email or User ID",
                Kind::WrongAccount,
                "--subject",
            ),
            (
                "invalid_grant",
                "Not a valid email",
                Kind::WrongAccount,
                "--subject",
            ),
            (
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes)",
                Kind::Denied,
                "clock",
            ),
            (
                "invalid_grant",
                "Invalid JWT Signature.",
                Kind::SignInNeeded,
                "new JSON key",
            ),
            ("invalid_scope", "", Kind::MissingScope, "scope.a,scope.b"),
            ("disabled_client", "", Kind::SignInNeeded, "enable"),
            ("deleted_client", "", Kind::SignInNeeded, "new"),
        ];
        for (error, description, kind, word) in cases {
            let told = facts.refused(error, description);
            assert_eq!(told.kind, kind, "{error} {description}");
            assert!(told.hint.unwrap().contains(word), "{error} {description}");
            assert!(told.message.contains(error));
        }
    }
}
