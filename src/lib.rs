//! crmsync keeps the contacts of a CRM and of Google Contacts the same.

pub mod auth;
pub mod cli;
pub mod connector;
#[cfg(test)]
mod fuzz;
pub mod mapping;
pub mod model;
pub mod plan;
pub mod profile;
pub mod run;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod state;
