//! Which call a path and a method are, which scopes it needs and what it costs.

use serde_json::Value;

use super::errors::Failure;
use super::oauth::Scopes;
use crate::sandbox::http::Request;

/// A resource of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    OAuth(OAuthStep),
    Coql,
    Records(&'a str),
    Record(&'a str, &'a str),
    Upsert(&'a str),
    Deleted(&'a str),
    Search(&'a str),
    Count(&'a str),
    Photo(&'a str, &'a str),
    Users,
    Org,
    Modules(Option<&'a str>),
    Fields,
    Views(Option<&'a str>),
    Profiles(Option<&'a str>),
    Layouts,
    Other,
}

/// A step of the sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OAuthStep {
    Consent,
    Token,
    Revoke,
}

impl<'a> Route<'a> {
    /// The resource of a path.
    pub(super) fn of(path: &'a str) -> Self {
        match path {
            "/oauth/v2/auth" => return Self::OAuth(OAuthStep::Consent),
            "/oauth/v2/token" => return Self::OAuth(OAuthStep::Token),
            "/oauth/v2/token/revoke" => return Self::OAuth(OAuthStep::Revoke),
            _ => {}
        }
        let Some(rest) = path.strip_prefix("/crm/v8/") else {
            return Self::Other;
        };
        let parts: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
        match parts.as_slice() {
            ["coql"] => Self::Coql,
            ["users"] => Self::Users,
            ["org"] => Self::Org,
            ["settings", "modules"] => Self::Modules(None),
            ["settings", "modules", name] => Self::Modules(Some(name)),
            ["settings", "fields"] => Self::Fields,
            ["settings", "custom_views"] => Self::Views(None),
            ["settings", "custom_views", id] => Self::Views(Some(id)),
            ["settings", "profiles"] => Self::Profiles(None),
            ["settings", "profiles", id] => Self::Profiles(Some(id)),
            ["settings", "layouts"] => Self::Layouts,
            ["settings" | "actions" | "__composite_requests" | "", ..] => Self::Other,
            [module] => Self::Records(module),
            [module, "upsert"] => Self::Upsert(module),
            [module, "deleted"] => Self::Deleted(module),
            [module, "search"] => Self::Search(module),
            [module, "actions", "count"] => Self::Count(module),
            [module, id] => Self::Record(module, id),
            [module, id, "photo"] => Self::Photo(module, id),
            _ => Self::Other,
        }
    }

    /// The module that the path names.
    pub(super) fn module(&self) -> Option<&'a str> {
        match *self {
            Self::Records(module)
            | Self::Record(module, _)
            | Self::Upsert(module)
            | Self::Deleted(module)
            | Self::Search(module)
            | Self::Count(module)
            | Self::Photo(module, _) => Some(module),
            Self::OAuth(_)
            | Self::Coql
            | Self::Users
            | Self::Org
            | Self::Modules(_)
            | Self::Fields
            | Self::Views(_)
            | Self::Profiles(_)
            | Self::Layouts
            | Self::Other => None,
        }
    }

    /// The call's name in faults and logs.
    pub(super) fn call_name(&self, method: &str) -> &'static str {
        match (self, method) {
            (Self::OAuth(OAuthStep::Consent), _) => "oauth.auth",
            (Self::OAuth(OAuthStep::Token), _) => "oauth.token",
            (Self::OAuth(OAuthStep::Revoke), _) => "oauth.revoke",
            (Self::Coql, _) => "coql",
            (Self::Records(_), "GET") => "get_records",
            (Self::Records(_), "POST") => "create",
            (Self::Record(..), "GET") => "get_record",
            (Self::Records(_) | Self::Record(..), "PUT") => "update",
            (Self::Records(_) | Self::Record(..), "DELETE") => "delete",
            (Self::Records(_) | Self::Record(..) | Self::Other, _) => "other",
            (Self::Upsert(_), _) => "upsert",
            (Self::Deleted(_), _) => "deleted",
            (Self::Search(_), _) => "search",
            (Self::Count(_), _) => "count",
            (Self::Photo(..), _) => "photo",
            (Self::Users, _) => "users",
            (Self::Org, _) => "org",
            (Self::Modules(_), _) => "modules",
            (Self::Fields, _) => "fields",
            (Self::Views(_), _) => "custom_views",
            (Self::Profiles(_), _) => "profiles",
            (Self::Layouts, _) => "layouts",
        }
    }

    /// Refuses a token whose scopes do not cover the call.
    pub(super) fn check_scopes(&self, request: &Request, scopes: &Scopes) -> Result<(), Failure> {
        let settings = |what: &str| scopes.setting(what);
        let fine = match self {
            Self::Coql => {
                let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
                scopes.has("zohocrm.coql.read")
                    && scopes.any_module_read()
                    && (body.get("include_meta").is_none() || settings("fields"))
            }
            Self::Users => scopes.has("zohocrm.users.read") || scopes.has("zohocrm.users.all"),
            Self::Org => scopes.has("zohocrm.org.read") || scopes.has("zohocrm.org.all"),
            Self::Modules(_) => settings("modules"),
            Self::Fields => settings("fields"),
            Self::Views(_) => settings("custom_views"),
            Self::Profiles(_) => settings("profiles"),
            Self::Layouts => settings("layouts"),
            Self::Search(module) | Self::Count(module) => {
                scopes.has("zohosearch.securesearch.read") && scopes.module(module, "read")
            }
            Self::Upsert(module) => {
                scopes.module(module, "create") && scopes.module(module, "update")
            }
            Self::Deleted(module) => scopes.module(module, "read"),
            Self::Records(module) | Self::Record(module, _) => {
                let action = match request.method.as_str() {
                    "POST" => "create",
                    "PUT" => "update",
                    "DELETE" => "delete",
                    _ => "read",
                };
                scopes.module(module, action)
            }
            Self::Photo(module, _) => {
                let action = if request.method == "GET" {
                    "read"
                } else {
                    "update"
                };
                scopes.module(module, action)
            }
            Self::OAuth(_) | Self::Other => true,
        };
        if fine { Ok(()) } else { Err(Failure::scope()) }
    }

    /// What a call costs in API credits.
    pub(super) fn credits(&self, request: &Request) -> u64 {
        let body = || serde_json::from_slice::<Value>(&request.body).unwrap_or(Value::Null);
        if matches!(self, Self::Coql) {
            let body = body();
            let query = body.get("select_query").and_then(Value::as_str);
            return match query.map_or(200, super::coql_parse::limit_of) {
                0..=200 => 1,
                201..=1000 => 2,
                _ => 3,
            };
        }
        let writes = matches!(request.method.as_str(), "POST" | "PUT");
        if writes && matches!(self, Self::Records(_) | Self::Upsert(_)) {
            let items = body()
                .get("data")
                .and_then(Value::as_array)
                .map_or(1, Vec::len);
            return u64::try_from(items.div_ceil(10)).unwrap_or(1).max(1);
        }
        1
    }
}
