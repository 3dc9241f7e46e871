//! The lists that a profile can name: all contacts, and HubSpot's lists ("segments") of contacts.

use serde_json::json;

use super::HubSpot;
use super::api::Ask;
use super::explain::{fail, no_sense};
use super::gear::{Extra, View};
use super::wire::{List, Lists};
use crate::connector::{Error, Kind};
use crate::mapping::nearest;
use crate::model::{ListInfo, Probe};

/// What the list of every contact is called.
pub(super) const ALL_NAME: &str = "All contacts";
const ALL_ID: &str = "all";
/// Contacts among HubSpot's objects.
pub(super) const CONTACTS: &str = "0-1";
/// The most lists of a page.
const PAGE: usize = 500;
const SIZE: &str = "hs_list_size";

/// A list, what it stands for, and whether its members are chosen by hand.
type Named = (ListInfo, View, bool);

impl HubSpot {
    /// The list that the profile names.
    pub(super) async fn find_list(&self, last: Option<&Probe>) -> Result<Named, Error> {
        let asked = self.settings.view.trim();
        // Without need the scope for lists is not used.
        if asked.eq_ignore_ascii_case(ALL_NAME) || asked == ALL_ID {
            return Ok(all());
        }
        let lists = self.named_lists().await?;
        if let Some(found) = choose(&lists, asked).or_else(|| before(&lists, asked, last)) {
            return Ok(found.clone());
        }
        let near = nearest(asked, lists.iter().map(|(list, ..)| list.name.as_str()));
        Err(Error {
            hint: Some(match near {
                Some(near) => format!("Did you mean `{near}`? Choose a list: crmsync configure"),
                None => "Choose a list: crmsync configure".to_owned(),
            }),
            ..fail(
                "find the list",
                Kind::Unknown,
                &format!("there is no list of contacts `{asked}`, or several"),
            )
        })
    }

    /// Every list; that of all contacts alone where the token has no scope for lists.
    pub(super) async fn all_lists(&self) -> Result<Vec<ListInfo>, Error> {
        match self.named_lists().await {
            Ok(lists) => Ok(lists.into_iter().map(|(list, ..)| list).collect()),
            Err(error) if error.kind == Kind::Forbidden => Ok(vec![all().0]),
            Err(error) => Err(error),
        }
    }

    async fn named_lists(&self) -> Result<Vec<Named>, Error> {
        let doing = "read the lists";
        let mut lists = vec![all()];
        let mut offset = 0;
        loop {
            let page = self
                .lists_page(
                    doing,
                    &json!({
                        "objectTypeId": CONTACTS, "count": PAGE, "offset": offset, "query": "",
                    }),
                )
                .await?;
            let listed = page.found.into_iter();
            lists.extend(
                listed
                    // One list may be of companies; the search may not know the condition.
                    .filter(|list| {
                        list.object_type_id.is_empty() || list.object_type_id == CONTACTS
                    })
                    .map(named),
            );
            if !page.has_more {
                return Ok(lists);
            }
            if page.offset <= offset {
                return Err(no_sense(
                    doing,
                    "a page says that there are more and gets no further",
                ));
            }
            offset = page.offset;
        }
    }

    pub(super) async fn lists_page(
        &self,
        doing: &str,
        body: &serde_json::Value,
    ) -> Result<Lists, Error> {
        self.read(Ask::post(
            "lists",
            doing,
            "/crm/v3/lists/search",
            body.clone(),
        ))
        .await
    }
}

fn all() -> Named {
    let list = ListInfo {
        id: ALL_ID.to_owned(),
        name: ALL_NAME.to_owned(),
        size: None,
        covers_all: true,
    };
    (list, View::All, false)
}

fn named(list: List) -> Named {
    let size = list.additional(SIZE).and_then(|size| size.parse().ok());
    let fixed = list.processing_type == "MANUAL" || list.processing_type == "SNAPSHOT";
    let info = ListInfo {
        id: list.id.clone(),
        name: list.name,
        size,
        covers_all: false,
    };
    (info, View::List(list.id), fixed)
}

/// The list by identifier, exact name, or name without regard to case; a name that fits several in
/// the same way is none.
fn choose<'a>(lists: &'a [Named], asked: &str) -> Option<&'a Named> {
    let only = |fits: &dyn Fn(&ListInfo) -> bool| {
        let mut found = lists.iter().filter(|(list, ..)| fits(list));
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
        .then(|| lists.iter().find(|(list, ..)| list.id == last.list.id))
        .flatten()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn lists() -> Vec<Named> {
        let list = |id: &str, name: &str, kind: &str| {
            named(List {
                id: id.to_owned(),
                name: name.to_owned(),
                processing_type: kind.to_owned(),
                ..List::default()
            })
        };
        vec![
            all(),
            list("11", "Newsletter", "MANUAL"),
            list("12", "newsletter", "DYNAMIC"),
            list("13", "VIPs", "SNAPSHOT"),
        ]
    }

    #[test]
    fn a_list_is_found_by_identifier_and_by_an_unmistakable_name() {
        let lists = lists();
        let id = |asked| choose(&lists, asked).map(|(list, ..)| list.id.as_str());
        assert_eq!(id("Newsletter"), Some("11"));
        assert_eq!(id("NEWSLETTER"), None, "two lists fit alike");
        assert_eq!(id("12"), Some("12"));
        assert_eq!(id("vips"), Some("13"));
        let fixed: Vec<bool> = lists.iter().map(|(.., fixed)| *fixed).collect();
        assert_eq!(fixed, [false, true, false, true]);
    }

    #[test]
    fn a_renamed_list_is_recognised_under_the_words_that_named_it() {
        let lists = lists();
        let extra = Extra {
            asked: "Old name".to_owned(),
            ..Extra::default()
        };
        let last = Probe {
            user: None,
            account: None,
            rights: Vec::new(),
            list: lists[3].0.clone(),
            fields: Vec::new(),
            extra: serde_json::to_value(extra).unwrap(),
        };
        let found = before(&lists, "Old name", Some(&last)).unwrap();
        assert_eq!(found.1, View::List("13".to_owned()));
        assert!(before(&lists, "Others", Some(&last)).is_none());
    }
}
