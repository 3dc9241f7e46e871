//! Both address books as a person would compare them: by e-mail address, field by field, read from
//! the sandbox's dump with code of the tests' own.

use std::collections::BTreeMap;

use serde_json::Value;

/// The mapped fields: what the CRM calls one, and how Google's is reached.
pub(crate) const FIELDS: [&str; 23] = [
    "Email",
    "First_Name",
    "Last_Name",
    "Phone",
    "Mobile",
    "Home_Phone",
    "Fax",
    "Secondary_Email",
    "Title",
    "Department",
    "Account_Name",
    "Mailing_Street",
    "Mailing_City",
    "Mailing_State",
    "Mailing_Zip",
    "Mailing_Country",
    "Other_Street",
    "Other_City",
    "Other_State",
    "Other_Zip",
    "Other_Country",
    "Date_of_Birth",
    "Description",
];

/// One contact on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Card {
    /// The resource name or record id.
    pub(crate) id: String,
    /// The mapped fields that are not empty, by the CRM's names; phones as digits.
    pub(crate) fields: BTreeMap<&'static str, String>,
    /// Google: the names of its labels. The CRM: nothing.
    pub(crate) labels: Vec<String>,
    /// What no mapping touches and must never change: foreign values and other people's data.
    pub(crate) foreign: String,
}

impl Card {
    /// The address that identifies it, or its id.
    pub(crate) fn key(&self) -> String {
        let email = self.fields.get("Email");
        email.map_or_else(|| self.id.clone(), |email| email.to_lowercase())
    }
}

/// Both address books, by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Books {
    /// Google's contacts.
    pub(crate) google: BTreeMap<String, Vec<Card>>,
    /// The CRM's records.
    pub(crate) crm: BTreeMap<String, Vec<Card>>,
}

impl Books {
    /// Reads a dump of both sides.
    pub(crate) fn read((google, crm): &(Value, Value)) -> Self {
        let mut groups = BTreeMap::new();
        for group in items(&google["groups"]) {
            groups.insert(string(&group["resourceName"]), string(&group["name"]));
        }
        let mut books = Self::default();
        for person in items(&google["contacts"]) {
            let card = of_google(person, &groups);
            books.google.entry(card.key()).or_default().push(card);
        }
        for record in items(&crm["contacts"]) {
            let card = of_crm(record);
            books.crm.entry(card.key()).or_default().push(card);
        }
        books
    }

    /// Who is there more than once.
    pub(crate) fn doubled(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (book, cards) in [("Google", &self.google), ("the CRM", &self.crm)] {
            for (key, cards) in cards {
                if cards.len() > 1 {
                    found.push(format!("{key} is there {} times in {book}", cards.len()));
                }
            }
        }
        found
    }

    /// Who of `keys` is missing on a side, or differs between the two in a mapped field.
    pub(crate) fn unequal<'a>(&self, keys: impl Iterator<Item = &'a String>) -> Vec<String> {
        let mut found = Vec::new();
        for key in keys {
            match (self.google.get(key), self.crm.get(key)) {
                (Some(google), Some(crm)) => {
                    for field in FIELDS {
                        let (google, crm) = (google[0].fields.get(field), crm[0].fields.get(field));
                        // The CRM's account is a lookup: it flows to Google only.
                        let told = field != "Account_Name" || crm.is_some();
                        if told && google != crm {
                            found.push(format!("{key}: {field} is {google:?} and {crm:?}"));
                        }
                    }
                }
                (None, Some(_)) => found.push(format!("{key} is not in Google")),
                (Some(_), None) => found.push(format!("{key} is not in the CRM")),
                (None, None) => found.push(format!("{key} is gone from both sides")),
            }
        }
        found
    }

    /// Which of `before`'s records are not here any more, or lost what no mapping touches.
    pub(crate) fn lost(&self, before: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for (book, now, was) in [
            ("Google", &self.google, &before.google),
            ("the CRM", &self.crm, &before.crm),
        ] {
            let by_id: BTreeMap<_, _> = now
                .values()
                .flatten()
                .map(|card| (&card.id, card))
                .collect();
            for card in was.values().flatten() {
                match by_id.get(&card.id) {
                    None => found.push(format!("{} ({}) is gone from {book}", card.key(), card.id)),
                    Some(now) if now.foreign != card.foreign => found.push(format!(
                        "{} in {book} had {} and has {}",
                        card.key(),
                        card.foreign,
                        now.foreign
                    )),
                    Some(_) => {}
                }
            }
        }
        found
    }

    /// The same without identifiers, which differ from one history to the next.
    pub(crate) fn nameless(&self) -> Self {
        let bare = |cards: &BTreeMap<String, Vec<Card>>| {
            let without = |card: &Card| Card {
                id: String::new(),
                ..card.clone()
            };
            let all = cards.iter();
            all.map(|(key, cards)| (key.clone(), cards.iter().map(without).collect()))
                .collect()
        };
        Self {
            google: bare(&self.google),
            crm: bare(&self.crm),
        }
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn of_google(person: &Value, groups: &BTreeMap<String, String>) -> Card {
    let typed = |list: &str, kind: &str| {
        let found = items(&person[list]).find(|item| item["type"] == kind);
        found.cloned().unwrap_or_default()
    };
    let first = |list: &str| {
        let work = items(&person[list]).find(|item| item["type"] == "work");
        work.or_else(|| items(&person[list]).next())
            .cloned()
            .unwrap_or_default()
    };
    let (work, home) = (typed("addresses", "work"), typed("addresses", "home"));
    let (name, job) = (first("names"), first("organizations"));
    let birthday = &first("birthdays")["date"];
    let mut card = Card {
        id: string(&person["resourceName"]),
        fields: BTreeMap::new(),
        labels: items(&person["memberships"])
            .map(|each| string(&each["contactGroupMembership"]["contactGroupResourceName"]))
            .map(|name| groups.get(&name).cloned().unwrap_or(name))
            .collect(),
        foreign: foreign(person),
    };
    card.labels.sort();
    let mut put = |field: &'static str, value: &Value| put(&mut card.fields, field, value);
    put("Email", &typed("emailAddresses", "work")["value"]);
    put("First_Name", &name["givenName"]);
    put("Last_Name", &name["familyName"]);
    put("Phone", &typed("phoneNumbers", "work")["value"]);
    put("Mobile", &typed("phoneNumbers", "mobile")["value"]);
    put("Home_Phone", &typed("phoneNumbers", "home")["value"]);
    put("Fax", &typed("phoneNumbers", "workFax")["value"]);
    put("Secondary_Email", &typed("emailAddresses", "home")["value"]);
    put("Title", &job["title"]);
    put("Department", &job["department"]);
    put("Account_Name", &job["name"]);
    for (prefix, address) in [("Mailing", &work), ("Other", &home)] {
        for (part, theirs) in [
            ("Street", "streetAddress"),
            ("City", "city"),
            ("State", "region"),
            ("Zip", "postalCode"),
            ("Country", "country"),
        ] {
            let field = format!("{prefix}_{part}");
            let field = FIELDS.iter().find(|known| **known == field).unwrap();
            put(field, &address[theirs]);
        }
    }
    if let (Some(year), Some(month), Some(day)) = (
        birthday["year"].as_u64(),
        birthday["month"].as_u64(),
        birthday["day"].as_u64(),
    ) {
        let date = format!("{year:04}-{month:02}-{day:02}");
        put("Date_of_Birth", &Value::from(date));
    }
    put("Description", &first("biographies")["value"]);
    card
}

fn of_crm(record: &Value) -> Card {
    let mut card = Card {
        id: string(&record["id"]),
        fields: BTreeMap::new(),
        labels: Vec::new(),
        foreign: string(&record["Lead_Source"]),
    };
    for field in FIELDS {
        let value = &record[field];
        let value = if field == "Account_Name" {
            &value["name"]
        } else {
            value
        };
        put(&mut card.fields, field, value);
    }
    card
}

fn put(fields: &mut BTreeMap<&'static str, String>, field: &'static str, value: &Value) {
    let text = string(value);
    let text = match field {
        "Phone" | "Mobile" | "Home_Phone" | "Fax" => {
            text.chars().filter(char::is_ascii_digit).collect()
        }
        _ => text.trim().to_owned(),
    };
    if !text.is_empty() {
        fields.insert(field, text);
    }
}

/// What a person has that no mapping of these tests touches.
fn foreign(person: &Value) -> String {
    let mut kept = Vec::new();
    for list in ["userDefined", "nicknames", "birthdays"] {
        for item in items(&person[list]) {
            if list != "birthdays" || item["date"]["year"].is_null() {
                kept.push(format!(
                    "{} {} {}",
                    item["key"], item["value"], item["date"]
                ));
            }
        }
    }
    for item in items(&person["clientData"]) {
        if item["key"] != "crmsync" {
            kept.push(format!("{} {}", item["key"], item["value"]));
        }
    }
    for item in items(&person["phoneNumbers"]) {
        if item["type"] == "Cabin" {
            kept.push(string(&item["value"]));
        }
    }
    kept.sort();
    kept.join(", ")
}
