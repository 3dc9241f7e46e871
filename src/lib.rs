//! crmsync keeps the contacts of a CRM and of Google Contacts the same.

pub mod connector;
pub mod mapping;
pub mod model;
#[cfg(feature = "sandbox")]
pub mod sandbox;
