//! Conditions on records, as list views, COQL and Search state them.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::schema::{Field, Kind};
use super::store::{Module, Record, read_time};

/// What a condition looks at.
#[derive(Clone, Debug)]
pub(super) enum Column {
    Id,
    Created,
    Modified,
    Field(String, Kind),
    /// The name of the record that a lookup points to.
    LookupName(String),
}

/// A value of a record.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'a> {
    Null,
    Text(&'a str),
    Number(i64),
    Bool(bool),
    List(&'a [Value]),
}

impl Column {
    /// The column of a field; none when there is none of that name.
    pub(super) fn of(module: &Module, name: &str) -> Option<Self> {
        if name == "id" {
            return Some(Self::Id);
        }
        if let Some((lookup, target)) = name.split_once('.') {
            let field = module.field(lookup)?;
            let known = match field.lookup? {
                "Accounts" => target == "Account_Name",
                _ => target == "Full_Name" || target == "Last_Name",
            };
            return known.then(|| Self::LookupName(lookup.to_owned()));
        }
        let field: &Field = module.field(name)?;
        Some(match name {
            "Created_Time" => Self::Created,
            "Modified_Time" => Self::Modified,
            _ => Self::Field(name.to_owned(), field.kind),
        })
    }

    /// The kind of value that a condition on the column compares with.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Id => Kind::Integer,
            Self::Created | Self::Modified => Kind::DateTime,
            Self::Field(_, kind) => *kind,
            Self::LookupName(_) => Kind::Text,
        }
    }

    /// The record's value.
    pub(super) fn cell<'a>(&self, id: u64, record: &'a Record) -> Cell<'a> {
        match self {
            Self::Id => Cell::Number(id.cast_signed()),
            Self::Created => Cell::Number(record.created),
            Self::Modified => Cell::Number(record.modified),
            Self::LookupName(name) => record
                .fields
                .get(name)
                .and_then(|value| value.get("name"))
                .and_then(Value::as_str)
                .map_or(Cell::Null, Cell::Text),
            Self::Field(name, kind) => {
                match name.as_str() {
                    "Created_By" => return Cell::Number(record.created_by.cast_signed()),
                    "Modified_By" => return Cell::Number(record.modified_by.cast_signed()),
                    _ => {}
                }
                let value = record.fields.get(name);
                match (kind, value) {
                    (Kind::Boolean, value) => {
                        Cell::Bool(value.and_then(Value::as_bool) == Some(true))
                    }
                    (_, None | Some(Value::Null)) => Cell::Null,
                    (Kind::Lookup | Kind::Owner, Some(value)) => value
                        .get("id")
                        .and_then(Value::as_str)
                        .and_then(|id| id.parse().ok())
                        .map_or(Cell::Null, Cell::Number),
                    (Kind::DateTime, Some(Value::String(text))) => {
                        read_time(text).map_or(Cell::Null, Cell::Number)
                    }
                    (_, Some(Value::String(text))) => Cell::Text(text),
                    (_, Some(Value::Number(number))) => {
                        number.as_i64().map_or(Cell::Null, Cell::Number)
                    }
                    (_, Some(Value::Bool(on))) => Cell::Bool(*on),
                    (_, Some(Value::Array(list))) => Cell::List(list),
                    (_, Some(Value::Object(_))) => Cell::Null,
                }
            }
        }
    }
}

/// A value that a condition names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lit {
    Text(String),
    Number(i64),
    Bool(bool),
}

/// What is asked of a value.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Null,
    In(HashSet<Lit>),
    Greater(Lit),
    AtLeast(Lit),
    Less(Lit),
    AtMost(Lit),
    Between(Lit, Lit),
    /// Parts between wildcards.
    Like(Vec<String>),
    /// The loose comparison of Search: blanks, case, `-`, `_`, `@` and dots do not count; a part is enough.
    Loose(String),
    /// The digits contain these.
    Digits(String),
}

/// One test of one column.
#[derive(Clone, Debug)]
pub(super) struct Is {
    pub(super) column: Column,
    pub(super) test: Test,
    pub(super) negated: bool,
    /// Upper and lower case differ.
    pub(super) cased: bool,
}

/// A condition.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Is(Is),
    All(Vec<Self>),
    Any(Vec<Self>),
    /// The ids themselves.
    Members(BTreeSet<u64>),
}

impl Expr {
    /// The condition that every record meets.
    pub(super) fn always() -> Self {
        Self::All(Vec::new())
    }

    /// Whether a record meets the condition.
    pub(super) fn holds(&self, id: u64, record: &Record) -> bool {
        match self {
            Self::Is(is) => is.holds(is.column.cell(id, record)),
            Self::All(parts) => parts.iter().all(|part| part.holds(id, record)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(id, record)),
            Self::Members(ids) => ids.contains(&id),
        }
    }

    /// The lowest id that can meet the condition.
    pub(super) fn lowest_id(&self) -> u64 {
        match self {
            Self::Is(Is {
                column: Column::Id,
                test,
                negated: false,
                ..
            }) => {
                if let Test::Greater(Lit::Number(id)) = test {
                    u64::try_from(*id).unwrap_or(0).saturating_add(1)
                } else if let Test::AtLeast(Lit::Number(id)) | Test::Between(Lit::Number(id), _) =
                    test
                {
                    u64::try_from(*id).unwrap_or(0)
                } else {
                    0
                }
            }
            Self::All(parts) => parts.iter().map(Self::lowest_id).max().unwrap_or(0),
            Self::Is(_) | Self::Any(_) | Self::Members(_) => 0,
        }
    }

    /// A short list of ids among which are all that meet the condition, when one can be had.
    pub(super) fn candidates(&self, module: &Module) -> Option<BTreeSet<u64>> {
        match self {
            Self::Members(ids) => Some(ids.clone()),
            Self::All(parts) => parts.iter().find_map(|part| part.candidates(module)),
            Self::Any(parts) if parts.is_empty() => None,
            Self::Any(parts) => {
                let mut all = BTreeSet::new();
                for part in parts {
                    all.extend(part.candidates(module)?);
                }
                Some(all)
            }
            Self::Is(is) => {
                let Test::In(values) = &is.test else {
                    return None;
                };
                let mut all = BTreeSet::new();
                for value in values {
                    match (&is.column, value) {
                        _ if is.negated => return None,
                        (Column::Id, Lit::Number(id)) => {
                            all.extend(u64::try_from(*id));
                        }
                        (Column::Field(name, _), Lit::Text(text)) => {
                            all.extend(module.with_value(name, text)?);
                        }
                        _ => return None,
                    }
                }
                Some(all)
            }
        }
    }
}

impl Is {
    fn holds(&self, cell: Cell<'_>) -> bool {
        let Some(answer) = self.asks(cell) else {
            return false;
        };
        answer != self.negated
    }

    /// The test's answer; none when a comparison meets an empty value.
    fn asks(&self, cell: Cell<'_>) -> Option<bool> {
        match (&self.test, cell) {
            (Test::Null, cell) => Some(matches!(cell, Cell::Null)),
            (_, Cell::Null) => None,
            (test, Cell::List(list)) => Some(list.iter().filter_map(Value::as_str).any(|text| {
                Self {
                    column: self.column.clone(),
                    test: test.clone(),
                    negated: false,
                    cased: self.cased,
                }
                .holds(Cell::Text(text))
            })),
            (Test::In(values), cell) => Some(values.contains(&self.lit(cell))),
            (Test::Greater(bound), cell) => Some(self.order(cell, bound)? == Ordering::Greater),
            (Test::AtLeast(bound), cell) => Some(self.order(cell, bound)? != Ordering::Less),
            (Test::Less(bound), cell) => Some(self.order(cell, bound)? == Ordering::Less),
            (Test::AtMost(bound), cell) => Some(self.order(cell, bound)? != Ordering::Greater),
            (Test::Between(low, high), cell) => Some(
                self.order(cell, low)? != Ordering::Less
                    && self.order(cell, high)? != Ordering::Greater,
            ),
            (Test::Like(parts), Cell::Text(text)) => Some(like(&text.to_lowercase(), parts)),
            (Test::Loose(part), Cell::Text(text)) => Some(loosened(text).contains(part.as_str())),
            (Test::Digits(part), Cell::Text(text)) => Some(digits(text).contains(part.as_str())),
            (Test::Like(_) | Test::Loose(_) | Test::Digits(_), Cell::Number(_) | Cell::Bool(_)) => {
                Some(false)
            }
        }
    }

    fn lit(&self, cell: Cell<'_>) -> Lit {
        match cell {
            Cell::Text(text) if self.cased => Lit::Text(text.to_owned()),
            Cell::Text(text) => Lit::Text(text.to_lowercase()),
            Cell::Number(number) => Lit::Number(number),
            Cell::Bool(on) => Lit::Bool(on),
            Cell::Null | Cell::List(_) => Lit::Text(String::new()),
        }
    }

    fn order(&self, cell: Cell<'_>, bound: &Lit) -> Option<Ordering> {
        match (self.lit(cell), bound) {
            (Lit::Text(text), Lit::Text(bound)) => Some(text.cmp(bound)),
            (Lit::Number(number), Lit::Number(bound)) => Some(number.cmp(bound)),
            (Lit::Bool(on), Lit::Bool(bound)) => Some(on.cmp(bound)),
            _ => None,
        }
    }
}

/// Whether a lower-case text has the parts in their order; the first part is its start, the last its end.
fn like(text: &str, parts: &[String]) -> bool {
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return false;
    };
    if parts.len() == 1 {
        return text == first;
    }
    let Some(mut rest) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    for part in &parts[1..parts.len() - 1] {
        let Some(at) = rest.find(part.as_str()) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last.as_str())
}

/// A text as Search compares it.
pub(super) fn loosened(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .filter(|letter| !matches!(letter, '-' | '_' | '@' | '.' | ' '))
        .collect()
}

/// The digits of a text.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Puts cells in order, empty ones first.
pub(super) fn compare(left: Cell<'_>, right: Cell<'_>) -> Ordering {
    match (left, right) {
        (Cell::Text(left), Cell::Text(right)) => left
            .to_lowercase()
            .cmp(&right.to_lowercase())
            .then_with(|| left.cmp(right)),
        (Cell::Number(left), Cell::Number(right)) => left.cmp(&right),
        (Cell::Bool(left), Cell::Bool(right)) => left.cmp(&right),
        (Cell::Null, Cell::Null) => Ordering::Equal,
        (Cell::Null, _) => Ordering::Less,
        (_, Cell::Null) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

/// Reads a condition's value as the column's kind needs it; none when it does not fit.
pub(super) fn literal(kind: Kind, value: &Value, cased: bool) -> Option<Lit> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(on) => on.to_string(),
        Value::Object(map) => map.get("id")?.as_str()?.to_owned(),
        Value::Null | Value::Array(_) => return None,
    };
    match kind {
        Kind::DateTime => read_time(&text).map(Lit::Number),
        Kind::Integer | Kind::Lookup | Kind::Owner => text.parse().ok().map(Lit::Number),
        Kind::Boolean => text.parse().ok().map(Lit::Bool),
        Kind::Date => text
            .parse::<jiff::civil::Date>()
            .ok()
            .map(|_| Lit::Text(text)),
        Kind::Text
        | Kind::Textarea
        | Kind::Email
        | Kind::Phone
        | Kind::Website
        | Kind::Picklist
        | Kind::MultiPicklist
        | Kind::Tags
        | Kind::Image => Some(Lit::Text(if cased { text } else { text.to_lowercase() })),
    }
}
