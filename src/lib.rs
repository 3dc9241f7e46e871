//! crmsync.

#[cfg(feature = "sandbox")]
pub mod sandbox;
