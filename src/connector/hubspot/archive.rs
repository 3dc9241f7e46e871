//! Listings: all contacts page by page, and the deleted ones, which stay readable for 90 days.

use super::HubSpot;
use super::api::{Ask as Call, Reply};
use super::contacts::{BATCH, One};
use super::convert::instant;
use super::explain::no_sense;
use super::gear::Gear;
use super::read::{Part, send};
use super::wire::{Contact, Contacts, after};
use crate::connector::http::SendError;
use crate::connector::{Error, Page, PageSender};
use crate::model::RemoteId;

/// So many pages of deleted contacts are read through in a pass. A larger archive is left to the comparison of
/// the list's identifiers, after which each one that is missing is asked for.
const ARCHIVE: u32 = 20;

impl HubSpot {
    /// One page of all contacts, or of the deleted ones.
    pub(super) async fn listing(
        &self,
        properties: &str,
        from: Option<&str>,
        archived: bool,
    ) -> Result<(Vec<Contact>, Option<String>, Option<i64>), Error> {
        let doing = if archived {
            "read what was deleted"
        } else {
            "read the contacts"
        };
        let name = if archived { "archive" } else { "list" };
        let mut ask = Call::get(name, doing, "/crm/v3/objects/contacts");
        ask.query.push(("limit", BATCH.to_string()));
        ask.query.push(("properties", properties.to_owned()));
        if archived {
            ask.query.push(("archived", "true".to_owned()));
        }
        if let Some(from) = from {
            ask.query.push(("after", from.to_owned()));
        }
        let reply: Reply = self.call(ask).await.map_err(SendError::into_error)?;
        let page: Contacts = reply.read(doing)?;
        let next = after(page.paging);
        if next.is_some() && next.as_deref() == from {
            return Err(no_sense(
                doing,
                "a page says that there are more and gets no further",
            ));
        }
        Ok((page.results, next, reply.began))
    }

    /// Contacts that were deleted since then. The archive has no condition on time, and what becomes of
    /// a merged contact there is not documented, so each is looked up before it counts.
    pub(super) async fn deleted(
        &self,
        gear: &Gear,
        part: &mut Part,
        since: i64,
        pages: &PageSender,
    ) -> Result<(), Error> {
        let mut late: Vec<String> = Vec::new();
        let (mut from, mut read) = (None::<String>, 0);
        loop {
            let (contacts, next, _) = self.listing("email", from.as_deref(), true).await?;
            read += 1;
            let fresh = contacts.into_iter().filter(|contact| {
                let at = contact.archived_at.as_deref().and_then(instant);
                contact.archived && at.is_none_or(|at| at >= since)
            });
            late.extend(fresh.map(|contact| contact.id));
            match next {
                None => break,
                Some(_) if read >= ARCHIVE => {
                    part.large = true;
                    tracing::info!(
                        "more deleted contacts than a pass reads: deletions are found when the lists are compared"
                    );
                    break;
                }
                Some(next) => from = Some(next),
            }
        }
        part.pages += read;
        let ids: Vec<&str> = late.iter().map(String::as_str).collect();
        let mut gone = Vec::new();
        let mut survivors = Vec::new();
        for (id, one) in ids.iter().zip(self.many(gear, &ids).await?) {
            match one {
                One::Here(_) => {}
                One::Moved(contact) => {
                    let page = Page::Renamed {
                        from: RemoteId::from(*id),
                        to: RemoteId::from(contact.id.as_str()),
                    };
                    send(pages, page).await?;
                    survivors.push(contact.id);
                }
                One::Missing => gone.push(RemoteId::from(*id)),
            }
        }
        self.changes(gear, part, &survivors, pages).await?;
        if gone.is_empty() {
            return Ok(());
        }
        send(pages, Page::Deleted(gone)).await
    }
}
