//! Whole passes of the real program against the sandbox, each a child process: requests, bytes, wall
//! time, processor time, peak memory, and how far the wall time is from what the APIs allow.
//!
//! `cargo bench --bench passes` runs everything and needs a quarter of an hour; with words behind `--` only
//! the cases whose name has them, such as `cargo bench --bench passes -- no-op`. With `-- --docs` the
//! figures go into docs/performance.md and docs/growth.svg.
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
mod compare;
mod plot;
mod service;
mod table;

use std::path::Path;

use cases::Case;

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
    let mut rows = Vec::new();
    for case in Case::all() {
        if chosen(case.name) && (!case.large || !wanted.is_empty()) {
            let row = case.run();
            println!("{}", table::line(&row));
            rows.push(row);
        }
    }
    let pairs = chosen("script").then(compare::run).flatten();
    for pair in pairs.iter().flatten() {
        println!("script, {}", table::line(&pair.script));
        println!("crmsync, {}", table::line(&pair.ours));
    }
    let points = if chosen("growth") {
        cases::growth()
    } else {
        Vec::new()
    };
    for point in &points {
        println!(
            "growth, {}, {}: cpu {:.3} s, peak {:.1} MB",
            point.pass,
            point.size,
            point.usage.cpu.as_secs_f64(),
            point.usage.peak as f64 / 1e6
        );
    }
    let docs = arguments.iter().any(|argument| argument == "--docs");
    if docs {
        write_docs(&rows, pairs.as_deref(), &points);
    }
}

/// Puts the figures into docs/performance.md, between their marks, and the picture beside it. What was not
/// measured stays as it is.
fn write_docs(rows: &[cases::Row], pairs: Option<&[compare::Pair]>, points: &[cases::Point]) {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let page = docs.join("performance.md");
    let mut text = std::fs::read_to_string(&page).expect("the page");
    if !rows.is_empty() {
        text = replaced(&text, "passes", &table::passes(rows));
        text = replaced(&text, "kinds", &table::kinds(rows));
    }
    if let Some(pairs) = pairs {
        text = replaced(&text, "script", &table::comparison(pairs));
    }
    std::fs::write(&page, text).expect("the page is written");
    if !points.is_empty() {
        std::fs::write(docs.join("growth.svg"), plot::svg(points)).expect("the picture");
    }
}

/// The text with another part between `<!-- name -->` and `<!-- end -->`.
fn replaced(text: &str, name: &str, part: &str) -> String {
    let mark = format!("<!-- {name} -->\n");
    let (before, rest) = text.split_once(&mark).expect("the mark");
    let (_, after) = rest.split_once("<!-- end -->").expect("the end mark");
    format!("{before}{mark}\n{part}\n<!-- end -->{after}")
}
