//! Splits an island into its connected parts, by a reading of the rules of its own: union-find over
//! links, stamps, addresses and the keys of links.

use std::collections::BTreeMap;

use crmsync::model::{Island, Key, RemoteId, Side};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Record(Side, RemoteId),
    Address(Key),
}

#[derive(Default)]
struct Forest {
    parent: Vec<usize>,
    number: BTreeMap<Node, usize>,
}

impl Forest {
    fn node(&mut self, node: Node) -> usize {
        let next = self.parent.len();
        let at = *self.number.entry(node).or_insert(next);
        if at == next {
            self.parent.push(next);
        }
        at
    }

    fn root(&self, mut at: usize) -> usize {
        while self.parent[at] != at {
            at = self.parent[at];
        }
        at
    }

    fn join(&mut self, a: Node, b: Node) {
        let (a, b) = (self.node(a), self.node(b));
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a] = b;
    }
}

/// The parts of an island; none of them knows of another.
pub(crate) fn split(island: &Island) -> Vec<Island> {
    let mut forest = Forest::default();
    for side in Side::BOTH {
        for (id, record) in island.records.on(side) {
            let own = Node::Record(side, id.clone());
            forest.node(own.clone());
            for address in record.addresses() {
                forest.join(own.clone(), Node::Address(address.clone()));
            }
            if let Some(twin) = &record.stamp {
                forest.join(own, Node::Record(side.other(), twin.clone()));
            }
        }
    }
    for link in &island.links {
        let google = Node::Record(Side::Google, link.ids.google.clone());
        forest.join(
            google.clone(),
            Node::Record(Side::Crm, link.ids.crm.clone()),
        );
        if let Some(key) = &link.key {
            forest.join(google, Node::Address(key.clone()));
        }
    }
    let mut parts = BTreeMap::<usize, Island>::new();
    for side in Side::BOTH {
        for (id, record) in island.records.on(side) {
            let at = forest.number[&Node::Record(side, id.clone())];
            let part = parts.entry(forest.root(at)).or_default();
            part.records.on_mut(side).insert(id.clone(), record.clone());
        }
    }
    for link in &island.links {
        let at = forest.number[&Node::Record(Side::Google, link.ids.google.clone())];
        let part = parts.entry(forest.root(at)).or_default();
        part.links.push(link.clone());
    }
    parts.into_values().collect()
}
