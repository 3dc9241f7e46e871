//! A profile while it is being chosen: the text that was there, and what is to change in it.

use std::path::PathBuf;

use crate::cli::failure::Failure;
use crate::cli::paths::Paths;
use crate::profile::edit::{self, EditError};
use crate::profile::{self, Profile, ProfileError};

/// What became of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It is new.
    New,
    /// It was changed.
    Changed,
    /// It says what it said.
    Same,
}

/// A profile while it is being chosen.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// The profile's name.
    pub(super) name: String,
    /// Its file.
    pub(super) path: PathBuf,
    before: Option<String>,
    chosen: Vec<(String, String)>,
}

impl Draft {
    /// The profile of a name or a path, whether it is there or not.
    pub(super) fn open(paths: &Paths, which: &str) -> anyhow::Result<Self> {
        let path = Profile::place_of(&paths.config, which)?;
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .filter(|name| !name.is_empty())
            .ok_or_else(|| ProfileError::BadName(which.to_owned()))?
            .to_owned();
        let before = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(ProfileError::Unreadable { path, source }.into()),
        };
        let mut draft = Self {
            name,
            path,
            before,
            chosen: Vec::new(),
        };
        if draft.is_new() {
            // The only one there is.
            draft.choose("crm.kind", "zoho")?;
        }
        Ok(draft)
    }

    /// Whether there is no file yet.
    pub(super) fn is_new(&self) -> bool {
        self.before.is_none()
    }

    /// Sets a key; a later choice goes before an earlier one.
    pub(super) fn choose(&mut self, key: &str, value: &str) -> Result<(), Failure> {
        // An unknown key or a wrong value is a wrong call, whatever the file says.
        edit::set("", key, value).map_err(|error| usage(&error))?;
        self.chosen.retain(|(chosen, _)| chosen != key);
        self.chosen.push((key.to_owned(), value.to_owned()));
        Ok(())
    }

    /// Whether the key was chosen in this call.
    pub(super) fn is_chosen(&self, key: &str) -> bool {
        self.chosen.iter().any(|(chosen, _)| chosen == key)
    }

    /// What counts for a key now: chosen, written in the file, or its default; texts bare.
    pub(super) fn value(&self, key: &str) -> Option<String> {
        if let Some((_, value)) = self.chosen.iter().find(|(chosen, _)| chosen == key) {
            return Some(value.clone());
        }
        let written = self.before.as_deref().and_then(|text| {
            let table: toml::Table = text.parse().ok()?;
            let (section, leaf) = key.split_once('.')?;
            let value = table.get(section)?.get(leaf)?;
            Some(
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
            )
        });
        let default = || {
            let default = profile::key(key)?.default()?;
            Some(default.trim_matches('"').to_owned())
        };
        written.or_else(default)
    }

    /// Whether the two keys without which there is no profile are there.
    pub(super) fn is_complete(&self) -> bool {
        !self.is_new() || (self.is_chosen("google.group") && self.is_chosen("crm.view"))
    }

    /// Names the flags that are missing for a new profile.
    pub(super) fn check_complete(&self) -> Result<(), Failure> {
        if self.is_complete() {
            return Ok(());
        }
        let missing: Vec<&str> = [
            ("google.group", "--google-group"),
            ("crm.view", "--crm-view"),
        ]
        .iter()
        .filter(|(key, _)| !self.is_chosen(key))
        .map(|(_, flag)| *flag)
        .collect();
        Err(Failure::usage(
            format!(
                "the new profile `{}` needs {}",
                self.name,
                missing.join(" and ")
            ),
            format!(
                "such as: crmsync configure {} --google-group CRM --crm-view \"All Contacts\"; at a terminal it asks",
                self.name
            ),
        ))
    }

    /// The text with every choice in it; comments and order stay.
    pub(super) fn text(&self) -> Result<String, Failure> {
        match &self.before {
            None => edit::new_text(&self.chosen).map_err(|error| usage(&error)),
            Some(before) => {
                let mut text = before.clone();
                for (key, value) in &self.chosen {
                    text = edit::set(&text, key, value).map_err(|error| usage(&error))?;
                }
                Ok(text)
            }
        }
    }

    /// The profile as it would be.
    pub(super) fn profile(&self) -> anyhow::Result<Profile> {
        Ok(Profile::parse(&self.name, &self.path, &self.text()?)?)
    }

    /// The profile as it would be, with something for the lists that are not chosen yet: good
    /// enough to see what there is to choose from.
    pub(super) fn sketch(&self) -> anyhow::Result<Profile> {
        let mut sketch = self.clone();
        for (key, value) in [("google.group", "myContacts"), ("crm.view", "All Contacts")] {
            if sketch.value(key).is_none() {
                sketch.choose(key, value)?;
            }
        }
        sketch.profile()
    }

    /// Writes the file when it would change.
    pub(super) fn write(&self) -> anyhow::Result<Written> {
        let text = self.text()?;
        if self.before.as_ref() == Some(&text) {
            return Ok(Written::Same);
        }
        super::replace(&self.path, &text)?;
        Ok(if self.is_new() {
            Written::New
        } else {
            Written::Changed
        })
    }
}

/// A key or a value that the command line got wrong.
fn usage(error: &EditError) -> Failure {
    Failure {
        code: match error {
            EditError::Text(_) => 7,
            EditError::UnknownKey { .. }
            | EditError::Value { .. }
            | EditError::Mapped(_)
            | EditError::NotMapped(_)
            | EditError::LastPair(_) => 2,
        },
        message: error.to_string(),
        hint: error.hint(),
    }
}
