//! What Google would store: the fields it offers, and what it would refuse.

use super::slots::parse_date;
use crate::mapping::{AddressPart, Mapping, NamePart, OrganizationPart, Path};
use crate::model::{Change, Field, FieldInfo, FieldKind, Refusal, Value};

/// The most characters in a field; notes are free of it (Google's help page on contact limits).
const MOST: u32 = 1024;

/// Whether Google would store the values that a change brings.
pub(super) fn vet(mapping: &Mapping, change: &Change) -> Result<(), Refusal> {
    let mut values: Vec<(Field, &Value)> = Vec::new();
    match change {
        Change::Create { fields, .. } => {
            values.extend(fields.iter().map(|(field, value)| (*field, value)));
        }
        Change::Update { patch, .. } => {
            values.extend(
                patch
                    .iter()
                    .filter_map(|(field, swap)| Some((*field, swap.to.as_ref()?))),
            );
        }
        Change::Delete { .. }
        | Change::Group { .. }
        | Change::Ungroup { .. }
        | Change::Archive { .. }
        | Change::Unarchive { .. } => {}
    }
    for (field, value) in values {
        let Some(pair) = mapping.pair(field) else {
            continue;
        };
        let refuse = |reason: String, hint: &str| {
            Err(Refusal {
                field: Some(field),
                reason,
                hint: hint.to_owned(),
            })
        };
        let length = value.text.chars().count();
        if pair.google != Path::Note && length > MOST as usize {
            return refuse(
                format!(
                    "`{}` would have {length} characters, Google stores {MOST}",
                    pair.google
                ),
                "Shorten the value in the CRM, or map the field to `note`.",
            );
        }
        if pair.google.kind() == FieldKind::Date && parse_date(&value.text).is_none() {
            return no_date(field, &pair.google);
        }
    }
    Ok(())
}

/// The refusal of something that is no full date.
pub(super) fn no_date(field: Field, path: &Path) -> Result<(), Refusal> {
    Err(Refusal {
        field: Some(field),
        reason: format!("`{path}` takes a full date (YYYY-MM-DD)"),
        hint: "Correct the date in the CRM.".to_owned(),
    })
}

/// Every slot with its usual types; the user's own types and keys can be mapped as well.
pub(super) fn fields() -> Vec<FieldInfo> {
    let typed = |make: fn(Option<String>) -> Path, types: &[&str]| -> Vec<Path> {
        types
            .iter()
            .map(|kind| make(Some((*kind).to_owned())))
            .collect()
    };
    let mut paths: Vec<Path> = NamePart::ALL
        .iter()
        .map(|(part, _)| Path::Name(*part))
        .collect();
    paths.push(Path::Nickname);
    paths.extend(typed(Path::Email, &["work", "home", "other"]));
    paths.extend(typed(
        Path::Phone,
        &[
            "work",
            "mobile",
            "home",
            "main",
            "workFax",
            "homeFax",
            "otherFax",
            "pager",
            "workMobile",
            "workPager",
            "other",
        ],
    ));
    for kind in ["work", "home", "other"] {
        paths.extend(
            AddressPart::ALL
                .iter()
                .map(|(part, _)| Path::Address(Some(kind.to_owned()), *part)),
        );
    }
    paths.extend(
        OrganizationPart::ALL
            .iter()
            .map(|(part, _)| Path::Organization(*part)),
    );
    paths.extend(typed(
        Path::Url,
        &["work", "homePage", "profile", "blog", "other"],
    ));
    paths.extend(typed(Path::Im, &["work", "home", "other"]));
    paths.extend(typed(
        Path::Relation,
        &["assistant", "manager", "spouse", "partner", "referredBy"],
    ));
    paths.extend(typed(Path::Event, &["anniversary", "other"]));
    paths.extend([Path::Birthday, Path::Note]);
    paths.extend(typed(
        Path::ExternalId,
        &["account", "customer", "organization", "network", "loginId"],
    ));
    paths.iter().map(field).collect()
}

fn field(path: &Path) -> FieldInfo {
    FieldInfo {
        name: path.to_string(),
        label: label(path),
        kind: path.kind(),
        native_type: super::slots::Slot::of(path).list.to_owned(),
        max_length: (*path != Path::Note).then_some(MOST),
        creatable: true,
        updatable: true,
        required: false,
        custom: false,
        hidden: false,
        choices: Vec::new(),
    }
}

fn label(path: &Path) -> String {
    let typed = |what: &str, kind: &Option<String>| match kind {
        Some(kind) => format!("{what} ({kind})"),
        None => what.to_owned(),
    };
    match path {
        Path::Name(NamePart::Given) => "First name".to_owned(),
        Path::Name(NamePart::Family) => "Last name".to_owned(),
        Path::Name(NamePart::Middle) => "Middle name".to_owned(),
        Path::Name(NamePart::Prefix) => "Prefix".to_owned(),
        Path::Name(NamePart::Suffix) => "Suffix".to_owned(),
        Path::Nickname => "Nickname".to_owned(),
        Path::Email(kind) => typed("E-mail", kind),
        Path::Phone(kind) => typed("Phone", kind),
        Path::Url(kind) => typed("Website", kind),
        Path::Im(kind) => typed("Chat", kind),
        Path::Relation(kind) => typed("Related person", kind),
        Path::Event(kind) => typed("Significant date", kind),
        Path::ExternalId(kind) => typed("External ID", kind),
        Path::Address(kind, part) => typed(address_label(*part), kind),
        Path::Organization(OrganizationPart::Name) => "Company".to_owned(),
        Path::Organization(OrganizationPart::Title) => "Job title".to_owned(),
        Path::Organization(OrganizationPart::Department) => "Department".to_owned(),
        Path::Birthday => "Birthday".to_owned(),
        Path::Note => "Notes".to_owned(),
        Path::Custom(key) => format!("Custom field `{key}`"),
    }
}

fn address_label(part: AddressPart) -> &'static str {
    match part {
        AddressPart::Street => "Street address",
        AddressPart::Extended => "Street address line 2",
        AddressPart::City => "City",
        AddressPart::Region => "State or province",
        AddressPart::Postcode => "Postal code",
        AddressPart::Country => "Country",
        AddressPart::CountryCode => "Country code",
        AddressPart::PoBox => "PO box",
    }
}
