//! EspoCRM, simulated.

#[expect(dead_code, reason = "shared with the connector's own tests")]
#[path = "../sim/espocrm/mod.rs"]
mod sim;

use serde_json::json;

use crate::crm::Crm;
use crate::promises::{ALL, profile, start};
use crate::support::{group_of, named};
use sim::{KEY, Mishap, Sim, lock};

pub(crate) struct Espo(Sim);

impl Espo {
    pub(crate) fn start() -> Self {
        Self(Sim::start())
    }
}

impl Crm for Espo {
    fn kind(&self) -> &'static str {
        "espocrm"
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("crm.endpoint", self.0.endpoint())]
    }

    fn view(&self) -> &'static str {
        "All Contacts"
    }

    fn secret(&self) -> &'static str {
        KEY
    }

    fn key_field(&self) -> &'static str {
        "emailAddress"
    }

    fn add(&self, given: &str, family: &str, email: &str) -> String {
        let mut world = lock(&self.0.world);
        let id = world.add(&json!({"firstName": given, "lastName": family, "emailAddress": email}));
        world.contacts.get_mut(&id).unwrap().modified -= 86_400;
        id
    }

    fn rename(&self, id: &str, given: &str) {
        lock(&self.0.world).edit(id, &json!({"firstName": given}));
    }

    fn delete(&self, id: &str) {
        lock(&self.0.world).delete(id);
    }

    fn ids(&self, email: &str) -> Vec<String> {
        let world = lock(&self.0.world);
        let there = world
            .contacts
            .keys()
            .filter(|id| !world.contacts[*id].deleted);
        let same = |id: &&String| {
            let first = world.shown(id)["emailAddress"].clone();
            first
                .as_str()
                .unwrap_or_default()
                .eq_ignore_ascii_case(email)
        };
        there.filter(same).cloned().collect()
    }

    fn given(&self, id: &str) -> String {
        let given = lock(&self.0.world).shown(id)["firstName"].clone();
        given.as_str().unwrap().to_owned()
    }

    fn count(&self) -> usize {
        lock(&self.0.world).count()
    }

    fn lose_an_answer(&self) {
        lock(&self.0.world).mishap("POST Contact", Mishap::Lost);
    }

    fn hold_an_answer(&self) {
        lock(&self.0.world).mishap("POST Contact", Mishap::Held);
    }

    fn holds(&self) -> bool {
        lock(&self.0.world).held
    }

    fn deny_creating(&self) -> bool {
        lock(&self.0.world).table["Contact"]["create"] = json!("no");
        true
    }

    fn writes(&self) -> usize {
        let world = lock(&self.0.world);
        world
            .log
            .iter()
            .filter(|call| !call.starts_with("GET "))
            .count()
    }
}

#[test]
fn what_was_deleted_is_told_from_what_left_the_target_list() {
    let both = start(Espo::start(), &[]);
    let list = {
        let mut world = lock(&both.crm.0.world);
        let list = world.add_list("Newsletter");
        let all = world.contacts.keys().cloned().collect();
        world.lists.get_mut(&list).unwrap().1 = all;
        list
    };
    let of_list = [
        ("crm.view", "\"Newsletter\""),
        ("sync.on_delete", "\"delete\""),
    ];
    profile(&both.home, &both.crm, "sales", &of_list);
    both.home.synced(&["sales"]);
    both.everybody_once(ALL);
    let (gone, left) = (both.id("p14@example.com"), both.id("p15@example.com"));
    {
        let mut world = lock(&both.crm.0.world);
        let members = &mut world.lists.get_mut(&list).unwrap().1;
        assert_eq!(members.len(), ALL, "those from Google too");
        members.remove(&gone);
        members.remove(&left);
        world.delete(&gone);
    }
    let report = both.home.synced(&["sales", "--full"]);
    assert_eq!(report["google"]["deleted"], json!(1), "{report}");
    assert_eq!(report["google"]["ungrouped"], json!(1), "{report}");
    let google = both.google.google_contacts();
    assert_eq!(google.len(), ALL - 1);
    assert!(!group_of(named(&google, "P15@Example.com"), &both.group));
}
