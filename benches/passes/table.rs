//! A measured pass in words.

use super::cases::Row;

/// A row in words, for the terminal.
pub(crate) fn line(row: &Row) -> String {
    let requests: u64 = row.seen.calls.values().sum();
    let ratio = row.floor.map_or_else(String::new, |floor| {
        let ratio = row.usage.wall.as_secs_f64() / floor.as_secs_f64();
        format!(
            " = {ratio:.3} x {:.1} s ({} requests)",
            floor.as_secs_f64(),
            row.floor_requests.unwrap_or(0)
        )
    });
    format!(
        "{}{}: {:.3} s{ratio}; {requests} requests {:?}, {} B sent, cpu {:.3} s, peak {:.1} MB",
        row.name,
        if row.delayed { ", delayed" } else { "" },
        row.usage.wall.as_secs_f64(),
        row.seen.calls,
        row.seen.bytes,
        row.usage.cpu.as_secs_f64(),
        row.usage.peak as f64 / 1e6,
    )
}
