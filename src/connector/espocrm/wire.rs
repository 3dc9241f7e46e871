//! The JSON of EspoCRM's REST API, as far as it is documented, read leniently.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A record as the API sends it.
pub(super) type Row = Map<String, Value>;

/// The answer of a listing.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Listing {
    /// How many records fit; -1 says that there are more than sent, -2 that there are not.
    #[serde(default)]
    pub(super) total: Option<i64>,
    #[serde(default)]
    pub(super) list: Vec<Row>,
}

/// `GET App/user`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct AppUser {
    #[serde(default)]
    pub(super) user: User,
    #[serde(default)]
    pub(super) acl: Acl,
}

/// Who is signed in.
#[derive(Debug, Default, Deserialize)]
pub(super) struct User {
    #[serde(default, rename = "userName")]
    pub(super) user_name: Option<String>,
    /// `admin`, `api`, `regular`, …
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
}

/// The user's rights, all roles together. A scope's entry is `true`, `false`, or levels by action;
/// a field's are levels by action.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Acl {
    #[serde(default)]
    pub(super) table: Value,
    #[serde(default, rename = "fieldTable")]
    pub(super) field_table: Value,
}

/// `GET Settings`, the one that matters here.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Settings {
    #[serde(default, rename = "phoneNumberInternational")]
    pub(super) phone_number_international: Option<bool>,
}

/// One field of `entityDefs.Contact.fields`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the metadata's own flags, each asked for by name"
)]
pub(super) struct FieldDef {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) max_length: Option<u32>,
    pub(super) required: bool,
    pub(super) read_only: bool,
    pub(super) read_only_after_create: bool,
    pub(super) not_storable: bool,
    pub(super) direct_update_disabled: bool,
    pub(super) direct_access_disabled: bool,
    pub(super) disabled: bool,
    pub(super) utility: bool,
    pub(super) is_custom: bool,
    pub(super) options: Option<Vec<Option<String>>>,
    pub(super) type_list: Option<Vec<String>>,
}

/// The body of a refused value.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Refused {
    #[serde(default, rename = "messageTranslation")]
    pub(super) message: Option<Message>,
}

/// What was refused, in the words that EspoCRM's screens translate.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Message {
    #[serde(default)]
    pub(super) label: Option<String>,
    #[serde(default)]
    pub(super) data: Option<Detail>,
}

/// The field at fault and the rule that it broke.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Detail {
    #[serde(default)]
    pub(super) field: Option<String>,
    #[serde(default, rename = "type")]
    pub(super) rule: Option<String>,
}
