//! A card to a record; pure.

use super::card::{Card, NoCard, unescape};
use super::gear::{Gear, STAMP};
use super::name::{self, Names};
use super::reading::Reading;
use super::slot::{ORG, Slot, assign};
use crate::mapping::canon;
use crate::model::{Moment, Record, RemoteId, Version};

/// What a resource of an address book turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    /// A contact.
    Contact(Box<Record>),
    /// A group of contacts (`KIND:group`), which takes no part.
    Group,
}

/// Where a card comes from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The resource's name in its address book.
    pub(super) id: RemoteId,
    /// Its revision.
    pub(super) version: Version,
    /// When the server says it was last changed.
    pub(super) changed_at: Option<Moment>,
}

/// Whether a card is a group of contacts (RFC 6350, section 6.1.4, and what Apple's programs write).
fn is_group(card: &Card) -> bool {
    card.own().any(|(_, line)| {
        matches!(line.name(), "KIND" | "X-ADDRESSBOOKSERVER-KIND")
            && line.value().trim().eq_ignore_ascii_case("group")
    })
}

/// A card's text as a record. A text that is no card has nothing that can be read.
pub(super) fn resource(gear: &Gear, from: Source, text: &str) -> Resource {
    let mut record = Record::bare(from.id, from.version);
    record.changed_at = from.changed_at;
    record.listed = true;
    let card = match Card::parse(text) {
        Ok(card) => card,
        Err(NoCard::Shape | NoCard::Several) => {
            record.unread = gear.mapping.pairs.iter().map(|pair| pair.field).collect();
            return Resource::Contact(Box::new(record));
        }
    };
    if is_group(&card) {
        return Resource::Group;
    }
    fill(gear, &card, &mut record);
    Resource::Contact(Box::new(record))
}

fn fill(gear: &Gear, card: &Card, record: &mut Record) {
    let reading = Reading::of(card, |name| gear.wants(name));
    let names = Names::of(&reading);
    let places = assign(&reading, &gear.slots);
    for ((pair, slot), place) in gear.mapping.pairs.iter().zip(&gear.slots).zip(places) {
        let told = match slot {
            Slot::Name(part) => names.part(*part),
            Slot::Formatted
            | Slot::Org(_)
            | Slot::Single(_)
            | Slot::Date(_)
            | Slot::Listed(..)
            | Slot::Address(..)
            | Slot::Extra(_) => told(card, &reading, slot, place),
        };
        match told {
            None => record.unread.push(pair.field),
            Some(text) => {
                if let Some(value) = gear.mapping.value(pair, &text) {
                    if gear.mapping.key == pair.field {
                        record.key = canon::email(&value.text);
                    }
                    record.fields.insert(pair.field, value);
                }
            }
        }
    }
    record.stamp = card
        .all(STAMP)
        .next()
        .map(|(_, line)| unescape(line.value()))
        .filter(|stamp| !stamp.is_empty())
        .map(RemoteId::from);
    record.label = name::label(&reading).map(Into::into);
}

/// What a line says about a slot: a text, empty when there is none; nothing when it cannot be read.
fn told(card: &Card, reading: &Reading, slot: &Slot, place: Option<usize>) -> Option<String> {
    let Some(place) = place else {
        return Some(String::new());
    };
    if let Slot::Extra(_) = slot {
        let line = card.at(place)?;
        return (!line.encoded()).then(|| unescape(line.value()));
    }
    let values = reading.at(place)?.values.as_ref()?;
    let at = slot.part().unwrap_or(0);
    let text = values.get(at).cloned().unwrap_or_default();
    // A third and further units belong to the second one.
    let deeper = matches!(slot, Slot::Org(unit) if *unit + 1 == ORG.len());
    if deeper && values.len() > ORG.len() {
        return Some(values[at..].join("; "));
    }
    Some(text)
}
