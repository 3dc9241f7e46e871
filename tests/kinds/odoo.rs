//! Odoo, simulated.

#[expect(dead_code, reason = "shared with the connector's own tests")]
#[path = "../sim/odoo/mod.rs"]
mod sim;

use serde_json::{Value, json};

use crate::crm::Crm;
use crate::promises::{ALL, profile, start, wrote_nothing};
use crate::support::{group_of, named, person};
use sim::{DATABASE, KEY, LOGIN, Mishap, Sim, lock};

pub(crate) struct Odoo(Sim);

impl Odoo {
    pub(crate) fn start(version: u8) -> Self {
        Self(Sim::start(version))
    }
}

fn number(id: &str) -> i64 {
    id.parse().unwrap()
}

impl Crm for Odoo {
    fn kind(&self) -> &'static str {
        "odoo"
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![
            ("crm.endpoint", self.0.endpoint()),
            ("crm.database", DATABASE.to_owned()),
            ("crm.user", LOGIN.to_owned()),
        ]
    }

    fn view(&self) -> &'static str {
        "All Contacts"
    }

    fn secret(&self) -> &'static str {
        KEY
    }

    fn key_field(&self) -> &'static str {
        "email"
    }

    fn add(&self, given: &str, family: &str, email: &str) -> String {
        let mut world = lock(&self.0.world);
        let name = format!("{given} {family}");
        let id = world.add(&json!({"name": name.trim(), "email": email}));
        world.tables.partners.get_mut(&id).unwrap().written -= 86_400_000_000;
        id.to_string()
    }

    fn rename(&self, id: &str, given: &str) {
        let mut world = lock(&self.0.world);
        let name = world.shown(number(id))["name"].as_str().unwrap().to_owned();
        let (_, family) = name.rsplit_once(' ').unwrap();
        world.edit(number(id), &json!({"name": format!("{given} {family}")}));
    }

    fn delete(&self, id: &str) {
        lock(&self.0.world).archive(number(id));
    }

    fn ids(&self, email: &str) -> Vec<String> {
        let found = lock(&self.0.world).by_address(email);
        found.iter().map(i64::to_string).collect()
    }

    fn given(&self, id: &str) -> String {
        let name = lock(&self.0.world).shown(number(id))["name"].clone();
        name.as_str()
            .unwrap()
            .rsplit_once(' ')
            .unwrap()
            .0
            .to_owned()
    }

    fn count(&self) -> usize {
        lock(&self.0.world).count()
    }

    fn lose_an_answer(&self) {
        lock(&self.0.world).mishap("res.partner create", Mishap::Lost);
    }

    fn hold_an_answer(&self) {
        lock(&self.0.world).mishap("res.partner create", Mishap::Held);
    }

    fn holds(&self) -> bool {
        lock(&self.0.world).held
    }

    fn deny_creating(&self) -> bool {
        lock(&self.0.world).denied.insert("create")
    }

    fn writes(&self) -> usize {
        let world = lock(&self.0.world);
        let changes = [
            "res.partner create",
            "res.partner write",
            "res.partner unlink",
        ];
        world
            .log
            .iter()
            .filter(|call| changes.contains(&call.as_str()))
            .count()
    }
}

/// What Google has as the given and the family name of someone.
fn names(google: &crate::support::Sandbox, email: &str) -> [String; 2] {
    let all = google.google_contacts();
    let name = &named(&all, email)["names"][0];
    ["givenName", "familyName"].map(|part| name[part].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_name_that_odoo_splits_elsewhere_is_left_alone_and_edited_as_a_whole() {
    for version in [18, 19] {
        let both = start(Odoo::start(version), &[]);
        let people = [
            ("Ana", "de la Cruz", "ana@example.com"),
            ("Prince", "", "prince@example.com"),
        ];
        for (given, family, email) in people {
            let mut one = person(given, family, email);
            if family.is_empty() {
                one["names"] = json!([{"givenName": given}]);
            }
            let new = both.google.add_google(&one);
            both.google.members(&both.group, &[&new], &[]);
            both.crm.add(given, family, email);
        }
        let first = both.home.synced(&["sales"]);
        let conflicts = first["conflicts"].to_string();
        for (_, _, email) in people {
            assert!(!conflicts.contains(email), "{first}");
        }
        assert_eq!(first["crm"]["updated"], json!(0), "{first}");
        assert_eq!(
            names(&both.google, "ana@example.com"),
            ["Ana", "de la Cruz"]
        );
        std::fs::remove_file(both.home.state()).unwrap();
        wrote_nothing(&both.home.synced(&["sales"]));
        // Google changes the second half, then Odoo the name.
        let ana = both.id("ana@example.com");
        let resource = both.resource("ana@example.com");
        let new = json!({"names": [{"givenName": "Ana", "familyName": "de la Vega"}]});
        both.google.edit_google(&resource, &new);
        both.home.synced(&["sales"]);
        let shown = |id: &str| lock(&both.crm.0.world).shown(number(id))["name"].clone();
        assert_eq!(shown(&ana), json!("Ana de la Vega"));
        assert_eq!(both.home.synced(&["sales"])["outcome"], json!("in-sync"));
        lock(&both.crm.0.world).edit(number(&ana), &json!({"name": "Ana de la Paz"}));
        both.home.synced(&["sales"]);
        assert_eq!(names(&both.google, "ana@example.com"), ["Ana de la", "Paz"]);
        assert_eq!(both.home.synced(&["sales"])["outcome"], json!("in-sync"));
        both.home.run(&["undo"]).exits(0);
        assert_eq!(
            names(&both.google, "ana@example.com"),
            ["Ana", "de la Vega"]
        );
        assert_eq!(names(&both.google, "prince@example.com"), ["Prince", ""]);
        assert_eq!(shown(&both.id("prince@example.com")), json!("Prince"));
    }
}

#[test]
fn what_was_unlinked_rests_as_vanished_and_what_lost_its_tag_leaves_the_label() {
    for version in [18, 19] {
        let both = start(Odoo::start(version), &[]);
        let tag = {
            let mut world = lock(&both.crm.0.world);
            let tag = world.add_tag("Newsletter");
            let all: Vec<i64> = world.tables.partners.keys().copied().collect();
            for id in all {
                world.edit(id, &json!({"category_id": [[4, tag]]}));
                world.tables.partners.get_mut(&id).unwrap().written -= 86_400_000_000;
            }
            tag
        };
        let tagged = [
            ("crm.view", "\"Newsletter\""),
            ("sync.on_delete", "\"delete\""),
        ];
        profile(&both.home, &both.crm, "sales", &tagged);
        both.home.synced(&["sales"]);
        both.everybody_once(ALL);
        let (gone, left) = (both.id("p14@example.com"), both.id("p15@example.com"));
        {
            let mut world = lock(&both.crm.0.world);
            let tags = |partner: &sim::Partner| partner.values["category_id"] == json!([tag]);
            assert!(
                world.tables.partners.values().all(tags),
                "those from Google too"
            );
            world.unlink(number(&gone));
            world.edit(number(&left), &json!({"category_id": [[3, tag]]}));
        }
        let report = both.home.synced(&["sales", "--full"]);
        assert_eq!(report["google"]["deleted"], json!(0), "{report}");
        assert_eq!(report["google"]["ungrouped"], json!(1), "{report}");
        let kinds: Vec<&Value> = report["notices"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["kind"])
            .collect();
        assert_eq!(kinds, [&json!("vanished")], "{report}");
        let google = both.google.google_contacts();
        assert_eq!(google.len(), ALL);
        assert!(group_of(named(&google, "P14@Example.com"), &both.group));
        assert!(!group_of(named(&google, "P15@Example.com"), &both.group));
    }
}
