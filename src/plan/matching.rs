//! Finds out which unlinked records are the same contact (rules 2, 3 and 16), plans a create for
//! the lone ones and reports the ambiguous ones.

use std::collections::{BTreeMap, BTreeSet};

use super::{Plan, decide, merge};
use crate::model::{
    AnyEmail, Base, Island, Key, Link, Meeting, NoEmail, Problem, ProblemKind, Record, RemoteId,
    Rest, Rules, Side, Sides, Why, Write,
};

type Node<'a> = (Side, &'a RemoteId);

/// The state of one matching.
struct Matching<'a> {
    island: &'a Island,
    rules: &'a Rules,
    /// Records that wait for a counterpart: unlinked ones and survivors of ended pairs.
    open: Sides<BTreeSet<&'a RemoteId>>,
    /// Survivors of ended pairs: they may be found, and never start anything.
    survivors: Sides<BTreeMap<&'a RemoteId, &'a Link>>,
}

/// Pairs unlinked records: by stamp, by match key, by any other address of the Google contact.
pub(super) fn pair_unlinked(island: &Island, links: &[Link], rules: &Rules, plan: &mut Plan) {
    let survivors = Sides::from_fn(|side| {
        links
            .iter()
            .filter(|link| link.rest == Rest::Ended(side.other()))
            .filter(|link| {
                !island
                    .records
                    .on(side.other())
                    .contains_key(link.ids.on(side.other()))
            })
            .filter_map(|link| {
                let (id, _) = island.records.on(side).get_key_value(link.ids.on(side))?;
                let mut others = links.iter().filter(|other| other.ids.on(side) == id);
                // One that is part of another pair meanwhile waits for nobody.
                let waits = others.all(|other| matches!(other.rest, Rest::Ended(_)));
                waits.then_some((id, link))
            })
            .collect::<BTreeMap<_, _>>()
    });
    let open = Sides::from_fn(|side| {
        let taken: BTreeSet<_> = links.iter().map(|link| link.ids.on(side)).collect();
        let survivors: &BTreeMap<_, _> = survivors.on(side);
        island
            .records
            .on(side)
            .keys()
            .filter(|id| !taken.contains(id) || survivors.contains_key(*id))
            .collect::<BTreeSet<_>>()
    });
    if open.google.is_empty() && open.crm.is_empty() {
        return;
    }
    let mut matching = Matching {
        island,
        rules,
        open,
        survivors,
    };
    for edges in [Matching::by_stamp, Matching::by_key, Matching::by_any_email] {
        let found = edges(&matching);
        matching.settle(&found, plan);
    }
    matching.create_lone(plan);
}

/// Who might be whom, as components of records that belong together somehow.
type Groups<'a> = Vec<BTreeSet<Node<'a>>>;

impl<'a> Matching<'a> {
    fn record(&self, (side, id): Node<'_>) -> &'a Record {
        // Every node was taken from the island's own keys.
        &self.island.records.on(side)[id]
    }

    fn is_open(&self, (side, id): Node<'_>) -> bool {
        self.open.on(side).contains(id)
    }

    /// A record of the list, unlinked: it may start something.
    fn starts(&self, node: Node<'_>) -> bool {
        let (side, id) = node;
        self.is_open(node) && self.record(node).listed && !self.survivors.on(side).contains_key(id)
    }

    fn nodes(&self, side: Side) -> impl Iterator<Item = (Node<'a>, &'a Record)> {
        let records: &'a BTreeMap<RemoteId, Record> = self.island.records.on(side);
        records.iter().map(move |(id, record)| ((side, id), record))
    }

    /// A stamp names its record's counterpart. One that names a record which is taken says nothing
    /// here; the address then decides.
    fn by_stamp(&self) -> Groups<'a> {
        let mut edges = Vec::new();
        for side in Side::BOTH {
            for (node, record) in self.nodes(side) {
                let twin = record
                    .stamp
                    .as_ref()
                    .and_then(|stamp| self.island.records.on(side.other()).get_key_value(stamp))
                    .map(|(id, _)| (side.other(), id));
                if let Some(twin) = twin
                    && self.is_open(node)
                    && self.is_open(twin)
                {
                    edges.push((node, twin));
                }
            }
        }
        components(&edges)
    }

    /// Everyone who shares a match key, linked ones included.
    fn by_key(&self) -> Groups<'a> {
        let mut keys = BTreeMap::<&Key, BTreeSet<Node<'a>>>::new();
        for side in Side::BOTH {
            for (node, record) in self.nodes(side) {
                if let Some(key) = &record.key {
                    keys.entry(key).or_default().insert(node);
                }
            }
        }
        keys.into_values().filter(|nodes| nodes.len() > 1).collect()
    }

    /// A CRM record's match key against the other addresses of Google contacts.
    fn by_any_email(&self) -> Groups<'a> {
        if self.rules.any_email == AnyEmail::Ignored {
            return Vec::new();
        }
        let mut others = BTreeMap::<&Key, Vec<Node<'a>>>::new();
        for (node, record) in self.nodes(Side::Google) {
            for address in &record.emails {
                others.entry(address).or_default().push(node);
            }
        }
        let mut edges = Vec::new();
        for (node, record) in self.nodes(Side::Crm) {
            let hits = record.key.as_ref().and_then(|key| others.get(key));
            for twin in hits.into_iter().flatten() {
                if self.is_open(node) || self.is_open(*twin) {
                    edges.push((node, *twin));
                }
            }
        }
        components(&edges)
    }

    /// One of each side, both free: a pair. Anything else with someone who waits: ambiguous.
    fn settle(&mut self, groups: &Groups<'a>, plan: &mut Plan) {
        for group in groups {
            if !group.iter().any(|node| self.starts(*node)) {
                continue;
            }
            let mut each = group.iter();
            if let (Some(&google), Some(&crm), None) = (each.next(), each.next(), each.next())
                && google.0 != crm.0
                && self.is_open(google)
                && self.is_open(crm)
            {
                self.adopt(Sides { google, crm }, plan);
            } else {
                self.report(group, plan);
            }
            for (side, id) in group {
                self.open.on_mut(*side).remove(id);
            }
        }
    }

    fn adopt(&self, nodes: Sides<Node<'a>>, plan: &mut Plan) {
        let now = nodes.map(|node| self.record(node));
        let ended = Side::BOTH
            .into_iter()
            .find_map(|side| self.survivors.on(side).get(&now.on(side).id))
            .map(|link| link.no);
        if let Some(Some(no)) = ended {
            plan.notes.push(super::Note::Unlink(no));
        }
        let link = Link {
            no: None,
            ids: now.map(|record| record.id.clone()),
            base: Base::new(),
            listed: now.map(|record| record.listed),
            rest: Rest::Awake,
            key: now.crm.key.clone().or_else(|| now.google.key.clone()),
            drift: 0,
        };
        merge::merge(&link, link.clone(), &now, self.rules, plan);
        if now.crm.listed && !now.google.listed && self.rules.direction.writes(Side::Google) {
            plan.writes.push(Write {
                on: Side::Google,
                link: None,
                twin: now.crm.id.clone(),
                key: now.crm.key.clone(),
                changed_at: now.crm.changed_at,
                meeting: Meeting::First,
                twin_listed: true,
                why: Why::InView,
                change: crate::model::Change::Group {
                    id: now.google.id.clone(),
                },
            });
        }
    }

    fn report(&self, group: &BTreeSet<Node<'a>>, plan: &mut Plan) {
        let direction = self.rules.direction;
        let concerns = group
            .iter()
            .any(|node| self.starts(*node) && decide::flows_from(direction, node.0));
        if !concerns {
            return;
        }
        let ids = Sides::from_fn(|side| {
            group
                .iter()
                .filter(|node| node.0 == side)
                .map(|node| node.1.clone())
                .collect::<Vec<_>>()
        });
        let key = group
            .iter()
            .rev()
            .find_map(|node| self.record(*node).key.clone());
        plan.problems.push(Problem {
            kind: ProblemKind::Ambiguous,
            key,
            reason: format!(
                "{} in Google and {} in the CRM could be the same contact; nothing was written",
                count(ids.google.len()),
                count(ids.crm.len())
            ),
            hint: "merge the duplicates, or give different people different addresses".into(),
            ids,
            field: None,
        });
    }

    fn create_lone(&self, plan: &mut Plan) {
        for side in Side::BOTH {
            let on = side.other();
            if !self.rules.direction.writes(on) {
                continue;
            }
            for (node, record) in self.nodes(side) {
                if !self.starts(node)
                    || (record.key.is_none() && self.rules.no_email == NoEmail::Skip)
                {
                    continue;
                }
                plan.writes.push(Write {
                    on,
                    link: None,
                    twin: record.id.clone(),
                    key: record.key.clone(),
                    changed_at: record.changed_at,
                    meeting: Meeting::First,
                    twin_listed: record.listed,
                    why: Why::Missing,
                    change: decide::create(record, on, self.rules),
                });
            }
        }
    }
}

fn count(records: usize) -> String {
    match records {
        0 => "no record".into(),
        1 => "1 record".into(),
        more => format!("{more} records"),
    }
}

/// The connected components of a graph, in the order of their first node.
fn components<'a>(edges: &[(Node<'a>, Node<'a>)]) -> Groups<'a> {
    let mut next = BTreeMap::<Node<'a>, Vec<Node<'a>>>::new();
    for (a, b) in edges {
        next.entry(*a).or_default().push(*b);
        next.entry(*b).or_default().push(*a);
    }
    let mut seen = BTreeSet::new();
    let mut groups = Vec::new();
    for start in next.keys() {
        if seen.contains(start) {
            continue;
        }
        let mut group = BTreeSet::new();
        let mut open = vec![*start];
        while let Some(node) = open.pop() {
            if seen.insert(node) {
                group.insert(node);
                open.extend(next.get(&node).into_iter().flatten());
            }
        }
        groups.push(group);
    }
    groups
}
