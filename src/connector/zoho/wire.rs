//! The JSON of Zoho's API v8, as far as it is documented, read leniently: what may be missing may be null.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::row::rows;

pub(super) use super::row::Row;

/// A record as it is sent.
pub(super) type Body = Map<String, Value>;

/// The answer of Get Records, COQL, Search and the deletion feed; an empty body is an empty list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Listing {
    #[serde(default, deserialize_with = "rows")]
    pub(super) data: Vec<Row>,
    #[serde(default)]
    pub(super) info: Info,
}

/// Where a listing stands.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Info {
    #[serde(default)]
    pub(super) more_records: Option<bool>,
    #[serde(default)]
    pub(super) next_page_token: Option<String>,
}

/// An error object, alone or inside `data[]`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ApiError {
    pub(super) code: String,
    #[serde(default)]
    pub(super) message: Option<String>,
    #[serde(default)]
    pub(super) details: Value,
}

impl ApiError {
    /// A text among the details.
    pub(super) fn detail(&self, name: &str) -> Option<&str> {
        self.details.get(name).and_then(Value::as_str)
    }
}

/// The answer to a write: one item per record, in the order of the request.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WriteAnswer {
    #[serde(default)]
    pub(super) data: Vec<ApiError>,
}

/// `GET /settings/modules/{module}`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Modules {
    pub(super) modules: Vec<Module>,
}

/// One module as the signed-in user sees it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Module {
    #[serde(default)]
    pub(super) viewable: Option<bool>,
    #[serde(default)]
    pub(super) creatable: Option<bool>,
    #[serde(default)]
    pub(super) editable: Option<bool>,
    #[serde(default)]
    pub(super) deletable: Option<bool>,
}

/// `GET /settings/custom_views`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Views {
    pub(super) custom_views: Vec<View>,
    #[serde(default)]
    pub(super) info: Info,
}

/// One list view.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct View {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) display_value: Option<String>,
    #[serde(default)]
    pub(super) system_name: Option<String>,
}

/// `GET /settings/fields`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct FieldList {
    pub(super) fields: Vec<FieldMeta>,
}

/// One field's metadata.
#[derive(Debug, Default, Deserialize)]
pub(super) struct FieldMeta {
    pub(super) api_name: String,
    #[serde(default)]
    pub(super) field_label: Option<String>,
    #[serde(default)]
    pub(super) display_label: Option<String>,
    #[serde(default)]
    pub(super) data_type: Option<String>,
    #[serde(default)]
    pub(super) length: Option<u32>,
    #[serde(default)]
    pub(super) read_only: Option<bool>,
    #[serde(default)]
    pub(super) field_read_only: Option<bool>,
    #[serde(default)]
    pub(super) system_mandatory: Option<bool>,
    #[serde(default)]
    pub(super) visible: Option<bool>,
    #[serde(default)]
    pub(super) custom_field: Option<bool>,
    #[serde(default)]
    pub(super) operation_type: Option<Operations>,
    #[serde(default)]
    pub(super) view_type: Option<ViewType>,
    #[serde(default)]
    pub(super) pick_list_values: Option<Vec<PickListValue>>,
    #[serde(default)]
    pub(super) profiles: Option<Vec<FieldProfile>>,
    #[serde(default)]
    pub(super) lookup: Option<Value>,
    #[serde(default)]
    pub(super) textarea: Option<Value>,
    #[serde(default)]
    pub(super) hipaa_compliance_enabled: Option<bool>,
    #[serde(default)]
    pub(super) hipaa_compliance: Option<Value>,
}

/// What the API may do with a field.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Operations {
    #[serde(default)]
    pub(super) api_create: Option<bool>,
    #[serde(default)]
    pub(super) api_update: Option<bool>,
}

/// Where a field is shown.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ViewType {
    #[serde(default)]
    pub(super) view: Option<bool>,
}

/// One value of a picklist.
#[derive(Debug, Default, Deserialize)]
pub(super) struct PickListValue {
    #[serde(default)]
    pub(super) display_value: Option<String>,
    #[serde(default)]
    pub(super) actual_value: Option<String>,
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
}

/// What a profile may do with a field.
#[derive(Debug, Default, Deserialize)]
pub(super) struct FieldProfile {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) permission_type: Option<String>,
}

/// `GET /users?type=CurrentUser`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Users {
    #[serde(default)]
    pub(super) users: Vec<User>,
}

/// The signed-in user.
#[derive(Debug, Default, Deserialize)]
pub(super) struct User {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) full_name: Option<String>,
    #[serde(default)]
    pub(super) profile: Option<Named>,
}

/// A reference.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    pub(super) id: Option<String>,
}

/// `GET /org`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Orgs {
    #[serde(default)]
    pub(super) org: Vec<Org>,
}

/// The organisation.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Org {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) zgid: Option<String>,
}

/// `GET /settings/profiles/{id}`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Profiles {
    #[serde(default)]
    pub(super) profiles: Vec<Profile>,
}

/// A user profile with its permissions.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Profile {
    #[serde(default)]
    pub(super) permissions_details: Vec<Permission>,
}

/// One permission.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Permission {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) enabled: Option<bool>,
}

/// `GET /{module}/actions/count`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Count {
    #[serde(default)]
    pub(super) count: Option<u64>,
}
