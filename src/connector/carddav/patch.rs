//! Values into a card: only the lines of what changes are written anew.

use std::collections::BTreeMap;

use super::card::{Card, Edition, Line, NoCard, components, escape};
use super::convert::{Resource, Source, resource};
use super::gear::{Gear, STAMP};
use super::name::{self, Names};
use super::reading::Reading;
use super::slot::{ADDRESS, NAME, ORG, Slot, Sort, assign, new_types};
use crate::mapping::canon;
use crate::model::{Field, Fields, Patch, RemoteId, Value, Version};

/// Why a card cannot take a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The text is no single vCard.
    NoCard,
    /// The line that holds the field cannot be read, so it is left alone.
    Unreadable(Field),
    /// The value is no full date.
    NoDate(Field),
}

impl From<NoCard> for Refused {
    fn from(what: NoCard) -> Self {
        match what {
            NoCard::Shape | NoCard::Several => Self::NoCard,
        }
    }
}

/// Where a value goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    /// Into the line at that place.
    At(usize),
    /// Into a new line of a property and a sort.
    New(String, Option<Sort>),
}

/// A slot and what goes there; nothing clears it.
type Put<'a> = (Field, &'a Slot, Option<&'a str>);

/// A card's text with some fields changed. A value that would not be read from it again is not written: such
/// a card has lines that one program reads otherwise than the next.
pub(super) fn patched(gear: &Gear, text: &str, patch: &Patch) -> Result<String, Refused> {
    let mut card = Card::parse(text)?;
    let wanted = patch
        .iter()
        .map(|(field, swap)| (*field, swap.to.as_ref()))
        .collect();
    put(gear, &mut card, wanted)?;
    let text = card.text();
    match lost(gear, &text, patch) {
        Some(field) => Err(Refused::Unreadable(field)),
        None => Ok(text),
    }
}

/// The first field whose new value a card does not give back. Control characters have no place in a card, and
/// the scheme of a number is not part of it; they are not looked for.
fn lost(gear: &Gear, text: &str, patch: &Patch) -> Option<Field> {
    let from = Source {
        id: RemoteId::from(""),
        version: Version::from(""),
        changed_at: None,
    };
    let Resource::Contact(now) = resource(gear, from, text) else {
        return patch.keys().next().copied();
    };
    let plain = |value: &Value| {
        let scheme = value.text.get(..4).unwrap_or_default();
        !value.text.contains(char::is_control) && !scheme.eq_ignore_ascii_case("tel:")
    };
    let same = |held: &Value, value: &Value| held == value || held.text.trim() == value.text.trim();
    let held = |value: &Value| now.fields.values().any(|held| same(held, value));
    let sent = patch
        .iter()
        .filter_map(|(field, swap)| Some((*field, swap.to.as_ref()?)));
    let mut sent = sent.filter(|(_, value)| plain(value) && !held(value));
    sent.next().map(|(field, _)| field)
}

/// The text of a new card.
pub(super) fn created(
    gear: &Gear,
    uid: &str,
    twin: &str,
    fields: &Fields,
) -> Result<String, Refused> {
    let mut card = Card::new(gear.edition);
    card.add("PRODID:-//crmsync//crmsync//EN".to_owned());
    card.add(match gear.edition {
        Edition::Three => format!("UID:{uid}"),
        Edition::Four => format!("UID:urn:uuid:{uid}"),
    });
    let wanted = fields
        .iter()
        .map(|(field, value)| (*field, Some(value)))
        .collect();
    put(gear, &mut card, wanted)?;
    // Version 3.0 wants a name whatever it holds (RFC 2426, section 3.1.2).
    if card.all("N").next().is_none() {
        card.add(format!("N:{}", ";".repeat(NAME.len() - 1)));
    }
    card.add(format!("{STAMP}:{}", escape(twin)));
    Ok(card.text())
}

fn put(gear: &Gear, card: &mut Card, wanted: Vec<(Field, Option<&Value>)>) -> Result<(), Refused> {
    let before = Reading::of(card, |name| gear.wants(name));
    let places = assign(&before, &gear.slots);
    let mut targets: BTreeMap<Target, Vec<Put<'_>>> = BTreeMap::new();
    let mut shown = false;
    for (field, value) in wanted {
        let Some(at) = gear.at(field) else { continue };
        let slot = &gear.slots[at];
        shown |= *slot == Slot::Formatted;
        let target = match places[at] {
            Some(place) => {
                if before.at(place).is_none_or(|prop| prop.values.is_none()) {
                    return Err(Refused::Unreadable(field));
                }
                Target::At(place)
            }
            None => Target::New(slot.property().to_owned(), slot.sort().cloned()),
        };
        let text = value.map(|value| &*value.text);
        targets.entry(target).or_default().push((field, slot, text));
    }
    let mut gone = Vec::new();
    let mut new = Vec::new();
    for (target, puts) in &targets {
        match target {
            Target::At(place) => match changed(card, &before, *place, puts)? {
                Some(text) => card.replace(*place, text),
                None => gone.push(*place),
            },
            Target::New(property, sort) => {
                new.extend(fresh(card.edition, &before, property, sort.as_ref(), puts)?);
            }
        }
    }
    for place in gone.into_iter().rev() {
        card.remove(place);
    }
    for text in new {
        card.add(text);
    }
    if !shown {
        follow(gear, card, &before);
    }
    Ok(())
}

fn encoded(card: &Card, place: usize) -> bool {
    card.at(place).is_some_and(Line::encoded)
}

/// Keeps the display name in step with the names that it was made from.
fn follow(gear: &Gear, card: &mut Card, before: &Reading) {
    let after = Reading::of(card, |name| gear.wants(name));
    let Some(shown) = name::followed(before, &after) else {
        return;
    };
    match after.all("FN").next().map(|prop| prop.place) {
        Some(place) if !encoded(card, place) => {
            let head = card.at(place).map_or("FN", Line::head).to_owned();
            card.replace(place, format!("{head}:{}", escape(&shown)));
        }
        Some(_) => {}
        None => card.add(format!("FN:{}", escape(&shown))),
    }
}

/// A line with values changed; nothing when there is nothing left in it.
fn changed(
    card: &Card,
    before: &Reading,
    place: usize,
    puts: &[Put<'_>],
) -> Result<Option<String>, Refused> {
    let Some(line) = card.at(place) else {
        return Ok(None);
    };
    let Some((field, slot, text)) = puts.first() else {
        return Ok(Some(line.text().to_owned()));
    };
    if slot.part().is_none() {
        let Some(text) = text else {
            // Every card has a display name.
            let stays = **slot == Slot::Formatted;
            return Ok(stays.then(|| line.text().to_owned()));
        };
        let value = value(card.edition, *field, slot, text)?;
        let drop: &[&str] = match slot {
            Slot::Date(_) => &["VALUE", "X-APPLE-OMIT-YEAR", "CALSCALE"],
            Slot::Listed("TEL", _) => &["VALUE"],
            Slot::Formatted
            | Slot::Name(_)
            | Slot::Org(_)
            | Slot::Single(_)
            | Slot::Listed(..)
            | Slot::Address(..)
            | Slot::Extra(_) => &[],
        };
        return Ok(Some(format!("{}:{value}", line.head_without(drop))));
    }
    let mut parts: Vec<String> = components(line.value())
        .into_iter()
        .map(str::to_owned)
        .collect();
    if matches!(slot, Slot::Name(_)) && parts.iter().all(|part| part.trim().is_empty()) {
        parts = guessed(before);
    }
    place_parts(&mut parts, puts);
    let blank = parts.iter().all(|part| part.trim().is_empty());
    if blank && !matches!(slot, Slot::Name(_)) {
        return Ok(None);
    }
    // The one is the address as a text, the other counts its parts.
    let head = line.head_without(&["LABEL", "JSCOMPS"]);
    Ok(Some(format!("{head}:{}", parts.join(";"))))
}

fn place_parts(parts: &mut Vec<String>, puts: &[Put<'_>]) {
    for (_, slot, text) in puts {
        let Some(at) = slot.part() else { continue };
        if parts.len() <= at {
            parts.resize(at + 1, String::new());
        }
        parts[at] = text.map(escape).unwrap_or_default();
        if matches!(slot, Slot::Org(_)) && at + 1 == ORG.len() {
            parts.truncate(ORG.len());
        }
    }
}

/// A new line for some values; nothing when all of them are blank.
fn fresh(
    edition: Edition,
    before: &Reading,
    property: &str,
    sort: Option<&Sort>,
    puts: &[Put<'_>],
) -> Result<Option<String>, Refused> {
    let filled = puts
        .iter()
        .any(|(_, _, text)| text.is_some_and(|text| !text.trim().is_empty()));
    let named = property == "N" && guessed(before).iter().any(|part| !part.is_empty());
    if !filled && !named {
        return Ok(None);
    }
    let types = sort.map_or_else(Vec::new, |sort| new_types(property, sort));
    let mut head = property.to_owned();
    if !types.is_empty() {
        let types = types.join(",");
        head.push_str(";TYPE=");
        head.push_str(&match edition {
            Edition::Three => types.to_ascii_uppercase(),
            Edition::Four => types,
        });
    }
    let mut parts = match property {
        "N" => guessed(before),
        "ADR" => vec![String::new(); ADDRESS.len()],
        "ORG" => vec![String::new()],
        _ => {
            let Some((field, slot, Some(text))) = puts.first() else {
                return Ok(None);
            };
            return Ok(Some(format!(
                "{head}:{}",
                value(edition, *field, slot, text)?
            )));
        }
    };
    place_parts(&mut parts, puts);
    Ok(Some(format!("{head}:{}", parts.join(";"))))
}

/// The parts of a name that a card without names shows all the same, from its display name.
fn guessed(before: &Reading) -> Vec<String> {
    let names = Names::of(before);
    (0..NAME.len())
        .map(|part| escape(&names.part(part).unwrap_or_default()))
        .collect()
}

/// A text as the value of a line.
fn value(edition: Edition, field: Field, slot: &Slot, text: &str) -> Result<String, Refused> {
    match slot {
        Slot::Date(_) => {
            let date = canon::date(text)
                .filter(|date| !date.starts_with("--"))
                .ok_or(Refused::NoDate(field))?;
            Ok(match edition {
                Edition::Three => date,
                // Version 4.0 has the basic form only (RFC 6350, section 4.3.1).
                Edition::Four => date.replace('-', ""),
            })
        }
        // An address of the web keeps its commas and semicolons.
        Slot::Listed("URL" | "IMPP", _) => Ok(text
            .trim()
            .replace('\\', "\\\\")
            .replace(char::is_control, "")),
        Slot::Formatted
        | Slot::Name(_)
        | Slot::Org(_)
        | Slot::Single(_)
        | Slot::Listed(..)
        | Slot::Address(..)
        | Slot::Extra(_) => Ok(escape(text)),
    }
}
