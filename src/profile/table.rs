//! The rows of the table of profile keys that every CRM kind knows.

use super::keys::{DIRECTIONS, LONGEST, SHORTEST};
use crate::model::KeyInfo;
use crate::model::Presence::{Default, Optional, Required};
use crate::model::Shape::{
    self, Address, Count, Endpoint, File, Flag, Path, Region, Text, Values, Word,
};

const SPAN: Shape = Shape::Duration(SHORTEST, LONGEST);
const LIMIT: Shape = Count(0, 1_000_000);

pub(super) const KEYS: &[KeyInfo] = &[
    KeyInfo::of_all(
        "sync.direction",
        Word(DIRECTIONS),
        Default("\"two-way\""),
        "Which way contacts flow.",
    ),
    KeyInfo::of_all(
        "sync.on_conflict",
        Word(&["crm", "google", "hold"]),
        Default("\"crm\""),
        "Whose value wins when both sides changed a field differently; `hold` touches neither and reports it.",
    ),
    KeyInfo::of_all(
        "sync.frequency",
        SPAN,
        Default("\"1h\""),
        "How often `sync --due` and the timers run the profile.",
    ),
    KeyInfo::of_all(
        "sync.first_limit",
        LIMIT,
        Default("10000"),
        "The most contacts that the first run of an account pair writes; 0 means no limit.",
    ),
    KeyInfo::of_all(
        "sync.next_limit",
        LIMIT,
        Default("500"),
        "The most contacts that every later run writes; 0 means no limit.",
    ),
    KeyInfo::of_all(
        "sync.on_delete",
        Word(&["keep", "archive", "delete"]),
        Default("\"keep\""),
        "What happens to the other record when one was deleted.",
    ),
    KeyInfo::of_all(
        "sync.on_leave",
        Word(&["ungroup", "keep"]),
        Default("\"ungroup\""),
        "What happens to the Google contact when its CRM record leaves the view.",
    ),
    KeyInfo::of_all(
        "sync.no_email",
        Word(&["skip", "sync"]),
        Default("\"skip\""),
        "Whether contacts without an e-mail address take part.",
    ),
    KeyInfo::of_all(
        "sync.full_every",
        SPAN,
        Default("\"24h\""),
        "How often the lists are compared in full.",
    ),
    KeyInfo::of_all(
        "sync.region",
        Region,
        Optional,
        "The default country of phone numbers that are written without one.",
    ),
    KeyInfo::of_all(
        "sync.match_any_email",
        Flag,
        Default("true"),
        "Whether any other address of a Google contact matches a CRM record too.",
    ),
    KeyInfo::of_all(
        "sync.propagate_clears",
        Flag,
        Default("true"),
        "Whether a field that was cleared on one side is cleared on the other.",
    ),
    KeyInfo::of_all(
        "sync.enforce",
        Flag,
        Default("false"),
        "Whether the target's own edits of a one-way profile are put back.",
    ),
    KeyInfo::of_all(
        "google.account",
        Address,
        Optional,
        "The Google account, checked against the sign-in.",
    ),
    KeyInfo::of_all(
        "google.group",
        Text,
        Required,
        "The label by name or `contactGroups/…`; created when missing. `myContacts` means all contacts.",
    ),
    KeyInfo::of_all(
        "google.client_secret",
        File,
        Optional,
        "The OAuth client's JSON file as downloaded from Google's console.",
    ),
    KeyInfo::of_all(
        "google.service_account",
        File,
        Optional,
        "The key file of a service account with domain-wide delegation, instead of a sign-in in the browser.",
    ),
    KeyInfo::of_all(
        "google.subject",
        Address,
        Optional,
        "The Workspace user that the service account acts for.",
    ),
    KeyInfo::of_all(
        "google.endpoint",
        Endpoint,
        Optional,
        "The root of the People API, when it is not Google's own.",
    ),
    KeyInfo::of_all(
        "google.auth_uri",
        Endpoint,
        Optional,
        "The page where Google asks for consent, when it is not Google's own.",
    ),
    KeyInfo::of_all(
        "google.token_uri",
        Endpoint,
        Optional,
        "Where Google's tokens are fetched, when it is not Google's own.",
    ),
    KeyInfo::of_all(
        "google.revoke_uri",
        Endpoint,
        Optional,
        "Where Google's tokens are revoked, when it is not Google's own.",
    ),
    KeyInfo::of_all(
        "google.reads_per_minute",
        Count(0, 1_000_000),
        Default("0"),
        "Critical reads that a run spends in a minute at most, a batch of writes costs 6; 0 waits for Google's refusal.",
    ),
    KeyInfo::of_all(
        "google.writes_per_minute",
        Count(0, 1_000_000),
        Default("0"),
        "Critical writes that a run spends in a minute at most, a batch costs 6 and a batch of deletes 10; 0 waits for Google's refusal.",
    ),
    KeyInfo::of_all("crm.kind", Word(&[]), Required, "Which CRM."),
    KeyInfo::of_all("crm.view", Text, Required, "The list view by name or id."),
    KeyInfo::of_all(
        "crm.endpoint",
        Endpoint,
        Optional,
        "The root of the CRM's API, when it is not the one that the sign-in names.",
    ),
    KeyInfo::of_all(
        "crm.defaults",
        Values,
        Optional,
        "Values for records that are created in the CRM, by field name.",
    ),
    KeyInfo::of_all("map.crm", Text, Required, "The CRM field by its API name."),
    KeyInfo::of_all("map.google", Path, Required, "The Google field path."),
    KeyInfo::of_all(
        "map.key",
        Flag,
        Default("false"),
        "Whether this pair holds the match key; exactly one does.",
    ),
    KeyInfo::of_all(
        "map.direction",
        Word(DIRECTIONS),
        Optional,
        "Which way this field flows, where the profile's direction lets it.",
    ),
    KeyInfo::of_all(
        "map.wins",
        Word(&["crm", "google"]),
        Optional,
        "Who wins a conflict about this field, whatever `on_conflict` says.",
    ),
];
