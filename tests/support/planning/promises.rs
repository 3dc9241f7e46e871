//! What no plan ever does, whatever happened: checked on every plan of every random history.

use crmsync::model::{Change, OnDelete, Op, Rematch, Side};
use crmsync::plan::Plan;

use crate::history::EMAIL;
use crate::world::World;

/// Panics with the broken promise.
pub(crate) fn keeps(world: &World, plan: &Plan) {
    let rules = &world.rules;
    for write in &plan.writes {
        let op = write.change.op();
        assert!(
            rules.direction.writes(write.on),
            "writes its source: {write:?}"
        );
        if matches!(op, Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive) {
            assert_eq!(write.on, Side::Google, "groups are Google's: {write:?}");
        }
        match &write.change {
            Change::Delete { .. } => {
                assert_eq!(rules.on_delete, OnDelete::Delete, "nobody asked: {write:?}");
                assert_eq!(rules.rematch, Rematch::No, "a re-match deletes: {write:?}");
                assert!(!world.twin_lives(write), "deletes without proof: {write:?}");
                let other = world.remotes.on(write.on.other());
                assert!(
                    other.deleted.contains(&write.twin),
                    "deletes without a deletion: {write:?}"
                );
            }
            Change::Update { id, patch, .. } => {
                assert!(!patch.is_empty(), "writes nothing: {write:?}");
                for (field, swap) in patch {
                    assert_ne!(swap.from, swap.to, "changes nothing: {write:?}");
                    let rule = &rules.fields[field];
                    assert!(rule.writable.on(write.on), "not writable: {write:?}");
                    let clears = swap.to.is_none();
                    assert!(!(clears && *field == EMAIL), "clears the key: {write:?}");
                    assert!(
                        !(clears && *rule.required.on(write.on)),
                        "clears a mandatory field: {write:?}"
                    );
                    let held = plan.conflicts.iter().any(|conflict| {
                        conflict.winner.is_none()
                            && conflict.field == *field
                            && conflict.ids == write.ids(id)
                    });
                    assert!(!held, "writes a held field: {write:?}");
                }
            }
            Change::Create { fields, .. } => {
                for field in fields.keys() {
                    let rule = &rules.fields[field];
                    assert!(rule.writable.on(write.on), "not writable: {write:?}");
                }
            }
            Change::Group { .. }
            | Change::Ungroup { .. }
            | Change::Archive { .. }
            | Change::Unarchive { .. } => {}
        }
    }
    one_write_a_kind(plan);
}

/// No record is asked for the same twice.
fn one_write_a_kind(plan: &Plan) {
    let mut asked: Vec<_> = plan
        .writes
        .iter()
        .map(|write| {
            let id = write.change.id().unwrap_or(&write.twin);
            (write.on, id, write.change.op())
        })
        .collect();
    let all = asked.len();
    asked.sort();
    asked.dedup();
    assert_eq!(all, asked.len(), "one thing twice: {:#?}", plan.writes);
}
