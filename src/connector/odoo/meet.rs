//! Finding out which Odoo answers, and signing in where that is a step of its own.

use serde_json::{Value as Json, json};

use super::explain::{explain, fail, no_sense, refused_key};
use super::{Api, Odoo};
use crate::connector::http::SendError;
use crate::connector::{Error, Kind};

/// The oldest version whose methods are known.
const OLDEST: u64 = 18;

impl Odoo {
    /// Chooses the interface, and signs in; the version by its name.
    pub(super) async fn meet(&self) -> Result<String, Error> {
        let page = self.version_page().await?;
        let told = page.as_ref().and_then(|page| {
            let name = page.get("version")?.as_str()?.to_owned();
            Some((major(page.get("version_info")?)?, name))
        });
        let api = match (self.settings.api, &told) {
            (Some(api), _) => api,
            (None, Some((major, _))) if *major > OLDEST => Api::Json2,
            (None, _) => Api::JsonRpc,
        };
        if api == Api::Json2 {
            let (_, name) = told.ok_or_else(|| Error {
                hint: Some("Set `api = \"jsonrpc\"` in the profile's [crm] table.".to_owned()),
                ..fail(
                    "read the version",
                    Kind::Config,
                    "it does not tell its version, so it is older than Odoo 19 and has no JSON-2",
                )
            })?;
            self.speak((api, None));
            return Ok(name);
        }
        let (major, name) = match told {
            Some(told) => told,
            None => self.rpc_version().await?,
        };
        if major < OLDEST {
            return Err(fail(
                "read the version",
                Kind::Config,
                &format!("Odoo {name} is too old; 18 is the oldest that crmsync knows"),
            ));
        }
        let uid = self.sign_in().await?;
        self.speak((api, Some(uid)));
        Ok(name)
    }

    async fn rpc_version(&self) -> Result<(u64, String), Error> {
        let doing = "read the version";
        let version: Json = self
            .common(doing, "version", &[])
            .await?
            .map_err(|fault| explain(&fault, doing))?;
        let name = version.get("server_version").and_then(Json::as_str);
        let major = version.get("server_version_info").and_then(major);
        match (major, name) {
            (Some(major), Some(name)) => Ok((major, name.to_owned())),
            (Some(_) | None, _) => Err(no_sense(doing, "the answer names no version")),
        }
    }

    /// The number of the user whom the login and the key stand for.
    async fn sign_in(&self) -> Result<i64, Error> {
        let doing = "sign in";
        let user = self.settings.user.as_deref().ok_or_else(|| Error {
            hint: Some(
                "Set `user` in the profile's [crm] table to the login of the key's user."
                    .to_owned(),
            ),
            ..fail(doing, Kind::Config, "JSON-RPC needs the user's login")
        })?;
        let args = self.credentials(json!(user)).await;
        let mut args = args.map_err(SendError::into_error)?;
        args.push(json!({}));
        let uid: Json = match self.common(doing, "authenticate", &args).await? {
            Ok(uid) => uid,
            Err(fault) if fault.is_of_database() => {
                return Err(Error {
                    hint: Some("Check `database` in the profile's [crm] table.".to_owned()),
                    ..fail(
                        doing,
                        Kind::Unknown,
                        &format!(
                            "there is no database `{}`, or it does not answer",
                            self.settings.database
                        ),
                    )
                });
            }
            Err(fault) => return Err(explain(&fault, doing)),
        };
        uid.as_i64().ok_or_else(|| refused_key(doing))
    }
}

/// The number of a version: 18 in `[18, 0, 0, "final", 0, ""]` and in `["saas~18", 2, …]`.
pub(super) fn major(info: &Json) -> Option<u64> {
    let first = info.get(0)?;
    first.as_u64().or_else(|| {
        let text = first.as_str()?;
        let digits = text.trim_start_matches(|letter: char| !letter.is_ascii_digit());
        digits.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_odoo_online_are_read_too() {
        assert_eq!(major(&json!([18, 0, 0, "final", 0, ""])), Some(18));
        assert_eq!(major(&json!(["saas~18", 2, 0, "final", 0, "e"])), Some(18));
        assert_eq!(major(&json!([])), None);
    }
}
