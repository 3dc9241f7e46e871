//! `sync` and `status` as a user types them, against the sandbox: output, exit codes, files, requests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod care;
mod rematch;
mod requests;
mod support;
