//! `status --contact EMAIL`: everything the state file knows about one address.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::journal::{Names, WriteRow, split, text};
use super::standing::{matched, standing};
use super::{Asked, contact_text, run, time};
use crate::cli::failure::Failure;
use crate::cli::output::Show;
use crate::mapping::canon;
use crate::model::{Field, Key, Link, RemoteId, Side, Sides};
use crate::state::{JournalRow, PairId, ScopeId, State};

/// How far back the newest finished run is looked for.
const RUNS: usize = 50;

/// One address in one profile.
#[derive(Debug, Serialize)]
pub(super) struct Contact {
    pub(super) profile: String,
    pub(super) email: String,
    /// Whether anything is known of the address.
    pub(super) known: bool,
    pub(super) links: Vec<LinkRow>,
    /// Records with the address that no link of it holds.
    pub(super) records: Vec<Loose>,
    /// Every write, oldest first.
    pub(super) history: Vec<Past>,
    /// What the newest finished run had to say about it, as in its report.
    pub(super) problems: Vec<Value>,
    pub(super) conflicts: Vec<Value>,
    pub(super) notices: Vec<Value>,
    /// The run that said it.
    pub(super) said_by: Option<i64>,
}

/// A pair of records.
#[derive(Debug, Serialize)]
pub(super) struct LinkRow {
    pub(super) ids: Sides<String>,
    /// `linked`, `left`, `vanished`, `ended` or `merged`.
    pub(super) state: &'static str,
    /// The same in a sentence.
    pub(super) why: String,
    /// What to do, when the pair takes no part.
    pub(super) cure: Option<String>,
    /// How the two were found to be one.
    pub(super) matched: String,
    /// Whether each record was in its list when it was last seen; null when it is not there.
    pub(super) listed: Sides<Option<bool>>,
    pub(super) fields: Vec<FieldRow>,
}

/// A field of a pair. Null is blank.
#[derive(Debug, Serialize)]
pub(super) struct FieldRow {
    /// The Google path.
    pub(super) field: String,
    pub(super) crm_field: String,
    pub(super) values: Sides<Option<String>>,
    /// What each side held when they last agreed; null when they never did.
    pub(super) base: Option<Sides<Option<String>>>,
    /// Who moved since: none, `crm`, `google`, or `both`.
    pub(super) moved: Option<&'static str>,
}

/// A record that no link holds.
#[derive(Debug, Serialize)]
pub(super) struct Loose {
    pub(super) side: Side,
    pub(super) id: String,
    pub(super) listed: bool,
    pub(super) why: &'static str,
}

/// A write and when its run began.
#[derive(Debug, Serialize)]
pub(super) struct Past {
    pub(super) started: Option<String>,
    #[serde(flatten)]
    pub(super) write: WriteRow,
}

/// The key of what was typed.
pub(super) fn key(text: &str) -> anyhow::Result<Key> {
    canon::email(text).ok_or_else(|| {
        Failure::usage(
            format!("{text:?} is no e-mail address"),
            "give the whole address: `crmsync status --contact ada@example.com`",
        )
        .into()
    })
}

/// Prints what is known of an address in each profile.
pub(super) fn show(
    key: &Key,
    asked: &[Asked],
    state: Option<&State>,
    as_json: bool,
    show: &Show,
) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for one in asked {
        all.push(contact(key, &one.name, state)?);
    }
    if as_json {
        for one in &all {
            show.line(&serde_json::to_string(one)?)?;
        }
        return Ok(());
    }
    let known: Vec<&Contact> = all.iter().filter(|one| one.known).collect();
    if known.is_empty() && !all.is_empty() {
        let names: Vec<&str> = all.iter().map(|one| one.profile.as_str()).collect();
        let mut text = String::new();
        super::table::fold(
            &mut text,
            "",
            &format!("nothing is known of {key} in {}", names.join(", ")),
        );
        super::table::fold(
            &mut text,
            "  help: ",
            "it is neither in the label nor in the list view, or no sync has run since it came there",
        );
        return show.bytes(text.as_bytes());
    }
    for one in known {
        show.bytes(contact_text::text(one, show).as_bytes())?;
    }
    Ok(())
}

fn contact(key: &Key, profile: &str, state: Option<&State>) -> anyhow::Result<Contact> {
    let mut contact = Contact {
        profile: profile.to_owned(),
        email: key.to_string(),
        known: false,
        links: Vec::new(),
        records: Vec::new(),
        history: Vec::new(),
        problems: Vec::new(),
        conflicts: Vec::new(),
        notices: Vec::new(),
        said_by: None,
    };
    let Some(state) = state else {
        return Ok(contact);
    };
    let Some((scope, pair)) = state.scope_of(profile)? else {
        return Ok(contact);
    };
    let names = state.field_names()?;
    let links = state.contact(pair, key)?;
    let mut writes: BTreeMap<i64, JournalRow> = BTreeMap::new();
    let mut keep = |rows: Vec<JournalRow>| {
        writes.extend(rows.into_iter().map(|row| (row.no.0, row)));
    };
    keep(state.history_of_key(pair, key)?);
    let mut ids: Sides<BTreeSet<RemoteId>> = Sides::default();
    for link in &links {
        keep(state.history_of(pair, &link.ids)?);
        for side in Side::BOTH {
            ids.on_mut(side).insert(link.ids.on(side).clone());
        }
    }
    for link in &links {
        let row = link_row(state, scope, link, &writes, &names)?;
        contact.links.push(row);
    }
    for side in Side::BOTH {
        for id in state.holders(scope, side, key)? {
            if ids.on_mut(side).insert(id.clone()) {
                let loose = loose(state, (scope, pair), side, &id)?;
                contact.records.push(loose);
            }
        }
    }
    for row in writes.values() {
        let began = state.run(row.run)?.map(|run| time(run.started));
        contact.history.push(Past {
            started: began,
            write: WriteRow::of(row, &names),
        });
    }
    said(state, key, &ids, &mut contact)?;
    contact.known = !(contact.links.is_empty()
        && contact.records.is_empty()
        && contact.history.is_empty()
        && contact.problems.is_empty());
    Ok(contact)
}

fn link_row(
    state: &State,
    scope: ScopeId,
    link: &Link,
    writes: &BTreeMap<i64, JournalRow>,
    names: &Names,
) -> anyhow::Result<LinkRow> {
    let mut seen = Sides::default();
    for side in Side::BOTH {
        let id = link.ids.on(side).clone();
        *seen.on_mut(side) = state
            .seen(scope, side, std::slice::from_ref(&id))?
            .remove(&id)
            .map(|seen| seen.record);
    }
    let listed = seen
        .as_ref()
        .map(|record| record.as_ref().map(|record| record.listed));
    let (word, why, cure) = standing(link.rest, &listed);
    let mut fields: BTreeSet<Field> = link.base.keys().copied().collect();
    for side in Side::BOTH {
        if let Some(record) = seen.on(side) {
            fields.extend(record.fields.keys());
        }
    }
    let fields = fields.into_iter().filter_map(|field| {
        let value = |side: Side| {
            let record = seen.on(side).as_ref()?;
            record.fields.get(&field)
        };
        let values = Sides::from_fn(value);
        let base = link.base.get(&field);
        let changed = |side: Side| {
            let known = seen.on(side).as_ref();
            let told = known.is_some_and(|record| !record.unread.contains(&field));
            told && base.is_some_and(|base| base.on(side).as_ref() != *values.on(side))
        };
        let moved = match (changed(Side::Crm), changed(Side::Google)) {
            (false, false) => None,
            (true, false) => Some("crm"),
            (false, true) => Some("google"),
            (true, true) => Some("both"),
        };
        let base = base.map(|base| base.as_ref().map(|value| text(value.as_ref())));
        let values = values.map(text);
        let blank = |sides: &Sides<Option<String>>| sides.google.is_none() && sides.crm.is_none();
        if blank(&values) && base.as_ref().is_none_or(blank) {
            return None;
        }
        let (crm_field, google) = split(names, field);
        Some(FieldRow {
            field: google,
            crm_field,
            values,
            base,
            moved,
        })
    });
    Ok(LinkRow {
        ids: link.ids.as_ref().map(ToString::to_string),
        state: word,
        why,
        cure,
        matched: matched(link, &seen, writes),
        listed,
        fields: fields.collect(),
    })
}

fn loose(
    state: &State,
    (scope, pair): (ScopeId, PairId),
    side: Side,
    id: &RemoteId,
) -> anyhow::Result<Loose> {
    let listed = state
        .seen(scope, side, std::slice::from_ref(id))?
        .get(id)
        .is_some_and(|seen| seen.record.listed);
    let linked = state.linked(pair, side, id)?.is_some();
    let why = match (linked, listed) {
        (true, _) => "linked under another address",
        (false, true) => "in its list and not linked: it waits for a run, or has a problem",
        (false, false) => "not in its list, so it takes no part",
    };
    Ok(Loose {
        side,
        id: id.to_string(),
        listed,
        why,
    })
}

/// What the newest finished run had to say about the address or its records.
fn said(
    state: &State,
    key: &Key,
    ids: &Sides<BTreeSet<RemoteId>>,
    contact: &mut Contact,
) -> anyhow::Result<()> {
    let runs = state.runs(Some(&contact.profile), RUNS)?;
    let Some(last) = runs.iter().find(|run| run.finished) else {
        return Ok(());
    };
    let report = run::report(last);
    let known = |side: Side, id: &Value| id.as_str().is_some_and(|id| ids.on(side).contains(id));
    let concerns = |row: &&Value| {
        row["email"].as_str() == Some(key.as_str())
            || Side::BOTH.into_iter().any(|side| {
                let all = run::rows(row, side.name());
                all.iter().any(|id| known(side, id)) || known(side, &row["id"])
            })
    };
    let pick = |name: &str| -> Vec<Value> {
        let rows = run::rows(&report, name);
        rows.iter().filter(concerns).cloned().collect()
    };
    contact.problems = pick("problems");
    contact.conflicts = pick("conflicts");
    contact.notices = pick("notices");
    let silent =
        contact.problems.is_empty() && contact.conflicts.is_empty() && contact.notices.is_empty();
    contact.said_by = (!silent).then_some(last.no.0);
    Ok(())
}
