//! A field that goes to and fro between two values.

use serde::{Deserialize, Serialize};

use super::Moment;

/// How often a field of a pair was written to and fro between the same two values, whichever side
/// was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flip {
    /// The two values in canonical form, the smaller one first; none is blank.
    pub values: (Option<Box<str>>, Option<Box<str>>),
    /// How many times in a row, the first write not counted.
    pub times: u32,
    /// When it was written last.
    pub at: Moment,
    /// Whether it is in quarantine.
    pub held: bool,
}
