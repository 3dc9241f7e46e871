//! All profiles in a table of 80 columns, one profile as a block, the runs of a profile.

use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};
use jiff::Timestamp;
use serde_json::json;

use super::{HISTORY, Run, Status, outcome, run, time};
use crate::cli::output::Show;
use crate::cli::text::push;
use crate::state::{RunKind, State};

/// The width that every terminal has.
pub(super) const WIDTH: u16 = 80;

/// A table without lines; `widths` are of the texts, one blank stands between two columns.
pub(super) fn plain(header: &[&str], widths: &[u16]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .set_header(header.iter().copied());
    let last = widths.len().saturating_sub(1);
    for (at, width) in widths.iter().enumerate() {
        let gap = u16::from(at < last);
        if let Some(column) = table.column_mut(at) {
            column.set_padding((0, gap));
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width + gap)));
        }
    }
    table
}

/// Every profile in a row.
pub(super) fn overview(all: &[Status], now: Timestamp) -> String {
    let mut table = plain(
        &[
            "profile",
            "last\nsync",
            "next\ndue",
            "outcome",
            "linked",
            "waiting",
            "failing",
            "excluded",
            "conflicts",
        ],
        &[13, 7, 4, 11, 6, 7, 7, 8, 9],
    );
    for status in all {
        let mark = mark(status);
        let name = if mark.is_empty() {
            status.profile.clone()
        } else {
            format!("{}\n{mark}", status.profile)
        };
        table.add_row([
            name,
            seconds_to(status.last_sync.as_deref(), now)
                .map_or_else(|| "never".to_owned(), |ago| format!("{} ago", short(-ago))),
            due(status, now),
            status.last_outcome.clone().unwrap_or_else(|| "-".into()),
            status.linked.to_string(),
            (status.deferred + status.deletes_waiting).to_string(),
            status.failing.to_string(),
            status.excluded.to_string(),
            status.conflicts.to_string(),
        ]);
    }
    table.trim_fmt()
}

fn mark(status: &Status) -> &'static str {
    match (status.file, status.active) {
        (true, true) => "",
        (true, false) => "(deactivated)",
        (false, _) => "(no file)",
    }
}

fn due(status: &Status, now: Timestamp) -> String {
    if !status.active || !status.file {
        return "-".to_owned();
    }
    match seconds_to(status.next_due.as_deref(), now) {
        Some(left) if left > 0 => short(left),
        Some(_) | None => "now".to_owned(),
    }
}

/// From now to a time, in seconds; negative when it is over.
fn seconds_to(time: Option<&str>, now: Timestamp) -> Option<i64> {
    let time: Timestamp = time?.parse().ok()?;
    Some(time.as_second() - now.as_second())
}

/// A length of time in at most three characters.
fn short(seconds: i64) -> String {
    let minutes = seconds.max(0) / 60;
    let (hours, days) = (minutes / 60, minutes / 1440);
    match (minutes, hours, days) {
        (0, ..) => format!("{}s", seconds.max(0)),
        (1..100, ..) => format!("{minutes}m"),
        (_, 0..48, _) => format!("{hours}h"),
        (.., 0..100) => format!("{days}d"),
        _ => format!("{}w", (days / 7).min(99)),
    }
}

/// One profile in full.
pub(super) fn block(status: &Status, show: &Show) -> String {
    let mark = match mark(status) {
        "" => String::new(),
        "(no file)" => " (its file is gone; this is what the state file knows)".to_owned(),
        mark => format!(" {mark}"),
    };
    let next = match (&status.next_due, status.active && status.file) {
        (Some(at), true) => at.clone(),
        (None, true) => "now".to_owned(),
        (_, false) => "never".to_owned(),
    };
    let last = match (&status.last_sync, &status.last_outcome) {
        (Some(at), Some(outcome)) => format!("{at}, {outcome}"),
        (Some(at), None) => at.clone(),
        (None, Some(outcome)) => format!("never finished, {outcome}"),
        (None, None) => "never".to_owned(),
    };
    let rows = [
        (
            "direction",
            format!("{}, every {}", status.direction, status.frequency),
        ),
        ("last sync", last),
        ("next due", next),
        (
            "linked",
            format!("{}, {} resting", status.linked, status.resting),
        ),
        (
            "waiting",
            format!(
                "{} contacts, {} deletes",
                status.deferred, status.deletes_waiting
            ),
        ),
        (
            "problems",
            format!(
                "{} failing, {} conflicts held, {} excluded",
                status.failing, status.conflicts, status.excluded
            ),
        ),
    ];
    let mut text = format!("{}{mark}", show.bold(&status.profile));
    for (name, value) in rows {
        push(&mut text, format_args!("\n  {name:10} {value}"));
    }
    if let Some(run) = status.runs.first().filter(|run| run.problems > 0) {
        push(
            &mut text,
            format_args!("\n  what to do: crmsync status --run {}", run.run),
        );
    }
    text
}

/// The runs of a profile, newest first.
pub(super) fn history(
    profile: &str,
    state: Option<&State>,
    as_json: bool,
    show: &Show,
) -> anyhow::Result<()> {
    let runs = match state {
        Some(state) => state.runs(Some(profile), HISTORY)?,
        None => Vec::new(),
    };
    if as_json {
        let rows: Vec<_> = runs.iter().map(run::summary).collect();
        return show.line(&json!({"profile": profile, "runs": rows}).to_string());
    }
    if runs.is_empty() {
        return show.line(&format!("{}: no runs yet", show.bold(profile)));
    }
    let mut table = plain(
        &["run", "started", "outcome", "written", "problems", "took"],
        &[9, 20, 20, 8, 8, 10],
    );
    for row in &runs {
        let what = match row.kind {
            RunKind::Sync => outcome(row),
            RunKind::Undo(of) => format!("{}, undo of {}", outcome(row), of.0),
        };
        let short = Run::of(row);
        table.add_row([
            row.no.0.to_string(),
            time(row.started),
            what,
            short.written.to_string(),
            short.problems.to_string(),
            took(row.duration_ms),
        ]);
    }
    show.line(&format!("{}\n{}", show.bold(profile), table.trim_fmt()))
}

/// A duration as a person reads it.
pub(super) fn took(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..120_000 => format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
        _ => format!("{} min", milliseconds / 60_000),
    }
}

/// A text of somebody else's, safe for a terminal: control characters are spelled out.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Appends words in lines of at most 80 characters; `first` opens the first line, blanks of the same
/// length the others.
pub(super) fn fold(text: &mut String, first: &str, words: &str) {
    let indent = first.chars().count();
    let mut line = first.to_owned();
    let mut length = indent;
    let mut fresh = true;
    for word in clean(words).split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        while !word.is_empty() {
            let gap = usize::from(!fresh);
            let room = usize::from(WIDTH).saturating_sub(length + gap);
            // A word that fits in no line is cut.
            let cut = if word.len() <= room {
                word.len()
            } else if fresh {
                room.max(1)
            } else {
                0
            };
            if cut > 0 {
                line.push_str(&" ".repeat(gap));
                line.extend(word.drain(..cut));
                length += gap + cut;
                fresh = false;
            }
            if !word.is_empty() {
                push(text, format_args!("{line}\n"));
                line = " ".repeat(indent);
                length = indent;
                fresh = true;
            }
        }
    }
    push(text, format_args!("{}\n", line.trim_end()));
}

#[cfg(test)]
mod tests {
    use super::{clean, fold, short, took};

    #[test]
    fn lengths_of_time_have_three_characters() {
        let all = [0, 59, 60, 5999, 6000, 172_799, 172_800, 8_640_000, i64::MAX].map(short);
        assert_eq!(
            all,
            ["0s", "59s", "1m", "99m", "1h", "47h", "2d", "14w", "99w"]
        );
        assert_eq!(
            [999, 1_550, 180_000].map(took),
            ["999 ms", "1.5 s", "3 min"]
        );
    }

    #[test]
    fn a_line_ends_at_80_and_a_long_word_is_cut() {
        let mut text = String::new();
        let long = "x".repeat(100);
        fold(
            &mut text,
            "  help: ",
            &format!("look at {long} and then go on"),
        );
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        let words: String = text.split_whitespace().collect();
        assert_eq!(words, format!("help:lookat{long}andthengoon"));
    }

    #[test]
    fn control_characters_are_spelled_out() {
        assert_eq!(clean("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
    }
}
