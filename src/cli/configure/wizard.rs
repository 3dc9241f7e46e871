//! The questions of `configure` at a terminal, each with a line that explains the choice. What was
//! given as an option is not asked.

use super::draft::Draft;
use super::flags;
use super::look::{self, look};
use super::question::{Empty, answer, keep, number, stopped, text, word};
use crate::cli::failure;
use crate::cli::paths::Paths;
use crate::cli::schedule::{self, How};
use crate::connector;
use crate::model::{Answer, ListInfo, Question, Side};
use crate::profile::{self, Profile};

/// What the user wants besides the profile.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wants {
    /// A dry run right away.
    pub(super) dry_run: bool,
    /// What shall start the runs.
    pub(super) timer: Option<How>,
}

/// The marker of a choice that is typed in.
const OTHER: &str = "\u{0}other";

/// Asks which profile, or what a new one shall be called.
pub(super) fn name(paths: &Paths) -> anyhow::Result<String> {
    let known = profile::list(&paths.config);
    if !known.is_empty() {
        let mut ask = cliclack::select("Which profile?");
        for (name, path) in &known {
            ask = ask.item(name.clone(), name, path.display());
        }
        let chosen = answer(ask.item(OTHER.to_owned(), "a new one", "").interact())?;
        if chosen != OTHER {
            return Ok(chosen);
        }
    }
    let config = paths.config.clone();
    let ask = cliclack::input(
        "What shall the profile be called? One profile is one Google label and one CRM view.",
    )
    .default_input("contacts")
    .validate(move |name: &String| {
        Profile::place_of(&config, name)
            .map(|_| ())
            .map_err(|error| error.to_string())
    })
    .interact::<String>();
    answer(ask)
}

/// Asks for everything that was not given.
pub(super) async fn ask(paths: &Paths, draft: &mut Draft) -> anyhow::Result<Wants> {
    if !draft.is_new() {
        // A file that cannot be read is mended in an editor, not here.
        draft.profile()?;
    }
    answer(cliclack::intro(format!(
        "crmsync: the profile `{}`",
        draft.name
    )))?;
    clients(draft)?;
    word(
        draft,
        "sync.direction",
        "Which way do contacts flow?",
        &[
            ("two-way", "a change on either side goes to the other"),
            (
                "crm-to-google",
                "the CRM is never written; viewing it is enough",
            ),
            ("google-to-crm", "Google is never written"),
        ],
    )?;
    if draft.value("sync.direction").as_deref() == Some("two-way") {
        word(
            draft,
            "sync.on_conflict",
            "Both sides changed one field differently: who wins?",
            &[
                ("crm", "the CRM's value goes to Google"),
                ("google", "Google's value goes to the CRM"),
                (
                    "hold",
                    "neither is touched; it is reported until someone edits",
                ),
            ],
        )?;
    }
    let mut away = Vec::new();
    for side in Side::BOTH {
        if !Box::pin(list(paths, draft, side)).await? {
            away.push(format!("crmsync auth {} {}", side.name(), draft.name));
        }
    }
    rules(draft)?;
    let profile = draft.profile()?;
    let seen = Box::pin(look(paths, &profile)).await?;
    let summary: Vec<String> = super::summary::rows(&profile, &seen)
        .iter()
        .map(|(name, value)| format!("{name:10} {value}"))
        .collect();
    answer(cliclack::note("Summary", summary.join("\n")))?;
    let sure = format!("Write {}?", draft.path.display());
    if !answer(cliclack::confirm(sure).initial_value(true).interact())? {
        return Err(stopped().into());
    }
    let timer = timer(paths, &profile)?;
    let dry_run = if away.is_empty() {
        let ask = cliclack::confirm(
            "Do a dry run now? It shows what a sync would do and writes nothing.",
        );
        answer(ask.initial_value(true).interact())?
    } else {
        false
    };
    let end = if away.is_empty() {
        "The choices are complete.".to_owned()
    } else {
        format!("Sign in next: {}", away.join("; "))
    };
    answer(cliclack::outro(end))?;
    Ok(Wants { dry_run, timer })
}

/// Where the two services know this program from.
fn clients(draft: &mut Draft) -> anyhow::Result<()> {
    let delegated = draft.value("google.service_account").is_some();
    let ready = |side: Side| {
        crate::auth::from_environment(crate::cli::connect::READY_TOKENS.on(side)).is_some()
    };
    if draft.value("google.client_secret").is_none() && !delegated && !ready(Side::Google) {
        let profile = draft.path.clone();
        let ask = cliclack::input(
            "The client file from Google's console (OAuth client of type \"Desktop app\")? Empty: later.",
        )
        .required(false)
        .validate(move |given: &String| {
            if given.trim().is_empty() {
                return Ok(());
            }
            flags::client_file(given.trim().as_ref(), &profile)
                .map(|_| ())
                .map_err(|failure| failure.message)
        })
        .interact::<String>();
        let given = answer(ask)?;
        if !given.trim().is_empty() {
            let named = flags::client_file(given.trim().as_ref(), &draft.path)?;
            draft.choose("google.client_secret", &named)?;
        }
    }
    crm(draft, ready(Side::Crm))
}

/// Which CRM, and what its kind has to be told.
fn crm(draft: &mut Draft, ready: bool) -> anyhow::Result<()> {
    let kinds: Vec<(&str, &str)> = connector::kinds()
        .all()
        .iter()
        .map(|kind| (kind.name, kind.title))
        .collect();
    if kinds.len() > 1 {
        word(draft, "crm.kind", "Which CRM?", &kinds)?;
    }
    let questions = draft.kind().map_or(&[] as &[_], |kind| kind.questions);
    for question in questions {
        let Question { key, prompt, .. } = question;
        match question.answer {
            Answer::Words(words) => word(draft, key, prompt, words)?,
            Answer::Text => text(draft, key, prompt, Empty::IsNone)?,
            Answer::Later if draft.value(key).is_none() && !ready => {
                text(draft, key, prompt, Empty::IsLater)?;
            }
            Answer::Later => {}
        }
    }
    Ok(())
}

/// Limits, deletes, frequency.
fn rules(draft: &mut Draft) -> anyhow::Result<()> {
    word(
        draft,
        "sync.frequency",
        "How often shall it run?",
        &[
            ("5m", "a change arrives within minutes"),
            ("15m", ""),
            (
                "1h",
                "a pass with nothing to do takes five requests at most",
            ),
            ("6h", ""),
            ("24h", "once a day"),
        ],
    )?;
    number(
        draft,
        "sync.first_limit",
        "How many contacts may the first run write? 0 is no limit; what waits goes in later runs.",
    )?;
    number(
        draft,
        "sync.next_limit",
        "How many contacts may each later run write?",
    )?;
    word(
        draft,
        "sync.on_delete",
        "A contact was deleted on one side: what happens to the other?",
        &[
            ("keep", "it stays, and is not created again"),
            (
                "archive",
                "in Google it moves to the label crmsync-archive; in the CRM it stays",
            ),
            ("delete", "it is deleted too, never many at once"),
        ],
    )?;
    word(
        draft,
        "sync.on_leave",
        "A CRM record leaves the view: what happens to its Google contact?",
        &[
            (
                "ungroup",
                "it leaves the label and stays in Google Contacts",
            ),
            ("keep", "nothing"),
        ],
    )
}

/// Asks for the list of one side: among the real ones when somebody is signed in there (true), else
/// by name (false).
async fn list(paths: &Paths, draft: &mut Draft, side: Side) -> anyhow::Result<bool> {
    let kind = draft.kind();
    let (key, prompt, usual) = match side {
        Side::Google => (
            "google.group",
            "Which label of Google Contacts takes part?".to_owned(),
            "CRM",
        ),
        Side::Crm => (
            "crm.view",
            format!(
                "Which {} of the CRM takes part?",
                kind.map_or("list view", |kind| kind.list)
            ),
            kind.map_or("All Contacts", |kind| kind.usual_list),
        ),
    };
    let lists = match Box::pin(look::lists(paths, &draft.sketch()?, side)).await {
        Ok(lists) => lists,
        Err(error) => {
            let failure = failure::explain(&error);
            answer(cliclack::log::warning(format!(
                "The lists cannot be shown: {}",
                failure.message
            )))?;
            None
        }
    };
    if draft.is_chosen(key) {
        return Ok(lists.is_some());
    }
    let now = draft.value(key).unwrap_or_default();
    let Some(lists) = lists else {
        let text =
            format!("{prompt} (Not signed in yet: by name. It can be chosen from a list later.)");
        let ask = cliclack::input(text)
            .default_input(if now.is_empty() { usual } else { &now })
            .interact::<String>();
        let chosen = answer(ask)?;
        keep(draft, key, &now, chosen.trim())?;
        return Ok(false);
    };
    let mut ask = cliclack::select(&prompt).max_rows(15);
    for each in &lists {
        ask = ask.item(named(side, each, &lists), label(each), "");
    }
    let there = lists
        .iter()
        .find(|each| each.id == now || each.name == now || named(side, each, &lists) == now);
    if side == Side::Google {
        ask = ask.item(OTHER.to_owned(), "a new label: the first sync makes it", "");
    }
    if let Some(there) = there {
        ask = ask.initial_value(named(side, there, &lists));
    }
    let mut chosen = answer(ask.interact())?;
    if chosen == OTHER {
        let ask = cliclack::input("What shall the new label be called?")
            .default_input(if now.is_empty() { usual } else { &now })
            .interact::<String>();
        answer(ask)?.trim().clone_into(&mut chosen);
    }
    let same = there.is_some_and(|there| named(side, there, &lists) == chosen);
    if !same || draft.is_new() {
        keep(draft, key, &now, &chosen)?;
    }
    Ok(true)
}

/// A list as the profile names it: by its name, by its id where several have the name.
fn named(side: Side, list: &ListInfo, all: &[ListInfo]) -> String {
    let alike = |each: &&ListInfo| each.name.to_lowercase() == list.name.to_lowercase();
    if side == Side::Google && list.id == "contactGroups/myContacts" {
        "myContacts".to_owned()
    } else if all.iter().filter(alike).count() > 1
        || (side == Side::Google && list.id == "contactGroups/starred")
    {
        list.id.clone()
    } else {
        list.name.clone()
    }
}

fn label(list: &ListInfo) -> String {
    match list.size {
        Some(1) => format!("{}, 1 contact", list.name),
        Some(size) => format!("{}, {size} contacts", list.name),
        None => list.name.clone(),
    }
}

fn timer(paths: &Paths, profile: &Profile) -> anyhow::Result<Option<How>> {
    if !schedule::installed(paths)?.is_empty() || super::listed(paths, profile).is_err() {
        return Ok(None);
    }
    let ask = cliclack::select("What shall start the runs? One entry serves every profile.")
        .item(None, "nothing yet: the lines to install are shown", "")
        .item(Some(How::Systemd), "systemd: a timer of your own", "")
        .item(Some(How::Cron), "cron: a line in your crontab", "");
    answer(ask.initial_value(None).interact())
}
