//! The daily probe: whose token it is, what it allows, the properties, the list.

use secrecy::ExposeSecret;
use serde_json::json;

use super::HubSpot;
use super::api::{Ask, Refusals};
use super::explain::no_sense;
use super::fields::fields;
use super::gear::{Extra, View};
use super::wire::{Account, AppToken, Properties};
use crate::connector::Error;
use crate::connector::http::SendError;
use crate::model::{Probe, Right};

/// How the token of a private app begins.
const PRIVATE: &str = "pat-";

/// The scopes of the API.
pub(super) mod scope {
    pub(in super::super) const READ: &str = "crm.objects.contacts.read";
    pub(in super::super) const WRITE: &str = "crm.objects.contacts.write";
    pub(in super::super) const SCHEMAS: &str = "crm.schemas.contacts.read";
    pub(in super::super) const LISTS: &str = "crm.lists.read";
    pub(in super::super) const MEMBERS: &str = "crm.lists.write";
}

/// Whose token it is.
struct Owner {
    portal: u64,
    user: String,
    /// What the token allows; none where that cannot be learned.
    scopes: Option<Vec<String>>,
}

impl Owner {
    fn may(&self, scope: &str) -> bool {
        let scopes = self.scopes.as_deref();
        scopes.is_none_or(|scopes| scopes.iter().any(|granted| granted == scope))
    }

    /// HubSpot has one scope for reading and one for everything else.
    fn rights(&self) -> Vec<Right> {
        [
            (Right::View, scope::READ),
            (Right::Create, scope::WRITE),
            (Right::Edit, scope::WRITE),
            (Right::Delete, scope::WRITE),
        ]
        .into_iter()
        .filter(|(_, scope)| self.may(scope))
        .map(|(right, _)| right)
        .collect()
    }
}

impl HubSpot {
    /// Reads everything that is read once a day.
    pub(super) async fn read_probe(&self, last: Option<&Probe>) -> Result<Probe, Error> {
        let doing = "read the properties";
        let (owner, properties, chosen) = futures::join!(
            self.owner(),
            self.read::<Properties>(Ask::get("properties", doing, "/crm/v3/properties/contacts")),
            self.find_list(last),
        );
        let owner = owner?;
        let (list, view, fixed) = chosen?;
        let extra = Extra {
            asked: self.settings.view.clone(),
            writable: fixed && view != View::All && owner.may(scope::MEMBERS),
            view,
        };
        let fields = fields(properties?.results);
        if fields.is_empty() {
            return Err(no_sense(doing, "the metadata names no properties"));
        }
        Ok(Probe {
            account: Some(format!("hubspot/{}/contacts", owner.portal)),
            rights: owner.rights(),
            user: Some(owner.user),
            list,
            fields,
            extra: serde_json::to_value(extra).unwrap_or_default(),
        })
    }

    /// A private app's token tells what it allows; any token tells its account.
    async fn owner(&self) -> Result<Owner, Error> {
        let secret = self.http.secret().await?;
        let token = secret.expose_secret();
        if token.starts_with(PRIVATE) {
            let doing = "read what the token allows";
            let ask = Ask {
                refusals: Refusals::Taken,
                ..Ask::post(
                    "token",
                    doing,
                    "/oauth/v2/private-apps/get/access-token-info",
                    json!({ "tokenKey": token }),
                )
            };
            let reply = self.call(ask).await.map_err(SendError::into_error)?;
            if reply.answer.status < 300 {
                let app: AppToken = reply.read(doing)?;
                if let Some(portal) = app.hub_id {
                    let app_id = app.app_id.unwrap_or_default();
                    return Ok(Owner {
                        portal,
                        user: format!("private app {app_id} of account {portal}"),
                        scopes: app.scopes,
                    });
                }
            }
        }
        let doing = "read which account it is";
        let account: Account = self
            .read(Ask::get("account", doing, "/account-info/v3/details"))
            .await?;
        let Some(portal) = account.portal_id else {
            return Err(no_sense(doing, "the answer names no account"));
        };
        let place = account
            .ui_domain
            .map_or_else(String::new, |domain| format!(" ({domain})"));
        Ok(Owner {
            portal,
            user: format!("account {portal}{place}"),
            scopes: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_come_from_the_scopes_where_they_are_known() {
        let owner = |scopes: Option<&[&str]>| Owner {
            portal: 1,
            user: String::new(),
            scopes: scopes.map(|all| all.iter().map(|scope| (*scope).to_owned()).collect()),
        };
        assert_eq!(owner(Some(&[scope::READ])).rights(), [Right::View]);
        assert_eq!(owner(Some(&[scope::READ, scope::WRITE])).rights().len(), 4);
        assert!(owner(Some(&[])).rights().is_empty());
        assert_eq!(owner(None).rights().len(), 4, "the first refusal will tell");
    }
}
