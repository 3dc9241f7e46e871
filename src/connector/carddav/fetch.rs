//! Reading in bulk: everything, or what changed since a sync token (RFC 6578).

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;

use super::Carddav;
use super::call::{Ask, Depth, fail, not_dav, refused};
use super::gear::Gear;
use super::wire::{self, Multistatus};
use super::{cards, href};
use crate::connector::{Census, Cursor, Error, Extent, FetchEnd, Found, Kind, Page, PageSender};
use crate::model::{Record, RemoteId};

/// The most cards in one request.
const CARDS: usize = 100;
/// The most octets of cards in one request, as far as the server tells their sizes; a card with
/// photographs may have some hundred thousand.
const OCTETS: u64 = 8 << 20;
/// How many parts a listing may come in.
const PARTS: u32 = 10_000;

/// A cursor of a server that hands out tokens.
const TOKEN: &str = "token ";
/// A cursor of one that does not: the names and revisions of all cards.
const NAMES: &str = "names ";

/// A card in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    id: RemoteId,
    etag: String,
    length: u64,
}

/// What a listing said.
#[derive(Debug, Default)]
struct Listing {
    /// Cards that are there, or that changed.
    items: Vec<Item>,
    /// Cards that the server says are gone.
    gone: Vec<RemoteId>,
    /// Cards that are not listed any more.
    missing: Vec<RemoteId>,
    cursor: Option<Cursor>,
}

/// What a request for changes came to.
enum Changes {
    Listed(Listing),
    /// The cursor is of no use any more.
    Expired,
}

impl Carddav {
    /// See [`crate::connector::Source::fetch`].
    pub(super) async fn fetch_pages(
        &self,
        ask: &crate::connector::Ask,
        pages: PageSender,
    ) -> Result<FetchEnd, Error> {
        let gear = self.gear()?;
        let since = ask.since.as_ref();
        let changes = match since {
            None => Changes::Expired,
            Some(cursor) => self.changes(&gear, &cursor.0).await?,
        };
        match changes {
            Changes::Listed(listing) => {
                if ask.census == Census::Yes {
                    let names = self.listed(&gear).await?;
                    let ids = names.into_iter().map(|item| item.id).collect();
                    send(&pages, Page::Census(ids)).await?;
                }
                self.bring(&gear, listing, Extent::Delta, &pages).await
            }
            Changes::Expired => {
                if since.is_some() {
                    send(&pages, Page::Restart).await?;
                }
                let listing = self.everything(&gear).await?;
                self.bring(&gear, listing, Extent::Full, &pages).await
            }
        }
    }

    /// Reads the cards of a listing and hands them on.
    async fn bring(
        &self,
        gear: &Gear,
        listing: Listing,
        extent: Extent,
        pages: &PageSender,
    ) -> Result<FetchEnd, Error> {
        let mut end = FetchEnd {
            extent,
            cursor: listing.cursor,
            pages: 1,
            records: 0,
        };
        let mut gone: BTreeSet<RemoteId> = listing.gone.into_iter().collect();
        let parts = parts(listing.items);
        for some in parts.chunks(self.settings.lanes.max(1)) {
            let reads = try_join_all(some.iter().map(|ids| self.cards(gear, ids))).await?;
            for read in reads {
                end.pages += 1;
                let mut records = read.records;
                gone.extend(read.gone);
                if !read.unsaid.is_empty() {
                    records.extend(self.doubted(gear, &read.unsaid, &mut gone).await?);
                }
                for record in &records {
                    gone.remove(&record.id);
                }
                end.records += u64::try_from(records.len()).unwrap_or(u64::MAX);
                send(pages, Page::Records(records)).await?;
            }
        }
        if !listing.missing.is_empty() {
            let records = self.doubted(gear, &listing.missing, &mut gone).await?;
            send(pages, Page::Records(records)).await?;
        }
        if !gone.is_empty() {
            send(pages, Page::Deleted(gone.into_iter().collect())).await?;
        }
        Ok(end)
    }

    /// Asks for cards one by one that a listing or an answer left out: that alone proves nothing.
    async fn doubted(
        &self,
        gear: &Gear,
        ids: &[RemoteId],
        gone: &mut BTreeSet<RemoteId>,
    ) -> Result<Vec<Record>, Error> {
        let mut records = Vec::new();
        for id in ids {
            match self.single(gear, id).await? {
                cards::Single::Found(found) => match found {
                    Found::Here(record) | Found::Moved(record) => records.push(*record),
                    Found::Gone => drop(gone.insert(id.clone())),
                    Found::Hidden => {}
                },
                cards::Single::Group => {}
            }
        }
        Ok(records)
    }

    /// Everything that is there, and where to go on.
    async fn everything(&self, gear: &Gear) -> Result<Listing, Error> {
        if gear.sync {
            return match self.since(gear, "").await? {
                Changes::Listed(listing) => Ok(listing),
                Changes::Expired => Err(fail(
                    "list the cards",
                    Kind::Protocol,
                    "the server refuses to begin with a synchronisation",
                )),
            };
        }
        let items = self.listed(gear).await?;
        let cursor = Some(names_cursor(&items)?);
        Ok(Listing {
            items,
            cursor,
            ..Listing::default()
        })
    }

    async fn changes(&self, gear: &Gear, cursor: &str) -> Result<Changes, Error> {
        if let Some(token) = cursor.strip_prefix(TOKEN) {
            return self.since(gear, token).await;
        }
        let known = cursor
            .strip_prefix(NAMES)
            .and_then(|names| serde_json::from_str::<BTreeMap<String, String>>(names).ok());
        // A server that has learnt to hand out tokens starts anew.
        let Some(mut known) = known.filter(|_| !gear.sync) else {
            return Ok(Changes::Expired);
        };
        let all = self.listed(gear).await?;
        let cursor = Some(names_cursor(&all)?);
        let items = all
            .into_iter()
            .filter(|item| known.remove(item.id.as_str()).as_ref() != Some(&item.etag))
            .collect();
        Ok(Changes::Listed(Listing {
            items,
            missing: known.into_keys().map(RemoteId::from).collect(),
            cursor,
            gone: Vec::new(),
        }))
    }

    /// What changed since a token; everything for an empty one. An answer in parts is read to its end
    /// (RFC 6578, section 3.6).
    async fn since(&self, gear: &Gear, token: &str) -> Result<Changes, Error> {
        let doing = "read what changed in the address book";
        let mut listing = Listing::default();
        let mut token = token.to_owned();
        for _ in 0..PARTS {
            let ask = Ask::sync(doing, gear.book.clone(), &token);
            let (_, answer) = self.follow(ask).await?;
            let read = wire::read(&answer.body);
            if answer.status != 207 {
                // Servers disagree about the status (403, 409, 412); the condition is what counts.
                let expired = read.is_ok_and(|read| read.failed("valid-sync-token"));
                return if expired && !token.is_empty() {
                    Ok(Changes::Expired)
                } else {
                    Err(refused(doing, &answer))
                };
            }
            let read = read.map_err(|reason| not_dav(doing, &answer, &reason))?;
            let Some(next) = read.sync_token.clone().filter(|next| !next.is_empty()) else {
                return Err(fail(
                    doing,
                    Kind::Protocol,
                    "the answer says what changed, and not where to go on",
                ));
            };
            let cut = take(gear, &read, &mut listing);
            let stuck = next == token;
            token = next;
            if !cut || stuck {
                listing.cursor = Some(Cursor(format!("{TOKEN}{token}")));
                return if cut {
                    Err(fail(
                        doing,
                        Kind::Protocol,
                        "a listing says that there is more and gets no further",
                    ))
                } else {
                    Ok(Changes::Listed(listing))
                };
            }
        }
        Err(fail(
            doing,
            Kind::Protocol,
            "the listing does not come to an end",
        ))
    }

    /// The names and revisions of all cards.
    async fn listed(&self, gear: &Gear) -> Result<Vec<Item>, Error> {
        let ask = Ask::propfind(
            "list the cards",
            gear.book.clone(),
            Depth::Members,
            "<D:getetag/><D:getcontentlength/><D:resourcetype/>",
        );
        let (_, read) = self.ask(ask).await?;
        let mut listing = Listing::default();
        if take(gear, &read, &mut listing) {
            return Err(fail(
                "list the cards",
                Kind::Protocol,
                "the server lists only some of the cards",
            ));
        }
        Ok(listing.items)
    }
}

/// Takes a listing in; says whether it is only a part (the book itself answers 507).
fn take(gear: &Gear, read: &Multistatus, listing: &mut Listing) -> bool {
    let mut cut = false;
    for response in &read.responses {
        let Some(id) = href::name(&gear.book, &response.href) else {
            cut |= response.status == Some(507);
            continue;
        };
        if response.props.collection {
            continue;
        }
        match response.status {
            Some(404 | 410) => listing.gone.push(id),
            Some(507) => cut = true,
            Some(_) | None => listing.items.push(Item {
                id,
                etag: cards::version(response.props.etag.as_deref().unwrap_or_default()),
                length: response.props.length.unwrap_or(0),
            }),
        }
    }
    cut
}

fn names_cursor(items: &[Item]) -> Result<Cursor, Error> {
    let names: BTreeMap<&str, &str> = items
        .iter()
        .map(|item| (item.id.as_str(), item.etag.as_str()))
        .collect();
    serde_json::to_string(&names)
        .map(|names| Cursor(format!("{NAMES}{names}")))
        .map_err(|_| fail("list the cards", Kind::Protocol, "a name is no text"))
}

/// The cards in portions that an answer can hold.
fn parts(items: Vec<Item>) -> Vec<Vec<RemoteId>> {
    let mut parts: Vec<Vec<RemoteId>> = Vec::new();
    let mut octets = 0;
    let mut seen = BTreeSet::new();
    for item in items {
        if !seen.insert(item.id.clone()) {
            continue;
        }
        let full = parts
            .last()
            .is_none_or(|part| part.len() >= CARDS || octets + item.length > OCTETS);
        if full {
            parts.push(Vec::new());
            octets = 0;
        }
        octets += item.length;
        if let Some(part) = parts.last_mut() {
            part.push(item.id);
        }
    }
    parts
}

async fn send(pages: &PageSender, page: Page) -> Result<(), Error> {
    pages.send(page).await.map_err(|_| {
        fail(
            "read the cards",
            Kind::Unavailable,
            "nobody listens any more",
        )
    })
}
