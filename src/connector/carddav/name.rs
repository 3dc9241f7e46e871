//! Names: `N` with its parts, `FN` that every card must have, and how the one follows from the other.

use super::reading::Reading;
use super::slot::NAME;

const FAMILY: usize = 0;
const GIVEN: usize = 1;
const ADDITIONAL: usize = 2;
const PREFIX: usize = 3;
const SUFFIX: usize = 4;

/// The ways in which programs put a display name together from the parts.
const ORDERS: [(&[usize], &str); 6] = [
    (&[PREFIX, GIVEN, ADDITIONAL, FAMILY, SUFFIX], " "),
    (&[GIVEN, ADDITIONAL, FAMILY], " "),
    (&[GIVEN, FAMILY], " "),
    (&[PREFIX, GIVEN, FAMILY, SUFFIX], " "),
    (&[FAMILY, GIVEN], " "),
    (&[FAMILY, GIVEN], ", "),
];

/// The parts of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Whether the card's `N` cannot be read.
    unreadable: bool,
    parts: [String; NAME.len()],
}

impl Names {
    /// The parts that `N` holds. A card without any has them from its display name: the last word is
    /// the family name.
    pub(super) fn of(reading: &Reading) -> Self {
        let mut names = Self::default();
        if let Some(prop) = reading.all("N").next() {
            match &prop.values {
                None => names.unreadable = true,
                Some(values) => {
                    for (own, value) in names.parts.iter_mut().zip(values) {
                        own.clone_from(value);
                    }
                }
            }
        }
        if !names.unreadable && names.is_blank() {
            names.guess(reading);
        }
        names
    }

    fn guess(&mut self, reading: &Reading) {
        let Some(shown) = reading.first("FN").map(str::trim) else {
            return;
        };
        // What stands for a firm or for an address is no person's name.
        let other = |name: &str| reading.first(name).is_some_and(|text| text.trim() == shown);
        if shown.is_empty() || ["ORG", "EMAIL", "NICKNAME", "TEL"].into_iter().any(other) {
            return;
        }
        match shown.rsplit_once(char::is_whitespace) {
            Some((given, family)) => {
                given.trim().clone_into(&mut self.parts[GIVEN]);
                family.clone_into(&mut self.parts[FAMILY]);
            }
            None => shown.clone_into(&mut self.parts[GIVEN]),
        }
    }

    fn is_blank(&self) -> bool {
        self.parts.iter().all(|part| part.trim().is_empty())
    }

    /// A part's text; nothing when it cannot be read.
    pub(super) fn part(&self, part: usize) -> Option<String> {
        (!self.unreadable).then(|| self.parts.get(part).cloned().unwrap_or_default())
    }

    /// The parts put together in one of the ways; empty without any.
    fn shown(&self, order: (&[usize], &str)) -> String {
        let words: Vec<&str> = order
            .0
            .iter()
            .filter_map(|part| self.parts.get(*part))
            .map(|part| part.trim())
            .filter(|part| !part.is_empty())
            .collect();
        words.join(order.1)
    }
}

/// The display name that a card gets from its names and its other properties; nothing when it has
/// none of them.
fn derived(reading: &Reading, order: (&[usize], &str)) -> Option<String> {
    let from_names = Names::of(reading).shown(order);
    if !from_names.is_empty() {
        return Some(from_names);
    }
    ["NICKNAME", "ORG", "EMAIL", "TEL"]
        .into_iter()
        .filter_map(|name| reading.first(name))
        .map(|text| text.trim().to_owned())
        .find(|text| !text.is_empty())
}

/// The display name of a card that has none.
pub(super) fn display(reading: &Reading) -> String {
    derived(reading, ORDERS[0]).unwrap_or_else(|| "No name".to_owned())
}

/// The display name after a change, when the one before followed from the names; a name that somebody
/// made by hand stays.
pub(super) fn followed(before: &Reading, after: &Reading) -> Option<String> {
    let shown = before.first("FN").map(str::trim).unwrap_or_default();
    if shown.is_empty() {
        let unreadable = Names::of(after).unreadable;
        return (!unreadable).then(|| display(after));
    }
    let order = ORDERS
        .into_iter()
        .find(|order| derived(before, *order).as_deref() == Some(shown))?;
    derived(after, order).filter(|new| new != shown)
}

/// The best name for reports.
pub(super) fn label(reading: &Reading) -> Option<String> {
    reading
        .first("FN")
        .map(str::trim)
        .filter(|shown| !shown.is_empty())
        .map(str::to_owned)
        .or_else(|| derived(reading, ORDERS[0]))
}
