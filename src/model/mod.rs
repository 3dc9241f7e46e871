//! The words that every layer shares: plain data, no I/O, no decisions.

mod fields;
mod flip;
mod keys;
mod kind;
mod link;
mod memory;
mod probe;
mod record;
mod report;
mod rules;
mod side;
mod write;

pub use fields::{FieldIter, Fields};
pub use flip::Flip;
pub use keys::{KeyInfo, Presence, Shape, quoted, spelled};
pub use kind::{Answer, CrmSection, KindInfo, Kinds, Module, Own, OwnValue, Question};
pub use link::{Base, Link, LinkNo, Rest};
pub use memory::{Edit, Island, Revisions, Seen};
pub use probe::{Choice, FieldInfo, FieldKind, ListInfo, Probe, Right};
pub use record::{Field, Key, Moment, Native, Record, RemoteId, Value, Version};
pub use report::{Conflict, Notice, NoticeKind, Problem, ProblemKind};
pub use rules::{
    AnyEmail, Bulk, Clears, Direction, FieldRule, Filled, Limits, NoEmail, OnConflict, OnDelete,
    OnLeave, Rematch, Rules, Target,
};
pub use side::{Side, Sides};
pub use write::{Change, Meeting, Op, Outcome, Patch, Refusal, Stored, Swap, Why, Write};
