//! Google, in front of the simulated People API.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crmsync::connector::google::{Google, GoogleSettings};
use crmsync::connector::http::{Http, HttpSettings, Patience, Signing};
use crmsync::connector::kind::Handed;
use crmsync::connector::{Cursor, Sink};
use crmsync::model::RemoteId;
use crmsync::sandbox::{FIXED_TOKEN, FaultKind, FaultRule, Options, Running, serve};
use serde_json::{Value, json};

use super::Contact;

const GROUP: &str = "CRM";

pub(crate) struct Subject(Running);

impl Subject {
    pub(crate) async fn new() -> Self {
        let options = Options {
            contacts: 0,
            overlap: 0,
            ..Options::default()
        };
        let subject = Self(serve(options).await.unwrap());
        // The label is there before anybody is in it.
        let _list = subject.admin("groups", &json!({ "name": GROUP }));
        subject
    }

    fn admin(&self, op: &str, body: &Value) -> Value {
        let world = self.0.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        world.google.admin(op, body, now).unwrap()
    }

    fn person(contact: Contact) -> Value {
        json!({
            "names": [{"givenName": contact.given, "familyName": contact.family}],
            "emailAddresses": [{"value": contact.email, "type": "work"}],
        })
    }

    fn member(&self, id: &RemoteId, list: &str) {
        let mut body = json!({ "group": GROUP });
        body[list] = json!([id.as_str()]);
        self.admin("members", &body);
    }

    fn change(&self, id: &RemoteId, fields: &Value) {
        let world = self.0.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        world.google.edit_contact(id.as_str(), fields, now).unwrap();
    }
}

#[async_trait]
impl super::Subject for Subject {
    fn fields(&self) -> [&'static str; 4] {
        ["Email", "First_Name", "Last_Name", "Phone"]
    }

    fn connect(&self) -> Box<dyn Sink> {
        let tokens = Arc::new(Handed(FIXED_TOKEN.into()));
        let http = Http::new(HttpSettings {
            patience: Patience::new(Duration::from_secs(600)),
            timeout: Duration::from_secs(10),
            wait_scale: 0.0,
            ..HttpSettings::new("Google", Signing::Scheme("Bearer"), tokens)
        });
        let settings = GoogleSettings {
            endpoint: format!("http://{}", self.0.address()),
            ..GoogleSettings::new(GROUP)
        };
        Box::new(Google::new(settings, http.unwrap()))
    }

    async fn add(&self, contact: Contact) -> RemoteId {
        let id = self.add_outside(contact).await.unwrap();
        self.member(&id, "add");
        id
    }

    async fn add_outside(&self, contact: Contact) -> Option<RemoteId> {
        let world = self.0.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        let id = world.google.add_contact(&Self::person(contact), now);
        Some(RemoteId::from(id.unwrap()))
    }

    async fn edit(&self, id: &RemoteId, given: &str) {
        let family = ["Birch", "Cedar"]
            .into_iter()
            .find(|family| self.is_called(id, family));
        let family = family.unwrap_or("Amber");
        self.change(
            id,
            &json!({"names": [{"givenName": given, "familyName": family}]}),
        );
    }

    async fn delete(&self, id: &RemoteId) {
        let world = self.0.world();
        let mut world = world.lock().unwrap();
        let now = world.clock.now();
        assert!(world.google.delete_contact(id.as_str(), now));
    }

    async fn take_out(&self, id: &RemoteId) -> bool {
        self.member(id, "remove");
        true
    }

    async fn fill_unmapped(&self, id: &RemoteId) -> bool {
        self.change(id, &json!({"nicknames": [{"value": "Nick of hers"}]}));
        true
    }

    async fn has_unmapped(&self, id: &RemoteId) -> bool {
        self.is_called(id, "Nick of hers")
    }

    async fn expired(&self, cursor: &Cursor) -> Option<Cursor> {
        // A sync token lives seven days.
        self.pass(8 * 86_400).await;
        Some(cursor.clone())
    }

    async fn lose_an_answer(&self) -> bool {
        let rule = FaultRule::new("google", "batchCreateContacts", FaultKind::DropAfter).times(1);
        self.0.world().lock().unwrap().faults.add(rule);
        true
    }

    async fn pass(&self, seconds: i64) {
        let world = self.0.world();
        let passed = jiff::SignedDuration::from_secs(seconds);
        world.lock().unwrap().clock.advance(passed);
    }

    fn refused(&self) -> Option<String> {
        None
    }
}

impl Subject {
    /// Whether the contact's JSON holds a text.
    fn is_called(&self, id: &RemoteId, text: &str) -> bool {
        let dump = self.0.world().lock().unwrap().google.dump();
        let contacts = dump["contacts"].as_array().cloned().unwrap();
        contacts.iter().any(|contact| {
            contact["resourceName"] == id.as_str() && contact.to_string().contains(text)
        })
    }
}
