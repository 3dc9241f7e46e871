//! The two ends of a profile.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the two ends of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Google Contacts.
    Google,
    /// The CRM.
    Crm,
}

impl Side {
    /// Both sides, in the order every report uses.
    pub const BOTH: [Self; 2] = [Self::Google, Self::Crm];

    /// The opposite side.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Google => Self::Crm,
            Self::Crm => Self::Google,
        }
    }

    /// The name that profiles, JSON and the state file use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Crm => "crm",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Google => "Google",
            Self::Crm => "the CRM",
        })
    }
}

/// One value per side; replaces every `google_x`/`crm_x` twin.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Sides<T> {
    /// The Google value.
    pub google: T,
    /// The CRM value.
    pub crm: T,
}

impl<T> Sides<T> {
    /// Builds both values from their side, Google first.
    pub fn from_fn(mut f: impl FnMut(Side) -> T) -> Self {
        Self {
            google: f(Side::Google),
            crm: f(Side::Crm),
        }
    }

    /// The value on `side`.
    pub fn on(&self, side: Side) -> &T {
        match side {
            Side::Google => &self.google,
            Side::Crm => &self.crm,
        }
    }

    /// The value on `side`, to change it.
    pub fn on_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Google => &mut self.google,
            Side::Crm => &mut self.crm,
        }
    }

    /// The two values exchanged.
    #[must_use]
    pub fn swapped(self) -> Self {
        Self {
            google: self.crm,
            crm: self.google,
        }
    }

    /// Both values turned into something else.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Sides<U> {
        Sides {
            google: f(self.google),
            crm: f(self.crm),
        }
    }

    /// Both values borrowed.
    pub fn as_ref(&self) -> Sides<&T> {
        Sides {
            google: &self.google,
            crm: &self.crm,
        }
    }
}
