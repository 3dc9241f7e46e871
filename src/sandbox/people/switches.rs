//! The behaviour switches of the simulated Google: what is unknown about the real one, and what a test wants to force.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Every switch, with its default.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each one is an independent switch set by name"
)]
pub struct Switches {
    /// Seconds until a write shows up in deltas (the real service: several minutes).
    pub delta_delay_seconds: i64,
    /// Seconds by which full lists lag behind writes.
    pub listing_lag_seconds: i64,
    /// Seconds by which get and batchGet lag behind writes.
    pub read_lag_seconds: i64,
    /// Contacts that the account may hold, trash included.
    pub contacts_cap: usize,
    /// HTTP status of the refusal of a contact too many (400 or 429; the real one is not known).
    pub overflow_status: u16,
    /// The largest page of a list of contacts.
    pub page_size_cap: usize,
    /// Seconds that a sync token lives, counted from the full list.
    pub sync_token_seconds: i64,
    /// A delta's own sync token counts from the delta instead.
    pub delta_extends_token: bool,
    /// The status of an expired sync token: 400 or 410.
    pub expired_token_status: u16,
    /// An update that changes nothing moves the etag all the same.
    pub noop_bumps_etag: bool,
    /// `members:modify` moves the etag of the contacts.
    pub members_bump_etag: bool,
    /// The canonical status of an update without an etag.
    pub missing_etag_status: String,
    /// A batch with a bad entry carries out the good ones.
    pub batch_partial: bool,
    /// A batch delete with an unknown name is refused whole.
    pub batch_delete_refuses_missing: bool,
    /// A name's `unstructuredName` beats its parts.
    pub unstructured_wins: bool,
    /// An address's `formattedValue` that was sent beats its parts.
    pub formatted_wins: bool,
    /// Lists of a person come back in another order than they were sent.
    pub shuffle_items: bool,
    /// get and batchGet find a renamed contact under its old name.
    pub follow_renames: bool,
    /// Critical reads a minute and user; 0 for no limit.
    pub critical_reads_per_minute: u32,
    /// Critical writes a minute and user; 0 for no limit.
    pub critical_writes_per_minute: u32,
    /// First pages of full lists a minute and user; 0 for no limit.
    pub first_pages_per_minute: u32,
    /// Seconds that an access token lives.
    pub token_ttl_seconds: i64,
    /// The app is unpublished: refresh tokens end after 7 days.
    pub testing_mode: bool,
    /// When a sign-in gives a refresh token: `always`, `first` or `never`.
    pub refresh_token: String,
    /// A refresh gives a new refresh token and ends the old one.
    pub rotate_refresh_tokens: bool,
    /// What the consent page does by itself: empty for nothing, `allow`, `deny` or `untick`.
    pub auto_consent: String,
    /// The account that signs in by itself; empty for the first.
    pub consent_account: String,
    /// An error page instead of the consent page, such as `admin_policy_enforced`; empty for none.
    pub consent_error: String,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            delta_delay_seconds: 0,
            listing_lag_seconds: 0,
            read_lag_seconds: 0,
            contacts_cap: 25_000,
            overflow_status: 400,
            page_size_cap: 1000,
            sync_token_seconds: 7 * 86_400,
            delta_extends_token: false,
            expired_token_status: 400,
            noop_bumps_etag: true,
            members_bump_etag: true,
            missing_etag_status: "INVALID_ARGUMENT".to_owned(),
            batch_partial: false,
            batch_delete_refuses_missing: true,
            unstructured_wins: false,
            formatted_wins: true,
            shuffle_items: false,
            follow_renames: true,
            critical_reads_per_minute: 0,
            critical_writes_per_minute: 0,
            first_pages_per_minute: 0,
            token_ttl_seconds: 3600,
            testing_mode: false,
            refresh_token: "always".to_owned(),
            rotate_refresh_tokens: false,
            auto_consent: String::new(),
            consent_account: String::new(),
            consent_error: String::new(),
        }
    }
}

impl Switches {
    /// Sets the switches that `given` (an object) names; an unknown name or a wrong type changes nothing.
    pub fn set(&mut self, given: &Value) -> Result<(), String> {
        let Value::Object(given) = given else {
            return Err("an object of switches is wanted".to_owned());
        };
        let mut all = serde_json::to_value(&*self).map_err(|error| error.to_string())?;
        for (name, value) in given {
            all[name] = value.clone();
        }
        *self = serde_json::from_value(all).map_err(|error| error.to_string())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn known_switches_are_set_and_unknown_ones_refused() {
        let mut switches = Switches::default();
        assert!(switches.set(&json!({"contacts_cap": 5})).is_ok());
        assert_eq!(switches.contacts_cap, 5);
        assert!(
            switches
                .set(&json!({"contacts_cap": 6, "no_such": 1}))
                .is_err()
        );
        assert_eq!(switches.contacts_cap, 5);
    }
}
