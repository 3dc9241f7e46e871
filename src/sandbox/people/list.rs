//! Listing contacts: pages, sync tokens, deltas.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Bound;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sandbox::faults::{Fault, FaultKind};
use crate::sandbox::http::Request;

use super::errors::{Answer, Refusal};
use super::mask::{Mask, Sources};
use super::render::{self, View};
use super::store::{Book, Record, Version, age_seconds};
use super::switches::Switches;

/// A page or sync token, before it is made opaque.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    /// `p` for a page, `s` for a sync token, `g` for a sync token of groups.
    pub(crate) kind: char,
    /// The parameters that it was given out with.
    pub(crate) fingerprint: u64,
    /// Changes after this place belong to the delta; 0 with `full`.
    pub(crate) base: u64,
    /// Changes up to this place belong to it.
    pub(crate) limit: u64,
    /// The last place already shown.
    pub(crate) cursor: u64,
    /// When the full list behind it began, in seconds.
    pub(crate) born: i64,
    /// A full list rather than a delta.
    pub(crate) full: bool,
}

impl Token {
    pub(crate) fn write(&self, salt: u64) -> String {
        let text = format!(
            "{salt:x}.{}.{:x}.{:x}.{:x}.{:x}.{:x}.{}",
            self.kind,
            self.fingerprint,
            self.base,
            self.limit,
            self.cursor,
            self.born,
            u8::from(self.full)
        );
        URL_SAFE_NO_PAD.encode(text)
    }

    /// The token, and whether it comes from this very address book.
    pub(crate) fn read(text: &str, salt: u64) -> Option<(Self, bool)> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let parts: Vec<&str> = text.split('.').collect();
        let [of, kind, fingerprint, base, limit, cursor, born, full] = parts[..] else {
            return None;
        };
        let number = |part: &str| u64::from_str_radix(part, 16).ok();
        let token = Self {
            kind: kind.chars().next()?,
            fingerprint: number(fingerprint)?,
            base: number(base)?,
            limit: number(limit)?,
            cursor: number(cursor)?,
            born: i64::from_str_radix(born, 16).ok()?,
            full: full == "1",
        };
        Some((token, number(of)? == salt))
    }
}

/// A hash of the parameters that must stay the same.
pub(crate) fn fingerprint(request: &Request, names: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for name in names {
        name.hash(&mut hasher);
        request.params(name).hash(&mut hasher);
    }
    hasher.finish()
}

/// A page size: the default when it is not given, cut at the cap.
pub(crate) fn page_size(request: &Request, default: usize, cap: usize) -> Answer<usize> {
    match request.param("pageSize") {
        None | Some("" | "0") => Ok(default),
        Some(text) => match text.parse::<i32>() {
            Ok(size) => usize::try_from(size)
                .map(|size| size.min(cap))
                .map_err(|_| Refusal::invalid("Page size must not be negative.")),
            Err(_) => Err(Refusal::invalid(format!(
                "Invalid value at 'page_size' (TYPE_INT32), \"{text}\""
            ))),
        },
    }
}

fn wants_token(request: &Request) -> Answer<bool> {
    match request.param("requestSyncToken") {
        None | Some("false" | "") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(Refusal::invalid(format!(
            "Invalid value at 'request_sync_token' (TYPE_BOOL), \"{other}\""
        ))),
    }
}

/// `connections.list`.
pub(crate) fn connections(
    book: &Book,
    switches: &Switches,
    salt: u64,
    request: &Request,
    now: Timestamp,
    fault: Option<&Fault>,
) -> Answer<Value> {
    let mask = Mask::read("personFields", request.param("personFields").unwrap_or(""))?;
    let sources = Sources::read(request.params("sources").into_iter())?;
    let size = page_size(request, 100, switches.page_size_cap)?;
    let wants_token = wants_token(request)?;
    let sync_token = request.param("syncToken").filter(|text| !text.is_empty());
    let forced = fault.map(|fault| fault.kind);
    for (kind, status) in [
        (FaultKind::SyncTokenExpired400, 400),
        (FaultKind::SyncTokenExpired410, 410),
    ] {
        if sync_token.is_some() && forced == Some(kind) {
            return Err(Refusal::sync_token_expired(status));
        }
    }
    check_sort(request, wants_token || sync_token.is_some())?;
    let same = ["personFields", "sources", "pageSize", "requestSyncToken"];
    let for_sync = fingerprint(request, &same);
    let for_page = fingerprint(request, &[&same[..], &["syncToken", "sortOrder"]].concat());

    let mut position = match sync_token {
        None => Token {
            kind: 'p',
            fingerprint: for_page,
            base: 0,
            limit: book.visible_seq(now, switches.listing_lag_seconds),
            cursor: 0,
            born: now.as_second(),
            full: true,
        },
        Some(text) => {
            let given = sync_token_read(text, 's', salt, for_sync, switches, now)?;
            Token {
                kind: 'p',
                fingerprint: for_page,
                base: given.limit,
                limit: book
                    .visible_seq(now, switches.delta_delay_seconds)
                    .max(given.limit),
                cursor: given.limit,
                born: if switches.delta_extends_token {
                    now.as_second()
                } else {
                    given.born
                },
                full: false,
            }
        }
    };
    if let Some(text) = request.param("pageToken").filter(|text| !text.is_empty()) {
        position = match Token::read(text, salt) {
            Some((token, true)) if token.kind == 'p' && token.fingerprint == for_page => token,
            Some((token, true)) if token.kind == 'p' => {
                return Err(Refusal::invalid(
                    "Request parameters must match the call that provided the page token.",
                ));
            }
            _ => return Err(Refusal::invalid("Invalid page token.")),
        };
    }

    let view = View {
        mask,
        sources,
        listed: true,
        delta: !position.full,
        shuffled: switches.shuffle_items,
    };
    let (mut people, mut cursor) = if position.full {
        full_page(book, position, size, Lag::of(switches, fault), view, now)
    } else {
        delta_page(book, position, size, view)
    };
    if let Some(fault) = fault.filter(|fault| fault.kind == FaultKind::CutListing) {
        people.truncate(people.len() / 2);
        if !fault.flag("token") {
            return Ok(json!({"connections": people}));
        }
        cursor = None;
    }
    let mut answer = json!({});
    if !people.is_empty() {
        answer["connections"] = Value::Array(people);
    }
    if position.full {
        answer["totalPeople"] = json!(book.live);
        answer["totalItems"] = json!(book.live);
    }
    if let Some(cursor) = cursor {
        answer["nextPageToken"] = json!(Token { cursor, ..position }.write(salt));
    } else if wants_token || sync_token.is_some() {
        let token = Token {
            kind: 's',
            fingerprint: for_sync,
            cursor: 0,
            full: false,
            ..position
        };
        answer["nextSyncToken"] = json!(token.write(salt));
    }
    Ok(answer)
}

/// Reads a sync token and refuses one that is foreign, expired or was given out with other parameters.
pub(crate) fn sync_token_read(
    text: &str,
    kind: char,
    salt: u64,
    fingerprint: u64,
    switches: &Switches,
    now: Timestamp,
) -> Answer<Token> {
    let Some((token, ours)) = Token::read(text, salt) else {
        return Err(Refusal::invalid("Sync token is invalid."));
    };
    if token.kind != kind {
        return Err(Refusal::invalid("Sync token is invalid."));
    }
    if !ours || now.as_second() - token.born > switches.sync_token_seconds {
        return Err(Refusal::sync_token_expired(switches.expired_token_status));
    }
    if token.fingerprint != fingerprint {
        return Err(Refusal::invalid(
            "Request parameters must match the call that provided the sync token.",
        ));
    }
    Ok(token)
}

fn check_sort(request: &Request, syncing: bool) -> Answer<()> {
    match request.param("sortOrder") {
        None | Some("" | "LAST_MODIFIED_ASCENDING") => Ok(()),
        Some("LAST_MODIFIED_DESCENDING" | "FIRST_NAME_ASCENDING" | "LAST_NAME_ASCENDING") => {
            if syncing {
                Err(Refusal::invalid(
                    "Sort order is not supported with sync tokens.",
                ))
            } else {
                Err(Refusal::invalid(
                    "The sandbox lists by LAST_MODIFIED_ASCENDING only.",
                ))
            }
        }
        Some(other) => Err(Refusal::invalid(format!(
            "Invalid value at 'sort_order' (type.googleapis.com/google.people.v1.ListConnectionsRequest.SortOrder), \"{other}\""
        ))),
    }
}

/// How a full list falls short of the truth.
#[derive(Clone, Copy, Debug)]
struct Lag {
    seconds: i64,
    hole_every: Option<u64>,
}

impl Lag {
    fn of(switches: &Switches, fault: Option<&Fault>) -> Self {
        let mut lag = Self {
            seconds: switches.listing_lag_seconds,
            hole_every: None,
        };
        if let Some(fault) = fault {
            if fault.kind == FaultKind::LagListing {
                let seconds = i64::try_from(fault.number("seconds", 300)).unwrap_or(i64::MAX);
                lag.seconds = lag.seconds.max(seconds);
            } else if fault.kind == FaultKind::ListingHole {
                lag.hole_every = Some(fault.number("every", 50).max(1));
            }
        }
        lag
    }

    fn hides(self, number: u64) -> bool {
        self.hole_every
            .is_some_and(|every| number.is_multiple_of(every))
    }
}

/// What a reader that lags sees of a record; none when it is not there for him.
pub(crate) fn seen_with_lag(record: &Record, lag: i64, now: Timestamp) -> Option<&Version> {
    let fresh = lag > 0 && age_seconds(record.changed, now) < lag;
    if !fresh {
        return (!record.deleted).then_some(&*record.current);
    }
    if age_seconds(record.created, now) < lag {
        return None;
    }
    record.past.as_deref()
}

type Page = (Vec<Value>, Option<u64>);

fn full_page(book: &Book, at: Token, size: usize, lag: Lag, view: View, now: Timestamp) -> Page {
    let mut people = Vec::with_capacity(size.min(book.live));
    let mut last = at.cursor;
    for (seq, number) in book
        .order
        .range((Bound::Excluded(at.cursor), Bound::Unbounded))
    {
        let Some(record) = book.records.get(number) else {
            continue;
        };
        let Some(version) = seen_with_lag(record, lag.seconds, now) else {
            continue;
        };
        if lag.hides(*number) {
            continue;
        }
        if people.len() == size {
            return (people, Some(last));
        }
        people.push(render::person(record, version, view));
        last = *seq;
    }
    (people, None)
}

fn delta_page(book: &Book, at: Token, size: usize, view: View) -> Page {
    let mut people = Vec::new();
    let mut last = at.cursor;
    let window = (Bound::Excluded(at.cursor), Bound::Included(at.limit));
    for (seq, number) in book.order.range(window) {
        let Some(record) = book.records.get(number) else {
            continue;
        };
        if people.len() == size {
            return (people, Some(last));
        }
        people.push(if record.deleted {
            render::tombstone(record, view.mask)
        } else {
            render::person(record, &record.current, view)
        });
        last = *seq;
    }
    (people, None)
}
