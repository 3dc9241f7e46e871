//! What people do: every act changes the sandbox and the model alike, and is written down.

use std::collections::BTreeSet;

use crmsync::sandbox::World;
use jiff::Timestamp;
use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde_json::{Map, Value, json};

use crate::oracle::{Bond, FIELDS, Fields, Half, Person, Rules, Side};

/// The lead sources that a view may show.
const LEADS: [&str; 4] = ["Partner", "Cold Call", "Trade Show", "Web Download"];
/// Fewer contacts than this, and newcomers are likelier.
const CROWD: usize = 60;

/// The two books, the model of them, and what has been done.
pub(crate) struct Town {
    pub(crate) chance: StdRng,
    pub(crate) rules: Rules,
    pub(crate) people: Vec<Person>,
    pub(crate) log: Vec<String>,
    pub(crate) round: usize,
    /// Whom earlier phases of the round have touched: what comes of two edits with a run between
    /// them depends on how far the run got.
    pub(crate) busy: BTreeSet<usize>,
    /// Whether the view was edited in this round.
    pub(crate) view_edited: bool,
    /// How many acts there were.
    pub(crate) acts: usize,
    fresh: usize,
}

/// The world at a moment.
pub(crate) struct Hands<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) now: Timestamp,
}

impl Hands<'_> {
    fn google(&mut self, op: &str, body: &Value) -> Value {
        self.world.google.admin(op, body, self.now).unwrap()
    }

    fn edit_google(&mut self, half: &Half, names: &[&'static str]) {
        let mut patch = Map::new();
        for name in names {
            let (list, items) = google_list(half, name);
            patch.insert(list.to_owned(), items);
        }
        let patch = Value::Object(patch);
        self.world
            .google
            .edit_contact(&half.id, &patch, self.now)
            .unwrap();
    }

    fn edit_crm(&mut self, half: &Half, names: &[&'static str]) {
        let fields = names
            .iter()
            .map(|name| ((*name).to_owned(), json!(half.fields.get(name))))
            .collect();
        assert!(self.world.zoho.edit_contact(&half.id, fields, self.now));
    }

    fn edit(&mut self, side: Side, half: &Half, names: &[&'static str]) {
        match side {
            Side::Google => self.edit_google(half, names),
            Side::Crm => self.edit_crm(half, names),
        }
    }

    fn add(&mut self, side: Side, half: &Half) -> String {
        match side {
            Side::Google => {
                let group = self.world.google.add_group("CRM", self.now);
                let mut person = json!({});
                for name in FIELDS {
                    let (list, items) = google_list(half, name);
                    person[list] = items;
                }
                let mut memberships = vec!["contactGroups/myContacts".to_owned()];
                memberships.extend(half.labelled.then_some(group));
                person["memberships"] = memberships
                    .iter()
                    .map(|name| json!({"contactGroupMembership": {"contactGroupResourceName": name}}))
                    .collect();
                self.world.google.add_contact(&person, self.now).unwrap()
            }
            Side::Crm => {
                let mut fields: Map<String, Value> = half
                    .fields
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), json!(value)))
                    .collect();
                fields.insert("Lead_Source".to_owned(), json!(half.lead));
                self.world.zoho.add_contact(fields, self.now)
            }
        }
    }

    fn delete(&mut self, side: Side, half: &Half) {
        assert!(match side {
            Side::Google => self.world.google.delete_contact(&half.id, self.now),
            Side::Crm => self.world.zoho.delete_contact(&half.id, self.now),
        });
    }

    fn label(&mut self, half: &Half) {
        let list = if half.labelled { "add" } else { "remove" };
        self.google("members", &json!({"group": "CRM", list: [half.id]}));
    }
}

/// The list of a Google contact that holds a field, with what it must hold now.
fn google_list(half: &Half, name: &str) -> (&'static str, Value) {
    let value = |name: &str| half.fields.get(name);
    let one = |item: Option<Value>| Value::from_iter(item);
    match name {
        "Email" => {
            let own = value("Email").into_iter().chain(&half.more);
            let item = |email: &String| json!({"value": email, "type": "work"});
            ("emailAddresses", own.map(item).collect())
        }
        "Last_Name" | "First_Name" => {
            let name = json!({"familyName": value("Last_Name"), "givenName": value("First_Name")});
            ("names", json!([name]))
        }
        "Title" => {
            let item = |title| json!({"title": title, "type": "work"});
            ("organizations", one(value("Title").map(item)))
        }
        "Mobile" => {
            let item = |phone| json!({"value": phone, "type": "mobile"});
            ("phoneNumbers", one(value("Mobile").map(item)))
        }
        "Mailing_City" => {
            let item = |city| json!({"city": city, "type": "work"});
            ("addresses", one(value("Mailing_City").map(item)))
        }
        "Description" => {
            let item = |note| json!({"value": note});
            ("biographies", one(value("Description").map(item)))
        }
        other => panic!("{other}"),
    }
}

impl Town {
    pub(crate) fn new(chance: StdRng, rules: Rules) -> Self {
        Self {
            chance,
            rules,
            people: Vec::new(),
            log: Vec::new(),
            round: 0,
            busy: BTreeSet::new(),
            view_edited: false,
            acts: 0,
            fresh: 0,
        }
    }

    pub(crate) fn say(&mut self, what: &str) {
        self.log.push(format!("round {}: {what}", self.round));
    }

    fn chances(&mut self, of: f64) -> bool {
        self.chance.random_bool(of)
    }

    fn side(&mut self) -> Side {
        if self.chances(0.5) {
            Side::Google
        } else {
            Side::Crm
        }
    }

    /// A value that nothing has yet, or one of a few that many have.
    fn value(&mut self, name: &'static str) -> String {
        self.fresh += 1;
        let number = if self.chances(0.2) { 7 } else { self.fresh };
        match name {
            "Email" => format!("p{}@example.com", self.fresh),
            "Last_Name" => format!("Family{number}"),
            "First_Name" => format!("Given{number}"),
            "Title" => format!("Title {number}"),
            "Mobile" => format!("+49 151 {:07}", 1_000_000 + number),
            "Mailing_City" => format!("Town {number}"),
            _ => format!("a note, the {number}th"),
        }
    }

    fn fields(&mut self) -> Fields {
        let mut fields = Fields::new();
        for name in FIELDS {
            if ["Email", "Last_Name"].contains(&name) || self.chances(0.6) {
                fields.insert(name, self.value(name));
            }
        }
        fields
    }

    fn fresh_half(&mut self, side: Side, fields: Fields, often: f64) -> Half {
        let lead = if self.chances(often) {
            let shown: Vec<_> = self.rules.view.iter().copied().collect();
            *shown.choose(&mut self.chance).unwrap()
        } else {
            LEADS[3]
        };
        let labelled = side == Side::Google && self.chances(often);
        Half {
            fields,
            labelled,
            lead: (side == Side::Crm).then_some(lead),
            ..Half::default()
        }
    }

    /// Some acts on people that no earlier phase has touched.
    pub(crate) fn day(&mut self, hands: &mut Hands<'_>, first_phase: bool) {
        let before = self.busy.clone();
        if first_phase && self.round > 1 && self.chances(0.15) {
            self.edit_view(hands);
        }
        let acts = self.chance.random_range(1..=8);
        for _ in 0..acts {
            let crowd = self
                .people
                .iter()
                .filter(|person| !person.is_gone())
                .count();
            let newcomer = if crowd < CROWD { 0.4 } else { 0.1 };
            if self.chances(newcomer) {
                self.newcomer(hands);
            } else if self.chances(0.12) {
                self.merge(hands, &before);
            } else {
                self.somebody(hands, &before);
            }
        }
    }

    /// The view shows two or three lead sources from now on.
    fn edit_view(&mut self, hands: &mut Hands<'_>) {
        let third = LEADS[2];
        if !self.rules.view.remove(third) {
            self.rules.view.insert(third);
        }
        let criteria = criteria(&self.rules);
        let body = json!({"name": "Ours", "criteria": criteria});
        hands
            .world
            .zoho
            .admin("view_edit", &body, hands.now)
            .unwrap();
        self.view_edited = true;
        let shown = |person: &Person| {
            let crm = person.crm.as_ref();
            crm.is_some_and(|crm| crm.lead == Some(third))
        };
        let moved = (0..self.people.len()).filter(|at| shown(&self.people[*at]));
        self.busy.extend(moved);
        self.acts += 1;
        let view = format!("the view shows {:?}", self.rules.view);
        self.say(&view);
    }

    /// Somebody new, on one side or on both.
    pub(crate) fn newcomer(&mut self, hands: &mut Hands<'_>) {
        let mut person = Person {
            google: None,
            crm: None,
            bond: Bond::Never,
            took_in: false,
        };
        let first = self.side();
        let fields = self.fields();
        let twin = self.chances(0.25);
        let mut half = self.fresh_half(first, fields.clone(), 0.85);
        half.id = hands.add(first, &half);
        *person.half_mut(first) = Some(half);
        if twin {
            let mut theirs = self.fields();
            theirs.insert("Email", fields["Email"].clone());
            for name in FIELDS {
                if self.chances(0.4)
                    && let Some(value) = fields.get(name)
                {
                    theirs.insert(name, value.clone());
                }
            }
            let mut half = self.fresh_half(first.other(), theirs, 0.85);
            half.id = hands.add(first.other(), &half);
            *person.half_mut(first.other()) = Some(half);
        }
        self.acts += 1;
        self.busy.insert(self.people.len());
        let said = format!("contact {} is new: {person:?}", self.people.len());
        self.say(&said);
        self.people.push(person);
    }

    fn choose(&mut self, before: &BTreeSet<usize>) -> Option<usize> {
        let free: Vec<usize> = (0..self.people.len())
            .filter(|at| !before.contains(at) && !self.people[*at].is_gone())
            .collect();
        free.choose(&mut self.chance).copied()
    }

    /// Something happens to one contact: edits, the label, the view, a delete, a new name, a return.
    fn somebody(&mut self, hands: &mut Hands<'_>, before: &BTreeSet<usize>) {
        let Some(at) = self.choose(before) else {
            return;
        };
        self.busy.insert(at);
        let mut person = self.people[at].clone();
        for side in Side::BOTH {
            if self.chances(0.45) {
                self.edit(hands, at, &mut person, side);
            }
        }
        let settled = !person.took_in && person.bond != Bond::Merged;
        if settled
            && self.chances(0.2)
            && let Some(google) = &mut person.google
        {
            google.labelled = !google.labelled;
            hands.label(google);
            let said = format!("contact {at}: label {}", google.labelled);
            self.say(&said);
        }
        if settled && self.chances(0.2) {
            let lead = *LEADS.choose(&mut self.chance).unwrap();
            if let Some(crm) = &mut person.crm {
                crm.lead = Some(lead);
                let fields = json!({"Lead_Source": lead}).as_object().unwrap().clone();
                assert!(hands.world.zoho.edit_contact(&crm.id, fields, hands.now));
                self.say(&format!("contact {at}: lead source {lead}"));
            }
        }
        if settled
            && self.chances(0.1)
            && let Some(google) = &mut person.google
        {
            let named = hands.google("rename", &json!({"id": google.id}));
            let name = named["resourceName"].as_str().unwrap();
            name.clone_into(&mut google.id);
            self.say(&format!("contact {at}: goes by {name} in Google"));
        }
        if person.bond == Bond::Ended && self.chances(0.3) {
            self.comeback(hands, at, &mut person);
        } else if settled && self.chances(0.2) {
            let side = self.side();
            let both = self.chances(0.15);
            for side in Side::BOTH.into_iter().filter(|each| both || *each == side) {
                if let Some(half) = person.half_mut(side).take() {
                    hands.delete(side, &half);
                    self.say(&format!("contact {at}: deleted in {side:?} ({})", half.id));
                }
            }
        }
        self.acts += 1;
        self.people[at] = person;
    }

    /// One to three fields are edited or cleared.
    fn edit(&mut self, hands: &mut Hands<'_>, at: usize, person: &mut Person, side: Side) {
        let address_stays = person.took_in || !matches!(person.bond, Bond::Linked(_));
        let mut names = BTreeSet::new();
        for _ in 0..self.chance.random_range(1..=3) {
            let name = *FIELDS.choose(&mut self.chance).unwrap();
            if name != "Email" || !address_stays {
                names.insert(name);
            }
        }
        let names: Vec<_> = names.into_iter().collect();
        if names.is_empty() || person.half(side).is_none() {
            return;
        }
        for name in &names {
            let may_clear = !["Email", "Last_Name"].contains(name);
            let value = (!may_clear || self.chances(0.75)).then(|| self.value(name));
            let Some(half) = person.half_mut(side) else {
                return;
            };
            self.say(&format!("contact {at}: {name} in {side:?} is {value:?}"));
            match value {
                Some(value) => half.fields.insert(name, value),
                None => half.fields.remove(name),
            };
        }
        if let Some(half) = person.half(side) {
            hands.edit(side, half, &names);
        }
    }

    /// The side that lost its record gets a new one with the same address.
    fn comeback(&mut self, hands: &mut Hands<'_>, at: usize, person: &mut Person) {
        let Some(lost) = Side::BOTH
            .into_iter()
            .find(|side| person.half(*side).is_none())
        else {
            return;
        };
        let mut fields = self.fields();
        if let Some(survivor) = person.half(lost.other()) {
            fields.insert("Email", survivor.fields["Email"].clone());
        }
        let mut half = self.fresh_half(lost, fields, 1.0);
        half.id = hands.add(lost, &half);
        self.say(&format!("contact {at}: back in {lost:?}: {half:?}"));
        *person.half_mut(lost) = Some(half);
    }

    /// Two linked Google contacts are merged. The older link keeps the merged contact.
    fn merge(&mut self, hands: &mut Hands<'_>, before: &BTreeSet<usize>) {
        let since = |person: &Person| match &person.bond {
            Bond::Linked(link) if link.awake && !person.took_in => {
                let (google, crm) = (person.google.as_ref()?, person.crm.as_ref()?);
                let labelled = google.labelled && google.more.is_empty();
                (labelled && self.rules.shows(crm)).then_some(link.since)
            }
            Bond::Never | Bond::Linked(_) | Bond::Ended | Bond::Merged => None,
        };
        let candidates: Vec<(usize, usize)> = (0..self.people.len())
            .filter(|at| !before.contains(at) && !self.busy.contains(at))
            .filter_map(|at| Some((at, since(&self.people[at])?)))
            .collect();
        let pick = |chance: &mut StdRng| candidates.choose(chance).copied();
        let (Some(one), Some(two)) = (pick(&mut self.chance), pick(&mut self.chance)) else {
            return;
        };
        if one.1 == two.1 {
            return;
        }
        let (older, younger) = if one.1 < two.1 {
            (one.0, two.0)
        } else {
            (two.0, one.0)
        };
        let (into, from) = if self.chances(0.5) {
            (older, younger)
        } else {
            (younger, older)
        };
        let (Some(kept), Some(lost)) = (
            self.people[into].google.clone(),
            self.people[from].google.clone(),
        ) else {
            return;
        };
        // Two values of one type would leave a second one behind, which no field of the mapping names.
        let twice = ["Title", "Mobile", "Mailing_City"]
            .iter()
            .any(|name| kept.fields.contains_key(name) && lost.fields.contains_key(name));
        if twice {
            return;
        }
        hands.google("merge", &json!({"into": kept.id, "from": lost.id}));
        let mut merged = kept;
        merged.more.push(lost.fields["Email"].clone());
        for (name, value) in &lost.fields {
            // Names are one value in Google: the survivor keeps its own.
            if !["First_Name", "Last_Name"].contains(name) {
                merged.fields.entry(name).or_insert(value.clone());
            }
        }
        if let (true, Bond::Linked(link)) = (into == younger, &mut self.people[older].bond) {
            // What the heir of a pair does not hold it never lost.
            link.base.retain(|name, _| merged.fields.contains_key(name));
        }
        self.people[older].google = Some(merged);
        self.people[older].took_in = true;
        self.people[younger].google = None;
        self.people[younger].bond = Bond::Merged;
        self.busy.extend([older, younger]);
        self.acts += 1;
        self.say(&format!(
            "Google merges contact {from} into {into}; {older} is the older link"
        ));
    }
}

/// The view's criteria.
pub(crate) fn criteria(rules: &Rules) -> Value {
    let shown: Vec<_> = rules.view.iter().collect();
    json!({"comparator": "in", "field": {"api_name": "Lead_Source"}, "value": shown})
}
