//! One account's address book: contacts with their versions, tombstones, and the order of changes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use serde_json::{Map, Value};

use super::groups::Groups;

/// The state of a contact between two writes.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    /// Distinct for every write of the whole book; behind the etag.
    pub(crate) revision: u64,
    /// When it was written.
    pub(crate) updated: Timestamp,
    /// Person fields in their stored form, memberships and metadata left out.
    pub(crate) fields: Map<String, Value>,
    /// Ids of the groups, in the order joined.
    pub(crate) groups: Vec<String>,
}

impl Version {
    /// The CONTACT source's etag.
    pub(crate) fn source_etag(&self) -> String {
        // The constant only makes the text look like the opaque thing it is.
        let mixed = self
            .revision
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(17);
        format!("#{}", STANDARD.encode(mixed.to_be_bytes()))
    }
}

/// One contact, or what is left of it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// The decimal behind `people/c`; can change.
    pub(crate) number: u64,
    /// The source's id; stays.
    pub(crate) source_id: u64,
    /// When it was created.
    pub(crate) created: Timestamp,
    /// When it last changed, deletion included.
    pub(crate) changed: Timestamp,
    /// Its place in the order of changes.
    pub(crate) seq: u64,
    /// What it is now (for a deleted one: what it was).
    pub(crate) current: Arc<Version>,
    /// What it was before the last change, for readers that lag.
    pub(crate) past: Option<Arc<Version>>,
    /// Numbers that it had before.
    pub(crate) previous: Vec<u64>,
    /// Fields of a linked public profile.
    pub(crate) profile: Map<String, Value>,
    /// In the trash.
    pub(crate) deleted: bool,
}

/// One account's address book.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    /// Every record by its number, deleted ones included.
    pub(crate) records: BTreeMap<u64, Record>,
    /// Numbers in the order of their last change.
    pub(crate) order: BTreeMap<u64, u64>,
    /// Old numbers of renamed contacts.
    pub(crate) aliases: HashMap<u64, u64>,
    /// The groups.
    pub(crate) groups: Groups,
    /// Contacts that are not deleted.
    pub(crate) live: usize,
    seq: u64,
    revision: u64,
    chance: StdRng,
}

impl Book {
    /// An empty book; the seed decides its ids.
    pub(crate) fn new(seed: u64, now: Timestamp) -> Self {
        Self {
            records: BTreeMap::new(),
            order: BTreeMap::new(),
            aliases: HashMap::new(),
            groups: Groups::new(now),
            live: 0,
            seq: 0,
            revision: 0,
            chance: StdRng::seed_from_u64(seed),
        }
    }

    /// The next place in the order of changes.
    pub(crate) fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    /// The newest place in the order of changes.
    pub(crate) fn last_seq(&self) -> u64 {
        self.seq
    }

    /// A revision that was never used before.
    pub(crate) fn next_revision(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }

    /// A number that no contact has.
    pub(crate) fn fresh_number(&mut self) -> u64 {
        loop {
            let number = self.chance.next_u64() >> 1;
            if number > u64::from(u32::MAX)
                && !self.records.contains_key(&number)
                && !self.aliases.contains_key(&number)
            {
                return number;
            }
        }
    }

    /// A contact that exists.
    pub(crate) fn get(&self, number: u64) -> Option<&Record> {
        self.records.get(&number).filter(|record| !record.deleted)
    }

    /// The present number of a contact that may have been renamed.
    pub(crate) fn resolve(&self, number: u64) -> u64 {
        let mut at = number;
        while let Some(next) = self.aliases.get(&at) {
            at = *next;
        }
        at
    }

    /// Puts in a new contact under a number that `fresh_number` gave.
    pub(crate) fn insert(
        &mut self,
        number: u64,
        fields: Map<String, Value>,
        groups: Vec<String>,
        now: Timestamp,
    ) {
        let seq = self.next_seq();
        let revision = self.next_revision();
        self.order.insert(seq, number);
        self.live += 1;
        self.records.insert(
            number,
            Record {
                number,
                source_id: number,
                created: now,
                changed: now,
                seq,
                current: Arc::new(Version {
                    revision,
                    updated: now,
                    fields,
                    groups,
                }),
                past: None,
                previous: Vec::new(),
                profile: Map::new(),
                deleted: false,
            },
        );
    }

    /// Changes a contact; `change` says whether the etag moves. False when there is no such contact.
    pub(crate) fn change(
        &mut self,
        number: u64,
        now: Timestamp,
        change: impl FnOnce(&mut Version) -> Bump,
    ) -> bool {
        let seq = self.next_seq();
        let revision = self.next_revision();
        let Some(record) = self
            .records
            .get_mut(&number)
            .filter(|record| !record.deleted)
        else {
            return false;
        };
        let mut version = (*record.current).clone();
        match change(&mut version) {
            Bump::Nothing => return true,
            Bump::Order => {}
            Bump::Etag => {
                version.revision = revision;
                version.updated = now;
            }
        }
        self.order.remove(&record.seq);
        self.order.insert(seq, number);
        record.seq = seq;
        record.changed = now;
        record.past = Some(std::mem::replace(&mut record.current, Arc::new(version)));
        true
    }

    /// Moves a contact to the trash. False when there is no such contact.
    pub(crate) fn delete(&mut self, number: u64, now: Timestamp) -> bool {
        let seq = self.next_seq();
        let Some(record) = self
            .records
            .get_mut(&number)
            .filter(|record| !record.deleted)
        else {
            return false;
        };
        self.order.remove(&record.seq);
        self.order.insert(seq, number);
        record.seq = seq;
        record.changed = now;
        record.past = Some(Arc::clone(&record.current));
        record.deleted = true;
        self.live -= 1;
        true
    }

    /// Gives a contact another resource name; returns the new number.
    pub(crate) fn rename(&mut self, number: u64, now: Timestamp) -> Option<u64> {
        self.get(number)?;
        let fresh = self.fresh_number();
        let mut record = self.records.remove(&number)?;
        self.order.remove(&record.seq);
        record.seq = self.next_seq();
        record.changed = now;
        record.number = fresh;
        record.previous.push(number);
        let mut version = (*record.current).clone();
        version.revision = self.next_revision();
        version.updated = now;
        record.past = None;
        record.current = Arc::new(version);
        self.order.insert(record.seq, fresh);
        self.records.insert(fresh, record);
        self.aliases.insert(number, fresh);
        Some(fresh)
    }

    /// What counts toward the account's cap: the live ones and the trash of 30 days.
    pub(crate) fn occupied(&self, now: Timestamp) -> usize {
        let trash = self
            .records
            .values()
            .filter(|record| record.deleted && age_seconds(record.changed, now) < 30 * 86_400)
            .count();
        self.live + trash
    }

    /// How many contacts each group has.
    pub(crate) fn member_counts(&self) -> HashMap<&str, usize> {
        let mut counts = HashMap::new();
        for record in self.records.values().filter(|record| !record.deleted) {
            for group in &record.current.groups {
                *counts.entry(group.as_str()).or_insert(0) += 1;
            }
        }
        counts
    }

    /// The newest place in the order whose change is at least `delay` seconds old: what a lagging reader may know.
    pub(crate) fn visible_seq(&self, now: Timestamp, delay: i64) -> u64 {
        if delay <= 0 {
            return self.last_seq();
        }
        let groups = self.groups.newest_hidden(now, delay);
        let first_hidden = self
            .order
            .iter()
            .rev()
            .take_while(|(_, number)| {
                self.records
                    .get(number)
                    .is_some_and(|record| age_seconds(record.changed, now) < delay)
            })
            .last()
            .map(|(seq, _)| *seq);
        let first = match (first_hidden, groups) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        first.map_or(self.last_seq(), |seq| seq - 1)
    }
}

/// What a change does to the etag and to the order of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bump {
    /// Neither moves.
    Nothing,
    /// It shows up in deltas with the old etag.
    Order,
    /// It shows up in deltas with a new etag.
    Etag,
}

/// Whole seconds from `then` to `now`; negative when `then` lies ahead.
pub(crate) fn age_seconds(then: Timestamp, now: Timestamp) -> i64 {
    now.as_second() - then.as_second()
}

/// `people/c…` as text.
pub(crate) fn resource_name(number: u64) -> String {
    format!("people/c{number}")
}

/// The number behind `people/c…`; none for anything else.
pub(crate) fn number_of(resource_name: &str) -> Option<u64> {
    let digits = resource_name.strip_prefix("people/c")?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn book_of_two() -> (Book, u64, u64) {
        let mut book = Book::new(1, at(0));
        let (a, b) = (book.fresh_number(), book.fresh_number());
        book.insert(a, Map::new(), vec!["myContacts".to_owned()], at(0));
        book.insert(b, Map::new(), vec!["myContacts".to_owned()], at(0));
        (book, a, b)
    }

    #[test]
    fn every_write_moves_the_etag_and_the_order() {
        let (mut book, a, b) = book_of_two();
        let before = book.get(a).unwrap().current.source_etag();
        assert!(book.change(a, at(5), |_| Bump::Etag));
        assert_ne!(book.get(a).unwrap().current.source_etag(), before);
        assert_eq!(book.order.values().copied().collect::<Vec<_>>(), [b, a]);
    }

    #[test]
    fn a_deleted_contact_is_gone_but_remembered() {
        let (mut book, a, _) = book_of_two();
        assert!(book.delete(a, at(5)));
        assert!(book.get(a).is_none());
        assert!(!book.delete(a, at(6)));
        assert_eq!(book.live, 1);
        assert_eq!(book.occupied(at(6)), 2);
        assert_eq!(book.occupied(at(31 * 86_400)), 1);
    }

    #[test]
    fn a_renamed_contact_is_found_under_its_old_name() {
        let (mut book, a, _) = book_of_two();
        let fresh = book.rename(a, at(5)).unwrap();
        assert_ne!(fresh, a);
        assert_eq!(book.resolve(a), fresh);
        assert_eq!(book.get(fresh).unwrap().source_id, a);
    }

    #[test]
    fn a_lagging_reader_knows_only_old_changes() {
        let (mut book, a, _) = book_of_two();
        let seen = book.visible_seq(at(100), 60);
        assert_eq!(seen, book.last_seq());
        book.change(a, at(100), |_| Bump::Etag);
        assert_eq!(book.visible_seq(at(110), 60), seen);
        assert_eq!(book.visible_seq(at(160), 60), book.last_seq());
    }

    #[test]
    fn resource_names_read_back() {
        assert_eq!(number_of(&resource_name(42)), Some(42));
        for bad in ["people/42", "people/cx", "people/me", "people/c"] {
            assert_eq!(number_of(bad), None, "{bad}");
        }
    }
}
