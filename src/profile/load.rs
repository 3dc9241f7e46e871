//! Finding profiles and reading them.

use std::path::{Path, PathBuf};

use super::fault::{self, Fault, Invalid, ProfileError};
use super::{MapPart, Profile, build, read};
use crate::mapping::nearest;
use crate::model::Kinds;

impl Profile {
    /// Reads the profile of a name (`<config_dir>/<name>.toml`) or of a path that ends in `.toml`.
    pub fn load(kinds: Kinds, config_dir: &Path, which: &str) -> Result<Self, ProfileError> {
        let path = Self::place_of(config_dir, which)?;
        let name = name_of(&path).ok_or_else(|| ProfileError::BadName(which.to_owned()))?;
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(kinds, &name, &path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let known: Vec<String> =
                    list(config_dir).into_iter().map(|(name, _)| name).collect();
                let near = nearest(&name, known.iter().map(String::as_str)).map(str::to_owned);
                Err(ProfileError::Unknown {
                    name: which.to_owned(),
                    path,
                    known,
                    nearest: near,
                })
            }
            Err(source) => Err(ProfileError::Unreadable { path, source }),
        }
    }

    /// The file of a name or of a path that ends in `.toml`, whether it is there or not.
    pub fn place_of(config_dir: &Path, which: &str) -> Result<PathBuf, ProfileError> {
        let path = Path::new(which);
        if path.extension().is_some_and(|end| end == "toml") {
            return Ok(path.to_owned());
        }
        let plain = !which.is_empty()
            && !which.starts_with(['.', '-'])
            && which
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if plain {
            Ok(config_dir.join(format!("{which}.toml")))
        } else {
            Err(ProfileError::BadName(which.to_owned()))
        }
    }

    /// Reads a profile's text; `kinds` are the CRMs that it can name, `path` is its file, for
    /// messages and for the files that it names.
    pub fn parse(kinds: Kinds, name: &str, path: &Path, text: &str) -> Result<Self, ProfileError> {
        let mut read = read::read(kinds, text);
        let shown = fault::masked(text, &read.secrets);
        let together = build::check(&read);
        read.faults.extend(together);
        let parts = if read.faults.is_empty() {
            build::build(&read, &build::folder(path))
        } else {
            None
        };
        match parts {
            Some(parts) => Ok(Self {
                name: name.to_owned(),
                path: path.to_owned(),
                sync: parts.sync,
                google: parts.google,
                crm: parts.crm,
                map: parts.map,
                text: text.to_owned(),
                spans: parts.spans,
            }),
            None => Err(ProfileError::Invalid(invalid(path, &shown, read.faults))),
        }
    }

    /// The text that was read.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// An error about a part of the profile that only its remote can find (`unknown CRM field`),
    /// as a person reads it: file, line, column, the line itself and a caret. With the default
    /// mapping the entries stand at `crm.kind`.
    #[must_use]
    pub fn locate(&self, part: &MapPart, message: &str, help: &str) -> String {
        let spans = &self.spans;
        let entry = |at: usize| spans.entries.get(at);
        let span = match part {
            MapPart::View => Some(&spans.view),
            MapPart::Group => Some(&spans.group),
            MapPart::Kind => Some(&spans.kind),
            MapPart::Entry(at) => entry(*at).map(|entry| &entry.whole),
            MapPart::Crm(at) => entry(*at).map(|entry| &entry.crm),
            MapPart::Google(at) => entry(*at).map(|entry| &entry.google),
            MapPart::Default(name) => spans.defaults.get(name),
        };
        let span = span.unwrap_or(&spans.kind).clone();
        fault::shown(
            &self.path,
            &self.text,
            &Fault::new(span, message).help(help),
        )
    }
}

fn invalid(path: &Path, shown: &str, mut faults: Vec<Fault>) -> Invalid {
    if faults.is_empty() {
        faults.push(Fault::new(0..0, "the profile says too little to be read"));
    }
    fault::findings(path, shown, faults)
}

/// The profile's name in a path: the file's name without `.toml`.
fn name_of(path: &Path) -> Option<String> {
    path.file_stem()?.to_str().map(str::to_owned)
}

/// Every profile of the folder by name, sorted; empty when there is no folder.
#[must_use]
pub fn list(config_dir: &Path) -> Vec<(String, PathBuf)> {
    let mut found: Vec<(String, PathBuf)> = std::fs::read_dir(config_dir)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml") && path.is_file())
        .filter_map(|path| Some((name_of(&path)?, path)))
        .filter(|(name, _)| !name.starts_with('.'))
        .collect();
    found.sort();
    found
}
