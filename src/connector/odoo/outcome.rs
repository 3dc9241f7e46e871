//! What Odoo's answers to a write mean for the contacts in it.

use super::Odoo;
use super::explain::explain;
use super::wire::Fault;
use crate::connector::http::SendError;
use crate::connector::{Error, Whole};
use crate::model::{Outcome, Refusal};

/// A write that Odoo does not take, with its own words.
pub(super) fn refused(fault: &Fault) -> Outcome {
    let (reason, hint) = match fault.class() {
        "ValidationError" | "UserError" | "RedirectWarning" => (
            format!("Odoo refuses: {}", fault.text()),
            "Correct the contact, or the rule in Odoo that is in the way.",
        ),
        class => (
            format!(
                "Odoo cannot process this contact ({class}: {})",
                fault.text()
            ),
            "Look into Odoo's log; an add-on may be in the way.",
        ),
    };
    Outcome::Rejected(Refusal {
        field: None,
        reason,
        hint: hint.to_owned(),
    })
}

pub(super) fn rejected(reason: &str, hint: &str) -> Outcome {
    Outcome::Rejected(Refusal {
        field: None,
        reason: reason.to_owned(),
        hint: hint.to_owned(),
    })
}

/// What an answer to a write came to, when it is no success.
pub(super) enum Setback {
    /// Odoo does not take it, as this outcome says; nothing was changed.
    Refused(Outcome),
    /// Nothing was changed and nothing more can be sent.
    Stopped(Error),
    /// Nobody knows.
    Unknown(Error),
}

impl Setback {
    /// The setback of a batch.
    pub(super) fn of_batch(self) -> Whole {
        match self {
            Self::Refused(outcome) => Whole::Refused(outcome),
            Self::Stopped(error) => Whole::Stopped(error),
            Self::Unknown(error) => Whole::Unknown(error),
        }
    }
}

impl Odoo {
    /// Sorts out what a call that was not carried out means. A right that is missing for one
    /// contact is missing for all, unless a rule hides only some.
    pub(super) async fn setback(
        &self,
        sent: Result<Fault, SendError>,
        operation: &str,
        doing: &str,
    ) -> Setback {
        let fault = match sent {
            Ok(fault) => fault,
            Err(SendError::Failed(error)) => return Setback::Stopped(error),
            Err(SendError::Uncertain(error)) => return Setback::Unknown(error),
        };
        if fault.is_of_database() {
            return Setback::Stopped(explain(&fault, doing));
        }
        match fault.class() {
            // Whoever reads it again finds out whether it is gone.
            "MissingError" => Setback::Refused(Outcome::Stale),
            "AccessError" | "Forbidden" => match self.may(operation).await {
                Ok(true) => Setback::Refused(Outcome::Denied {
                    reason: fault.text(),
                }),
                Ok(false) => Setback::Stopped(explain(&fault, doing)),
                Err(error) => Setback::Stopped(error),
            },
            _ => Setback::Refused(refused(&fault)),
        }
    }
}
