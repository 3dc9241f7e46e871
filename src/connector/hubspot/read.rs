//! Fetching: the whole list, or what changed in all contacts since a watermark, who joined the list, and
//! who was deleted.
//!
//! The watermark is the server's time at the start of a fetch less a look-back, because the search index
//! is behind. Pages of a search go by identifier: behind 10,000 results HubSpot answers no further page.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::HubSpot;
use super::api::Ask as Call;
use super::contacts::{BATCH, One};
use super::convert::{merged, record};
use super::explain::{fail, no_sense};
use super::gear::{Gear, MODIFIED};
use super::wire::{Contact, Contacts};
use crate::connector::http::SendError;
use crate::connector::{Ask, Census, Cursor, Error, Extent, FetchEnd, Kind, Page, PageSender};
use crate::model::RemoteId;

/// Milliseconds by which a window reaches back behind the start of the scan before it.
const LOOK_BACK: i64 = 600_000;
/// The same where the server does not tell its time.
const BLIND_LOOK_BACK: i64 = 1_800_000;
/// Deleted contacts stay readable for 90 days; a position that is older than this says nothing of them.
const LIFE: i64 = 80 * 86_400_000;
/// The most results of a page of a search.
const SEARCHED: usize = 200;
/// What a cursor holds, in milliseconds since the epoch by the server's clock.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Watermark {
    /// What was changed since then was not read yet.
    w: i64,
    /// Whether the archive of deleted contacts was too large to be read through.
    #[serde(default)]
    large: bool,
}

/// What a fetch came to so far.
#[derive(Default)]
pub(super) struct Part {
    pub(super) pages: u32,
    pub(super) records: u64,
    pub(super) began: Option<i64>,
    /// Whether there were more deleted contacts than are read through.
    pub(super) large: bool,
}

impl HubSpot {
    /// See [`crate::connector::Source::fetch`].
    pub(super) async fn fetch_pages(
        &self,
        ask: &Ask,
        pages: PageSender,
    ) -> Result<FetchEnd, Error> {
        let gear = self.gear()?;
        let given = ask.since.as_ref();
        let mark = given
            .and_then(|cursor| serde_json::from_str::<Watermark>(&cursor.0).ok())
            .filter(|mark| ask.now * 1000 - mark.w < LIFE);
        if given.is_some() && mark.is_none() {
            tracing::warn!(
                "the last position in HubSpot is too old or unreadable: everything is read again"
            );
            drop(pages.send(Page::Restart).await);
        }
        let extent = if mark.is_some() {
            Extent::Delta
        } else {
            Extent::Full
        };
        let read = async {
            match &mark {
                None => self.whole(&gear, &pages).await,
                Some(mark) => self.delta(&gear, mark, ask.census, &pages).await,
            }
        };
        let part = match read.await {
            Ok(part) => part,
            Err(_) if pages.is_closed() => {
                return Ok(FetchEnd {
                    extent,
                    cursor: None,
                    pages: 0,
                    records: 0,
                });
            }
            Err(error) => return Err(error),
        };
        let w = part
            .began
            .map_or(ask.now * 1000 - BLIND_LOOK_BACK, |began| began - LOOK_BACK);
        let next = Watermark {
            w: mark.map_or(w, |mark| w.max(mark.w)),
            large: part.large,
        };
        Ok(FetchEnd {
            extent,
            cursor: serde_json::to_string(&next).ok().map(Cursor),
            pages: part.pages,
            records: part.records,
        })
    }

    /// Every contact of the list.
    async fn whole(&self, gear: &Gear, pages: &PageSender) -> Result<Part, Error> {
        let mut part = Part::default();
        let mut from: Option<String> = None;
        match gear.chosen() {
            None => loop {
                let (contacts, next, began) = self
                    .listing(&gear.properties.join(","), from.as_deref(), false)
                    .await?;
                part.began = part.began.or(began);
                tell(gear, &mut part, &contacts, |_| true, pages).await?;
                match next {
                    Some(next) => from = Some(next),
                    None => return Ok(part),
                }
            },
            Some(list) => loop {
                let page = self.member_page(list, from.as_deref()).await?;
                part.began = part.began.or(page.began);
                let ids: Vec<String> = page
                    .members
                    .into_iter()
                    .map(|member| member.record_id)
                    .collect();
                let contacts = self.contents(gear, &ids).await?;
                tell(gear, &mut part, &contacts, |_| true, pages).await?;
                match page.next {
                    Some(next) => from = Some(next),
                    None => return Ok(part),
                }
            },
        }
    }

    /// What changed, who joined, who was deleted, and when asked the identifiers of all members.
    async fn delta(
        &self,
        gear: &Gear,
        mark: &Watermark,
        census: Census,
        pages: &PageSender,
    ) -> Result<Part, Error> {
        let mut part = Part::default();
        let mut seen = BTreeSet::new();
        let mut last: Option<String> = None;
        loop {
            let (ids, began) = self.changed(mark.w, last.as_deref()).await?;
            part.began = part.began.or(began);
            let full = ids.len() >= SEARCHED;
            last = ids.last().cloned().or(last);
            self.changes(gear, &mut part, &ids, pages).await?;
            seen.extend(ids);
            if !full {
                break;
            }
        }
        if let Some(list) = gear.chosen() {
            let (mut ids, read) = self.joined(list, mark.w).await?;
            part.pages += read;
            ids.retain(|id| !seen.contains(id));
            self.changes(gear, &mut part, &ids, pages).await?;
        }
        match (mark.large, census) {
            (true, Census::No) => part.large = true,
            // The comparison of identifiers finds what was deleted as well; whether the archive has
            // become smaller is seen by the way.
            (_, Census::Yes) | (false, Census::No) => {
                self.deleted(gear, &mut part, mark.w, pages).await?;
            }
        }
        if census == Census::Yes {
            self.census(gear, &mut part, pages).await?;
        }
        Ok(part)
    }

    /// The identifiers of contacts that were changed since then, behind an identifier.
    async fn changed(
        &self,
        since: i64,
        behind: Option<&str>,
    ) -> Result<(Vec<String>, Option<i64>), Error> {
        let doing = "read what changed";
        let mut filters = vec![
            json!({ "propertyName": MODIFIED, "operator": "GTE", "value": since.to_string() }),
        ];
        if let Some(id) = behind {
            filters.push(json!({ "propertyName": "hs_object_id", "operator": "GT", "value": id }));
        }
        let body = json!({
            "filterGroups": [{ "filters": filters }],
            "sorts": [{ "propertyName": "hs_object_id", "direction": "ASCENDING" }],
            "properties": ["hs_object_id"],
            "limit": SEARCHED,
        });
        let ask = Call::post("search", doing, "/crm/v3/objects/contacts/search", body);
        let reply = self.call(ask).await.map_err(SendError::into_error)?;
        let page: Contacts = reply.read(doing)?;
        let ids: Vec<String> = page.results.into_iter().map(|contact| contact.id).collect();
        if ids.is_empty() || ids.last().map(String::as_str) != behind {
            return Ok((ids, reply.began));
        }
        Err(no_sense(
            doing,
            "a page says that there are more and gets no further",
        ))
    }

    /// Reads contacts and tells what they are now, with their membership.
    pub(super) async fn changes(
        &self,
        gear: &Gear,
        part: &mut Part,
        ids: &[String],
        pages: &PageSender,
    ) -> Result<(), Error> {
        let contacts = self.contents(gear, ids).await?;
        let ids: Vec<String> = contacts.iter().map(|contact| contact.id.clone()).collect();
        let members = self.members_among(gear, &ids).await?;
        tell(gear, part, &contacts, |id| members.contains(id), pages).await
    }

    /// What contacts hold; one that is gone by now is left out, and of merged ones the survivor comes.
    async fn contents(&self, gear: &Gear, ids: &[String]) -> Result<Vec<Contact>, Error> {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut reads = Vec::new();
        for some in ids.chunks(BATCH) {
            reads.push(async move { self.many(gear, some).await });
        }
        let mut seen = BTreeSet::new();
        let here = |one| match one {
            One::Here(contact) | One::Moved(contact) => Some(contact),
            One::Missing => None,
        };
        let all = try_join_all(reads).await?.into_iter().flatten();
        Ok(all
            .filter_map(here)
            .filter(|contact| seen.insert(contact.id.clone()))
            .collect())
    }

    /// The identifiers of all members of the list.
    async fn census(&self, gear: &Gear, part: &mut Part, pages: &PageSender) -> Result<(), Error> {
        let mut from: Option<String> = None;
        loop {
            let (ids, next): (Vec<RemoteId>, _) = match gear.chosen() {
                None => {
                    let (contacts, next, _) = self.listing("email", from.as_deref(), false).await?;
                    let ids = contacts
                        .into_iter()
                        .map(|contact| RemoteId::from(contact.id));
                    (ids.collect(), next)
                }
                Some(list) => {
                    let page = self.member_page(list, from.as_deref()).await?;
                    let ids = page
                        .members
                        .into_iter()
                        .map(|member| RemoteId::from(member.record_id));
                    (ids.collect(), page.next)
                }
            };
            part.pages += 1;
            send(pages, Page::Census(ids)).await?;
            match next {
                Some(next) => from = Some(next),
                None => return Ok(()),
            }
        }
    }
}

/// Hands contacts on; those that were merged into them first.
async fn tell(
    gear: &Gear,
    part: &mut Part,
    contacts: &[Contact],
    listed: impl Fn(&str) -> bool,
    pages: &PageSender,
) -> Result<(), Error> {
    part.pages += 1;
    if contacts.is_empty() {
        return Ok(());
    }
    if contacts.iter().any(|contact| contact.id.is_empty()) {
        return Err(no_sense("read contacts", "a contact has no id"));
    }
    for contact in contacts {
        for former in merged(contact) {
            let page = Page::Renamed {
                from: RemoteId::from(former),
                to: RemoteId::from(contact.id.as_str()),
            };
            send(pages, page).await?;
        }
    }
    part.records += u64::try_from(contacts.len()).unwrap_or(u64::MAX);
    let records = contacts
        .iter()
        .map(|contact| record(gear, contact, listed(&contact.id)));
    send(pages, Page::Records(records.collect())).await
}

pub(super) async fn send(pages: &PageSender, page: Page) -> Result<(), Error> {
    pages.send(page).await.map_err(|_| {
        fail(
            "read contacts",
            Kind::Unavailable,
            "nobody listens any more",
        )
    })
}
