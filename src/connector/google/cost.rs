//! What calls cost of Google's budgets of a minute.

use crate::connector::http::Cost;

/// What a call takes out of the critical budgets of a minute, by Google's table of costs. Label
/// changes are counted with the writes.
pub(super) fn of(call: &str) -> Cost {
    let (reads, writes) = match call {
        "people.batchCreateContacts" | "people.batchUpdateContacts" => (6, 6),
        "people.batchDeleteContacts" => (0, 10),
        "people.deleteContact" | "contactGroups.create" | "contactGroups.members.modify" => (0, 1),
        _ => (1, 0),
    };
    Cost { reads, writes }
}
