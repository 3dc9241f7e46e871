//! Fields that a CRM keeps as one value, such as both halves of a name: it splits them by a rule of its
//! own, so they are compared as the whole and go over together. `Jean` and `de la Cruz` in Google
//! are no other name than `Jean de la` and `Cruz` in the CRM.

use std::collections::{BTreeMap, BTreeSet};

use super::merge::{Verdict, judge};
use crate::model::{Base, Field, FieldRule, Fields, Filled, Record, Rules, Side, Sides, Value};

/// What is found of the fields that are parts of a whole.
#[derive(Default)]
pub(super) struct Found {
    pub(super) verdicts: BTreeMap<Field, Verdict>,
    /// Parts whose finding another part reports.
    pub(super) quiet: BTreeSet<Field>,
}

/// Judges every whole of which several parts are mapped.
pub(super) fn find(base: &Base, now: &Sides<&Record>, rules: &Rules) -> Found {
    let mut found = Found::default();
    for parts in &rules.wholes {
        let (Some(first), Some(rule)) = (parts.first(), rule(parts, rules)) else {
            continue;
        };
        let unread = |side: Side| parts.iter().any(|part| now.on(side).unread.contains(part));
        let verdict = if unread(Side::Google) || unread(Side::Crm) {
            Verdict::Untouched
        } else {
            let values = Sides::from_fn(|side| whole(parts, &now.on(side).fields));
            let values = Sides::from_fn(|side| values.on(side).as_ref());
            let base = agreed(parts, base).map(|agreed| Base::from([(*first, agreed)]));
            let base = base.unwrap_or_default();
            judge(*first, &rule, &values, &base, now, rules)
        };
        let differs = |part: &&Field| now.google.fields.get(part) != now.crm.fields.get(part);
        let speaker = parts.iter().find(differs).unwrap_or(first);
        for part in parts {
            found.verdicts.insert(*part, verdict);
            if part != speaker {
                found.quiet.insert(*part);
            }
        }
    }
    found
}

/// Whether a record has another part of the whole that a field belongs to.
pub(super) fn has_other_part(record: &Record, field: Field, rules: &Rules) -> bool {
    rules.wholes.iter().any(|parts| {
        parts.contains(&field) && parts.iter().any(|part| record.fields.contains_key(part))
    })
}

/// The rule of the whole: what holds for each of its parts.
fn rule(parts: &[Field], rules: &Rules) -> Option<FieldRule> {
    let all: Option<Vec<&FieldRule>> = parts.iter().map(|part| rules.fields.get(part)).collect();
    let all = all?;
    let first = (*all.first()?).clone();
    Some(FieldRule {
        writable: Sides::from_fn(|side| all.iter().all(|rule| *rule.writable.on(side))),
        required: Sides::from_fn(|side| all.iter().any(|rule| *rule.required.on(side))),
        filled: if all.iter().any(|rule| rule.filled == Filled::FromNames) {
            Filled::FromNames
        } else {
            Filled::Never
        },
        ..first
    })
}

/// The parts with blanks between them; none where all are blank.
fn whole(parts: &[Field], fields: &Fields) -> Option<Value> {
    let texts = parts.iter().filter_map(|part| fields.get(part));
    let texts: Vec<&str> = texts.map(|value| value.canonical().trim()).collect();
    (!texts.is_empty()).then(|| Value::plain(texts.join(" ")))
}

/// What both sides last agreed on; none before all parts have met.
fn agreed(parts: &[Field], base: &Base) -> Option<Sides<Option<Value>>> {
    let mut sides = Sides::<Fields>::default();
    for part in parts {
        let agreed = base.get(part)?;
        for side in Side::BOTH {
            if let Some(value) = agreed.on(side) {
                sides.on_mut(side).insert(*part, value.clone());
            }
        }
    }
    Some(sides.map(|fields| whole(parts, &fields)))
}
