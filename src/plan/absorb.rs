//! Folds what a remote said into what is remembered of it: the one place where a remote's oddities
//! end (echoes, late listings), and the only one that concludes that a record is gone.

use super::merge;
use crate::model::{Edit, Link, Moment, Record, RemoteId, Rest, Revisions, Seen, Side};

/// What hearing a record means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// An old revision of a record that we have written since: ignore it.
    Echo,
    /// Nothing about the contact changed; the revision may have.
    Same(Seen),
    /// The contact is new here or changed.
    Changed(Seen),
}

/// Folds one record in. Where revisions come back, one that a write of ours replaced is no echo: somebody
/// put the old content back.
#[must_use]
pub fn absorb(known: Option<&Seen>, heard: Record, revisions: Revisions) -> Heard {
    let Some(known) = known else {
        return Heard::Changed(fresh(heard));
    };
    let old = known.replaced.contains(&heard.version) && known.record.version != heard.version;
    if old && revisions == Revisions::Unique {
        return Heard::Echo;
    }
    let same = known.record.same_content(&heard);
    let mut seen = fresh(heard);
    // Until someone else changes the record, what our writes replaced stays an echo.
    if same || seen.record.version == known.record.version {
        seen.replaced.clone_from(&known.replaced);
    }
    if same {
        Heard::Same(seen)
    } else {
        Heard::Changed(seen)
    }
}

/// Whether a reading brings a record as it was before we last heard of it, and not by a write of ours:
/// a listing that lags, or a side that was put back from a backup. A direct read tells which.
#[must_use]
pub fn goes_back(known: &Seen, heard: &Record) -> bool {
    let older = known
        .record
        .changed_at
        .zip(heard.changed_at)
        .is_some_and(|(known, heard)| heard < known);
    older && !known.replaced.contains(&heard.version) && !known.record.same_content(heard)
}

fn fresh(record: Record) -> Seen {
    Seen {
        record,
        replaced: Vec::new(),
        unlisted_since: None,
    }
}

/// Whether a record that a full listing did not bring has to be asked for by its identifier. One
/// that we created after `settled` is taken to be still on its way into the listings.
#[must_use]
pub fn missing(known: &Seen, settled: Moment) -> bool {
    known.unlisted_since.is_none_or(|at| at <= settled)
}

/// The edits for a record that cannot be seen and that nothing proves deleted: its pair rests.
#[must_use]
pub fn vanished(side: Side, id: &RemoteId, link: Option<&Link>) -> Vec<Edit> {
    let mut edits = vec![
        Edit::DropSeen {
            side,
            id: id.clone(),
        },
        Edit::Quiet {
            side,
            id: id.clone(),
        },
    ];
    if let Some(link) = link
        && matches!(link.rest, Rest::Awake | Rest::Left(_))
    {
        edits.push(Edit::SetRest {
            ids: link.ids.clone(),
            rest: Rest::Vanished(side),
        });
    }
    edits
}

/// The edits for a record that goes by another identifier now. Where both identifiers are linked the
/// planner decides, so only the old record is dropped then. `heir` is the record that had the new
/// identifier before, where there was one: two records became one, and what the heir did not hold it
/// never lost.
#[must_use]
pub fn renamed(
    side: Side,
    from: &RemoteId,
    to: &RemoteId,
    heir: Option<&Record>,
    links: (Option<&Link>, Option<&Link>),
) -> Vec<Edit> {
    let mut edits = vec![
        Edit::DropSeen {
            side,
            id: from.clone(),
        },
        Edit::Touch {
            side,
            id: to.clone(),
        },
    ];
    match links {
        (Some(old), None) => {
            let mut link = old.clone();
            *link.ids.on_mut(side) = to.clone();
            if let Some(heir) = heir {
                link.base = merge::inherited(&link.base, side, heir);
            }
            edits.push(Edit::PutLink(link));
        }
        (Some(_), Some(_)) => edits.push(Edit::Touch {
            side,
            id: from.clone(),
        }),
        (None, _) => {}
    }
    edits
}
