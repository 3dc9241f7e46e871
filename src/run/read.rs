//! Reads one side and absorbs it page by page: the mirror, the marks of what moved, the cursor.

use std::collections::BTreeSet;

use tokio::sync::mpsc;

use super::Session;
use super::error::Error;
use super::monitor::Event;
use crate::connector::{Ask, Census, Cursor, Extent, FetchEnd, Found, Page, Source};
use crate::model::{Edit, Island, Moment, Record, RemoteId, Rest, Seen, Side};
use crate::plan::{self, Heard};
use crate::state::{ListingNo, StoredCursor, Tx};

/// How many pages may wait to be absorbed.
const PAGES_AHEAD: usize = 2;
/// How long a record that we created may stay out of the listings, seconds.
const LISTING_LAG: i64 = 15 * 60;
/// The most identifiers of one direct read.
const DIRECT_READ: usize = 200;

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
    intake.finish(&ask, &end).await?;
    let what = match end.extent {
        Extent::Full => "full read",
        Extent::Delta => "changes only",
    };
    let pages = end.pages;
    Ok(Reading {
        records: intake.records,
        words: format!(
            "{}: {what}, {pages} page{}, {} record{}, position {}",
            source.name(),
            plural(u64::from(pages)),
            intake.records,
            plural(intake.records),
            if end.cursor.is_some() {
                "kept"
            } else {
                "not given"
            },
        ),
    })
    .inspect(|reading| tracing::info!(side = side.name(), "{}", reading.words))
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
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
    deleted: BTreeSet<RemoteId>,
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
            deleted: BTreeSet::new(),
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
            }
            Page::Records(records) => {
                self.records += records.len() as u64;
                let listing = self.full;
                let known_listing = self.listing;
                self.listing = self.session.with(|tx| {
                    let no = match known_listing {
                        None if listing => Some(tx.start_listing(scope, side)?),
                        other => other,
                    };
                    hear(self.session, tx, side, records, no)?;
                    Ok(no)
                })?;
                self.session.monitor.event(&Event::Read {
                    side,
                    records: self.records,
                    expected: None,
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
                let edits = plan::renamed(side, &from, &to, (old.as_ref(), new.as_ref()));
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
        self.read_stale().await?;
        let session = self.session;
        let fingerprint = binding(session, self.source);
        let census = ask.census == Census::Yes || end.extent == Extent::Full;
        session.with(|tx| {
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
        let ask = session.with(|tx| {
            let listing = match known_listing {
                Some(no) => no,
                None => tx.start_listing(scope, side)?,
            };
            let ids = tx.unheard(scope, side, listing)?;
            let seen = tx.seen(scope, side, &ids)?;
            let mut ask = Vec::new();
            let mut forget = Vec::new();
            for id in ids {
                if !seen
                    .get(&id)
                    .is_some_and(|seen| plan::missing(seen, Moment(session.now.0 - LISTING_LAG)))
                {
                    continue;
                }
                if tx.linked(session.pair, side, &id)?.is_some() {
                    ask.push(id);
                } else {
                    forget.push(Edit::DropSeen { side, id });
                }
            }
            tx.apply(scope, &forget)?;
            Ok(ask)
        })?;
        self.read_directly(&ask, Listed::No).await
    }

    async fn compare_census(&mut self) -> Result<(), Error> {
        let (session, scope, side) = (self.session, self.session.scope, self.side);
        let started = self.census;
        let arrived = session.with(|tx| {
            if !started {
                tx.start_census(scope, side)?;
            }
            let departed = tx.departed(scope, side)?;
            let seen = tx.seen(scope, side, &departed)?;
            let settled = Moment(session.now.0 - LISTING_LAG);
            let edits = seen
                .into_values()
                .filter(|seen| plan::missing(seen, settled))
                .flat_map(|mut seen| {
                    seen.record.listed = false;
                    let id = seen.record.id.clone();
                    [Edit::PutSeen { side, seen }, Edit::Touch { side, id }]
                })
                .collect::<Vec<_>>();
            tx.apply(scope, &edits)?;
            tx.arrived(scope, side)
        })?;
        self.read_directly(&arrived, Listed::Yes).await
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

/// What is known about the membership of records that are read by identifier, on a side where a
/// direct read does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    /// They are in the list.
    Yes,
    /// They are not.
    No,
    /// As the mirror has it.
    AsKnown,
}

/// Reads records by identifier and absorbs what they are now; returns how many came.
pub(super) async fn direct(
    session: &Session<'_>,
    source: &dyn Source,
    ids: &[RemoteId],
    listed: Listed,
) -> Result<u64, Error> {
    let (scope, side) = (session.scope, source.side());
    let mut came = 0;
    for ids in ids.chunks(DIRECT_READ) {
        let found = source.get(ids).await?;
        session.with(|tx| {
            let known = tx.seen(scope, side, ids)?;
            for (id, found) in ids.iter().zip(found) {
                let moved = matches!(found, Found::Moved(_));
                match found {
                    Found::Here(mut record) | Found::Moved(mut record) => {
                        came += 1;
                        if !session.tells_membership(side) {
                            record.listed = match listed {
                                Listed::Yes => true,
                                Listed::No => false,
                                Listed::AsKnown => known
                                    .get(id)
                                    .map_or(record.listed, |known| known.record.listed),
                            };
                        }
                        if moved {
                            let old = tx.link_of(session.pair, scope, side, id)?;
                            let new = tx.link_of(session.pair, scope, side, &record.id)?;
                            let links = (old.as_ref(), new.as_ref());
                            tx.apply(scope, &plan::renamed(side, id, &record.id, links))?;
                        }
                        hear(session, tx, side, vec![*record], None)?;
                        let id = id.clone();
                        tx.apply(scope, &[Edit::Touch { side, id }])?;
                    }
                    Found::Gone => gone(session, tx, side, std::slice::from_ref(id))?,
                    Found::Hidden => {
                        let link = tx.link_of(session.pair, scope, side, id)?;
                        session.vanished(tx, side, id, link.as_ref())?;
                    }
                }
            }
            Ok(())
        })?;
    }
    Ok(came)
}

/// Absorbs records that a remote sent.
pub(super) fn hear(
    session: &Session<'_>,
    tx: &mut Tx<'_>,
    side: Side,
    records: Vec<Record>,
    listing: Option<ListingNo>,
) -> crate::state::Result<()> {
    let scope = session.scope;
    let ids: Vec<_> = records.iter().map(|record| record.id.clone()).collect();
    let known = tx.seen(scope, side, &ids)?;
    let mut edits = Vec::new();
    let mut echoes = Vec::new();
    for record in records {
        let before = known.get(&record.id);
        let id = record.id.clone();
        match plan::absorb(before, record) {
            Heard::Echo => echoes.push(id),
            Heard::Same(seen) => edits.push(Edit::PutSeen { side, seen }),
            Heard::Changed(seen) => {
                let matters = linked(session, tx, side, &id)?
                    || seen.record.listed
                    || before.is_some_and(|before| before.record.listed)
                    || known_elsewhere(session, tx, &seen, side)?;
                let wanted = matters || session.whole_account(side) || before.is_some();
                if wanted {
                    edits.push(Edit::PutSeen { side, seen });
                }
                if matters {
                    edits.push(Edit::Touch { side, id });
                }
            }
        }
    }
    if let Some(listing) = listing {
        tx.hear(scope, side, listing, &echoes)?;
    }
    tx.apply(scope, &edits)
}

/// Whether a record that was heard is linked. Whatever proof there was that it is gone is void.
fn linked(
    session: &Session<'_>,
    tx: &mut Tx<'_>,
    side: Side,
    id: &RemoteId,
) -> crate::state::Result<bool> {
    let linked = tx.linked(session.pair, side, id)?.is_some();
    if linked {
        tx.unsay(session.scope, gone_word(side), id.as_str())?;
    }
    Ok(linked)
}

/// Whether the other side knows one of the record's addresses: a candidate, or a new record for an
/// ended pair.
fn known_elsewhere(
    session: &Session<'_>,
    tx: &Tx<'_>,
    seen: &Seen,
    side: Side,
) -> crate::state::Result<bool> {
    for key in seen.record.addresses() {
        if tx.has_key(session.scope, side.other(), key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Records that the remote itself says are deleted.
pub(super) fn gone(
    session: &Session<'_>,
    tx: &mut Tx<'_>,
    side: Side,
    ids: &[RemoteId],
) -> crate::state::Result<()> {
    let scope = session.scope;
    let known = tx.seen(scope, side, ids)?;
    let mut edits = Vec::new();
    for id in ids {
        let linked = tx.linked(session.pair, side, id)?.is_some();
        if known.contains_key(id) {
            let id = id.clone();
            edits.push(Edit::DropSeen { side, id });
        }
        if linked {
            tx.say_once(scope, gone_word(side), id.as_str())?;
            let id = id.clone();
            edits.push(Edit::Touch { side, id });
        }
    }
    tx.apply(scope, &edits)
}

/// Under this word the state file keeps the proof that a linked record was deleted.
fn gone_word(side: Side) -> &'static str {
    match side {
        Side::Google => "gone from google",
        Side::Crm => "gone from crm",
    }
}

/// The linked records of an island that are not in the mirror although nothing proves that they were
/// deleted (the profile is new on these accounts, or its view is another): they have to be read.
pub(super) fn unproven(
    session: &Session<'_>,
    tx: &Tx<'_>,
    island: &Island,
) -> crate::state::Result<Vec<(Side, RemoteId)>> {
    let mut missing = Vec::new();
    for link in &island.links {
        if !matches!(link.rest, Rest::Awake | Rest::Left(_)) {
            continue;
        }
        for side in Side::BOTH {
            let id = link.ids.on(side);
            if !island.records.on(side).contains_key(id)
                && !tx.said(session.scope, gone_word(side), id.as_str())?
            {
                missing.push((side, id.clone()));
            }
        }
    }
    Ok(missing)
}
