//! Whole passes of the real program against the sandbox, each a child process: requests, bytes, wall
//! time, processor time, peak memory, and how far the wall time is from what the APIs allow.
//!
//! `cargo bench --bench passes` runs everything and needs some minutes; with words behind `--` only the
//! cases whose name has them, such as `cargo bench --bench passes -- no-op`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench is a program for whoever works on crmsync"
)]

mod cases;
mod child;
mod service;
mod table;

use cases::{Case, Growth};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("--measure", command)) = arguments.split_first().map(|(a, b)| (a.as_str(), b)) {
        child::measure(command);
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        // `cargo test --all-targets` starts benches too.
        println!("a bench: run it with `cargo bench`");
        return;
    }
    let wanted: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let chosen = |name: &str| wanted.iter().all(|word| name.contains(word.as_str()));
    for case in Case::all() {
        if chosen(case.name) {
            println!("{}", table::line(&case.run()));
        }
    }
    if chosen("growth") {
        for row in Growth::run() {
            println!("{}", table::line(&row));
        }
    }
}
