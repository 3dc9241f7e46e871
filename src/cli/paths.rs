//! Where things lie: profiles, the state file, tokens beside it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use etcetera::BaseStrategy as _;

use super::Global;
use crate::connector;
use crate::profile::{Profile, ProfileError};

/// The places of one call.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    /// The profiles' folder.
    pub(super) config: PathBuf,
    /// The state file.
    pub(super) state: PathBuf,
}

impl Paths {
    pub(super) fn find(global: &Global) -> anyhow::Result<Self> {
        let base = || etcetera::choose_base_strategy().context("find the home directory");
        let config = match &global.config_dir {
            Some(dir) => dir.clone(),
            None => base()?.config_dir().join("crmsync"),
        };
        let state = if let Some(file) = &global.state {
            file.clone()
        } else {
            let base = base()?;
            let dir = base.state_dir().unwrap_or_else(|| base.data_dir());
            dir.join("crmsync").join("state.sqlite3")
        };
        Ok(Self { config, state })
    }

    /// The profile of a name in the profiles' folder, or of a path.
    pub(super) fn profile(&self, which: &str) -> Result<Profile, ProfileError> {
        Profile::load(connector::kinds(), &self.config, which)
    }

    /// Where profiles lie when nothing else is said; none without a home directory.
    pub(super) fn usual_config() -> Option<PathBuf> {
        let base = etcetera::choose_base_strategy().ok()?;
        Some(base.config_dir().join("crmsync"))
    }

    /// The folder of the token files.
    pub(super) fn tokens(&self) -> PathBuf {
        self.state
            .parent()
            .unwrap_or_else(|| Path::new("."))
            .join("tokens")
    }
}
