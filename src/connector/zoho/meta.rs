//! The daily probe: rights, fields, who is signed in, and which ways of reading the view are open.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Zoho;
use super::api::{Ask, Failure, Landed, fail};
use super::coql::{Select, quote};
use super::gear::Extra;
use super::wire::{FieldList, FieldMeta, Listing, Modules, Orgs, Profiles, User, Users};
use crate::connector::{Error, Kind};
use crate::model::{Choice, FieldInfo, FieldKind, Probe, Right};

/// The scope of the fields call, named when it is missing.
const FIELDS: &str = "ZohoCRM.settings.fields.READ";
const MODULES: &str = "ZohoCRM.settings.modules.READ";
const USERS: &str = "ZohoCRM.users.READ";
const ORG: &str = "ZohoCRM.org.READ";
const PROFILES: &str = "ZohoCRM.settings.profiles.READ";

impl Zoho {
    /// Reads everything that is read once a day.
    pub(super) async fn read_probe(&self, last: Option<&Probe>) -> Result<Probe, Error> {
        let module = &self.settings.module;
        let of_module = || vec![("module", module.clone())];
        let (rights, fields, list, user, org) = futures::join!(
            self.meta::<Modules>(
                "modules",
                "read the module's rights",
                format!("settings/modules/{module}"),
                Vec::new(),
                MODULES,
            ),
            self.meta::<FieldList>(
                "fields",
                "read the fields",
                "settings/fields".to_owned(),
                of_module(),
                FIELDS,
            ),
            self.find_list(last),
            self.meta::<Users>(
                "users",
                "read who is signed in",
                "users".to_owned(),
                vec![("type", "CurrentUser".to_owned())],
                USERS,
            ),
            self.meta::<Orgs>(
                "org",
                "read the organisation",
                "org".to_owned(),
                Vec::new(),
                ORG,
            ),
        );
        let mut extra = Extra {
            asked: self.settings.view.clone(),
            ..Extra::default()
        };
        let user = without_scope(user, USERS, &mut extra)?
            .and_then(|users| users.users.into_iter().next());
        let org = without_scope(org, ORG, &mut extra)?.and_then(|orgs| orgs.org.into_iter().next());
        let rights = rights.map_err(|failure| failure.error)?;
        let rights = self.rights(&rights, user.as_ref(), &mut extra).await?;
        let fields = fields.map_err(|failure| failure.error)?;
        let list = list?;
        let profile = user
            .as_ref()
            .and_then(|user| user.profile.as_ref())
            .and_then(|profile| profile.id.as_deref());
        let fields: Vec<FieldInfo> = fields
            .fields
            .iter()
            .map(|meta| {
                note_field(meta, &mut extra);
                field_info(meta, profile)
            })
            .collect();
        if rights.contains(&Right::View) {
            self.try_coql(&list.id, &fields, &mut extra).await?;
        }
        let organisation = org.and_then(|org| org.zgid.or(org.id));
        let account = organisation.unwrap_or_else(|| {
            extra
                .notes
                .push("the organisation is not known; the data centre stands in for it".to_owned());
            self.settings.data_center.to_ascii_lowercase()
        });
        extra.user_id = user.as_ref().and_then(|user| user.id.clone());
        Ok(Probe {
            user: user.and_then(|user| user.email.or(user.full_name)),
            account: Some(format!("zoho/{account}/{module}")),
            rights,
            list,
            fields,
            extra: serde_json::to_value(extra).unwrap_or_default(),
        })
    }

    /// One settings call.
    pub(super) async fn meta<T: DeserializeOwned + Default>(
        &self,
        name: &'static str,
        doing: &str,
        path: String,
        query: Vec<(&str, String)>,
        scope: &str,
    ) -> Result<T, Failure> {
        let ask = Ask {
            query,
            ..Ask::get(name, doing, path, scope.to_owned())
        };
        self.call(ask).await?.read(doing)
    }

    /// What the user may do with the module's records: the module's own flags, else the user
    /// profile's permissions, else everything until something is refused.
    async fn rights(
        &self,
        modules: &Modules,
        user: Option<&User>,
        extra: &mut Extra,
    ) -> Result<Vec<Right>, Error> {
        let module = modules.modules.first();
        let told = [
            (Right::View, module.and_then(|module| module.viewable)),
            (Right::Create, module.and_then(|module| module.creatable)),
            (Right::Edit, module.and_then(|module| module.editable)),
            (Right::Delete, module.and_then(|module| module.deletable)),
        ];
        let granted = |told: [(Right, Option<bool>); 4]| {
            told.into_iter()
                .filter(|(_, may)| may.unwrap_or(true))
                .map(|(right, _)| right)
                .collect()
        };
        if told.iter().all(|(_, may)| may.is_some()) {
            return Ok(granted(told));
        }
        let profile = user
            .and_then(|user| user.profile.as_ref())
            .and_then(|profile| profile.id.clone());
        let Some(profile) = profile else {
            extra
                .notes
                .push("the user's rights are not known beforehand".to_owned());
            return Ok(granted(told));
        };
        let read = self
            .meta::<Profiles>(
                "profiles",
                "read the user's rights",
                format!("settings/profiles/{profile}"),
                Vec::new(),
                PROFILES,
            )
            .await;
        let profile = without_scope(read, PROFILES, extra)?
            .and_then(|profiles| profiles.profiles.into_iter().next());
        let permission = |word: &str| {
            let name = format!("Crm_Implied_{word}_{}", self.settings.module);
            profile
                .as_ref()?
                .permissions_details
                .iter()
                .find(|each| each.name.as_deref() == Some(&name))?
                .enabled
        };
        let words = ["View", "Create", "Edit", "Delete"];
        let mut told = told;
        for ((_, may), word) in told.iter_mut().zip(words) {
            *may = may.or_else(|| permission(word));
        }
        Ok(granted(told))
    }

    /// Finds out whether COQL is granted, whether it reads the view, and whether it tells upper from
    /// lower case.
    async fn try_coql(
        &self,
        view: &str,
        fields: &[FieldInfo],
        extra: &mut Extra,
    ) -> Result<(), Error> {
        let id = ["id".to_owned()];
        let module = &self.settings.module;
        let first = Select::new(&id, module, Some(view)).limit(1).text();
        match self.coql(&first, "try the list view").await {
            Ok(_) => (extra.coql, extra.view_coql) = (true, true),
            Err(failure) if failure.is("OAUTH_SCOPE_MISMATCH") => {
                extra.notes.push(
                    "the scope ZohoCRM.coql.READ is not granted: reading takes ten times as many requests"
                        .to_owned(),
                );
                return Ok(());
            }
            Err(failure) if failure.is("INVALID_QUERY") || failure.is("SYNTAX_ERROR") => {
                extra.coql = true;
                extra
                    .notes
                    .push("COQL does not read this list view; it is read page by page".to_owned());
            }
            Err(failure) => return Err(failure.error),
        }
        let email = fields
            .iter()
            .find(|info| info.name == "Email" && !info.hidden);
        if email.is_some() {
            extra.cased = self.coql_is_cased().await?;
        }
        Ok(())
    }

    /// Looks for an address with an upper-case letter by its lower-case form: nobody says whether
    /// COQL's `in` minds the case.
    async fn coql_is_cased(&self) -> Result<bool, Error> {
        let columns = ["id".to_owned(), "Email".to_owned()];
        let doing = "try how COQL compares addresses";
        let module = &self.settings.module;
        let sample = Select::new(&columns, module, None)
            .filled("Email")
            .limit(200);
        let sample = match self.coql(&sample.text(), doing).await {
            Ok((sample, _)) => sample,
            // An encrypted column can be selected but hardly compared; look-ups find out by themselves.
            Err(failure)
                if failure.said.is_some()
                    && failure.landed == Landed::No
                    && failure.error.kind == Kind::Protocol =>
            {
                return Ok(false);
            }
            Err(failure) => return Err(failure.error),
        };
        let upper = sample.data.iter().find_map(|row| {
            let email = row.get("Email")?.as_str()?;
            let quoted = quote(&email.to_lowercase())?;
            let id = row.get("id")?.as_str()?;
            (email.to_lowercase() != email).then_some((id, quoted))
        });
        let Some((id, quoted)) = upper else {
            return Ok(false);
        };
        let again = Select::new(&columns, module, None)
            .ids([id])
            .one_of("Email", &[quoted])
            .limit(1);
        match self.coql(&again.text(), doing).await {
            Ok((found, _)) => Ok(found.data.is_empty()),
            Err(failure) if failure.is("INVALID_QUERY") => Ok(false),
            Err(failure) => Err(failure.error),
        }
    }

    /// One query. The answer and the server's time at its start.
    pub(super) async fn coql(
        &self,
        select: &str,
        doing: &str,
    ) -> Result<(Listing, Option<i64>), Failure> {
        let module = self.settings.module.to_lowercase();
        let ask = Ask {
            method: reqwest::Method::POST,
            body: Some(json!({ "select_query": select })),
            ..Ask::get(
                "coql",
                doing,
                "coql".to_owned(),
                format!("ZohoCRM.coql.READ with ZohoCRM.modules.{module}.READ"),
            )
        };
        let reply = self.call(ask).await?;
        Ok((reply.read(doing)?, reply.began))
    }
}

/// Goes on without an answer whose scope is not granted.
fn without_scope<T>(
    read: Result<T, Failure>,
    scope: &str,
    extra: &mut Extra,
) -> Result<Option<T>, Error> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(failure) if failure.is("OAUTH_SCOPE_MISMATCH") || failure.is("NO_PERMISSION") => {
            extra.notes.push(format!("{scope} is not granted"));
            Ok(None)
        }
        Err(failure) => Err(failure.error),
    }
}

/// What the probe remembers of a field beside its [`FieldInfo`].
fn note_field(meta: &FieldMeta, extra: &mut Extra) {
    let name = || meta.api_name.clone();
    if meta.hipaa_compliance_enabled == Some(true)
        || meta
            .hipaa_compliance
            .as_ref()
            .is_some_and(|at| !at.is_null() && *at != json!(false))
    {
        extra.restricted.push(name());
    }
    let rich = meta
        .textarea
        .as_ref()
        .and_then(|text| text.get("type"))
        .and_then(Value::as_str);
    if rich == Some("rich_text") {
        extra.rich.push(name());
    }
    let target = meta
        .lookup
        .as_ref()
        .and_then(|lookup| lookup.get("module"))
        .and_then(|module| module.get("api_name").or(Some(module)))
        .and_then(Value::as_str);
    let column = match target {
        Some("Accounts") => "Account_Name",
        Some("Contacts" | "Leads") => "Full_Name",
        Some("Vendors") => "Vendor_Name",
        Some("Deals") => "Deal_Name",
        Some("Products") => "Product_Name",
        Some("Campaigns") => "Campaign_Name",
        Some(_) | None => return,
    };
    extra
        .lookups
        .insert(name(), format!("{}.{column}", meta.api_name));
}

/// A field's metadata in the words of the model; `profile` is the user's profile.
pub(super) fn field_info(meta: &FieldMeta, profile: Option<&str>) -> FieldInfo {
    let native = meta.data_type.clone().unwrap_or_default();
    let kind = kind(&native);
    let permission = meta
        .profiles
        .iter()
        .flatten()
        .find(|each| profile.is_some() && each.id.as_deref() == profile)
        .and_then(|each| each.permission_type.as_deref());
    let view = meta.view_type.as_ref().and_then(|view| view.view);
    let hidden = meta.visible == Some(false) || view == Some(false) || permission == Some("hidden");
    let locked = meta.read_only == Some(true)
        || meta.field_read_only == Some(true)
        || permission == Some("read_only")
        || hidden
        || kind == FieldKind::Lookup;
    let operations = meta.operation_type.as_ref();
    let choices = meta
        .pick_list_values
        .iter()
        .flatten()
        .filter(|value| value.kind.as_deref() != Some("unused"))
        .filter_map(|value| {
            let stored = value
                .actual_value
                .clone()
                .or_else(|| value.display_value.clone())?;
            Some(Choice {
                shown: value
                    .display_value
                    .clone()
                    .unwrap_or_else(|| stored.clone()),
                stored,
            })
        })
        .collect();
    FieldInfo {
        name: meta.api_name.clone(),
        label: meta
            .display_label
            .clone()
            .or_else(|| meta.field_label.clone())
            .unwrap_or_else(|| meta.api_name.clone()),
        kind,
        native_type: native,
        max_length: meta.length.filter(|length| *length > 0),
        creatable: !locked && operations.and_then(|may| may.api_create).unwrap_or(true),
        updatable: !locked && operations.and_then(|may| may.api_update).unwrap_or(true),
        required: meta.system_mandatory == Some(true),
        custom: meta.custom_field == Some(true),
        hidden,
        choices,
    }
}

/// Zoho's word for a type in the words of the model.
fn kind(native: &str) -> FieldKind {
    match native {
        "text" => FieldKind::Text,
        "textarea" => FieldKind::Multiline,
        "email" => FieldKind::Email,
        "phone" => FieldKind::Phone,
        "date" => FieldKind::Date,
        "website" => FieldKind::Url,
        "picklist" => FieldKind::Picklist,
        "lookup" | "ownerlookup" | "userlookup" | "multiselectlookup" => FieldKind::Lookup,
        _ => FieldKind::Other,
    }
}

/// A failure of choosing the list.
pub(super) fn unknown_view(asked: &str, nearest: &[&str]) -> Error {
    let names: Vec<String> = nearest.iter().map(|name| format!("`{name}`")).collect();
    Error {
        hint: Some(if names.is_empty() {
            "Choose a list view: crmsync configure".to_owned()
        } else {
            format!(
                "Did you mean {}? Choose a list view: crmsync configure",
                names.join(" or ")
            )
        }),
        ..fail(
            "find the list view",
            Kind::Unknown,
            &format!("there is no list view `{asked}`, or the user cannot see it"),
        )
    }
}
