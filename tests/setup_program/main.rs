//! `configure`, `map-fields` and the schedule as a user types them: at a terminal and without one,
//! against the simulated services, in a home directory of their own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod configure;
mod map_fields;
mod newcomer;
mod schedule;
mod support;
mod terminal;
