//! What an undo leaves alone, in words.

use std::collections::BTreeMap;

use super::Scene;
use super::fields::Stuck;
use crate::model::{Conflict, Field, Fields, Link, Problem, ProblemKind, Record, RemoteId, Sides};
use crate::plan::Plan;

impl Scene<'_> {
    pub(super) fn pair(&self) -> Sides<RemoteId> {
        let own = self.own.map_or(&self.past.id, |own| &own.id);
        Sides::from_fn(|side| {
            if side == self.past.on {
                own
            } else {
                self.twin_id
            }
            .clone()
        })
    }

    fn problem(&self, kind: ProblemKind, reason: String, hint: String) -> Problem {
        Problem {
            kind,
            key: self.key(),
            ids: self.pair().map(|id| vec![id]),
            field: None,
            reason,
            hint,
        }
    }

    fn failed(&self, reason: String, hint: String, plan: &mut Plan) {
        plan.problems
            .push(self.problem(ProblemKind::Failed, reason, hint));
    }

    fn name(&self, field: Field) -> String {
        match (self.rules.fields.get(&field), self.names.get(&field)) {
            (Some(rule), _) => rule.name.clone(),
            (None, Some(name)) => name.clone(),
            (None, None) => format!("field {}", field.0),
        }
    }

    fn conflict(&self, field: Field) -> Conflict {
        let value = |record: Option<&Record>| record?.fields.get(&field).cloned();
        let on = self.past.on;
        Conflict {
            key: self.key(),
            ids: self.pair(),
            field,
            values: Sides::from_fn(|side| value(if side == on { self.own } else { self.twin })),
            winner: None,
        }
    }

    /// Where to see what was there before.
    fn see(&self) -> String {
        match self.key() {
            Some(key) => format!("`crmsync status --contact {key}` shows what it was before"),
            None => "`crmsync status --run N` of the run shows what it was before".to_owned(),
        }
    }

    /// Fields that stay as they are.
    pub(super) fn report_stuck(&self, stuck: &BTreeMap<Field, Stuck>, plan: &mut Plan) {
        let on = self.past.on;
        for (field, why) in stuck {
            let name = self.name(*field);
            let (kind, reason) = match why {
                Stuck::Edited => {
                    plan.conflicts.push(self.conflict(*field));
                    (
                        ProblemKind::Held,
                        format!("`{name}` was changed in {on} after the run wrote it; it stays"),
                    )
                }
                Stuck::Unread => (
                    ProblemKind::Failed,
                    format!("{on} does not tell `{name}`, so it stays as it is"),
                ),
                Stuck::Unmapped => (
                    ProblemKind::Failed,
                    format!("`{name}` is not mapped any more, so it stays as it is in {on}"),
                ),
                Stuck::ReadOnly => (
                    ProblemKind::Failed,
                    format!("the profile does not write `{name}` in {on} any more; it stays"),
                ),
            };
            let mut problem = self.problem(kind, reason, self.see());
            problem.field = Some(name);
            plan.problems.push(problem);
        }
    }

    /// A record that is not there any more.
    pub(super) fn report_gone(&self, plan: &mut Plan) {
        let on = self.past.on;
        self.failed(
            format!("the record is gone from {on}; there is nothing to put back"),
            format!("if it was deleted by mistake, take it out of the trash in {on}"),
            plan,
        );
    }

    /// A record that the run created and whose twin is gone.
    pub(super) fn report_only_copy(&self, own: &Record, plan: &mut Plan) {
        let (on, other) = (self.past.on, self.past.on.other());
        self.failed(
            format!(
                "its twin in {other} is gone, so {} is the only copy; it stays",
                own.id
            ),
            format!("delete it in {on} by hand if nobody needs it"),
            plan,
        );
    }

    /// A record that the run created and someone edited.
    pub(super) fn report_edited(&self, edited: &[Field], plan: &mut Plan) {
        let on = self.past.on;
        for field in edited {
            plan.conflicts.push(self.conflict(*field));
        }
        let names: Vec<_> = edited
            .iter()
            .map(|field| format!("`{}`", self.name(*field)))
            .collect();
        let mut problem = self.problem(
            ProblemKind::Held,
            format!(
                "the run created it in {on}, and {} changed since; it stays",
                names.join(", ")
            ),
            format!("delete it in {on} by hand if nobody needs it"),
        );
        problem.field = match edited {
            [only] => Some(self.name(*only)),
            _ => None,
        };
        plan.problems.push(problem);
    }

    /// A record that the run created and someone changed where the mapping does not look.
    pub(super) fn report_touched(&self, plan: &mut Plan) {
        let on = self.past.on;
        self.failed(
            format!(
                "the run created it in {on}, and it was changed there since, outside the mapped fields; it stays"
            ),
            format!("delete it in {on} by hand if nobody needs it"),
            plan,
        );
    }

    /// The contact of a removed record is there again, in another record or with another twin.
    pub(super) fn report_there(
        &self,
        holders: &[&Record],
        partner: Option<&Link>,
        plan: &mut Plan,
    ) {
        let on = self.past.on;
        let mut ids = Sides::<Vec<RemoteId>>::default();
        ids.on_mut(on)
            .extend(holders.iter().map(|record| record.id.clone()));
        if holders.is_empty() {
            ids.on_mut(on)
                .extend(partner.map(|link| link.ids.on(on).clone()));
        }
        if self.twin.is_some() {
            ids.on_mut(on.other()).push(self.twin_id.clone());
        }
        plan.problems.push(Problem {
            kind: ProblemKind::Ambiguous,
            key: self.key(),
            ids,
            field: None,
            reason: format!(
                "the contact is in {on} again; the removed record was not created anew"
            ),
            hint: self.see(),
        });
    }

    /// Fields of a removed record that cannot come back.
    pub(super) fn report_unmapped(&self, before: &Fields, plan: &mut Plan) {
        let lost: BTreeMap<Field, Stuck> = before
            .keys()
            .filter(|field| !self.rules.fields.contains_key(field))
            .map(|field| (*field, Stuck::Unmapped))
            .collect();
        self.report_stuck(&lost, plan);
    }

    /// A label that the run worked with and the profile does not name any more.
    pub(super) fn report_other_label(&self, label: &str, plan: &mut Plan) {
        self.failed(
            format!(
                "the run changed the label `{label}`, and the profile names another one now; it is left as it is"
            ),
            format!("set the label `{label}` by hand"),
            plan,
        );
    }

    /// A label that may be another one by now.
    pub(super) fn report_label(&self, plan: &mut Plan) {
        self.failed(
            "the profile was changed since its last sync, so the label is left as it is".to_owned(),
            "run `crmsync sync` first, or set the label by hand".to_owned(),
            plan,
        );
    }
}
