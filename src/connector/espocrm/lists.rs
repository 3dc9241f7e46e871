//! The lists that a profile can name: all contacts, EspoCRM's filters, and target lists.

use serde_json::Value;

use super::Espo;
use super::api;
use super::explain::fail;
use super::gear::{Extra, View};
use super::query::Query;
use crate::connector::{Error, Kind};
use crate::mapping::nearest;
use crate::model::{ListInfo, Probe};

/// What the list of every contact is called.
pub(super) const ALL_NAME: &str = "All Contacts";
const ALL_ID: &str = "all";

/// A list and what it stands for.
type Named = (ListInfo, View);

impl Espo {
    /// The list that the profile names.
    pub(super) async fn find_list(&self, last: Option<&Probe>) -> Result<Named, Error> {
        let asked = self.settings.view.trim();
        let lists = self.named_lists().await?;
        if let Some(found) = choose(&lists, asked).or_else(|| before(&lists, asked, last)) {
            return Ok(found.clone());
        }
        let near = nearest(asked, lists.iter().map(|(list, _)| list.name.as_str()));
        Err(Error {
            hint: Some(match near {
                Some(near) => format!("Did you mean `{near}`? Choose a list: crmsync configure"),
                None => "Choose a list: crmsync configure".to_owned(),
            }),
            ..fail(
                "find the list",
                Kind::Unknown,
                &format!(
                    "there is no target list or filter `{asked}`, or several, or the user cannot see it"
                ),
            )
        })
    }

    /// Every list, with its size where that is told.
    pub(super) async fn all_lists(&self) -> Result<Vec<ListInfo>, Error> {
        let lists = self.named_lists().await?;
        let sizes = lists.iter().map(|(_, view)| self.size(view));
        let sizes = futures::future::join_all(sizes).await;
        Ok(lists
            .into_iter()
            .zip(sizes)
            .map(|((list, _), size)| ListInfo { size, ..list })
            .collect())
    }

    /// How many contacts a list has; none when that is refused, which is no reason to show no lists.
    async fn size(&self, view: &View) -> Option<u64> {
        let select = ["id".to_owned()];
        let path = path(view);
        let query = Query {
            path: &path,
            filter: filter(view),
            conditions: Vec::new(),
            select: &select,
        };
        let page = self.page("count the contacts of a list", &query, None);
        page.await.ok()?.total
    }

    async fn named_lists(&self) -> Result<Vec<Named>, Error> {
        let (filters, targets) = futures::try_join!(self.filters(), self.target_lists())?;
        let mut lists = vec![(info(ALL_ID, ALL_NAME, true), View::All)];
        lists.extend(filters.into_iter().map(|name| {
            let list = info(&format!("filter:{name}"), &name, false);
            (list, View::Filter(name))
        }));
        lists.extend(targets.into_iter().map(|(id, name)| {
            let list = info(&id, &name, false);
            (list, View::Targets(id))
        }));
        Ok(lists)
    }

    /// The filters that EspoCRM's own contact list offers.
    async fn filters(&self) -> Result<Vec<String>, Error> {
        let doing = "read the filters";
        let list = self
            .metadata("clientDefs.Contact.filterList", doing)
            .await?;
        let list = list.as_array().map_or(&[][..], Vec::as_slice);
        Ok(list
            .iter()
            .filter_map(|item| item.as_str().or_else(|| item.get("name")?.as_str()))
            .filter(|name| !name.starts_with("__"))
            .map(str::to_owned)
            .collect())
    }

    /// The target lists that the user may see; none when the role has none.
    async fn target_lists(&self) -> Result<Vec<(String, String)>, Error> {
        let select = ["id".to_owned(), "name".to_owned()];
        let query = Query {
            path: "TargetList",
            filter: None,
            conditions: Vec::new(),
            select: &select,
        };
        match self.rows("read the target lists", &query).await {
            Ok(rows) => Ok(rows
                .iter()
                .filter_map(|row| {
                    let name = row.get("name").and_then(Value::as_str)?;
                    Some((api::id(row)?.to_owned(), name.to_owned()))
                })
                .collect()),
            Err(error) if error.kind == Kind::Forbidden => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// The path that lists a view's contacts.
pub(super) fn path(view: &View) -> String {
    match view {
        View::All | View::Filter(_) => "Contact".to_owned(),
        View::Targets(id) => format!("TargetList/{id}/contacts"),
    }
}

/// The filter that a view's listing names.
pub(super) fn filter(view: &View) -> Option<&str> {
    match view {
        View::Filter(name) => Some(name),
        View::All | View::Targets(_) => None,
    }
}

fn info(id: &str, name: &str, covers_all: bool) -> ListInfo {
    ListInfo {
        id: id.to_owned(),
        name: name.to_owned(),
        size: None,
        covers_all,
    }
}

/// The list by identifier, exact name, or name without regard to case; a name that fits several in
/// the same way is none.
fn choose<'a>(lists: &'a [Named], asked: &str) -> Option<&'a Named> {
    let only = |fits: &dyn Fn(&ListInfo) -> bool| {
        let mut found = lists.iter().filter(|(list, _)| fits(list));
        found.next().filter(|_| found.next().is_none())
    };
    let lower = asked.to_lowercase();
    only(&|list| list.id == asked)
        .or_else(|| only(&|list| list.name == asked))
        .or_else(|| only(&|list| list.name.to_lowercase() == lower))
}

/// The list that the same words named before it was renamed.
fn before<'a>(lists: &'a [Named], asked: &str, last: Option<&Probe>) -> Option<&'a Named> {
    let last = last?;
    let extra: Extra = serde_json::from_value(last.extra.clone()).ok()?;
    (extra.asked.trim() == asked)
        .then(|| lists.iter().find(|(list, _)| list.id == last.list.id))
        .flatten()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn lists() -> Vec<Named> {
        let target = |id: &str, name: &str| (info(id, name, false), View::Targets(id.to_owned()));
        vec![
            (info(ALL_ID, ALL_NAME, true), View::All),
            (
                info("filter:accountActive", "accountActive", false),
                View::Filter("accountActive".to_owned()),
            ),
            target("6541f0e7d21c4a8b9", "Newsletter"),
            target("6541f0e7d21c4a8ba", "newsletter"),
        ]
    }

    #[test]
    fn a_list_is_found_by_identifier_and_by_an_unmistakable_name() {
        let lists = lists();
        let id = |asked| choose(&lists, asked).map(|(list, _)| list.id.as_str());
        assert_eq!(id("all contacts"), Some("all"));
        assert_eq!(id("accountActive"), Some("filter:accountActive"));
        assert_eq!(id("Newsletter"), Some("6541f0e7d21c4a8b9"));
        assert_eq!(id("NEWSLETTER"), None, "two lists fit alike");
        assert_eq!(id("6541f0e7d21c4a8ba"), Some("6541f0e7d21c4a8ba"));
    }

    #[test]
    fn a_renamed_list_is_recognised_under_the_words_that_named_it() {
        let lists = lists();
        let extra = Extra {
            asked: "VIPs".to_owned(),
            ..Extra::default()
        };
        let last = Probe {
            user: None,
            account: None,
            rights: Vec::new(),
            list: lists[2].0.clone(),
            fields: Vec::new(),
            extra: serde_json::to_value(extra).unwrap(),
        };
        let found = before(&lists, "VIPs", Some(&last)).unwrap();
        assert_eq!(found.1, View::Targets("6541f0e7d21c4a8b9".to_owned()));
        assert!(before(&lists, "Others", Some(&last)).is_none());
    }
}
