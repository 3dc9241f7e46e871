//! Three-way merge of one pair, field by field (rules 4 to 6).

use super::{Note, Plan, whole};
use crate::model::{
    Base, Change, Clears, Conflict, Field, FieldRule, Filled, Key, Link, Meeting, OnConflict,
    Patch, Problem, ProblemKind, Record, Rules, Side, Sides, Swap, Target, Value, Why, Write,
};

/// What the two sides' histories say about one field.
#[derive(Clone, Copy)]
pub(super) enum Verdict {
    /// Both sides hold what they should; only the base may need to catch up.
    Settled,
    /// Nothing is known or nothing may be done: leave the base alone.
    Untouched,
    /// This side's value goes to the other.
    Take(Side, Why),
    /// The target's own edit stays (rule 6).
    Drift,
    /// Both changed it and a rule decided for this side.
    Decided(Side),
    /// Both changed it and nobody decides.
    Clash,
    /// It was cleared on this side and must not be cleared on the other.
    Uncleared(Side),
}

/// Plans the field updates that bring two live twins together, and what is remembered of the pair.
/// `before` is the pair as it is stored, `standing` the same with its memberships of today.
pub(super) fn merge(
    before: &Link,
    standing: Link,
    now: &Sides<&Record>,
    rules: &Rules,
    plan: &mut Plan,
) {
    let link = before;
    // Field by field: a run that was cut off may have left a pair of which some fields have met.
    let met = |field: &Field| link.base.contains_key(field);
    let key = now.crm.key.clone().or_else(|| now.google.key.clone());
    let mut next = Link {
        key: key.clone().or_else(|| link.key.clone()),
        drift: 0,
        ..standing
    };
    let mut patches = Sides::<Patch>::default();
    let mut why = Sides::<Option<Why>>::default();
    let wholes = whole::find(&link.base, now, rules);
    for (field, rule) in &rules.fields {
        let values = Sides::from_fn(|side| now.on(side).fields.get(field));
        let part = wholes.verdicts.get(field).copied();
        let verdict = part.unwrap_or_else(|| judge(*field, rule, &values, &link.base, now, rules));
        let quiet = wholes.quiet.contains(field);
        let report = Report {
            key: key.as_ref(),
            link,
            field: *field,
            rule,
        };
        match verdict {
            Verdict::Settled => {
                next.base
                    .insert(*field, values.map(Option::<&Value>::cloned));
            }
            Verdict::Untouched => {}
            Verdict::Drift => next.drift += u16::from(!quiet),
            // A part of a whole that is the same already.
            Verdict::Take(..) | Verdict::Decided(_)
                if part.is_some() && values.google == values.crm =>
            {
                next.base
                    .insert(*field, values.map(Option::<&Value>::cloned));
            }
            Verdict::Take(from, reason) => {
                take(*field, from, &values, &mut patches);
                why.on_mut(from.other()).get_or_insert(reason);
            }
            Verdict::Decided(winner) => {
                if values.google != values.crm {
                    plan.conflicts.push(report.conflict(&values, Some(winner)));
                }
                if rule.writable.on(winner.other()) == &true {
                    take(*field, winner, &values, &mut patches);
                    let reason = if met(field) {
                        Why::Changed
                    } else {
                        Why::FirstMeeting
                    };
                    why.on_mut(winner.other()).get_or_insert(reason);
                } else {
                    next.base
                        .insert(*field, values.map(Option::<&Value>::cloned));
                }
            }
            Verdict::Clash | Verdict::Uncleared(_) if quiet => {}
            Verdict::Clash => {
                plan.conflicts.push(report.conflict(&values, None));
                plan.problems.push(report.held());
            }
            Verdict::Uncleared(side) => plan.problems.push(report.uncleared(side)),
        }
    }
    remember(link, next, plan);
    for on in Side::BOTH {
        let patch = std::mem::take(patches.on_mut(on));
        if patch.is_empty() {
            continue;
        }
        let (own, twin) = (now.on(on), now.on(on.other()));
        let meeting = if patch.keys().any(met) {
            Meeting::Later
        } else {
            Meeting::First
        };
        plan.writes.push(Write {
            on,
            link: link.no,
            twin: twin.id.clone(),
            key: key.clone(),
            changed_at: twin.changed_at,
            meeting,
            twin_listed: twin.listed,
            why: why.on(on).unwrap_or(Why::Changed),
            change: Change::Update {
                id: own.id.clone(),
                expected: own.version.clone(),
                native: own.native.clone(),
                patch,
            },
        });
    }
}

/// The base of a pair that goes on with another record on `side`: what the heir does not hold it never
/// lost, so its blanks have not met yet and are filled.
pub(super) fn inherited(base: &Base, side: Side, heir: &Record) -> Base {
    let mut base = base.clone();
    base.retain(|field, held| {
        let blank = !heir.fields.contains_key(field) && !heir.unread.contains(field);
        !blank || held.on(side).is_none()
    });
    base
}

/// Notes what is remembered of the pair, when it differs from what is stored.
pub(super) fn remember(before: &Link, next: Link, plan: &mut Plan) {
    match before.no {
        None => plan.notes.push(Note::Adopt(next)),
        Some(_) if next != *before => plan.notes.push(Note::Agree(next)),
        Some(_) => {}
    }
}

fn take(field: Field, from: Side, values: &Sides<Option<&Value>>, patches: &mut Sides<Patch>) {
    let swap = Swap {
        from: values.on(from.other()).cloned(),
        to: values.on(from).cloned(),
    };
    patches.on_mut(from.other()).insert(field, swap);
}

pub(super) fn judge(
    field: Field,
    rule: &FieldRule,
    values: &Sides<Option<&Value>>,
    base: &Base,
    now: &Sides<&Record>,
    rules: &Rules,
) -> Verdict {
    if Side::BOTH
        .into_iter()
        .any(|side| now.on(side).unread.contains(&field))
    {
        return Verdict::Untouched;
    }
    match base.get(&field) {
        None => first_meeting(rule, values, now),
        // However they came to hold the same.
        Some(_) if values.google == values.crm => Verdict::Settled,
        Some(base) => {
            let changed = Sides::from_fn(|side| *values.on(side) != base.on(side).as_ref());
            match (changed.google, changed.crm) {
                (false, false) => Verdict::Settled,
                (true, false) => one_changed(field, Side::Google, rule, values, rules),
                (false, true) => one_changed(field, Side::Crm, rule, values, rules),
                (true, true) => both_changed(field, rule, values, rules),
            }
        }
    }
}

/// No base: equal is equal, a blank is filled, a difference is a conflict. A blank never wins.
fn first_meeting(
    rule: &FieldRule,
    values: &Sides<Option<&Value>>,
    now: &Sides<&Record>,
) -> Verdict {
    match (values.google, values.crm) {
        (Some(google), Some(crm)) if google == crm => Verdict::Settled,
        (Some(_), Some(_)) => match rule.on_conflict {
            OnConflict::Prefer(side) => Verdict::Decided(side),
            OnConflict::Hold => Verdict::Clash,
        },
        (Some(_), None) if rule.writable.crm => Verdict::Take(Side::Google, Why::FirstMeeting),
        (None, Some(crm))
            if rule.writable.google
                && !(rule.filled == Filled::FromNames
                    && fill(now.google).as_ref() == Some(crm)) =>
        {
            Verdict::Take(Side::Crm, Why::FirstMeeting)
        }
        (None | Some(_), None) | (None, Some(_)) => Verdict::Settled,
    }
}

fn one_changed(
    field: Field,
    side: Side,
    rule: &FieldRule,
    values: &Sides<Option<&Value>>,
    rules: &Rules,
) -> Verdict {
    let to = side.other();
    if *rule.writable.on(to) {
        return match values.on(side) {
            Some(_) => Verdict::Take(side, Why::Changed),
            None => cleared(field, side, rule, rules).unwrap_or(Verdict::Settled),
        };
    }
    if !*rule.writable.on(side) {
        return Verdict::Settled;
    }
    match rules.target {
        Target::Drifts => Verdict::Drift,
        Target::Enforced => match values.on(to) {
            None if field == rules.key || *rule.required.on(side) => Verdict::Uncleared(to),
            Some(_) | None => Verdict::Take(to, Why::Enforced),
        },
    }
}

/// What clearing on `side` does to the other; none when it stays there by the user's choice.
fn cleared(field: Field, side: Side, rule: &FieldRule, rules: &Rules) -> Option<Verdict> {
    if field == rules.key || *rule.required.on(side.other()) {
        return Some(Verdict::Uncleared(side));
    }
    match rules.clears {
        Clears::Propagate => Some(Verdict::Take(side, Why::Changed)),
        Clears::Stay => None,
    }
}

fn both_changed(
    field: Field,
    rule: &FieldRule,
    values: &Sides<Option<&Value>>,
    rules: &Rules,
) -> Verdict {
    let preferred = match rule.on_conflict {
        OnConflict::Hold => return Verdict::Clash,
        OnConflict::Prefer(side) => side,
    };
    let winner = match (rule.writable.google, rule.writable.crm) {
        (true, true) => preferred,
        (true, false) => Side::Crm,
        (false, true) => Side::Google,
        (false, false) => return Verdict::Settled,
    };
    if values.on(winner).is_some() {
        return Verdict::Decided(winner);
    }
    match cleared(field, winner, rule, rules) {
        Some(Verdict::Take(..)) => Verdict::Decided(winner),
        Some(verdict) => verdict,
        None if *rule.writable.on(winner) => Verdict::Decided(winner.other()),
        None => Verdict::Settled,
    }
}

/// What fills a mandatory CRM name that Google does not have: given name, display name or
/// organisation (the record's label), else the local part of its address.
pub(super) fn fill(google: &Record) -> Option<Value> {
    google
        .label
        .clone()
        .or_else(|| google.addresses().next().and_then(local_part))
        .map(Value::plain)
}

fn local_part(key: &Key) -> Option<Box<str>> {
    let (local, _) = key.as_str().rsplit_once('@')?;
    Some(local.into())
}

/// Puts one field's finding into words.
struct Report<'a> {
    key: Option<&'a Key>,
    link: &'a Link,
    field: Field,
    rule: &'a FieldRule,
}

impl Report<'_> {
    fn conflict(&self, values: &Sides<Option<&Value>>, winner: Option<Side>) -> Conflict {
        Conflict {
            key: self.key.cloned(),
            ids: self.link.ids.clone(),
            field: self.field,
            values: values.map(Option::<&Value>::cloned),
            winner,
        }
    }

    fn problem(&self, kind: ProblemKind, reason: String, hint: String) -> Problem {
        Problem {
            kind,
            key: self.key.cloned(),
            ids: self.link.ids.clone().map(|id| vec![id]),
            field: Some(self.rule.name.clone()),
            reason,
            hint,
        }
    }

    fn held(&self) -> Problem {
        let name = &self.rule.name;
        self.problem(
            ProblemKind::Held,
            format!("both sides changed `{name}`, differently"),
            "edit one side so that both hold the same, or choose a winner with `on_conflict`"
                .into(),
        )
    }

    fn uncleared(&self, side: Side) -> Problem {
        let (name, other) = (&self.rule.name, side.other());
        self.problem(
            ProblemKind::Uncleared,
            format!("`{name}` was cleared in {side} and cannot be cleared in {other}"),
            format!("fill it in {side} again, or clear it in {other} by hand"),
        )
    }
}
