//! Takes updates back on an image of the record: field by field, latest write first.

use std::collections::BTreeMap;

use super::Scene;
use crate::model::{Change, Field, Fields, Patch, Value};

/// Why a field stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stuck {
    /// Someone changed it since.
    Edited,
    /// The remote does not tell its value.
    Unread,
    /// The profile's mapping does not name it any more.
    Unmapped,
    /// The profile does not write it on this side any more.
    ReadOnly,
}

/// A record on its way back.
#[derive(Debug, Default)]
pub(super) struct Image {
    pub(super) fields: Fields,
    /// Fields that stay.
    pub(super) stuck: BTreeMap<Field, Stuck>,
}

impl Scene<'_> {
    /// The record with every update of the run taken back, as far as that may be done.
    pub(super) fn image(&self, now: &Fields) -> Image {
        let mut image = Image {
            fields: now.clone(),
            stuck: BTreeMap::new(),
        };
        for write in self.past.writes.iter().rev() {
            match &write.change {
                Change::Update { patch, .. } => self.take_back(patch, &mut image),
                Change::Create { .. }
                | Change::Delete { .. }
                | Change::Group { .. }
                | Change::Ungroup { .. }
                | Change::Archive { .. }
                | Change::Unarchive { .. } => {}
            }
        }
        image
    }

    fn take_back(&self, patch: &Patch, image: &mut Image) {
        for (field, swap) in patch {
            if image.stuck.contains_key(field) {
                continue;
            }
            let now = image.fields.get(field);
            let stands = now == swap.to.as_ref()
                || now.is_some() == swap.to.is_some()
                    && self.respelled(*field, now, swap.to.as_ref());
            let (on, unread) = (self.past.on, self.own.map(|own| &own.unread));
            let stuck = match self.rules.fields.get(field) {
                None => Stuck::Unmapped,
                Some(_) if unread.is_some_and(|unread| unread.contains(field)) => Stuck::Unread,
                // Somebody put it back already.
                Some(_) if !stands && now == swap.from.as_ref() => continue,
                Some(_) if !stands => Stuck::Edited,
                Some(rule) if !*rule.writable.on(on) => Stuck::ReadOnly,
                Some(_) => {
                    match &swap.from {
                        Some(value) => drop(image.fields.insert(*field, value.clone())),
                        None => drop(image.fields.remove(field)),
                    }
                    continue;
                }
            };
            image.stuck.insert(*field, stuck);
        }
    }

    /// Whether the record holds what was sent in the remote's own spelling: the pair last agreed on
    /// just that.
    pub(super) fn respelled(
        &self,
        field: Field,
        now: Option<&Value>,
        there: Option<&Value>,
    ) -> bool {
        let (on, base) = (
            self.past.on,
            self.link.and_then(|link| link.base.get(&field)),
        );
        base.is_some_and(|base| {
            base.on(on).as_ref() == now && base.on(on.other()).as_ref() == there
        })
    }
}
