//! A value that another program puts back again and again is left alone after a while: two tools
//! must not fight over a field for ever.

use std::collections::BTreeMap;

use crate::model::{
    Change, Field, Flip, Moment, Problem, ProblemKind, Rules, Side, Sides, Swap, Value, Why, Write,
};

/// After so many times in a row a value is not written again.
const MOST: u32 = 2;
/// How long two times may be apart and still be "in a row", seconds: a program that runs once a day
/// is caught, a person who changes a mind after a week is not.
const IN_A_ROW: i64 = 72 * 3600;

/// What is known of a link's fields once a write was confirmed; none when it changes nothing there.
#[must_use]
pub fn flipped(
    write: &Write,
    known: &BTreeMap<Field, Flip>,
    now: Moment,
) -> Option<BTreeMap<Field, Flip>> {
    let Change::Update { patch, .. } = &write.change else {
        return None;
    };
    // What an undo puts back is nobody's fight.
    if write.why == Why::Undo {
        return None;
    }
    let mut next = known.clone();
    for (field, swap) in patch {
        let values = values(swap);
        let times = known
            .get(field)
            .filter(|flip| flip.values == values && recent(flip, now))
            .map_or(0, |flip| flip.times + 1);
        let flip = Flip {
            values,
            times,
            at: now,
            held: false,
        };
        next.insert(*field, flip);
    }
    Some(next)
}

/// Takes out of an update what went to and fro too often. Returns the update, when something is left
/// of it, and a problem for every field that was taken out.
#[must_use]
pub fn quarantine(
    mut write: Write,
    known: &BTreeMap<Field, Flip>,
    rules: &Rules,
    now: Moment,
) -> (Option<Write>, Vec<(Field, Problem)>) {
    let mut out = Vec::new();
    let (on, twin, key) = (write.on, write.twin.clone(), write.key.clone());
    let why = write.why;
    let Change::Update { id, patch, .. } = &mut write.change else {
        return (Some(write), out);
    };
    let ids = Sides::from_fn(|side| vec![if side == on { id.clone() } else { twin.clone() }]);
    patch.retain(|field, swap| {
        let flip = known.get(field);
        let held = why != Why::Undo
            && flip.is_some_and(|flip| {
                let often = flip.times >= MOST && recent(flip, now);
                flip.values == values(swap) && (flip.held || often)
            });
        if held {
            let name = rules.fields.get(field).map(|rule| rule.name.clone());
            let problem = Problem {
                kind: ProblemKind::Quarantined,
                key: key.clone(),
                ids: ids.clone(),
                reason: reason(name.as_deref().unwrap_or("a field"), on, swap),
                field: name,
                hint: "find the other program that writes it, or edit one side so that both hold \
                       the same; `crmsync status --contact` shows what went to and fro"
                    .into(),
            };
            out.push((*field, problem));
        }
        !held
    });
    let left = !patch.is_empty();
    (left.then_some(write), out)
}

/// The fields whose quarantine goes on: those that were taken out just now. The others may be
/// written again.
#[must_use]
pub fn still_held(known: &BTreeMap<Field, Flip>, out: &[Field]) -> BTreeMap<Field, Flip> {
    known
        .iter()
        .filter(|(field, flip)| !flip.held || out.contains(field))
        .map(|(field, flip)| {
            let held = out.contains(field);
            (
                *field,
                Flip {
                    held,
                    ..flip.clone()
                },
            )
        })
        .collect()
}

fn recent(flip: &Flip, now: Moment) -> bool {
    now.0.saturating_sub(flip.at.0) <= IN_A_ROW
}

/// The two values in an order of their own: who wrote which over which makes no difference.
fn values(swap: &Swap) -> (Option<Box<str>>, Option<Box<str>>) {
    let text = |value: &Option<Value>| value.as_ref().map(|value| value.canonical().into());
    let (from, to): (Option<Box<str>>, Option<Box<str>>) = (text(&swap.from), text(&swap.to));
    if from <= to { (from, to) } else { (to, from) }
}

fn reason(name: &str, on: Side, swap: &Swap) -> String {
    let text = |value: &Option<Value>| {
        value
            .as_ref()
            .map_or_else(|| "nothing".to_owned(), |value| format!("{:?}", value.text))
    };
    format!(
        "`{name}` goes to and fro between {} ({on}) and {} ({}); it is not written until that ends",
        text(&swap.from),
        text(&swap.to),
        on.other(),
    )
}

/// How old what is known may be before it is of no use any more.
#[must_use]
pub fn outdated(now: Moment) -> Moment {
    Moment(now.0.saturating_sub(IN_A_ROW))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LinkNo, Meeting, Native, Patch, Version};

    const FIELD: Field = Field(3);
    const HOUR: i64 = 3600;

    fn write(on: Side, from: &str, to: &str) -> Write {
        let value = |text: &str| (!text.is_empty()).then(|| Value::plain(text));
        let swap = Swap {
            from: value(from),
            to: value(to),
        };
        Write {
            on,
            link: Some(LinkNo(1)),
            twin: "twin".into(),
            key: Some("ada@example.com".into()),
            changed_at: None,
            meeting: Meeting::Later,
            twin_listed: true,
            why: Why::Changed,
            change: Change::Update {
                id: "own".into(),
                expected: Version::from("1"),
                native: Native::default(),
                patch: Patch::from([(FIELD, swap)]),
            },
        }
    }

    fn rules() -> Rules {
        let rule = crate::model::FieldRule {
            name: "phone.mobile".into(),
            writable: Sides {
                google: true,
                crm: true,
            },
            required: Sides::default(),
            on_conflict: crate::model::OnConflict::Hold,
            filled: crate::model::Filled::Never,
        };
        Rules {
            fields: [(FIELD, rule)].into(),
            key: Field(0),
            wholes: Vec::new(),
            direction: crate::model::Direction::TwoWay,
            on_delete: crate::model::OnDelete::Keep,
            on_leave: crate::model::OnLeave::Ungroup,
            no_email: crate::model::NoEmail::Skip,
            any_email: crate::model::AnyEmail::Matches,
            clears: crate::model::Clears::Propagate,
            target: crate::model::Target::Drifts,
            rematch: crate::model::Rematch::No,
        }
    }

    /// Confirms writes, each so many hours after the one before.
    fn history(writes: &[(i64, Write)]) -> (BTreeMap<Field, Flip>, Moment) {
        let mut known = BTreeMap::new();
        let mut now = Moment(1_000_000);
        for (hours, write) in writes {
            now.0 += hours * HOUR;
            known = flipped(write, &known, now).unwrap_or(known);
        }
        (known, now)
    }

    fn fight(hours: i64) -> Vec<(i64, Write)> {
        vec![
            (0, write(Side::Google, "a", "b")),
            (hours, write(Side::Crm, "b", "a")),
            (hours, write(Side::Google, "a", "b")),
        ]
    }

    fn judged(writes: &[(i64, Write)], next: Write) -> (bool, Vec<(Field, Problem)>) {
        let (known, now) = history(writes);
        let (left, out) = quarantine(next, &known, &rules(), now);
        (left.is_some(), out)
    }

    #[test]
    fn the_third_time_that_a_value_comes_back_it_is_left_alone_and_both_are_named() {
        for next in [write(Side::Crm, "b", "a"), write(Side::Google, "a", "b")] {
            let (sent, out) = judged(&fight(1), next);
            assert!(!sent);
            assert_eq!(out.len(), 1, "{out:?}");
            let (field, problem) = &out[0];
            assert_eq!((*field, problem.kind), (FIELD, ProblemKind::Quarantined));
            for word in ["phone.mobile", "\"a\"", "\"b\""] {
                assert!(problem.reason.contains(word), "{}", problem.reason);
            }
            assert_eq!(problem.ids.google.len() + problem.ids.crm.len(), 2);
        }
    }

    #[test]
    fn the_same_value_written_over_the_same_again_and_again_is_a_fight_too() {
        let same = || write(Side::Google, "a", "b");
        let (sent, _) = judged(&[(0, same()), (1, same()), (1, same())], same());
        assert!(!sent);
        let (sent, _) = judged(&[(0, same()), (1, same())], same());
        assert!(sent);
    }

    #[test]
    fn a_third_value_or_a_long_pause_begins_anew() {
        let (sent, _) = judged(&fight(1), write(Side::Crm, "b", "c"));
        assert!(sent);
        let mut other = fight(1);
        other.push((1, write(Side::Crm, "b", "c")));
        let (sent, _) = judged(&other, write(Side::Crm, "c", "b"));
        assert!(sent);
        let (sent, _) = judged(&fight(73), write(Side::Crm, "b", "a"));
        assert!(sent);
        let (sent, _) = judged(&fight(72), write(Side::Crm, "b", "a"));
        assert!(!sent);
    }

    #[test]
    fn what_is_older_than_in_a_row_is_of_no_use() {
        assert_eq!(outdated(Moment(72 * HOUR + 5)), Moment(5));
        assert_eq!(outdated(Moment(i64::MIN)), Moment(i64::MIN));
    }

    #[test]
    fn clearing_and_filling_in_turns_is_a_fight() {
        let writes = [
            (0, write(Side::Google, "a", "")),
            (1, write(Side::Google, "", "a")),
            (1, write(Side::Google, "a", "")),
        ];
        let (sent, out) = judged(&writes, write(Side::Google, "", "a"));
        assert!(!sent);
        assert!(out[0].1.reason.contains("nothing"), "{}", out[0].1.reason);
    }

    #[test]
    fn quarantine_outlasts_time_and_ends_when_nothing_was_to_be_taken_out() {
        let (known, now) = history(&fight(1));
        assert_eq!(still_held(&known, &[]), known, "nothing was held yet");
        let held = still_held(&known, &[FIELD]);
        assert!(held[&FIELD].held);
        let late = Moment(now.0 + 1000 * HOUR);
        let (left, _) = quarantine(write(Side::Crm, "b", "a"), &held, &rules(), late);
        assert!(left.is_none());
        assert!(still_held(&held, &[]).is_empty());
        assert_eq!(still_held(&held, &[FIELD]), held);
    }

    #[test]
    fn other_fields_of_the_write_go_on_and_undo_is_nobodys_fight() {
        let (known, now) = history(&fight(1));
        let mut both = write(Side::Crm, "b", "a");
        if let Change::Update { patch, .. } = &mut both.change {
            let swap = Swap {
                from: None,
                to: Some(Value::plain("x")),
            };
            patch.insert(Field(4), swap);
        }
        let (left, out) = quarantine(both, &known, &rules(), now);
        assert_eq!(out.len(), 1);
        let fields = left.and_then(|write| match write.change {
            Change::Update { patch, .. } => Some(patch.into_keys().collect::<Vec<_>>()),
            Change::Create { .. }
            | Change::Delete { .. }
            | Change::Group { .. }
            | Change::Ungroup { .. }
            | Change::Archive { .. }
            | Change::Unarchive { .. } => None,
        });
        assert_eq!(fields, Some(vec![Field(4)]), "the other field goes on");
        let undo = Write {
            why: Why::Undo,
            ..write(Side::Crm, "b", "a")
        };
        assert_eq!(flipped(&undo, &known, now), None);
        assert!(quarantine(undo, &known, &rules(), now).0.is_some());
    }
}
