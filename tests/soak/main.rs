//! A long life of two address books: random edits, deletes, merges, list changes, clocks, faults and
//! kills, round after round; after each settled round both sides are compared with an oracle that
//! knows the rules of `docs/sync-model.md` and nothing of the program.
//!
//! The quick form is part of `cargo test`. The long form, with its figures on standard output:
//! `CRMSYNC_SOAK=1000 cargo test --release --test soak -- --nocapture` (the number is of runs).
//! `CRMSYNC_SOAK_SEED=7` runs the worlds of another seed.
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

mod acts;
#[path = "../support/bench/mod.rs"]
mod bench;
mod compare;
mod life;
mod oracle;
mod undo;
