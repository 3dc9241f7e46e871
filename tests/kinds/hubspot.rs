//! HubSpot, simulated.

#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the connector's own tests"
)]
#[path = "../sim/hubspot/mod.rs"]
mod sim;

use serde_json::json;

use crate::crm::Crm;
use sim::{Mishap, Sim, TOKEN, lock, number};

const CREATE: &str = "POST /crm/v3/objects/contacts/batch/create";

pub(crate) struct HubSpot(Sim);

impl HubSpot {
    pub(crate) fn start() -> Self {
        Self(Sim::start())
    }
}

impl Crm for HubSpot {
    fn kind(&self) -> &'static str {
        "hubspot"
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("crm.endpoint", self.0.endpoint())]
    }

    fn view(&self) -> &'static str {
        "All contacts"
    }

    fn secret(&self) -> &'static str {
        TOKEN
    }

    fn key_field(&self) -> &'static str {
        "email"
    }

    fn add(&self, given: &str, family: &str, email: &str) -> String {
        let mut world = lock(&self.0.world);
        let id = world.add(&json!({"firstname": given, "lastname": family, "email": email}));
        world.contacts.get_mut(&number(&id)).unwrap().modified -= 86_400_000;
        id
    }

    fn rename(&self, id: &str, given: &str) {
        lock(&self.0.world).edit(id, &json!({"firstname": given}));
    }

    fn delete(&self, id: &str) {
        lock(&self.0.world).delete(id);
    }

    fn ids(&self, email: &str) -> Vec<String> {
        lock(&self.0.world).by_address(&email.to_lowercase())
    }

    fn given(&self, id: &str) -> String {
        lock(&self.0.world).property(id, "firstname")
    }

    fn count(&self) -> usize {
        lock(&self.0.world).count()
    }

    fn lose_an_answer(&self) {
        lock(&self.0.world).mishap(CREATE, Mishap::Lost);
    }

    fn hold_an_answer(&self) {
        lock(&self.0.world).mishap(CREATE, Mishap::Held);
    }

    fn holds(&self) -> bool {
        lock(&self.0.world).held
    }

    fn deny_creating(&self) -> bool {
        lock(&self.0.world)
            .scopes
            .remove("crm.objects.contacts.write")
    }

    fn writes(&self) -> usize {
        let world = lock(&self.0.world);
        let changes = [
            "/batch/create",
            "/batch/update",
            "/batch/archive",
            "/add",
            "/remove",
        ];
        let mut count = 0;
        for call in &world.log {
            count += usize::from(changes.iter().any(|end| call.ends_with(end)));
        }
        count
    }
}
