//! The daily probe: who is signed in, what the user may do, the fields, the list.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::api::Ask;
use super::explain::no_sense;
use super::fields::{fields, mandatory};
use super::gear::Extra;
use super::wire::{FieldDef, Row};
use super::{Api, Odoo, PARTNER};
use crate::connector::{Error, Kind};
use crate::model::{Probe, Right};

const ATTRIBUTES: [&str; 7] = [
    "type",
    "string",
    "required",
    "readonly",
    "store",
    "size",
    "selection",
];

impl Odoo {
    /// Reads everything that is read once a day.
    pub(super) async fn read_probe(&self, last: Option<&Probe>) -> Result<Probe, Error> {
        let version = self.meet().await?;
        let (api, uid) = self.tongue()?;
        let (user, rights, defs, chosen) = futures::try_join!(
            self.who(uid),
            self.rights(),
            self.definitions(),
            self.find_list(last),
        )?;
        let (list, view) = chosen;
        let given = self.filled(&defs).await?;
        let extra = Extra {
            asked: self.settings.view.clone(),
            view,
            api,
            uid,
            version,
        };
        Ok(Probe {
            account: Some(format!(
                "odoo/{}/{}/{PARTNER}",
                self.installation(),
                self.settings.database
            )),
            user,
            rights,
            list,
            fields: fields(&defs, &given),
            extra: serde_json::to_value(extra).unwrap_or_default(),
        })
    }

    /// The login of the user whom the key stands for.
    async fn who(&self, uid: Option<i64>) -> Result<Option<String>, Error> {
        let doing = "read who is signed in";
        let uid = if let Some(uid) = uid {
            uid
        } else {
            let ask = Ask::of("user", doing, "res.users", "context_get", json!({}));
            let context: Row = self.read(ask).await?;
            let uid = context.get("uid").and_then(Json::as_i64);
            uid.ok_or_else(|| no_sense(doing, "the answer names no user"))?
        };
        let ask = Ask {
            ids: Some(vec![uid]),
            ..Ask::of(
                "user",
                doing,
                "res.users",
                "read",
                json!({"fields": ["login"]}),
            )
        };
        let rows: Vec<Row> = self.read(ask).await?;
        let login = rows.first().and_then(|row| row.get("login"));
        Ok(login.and_then(Json::as_str).map(str::to_owned))
    }

    /// What the user may do with partners. To delete is to archive here, which is a change.
    async fn rights(&self) -> Result<Vec<Right>, Error> {
        let (read, create, write) =
            futures::try_join!(self.may("read"), self.may("create"), self.may("write"))?;
        let rights = [
            (Right::View, read),
            (Right::Create, create),
            (Right::Edit, write),
            (Right::Delete, write),
        ];
        Ok(rights
            .into_iter()
            .filter(|(_, granted)| *granted)
            .map(|(right, _)| right)
            .collect())
    }

    /// Whether the user may do this to partners at all.
    pub(super) async fn may(&self, operation: &str) -> Result<bool, Error> {
        let named = json!({ "operation": operation });
        self.read(Ask {
            ids: Some(Vec::new()),
            ..Ask::of("rights", "read the rights", PARTNER, "has_access", named)
        })
        .await
    }

    async fn definitions(&self) -> Result<BTreeMap<String, FieldDef>, Error> {
        let doing = "read the fields";
        let named = json!({ "attributes": ATTRIBUTES });
        let ask = Ask::of("fields", doing, PARTNER, "fields_get", named);
        let defs: BTreeMap<String, FieldDef> = self.read(ask).await?;
        match ["name", "email"]
            .iter()
            .find(|name| !defs.contains_key(**name))
        {
            None => Ok(defs),
            Some(name) => Err(no_sense(
                doing,
                &format!("the answer has no field `{name}`, which every partner has"),
            )),
        }
    }

    /// The mandatory fields that Odoo fills by itself. Where that cannot be told, all of them: a
    /// create that lacks one is refused then and says so.
    async fn filled(&self, defs: &BTreeMap<String, FieldDef>) -> Result<BTreeSet<String>, Error> {
        let names = mandatory(defs);
        if names.is_empty() {
            return Ok(BTreeSet::new());
        }
        let doing = "read what new contacts are filled with";
        let (api, _) = self.tongue()?;
        // The argument's name is not the same in all versions; JSON-2 knows no places.
        let name = match api {
            Api::Json2 => "fields",
            Api::JsonRpc => "fields_list",
        };
        let ask = Ask {
            placed: vec![(name, json!(names))],
            ..Ask::of("fields", doing, PARTNER, "default_get", json!({}))
        };
        match self.read::<Row>(ask).await {
            Ok(row) => Ok(row
                .into_iter()
                .filter(|(_, value)| *value != json!(false))
                .map(|(name, _)| name)
                .collect()),
            Err(error) if matches!(error.kind, Kind::Protocol | Kind::Forbidden) => {
                tracing::debug!(%error, "Odoo does not tell what it fills");
                Ok(names.into_iter().map(str::to_owned).collect())
            }
            Err(error) => Err(error),
        }
    }

    /// The installation's address without the scheme: what tells it from another one.
    fn installation(&self) -> String {
        let root = self.root().to_lowercase();
        root.split_once("://")
            .map_or(root.as_str(), |(_, rest)| rest)
            .to_owned()
    }
}
