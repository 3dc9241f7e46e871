//! Behaviour that the CRM's documents leave open, or that a test wants otherwise, as named switches.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Every switch, by its name in `POST /admin/crm/switch`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, set by name"
)]
pub(super) struct Switches {
    /// Offset of the organisation's times from UTC, in minutes.
    pub(super) utc_offset_minutes: i32,
    /// `If-Modified-Since` takes in the second it names, or not.
    pub(super) modified_since: Bound,
    /// What an `If-Modified-Since` together with `cvid` does.
    pub(super) modified_since_with_cvid: CvidRule,
    /// Status when nothing was modified: 304 or 204.
    pub(super) not_modified_status: u16,
    /// Status of a single record that is not there: 204, or 404 with `INVALID_DATA`.
    pub(super) missing_record_status: u16,
    /// How long Search and Count go on seeing a record as it was before a write.
    pub(super) search_delay_seconds: i64,
    /// COQL tells upper from lower case in text.
    pub(super) coql_case_sensitive: bool,
    /// COQL with the figures of the older pages: 200 rows, 50 fields, 50 values, 10,000 in all.
    pub(super) coql_legacy_limits: bool,
    /// A value outside the list is refused; otherwise it is kept.
    pub(super) picklist_strict: bool,
    /// What a value for a read-only field does.
    pub(super) read_only_fields: ReadOnly,
    /// Blanks around text are cut off.
    pub(super) trim_text: bool,
    /// What `If-Unmodified-Since` means for several records.
    pub(super) lock_with_many: ManyRule,
    /// What a malformed `If-Unmodified-Since` does.
    pub(super) malformed_lock: ReadOnly,
    /// A merge's loser appears in the deletion feed.
    pub(super) merge_loser_in_deleted: bool,
    /// Coming back from the recycle bin is a modification.
    pub(super) restore_bumps_modified: bool,
    /// A new photo is a modification.
    pub(super) photo_bumps_modified: bool,
    /// `fields=id` alone is refused.
    pub(super) id_only_refused: bool,
    /// Longest `ids` parameter in characters; 0 for no limit.
    pub(super) ids_max_chars: usize,
    /// Longest `fields` parameter in characters; 0 for no limit.
    pub(super) fields_max_chars: usize,
    /// Credits in 24 hours; 0 for no limit.
    pub(super) daily_credits: u64,
    /// Life of an access token.
    pub(super) token_ttl_seconds: i64,
    /// Life of a grant code.
    pub(super) grant_ttl_seconds: i64,
    /// What the consent page does by itself.
    pub(super) consent: Consent,
    /// The data centre that the redirect names.
    pub(super) location: String,
}

/// Whether a bound belongs to the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Bound {
    Inclusive,
    Exclusive,
}

/// How `If-Modified-Since` and `cvid` go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CvidRule {
    Both,
    IgnoreHeader,
    IgnoreCvid,
}

/// What happens to something that may not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReadOnly {
    Ignore,
    Refuse,
}

/// Which records of an update the lock header protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ManyRule {
    Each,
    First,
    Ignore,
}

/// Who answers the consent page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Consent {
    Ask,
    Allow,
    Deny,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            utc_offset_minutes: 120,
            modified_since: Bound::Inclusive,
            modified_since_with_cvid: CvidRule::Both,
            not_modified_status: 304,
            missing_record_status: 204,
            search_delay_seconds: 0,
            coql_case_sensitive: false,
            coql_legacy_limits: false,
            picklist_strict: false,
            read_only_fields: ReadOnly::Ignore,
            trim_text: false,
            lock_with_many: ManyRule::Each,
            malformed_lock: ReadOnly::Ignore,
            merge_loser_in_deleted: false,
            restore_bumps_modified: false,
            photo_bumps_modified: false,
            id_only_refused: false,
            ids_max_chars: 0,
            fields_max_chars: 0,
            daily_credits: 0,
            token_ttl_seconds: 3600,
            grant_ttl_seconds: 180,
            consent: Consent::Ask,
            location: "eu".to_owned(),
        }
    }
}

impl Switches {
    /// Sets the named switches, all or none; answers with all of them.
    pub(super) fn set(&mut self, changes: &Value) -> Result<Value, String> {
        let wanted = changes
            .as_object()
            .ok_or("expected an object of switch names and values")?;
        let mut all = serde_json::to_value(&*self).map_err(|error| error.to_string())?;
        if let Some(map) = all.as_object_mut() {
            for (name, value) in wanted {
                map.insert(name.clone(), value.clone());
            }
        }
        let read: Self = serde_json::from_value(all.clone()).map_err(|error| error.to_string())?;
        if ![204, 304].contains(&read.not_modified_status)
            || ![204, 404].contains(&read.missing_record_status)
            || read.utc_offset_minutes.abs() > 14 * 60
        {
            return Err("a switch is out of range".to_owned());
        }
        *self = read;
        Ok(all)
    }
}
