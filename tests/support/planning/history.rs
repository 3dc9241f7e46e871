//! What people do on both sides between runs, and under which rules: random, and picked by content,
//! so that one history means the same in two worlds.

use std::collections::BTreeMap;

use crmsync::model::{
    AnyEmail, Bulk, Clears, Direction, Field, FieldRule, Filled, Key, Limits, NoEmail, OnConflict,
    OnDelete, OnLeave, Record, Rematch, RemoteId, Rules, Side, Sides, Target, Value, Version,
};
use proptest::prelude::*;

use crate::remote::{Answers, Known, Remote, Spelling};
use crate::world::{How, Reads, World};

/// The match key.
pub(crate) const EMAIL: Field = Field(1);
const NAME: Field = Field(2);
const PHONE: Field = Field(3);

/// One thing that happens to a remote.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Person number n is typed in, unless the side has them.
    Add(Side, u8),
    /// Somebody without an address is typed in.
    AddNameless(Side),
    /// A field of the nth record is set; 0 clears it.
    Set(Side, usize, u8, u8),
    /// A record is saved unchanged.
    Touch(Side, usize),
    /// A record gets the address of another person.
    Rekey(Side, usize, u8),
    /// A record loses its address.
    Unkey(Side, usize),
    /// A record is deleted.
    Delete(Side, usize),
    /// A record enters or leaves its list.
    List(Side, usize),
    /// A Google contact gets person n's address as a second one.
    Second(usize, u8),
    /// Two Google contacts are merged.
    Merge(usize, usize),
    /// A CRM record becomes hidden or visible.
    Hide(usize),
}

fn address(person: u8) -> Value {
    Value::plain(format!("p{person}@example.com"))
}

impl World {
    /// Lets one thing happen.
    pub(crate) fn act(&mut self, act: &Act) {
        match act {
            Act::Add(side, person) => {
                let person = address(*person);
                if !self.has(*side, &person) {
                    self.add(*side, &[(EMAIL, person)]);
                }
            }
            Act::AddNameless(side) => {
                let name = Value::plain(format!("n{}", self.remotes.on(*side).clock));
                self.add(*side, &[(NAME, name)]);
            }
            Act::Set(side, nth, field, value) => {
                let field = if field % 2 == 0 { NAME } else { PHONE };
                self.change(*side, *nth, |record| match value {
                    0 => drop(record.fields.remove(&field)),
                    _ => drop(
                        record
                            .fields
                            .insert(field, Value::plain(format!("s{value}"))),
                    ),
                });
            }
            Act::Touch(side, nth) => self.change(*side, *nth, |_| {}),
            Act::Rekey(side, nth, person) => {
                let person = address(*person);
                if !self.has(*side, &person) {
                    self.change(*side, *nth, |record| {
                        record.fields.insert(EMAIL, person.clone());
                    });
                }
            }
            Act::Unkey(side, nth) => self.change(*side, *nth, |record| {
                record.fields.remove(&EMAIL);
            }),
            Act::Delete(side, nth) => {
                if let Some(id) = self.nth(*side, *nth) {
                    self.remotes.on_mut(*side).remove(&id);
                }
            }
            Act::List(side, nth) => {
                self.change(*side, *nth, |record| record.listed = !record.listed);
            }
            Act::Second(nth, person) => {
                let key = Key::from(address(*person).canonical());
                self.change(Side::Google, *nth, |record| {
                    if !record.addresses().any(|own| *own == key) {
                        record.emails.push(key.clone());
                    }
                });
            }
            Act::Merge(from, into) => self.merge(*from, *into),
            Act::Hide(nth) => {
                if let Some(id) = self.nth(Side::Crm, *nth) {
                    if !self.hidden.remove(&id) {
                        self.hidden.insert(id);
                    } else if let Some(record) = self.remotes.crm.live.get(&id).cloned() {
                        self.remotes.crm.put(record);
                    }
                }
            }
        }
    }

    fn has(&self, side: Side, person: &Value) -> bool {
        let mut live = self.remotes.on(side).live.values();
        live.any(|record| record.fields.get(&EMAIL) == Some(person))
    }

    fn add(&mut self, side: Side, fields: &[(Field, Value)]) {
        let remote = self.remotes.on_mut(side);
        let id = RemoteId::from(format!("{}-own-{}", side.name(), remote.clock + 1));
        let mut record = Record::bare(id, Version::from("unborn"));
        record.fields.extend(fields.iter().cloned());
        record.listed = true;
        remote.put(record);
    }

    fn change(&mut self, side: Side, nth: usize, change: impl Fn(&mut Record)) {
        let Some(id) = self.nth(side, nth) else {
            return;
        };
        let mut record = self.remotes.on(side).live[&id].clone();
        change(&mut record);
        self.remotes.on_mut(side).put(record);
    }

    fn merge(&mut self, from: usize, into: usize) {
        let (Some(from), Some(into)) = (self.nth(Side::Google, from), self.nth(Side::Google, into))
        else {
            return;
        };
        if from == into {
            return;
        }
        let gone = self.remotes.google.live[&from].clone();
        let mut heir = self.remotes.google.live[&into].clone();
        heir.emails.extend(gone.addresses().cloned());
        heir.emails.sort();
        heir.emails.dedup();
        for (field, value) in &gone.fields {
            if !heir.fields.contains_key(field) {
                heir.fields.insert(*field, value.clone());
            }
        }
        heir.listed |= gone.listed;
        self.remotes.google.remove(&from);
        self.remotes.google.put(heir);
        self.merged.insert(from, into);
    }

    /// The nth record by what it holds.
    pub(crate) fn nth(&self, side: Side, nth: usize) -> Option<RemoteId> {
        let live = self.remotes.on(side).live.values();
        let mut live: Vec<_> = live.map(|record| (content(record), &record.id)).collect();
        live.sort();
        let (_, id) = live.get(nth % live.len().max(1))?;
        Some((*id).clone())
    }

    /// What a side holds, without regard to spelling and identifiers.
    pub(crate) fn contacts(&self, side: Side) -> Vec<Content> {
        let mut all: Vec<_> = self.remotes.on(side).live.values().map(content).collect();
        all.sort();
        all
    }
}

/// A record's fields in small letters, and whether it is listed.
pub(crate) type Content = (BTreeMap<Field, String>, bool);

fn content(record: &Record) -> Content {
    let fields = record.fields.iter();
    let fields = fields.map(|(field, value)| (*field, value.text.to_lowercase()));
    (fields.collect(), record.listed)
}

pub(crate) fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Google), Just(Side::Crm)]
}

/// Adding, editing and saving, nothing else.
pub(crate) fn plain_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (side(), 0..9u8).prop_map(|(at, person)| Act::Add(at, person)),
        4 => (side(), 0..9usize, 0..2u8, 0..4u8)
            .prop_map(|(at, nth, field, value)| Act::Set(at, nth, field, value)),
        1 => (side(), 0..9usize).prop_map(|(at, nth)| Act::Touch(at, nth)),
    ]
}

/// What keeps addresses unique on each side: plain acts, deletions, list changes.
pub(crate) fn tidy_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => plain_act(),
        1 => side().prop_map(Act::AddNameless),
        1 => (side(), 0..9usize).prop_map(|(at, nth)| Act::Delete(at, nth)),
        2 => (side(), 0..9usize).prop_map(|(at, nth)| Act::List(at, nth)),
    ]
}

/// Everything.
pub(crate) fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => tidy_act(),
        1 => (side(), 0..9usize, 0..9u8).prop_map(|(at, nth, n)| Act::Rekey(at, nth, n)),
        1 => (side(), 0..9usize).prop_map(|(at, nth)| Act::Unkey(at, nth)),
        1 => (0..9usize, 0..9u8).prop_map(|(nth, person)| Act::Second(nth, person)),
        1 => (0..9usize, 0..9usize).prop_map(|(from, into)| Act::Merge(from, into)),
        1 => (0..9usize).prop_map(Act::Hide),
    ]
}

/// What happens before each run.
pub(crate) fn rounds(act: impl Strategy<Value = Act>) -> impl Strategy<Value = Vec<Vec<Act>>> {
    proptest::collection::vec(proptest::collection::vec(act, 0..8), 1..6)
}

/// How runs go that nothing cuts.
pub(crate) fn how() -> impl Strategy<Value = How> {
    (any::<bool>(), 0..4i64).prop_map(|(full, lag)| How {
        reads: if full { Reads::Full } else { Reads::Delta },
        lag,
        cut: None,
    })
}

fn pick<T: Clone + std::fmt::Debug + 'static>(choices: &[T]) -> impl Strategy<Value = T> + use<T> {
    proptest::sample::select(choices.to_vec())
}

fn preferred() -> impl Strategy<Value = OnConflict> {
    side().prop_map(OnConflict::Prefer)
}

/// Both ways, conflicts decided, clearings carried over.
pub(crate) fn two_way() -> impl Strategy<Value = Rules> {
    (
        preferred(),
        pick(&[OnDelete::Keep, OnDelete::Archive, OnDelete::Delete]),
        pick(&[OnLeave::Ungroup, OnLeave::Keep]),
        pick(&[NoEmail::Skip, NoEmail::Sync]),
        pick(&[AnyEmail::Matches, AnyEmail::Ignored]),
    )
        .prop_map(
            |(on_conflict, on_delete, on_leave, no_email, any_email)| Rules {
                on_delete,
                on_leave,
                no_email,
                any_email,
                ..rules(Direction::TwoWay, on_conflict)
            },
        )
}

/// Every choice that a profile has.
pub(crate) fn any_rules() -> impl Strategy<Value = Rules> {
    (
        two_way(),
        pick(&[
            Direction::TwoWay,
            Direction::CrmToGoogle,
            Direction::GoogleToCrm,
        ]),
        prop_oneof![2 => preferred(), 1 => Just(OnConflict::Hold)],
        pick(&[Clears::Propagate, Clears::Stay]),
        pick(&[Target::Drifts, Target::Enforced]),
    )
        .prop_map(|(base, direction, on_conflict, clears, target)| Rules {
            on_delete: base.on_delete,
            on_leave: base.on_leave,
            no_email: base.no_email,
            any_email: base.any_email,
            clears,
            target,
            ..rules(direction, on_conflict)
        })
}

fn rules(direction: Direction, on_conflict: OnConflict) -> Rules {
    let names = [
        (EMAIL, "email.work"),
        (NAME, "name.given"),
        (PHONE, "phone.work"),
    ];
    let fields = names.map(|(field, name)| {
        let rule = FieldRule {
            name: name.into(),
            writable: Sides::from_fn(|side| direction.writes(side)),
            required: Sides::default(),
            on_conflict,
            filled: Filled::Never,
        };
        (field, rule)
    });
    Rules {
        fields: fields.into(),
        key: EMAIL,
        wholes: Vec::new(),
        direction,
        on_delete: OnDelete::Keep,
        on_leave: OnLeave::Ungroup,
        no_email: NoEmail::Skip,
        any_email: AnyEmail::Matches,
        clears: Clears::Propagate,
        target: Target::Drifts,
        rematch: Rematch::No,
    }
}

/// How a remote behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    answers: Answers,
    spelling: Spelling,
    stamps: bool,
    lists_creates: bool,
}

impl Manners {
    /// Whether it neither stores what it is sent nor tells what it stored: it looks edited.
    pub(crate) fn deceives(self) -> bool {
        self.answers == Answers::Accepted && self.spelling == Spelling::Capitals
    }

    /// Whether it undoes for ever what enforcing writes; a run stops that by quarantine.
    pub(crate) fn fights(self, rules: &Rules) -> bool {
        self.deceives() && rules.target == Target::Enforced
    }
}

/// Any manners.
pub(crate) fn manners() -> impl Strategy<Value = Manners> {
    (
        pick(&[Answers::Record, Answers::Accepted]),
        pick(&[Spelling::AsSent, Spelling::Capitals]),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(answers, spelling, stamps, lists_creates)| Manners {
            answers,
            spelling,
            stamps,
            lists_creates,
        })
}

/// An empty world.
pub(crate) fn world(rules: &Rules, crm: Manners) -> World {
    let known = Known {
        email: EMAIL,
        given: NAME,
        org: Field(9),
    };
    let mut remotes = Sides::from_fn(|side| Remote::new(side, known));
    remotes.crm.answers = crm.answers;
    remotes.crm.spelling = crm.spelling;
    remotes.crm.stamps = crm.stamps;
    remotes.crm.lists_creates = crm.lists_creates;
    let limits = Limits {
        contacts: 0,
        bulk: Bulk::Braked,
        google_cap: 25_000,
    };
    World::new(remotes, rules.clone(), limits)
}
