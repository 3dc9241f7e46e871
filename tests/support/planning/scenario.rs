//! Makes a scenario file real: rules, limits, totals, and what is remembered of both sides.

use crate::book::Book;
use crate::raw::{RawLink, RawRecord, Scenario};
use crate::remote::Known;
use crmsync::mapping::canon;
use crmsync::model::{
    AnyEmail, Base, Bulk, Clears, Direction, Field, FieldKind, FieldRule, Filled, Key, Limits,
    Link, LinkNo, Moment, NoEmail, OnConflict, OnDelete, OnLeave, Record, Rematch, RemoteId, Rest,
    Rules, Seen, Side, Sides, Target, Value, Version,
};
use crmsync::plan::{FieldNames, Settled, Totals};

/// The mapped set: number, name in scenarios, Google path, kind.
const FIELDS: [(u16, &str, &str, FieldKind); 7] = [
    (1, "email", "email.work", FieldKind::Email),
    (2, "given", "name.given", FieldKind::Text),
    (3, "family", "name.family", FieldKind::Text),
    (4, "phone", "phone.work", FieldKind::Phone),
    (5, "mobile", "phone.mobile", FieldKind::Phone),
    (6, "org", "organization.name", FieldKind::Text),
    (7, "note", "note", FieldKind::Multiline),
];

/// The fields that a remote knows the meaning of.
pub(crate) const KNOWN: Known = Known {
    email: Field(1),
    given: Field(2),
    org: Field(6),
};

/// A scenario made real.
pub(crate) struct Setting {
    pub(crate) rules: Rules,
    pub(crate) limits: Limits,
    pub(crate) names: FieldNames,
    pub(crate) totals: Totals,
    pub(crate) book: Book,
}

fn field(name: &str) -> Field {
    let hit = FIELDS.iter().find(|row| row.1 == name);
    Field(hit.unwrap_or_else(|| panic!("no field `{name}`")).0)
}

fn direction(text: &str) -> Direction {
    match text {
        "two-way" => Direction::TwoWay,
        "crm-to-google" => Direction::CrmToGoogle,
        "google-to-crm" => Direction::GoogleToCrm,
        other => panic!("no direction `{other}`"),
    }
}

fn conflict_rule(text: &str) -> OnConflict {
    match text {
        "crm" => OnConflict::Prefer(Side::Crm),
        "google" => OnConflict::Prefer(Side::Google),
        "hold" => OnConflict::Hold,
        other => panic!("no conflict rule `{other}`"),
    }
}

fn side(text: &str) -> Side {
    match text {
        "google" => Side::Google,
        "crm" => Side::Crm,
        other => panic!("no side `{other}`"),
    }
}

fn rest(text: &str) -> Rest {
    match text.split_once(' ') {
        Some(("left", at)) => Rest::Left(side(at)),
        Some(("vanished", at)) => Rest::Vanished(side(at)),
        Some(("ended", at)) => Rest::Ended(side(at)),
        None if text == "merged" => Rest::Merged,
        Some(_) | None => panic!("no rest `{text}`"),
    }
}

impl Scenario {
    pub(crate) fn setting(&self) -> Setting {
        let rules = self.rules();
        let mut book = Book::default();
        for (side, raws) in [(Side::Google, &self.google), (Side::Crm, &self.crm)] {
            for raw in raws {
                for n in 1..=raw.times.unwrap_or(1) {
                    let record = Self::record(side, raw, n);
                    let seen = Seen {
                        record,
                        replaced: Vec::new(),
                        unlisted_since: None,
                    };
                    let twice = book.seen.on_mut(side).insert(seen.record.id.clone(), seen);
                    assert!(twice.is_none(), "two records of one id");
                }
            }
        }
        for raw in &self.link {
            for n in 1..=raw.times.unwrap_or(1) {
                let no = i64::try_from(book.links.len()).unwrap() + 1;
                let link = Self::stored_link(raw, n, LinkNo(no), &book);
                book.newest = no;
                book.links.push(link);
            }
        }
        let count = |number: usize| u64::try_from(number).unwrap();
        let awake = book.links.iter().filter(|link| link.rest == Rest::Awake);
        let totals = Totals {
            linked: self.totals.linked.unwrap_or(count(awake.count())),
            settled_once: if self.totals.still_filling {
                Settled::NotYet
            } else {
                Settled::Once
            },
            rewound: Sides::default(),
            google_records: self
                .totals
                .google_records
                .unwrap_or(count(book.seen.google.len())),
            listed_before: self
                .totals
                .listed_before
                .map_or(Sides::default(), |before| before.map(Some)),
            listed_now: book
                .seen
                .as_ref()
                .map(|seen| count(seen.values().filter(|seen| seen.record.listed).count())),
        };
        let limits = Limits {
            contacts: self.rules.limit,
            bulk: if self.rules.allow_bulk {
                Bulk::Allowed
            } else {
                Bulk::Braked
            },
            google_cap: self.rules.google_cap.unwrap_or(25_000),
        };
        let names = FIELDS.iter().map(|row| (Field(row.0), row.1.into()));
        Setting {
            rules,
            limits,
            names: names.collect(),
            totals,
            book,
        }
    }

    fn rules(&self) -> Rules {
        let raw = &self.rules;
        let whole = raw
            .direction
            .as_deref()
            .map_or(Direction::TwoWay, direction);
        let default = conflict_rule(raw.on_conflict.as_deref().unwrap_or("crm"));
        for name in self.fields.keys() {
            field(name);
        }
        let fields = FIELDS.iter().map(|(no, name, path, _)| {
            let own = self.fields.get(*name);
            let one_way = own.and_then(|own| own.direction.as_deref()).map(direction);
            let writable = Sides::from_fn(|side| {
                whole.writes(side)
                    && one_way.is_none_or(|way| way.writes(side))
                    && (*name != "org" || side == Side::Google)
            });
            let wins = own.and_then(|own| own.wins.as_deref());
            let required = own.and_then(|own| own.required);
            let family = *name == "family";
            let rule = FieldRule {
                name: (*path).into(),
                writable,
                required: Sides::from_fn(|side| {
                    required == Some(side) || (family && side == Side::Crm)
                }),
                on_conflict: wins.map_or(default, conflict_rule),
                filled: if family {
                    Filled::FromNames
                } else {
                    Filled::Never
                },
            };
            (Field(*no), rule)
        });
        Rules {
            fields: fields.collect(),
            key: KNOWN.email,
            wholes: if raw.one_name == Some(true) {
                vec![vec![field("given"), field("family")]]
            } else {
                Vec::new()
            },
            direction: whole,
            on_delete: match raw.on_delete.as_deref() {
                None | Some("keep") => OnDelete::Keep,
                Some("archive") => OnDelete::Archive,
                Some("delete") => OnDelete::Delete,
                Some(other) => panic!("no on_delete `{other}`"),
            },
            on_leave: match raw.on_leave.as_deref() {
                None | Some("ungroup") => OnLeave::Ungroup,
                Some("keep") => OnLeave::Keep,
                Some(other) => panic!("no on_leave `{other}`"),
            },
            no_email: match raw.no_email.as_deref() {
                None | Some("skip") => NoEmail::Skip,
                Some("sync") => NoEmail::Sync,
                Some(other) => panic!("no no_email `{other}`"),
            },
            any_email: match raw.match_any_email {
                None | Some(true) => AnyEmail::Matches,
                Some(false) => AnyEmail::Ignored,
            },
            clears: match raw.propagate_clears {
                None | Some(true) => Clears::Propagate,
                Some(false) => Clears::Stay,
            },
            target: if raw.enforce {
                Target::Enforced
            } else {
                Target::Drifts
            },
            rematch: if raw.rematch {
                Rematch::Yes
            } else {
                Rematch::No
            },
        }
    }

    /// A text, or a text and its canonical form after ` ≡ `.
    fn value(name: &str, text: &str) -> Option<Value> {
        let row = FIELDS.iter().find(|row| row.1 == name).unwrap();
        match text.split_once(" ≡ ") {
            Some((text, canon)) => Some(Value::with_canon(text, canon)),
            None => canon::value(row.3, text, None),
        }
    }

    fn record(side: Side, raw: &RawRecord, n: u32) -> Record {
        let fill = |text: &str| text.replace('#', &format!("{n:04}"));
        let id = RemoteId::from(fill(&raw.id));
        let mut record = Record::bare(id, Version::from(format!("{} v1", side.name())));
        for (name, text) in [
            ("email", &raw.email),
            ("given", &raw.given),
            ("family", &raw.family),
            ("phone", &raw.phone),
            ("mobile", &raw.mobile),
            ("org", &raw.org),
            ("note", &raw.note),
        ] {
            let value = text
                .as_deref()
                .and_then(|text| Self::value(name, &fill(text)));
            if let Some(value) = value {
                record.fields.insert(field(name), value);
            }
        }
        record.key = raw
            .email
            .as_deref()
            .and_then(|text| canon::email(&fill(text)));
        let others = raw
            .emails
            .iter()
            .map(|text| canon::email(&fill(text)).unwrap());
        record.emails = others.collect();
        record.unread = raw.unread.iter().map(|name| field(name)).collect();
        record.stamp = raw.stamp.as_deref().map(|text| RemoteId::from(fill(text)));
        record.listed = raw.listed.unwrap_or(true);
        record.changed_at = raw.changed_at.map(Moment);
        let names = [&raw.label, &raw.given, &raw.org].into_iter().flatten();
        record.label = names.map(|text| fill(text).into()).next();
        record
    }

    fn stored_link(raw: &RawLink, n: u32, no: LinkNo, book: &Book) -> Link {
        let fill = |text: &str| text.replace('#', &format!("{n:04}"));
        let ids = Sides {
            google: RemoteId::from(fill(&raw.google)),
            crm: RemoteId::from(fill(&raw.crm)),
        };
        let there = Sides::from_fn(|side| book.seen.on(side).get(ids.on(side)));
        let mut base = Base::new();
        for (no, name, ..) in FIELDS {
            if raw.unmet.iter().any(|unmet| unmet == name) {
                continue;
            }
            let held = Sides::from_fn(|side| {
                let own = match side {
                    Side::Google => &raw.was_google,
                    Side::Crm => &raw.was_crm,
                };
                match own.get(name).or_else(|| raw.was.get(name)) {
                    Some(text) => Self::value(name, &fill(text)),
                    None => there
                        .on(side)
                        .or(*there.on(side.other()))
                        .and_then(|seen| seen.record.fields.get(&Field(no)).cloned()),
                }
            });
            base.insert(Field(no), held);
        }
        for name in raw
            .was
            .keys()
            .chain(raw.was_google.keys())
            .chain(raw.was_crm.keys())
        {
            field(name);
        }
        let own_key = raw.key.as_deref().map(|text| Key::from(fill(text)));
        let seen_key = |side| {
            there
                .on(side)
                .and_then(|seen: &Seen| seen.record.key.clone())
        };
        Link {
            no: Some(no),
            key: own_key
                .or_else(|| seen_key(Side::Crm))
                .or_else(|| seen_key(Side::Google)),
            ids,
            base,
            listed: raw.listed.unwrap_or(Sides {
                google: true,
                crm: true,
            }),
            rest: raw.rest.as_deref().map_or(Rest::Awake, rest),
            drift: 0,
        }
    }
}
