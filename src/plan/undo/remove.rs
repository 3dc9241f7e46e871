//! Removes a record that a run created, as long as nobody has touched it since.

use super::Scene;
use crate::model::{Base, Change, Field, Fields, Link, Record, Rest, Sides, Value, Why};
use crate::plan::{Note, Plan};

impl Scene<'_> {
    pub(super) fn remove(&self, plan: &mut Plan) {
        let (Some(own), Some(first)) = (self.own, self.past.writes.first()) else {
            return;
        };
        let Change::Create {
            fields, twin_holds, ..
        } = &first.change
        else {
            return;
        };
        if self.twin.is_none() && first.why != Why::UndoAlone {
            self.report_only_copy(own, plan);
            return;
        }
        let image = self.image(&own.fields);
        let created = |field: &Field| {
            let sent = fields.get(field);
            let there = twin_holds.get(field).map_or(sent, Option::as_ref);
            (sent, there)
        };
        let edited: Vec<Field> = self
            .rules
            .fields
            .keys()
            .filter(|field| !own.unread.contains(field))
            .filter(|field| {
                let (sent, there) = created(field);
                !self.as_created(**field, &image.fields, sent, there)
            })
            .copied()
            .collect();
        if !edited.is_empty() {
            self.report_edited(&edited, plan);
            return;
        }
        if self.touched(own) {
            self.report_touched(plan);
            return;
        }
        self.end(own, plan);
        plan.writes.push(self.write(Change::Delete {
            id: own.id.clone(),
            expected: own.version.clone(),
            before: own.fields.clone(),
        }));
    }

    /// The pair is over, so that the next sync does not create the record again.
    fn end(&self, own: &Record, plan: &mut Plan) {
        let over = Rest::Ended(self.past.on);
        match (self.link, self.twin) {
            (Some(_), _) => self.agree(plan, |link| {
                if !matches!(link.rest, Rest::Ended(_)) {
                    link.rest = over;
                }
            }),
            (None, Some(twin)) => plan.notes.push(Note::Agree(Link {
                no: None,
                ids: self.pair(),
                base: Base::new(),
                listed: Sides::from_fn(|side| {
                    let on = side == self.past.on;
                    if on { own.listed } else { twin.listed }
                }),
                rest: over,
                key: self.key(),
                drift: 0,
            })),
            (None, None) => {}
        }
    }

    /// Whether a field holds what the create stored, in the remote's own spelling.
    fn as_created(
        &self,
        field: Field,
        now: &Fields,
        sent: Option<&Value>,
        there: Option<&Value>,
    ) -> bool {
        let now = now.get(&field);
        now == sent || self.respelled(field, now, there)
    }

    /// Whether the record has moved on from the revision that our latest write left, in whatever field.
    fn touched(&self, own: &Record) -> bool {
        let left = self.past.left.as_ref();
        left.is_some_and(|left| *left != own.version)
    }
}
