//! EspoCRM, in front of the simulated one: a target list, and all contacts.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use crmsync::connector::espocrm::{Espo, EspoSettings};
use crmsync::connector::http::{Http, HttpSettings, Signing};
use crmsync::connector::kind::Handed;
use crmsync::connector::{Cursor, Sink};
use crmsync::model::RemoteId;
use futures::FutureExt as _;
use serde_json::json;

use super::Contact;
use super::espocrm_sim::{KEY, Mishap, Sim, World, lock};
use super::live::{self, Time};

pub(crate) const FIELDS: [&str; 4] = [
    "emailAddress",
    "firstName",
    "lastName",
    "phoneNumber.Office",
];

pub(crate) struct Subject {
    sim: Sim,
    /// The target list; none for all contacts.
    list: Option<String>,
}

impl Subject {
    /// A profile of a target list.
    pub(crate) fn targets() -> Self {
        let sim = Sim::start();
        let list = lock(&sim.world).add_list("Newsletter");
        let list = Some(list);
        Self { sim, list }
    }

    /// A profile of all contacts.
    pub(crate) fn everyone() -> Self {
        let sim = Sim::start();
        Self { sim, list: None }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.sim.world)
    }

    fn create(&self, contact: Contact) -> String {
        self.world().add(&json!({
            "emailAddress": contact.email, "firstName": contact.given, "lastName": contact.family,
        }))
    }
}

/// The suite as it is run against a real server, on a target list and on all contacts.
pub(crate) async fn as_if_live() {
    for view in ["Newsletter", "All Contacts"] {
        let sim = Sim::start();
        lock(&sim.world).add_list("Newsletter");
        let world = Arc::clone(&sim.world);
        let time = Time(Box::new(move |seconds| {
            lock(&world).skew += i64::try_from(seconds).unwrap();
            futures::future::ready(()).boxed()
        }));
        let told = BTreeMap::from([("view".to_owned(), view.to_owned())]);
        let live = live::Subject::new(live::ESPOCRM, &sim.endpoint(), KEY.to_owned(), told, time);
        live.suite().await;
        assert_eq!(lock(&sim.world).count(), 0, "{view}");
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
            ..HttpSettings::new("EspoCRM", Signing::Header("x-api-key"), key)
        });
        let view = match &self.list {
            Some(_) => "Newsletter",
            None => "All Contacts",
        };
        let settings = EspoSettings {
            endpoint: self.sim.endpoint(),
            view: view.to_owned(),
            ..EspoSettings::default()
        };
        Box::new(Espo::new(settings, http.unwrap()))
    }

    async fn add(&self, contact: Contact) -> RemoteId {
        let id = self.create(contact);
        if let Some(list) = &self.list {
            let mut world = self.world();
            let (_, members) = world.lists.get_mut(list).unwrap();
            members.insert(id.clone());
        }
        RemoteId::from(id)
    }

    async fn add_outside(&self, contact: Contact) -> Option<RemoteId> {
        self.list.as_ref()?;
        Some(RemoteId::from(self.create(contact)))
    }

    async fn edit(&self, id: &RemoteId, given: &str) {
        self.world()
            .edit(id.as_str(), &json!({ "firstName": given }));
    }

    async fn delete(&self, id: &RemoteId) {
        self.world().delete(id.as_str());
    }

    async fn take_out(&self, id: &RemoteId) -> bool {
        let Some(list) = &self.list else {
            return false;
        };
        let mut world = self.world();
        let (_, members) = world.lists.get_mut(list).unwrap();
        members.remove(id.as_str())
    }

    async fn fill_unmapped(&self, id: &RemoteId) -> bool {
        self.world()
            .edit(id.as_str(), &json!({"description": "Nick of hers"}));
        true
    }

    async fn has_unmapped(&self, id: &RemoteId) -> bool {
        self.world().shown(id.as_str())["description"] == "Nick of hers"
    }

    async fn expired(&self, _cursor: &Cursor) -> Option<Cursor> {
        // Contacts are asked by the time of their change, and any time will do.
        None
    }

    async fn lose_an_answer(&self) -> bool {
        self.world().mishap("POST Contact", Mishap::Lost);
        true
    }

    async fn pass(&self, seconds: i64) {
        self.world().skew += seconds;
    }

    fn refused(&self) -> Option<String> {
        Some("x".repeat(101))
    }
}
