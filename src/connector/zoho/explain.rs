//! What Zoho's refusals mean, and what a person can do about each.

use serde_json::Value;

use super::api::fail;
use super::wire::ApiError;
use crate::connector::http::Answer;
use crate::connector::{Error, Kind};

const SIGN_IN: &str = "Sign in again: crmsync auth crm";
const PROFILES: &str = "Setup → Users and Control → Security Control → Profiles";

/// A refusal as a failure, with what a person can do.
pub(super) fn explain(said: Option<&ApiError>, answer: &Answer, doing: &str, scope: &str) -> Error {
    let with = |kind, reason: String, hint: Option<String>| Error {
        hint,
        ..fail(doing, kind, &reason)
    };
    let Some(said) = said else {
        return with(
            if answer.status == 401 {
                Kind::Unauthorized
            } else {
                Kind::Protocol
            },
            format!("status {} without a reason", answer.status),
            (answer.status == 401).then(|| SIGN_IN.to_owned()),
        );
    };
    let code = said.code.as_str();
    match code {
        "OAUTH_SCOPE_MISMATCH" => with(
            Kind::Forbidden,
            format!("the sign-in lacks the scope {scope}"),
            Some(format!(
                "Sign in again with the scope {scope}: crmsync auth crm"
            )),
        ),
        "NO_PERMISSION" => {
            let wanted: Vec<&str> = said
                .details
                .get("permissions")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let wanted = if wanted.is_empty() {
                "for this".to_owned()
            } else {
                wanted.join(", ")
            };
            with(
                Kind::Forbidden,
                format!("the user lacks the permission {wanted}"),
                Some(format!(
                    "An administrator grants it in Zoho CRM: {PROFILES}."
                )),
            )
        }
        _ if answer.status == 401 => with(
            Kind::Unauthorized,
            format!("the access token was refused ({code})"),
            Some(format!(
                "{SIGN_IN}; a wrong `data_center` looks like this too."
            )),
        ),
        "INVALID_MODULE" => with(
            Kind::Unknown,
            "the module does not exist or its API is off".to_owned(),
            Some(
                "Set `module` in the profile's [crm] table to Contacts, Leads or Vendors."
                    .to_owned(),
            ),
        ),
        "INVALID_URL_PATTERN" => with(
            Kind::Unknown,
            "there is no such address at this API".to_owned(),
            Some("Check `data_center` and `endpoint` in the profile's [crm] table.".to_owned()),
        ),
        _ => explain_code(said, doing),
    }
}

/// The refusals of a listing or a query, and those that nobody foresaw.
fn explain_code(said: &ApiError, doing: &str) -> Error {
    let with = |kind, reason: String, hint: Option<String>| Error {
        hint,
        ..fail(doing, kind, &reason)
    };
    match said.code.as_str() {
        _ if names_view(said) => view_gone(doing, None),
        "INVALID_QUERY" if said.detail("column_name").is_some() => with(
            Kind::Unknown,
            format!(
                "the field {} does not exist any more, or the user cannot see it",
                said.detail("column_name").unwrap_or_default()
            ),
            Some("Look at the mapping: crmsync map-fields".to_owned()),
        ),
        "EXPIRED_VALUE" => with(
            Kind::Unavailable,
            "the position in the listing has expired".to_owned(),
            None,
        ),
        "PAGINATION_LIMIT_EXCEEDED" => with(
            Kind::Config,
            "the list has more than 100,000 records, more than can be paged through".to_owned(),
            Some("Sign in again with the scope ZohoCRM.coql.READ: crmsync auth crm".to_owned()),
        ),
        _ => with(
            Kind::Protocol,
            format!(
                "{}{}{}",
                said.code,
                said.message
                    .as_deref()
                    .map(|message| format!(": {}", message.chars().take(160).collect::<String>()))
                    .unwrap_or_default(),
                ["param_name", "api_name", "column_name", "clause"]
                    .iter()
                    .find_map(|name| said.detail(name))
                    .map(|at| format!(" (at {at})"))
                    .unwrap_or_default()
            ),
            None,
        ),
    }
}

/// The list view, by whatever name it is known, cannot be read.
pub(super) fn view_gone(doing: &str, name: Option<&str>) -> Error {
    let name = name.map_or_else(String::new, |name| format!(" `{name}`"));
    Error {
        hint: Some("Choose a list view: crmsync configure".to_owned()),
        ..fail(
            doing,
            Kind::Unknown,
            &format!("the list view{name} does not exist any more, or cannot be seen"),
        )
    }
}

/// Whether a refusal is about the list view.
pub(super) fn names_view(said: &ApiError) -> bool {
    let param = ["param_name", "param", "name"]
        .iter()
        .any(|name| said.detail(name) == Some("cvid"));
    matches!(said.code.as_str(), "INVALID_QUERY" | "INVALID_DATA")
        && (param || said.details.get("cvid").is_some())
}
