//! A profile while it is being chosen: the text that was there, and what is to change in it.

use std::path::PathBuf;

use crate::cli::failure::Failure;
use crate::cli::paths::Paths;
use crate::connector;
use crate::model::{KeyInfo, KindInfo};
use crate::profile::edit::{self, EditError};
use crate::profile::{self, Presence, Profile, ProfileError};

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
        Ok(Self {
            name,
            path,
            before,
            chosen: Vec::new(),
        })
    }

    /// Whether there is no file yet.
    pub(super) fn is_new(&self) -> bool {
        self.before.is_none()
    }

    /// Sets a key; a later choice goes before an earlier one.
    pub(super) fn choose(&mut self, key: &str, value: &str) -> Result<(), Failure> {
        // An unknown key or a wrong value is a wrong call, whatever the file says.
        self.check(key, value).map_err(|error| usage(&error))?;
        self.chosen.retain(|(chosen, _)| chosen != key);
        self.chosen.push((key.to_owned(), value.to_owned()));
        Ok(())
    }

    /// Whether a value fits its key, by the profile's CRM kind.
    pub(super) fn check(&self, key: &str, value: &str) -> Result<(), EditError> {
        let kind = self
            .kind()
            .filter(|_| key != "crm.kind")
            .map_or_else(String::new, |kind| {
                format!("crm.kind = \"{}\"\n", kind.name)
            });
        edit::set(connector::kinds(), &kind, key, value).map(|_| ())
    }

    /// The CRM kind: chosen, written in the file, or for a new profile the first that there is.
    pub(super) fn kind(&self) -> Option<&'static KindInfo> {
        let first = || {
            let first = connector::kinds().all().first().copied();
            first.filter(|_| self.is_new())
        };
        match self.value("crm.kind") {
            Some(word) => connector::kinds().get(&word),
            None => first(),
        }
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
            if key == "crm.kind" {
                return None;
            }
            let kind = self.kind().map(|kind| kind.name);
            let default = profile::key(connector::kinds(), kind, key)?.default()?;
            Some(default.trim_matches('"').to_owned())
        };
        written.or_else(default)
    }

    /// Whether the keys without which there is no profile are there.
    pub(super) fn is_complete(&self) -> bool {
        self.missing().is_empty()
    }

    /// The options that are missing for a new profile.
    fn missing(&self) -> Vec<String> {
        if !self.is_new() {
            return Vec::new();
        }
        let own = self.kind().into_iter().flat_map(|kind| kind.keys);
        let own = own.filter(|key| key.presence == Presence::Required);
        let flags = [
            ("google.group", "--google-group".to_owned()),
            ("crm.view", "--crm-view".to_owned()),
        ];
        let sets = own.map(|key: &KeyInfo| (key.name, format!("--set {}=…", key.name)));
        flags
            .into_iter()
            .chain(sets)
            .filter(|(key, _)| !self.is_chosen(key))
            .map(|(_, flag)| flag)
            .collect()
    }

    /// Names the flags that are missing for a new profile.
    pub(super) fn check_complete(&self) -> Result<(), Failure> {
        let missing = self.missing();
        if missing.is_empty() {
            return Ok(());
        }
        let view = self.kind().map_or("All Contacts", |kind| kind.usual_list);
        Err(Failure::usage(
            format!(
                "the new profile `{}` needs {}",
                self.name,
                missing.join(" and ")
            ),
            format!(
                "such as: crmsync configure {} --google-group CRM --crm-view \"{view}\"; at a terminal it asks",
                self.name
            ),
        ))
    }

    /// The text with every choice in it; comments and order stay.
    pub(super) fn text(&self) -> Result<String, Failure> {
        match &self.before {
            None => {
                let kind = self.kind().filter(|_| !self.is_chosen("crm.kind"));
                let kind = kind.map(|kind| ("crm.kind".to_owned(), kind.name.to_owned()));
                let chosen: Vec<_> = kind.into_iter().chain(self.chosen.clone()).collect();
                edit::new_text(connector::kinds(), &chosen).map_err(|error| usage(&error))
            }
            Some(before) => {
                let mut text = before.clone();
                for (key, value) in &self.chosen {
                    text = edit::set(connector::kinds(), &text, key, value)
                        .map_err(|error| usage(&error))?;
                }
                Ok(text)
            }
        }
    }

    /// The profile as it would be.
    pub(super) fn profile(&self) -> anyhow::Result<Profile> {
        Ok(Profile::parse(
            connector::kinds(),
            &self.name,
            &self.path,
            &self.text()?,
        )?)
    }

    /// The profile as it would be, with something for the lists that are not chosen yet: good
    /// enough to see what there is to choose from.
    pub(super) fn sketch(&self) -> anyhow::Result<Profile> {
        let mut sketch = self.clone();
        let view = self.kind().map_or("All Contacts", |kind| kind.usual_list);
        for (key, value) in [("google.group", "myContacts"), ("crm.view", view)] {
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
