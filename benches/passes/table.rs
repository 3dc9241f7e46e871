//! Measured passes in words, for the terminal and for docs/performance.md.

use std::fmt::Write as _;

use super::cases::Row;
use super::compare::Pair;

/// A row in words, for the terminal.
pub(crate) fn line(row: &Row) -> String {
    let ratio = row.floor.map_or_else(String::new, |floor| {
        let ratio = row.usage.wall.as_secs_f64() / floor.as_secs_f64();
        format!(
            " = {ratio:.3} x {:.1} s ({} requests)",
            floor.as_secs_f64(),
            row.floor_requests.unwrap_or(0)
        )
    });
    format!(
        "{}{}: {:.3} s{ratio}; {} requests {:?}, {} credits, {} B sent, cpu {:.3} s, peak {:.1} MB",
        row.name,
        if row.delayed { ", delayed" } else { "" },
        row.usage.wall.as_secs_f64(),
        requests(row),
        row.seen.calls,
        row.seen.credits,
        row.seen.bytes,
        row.usage.cpu.as_secs_f64(),
        row.usage.peak as f64 / 1e6,
    )
}

fn requests(row: &Row) -> u64 {
    row.seen.calls.values().sum()
}

/// The rows as a Markdown table.
pub(crate) fn passes(rows: &[Row]) -> String {
    let mut text =
        "| pass | wall time | floor | ratio | requests (floor) | sent | CPU | peak memory |\n\
                    |---|---|---|---|---|---|---|---|\n"
            .to_owned();
    for row in rows {
        let wall = row.usage.wall.as_secs_f64();
        let (floor, ratio) = match row.floor {
            Some(floor) => (
                format!("{:.1} s", floor.as_secs_f64()),
                format!("{:.2}", wall / floor.as_secs_f64()),
            ),
            None => ("–".to_owned(), "–".to_owned()),
        };
        let spread = row.spread.map_or_else(String::new, |(low, high)| {
            format!(" ({:.2}–{:.2})", low.as_secs_f64(), high.as_secs_f64())
        });
        let requests = match row.floor_requests {
            Some(floor) => format!("{} ({floor})", requests(row)),
            None => requests(row).to_string(),
        };
        put(
            &mut text,
            format_args!(
                "| {}{} | {wall:.2} s{spread} | {floor} | {ratio} | {requests} | {} | {:.3} s | {:.1} MB |\n",
                row.name,
                if row.delayed { "" } else { ", no latency" },
                bytes(row.seen.bytes),
                row.usage.cpu.as_secs_f64(),
                row.usage.peak as f64 / 1e6,
            ),
        );
    }
    text
}

/// The requests of each row by kind.
pub(crate) fn kinds(rows: &[Row]) -> String {
    let mut text = "| pass | requests by kind |\n|---|---|\n".to_owned();
    for row in rows {
        let calls: Vec<String> = row
            .seen
            .calls
            .iter()
            .map(|(call, count)| format!("{call} {count}"))
            .collect();
        put(
            &mut text,
            format_args!("| {} | {} |\n", row.name, calls.join(", ")),
        );
    }
    text
}

/// The script beside the program.
pub(crate) fn comparison(pairs: &[Pair]) -> String {
    let mut text = "| pass | | wall time | requests | sent | CPU | peak memory |\n\
                    |---|---|---|---|---|---|---|\n"
        .to_owned();
    for Pair { script, ours } in pairs {
        for (who, row) in [("script", script), ("crmsync", ours)] {
            put(
                &mut text,
                format_args!(
                    "| {} | {who} | {:.2} s | {} | {} | {:.3} s | {:.1} MB |\n",
                    row.name,
                    row.usage.wall.as_secs_f64(),
                    requests(row),
                    bytes(row.seen.bytes),
                    row.usage.cpu.as_secs_f64(),
                    row.usage.peak as f64 / 1e6,
                ),
            );
        }
        let times = |script: f64, ours: f64| format!("{:.1} ×", script / ours);
        put(
            &mut text,
            format_args!(
                "| | script / crmsync | {} | {} | {} | {} | {} |\n",
                times(
                    script.usage.wall.as_secs_f64(),
                    ours.usage.wall.as_secs_f64()
                ),
                times(requests(script) as f64, requests(ours) as f64),
                times(script.seen.bytes as f64, ours.seen.bytes as f64),
                times(script.usage.cpu.as_secs_f64(), ours.usage.cpu.as_secs_f64()),
                times(script.usage.peak as f64, ours.usage.peak as f64),
            ),
        );
    }
    text
}

fn bytes(bytes: u64) -> String {
    if bytes < 100_000 {
        format!("{:.1} kB", bytes as f64 / 1e3)
    } else {
        format!("{:.2} MB", bytes as f64 / 1e6)
    }
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("memory");
}
