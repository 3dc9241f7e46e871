//! Field paths as places in a contact's lists: reading one value, and changing one value without
//! touching its neighbours.

use std::borrow::Cow;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::item::Item;
use super::text::Told;
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

/// The places of lists in [`LISTS`].
pub(super) const NAMES: usize = 0;
pub(super) const NICKNAMES: usize = 1;
pub(super) const EMAILS: usize = 2;
pub(super) const PHONES: usize = 3;
pub(super) const ADDRESSES: usize = 4;
pub(super) const ORGANIZATIONS: usize = 5;
pub(super) const URLS: usize = 6;
pub(super) const CHATS: usize = 7;
pub(super) const RELATIONS: usize = 8;
pub(super) const EVENTS: usize = 9;
pub(super) const NOTES: usize = 10;
pub(super) const BIRTHDAYS: usize = 11;
pub(super) const CUSTOM: usize = 12;
pub(super) const EXTERNAL_IDS: usize = 13;

/// The lists in the order of their names.
pub(super) const SORTED: [usize; LISTS.len()] = [
    ADDRESSES,
    NOTES,
    BIRTHDAYS,
    EMAILS,
    EVENTS,
    EXTERNAL_IDS,
    CHATS,
    NAMES,
    NICKNAMES,
    ORGANIZATIONS,
    PHONES,
    RELATIONS,
    URLS,
    CUSTOM,
];

/// The place of each list in [`SORTED`].
pub(super) const RANKS: [usize; LISTS.len()] = {
    let mut ranks = [0; LISTS.len()];
    let mut rank = 0;
    while rank < ranks.len() {
        ranks[SORTED[rank]] = rank;
        rank += 1;
    }
    ranks
};

/// Members that say nothing once the value they describe is gone.
pub(super) const HOLLOW: [&str; 4] = ["type", "current", "metadata", "contentType"];
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
    /// The place of the list in [`LISTS`].
    pub(super) at: usize,
    /// Which of its items.
    pub(super) pick: Pick<'p>,
    /// Which member of the item.
    pub(super) member: &'static str,
    /// What the member is.
    pub(super) form: Form,
}

/// An item of a list.
#[derive(Clone, Copy)]
pub(super) enum Pick<'p> {
    /// The first one.
    First,
    /// The first one of this type; without a type see [`Slot::find`].
    Typed(Option<&'p str>),
    /// The first one with this key.
    Keyed(&'p str),
}

/// What a member is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The item is this value and what describes it.
    Text,
    /// The item has several values side by side.
    Part,
    /// A google.type.Date.
    Date,
}

/// What a slot holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading<'i> {
    /// Nothing.
    Blank,
    /// A text; dates as `YYYY-MM-DD`.
    Text(Cow<'i, str>),
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
        let slot = |at: usize, pick, member, form| Self {
            list: LISTS[at].0,
            at,
            pick,
            member,
            form,
        };
        let typed = |at, kind: &'p Option<String>, member, form| {
            slot(at, Pick::Typed(kind.as_deref()), member, form)
        };
        let first = |at, member, form| slot(at, Pick::First, member, form);
        match path {
            Path::Name(part) => first(NAMES, name_member(*part), Form::Part),
            Path::Nickname => first(NICKNAMES, "value", Form::Text),
            Path::Email(kind) => typed(EMAILS, kind, "value", Form::Text),
            Path::Phone(kind) => typed(PHONES, kind, "value", Form::Text),
            Path::Url(kind) => typed(URLS, kind, "value", Form::Text),
            Path::Im(kind) => typed(CHATS, kind, "username", Form::Text),
            Path::Relation(kind) => typed(RELATIONS, kind, "person", Form::Text),
            Path::Event(kind) => typed(EVENTS, kind, "date", Form::Date),
            Path::Address(kind, part) => typed(ADDRESSES, kind, address_member(*part), Form::Part),
            Path::Organization(part) => slot(
                ORGANIZATIONS,
                Pick::Typed(None),
                organization_member(*part),
                Form::Part,
            ),
            Path::Birthday => first(BIRTHDAYS, "date", Form::Date),
            Path::Note => first(NOTES, "value", Form::Text),
            Path::Custom(key) => slot(CUSTOM, Pick::Keyed(key), "value", Form::Text),
            Path::ExternalId(kind) => typed(EXTERNAL_IDS, kind, "value", Form::Text),
        }
    }

    /// Which item it is: the first of the type; without a type the first of type `work`, else the
    /// first.
    pub(super) fn find(&self, items: &[Item<'_>]) -> Option<usize> {
        let of_type = |kind: &str| {
            items.iter().position(|item| {
                item.text("type")
                    .is_some_and(|it| it.eq_ignore_ascii_case(kind))
            })
        };
        match self.pick {
            Pick::First => items.first().map(|_| 0),
            Pick::Typed(Some(kind)) => of_type(kind),
            Pick::Typed(None) => of_type("work").or_else(|| items.first().map(|_| 0)),
            Pick::Keyed(key) => items.iter().position(|item| item.text("key") == Some(key)),
        }
    }

    /// What it holds in a list of clear items.
    pub(super) fn read<'i>(&self, items: &'i [Item<'_>]) -> Reading<'i> {
        let Some(item) = self.find(items).and_then(|at| items.get(at)) else {
            return Reading::Blank;
        };
        if self.form == Form::Date {
            return read_date(item, self.member);
        }
        match item.get(self.member) {
            Some(Told::Text(text)) if !text.chars().all(char::is_whitespace) => {
                Reading::Text(Cow::Borrowed(text))
            }
            None | Some(Told::Text(_) | Told::Other(Value::Null)) => Reading::Blank,
            // Not what the API promises, so it says nothing; above all not that it was cleared.
            Some(Told::Other(_)) => Reading::Unreadable,
        }
    }

    /// Puts a value there, or takes it away; every other item stays as and where it is.
    pub(super) fn write(
        &self,
        items: &mut Vec<Item<'_>>,
        text: Option<&str>,
    ) -> Result<(), NoDate> {
        let at = self.find(items);
        let Some(text) = text.filter(|text| !text.chars().all(char::is_whitespace)) else {
            if let Some(at) = at {
                self.clear(items, at);
            }
            return Ok(());
        };
        let value = if self.form == Form::Date {
            let date = parse_date(text).ok_or(NoDate)?;
            Told::Other(json!({"year": date.year(), "month": date.month(), "day": date.day()}))
        } else {
            owned(text)
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

    fn clear(&self, items: &mut Vec<Item<'_>>, at: usize) {
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

    /// A new item, which says only what it is found by.
    fn fresh(&self) -> Item<'static> {
        let mut item = Item::new();
        if let Some((name, text)) = self.mark() {
            item.insert(name, owned(text));
        }
        item
    }

    /// What a new item says besides its value.
    pub(super) fn mark(&self) -> Option<(&'static str, &'p str)> {
        match self.pick {
            Pick::First => (self.at == NOTES).then_some(("contentType", "TEXT_PLAIN")),
            Pick::Typed(kind) => Some(("type", kind.unwrap_or("work"))),
            Pick::Keyed(key) => Some(("key", key)),
        }
    }

    fn drop_derived(&self, item: &mut Item<'_>) {
        for (list, members) in DERIVED {
            if list == self.list {
                for member in members {
                    item.remove(member);
                }
            }
        }
        if self.at == BIRTHDAYS {
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

fn owned(text: &str) -> Told<'static> {
    Told::Text(Cow::Owned(text.to_owned()))
}

fn read_date(item: &Item<'_>, member: &str) -> Reading<'static> {
    let Some(Told::Other(Value::Object(date))) = item.get(member) else {
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
            Reading::Text(format!("{year:04}-{month:02}-{day:02}").into())
        }
        _ => Reading::Unreadable,
    }
}

/// A full date as `YYYY-MM-DD`.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let text = text.trim();
    if text.len() != 10 {
        return None;
    }
    text.parse::<Date>().ok().filter(|date| date.year() > 0)
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
