//! crmsync.
