//! Direct reads: by number, by match key, and what an unheard create left.

use std::collections::{BTreeSet, HashMap};
use std::sync::PoisonError;

use serde_json::{Value as Json, json};

use super::convert::{self, active, id};
use super::explain::no_sense;
use super::fields::text;
use super::read::{records, remote};
use super::spelling::addresses;
use super::wire::Row;
use super::{Odoo, domain};
use crate::connector::{Error, Found};
use crate::mapping::canon;
use crate::model::{Key, Record, RemoteId, Write};

/// How many addresses go into one condition; Odoo goes through all partners for each.
const KEYS: usize = 40;

impl Odoo {
    /// See [`crate::connector::Source::get`]. An archived record is gone, and that is certain; one
    /// that is not found may be unlinked or hidden by a rule.
    pub(super) async fn get_records(&self, ids: &[RemoteId]) -> Result<Vec<Found>, Error> {
        let gear = self.gear()?;
        let numbers: Vec<i64> = ids.iter().filter_map(number).collect();
        let rows = self.by_id(&gear, &numbers).await?;
        let members = self.members_among(&gear, &rows).await?;
        let by_id: HashMap<i64, &Row> = rows
            .iter()
            .filter_map(|row| Some((id(row)?, row)))
            .collect();
        ids.iter()
            .map(|asked| {
                let Some(number) = number(asked) else {
                    return Ok(Found::Hidden);
                };
                match by_id.get(&number) {
                    None => Ok(Found::Hidden),
                    Some(row) if !active(row) => Ok(Found::Gone),
                    Some(row) => convert::record(&gear, row, members.contains(&number))
                        .map(|record| Found::Here(Box::new(record)))
                        .ok_or_else(|| no_sense("read a contact", "the record has no id")),
                }
            })
            .collect()
    }

    /// See [`crate::connector::Source::find`]: among all partners, companies too, that are not
    /// archived.
    pub(super) async fn find_records(&self, keys: &[Key]) -> Result<Vec<Record>, Error> {
        let gear = self.gear()?;
        let keys: Vec<&Key> = keys.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let attribute = gear
            .mapping
            .key_pair()
            .map_or("email", |pair| pair.crm.as_str());
        let mut found = Vec::new();
        for some in keys.chunks(KEYS) {
            let spellings = some.iter().flat_map(|key| canon::spellings(key));
            let terms: Vec<Json> = spellings
                .map(|spelling| json!([attribute, "ilike", like(&spelling)]))
                .collect();
            let mut either: Vec<Json> = vec![json!("|"); terms.len().saturating_sub(1)];
            either.extend(terms);
            let there = json!([["active", "=", true]]);
            let domain = domain::and(&there, &Json::Array(either));
            let rows = self
                .rows("look for contacts by their address", &domain, &gear.select)
                .await?;
            for row in rows {
                let written = row.get(attribute).and_then(text).unwrap_or_default();
                let mut own = addresses(&written).into_iter().filter_map(canon::email);
                // Only the first address is the key; the condition is met by others too.
                if own.next().is_some_and(|key| some.contains(&&key)) {
                    found.push(row);
                } else if let Some(id) = id(&row) {
                    let mut further = self.further.lock().unwrap_or_else(PoisonError::into_inner);
                    further.extend(
                        own.filter(|key| some.contains(&key))
                            .map(|key| (key, remote(id))),
                    );
                }
            }
        }
        let members = self.members_among(&gear, &found).await?;
        records(&gear, &found, |id| members.contains(&id))
    }

    /// See [`crate::connector::Sink::look`].
    pub(super) async fn look_for(&self, open: &[Write]) -> Result<Vec<Record>, Error> {
        let keys: Vec<Key> = open.iter().filter_map(|write| write.key.clone()).collect();
        self.find_records(&keys).await
    }
}

/// The number in an identifier.
pub(super) fn number(id: &RemoteId) -> Option<i64> {
    id.as_str().parse().ok()
}

/// An address without the characters that stand for others in such a condition.
fn like(address: &str) -> String {
    let mut escaped = String::new();
    for letter in address.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}
