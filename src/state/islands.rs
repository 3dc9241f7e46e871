//! Islands: the records and links that have to be planned together, found from the dirty marks.
//!
//! Two records are tied when they are linked, share an address in any role, or one is stamped with
//! the other's id; a link is tied to every record that has its stored key. Tied is transitive.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{CachedStatement, Connection, Row, params};

use super::Db;
use super::code::{side_no, side_of};
use super::error::{Fault, Result};
use super::links::{LINK, link_of};
use super::mirror::{RECORD, record_of};
use super::scopes::{PairId, ScopeId, pair_of};
use crate::model::{Island, Key, Link, LinkNo, Record, RemoteId, Side, Sides};

type Outcome<T> = std::result::Result<T, Fault>;

/// A place among records of both sides; Google's come first.
type Place = (Side, RemoteId);

/// How many dirty marks are read at once.
const BATCH: i64 = 512;

/// How far a walk through the dirty islands has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IslandPass {
    after: Option<Place>,
    /// Places after it that were part of an island already.
    covered: BTreeSet<Place>,
}

impl Db {
    /// The next islands that hold a dirty record, at most so many, in the order of their first dirty
    /// record by side and id; empty at the end. No island comes twice in a pass, also when marks
    /// were taken off or put on in between.
    pub fn islands(
        &self,
        scope: ScopeId,
        pass: &mut IslandPass,
        most: usize,
    ) -> Result<Vec<Island>> {
        self.doing("gather what changed", |conn| {
            let mut walk = Walk::new(conn, scope)?;
            let mut found = Vec::new();
            while found.len() < most {
                let batch = dirty_after(conn, scope, pass.after.as_ref())?;
                if batch.is_empty() {
                    break;
                }
                for place in batch {
                    if found.len() == most {
                        break;
                    }
                    while pass.covered.first().is_some_and(|first| *first < place) {
                        pass.covered.pop_first();
                    }
                    if !pass.covered.remove(&place) {
                        let (island, places) = walk.gather(place.clone())?;
                        found.push(island);
                        pass.covered
                            .extend(places.into_iter().filter(|p| *p > place));
                    }
                    pass.after = Some(place);
                }
            }
            Ok(found)
        })
    }

    /// The islands of some records, dirty or not, known or not; one for each record.
    pub fn islands_of(&self, scope: ScopeId, places: &[(Side, RemoteId)]) -> Result<Vec<Island>> {
        self.doing("gather what belongs to records", |conn| {
            let mut walk = Walk::new(conn, scope)?;
            let mut found = Vec::new();
            for place in places {
                found.push(walk.gather(place.clone())?.0);
            }
            Ok(found)
        })
    }

    /// The island of one record, dirty or not, known or not.
    pub fn island_of(&self, scope: ScopeId, side: Side, id: &RemoteId) -> Result<Island> {
        self.doing("gather what belongs to a record", |conn| {
            let (island, _) = Walk::new(conn, scope)?.gather((side, id.clone()))?;
            Ok(island)
        })
    }
}

fn dirty_after(conn: &Connection, scope: ScopeId, after: Option<&Place>) -> Outcome<Vec<Place>> {
    let (side, id) = after.map_or((-1, ""), |(side, id)| (side_no(*side), id.as_str()));
    let mut query = conn.prepare_cached(
        "SELECT side, id FROM dirty WHERE scope = ?1 AND (side, id) > (?2, ?3)
         ORDER BY side, id LIMIT ?4",
    )?;
    let mut rows = query.query(params![scope.0, side, id, BATCH])?;
    let mut places = Vec::new();
    while let Some(row) = rows.next()? {
        places.push((side_of(row.get(0)?)?, row.get(1)?));
    }
    Ok(places)
}

/// The statements of a walk, kept over all its islands.
struct Walk<'c> {
    scope: ScopeId,
    pair: PairId,
    by_id: CachedStatement<'c>,
    by_no: CachedStatement<'c>,
    by_address: CachedStatement<'c>,
    by_stamp: CachedStatement<'c>,
    linked: Sides<CachedStatement<'c>>,
    by_key: CachedStatement<'c>,
    /// Whether records of a side carry stamps at all.
    stamped: Sides<bool>,
    /// Whether the pair has links at all.
    any_links: bool,
}

/// What one island has come to so far.
#[derive(Default)]
struct Found {
    records: Sides<BTreeMap<RemoteId, Record>>,
    links: BTreeMap<LinkNo, Link>,
    /// Every record that was reached, in the mirror or not.
    places: BTreeSet<Place>,
    /// The mirror's numbers of those in it.
    rows: BTreeSet<i64>,
    addresses: BTreeSet<Key>,
    todo: Vec<Todo>,
}

enum Todo {
    /// A record whose links and stamps are to be followed, and its row when it was not read yet.
    Place {
        place: Place,
        read: bool,
    },
    Address(Key),
}

impl Found {
    fn place(&mut self, place: Place, read: bool) {
        if self.places.insert(place.clone()) {
            self.todo.push(Todo::Place { place, read });
        }
    }

    fn address(&mut self, key: &Key) {
        if !self.addresses.contains(key) {
            self.addresses.insert(key.clone());
            self.todo.push(Todo::Address(key.clone()));
        }
    }

    fn record(&mut self, side: Side, no: i64, record: Record) {
        self.rows.insert(no);
        for key in record.addresses() {
            self.address(key);
        }
        if let Some(stamp) = &record.stamp {
            self.place((side.other(), stamp.clone()), false);
        }
        self.records.on_mut(side).insert(record.id.clone(), record);
    }

    fn link(&mut self, row: &Row<'_>) -> Outcome<()> {
        let no = LinkNo(row.get(0)?);
        if self.links.contains_key(&no) {
            return Ok(());
        }
        let link = link_of(row)?;
        for side in Side::BOTH {
            self.place((side, link.ids.on(side).clone()), false);
        }
        if let Some(key) = &link.key {
            self.address(key);
        }
        self.links.insert(no, link);
        Ok(())
    }
}

impl<'c> Walk<'c> {
    fn new(conn: &'c Connection, scope: ScopeId) -> Outcome<Self> {
        let pair = pair_of(conn, scope)?;
        let links = |condition: &str| {
            conn.prepare_cached(&format!(
                "SELECT {LINK} FROM link l
                 LEFT JOIN link_scope s ON s.scope = ?2 AND s.link = l.no
                 WHERE l.pair = ?1 AND {condition}"
            ))
        };
        let stamped = |side: Side| -> rusqlite::Result<bool> {
            conn.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM mirror
                                WHERE scope = ?1 AND side = ?2 AND stamp IS NOT NULL)",
            )?
            .query_row([scope.0, side_no(side)], |row| row.get(0))
        };
        Ok(Self {
            scope,
            pair,
            by_id: conn.prepare_cached(&format!(
                "SELECT {RECORD}, no FROM mirror WHERE scope = ?1 AND side = ?2 AND id = ?3"
            ))?,
            by_no: conn
                .prepare_cached(&format!("SELECT {RECORD}, side FROM mirror WHERE no = ?1"))?,
            by_address: conn
                .prepare_cached("SELECT rec FROM addr WHERE scope = ?1 AND key = ?2")?,
            by_stamp: conn.prepare_cached(
                "SELECT id FROM mirror WHERE scope = ?1 AND side = ?2 AND stamp = ?3",
            )?,
            linked: Sides {
                google: links("l.google = ?3")?,
                crm: links("l.crm = ?3")?,
            },
            by_key: links("l.key = ?3")?,
            stamped: Sides {
                google: stamped(Side::Google)?,
                crm: stamped(Side::Crm)?,
            },
            any_links: conn
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM link WHERE pair = ?1)")?
                .query_row([pair.0], |row| row.get(0))?,
        })
    }

    /// Everything that is tied to a record, and every place that was reached.
    fn gather(&mut self, start: Place) -> Outcome<(Island, BTreeSet<Place>)> {
        let mut found = Found::default();
        found.place(start, false);
        while let Some(todo) = found.todo.pop() {
            match todo {
                Todo::Place { place, read } => self.follow(&place, read, &mut found)?,
                Todo::Address(key) => self.share(&key, &mut found)?,
            }
        }
        let island = Island {
            records: found.records,
            links: found.links.into_values().collect(),
        };
        Ok((island, found.places))
    }

    fn follow(&mut self, place: &Place, read: bool, found: &mut Found) -> Outcome<()> {
        let (side, id) = (place.0, place.1.as_str());
        if !read {
            let mut rows = self.by_id.query(params![self.scope.0, side_no(side), id])?;
            if let Some(row) = rows.next()? {
                found.record(side, row.get(9)?, record_of(row)?);
            }
        }
        let other = side.other();
        if *self.stamped.on(other) {
            let mut rows = self
                .by_stamp
                .query(params![self.scope.0, side_no(other), id])?;
            while let Some(row) = rows.next()? {
                found.place((other, row.get(0)?), false);
            }
        }
        if self.any_links {
            let query = self.linked.on_mut(side);
            let mut rows = query.query(params![self.pair.0, self.scope.0, id])?;
            while let Some(row) = rows.next()? {
                found.link(row)?;
            }
        }
        Ok(())
    }

    fn share(&mut self, key: &Key, found: &mut Found) -> Outcome<()> {
        let mut rows = self.by_address.query(params![self.scope.0, key.as_str()])?;
        while let Some(row) = rows.next()? {
            let no: i64 = row.get(0)?;
            if found.rows.contains(&no) {
                continue;
            }
            let mut records = self.by_no.query([no])?;
            if let Some(row) = records.next()? {
                let side = side_of(row.get(9)?)?;
                let record = record_of(row)?;
                // Reached before by its id and not read yet: then it is read there.
                if found.places.contains(&(side, record.id.clone())) {
                    continue;
                }
                found.place((side, record.id.clone()), true);
                found.record(side, no, record);
            }
        }
        if self.any_links {
            let mut rows = self
                .by_key
                .query(params![self.pair.0, self.scope.0, key.as_str()])?;
            while let Some(row) = rows.next()? {
                found.link(row)?;
            }
        }
        Ok(())
    }
}
