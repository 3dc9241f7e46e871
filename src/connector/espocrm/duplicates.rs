//! EspoCRM refuses a create that looks like a contact it has, and sends that contact along. It finds
//! equal addresses and equal names alike; only the address makes two records one contact.

use super::Espo;
use super::api;
use super::find::key_of;
use super::gear::Gear;
use super::numbers::has_address;
use super::read::One;
use super::wire::Row;
use crate::connector::Error;
use crate::model::{Key, Outcome, Refusal, RemoteId};

/// What the look-alikes of a refused create turned out to be.
pub(super) enum Alike {
    /// Other people of the same name: the create may be repeated without the check.
    Others,
    /// The outcome of the create.
    Settled(Outcome),
}

impl Espo {
    /// Finds out who the look-alikes are.
    pub(super) async fn alike(
        &self,
        gear: &Gear,
        key: Option<&Key>,
        rows: &[Row],
    ) -> Result<Alike, Error> {
        let ids: Vec<&str> = rows.iter().filter_map(api::id).collect();
        let Some(key) = key else {
            return Ok(settled(
                None,
                format!(
                    "EspoCRM has a contact of the same name ({}), and without an e-mail address nobody can \
                     tell whether it is the same person",
                    ids.join(", ")
                ),
                "Give the contact an e-mail address, on both sides if it is the same person.",
            ));
        };
        let same = rows.iter().find(|row| key_of(row).as_ref() == Some(key));
        if let Some(id) = same.and_then(api::id) {
            return Ok(duplicate(id));
        }
        if ids.is_empty() || ids.len() < rows.len() {
            return Ok(settled(
                Some(gear),
                "EspoCRM has a contact that looks the same and does not say which".to_owned(),
                "Look for it in EspoCRM and merge the two.",
            ));
        }
        for id in ids {
            match self.one(id).await? {
                One::Here(row) if key_of(&row).as_ref() == Some(key) => return Ok(duplicate(id)),
                One::Here(row) if has_address(&row, key.as_str()) => {
                    return Ok(settled(
                        Some(gear),
                        format!(
                            "another contact in EspoCRM ({id}) has this address as a further one"
                        ),
                        "Make it that contact's first address in EspoCRM, or take it off there.",
                    ));
                }
                One::Here(_) | One::Gone => {}
                One::Hidden => {
                    return Ok(settled(
                        Some(gear),
                        format!(
                            "EspoCRM has a contact that looks the same ({id}) and that the user may not read"
                        ),
                        "Give the API user's role the level `all` for reading contacts.",
                    ));
                }
            }
        }
        Ok(Alike::Others)
    }
}

fn duplicate(id: &str) -> Alike {
    Alike::Settled(Outcome::Duplicate {
        of: RemoteId::from(id),
    })
}

fn settled(gear: Option<&Gear>, reason: String, hint: &str) -> Alike {
    Alike::Settled(Outcome::Rejected(Refusal {
        field: gear.map(|gear| gear.mapping.key),
        reason,
        hint: hint.to_owned(),
    }))
}
