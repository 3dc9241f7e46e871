//! What a confirmed write means for what we remember. Links and their base change only here.

use super::Note;
use crate::model::{
    Base, Change, Edit, Fields, Key, Link, Moment, Patch, Record, RemoteId, Rest, Rules, Seen,
    Side, Sides, Stored, Swap, Value, Version, Why, Write,
};

/// How many replaced revisions are remembered; a listing lags behind a few of our writes at most.
const REMEMBERED: usize = 4;

/// The edits that one confirmed write calls for. `known` is the record as it was seen before the write
/// (none for a create), `now` the time of the run.
#[must_use]
pub fn settle(
    write: &Write,
    stored: &Stored,
    known: Option<&Seen>,
    rules: &Rules,
    now: Moment,
) -> Vec<Edit> {
    match &write.change {
        Change::Create {
            fields,
            twin_holds,
            unread,
        } => {
            let Some(record) = created(write, stored, fields, rules) else {
                return Vec::new();
            };
            let mut base = Base::new();
            let mut surprise = false;
            for field in rules.fields.keys().filter(|field| !unread.contains(field)) {
                let sent = fields.get(field);
                let there = twin_holds.get(field).map_or(sent, Option::as_ref).cloned();
                let now = record.fields.get(field);
                let here = held(stored, sent, now);
                surprise |= here != now;
                base.insert(*field, on_side(write.on, here.cloned(), there));
            }
            let link = Link {
                no: write.link,
                ids: write.ids(&record.id),
                base,
                listed: on_side(write.on, record.listed, write.twin_listed),
                rest: match write.why {
                    Why::UndoAlone => Rest::Ended(write.on.other()),
                    Why::Missing
                    | Why::Changed
                    | Why::FirstMeeting
                    | Why::Enforced
                    | Why::DeletedThere
                    | Why::EditBeatsDelete
                    | Why::InView
                    | Why::LeftView
                    | Why::Undo => Rest::Awake,
                },
                key: write.key.clone().or_else(|| record.key.clone()),
                drift: 0,
            };
            let seen = Seen {
                record,
                replaced: Vec::new(),
                unlisted_since: Some(now),
            };
            let touch = surprise.then(|| Edit::Touch {
                side: write.on,
                id: seen.record.id.clone(),
            });
            let mut edits = vec![Edit::PutLink(link), put(write.on, seen)];
            edits.extend(touch);
            edits
        }
        Change::Update {
            id,
            expected,
            patch,
            ..
        } => {
            let before = known.map(|known| &known.record);
            let Some((record, surprise)) = updated(stored, before, patch, rules) else {
                return Vec::new();
            };
            let mut edits = agreed(write, id, patch, &record);
            edits.push(replace(write.on, record, known, expected));
            if surprise {
                edits.push(Edit::Touch {
                    side: write.on,
                    id: id.clone(),
                });
            }
            edits
        }
        Change::Delete { id, .. } => {
            // What an undo removes is an ended pair: a note said so before it was sent.
            let over = write.link.filter(|_| !write.undoes());
            let mut edits: Vec<_> = over.map(Edit::DropLink).into_iter().collect();
            edits.push(Edit::DropSeen {
                side: write.on,
                id: id.clone(),
            });
            edits
        }
        Change::Group { .. } => regrouped(write, stored, known, Grouping::In),
        Change::Ungroup { .. } => regrouped(write, stored, known, Grouping::Out),
        Change::Archive { id } => {
            let mut edits = regrouped(write, stored, known, Grouping::Archived);
            if paired(write) {
                edits.push(Edit::SetRest {
                    ids: write.ids(id),
                    rest: Rest::Ended(write.on.other()),
                });
            }
            edits
        }
        Change::Unarchive { .. } => regrouped(write, stored, known, Grouping::Restored),
    }
}

/// What an update means for the pair's base. A sync makes both sides agree on what it wrote. An undo
/// only puts this side back: the other keeps what it had, so neither has changed since.
fn agreed(write: &Write, id: &RemoteId, patch: &Patch, record: &Record) -> Vec<Edit> {
    let base = patch.iter().map(|(field, swap)| {
        let here = record.fields.get(field).cloned();
        let there = if write.undoes() { &swap.from } else { &swap.to };
        (*field, on_side(write.on, here, there.clone()))
    });
    let (ids, side, base) = (write.ids(id), write.on, base.collect());
    if !write.undoes() {
        vec![Edit::Rebase { ids, base }]
    } else if paired(write) {
        vec![Edit::RebaseSide { ids, side, base }]
    } else {
        Vec::new()
    }
}

/// Whether there is a pair to remember something of. An undo may write a record that is in none.
fn paired(write: &Write) -> bool {
    write.link.is_some() || !write.undoes()
}

/// The edits that one note calls for.
#[must_use]
pub fn settle_note(note: &Note) -> Vec<Edit> {
    match note {
        Note::Adopt(link) | Note::Agree(link) => vec![Edit::PutLink(link.clone())],
        Note::Unlink(no) => vec![Edit::DropLink(*no)],
    }
}

/// What a created record is taken to hold as we sent it. An answer spells that in the remote's way. What we
/// left blank and is filled in all the same, and whatever differs when the record was found later, is
/// somebody's edit: nobody has agreed on it.
fn held<'a>(stored: &Stored, sent: Option<&'a Value>, now: Option<&'a Value>) -> Option<&'a Value> {
    let sent = sent?;
    match stored {
        Stored::Found(_) => Some(now.filter(|now| *now == sent).unwrap_or(sent)),
        Stored::Record(_) | Stored::Accepted { .. } | Stored::Nothing => now,
    }
}

/// The record that a create made, as far as the remote told.
fn created(write: &Write, stored: &Stored, fields: &Fields, rules: &Rules) -> Option<Record> {
    match stored {
        Stored::Record(record) | Stored::Found(record) => Some((**record).clone()),
        Stored::Accepted {
            id,
            version,
            changed_at,
            listed,
        } => {
            let mut record = Record::bare(id.clone(), version.clone());
            record.fields.clone_from(fields);
            record.key = fields
                .contains_key(&rules.key)
                .then(|| write.key.clone())
                .flatten();
            record.changed_at = *changed_at;
            record.listed = listed.unwrap_or(false);
            Some(record)
        }
        Stored::Nothing => None,
    }
}

/// The record after an update, and whether it holds changes that neither we nor the last reading
/// know of.
fn updated(
    stored: &Stored,
    known: Option<&Record>,
    patch: &Patch,
    rules: &Rules,
) -> Option<(Record, bool)> {
    match stored {
        Stored::Record(record) | Stored::Found(record) => {
            let surprise = known.is_some_and(|known| {
                let others = |record: &Record| {
                    let mut fields = record.fields.clone();
                    fields.retain(|field, _| !patch.contains_key(field));
                    fields
                };
                others(known) != others(record)
            });
            Some(((**record).clone(), surprise))
        }
        Stored::Accepted {
            version,
            changed_at,
            listed,
            ..
        } => {
            let mut record = known?.clone();
            apply(&mut record, patch);
            if let Some(Swap { to, .. }) = patch.get(&rules.key) {
                record.key = to.as_ref().map(|value| Key::from(value.canonical()));
            }
            record.version = version.clone();
            record.changed_at = changed_at.or(record.changed_at);
            record.listed = listed.unwrap_or(record.listed);
            Some((record, false))
        }
        Stored::Nothing => None,
    }
}

fn apply(record: &mut Record, patch: &Patch) {
    for (field, Swap { to, .. }) in patch {
        match to {
            Some(value) => drop(record.fields.insert(*field, value.clone())),
            None => drop(record.fields.remove(field)),
        }
    }
}

#[derive(Clone, Copy)]
enum Grouping {
    In,
    Out,
    Archived,
    Restored,
}

fn regrouped(
    write: &Write,
    stored: &Stored,
    known: Option<&Seen>,
    grouping: Grouping,
) -> Vec<Edit> {
    let Some(id) = write.change.id() else {
        return Vec::new();
    };
    let listed = matches!(grouping, Grouping::In | Grouping::Restored);
    let mut edits = Vec::new();
    if paired(write) {
        // What an undo takes out while its twin is in the view has left, as if by hand.
        let left = matches!(grouping, Grouping::Out) && write.undoes() && write.twin_listed;
        edits.push(Edit::SetListed {
            ids: write.ids(id),
            side: write.on,
            listed: listed || left,
        });
    }
    if let Some(known) = known {
        let mut record = known.record.clone();
        record.listed = listed;
        match grouping {
            Grouping::Archived => record.archived = true,
            Grouping::Restored => record.archived = false,
            Grouping::In | Grouping::Out => {}
        }
        // An answer does not tell the new revision. Hearing the old one again must not look like a
        // person who undid the grouping. A later look tells it, and it may be the one that we know.
        let old = record.version.clone();
        record.version = match stored {
            Stored::Record(now) | Stored::Found(now) => now.version.clone(),
            Stored::Accepted { .. } | Stored::Nothing => Version::from(format!("after {old}")),
        };
        edits.push(replace(write.on, record, Some(known), &old));
    }
    edits
}

fn replace(side: Side, record: Record, known: Option<&Seen>, expected: &Version) -> Edit {
    let mut replaced: Vec<_> = known.map_or_else(Vec::new, |known| known.replaced.clone());
    if record.version != *expected && !replaced.contains(expected) {
        replaced.push(expected.clone());
    }
    let surplus = replaced.len().saturating_sub(REMEMBERED);
    replaced.drain(..surplus);
    put(
        side,
        Seen {
            replaced,
            record,
            unlisted_since: known.and_then(|known| known.unlisted_since),
        },
    )
}

fn put(side: Side, seen: Seen) -> Edit {
    Edit::PutSeen { side, seen }
}

fn on_side<T>(on: Side, here: T, there: T) -> Sides<T> {
    match on {
        Side::Google => Sides {
            google: here,
            crm: there,
        },
        Side::Crm => Sides {
            google: there,
            crm: here,
        },
    }
}
