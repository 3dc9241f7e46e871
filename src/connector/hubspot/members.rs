//! Who is in the profile's list. A list's members come as identifiers only.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::HubSpot;
use super::api::Ask;
use super::convert::instant;
use super::explain::no_sense;
use super::gear::Gear;
use super::lists::CONTACTS;
use super::wire::{Added, Member, Members, Memberships, after};
use crate::connector::Error;

/// The most members of a page.
const PAGE: usize = 250;
/// The most records of one question about memberships.
const RECORDS: usize = 100;
const LAST_ADDED: &str = "hs_last_record_added_at";

/// One page of a list's members.
pub(super) struct MemberPage {
    pub(super) members: Vec<Member>,
    pub(super) next: Option<String>,
    pub(super) began: Option<i64>,
}

impl HubSpot {
    /// One page of the members of a list.
    pub(super) async fn member_page(
        &self,
        list: &str,
        from: Option<&str>,
    ) -> Result<MemberPage, Error> {
        let doing = "list the members";
        let mut ask = Ask::get(
            "members",
            doing,
            &format!("/crm/v3/lists/{list}/memberships"),
        );
        ask.query.push(("limit", PAGE.to_string()));
        if let Some(from) = from {
            ask.query.push(("after", from.to_owned()));
        }
        let reply = self
            .call(ask)
            .await
            .map_err(crate::connector::http::SendError::into_error)?;
        let page: Members = reply.read(doing)?;
        let next = after(page.paging);
        if next.is_some() && next.as_deref() == from {
            return Err(no_sense(
                doing,
                "a page says that there are more and gets no further",
            ));
        }
        Ok(MemberPage {
            members: page.results,
            next,
            began: reply.began,
        })
    }

    /// Which of these contacts are in the profile's list now.
    pub(super) async fn members_among(
        &self,
        gear: &Gear,
        ids: &[String],
    ) -> Result<HashSet<String>, Error> {
        let Some(list) = gear.chosen() else {
            return Ok(ids.iter().cloned().collect());
        };
        let mut members = HashSet::new();
        for some in ids.chunks(RECORDS) {
            let inputs: Vec<Value> = some
                .iter()
                .map(|id| json!({ "objectTypeId": CONTACTS, "recordId": id }))
                .collect();
            let found: Memberships = self
                .read(Ask::post(
                    "memberships",
                    "read which are in the list",
                    "/crm/v3/lists/records/memberships/batch/read",
                    json!({ "inputs": inputs }),
                ))
                .await?;
            let inside = found.results.into_iter().filter(|record| {
                let mut lists = record.record_list_memberships.iter();
                lists.any(|membership| membership.list_id == list)
            });
            members.extend(inside.map(|record| record.record_id));
        }
        Ok(members)
    }

    /// Those who joined the profile's list since then. Joining a list does not change a contact, so no
    /// search finds them.
    pub(super) async fn joined(&self, list: &str, since: i64) -> Result<(Vec<String>, u32), Error> {
        let doing = "look whether someone joined the list";
        let page = self
            .lists_page(
                doing,
                &json!({ "listIds": [list], "count": 1, "offset": 0 }),
            )
            .await?;
        let last = page
            .found
            .iter()
            .find(|found| found.id == list)
            .and_then(|found| found.additional(LAST_ADDED));
        // A list that nobody ever joined does not have the time; one that cannot be read says nothing.
        let quiet = match last.as_deref().map(instant) {
            None => true,
            Some(Some(at)) => at < since,
            Some(None) => false,
        };
        if quiet {
            return Ok((Vec::new(), 0));
        }
        let (mut ids, mut pages, mut from) = (Vec::new(), 0, None::<String>);
        loop {
            let page = self.member_page(list, from.as_deref()).await?;
            pages += 1;
            let late = page.members.into_iter().filter(|member| {
                let at = member.membership_timestamp.as_deref().and_then(instant);
                at.is_none_or(|at| at >= since)
            });
            ids.extend(late.map(|member| member.record_id));
            match page.next {
                Some(next) => from = Some(next),
                None => return Ok((ids, pages)),
            }
        }
    }

    /// Puts contacts into a static list; doing it twice does no harm. Gives those that HubSpot did not
    /// find.
    pub(super) async fn put_into(&self, list: &str, ids: &[&str]) -> Result<Vec<String>, Error> {
        self.change_members(list, "add", ids).await
    }

    /// Takes contacts out of a static list.
    pub(super) async fn take_out(&self, list: &str, ids: &[&str]) -> Result<Vec<String>, Error> {
        self.change_members(list, "remove", ids).await
    }

    async fn change_members(
        &self,
        list: &str,
        what: &str,
        ids: &[&str],
    ) -> Result<Vec<String>, Error> {
        let ask = Ask {
            method: Method::PUT,
            ..Ask::post(
                "member",
                "put contacts into the list or take them out",
                &format!("/crm/v3/lists/{list}/memberships/{what}"),
                json!(ids),
            )
        };
        let added: Added = self.read(ask).await?;
        let text = |id: &Value| match id {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        Ok(added.record_ids_missing.iter().filter_map(text).collect())
    }
}
