//! Holds both address books against the oracle's: every record, every field, label and view.

use std::collections::BTreeMap;

use crate::bench::{Books, Card};
use crate::oracle::{Half, Person, Side};

/// What of a record is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    fields: BTreeMap<&'static str, String>,
    labelled: bool,
    archived: bool,
    lead: String,
}

fn found(side: Side, card: &Card) -> Look {
    let has = |name: &str| card.labels.iter().any(|label| label == name);
    Look {
        fields: card.fields.clone(),
        labelled: has("CRM"),
        archived: has("crmsync-archive"),
        lead: match side {
            Side::Google => String::new(),
            Side::Crm => card.foreign.clone(),
        },
    }
}

fn wanted(half: &Half) -> Look {
    let mut fields = half.fields.clone();
    for (_, mobile) in fields.iter_mut().filter(|(field, _)| **field == "Mobile") {
        mobile.retain(|letter| letter.is_ascii_digit());
    }
    Look {
        fields,
        labelled: half.labelled,
        archived: half.archived,
        lead: half.lead.unwrap_or_default().to_owned(),
    }
}

/// What differs; empty when everything is as the oracle says. Teaches the model the identifiers of
/// new records.
pub(crate) fn differences(books: &Books, people: &mut [Person]) -> Vec<String> {
    let mut told = Vec::new();
    for (side, cards) in [(Side::Google, &books.google), (Side::Crm, &books.crm)] {
        let mut free: Vec<&Card> = cards.values().flatten().collect();
        for (number, person) in people.iter_mut().enumerate() {
            let Some(half) = person.half_mut(side) else {
                continue;
            };
            let look = wanted(half);
            // The record itself, where the model knows it; else one with the same address.
            let place = free
                .iter()
                .position(|card| card.id == half.id)
                .or_else(|| {
                    let known = |card: &&Card| half.id.is_empty() && found(side, card) == look;
                    free.iter().position(known)
                })
                .or_else(|| {
                    let same = |card: &&Card| card.fields.get("Email") == half.fields.get("Email");
                    free.iter().position(same)
                });
            let Some(place) = place else {
                told.push(format!("contact {number} in {side:?}: missing, {look:?}"));
                continue;
            };
            let card = free.swap_remove(place);
            if found(side, card) != look {
                told.push(format!(
                    "contact {number} in {side:?} ({}):\n  is     {:?}\n  should {look:?}",
                    card.id,
                    found(side, card)
                ));
            }
            half.id.clone_from(&card.id);
        }
        told.extend(
            free.iter()
                .map(|card| format!("too much in {side:?}: {card:?}")),
        );
    }
    told
}
