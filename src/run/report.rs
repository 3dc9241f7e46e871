//! What a run reports, in the shape that `sync --json` prints.

use serde::Serialize;

use crate::model::{Conflict, Notice, NoticeKind, Problem, ProblemKind, Side, Sides, Value};
use crate::plan::FieldNames;

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing had to be written.
    #[default]
    InSync,
    /// Something was written, all of it.
    Changed,
    /// It finished, but contacts have problems.
    Partial,
    /// It finished, and contacts wait for the next run.
    Capped,
    /// A brake refused it; nothing was written.
    Refused,
    /// Sign-in or permission is missing.
    Auth,
    /// A remote is unavailable or out of quota.
    Unavailable,
    /// It was interrupted.
    Interrupted,
    /// The profile or the state file is invalid.
    Invalid,
    /// Another run is active.
    Busy,
    /// An unexpected failure.
    Failed,
}

impl Outcome {
    /// The word in reports and in the state file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InSync => "in-sync",
            Self::Changed => "changed",
            Self::Partial => "partial",
            Self::Capped => "capped",
            Self::Refused => "refused",
            Self::Auth => "auth",
            Self::Unavailable => "unavailable",
            Self::Interrupted => "interrupted",
            Self::Invalid => "invalid",
            Self::Busy => "busy",
            Self::Failed => "failed",
        }
    }

    /// The exit code that goes with it.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::InSync | Self::Changed | Self::Capped => 0,
            Self::Failed => 1,
            Self::Partial => 3,
            Self::Refused => 4,
            Self::Auth => 5,
            Self::Unavailable | Self::Interrupted => 6,
            Self::Invalid => 7,
            Self::Busy => 8,
        }
    }
}

/// What was read and written on one side. Counts are records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Records received.
    pub read: u64,
    /// Records created.
    pub created: u64,
    /// Records updated.
    pub updated: u64,
    /// Records deleted.
    pub deleted: u64,
    /// Contacts put into the group; Google only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grouped: Option<u64>,
    /// Contacts taken out of the group, archived ones included; Google only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ungrouped: Option<u64>,
    /// Requests, every attempt counted, token calls not.
    pub requests: u64,
    /// What they cost in the remote's credits, where it counts in credits; not part of the JSON.
    #[serde(skip)]
    pub credits: Option<u64>,
    /// How many credits are left, where the remote tells; not part of the JSON.
    #[serde(skip)]
    pub credits_left: Option<u64>,
    /// What is left of the minute's budget of reading, where there is one; not part of the JSON.
    #[serde(skip)]
    pub reads_left: Option<u64>,
    /// What is left of the minute's budget of writing, where there is one; not part of the JSON.
    #[serde(skip)]
    pub writes_left: Option<u64>,
}

impl Tally {
    /// Whether anything was written.
    #[must_use]
    pub fn wrote(&self) -> bool {
        self.created + self.updated + self.deleted > 0
            || self.grouped.unwrap_or(0) + self.ungrouped.unwrap_or(0) > 0
    }
}

/// A conflict as reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConflictRow {
    /// The contact.
    pub email: Option<String>,
    /// The field's Google path.
    pub field: String,
    /// The CRM's value.
    pub crm: Option<String>,
    /// Google's value.
    pub google: Option<String>,
    /// `crm`, `google`, or `none` for a held conflict.
    pub winner: &'static str,
}

/// A problem as reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProblemRow {
    /// The sort.
    pub kind: ProblemKind,
    /// The contact.
    pub email: Option<String>,
    /// The Google records.
    pub google: Vec<String>,
    /// The CRM records.
    pub crm: Vec<String>,
    /// The field concerned; the reason names it, so it is not part of the JSON.
    #[serde(skip)]
    pub field: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub hint: String,
    /// Whether it was told within a day: without a terminal it is not printed again.
    #[serde(skip)]
    pub silent: bool,
}

/// A notice as reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoticeRow {
    /// The sort.
    pub kind: NoticeKind,
    /// The contact.
    pub email: Option<String>,
    /// The record.
    pub id: Option<String>,
    /// The sentence.
    pub text: String,
}

/// One planned step of a dry run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanRow {
    /// Where.
    pub side: Side,
    /// `create`, `update`, `delete`, `group`, `ungroup` or `link`.
    pub op: &'static str,
    /// The contact.
    pub email: Option<String>,
    /// The record; none for a create.
    pub id: Option<String>,
    /// The values that change.
    pub fields: std::collections::BTreeMap<String, FromTo>,
    /// Why.
    pub why: String,
}

/// A value before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FromTo {
    /// Before.
    pub from: Option<String>,
    /// After.
    pub to: Option<String>,
}

/// Why a run did not do its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// What happened.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// The report of one run over one profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The profile.
    pub profile: String,
    /// The run's number; none in a dry run.
    pub run: Option<i64>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether nothing could be written.
    pub dry_run: bool,
    /// Whether it was the first run of the account pair.
    pub first: bool,
    /// When it started, RFC 3339.
    pub started: String,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
    /// The Google side.
    pub google: Tally,
    /// The CRM side.
    pub crm: Tally,
    /// Linked pairs that take part.
    pub linked: u64,
    /// Links made to records that were there before.
    pub adopted: u64,
    /// Contacts that wait for the next runs.
    pub deferred: u64,
    /// Contacts whose target side has edits of its own that stay.
    pub drift: u64,
    /// List members that take no part.
    pub excluded: u64,
    /// Fields that both sides changed.
    pub conflicts: Vec<ConflictRow>,
    /// Things to know.
    pub notices: Vec<NoticeRow>,
    /// Things to do.
    pub problems: Vec<ProblemRow>,
    /// Why it did not do its work.
    pub error: Option<Failure>,
    /// What a dry run would do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Vec<PlanRow>>,
    /// The run that this one undoes; not part of the JSON.
    #[serde(skip)]
    pub undo_of: Option<i64>,
    /// How complete each reading was, in words; not part of the JSON.
    #[serde(skip)]
    pub readings: Vec<String>,
    /// Deletes that a capped run holds back; not part of the JSON.
    #[serde(skip)]
    pub deletes_waiting: u64,
}

impl Report {
    /// The tally of a side.
    pub fn tally_mut(&mut self, side: Side) -> &mut Tally {
        match side {
            Side::Google => &mut self.google,
            Side::Crm => &mut self.crm,
        }
    }

    /// The tally of a side.
    #[must_use]
    pub fn tally(&self, side: Side) -> &Tally {
        match side {
            Side::Google => &self.google,
            Side::Crm => &self.crm,
        }
    }

    /// An empty report.
    #[must_use]
    pub fn new(profile: &str, started: String) -> Self {
        Self {
            profile: profile.to_owned(),
            started,
            google: Tally {
                grouped: Some(0),
                ungrouped: Some(0),
                ..Tally::default()
            },
            ..Self::default()
        }
    }

    /// Whether anything was written, or would be.
    #[must_use]
    pub fn wrote(&self) -> bool {
        self.google.wrote() || self.crm.wrote()
    }
}

pub(super) fn conflict_row(conflict: &Conflict, names: &FieldNames) -> ConflictRow {
    let text = |value: &Option<Value>| value.as_ref().map(|value| value.text.to_string());
    ConflictRow {
        email: conflict.key.as_ref().map(ToString::to_string),
        field: names.get(&conflict.field).cloned().unwrap_or_default(),
        crm: text(&conflict.values.crm),
        google: text(&conflict.values.google),
        winner: conflict.winner.map_or("none", Side::name),
    }
}

pub(super) fn problem_row(problem: &Problem) -> ProblemRow {
    let ids = |side| -> Vec<String> {
        let ids: &Sides<_> = &problem.ids;
        ids.on(side).iter().map(ToString::to_string).collect()
    };
    ProblemRow {
        kind: problem.kind,
        email: problem.key.as_ref().map(ToString::to_string),
        google: ids(Side::Google),
        crm: ids(Side::Crm),
        field: problem.field.clone(),
        reason: match &problem.field {
            Some(field) if !problem.reason.contains(field.as_str()) => {
                format!("`{field}`: {}", problem.reason)
            }
            Some(_) | None => problem.reason.clone(),
        },
        hint: problem.hint.clone(),
        silent: false,
    }
}

/// A reported problem as the state file keeps it.
pub(super) fn problem_of(row: &ProblemRow) -> Problem {
    let ids = |ids: &[String]| ids.iter().map(|id| id.as_str().into()).collect();
    Problem {
        kind: row.kind,
        key: row.email.as_deref().map(Into::into),
        ids: Sides {
            google: ids(&row.google),
            crm: ids(&row.crm),
        },
        field: row.field.clone(),
        reason: row.reason.clone(),
        hint: row.hint.clone(),
    }
}

pub(super) fn notice_row(notice: &Notice) -> NoticeRow {
    NoticeRow {
        kind: notice.kind,
        email: notice.key.as_ref().map(ToString::to_string),
        id: notice.id.as_ref().map(ToString::to_string),
        text: notice.text.clone(),
    }
}
