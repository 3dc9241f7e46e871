//! The names of fields in a profile (`EMAIL.work`, `N.given`, `ADR.home.city`, `X-…`), and which line
//! of a card each of them means.

use std::fmt;

use super::reading::{Prop, Reading};

/// The parts of `N`, in the order of RFC 6350, section 6.2.2.
pub(super) const NAME: [&str; 5] = ["family", "given", "additional", "prefix", "suffix"];
/// The parts of `ADR`, in the order of RFC 6350, section 6.3.1.
pub(super) const ADDRESS: [&str; 7] = [
    "po_box", "extended", "street", "city", "region", "postcode", "country",
];
/// The parts of `ORG`.
pub(super) const ORG: [&str; 2] = ["name", "unit"];
/// Properties with one value.
const SINGLE: [&str; 4] = ["TITLE", "ROLE", "NOTE", "NICKNAME"];
/// Properties that are dates.
const DATES: [&str; 2] = ["BDAY", "ANNIVERSARY"];
/// Properties that a card may have several of, told apart by type.
const LISTS: [&str; 4] = ["EMAIL", "TEL", "URL", "IMPP"];

/// Which of several lines of a list is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    /// The first of type `work`, else the first.
    Any,
    /// The first of that type.
    Typed(String),
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    /// `FN`
    Formatted,
    /// `N.part`
    Name(usize),
    /// `ORG.part`
    Org(usize),
    /// A property with one value.
    Single(&'static str),
    /// A date.
    Date(&'static str),
    /// `EMAIL`, `TEL.work` …
    Listed(&'static str, Sort),
    /// `ADR.type.part`, `ADR.part`
    Address(Sort, usize),
    /// `X-…`
    Extra(String),
}

impl Slot {
    /// Reads a name as a profile writes it.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let place = |parts: &[&str], part: &str| parts.iter().position(|own| *own == part);
        let sort = |text: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            (!text.is_empty() && text.chars().all(plain))
                .then(|| Sort::Typed(text.to_ascii_lowercase()))
        };
        let known = |all: &[&'static str], name: &str| all.iter().copied().find(|own| *own == name);
        let (head, rest) = match name.split_once('.') {
            Some((head, rest)) => (head, Some(rest)),
            None => (name, None),
        };
        match (head, rest) {
            ("FN", None) => Some(Self::Formatted),
            ("N", Some(part)) => place(&NAME, part).map(Self::Name),
            ("ORG", Some(part)) => place(&ORG, part).map(Self::Org),
            ("ADR", Some(rest)) => match rest.split_once('.') {
                Some((kind, part)) => Some(Self::Address(sort(kind)?, place(&ADDRESS, part)?)),
                None => place(&ADDRESS, rest).map(|part| Self::Address(Sort::Any, part)),
            },
            (head, None) if head.len() > 2 && head.starts_with("X-") => {
                let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
                head.chars()
                    .all(plain)
                    .then(|| Self::Extra(head.to_owned()))
            }
            (head, None) => known(&SINGLE, head)
                .map(Self::Single)
                .or_else(|| known(&DATES, head).map(Self::Date))
                .or_else(|| known(&LISTS, head).map(|list| Self::Listed(list, Sort::Any))),
            (head, Some(kind)) => Some(Self::Listed(known(&LISTS, head)?, sort(kind)?)),
        }
    }

    /// The property that it lives in, in capitals.
    pub(super) fn property(&self) -> &str {
        match self {
            Self::Formatted => "FN",
            Self::Name(_) => "N",
            Self::Org(_) => "ORG",
            Self::Single(name) | Self::Date(name) | Self::Listed(name, _) => name,
            Self::Address(..) => "ADR",
            Self::Extra(name) => name,
        }
    }

    /// The component of a structured value.
    pub(super) fn part(&self) -> Option<usize> {
        match self {
            Self::Name(part) | Self::Org(part) | Self::Address(_, part) => Some(*part),
            Self::Formatted
            | Self::Single(_)
            | Self::Date(_)
            | Self::Listed(..)
            | Self::Extra(_) => None,
        }
    }

    /// Which line of several is meant; none where the first is.
    pub(super) fn sort(&self) -> Option<&Sort> {
        match self {
            Self::Listed(_, sort) | Self::Address(sort, _) => Some(sort),
            Self::Formatted
            | Self::Name(_)
            | Self::Org(_)
            | Self::Single(_)
            | Self::Date(_)
            | Self::Extra(_) => None,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.property())?;
        if let Some(Sort::Typed(kind)) = self.sort() {
            write!(f, ".{kind}")?;
        }
        let parts: &[&str] = match self {
            Self::Name(_) => &NAME,
            Self::Org(_) => &ORG,
            Self::Address(..) => &ADDRESS,
            Self::Formatted
            | Self::Single(_)
            | Self::Date(_)
            | Self::Listed(..)
            | Self::Extra(_) => &[],
        };
        match self.part().and_then(|part| parts.get(part)) {
            Some(part) => write!(f, ".{part}"),
            None => Ok(()),
        }
    }
}

/// Kinds of numbers that are no plain telephone.
const SPECIAL: [&str; 3] = ["fax", "pager", "cell"];

/// Whether a line is of a sort.
fn fits(list: &str, kind: &str, prop: &Prop) -> bool {
    let has = |word: &str| prop.types.iter().any(|own| own == word);
    let special = list == "TEL" && SPECIAL.iter().any(|word| has(word));
    match kind {
        "cell" | "mobile" if list == "TEL" => has("cell") && !has("fax") && !has("pager"),
        "fax" if list == "TEL" => has("fax") && !has("home"),
        "home_fax" if list == "TEL" => has("fax") && has("home"),
        "work" | "home" => has(kind) && !special,
        "other" => !special && !has("work") && !has("home"),
        kind => has(kind),
    }
}

/// The types that a new line of a sort gets.
pub(super) fn new_types(list: &str, sort: &Sort) -> Vec<String> {
    let Sort::Typed(kind) = sort else {
        return vec!["work".to_owned()];
    };
    let words: &[&str] = match kind.as_str() {
        "mobile" if list == "TEL" => &["cell"],
        "fax" if list == "TEL" => &["work", "fax"],
        "home_fax" if list == "TEL" => &["home", "fax"],
        "other" => &[],
        kind => &[kind],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Which line of the card each of the slots means, by the slots' places; a line belongs to one sort
/// only, the ones without a type choose first.
pub(super) fn assign(reading: &Reading, slots: &[Slot]) -> Vec<Option<usize>> {
    let mut chosen: Vec<(&str, &Sort, Option<usize>)> = Vec::new();
    let mut sorts: Vec<(&str, &Sort)> = slots
        .iter()
        .filter_map(|slot| Some((slot.property(), slot.sort()?)))
        .collect();
    // `Any` sorts before every type, and types that mean one kind of number before the others.
    sorts.sort_unstable();
    sorts.dedup();
    for (list, sort) in sorts {
        let free = || {
            reading.all(list).filter(|prop| {
                chosen
                    .iter()
                    .all(|(own, _, place)| *own != list || *place != Some(prop.place))
            })
        };
        let place = match sort {
            Sort::Any => free()
                .find(|prop| fits(list, "work", prop))
                .or_else(|| free().next()),
            Sort::Typed(kind) => free().find(|prop| fits(list, kind, prop)),
        }
        .map(|prop| prop.place);
        chosen.push((list, sort, place));
    }
    slots
        .iter()
        .map(|slot| match slot.sort() {
            Some(sort) => chosen
                .iter()
                .find(|(list, own, _)| *list == slot.property() && *own == sort)
                .and_then(|(_, _, place)| *place),
            None => reading.all(slot.property()).next().map(|prop| prop.place),
        })
        .collect()
}
