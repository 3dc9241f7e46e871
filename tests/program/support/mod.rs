//! What the program tests stand on: a sandbox process, a hermetic home, and the program run as a user types it.

mod admin;
mod home;
mod people;

pub(crate) use admin::Sandbox;
pub(crate) use home::{Home, Ran};
pub(crate) use people::{emails, fresh, group_of, named, person, record};
