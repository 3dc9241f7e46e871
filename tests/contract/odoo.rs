//! Odoo 18 and 19, in front of the simulated one: a tag, and a saved filter.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use crmsync::connector::http::{Http, HttpSettings, Signing};
use crmsync::connector::kind::Handed;
use crmsync::connector::odoo::{Odoo, OdooSettings};
use crmsync::connector::{Cursor, Sink};
use crmsync::model::RemoteId;
use futures::FutureExt as _;
use serde_json::{Value, json};

use super::Contact;
use super::live::{self, Time};
use super::odoo_sim::{DATABASE, KEY, LOGIN, Mishap, Sim, World, lock};

pub(crate) const FIELDS: [&str; 4] = ["email", "name.given", "name.family", "phone"];

pub(crate) struct Subject {
    sim: Sim,
    /// The tag; none for a saved filter.
    tag: Option<i64>,
}

impl Subject {
    /// A profile of a tag.
    pub(crate) fn tag(version: u8) -> Self {
        let sim = Sim::start(version);
        let tag = lock(&sim.world).add_tag("Chosen");
        let tag = Some(tag);
        Self { sim, tag }
    }

    /// A profile of a saved filter: those of one city.
    pub(crate) fn filter(version: u8) -> Self {
        let sim = Sim::start(version);
        lock(&sim.world).add_filter("Chosen", "[('city', '=', 'Berlin')]");
        Self { sim, tag: None }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.sim.world)
    }

    fn create(&self, contact: Contact, listed: Value) -> RemoteId {
        let mut row = listed;
        row["email"] = json!(contact.email);
        row["name"] = json!(format!("{} {}", contact.given, contact.family));
        RemoteId::from(self.world().add(&row).to_string())
    }

    fn edit(&self, id: &RemoteId, row: &Value) {
        self.world().edit(number(id), row);
    }
}

fn number(id: &RemoteId) -> i64 {
    id.as_str().parse().unwrap()
}

/// The suite as it is run against a real server.
pub(crate) async fn as_if_live() {
    for version in [18, 19] {
        let sim = Sim::start(version);
        lock(&sim.world).add_tag("Chosen");
        let world = Arc::clone(&sim.world);
        let time = Time(Box::new(move |seconds| {
            lock(&world).skew += i64::try_from(seconds).unwrap();
            futures::future::ready(()).boxed()
        }));
        let told = [("view", "Chosen"), ("database", DATABASE), ("user", LOGIN)];
        let told = told.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let told = BTreeMap::from(told);
        let live = live::Subject::new(live::ODOO, &sim.endpoint(), KEY.to_owned(), told, time);
        live.suite().await;
        assert_eq!(lock(&sim.world).count(), 0, "{version}");
    }
}

#[async_trait]
impl super::Subject for Subject {
    fn fields(&self) -> [&'static str; 4] {
        FIELDS
    }

    fn connect(&self) -> Box<dyn Sink> {
        let key = Arc::new(Handed(KEY.into()));
        let http = Http::new(HttpSettings {
            wait_scale: 0.01,
            timeout: Duration::from_secs(10),
            ..HttpSettings::new("Odoo", Signing::Scheme("bearer"), key)
        });
        let settings = OdooSettings {
            endpoint: self.sim.endpoint(),
            database: DATABASE.to_owned(),
            user: Some(LOGIN.to_owned()),
            view: "Chosen".to_owned(),
            ..OdooSettings::default()
        };
        Box::new(Odoo::new(settings, http.unwrap()))
    }

    async fn add(&self, contact: Contact) -> RemoteId {
        let listed = match self.tag {
            Some(tag) => json!({"category_id": [[4, tag]]}),
            None => json!({"city": "Berlin"}),
        };
        self.create(contact, listed)
    }

    async fn add_outside(&self, contact: Contact) -> Option<RemoteId> {
        Some(self.create(contact, json!({"city": "Rome"})))
    }

    async fn edit(&self, id: &RemoteId, given: &str) {
        let name = self.world().shown(number(id))["name"].clone();
        let family = name
            .as_str()
            .unwrap()
            .rsplit(' ')
            .next()
            .unwrap()
            .to_owned();
        self.edit(id, &json!({"name": format!("{given} {family}")}));
    }

    async fn delete(&self, id: &RemoteId) {
        // Both count: one can be told, the other leaves no trace.
        match self.tag {
            Some(_) => self.world().archive(number(id)),
            None => self.world().unlink(number(id)),
        }
    }

    async fn take_out(&self, id: &RemoteId) -> bool {
        match self.tag {
            Some(tag) => self.edit(id, &json!({"category_id": [[3, tag]]})),
            None => self.edit(id, &json!({"city": "Rome"})),
        }
        true
    }

    async fn fill_unmapped(&self, id: &RemoteId) -> bool {
        self.edit(id, &json!({"ref": "Nick of hers"}));
        true
    }

    async fn has_unmapped(&self, id: &RemoteId) -> bool {
        self.world().shown(number(id))["ref"] == "Nick of hers"
    }

    async fn expired(&self, _cursor: &Cursor) -> Option<Cursor> {
        // Contacts are asked by the time of their change, and any time will do.
        None
    }

    async fn lose_an_answer(&self) -> bool {
        self.world().mishap("res.partner create", Mishap::Lost);
        true
    }

    async fn pass(&self, seconds: i64) {
        self.world().skew += seconds;
    }

    fn refused(&self) -> Option<String> {
        // Odoo's texts have no limit.
        None
    }
}
