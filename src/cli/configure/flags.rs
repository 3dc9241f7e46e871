//! The flags of `configure`: each question of the wizard as an option.

use std::path::{Path, PathBuf};

use super::draft::Draft;
use crate::auth;
use crate::cli::failure::Failure;
use crate::cli::schedule::How;
use crate::connector;

/// Choose the lists and the rules, and write the profile.
#[derive(Debug, clap::Args)]
#[command(
    after_help = format!("Without options it asks, at a terminal.\nExample: {} --data-center eu --frequency 30m", example())
)]
pub(in crate::cli) struct Args {
    /// The profile's name, or the path of its .toml file
    #[arg(value_name = "PROFILE")]
    pub(super) profile: Option<String>,
    /// Which way contacts flow: two-way, crm-to-google or google-to-crm
    #[arg(long, value_name = "WAY")]
    direction: Option<String>,
    /// Who wins when both sides changed a field: crm, google or hold
    #[arg(long, value_name = "WHO")]
    on_conflict: Option<String>,
    /// How often it runs, 5m to 30d
    #[arg(long, value_name = "TIME")]
    frequency: Option<String>,
    /// The most contacts that the first run writes, 0 for no limit
    #[arg(long, value_name = "N")]
    first_limit: Option<String>,
    /// The most contacts that a later run writes, 0 for no limit
    #[arg(long, value_name = "N")]
    next_limit: Option<String>,
    /// When a contact was deleted on one side: keep, archive or delete
    #[arg(long, value_name = "WHAT")]
    on_delete: Option<String>,
    /// When a CRM record leaves the view: ungroup or keep
    #[arg(long, value_name = "WHAT")]
    on_leave: Option<String>,
    /// The Google label, by name or contactGroups/…; myContacts for all
    #[arg(long, value_name = "LABEL")]
    google_group: Option<String>,
    /// The OAuth client's file as downloaded from Google's console
    #[arg(long, value_name = "FILE")]
    google_client_secret: Option<PathBuf>,
    #[arg(long, value_name = "KIND", help = format!("Which CRM: {}", connector::kinds().names().join(", ")))]
    crm_kind: Option<String>,
    /// The CRM's list (a list view, an address book), by name or id
    #[arg(long, value_name = "VIEW")]
    crm_view: Option<String>,
    /// The CRM's module, such as Contacts, Leads or Vendors, where it has several
    #[arg(long, value_name = "MODULE")]
    crm_module: Option<String>,
    /// The CRM's data centre, where it has several: us, eu, in, au, jp, ca, cn, sa or uk
    #[arg(long, value_name = "DC")]
    data_center: Option<String>,
    /// The id of the CRM's OAuth client
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Any other key, such as sync.full_every=12h
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Wake a deactivated profile
    #[arg(long)]
    pub(super) activate: bool,
    /// Print the JSON schema of a profile and do nothing else
    #[arg(long)]
    pub(super) schema: bool,
    /// Have systemd or cron start the runs
    #[arg(long, value_enum, value_name = "HOW")]
    pub(super) install_timer: Option<How>,
    /// With --install-timer systemd: for the machine, in /etc/systemd/system
    #[arg(long, requires = "install_timer")]
    pub(super) system: bool,
}

/// A call that sets up a profile.
pub(super) fn example() -> String {
    let kind = connector::kinds().all().first();
    let kind = kind.map_or_else(String::new, |kind| {
        format!(
            " --crm-kind {} --crm-view \"{}\"",
            kind.name, kind.usual_list
        )
    });
    format!("crmsync configure sales{kind} --google-group CRM")
}

impl Args {
    /// Whether any option says what to do, so that nothing has to be asked.
    pub(super) fn says_something(&self) -> bool {
        self.activate
            || self.install_timer.is_some()
            || !self.set.is_empty()
            || self.google_client_secret.is_some()
            || self.words().iter().any(|(_, value)| value.is_some())
    }

    fn words(&self) -> [(&'static str, Option<&String>); 13] {
        [
            // First: it decides what the other keys of the CRM take.
            ("crm.kind", self.crm_kind.as_ref()),
            ("sync.direction", self.direction.as_ref()),
            ("sync.on_conflict", self.on_conflict.as_ref()),
            ("sync.frequency", self.frequency.as_ref()),
            ("sync.first_limit", self.first_limit.as_ref()),
            ("sync.next_limit", self.next_limit.as_ref()),
            ("sync.on_delete", self.on_delete.as_ref()),
            ("sync.on_leave", self.on_leave.as_ref()),
            ("google.group", self.google_group.as_ref()),
            ("crm.view", self.crm_view.as_ref()),
            ("crm.module", self.crm_module.as_ref()),
            ("crm.data_center", self.data_center.as_ref()),
            ("crm.client_id", self.client_id.as_ref()),
        ]
    }
}

/// The keys that the options set, with their values.
pub(super) fn choices(args: &Args, draft: &Draft) -> Result<Vec<(String, String)>, Failure> {
    if args.system && args.install_timer == Some(How::Cron) {
        return Err(Failure::usage(
            "--system is for systemd",
            "a crontab is its user's own: leave --system out",
        ));
    }
    let mut chosen: Vec<(String, String)> = args
        .words()
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?.clone())))
        .collect();
    if let Some(path) = &args.google_client_secret {
        let path = client_file(path, &draft.path)?;
        chosen.push(("google.client_secret".to_owned(), path));
    }
    for pair in &args.set {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            Failure::usage(
                format!("--set takes KEY=VALUE, not `{}`", before_value(pair)),
                "such as: --set sync.full_every=12h",
            )
        })?;
        let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
        if chosen.iter().any(|(known, _)| *known == key) {
            return Err(Failure::usage(
                format!("`{key}` is given twice"),
                "give it once",
            ));
        }
        chosen.push((key, value));
    }
    Ok(chosen)
}

/// What may be shown of a word that might be a secret.
fn before_value(pair: &str) -> &str {
    pair.split([' ', ':']).next().unwrap_or_default()
}

/// A client file as the profile names it: relative to the profile's folder when it lies there.
pub(super) fn client_file(given: &Path, profile: &Path) -> Result<String, Failure> {
    let folder = profile.parent().unwrap_or_else(|| Path::new("."));
    let found = [given.to_owned(), folder.join(given)]
        .into_iter()
        .find(|path| path.is_file());
    let wrong = |message: String| {
        Failure::new(
            7,
            message,
            "download the client of type \"Desktop app\" from Google's console and name that file",
        )
    };
    let Some(found) = found else {
        return Err(wrong(format!("there is no file {}", given.display())));
    };
    let text = std::fs::read_to_string(&found)
        .map_err(|error| wrong(format!("cannot read {}: {error}", found.display())))?;
    auth::google::parse_client(&text).map_err(|error| Failure {
        hint: error.hint.clone(),
        ..wrong(format!("{}: {error}", found.display()))
    })?;
    let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (found, folder) = (absolute(&found), absolute(folder));
    let named = found.strip_prefix(&folder).unwrap_or(&found);
    Ok(named.display().to_string())
}
