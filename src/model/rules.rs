//! The profile's choices, as far as planning needs them.

use std::collections::BTreeMap;

use super::{Field, Side, Sides};

/// Which way contacts flow (rule 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    #[default]
    TwoWay,
    /// The CRM is the source and is never written.
    CrmToGoogle,
    /// Google is the source and is never written.
    GoogleToCrm,
}

impl Direction {
    /// Whether anything may be written on `side`.
    #[must_use]
    pub fn writes(self, side: Side) -> bool {
        match (self, side) {
            (Self::TwoWay, _)
            | (Self::CrmToGoogle, Side::Google)
            | (Self::GoogleToCrm, Side::Crm) => true,
            (Self::CrmToGoogle, Side::Crm) | (Self::GoogleToCrm, Side::Google) => false,
        }
    }
}

/// What to do when both sides changed one field to different values (rule 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// This side's value overwrites the other.
    Prefer(Side),
    /// Neither is touched; it is reported until someone edits.
    Hold,
}

/// What to do with the other record when one was deleted (rule 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDelete {
    /// It stays and the pair is over.
    #[default]
    Keep,
    /// On Google it leaves the group for the archive label; on a CRM it stays.
    Archive,
    /// It is deleted too.
    Delete,
}

/// What to do with the Google contact when the CRM record leaves the view (rule 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLeave {
    /// Take it out of the group.
    #[default]
    Ungroup,
    /// Leave it there.
    Keep,
}

/// What to do with contacts that have no match key (rule 16).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoEmail {
    /// They take no part.
    #[default]
    Skip,
    /// They take part by link and stamp alone.
    Sync,
}

/// How one mapped field behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRule {
    /// Its Google path, the name that reports use.
    pub name: String,
    /// Whether the field may be written on each side: profile direction, the pair's own direction
    /// and the remote's metadata together.
    pub writable: Sides<bool>,
    /// Whether each side refuses a blank.
    pub required: Sides<bool>,
    /// Who wins a conflict about it.
    pub on_conflict: OnConflict,
    /// Whether a blank CRM value is filled from the contact's other names when a record is created.
    pub filled: Filled,
}

/// Whether a mandatory CRM name is filled in when Google has none (rule 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filled {
    /// A blank stays blank.
    #[default]
    Never,
    /// From given name, display name, organisation, or the address's local part.
    FromNames,
}

/// The profile's choices that matter to planning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The mapped fields.
    pub fields: BTreeMap<Field, FieldRule>,
    /// The field of the match key.
    pub key: Field,
    /// Fields that the CRM keeps as one value, by its parts in order.
    pub wholes: Vec<Vec<Field>>,
    /// Which way contacts flow.
    pub direction: Direction,
    /// What a deletion does.
    pub on_delete: OnDelete,
    /// What leaving the view does.
    pub on_leave: OnLeave,
    /// What happens to contacts without an address.
    pub no_email: NoEmail,
    /// Whether any other address of a Google contact matches too.
    pub any_email: AnyEmail,
    /// Whether a cleared field is cleared on the other side.
    pub clears: Clears,
    /// Whether a one-way target's own edits are put back.
    pub target: Target,
    /// Whether this run is a re-match after a profile change: it links and fills and never deletes.
    pub rematch: Rematch,
}

/// Which addresses of a Google contact match (rule 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnyEmail {
    /// The match key, then any other address.
    #[default]
    Matches,
    /// Only the match key.
    Ignored,
}

/// What a cleared field does to the other side (rule 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clears {
    /// It is cleared there too.
    #[default]
    Propagate,
    /// It stays there.
    Stay,
}

/// What happens to edits on the target of a one-way profile (rule 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// They stay until the source changes, and are counted as drift.
    #[default]
    Drifts,
    /// They are overwritten.
    Enforced,
}

/// Whether a run re-matches after a profile change (rule 10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rematch {
    /// An ordinary run.
    #[default]
    No,
    /// The first run after a change of account, group, view, mapping or direction.
    Yes,
}

/// What a run may do before a person has to agree (rules 9 and 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most contacts that may be written; 0 means no limit.
    pub contacts: u64,
    /// Whether the brakes are off (`--allow-bulk`).
    pub bulk: Bulk,
    /// How many contacts the Google account may hold.
    pub google_cap: u64,
}

/// Whether the brakes hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bulk {
    /// They do.
    #[default]
    Braked,
    /// One run goes through, except past Google's cap.
    Allowed,
}
