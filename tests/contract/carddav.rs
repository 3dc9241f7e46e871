//! CardDAV, in front of Radicale and of Xandikos: servers that others wrote.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crmsync::connector::carddav::{Carddav, CarddavSettings};
use crmsync::connector::http::{Http, HttpSettings, Patience, Signing};
use crmsync::connector::kind::Handed;
use crmsync::connector::{Cursor, Sink};
use crmsync::model::RemoteId;
use futures::FutureExt as _;

use super::Contact;
use super::carddav_server::{Kind, PASSWORD, Server, USER};
use super::live::{self, Time};

/// A line that no pair maps.
const UNMAPPED: &str = "X-PET;TYPE=\"a,b\":Rex\\, the dog\r\n";

pub(crate) const FIELDS: [&str; 4] = ["EMAIL", "N.given", "N.family", "TEL.work"];

pub(crate) struct Subject(Server);

impl Subject {
    pub(crate) fn radicale() -> Self {
        Self(Server::start(Kind::Radicale))
    }

    pub(crate) fn xandikos() -> Self {
        Self(Server::start(Kind::Xandikos))
    }

    /// Changes the text of a card.
    fn change(&self, id: &RemoteId, change: impl FnOnce(&str) -> String) {
        let text = self.0.card(id.as_str()).unwrap();
        self.0.put(id.as_str(), &change(&text));
    }
}

/// The suite as it is run against a server of somebody's, with nothing but an address, a name and a
/// password.
pub(crate) async fn as_if_live() {
    for kind in Kind::BOTH {
        let server = Server::start(kind);
        let told = [("user", USER), ("view", server.book)];
        let told = told.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let time = Time(Box::new(|_| futures::future::ready(()).boxed()));
        let password = PASSWORD.to_owned();
        let live = live::Subject::new(live::CARDDAV, &server.root, password, told.into(), time);
        live.suite().await;
        assert!(server.names().is_empty(), "{kind:?}");
    }
}

#[async_trait]
impl super::Subject for Subject {
    fn fields(&self) -> [&'static str; 4] {
        FIELDS
    }

    fn connect(&self) -> Box<dyn Sink> {
        let password = Arc::new(Handed(PASSWORD.into()));
        let http = Http::new(HttpSettings {
            patience: Patience::new(Duration::ZERO),
            ..HttpSettings::new("CardDAV", Signing::Basic(USER.to_owned()), password)
        });
        let settings = CarddavSettings {
            endpoint: self.0.root.clone(),
            ..CarddavSettings::default()
        };
        Box::new(Carddav::new(settings, http.unwrap()))
    }

    async fn add(&self, contact: Contact) -> RemoteId {
        let Contact {
            email,
            given,
            family,
        } = contact;
        let name = format!("{}.vcf", given.to_lowercase());
        let card = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{email}\r\nFN:{given} {family}\r\n\
             N:{family};{given};;;\r\nEMAIL;TYPE=WORK:{email}\r\nEND:VCARD\r\n"
        );
        self.0.put(&name, &card);
        RemoteId::from(name)
    }

    async fn add_outside(&self, _contact: Contact) -> Option<RemoteId> {
        None
    }

    async fn edit(&self, id: &RemoteId, given: &str) {
        self.change(id, |text| {
            let line = text.lines().find(|line| line.starts_with("N:")).unwrap();
            let mut parts: Vec<&str> = line.split(';').collect();
            parts[1] = given;
            text.replace(line, &parts.join(";"))
        });
    }

    async fn delete(&self, id: &RemoteId) {
        self.0.delete(id.as_str());
    }

    async fn take_out(&self, _id: &RemoteId) -> bool {
        false
    }

    async fn fill_unmapped(&self, id: &RemoteId) -> bool {
        self.change(id, |text| {
            text.replace("END:VCARD", &format!("{UNMAPPED}END:VCARD"))
        });
        true
    }

    async fn has_unmapped(&self, id: &RemoteId) -> bool {
        self.0.card(id.as_str()).unwrap().contains("Rex\\, the dog")
    }

    async fn expired(&self, _cursor: &Cursor) -> Option<Cursor> {
        Some(Cursor(
            "token http://example.com/ns/sync/no-such-token".to_owned(),
        ))
    }

    async fn lose_an_answer(&self) -> bool {
        // Nobody stands between the connector and the server.
        false
    }

    async fn pass(&self, _seconds: i64) {}

    fn refused(&self) -> Option<String> {
        None
    }
}
