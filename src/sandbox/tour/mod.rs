//! The tour: the real commands against the sandbox, from the first sync to a lost state file, each
//! shown as a user would type it, and after each the proof that nobody was doubled and nobody lost.

mod proof;
mod sign_in;
mod stage;

use std::time::Instant;

use serde_json::{Value, json};

use super::{Options, serve};
use proof::Proof;
use stage::Stage;

/// Contacts on each side at the start.
const CONTACTS: usize = 1_000;
/// How many of them are the same people.
const OVERLAP: usize = 400;

/// Where the tour's words go.
pub type Say<'a> = &'a mut (dyn FnMut(&str) -> anyhow::Result<()> + Send);

/// Takes the tour; returns 0 when every promise held, 1 when one broke.
///
/// # Errors
/// Whatever keeps the sandbox or a command from starting.
pub async fn run(say: Say<'_>) -> anyhow::Result<u8> {
    let begun = Instant::now();
    let running = serve(Options {
        port: 0,
        contacts: CONTACTS,
        overlap: OVERLAP,
        seed: 7,
        ..Options::default()
    })
    .await?;
    let mut stage = Stage::open(&running, say)?;
    let result = acts(&mut stage).await;
    let broken = stage.broken();
    let seconds = begun.elapsed().as_secs();
    match &result {
        Ok(()) if broken == 0 => stage.say(&format!(
            "\nThe tour is over: every promise held ({seconds} s).\n"
        ))?,
        Ok(()) => stage.say(&format!(
            "\nThe tour is over: {broken} promises broke ({seconds} s).\n"
        ))?,
        Err(_) => {}
    }
    running.stop().await;
    result?;
    Ok(u8::from(broken > 0))
}

async fn acts(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.title("Two address books, 1,000 contacts each, 400 of them the same people")?;
    let before = Proof::take(stage);
    stage.check(
        "400 addresses are on both sides",
        before.on_both() == OVERLAP,
    )?;

    stage.title("A profile, and the two sign-ins")?;
    stage.download_client()?;
    stage.configure("crm").await?;
    let crm = stage.sign_in_crm().await?;
    stage.check("signed in to the CRM", crm)?;
    let google = stage.sign_in_google().await?;
    stage.check("signed in to Google", google)?;

    stage.title("A look before the leap: a dry run writes nothing")?;
    let plan = stage.json(&["sync", "sales", "--dry-run"]).await?;
    stage.check("the books are untouched", Proof::take(stage) == before)?;
    stage.check("the dry run adopts the 400", plan["adopted"] == json!(400))?;

    stage.title("The first sync, two-way")?;
    let first = stage.json(&["sync", "sales"]).await?;
    let synced = Proof::take(stage);
    stage.check("400 people were recognised", first["adopted"] == json!(400))?;
    stage.check(
        "what the dry run foretold happened",
        ["google", "crm"].iter().all(|side| {
            first[side]["created"] == plan[side]["created"]
                && first[side]["updated"] == plan[side]["updated"]
        }),
    )?;
    stage.nobody_doubled(&before, &synced)?;

    stage.title("Again at once: nothing to do")?;
    let again = stage.json(&["sync", "sales"]).await?;
    stage.check("nothing was written", again["outcome"] == json!("in-sync"))?;
    stage.check("the books are untouched", Proof::take(stage) == synced)?;

    edits(stage).await?;
    undo(stage).await?;
    conflicts(stage).await?;
    losses(stage).await
}

/// Edits on both sides, shown by a dry run, then synced.
async fn edits(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.title("People edit on both sides")?;
    let pairs = stage.pairs(3);
    let [one, two, three] = pairs.as_slice() else {
        anyhow::bail!("the seeded books have too few linked contacts");
    };
    stage.edit_crm(&one.crm, &json!({"Mobile": "+49 151 5550001"}))?;
    stage.set_google_title(&two.google, "Head of Boats")?;
    let new = json!({"Last_Name": "Newcomer", "First_Name": "Nora", "Email": "nora.newcomer@example.com"});
    stage.add_crm(&new)?;
    let before = Proof::take(stage);
    stage.run(&["sync", "sales", "--dry-run"]).await?;
    let report = stage.json(&["sync", "sales"]).await?;
    let after = Proof::take(stage);
    stage.check(
        "the new contact was created in Google once",
        report["google"]["created"] == json!(1) && after.google("nora.newcomer@example.com") == 1,
    )?;
    stage.check(
        "the mobile number went to Google",
        stage.google_text(&one.google).contains("5550001"),
    )?;
    stage.check(
        "the title went to the CRM",
        stage.crm_field(&two.crm, "Title") == "Head of Boats",
    )?;
    stage.check(
        "the third contact is as it was",
        !stage.google_text(&three.google).contains("5550001"),
    )?;
    stage.nobody_doubled(&before, &after)
}

/// A run is taken back, and the taking back too.
async fn undo(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    const PLACE: &str = "Boat hire";
    stage.title("A run is taken back, and the taking back as well")?;
    let pairs = stage.pairs(5);
    let Some(pair) = pairs.get(4) else {
        anyhow::bail!("the seeded books have too few linked contacts");
    };
    stage.edit_crm(&pair.crm, &json!({"Department": PLACE}))?;
    stage.run(&["sync", "sales"]).await?;
    let before = Proof::take(stage);
    let there = |stage: &Stage<'_>| stage.google_text(&pair.google).contains(PLACE);
    let held = there(stage);
    stage.check("the department went to Google", held)?;
    stage.run(&["undo", "--dry-run"]).await?;
    stage.check("the dry run writes nothing", Proof::take(stage) == before)?;
    let undone = stage.json(&["undo"]).await?;
    let held = undone["google"]["updated"] == json!(1) && !there(stage);
    stage.check("Google is as it was before", held)?;
    let stays = stage.crm_field(&pair.crm, "Department") == PLACE;
    stage.check("the edit in the CRM stays", stays)?;
    let next = stage.json(&["sync", "sales"]).await?;
    stage.check(
        "the next sync leaves it so",
        next["outcome"] == json!("in-sync"),
    )?;
    stage.run(&["undo"]).await?;
    let held = there(stage);
    stage.check("the undo is undone", held)?;
    stage.nobody_doubled(&before, &Proof::take(stage))
}

/// One field, two different edits, under each rule.
async fn conflicts(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    for (rule, winner) in [("crm", "crm"), ("google", "google"), ("hold", "none")] {
        stage.title(&format!("A conflict, with on_conflict = \"{rule}\""))?;
        let setting = format!("sync.on_conflict={rule}");
        stage
            .run(&["configure", "sales", "--set", &setting])
            .await?;
        let pairs = stage.pairs(6);
        let Some(pair) = pairs.get(5) else {
            anyhow::bail!("the seeded books have too few linked contacts");
        };
        let (here, there) = (
            format!("From the CRM, {rule}"),
            format!("From Google, {rule}"),
        );
        stage.edit_crm(&pair.crm, &json!({"Title": here}))?;
        stage.set_google_title(&pair.google, &there)?;
        let before = Proof::take(stage);
        let report = stage.json(&["sync", "sales"]).await?;
        let told = report["conflicts"].as_array().is_some_and(|conflicts| {
            conflicts
                .iter()
                .any(|conflict| conflict["winner"] == json!(winner))
        });
        stage.check("the conflict was reported", told)?;
        let (crm, google) = (
            stage.crm_field(&pair.crm, "Title"),
            stage.google_text(&pair.google),
        );
        let held = match rule {
            "crm" => crm == here && google.contains(&here),
            "google" => crm == there && google.contains(&there),
            _ => crm == here && google.contains(&there),
        };
        stage.check("the rule was kept", held)?;
        stage.nobody_doubled(&before, &Proof::take(stage))?;
        if rule == "hold" {
            stage.edit_crm(&pair.crm, &json!({"Title": there}))?;
            stage.run(&["sync", "sales"]).await?;
        }
    }
    Ok(())
}

/// Profile lost, state lost, both lost: a re-match, never a duplicate.
async fn losses(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    type Loss = (&'static str, &'static str, bool, bool);
    const LOSSES: [Loss; 3] = [
        (
            "The profile is deleted and written anew",
            "rm sales.toml",
            true,
            false,
        ),
        ("The state file is deleted", "rm state.sqlite3", false, true),
        (
            "Both are deleted",
            "rm sales.toml state.sqlite3",
            true,
            true,
        ),
    ];
    stage
        .run(&["configure", "sales", "--on-conflict", "crm"])
        .await?;
    stage.run(&["sync", "sales"]).await?;
    for (title, command, profile, state) in LOSSES {
        stage.title(title)?;
        let before = Proof::take(stage);
        stage.typed(command)?;
        if profile {
            stage.remove_profile()?;
            stage.configure("crm").await?;
        }
        if state {
            stage.remove_state()?;
        }
        let report = stage.json(&["sync", "sales"]).await?;
        let created = |side: &str| -> bool { report[side]["created"] == json!(0) };
        stage.check(
            "0 creates on either side",
            created("google") && created("crm"),
        )?;
        stage.check("the books are as they were", Proof::take(stage) == before)?;
    }
    stage.title("Where it stands")?;
    stage.run(&["status"]).await?;
    let status: Value = stage.json(&["status", "sales"]).await?;
    stage.check(
        "status knows the linked contacts",
        status["linked"]
            .as_u64()
            .is_some_and(|linked| linked > 1_000),
    )?;

    stage.title("The end: the sign-ins are revoked, the links stay")?;
    stage.run(&["deactivate", "sales"]).await?;
    let (code, _) = stage.call(&["sync", "sales"]).await?;
    stage.check("a deactivated profile does not run (exit 7)", code == 7)
}
