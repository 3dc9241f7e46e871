//! The truth table of a linked pair: which of its records are there and in their lists decides what
//! happens to it (rules 7 and 8).

use std::collections::BTreeSet;

use super::{Because, Held, Note, Plan, key_of, merge, whole};
use crate::model::{
    Change, Direction, Island, Link, Meeting, Notice, NoticeKind, OnDelete, OnLeave, Problem,
    ProblemKind, Record, Rematch, RemoteId, Rest, Rules, Side, Sides, Target, Why, Write,
};

/// Plans every linked pair of the island; returns the links as they stand afterwards, so that
/// matching knows which records are taken.
pub(super) fn settled_links(island: &Island, rules: &Rules, plan: &mut Plan) -> Vec<Link> {
    let mut links = island.links.clone();
    links.sort_by_key(|link| link.no);
    for at in 0..links.len() {
        adopt_survivor(at, &mut links, island, plan);
    }
    forget_doubled(&mut links, plan);
    links.retain(|link| one(link, island, rules, plan));
    links
}

/// A pair that rested since a merge and whose two records are now the older link's own is over.
fn forget_doubled(links: &mut Vec<Link>, plan: &mut Plan) {
    let alive: BTreeSet<_> = links
        .iter()
        .filter(|link| matches!(link.rest, Rest::Awake | Rest::Left(_)))
        .map(|link| link.ids.clone())
        .collect();
    links.retain(|link| {
        let doubled = link.rest == Rest::Merged && alive.contains(&link.ids);
        if doubled {
            plan.notes.extend(link.no.map(Note::Unlink));
        }
        !doubled
    });
}

/// Plans one pair; says whether it goes on existing.
fn one(link: &Link, island: &Island, rules: &Rules, plan: &mut Plan) -> bool {
    let now = Sides::from_fn(|side| island.records.on(side).get(link.ids.on(side)));
    match (now.google, now.crm) {
        (Some(google), Some(crm)) => {
            if link.rest == Rest::Merged {
                return merged(link, google, crm, plan);
            }
            both_there(link, &Sides { google, crm }, rules, plan);
            true
        }
        (Some(survivor), None) => bereaved(link, Side::Google, survivor, island, rules, plan),
        (None, Some(survivor)) => bereaved(link, Side::Crm, survivor, island, rules, plan),
        (None, None) => match link.rest {
            // What cannot be seen may come back.
            Rest::Vanished(_) => true,
            Rest::Awake | Rest::Left(_) | Rest::Ended(_) | Rest::Merged => {
                plan.notes.extend(link.no.map(Note::Unlink));
                false
            }
        },
    }
}

/// A pair that rests because Google merged its contact into another one: it rests until the CRM
/// record no longer shares an address with that contact.
fn merged(link: &Link, google: &Record, crm: &Record, plan: &mut Plan) -> bool {
    let shared = crm
        .key
        .as_ref()
        .is_none_or(|key| google.addresses().any(|address| address == key));
    if !shared {
        plan.notes.extend(link.no.map(Note::Unlink));
    }
    shared
}

/// Both records are there: does the pair take part?
fn both_there(link: &Link, now: &Sides<&Record>, rules: &Rules, plan: &mut Plan) {
    let was = match rules.rematch {
        Rematch::Yes => Sides::default(),
        Rematch::No => link.listed,
    };
    let left = Sides::from_fn(|side| *was.on(side) && !now.on(side).listed);
    let writes_google = rules.direction.writes(Side::Google);
    let listed = Sides::from_fn(|side| now.on(side).listed);
    // A record that has left counts as listed at the last agreement until it is back.
    let remembered = Sides::from_fn(|side| *listed.on(side) || *left.on(side));
    let rest = |rest: Rest, plan: &mut Plan| {
        let next = Link {
            rest,
            listed: remembered,
            ..link.clone()
        };
        merge::remember(link, next, plan);
    };
    if left.crm {
        rest(Rest::Left(Side::Crm), plan);
        if rules.on_leave == OnLeave::Ungroup && writes_google && listed.google {
            let id = now.google.id.clone();
            let write = membership(link, now, Why::LeftView, Change::Ungroup { id });
            plan.writes.push(write);
        }
        return;
    }
    let put_back = rules.target == Target::Enforced && writes_google && listed.crm;
    if left.google && !put_back {
        rest(Rest::Left(Side::Google), plan);
        return;
    }
    if !listed.google && !listed.crm {
        rest(Rest::Left(Side::Crm), plan);
        return;
    }
    let awake = Link {
        rest: Rest::Awake,
        listed: remembered,
        ..link.clone()
    };
    merge::merge(link, awake, now, rules, plan);
    if listed.crm && !listed.google && writes_google {
        let why = if left.google {
            Why::Enforced
        } else {
            Why::InView
        };
        let id = now.google.id.clone();
        plan.writes
            .push(membership(link, now, why, Change::Group { id }));
    }
}

fn membership(link: &Link, now: &Sides<&Record>, why: Why, change: Change) -> Write {
    Write {
        on: Side::Google,
        link: link.no,
        twin: now.crm.id.clone(),
        key: now.crm.key.clone().or_else(|| now.google.key.clone()),
        changed_at: now.crm.changed_at,
        meeting: Meeting::Later,
        twin_listed: now.crm.listed,
        why,
        change,
    }
}

/// One record is gone (`survivor` stands on `side`): an untouched survivor follows it as the profile
/// says, an edited one may be copied back.
fn bereaved(
    link: &Link,
    side: Side,
    survivor: &Record,
    island: &Island,
    rules: &Rules,
    plan: &mut Plan,
) -> bool {
    let lost = side.other();
    match link.rest {
        Rest::Vanished(_) | Rest::Ended(_) => return true,
        Rest::Merged => {
            plan.notes.extend(link.no.map(Note::Unlink));
            return false;
        }
        Rest::Awake | Rest::Left(_) => {}
    }
    let key = key_of(island, &link.ids, Some(link));
    let end = |kind: NoticeKind, text: String, plan: &mut Plan| {
        let next = Link {
            rest: Rest::Ended(lost),
            key: key.clone(),
            ..link.clone()
        };
        merge::remember(link, next, plan);
        plan.notices.push(Notice {
            kind,
            key: key.clone(),
            id: Some(survivor.id.clone()),
            text,
        });
    };
    let took_part = link.rest == Rest::Awake && (survivor.listed || !*link.listed.on(side));
    let gone = format!("its twin was deleted in {lost}; the record in {side} stays");
    if !took_part || rules.on_delete == OnDelete::Keep {
        end(NoticeKind::Ended, gone, plan);
        return true;
    }
    let write = |on: Side, twin: &RemoteId, why: Why, change: Change| Write {
        on,
        link: link.no,
        twin: twin.clone(),
        key: key.clone(),
        changed_at: survivor.changed_at,
        meeting: Meeting::Later,
        twin_listed: survivor.listed,
        why,
        change,
    };
    if edited(link, side, survivor, rules) {
        if rules.direction.writes(lost) {
            let change = create(survivor, lost, rules);
            let write = write(lost, &survivor.id, Why::EditBeatsDelete, change);
            plan.writes.push(write);
        } else {
            end(NoticeKind::Kept, gone, plan);
        }
        return true;
    }
    if !rules.direction.writes(side) {
        end(NoticeKind::Kept, gone, plan);
        return true;
    }
    let twin = link.ids.on(lost);
    let write = match (rules.on_delete, side) {
        (OnDelete::Archive, Side::Google) => {
            let id = survivor.id.clone();
            write(side, twin, Why::DeletedThere, Change::Archive { id })
        }
        // Values of fields that were never agreed on are nowhere else.
        (OnDelete::Delete, _) if unagreed(link, survivor, rules) => {
            end(NoticeKind::Kept, gone, plan);
            return true;
        }
        (OnDelete::Delete, _) => {
            let change = Change::Delete {
                id: survivor.id.clone(),
                expected: survivor.version.clone(),
                before: survivor.fields.clone(),
            };
            write(side, twin, Why::DeletedThere, change)
        }
        (OnDelete::Archive, Side::Crm) | (OnDelete::Keep, _) => {
            end(NoticeKind::Kept, gone, plan);
            return true;
        }
    };
    match rules.rematch {
        Rematch::Yes => plan.held.push(Held {
            because: Because::RematchesDoNotDelete,
            write,
        }),
        Rematch::No => plan.writes.push(write),
    }
    true
}

/// Whether a record was changed after the last agreement, in a field that counts.
fn edited(link: &Link, side: Side, record: &Record, rules: &Rules) -> bool {
    rules.fields.keys().any(|field| {
        !record.unread.contains(field)
            && link
                .base
                .get(field)
                .is_some_and(|base| base.on(side).as_ref() != record.fields.get(field))
    })
}

/// Whether a record holds a value in a field that the pair never agreed on: newly mapped, or held since they
/// met.
fn unagreed(link: &Link, record: &Record, rules: &Rules) -> bool {
    let mut held = rules
        .fields
        .keys()
        .filter(|field| record.fields.contains_key(field));
    held.any(|field| !link.base.contains_key(field))
}

/// The creation of `source`'s twin on the side `on`.
pub(super) fn create(source: &Record, on: Side, rules: &Rules) -> Change {
    let mut fields = crate::model::Fields::with_capacity(source.fields.len());
    let mut twin_holds = std::collections::BTreeMap::new();
    for (field, rule) in &rules.fields {
        let own = source.fields.get(field);
        let sent = match own {
            Some(value) if *rule.writable.on(on) => Some(value.clone()),
            None if on == Side::Crm
                && rule.filled == crate::model::Filled::FromNames
                && !whole::has_other_part(source, *field, rules) =>
            {
                merge::fill(source)
            }
            Some(_) | None => None,
        };
        if sent.as_ref() != own {
            twin_holds.insert(*field, own.cloned());
        }
        if let Some(value) = sent {
            fields.insert(*field, value);
        }
    }
    Change::Create {
        fields,
        twin_holds,
        unread: source.unread.clone(),
    }
}

/// A record of the pair is gone, but another one on its side carries its address: a merge, or a
/// duplicate that was cleaned up. The pair goes on with the survivor, whose blanks are no clearings;
/// where that is linked already, the older link stays and the other rests.
fn adopt_survivor(at: usize, links: &mut [Link], island: &Island, plan: &mut Plan) {
    let link = links[at].clone();
    if !matches!(link.rest, Rest::Awake | Rest::Left(_)) {
        return;
    }
    for side in Side::BOTH {
        let there = |side: Side| island.records.on(side).get(link.ids.on(side));
        let (None, Some(twin)) = (there(side), there(side.other())) else {
            continue;
        };
        let keys: Vec<_> = link.key.iter().chain(&twin.key).collect();
        let mut heirs = island.records.on(side).values().filter(|record| {
            let mut own: Box<dyn Iterator<Item = &crate::model::Key>> = match side {
                Side::Google => Box::new(record.addresses()),
                Side::Crm => Box::new(record.key.iter()),
            };
            own.any(|address| keys.contains(&address))
        });
        let (Some(heir), None) = (heirs.next(), heirs.next()) else {
            continue;
        };
        let moved = Link {
            ids: Sides::from_fn(|each| {
                if each == side {
                    &heir.id
                } else {
                    link.ids.on(each)
                }
                .clone()
            }),
            base: merge::inherited(&link.base, side, heir),
            ..link.clone()
        };
        let rival = links.iter().position(|other| {
            other.no != link.no
                && other.ids.on(side) == &heir.id
                && matches!(other.rest, Rest::Awake | Rest::Left(_) | Rest::Vanished(_))
        });
        let resting = |link: Link| Link {
            rest: Rest::Merged,
            ..link
        };
        match rival {
            None => links[at] = moved,
            Some(_) if side == Side::Crm => continue,
            Some(rival) if links[rival].no < link.no => {
                plan.problems.push(merge_report(&moved, island));
                links[at] = resting(moved);
            }
            Some(rival) => {
                plan.problems.push(merge_report(&links[rival], island));
                links[rival] = resting(links[rival].clone());
                plan.notes.push(Note::Agree(links[rival].clone()));
                links[at] = moved;
            }
        }
        plan.notes.push(Note::Agree(links[at].clone()));
        return;
    }
}

fn merge_report(resting: &Link, island: &Island) -> Problem {
    Problem {
        kind: ProblemKind::Merged,
        key: key_of(island, &resting.ids, Some(resting)),
        ids: resting.ids.clone().map(|id| vec![id]),
        field: None,
        reason: "two linked Google contacts became one; the older link stays and this pair rests"
            .into(),
        hint: "merge or correct the CRM record, or give the two different addresses".into(),
    }
}

/// Whether a run in this direction could ever create a twin for a record on `side`.
pub(super) fn flows_from(direction: Direction, side: Side) -> bool {
    direction.writes(side.other())
}
