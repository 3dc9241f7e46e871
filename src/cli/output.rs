//! Standard output: the answer and nothing else.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};

use super::{Global, When, redact};
use crate::run::{Outcome, ProblemRow, Report, Tally};

/// How many ids of a problem a text names; JSON names all.
const SHOWN: usize = 20;

/// Writes answers.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches of the command line"
)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Show {
    /// Whether standard output is a terminal.
    pub(super) terminal: bool,
    /// Whether only errors are wanted.
    pub(super) quiet: bool,
    /// Whether bars are unwanted.
    pub(super) no_progress: bool,
    color: bool,
}

impl Show {
    pub(super) fn new(global: &Global) -> Self {
        let terminal = io::stdout().is_terminal();
        Self {
            terminal,
            quiet: global.quiet,
            no_progress: global.no_progress || global.quiet,
            color: match global.color {
                When::Always => true,
                When::Never => false,
                When::Auto => terminal && std::env::var_os("NO_COLOR").is_none(),
            },
        }
    }

    /// Writes a text and a line end.
    pub(super) fn line(&self, text: &str) -> anyhow::Result<()> {
        self.raw(format!("{}\n", redact::answer(text)).as_bytes())
    }

    /// Writes bytes as they are, but for what `--redact` takes out of a text.
    pub(super) fn bytes(&self, bytes: &[u8]) -> anyhow::Result<()> {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.raw(redact::text(text).as_bytes()),
            Err(_) => self.raw(bytes),
        }
    }

    #[expect(
        clippy::unused_self,
        reason = "whoever writes has to hold the one way out"
    )]
    /// Writes bytes as they are. A reader that went away is no error.
    fn raw(&self, bytes: &[u8]) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => Ok(result?),
        }
    }

    /// A heading, bold where colours are on.
    pub(super) fn bold(&self, text: &str) -> String {
        if self.color {
            format!("\u{1b}[1m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// The report of a run, unless nobody has to know: without a terminal a run that needs nobody
    /// prints nothing.
    pub(super) fn report(&self, report: &Report) -> anyhow::Result<()> {
        let needs_someone = report.problems.iter().any(|row| !row.silent) || report.dry_run;
        let wanted = needs_someone || (self.terminal && !self.quiet);
        if !wanted || report.error.is_some() {
            return Ok(());
        }
        self.bytes(self.text(report).as_bytes())
    }

    fn text(&self, report: &Report) -> String {
        let mut text = self.bold(&headline(report));
        text.push('\n');
        for reading in &report.readings {
            put(&mut text, format_args!("  read {reading}\n"));
        }
        for (name, tally) in [("Google", &report.google), ("CRM", &report.crm)] {
            if tally.requests > 0 {
                put(&mut text, format_args!("  {name}: {}\n", spent(tally)));
            }
        }
        if let Some(plan) = &report.plan {
            for row in plan {
                let email = row.email.as_deref().unwrap_or("(no e-mail)");
                let side = row.side.name();
                put(&mut text, format_args!("  {:8} {side:7} {email}", row.op));
                put(&mut text, format_args!("  ({})\n", row.why));
                for (field, change) in &row.fields {
                    let value = |value: &Option<String>| {
                        value
                            .as_ref()
                            .map_or("-".to_owned(), |text| format!("{:?}", redact::value(text)))
                    };
                    let (from, to) = (value(&change.from), value(&change.to));
                    put(
                        &mut text,
                        format_args!("             {field}: {from} -> {to}\n"),
                    );
                }
            }
        }
        if report.undo_of.is_none()
            && report.linked == 0
            && report.excluded == 0
            && !report.wrote()
            && report.problems.is_empty()
        {
            put(
                &mut text,
                format_args!(
                    "  both lists are empty: put contacts into the label or the list view, or choose others with `crmsync configure {}`\n",
                    report.profile
                ),
            );
        }
        for conflict in &report.conflicts {
            let email = conflict.email.as_deref().unwrap_or("(no e-mail)");
            let winner = match conflict.winner {
                "none" => "held",
                winner => winner,
            };
            put(
                &mut text,
                format_args!("  conflict {email}: {} -> {winner}\n", conflict.field),
            );
        }
        let told = |row: &&ProblemRow| !row.silent || self.terminal || report.dry_run;
        for problem in report.problems.iter().filter(told) {
            let email = problem.email.as_deref().unwrap_or("(no e-mail)");
            let kind = format!("{:?}", problem.kind).to_lowercase();
            put(
                &mut text,
                format_args!("  {kind} {email}: {}\n", redact::sentence(&problem.reason)),
            );
            let ids = |ids: &[String]| match ids {
                [] => "-".to_owned(),
                [..] if ids.len() <= SHOWN => ids.join(" "),
                [..] => {
                    let more = thousands(ids.len() - SHOWN);
                    format!("{} and {more} more", ids[..SHOWN].join(" "))
                }
            };
            put(
                &mut text,
                format_args!(
                    "    google {}, crm {}\n",
                    ids(&problem.google),
                    ids(&problem.crm)
                ),
            );
            put(&mut text, format_args!("    help: {}\n", problem.hint));
        }
        for notice in &report.notices {
            let email = notice.email.as_deref().unwrap_or("(no e-mail)");
            let kind = format!("{:?}", notice.kind).to_lowercase();
            put(
                &mut text,
                format_args!("  note, {kind} {email}: {}\n", notice.text),
            );
        }
        text
    }
}

/// What a side's requests cost, and what is left of its quotas where that is known.
pub(super) fn spent(tally: &Tally) -> String {
    let number =
        |number: u64| usize::try_from(number).map_or_else(|_| number.to_string(), thousands);
    let mut parts = vec![format!("{} requests", number(tally.requests))];
    for (count, what) in [
        (tally.credits, "API credits"),
        (tally.credits_left, "credits left of the day"),
        (tally.reads_left, "reads left of the minute"),
        (tally.writes_left, "writes left of the minute"),
    ] {
        parts.extend(count.map(|count| format!("{} {what}", number(count))));
    }
    parts.join(", ")
}

/// A number with a comma before every third digit from the right.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    if text.write_fmt(what).is_err() {
        text.push('?');
    }
}

fn headline(report: &Report) -> String {
    let mut parts = Vec::new();
    for (name, tally) in [("Google", &report.google), ("CRM", &report.crm)] {
        let counts = [
            ("created", tally.created),
            ("updated", tally.updated),
            ("deleted", tally.deleted),
            ("grouped", tally.grouped.unwrap_or(0)),
            ("ungrouped", tally.ungrouped.unwrap_or(0)),
        ];
        let done: Vec<_> = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| format!("{count} {word}"))
            .collect();
        if !done.is_empty() {
            parts.push(format!("{name} {}", done.join(", ")));
        }
    }
    let more = [
        ("adopted", report.adopted),
        ("deferred", report.deferred),
        ("deletes waiting", report.deletes_waiting),
        ("excluded", report.excluded),
        ("drifting", report.drift),
    ];
    parts.extend(
        more.iter()
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| format!("{count} {word}")),
    );
    let undo = report
        .undo_of
        .map_or_else(String::new, |of| format!("undo of run {of}, "));
    let what = match (report.dry_run, report.outcome) {
        (true, _) => format!("{undo}dry run, nothing was written"),
        (false, outcome) => format!("{undo}{}", outcome.name()),
    };
    let nothing = if report.outcome == Outcome::InSync && parts.is_empty() {
        "nothing to do"
    } else {
        ""
    };
    let rest = parts.join("; ");
    format!(
        "{}: {what}; {} linked{}{rest}{nothing}",
        report.profile,
        report.linked,
        if rest.is_empty() && nothing.is_empty() {
            ""
        } else {
            "; "
        },
    )
}
