//! `status --run N`: what one run wrote, contact by contact, and what it had to say.

use serde_json::{Value, json};

use super::journal::WriteRow;
use super::table::{fold, took};
use super::{outcome, time};
use crate::cli::failure::Failure;
use crate::cli::output::Show;
use crate::cli::redact;
use crate::cli::text::push;
use crate::model::Side;
use crate::state::{RunKind, RunNo, RunRow, State};

/// The report of a run as `sync --json` printed it; null when it was killed.
pub(super) fn report(run: &RunRow) -> Value {
    serde_json::from_str(&run.report_json).unwrap_or(Value::Null)
}

/// How many problems a report has.
pub(super) fn problems(report: &Value) -> u64 {
    rows(report, "problems").len() as u64
}

/// An array of a report.
pub(super) fn rows<'a>(report: &'a Value, name: &str) -> &'a [Value] {
    report[name].as_array().map_or(&[], Vec::as_slice)
}

/// A run in one object.
pub(super) fn summary(run: &RunRow) -> Value {
    let undo_of = match run.kind {
        RunKind::Sync => None,
        RunKind::Undo(of) => Some(of.0),
    };
    json!({
        "run": run.no.0,
        "undo_of": undo_of,
        "started": time(run.started),
        "finished": run.finished,
        "outcome": outcome(run),
        "written": run.written,
        "problems": run.problems.max(problems(&report(run))),
        "duration_ms": run.duration_ms,
    })
}

/// Prints one run.
pub(super) fn show(
    no: i64,
    profiles: &[String],
    state: Option<&State>,
    as_json: bool,
    show: &Show,
) -> anyhow::Result<u8> {
    let (state, run) = find(no, profiles, state)?;
    let names = state.field_names()?;
    let writes: Vec<WriteRow> = state
        .writes_of(run.no)?
        .iter()
        .map(|row| WriteRow::of(row, &names))
        .collect();
    let report = report(&run);
    if as_json {
        let mut object = summary(&run);
        object["profile"] = json!(run.profile);
        object["writes"] = serde_json::to_value(&writes)?;
        object["report"] = report;
        show.line(&object.to_string())?;
    } else {
        show.bytes(text(&run, &writes, &report, show).as_bytes())?;
    }
    Ok(0)
}

fn find<'a>(
    no: i64,
    profiles: &[String],
    state: Option<&'a State>,
) -> anyhow::Result<(&'a State, RunRow)> {
    if let Some(state) = state {
        if let Some(run) = state.run(RunNo(no))? {
            if !profiles.is_empty() && !profiles.contains(&run.profile) {
                return Err(Failure::usage(
                    format!("run {no} was one of the profile {}", run.profile),
                    format!("leave the profile out: `crmsync status --run {no}`"),
                )
                .into());
            }
            return Ok((state, run));
        }
        if let Some(newest) = state.runs(None, 1)?.first() {
            return Err(Failure::usage(
                format!("there is no run {no}; the newest is run {}", newest.no.0),
                "`crmsync status --history` lists them",
            )
            .into());
        }
    }
    Err(Failure::usage(
        format!("there is no run {no}; nothing has run yet"),
        "`crmsync sync` starts the first",
    )
    .into())
}

fn text(run: &RunRow, writes: &[WriteRow], report: &Value, show: &Show) -> String {
    let undo = match run.kind {
        RunKind::Sync => String::new(),
        RunKind::Undo(of) => format!(", undo of run {}", of.0),
    };
    let mut text = format!(
        "{} of {}{undo}: {}\n  {}, {}; {} contacts written\n",
        show.bold(&format!("run {}", run.no.0)),
        run.profile,
        outcome(run),
        time(run.started),
        took(run.duration_ms),
        run.written
    );
    for write in writes {
        self::write(&mut text, write);
    }
    for conflict in rows(report, "conflicts") {
        let end = match conflict["winner"].as_str() {
            Some("none") | None => "held; neither side is touched".to_owned(),
            Some("crm") => "the CRM overwrites".to_owned(),
            Some(_) => "Google overwrites".to_owned(),
        };
        fold(
            &mut text,
            "  conflict ",
            &format!(
                "{} {}: CRM {}, Google {}; {end}",
                email(conflict),
                word(conflict, "field"),
                super::journal::shown(conflict["crm"].as_str()),
                super::journal::shown(conflict["google"].as_str()),
            ),
        );
    }
    for problem in rows(report, "problems") {
        self::problem(&mut text, problem);
    }
    for notice in rows(report, "notices") {
        let what = format!("  note, {} ", word(notice, "kind"));
        fold(
            &mut text,
            &what,
            &format!("{}: {}", email(notice), word(notice, "text")),
        );
    }
    if !report["error"].is_null() {
        fold(&mut text, "  error: ", word(&report["error"], "message"));
        if let Some(hint) = report["error"]["hint"].as_str() {
            fold(&mut text, "    help: ", hint);
        }
    }
    if run.outcome.is_none() {
        fold(
            &mut text,
            "  ",
            "It has not ended: it is under way, or it was killed. The next sync settles what it left open.",
        );
    }
    text
}

fn write(text: &mut String, write: &WriteRow) {
    let side = match write.side {
        Side::Google => "Google",
        Side::Crm => "CRM",
    };
    let trouble = write
        .trouble()
        .map_or_else(String::new, |word| format!("; {word}"));
    let email = write.email.as_deref().unwrap_or("(no e-mail)");
    fold(
        text,
        &format!("  {:7} {side:6} ", write.op),
        &format!("{email} ({}){trouble}", write.why),
    );
    if write.fields.is_empty() && write.note.is_none() {
        return;
    }
    for line in write.changes().lines() {
        fold(text, "                 ", line);
    }
}

/// A problem as people read it: what is wrong, with which records, what to do.
pub(super) fn problem(text: &mut String, problem: &Value) {
    let what = format!("  {} ", word(problem, "kind"));
    fold(
        text,
        &what,
        &format!(
            "{}: {}",
            email(problem),
            redact::sentence(word(problem, "reason"))
        ),
    );
    let ids = |side: &str| {
        let all: Vec<&str> = rows(problem, side)
            .iter()
            .filter_map(Value::as_str)
            .collect();
        if all.is_empty() {
            "-".to_owned()
        } else {
            all.join(" ")
        }
    };
    fold(
        text,
        "    ",
        &format!("google {}, crm {}", ids("google"), ids("crm")),
    );
    fold(text, "    help: ", word(problem, "hint"));
}

fn email(row: &Value) -> &str {
    row["email"].as_str().unwrap_or("(no e-mail)")
}

fn word<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or("")
}

/// The heading of a part.
pub(super) fn heading(text: &mut String, words: &str) {
    push(text, format_args!("\n{words}\n"));
}
