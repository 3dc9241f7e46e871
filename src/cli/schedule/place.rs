//! Where an entry is installed.

use super::systemd::Manager;
use super::{Entry, cron};

/// One place that starts runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Where {
    /// The user's crontab.
    Crontab,
    /// Units of systemd.
    Units(Manager),
}

impl Where {
    /// The place as a person says it.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Crontab => "the crontab".to_owned(),
            Self::Units(manager) => format!("systemd, {}", manager.folder.display()),
        }
    }
}

/// Every place that this folder's entry stands in.
pub(super) fn find(entry: &Entry) -> anyhow::Result<Vec<Where>> {
    let mut found = Vec::new();
    if cron::installed(entry)? {
        found.push(Where::Crontab);
    }
    let managers = [Manager::user(), Some(Manager::machine())];
    found.extend(
        managers
            .into_iter()
            .flatten()
            .filter(|manager| manager.has(entry))
            .map(Where::Units),
    );
    Ok(found)
}
