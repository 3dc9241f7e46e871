//! Direct reads: by identifier, by match key, and what an unheard create left.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Espo;
use super::api;
use super::convert;
use super::explain::no_sense;
use super::query::{Query, Where};
use super::read::One;
use super::wire::Row;
use crate::connector::{Error, Found};
use crate::mapping::canon;
use crate::model::{Key, Record, RemoteId, Write};

/// How many keys go into one condition: they are part of the address.
const KEYS: usize = 25;

impl Espo {
    /// See [`crate::connector::Source::get`].
    pub(super) async fn get_records(&self, ids: &[RemoteId]) -> Result<Vec<Found>, Error> {
        let gear = self.gear()?;
        let texts: Vec<&str> = ids.iter().map(RemoteId::as_str).collect();
        let read = self.many(&texts).await?;
        let here: Vec<String> = ids
            .iter()
            .zip(&read)
            .filter(|(_, one)| matches!(one, One::Here(_)))
            .map(|(id, _)| id.as_str().to_owned())
            .collect();
        let members = self.members_among(&gear, &here).await?;
        ids.iter()
            .zip(read)
            .map(|(id, one)| match one {
                One::Here(row) => convert::record(&gear, &row, members.contains(id.as_str()))
                    .map(|record| Found::Here(Box::new(record)))
                    .ok_or_else(|| no_sense("read a contact", "the record has no id")),
                One::Gone => Ok(Found::Gone),
                One::Hidden => Ok(Found::Hidden),
            })
            .collect()
    }

    /// See [`crate::connector::Source::find`].
    pub(super) async fn find_records(&self, keys: &[Key]) -> Result<Vec<Record>, Error> {
        let gear = self.gear()?;
        let keys: Vec<&Key> = keys.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let mut select = gear.select.clone();
        if !select.iter().any(|name| name == "emailAddress") {
            select.push("emailAddress".to_owned());
        }
        let mut hits = Vec::new();
        for some in keys.chunks(KEYS) {
            let spellings = some.iter().flat_map(|key| canon::spellings(key)).collect();
            let query = Query {
                path: "Contact",
                filter: None,
                conditions: vec![Where::addresses(spellings)],
                select: &select,
            };
            let rows = self
                .rows("look for contacts by their address", &query)
                .await?;
            // The condition is met by further addresses too; only the first one is the key.
            hits.extend(
                rows.into_iter()
                    .filter(|row| key_of(row).is_some_and(|key| some.contains(&&key))),
            );
        }
        let ids: Vec<String> = hits.iter().filter_map(api::id).map(str::to_owned).collect();
        let members = self.members_among(&gear, &ids).await?;
        self.records(&gear, hits, |id| members.contains(id)).await
    }

    /// See [`crate::connector::Sink::look`]. A create that landed may not have got into the target
    /// list: it is put there now.
    pub(super) async fn look_for(&self, open: &[Write]) -> Result<Vec<Record>, Error> {
        let keys: Vec<Key> = open.iter().filter_map(|write| write.key.clone()).collect();
        let mut found = self.find_records(&keys).await?;
        let gear = self.gear()?;
        if let Some(list) = gear.targets() {
            for record in found.iter_mut().filter(|record| !record.listed) {
                self.put_into(list, record.id.as_str()).await?;
                record.listed = true;
            }
        }
        Ok(found)
    }
}

/// The key of a row: its first address.
pub(super) fn key_of(row: &Row) -> Option<Key> {
    row.get("emailAddress")
        .and_then(Value::as_str)
        .and_then(canon::email)
}
