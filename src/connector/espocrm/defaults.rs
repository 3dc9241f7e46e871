//! The mapping that a profile has when it names none.

use crate::connector::DefaultPair;

const PAIRS: &[(&str, &str)] = &[
    ("emailAddress", "email.work"),
    ("firstName", "name.given"),
    ("lastName", "name.family"),
    ("phoneNumber.Office", "phone.work"),
    ("phoneNumber.Mobile", "phone.mobile"),
    ("phoneNumber.Home", "phone.home"),
    ("phoneNumber.Fax", "phone.workFax"),
    ("title", "organization.title"),
    ("account", "organization.name"),
    ("addressStreet", "address.work.street"),
    ("addressCity", "address.work.city"),
    ("addressState", "address.work.region"),
    ("addressPostalCode", "address.work.postcode"),
    ("addressCountry", "address.work.country"),
    ("description", "note"),
];

/// The default mapping; a field that the installation lacks is left out by the caller. The title is
/// part of the link to the account, which is not written.
#[must_use]
pub fn default_mapping() -> Vec<DefaultPair> {
    PAIRS
        .iter()
        .map(|&(crm, google)| DefaultPair {
            crm,
            google,
            key: crm == "emailAddress",
            to_google_only: matches!(crm, "account" | "title"),
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
