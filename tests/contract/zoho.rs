//! Zoho CRM, in front of the simulated one.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crmsync::connector::http::{Http, HttpSettings, Signing};
use crmsync::connector::kind::Handed;
use crmsync::connector::zoho::{Zoho, ZohoSettings};
use crmsync::connector::{Cursor, Sink};
use crmsync::model::RemoteId;
use crmsync::sandbox::{FaultKind, FaultRule, Options, Running, serve};
use serde_json::{Map, Value, json};

use super::Contact;

/// A list view of those whom this source brought.
const SOURCE: &str = "Partner";

pub(crate) struct Subject(Running);

impl Subject {
    pub(crate) async fn new() -> Self {
        let options = Options {
            contacts: 0,
            overlap: 0,
            ..Options::default()
        };
        let subject = Self(serve(options).await.unwrap());
        let criteria = json!({
            "comparator": "equal", "field": {"api_name": "Lead_Source"}, "value": SOURCE,
        });
        subject.admin(
            "view_create",
            &json!({"name": "Chosen", "criteria": criteria}),
        );
        subject
    }

    fn admin(&self, op: &str, body: &Value) {
        let world = self.0.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        world.zoho.admin(op, body, now).unwrap();
    }

    fn create(&self, contact: Contact, source: &str) -> RemoteId {
        let fields = json!({
            "Email": contact.email, "First_Name": contact.given, "Last_Name": contact.family,
            "Lead_Source": source,
        });
        let world = self.0.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        RemoteId::from(world.zoho.add_contact(object(&fields), now))
    }

    fn change(&self, id: &RemoteId, fields: &Value) {
        let world = self.0.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        assert!(world.zoho.edit_contact(id.as_str(), object(fields), now));
    }
}

fn object(json: &Value) -> Map<String, Value> {
    json.as_object().cloned().unwrap()
}

#[async_trait]
impl super::Subject for Subject {
    fn fields(&self) -> [&'static str; 4] {
        ["Email", "First_Name", "Last_Name", "Phone"]
    }

    fn connect(&self) -> Box<dyn Sink> {
        let tokens = Arc::new(Handed("sandbox-crm-token".into()));
        let http = Http::new(HttpSettings {
            wait_scale: 0.01,
            timeout: Duration::from_secs(10),
            ..HttpSettings::new("Zoho CRM", Signing::Scheme("Zoho-oauthtoken"), tokens)
        });
        let settings = ZohoSettings {
            endpoint: Some(format!("http://{}", self.0.address())),
            view: "Chosen".to_owned(),
            ..ZohoSettings::default()
        };
        Box::new(Zoho::new(settings, http.unwrap()))
    }

    async fn add(&self, contact: Contact) -> RemoteId {
        self.create(contact, SOURCE)
    }

    async fn add_outside(&self, contact: Contact) -> Option<RemoteId> {
        Some(self.create(contact, "Web"))
    }

    async fn edit(&self, id: &RemoteId, given: &str) {
        self.change(id, &json!({ "First_Name": given }));
    }

    async fn delete(&self, id: &RemoteId) {
        let world = self.0.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        assert!(world.zoho.delete_contact(id.as_str(), now));
    }

    async fn take_out(&self, id: &RemoteId) -> bool {
        self.change(id, &json!({"Lead_Source": "Web"}));
        true
    }

    async fn fill_unmapped(&self, id: &RemoteId) -> bool {
        self.change(id, &json!({"Department": "Nick's"}));
        true
    }

    async fn has_unmapped(&self, id: &RemoteId) -> bool {
        let dump = self.0.world().lock().unwrap().zoho.dump();
        let contacts = dump["contacts"].as_array().cloned().unwrap();
        contacts
            .iter()
            .any(|contact| contact["id"] == id.as_str() && contact["Department"] == "Nick's")
    }

    async fn expired(&self, _cursor: &Cursor) -> Option<Cursor> {
        // Deletions are told of for sixty days.
        let old = jiff::Timestamp::now().as_second() - 61 * 86_400;
        Some(Cursor(json!({"w": old, "mode": "coql"}).to_string()))
    }

    async fn lose_an_answer(&self) -> bool {
        let rule = FaultRule::new("zoho", "create", FaultKind::DropAfter).times(1);
        self.0.world().lock().unwrap().faults.add(rule);
        true
    }

    async fn pass(&self, seconds: i64) {
        let world = self.0.world();
        let passed = jiff::SignedDuration::from_secs(seconds);
        world.lock().unwrap().clock.advance(passed);
    }

    fn refused(&self) -> Option<String> {
        Some("x".repeat(200))
    }
}
