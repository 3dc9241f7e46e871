//! The daily probe: rights, fields, who is signed in, and which ways of reading the view are open.

use serde::de::DeserializeOwned;
use serde_json::json;

use super::Zoho;
use super::api::{Ask, Failure, Landed};
use super::coql::{Select, quote};
use super::credits::of_query;
use super::fields::{field_info, note_field};
use super::gear::Extra;
use super::wire::{FieldList, Listing, Modules, Orgs, Profiles, User, Users};
use crate::connector::{Error, Kind};
use crate::model::{FieldInfo, ListInfo, Probe, Right};

/// The scope of the fields call, named when it is missing.
const FIELDS: &str = "ZohoCRM.settings.fields.READ";
const MODULES: &str = "ZohoCRM.settings.modules.READ";
const USERS: &str = "ZohoCRM.users.READ";
const ORG: &str = "ZohoCRM.org.READ";
const PROFILES: &str = "ZohoCRM.settings.profiles.READ";

/// How many addresses are looked at for a capital letter; a query of that many costs one credit.
const SAMPLE: usize = 200;
const TRYING: &str = "try how COQL compares addresses";

fn columns() -> [String; 2] {
    ["id".to_owned(), "Email".to_owned()]
}

impl Zoho {
    /// Reads everything that is read once a day.
    pub(super) async fn read_probe(&self, last: Option<&Probe>) -> Result<Probe, Error> {
        let module = &self.settings.module;
        let of_module = || vec![("module", module.clone())];
        let (rights, fields, chosen, user, org, sample) = futures::join!(
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
            self.sample(),
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
        let view = chosen?;
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
            self.try_coql(sample, &view, &fields, &mut extra).await?;
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
            list: view,
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

    /// Some records with an address: the first try of COQL, asked for before it is known which view it
    /// will have to read.
    async fn sample(&self) -> Result<Listing, Failure> {
        let columns = columns();
        let sample = Select::new(&columns, &self.settings.module, None)
            .filled("Email")
            .limit(SAMPLE);
        Ok(self.coql(&sample, TRYING).await?.0)
    }

    /// Finds out whether COQL is granted, whether it reads the view, and whether it tells upper from
    /// lower case.
    async fn try_coql(
        &self,
        sample: Result<Listing, Failure>,
        view: &ListInfo,
        fields: &[FieldInfo],
        extra: &mut Extra,
    ) -> Result<(), Error> {
        let sample = match sample {
            Ok(sample) => sample,
            Err(failure) if failure.is("OAUTH_SCOPE_MISMATCH") => {
                extra.notes.push(
                    "the scope ZohoCRM.coql.READ is not granted: reading takes ten times as many requests"
                        .to_owned(),
                );
                return Ok(());
            }
            // An encrypted column can be selected but hardly compared; look-ups find out by themselves.
            Err(failure)
                if failure.said.is_some()
                    && failure.landed == Landed::No
                    && failure.error.kind == Kind::Protocol =>
            {
                Listing::default()
            }
            Err(failure) => return Err(failure.error),
        };
        extra.coql = true;
        if view.covers_all {
            // It is read as the whole module, and answers every look-up by itself.
            extra.view_coql = true;
            return Ok(());
        }
        let id = ["id".to_owned()];
        let first = Select::new(&id, &self.settings.module, Some(&view.id)).limit(1);
        let has_email = fields
            .iter()
            .any(|info| info.name == "Email" && !info.hidden);
        let sample = has_email.then_some(&sample);
        let (listed, cased) = futures::join!(
            self.coql(&first, "try the list view"),
            self.coql_is_cased(sample)
        );
        match listed {
            Ok(_) => extra.view_coql = true,
            Err(failure) if failure.is("INVALID_QUERY") || failure.is("SYNTAX_ERROR") => {
                extra
                    .notes
                    .push("COQL does not read this list view; it is read page by page".to_owned());
            }
            Err(failure) => return Err(failure.error),
        }
        extra.cased = cased?;
        Ok(())
    }

    /// Looks for an address with an upper-case letter by its lower-case form: nobody says whether
    /// COQL's `in` minds the case.
    async fn coql_is_cased(&self, sample: Option<&Listing>) -> Result<bool, Error> {
        let upper = sample.and_then(|sample| {
            sample.data.iter().find_map(|row| {
                let email = row.get("Email")?.as_str()?;
                let quoted = quote(&email.to_lowercase())?;
                let id = row.get("id")?.as_str()?;
                (email.to_lowercase() != email).then_some((id, quoted))
            })
        });
        let Some((id, quoted)) = upper else {
            return Ok(false);
        };
        let columns = columns();
        let again = Select::new(&columns, &self.settings.module, None)
            .ids([id])
            .one_of("Email", &[quoted])
            .limit(1);
        match self.coql(&again, TRYING).await {
            Ok((found, _)) => Ok(found.data.is_empty()),
            Err(failure) if failure.is("INVALID_QUERY") => Ok(false),
            Err(failure) => Err(failure.error),
        }
    }

    /// One query. The answer and the server's time at its start.
    pub(super) async fn coql(
        &self,
        select: &Select<'_>,
        doing: &str,
    ) -> Result<(Listing, Option<i64>), Failure> {
        let module = self.settings.module.to_lowercase();
        let ask = Ask {
            method: reqwest::Method::POST,
            body: Some(json!({ "select_query": select.text() })),
            credits: of_query(select.rows()),
            ..Ask::get(
                "coql",
                doing,
                "coql".to_owned(),
                format!("ZohoCRM.coql.READ with ZohoCRM.modules.{module}.READ"),
            )
        };
        let reply = self.call(ask).await?;
        if reply.has_content()
            && let Ok(gear) = self.gear()
        {
            gear.mapping.get_ready();
        }
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
