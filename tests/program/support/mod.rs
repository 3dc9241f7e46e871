//! What the program tests stand on: a sandbox process, a hermetic home, and the program run as a user types it.

mod admin;
mod home;
mod people;

pub use admin::{Counts, Sandbox};
pub use home::{Home, Ran};
pub use people::{edited, emails, group_of, named, person, record, strip};
