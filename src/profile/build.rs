//! From values to a [`Profile`], with the rules that need more than one value at a time.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::fault::Fault;
use super::read::{Read, Sheet};
use super::value::Given;
use super::{EntrySpans, GoogleSection, MapEntry, Spans, SyncSection};
use crate::mapping;
use crate::model::{
    AnyEmail, Clears, CrmSection, Direction, KindInfo, NoEmail, OnConflict, OnDelete, OnLeave, Own,
    OwnValue, Side, Target,
};

pub(super) const DIRECTION: [(&str, Direction); 3] = [
    ("two-way", Direction::TwoWay),
    ("crm-to-google", Direction::CrmToGoogle),
    ("google-to-crm", Direction::GoogleToCrm),
];
pub(super) const ON_CONFLICT: [(&str, OnConflict); 3] = [
    ("crm", OnConflict::Prefer(Side::Crm)),
    ("google", OnConflict::Prefer(Side::Google)),
    ("hold", OnConflict::Hold),
];
pub(super) const ON_DELETE: [(&str, OnDelete); 3] = [
    ("keep", OnDelete::Keep),
    ("archive", OnDelete::Archive),
    ("delete", OnDelete::Delete),
];
pub(super) const ON_LEAVE: [(&str, OnLeave); 2] =
    [("ungroup", OnLeave::Ungroup), ("keep", OnLeave::Keep)];
pub(super) const NO_EMAIL: [(&str, NoEmail); 2] =
    [("skip", NoEmail::Skip), ("sync", NoEmail::Sync)];
pub(super) const WINS: [(&str, Side); 2] = [("crm", Side::Crm), ("google", Side::Google)];

/// What a file says, before it has a name and a place.
pub(super) struct Parts {
    pub(super) sync: SyncSection,
    pub(super) google: GoogleSection,
    pub(super) crm: CrmSection,
    pub(super) map: Option<Vec<MapEntry>>,
    pub(super) spans: Spans,
}

/// Checks what several values say together. `folder` is where file names start.
pub(super) fn check(read: &Read) -> Vec<Fault> {
    let mut faults = Vec::new();
    let sheet = &read.sheet;
    if sheet.given("google.subject").is_some() && sheet.given("google.service_account").is_none() {
        faults.push(
            Fault::new(
                sheet.place("google.subject"),
                "`google.subject` says for whom a service account acts, and there is none",
            )
            .help("add service_account = \"key.json\", or take `subject` out"),
        );
    }
    if let Some(entries) = &read.map {
        check_map(entries, &mut faults);
    }
    faults
}

fn check_map(entries: &[Sheet], faults: &mut Vec<Fault>) {
    for (at, entry) in entries.iter().enumerate() {
        for earlier in &entries[..at] {
            check_twice(entry, earlier, faults);
        }
    }
    let mut keys = entries.iter().filter(|entry| flag(entry, "map.key"));
    let first = keys.next();
    for second in keys {
        let mut fault = Fault::new(second.place("map.key"), "there are two match keys")
            .help("leave `key = true` with one e-mail pair");
        if let Some(first) = first {
            fault = fault.beside(first.place("map.key"), "the first one");
        }
        faults.push(fault);
    }
    // An entry that could not be read has its own fault; it may have been the key.
    let whole = entries
        .iter()
        .all(|entry| entry.given("map.crm").is_some() && entry.given("map.google").is_some());
    match first {
        Some(key) => {
            if let Some(path) = path(key)
                && !matches!(path, mapping::Path::Email(_))
            {
                let message = format!("the match key is an e-mail address, and `{path}` is none");
                faults.push(
                    Fault::new(key.place("map.google"), message).help(
                        "set `key = true` on the pair of an e-mail path, such as `email.work`",
                    ),
                );
            }
        }
        None if whole => {
            let place = entries.first().map_or(0..0, |entry| entry.span.clone());
            faults.push(
                Fault::new(place, "no pair of the mapping holds the match key")
                    .help("add `key = true` to the pair of the e-mail address that contacts are matched by"),
            );
        }
        None => {}
    }
}

fn check_twice(entry: &Sheet, earlier: &Sheet, faults: &mut Vec<Fault>) {
    let crm = entry.text("map.crm");
    if crm.is_some() && crm == earlier.text("map.crm") {
        let message = format!(
            "the CRM field `{}` is mapped twice",
            crm.unwrap_or_default()
        );
        faults.push(
            Fault::new(entry.place("map.crm"), message)
                .help("take one of the two entries out")
                .beside(earlier.place("map.crm"), "mapped here first"),
        );
    }
    if let (Some(one), Some(two)) = (path(entry), path(earlier))
        && one.overlaps(two)
    {
        let (message, help) = if one.to_string().eq_ignore_ascii_case(&two.to_string()) {
            (
                format!("the Google field `{one}` is mapped twice"),
                "take one of the two entries out",
            )
        } else {
            (
                format!("`{one}` and `{two}` can name one and the same entry of a contact"),
                "a path without a type means the first entry, whatever its type: give it one",
            )
        };
        faults.push(
            Fault::new(entry.place("map.google"), message)
                .help(help)
                .beside(earlier.place("map.google"), "mapped here first"),
        );
    }
}

fn path(entry: &Sheet) -> Option<&mapping::Path> {
    match entry.given("map.google")? {
        Given::Path(path) => Some(path),
        Given::Text(_)
        | Given::Duration(_)
        | Given::Count(_)
        | Given::Flag(_)
        | Given::Words(_)
        | Given::Values(_) => None,
    }
}

/// Puts the values into their places; none only when a value that has to be there is missing.
pub(super) fn build(read: &Read, folder: &Path) -> Option<Parts> {
    let sheet = &read.sheet;
    let file = |name| sheet.text(name).map(|text| folder.join(text));
    let defaults = defaults(sheet);
    let spans = Spans {
        view: sheet.place("crm.view"),
        group: sheet.place("google.group"),
        kind: sheet.place("crm.kind"),
        entries: read.map.iter().flatten().map(entry_spans).collect(),
        defaults: defaults
            .iter()
            .map(|(name, (_, span))| (name.clone(), span.clone()))
            .collect(),
    };
    let map = match &read.map {
        Some(entries) => Some(entries.iter().map(entry).collect::<Option<Vec<_>>>()?),
        None => None,
    };
    Some(Parts {
        sync: sync(sheet)?,
        google: GoogleSection {
            account: sheet.text("google.account"),
            group: sheet.text("google.group")?,
            client_secret: file("google.client_secret"),
            service_account: file("google.service_account"),
            subject: sheet.text("google.subject"),
            endpoint: sheet.text("google.endpoint"),
            auth_uri: sheet.text("google.auth_uri"),
            token_uri: sheet.text("google.token_uri"),
            revoke_uri: sheet.text("google.revoke_uri"),
            reads_per_minute: u32::try_from(count(sheet, "google.reads_per_minute")?).ok()?,
            writes_per_minute: u32::try_from(count(sheet, "google.writes_per_minute")?).ok()?,
        },
        crm: CrmSection {
            kind: read.kind?,
            view: sheet.text("crm.view")?,
            endpoint: sheet.text("crm.endpoint"),
            defaults: defaults
                .into_iter()
                .map(|(name, (value, _))| (name, value))
                .collect(),
            own: own(sheet, read.kind?),
        },
        map,
        spans,
    })
}

fn sync(sheet: &Sheet) -> Option<SyncSection> {
    Some(SyncSection {
        direction: word(sheet, "sync.direction", &DIRECTION)?,
        on_conflict: word(sheet, "sync.on_conflict", &ON_CONFLICT)?,
        frequency: duration(sheet, "sync.frequency")?,
        first_limit: count(sheet, "sync.first_limit")?,
        next_limit: count(sheet, "sync.next_limit")?,
        on_delete: word(sheet, "sync.on_delete", &ON_DELETE)?,
        on_leave: word(sheet, "sync.on_leave", &ON_LEAVE)?,
        no_email: word(sheet, "sync.no_email", &NO_EMAIL)?,
        full_every: duration(sheet, "sync.full_every")?,
        region: sheet.text("sync.region"),
        match_any_email: if flag(sheet, "sync.match_any_email") {
            AnyEmail::Matches
        } else {
            AnyEmail::Ignored
        },
        propagate_clears: if flag(sheet, "sync.propagate_clears") {
            Clears::Propagate
        } else {
            Clears::Stay
        },
        enforce: if flag(sheet, "sync.enforce") {
            Target::Enforced
        } else {
            Target::Drifts
        },
    })
}

/// The values of the keys that only this kind knows.
fn own(sheet: &Sheet, kind: &KindInfo) -> Own {
    let value = |name: &str| {
        Some(match sheet.given(name)? {
            Given::Text(text) => OwnValue::Text(text.clone()),
            Given::Count(count) => OwnValue::Count(*count),
            Given::Flag(flag) => OwnValue::Flag(*flag),
            Given::Words(words) => OwnValue::Words(words.clone()),
            Given::Duration(length) => OwnValue::Count(length.as_secs()),
            Given::Path(path) => OwnValue::Text(path.to_string()),
            Given::Values(_) => return None,
        })
    };
    let keys = kind.keys.iter();
    Own(keys
        .filter_map(|info| Some((info.leaf(), value(info.name)?)))
        .collect())
}

fn entry(sheet: &Sheet) -> Option<MapEntry> {
    Some(MapEntry {
        crm: sheet.text("map.crm")?,
        google: path(sheet)?.clone(),
        key: flag(sheet, "map.key"),
        direction: word(sheet, "map.direction", &DIRECTION),
        wins: word(sheet, "map.wins", &WINS),
    })
}

fn entry_spans(sheet: &Sheet) -> EntrySpans {
    EntrySpans {
        whole: sheet.span.clone(),
        crm: sheet.place("map.crm"),
        google: sheet.place("map.google"),
    }
}

fn word<T: Copy>(sheet: &Sheet, name: &str, words: &[(&str, T)]) -> Option<T> {
    let text = sheet.text(name)?;
    words
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, meaning)| *meaning)
}

/// The word for a meaning.
pub(super) fn word_of<T: Copy + PartialEq>(
    words: &[(&'static str, T)],
    of: T,
) -> Option<&'static str> {
    words
        .iter()
        .find(|(_, meaning)| *meaning == of)
        .map(|(word, _)| *word)
}

fn flag(sheet: &Sheet, name: &str) -> bool {
    sheet.given(name) == Some(&Given::Flag(true))
}

fn duration(sheet: &Sheet, name: &str) -> Option<Duration> {
    if let Given::Duration(length) = sheet.given(name)? {
        Some(*length)
    } else {
        None
    }
}

fn count(sheet: &Sheet, name: &str) -> Option<u64> {
    if let Given::Count(number) = sheet.given(name)? {
        Some(*number)
    } else {
        None
    }
}

fn defaults(sheet: &Sheet) -> BTreeMap<String, (serde_json::Value, Range<usize>)> {
    if let Some(Given::Values(values)) = sheet.given("crm.defaults") {
        values.clone()
    } else {
        BTreeMap::new()
    }
}

/// The folder that file names in the profile start from.
pub(super) fn folder(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}
