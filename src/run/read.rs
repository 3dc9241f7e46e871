//! Reads one side and absorbs it page by page: the mirror, the marks of what moved, the cursor.

use std::collections::BTreeSet;

use tokio::sync::mpsc;

use super::Session;
use super::complete::words;
use super::error::Error;
use super::intake::{Listed, direct, follow, gone, hear_listed};
use super::monitor::Event;
use super::report::Outcome;
use crate::connector::{Ask, Census, Cursor, Deletes, Extent, FetchEnd, Page, Source};
use crate::model::{Edit, Moment, RemoteId, Side};
use crate::plan;
use crate::state::{ListingNo, StoredCursor, Tx};

/// How many pages may wait to be absorbed.
const PAGES_AHEAD: usize = 2;
/// How long a record that we created may stay out of the listings, seconds.
const LISTING_LAG: i64 = 15 * 60;

/// How a side was read.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// Records received, direct reads included.
    pub(super) records: u64,
    /// In words, for the report.
    pub(super) words: String,
}

/// Reads a side: everything, or what changed since the last run.
pub(super) async fn read(session: &Session<'_>, source: &dyn Source) -> Result<Reading, Error> {
    let side = source.side();
    let ask = session.with(|tx| choose(session, tx, source))?;
    if ask.since.is_none() {
        session.be_lean()?;
    }
    let (sender, mut pages) = mpsc::channel(PAGES_AHEAD);
    let mut intake = Intake::new(session, source, ask.since.is_none());
    let fetching = source.fetch(&ask, sender);
    let absorbing = async {
        let mut result = Ok(());
        while let Some(page) = pages.recv().await {
            result = intake.take(page);
            if result.is_err() {
                break;
            }
        }
        // A closed channel stops the fetch.
        drop(pages);
        result
    };
    let (end, absorbed) = futures::join!(fetching, absorbing);
    absorbed?;
    let end = end?;
    if end.extent == Extent::Full && end.cursor.is_none() {
        return Err(cut_short(source, &end));
    }
    intake.finish(&ask, &end).await?;
    Ok(Reading {
        records: intake.records,
        words: words(source, &end),
    })
    .inspect(|reading| tracing::info!(side = side.name(), "{}", reading.words))
}

/// A full listing that ended without the position that comes with its last page.
fn cut_short(source: &dyn Source, end: &FetchEnd) -> Error {
    Error::new(
        Outcome::Unavailable,
        format!(
            "{}: the listing broke off, so nobody knows what it left out; nothing was written",
            words(source, end)
        ),
        "run the same command again; if it stays so, run it with `-vv` and report it",
    )
}

/// What to ask for: the cursor is used when it was taken with the same request and is young enough.
fn choose(
    session: &Session<'_>,
    tx: &mut Tx<'_>,
    source: &dyn Source,
) -> crate::state::Result<Ask> {
    let side = source.side();
    let facts = tx.facts(session.scope)?;
    let fingerprint = binding(session, source);
    let life = source
        .capabilities()
        .cursor_life
        .and_then(|life| i64::try_from(life.as_secs()).ok())
        .unwrap_or(i64::MAX);
    let stored = facts.cursors.on(side).as_ref();
    let usable = stored.filter(|stored| {
        stored.fingerprint == fingerprint
            && facts
                .last_full
                .on(side)
                .is_some_and(|at| (0..life).contains(&session.now.0.saturating_sub(at)))
    });
    if stored.is_some_and(|stored| stored.fingerprint != fingerprint) {
        tx.forget_mirror(session.scope, side)?;
    }
    let since = usable
        .filter(|_| session.extent == Extent::Delta)
        .map(|stored| Cursor(stored.cursor.clone()));
    let full_every = i64::try_from(session.full_every.as_secs()).unwrap_or(i64::MAX);
    let due = facts
        .last_census
        .is_none_or(|at| !(0..full_every).contains(&session.now.0.saturating_sub(at)));
    Ok(Ask {
        since,
        census: if due { Census::Yes } else { Census::No },
        now: session.now.0,
    })
}

/// What a cursor is bound to: the request, and the rules that decided who needed nothing. Other
/// rules look at everybody anew.
fn binding(session: &Session<'_>, source: &dyn Source) -> String {
    let rules = &session.rules;
    format!(
        "{} {:?} {:?} {:?} {:?} {:?} {:?}",
        source.fingerprint(),
        rules.direction,
        rules.on_leave,
        rules.no_email,
        rules.any_email,
        rules.clears,
        rules.target,
    )
}

/// Takes pages in.
struct Intake<'a, 'b> {
    session: &'a Session<'b>,
    source: &'a dyn Source,
    side: Side,
    listing: Option<ListingNo>,
    full: bool,
    census: bool,
    records: u64,
    pages: u64,
    deleted: BTreeSet<RemoteId>,
    /// Records that this reading brought older than they were.
    doubted: Vec<(RemoteId, Listed)>,
}

impl<'a, 'b> Intake<'a, 'b> {
    fn new(session: &'a Session<'b>, source: &'a dyn Source, full: bool) -> Self {
        Self {
            session,
            source,
            side: source.side(),
            listing: None,
            full,
            census: false,
            records: 0,
            pages: 0,
            deleted: BTreeSet::new(),
            doubted: Vec::new(),
        }
    }

    fn take(&mut self, page: Page) -> Result<(), Error> {
        let (scope, side) = (self.session.scope, self.side);
        match page {
            Page::Restart => {
                self.full = true;
                self.listing = None;
                self.census = false;
                self.records = 0;
                self.pages = 0;
                self.doubted.clear();
            }
            Page::Records(records) => {
                self.records += records.len() as u64;
                self.pages += 1;
                let listing = self.full;
                let known_listing = self.listing;
                self.listing = self.session.with(|tx| {
                    let no = match known_listing {
                        None if listing => Some(tx.start_listing(scope, side)?),
                        other => other,
                    };
                    hear_listed(self.session, tx, side, records, no, &mut self.doubted)?;
                    Ok(no)
                })?;
                self.session.monitor.event(&Event::Read {
                    side,
                    pages: self.pages,
                    records: self.records,
                });
            }
            Page::Deleted(ids) => {
                self.session.with(|tx| gone(self.session, tx, side, &ids))?;
                self.deleted.extend(ids);
            }
            Page::Renamed { from, to } => self.session.with(|tx| {
                let pair = self.session.pair;
                let old = tx.link_of(pair, scope, side, &from)?;
                let new = tx.link_of(pair, scope, side, &to)?;
                let known = tx.seen(scope, side, std::slice::from_ref(&to))?;
                let heir = known.get(&to).map(|known| &known.record);
                let links = (old.as_ref(), new.as_ref());
                let edits = plan::renamed(side, &from, &to, heir, links);
                tx.apply(scope, &edits)
            })?,
            Page::Census(ids) => {
                let started = self.census;
                self.session.with(|tx| {
                    if !started {
                        tx.start_census(scope, side)?;
                    }
                    tx.add_census(scope, side, &ids)
                })?;
                self.census = true;
            }
        }
        Ok(())
    }

    /// Accounts for what the reading did not bring, and keeps the position.
    async fn finish(&mut self, ask: &Ask, end: &FetchEnd) -> Result<(), Error> {
        let (scope, side) = (self.session.scope, self.side);
        if end.extent == Extent::Full {
            self.account_for_missing().await?;
        } else if ask.census == Census::Yes {
            self.compare_census().await?;
        }
        self.read_doubted().await?;
        self.read_stale().await?;
        let session = self.session;
        let fingerprint = binding(session, self.source);
        let census = ask.census == Census::Yes || end.extent == Extent::Full;
        session.with(|tx| {
            tx.end_listing(scope, side)?;
            tx.set_facts(scope, |facts| {
                *facts.cursors.on_mut(side) = end.cursor.as_ref().map(|cursor| StoredCursor {
                    cursor: cursor.0.clone(),
                    fingerprint,
                    taken_at: session.now.0,
                });
                if end.extent == Extent::Full {
                    *facts.last_full.on_mut(side) = Some(session.now.0);
                }
                if census && side == Side::Crm {
                    facts.last_census = Some(session.now.0);
                }
            })
        })?;
        Ok(())
    }

    /// A complete listing does not bring these: left the list, deleted, hidden, or not listed yet.
    async fn account_for_missing(&mut self) -> Result<(), Error> {
        let (session, scope, side) = (self.session, self.session.scope, self.side);
        let known_listing = self.listing;
        let (ask, young) = session.with(|tx| {
            let listing = match known_listing {
                Some(no) => no,
                None => tx.start_listing(scope, side)?,
            };
            let ids = tx.unheard(scope, side, listing)?;
            let seen = tx.seen(scope, side, &ids)?;
            let settled = Moment(session.now.0 - LISTING_LAG);
            let (mut ask, mut young, mut forget) = (Vec::new(), Vec::new(), Vec::new());
            for id in ids {
                let Some(seen) = seen.get(&id) else {
                    continue;
                };
                let linked = tx.linked(session.pair, side, &id)?.is_some();
                match (plan::missing(seen, settled), linked) {
                    (true, true) => ask.push(id),
                    (true, false) => forget.push(Edit::DropSeen { side, id }),
                    (false, true) => young.push(id),
                    (false, false) => {}
                }
            }
            tx.apply(scope, &forget)?;
            Ok((ask, young))
        })?;
        self.records += follow(session, self.source, &young).await?;
        self.read_directly(&ask, Listed::No).await
    }

    async fn compare_census(&mut self) -> Result<(), Error> {
        let (session, scope, side) = (self.session, self.session.scope, self.side);
        let started = self.census;
        let deletes = self.source.capabilities().deletes;
        let (departed, arrived) = session.with(|tx| {
            if !started {
                tx.start_census(scope, side)?;
            }
            let departed = tx.departed(scope, side)?;
            let seen = tx.seen(scope, side, &departed)?;
            let settled = Moment(session.now.0 - LISTING_LAG);
            let mut ask = Vec::new();
            let mut edits = Vec::new();
            for mut seen in seen.into_values() {
                if !plan::missing(&seen, settled) {
                    continue;
                }
                let id = seen.record.id.clone();
                let linked = tx.linked(session.pair, side, &id)?.is_some();
                match (linked, deletes) {
                    (true, _) => ask.push(id),
                    // Its deletion would have been told: it left.
                    (false, Deletes::Tombstones | Deletes::FlagScan) => {
                        seen.record.listed = false;
                        edits.extend([Edit::PutSeen { side, seen }, Edit::Touch { side, id }]);
                    }
                    // It may be gone. Who needs it finds it by its key.
                    (false, Deletes::SetDifference) => edits.push(Edit::DropSeen { side, id }),
                }
            }
            tx.apply(scope, &edits)?;
            Ok((ask, tx.arrived(scope, side)?))
        })?;
        // A linked record that is not among the members any more may have left, or be gone.
        self.read_directly(&departed, Listed::No).await?;
        self.read_directly(&arrived, Listed::Yes).await
    }

    /// Records that came older than they were: what they are now decides.
    async fn read_doubted(&mut self) -> Result<(), Error> {
        let doubted = std::mem::take(&mut self.doubted);
        for listed in [Listed::Yes, Listed::No] {
            let ids: Vec<_> = doubted
                .iter()
                .filter(|(_, each)| *each == listed)
                .map(|(id, _)| id.clone())
                .collect();
            self.read_directly(&ids, listed).await?;
        }
        Ok(())
    }

    /// Records that another profile on the same accounts has written since we read them.
    async fn read_stale(&mut self) -> Result<(), Error> {
        let stale = self
            .session
            .with(|tx| tx.stale(self.session.scope, self.side))?;
        self.read_directly(&stale, Listed::AsKnown).await
    }

    async fn read_directly(&mut self, ids: &[RemoteId], listed: Listed) -> Result<(), Error> {
        self.records += direct(self.session, self.source, ids, listed).await?;
        Ok(())
    }
}
