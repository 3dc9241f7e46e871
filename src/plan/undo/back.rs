//! Puts back what a run changed on a record that is there, and brings back one that it removed.

use std::collections::BTreeMap;

use super::Scene;
use crate::model::{
    Change, Field, Fields, Link, Op, Patch, Record, Rematch, Rest, Swap, Value, Why,
};
use crate::plan::Plan;

impl Scene<'_> {
    /// Undoes updates and changes of memberships.
    pub(super) fn put_back(&self, plan: &mut Plan) {
        let Some(own) = self.own else {
            let fields = |change: &Change| change.op() == Op::Update;
            if self.past.writes.iter().any(|write| fields(&write.change)) {
                self.report_gone(plan);
            }
            return;
        };
        let image = self.image(&own.fields);
        self.report_stuck(&image.stuck, plan);
        let patch = difference(&own.fields, &image.fields);
        if !patch.is_empty() {
            plan.writes.push(self.write(Change::Update {
                id: own.id.clone(),
                expected: own.version.clone(),
                native: own.native.clone(),
                patch,
            }));
        }
        self.regroup(own, plan);
    }

    /// Undoes changes of memberships, as long as they stand.
    fn regroup(&self, own: &Record, plan: &mut Plan) {
        let now = (own.listed, own.archived);
        let mut want = now;
        let mut any = false;
        for write in self.past.writes.iter().rev() {
            let (listed, archived) = want;
            let (stands, before) = match &write.change {
                Change::Group { .. } => (listed, (false, archived)),
                Change::Ungroup { .. } => (!listed, (true, archived)),
                Change::Archive { .. } => (!listed && archived, (true, false)),
                Change::Unarchive { .. } => (listed && !archived, (false, true)),
                Change::Create { .. } | Change::Update { .. } | Change::Delete { .. } => continue,
            };
            any = true;
            if stands {
                want = before;
            }
        }
        if !any || want == now {
            return;
        }
        if let Some(label) = &self.past.label {
            self.report_other_label(label, plan);
            return;
        }
        if self.rules.rematch == Rematch::Yes {
            self.report_label(plan);
            return;
        }
        let id = own.id.clone();
        let twin_listed = self.twin.is_some_and(|twin| twin.listed);
        let change = match (now, want) {
            ((_, false), (_, true)) => Change::Archive { id },
            ((_, true), (_, false)) => Change::Unarchive { id },
            (_, (true, _)) => {
                // A record that left the view does not take the contact out of the group again.
                self.agree(plan, |link| link.listed.crm = twin_listed);
                Change::Group { id }
            }
            (_, (false, _)) => {
                // Whichever record was in its list counts as having left.
                self.agree(plan, |link| {
                    link.listed.google |= twin_listed;
                    link.listed.crm |= !twin_listed;
                });
                Change::Ungroup { id }
            }
        };
        plan.writes.push(self.write(change));
    }

    /// Creates a record again that the run removed, unless the contact is there again.
    pub(super) fn bring_back(&self, plan: &mut Plan) {
        let Change::Delete { before, .. } = &self.last.change else {
            return;
        };
        if self.own.is_some() {
            return;
        }
        let on = self.past.on;
        let partner = self.partner();
        let key = self.past.lost_key(self.rules);
        let same = |record: &&Record| {
            key.as_ref()
                .is_some_and(|key| record.addresses().any(|address| address == key))
        };
        let holders: Vec<_> = self.island.records.on(on).values().filter(same).collect();
        let is_partner =
            |record: &Record| partner.is_some_and(|link| link.ids.on(on) == &record.id);
        if holders.iter().any(|record| is_partner(record)) {
            return;
        }
        if !holders.is_empty() || partner.is_some() {
            self.report_there(&holders, partner, plan);
            return;
        }
        let image = self.image(before);
        self.report_unmapped(&image.fields, plan);
        let (fields, twin_holds) = self.contents(&image.fields);
        let mut write = self.write(Change::Create {
            fields,
            twin_holds,
            unread: self.unread(),
        });
        write.key = key.or(write.key);
        if self.twin.is_none() {
            write.why = Why::UndoAlone;
        }
        plan.writes.push(write);
    }

    /// The pair that the twin is part of by now.
    fn partner(&self) -> Option<&Link> {
        let other = self.past.on.other();
        self.island.links.iter().find(|link| {
            link.ids.on(other) == self.twin_id
                && matches!(link.rest, Rest::Awake | Rest::Left(_) | Rest::Vanished(_))
        })
    }

    /// What is sent, and what the twin holds where that is something else.
    fn contents(&self, before: &Fields) -> (Fields, BTreeMap<Field, Option<Value>>) {
        let on = self.past.on;
        let (mut fields, mut twin_holds) = (Fields::new(), BTreeMap::new());
        for (field, rule) in &self.rules.fields {
            let sent = before.get(field).filter(|_| *rule.writable.on(on));
            if let Some(twin) = self.twin {
                let agreed = self.link.and_then(|link| link.base.get(field));
                let there = match agreed {
                    // An edit of the survivor goes over with the next sync.
                    Some(base) => base.on(on.other()).as_ref(),
                    None => twin.fields.get(field),
                };
                if there != sent {
                    twin_holds.insert(*field, there.cloned());
                }
            }
            if let Some(value) = sent {
                fields.insert(*field, value.clone());
            }
        }
        (fields, twin_holds)
    }

    fn unread(&self) -> Vec<Field> {
        let Some(twin) = self.twin else {
            return Vec::new();
        };
        let agreed = |field: &Field| self.link.is_some_and(|link| link.base.contains_key(field));
        let unread = twin.unread.iter().copied();
        unread.filter(|field| !agreed(field)).collect()
    }
}

fn difference(now: &Fields, want: &Fields) -> Patch {
    let fields = now.keys().chain(want.keys());
    fields
        .filter(|field| now.get(field) != want.get(field))
        .map(|field| {
            let (from, to) = (now.get(field).cloned(), want.get(field).cloned());
            (*field, Swap { from, to })
        })
        .collect()
}
