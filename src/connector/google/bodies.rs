//! The bodies of new contacts, and of the calls that make them.

use std::ops::Range;

use super::convert::Lens;
use super::fresh::Pen;
use super::slots::NoDate;
use super::text::quote;
use crate::model::{Field, Fields, Write};

/// The contacts to make, as a call carries them one behind the other.
#[derive(Default)]
pub(super) struct Bodies {
    text: Vec<u8>,
    /// By write, in order: where each begins and ends.
    places: Vec<(usize, Range<usize>)>,
}

impl Bodies {
    /// Adds a contact; nothing of one that cannot be written.
    pub(super) fn add<'a>(
        &mut self,
        pen: &mut Pen<'a>,
        lens: &'a Lens<'_>,
        at: usize,
        write: &Write,
        fields: &'a Fields,
    ) -> Result<(), (Field, NoDate)> {
        let from = self.text.len();
        self.text.extend_from_slice(br#"{"contactPerson":"#);
        let done = pen.write(&mut self.text, lens, fields, &write.twin);
        if done.is_ok() {
            self.text.push(b'}');
            self.places.push((at, from..self.text.len()));
        } else {
            self.text.truncate(from);
        }
        done
    }

    /// Whose contacts they are.
    pub(super) fn writes(&self) -> Vec<usize> {
        self.places.iter().map(|(at, _)| *at).collect()
    }

    /// The body of a call that makes some of them.
    pub(super) fn of(&self, open: &[usize], read_mask: &str) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.text.len() + open.len() + read_mask.len() + 100);
        body.extend_from_slice(br#"{"contacts":["#);
        for (place, at) in open.iter().enumerate() {
            if let Ok(found) = self.places.binary_search_by_key(at, |(at, _)| *at) {
                if place > 0 {
                    body.push(b',');
                }
                body.extend_from_slice(&self.text[self.places[found].1.clone()]);
            }
        }
        body.extend_from_slice(br#"],"readMask":"#);
        quote(&mut body, read_mask);
        body.extend_from_slice(br#","sources":["READ_SOURCE_TYPE_CONTACT"]}"#);
        body
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::fuzz::lens;
    use super::*;
    use crate::model::{Change, Meeting, RemoteId, Side, Value, Why};

    #[test]
    fn a_call_carries_those_contacts_that_are_open() {
        let write = |twin: &str| Write {
            on: Side::Google,
            link: None,
            twin: RemoteId::from(twin),
            key: None,
            changed_at: None,
            meeting: Meeting::First,
            twin_listed: true,
            why: Why::Missing,
            change: Change::Group {
                id: RemoteId::from("people/c1"),
            },
        };
        let writes: Vec<Write> = ["7", "8", "9", "10"].map(write).into();
        let (lens, mut pen, mut bodies) = (lens(), Pen::default(), Bodies::default());
        let named = |name: &str| Fields::from([(Field(5), Value::plain(name))]);
        let no_date = Fields::from([
            (Field(5), Value::plain("C")),
            (Field(10), Value::plain("x")),
        ]);
        let all = [named("A\"a"), named("B"), no_date, named("D")];
        let added: Vec<bool> = writes
            .iter()
            .zip(&all)
            .enumerate()
            .map(|(at, (write, fields))| bodies.add(&mut pen, &lens, at, write, fields).is_ok())
            .collect();
        assert_eq!(added, [true, true, false, true]);
        assert_eq!(bodies.writes(), [0, 1, 3]);
        let sent = |open: &[usize]| -> Json {
            serde_json::from_slice(&bodies.of(open, "names,metadata")).unwrap()
        };
        let contact = |at: usize| {
            let body = super::super::fresh::tests::body(&lens, &all[at], &writes[at].twin);
            json!({"contactPerson": body.map_err(|_| ()).unwrap()})
        };
        for open in [&[0, 1, 3][..], &[1, 3], &[0, 3], &[3], &[]] {
            let contacts: Vec<Json> = open.iter().map(|at| contact(*at)).collect();
            let whole = json!({
                "contacts": contacts,
                "readMask": "names,metadata",
                "sources": ["READ_SOURCE_TYPE_CONTACT"],
            });
            assert_eq!(sent(open), whole);
        }
    }
}
