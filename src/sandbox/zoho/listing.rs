//! Get Records: parameters, pages, page tokens and their limits.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::ZohoWorld;
use super::criteria::Expr;
use super::errors::{Answer, Failure};
use super::store::{Gaps, Module, Record, read_time, time_text};
use super::switches::{Bound, CvidRule};
use crate::sandbox::http::{Reply, Request};

/// Records within reach of `page`.
const PAGED: usize = 2000;
/// Records within reach of `page_token`.
const REACH: usize = 100_000;
const TOKEN_LIFE: i64 = 86_400;
const PAGES: usize = 10;

/// A record's place in the order of a listing.
type Place = (i64, u64);

/// What a page token stands for.
#[derive(Clone, Debug)]
pub(super) struct PageToken {
    /// Every parameter of the listing, page and token excepted.
    bound_to: BTreeMap<String, String>,
    expires: i64,
    /// The last record before the page.
    after: Option<Place>,
    seen: usize,
    previous: Option<String>,
}

/// The order of a listing.
#[derive(Clone, Copy)]
struct Order {
    by: SortBy,
    descends: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SortBy {
    Id,
    Created,
    Modified,
}

impl Order {
    fn read(request: &Request) -> Result<Self, Failure> {
        let by = match request.param("sort_by") {
            None | Some("id") => SortBy::Id,
            Some("Created_Time") => SortBy::Created,
            Some("Modified_Time") => SortBy::Modified,
            Some(_) => return Err(Failure::invalid_param("sort_by")),
        };
        let descends = match request.param("sort_order") {
            None | Some("desc") => true,
            Some("asc") => false,
            Some(_) => return Err(Failure::invalid_param("sort_order")),
        };
        Ok(Self { by, descends })
    }

    fn place(self, id: u64, record: &Record) -> Place {
        match self.by {
            SortBy::Id => (0, id),
            SortBy::Created => (record.created, id),
            SortBy::Modified => (record.modified, id),
        }
    }

    /// The records behind a place, at most so many, after leaving out some.
    fn cut<'a>(
        self,
        found: Box<dyn DoubleEndedIterator<Item = (u64, &'a Record)> + 'a>,
        after: Option<Place>,
        skip: usize,
        most: usize,
    ) -> Vec<(u64, &'a Record)> {
        let behind = |(id, record): &(u64, &Record)| {
            after.is_none_or(|after| {
                let place = self.place(*id, record);
                if self.descends {
                    place < after
                } else {
                    place > after
                }
            })
        };
        let found = found.filter(behind);
        match (self.by, self.descends) {
            (SortBy::Id, true) => found.rev().skip(skip).take(most).collect(),
            (SortBy::Id, false) => found.skip(skip).take(most).collect(),
            (SortBy::Created | SortBy::Modified, descends) => {
                let mut all: Vec<_> = found.collect();
                if descends {
                    all.sort_by_key(|(id, record)| Reverse(self.place(*id, record)));
                } else {
                    all.sort_by_key(|(id, record)| self.place(*id, record));
                }
                all.into_iter().skip(skip).take(most).collect()
            }
        }
    }
}

/// `If-Modified-Since`, when given.
pub(super) fn since_header(request: &Request) -> Result<Option<i64>, Failure> {
    let Some(text) = request.header("if-modified-since") else {
        return Ok(None);
    };
    read_time(text).map(Some).ok_or_else(|| {
        Failure::new(
            400,
            "PATTERN_NOT_MATCHED",
            "Please check whether the input values are correct",
        )
        .with(json!({"header": "If-Modified-Since"}))
    })
}

/// Whether a time belongs to what changed since another.
pub(super) fn is_since(at: i64, since: Option<i64>, bound: Bound) -> bool {
    since.is_none_or(|since| match bound {
        Bound::Inclusive => at >= since,
        Bound::Exclusive => at > since,
    })
}

impl ZohoWorld {
    /// `GET /{module}`.
    pub(super) fn get_records(
        &mut self,
        name: &str,
        request: &Request,
        now: i64,
        gaps: Gaps,
    ) -> Answer {
        let module = self.readable(name)?;
        let fields = self.field_list(request)?;
        let since = since_header(request)?;
        if request.param("cvid").is_some() && request.param("sort_by").is_some() {
            return Err(Failure::ambiguous("cvid", "sort_by"));
        }
        let order = Order::read(request)?;
        let size = self.small_page(request)?.size;
        let (token, mut position) = self.position(request, size, now)?;
        let expr = self.listed(module, request, since.is_some())?;
        let bound = self.switches.modified_since;
        let header_counts = request.param("cvid").is_none()
            || self.switches.modified_since_with_cvid != CvidRule::IgnoreHeader;
        let since = since.filter(|_| header_counts);
        let skip = if token.is_some() { 0 } else { position.seen };
        let found = module
            .matching(&expr, gaps)
            .filter(move |(_, record)| is_since(record.modified, since, bound));
        let mut rows = order.cut(Box::new(found), position.after, skip, size + 1);
        let more = rows.len() > size;
        rows.truncate(size);
        let Some(last) = rows.last().map(|(id, record)| order.place(*id, record)) else {
            let modified = request.header("if-modified-since").is_some();
            return Ok(Reply::empty(if modified {
                self.switches.not_modified_status
            } else {
                204
            }));
        };
        let data: Vec<Value> = rows
            .iter()
            .map(|(id, record)| self.record(module, *id, record, Some(&fields)))
            .collect();
        let offset = self.switches.utc_offset_minutes;
        let sort_by = request.param("sort_by").unwrap_or("id");
        let mut info = json!({
            "per_page": size, "count": data.len(), "page": position.seen / size + 1, "sort_by": sort_by,
            "sort_order": if order.descends { "desc" } else { "asc" }, "more_records": more,
            "next_page_token": null, "previous_page_token": position.previous, "page_token_expiry": null,
        });
        if more {
            let here = token.unwrap_or_else(|| self.keep_token(position.clone()));
            position.after = Some(last);
            position.seen += data.len();
            position.previous = Some(here);
            position.expires = now + TOKEN_LIFE;
            info["page_token_expiry"] = json!(time_text(position.expires, offset));
            info["next_page_token"] = json!(self.keep_token(position));
        }
        Ok(Reply::json(200, &json!({"data": data, "info": info})))
    }

    /// A module that the user may view.
    pub(super) fn readable(&self, name: &str) -> Result<&Module, Failure> {
        let module = self.module(name)?;
        if module.rights.view {
            Ok(module)
        } else {
            Err(Failure::permission(&format!("Crm_Implied_View_{name}")))
        }
    }

    /// The `fields` parameter.
    fn field_list(&self, request: &Request) -> Result<Vec<String>, Failure> {
        let text = request
            .param("fields")
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Failure::missing_param("fields"))?;
        let most = self.switches.fields_max_chars;
        if most > 0 && text.chars().count() > most {
            return Err(Failure::limit(most, "fields"));
        }
        let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        if names.len() > 50 {
            return Err(Failure::limit(50, "fields"));
        }
        if self.switches.id_only_refused && names == ["id"] {
            return Err(Failure::invalid_param("fields"));
        }
        Ok(names)
    }

    /// The token in use, and where its page, or the numbered page, begins.
    fn position(
        &self,
        request: &Request,
        size: usize,
        now: i64,
    ) -> Result<(Option<String>, PageToken), Failure> {
        let mut bound_to: BTreeMap<String, String> = request
            .query
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "page" | "page_token"))
            .cloned()
            .collect();
        if let Some(since) = request.header("if-modified-since") {
            bound_to.insert("If-Modified-Since".to_owned(), since.to_owned());
        }
        let Some(token) = request.param("page_token") else {
            let page: usize = match request.param("page") {
                None => 1,
                Some(text) => text
                    .parse()
                    .ok()
                    .filter(|page| *page >= 1)
                    .ok_or_else(|| Failure::invalid_param("page"))?,
            };
            if page > PAGES {
                return Err(Failure::new(
                    400,
                    "DISCRETE_PAGINATION_LIMIT_EXCEEDED",
                    "page_token is necessary to fetch more records",
                )
                .with(json!({"limit": PAGED, "param_name": "page"})));
            }
            let start = PageToken {
                bound_to,
                expires: now + TOKEN_LIFE,
                after: None,
                seen: (page - 1) * size,
                previous: None,
            };
            return Ok((None, start));
        };
        if request.param("page").is_some() {
            return Err(Failure::ambiguous("page", "page_token"));
        }
        let held = self
            .page_tokens
            .get(token)
            .ok_or_else(|| Failure::invalid_param("page_token"))?;
        if held.bound_to != bound_to {
            return Err(Failure::new(
                400,
                "TOKEN_BOUND_DATA_MISMATCH",
                "the parameters differ from those that the page token was given for",
            )
            .with(json!({"param_name": "page_token"})));
        }
        if held.expires <= now {
            return Err(
                Failure::new(400, "EXPIRED_VALUE", "the page token has expired")
                    .with(json!({"param_name": "page_token"})),
            );
        }
        if held.seen >= REACH {
            return Err(Failure::new(
                400,
                "PAGINATION_LIMIT_EXCEEDED",
                "the records beyond the limit cannot be fetched",
            )
            .with(json!({"limit": REACH, "param_name": "page_token"})));
        }
        Ok((Some(token.to_owned()), held.clone()))
    }

    /// The condition of a listing: its view and its ids.
    fn listed(&self, module: &Module, request: &Request, since: bool) -> Result<Expr, Failure> {
        let mut parts = Vec::new();
        if let Some(id) = request.param("cvid") {
            let view = module.views.iter().find(|view| view.id.to_string() == id);
            let view = view.ok_or_else(|| Failure::invalid_param("cvid"))?;
            let ignored = since && self.switches.modified_since_with_cvid == CvidRule::IgnoreCvid;
            if !ignored {
                parts.push(
                    view.expr(module)
                        .map_err(|_| Failure::invalid_param("cvid"))?,
                );
            }
        }
        if let Some(text) = request.param("ids") {
            parts.push(Expr::Members(self.ids(text)?));
        }
        Ok(Expr::All(parts))
    }

    /// A comma list of ids.
    pub(super) fn ids(&self, text: &str) -> Result<BTreeSet<u64>, Failure> {
        let most = self.switches.ids_max_chars;
        if most > 0 && text.chars().count() > most {
            return Err(Failure::limit(most, "ids"));
        }
        text.split(',')
            .map(|id| id.trim().parse().map_err(|_| Failure::invalid_param("ids")))
            .collect()
    }

    fn keep_token(&mut self, token: PageToken) -> String {
        let name = self.random_text();
        self.page_tokens.insert(name.clone(), token);
        name
    }
}
