//! What the crash tests run: a first pass, and a later pass with every kind of write; and what must
//! have come of it in the end.

use std::collections::BTreeSet;

use crmsync::run::Outcome;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::bench::{Books, How, Scene, Stage};

/// A run is over after this many, whatever happened to it.
const RUNS: usize = 5;
/// So many seconds Google takes until it tells what was changed: a run that follows a cut one does not
/// hear of what landed.
const LATE: i64 = 900;

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A part of `cargo test`.
    Quick,
    /// Everything, at full size.
    Long,
}

impl Form {
    /// As `CRMSYNC_CRASH` says.
    pub(crate) fn chosen() -> Self {
        match std::env::var("CRMSYNC_CRASH").as_deref() {
            Err(_) | Ok("quick") => Self::Quick,
            Ok("long") => Self::Long,
            Ok(other) => panic!("CRMSYNC_CRASH is `quick` or `long`, not `{other}`"),
        }
    }

    /// One of two.
    pub(crate) fn pick<T>(self, quick: T, long: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Long => long,
        }
    }
}

/// Which part of how many is asked for.
pub(crate) fn part() -> (usize, usize) {
    let asked = std::env::var("CRMSYNC_CRASH_PART").unwrap_or_else(|_| "1/1".to_owned());
    let (part, parts) = asked.split_once('/').unwrap();
    let (part, parts) = (part.parse().unwrap(), parts.parse().unwrap());
    assert!((1..=parts).contains(&part), "CRMSYNC_CRASH_PART={asked}");
    (part, parts)
}

/// The cases that are asked for: all, or with `CRMSYNC_CRASH_PART=2/8` the second of eight parts, so
/// that a long form can be run piece by piece. Every twentieth is told.
#[derive(Debug)]
pub(crate) struct Cases {
    name: &'static str,
    all: usize,
    seen: usize,
    /// Those that were run.
    pub(crate) run: usize,
    part: usize,
    parts: usize,
}

impl Cases {
    pub(crate) fn new(name: &'static str, all: usize) -> Self {
        let (part, parts) = part();
        Self {
            name,
            all,
            seen: 0,
            run: 0,
            part,
            parts,
        }
    }

    /// Whether the next case is asked for.
    pub(crate) fn next(&mut self) -> bool {
        self.seen += 1;
        let wanted = (self.seen - 1) % self.parts == self.part - 1;
        self.run += usize::from(wanted);
        if wanted && self.run.is_multiple_of(20) {
            println!("{}: case {} of {}", self.name, self.seen, self.all);
        }
        wanted
    }

    /// How many were run, in words.
    pub(crate) fn told(&self) -> String {
        if self.parts == 1 {
            format!("all {}", self.all)
        } else {
            format!(
                "{} of {} (part {} of {})",
                self.run, self.all, self.part, self.parts
            )
        }
    }
}

/// A position to start from, and where an undisturbed run leads.
pub(crate) struct Story {
    pub(crate) name: &'static str,
    pub(crate) stage: Stage,
    pub(crate) scene: Scene,
    before: Books,
    /// Whose records go: deleted by a person on one side.
    going: BTreeSet<String>,
    after: Books,
    /// The points of the undisturbed run.
    pub(crate) points: Vec<String>,
    /// Its requests to Google and to the CRM.
    pub(crate) requests: [(&'static str, usize); 2],
    /// The contacts that take part, both books together.
    pub(crate) contacts: usize,
}

impl Story {
    /// The first pass over two full books.
    pub(crate) async fn first(contacts: usize, overlap: usize) -> Self {
        let stage = prepared(contacts, overlap).await;
        Self::of("first pass", stage, BTreeSet::new()).await
    }

    /// A later pass: edits, conflicts, deletes, label and view changes, newcomers on both sides.
    pub(crate) async fn later(contacts: usize, overlap: usize) -> Self {
        let stage = prepared(contacts, overlap).await;
        settle(&stage, "the first pass").await;
        let going = a_busy_day(&stage);
        Self::of("later pass", stage, going).await
    }

    async fn of(name: &'static str, stage: Stage, going: BTreeSet<String>) -> Self {
        let scene = stage.scene();
        let before = Books::read(&stage.dump());
        stage.restore(&scene);
        let (ended, points) = stage.run(&How::default()).await;
        let report = ended.report();
        assert_eq!(report.outcome, Outcome::Changed, "{report:?}");
        let requests = stage.requests();
        settle(&stage, "an undisturbed run").await;
        let after = Books::read(&stage.dump());
        let story = Self {
            contacts: before.google.len().max(before.crm.len()),
            name,
            stage,
            scene,
            before,
            going,
            after,
            points,
            requests,
        };
        story.whole("an undisturbed run");
        story
    }

    /// Runs to the end and looks at both sides.
    pub(crate) async fn finish(&self, what: &str) -> usize {
        let runs = settle(&self.stage, what).await;
        self.whole(what);
        runs
    }

    /// Both sides equal, nobody doubled, nobody lost, and everything as an undisturbed run leaves it.
    #[track_caller]
    pub(crate) fn whole(&self, what: &str) {
        self.whole_but(&[], what);
    }

    /// The same, but for what some contacts say.
    #[track_caller]
    pub(crate) fn whole_but(&self, others: &[&String], what: &str) {
        let now = Books::read(&self.stage.dump());
        let told = |list: Vec<String>, of: &str| {
            assert!(list.is_empty(), "{}, {what}: {of}: {list:#?}", self.name);
        };
        told(now.doubled(), "doubled");
        let labelled = now.google.iter().filter(|(_, cards)| {
            let mut labels = cards.iter().flat_map(|card| &card.labels);
            labels.any(|label| label == "CRM")
        });
        let everybody: BTreeSet<_> = labelled.map(|(key, _)| key).chain(now.crm.keys()).collect();
        told(now.unequal(everybody.into_iter()), "different");
        let mut staying = self.before.clone();
        staying.google.retain(|key, _| !self.going.contains(key));
        staying.crm.retain(|key, _| !self.going.contains(key));
        told(now.lost(&staying), "lost");
        let there = |key: &&String| now.google.contains_key(*key) || now.crm.contains_key(*key);
        let back: Vec<String> = self.going.iter().filter(there).cloned().collect();
        told(back, "back from the dead");
        let (now, after) = (now.nameless(), self.after.nameless());
        for (side, now, after) in [
            ("Google", &now.google, &after.google),
            ("the CRM", &now.crm, &after.crm),
        ] {
            let all = now.keys().chain(after.keys());
            for key in all.filter(|key| !others.contains(key)) {
                let (now, after) = (now.get(key), after.get(key));
                assert_eq!(now, after, "{}, {what}: {key} in {side}", self.name);
            }
        }
    }
}

/// Two books after a first pass and a busy day.
pub(crate) async fn later(contacts: usize, overlap: usize) -> Stage {
    let stage = prepared(contacts, overlap).await;
    settle(&stage, "the first pass").await;
    a_busy_day(&stage);
    stage
}

/// The profile, with the sandbox at `root`.
pub(crate) fn profile(stage: &Stage, root: &str) {
    stage.profile("on_delete = \"delete\"\nnext_limit = 0", "Ours", root);
}

async fn prepared(contacts: usize, overlap: usize) -> Stage {
    let stage = Stage::new(contacts, overlap, 7).await;
    profile(&stage, &stage.root());
    let criteria = json!({"comparator": "not_equal", "field": {"api_name": "Lead_Source"}, "value": "Partner"});
    let view = json!({"name": "Ours", "criteria": criteria});
    stage.world(|world| {
        let now = world.clock.now();
        world.zoho.admin("view_create", &view, now).unwrap();
        let late = json!({"delta_delay_seconds": LATE});
        world.google.admin("switch", &late, now).unwrap();
    });
    stage
}

/// Runs until a run finds nothing to do, and again when Google tells every change; says how many
/// runs the first took.
pub(crate) async fn settle(stage: &Stage, what: &str) -> usize {
    let runs = calm(stage, what).await;
    pass_time(stage);
    calm(stage, what).await;
    runs
}

/// Until Google tells what was changed by now.
fn pass_time(stage: &Stage) {
    stage.world(|world| world.clock.advance(SignedDuration::from_secs(2 * LATE)));
}

async fn calm(stage: &Stage, what: &str) -> usize {
    let mut told = Vec::new();
    for runs in 1..=RUNS {
        let report = stage.run(&How::default()).await.0.report();
        if report.outcome == Outcome::InSync {
            assert!(
                !report.google.wrote() && !report.crm.wrote(),
                "{what}: {report:?}"
            );
            return runs;
        }
        told.push(report);
    }
    panic!("{what}: not in sync after {RUNS} runs: {told:#?}");
}

/// What people do on both sides between two passes; returns whom they delete.
fn a_busy_day(stage: &Stage) -> BTreeSet<String> {
    let books = Books::read(&stage.dump());
    let mut going = BTreeSet::new();
    let both = books
        .crm
        .iter()
        .filter_map(|(key, crm)| Some((key, &crm[0].id, &books.google.get(key)?[0].id)));
    stage.world(|world| {
        let now = world.clock.now();
        let object = |value: Value| value.as_object().unwrap().clone();
        let note = |text: &str| json!({"biographies": [{"value": text}]});
        for (at, (key, crm, google)) in both.enumerate() {
            match at % 16 {
                0 | 8 => {
                    let title = json!({"Title": format!("Baker {at}")});
                    assert!(world.zoho.edit_contact(crm, object(title), now));
                }
                1 | 9 => {
                    let text = format!("met in town {at}");
                    world.google.edit_contact(google, &note(&text), now).unwrap();
                }
                2 => {
                    let text = json!({"Description": format!("as the CRM says {at}")});
                    assert!(world.zoho.edit_contact(crm, object(text), now));
                    let text = format!("as Google says {at}");
                    world.google.edit_contact(google, &note(&text), now).unwrap();
                }
                3 => {
                    assert!(world.zoho.delete_contact(crm, now));
                    going.insert(key.clone());
                }
                4 => {
                    assert!(world.google.delete_contact(google, now));
                    going.insert(key.clone());
                }
                5 => {
                    let members = json!({"group": "CRM", "remove": [google]});
                    world.google.admin("members", &members, now).unwrap();
                }
                6 => {
                    let source = json!({"Lead_Source": "Partner"});
                    assert!(world.zoho.edit_contact(crm, object(source), now));
                }
                7 => {
                    let title = json!({"Title": null, "Mobile": format!("+49 151 77{at:05}")});
                    assert!(world.zoho.edit_contact(crm, object(title), now));
                    world.google.edit_contact(google, &note("both sides"), now).unwrap();
                }
                _ => {}
            }
        }
        let group = world.google.add_group("CRM", now);
        for at in 0..books.crm.len() / 8 {
            let record = json!({"First_Name": "Nora", "Last_Name": format!("Fresh{at}"),
                "Email": format!("nora{at}@example.com"), "Lead_Source": "Cold Call"});
            world.zoho.add_contact(object(record), now);
            let person = |given: &str, email: String| {
                json!({"names": [{"givenName": given, "familyName": format!("Fresh{at}")}],
                    "emailAddresses": [{"value": email, "type": "work"}],
                    "memberships": [{"contactGroupMembership": {"contactGroupResourceName": group}}]})
            };
            let olaf = person("Olaf", format!("olaf{at}@example.com"));
            world.google.add_contact(&olaf, now).unwrap();
            if at % 4 == 0 {
                // The same newcomer on both sides.
                let twin = person("Nora", format!("nora{at}@example.com"));
                world.google.add_contact(&twin, now).unwrap();
            }
        }
    });
    pass_time(stage);
    going
}
