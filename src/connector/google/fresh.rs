//! The body of a new contact, written straight from its values: what [`Slot::write`] would put into empty
//! lists, without the lists.

use std::io::Write as _;

use jiff::civil::Date;

use super::convert::{Lens, MY_CONTACTS};
use super::slots::{
    EMAILS, Form, HOLLOW, LISTS, NAMES, NoDate, Pick, RANKS, SORTED, Slot, parse_date,
};
use super::text::quote;
use crate::model::{Field, Fields, RemoteId};

/// Writes bodies; what it needs room for, it needs once.
#[derive(Default)]
pub(super) struct Pen<'a> {
    items: Vec<Option<Item<'a>>>,
    members: Vec<Member<'a>>,
}

/// An item of a list: what it is found by.
struct Item<'a> {
    list: usize,
    mark: Option<(&'static str, &'a str)>,
}

/// A member of an item.
struct Member<'a> {
    /// The place of its list in [`SORTED`].
    rank: usize,
    /// The place of its item among all.
    item: usize,
    name: &'static str,
    told: Told<'a>,
}

/// What it says.
enum Told<'a> {
    Text(&'a str),
    Date(Date),
}

impl<'a> Pen<'a> {
    /// Writes the body of a new contact: its values, its labels and the stamp. Of one that cannot be
    /// written nothing is.
    pub(super) fn write(
        &mut self,
        to: &mut Vec<u8>,
        lens: &'a Lens<'_>,
        fields: &'a Fields,
        twin: &RemoteId,
    ) -> Result<(), (Field, NoDate)> {
        self.items.clear();
        self.members.clear();
        for (field, value) in fields {
            let mut pairs = lens.mapping.pairs.iter().zip(&lens.slots);
            if let Some((_, slot)) = pairs.find(|(pair, _)| pair.field == *field) {
                self.put(slot, &value.text)
                    .map_err(|error| (*field, error))?;
            }
        }
        self.members
            .sort_unstable_by(|a, b| (a.rank, a.item, a.name).cmp(&(b.rank, b.item, b.name)));
        // Between the lists, by their names.
        let below = |rank: usize| self.members.partition_point(|member| member.rank < rank);
        let (stamped, labelled) = (below(RANKS[EMAILS]), below(RANKS[NAMES]));
        to.push(b'{');
        lists(to, &self.members[..stamped]);
        stamp(to, lens, twin);
        lists(to, &self.members[stamped..labelled]);
        memberships(to, lens);
        lists(to, &self.members[labelled..]);
        // The last comma.
        to.pop();
        to.push(b'}');
        Ok(())
    }

    /// Notes a value.
    fn put(&mut self, slot: &Slot<'a>, text: &'a str) -> Result<(), NoDate> {
        let found = self.find(slot);
        if text.chars().all(char::is_whitespace) {
            if let Some(item) = found {
                self.clear(slot, item);
            }
            return Ok(());
        }
        let told = match slot.form {
            Form::Date => Told::Date(parse_date(text).ok_or(NoDate)?),
            Form::Text | Form::Part => Told::Text(text),
        };
        let item = found.unwrap_or_else(|| self.fresh(slot));
        let mut members = self.members.iter_mut();
        match members.find(|it| it.item == item && it.name == slot.member) {
            Some(member) => member.told = told,
            None => self.members.push(Member {
                rank: RANKS[slot.at],
                item,
                name: slot.member,
                told,
            }),
        }
        Ok(())
    }

    /// The item that a slot means, as [`Slot::find`] has it.
    fn find(&self, slot: &Slot<'_>) -> Option<usize> {
        let here = |is: &dyn Fn(&Item<'_>) -> bool| {
            let mut items = self.items.iter();
            items.position(|item| {
                item.as_ref()
                    .is_some_and(|item| item.list == slot.at && is(item))
            })
        };
        let of_type = |kind: &str| {
            here(&|item| {
                item.mark
                    .is_some_and(|(name, it)| name == "type" && it.eq_ignore_ascii_case(kind))
            })
        };
        match slot.pick {
            Pick::First => here(&|_| true),
            Pick::Typed(Some(kind)) => of_type(kind),
            Pick::Typed(None) => of_type("work").or_else(|| here(&|_| true)),
            Pick::Keyed(key) => here(&|item| item.mark == Some(("key", key))),
        }
    }

    fn fresh(&mut self, slot: &Slot<'a>) -> usize {
        let item = self.items.len();
        let mark = slot.mark();
        self.items.push(Some(Item {
            list: slot.at,
            mark,
        }));
        if let Some((name, text)) = mark {
            self.members.push(Member {
                rank: RANKS[slot.at],
                item,
                name,
                told: Told::Text(text),
            });
        }
        item
    }

    /// Takes a value back.
    fn clear(&mut self, slot: &Slot<'_>, item: usize) {
        if slot.form == Form::Part {
            let here = |it: &Member<'_>| it.item == item;
            let mut members = self.members.iter();
            let Some(at) = members.position(|it| here(it) && it.name == slot.member) else {
                return;
            };
            self.members.remove(at);
            let mut rest = self.members.iter().filter(|it| here(it));
            if rest.any(|it| !HOLLOW.contains(&it.name)) {
                return;
            }
        }
        self.members.retain(|it| it.item != item);
        self.items[item] = None;
    }
}

/// Writes lists, each with a comma behind it; their members come by list, item and name.
fn lists(to: &mut Vec<u8>, members: &[Member<'_>]) {
    let mut last: Option<(usize, usize)> = None;
    for member in members {
        match last {
            Some((rank, item)) if rank == member.rank => {
                to.extend_from_slice(if item == member.item { b"," } else { b"},{" });
            }
            Some(_) | None => {
                if last.is_some() {
                    to.extend_from_slice(b"}],");
                }
                name(to, LISTS[SORTED[member.rank]].0);
                to.extend_from_slice(b"[{");
            }
        }
        last = Some((member.rank, member.item));
        name(to, member.name);
        match &member.told {
            Told::Text(text) => quote(to, text),
            Told::Date(date) => {
                let (year, month, day) = (date.year(), date.month(), date.day());
                // A vector takes everything.
                write!(to, r#"{{"day":{day},"month":{month},"year":{year}}}"#).ok();
            }
        }
    }
    if last.is_some() {
        to.extend_from_slice(b"}],");
    }
}

fn name(to: &mut Vec<u8>, name: &str) {
    to.push(b'"');
    to.extend_from_slice(name.as_bytes());
    to.extend_from_slice(b"\":");
}

fn stamp(to: &mut Vec<u8>, lens: &Lens<'_>, twin: &RemoteId) {
    to.extend_from_slice(br#""clientData":[{"key":"#);
    quote(to, lens.stamp);
    to.extend_from_slice(br#","value":"#);
    quote(to, &lens.twins.stamp(twin));
    to.extend_from_slice(b"}],");
}

fn memberships(to: &mut Vec<u8>, lens: &Lens<'_>) {
    let own = Some(lens.group).filter(|group| !group.is_empty() && *group != MY_CONTACTS);
    to.extend_from_slice(br#""memberships":["#);
    for (place, group) in own.into_iter().chain([MY_CONTACTS]).enumerate() {
        if place > 0 {
            to.push(b',');
        }
        to.extend_from_slice(br#"{"contactGroupMembership":{"contactGroupResourceName":"#);
        quote(to, group);
        to.extend_from_slice(b"}}");
    }
    to.extend_from_slice(b"],");
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
pub(super) mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::super::convert::{Kept, slots};
    use super::*;
    use crate::connector::Twins;
    use crate::mapping::{Mapping, Pair, Path};
    use crate::model::{Patch, Sides, Swap, Value};

    /// The body of a new contact, made the long way: an update of one that holds nothing.
    fn the_long_way(
        lens: &Lens<'_>,
        fields: &Fields,
        twin: &RemoteId,
    ) -> Result<Json, (Field, NoDate)> {
        let to = |(field, value): (&Field, &Value)| {
            let to = Some(value.clone());
            (*field, Swap { from: None, to })
        };
        let patch: Patch = fields.iter().map(to).collect();
        let mut kept = Kept::default();
        kept.apply(lens.mapping, &patch)?;
        let mut groups = vec![MY_CONTACTS];
        if !lens.group.is_empty() && lens.group != MY_CONTACTS {
            groups.insert(0, lens.group);
        }
        let memberships: Vec<Json> = groups
            .iter()
            .map(|group| json!({"contactGroupMembership": {"contactGroupResourceName": group}}))
            .collect();
        let mut body = json!(kept.lists);
        body["memberships"] = json!(memberships);
        body["clientData"] = json!([{"key": lens.stamp, "value": lens.twins.stamp(twin)}]);
        Ok(body)
    }

    /// The body of a new contact, held against the long way.
    pub(in super::super) fn body(
        lens: &Lens<'_>,
        fields: &Fields,
        twin: &RemoteId,
    ) -> Result<Json, (Field, NoDate)> {
        let mut text = b"before".to_vec();
        let mut pen = Pen::default();
        let done = pen.write(&mut text, lens, fields, twin);
        let long = the_long_way(lens, fields, twin);
        if let Ok(body) = &long {
            let text = String::from_utf8(text).unwrap();
            assert_eq!(text, format!("before{body}"));
        }
        assert_eq!(
            done,
            long.as_ref().map(drop).map_err(|(at, _)| (*at, NoDate))
        );
        long
    }

    /// Several pairs to one place, to places in one item, and to items that only some pairs tell apart.
    const PATHS: [&str; 40] = [
        "name.given",
        "email",
        "email.work",
        "email.WORK",
        "email.home",
        "phone.mobile",
        "phone",
        "phone.Work",
        "phone.home",
        "organization.name",
        "organization.title",
        "organization.department",
        "name.family",
        "name.given",
        "name.prefix",
        "address.work.street",
        "address.city",
        "address.home.city",
        "address.work.postcode",
        "address.Work.street",
        "address.country",
        "birthday",
        "event.anniversary",
        "event.other",
        "event.Anniversary",
        "birthday",
        "note",
        "nickname",
        "custom.Shoe",
        "custom.shoe",
        "custom.Shoe",
        "custom.\"odd\"",
        "url.blog",
        "url",
        "im.work",
        "relation.spouse",
        "relation.odd \"one\"",
        "external_id.customer",
        "external_id.odd",
        "note",
    ];

    fn mapping() -> Mapping {
        let pair = |(number, path): (usize, &&str)| Pair {
            // Some fields have two pairs, of which the first one counts.
            field: Field(u16::try_from(number % 37).unwrap()),
            crm: path.to_string(),
            google: Path::parse(path).unwrap(),
            to: Sides {
                google: true,
                crm: true,
            },
        };
        Mapping {
            pairs: PATHS.iter().enumerate().map(pair).collect(),
            key: Field(1),
            region: None,
        }
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "[a-z\"\\\\\n äß]{1,9}",
            4 => (1_u16..=2100, 1_u8..=12, 1_u8..=28).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}")),
            1 => "[ \n\u{a0}]{0,2}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn a_body_is_what_an_update_of_an_empty_contact_would_be(
            values in proptest::collection::vec((0_u16..42, text()), 0..30),
            dated in any::<bool>(),
            group in prop_oneof![Just(""), Just(MY_CONTACTS), Just("contactGroups/a\"b")],
            twins in prop_oneof![Just(Twins::Global), Just(Twins::of("odd/host"))],
            twin in "[0-9]{1,4}|\"",
        ) {
            let mapping = mapping();
            let lens = Lens {
                mapping: &mapping,
                slots: slots(&mapping),
                group,
                archive: "",
                stamp: "crmsync",
                twins: &twins,
            };
            let dates = |field: &u16| (21..=25).contains(field);
            let fields: Fields = values
                .into_iter()
                .filter(|(field, text)| !dated || !dates(field) || parse_date(text).is_some() || text.trim().is_empty())
                .map(|(field, text)| (Field(field), Value::plain(text)))
                .collect();
            let body = body(&lens, &fields, &RemoteId::from(twin));
            prop_assert!(body.is_ok() || !dated);
        }
    }
}
