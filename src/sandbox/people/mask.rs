//! Field masks: which person fields a call reads or writes.

use super::errors::{Answer, Refusal};

/// The paths that can be read.
const READABLE: [&str; 29] = [
    "addresses",
    "ageRanges",
    "biographies",
    "birthdays",
    "calendarUrls",
    "clientData",
    "coverPhotos",
    "emailAddresses",
    "events",
    "externalIds",
    "genders",
    "imClients",
    "interests",
    "locales",
    "locations",
    "memberships",
    "metadata",
    "miscKeywords",
    "names",
    "nicknames",
    "occupations",
    "organizations",
    "phoneNumbers",
    "photos",
    "relations",
    "sipAddresses",
    "skills",
    "urls",
    "userDefined",
];

/// Of these, what no update may name.
const NOT_WRITABLE: [&str; 5] = ["ageRanges", "coverPhotos", "metadata", "photos", "skills"];

/// A set of paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mask(u32);

impl Mask {
    /// Every path that can be read.
    pub(crate) const ALL: Self = Self((1 << READABLE.len()) - 1);

    /// Reads a comma-separated mask; `name` is the parameter, for the refusal.
    pub(crate) fn read(name: &str, text: &str) -> Answer<Self> {
        Self::parse(name, text, &[])
    }

    /// Reads the mask of an update.
    pub(crate) fn write(name: &str, text: &str) -> Answer<Self> {
        Self::parse(name, text, &NOT_WRITABLE)
    }

    fn parse(name: &str, text: &str, barred: &[&str]) -> Answer<Self> {
        let mut bits = 0;
        for path in text
            .split(',')
            .map(str::trim)
            .filter(|path| !path.is_empty())
        {
            let place = READABLE.iter().position(|known| *known == path);
            match place {
                Some(place) if !barred.contains(&path) => bits |= 1 << place,
                _ => {
                    return Err(Refusal::invalid(format!(
                        "Invalid {name} mask path: \"{path}\". Valid paths are documented at https://developers.google.com/people/api/rest/v1/people."
                    )));
                }
            }
        }
        if bits == 0 {
            return Err(Refusal::invalid(format!(
                "{name} mask is required. Please specify one or more valid paths. Valid paths are documented at https://developers.google.com/people/api/rest/v1/people."
            )));
        }
        Ok(Self(bits))
    }

    /// The paths of the set.
    pub(crate) fn paths(self) -> impl Iterator<Item = &'static str> {
        READABLE
            .into_iter()
            .enumerate()
            .filter(move |(place, _)| self.0 & (1 << place) != 0)
            .map(|(_, path)| path)
    }

    /// The set as a number; part of a person's etag.
    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    /// Whether the path is in the set.
    pub(crate) fn has(self, path: &str) -> bool {
        self.paths().any(|known| known == path)
    }
}

/// The fields that a new contact can carry.
pub(crate) fn writable() -> impl Iterator<Item = &'static str> {
    READABLE
        .into_iter()
        .filter(|path| !NOT_WRITABLE.contains(path))
}

/// Which sources a person is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sources {
    /// The contact itself.
    pub(crate) contact: bool,
    /// The public profile linked to it.
    pub(crate) profile: bool,
}

impl Sources {
    /// Reads `sources`; none given means contact and profile.
    pub(crate) fn read<'a>(given: impl Iterator<Item = &'a str>) -> Answer<Self> {
        let mut sources = Self {
            contact: false,
            profile: false,
        };
        let mut any = false;
        for source in given {
            any = true;
            match source {
                "READ_SOURCE_TYPE_CONTACT" => sources.contact = true,
                "READ_SOURCE_TYPE_PROFILE" => sources.profile = true,
                "READ_SOURCE_TYPE_DOMAIN_CONTACT" | "READ_SOURCE_TYPE_OTHER_CONTACT" => {}
                other => {
                    return Err(Refusal::invalid(format!(
                        "Invalid value at 'sources' (type.googleapis.com/google.people.v1.ReadSourceType), \"{other}\""
                    )));
                }
            }
        }
        if !any {
            sources.contact = true;
            sources.profile = true;
        }
        Ok(sources)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn etag_and_resource_name_are_no_paths() {
        for path in ["etag", "resourceName", "fileAses", "names.givenName"] {
            let refusal = Mask::read("personFields", path).unwrap_err();
            assert!(
                refusal
                    .message
                    .starts_with("Invalid personFields mask path"),
                "{path}"
            );
        }
    }

    #[test]
    fn an_update_cannot_name_what_the_server_owns() {
        assert!(Mask::read("readMask", "metadata,names").is_ok());
        assert!(Mask::write("updateMask", "metadata").is_err());
        assert_eq!(writable().count(), 24);
    }

    #[test]
    fn no_sources_means_contact_and_profile() {
        let sources = Sources::read(std::iter::empty()).unwrap();
        assert!(sources.contact && sources.profile);
        assert!(Sources::read(["CONTACT"].into_iter()).is_err());
    }
}
