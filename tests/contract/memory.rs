//! The remotes in memory, well-behaved and odd.

use async_trait::async_trait;
use crmsync::connector::memory::{Absent, Behaviour, Server};
use crmsync::connector::{Batch, Cursor, Deletes, Ids, List, Lock, Lookup, Since, Sink, Stamp};
use crmsync::model::{RemoteId, Revisions, Side};

use super::Contact;

const CRM: [&str; 4] = ["email", "given", "family!", "phone"];
const GOOGLE: [&str; 4] = ["email.work", "name.given", "name.family", "phone.work"];
/// What no pair maps.
pub(crate) const UNMAPPED: &str = "nickname";

pub(crate) struct Subject {
    server: Server,
    fields: [&'static str; 4],
}

impl Subject {
    fn new(behaviour: Behaviour) -> Self {
        let fields = match behaviour.side {
            Side::Google => GOOGLE,
            Side::Crm => ["email", "given", "family", "phone"],
        };
        Self {
            server: Server::new(behaviour, 1_764_000_000),
            fields,
        }
    }

    /// A CRM with a feed of deletions.
    pub(crate) fn crm() -> Self {
        Self::new(Behaviour::of(Side::Crm, &CRM))
    }

    /// A CRM that takes a batch as a whole or not at all.
    pub(crate) fn whole() -> Self {
        let mut behaviour = Behaviour::of(Side::Crm, &CRM);
        behaviour.capabilities.batch = Batch::AllOrNothing;
        behaviour.capabilities.deletes = Deletes::FlagScan;
        behaviour.capabilities.ids = Ids::Local;
        behaviour.capabilities.since = Since::List;
        Self::new(behaviour)
    }

    /// A CRM that tells nothing of deletions.
    pub(crate) fn silent() -> Self {
        let mut behaviour = Behaviour::of(Side::Crm, &CRM);
        behaviour.capabilities.deletes = Deletes::SetDifference;
        behaviour.capabilities.lock = Lock::ReadCompare;
        behaviour.capabilities.batch = Batch::Single;
        behaviour.capabilities.list = List::Dynamic;
        behaviour.capabilities.lookup = Lookup::Late;
        behaviour.absent = Absent::Hidden;
        Self::new(behaviour)
    }

    /// A book that is the list, whose revisions follow from the content.
    pub(crate) fn book() -> Self {
        let mut behaviour = Behaviour::of(Side::Crm, &CRM);
        behaviour.capabilities.list = List::Everything;
        behaviour.capabilities.stamp = Stamp::Inside;
        behaviour.capabilities.lookup = Lookup::Scanned;
        behaviour.capabilities.ids = Ids::Local;
        behaviour.capabilities.revisions = Revisions::OfContent;
        Self::new(behaviour)
    }

    /// An account that is read as a whole and keeps stamps.
    pub(crate) fn google() -> Self {
        Self::new(Behaviour::of(Side::Google, &GOOGLE))
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    fn values(&self, contact: Contact) -> [(&'static str, &'static str); 3] {
        [
            (self.fields[0], contact.email),
            (self.fields[1], contact.given),
            (self.fields[2], contact.family),
        ]
    }
}

#[async_trait]
impl super::Subject for Subject {
    fn fields(&self) -> [&'static str; 4] {
        self.fields
    }

    fn connect(&self) -> Box<dyn Sink> {
        Box::new(self.server.connect())
    }

    async fn add(&self, contact: Contact) -> RemoteId {
        self.server.add(&self.values(contact), true)
    }

    async fn add_outside(&self, contact: Contact) -> Option<RemoteId> {
        if self.server.behaviour().capabilities.list == List::Everything {
            return None;
        }
        Some(self.server.add(&self.values(contact), false))
    }

    async fn edit(&self, id: &RemoteId, given: &str) {
        assert!(self.server.change(id, |row| {
            row.values
                .insert(self.fields[1].to_owned(), given.to_owned());
        }));
    }

    async fn delete(&self, id: &RemoteId) {
        assert!(self.server.delete(id));
    }

    async fn take_out(&self, id: &RemoteId) -> bool {
        self.server.behaviour().capabilities.list != List::Everything
            && self.server.change(id, |row| row.listed = false)
    }

    async fn fill_unmapped(&self, id: &RemoteId) -> bool {
        self.server.change(id, |row| {
            row.values.insert(UNMAPPED.to_owned(), "Nick".to_owned());
        })
    }

    async fn has_unmapped(&self, id: &RemoteId) -> bool {
        let row = self.server.row(id).unwrap();
        row.values.get(UNMAPPED).map(String::as_str) == Some("Nick")
    }

    async fn expired(&self, cursor: &Cursor) -> Option<Cursor> {
        self.server.expire_cursors();
        Some(cursor.clone())
    }

    async fn lose_an_answer(&self) -> bool {
        self.server.lose_answers(1);
        true
    }

    async fn pass(&self, seconds: i64) {
        self.server.pass(seconds);
    }

    fn refused(&self) -> Option<String> {
        Some("x".repeat(201))
    }
}
