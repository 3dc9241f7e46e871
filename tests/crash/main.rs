//! Nothing lost, nothing doubled: runs killed at every journal point and at random moments, frozen in
//! mid-run, and cut off before and after every request; then run to the end and compared.
//!
//! The quick form is part of `cargo test`. The long form, with its figures on standard output:
//! `CRMSYNC_CRASH=long cargo test --release --test crash -- --nocapture --test-threads 1`.
#![cfg(feature = "sandbox")]
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests; the bench is shared by several of them"
)]

#[path = "../support/bench/mod.rs"]
mod bench;
mod cuts;
mod kills;
mod lid;
mod points;
mod stop;
mod story;
mod undo;
