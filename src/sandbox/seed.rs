//! Made-up contacts to start with: the same for the same seed.

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value, json};

use super::World;

/// The label that part of the Google contacts carries, named like the documented example profile's.
const LABEL: &str = "CRM";
const OTHER_LABEL: &str = "Choir";

const GIVEN: [&str; 24] = [
    "Ada", "Bruno", "Chidi", "Dana", "Emil", "Farah", "Greta", "Hugo", "Ines", "Jonas", "Kaya",
    "Lena", "Mats", "Noor", "Olga", "Pavel", "Quinn", "Rosa", "Søren", "Tove", "Umar", "Vera",
    "Wanda", "Zoë",
];
const FAMILY: [&str; 24] = [
    "Abel",
    "Baker",
    "Castillo",
    "Dvořák",
    "Ekström",
    "Fischer",
    "Grant",
    "Holm",
    "Ito",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Okafor",
    "Petersen",
    "Quist",
    "Rossi",
    "Schäfer",
    "Tanaka",
    "Urban",
    "Vogel",
    "Weiss",
    "Young",
];
const FIRMS: [&str; 8] = [
    "Alder Works",
    "Birch & Co",
    "Cedar Labs",
    "Elm Logistics",
    "Fir Foods",
    "Hazel Print",
    "Juniper Tools",
    "Oak Travel",
];
const TITLES: [&str; 6] = [
    "Buyer",
    "Engineer",
    "Head of Sales",
    "Owner",
    "Planner",
    "Secretary",
];
const TOWNS: [(&str, &str); 5] = [
    ("Bremen", "28195"),
    ("Graz", "8010"),
    ("Hamburg", "20095"),
    ("Kiel", "24103"),
    ("Weimar", "99423"),
];

/// One made-up human.
struct Human {
    given: &'static str,
    family: &'static str,
    email: String,
    work: String,
    mobile: Option<String>,
    firm: &'static str,
    title: &'static str,
    town: (&'static str, &'static str),
    street: String,
}

impl Human {
    fn new(number: usize, chance: &mut StdRng) -> Self {
        let pick = |list: &[&'static str], chance: &mut StdRng| {
            list.choose(chance).copied().unwrap_or("Alex")
        };
        let given = pick(&GIVEN, chance);
        let family = pick(&FAMILY, chance);
        let ascii = |name: &str| -> String {
            name.to_lowercase()
                .chars()
                .filter(char::is_ascii_alphabetic)
                .collect()
        };
        let domain = if number.is_multiple_of(2) {
            "example.com"
        } else {
            "example.org"
        };
        Self {
            given,
            family,
            email: format!("{}.{}{number}@{domain}", ascii(given), ascii(family)),
            work: format!("+49 30 {:07}", 5_000_000 + number % 1_000_000),
            mobile: chance
                .random_bool(0.6)
                .then(|| format!("+49 151 {:07}", 1_000_000 + number % 9_000_000)),
            firm: pick(&FIRMS, chance),
            title: pick(&TITLES, chance),
            town: TOWNS.choose(chance).copied().unwrap_or(TOWNS[0]),
            street: format!(
                "{} Street {}",
                pick(&FAMILY, chance),
                chance.random_range(1..120)
            ),
        }
    }

    /// As Google has it: with what people add there over the years.
    fn person(&self, number: usize, groups: &[String; 2]) -> Value {
        let mut person = json!({
            "names": [{"givenName": self.given, "familyName": self.family}],
            "emailAddresses": [{"value": self.email, "type": "work"}],
            "phoneNumbers": [{"value": self.work, "type": "work"}],
            "organizations": [{"name": self.firm, "title": self.title, "type": "work"}],
        });
        let mut push = |field: &str, item: Value| {
            if let Some(list) = person.get_mut(field).and_then(Value::as_array_mut) {
                list.push(item);
            } else {
                person[field] = json!([item]);
            }
        };
        if let Some(mobile) = &self.mobile {
            push("phoneNumbers", json!({"value": mobile, "type": "mobile"}));
        }
        if number.is_multiple_of(5) {
            push(
                "emailAddresses",
                json!({"value": format!("private{number}@example.com"), "type": "home"}),
            );
            push(
                "phoneNumbers",
                json!({"value": format!("0{number:06}"), "type": "Cabin"}),
            );
        }
        if number.is_multiple_of(7) {
            push(
                "userDefined",
                json!({"key": "Shoe size", "value": (36 + number % 10).to_string()}),
            );
            push(
                "clientData",
                json!({"key": "otherapp", "value": format!("row-{number}")}),
            );
        }
        if number.is_multiple_of(4) {
            push(
                "addresses",
                json!({"type": "work", "streetAddress": self.street, "city": self.town.0, "postalCode": self.town.1, "country": "Germany"}),
            );
        }
        if number.is_multiple_of(9) {
            push(
                "birthdays",
                json!({"date": {"month": 1 + number % 12, "day": 1 + number % 28}}),
            );
            push("nicknames", json!({"value": format!("{}o", self.given)}));
        }
        let mut memberships = vec!["contactGroups/myContacts".to_owned()];
        if number % 10 < 8 {
            memberships.push(groups[0].clone());
        }
        if number.is_multiple_of(6) {
            memberships.push(groups[1].clone());
        }
        person["memberships"] = memberships
            .into_iter()
            .map(|name| json!({"contactGroupMembership": {"contactGroupResourceName": name}}))
            .collect();
        person
    }

    /// As the CRM has it.
    fn record(&self, number: usize) -> Map<String, Value> {
        let source = ["Advertisement", "Cold Call", "External Referral"][number % 3];
        let texts = [
            ("First_Name", Some(self.given)),
            ("Last_Name", Some(self.family)),
            ("Email", Some(self.email.as_str())),
            ("Phone", Some(self.work.as_str())),
            ("Mobile", self.mobile.as_deref()),
            ("Title", Some(self.title)),
            ("Account_Name", Some(self.firm)),
            ("Lead_Source", Some(source)),
            ("Mailing_Street", Some(self.street.as_str())),
            ("Mailing_City", Some(self.town.0)),
            ("Mailing_Zip", Some(self.town.1)),
            ("Mailing_Country", Some("Germany")),
        ];
        texts
            .into_iter()
            .filter_map(|(name, text)| Some((name.to_owned(), json!(text?))))
            .collect()
    }
}

/// Fills both sides: `overlap` people on both, the rest on one side only.
pub(super) fn fill(world: &mut World) {
    let options = world.options;
    let mut chance = StdRng::seed_from_u64(options.seed);
    let now = world.clock.now();
    let google = options.google.unwrap_or(options.contacts);
    let crm = options.crm.unwrap_or(options.contacts);
    let overlap = options.overlap.min(google).min(crm);
    if google + crm == 0 {
        return;
    }
    let old = now
        .checked_sub(SignedDuration::from_hours(24 * 30))
        .unwrap_or(now);
    let groups = [LABEL, OTHER_LABEL].map(|name| world.google.add_group(name, old));
    for number in 0..google + crm - overlap {
        let human = Human::new(number, &mut chance);
        let on_google = number < google;
        let on_crm = number < overlap || !on_google;
        if on_google {
            put_google(world, &human.person(number, &groups), old);
        }
        if on_crm {
            world.zoho.add_contact(human.record(number), old);
        }
    }
}

fn put_google(world: &mut World, person: &Value, at: Timestamp) {
    let added = world.google.add_contact(person, at);
    debug_assert!(added.is_ok(), "a seeded person is refused: {added:?}");
}
