//! How the id of a record's counterpart is written into a stamp, and read back.

use sha2::{Digest as _, Sha256};

use crate::model::RemoteId;

/// Whose the identifiers of the counterparts are. Two CRMs whose identifiers are small numbers may
/// be synced with one Google account: there a stamp says which of them it means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Twins {
    /// No other account has them: a stamp is the bare identifier.
    #[default]
    Global,
    /// Only within one account: a stamp is the account's mark and the identifier.
    Of(String),
}

impl Twins {
    /// The counterparts of an account whose identifiers mean something only there. The mark is a digest: what
    /// stands at Google tells nothing of where the account is.
    #[must_use]
    pub fn of(account: &str) -> Self {
        let digest = Sha256::digest(account.as_bytes());
        let mark = digest
            .iter()
            .take(8)
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        Self::Of(mark)
    }

    /// The stamp that names this counterpart.
    #[must_use]
    pub fn stamp(&self, twin: &RemoteId) -> String {
        match self {
            Self::Global => twin.as_str().to_owned(),
            Self::Of(mark) => format!("{mark}#{twin}"),
        }
    }

    /// The counterpart that a stamp names; one of another account says nothing here.
    #[must_use]
    pub fn read(&self, stamp: &str) -> Option<RemoteId> {
        let id = match self {
            Self::Global => Some(stamp).filter(|stamp| !stamp.contains('#')),
            Self::Of(mark) => stamp
                .strip_prefix(mark.as_str())
                .and_then(|rest| rest.strip_prefix('#')),
        };
        id.filter(|id| !id.is_empty()).map(RemoteId::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_where_it_was_written_and_nowhere_else() {
        let one = Twins::of("one/host/people");
        let other = Twins::of("one/host");
        let id = RemoteId::from("7");
        for twins in [&Twins::Global, &one, &other] {
            assert_eq!(twins.read(&twins.stamp(&id)), Some(id.clone()), "{twins:?}");
            assert_eq!(twins.read(""), None);
        }
        assert_eq!(Twins::Global.stamp(&id), "7");
        // For ever: stamps outlive the state file.
        assert_eq!(one.stamp(&id), "5ecc9f1bece46dec#7");
        for (writes, reads) in [
            (&Twins::Global, &one),
            (&one, &Twins::Global),
            (&one, &other),
            (&other, &one),
        ] {
            assert_eq!(reads.read(&writes.stamp(&id)), None, "{writes:?} {reads:?}");
        }
    }
}
