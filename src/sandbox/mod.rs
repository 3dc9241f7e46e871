//! The simulated services.

pub mod faults;
pub mod http;
pub mod zoho;
