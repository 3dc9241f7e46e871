//! Between the memory remote's rows and the engine's records and writes.

use std::collections::BTreeSet;

use super::server::{World, stored};
use super::{Memory, PAGE, Row, trouble};
use crate::connector::{Batch, Census, Deletes, Page, Since, Stamp, Whole};
use crate::mapping::{Pair, canon};
use crate::model::{Change, Key, Moment, Outcome, Record, RemoteId, Side, Version, Write};

impl Memory {
    /// What a pair's field is called here.
    fn name_of(side: Side, pair: &Pair) -> String {
        match side {
            Side::Google => pair.google.to_string(),
            Side::Crm => pair.crm.clone(),
        }
    }

    pub(super) fn record(&self, world: &World, id: &str, row: &Row) -> Record {
        let mapping = self.mapping();
        let side = world.behaviour.side;
        let version = Version::from(row.revision.to_string());
        let mut record = Record::bare(RemoteId::from(id), version);
        for pair in &mapping.pairs {
            let text = row.values.get(&Self::name_of(side, pair));
            if let Some(value) = text.and_then(|text| mapping.value(pair, text)) {
                if pair.field == mapping.key {
                    record.key = canon::email(&value.text);
                }
                record.fields.insert(pair.field, value);
            }
        }
        if side == Side::Google {
            let mut emails: Vec<Key> = row
                .values
                .values()
                .filter_map(|text| canon::email(text))
                .collect();
            emails.retain(|email| record.key.as_ref() != Some(email));
            record.emails = emails;
        }
        let stamp = row.stamp.as_deref();
        record.stamp = stamp.and_then(|stamp| self.twins().read(stamp));
        record.listed = row.listed;
        record.archived = row.archived;
        record.changed_at = Some(Moment(row.at));
        record
    }

    /// A write's values by field name.
    fn values(&self, side: Side, change: &Change) -> Vec<(String, Option<String>)> {
        let mapping = self.mapping();
        let named = |field| mapping.pair(field).map(|pair| Self::name_of(side, pair));
        match change {
            Change::Create { fields, .. } => fields
                .iter()
                .filter_map(|(field, value)| Some((named(*field)?, Some(value.text.to_string()))))
                .collect(),
            Change::Update { patch, .. } => patch
                .iter()
                .filter_map(|(field, swap)| {
                    let to = swap.to.as_ref().map(|value| value.text.to_string());
                    Some((named(*field)?, to))
                })
                .collect(),
            Change::Delete { .. }
            | Change::Group { .. }
            | Change::Ungroup { .. }
            | Change::Archive { .. }
            | Change::Unarchive { .. } => Vec::new(),
        }
    }

    fn take(&self, world: &mut World, write: &Write) -> Outcome {
        let side = world.behaviour.side;
        let stamp = match world.behaviour.capabilities.stamp {
            Stamp::Nowhere => None,
            Stamp::Aside | Stamp::Inside => Some(self.twins().stamp(&write.twin)),
        };
        match world.take(write, stamp, &self.values(side, &write.change)) {
            Ok(left) => {
                let record = left.and_then(|id| {
                    let row = world.rows.get(&id)?;
                    Some(self.record(world, &id, row))
                });
                Outcome::Done(stored(record))
            }
            Err(outcome) => outcome,
        }
    }

    /// A batch as the server takes it.
    pub(super) fn send(&self, batch: &[Write]) -> Whole {
        self.count("write");
        let mut world = self.server.world();
        let before = world.snapshot();
        let outcomes: Vec<Outcome> = batch
            .iter()
            .map(|write| self.take(&mut world, write))
            .collect();
        if world.behaviour.capabilities.batch == Batch::AllOrNothing {
            let bad = |outcome: &&Outcome| !matches!(outcome, Outcome::Done(_));
            if let Some(outcome) = outcomes.iter().find(bad).cloned() {
                world.restore(before);
                return Whole::Refused(outcome);
            }
        }
        if world.lose > 0 {
            world.lose -= 1;
            return Whole::Unknown(trouble("write", "the answer was lost"));
        }
        Whole::Taken(outcomes)
    }

    /// What a fetch brings: everything, or what changed since.
    pub(super) fn read(&self, world: &mut World, since: Option<u64>, census: Census) -> Vec<Page> {
        let mut pages = Vec::new();
        let whole = world.behaviour.capabilities.reads_whole_account;
        let told = world.behaviour.capabilities.deletes != Deletes::SetDifference;
        let apart = since.is_some() && world.behaviour.capabilities.since == Since::Account;
        let mut records = Vec::new();
        let mut deleted = Vec::new();
        let mut listed = Vec::new();
        let late: BTreeSet<String> = world
            .rows
            .iter()
            .filter(|(_, row)| row.lag > 0)
            .map(|(id, _)| id.clone())
            .collect();
        for (id, row) in world.rows.iter().filter(|(id, _)| !late.contains(*id)) {
            let moved = since.is_none_or(|since| row.change > since);
            if row.deleted {
                if moved && since.is_some() && told {
                    deleted.push(RemoteId::from(id.as_str()));
                }
                continue;
            }
            if row.listed {
                listed.push(RemoteId::from(id.as_str()));
            }
            if moved && (whole || row.listed || apart) {
                records.push(self.record(world, id, row));
            }
        }
        // What comes late comes again in the next changes.
        for id in late {
            world.changes += 1;
            let change = world.changes;
            if let Some(row) = world.rows.get_mut(&id) {
                row.lag -= 1;
                row.change = change;
            }
        }
        pages.extend(
            records
                .chunks(PAGE)
                .map(|some| Page::Records(some.to_vec())),
        );
        if !deleted.is_empty() {
            pages.push(Page::Deleted(deleted));
        }
        if since.is_some() && census == Census::Yes {
            pages.push(Page::Census(listed));
        }
        pages
    }
}
