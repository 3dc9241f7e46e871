//! The suite against a real server that the environment names: opt-in, one kind at a time.
//!
//! `CRMSYNC_TEST_<KIND>_URL` is the server and `CRMSYNC_TEST_<KIND>_KEY` the key or password; every other
//! variable that begins like this is a key of the profile's `[crm]` (`CRMSYNC_TEST_CARDDAV_USER` is `user`,
//! `CRMSYNC_TEST_ESPOCRM_VIEW` is `view`). The list has to be empty, so that nothing of anybody's is
//! touched; it is empty again afterwards. The person at the server is another connector.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crmsync::connector::http::Patience;
use crmsync::connector::kind::{Handed, Opening};
use crmsync::connector::{Census, Cursor, Found, List, Sink, kinds, open};
use crmsync::model::{Change, Field, Key, Outcome, Record, RemoteId};
use crmsync::profile::Profile;
use futures::FutureExt as _;

use super::{ANN, BEN, Bench, CAT, Contact, GIVEN, PROMISES, key, stored, text};

/// A field that the connector under test does not map, and the person does.
const EXTRA: Field = Field(4);
const NICK: &str = "Nick of hers";

/// What the suite has to know of a kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Its word in profiles.
    pub(crate) name: &'static str,
    /// E-mail, given name, family name, phone.
    pub(crate) fields: [&'static str; 4],
    /// Another field that takes any text.
    pub(crate) extra: &'static str,
}

pub(crate) const ESPOCRM: Kind = Kind {
    name: "espocrm",
    fields: super::espocrm::FIELDS,
    extra: "description",
};

pub(crate) const HUBSPOT: Kind = Kind {
    name: "hubspot",
    fields: super::hubspot::FIELDS,
    extra: "jobtitle",
};

pub(crate) const CARDDAV: Kind = Kind {
    name: "carddav",
    fields: super::carddav::FIELDS,
    extra: "NICKNAME",
};

pub(crate) const ODOO: Kind = Kind {
    name: "odoo",
    fields: super::odoo::FIELDS,
    extra: "ref",
};

/// Runs the suite against the server that the environment names. Without one this fails: it is asked for
/// by name, and nothing ran.
pub(crate) async fn run(kind: Kind) {
    let begin = format!("CRMSYNC_TEST_{}_", kind.name.to_uppercase());
    let mut told: BTreeMap<String, String> = std::env::vars()
        .filter_map(|(name, value)| Some((name.strip_prefix(&begin)?.to_lowercase(), value)))
        .collect();
    let mut need = |name: &str| {
        let value = told.remove(&name.to_lowercase());
        let value = value.filter(|value| !value.is_empty());
        value.unwrap_or_else(|| {
            panic!("nothing ran against a real server: {begin}{name} is not set")
        })
    };
    let (url, secret) = (need("URL"), need("KEY"));
    let real = Time(Box::new(|seconds| {
        tokio::time::sleep(Duration::from_secs(seconds)).boxed()
    }));
    Subject::new(kind, &url, secret, told, real).suite().await;
}

/// How time passes there.
pub(crate) struct Time(
    pub(crate) Box<dyn Fn(u64) -> futures::future::BoxFuture<'static, ()> + Send + Sync>,
);

pub(crate) struct Subject {
    kind: Kind,
    profile: Profile,
    secret: String,
    time: Time,
}

impl Subject {
    pub(crate) fn new(
        kind: Kind,
        url: &str,
        secret: String,
        mut told: BTreeMap<String, String>,
        time: Time,
    ) -> Self {
        let usual = kinds().get(kind.name).unwrap().usual_list;
        let view = told.entry("view".to_owned());
        view.or_insert_with(|| usual.to_owned());
        let mut text = format!(
            "[google]\ngroup = \"CRM\"\n[crm]\nkind = {:?}\nendpoint = {url:?}\n",
            kind.name
        );
        for (key, value) in told {
            let plain = value.parse::<u64>().is_ok() || ["true", "false"].contains(&&*value);
            let value = if plain { value } else { format!("{value:?}") };
            text.push_str(&format!("{key} = {value}\n"));
        }
        let profile = Profile::parse(kinds(), "live", Path::new("live.toml"), &text);
        Self {
            kind,
            profile: profile.unwrap_or_else(|error| panic!("{error}\n{text}")),
            secret,
            time,
        }
    }

    /// Every promise in turn, the server left as it was after each.
    #[expect(
        clippy::print_stdout,
        reason = "who asks for a real server sees how it goes"
    )]
    pub(crate) async fn suite(&self) {
        let (here, _) = Bench::open(self).await.full().await;
        let listed = here.records.values().filter(|record| record.listed);
        assert_eq!(
            listed.count(),
            0,
            "nothing ran against a real server: the list `{}` is not empty",
            self.profile.crm.view
        );
        let hand = self.hand().await;
        let found = hand.sink.find(&addresses()).await.unwrap();
        assert!(
            found.is_empty(),
            "nothing ran against a real server: somebody has an address of the suite: {found:?}"
        );
        match hand.sink.capabilities().list {
            List::Everything | List::Static => {}
            List::Dynamic => panic!(
                "nothing ran against a real server: nobody can put a record into the list `{}`",
                self.profile.crm.view
            ),
        }
        for (name, promise) in PROMISES {
            let kept = AssertUnwindSafe(promise(self)).catch_unwind().await;
            self.clean().await;
            let word = if kept.is_ok() { "ok" } else { "FAILED" };
            println!("{} {name}: {word}", self.kind.name);
            if let Err(broken) = kept {
                std::panic::resume_unwind(broken);
            }
        }
    }

    /// A person's connector.
    async fn hand(&self) -> Bench {
        let [email, given, family, phone] = self.kind.fields;
        Bench::with(self, &[email, given, family, phone, self.kind.extra]).await
    }

    async fn record(&self, id: &RemoteId) -> (Bench, Record) {
        let hand = self.hand().await;
        let record = hand.get(id).await;
        (hand, record)
    }

    async fn put(&self, id: &RemoteId, field: Field, to: &str) {
        let (hand, record) = self.record(id).await;
        let outcomes = hand
            .write(vec![hand.update(&record, field, Some(to))])
            .await;
        assert_eq!(stored(&outcomes[0]), *id);
    }

    async fn ungroup(&self, hand: &Bench, id: &RemoteId) {
        let change = Change::Ungroup { id: id.clone() };
        let outcomes = hand.write(vec![hand.to("people/x", None, change)]).await;
        assert!(matches!(outcomes[0], Outcome::Done(_)), "{outcomes:?}");
    }

    /// Deletes what is in the list, and who has one of the suite's addresses.
    async fn clean(&self) {
        let hand = self.hand().await;
        let mut ours = hand.fetch(None, Census::No).await.records;
        ours.retain(|_, record| record.listed);
        let found = hand.sink.find(&addresses()).await.unwrap();
        ours.extend(found.into_iter().map(|record| (record.id.clone(), record)));
        for id in ours.into_keys() {
            let found = hand.sink.get(std::slice::from_ref(&id)).await.unwrap();
            if let Found::Here(record) = &found[0] {
                let outcomes = hand.write(vec![hand.remove(record)]).await;
                assert!(
                    matches!(outcomes[0], Outcome::Done(_) | Outcome::Gone),
                    "{id} is left behind: {outcomes:?}"
                );
            }
        }
    }
}

#[async_trait]
impl super::Subject for Subject {
    fn fields(&self) -> [&'static str; 4] {
        self.kind.fields
    }

    fn connect(&self) -> Box<dyn Sink> {
        let opening = Opening {
            tokens: Arc::new(Handed(self.secret.clone().into())),
            patience: Patience::new(Duration::from_secs(120)),
            timeout: None,
            mapped: self.kind.fields.map(str::to_owned).into(),
        };
        open(&self.profile.crm, opening).unwrap()
    }

    async fn add(&self, contact: Contact) -> RemoteId {
        let hand = self.hand().await;
        let outcomes = hand.write(vec![hand.create(contact)]).await;
        stored(&outcomes[0])
    }

    async fn add_outside(&self, contact: Contact) -> Option<RemoteId> {
        let hand = self.hand().await;
        if hand.sink.capabilities().list != List::Static {
            return None;
        }
        let outcomes = hand.write(vec![hand.create(contact)]).await;
        let id = stored(&outcomes[0]);
        self.ungroup(&hand, &id).await;
        Some(id)
    }

    async fn edit(&self, id: &RemoteId, given: &str) {
        self.put(id, GIVEN, given).await;
    }

    async fn delete(&self, id: &RemoteId) {
        let (hand, record) = self.record(id).await;
        let outcomes = hand.write(vec![hand.remove(&record)]).await;
        assert!(matches!(outcomes[0], Outcome::Done(_)), "{outcomes:?}");
    }

    async fn take_out(&self, id: &RemoteId) -> bool {
        let hand = self.hand().await;
        if hand.sink.capabilities().list != List::Static {
            return false;
        }
        self.ungroup(&hand, id).await;
        true
    }

    async fn fill_unmapped(&self, id: &RemoteId) -> bool {
        self.put(id, EXTRA, NICK).await;
        true
    }

    async fn has_unmapped(&self, id: &RemoteId) -> bool {
        let (_, record) = self.record(id).await;
        text(&record, EXTRA) == Some(NICK)
    }

    async fn expired(&self, _cursor: &Cursor) -> Option<Cursor> {
        // Waiting takes days: a cursor that nobody gave is of as little use.
        Some(Cursor("no cursor of anybody's".to_owned()))
    }

    async fn lose_an_answer(&self) -> bool {
        false
    }

    async fn pass(&self, seconds: i64) {
        (self.time.0)(seconds.unsigned_abs()).await;
    }

    fn refused(&self) -> Option<String> {
        None
    }
}

/// Every address that the suite gives somebody.
fn addresses() -> [Key; 4] {
    let renamed = Contact {
        email: "anna@example.com",
        ..ANN
    };
    [ANN, BEN, CAT, renamed].map(key)
}
