//! What a dry run reports: the counts it would reach, and the plan.

use std::collections::BTreeMap;

use super::Session;
use super::close::{outcome, tally, waiting};
use super::error::Error;
use super::report::{FromTo, PlanRow, Report, conflict_row, notice_row, problem_row};
use super::think::{self, Thought};
use crate::model::{Change, Op, Side, Value, Write};
use crate::plan::Note;

/// What a dry run would do and report.
pub(super) fn foresee(
    session: &Session<'_>,
    thought: &Thought,
    report: &mut Report,
) -> Result<(), Error> {
    let plan = &thought.plan;
    report.conflicts = plan
        .conflicts
        .iter()
        .map(|conflict| conflict_row(conflict, &session.names))
        .collect();
    report.problems = plan.problems.iter().map(problem_row).collect();
    report.notices = plan.notices.iter().map(notice_row).collect();
    waiting(thought, report);
    let mut rows = Vec::new();
    let mut adopted = Vec::new();
    for noted in thought.noted.chunks(think::SLICE) {
        let found = session.with(|tx| think::remembered(session, tx, noted))?;
        let notes = found.into_iter().flat_map(|(_, notes)| notes);
        adopted.extend(notes.filter_map(|note| match note {
            Note::Adopt(link) => Some((link.ids, link.key)),
            Note::Agree(_) | Note::Unlink(_) => None,
        }));
    }
    adopted.sort();
    for (ids, key) in adopted {
        report.adopted += 1;
        report.linked += 1;
        rows.push(PlanRow {
            side: Side::Google,
            op: "link",
            email: key.as_ref().map(ToString::to_string),
            id: Some(ids.google.to_string()),
            fields: BTreeMap::new(),
            why: format!("the same contact as {} in the CRM", ids.crm),
        });
    }
    for write in &plan.writes {
        let op = write.change.op();
        tally(report, write.on, op, 1);
        if op == Op::Create && write.link.is_none() {
            report.linked += 1;
        }
        rows.push(plan_row(session, write));
    }
    report.plan = Some(rows);
    report.outcome = outcome(report);
    Ok(())
}

fn plan_row(session: &Session<'_>, write: &Write) -> PlanRow {
    let text = |value: Option<&Value>| value.map(|value| value.text.to_string());
    let name = |field| session.names.get(field).cloned().unwrap_or_default();
    let fields = match &write.change {
        Change::Create { fields, .. } => fields
            .iter()
            .map(|(field, value)| {
                let to = text(Some(value));
                (name(field), FromTo { from: None, to })
            })
            .collect(),
        Change::Update { patch, .. } => patch
            .iter()
            .map(|(field, swap)| {
                let (from, to) = (text(swap.from.as_ref()), text(swap.to.as_ref()));
                (name(field), FromTo { from, to })
            })
            .collect(),
        Change::Delete { before, .. } => before
            .iter()
            .map(|(field, value)| {
                let from = text(Some(value));
                (name(field), FromTo { from, to: None })
            })
            .collect(),
        Change::Group { .. }
        | Change::Ungroup { .. }
        | Change::Archive { .. }
        | Change::Unarchive { .. } => BTreeMap::new(),
    };
    let op = match write.change.op() {
        Op::Archive => Op::Ungroup.name(),
        Op::Unarchive => Op::Group.name(),
        op @ (Op::Create | Op::Update | Op::Delete | Op::Group | Op::Ungroup) => op.name(),
    };
    let archived = matches!(write.change, Change::Archive { .. });
    let into = if archived {
        ", into the archive label"
    } else {
        ""
    };
    PlanRow {
        side: write.on,
        op,
        email: write.key.as_ref().map(ToString::to_string),
        id: write.change.id().map(ToString::to_string),
        fields,
        why: format!("{}{into}", write.why),
    }
}
