//! A plan in words: what scenarios compare, logs show and dry runs print.

use std::collections::BTreeMap;
use std::fmt;

use super::{Because, Note, Plan, Refusal, Threat};
use crate::model::{Change, Field, Op, Rest, Side, Value, Why, Write};

/// The Google paths of field numbers.
pub type FieldNames = BTreeMap<Field, String>;

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "only on the other side",
            Self::Changed => "changed on the other side",
            Self::FirstMeeting => "first meeting",
            Self::Enforced => "the source is enforced",
            Self::DeletedThere => "deleted on the other side",
            Self::EditBeatsDelete => "edited since the other was deleted",
            Self::InView => "in the CRM's view",
            Self::LeftView => "left the CRM's view",
            Self::Undo => "put back by undo",
            Self::UndoAlone => "put back by undo; the other record of the pair is gone",
        })
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deferred => "deferred by the limit",
            Self::CappedRunsDoNotDelete => "a capped run never deletes",
            Self::RematchesDoNotDelete => "a re-match never deletes",
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            side,
            seen,
            allowed,
            ..
        } = self;
        match self.threat {
            Threat::Bulk(op) => {
                let op = op.name();
                write!(
                    f,
                    "this run would {op} {seen} records in {side}; the brake allows {allowed}"
                )
            }
            Threat::Shrunk => write!(
                f,
                "{side} lists {seen} records, after the last run it listed {allowed}: fewer than half"
            ),
            Threat::Full => write!(
                f,
                "the Google account would hold {seen} contacts; Google allows {allowed}"
            ),
            Threat::Ended => write!(
                f,
                "{seen} linked records are gone from {side}, and this run would end their pairs; {allowed} may end at once"
            ),
            Threat::Rewound => write!(
                f,
                "{seen} of {allowed} linked records in {side} are older than they were when they were last read"
            ),
        }
    }
}

/// The whole plan, one line an entry, in its order.
#[must_use]
pub fn describe(plan: &Plan, names: &FieldNames) -> String {
    let mut text = String::new();
    for note in &plan.notes {
        line(&mut text, format_args!("{}", describe_note(note)));
    }
    for write in &plan.writes {
        line(
            &mut text,
            format_args!("{} ({})", describe_write(write, names), write.why),
        );
    }
    for held in &plan.held {
        line(
            &mut text,
            format_args!(
                "hold {} ({})",
                describe_write(&held.write, names),
                held.because
            ),
        );
    }
    for conflict in &plan.conflicts {
        let field = name(names, conflict.field);
        let winner = conflict.winner.map_or("none", Side::name);
        line(
            &mut text,
            format_args!(
                "conflict {} = {}: {field} google {} crm {} -> {winner}",
                conflict.ids.google,
                conflict.ids.crm,
                value(conflict.values.google.as_ref()),
                value(conflict.values.crm.as_ref()),
            ),
        );
    }
    for problem in &plan.problems {
        let join = |ids: &[crate::model::RemoteId]| {
            ids.iter()
                .map(crate::model::RemoteId::as_str)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let field = problem.field.as_deref().unwrap_or("-");
        line(
            &mut text,
            format_args!(
                "problem {:?} {field} google [{}] crm [{}]",
                problem.kind,
                join(&problem.ids.google),
                join(&problem.ids.crm),
            ),
        );
    }
    for notice in &plan.notices {
        let id = notice.id.as_ref().map_or("-", |id| id.as_str());
        line(&mut text, format_args!("notice {:?} {id}", notice.kind));
    }
    text
}

fn line(text: &mut String, what: fmt::Arguments<'_>) {
    text.push_str(&what.to_string());
    text.push('\n');
}

fn describe_note(note: &Note) -> String {
    match note {
        Note::Adopt(link) => format!("link {} = {}", link.ids.google, link.ids.crm),
        Note::Agree(link) => {
            let rest = match link.rest {
                Rest::Awake => String::new(),
                Rest::Left(side) => format!(", rests: left {}", side.name()),
                Rest::Vanished(side) => format!(", rests: vanished in {}", side.name()),
                Rest::Ended(side) => format!(", ended: gone in {}", side.name()),
                Rest::Merged => ", rests: merged".into(),
            };
            let drift = match link.drift {
                0 => String::new(),
                fields => format!(", drift {fields}"),
            };
            format!("agree {} = {}{rest}{drift}", link.ids.google, link.ids.crm)
        }
        Note::Unlink(no) => format!("unlink {}", no.0),
    }
}

fn describe_write(write: &Write, names: &FieldNames) -> String {
    let op = write.change.op();
    let side = write.on.name();
    let of = match &write.change {
        Change::Create { .. } => format!("for {}", write.twin),
        Change::Update { id, .. }
        | Change::Delete { id, .. }
        | Change::Group { id }
        | Change::Ungroup { id }
        | Change::Archive { id }
        | Change::Unarchive { id } => id.to_string(),
    };
    let fields = match &write.change {
        Change::Create { fields, .. } => fields
            .iter()
            .map(|(field, new)| format!("{}={}", name(names, *field), value(Some(new))))
            .collect::<Vec<_>>()
            .join(" "),
        Change::Update { patch, .. } => patch
            .iter()
            .map(|(field, swap)| {
                let (from, to) = (value(swap.from.as_ref()), value(swap.to.as_ref()));
                format!("{}:{from}->{to}", name(names, *field))
            })
            .collect::<Vec<_>>()
            .join(" "),
        Change::Delete { .. }
        | Change::Group { .. }
        | Change::Ungroup { .. }
        | Change::Archive { .. }
        | Change::Unarchive { .. } => String::new(),
    };
    format!("{} {side} {of} {fields}", op.name())
        .trim_end()
        .to_owned()
}

fn name(names: &FieldNames, field: Field) -> String {
    names
        .get(&field)
        .cloned()
        .unwrap_or_else(|| format!("#{}", field.0))
}

fn value(value: Option<&Value>) -> String {
    value.map_or_else(|| "-".into(), |value| format!("{:?}", value.text))
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
