//! `auth`, `auth status` and `deactivate` as a user types them, against the sandbox as a child process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "tests"
)]

#[path = "../program/support/admin.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod admin;
mod support;

mod crm;
mod deactivate;
mod disk;
mod google;
mod google_bad;
mod secrets;
mod status;
mod terminal;
