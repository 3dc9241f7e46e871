//! One question at a time: words, numbers, and what became of the answer.

use std::fmt::Display;
use std::io;

use super::draft::Draft;
use crate::cli::failure::Failure;

/// Asks for one of a few words; a value of the file that is none of them can be kept.
pub(super) fn word(
    draft: &mut Draft,
    key: &str,
    prompt: &str,
    words: &[(&str, &str)],
) -> anyhow::Result<()> {
    if draft.is_chosen(key) {
        return Ok(());
    }
    let now = draft.value(key).unwrap_or_default();
    let mut ask = cliclack::select(prompt);
    for (word, why) in words {
        let label = if why.is_empty() {
            (*word).to_owned()
        } else {
            format!("{word}: {why}")
        };
        ask = ask.item((*word).to_owned(), label, "");
    }
    let known = words.iter().any(|(word, _)| *word == now);
    if !known && !now.is_empty() {
        ask = ask.item(now.clone(), &now, "as it is");
    }
    if !now.is_empty() {
        ask = ask.initial_value(now.clone());
    }
    let chosen = answer(ask.interact())?;
    keep(draft, key, &now, &chosen)
}

/// Asks for a number.
pub(super) fn number(draft: &mut Draft, key: &str, prompt: &str) -> anyhow::Result<()> {
    if draft.is_chosen(key) {
        return Ok(());
    }
    let now = draft.value(key).unwrap_or_default();
    let (checked, name) = (draft.clone(), key.to_owned());
    let ask = cliclack::input(prompt)
        .default_input(&now)
        .validate(move |given: &String| fits(&checked, &name, given))
        .interact::<String>();
    let chosen = answer(ask)?;
    keep(draft, key, &now, chosen.trim())
}

/// Asks for a text. `empty` says what nothing at all means.
pub(super) fn text(draft: &mut Draft, key: &str, prompt: &str, empty: Empty) -> anyhow::Result<()> {
    if draft.is_chosen(key) {
        return Ok(());
    }
    let now = draft.value(key).unwrap_or_default();
    let (checked, name) = (draft.clone(), key.to_owned());
    let mut ask = cliclack::input(prompt)
        .required(empty == Empty::IsNone)
        .validate(move |given: &String| match (given.trim(), empty) {
            ("", Empty::IsLater) => Ok(()),
            (given, _) => fits(&checked, &name, given),
        });
    if !now.is_empty() {
        ask = ask.default_input(&now);
    }
    let chosen = answer(ask.interact::<String>())?;
    if chosen.trim().is_empty() {
        return Ok(());
    }
    keep(draft, key, &now, chosen.trim())
}

/// What an empty answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Empty {
    /// It is none: something has to be said.
    IsNone,
    /// It will be said later.
    IsLater,
}

fn fits(draft: &Draft, key: &str, given: &str) -> Result<(), String> {
    draft
        .check(key, given.trim())
        .map_err(|error| error.hint().unwrap_or_else(|| error.to_string()))
}

/// Notes an answer that says something new; a new profile spells out what was chosen.
pub(super) fn keep(draft: &mut Draft, key: &str, now: &str, chosen: &str) -> anyhow::Result<()> {
    if draft.is_new() || now != chosen {
        draft.choose(key, chosen)?;
    }
    Ok(())
}

/// The answer, or why there is none.
pub(super) fn answer<T>(given: io::Result<T>) -> anyhow::Result<T> {
    given.map_err(|error| {
        if error.kind() == io::ErrorKind::Interrupted {
            stopped().into()
        } else {
            talk(&error)
        }
    })
}

fn talk(error: &dyn Display) -> anyhow::Error {
    Failure::new(
        1,
        format!("the terminal cannot be used: {error}"),
        "give the choices as options: crmsync configure --help",
    )
    .into()
}

/// The user left.
pub(super) fn stopped() -> Failure {
    Failure::new(
        6,
        "stopped; nothing was written",
        "call `crmsync configure` again when you like",
    )
}
