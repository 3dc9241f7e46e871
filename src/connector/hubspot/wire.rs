//! The JSON of HubSpot's CRM API, as far as it is documented, read leniently.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A contact as the API sends it. Properties are texts; one that was not asked for is absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Contact {
    pub(super) id: String,
    pub(super) properties: BTreeMap<String, Option<String>>,
    pub(super) updated_at: Option<String>,
    pub(super) archived: bool,
    pub(super) archived_at: Option<String>,
    pub(super) object_write_trace_id: Option<String>,
}

impl Contact {
    /// A property that is there and not empty.
    pub(super) fn property(&self, name: &str) -> Option<&str> {
        let value = self.properties.get(name)?.as_deref()?;
        (!value.trim().is_empty()).then_some(value)
    }
}

/// A page of contacts, of a listing or of a search.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Contacts {
    pub(super) results: Vec<Contact>,
    #[serde(default)]
    pub(super) paging: Option<Paging>,
}

/// Where a listing goes on.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Paging {
    #[serde(default)]
    pub(super) next: Option<Next>,
}

/// The next page.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    pub(super) after: String,
}

/// The place behind which a listing goes on; none at its end.
pub(super) fn after(paging: Option<Paging>) -> Option<String> {
    let after = paging?.next?.after;
    (!after.is_empty()).then_some(after)
}

/// The answer to a batch: what was done, and with status 207 what was not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Batch {
    pub(super) results: Vec<Contact>,
    pub(super) errors: Vec<Fault>,
}

/// An error, of a whole call or of some inputs of a batch.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) category: String,
    /// What the error is about; lists of texts, as far as it is known.
    pub(super) context: BTreeMap<String, Value>,
    pub(super) errors: Vec<Detail>,
    pub(super) error_type: String,
    pub(super) policy_name: String,
}

/// One reason of an error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Detail {
    pub(super) message: String,
    pub(super) code: String,
    /// The property at fault, in some errors.
    #[serde(rename = "in")]
    pub(super) place: Option<String>,
    pub(super) name: Option<String>,
    pub(super) context: BTreeMap<String, Value>,
}

/// The texts under a name of an error's context.
pub(super) fn texts<'a>(
    context: &'a BTreeMap<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'a str> {
    let list = context.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}

/// A page of list memberships: identifiers only.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Members {
    pub(super) results: Vec<Member>,
    #[serde(default)]
    pub(super) paging: Option<Paging>,
}

/// One member of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Member {
    #[serde(deserialize_with = "text_or_number")]
    pub(super) record_id: String,
    pub(super) membership_timestamp: Option<String>,
}

/// The lists that some records are in.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Memberships {
    pub(super) results: Vec<Membership>,
}

/// The lists that a record is in.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Membership {
    #[serde(deserialize_with = "text_or_number")]
    pub(super) record_id: String,
    pub(super) record_list_memberships: Vec<InList>,
}

/// A list that a record is in.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct InList {
    #[serde(deserialize_with = "text_or_number")]
    pub(super) list_id: String,
}

/// A page of lists.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lists {
    #[serde(rename = "lists")]
    pub(super) found: Vec<List>,
    #[serde(default)]
    pub(super) has_more: bool,
    #[serde(default)]
    pub(super) offset: u64,
}

/// A list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct List {
    #[serde(rename = "listId", deserialize_with = "text_or_number")]
    pub(super) id: String,
    pub(super) name: String,
    pub(super) processing_type: String,
    pub(super) object_type_id: String,
    pub(super) additional_properties: BTreeMap<String, Value>,
}

impl List {
    /// A property of the list as a text.
    pub(super) fn additional(&self, name: &str) -> Option<String> {
        match self.additional_properties.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// What became of records that were put into a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Added {
    pub(super) record_ids_missing: Vec<Value>,
}

/// The properties of contacts.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Properties {
    pub(super) results: Vec<Property>,
}

/// One property.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the metadata's own flags, each asked for by name"
)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) label: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) field_type: String,
    pub(super) options: Vec<Choice>,
    pub(super) calculated: bool,
    pub(super) hidden: bool,
    pub(super) archived: bool,
    pub(super) hubspot_defined: bool,
    pub(super) external_options: bool,
    pub(super) modification_metadata: Option<Modification>,
}

/// Whether a property's values can be changed.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Modification {
    pub(super) read_only_value: bool,
}

/// One value of an enumeration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    pub(super) label: String,
    pub(super) value: String,
    pub(super) hidden: bool,
}

/// What a private app's token says of itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct AppToken {
    pub(super) hub_id: Option<u64>,
    pub(super) app_id: Option<u64>,
    pub(super) scopes: Option<Vec<String>>,
}

/// The account that a token belongs to.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Account {
    pub(super) portal_id: Option<u64>,
    pub(super) ui_domain: Option<String>,
}

fn text_or_number<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<String, D::Error> {
    match Value::deserialize(reader)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(serde::de::Error::custom("neither a text nor a number"))
        }
    }
}
