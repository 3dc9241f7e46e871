//! The rows of the table of profile keys.

use super::keys::Presence::{self, Default, Optional, Required};
use super::keys::Shape::{
    self, Address, Count, Endpoint, File, Flag, Path, Region, Text, Values, Word, Words,
};
use super::keys::{DATA_CENTERS, DIRECTIONS, KINDS, KeyInfo, LONGEST, MODULES, SHORTEST, TRIGGERS};

const SPAN: Shape = Shape::Duration(SHORTEST, LONGEST);
const LIMIT: Shape = Count(0, 1_000_000);

const fn all(name: &'static str, shape: Shape, presence: Presence, doc: &'static str) -> KeyInfo {
    KeyInfo {
        name,
        shape,
        presence,
        kind: None,
        doc,
    }
}

const fn zoho(name: &'static str, shape: Shape, presence: Presence, doc: &'static str) -> KeyInfo {
    KeyInfo {
        name,
        shape,
        presence,
        kind: Some("zoho"),
        doc,
    }
}

pub(super) const KEYS: &[KeyInfo] = &[
    all(
        "sync.direction",
        Word(DIRECTIONS),
        Default("\"two-way\""),
        "Which way contacts flow.",
    ),
    all(
        "sync.on_conflict",
        Word(&["crm", "google", "hold"]),
        Default("\"crm\""),
        "Whose value wins when both sides changed a field differently; `hold` touches neither and reports it.",
    ),
    all(
        "sync.frequency",
        SPAN,
        Default("\"1h\""),
        "How often `sync --due` and the timers run the profile.",
    ),
    all(
        "sync.first_limit",
        LIMIT,
        Default("10000"),
        "The most contacts that the first run of an account pair writes; 0 means no limit.",
    ),
    all(
        "sync.next_limit",
        LIMIT,
        Default("500"),
        "The most contacts that every later run writes; 0 means no limit.",
    ),
    all(
        "sync.on_delete",
        Word(&["keep", "archive", "delete"]),
        Default("\"keep\""),
        "What happens to the other record when one was deleted.",
    ),
    all(
        "sync.on_leave",
        Word(&["ungroup", "keep"]),
        Default("\"ungroup\""),
        "What happens to the Google contact when its CRM record leaves the view.",
    ),
    all(
        "sync.no_email",
        Word(&["skip", "sync"]),
        Default("\"skip\""),
        "Whether contacts without an e-mail address take part.",
    ),
    all(
        "sync.full_every",
        SPAN,
        Default("\"24h\""),
        "How often the lists are compared in full.",
    ),
    all(
        "sync.region",
        Region,
        Optional,
        "The default country of phone numbers that are written without one.",
    ),
    all(
        "sync.match_any_email",
        Flag,
        Default("true"),
        "Whether any other address of a Google contact matches a CRM record too.",
    ),
    all(
        "sync.propagate_clears",
        Flag,
        Default("true"),
        "Whether a field that was cleared on one side is cleared on the other.",
    ),
    all(
        "sync.enforce",
        Flag,
        Default("false"),
        "Whether the target's own edits of a one-way profile are put back.",
    ),
    all(
        "google.account",
        Address,
        Optional,
        "The Google account, checked against the sign-in.",
    ),
    all(
        "google.group",
        Text,
        Required,
        "The label by name or `contactGroups/…`; created when missing. `myContacts` means all contacts.",
    ),
    all(
        "google.client_secret",
        File,
        Optional,
        "The OAuth client's JSON file as downloaded from Google's console.",
    ),
    all(
        "google.service_account",
        File,
        Optional,
        "The key file of a service account with domain-wide delegation, instead of a sign-in in the browser.",
    ),
    all(
        "google.subject",
        Address,
        Optional,
        "The Workspace user that the service account acts for.",
    ),
    all(
        "google.endpoint",
        Endpoint,
        Optional,
        "The root of the People API, when it is not Google's own.",
    ),
    all(
        "google.auth_uri",
        Endpoint,
        Optional,
        "The page where Google asks for consent, when it is not Google's own.",
    ),
    all(
        "google.token_uri",
        Endpoint,
        Optional,
        "Where Google's tokens are fetched, when it is not Google's own.",
    ),
    all(
        "google.revoke_uri",
        Endpoint,
        Optional,
        "Where Google's tokens are revoked, when it is not Google's own.",
    ),
    all("crm.kind", Word(KINDS), Required, "Which CRM."),
    all("crm.view", Text, Required, "The list view by name or id."),
    zoho(
        "crm.module",
        Word(MODULES),
        Default("\"Contacts\""),
        "Which module's records.",
    ),
    zoho(
        "crm.data_center",
        Word(DATA_CENTERS),
        Default("\"us\""),
        "The data centre that the organisation is registered in.",
    ),
    zoho(
        "crm.client_id",
        Text,
        Optional,
        "The id of the OAuth client; its secret is asked for by `crmsync auth crm` and kept with the tokens.",
    ),
    zoho(
        "crm.trigger",
        Words(TRIGGERS),
        Default("[]"),
        "What a write by crmsync sets off in the CRM; nothing by default.",
    ),
    zoho(
        "crm.lanes",
        Count(1, 25),
        Default("10"),
        "How many requests may be under way at once.",
    ),
    all(
        "crm.endpoint",
        Endpoint,
        Optional,
        "The root of the CRM's API, when it is not the one that the sign-in names.",
    ),
    zoho(
        "crm.accounts_endpoint",
        Endpoint,
        Optional,
        "The root of the CRM's sign-in service, when it is not the data centre's.",
    ),
    all(
        "crm.defaults",
        Values,
        Optional,
        "Values for records that are created in the CRM, by field name.",
    ),
    all("map.crm", Text, Required, "The CRM field by its API name."),
    all("map.google", Path, Required, "The Google field path."),
    all(
        "map.key",
        Flag,
        Default("false"),
        "Whether this pair holds the match key; exactly one does.",
    ),
    all(
        "map.direction",
        Word(DIRECTIONS),
        Optional,
        "Which way this field flows, where the profile's direction lets it.",
    ),
    all(
        "map.wins",
        Word(&["crm", "google"]),
        Optional,
        "Who wins a conflict about this field, whatever `on_conflict` says.",
    ),
];
