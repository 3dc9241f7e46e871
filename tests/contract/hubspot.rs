//! HubSpot, in front of the simulated one: a static list, a dynamic one, and all contacts.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use crmsync::connector::http::{Http, HttpSettings, Signing};
use crmsync::connector::hubspot::{HubSpot, HubSpotSettings};
use crmsync::connector::kind::Handed;
use crmsync::connector::{Cursor, Sink};
use crmsync::model::RemoteId;
use futures::FutureExt as _;
use serde_json::json;

use super::Contact;
use super::hubspot_sim::{Kind, Mishap, Sim, TOKEN, World, lock};
use super::live::{self, Time};

pub(crate) const FIELDS: [&str; 4] = ["email", "firstname", "lastname", "phone"];

/// What puts a contact into the dynamic list.
const STAGE: (&str, &str) = ("lifecyclestage", "customer");

pub(crate) struct Subject {
    sim: Sim,
    list: Option<String>,
    view: &'static str,
}

impl Subject {
    fn with(kind: Option<Kind>, view: &'static str) -> Self {
        let sim = Sim::start();
        let list = kind.map(|kind| lock(&sim.world).add_list(view, kind));
        Self { sim, list, view }
    }

    /// A profile of a static list.
    pub(crate) fn fixed() -> Self {
        Self::with(Some(Kind::Manual), "Newsletter")
    }

    /// A profile of a dynamic list.
    pub(crate) fn dynamic() -> Self {
        let kind = Kind::Dynamic(STAGE.0.to_owned(), STAGE.1.to_owned());
        Self::with(Some(kind), "Customers")
    }

    /// A profile of all contacts.
    pub(crate) fn everyone() -> Self {
        Self::with(None, "All contacts")
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.sim.world)
    }

    fn is_dynamic(&self) -> bool {
        self.view == "Customers"
    }

    fn create(&self, contact: Contact, stage: &str) -> String {
        self.world().add(&json!({
            "email": contact.email, "firstname": contact.given, "lastname": contact.family,
            STAGE.0: stage,
        }))
    }
}

/// The suite as it is run against a real account, on a static list and on all contacts.
pub(crate) async fn as_if_live() {
    for view in ["Newsletter", "All contacts"] {
        let sim = Sim::start();
        lock(&sim.world).add_list("Newsletter", Kind::Manual);
        let world = Arc::clone(&sim.world);
        let time = Time(Box::new(move |seconds| {
            lock(&world).skew += i64::try_from(seconds).unwrap() * 1000;
            futures::future::ready(()).boxed()
        }));
        let told = BTreeMap::from([("view".to_owned(), view.to_owned())]);
        let token = TOKEN.to_owned();
        let live = live::Subject::new(live::HUBSPOT, &sim.endpoint(), token, told, time);
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
        let token = Arc::new(Handed(TOKEN.into()));
        let http = Http::new(HttpSettings {
            wait_scale: 0.01,
            timeout: Duration::from_secs(10),
            ..HttpSettings::new("HubSpot", Signing::Scheme("Bearer"), token)
        });
        let settings = HubSpotSettings {
            endpoint: Some(self.sim.endpoint()),
            view: self.view.to_owned(),
            ..HubSpotSettings::default()
        };
        Box::new(HubSpot::new(settings, http.unwrap()))
    }

    async fn add(&self, contact: Contact) -> RemoteId {
        let id = self.create(contact, STAGE.1);
        if let Some(list) = self.list.as_ref().filter(|_| !self.is_dynamic()) {
            self.world().join(list, &id);
        }
        RemoteId::from(id)
    }

    async fn add_outside(&self, contact: Contact) -> Option<RemoteId> {
        self.list.as_ref()?;
        Some(RemoteId::from(self.create(contact, "lead")))
    }

    async fn edit(&self, id: &RemoteId, given: &str) {
        let change = json!({ "firstname": given });
        self.world().edit(id.as_str(), &change);
    }

    async fn delete(&self, id: &RemoteId) {
        self.world().delete(id.as_str());
    }

    async fn take_out(&self, id: &RemoteId) -> bool {
        let Some(list) = &self.list else {
            return false;
        };
        if self.is_dynamic() {
            self.world().edit(id.as_str(), &json!({ STAGE.0: "lead" }));
        } else {
            self.world().leave(list, id.as_str());
        }
        true
    }

    async fn fill_unmapped(&self, id: &RemoteId) -> bool {
        let further =
            json!({"jobtitle": "Nick of hers", "hs_additional_emails": "further@example.com"});
        self.world().edit(id.as_str(), &further);
        true
    }

    async fn has_unmapped(&self, id: &RemoteId) -> bool {
        let world = self.world();
        world.property(id.as_str(), "jobtitle") == "Nick of hers"
            && world.property(id.as_str(), "hs_additional_emails") == "further@example.com"
    }

    async fn expired(&self, _cursor: &Cursor) -> Option<Cursor> {
        // Deleted contacts stay readable for ninety days.
        let old = self.world().now() - 91 * 86_400_000;
        Some(Cursor(json!({ "w": old }).to_string()))
    }

    async fn lose_an_answer(&self) -> bool {
        let create = "POST /crm/v3/objects/contacts/batch/create";
        self.world().mishap(create, Mishap::Lost);
        true
    }

    async fn pass(&self, seconds: i64) {
        self.world().skew += seconds * 1000;
    }

    fn refused(&self) -> Option<String> {
        Some("x".repeat(70_000))
    }
}
