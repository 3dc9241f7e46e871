//! The module's list views, and the one that a profile names.

use super::Zoho;
use super::api::{Ask, fail};
use super::gear::Extra;
use super::wire::{Count, View, Views};
use crate::connector::{Error, Kind};
use crate::model::{ListInfo, Probe};

const SCOPE: &str = "ZohoCRM.settings.custom_views.READ";

impl Zoho {
    /// The view that the profile names.
    pub(super) async fn find_list(&self, last: Option<&Probe>) -> Result<ListInfo, Error> {
        let views = self.views().await?;
        let asked = self.settings.view.trim();
        let view = choose(&views, asked)
            .or_else(|| before(&views, asked, last))
            .ok_or_else(|| unknown_view(asked, &nearest(&views, asked)))?;
        Ok(info(view))
    }

    /// Every view of the module, with its size where Zoho tells it.
    pub(super) async fn all_lists(&self) -> Result<Vec<ListInfo>, Error> {
        let views = self.views().await?;
        let mut lists: Vec<ListInfo> = views.iter().map(info).collect();
        let sizes = futures::future::join_all(lists.iter().map(|list| self.size(&list.id))).await;
        for (list, size) in lists.iter_mut().zip(sizes) {
            list.size = size;
        }
        Ok(lists)
    }

    /// How many records a view shows (Get Records Count, `cvid`); none when that is refused, which
    /// is no reason to show no views.
    pub(super) async fn size(&self, view: &str) -> Option<u64> {
        let doing = "count the records of a list view";
        let module = &self.settings.module;
        let ask = Ask {
            query: vec![("cvid", view.to_owned())],
            ..Ask::get(
                "count",
                doing,
                format!("{module}/actions/count"),
                format!("ZohoCRM.modules.{}.READ", module.to_lowercase()),
            )
        };
        let reply = self.call(ask).await.ok()?;
        let count: Count = reply.read(doing).ok()?;
        count.count
    }

    async fn views(&self) -> Result<Vec<View>, Error> {
        let mut all = Vec::new();
        for page in 1_u32.. {
            let mut query = vec![("module", self.settings.module.clone())];
            if page > 1 {
                query.push(("page", page.to_string()));
            }
            let read: Views = self
                .meta(
                    "custom_views",
                    "list the list views",
                    "settings/custom_views".to_owned(),
                    query,
                    SCOPE,
                )
                .await
                .map_err(|failure| failure.error)?;
            let more = read.info.more_records == Some(true) && !read.custom_views.is_empty();
            all.extend(read.custom_views);
            if !more {
                break;
            }
        }
        Ok(all)
    }
}

fn name(view: &View) -> &str {
    view.display_value
        .as_deref()
        .or(view.name.as_deref())
        .unwrap_or(&view.id)
}

fn info(view: &View) -> ListInfo {
    ListInfo {
        id: view.id.clone(),
        name: name(view).to_owned(),
        size: None,
        covers_all: view.system_name.as_deref() == Some("ALLVIEWS"),
    }
}

/// The view by identifier, exact name, name without regard to case, or system name; a name that
/// fits several views in the same way is none.
fn choose<'a>(views: &'a [View], asked: &str) -> Option<&'a View> {
    let names = |view: &View, same: &dyn Fn(&str) -> bool| {
        view.name.as_deref().is_some_and(same) || view.display_value.as_deref().is_some_and(same)
    };
    let only = |fits: &dyn Fn(&View) -> bool| {
        let mut found = views.iter().filter(|view| fits(view));
        found.next().filter(|_| found.next().is_none())
    };
    let lower = asked.to_lowercase();
    only(&|view| view.id == asked)
        .or_else(|| only(&|view| names(view, &|name| name == asked)))
        .or_else(|| only(&|view| names(view, &|name| name.to_lowercase() == lower)))
        .or_else(|| {
            only(&|view| {
                let system = view.system_name.as_deref();
                system.is_some_and(|system| system.eq_ignore_ascii_case(asked))
            })
        })
}

/// The view that the same words named before it was renamed.
fn before<'a>(views: &'a [View], asked: &str, last: Option<&Probe>) -> Option<&'a View> {
    let last = last?;
    let extra: Extra = serde_json::from_value(last.extra.clone()).ok()?;
    (extra.asked.trim() == asked)
        .then(|| views.iter().find(|view| view.id == last.list.id))
        .flatten()
}

/// The names most like the one that was asked for, at most three.
fn nearest<'a>(views: &'a [View], asked: &str) -> Vec<&'a str> {
    let asked = asked.to_lowercase();
    let mut near: Vec<(usize, &str)> = views
        .iter()
        .map(|view| (distance(&name(view).to_lowercase(), &asked), name(view)))
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// How many letters have to change to make one text of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, letter) in a.chars().enumerate() {
        let mut corner = at;
        row[0] = at + 1;
        for (other, theirs) in b.iter().enumerate() {
            let change = corner + usize::from(letter != *theirs);
            corner = row[other + 1];
            row[other + 1] = change.min(corner + 1).min(row[other] + 1);
        }
    }
    row[b.len()]
}

/// A failure of choosing the list.
fn unknown_view(asked: &str, nearest: &[&str]) -> Error {
    let names: Vec<String> = nearest.iter().map(|name| format!("`{name}`")).collect();
    Error {
        hint: Some(if names.is_empty() {
            "Choose a list view: crmsync configure".to_owned()
        } else {
            format!(
                "Did you mean {}? Choose a list view: crmsync configure",
                names.join(" or ")
            )
        }),
        ..fail(
            "find the list view",
            Kind::Unknown,
            &format!("there is no list view `{asked}`, or the user cannot see it"),
        )
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn view(id: &str, name: &str, system: Option<&str>) -> View {
        View {
            id: id.to_owned(),
            name: Some(name.to_owned()),
            display_value: None,
            system_name: system.map(str::to_owned),
        }
    }

    fn views() -> Vec<View> {
        vec![
            view("1", "All Contacts", Some("ALLVIEWS")),
            view("2", "Customers", None),
            view("3", "customers", None),
            view("4", "Partners", None),
        ]
    }

    #[test]
    fn a_view_is_found_by_identifier_name_and_system_name() {
        let views = views();
        let id = |asked| choose(&views, asked).map(|view| view.id.as_str());
        assert_eq!(id("4"), Some("4"));
        assert_eq!(id("Customers"), Some("2"));
        assert_eq!(id("PARTNERS"), Some("4"));
        assert_eq!(id("ALLVIEWS"), Some("1"));
        assert_eq!(id("CUSTOMERS"), None, "two views fit alike");
        assert_eq!(id("Partner"), None);
        assert_eq!(nearest(&views, "Partner")[0], "Partners");
    }

    #[test]
    fn a_renamed_view_is_recognised_only_under_the_words_that_named_it() {
        let views = views();
        let extra = Extra {
            asked: "VIPs".to_owned(),
            ..Extra::default()
        };
        let last = Probe {
            user: None,
            account: None,
            rights: Vec::new(),
            list: info(&views[3]),
            fields: Vec::new(),
            extra: serde_json::to_value(extra).unwrap(),
        };
        assert_eq!(before(&views, "VIPs", Some(&last)).unwrap().id, "4");
        assert!(before(&views, "Others", Some(&last)).is_none());
    }

    #[test]
    fn only_the_system_view_covers_the_module() {
        let views = views();
        assert!(info(&views[0]).covers_all);
        assert!(!info(&views[1]).covers_all);
    }
}
