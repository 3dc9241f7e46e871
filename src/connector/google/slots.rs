//! Field paths as places in a contact's lists: reading one value, and changing one value without
//! touching its neighbours.

use serde_json::{Value, json};

use super::item::Item;
use crate::mapping::{AddressPart, NamePart, OrganizationPart, Path};

/// Every list that a path can name, with its writable members after the discovery document. Each
/// is asked for by name, so that the metadata of every single value stays away.
pub(super) const LISTS: [(&str, &str); 14] = [
    (
        "names",
        "givenName,familyName,middleName,honorificPrefix,honorificSuffix,displayName,unstructuredName,\
         phoneticGivenName,phoneticFamilyName,phoneticMiddleName,phoneticFullName,\
         phoneticHonorificPrefix,phoneticHonorificSuffix",
    ),
    ("nicknames", "value,type"),
    ("emailAddresses", "value,type,displayName"),
    ("phoneNumbers", "value,type"),
    (
        "addresses",
        "type,formattedValue,poBox,streetAddress,extendedAddress,city,region,postalCode,country,countryCode",
    ),
    (
        "organizations",
        "name,title,department,type,current,startDate,endDate,jobDescription,domain,location,symbol,\
         phoneticName,costCenter,fullTimeEquivalentMillipercent",
    ),
    ("urls", "value,type"),
    ("imClients", "username,type,protocol"),
    ("relations", "person,type"),
    ("events", "date,type"),
    ("biographies", "value,contentType"),
    ("birthdays", "date,text"),
    ("userDefined", "key,value"),
    ("externalIds", "value,type"),
];

/// Members that say nothing once the value they describe is gone.
const HOLLOW: [&str; 4] = ["type", "current", "metadata", "contentType"];
/// Members that the server derives from the others, by list.
const DERIVED: [(&str, &[&str]); 3] = [
    (
        "names",
        &["unstructuredName", "displayName", "displayNameLastFirst"],
    ),
    ("addresses", &["formattedValue"]),
    ("phoneNumbers", &["canonicalForm"]),
];

/// A place in a contact's lists.
pub(super) struct Slot<'p> {
    /// The list.
    pub(super) list: &'static str,
    pick: Pick<'p>,
    member: &'static str,
    form: Form,
}

enum Pick<'p> {
    First,
    Typed(Option<&'p str>),
    Keyed(&'p str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The item is this value and what describes it.
    Text,
    /// The item has several values side by side.
    Part,
    /// A google.type.Date.
    Date,
}

/// What a slot holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Nothing.
    Blank,
    /// A text; dates as `YYYY-MM-DD`.
    Text(String),
    /// Something that a field cannot express (a birthday without its year), or of another type than
    /// the API promises.
    Unreadable,
}

/// A text that is no full date.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoDate;

impl<'p> Slot<'p> {
    /// The place that a path names.
    pub(super) fn of(path: &'p Path) -> Self {
        let typed = |list, kind: &'p Option<String>, member, form| Self {
            list,
            pick: Pick::Typed(kind.as_deref()),
            member,
            form,
        };
        let first = |list, member, form| Self {
            list,
            pick: Pick::First,
            member,
            form,
        };
        match path {
            Path::Name(part) => first("names", name_member(*part), Form::Part),
            Path::Nickname => first("nicknames", "value", Form::Text),
            Path::Email(kind) => typed("emailAddresses", kind, "value", Form::Text),
            Path::Phone(kind) => typed("phoneNumbers", kind, "value", Form::Text),
            Path::Url(kind) => typed("urls", kind, "value", Form::Text),
            Path::Im(kind) => typed("imClients", kind, "username", Form::Text),
            Path::Relation(kind) => typed("relations", kind, "person", Form::Text),
            Path::Event(kind) => typed("events", kind, "date", Form::Date),
            Path::Address(kind, part) => {
                typed("addresses", kind, address_member(*part), Form::Part)
            }
            Path::Organization(part) => Self {
                list: "organizations",
                pick: Pick::Typed(None),
                member: organization_member(*part),
                form: Form::Part,
            },
            Path::Birthday => first("birthdays", "date", Form::Date),
            Path::Note => first("biographies", "value", Form::Text),
            Path::Custom(key) => Self {
                list: "userDefined",
                pick: Pick::Keyed(key),
                member: "value",
                form: Form::Text,
            },
            Path::ExternalId(kind) => typed("externalIds", kind, "value", Form::Text),
        }
    }

    /// Which item it is: the first of the type; without a type the first of type `work`, else the
    /// first.
    pub(super) fn find(&self, items: &[Item]) -> Option<usize> {
        let of_type = |kind: &str| {
            items.iter().position(|item| {
                item.get("type")
                    .and_then(Value::as_str)
                    .is_some_and(|it| it.eq_ignore_ascii_case(kind))
            })
        };
        match self.pick {
            Pick::First => items.first().map(|_| 0),
            Pick::Typed(Some(kind)) => of_type(kind),
            Pick::Typed(None) => of_type("work").or_else(|| items.first().map(|_| 0)),
            Pick::Keyed(key) => items
                .iter()
                .position(|item| item.get("key").and_then(Value::as_str) == Some(key)),
        }
    }

    /// What it holds.
    pub(super) fn read(&self, items: &[Item]) -> Reading {
        // An item whose type is no text may be the one that is looked for.
        let named = |item: &Item| {
            let odd = |name| !matches!(item.get(name), None | Some(Value::Null | Value::String(_)));
            odd("type") || odd("key")
        };
        if items.iter().any(named) {
            return Reading::Unreadable;
        }
        let Some(item) = self.find(items).and_then(|at| items.get(at)) else {
            return Reading::Blank;
        };
        if self.form == Form::Date {
            return read_date(item, self.member);
        }
        match item.get(self.member) {
            Some(Value::String(text)) if !text.trim().is_empty() => Reading::Text(text.to_owned()),
            None | Some(Value::Null | Value::String(_)) => Reading::Blank,
            // Not what the API promises, so it says nothing; above all not that it was cleared.
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Reading::Unreadable
            }
        }
    }

    /// Puts a value there, or takes it away; every other item stays as and where it is.
    pub(super) fn write(&self, items: &mut Vec<Item>, text: Option<&str>) -> Result<(), NoDate> {
        let at = self.find(items);
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            if let Some(at) = at {
                self.clear(items, at);
            }
            return Ok(());
        };
        let value = if self.form == Form::Date {
            write_date(text)?
        } else {
            json!(text)
        };
        let at = at.unwrap_or_else(|| {
            items.push(self.fresh());
            items.len() - 1
        });
        if let Some(item) = items.get_mut(at) {
            self.drop_derived(item);
            item.insert(self.member, value);
        }
        Ok(())
    }

    fn clear(&self, items: &mut Vec<Item>, at: usize) {
        if self.form == Form::Part
            && let Some(item) = items.get_mut(at)
        {
            if item.remove(self.member).is_none() {
                return;
            }
            self.drop_derived(item);
            if item.members().any(|(name, _)| !HOLLOW.contains(&name)) {
                return;
            }
        }
        items.remove(at);
    }

    fn fresh(&self) -> Item {
        let mut item = Item::new();
        match self.pick {
            Pick::First => {
                if self.list == "biographies" {
                    item.insert("contentType", json!("TEXT_PLAIN"));
                }
            }
            Pick::Typed(kind) => {
                item.insert("type", json!(kind.unwrap_or("work")));
            }
            Pick::Keyed(key) => {
                item.insert("key", json!(key));
            }
        }
        item
    }

    fn drop_derived(&self, item: &mut Item) {
        for (list, members) in DERIVED {
            if list == self.list {
                for member in members {
                    item.remove(member);
                }
            }
        }
        if self.list == "birthdays" {
            item.remove("text");
        }
    }
}

/// Whether a member of a list's item is kept: not what the API marks as read-only or derives.
pub(super) fn kept(list: &str, member: &str) -> bool {
    !matches!(
        (list, member),
        (
            _,
            "metadata" | "formattedType" | "formattedProtocol" | "canonicalForm"
        ) | ("names", "displayName" | "displayNameLastFirst")
    )
}

fn read_date(item: &Item, member: &str) -> Reading {
    let Some(date) = item.get(member).and_then(Value::as_object) else {
        return if item.get("text").is_some() {
            Reading::Unreadable
        } else {
            Reading::Blank
        };
    };
    let part = |name: &str| date.get(name).and_then(Value::as_i64).unwrap_or(0);
    match (part("year"), part("month"), part("day")) {
        (0, 0, 0) => Reading::Blank,
        (year, month, day) if year > 0 && month > 0 && day > 0 => {
            Reading::Text(format!("{year:04}-{month:02}-{day:02}"))
        }
        _ => Reading::Unreadable,
    }
}

fn write_date(text: &str) -> Result<Value, NoDate> {
    let date = parse_date(text).ok_or(NoDate)?;
    Ok(json!({"year": date.year(), "month": date.month(), "day": date.day()}))
}

/// A full date as `YYYY-MM-DD`.
pub(super) fn parse_date(text: &str) -> Option<jiff::civil::Date> {
    let text = text.trim();
    if text.len() != 10 {
        return None;
    }
    text.parse::<jiff::civil::Date>()
        .ok()
        .filter(|date| date.year() > 0)
}

fn name_member(part: NamePart) -> &'static str {
    match part {
        NamePart::Given => "givenName",
        NamePart::Family => "familyName",
        NamePart::Middle => "middleName",
        NamePart::Prefix => "honorificPrefix",
        NamePart::Suffix => "honorificSuffix",
    }
}

fn address_member(part: AddressPart) -> &'static str {
    match part {
        AddressPart::Street => "streetAddress",
        AddressPart::Extended => "extendedAddress",
        AddressPart::City => "city",
        AddressPart::Region => "region",
        AddressPart::Postcode => "postalCode",
        AddressPart::Country => "country",
        AddressPart::CountryCode => "countryCode",
        AddressPart::PoBox => "poBox",
    }
}

fn organization_member(part: OrganizationPart) -> &'static str {
    match part {
        OrganizationPart::Name => "name",
        OrganizationPart::Title => "title",
        OrganizationPart::Department => "department",
    }
}
