//! The daily probe: who is signed in, what the role allows, the fields, the list.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Espo;
use super::api::Ask;
use super::explain::no_sense;
use super::fields::fields;
use super::gear::{Extra, Reach, View};
use super::wire::{Acl, AppUser, FieldDef, Settings};
use crate::connector::{Error, Kind};
use crate::model::{Probe, Right};

impl Espo {
    /// Reads everything that is read once a day.
    pub(super) async fn read_probe(&self, last: Option<&Probe>) -> Result<Probe, Error> {
        let doing = "read the settings";
        let (user, defs, settings, chosen) = futures::join!(
            self.read::<AppUser>(Ask::get(
                "user",
                "read who is signed in",
                "App/user".to_owned()
            )),
            self.metadata("entityDefs.Contact.fields", "read the fields"),
            self.read::<Settings>(Ask::get("settings", doing, "Settings".to_owned())),
            self.find_list(last),
        );
        let user = user?;
        let mut extra = Extra {
            asked: self.settings.view.clone(),
            international: true,
            edits: reach(&user, "edit"),
            deletes: reach(&user, "delete"),
            ..Extra::default()
        };
        match settings {
            Ok(settings) => {
                extra.international = settings.phone_number_international.unwrap_or(true);
            }
            Err(error) if error.kind == Kind::Forbidden => {
                extra.notes.push(
                    "the settings may not be read: phone numbers are taken to be international"
                        .to_owned(),
                );
            }
            Err(error) => return Err(error),
        }
        let rights = rights(&user);
        if rights.contains(&Right::View) && reach(&user, "read") == Reach::Some {
            extra.notes.push(
                "the role shows only a part of the contacts: what it hides cannot be recognised as the \
                 same person"
                    .to_owned(),
            );
            tracing::warn!(
                "EspoCRM shows this user only a part of the contacts; give the role the level `all` for reading"
            );
        }
        let (list, view) = chosen?;
        if matches!(view, View::Targets(_)) {
            extra.linkable = granted(&user, "TargetList", "edit") && rights.contains(&Right::Edit);
        }
        extra.view = view;
        let fields = fields(&definitions(defs?)?, &user.acl);
        Ok(Probe {
            account: Some(format!("espocrm/{}/Contact", self.installation())),
            user: user.user.user_name,
            rights,
            list,
            fields,
            extra: serde_json::to_value(extra).unwrap_or_default(),
        })
    }

    /// The installation's address without the scheme: what tells it from another one.
    fn installation(&self) -> String {
        let root = self.root().to_lowercase();
        root.split_once("://")
            .map_or(root.as_str(), |(_, rest)| rest)
            .to_owned()
    }

    /// A part of the metadata; null where there is none.
    pub(super) async fn metadata(&self, key: &str, doing: &str) -> Result<Value, Error> {
        self.read(Ask {
            query: vec![("key".to_owned(), key.to_owned())],
            ..Ask::get("metadata", doing, "Metadata".to_owned())
        })
        .await
    }
}

pub(super) fn definitions(defs: Value) -> Result<BTreeMap<String, FieldDef>, Error> {
    if defs.is_null() {
        return Ok(BTreeMap::new());
    }
    serde_json::from_value(defs)
        .map_err(|_| no_sense("read the fields", "the metadata has an unexpected form"))
}

/// The level of an action on a scope (`yes`, `all`, `team`, `own`, `no`); nothing where the table
/// does not say.
fn level<'a>(acl: &'a Acl, scope: &str, action: &str) -> Option<&'a str> {
    match acl.table.get(scope)? {
        Value::Bool(false) => Some("no"),
        Value::Bool(true) => Some("yes"),
        Value::Object(levels) => levels.get(action).and_then(Value::as_str),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
    }
}

fn granted(user: &AppUser, scope: &str, action: &str) -> bool {
    // An administrator is not bound by roles.
    user.user.kind.as_deref() == Some("admin")
        || level(&user.acl, scope, action).is_some_and(|level| level != "no")
}

pub(super) fn reach(user: &AppUser, action: &str) -> Reach {
    if user.user.kind.as_deref() == Some("admin") {
        return Reach::Every;
    }
    match level(&user.acl, "Contact", action) {
        Some("all" | "yes") => Reach::Every,
        Some(_) | None => Reach::Some,
    }
}

pub(super) fn rights(user: &AppUser) -> Vec<Right> {
    [
        (Right::View, "read"),
        (Right::Create, "create"),
        (Right::Edit, "edit"),
        (Right::Delete, "delete"),
    ]
    .into_iter()
    .filter(|(_, action)| granted(user, "Contact", action))
    .map(|(right, _)| right)
    .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    fn user(kind: &str, table: Value) -> AppUser {
        let mut user = json!({"user": {"type": kind}});
        user["acl"] = serde_json::Map::from_iter([("table".to_owned(), table)]).into();
        serde_json::from_value(user).unwrap()
    }

    #[test]
    fn rights_come_from_the_levels_of_all_roles() {
        let levels =
            json!({"Contact": {"create": "yes", "read": "all", "edit": "own", "delete": "no"}});
        let api = user("api", levels);
        assert_eq!(rights(&api), [Right::View, Right::Create, Right::Edit]);
        assert_eq!(reach(&api, "read"), Reach::Every);
        assert_eq!(reach(&api, "edit"), Reach::Some);
        assert!(rights(&user("api", json!({"Contact": false}))).is_empty());
        assert!(
            rights(&user("api", json!({}))).is_empty(),
            "silence is no right"
        );
        assert_eq!(rights(&user("admin", json!({}))).len(), 4);
    }
}
