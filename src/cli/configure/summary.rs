//! What `configure` says at the end: the choices, the lists with their sizes, the schedule, and what
//! to do next.

use super::draft::Written;
use super::look::{Look, Seen};
use crate::cli::connect;
use crate::cli::output::Show;
use crate::cli::paths::Paths;
use crate::cli::schedule::{self, Whose};
use crate::cli::text::push;
use crate::model::{OnConflict, OnDelete, OnLeave, Side};
use crate::profile::Profile;
use crate::run::direction_name;
use crate::run::prepare::duration_text;

/// The choices.
pub(super) fn of(profile: &Profile, written: Written, seen: &Seen, show: Show) -> String {
    let done = match written {
        Written::New => "written",
        Written::Changed => "changed",
        Written::Same => "unchanged",
    };
    let mut text = format!(
        "{}: {done}, {}\n",
        show.bold(&profile.name),
        profile.path.display()
    );
    for (name, value) in rows(profile, seen) {
        row(&mut text, name, &value);
    }
    text
}

/// The choices as name and value.
pub(super) fn rows(profile: &Profile, seen: &Seen) -> Vec<(&'static str, String)> {
    let sync = &profile.sync;
    let conflict = match sync.on_conflict {
        OnConflict::Prefer(Side::Crm) => "in a conflict the CRM's value wins",
        OnConflict::Prefer(Side::Google) => "in a conflict Google's value wins",
        OnConflict::Hold => "a conflict is held until someone edits",
    };
    let deleted = match sync.on_delete {
        OnDelete::Keep => "the other record of a deleted contact stays",
        OnDelete::Archive => "the twin of a deleted contact goes to the label crmsync-archive",
        OnDelete::Delete => "a deleted contact is deleted on the other side too",
    };
    let left = match sync.on_leave {
        OnLeave::Ungroup => "who leaves the view leaves the label",
        OnLeave::Keep => "who leaves the view stays in the label",
    };
    let limit = |most: u64| match most {
        0 => "no limit".to_owned(),
        most => format!("{most} contacts"),
    };
    vec![
        (
            "direction",
            format!("{}; {conflict}", direction_name(sync.direction)),
        ),
        (
            "frequency",
            format!("every {}", duration_text(sync.frequency)),
        ),
        (
            "limits",
            format!(
                "{} in the first run, {} in each later one",
                limit(sync.first_limit),
                limit(sync.next_limit)
            ),
        ),
        ("deletes", format!("{deleted}; {left}")),
        (
            "Google",
            format!(
                "label `{}`{}",
                profile.google.group,
                found(&seen.sides.google, Side::Google)
            ),
        ),
        (
            "CRM",
            format!(
                "{}{}, {}, {} `{}`{}",
                profile.crm.kind.name,
                profile
                    .crm
                    .place()
                    .map_or_else(String::new, |place| format!(" ({place})")),
                profile.crm.module(),
                profile.crm.kind.list,
                profile.crm.view,
                found(&seen.sides.crm, Side::Crm)
            ),
        ),
        (
            "mapping",
            profile.map.as_ref().map_or_else(
                || "the default one".to_owned(),
                |map| format!("{} pairs of its own", map.len()),
            ),
        ),
    ]
}

fn found(look: &Look, side: Side) -> String {
    match look {
        Look::SignedOut => ", not checked: not signed in".to_owned(),
        Look::Failed(_) => ", not checked".to_owned(),
        Look::Done {
            probe,
            size: members,
            ..
        } => {
            let who = probe
                .user
                .as_deref()
                .map(|user| format!(", signed in as {user}"))
                .unwrap_or_default();
            let count = match (side, probe.list.id.is_empty(), members) {
                (Side::Google, true, _) => ", new: the first sync makes it".to_owned(),
                (_, _, Some(1)) => ", 1 contact".to_owned(),
                (_, _, Some(members)) => format!(", {members} contacts"),
                (_, _, None) => String::new(),
            };
            format!("{count}{who}")
        }
    }
}

fn row(text: &mut String, name: &str, value: &str) {
    push(text, format_args!("  {name:10} {value}\n"));
}

/// What starts the runs: where it is installed, else what could be.
pub(super) fn schedule(
    text: &mut String,
    paths: &Paths,
    profile: &Profile,
    done: &[String],
) -> anyhow::Result<()> {
    for line in done {
        row(text, "schedule", line);
    }
    let places = schedule::installed(paths)?;
    let entry = schedule::planned(paths, profile.sync.frequency)?;
    for place in &places {
        row(
            text,
            "schedule",
            &format!("one entry for every profile in {place}, {}", entry.rhythm()),
        );
    }
    if !places.is_empty() {
        return Ok(());
    }
    row(
        text,
        "schedule",
        "none is installed; one entry serves every profile",
    );
    let name = &profile.name;
    push(
        text,
        format_args!(
            "\nwith cron (crmsync configure {name} --install-timer cron):\n{}\n\n\
             with systemd (crmsync configure {name} --install-timer systemd):\n",
            entry.cron_line()
        ),
    );
    for (file, unit) in entry.units(Whose::User) {
        push(text, format_args!("# {file}\n{unit}\n"));
    }
    Ok(())
}

/// What to do next, as commands.
pub(super) fn next(text: &mut String, profile: &Profile, seen: &Seen, active: bool) {
    let name = &profile.name;
    let mut steps: Vec<(String, String)> = Vec::new();
    if !active {
        steps.push((
            format!("crmsync configure {name} --activate"),
            "wake the deactivated profile".to_owned(),
        ));
    }
    let mut out = false;
    for side in Side::BOTH {
        if let Look::SignedOut = seen.sides.on(side) {
            out = true;
            if side == Side::Google && profile.google.client_secret.is_none() {
                steps.push((
                    format!("crmsync configure {name} --google-client-secret FILE"),
                    "name the OAuth client from Google's console".to_owned(),
                ));
            }
            if side == Side::Crm && lacks_client(profile) {
                steps.push((
                    format!("crmsync configure {name} --client-id ID"),
                    format!(
                        "name the OAuth client that was made as {} says",
                        profile.crm.kind.page
                    ),
                ));
            }
            let what = match side {
                Side::Google => "sign in to Google".to_owned(),
                Side::Crm => "sign in to the CRM".to_owned(),
            };
            steps.push((format!("crmsync auth {} {name}", side.name()), what));
        }
    }
    if out {
        steps.push((
            format!("crmsync configure {name}"),
            "see the real lists and choose among them".to_owned(),
        ));
    } else {
        let empty = |side: Side| matches!(seen.sides.on(side), Look::Done { size: Some(0), .. });
        if !profile.sync.direction.writes(Side::Crm) && empty(Side::Crm) {
            steps.push((
                format!("crmsync configure {name} --crm-view VIEW"),
                "the view is empty, and contacts come from there".to_owned(),
            ));
        }
        if !profile.sync.direction.writes(Side::Google) && empty(Side::Google) {
            steps.push((
                format!("crmsync configure {name} --google-group LABEL"),
                "the label is empty, and contacts come from there".to_owned(),
            ));
        }
        steps.push((
            format!("crmsync map-fields {name} --check"),
            "what would be lost or refused".to_owned(),
        ));
        steps.push((
            format!("crmsync sync {name} --dry-run"),
            "what a sync would do".to_owned(),
        ));
        steps.push((format!("crmsync sync {name}"), "do it".to_owned()));
    }
    text.push_str("\nnext:\n");
    let width = steps.iter().map(|(step, _)| step.len()).max().unwrap_or(0);
    for (step, what) in steps {
        push(text, format_args!("  {step:width$}  {what}\n"));
    }
}

/// Whether signing in needs an OAuth client that the profile does not name.
fn lacks_client(profile: &Profile) -> bool {
    let Ok(kind) = connect::kind(profile) else {
        return false;
    };
    let ways = kind.sign_in();
    ways.key.is_none()
        && ways
            .oauth
            .is_some_and(|way| profile.crm.own.text(way.client_key).is_none())
}
