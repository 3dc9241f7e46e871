//! A stored contact as the API shows it: mask, sources, etags.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::mask::{Mask, Sources};
use super::store::{Record, Version, resource_name};

/// E-mail addresses and phones that a list shows of one person, at most.
const LISTED_ITEMS: usize = 100;

/// How a person is to be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// The fields.
    pub(crate) mask: Mask,
    /// The sources.
    pub(crate) sources: Sources,
    /// In a list, which cuts long fields.
    pub(crate) listed: bool,
    /// In a delta, which tells earlier names.
    pub(crate) delta: bool,
    /// Items in another order than stored.
    pub(crate) shuffled: bool,
}

/// The person's own etag: depends on the mask and holds the source's.
fn person_etag(mask: Mask, version: &Version) -> String {
    let mut bytes = mask.bits().to_be_bytes().to_vec();
    bytes.extend(version.source_etag().into_bytes());
    format!("%{}", STANDARD.encode(bytes))
}

/// The source etag inside a person etag of any mask.
pub(crate) fn source_etag_of(person_etag: &str) -> Option<String> {
    let bytes = STANDARD.decode(person_etag.strip_prefix('%')?).ok()?;
    String::from_utf8(bytes.get(4..)?.to_vec()).ok()
}

/// A live contact.
pub(crate) fn person(record: &Record, version: &Version, view: View) -> Value {
    let mut shown = Map::new();
    shown.insert(
        "resourceName".to_owned(),
        json!(resource_name(record.number)),
    );
    shown.insert("etag".to_owned(), json!(person_etag(view.mask, version)));
    for path in view.mask.paths() {
        match path {
            "metadata" => {
                shown.insert(path.to_owned(), metadata(record, version, view));
            }
            "memberships" if view.sources.contact => {
                shown.insert(path.to_owned(), memberships(record, version));
            }
            "photos" if view.sources.contact => {
                let url = format!(
                    "https://photos.example.com/{:x}/s100/photo.jpg",
                    record.source_id
                );
                shown.insert(
                    path.to_owned(),
                    json!([{"metadata": super::normal::item_metadata(record.source_id, true),
                        "url": url, "default": true}]),
                );
            }
            _ => {
                if let Some(items) = field(record, version, path, view) {
                    shown.insert(path.to_owned(), items);
                }
            }
        }
    }
    Value::Object(shown)
}

fn field(record: &Record, version: &Version, path: &str, view: View) -> Option<Value> {
    let mut items = match version.fields.get(path) {
        Some(Value::Array(items)) if view.sources.contact => items.clone(),
        _ => Vec::new(),
    };
    if view.shuffled && items.len() > 1 {
        items.rotate_left(1);
    }
    if view.listed && matches!(path, "emailAddresses" | "phoneNumbers") {
        items.truncate(LISTED_ITEMS);
    }
    if view.sources.profile
        && let Some(Value::Array(of_profile)) = record.profile.get(path)
    {
        items.extend(of_profile.iter().cloned());
    }
    (!items.is_empty()).then_some(Value::Array(items))
}

fn metadata(record: &Record, version: &Version, view: View) -> Value {
    let mut sources = Vec::new();
    if view.sources.contact {
        sources.push(json!({
            "type": "CONTACT",
            "id": format!("{:x}", record.source_id),
            "etag": version.source_etag(),
            "updateTime": version.updated.to_string(),
        }));
    }
    if view.sources.profile && !record.profile.is_empty() {
        sources.push(json!({
            "type": "PROFILE",
            "id": profile_id(record),
            "etag": "#profile",
            "profileMetadata": {"objectType": "PERSON", "userTypes": ["GOOGLE_USER"]},
        }));
    }
    let mut shown = json!({"sources": sources, "objectType": "PERSON"});
    if view.delta && !record.previous.is_empty() {
        shown["previousResourceNames"] = earlier_names(record);
    }
    shown
}

fn earlier_names(record: &Record) -> Value {
    record
        .previous
        .iter()
        .map(|number| resource_name(*number))
        .collect()
}

/// The id of the linked profile.
pub(crate) fn profile_id(record: &Record) -> String {
    format!("1{:020}", record.source_id)
}

fn memberships(record: &Record, version: &Version) -> Value {
    let source = json!({"source": {"type": "CONTACT", "id": format!("{:x}", record.source_id)}});
    version
        .groups
        .iter()
        .map(|group| {
            json!({"metadata": source, "contactGroupMembership": {
                "contactGroupId": group,
                "contactGroupResourceName": format!("contactGroups/{group}"),
            }})
        })
        .collect()
}

/// A deleted contact, as a delta shows it.
pub(crate) fn tombstone(record: &Record, mask: Mask) -> Value {
    let mut shown = json!({
        "resourceName": resource_name(record.number),
        "etag": person_etag(mask, &record.current),
        "metadata": {"deleted": true},
    });
    if !record.previous.is_empty() {
        shown["metadata"]["previousResourceNames"] = earlier_names(record);
    }
    shown
}
