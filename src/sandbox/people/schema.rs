//! The messages of the People API, and what of a request body does not fit them.
//!
//! Names and types follow Google's discovery document for `people.v1`.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde_json::Value;

/// One message a line: `name` is text, `name:type` another type, `*` a list, `%` a map by text key, `!` read-only.
const MESSAGES: &str = "
Person addresses*:Address ageRange:AgeRange! ageRanges*:AgeRangeType! biographies*:Biography birthdays*:Birthday braggingRights*:Plain calendarUrls*:CalendarUrl clientData*:ClientData coverPhotos*:Photo! emailAddresses*:EmailAddress etag events*:Event externalIds*:ExternalId fileAses*:Plain genders*:Gender imClients*:ImClient interests*:Plain locales*:Plain locations*:Location memberships*:Membership metadata:PersonMetadata! miscKeywords*:MiscKeyword names*:Name nicknames*:Nickname occupations*:Plain organizations*:Organization phoneNumbers*:PhoneNumber photos*:Photo! relations*:Relation relationshipInterests*:Status2! relationshipStatuses*:Status2! residences*:Residence resourceName sipAddresses*:Typed skills*:Plain taglines*:Plain! urls*:Typed userDefined*:ClientData
Address city country countryCode extendedAddress formattedType! formattedValue metadata:FieldMetadata poBox postalCode region streetAddress type
AgeRangeType ageRange:AgeRange metadata:FieldMetadata
Biography contentType:ContentType metadata:FieldMetadata value
Birthday date:Date metadata:FieldMetadata text
CalendarUrl formattedType! metadata:FieldMetadata type url
ClientData key metadata:FieldMetadata value
EmailAddress displayName formattedType! metadata:FieldMetadata type value
Event date:Date formattedType! metadata:FieldMetadata type
ExternalId formattedType! metadata:FieldMetadata type value
Gender addressMeAs formattedValue! metadata:FieldMetadata value
ImClient formattedProtocol! formattedType! metadata:FieldMetadata protocol type username
Location buildingId current:bool deskCode floor floorSection metadata:FieldMetadata type value
Membership contactGroupMembership:ContactGroupMembership domainMembership:DomainMembership! metadata:FieldMetadata
PersonMetadata deleted:bool! linkedPeopleResourceNames*! objectType:ObjectType! previousResourceNames*! sources*:Source
MiscKeyword formattedType! metadata:FieldMetadata type:KeywordType value
Name displayName! displayNameLastFirst! familyName givenName honorificPrefix honorificSuffix metadata:FieldMetadata middleName phoneticFamilyName phoneticFullName phoneticGivenName phoneticHonorificPrefix phoneticHonorificSuffix phoneticMiddleName unstructuredName
Nickname metadata:FieldMetadata type:NicknameType value
Organization costCenter current:bool department domain endDate:Date formattedType! fullTimeEquivalentMillipercent:int jobDescription location metadata:FieldMetadata name phoneticName startDate:Date symbol title type
PhoneNumber canonicalForm! formattedType! metadata:FieldMetadata type value
Photo default:bool metadata:FieldMetadata url
Plain metadata:FieldMetadata value
Relation formattedType! metadata:FieldMetadata person type
Residence current:bool metadata:FieldMetadata value
Status2 formattedValue! metadata:FieldMetadata value
Typed formattedType! metadata:FieldMetadata type value
FieldMetadata primary:bool! source:Source sourcePrimary:bool verified:bool!
Date day:int month:int year:int
ContactGroupMembership contactGroupId! contactGroupResourceName
DomainMembership inViewerDomain:bool
Source etag id profileMetadata:ProfileMetadata! type:SourceType updateTime!
ProfileMetadata objectType:ObjectType! userTypes*!
ContactGroup clientData*:GroupClientData etag formattedName! groupType:GroupType! memberCount:int! memberResourceNames*! metadata:ContactGroupMetadata! name resourceName
GroupClientData key value
ContactGroupMetadata deleted:bool! updateTime!
BatchCreateContactsRequest contacts*:ContactToCreate readMask sources*:ReadSource
ContactToCreate contactPerson:Person
BatchUpdateContactsRequest contacts%:Person readMask sources*:ReadSource updateMask
BatchDeleteContactsRequest resourceNames*
CreateContactGroupRequest contactGroup:ContactGroup readGroupFields
UpdateContactGroupRequest contactGroup:ContactGroup readGroupFields updateGroupFields
ModifyContactGroupMembersRequest resourceNamesToAdd* resourceNamesToRemove*
ListConnectionsResponse connections*:Person nextPageToken nextSyncToken totalItems:int totalPeople:int
GetPeopleResponse responses*:PersonResponse
BatchCreateContactsResponse createdPeople*:PersonResponse
BatchUpdateContactsResponse updateResult%:PersonResponse
PersonResponse httpStatusCode:int person:Person requestedResourceName status:Status
Status code:int details*:Detail message
Detail
ListContactGroupsResponse contactGroups*:ContactGroup nextPageToken nextSyncToken totalItems:int
ModifyContactGroupMembersResponse canNotRemoveLastContactGroupResourceNames* notFoundResourceNames*
Empty
";

/// The enumerations: a name and its values.
const ENUMS: &str = "
AgeRange AGE_RANGE_UNSPECIFIED LESS_THAN_EIGHTEEN EIGHTEEN_TO_TWENTY TWENTY_ONE_OR_OLDER
ContentType CONTENT_TYPE_UNSPECIFIED TEXT_PLAIN TEXT_HTML
ObjectType OBJECT_TYPE_UNSPECIFIED PERSON PAGE
KeywordType TYPE_UNSPECIFIED OUTLOOK_BILLING_INFORMATION OUTLOOK_DIRECTORY_SERVER OUTLOOK_KEYWORD OUTLOOK_MILEAGE OUTLOOK_PRIORITY OUTLOOK_SENSITIVITY OUTLOOK_SUBJECT OUTLOOK_USER HOME WORK OTHER
NicknameType DEFAULT MAIDEN_NAME INITIALS GPLUS OTHER_NAME ALTERNATE_NAME SHORT_NAME
SourceType SOURCE_TYPE_UNSPECIFIED ACCOUNT PROFILE DOMAIN_PROFILE CONTACT OTHER_CONTACT DOMAIN_CONTACT
GroupType GROUP_TYPE_UNSPECIFIED USER_CONTACT_GROUP SYSTEM_CONTACT_GROUP
ReadSource READ_SOURCE_TYPE_UNSPECIFIED READ_SOURCE_TYPE_PROFILE READ_SOURCE_TYPE_CONTACT READ_SOURCE_TYPE_DOMAIN_CONTACT READ_SOURCE_TYPE_OTHER_CONTACT
";

/// How many values a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One value.
    Single,
    /// A list.
    List,
    /// A map by text key.
    Map,
}

/// What one value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text.
    Text,
    /// A truth value.
    Bool,
    /// A 32-bit number.
    Int,
    /// One of the named values.
    Enum(&'static str),
    /// A message of that name.
    Message(&'static str),
}

/// One field of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// How many values.
    pub(crate) shape: Shape,
    /// Of which kind.
    pub(crate) kind: Kind,
    /// Set by the server alone; what a client sends is ignored.
    pub(crate) read_only: bool,
}

type Message = BTreeMap<&'static str, Field>;

static ENUM_VALUES: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    ENUMS
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.collect()))
        })
        .collect()
});

static SCHEMA: LazyLock<HashMap<&'static str, Message>> = LazyLock::new(|| {
    MESSAGES
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.map(field_of).collect()))
        })
        .collect()
});

fn field_of(word: &'static str) -> (&'static str, Field) {
    let (word, read_only) = match word.strip_suffix('!') {
        Some(rest) => (rest, true),
        None => (word, false),
    };
    let (name, kind) = match word.split_once(':') {
        None => (word, Kind::Text),
        Some((name, "bool")) => (name, Kind::Bool),
        Some((name, "int")) => (name, Kind::Int),
        Some((name, other)) if ENUM_VALUES.contains_key(other) => (name, Kind::Enum(other)),
        Some((name, other)) => (name, Kind::Message(other)),
    };
    let (name, shape) = if let Some(name) = name.strip_suffix('*') {
        (name, Shape::List)
    } else if let Some(name) = name.strip_suffix('%') {
        (name, Shape::Map)
    } else {
        (name, Shape::Single)
    };
    (
        name,
        Field {
            shape,
            kind,
            read_only,
        },
    )
}

/// The fields of a message; none when there is no message of that name.
pub(crate) fn message(name: &str) -> Option<&'static BTreeMap<&'static str, Field>> {
    SCHEMA.get(name)
}

/// The message that an item of a Person's list is, for example `Name` for `names`.
pub(crate) fn item_message(person_field: &str) -> Option<&'static BTreeMap<&'static str, Field>> {
    match message("Person")?.get(person_field)?.kind {
        Kind::Message(name) => message(name),
        Kind::Text | Kind::Bool | Kind::Int | Kind::Enum(_) => None,
    }
}

/// What the server's JSON reader says about a body that does not fit: the place and the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// The path of the offending message, such as `person.names[0]`; empty at the top.
    pub(crate) field: String,
    /// The sentence.
    pub(crate) text: String,
}

/// Everything in `value` that does not fit the message; `place` is its path in the request.
pub(crate) fn misfits(name: &str, value: &Value, place: &str) -> Vec<Misfit> {
    let mut found = Vec::new();
    check_message(name, value, place, &mut found);
    found
}

fn invalid(place: &str, value: &Value, kind: &str, found: &mut Vec<Misfit>) {
    found.push(Misfit {
        field: place.to_owned(),
        text: format!("Invalid value at '{place}' ({kind}), {value}"),
    });
}

fn check_message(name: &str, value: &Value, place: &str, found: &mut Vec<Misfit>) {
    let Some(fields) = message(name) else { return };
    let Value::Object(entries) = value else {
        return invalid(
            place,
            value,
            &format!("type.googleapis.com/google.people.v1.{name}"),
            found,
        );
    };
    for (key, entry) in entries {
        let at = if place.is_empty() {
            key.clone()
        } else {
            format!("{place}.{key}")
        };
        match fields.get(key.as_str()) {
            None => {
                let where_ = if place.is_empty() {
                    String::new()
                } else {
                    format!(" at '{place}'")
                };
                found.push(Misfit {
                    field: place.to_owned(),
                    text: format!(
                        "Invalid JSON payload received. Unknown name \"{key}\"{where_}: Cannot find field."
                    ),
                });
            }
            Some(field) => check_field(*field, key, entry, &at, place, found),
        }
    }
}

fn check_field(
    field: Field,
    key: &str,
    entry: &Value,
    at: &str,
    parent: &str,
    found: &mut Vec<Misfit>,
) {
    if entry.is_null() {
        return;
    }
    let parent_text = if parent.is_empty() {
        String::new()
    } else {
        format!(" at '{parent}'")
    };
    let mut structural = |text: String| {
        found.push(Misfit {
            field: parent.to_owned(),
            text,
        });
    };
    match (field.shape, entry) {
        (Shape::List, Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                check_value(field.kind, item, &format!("{at}[{index}]"), found);
            }
        }
        (Shape::List, _) => structural(format!(
            "Invalid JSON payload received. Unknown name \"{key}\"{parent_text}: Proto field is repeating, cannot take a single value."
        )),
        (Shape::Map, Value::Object(entries)) => {
            for (name, item) in entries {
                check_value(field.kind, item, &format!("{at}[{name}].value"), found);
            }
        }
        (Shape::Map, _) => structural(format!(
            "Invalid JSON payload received. Unknown name \"{key}\"{parent_text}: Cannot bind a list to map for field '{key}'."
        )),
        (Shape::Single, Value::Array(_)) => structural(format!(
            "Invalid JSON payload received. Unknown name \"{key}\"{parent_text}: Proto field is not repeating, cannot start list."
        )),
        (Shape::Single, _) => check_value(field.kind, entry, at, found),
    }
}

fn check_value(kind: Kind, value: &Value, at: &str, found: &mut Vec<Misfit>) {
    match kind {
        Kind::Message("Detail") => {}
        Kind::Message(name) => check_message(name, value, at, found),
        Kind::Text => {
            if !value.is_string() {
                invalid(at, value, "TYPE_STRING", found);
            }
        }
        Kind::Bool => {
            if !value.is_boolean() {
                invalid(at, value, "TYPE_BOOL", found);
            }
        }
        Kind::Int => {
            let fits = value
                .as_i64()
                .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
                .is_some_and(|number| i32::try_from(number).is_ok());
            if !fits {
                invalid(at, value, "TYPE_INT32", found);
            }
        }
        Kind::Enum(name) => {
            let fits = value
                .as_str()
                .is_some_and(|text| ENUM_VALUES.get(name).is_some_and(|all| all.contains(&text)));
            if !fits {
                invalid(
                    at,
                    value,
                    &format!("type.googleapis.com/google.people.v1.{name}"),
                    found,
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_that_a_message_names_exists() {
        for (name, fields) in SCHEMA.iter() {
            for (field, shape) in fields {
                if let Kind::Message(other) = shape.kind {
                    assert!(message(other).is_some(), "{name}.{field}: {other}");
                }
            }
        }
    }

    #[test]
    fn a_fitting_person_passes() {
        let person = json!({"names":[{"givenName":"Ada"}],"birthdays":[{"date":{"year":1990,"month":1,"day":2}}],
            "metadata":{"sources":[{"type":"CONTACT","etag":"#x"}]}});
        assert_eq!(misfits("Person", &person, "person"), []);
    }

    #[test]
    fn flat_fields_unknown_names_and_wrong_types_are_named() {
        let person = json!({"givenName":"Ada","names":{"givenName":"Ada"},"emailAddresses":[{"value":5}],"etag":["x"]});
        let texts: Vec<_> = misfits("Person", &person, "person")
            .into_iter()
            .map(|misfit| misfit.text)
            .collect();
        assert_eq!(texts.len(), 4, "{texts:?}");
        assert!(
            texts
                .iter()
                .any(|text| text.contains("Unknown name \"givenName\" at 'person'"))
        );
        assert!(
            texts
                .iter()
                .any(|text| text.contains("person.emailAddresses[0].value"))
        );
    }

    #[test]
    fn a_list_where_a_map_is_wanted_is_named() {
        let body = json!({"contacts":[{"names":[]}],"updateMask":"names"});
        let found = misfits("BatchUpdateContactsRequest", &body, "");
        assert!(
            found[0].text.contains("Cannot bind a list to map"),
            "{found:?}"
        );
    }
}
