//! What makes the next run a re-match (rule 10 of `docs/sync-model.md`).

use sha2::{Digest, Sha256};

use super::Profile;
use super::build::{DIRECTION, word_of};
use crate::mapping::{Mapping, Pair};

/// A hash of the account, the group, the CRM, its module and view, the direction and the mapping
/// in use, as 64 hexadecimal digits: when it changes, the next run is a re-match. The order of the
/// pairs, limits, frequency and everything else that does not change what is compared leave it
/// alone. The text that is hashed is fixed here, so that no library's version changes it.
#[must_use]
pub fn fingerprint(profile: &Profile, mapping: &Mapping) -> String {
    let mut pairs: Vec<String> = mapping
        .pairs
        .iter()
        .map(|pair| line(pair, mapping))
        .collect();
    pairs.sort();
    let account = profile.google.account.as_deref().unwrap_or_default();
    let direction = word_of(&DIRECTION, profile.sync.direction).unwrap_or_default();
    let rows = [
        ("account", account),
        ("group", &profile.google.group),
        ("kind", profile.crm.kind.name),
        ("module", profile.crm.module()),
        ("view", &profile.crm.view),
        ("direction", direction),
    ];
    let rows = rows
        .into_iter()
        .chain(pairs.iter().map(|pair| ("map", pair.as_str())))
        // The length in front keeps two neighbouring values apart, whatever is in them.
        .map(|(name, value)| format!("{name} {} {value}\n", value.len()));
    let text: Vec<String> = std::iter::once("crmsync profile 1\n".to_owned())
        .chain(rows)
        .collect();
    format!("{:x}", Sha256::digest(text.concat()))
}

fn line(pair: &Pair, mapping: &Mapping) -> String {
    let flag = |set: bool, word: &'static str| if set { word } else { "" };
    format!(
        "{}{}{}{}",
        Pair::name(&pair.crm, &pair.google),
        flag(pair.field == mapping.key, " key"),
        flag(pair.to.google, " to-google"),
        flag(pair.to.crm, " to-crm"),
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::path::Path as FilePath;

    use super::*;
    use crate::mapping::Path;
    use crate::model::{Field, Sides};
    use crate::profile::testing::KINDS;

    fn profile(change: impl Fn(&str) -> String) -> Profile {
        let text = "[sync]\nnext_limit = 500\ndirection = \"two-way\"\n[google]\naccount = \"me@example.com\"\ngroup = \"CRM\"\n[crm]\nkind = \"acme\"\nview = \"All\"\nmodule = \"Contacts\"\n";
        Profile::parse(KINDS, "sales", FilePath::new("sales.toml"), &change(text)).unwrap()
    }

    fn same(text: &str) -> String {
        text.to_owned()
    }

    fn mapping() -> Mapping {
        let pair = |field, crm: &str, google: &str| Pair {
            field: Field(field),
            crm: crm.to_owned(),
            google: Path::parse(google).unwrap(),
            to: Sides {
                google: true,
                crm: true,
            },
        };
        Mapping {
            pairs: vec![
                pair(1, "Email", "email.work"),
                pair(2, "Phone", "phone.work"),
            ],
            key: Field(1),
            region: None,
        }
    }

    #[test]
    fn it_is_the_same_for_ever() {
        assert_eq!(
            fingerprint(&profile(same), &mapping()),
            "d452b7a673e900c5a5d4d308d30715a39394f2c6625fa24cb4c67a973313eca3"
        );
    }

    #[test]
    fn what_is_compared_changes_it() {
        let before = fingerprint(&profile(same), &mapping());
        for (from, to) in [
            ("me@", "you@"),
            ("\"CRM\"", "\"CRM2\""),
            ("\"All\"", "\"Mine\""),
            ("\"Contacts\"", "\"Leads\""),
            ("two-way", "crm-to-google"),
        ] {
            assert_ne!(
                fingerprint(&profile(|text| text.replace(from, to)), &mapping()),
                before,
                "{to}"
            );
        }
        let changes: [fn(&mut Mapping); 4] = [
            |mapping| mapping.key = Field(2),
            |mapping| mapping.pairs[1].to.crm = false,
            |mapping| mapping.pairs[1].crm = "Mobile".to_owned(),
            |mapping| mapping.pairs.truncate(1),
        ];
        for change in changes {
            let mut other = mapping();
            change(&mut other);
            assert_ne!(fingerprint(&profile(same), &other), before);
        }
    }

    #[test]
    fn limits_names_and_order_leave_it_alone() {
        let before = fingerprint(&profile(same), &mapping());
        let limit = profile(|text| text.replace("500", "7"));
        assert_eq!(fingerprint(&limit, &mapping()), before);
        let mut turned = mapping();
        turned.pairs.reverse();
        turned.region = Some("DE".to_owned());
        assert_eq!(fingerprint(&profile(same), &turned), before);
    }
}
