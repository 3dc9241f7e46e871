//! Who is in the two books: the evidence behind each promise.

use std::collections::BTreeMap;

use serde_json::Value;

use super::stage::Stage;

/// How often each address stands in each book, by the field that people are matched by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proof {
    google: BTreeMap<String, usize>,
    crm: BTreeMap<String, usize>,
    google_records: usize,
    crm_records: usize,
    /// Every stored value, so that two proofs are equal only when nothing was touched.
    fingerprint: u64,
}

impl Proof {
    /// Counts both books as they are now.
    pub(super) fn take(stage: &Stage<'_>) -> Self {
        let (google, crm) = stage.books();
        let mut proof = Self {
            google_records: google.len(),
            crm_records: crm.len(),
            ..Self::default()
        };
        for person in &google {
            if let Some(address) = work_address(person) {
                *proof.google.entry(address).or_default() += 1;
            }
            proof.mix(person);
        }
        for record in &crm {
            if let Some(address) = record["Email"].as_str() {
                *proof.crm.entry(address.to_lowercase()).or_default() += 1;
            }
            proof.mix(record);
        }
        proof
    }

    fn mix(&mut self, value: &Value) {
        // FNV-1a over the text; the order of the books is fixed.
        for byte in value.to_string().bytes() {
            self.fingerprint ^= u64::from(byte);
            self.fingerprint = self.fingerprint.wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// How many addresses stand in both books.
    pub(super) fn on_both(&self) -> usize {
        self.google
            .keys()
            .filter(|address| self.crm.contains_key(*address))
            .count()
    }

    /// How often an address stands in Google.
    pub(super) fn google(&self, address: &str) -> usize {
        self.google.get(address).copied().unwrap_or(0)
    }

    /// Addresses that stand more often in a book than they did before and more than once.
    pub(super) fn doubled_since(&self, before: &Self) -> usize {
        let more = |now: &BTreeMap<String, usize>, then: &BTreeMap<String, usize>| {
            now.iter()
                .filter(|(address, count)| {
                    **count > 1 && **count > then.get(*address).copied().unwrap_or(0)
                })
                .count()
        };
        more(&self.google, &before.google) + more(&self.crm, &before.crm)
    }

    /// Addresses that stood in a book before and do not now.
    pub(super) fn lost_since(&self, before: &Self) -> usize {
        let gone = |now: &BTreeMap<String, usize>, then: &BTreeMap<String, usize>| {
            then.keys()
                .filter(|address| !now.contains_key(*address))
                .count()
        };
        gone(&self.google, &before.google) + gone(&self.crm, &before.crm)
    }

    /// How many records each book holds.
    pub(super) fn records(&self) -> (usize, usize) {
        (self.google_records, self.crm_records)
    }
}

fn work_address(person: &Value) -> Option<String> {
    person["emailAddresses"]
        .as_array()?
        .iter()
        .find(|address| address["type"] == "work")?["value"]
        .as_str()
        .map(str::to_lowercase)
}
