//! Odoo, simulated.

#[allow(dead_code, reason = "shared with the connector's own tests")]
#[path = "../sim/odoo/mod.rs"]
mod sim;

use serde_json::json;

use crate::crm::Crm;
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
        let id = world.add(&json!({"name": format!("{given} {family}"), "email": email}));
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

    fn deny_creating(&self) {
        lock(&self.0.world).denied.insert("create");
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
