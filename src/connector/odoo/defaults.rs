//! The mapping that a profile has when it names none.

use crate::connector::DefaultPair;

const PAIRS: &[(&str, &str)] = &[
    ("email", "email.work"),
    ("name.given", "name.given"),
    ("name.family", "name.family"),
    // Of an add-on; where these are there, the halves of the name are not.
    ("firstname", "name.given"),
    ("lastname", "name.family"),
    ("phone", "phone.work"),
    ("mobile", "phone.mobile"),
    ("function", "organization.title"),
    ("parent_id", "organization.name"),
    ("street", "address.work.street"),
    ("street2", "address.work.extended"),
    ("city", "address.work.city"),
    ("state_id", "address.work.region"),
    ("zip", "address.work.postcode"),
    ("country_id", "address.work.country"),
    ("comment", "note"),
];

/// The default mapping; a field that the installation lacks is left out by the caller. References to
/// other records and notes, which Odoo keeps as HTML, are not written.
#[must_use]
pub fn default_mapping() -> Vec<DefaultPair> {
    PAIRS
        .iter()
        .map(|&(crm, google)| DefaultPair {
            crm,
            google,
            key: crm == "email",
            to_google_only: crm.ends_with("_id") || crm == "comment",
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
        let mut pairs = default_mapping();
        pairs.retain(|pair| !["firstname", "lastname"].contains(&pair.crm));
        let slots: BTreeSet<_> = pairs.iter().map(|pair| pair.google).collect();
        let fields: BTreeSet<_> = pairs.iter().map(|pair| pair.crm).collect();
        assert_eq!((slots.len(), fields.len()), (pairs.len(), pairs.len()));
        assert!(pairs.iter().all(|pair| Path::parse(pair.google).is_ok()));
        assert_eq!(pairs.iter().filter(|pair| pair.key).count(), 1);
    }
}
