//! Tokens that systemd hands to a service (`LoadCredential=`): what such a file may hold.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::error::{Error, Kind, json_fault};
use super::{Account, Client, Provider, Service, TokenKind, Tokens};

/// The directory that systemd names in `CREDENTIALS_DIRECTORY`, if this is a service with
/// credentials: the files `google-<profile>`, `google`, `crm-<profile>` and `crm` in it are read.
#[must_use]
pub fn credentials_directory() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY")
        .filter(|dir| !dir.is_empty())
        .map(PathBuf::from)
}

/// Reads a credential: a token file of ours, or for Google an `authorized_user` or a
/// `service_account` JSON as other tools write them.
pub(super) fn parse(account: &Account, path: &Path, text: &str) -> Result<Tokens, Error> {
    #[derive(Deserialize)]
    struct Type {
        #[serde(rename = "type")]
        kind: Option<String>,
    }
    let broken = |fault: &serde_json::Error| {
        Error::new(
            Kind::Invalid,
            format!(
                "the credential {} is broken: {}",
                path.display(),
                json_fault(fault)
            ),
        )
        .hint("give a token file of crmsync, or for Google a JSON of type authorized_user or service_account")
    };
    let kind = serde_json::from_str::<Type>(text)
        .map_err(|fault| broken(&fault))?
        .kind;
    let mut tokens = match (account.service, kind.as_deref()) {
        (Service::Google, Some("authorized_user")) => user(text)?,
        (Service::Google, Some("service_account")) => Tokens {
            key_file: Some(path.to_owned()),
            ..Tokens::new(Provider::Google, TokenKind::ServiceAccount)
        },
        (Service::Google | Service::Crm, _) => {
            serde_json::from_str(text).map_err(|fault| broken(&fault))?
        }
    };
    let digest = Sha256::digest(text.as_bytes());
    tokens.origin = Some(base64::Engine::encode(
        &base64::engine::general_purpose::URL_SAFE_NO_PAD,
        digest,
    ));
    Ok(tokens)
}

/// Reads a JSON of type `authorized_user`: a client and a refresh token.
pub(super) fn authorized_user(text: &str) -> Result<(Client, SecretString), Error> {
    #[derive(Deserialize)]
    struct File {
        #[serde(rename = "type")]
        kind: Option<String>,
        client_id: String,
        client_secret: String,
        refresh_token: String,
    }
    let invalid = |why: String| {
        Error::new(Kind::Invalid, format!("the file to import cannot be used: {why}")).hint(
            "it has to be a JSON with client_id, client_secret, refresh_token and \"type\": \"authorized_user\"",
        )
    };
    let file: File = serde_json::from_str(text).map_err(|fault| invalid(json_fault(&fault)))?;
    match file.kind.as_deref() {
        None | Some("authorized_user") => {}
        Some("service_account") => {
            return Err(invalid("it is the key of a service account".to_owned())
                .hint("use --service-account FILE --subject USER"));
        }
        Some(_) => return Err(invalid("its `type` is not authorized_user".to_owned())),
    }
    let client = Client {
        id: file.client_id,
        secret: SecretString::from(file.client_secret),
    };
    Ok((client, SecretString::from(file.refresh_token)))
}

fn user(text: &str) -> Result<Tokens, Error> {
    let (client, refresh_token) = authorized_user(text)?;
    Ok(Tokens {
        client_id: Some(client.id),
        client_secret: Some(client.secret),
        refresh_token: Some(refresh_token),
        ..Tokens::new(Provider::Google, TokenKind::Imported)
    })
}
