//! Two CRM kinds for the tests of this module: one with keys of every shape, one that takes
//! everybody's `endpoint` in its own way.

use crate::model::{
    KeyInfo, KindInfo, Kinds, Module,
    Presence::{Default, Optional, Required},
    Shape::{Count, Endpoint, Text, Word, Words},
};

const fn acme(
    name: &'static str,
    shape: crate::model::Shape,
    presence: crate::model::Presence,
) -> KeyInfo {
    KeyInfo::of_kind("acme", name, shape, presence, "A key of the first kind.")
}

const ACME: KindInfo = KindInfo {
    name: "acme",
    title: "Acme CRM",
    keys: &[
        acme(
            "crm.module",
            Word(&["Contacts", "Leads", "Vendors"]),
            Default("\"Contacts\""),
        ),
        acme(
            "crm.data_center",
            Word(&["us", "eu", "in", "au", "jp", "ca", "cn", "sa", "uk"]),
            Default("\"us\""),
        ),
        acme("crm.client_id", Text, Optional),
        acme(
            "crm.trigger",
            Words(&["workflow", "approval", "blueprint"]),
            Default("[]"),
        ),
        acme("crm.lanes", Count(1, 25), Default("10")),
        acme("crm.accounts_endpoint", Endpoint, Optional),
    ],
    module: Module::Key("module"),
    place: Some("data_center"),
    list: "list view",
    usual_list: "All Contacts",
    questions: &[],
    page: "docs/first.md",
};

const HOSTED: KindInfo = KindInfo {
    name: "hosted",
    title: "Hosted",
    keys: &[
        KeyInfo::of_kind(
            "hosted",
            "crm.endpoint",
            Endpoint,
            Required,
            "Where the second kind is.",
        ),
        KeyInfo::of_kind(
            "hosted",
            "crm.database",
            Text,
            Required,
            "A key of the second kind.",
        ),
        KeyInfo::of_kind(
            "hosted",
            "crm.lanes",
            Count(1, 2),
            Default("1"),
            "A key that both kinds have.",
        ),
    ],
    module: Module::Fixed("people"),
    place: Some("endpoint"),
    list: "address book",
    usual_list: "Contacts",
    questions: &[],
    page: "docs/second.md",
};

/// Both of them.
pub(super) const KINDS: Kinds = Kinds::new(&[&ACME, &HOSTED], &["acme", "hosted"]);
