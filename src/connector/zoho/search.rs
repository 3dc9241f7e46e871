//! Search, the last resort: it lags behind writes and matches loosely, so that its hits are read again
//! by identifier and compared by their key.

use std::collections::BTreeSet;

use futures::future::try_join_all;

use super::Zoho;
use super::api::{Ask, Failure};
use super::find::Wanted;
use super::gear::Gear;
use super::table::ids_of;
use super::wire::{Listing, Row};
use crate::model::Key;

/// How far Search may lag behind writes, as far as we prepare for it, in seconds.
const INDEX_LAG: i64 = 900;
impl Zoho {
    /// Looks for few keys through Search, reads its hits again, and adds what changed too lately to
    /// be in its index; none when Search is not granted.
    pub(super) async fn search_rows(
        &self,
        gear: &Gear,
        doing: &str,
        field: &str,
        keys: &[&Key],
        wanted: Wanted<'_>,
    ) -> Result<Option<Vec<Row>>, Failure> {
        let forms: Vec<String> = keys.iter().flat_map(|key| forms(key)).collect();
        let parts = forms.iter().map(|text| self.search(gear, doing, text));
        let found = match try_join_all(parts).await {
            Ok(found) => found,
            Err(failure) if failure.is("OAUTH_SCOPE_MISMATCH") => {
                gear.open.close_search();
                return Ok(None);
            }
            Err(failure) => return Err(failure),
        };
        let ids: BTreeSet<String> = found.iter().flat_map(|rows| ids_of(rows)).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut rows = if ids.is_empty() {
            Vec::new()
        } else {
            self.rows_by_id(gear, doing, wanted.columns, wanted.fields, &ids)
                .await?
        };
        let since = Some(self.server_now() - INDEX_LAG);
        let wanted_keys: BTreeSet<&Key> = keys.iter().copied().collect();
        rows.extend(
            self.list_pages(gear, doing, field, &wanted_keys, wanted, since)
                .await?,
        );
        Ok(Some(rows))
    }

    async fn search(&self, gear: &Gear, doing: &str, email: &str) -> Result<Vec<Row>, Failure> {
        let mut rows = Vec::new();
        for page in 1_u32..=10 {
            let mut ask = Ask::get(
                "search",
                doing,
                format!("{}/search", gear.module),
                scope(self),
            );
            ask.query = vec![
                ("email", email.to_owned()),
                ("page", page.to_string()),
                ("per_page", "200".to_owned()),
            ];
            let listing: Listing = self.call(ask).await?.read(doing)?;
            let more = listing.info.more_records == Some(true) && !listing.data.is_empty();
            rows.extend(listing.data);
            if !more {
                break;
            }
        }
        Ok(rows)
    }
}

/// The scopes of Search and of counting.
pub(super) fn scope(zoho: &Zoho) -> String {
    format!("ZohoSearch.securesearch.READ with {}", zoho.scope("READ"))
}

/// The spellings under which Search may know a key: a domain in ASCII and in its own letters.
fn forms(key: &Key) -> Vec<String> {
    let mut forms = vec![key.as_str().to_owned()];
    if let Some((local, domain)) = key.as_str().rsplit_once('@') {
        let (own, _) = idna::domain_to_unicode(domain);
        if own != domain {
            forms.push(format!("{local}@{own}"));
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_searched_in_both_spellings() {
        assert_eq!(forms(&Key::from("a@example.com")), ["a@example.com"]);
        assert_eq!(
            forms(&Key::from("a@xn--bcher-kva.example")),
            ["a@xn--bcher-kva.example", "a@bücher.example"]
        );
    }
}
