//! Labels: which there are, which one the profile means, and who is signed in.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::convert::MY_CONTACTS;
use super::errors::{Fault, REMOTE};
use super::wire::{Group, Groups};
use super::{Google, NewGroup, Writes, parse, vet};
use crate::connector::http::{SendError, error};
use crate::connector::{Error, Kind};
use crate::model::{ListInfo, Probe, Right};

const LISTING: &str = "list the labels";
const MAKING: &str = "create a label";
/// How long a listing of the labels says which are missing; creating one that is there after all is
/// refused (409) and looked into.
const RECENT: Duration = Duration::from_secs(30);
/// The system labels that contacts can still be put into.
const OPEN_SYSTEM: [&str; 2] = [MY_CONTACTS, "contactGroups/starred"];

/// Which label a profile means.
pub(super) enum Chosen<'a> {
    /// This one.
    One(&'a Group),
    /// None has that name.
    None,
    /// Several differ from the name in case only.
    Several,
}

impl Google {
    /// Every label that was there a moment ago; the listing of this run counts.
    async fn recent_groups(&self) -> Result<Arc<[Group]>, Error> {
        let known = self
            .listed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match known {
            Some((when, groups)) if when.elapsed() < RECENT => Ok(groups),
            Some(_) | None => self.groups().await,
        }
    }

    /// Every label that is there.
    pub(super) async fn groups(&self) -> Result<Arc<[Group]>, Error> {
        let (mut all, mut told, mut token) = (Vec::new(), 0, None);
        loop {
            let mut call = self.call("contactGroups.list", LISTING, Method::GET, "contactGroups");
            call.query.push(("pageSize", "1000".to_owned()));
            call.query.push((
                "groupFields",
                "name,groupType,memberCount,metadata".to_owned(),
            ));
            if let Some(token) = token.take() {
                call.query.push(("pageToken", token));
            }
            let page: Groups = self.read(call).await?;
            told += page.contact_groups.len();
            all.extend(
                page.contact_groups
                    .into_iter()
                    .filter(|group| !group.metadata.deleted),
            );
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                // Every account has Google's own labels. Taken for the truth, an answer without any would
                // make everybody's membership look as if it were not there.
                if told == 0 {
                    let reason = "it lists no label, not even Google's own";
                    return Err(error(REMOTE, LISTING, Kind::Protocol, reason));
                }
                let all: Arc<[Group]> = all.into();
                *self.listed.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((Instant::now(), Arc::clone(&all)));
                return Ok(all);
            }
        }
    }

    pub(super) async fn list_groups(&self) -> Result<Vec<ListInfo>, Error> {
        let groups = self.groups().await?;
        Ok(groups
            .iter()
            .filter(|group| is_open(group))
            .map(info)
            .collect())
    }

    pub(super) async fn probe_account(&self, last: Option<&Probe>) -> Result<Probe, Error> {
        let groups = self.groups().await?;
        let wanted = &self.settings.group;
        let former = last
            .filter(|probe| {
                probe.extra.get("group").and_then(|group| group.as_str()) == Some(wanted)
            })
            .map(|probe| probe.list.id.as_str());
        let chosen = match choose(&groups, wanted) {
            Chosen::One(group) => info(group),
            Chosen::Several => {
                return Err(self.unknown(
                    &groups,
                    &format!("several labels are called `{wanted}` but for capitals"),
                ));
            }
            Chosen::None => match groups
                .iter()
                .find(|group| Some(group.resource_name.as_str()) == former)
            {
                Some(renamed) => info(renamed),
                None if self.settings.new_group == NewGroup::Create
                    && !wanted.starts_with("contactGroups/") =>
                {
                    ListInfo {
                        id: String::new(),
                        name: wanted.clone(),
                        size: None,
                        covers_all: false,
                    }
                }
                None => return Err(self.unknown(&groups, &format!("there is no label `{wanted}`"))),
            },
        };
        let archive = groups
            .iter()
            .find(|group| is_user(group) && group.name == self.settings.archive);
        let rights = match self.settings.writes {
            Writes::Allowed => vec![Right::View, Right::Create, Right::Edit, Right::Delete],
            Writes::Never => vec![Right::View],
        };
        Ok(Probe {
            user: self.settings.account.clone(),
            account: self.settings.account.clone(),
            rights,
            list: chosen,
            fields: vet::fields(),
            extra: json!({"group": wanted, "archive": archive.map(|group| &group.resource_name)}),
        })
    }

    fn unknown(&self, groups: &[Group], reason: &str) -> Error {
        let wanted = self.settings.group.to_lowercase();
        let mut near: Vec<(usize, String)> = groups
            .iter()
            .filter(|group| is_open(group))
            .map(|group| {
                let name = if is_user(group) {
                    group.name.clone()
                } else {
                    "myContacts".to_owned()
                };
                (
                    distance(&wanted, &name.to_lowercase()),
                    format!("`{name}` ({})", group.resource_name),
                )
            })
            .collect();
        near.sort();
        let near: Vec<String> = near.into_iter().take(3).map(|(_, name)| name).collect();
        let hint = if near.is_empty() {
            "The account has no labels; make one in Google Contacts or name a new one with `crmsync configure`.".to_owned()
        } else {
            format!(
                "The nearest are {}; run `crmsync configure` to choose one.",
                near.join(", ")
            )
        };
        Error {
            hint: Some(hint),
            ..error(REMOTE, "find the label", Kind::Unknown, reason)
        }
    }

    /// Learns the label's resource name when an earlier run made it after the last probe.
    pub(super) async fn find_new_group(&self) -> Result<(), Error> {
        if !self.labels().group.is_empty() {
            return Ok(());
        }
        let groups = self.recent_groups().await?;
        if let Chosen::One(group) = choose(&groups, &self.settings.group) {
            self.learn(|labels| labels.group.clone_from(&group.resource_name));
        }
        if let Chosen::One(group) = choose(&groups, &self.settings.archive) {
            self.learn(|labels| labels.archive.clone_from(&group.resource_name));
        }
        Ok(())
    }

    /// The profile's label, made when it does not exist yet.
    pub(super) async fn ensure_group(&self) -> Result<String, Error> {
        let _looking = self.making.lock().await;
        let known = self.labels().group;
        if !known.is_empty() {
            return Ok(known);
        }
        let made = self.make_group(&self.settings.group).await?;
        self.learn(|labels| labels.group.clone_from(&made));
        Ok(made)
    }

    /// The archive label, made when it does not exist yet.
    pub(super) async fn ensure_archive(&self) -> Result<String, Error> {
        let _looking = self.making.lock().await;
        let known = self.labels().archive;
        if !known.is_empty() {
            return Ok(known);
        }
        let made = self.make_group(&self.settings.archive).await?;
        self.learn(|labels| labels.archive.clone_from(&made));
        Ok(made)
    }

    /// Looks for a label by name and makes it when there is none; 409 and an unknown outcome are
    /// settled by looking again, so that there are never two.
    async fn make_group(&self, name: &str) -> Result<String, Error> {
        let mut groups = self.recent_groups().await?;
        for _ in 0..2 {
            if let Chosen::One(group) = choose(&groups, name) {
                return Ok(group.resource_name.clone());
            }
            if name == self.settings.group && self.settings.new_group == NewGroup::Refuse {
                break;
            }
            let mut call = self.call(
                "contactGroups.create",
                MAKING,
                Method::POST,
                "contactGroups",
            );
            call.body = Some(self.body(
                &json!({"contactGroup": {"name": name}, "readGroupFields": "name,groupType,metadata"}),
            ));
            match self.send_once(call).await {
                Ok(answer) if answer.status < 300 => {
                    let made: Group = parse(&answer, MAKING)?;
                    if !made.resource_name.is_empty() {
                        return Ok(made.resource_name);
                    }
                }
                Ok(answer) if answer.status == 409 || answer.status >= 500 => {}
                Ok(answer) => return Err(Fault::of(&answer).error(MAKING)),
                Err(SendError::Uncertain(_)) => {}
                Err(SendError::Failed(failed)) => return Err(failed),
            }
            groups = self.groups().await?;
        }
        match choose(&groups, name) {
            Chosen::One(group) => Ok(group.resource_name.clone()),
            Chosen::None | Chosen::Several => Err(error(
                REMOTE,
                MAKING,
                Kind::Unknown,
                &format!("there is no label `{name}` and it could not be made"),
            )),
        }
    }
}

/// The label that a profile's word means: a resource name, `myContacts`, or a name; capitals count
/// only when two labels differ in nothing else.
pub(super) fn choose<'a>(groups: &'a [Group], wanted: &str) -> Chosen<'a> {
    let by_id = if wanted == "myContacts" {
        MY_CONTACTS
    } else {
        wanted
    };
    if let Some(group) = groups.iter().find(|group| group.resource_name == by_id) {
        return Chosen::One(group);
    }
    if let Some(group) = groups
        .iter()
        .find(|group| is_user(group) && group.name == wanted)
    {
        return Chosen::One(group);
    }
    let lower = wanted.to_lowercase();
    let mut alike = groups
        .iter()
        .filter(|group| is_user(group) && group.name.to_lowercase() == lower);
    match (alike.next(), alike.next()) {
        (Some(group), None) => Chosen::One(group),
        (Some(_), Some(_)) => Chosen::Several,
        (None, _) => Chosen::None,
    }
}

fn is_user(group: &Group) -> bool {
    group.kind == "USER_CONTACT_GROUP"
}

fn is_open(group: &Group) -> bool {
    is_user(group) || OPEN_SYSTEM.contains(&group.resource_name.as_str())
}

fn info(group: &Group) -> ListInfo {
    let name = if is_user(group) || group.formatted_name.is_empty() {
        &group.name
    } else {
        &group.formatted_name
    };
    ListInfo {
        id: group.resource_name.clone(),
        name: name.clone(),
        size: Some(group.member_count),
        covers_all: false,
    }
}

/// How many letters have to be changed, added or taken away.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let change = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
