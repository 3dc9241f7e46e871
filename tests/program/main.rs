//! `sync` and `status` as a user types them, against the sandbox: output, exit codes, files, requests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod brakes;
mod care;
mod deletes;
mod dry;
mod errors;
mod errors_state;
mod failing;
mod faults;
mod flips;
mod guards;
mod json;
mod limits;
mod lists;
mod quiet;
mod redact;
mod rematch;
mod requests;
mod rules;
mod status;
mod stop;
mod support;
mod undo;
mod undo_errors;
