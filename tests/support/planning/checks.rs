//! What the properties look at when a history is over.

use std::collections::{BTreeMap, BTreeSet};

use crmsync::model::{
    Field, Island, Key, Limits, Link, OnConflict, Op, Rematch, Rest, Rules, Side, Sides, Write,
};
use crmsync::plan::{self, Plan, Settled, Totals, contact_of};

use crate::history::{Act, Manners, world};
use crate::world::{How, Reads, World};

/// A world in which a history happened, with the last round's acts read and not yet planned.
pub(crate) fn lived(rounds: &[Vec<Act>], rules: &Rules, manners: Manners, how: How) -> World {
    let mut world = world(rules, manners);
    let (last, before) = rounds.split_last().unwrap();
    for acts in before {
        for act in acts {
            world.act(act);
        }
        world.run(how);
    }
    for act in last {
        world.act(act);
    }
    world.read(How::calm(Reads::Full));
    world
}

/// Runs until nothing is left to write, and returns the last plan.
pub(crate) fn settle_down(world: &mut World) -> Plan {
    for _ in 0..40 {
        let plan = world.run(How::calm(Reads::Full)).unwrap();
        if plan.is_empty() && plan.held.is_empty() {
            return plan;
        }
    }
    let plan = world.run(How::calm(Reads::Full)).unwrap();
    panic!("does not rest: {plan:#?}\n{:#?}", world.book.links);
}

/// Both sides of every awake pair hold the same, as far as the last plan reports nothing of it.
pub(crate) fn agree(world: &World, last: &Plan) {
    for link in &world.book.links {
        let there = Sides::from_fn(|side| world.remotes.on(side).live.get(link.ids.on(side)));
        let (Some(google), Some(crm), Rest::Awake) = (there.google, there.crm, link.rest) else {
            continue;
        };
        if world.hidden.contains(&crm.id) {
            continue;
        }
        for (field, rule) in &world.rules.fields {
            let reported = last.problems.iter().any(|problem| {
                problem.ids.crm.contains(&crm.id) && problem.field.as_ref() == Some(&rule.name)
            });
            let small = |record: &crmsync::model::Record| {
                let value = record.fields.get(field);
                value.map(|value| value.text.to_lowercase())
            };
            assert!(
                reported || small(google) == small(crm),
                "{field:?} differs: {google:#?} {crm:#?} {link:#?}"
            );
        }
    }
}

/// No address stands on two records of one side.
pub(crate) fn addresses_once(world: &World) {
    for side in Side::BOTH {
        let mut seen = BTreeSet::<&Key>::new();
        for record in world.remotes.on(side).live.values() {
            if let Some(key) = &record.key {
                assert!(seen.insert(key), "{key} twice in {side}: {world:#?}");
            }
        }
    }
}

/// What was last said about each person's fields; in one round a field is edited on one side only.
#[derive(Default)]
pub(crate) struct Said {
    values: BTreeMap<(String, Field), Option<String>>,
    sides: BTreeMap<(usize, String, Field), Side>,
}

impl Said {
    /// Lets one thing happen, unless the other side spoke about the same field in this round.
    pub(crate) fn act(&mut self, world: &mut World, act: &Act, round: usize) {
        let Act::Set(side, nth, field, value) = act else {
            world.act(act);
            return;
        };
        let Some(id) = world.nth(*side, *nth) else {
            return;
        };
        let record = &world.remotes.on(*side).live[&id];
        let person = record.key.clone().unwrap().to_string();
        let number = Field(2 + u16::from(*field % 2));
        let spoke = self
            .sides
            .entry((round, person.clone(), number))
            .or_insert(*side);
        if spoke != side {
            return;
        }
        let had = record.fields.contains_key(&number);
        world.act(act);
        if *value != 0 || had {
            let value = (*value != 0).then(|| format!("s{value}"));
            self.values.insert((person, number), value);
        }
    }

    /// Everything said stands on both sides.
    pub(crate) fn stands_on_both(&self, world: &World) {
        for side in Side::BOTH {
            for ((person, field), value) in &self.values {
                let mut live = world.remotes.on(side).live.values();
                let own = live.find(|record| {
                    record
                        .key
                        .as_ref()
                        .is_some_and(|key| key.as_str() == person)
                });
                let own = own.unwrap_or_else(|| panic!("{person} is missing in {side}"));
                let holds = own.fields.get(field).map(|held| held.text.to_lowercase());
                assert_eq!(holds, *value, "{person} {field:?} in {side}: {world:#?}");
            }
        }
    }
}

/// The same island and rules with the sides exchanged.
pub(crate) fn swapped(island: &Island, rules: &Rules) -> (Island, Rules) {
    let links = island.links.iter().cloned();
    let links = links.map(|link| Link {
        ids: link.ids.swapped(),
        base: link
            .base
            .into_iter()
            .map(|(field, base)| (field, base.swapped()))
            .collect(),
        listed: link.listed.swapped(),
        rest: match link.rest {
            Rest::Left(side) => Rest::Left(side.other()),
            Rest::Vanished(side) => Rest::Vanished(side.other()),
            Rest::Ended(side) => Rest::Ended(side.other()),
            Rest::Awake => Rest::Awake,
            Rest::Merged => Rest::Merged,
        },
        ..link
    });
    let island = Island {
        records: island.records.clone().swapped(),
        links: links.collect(),
    };
    let mut rules = rules.clone();
    for rule in rules.fields.values_mut() {
        rule.writable = rule.writable.swapped();
        rule.required = rule.required.swapped();
        rule.on_conflict = match rule.on_conflict {
            OnConflict::Prefer(side) => OnConflict::Prefer(side.other()),
            OnConflict::Hold => OnConflict::Hold,
        };
    }
    (island, rules)
}

/// What a plan writes on a side.
pub(crate) fn tally(plan: &Plan, side: Side) -> Vec<String> {
    let own = plan.writes.iter().filter(|write| write.on == side);
    let mut all: Vec<_> = own
        .map(|write| format!("{:?} {:?}", write.why, write.change))
        .collect();
    all.sort();
    all
}

fn counts(write: &Write) -> bool {
    matches!(write.change.op(), Op::Create | Op::Update)
}

/// `less` is `whole` cut to `most` contacts, `more` to one more.
pub(crate) fn limited(whole: &Plan, less: &Plan, more: &Plan, most: u64) {
    let contacts = |plan: &Plan| {
        let counted = plan.writes.iter().filter(|write| counts(write));
        let set: BTreeSet<_> = counted.map(contact_of).collect();
        u64::try_from(set.len()).unwrap()
    };
    assert!(contacts(less) <= most);
    let capped = contacts(whole) > most;
    assert_eq!(contacts(less), contacts(whole).min(most));
    assert_eq!(
        less.writes.len() + less.held.len(),
        whole.writes.len() + whole.held.len()
    );
    for write in less.writes.iter().filter(|write| counts(write)) {
        assert!(
            more.writes.contains(write),
            "a larger limit holds {write:#?}"
        );
        let whole_contact = less
            .held
            .iter()
            .all(|held| !counts(&held.write) || contact_of(&held.write) != contact_of(write));
        assert!(whole_contact, "half a contact: {write:#?}");
    }
    let deletes = less
        .writes
        .iter()
        .any(|write| write.change.op() == Op::Delete);
    assert!(!(capped && deletes), "a capped run deletes");
    let groups = |plan: &Plan| {
        let free = plan.writes.iter().map(|write| write.change.op());
        free.filter(|op| matches!(op, Op::Group | Op::Ungroup | Op::Archive | Op::Unarchive))
            .count()
    };
    assert_eq!(groups(less), groups(whole), "group changes wait");
    let age = |write: &Write| (write.changed_at, write.key.clone());
    let sent = less.writes.iter().filter(|write| counts(write));
    let youngest = sent
        .clone()
        .map(|write| {
            let own = sent
                .clone()
                .filter(|other| contact_of(other) == contact_of(write));
            own.map(age).min()
        })
        .max();
    for held in less.held.iter().filter(|held| counts(&held.write)) {
        let youngest = youngest.clone().flatten();
        assert!(
            Some(age(&held.write)) >= youngest,
            "an older change waits: {held:#?}"
        );
    }
}

/// The brakes refuse exactly what is too much.
pub(crate) fn braked(plan: &Plan, totals: &Totals, limits: &Limits) {
    let mut too_much = false;
    for side in Side::BOTH {
        for (ops, floor, share) in [
            (&[Op::Delete][..], 20, 10),
            (&[Op::Update, Op::Archive, Op::Ungroup][..], 200, 2),
            (&[Op::Create][..], 200, 2),
        ] {
            let free = |write: &Write| {
                totals.settled_once == Settled::NotYet
                    && write.meeting == crmsync::model::Meeting::First
            };
            let own = plan
                .writes
                .iter()
                .filter(|write| write.on == side && !free(write));
            let own = own.filter(|write| ops.contains(&write.change.op())).count();
            too_much |= u64::try_from(own).unwrap() > (totals.linked / share).max(floor);
        }
    }
    let answer = plan::guard(plan, totals, limits, Rematch::No);
    assert_eq!(answer.is_err(), too_much, "{answer:?}");
    if let Err(refusal) = answer {
        assert!(refusal.seen > refusal.allowed);
    }
}

/// Whether a re-match may do it.
pub(crate) fn fills(op: Op) -> bool {
    match op {
        Op::Create | Op::Update | Op::Group | Op::Unarchive => true,
        Op::Delete | Op::Ungroup | Op::Archive => false,
    }
}
