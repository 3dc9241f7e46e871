//! The lists that a profile can name: all persons, saved filters, and tags.

use serde_json::{Value as Json, json};

use super::api::Ask;
use super::domain;
use super::explain::fail;
use super::gear::{Extra, View};
use super::wire::Row;
use super::{Odoo, PARTNER};
use crate::connector::{Error, Kind};
use crate::mapping::nearest;
use crate::model::{ListInfo, Probe};

/// What the list of every person is called.
pub(super) const ALL_NAME: &str = "All Contacts";
const ALL_ID: &str = "all";

/// A list and what it stands for; a saved filter that would have to be evaluated has no view, but the
/// word at which that shows.
type Named = (ListInfo, Result<View, String>);

/// Persons that are not archived: neither companies nor the addresses of one for deliveries and
/// invoices.
pub(super) fn persons() -> Json {
    json!([
        ["is_company", "=", false],
        ["type", "in", ["contact", false]],
        ["active", "=", true]
    ])
}

/// What a view asks for beside that.
pub(super) fn domain(view: &View) -> Json {
    match view {
        View::All => json!([]),
        View::Filter(domain) => domain.clone(),
        View::Tag(tag) => json!([["category_id", "in", [tag]]]),
    }
}

/// The conditions for being in a view.
pub(super) fn members(view: &View) -> Json {
    domain::and(&persons(), &domain(view))
}

impl Odoo {
    /// The list that the profile names.
    pub(super) async fn find_list(&self, last: Option<&Probe>) -> Result<(ListInfo, View), Error> {
        let asked = self.settings.view.trim();
        let doing = "find the list";
        let lists = self.named_lists().await?;
        if let Some((list, view)) = choose(&lists, asked).or_else(|| before(&lists, asked, last)) {
            let view = view.clone().map_err(|word| Error {
                hint: Some(
                    "Save a filter whose values are fixed, or use a tag: crmsync configure".to_owned(),
                ),
                ..fail(
                    doing,
                    Kind::Config,
                    &format!(
                        "the saved filter `{}` has to be computed anew each time (`{word}`), which only Odoo's own \
                         pages do",
                        list.name
                    ),
                )
            })?;
            return Ok((list.clone(), view));
        }
        let near = nearest(asked, lists.iter().map(|(list, _)| list.name.as_str()));
        Err(Error {
            hint: Some(match near {
                Some(near) => format!("Did you mean `{near}`? Choose a list: crmsync configure"),
                None => "Choose a list: crmsync configure".to_owned(),
            }),
            ..fail(
                doing,
                Kind::Unknown,
                &format!(
                    "there is no tag or saved filter `{asked}`, or several, or the user cannot see it"
                ),
            )
        })
    }

    /// Every list that can be read, with its size where that is told.
    pub(super) async fn all_lists(&self) -> Result<Vec<ListInfo>, Error> {
        let lists = self.named_lists().await?;
        let lists: Vec<(ListInfo, View)> = lists
            .into_iter()
            .filter_map(|(list, view)| Some((list, view.ok()?)))
            .collect();
        let sizes = lists.iter().map(|(_, view)| self.size(view));
        let sizes = futures::future::join_all(sizes).await;
        Ok(lists
            .into_iter()
            .zip(sizes)
            .map(|((list, _), size)| ListInfo { size, ..list })
            .collect())
    }

    /// How many persons a list has; none when that is refused, which is no reason to show no lists.
    async fn size(&self, view: &View) -> Option<u64> {
        let doing = "count the contacts of a list";
        let named = json!({ "domain": members(view) });
        let ask = Ask::of("count", doing, PARTNER, "search_count", named);
        self.read(ask).await.ok()
    }

    async fn named_lists(&self) -> Result<Vec<Named>, Error> {
        let filters = self.rows_of(
            "read the saved filters",
            "ir.filters",
            json!([["model_id", "=", PARTNER]]),
            ["name", "domain"],
        );
        let tags = self.rows_of(
            "read the tags",
            "res.partner.category",
            json!([]),
            ["display_name", "name"],
        );
        let (filters, tags) = futures::try_join!(filters, tags)?;
        let text = |row: &Row, name: &str| row.get(name).and_then(Json::as_str).map(str::to_owned);
        let number = |row: &Row| row.get("id").and_then(Json::as_i64);
        let all = info(ALL_ID.to_owned(), ALL_NAME.to_owned());
        let mut lists = vec![(all, Ok(View::All))];
        lists.extend(filters.iter().filter_map(|row| {
            let list = info(format!("filter:{}", number(row)?), text(row, "name")?);
            let view = domain::parse(&text(row, "domain").unwrap_or_else(|| "[]".to_owned()));
            Some((list, view.map(View::Filter).map_err(|stop| stop.at)))
        }));
        lists.extend(tags.iter().filter_map(|row| {
            let id = number(row)?;
            let name = text(row, "display_name").or_else(|| text(row, "name"))?;
            Some((info(format!("tag:{id}"), name), Ok(View::Tag(id))))
        }));
        Ok(lists)
    }

    /// All rows of a small model; none when the user may not read it.
    async fn rows_of(
        &self,
        doing: &str,
        model: &str,
        domain: Json,
        fields: [&str; 2],
    ) -> Result<Vec<Row>, Error> {
        let named = json!({"domain": domain, "fields": fields, "order": "id"});
        let read = self.read(Ask::of("lists", doing, model, "search_read", named));
        match read.await {
            Err(error) if error.kind == Kind::Forbidden => Ok(Vec::new()),
            other => other,
        }
    }
}

fn info(id: String, name: String) -> ListInfo {
    ListInfo {
        id,
        name,
        size: None,
        // Companies are found by their address too and are in no list.
        covers_all: false,
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
