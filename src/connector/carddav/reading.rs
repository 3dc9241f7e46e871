//! What a card says: its properties with their types and values, read by the vCard crate line by line.

use calcard::vcard::{VCardParameterName, VCardProperty, VCardValue};
use calcard::{Entry, Parser};

use super::card::{Card, Edition, Line, unescape};
use crate::mapping::canon;

/// One line of a card as it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prop {
    /// Where it stands in the card.
    pub(super) place: usize,
    /// The property, in capitals.
    pub(super) name: String,
    /// Its types in lower case, the label of its group among them.
    pub(super) types: Vec<String>,
    /// Its value, or the components of it; none when it cannot be read.
    pub(super) values: Option<Vec<String>>,
}

/// The properties of a card that somebody asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    props: Vec<Prop>,
}

impl Reading {
    /// Reads the lines of these properties.
    pub(super) fn of(card: &Card, wanted: impl Fn(&str) -> bool) -> Self {
        let props = card
            .own()
            .filter(|(_, line)| wanted(line.name()))
            .map(|(place, line)| prop(card, place, line))
            .collect();
        Self { props }
    }

    /// The lines of a property, first to last.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Prop> {
        self.props.iter().filter(move |prop| prop.name == name)
    }

    /// The line at a place.
    pub(super) fn at(&self, place: usize) -> Option<&Prop> {
        self.props.iter().find(|prop| prop.place == place)
    }

    /// The first value of a property.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        let values = self.all(name).next()?.values.as_ref()?;
        values.first().map(String::as_str)
    }
}

fn prop(card: &Card, place: usize, line: &Line) -> Prop {
    let mut types = Vec::new();
    let mut values = None;
    if let Some(entry) = entry(line, card.edition) {
        types = entry
            .parameters(&VCardParameterName::Type)
            .filter_map(|value| value.as_text())
            .map(str::to_ascii_lowercase)
            .collect();
        values = self::values(&entry, line);
    }
    if let Some(group) = line.group() {
        types.extend(label(card, group));
    }
    if line.encoded() {
        values = None;
    }
    Prop {
        place,
        name: line.name().to_owned(),
        types,
        values,
    }
}

/// One line through the crate.
fn entry(line: &Line, edition: Edition) -> Option<calcard::vcard::VCardEntry> {
    let text = format!(
        "BEGIN:VCARD\r\nVERSION:{}\r\n{}\r\nEND:VCARD\r\n",
        edition.name(),
        line.text()
    );
    let Entry::VCard(card) = Parser::new(&text).entry() else {
        return None;
    };
    card.entries.into_iter().find(|entry| {
        !matches!(
            entry.name,
            VCardProperty::Begin | VCardProperty::Version | VCardProperty::End
        )
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the crate's list of properties grows; all others are read as their text"
)]
fn values(entry: &calcard::vcard::VCardEntry, line: &Line) -> Option<Vec<String>> {
    match &entry.name {
        VCardProperty::Bday | VCardProperty::Anniversary => date(entry, line).map(|day| vec![day]),
        VCardProperty::Tel => Some(vec![phone(text(entry.values.first()?)?)]),
        VCardProperty::Nickname => {
            let all: Option<Vec<String>> = entry.values.iter().map(text).collect();
            Some(vec![all?.join(",")])
        }
        VCardProperty::Url | VCardProperty::Impp => Some(vec![unescape(line.value())]),
        _ => entry.values.iter().map(text).collect(),
    }
}

fn text(value: &VCardValue) -> Option<String> {
    match value {
        VCardValue::Text(text) => Some(text.clone()),
        VCardValue::Component(parts) => Some(parts.join(",")),
        VCardValue::Kind(_)
        | VCardValue::Sex(_)
        | VCardValue::GramGender(_)
        | VCardValue::Integer(_)
        | VCardValue::Float(_)
        | VCardValue::Boolean(_)
        | VCardValue::PartialDateTime(_)
        | VCardValue::Binary(_) => None,
    }
}

/// A full date as `YYYY-MM-DD`; nothing when a part of it is missing or it is written in words.
fn date(entry: &calcard::vcard::VCardEntry, line: &Line) -> Option<String> {
    // Apple writes a birthday without its year with a year that means none.
    if line.has_param("X-APPLE-OMIT-YEAR") {
        return None;
    }
    match entry.values.first()? {
        VCardValue::PartialDateTime(date) => {
            let (year, month, day) = (date.year?, date.month?, date.day?);
            canon::date(&format!("{year:04}-{month:02}-{day:02}"))
        }
        VCardValue::Text(text) if text.is_empty() => Some(String::new()),
        VCardValue::Text(_)
        | VCardValue::Integer(_)
        | VCardValue::Float(_)
        | VCardValue::Boolean(_)
        | VCardValue::Binary(_)
        | VCardValue::Sex(_)
        | VCardValue::GramGender(_)
        | VCardValue::Kind(_)
        | VCardValue::Component(_) => None,
    }
}

/// A number that may be written as an address (`tel:+49-30-1;ext=7`, RFC 3966).
fn phone(text: String) -> String {
    let Some(rest) = text
        .get(..4)
        .filter(|scheme| scheme.eq_ignore_ascii_case("tel:"))
        .and_then(|_| text.get(4..))
    else {
        return text;
    };
    let mut parts = rest.split(';');
    let number = parts.next().unwrap_or_default().to_owned();
    match parts.find_map(|part| part.strip_prefix("ext=")) {
        Some(extension) => format!("{number};ext={extension}"),
        None => number,
    }
}

/// The word that Apple's programs keep as the label of a group, as a type.
fn label(card: &Card, group: &str) -> Option<String> {
    let (_, line) = card.all("X-ABLABEL").find(|(_, line)| {
        line.group()
            .is_some_and(|own| own.eq_ignore_ascii_case(group))
    })?;
    let word = unescape(line.value());
    let word = word
        .trim()
        .trim_start_matches("_$!<")
        .trim_end_matches(">!$_");
    let word = word.to_ascii_lowercase();
    Some(match word.as_str() {
        "mobile" => "cell".to_owned(),
        "workfax" => "fax".to_owned(),
        _ => word,
    })
}
