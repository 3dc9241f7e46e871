//! Direct reads: by identifier, by match key, and what an unheard create left.

use std::collections::BTreeSet;

use super::HubSpot;
use super::contacts::One;
use super::convert::{key_of, record};
use crate::connector::{Error, Found};
use crate::mapping::canon;
use crate::model::{Key, Record, RemoteId, Write};

impl HubSpot {
    /// See [`crate::connector::Source::get`]. Only a contact that HubSpot itself shows as deleted is gone.
    pub(super) async fn get_records(&self, ids: &[RemoteId]) -> Result<Vec<Found>, Error> {
        let gear = self.gear()?;
        let texts: Vec<&str> = ids.iter().map(RemoteId::as_str).collect();
        let read = self.many(&gear, &texts).await?;
        let (mut here, mut missing) = (Vec::new(), Vec::new());
        for (id, one) in texts.iter().zip(&read) {
            match one {
                One::Here(contact) | One::Moved(contact) => here.push(contact.id.clone()),
                One::Missing => missing.push(*id),
            }
        }
        let gone = self.archived(&gear, &missing).await?;
        let members = self.members_among(&gear, &here).await?;
        let found = |id: &str, one: One| match one {
            One::Here(contact) => {
                let listed = members.contains(&contact.id);
                Found::Here(Box::new(record(&gear, &contact, listed)))
            }
            One::Moved(contact) => {
                let listed = members.contains(&contact.id);
                Found::Moved(Box::new(record(&gear, &contact, listed)))
            }
            One::Missing if gone.contains(id) => Found::Gone,
            One::Missing => Found::Hidden,
        };
        Ok(texts
            .iter()
            .zip(read)
            .map(|(id, one)| found(id, one))
            .collect())
    }

    /// See [`crate::connector::Source::find`].
    pub(super) async fn find_records(&self, keys: &[Key]) -> Result<Vec<Record>, Error> {
        let gear = self.gear()?;
        let wanted: BTreeSet<&Key> = keys.iter().collect();
        let spellings: Vec<String> = wanted
            .iter()
            .flat_map(|key| canon::spellings(key))
            .collect();
        let spellings: Vec<&str> = spellings.iter().map(String::as_str).collect();
        let mut hits = self.by_addresses(&gear, &spellings).await?;
        // Further addresses are found too; only the first one is the key.
        hits.retain(|contact| key_of(contact).is_some_and(|key| wanted.contains(&key)));
        let ids: Vec<String> = hits.iter().map(|contact| contact.id.clone()).collect();
        let members = self.members_among(&gear, &ids).await?;
        Ok(hits
            .iter()
            .map(|contact| record(&gear, contact, members.contains(&contact.id)))
            .collect())
    }

    /// See [`crate::connector::Sink::look`]. A create that landed may not have got into the list: it is
    /// put there now.
    pub(super) async fn look_for(&self, open: &[Write]) -> Result<Vec<Record>, Error> {
        let keys: Vec<Key> = open.iter().filter_map(|write| write.key.clone()).collect();
        let mut found = self.find_records(&keys).await?;
        let gear = self.gear()?;
        let outside: Vec<&str> = found
            .iter()
            .filter(|record| !record.listed)
            .map(|record| record.id.as_str())
            .collect();
        if let Some(list) = gear.writable().filter(|_| !outside.is_empty()) {
            let missing = self.put_into(list, &outside).await?;
            for record in &mut found {
                record.listed |= !missing.iter().any(|id| id == record.id.as_str());
            }
        }
        Ok(found)
    }
}
