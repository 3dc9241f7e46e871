//! The mapping that a profile has when it names none.

use crate::connector::DefaultPair;

const PAIRS: &[(&str, &str)] = &[
    ("email", "email.work"),
    ("firstname", "name.given"),
    ("lastname", "name.family"),
    ("phone", "phone.work"),
    ("mobilephone", "phone.mobile"),
    ("fax", "phone.workFax"),
    ("company", "organization.name"),
    ("jobtitle", "organization.title"),
    ("address", "address.work.street"),
    ("city", "address.work.city"),
    ("state", "address.work.region"),
    ("zip", "address.work.postcode"),
    ("country", "address.work.country"),
    ("website", "url.work"),
];

/// The default mapping; a property that the account lacks is left out by the caller. HubSpot keeps notes
/// as records of their own, and the day of birth as a text of any form, so neither is here.
#[must_use]
pub fn default_mapping() -> Vec<DefaultPair> {
    PAIRS
        .iter()
        .map(|&(crm, google)| DefaultPair {
            crm,
            google,
            key: crm == "email",
            to_google_only: false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::mapping::Path;

    #[test]
    fn every_default_is_a_path_used_once_with_one_key() {
        let pairs = default_mapping();
        let slots: BTreeSet<_> = pairs.iter().map(|pair| pair.google).collect();
        let fields: BTreeSet<_> = pairs.iter().map(|pair| pair.crm).collect();
        assert_eq!((slots.len(), fields.len()), (pairs.len(), pairs.len()));
        assert!(pairs.iter().all(|pair| Path::parse(pair.google).is_ok()));
        assert_eq!(pairs.iter().filter(|pair| pair.key).count(), 1);
    }
}
