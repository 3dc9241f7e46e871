//! Single pages: of a query, of Get Records, of the deletion feed, and rows by identifier.

use std::collections::HashSet;

use futures::future::try_join_all;

use super::Zoho;
use super::api::{Ask, Failure, Reply, fail};
use super::coql::{Select, instant};
use super::gear::Gear;
use super::wire::{Listing, Row};
use crate::connector::Kind;

/// Get Records takes at most 50 fields and, by the specification, 1,024 characters of names.
const FIELDS: usize = 50;
const FIELDS_CHARS: usize = 1_000;
/// `ids=` takes at most 1,024 characters.
const IDS: usize = 50;
/// Rows of a query that is expected to bring few; up to so many cost one credit.
pub(super) const FEW: usize = 200;
/// Rows of a page of everything but COQL.
const PER_PAGE: &str = "200";

/// A page of rows.
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    /// Whether there are more.
    pub(super) more: bool,
    /// Where Get Records goes on.
    pub(super) token: Option<String>,
    /// The server's time when the page was asked for.
    pub(super) began: Option<i64>,
}

/// What Get Records is asked for.
#[derive(Clone, Copy)]
pub(super) struct Plain<'a> {
    pub(super) doing: &'a str,
    pub(super) view: Option<&'a str>,
    pub(super) fields: &'a [String],
    pub(super) since: Option<i64>,
}

impl Zoho {
    /// The scope of reading and writing records.
    pub(super) fn scope(&self, action: &str) -> String {
        let module = self.settings.module.to_lowercase();
        format!("ZohoCRM.modules.{module}.{action}")
    }

    /// A page of a query, with smaller pages where the organisation has the older limits.
    pub(super) async fn query(
        &self,
        gear: &Gear,
        doing: &str,
        select: Select<'_>,
    ) -> Result<Table, Failure> {
        self.query_few(gear, doing, select, usize::MAX).await
    }

    /// The same of which few rows are expected: it costs fewer credits.
    pub(super) async fn query_few(
        &self,
        gear: &Gear,
        doing: &str,
        select: Select<'_>,
        most: usize,
    ) -> Result<Table, Failure> {
        loop {
            let rows = gear.open.rows().min(most);
            match self.coql(&select.clone().limit(rows), doing).await {
                Ok((listing, began)) => {
                    return Ok(Table {
                        more: listing
                            .info
                            .more_records
                            .unwrap_or(listing.data.len() >= rows),
                        rows: listing.data,
                        token: None,
                        began,
                    });
                }
                Err(failure) if failure.is("LIMIT_EXCEEDED") && rows > super::coql::OLD_ROWS => {
                    gear.open.older();
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// A page of Get Records; fields beyond what one call takes are read by further calls.
    pub(super) async fn plain_page(
        &self,
        gear: &Gear,
        plain: Plain<'_>,
        token: Option<&str>,
    ) -> Result<Table, Failure> {
        let mut slices = slices(plain.fields).into_iter();
        let first = slices.next().unwrap_or_default();
        let mut query = vec![("fields", first), ("per_page", PER_PAGE.to_owned())];
        if let Some(view) = plain.view {
            query.push(("cvid", view.to_owned()));
        }
        if let Some(token) = token {
            query.push(("page_token", token.to_owned()));
        }
        let (listing, reply) = self.records(gear, plain.doing, query, plain.since).await?;
        let mut rows = listing.data;
        for slice in slices {
            let more = self
                .slice(gear, plain.doing, &slice, &ids_of(&rows))
                .await?;
            merge(&mut rows, more);
        }
        let more = listing.info.more_records == Some(true);
        if more && listing.info.next_page_token.is_none() {
            return Err(fail(
                plain.doing,
                Kind::Protocol,
                "a page says that there are more and not where",
            )
            .into());
        }
        Ok(Table {
            rows,
            more,
            token: listing.info.next_page_token,
            began: reply.began,
        })
    }

    async fn records(
        &self,
        gear: &Gear,
        doing: &str,
        query: Vec<(&str, String)>,
        since: Option<i64>,
    ) -> Result<(Listing, Reply), Failure> {
        let mut ask = Ask::get(
            "get_records",
            doing,
            gear.module.clone(),
            self.scope("READ"),
        );
        ask.query = query;
        if let Some(since) = since {
            ask.headers.push(("If-Modified-Since", instant(since)));
        }
        let reply = self.call(ask).await?;
        Ok((reply.read(doing)?, reply))
    }

    /// Some fields of some records.
    async fn slice(
        &self,
        gear: &Gear,
        doing: &str,
        fields: &str,
        ids: &[String],
    ) -> Result<Vec<Row>, Failure> {
        let parts = ids.chunks(IDS).map(|ids| {
            let query = vec![("fields", fields.to_owned()), ("ids", ids.join(","))];
            self.records(gear, doing, query, None)
        });
        let parts = try_join_all(parts).await?;
        Ok(parts
            .into_iter()
            .flat_map(|(listing, _)| listing.data)
            .collect())
    }

    /// Whole rows by identifier, in any order; what cannot be seen is missing.
    pub(super) async fn rows_by_id(
        &self,
        gear: &Gear,
        doing: &str,
        columns: &[String],
        fields: &[String],
        ids: &[&str],
    ) -> Result<Vec<Row>, Failure> {
        if gear.open.coql() {
            match self.query_ids(gear, doing, columns, None, ids).await {
                Err(failure) if gear.open.close(&failure, None) => {}
                done => return done,
            }
        }
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let mut rows: Vec<Row> = Vec::new();
        for (at, slice) in slices(fields).iter().enumerate() {
            let part = self.slice(gear, doing, slice, &ids).await?;
            if at == 0 {
                rows = part;
            } else {
                merge(&mut rows, part);
            }
        }
        Ok(rows)
    }

    /// Rows by identifier through COQL, of the module or of the view.
    pub(super) async fn query_ids(
        &self,
        gear: &Gear,
        doing: &str,
        columns: &[String],
        view: Option<&str>,
        ids: &[&str],
    ) -> Result<Vec<Row>, Failure> {
        loop {
            let most = gear.open.values();
            let parts = ids.chunks(most).map(|ids| {
                let select = Select::new(columns, &gear.module, view).ids(ids.iter().copied());
                self.query_few(gear, doing, select, FEW)
            });
            match try_join_all(parts).await {
                Ok(tables) => return Ok(tables.into_iter().flat_map(|table| table.rows).collect()),
                Err(failure)
                    if failure.is("LIMIT_EXCEEDED")
                        && most > super::coql::OLD_VALUES
                        && ids.len() > super::coql::OLD_VALUES =>
                {
                    gear.open.older();
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// The deletion feed from that second on, or as far back as it goes (60 days for the recycle bin,
    /// 120 for what was deleted for good): identifiers, pages, and the server's time at its start.
    pub(super) async fn deleted(
        &self,
        gear: &Gear,
        since: Option<i64>,
    ) -> Result<(Vec<String>, u32, Option<i64>), Failure> {
        let doing = "read which records were deleted";
        let mut ids = Vec::new();
        let mut began = None;
        let mut page = 0;
        loop {
            page += 1;
            let mut ask = Ask::get(
                "deleted",
                doing,
                format!("{}/deleted", gear.module),
                self.scope("READ"),
            );
            ask.query = vec![
                ("type", "all".to_owned()),
                ("page", page.to_string()),
                ("per_page", PER_PAGE.to_owned()),
            ];
            if let Some(since) = since {
                ask.headers.push(("If-Modified-Since", instant(since)));
            }
            let reply = self.call(ask).await?;
            began = began.or(reply.began);
            let listing: Listing = reply.read(doing)?;
            let more = listing.info.more_records == Some(true) && !listing.data.is_empty();
            ids.extend(ids_of(&listing.data));
            if !more {
                return Ok((ids, page, began));
            }
        }
    }

    /// The identifiers of all members of the view, read page by page.
    pub(super) async fn plain_members(&self, gear: &Gear) -> Result<HashSet<String>, Failure> {
        let fields = ["Modified_Time".to_owned()];
        let plain = Plain {
            doing: "list the view's members",
            view: gear.view(),
            fields: &fields,
            since: None,
        };
        let mut ids = HashSet::new();
        let mut token: Option<String> = None;
        loop {
            let table = self.plain_page(gear, plain, token.as_deref()).await?;
            ids.extend(ids_of(&table.rows));
            if !table.more {
                return Ok(ids);
            }
            token = table.token;
        }
    }
}

/// The identifiers of rows.
pub(super) fn ids_of(rows: &[Row]) -> Vec<String> {
    rows.iter()
        .filter_map(|row| Some(super::convert::id(row)?.as_str().to_owned()))
        .collect()
}

/// Field lists that one call takes.
fn slices(fields: &[String]) -> Vec<String> {
    let mut slices: Vec<String> = Vec::new();
    let mut count = FIELDS;
    for field in fields {
        let fits = count < FIELDS
            && slices
                .last()
                .is_some_and(|slice| slice.len() + field.len() < FIELDS_CHARS);
        match slices.last_mut() {
            Some(slice) if fits => {
                slice.push(',');
                slice.push_str(field);
                count += 1;
            }
            Some(_) | None => {
                slices.push(field.clone());
                count = 1;
            }
        }
    }
    slices
}

/// Adds further fields to rows of the same identifiers.
fn merge(rows: &mut [Row], more: Vec<Row>) {
    let mut by_id: std::collections::HashMap<_, _> = more
        .into_iter()
        .filter_map(|row| Some((super::convert::id(&row)?, row)))
        .collect();
    for row in rows {
        if let Some(other) = super::convert::id(row).and_then(|id| by_id.remove(&id)) {
            row.join(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_lists_are_cut_at_fifty_names_and_a_thousand_characters() {
        let many: Vec<String> = (0..120).map(|at| format!("Field_{at}")).collect();
        let cut = slices(&many);
        assert_eq!(cut.len(), 3);
        assert_eq!(cut[0].split(',').count(), 50);
        assert_eq!(cut.join(","), many.join(","));
        let long: Vec<String> = (0..40).map(|at| format!("{at:040}")).collect();
        assert!(slices(&long).iter().all(|slice| slice.len() <= 1_024));
        assert_eq!(slices(&long).join(","), long.join(","));
    }
}
