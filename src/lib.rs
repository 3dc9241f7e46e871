//! crmsync keeps the contacts of a CRM and of Google Contacts the same.

pub mod auth;
pub mod connector;
pub mod mapping;
pub mod model;
pub mod plan;
pub mod profile;
pub mod run;
pub mod state;
