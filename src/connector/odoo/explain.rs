//! What Odoo's exceptions mean, and what a person can do about each.

use super::wire::Fault;
use crate::connector::http::error;
use crate::connector::{Error, Kind};

/// A failure of this remote, without cause and cure.
pub(super) fn fail(doing: &str, kind: Kind, reason: &str) -> Error {
    error("Odoo", doing, kind, reason)
}

fn with(doing: &str, kind: Kind, reason: &str, hint: &str) -> Error {
    Error {
        hint: Some(hint.to_owned()),
        ..fail(doing, kind, reason)
    }
}

/// A key that is not accepted.
pub(super) fn refused_key(doing: &str) -> Error {
    with(
        doing,
        Kind::Unauthorized,
        "the API key was refused",
        "Keys expire: make a new one in Odoo (My Preferences, Account Security) and store it: crmsync auth crm. \
         With JSON-RPC, check `user` in the profile's [crm] table too.",
    )
}

/// An exception as a failure of the call.
pub(super) fn explain(fault: &Fault, doing: &str) -> Error {
    if fault.is_of_database() {
        return with(
            doing,
            Kind::Unavailable,
            "its database does not answer",
            "Check `database` in the profile's [crm] table; else try again later.",
        );
    }
    match fault.class() {
        "AccessDenied" | "Unauthorized" => refused_key(doing),
        "AccessError" | "Forbidden" => with(
            doing,
            Kind::Forbidden,
            &fault.text(),
            "An administrator grants it to the key's user in Odoo: Settings, Users, Access Rights (Contact Creation).",
        ),
        _ => fail(doing, Kind::Protocol, &fault.text()),
    }
}

/// A status that Odoo's interface does not give.
pub(super) fn misplaced(doing: &str, status: u16) -> Error {
    if status == 404 {
        return with(
            doing,
            Kind::Unknown,
            "there is no Odoo interface at this address",
            "Check `endpoint` and `database` in the profile's [crm] table. On Odoo Online the interface needs a \
             Custom plan.",
        );
    }
    fail(doing, Kind::Protocol, &format!("status {status}"))
}

/// An answer that is no JSON of the expected form: often a login page or a proxy.
pub(super) fn no_sense(doing: &str, text: &str) -> Error {
    with(
        doing,
        Kind::Protocol,
        text,
        "Check that `endpoint` in the profile's [crm] table is Odoo's address and that nothing answers in its \
         place.",
    )
}
