//! The fields that every card has, and the mapping that a profile has when it names none.

use std::collections::BTreeSet;

use super::slot::{ADDRESS, NAME, Slot, Sort};
use crate::connector::DefaultPair;
use crate::model::{FieldInfo, FieldKind};

/// Fields with one place each, and what people call them.
const PLAIN: &[(&str, &str)] = &[
    ("EMAIL", "E-mail"),
    ("EMAIL.work", "E-mail (work)"),
    ("EMAIL.home", "E-mail (home)"),
    ("EMAIL.other", "E-mail (other)"),
    ("FN", "Display name"),
    ("NICKNAME", "Nickname"),
    ("ORG.name", "Organisation"),
    ("ORG.unit", "Organisational unit"),
    ("TITLE", "Job title"),
    ("ROLE", "Role"),
    ("TEL", "Phone"),
    ("TEL.work", "Phone (work)"),
    ("TEL.home", "Phone (home)"),
    ("TEL.cell", "Mobile phone"),
    ("TEL.fax", "Fax"),
    ("TEL.home_fax", "Fax (home)"),
    ("TEL.pager", "Pager"),
    ("TEL.other", "Phone (other)"),
    ("URL", "Web page"),
    ("URL.work", "Web page (work)"),
    ("URL.home", "Web page (home)"),
    ("URL.other", "Web page (other)"),
    ("IMPP", "Instant messaging"),
    ("BDAY", "Birthday"),
    ("ANNIVERSARY", "Anniversary"),
    ("NOTE", "Note"),
];

/// The default pairs: the field, the Google path. The first is the match key.
const DEFAULTS: &[(&str, &str)] = &[
    ("EMAIL", "email.work"),
    ("N.given", "name.given"),
    ("N.family", "name.family"),
    ("N.additional", "name.middle"),
    ("N.prefix", "name.prefix"),
    ("N.suffix", "name.suffix"),
    ("NICKNAME", "nickname"),
    ("EMAIL.home", "email.home"),
    ("EMAIL.other", "email.other"),
    ("TEL.work", "phone.work"),
    ("TEL.cell", "phone.mobile"),
    ("TEL.home", "phone.home"),
    ("TEL.fax", "phone.workFax"),
    ("TEL.other", "phone.other"),
    ("ORG.name", "organization.name"),
    ("ORG.unit", "organization.department"),
    ("TITLE", "organization.title"),
    ("ADR.work.street", "address.work.street"),
    ("ADR.work.city", "address.work.city"),
    ("ADR.work.region", "address.work.region"),
    ("ADR.work.postcode", "address.work.postcode"),
    ("ADR.work.country", "address.work.country"),
    ("ADR.home.street", "address.home.street"),
    ("ADR.home.city", "address.home.city"),
    ("ADR.home.region", "address.home.region"),
    ("ADR.home.postcode", "address.home.postcode"),
    ("ADR.home.country", "address.home.country"),
    ("URL", "url.work"),
    ("BDAY", "birthday"),
    ("NOTE", "note"),
];

/// The default mapping.
#[must_use]
pub fn default_mapping() -> Vec<DefaultPair> {
    DEFAULTS
        .iter()
        .enumerate()
        .map(|(at, (crm, google))| DefaultPair {
            crm,
            google,
            key: at == 0,
            to_google_only: false,
        })
        .collect()
}

/// Every field: those of all cards, and what the profile's mapping and the cards name beyond them.
pub(super) fn all(more: impl IntoIterator<Item = String>) -> Vec<FieldInfo> {
    let mut fields: Vec<FieldInfo> = PLAIN
        .iter()
        .filter_map(|(name, label)| Some(info(&Slot::parse(name)?, label)))
        .collect();
    for (part, label) in NAME.into_iter().enumerate().zip([
        "Family name",
        "Given name",
        "Additional names",
        "Name prefix",
        "Name suffix",
    ]) {
        fields.push(info(&Slot::Name(part.0), label));
    }
    for kind in ["work", "home", "other"] {
        for (part, name) in ADDRESS.into_iter().enumerate() {
            let slot = Slot::Address(Sort::Typed(kind.to_owned()), part);
            fields.push(info(
                &slot,
                &format!("Address ({kind}): {}", name.replace('_', " ")),
            ));
        }
    }
    let known: BTreeSet<String> = fields.iter().map(|field| field.name.clone()).collect();
    let more: BTreeSet<String> = more
        .into_iter()
        .filter(|name| !known.contains(name))
        .collect();
    fields.extend(
        more.iter()
            .filter_map(|name| Some(info(&Slot::parse(name)?, name))),
    );
    fields
}

fn info(slot: &Slot, label: &str) -> FieldInfo {
    let kind = match slot {
        Slot::Date(_) => FieldKind::Date,
        Slot::Single("NOTE") => FieldKind::Multiline,
        Slot::Listed("EMAIL", _) => FieldKind::Email,
        Slot::Listed("TEL", _) => FieldKind::Phone,
        Slot::Listed("URL" | "IMPP", _) => FieldKind::Url,
        Slot::Address(_, part) if ADDRESS.get(*part) == Some(&"street") => FieldKind::Multiline,
        Slot::Formatted
        | Slot::Name(_)
        | Slot::Org(_)
        | Slot::Single(_)
        | Slot::Listed(..)
        | Slot::Address(..)
        | Slot::Extra(_) => FieldKind::Text,
    };
    FieldInfo {
        name: slot.to_string(),
        label: label.to_owned(),
        kind,
        native_type: slot.property().to_owned(),
        max_length: None,
        creatable: true,
        updatable: true,
        required: false,
        custom: matches!(slot, Slot::Extra(_)),
        hidden: false,
        choices: Vec::new(),
    }
}
