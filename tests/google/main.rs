//! The Google connector against the simulated People API: reading, writing, and everything that
//! goes wrong in between.
#![cfg(feature = "sandbox")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod changes;
mod creates;
mod reads;
mod support;
