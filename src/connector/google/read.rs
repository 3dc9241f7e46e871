//! Reading contacts: the whole account, what changed, and our own creates.

use std::collections::BTreeSet;

use reqwest::Method;

use super::convert::{person_fields, person_mask, record};
use super::errors::{Fault, REMOTE};
use super::wire::{Connections, Group, Person, Tokens};
use super::{CAPACITY, Gear, Google, parse};
use crate::connector::http::{Answer, SendError, error};
use crate::connector::{
    Ask, Census, Cursor, Error, Extent, FetchEnd, Found, Kind, Page, PageSender,
};
use crate::model::{Change, Key, Record, RemoteId, Write};

pub(super) const LISTING: &str = "list the contacts";

/// A page that came, or the news that the cursor is too old.
enum Turn {
    Page(Answer),
    Expired,
}

/// An answer without contacts has fewer bytes.
const LITTLE: usize = 1_000;

/// The parameters of a listing, which must stay the same for all pages and for the life of a
/// sync token.
pub(super) fn list_parameters(gear: &Gear) -> Vec<(&'static str, String)> {
    parameters_of(&gear.lists)
}

/// The same for a listing of these lists.
pub(super) fn parameters_of(lists: &[&'static str]) -> Vec<(&'static str, String)> {
    vec![
        ("personFields", person_fields(lists)),
        ("sources", "READ_SOURCE_TYPE_CONTACT".to_owned()),
        ("pageSize", "1000".to_owned()),
        ("requestSyncToken", "true".to_owned()),
        (
            "fields",
            format!(
                "connections({}),nextPageToken,nextSyncToken,totalItems",
                person_mask(lists)
            ),
        ),
    ]
}

/// Holds a full list against its own count. What people delete meanwhile, and what a listing that lags
/// does not show yet, is no matter: only a list that misses more than ten and a tenth of its contacts is.
fn complete(end: &FetchEnd, total: Option<u64>) -> Result<(), Error> {
    let Some(missing) = total.and_then(|total| total.checked_sub(end.records)) else {
        return Ok(());
    };
    let total = end.records + missing;
    if missing <= 10.max(total / 10) {
        return Ok(());
    }
    Err(Error {
        hint: Some(
            "Run the same command again; if it stays so, run it with `-vv` and report it."
                .to_owned(),
        ),
        ..error(
            REMOTE,
            LISTING,
            Kind::Unavailable,
            &format!(
                "it ended after {} contacts and counts {total} of them, so nobody knows what it left out; nothing was written",
                end.records
            ),
        )
    })
}

impl Google {
    async fn page(
        &self,
        gear: &Gear,
        since: Option<&str>,
        token: Option<String>,
    ) -> Result<Turn, Error> {
        let mut call = self.call(
            "connections.list",
            LISTING,
            Method::GET,
            "people/me/connections",
        );
        let parameters = list_parameters(gear);
        if since.is_none()
            && token.is_none()
            && let Some(page) = self.begun(&parameters).await
        {
            return page.map(Turn::Page).map_err(SendError::into_error);
        }
        call.query.extend(parameters);
        if let Some(since) = since {
            call.query.push(("syncToken", since.to_owned()));
        }
        if let Some(token) = token {
            call.query.push(("pageToken", token));
        }
        let answer: Answer = self.send(call).await.map_err(SendError::into_error)?;
        if since.is_some() && answer.status >= 400 && Fault::of(&answer).is_expired() {
            return Ok(Turn::Expired);
        }
        Ok(Turn::Page(answer))
    }

    pub(super) async fn fetch_pages(
        &self,
        ask: &Ask,
        pages: &PageSender,
    ) -> Result<FetchEnd, Error> {
        let gear = self.gear()?;
        self.find_new_group().await?;
        let mut since = ask.since.as_ref().map(|cursor| cursor.0.as_str());
        let mut total = None;
        let mut next = self.page(&gear, since, None).await?;
        let mut end = FetchEnd {
            extent: Extent::Full,
            cursor: None,
            pages: 0,
            records: 0,
        };
        loop {
            let page = match next {
                Turn::Page(page) => page,
                Turn::Expired => {
                    tracing::info!("the sync token has expired, reading everything");
                    since = None;
                    end.records = 0;
                    if pages.send(Page::Restart).await.is_err() {
                        return Ok(end);
                    }
                    next = self.page(&gear, since, None).await?;
                    continue;
                }
            };
            end.pages += 1;
            if page.body.len() > LITTLE {
                gear.mapping.get_ready();
            }
            // What comes next is asked for before this page is looked into.
            let Tokens {
                next_page_token,
                next_sync_token,
                total_items,
            } = parse(&page, LISTING)?;
            total = total_items.or(total);
            end.cursor = next_sync_token
                .filter(|token| !token.is_empty())
                .map(Cursor);
            let token = next_page_token.filter(|token| !token.is_empty());
            let ahead = async {
                match token {
                    Some(token) => self.page(&gear, since, Some(token)).await.map(Some),
                    None => Ok(None),
                }
            };
            let taking = async {
                tokio::task::yield_now().await;
                let page: Connections<'_> = parse(&page, LISTING)?;
                for part in self.sort_out(&gear, &page.people, &mut end.records) {
                    if pages.send(part).await.is_err() {
                        return Ok(false);
                    }
                }
                Ok(true)
            };
            let (came, heard) = futures::join!(ahead, taking);
            if !heard? {
                return Ok(end);
            }
            match came? {
                Some(page) => next = page,
                None => break,
            }
        }
        if since.is_none() && end.cursor.is_some() {
            complete(&end, total)?;
        }
        if since.is_some() {
            end.extent = Extent::Delta;
            if ask.census == Census::Yes {
                let members = self.members().await?;
                end.pages += 1;
                // Nobody listening is no failure; the records were delivered.
                drop(pages.send(Page::Census(members)).await);
            }
        }
        Ok(end)
    }

    /// A page's people: renames first, then what is there, then what was deleted.
    fn sort_out(&self, gear: &Gear, people: &[Person<'_>], count: &mut u64) -> Vec<Page> {
        let labels = self.labels();
        let lens = self.lens(gear, &labels);
        let (mut parts, mut records, mut deleted) = (Vec::new(), Vec::new(), Vec::new());
        for person in people {
            *count += 1;
            let id = RemoteId::from(&*person.resource_name);
            if person.metadata.deleted {
                // Renamed since the last reading, and then deleted: we know it by a former name only.
                let former = &person.metadata.previous_resource_names;
                deleted.extend(former.iter().map(|name| RemoteId::from(&**name)));
                deleted.push(id);
                continue;
            }
            for former in &person.metadata.previous_resource_names {
                if *former != person.resource_name {
                    parts.push(Page::Renamed {
                        from: RemoteId::from(&**former),
                        to: id.clone(),
                    });
                }
            }
            records.extend(record(&lens, person));
        }
        if !records.is_empty() {
            parts.push(Page::Records(records));
        }
        if !deleted.is_empty() {
            parts.push(Page::Deleted(deleted));
        }
        parts
    }

    /// The label's members by name; nobody while the label does not exist.
    pub(super) async fn members(&self) -> Result<Vec<RemoteId>, Error> {
        let group = self.labels().group;
        if group.is_empty() {
            return Ok(Vec::new());
        }
        let doing = "list the label's members";
        let mut call = self.call("contactGroups.get", doing, Method::GET, &group);
        call.query.push(("maxMembers", CAPACITY.to_string()));
        call.query
            .push(("groupFields", "name,memberCount,metadata".to_owned()));
        let found: Group = self.read(call).await.map_err(|failed| {
            if failed.kind == Kind::NotFound {
                let hint = "Run `crmsync configure` to choose a label, or make it again in Google Contacts.";
                Error { kind: Kind::Unknown, hint: Some(hint.to_owned()), ..failed }
            } else {
                failed
            }
        })?;
        Ok(found
            .member_resource_names
            .into_iter()
            .map(RemoteId::from)
            .collect())
    }

    /// Every record of the account that is asked for, read afresh.
    pub(super) async fn everything(
        &self,
        wanted: &(dyn Fn(&Record) -> bool + Sync),
    ) -> Result<Vec<Record>, Error> {
        Ok(self.listing(wanted).await?.0)
    }

    async fn listing(
        &self,
        wanted: &(dyn Fn(&Record) -> bool + Sync),
    ) -> Result<(Vec<Record>, BTreeSet<RemoteId>), Error> {
        let gear = self.gear()?;
        let labels = self.labels();
        let lens = self.lens(&gear, &labels);
        let (mut records, mut names, mut token) = (Vec::new(), BTreeSet::new(), None);
        loop {
            let Turn::Page(page) = self.page(&gear, None, token.take()).await? else {
                return Ok((records, names));
            };
            token = parse::<Tokens>(&page, LISTING)?
                .next_page_token
                .filter(|token| !token.is_empty());
            let page: Connections<'_> = parse(&page, LISTING)?;
            for person in page.people.iter().filter(|person| !person.metadata.deleted) {
                names.insert(RemoteId::from(&*person.resource_name));
                records.extend(record(&lens, person).filter(|record| wanted(record)));
            }
            if token.is_none() {
                return Ok((records, names));
            }
        }
    }

    /// What became of creates: the whole account, and the label's members as a second witness, because
    /// a listing may lag behind.
    pub(super) async fn look_for(&self, open: &[&Write]) -> Result<Vec<Record>, Error> {
        let creates = || {
            open.iter()
                .filter(|write| matches!(write.change, Change::Create { .. }))
        };
        let twins: BTreeSet<&RemoteId> = creates().map(|write| &write.twin).collect();
        let keys: BTreeSet<&Key> = creates().filter_map(|write| write.key.as_ref()).collect();
        let ours = |record: &Record| {
            record
                .stamp
                .as_ref()
                .is_some_and(|stamp| twins.contains(stamp))
                || record.addresses().any(|key| keys.contains(key))
        };
        self.find_new_group().await?;
        let (mut found, names) = self.listing(&ours).await?;
        let unlisted: Vec<RemoteId> = self
            .members()
            .await?
            .into_iter()
            .filter(|id| !names.contains(id))
            .collect();
        for answer in self.get_people(&unlisted).await? {
            if let Found::Here(record) | Found::Moved(record) = answer
                && ours(&record)
                && found.iter().all(|other| other.id != record.id)
            {
                found.push(*record);
            }
        }
        Ok(found)
    }
}
