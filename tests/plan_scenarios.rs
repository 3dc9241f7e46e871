//! The stories of `tests/scenarios`: each file is a promise, and its plan is compared word by word.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[path = "support/planning/book.rs"]
mod book;
#[path = "support/planning/islands.rs"]
mod islands;
#[path = "support/planning/raw.rs"]
mod raw;
#[path = "support/planning/remote.rs"]
mod remote;
#[path = "support/planning/scenario.rs"]
mod scenario;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use book::Book;
use crmsync::model::{Edit, Moment, Outcome, Revisions, Side, Sides};
use crmsync::plan::{self, Heard, Plan};
use raw::Scenario;
use remote::{Answers, Remote, Spelling};
use scenario::{KNOWN, Setting};

/// What a run would do: the plan after limits and brakes, or the refusal.
fn planned(setting: &Setting, book: &Book) -> Result<Plan, String> {
    let (rules, limits, totals) = (&setting.rules, &setting.limits, &setting.totals);
    plan::guard_listing(totals, limits, rules.rematch).map_err(|refusal| refusal.to_string())?;
    let whole = plan::plan(&book.island(), rules);
    plan::guard(&whole, totals, limits, rules.rematch).map_err(|refusal| refusal.to_string())?;
    plan::guard_ends(&whole, totals, limits).map_err(|refusal| refusal.to_string())?;
    let cut = plan::limit(whole, limits);
    plan::guard_capacity(&cut, totals, limits).map_err(|refusal| refusal.to_string())?;
    Ok(cut)
}

/// The lines of two texts side by side, the differing ones marked.
fn diff(expected: &str, actual: &str) -> String {
    let mut text = String::new();
    for line in expected
        .lines()
        .filter(|line| !actual.lines().any(|other| other == *line))
    {
        writeln!(text, "  - {line}").unwrap();
    }
    for line in actual.lines() {
        let mark = if expected.lines().any(|other| other == line) {
            ' '
        } else {
            '+'
        };
        writeln!(text, "  {mark} {line}").unwrap();
    }
    text
}

fn counts(plan: &Plan) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for write in &plan.writes {
        let what = format!("{} {}", write.change.op(), write.on.name());
        *counts.entry(what).or_default() += 1;
    }
    for held in &plan.held {
        let write = &held.write;
        let what = format!("hold {} {}", write.change.op(), write.on.name());
        *counts.entry(what).or_default() += 1;
    }
    counts
}

/// The plan is what the story says.
fn check_expectation(scenario: &Scenario, setting: &Setting) -> Result<Plan, String> {
    let found = planned(setting, &setting.book);
    let plan = match (&scenario.refused, found) {
        (None, Ok(plan)) => plan,
        (Some(expected), Err(refusal)) if *expected == refusal => return Ok(Plan::default()),
        (_, Err(refusal)) => return Err(format!("refused: {refusal}")),
        (Some(_), Ok(_)) => return Err("was not refused".into()),
    };
    match (&scenario.expect, &scenario.counts) {
        (Some(expected), None) => {
            let actual = plan::describe(&plan, &setting.names);
            if actual.trim_end() != expected.trim_end() {
                return Err(format!("the plan differs\n{}", diff(expected, &actual)));
            }
        }
        (None, Some(expected)) if counts(&plan) == *expected => {}
        (None, Some(_)) => return Err(format!("counts differ: {:?}", counts(&plan))),
        (_, _) => return Err("say one of expect, counts, refused".into()),
    }
    Ok(plan)
}

/// Equal inputs give equal plans, in whatever order they come, at once or part by part.
fn check_order(setting: &Setting) -> Result<(), String> {
    let island = setting.book.island();
    let once = plan::plan(&island, &setting.rules);
    if once != plan::plan(&island, &setting.rules) {
        return Err("planning twice gives two plans".into());
    }
    let mut shuffled = island.clone();
    shuffled.links.reverse();
    if once != plan::plan(&shuffled, &setting.rules) {
        return Err("the order of links shows in the plan".into());
    }
    let mut parts = Plan::default();
    for part in islands::split(&island) {
        parts.extend(plan::plan(&part, &setting.rules));
    }
    parts.sort();
    if once != parts {
        return Err("planning part by part gives another plan".into());
    }
    Ok(())
}

/// Carrying the plan out leads to rest: the next plan writes nothing, neither from what is
/// remembered nor from a full reading.
fn check_rest(
    scenario: &Scenario,
    setting: &Setting,
    answers: Answers,
    spelling: Spelling,
) -> Result<(), String> {
    let mut book = setting.book.clone();
    let mut remotes = Sides::from_fn(|side| {
        let mut remote = Remote::new(side, KNOWN);
        let records = book.seen.on(side).iter();
        remote.live = records
            .map(|(id, seen)| (id.clone(), seen.record.clone()))
            .collect();
        remote.clock = 1000;
        remote.answers = answers;
        remote.spelling = spelling;
        remote
    });
    for _ in 0..scenario.settles_in.unwrap_or(1) {
        let plan = planned(setting, &book)?;
        carry_out(&plan, &mut book, &mut remotes, setting)?;
    }
    let remembered = planned(setting, &book)?;
    for side in Side::BOTH {
        for record in remotes.on(side).live.values() {
            let known = book.seen.on(side).get(&record.id);
            match plan::absorb(known, record.clone(), Revisions::Unique) {
                Heard::Echo => return Err(format!("{} is taken for an echo", record.id)),
                Heard::Same(seen) | Heard::Changed(seen) => {
                    book.apply(vec![Edit::PutSeen { side, seen }]);
                }
            }
        }
    }
    let read = planned(setting, &book)?;
    let rests = remembered.writes.is_empty() && read.writes.is_empty();
    match (&scenario.unsettled, rests) {
        (None, true) | (Some(_), false) => Ok(()),
        (Some(_), true) => Err("said to be unsettled, but rests".into()),
        (None, false) => Err(format!(
            "does not rest\n{}then, read in full:\n{}",
            plan::describe(&remembered, &setting.names),
            plan::describe(&read, &setting.names)
        )),
    }
}

fn carry_out(
    plan: &Plan,
    book: &mut Book,
    remotes: &mut Sides<Remote>,
    setting: &Setting,
) -> Result<(), String> {
    for note in &plan.notes {
        book.apply(plan::settle_note(note));
    }
    for write in &plan.writes {
        let known = write
            .change
            .id()
            .and_then(|id| book.seen.on(write.on).get(id))
            .cloned();
        match remotes.on_mut(write.on).send(write) {
            Outcome::Done(stored) => book.apply(plan::settle(
                write,
                &stored,
                known.as_ref(),
                &setting.rules,
                Moment(2000),
            )),
            outcome @ (Outcome::Stale
            | Outcome::Duplicate { .. }
            | Outcome::Rejected(_)
            | Outcome::Denied { .. }
            | Outcome::Gone
            | Outcome::NotTried
            | Outcome::Uncertain { .. }) => return Err(format!("{outcome:?} for {write:?}")),
        }
    }
    book.check();
    Ok(())
}

fn check(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let scenario: Scenario = toml::from_str(&text).map_err(|error| error.to_string())?;
    if scenario.story.is_empty() || !(1..=16).contains(&scenario.rule) {
        return Err("no story, or no such rule".into());
    }
    let setting = scenario.setting();
    check_expectation(&scenario, &setting)?;
    check_order(&setting)?;
    if scenario.refused.is_none() {
        for (answers, spelling) in [
            (Answers::Record, Spelling::AsSent),
            (Answers::Record, Spelling::Capitals),
            (Answers::Accepted, Spelling::AsSent),
        ] {
            check_rest(&scenario, &setting, answers, spelling)
                .map_err(|error| format!("{answers:?}, {spelling:?}: {error}"))?;
        }
    }
    Ok(())
}

#[test]
fn every_story_comes_true() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    paths.sort();
    assert!(paths.len() >= 70, "only {} scenarios", paths.len());
    let mut failures = String::new();
    for path in &paths {
        if let Err(error) = check(path) {
            let name = path.file_stem().unwrap().to_string_lossy();
            writeln!(failures, "\n{name}: {error}").unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}
