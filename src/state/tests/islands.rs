//! Islands are exactly the connected components that hold a dirty record.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::model::Island;

/// One random step.
#[derive(Clone, Debug)]
enum Step {
    Put(Side, u8, Option<u8>, Vec<u8>, Option<u8>),
    Drop(Side, u8),
    Link(u8, u8, Option<u8>, Rest),
    Unlink(u8, u8),
    Touch(Side, u8),
    Quiet(Side, u8),
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Google), Just(Side::Crm)]
}

fn step() -> impl Strategy<Value = Step> {
    let id = 0..8_u8;
    let key = 0..10_u8;
    let rest = prop_oneof![
        3 => Just(Rest::Awake),
        1 => side().prop_map(Rest::Left),
        1 => side().prop_map(Rest::Ended),
        1 => Just(Rest::Merged),
    ];
    prop_oneof![
        6 => (
            side(), id.clone(), proptest::option::of(key.clone()),
            proptest::collection::vec(key.clone(), 0..2),
            proptest::option::weighted(0.2, id.clone()),
        ).prop_map(|(side, id, key, emails, stamp)| Step::Put(side, id, key, emails, stamp)),
        1 => (side(), id.clone()).prop_map(|(side, id)| Step::Drop(side, id)),
        2 => (id.clone(), id.clone(), proptest::option::of(key), rest)
            .prop_map(|(google, crm, key, rest)| Step::Link(google, crm, key, rest)),
        1 => (id.clone(), id.clone()).prop_map(|(google, crm)| Step::Unlink(google, crm)),
        4 => (side(), id.clone()).prop_map(|(side, id)| Step::Touch(side, id)),
        1 => (side(), id).prop_map(|(side, id)| Step::Quiet(side, id)),
    ]
}

fn name(id: u8) -> RemoteId {
    format!("r{id}").into()
}

fn address(key: u8) -> Key {
    format!("k{key}@example.com").into()
}

/// What the state should hold, kept the simple way.
#[derive(Default)]
struct Naive {
    records: BTreeMap<(Side, RemoteId), Record>,
    links: Vec<Link>,
    dirty: BTreeSet<(Side, RemoteId)>,
}

impl Naive {
    /// The edit of a step, after the model has made it; and whether the state has to refuse it.
    fn make(&mut self, step: &Step) -> Option<(Edit, bool)> {
        match step {
            Step::Put(side, id, key, emails, stamp) => {
                let mut record = record(name(*id).as_str(), None);
                record.key = key.map(address);
                record.emails = emails.iter().copied().map(address).collect();
                record.stamp = stamp.map(name);
                self.records
                    .insert((*side, record.id.clone()), record.clone());
                Some((put(*side, record), false))
            }
            Step::Drop(side, id) => {
                let (side, id) = (*side, name(*id));
                self.records.remove(&(side, id.clone()));
                Some((Edit::DropSeen { side, id }, false))
            }
            Step::Link(google, crm, key, rest) => {
                let mut link = linked(name(*google).as_str(), name(*crm).as_str());
                link.key = key.map(address);
                link.rest = *rest;
                let over = |rest| matches!(rest, Rest::Ended(_) | Rest::Merged);
                let twice = !over(*rest)
                    && self.links.iter().any(|known| {
                        known.ids != link.ids
                            && !over(known.rest)
                            && (known.ids.google == link.ids.google
                                || known.ids.crm == link.ids.crm)
                    });
                if !twice {
                    match self.links.iter_mut().find(|known| known.ids == link.ids) {
                        Some(known) => *known = link.clone(),
                        None => self.links.push(link.clone()),
                    }
                }
                Some((Edit::PutLink(link), twice))
            }
            // Made by number, which only the state knows.
            Step::Unlink(..) => None,
            Step::Touch(side, id) => {
                self.dirty.insert((*side, name(*id)));
                Some((touch(*side, name(*id).as_str()), false))
            }
            Step::Quiet(side, id) => {
                let (side, id) = (*side, name(*id));
                self.dirty.remove(&(side, id.clone()));
                Some((Edit::Quiet { side, id }, false))
            }
        }
    }

    /// The components that hold a dirty record, by labels that spread until nothing changes.
    fn islands(&self) -> Vec<Island> {
        let mut ties: Vec<(String, String)> = Vec::new();
        let node = |side: Side, id: &RemoteId| format!("{}:{id}", side.name());
        for ((side, id), record) in &self.records {
            for key in record.addresses() {
                ties.push((node(*side, id), format!("key:{key}")));
            }
            if let Some(stamp) = &record.stamp {
                ties.push((node(*side, id), node(side.other(), stamp)));
            }
        }
        for (no, link) in self.links.iter().enumerate() {
            for side in Side::BOTH {
                ties.push((format!("link:{no}"), node(side, link.ids.on(side))));
            }
            if let Some(key) = &link.key {
                ties.push((format!("link:{no}"), format!("key:{key}")));
            }
        }
        let reach = |start: String| {
            let mut all = BTreeSet::from([start]);
            loop {
                let before = all.len();
                for (a, b) in &ties {
                    if all.contains(a) || all.contains(b) {
                        all.insert(a.clone());
                        all.insert(b.clone());
                    }
                }
                if all.len() == before {
                    return all;
                }
            }
        };
        let mut covered = BTreeSet::new();
        let mut islands = Vec::new();
        for (side, id) in &self.dirty {
            if covered.contains(&node(*side, id)) {
                continue;
            }
            let nodes = reach(node(*side, id));
            let mut island = Island::default();
            for ((side, id), record) in &self.records {
                if nodes.contains(&node(*side, id)) {
                    let records = island.records.on_mut(*side);
                    records.insert(id.clone(), record.clone());
                }
            }
            for (no, link) in self.links.iter().enumerate() {
                if nodes.contains(&format!("link:{no}")) {
                    island.links.push(link.clone());
                }
            }
            covered.extend(nodes);
            islands.push(island);
        }
        islands
    }
}

fn unnumbered(mut island: Island) -> Island {
    for link in &mut island.links {
        link.no = None;
    }
    island
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn islands_are_the_connected_components(
        steps in proptest::collection::vec(step(), 1..60),
        most in 1..4_usize,
    ) {
        let mut state = State::blank().unwrap();
        let (scope, here) = state.write(|tx| tx.scope("sales", PAIR)).unwrap();
        let (foreign, _) = state.write(|tx| tx.scope("sales", "elsewhere")).unwrap();
        let (sister, _) = state.write(|tx| tx.scope("press", PAIR)).unwrap();
        let mut naive = Naive::default();
        for step in &steps {
            let counts = |tx: &mut Tx<'_>| tx.counts(scope).and_then(|it| tx.keep_counts(scope, &it));
            state.write(counts).unwrap();
            if let Step::Unlink(google, crm) = step {
                let ids = Sides { google: name(*google), crm: name(*crm) };
                let island = state.island_of(scope, Side::Google, &ids.google).unwrap();
                if let Some(link) = island.links.iter().find(|link| link.ids == ids) {
                    state.write(|tx| tx.apply(scope, &[Edit::DropLink(link.no.unwrap())])).unwrap();
                    naive.links.retain(|link| link.ids != ids);
                }
            } else if let Some((edit, refused)) = naive.make(step) {
                let made = state.write(|tx| tx.apply(scope, std::slice::from_ref(&edit)));
                prop_assert_eq!(made.is_err(), refused, "{:?}", &edit);
                // Another pair has nothing to do with this one, and another profile's readings not either.
                if !refused {
                    state.write(|tx| tx.apply(foreign, std::slice::from_ref(&edit))).unwrap_or(());
                }
                if matches!(edit, Edit::PutSeen { .. } | Edit::Touch { .. }) {
                    state.write(|tx| tx.apply(sister, std::slice::from_ref(&edit))).unwrap();
                }
            }
            prop_assert_eq!(state.counts(scope).unwrap(), state.count_anew(scope).unwrap());
        }
        let mut pass = IslandPass::default();
        let mut found = Vec::new();
        loop {
            let slice = state.islands(scope, &mut pass, most).unwrap();
            prop_assert!(slice.len() <= most);
            if slice.is_empty() {
                break;
            }
            for island in &slice {
                let numbers: Vec<_> = island.links.iter().map(|link| link.no).collect();
                prop_assert!(numbers.is_sorted());
                // Taking marks off, and putting them on again, does not bring an island twice.
                for side in Side::BOTH {
                    for id in island.records.on(side).keys() {
                        let edits = [Edit::Quiet { side, id: id.clone() }, touch(side, id.as_str())];
                        if naive.dirty.contains(&(side, id.clone())) {
                            state.write(|tx| tx.apply(scope, &edits)).unwrap();
                        }
                    }
                }
            }
            found.extend(slice.into_iter().map(unnumbered));
        }
        for island in &found {
            let places: Vec<_> = Side::BOTH
                .into_iter()
                .flat_map(|side| island.records.on(side).keys().map(move |id| (side, id.clone())))
                .collect();
            let again = state.islands_of(scope, &places).unwrap();
            prop_assert_eq!(again.len(), places.len());
            for again in again {
                prop_assert_eq!(&unnumbered(again), island);
            }
        }
        prop_assert_eq!(found, naive.islands());
        prop_assert_eq!(state.touched(scope).unwrap(), naive.dirty.len() as u64);
        for link in &naive.links {
            prop_assert!(state.linked(here, Side::Crm, &link.ids.crm).unwrap().is_some());
        }
    }
}

fn lone(count: u32, address: impl Fn(u32) -> String) -> (State, ScopeId) {
    let mut state = State::blank().unwrap();
    let (scope, _) = state.write(|tx| tx.scope("sales", PAIR)).unwrap();
    let edits: Vec<Edit> = (0..count)
        .flat_map(|n| {
            let id = format!("people/c{n}");
            let mut record = record(&id, Some(&address(n)));
            for field in 2..10 {
                let value = Value::plain(format!("value {field} of contact {n}"));
                record.fields.insert(Field(field), value);
            }
            [put(Side::Google, record), touch(Side::Google, &id)]
        })
        .collect();
    state.write(|tx| tx.apply(scope, &edits)).unwrap();
    (state, scope)
}

fn walk(state: &State, scope: ScopeId) -> usize {
    let mut pass = IslandPass::default();
    let mut count = 0;
    loop {
        let slice = state.islands(scope, &mut pass, 500).unwrap();
        if slice.is_empty() {
            return count;
        }
        count += slice.len();
    }
}

#[test]
fn ten_thousand_lone_records_are_ten_thousand_islands() {
    let (state, scope) = lone(10_000, |n| format!("c{n}@example.com"));
    assert_eq!(walk(&state, scope), 10_000);
}

/// A walk that took the square of it would not end.
#[test]
fn a_hundred_thousand_records_with_one_address_are_one_island() {
    let (state, scope) = lone(100_000, |_| "office@example.com".to_owned());
    assert_eq!(walk(&state, scope), 1);
}
