//! What a run tells while it goes on; the library knows no terminal.

use crate::model::Side;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A page was read and absorbed.
    Read {
        /// From where.
        side: Side,
        /// How many pages so far.
        pages: u64,
        /// How many records so far.
        records: u64,
    },
    /// A point at which a killed run has to be able to go on.
    Checkpoint(&'static str),
    /// Reading is over; this many contacts will be written.
    Planned {
        /// Contacts to write on each side, in writes.
        writes: crate::model::Sides<u64>,
    },
    /// Some writes were settled.
    Wrote {
        /// Where.
        side: Side,
        /// How many.
        writes: u64,
    },
}

/// Listens to a run.
pub trait Monitor: Send + Sync {
    /// Takes note of an event. Must not block.
    fn event(&self, event: &Event);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Monitor for Silent {
    fn event(&self, _event: &Event) {}
}
