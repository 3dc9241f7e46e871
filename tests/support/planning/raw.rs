//! The shape of a scenario file.

use std::collections::BTreeMap;

use crmsync::model::{Side, Sides};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// What happens, in a sentence.
    pub(crate) story: String,
    /// The rule of the product page that it shows.
    pub(crate) rule: u8,
    #[serde(default)]
    pub(crate) rules: RawRules,
    /// Fields that behave unlike the default.
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, RawField>,
    #[serde(default)]
    pub(crate) totals: RawTotals,
    #[serde(default)]
    pub(crate) google: Vec<RawRecord>,
    #[serde(default)]
    pub(crate) crm: Vec<RawRecord>,
    #[serde(default)]
    pub(crate) link: Vec<RawLink>,
    /// The plan, as its own description.
    pub(crate) expect: Option<String>,
    /// The counts of a plan too long to write down.
    pub(crate) counts: Option<BTreeMap<String, usize>>,
    /// The refusal of a brake.
    pub(crate) refused: Option<String>,
    /// After how many runs nothing is left to write; 1 unless told.
    pub(crate) settles_in: Option<usize>,
    /// Why this one never comes to rest.
    pub(crate) unsettled: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawRules {
    pub(crate) direction: Option<String>,
    pub(crate) on_conflict: Option<String>,
    pub(crate) on_delete: Option<String>,
    pub(crate) on_leave: Option<String>,
    pub(crate) no_email: Option<String>,
    pub(crate) match_any_email: Option<bool>,
    pub(crate) propagate_clears: Option<bool>,
    pub(crate) enforce: bool,
    /// The CRM keeps given and family name as one.
    pub(crate) one_name: Option<bool>,
    pub(crate) rematch: bool,
    pub(crate) limit: u64,
    pub(crate) allow_bulk: bool,
    pub(crate) google_cap: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawField {
    pub(crate) wins: Option<String>,
    pub(crate) direction: Option<String>,
    pub(crate) required: Option<Side>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawTotals {
    pub(crate) linked: Option<u64>,
    pub(crate) google_records: Option<u64>,
    pub(crate) still_filling: bool,
    pub(crate) listed_before: Option<Sides<u64>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRecord {
    pub(crate) id: String,
    pub(crate) email: Option<String>,
    #[serde(default)]
    pub(crate) emails: Vec<String>,
    pub(crate) given: Option<String>,
    pub(crate) family: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) mobile: Option<String>,
    pub(crate) org: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) listed: Option<bool>,
    pub(crate) stamp: Option<String>,
    #[serde(default)]
    pub(crate) unread: Vec<String>,
    pub(crate) changed_at: Option<i64>,
    pub(crate) label: Option<String>,
    /// Stands for that many records; `#` in its texts is the number.
    pub(crate) times: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLink {
    pub(crate) google: String,
    pub(crate) crm: String,
    /// What both sides held at the last agreement, where that is not what they hold now; "" is
    /// blank.
    #[serde(default)]
    pub(crate) was: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) was_google: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) was_crm: BTreeMap<String, String>,
    /// Fields that have not met yet.
    #[serde(default)]
    pub(crate) unmet: Vec<String>,
    pub(crate) listed: Option<Sides<bool>>,
    /// `left`, `vanished`, `ended` and the side, or `merged`.
    pub(crate) rest: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) times: Option<u32>,
}
