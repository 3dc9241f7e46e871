//! Connectors that break one promise each: what shows that the suite can fail.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use crmsync::connector::memory::{Memory, Server};
use crmsync::connector::{
    Ask, Capabilities, Cursor, Error, FetchEnd, Found, List, Meter, Page, PageSender, Since, Sink,
    Source, Written,
};
use crmsync::mapping::Mapping;
use crmsync::model::{
    Change, Key, ListInfo, Outcome, Probe, Record, Refusal, RemoteId, Revisions, Side, Stored,
    Version, Write,
};
use futures::FutureExt as _;

use super::memory::{self, UNMAPPED};
use super::{Contact, PROMISES};

/// What a connector does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    FindsNobody,
    FindsOnlyListed,
    SkipsAChange,
    KeepsDeletionsToItself,
    KeepsEverybodyListed,
    IgnoresExpiry,
    MixesAnswersUp,
    WritesOverEdits,
    GivesOtherRevisions,
    KeepsCleared,
    LosesTheRest,
    LosesStamps,
    DeletesNothing,
    NeverLooks,
    RefusesNothingBeforehand,
    CountsNothing,
    HidesItsLists,
    DropsAWrite,
    CallsTheListDynamic,
    SaysItReadsTheListOnly,
    SaysRevisionsAreUnique,
}

/// Each promise, and who breaks it.
const BROKEN: &[(&str, Lie)] = &[
    ("a_create_is_found_and_listed", Lie::FindsNobody),
    ("a_change_comes_with_the_next_delta", Lie::SkipsAChange),
    ("deltas_add_up_to_a_full_read", Lie::KeepsDeletionsToItself),
    (
        "a_deletion_is_told_or_can_be_proven",
        Lie::KeepsDeletionsToItself,
    ),
    ("leaving_the_list_is_seen", Lie::KeepsEverybodyListed),
    ("an_expired_cursor_reads_everything", Lie::IgnoresExpiry),
    ("keys_are_found_outside_the_list_too", Lie::FindsOnlyListed),
    ("a_direct_read_is_aligned", Lie::MixesAnswersUp),
    ("a_stale_update_changes_nothing", Lie::WritesOverEdits),
    ("one_bad_write_holds_up_no_other", Lie::WritesOverEdits),
    (
        "an_update_is_stored_and_its_echo_is_equal",
        Lie::GivesOtherRevisions,
    ),
    ("clearing_clears", Lie::KeepsCleared),
    ("what_is_not_mapped_survives", Lie::LosesTheRest),
    ("the_stamp_survives", Lie::LosesStamps),
    ("a_delete_deletes_once", Lie::DeletesNothing),
    ("a_create_whose_answer_was_lost_is_found", Lie::NeverLooks),
    (
        "what_would_be_refused_is_known_beforehand",
        Lie::RefusesNothingBeforehand,
    ),
    ("requests_are_counted", Lie::CountsNothing),
    ("the_probe_says_who_and_what", Lie::HidesItsLists),
    ("batches_leave_nothing_out", Lie::DropsAWrite),
    ("the_list_is_what_it_says", Lie::CallsTheListDynamic),
    (
        "a_change_outside_the_list_comes_as_stated",
        Lie::SaysItReadsTheListOnly,
    ),
    (
        "a_revision_comes_back_only_where_it_is_said",
        Lie::SaysRevisionsAreUnique,
    ),
];

/// Every promise of the suite is kept by an honest connector and broken by a liar.
pub(crate) async fn every_promise_can_be_broken() {
    for (name, promise) in PROMISES {
        let lie = BROKEN.iter().find(|(broken, _)| broken == name);
        let (_, lie) = lie.unwrap_or_else(|| panic!("nobody breaks `{name}`"));
        for (lie, kept) in [(None, true), (Some(*lie), false)] {
            let subject = Subject::new(lie);
            let outcome = AssertUnwindSafe(promise(&subject)).catch_unwind().await;
            assert_eq!(outcome.is_ok(), kept, "{name}: {lie:?}");
        }
    }
}

struct Subject {
    inner: memory::Subject,
    lie: Option<Lie>,
}

impl Subject {
    fn new(lie: Option<Lie>) -> Self {
        let inner = match lie {
            Some(Lie::LosesStamps) => memory::Subject::google(),
            Some(Lie::SaysRevisionsAreUnique) => memory::Subject::book(),
            Some(_) | None => memory::Subject::crm(),
        };
        Self { inner, lie }
    }
}

#[async_trait]
impl super::Subject for Subject {
    fn fields(&self) -> [&'static str; 4] {
        self.inner.fields()
    }

    fn connect(&self) -> Box<dyn Sink> {
        Box::new(Liar {
            inner: self.inner.server().connect(),
            server: self.inner.server().clone(),
            lie: self.lie,
        })
    }

    async fn add(&self, contact: Contact) -> RemoteId {
        self.inner.add(contact).await
    }

    async fn add_outside(&self, contact: Contact) -> Option<RemoteId> {
        self.inner.add_outside(contact).await
    }

    async fn edit(&self, id: &RemoteId, given: &str) {
        self.inner.edit(id, given).await;
    }

    async fn delete(&self, id: &RemoteId) {
        self.inner.delete(id).await;
    }

    async fn take_out(&self, id: &RemoteId) -> bool {
        self.inner.take_out(id).await
    }

    async fn fill_unmapped(&self, id: &RemoteId) -> bool {
        self.inner.fill_unmapped(id).await
    }

    async fn has_unmapped(&self, id: &RemoteId) -> bool {
        self.inner.has_unmapped(id).await
    }

    async fn expired(&self, cursor: &Cursor) -> Option<Cursor> {
        self.inner.expired(cursor).await
    }

    async fn lose_an_answer(&self) -> bool {
        self.inner.lose_an_answer().await
    }

    async fn pass(&self, seconds: i64) {
        self.inner.pass(seconds).await;
    }

    fn refused(&self) -> Option<String> {
        self.inner.refused()
    }
}

struct Liar {
    inner: Memory,
    server: Server,
    lie: Option<Lie>,
}

impl Liar {
    fn tells(&self, lie: Lie) -> bool {
        self.lie == Some(lie)
    }

    /// A page of a delta as the liar hands it on.
    fn spoilt(&self, page: Page) -> Option<Page> {
        Some(match page {
            Page::Records(mut records) => {
                if self.tells(Lie::SkipsAChange) {
                    records.pop();
                }
                if self.tells(Lie::KeepsEverybodyListed) {
                    for record in &mut records {
                        record.listed = true;
                    }
                }
                Page::Records(records)
            }
            Page::Deleted(_) if self.tells(Lie::KeepsDeletionsToItself) => return None,
            Page::Census(_)
                if self.tells(Lie::KeepsEverybodyListed)
                    || self.tells(Lie::KeepsDeletionsToItself) =>
            {
                return None;
            }
            Page::Restart if self.tells(Lie::IgnoresExpiry) => return None,
            page @ (Page::Restart | Page::Deleted(_) | Page::Census(_) | Page::Renamed { .. }) => {
                page
            }
        })
    }
}

#[async_trait]
impl Source for Liar {
    fn side(&self) -> Side {
        self.inner.side()
    }

    fn name(&self) -> &'static str {
        "a liar"
    }

    fn capabilities(&self) -> Capabilities {
        let mut facts = self.inner.capabilities();
        if self.tells(Lie::CallsTheListDynamic) {
            facts.list = List::Dynamic;
        }
        if self.tells(Lie::SaysItReadsTheListOnly) {
            facts.since = Since::List;
        }
        if self.tells(Lie::SaysRevisionsAreUnique) {
            facts.revisions = Revisions::Unique;
        }
        facts
    }

    async fn probe(&self, last: Option<&Probe>) -> Result<Probe, Error> {
        self.inner.probe(last).await
    }

    async fn lists(&self) -> Result<Vec<ListInfo>, Error> {
        let mut lists = self.inner.lists().await?;
        if self.tells(Lie::HidesItsLists) {
            lists.clear();
        }
        Ok(lists)
    }

    fn equip(&self, probe: &Probe, mapping: Arc<Mapping>) -> Result<(), Error> {
        self.inner.equip(probe, mapping)
    }

    fn fingerprint(&self) -> String {
        self.inner.fingerprint()
    }

    async fn fetch(&self, ask: &Ask, pages: PageSender) -> Result<FetchEnd, Error> {
        let (sender, mut honest) = tokio::sync::mpsc::channel(1);
        let spoil = async {
            while let Some(page) = honest.recv().await {
                let page = match &ask.since {
                    None => Some(page),
                    Some(_) => self.spoilt(page),
                };
                if let Some(page) = page {
                    pages.send(page).await.unwrap();
                }
            }
        };
        let (end, ()) = futures::join!(self.inner.fetch(ask, sender), spoil);
        end
    }

    async fn get(&self, ids: &[RemoteId]) -> Result<Vec<Found>, Error> {
        let mut found = self.inner.get(ids).await?;
        if self.tells(Lie::MixesAnswersUp) {
            found.rotate_left(1);
        }
        for found in &mut found {
            if let Found::Here(record) = found {
                if self.tells(Lie::LosesStamps) {
                    record.stamp = None;
                }
                if self.tells(Lie::GivesOtherRevisions) {
                    record.version = Version::from("another");
                }
            }
        }
        Ok(found)
    }

    async fn find(&self, keys: &[Key]) -> Result<Vec<Record>, Error> {
        let mut found = self.inner.find(keys).await?;
        if self.tells(Lie::FindsOnlyListed) {
            found.retain(|record| record.listed);
        }
        if self.tells(Lie::FindsNobody) {
            found.clear();
        }
        Ok(found)
    }

    fn vet(&self, write: &Write) -> Result<(), Refusal> {
        if self.tells(Lie::RefusesNothingBeforehand) {
            return Ok(());
        }
        self.inner.vet(write)
    }

    fn meter(&self) -> Meter {
        if self.tells(Lie::CountsNothing) {
            return Meter::default();
        }
        self.inner.meter()
    }
}

#[async_trait]
impl Sink for Liar {
    fn batches(&self, mut writes: Vec<Write>) -> Vec<Vec<Write>> {
        if self.tells(Lie::DropsAWrite) {
            writes.pop();
        }
        self.inner.batches(writes)
    }

    async fn write(&self, batch: &[Write]) -> Written {
        let mut batch = batch.to_vec();
        if self.tells(Lie::DeletesNothing) {
            return Written {
                outcomes: vec![Outcome::Done(Stored::Nothing); batch.len()],
                stop: None,
            };
        }
        for write in &mut batch {
            if self.tells(Lie::WritesOverEdits)
                && let Some(id) = write.change.id()
                && let Found::Here(now) =
                    &self.inner.get(std::slice::from_ref(id)).await.unwrap()[0]
                && let Change::Update { expected, .. } = &mut write.change
            {
                *expected = now.version.clone();
            }
            if self.tells(Lie::KeepsCleared)
                && let Change::Update { patch, .. } = &mut write.change
            {
                patch.retain(|_, swap| swap.to.is_some());
            }
        }
        let written = self.inner.write(&batch).await;
        if self.tells(Lie::LosesTheRest) {
            for (id, _) in self.server.rows() {
                self.server.change(&id, |row| {
                    row.values.remove(UNMAPPED);
                });
            }
        }
        written
    }

    async fn look(&self, open: &[Write]) -> Result<Vec<Record>, Error> {
        if self.tells(Lie::NeverLooks) {
            return Ok(Vec::new());
        }
        self.inner.look(open).await
    }
}
