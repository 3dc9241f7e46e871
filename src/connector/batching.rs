//! Cuts writes into batches, in their order.

use crate::model::Write;

/// Batches of at most so many writes, each with memory for its own ones only. They are cut off from the end, so
/// that the memory of all is given back on the way.
pub(super) fn cut(mut writes: Vec<Write>, most: usize) -> impl Iterator<Item = Vec<Write>> {
    let most = most.max(1);
    let mut batches = Vec::with_capacity(writes.len().div_ceil(most));
    while let Some(last) = writes.len().checked_sub(1) {
        writes.shrink_to_fit();
        batches.push(writes.split_off(last / most * most));
    }
    batches.into_iter().rev()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Change, Meeting, Side, Why};

    fn write(no: usize) -> Write {
        Write {
            on: Side::Google,
            link: None,
            twin: format!("c{no}").into(),
            key: None,
            changed_at: None,
            meeting: Meeting::Later,
            twin_listed: true,
            why: Why::InView,
            change: Change::Group {
                id: format!("g{no}").into(),
            },
        }
    }

    #[test]
    fn batches_keep_the_order_and_hold_no_room_for_others() {
        for (count, most, sizes) in [
            (0, 3, vec![]),
            (1, 3, vec![1]),
            (3, 3, vec![3]),
            (8, 3, vec![3, 3, 2]),
        ] {
            let all: Vec<Write> = (0..count).map(write).collect();
            let batches: Vec<_> = cut(all.clone(), most).collect();
            assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), sizes);
            assert!(batches.iter().all(|batch| batch.capacity() <= most));
            assert_eq!(batches.concat(), all);
        }
    }
}
