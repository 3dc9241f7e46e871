//! The connector of `examples/new_connector.rs`.

use std::collections::BTreeMap;

use async_trait::async_trait;
use crmsync::connector::{Cursor, Sink};
use crmsync::model::RemoteId;

use super::Contact;
use super::new_connector::{CardBox, Connector, FIELDS};

pub(crate) struct Subject(CardBox);

impl Subject {
    pub(crate) fn new() -> Self {
        Self(CardBox::default())
    }

    fn change(&self, id: &RemoteId, name: &str, text: &str) {
        let mut values = self.0.get(id.as_str()).unwrap().values;
        values.insert(name.to_owned(), text.to_owned());
        self.0.put(Some(id.as_str()), values);
    }
}

#[async_trait]
impl super::Subject for Subject {
    fn fields(&self) -> [&'static str; 4] {
        FIELDS
    }

    fn connect(&self) -> Box<dyn Sink> {
        Box::new(Connector::new(self.0.clone()))
    }

    async fn add(&self, contact: Contact) -> RemoteId {
        let Contact {
            email,
            given,
            family,
        } = contact;
        let values = [("email", email), ("given", given), ("family", family)];
        let values: BTreeMap<String, String> = values
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        RemoteId::from(self.0.put(None, values))
    }

    async fn add_outside(&self, _contact: Contact) -> Option<RemoteId> {
        None
    }

    async fn edit(&self, id: &RemoteId, given: &str) {
        self.change(id, "given", given);
    }

    async fn delete(&self, id: &RemoteId) {
        self.0.remove(id.as_str());
    }

    async fn take_out(&self, _id: &RemoteId) -> bool {
        false
    }

    async fn fill_unmapped(&self, id: &RemoteId) -> bool {
        self.change(id, "pet", "Rex");
        true
    }

    async fn has_unmapped(&self, id: &RemoteId) -> bool {
        let card = self.0.get(id.as_str()).unwrap();
        card.values.get("pet").map(String::as_str) == Some("Rex")
    }

    async fn expired(&self, _cursor: &Cursor) -> Option<Cursor> {
        None
    }

    async fn lose_an_answer(&self) -> bool {
        false
    }

    async fn pass(&self, _seconds: i64) {}

    fn refused(&self) -> Option<String> {
        None
    }
}
