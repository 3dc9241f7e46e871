//! The mapping that a profile has when it names none, per module.

use crate::connector::DefaultPair;

const CONTACTS: &[(&str, &str)] = &[
    ("Email", "email.work"),
    ("First_Name", "name.given"),
    ("Last_Name", "name.family"),
    ("Phone", "phone.work"),
    ("Mobile", "phone.mobile"),
    ("Home_Phone", "phone.home"),
    ("Fax", "phone.workFax"),
    ("Secondary_Email", "email.home"),
    ("Title", "organization.title"),
    ("Department", "organization.department"),
    ("Account_Name", "organization.name"),
    ("Mailing_Street", "address.work.street"),
    ("Mailing_City", "address.work.city"),
    ("Mailing_State", "address.work.region"),
    ("Mailing_Zip", "address.work.postcode"),
    ("Mailing_Country", "address.work.country"),
    ("Other_Street", "address.home.street"),
    ("Other_City", "address.home.city"),
    ("Other_State", "address.home.region"),
    ("Other_Zip", "address.home.postcode"),
    ("Other_Country", "address.home.country"),
    ("Date_of_Birth", "birthday"),
    ("Description", "note"),
];

const LEADS: &[(&str, &str)] = &[
    ("Email", "email.work"),
    ("First_Name", "name.given"),
    ("Last_Name", "name.family"),
    ("Phone", "phone.work"),
    ("Mobile", "phone.mobile"),
    ("Fax", "phone.workFax"),
    ("Secondary_Email", "email.home"),
    ("Company", "organization.name"),
    ("Designation", "organization.title"),
    ("Website", "url.work"),
    ("Street", "address.work.street"),
    ("City", "address.work.city"),
    ("State", "address.work.region"),
    ("Zip_Code", "address.work.postcode"),
    ("Country", "address.work.country"),
    ("Description", "note"),
];

const VENDORS: &[(&str, &str)] = &[
    ("Email", "email.work"),
    ("Vendor_Name", "organization.name"),
    ("Phone", "phone.work"),
    ("Website", "url.work"),
    ("Street", "address.work.street"),
    ("City", "address.work.city"),
    ("State", "address.work.region"),
    ("Zip_Code", "address.work.postcode"),
    ("Country", "address.work.country"),
    ("Description", "note"),
];

/// The default mapping of a module; a field that the module lacks is left out by the caller. An
/// unknown module has the mapping of Contacts.
#[must_use]
pub fn default_mapping(module: &str) -> Vec<DefaultPair> {
    let pairs = match module {
        "Leads" => LEADS,
        "Vendors" => VENDORS,
        _ => CONTACTS,
    };
    pairs
        .iter()
        .map(|&(crm, google)| DefaultPair {
            crm,
            google,
            key: crm == "Email",
            to_google_only: crm == "Account_Name",
        })
        .collect()
}

/// The field that a module's records cannot be without, and that the planner fills.
pub(super) fn name_field(module: &str) -> &'static str {
    if module == "Vendors" {
        "Vendor_Name"
    } else {
        "Last_Name"
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::mapping::Path;

    #[test]
    fn every_default_is_a_path_used_once_with_one_key() {
        for module in ["Contacts", "Leads", "Vendors"] {
            let pairs = default_mapping(module);
            let slots: BTreeSet<_> = pairs.iter().map(|pair| pair.google).collect();
            let fields: BTreeSet<_> = pairs.iter().map(|pair| pair.crm).collect();
            assert_eq!(slots.len(), pairs.len(), "{module}");
            assert_eq!(fields.len(), pairs.len(), "{module}");
            assert!(
                pairs.iter().all(|pair| Path::parse(pair.google).is_ok()),
                "{module}"
            );
            assert_eq!(pairs.iter().filter(|pair| pair.key).count(), 1, "{module}");
            assert!(fields.contains(name_field(module)), "{module}");
        }
    }
}
