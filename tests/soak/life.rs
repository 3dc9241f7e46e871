//! The rounds: people act, runs are disturbed, then runs go on until nothing is left to do, and the
//! books are held against the oracle.

use std::collections::BTreeSet;

use crmsync::run::Outcome;
use crmsync::sandbox::{FaultKind, FaultRule};
use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;

use crate::acts::{Hands, Town, criteria};
use crate::bench::{Books, Ended, How, Stage};
use crate::compare::differences;
use crate::oracle::{OnDelete, Rules, Side};

/// How many runs the quick form makes.
const QUICK: usize = 60;
/// How many rounds one world lives.
const ROUNDS: usize = 12;
/// A round has settled after this many undisturbed runs.
const PATIENCE: usize = 8;
/// Contacts to begin with.
const FOUNDERS: usize = 40;

/// What goes wrong, and with which call.
const FAULTS: [(FaultKind, &str); 12] = [
    (FaultKind::DropBefore, "*"),
    (FaultKind::DropAfter, "*"),
    (FaultKind::TruncateBody, "*"),
    (FaultKind::ErrorAfterCommit, "*"),
    (FaultKind::ServerError, "*"),
    (FaultKind::Html502, "*"),
    (FaultKind::BadJson, "*"),
    (FaultKind::NotAvailable503, "*"),
    (FaultKind::DropAfter, "batchCreateContacts"),
    (FaultKind::DropAfter, "create"),
    (FaultKind::SyncTokenExpired410, "connections.list"),
    (FaultKind::BatchPartial, "batchUpdateContacts"),
];

/// What happened, for the figures.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    worlds: usize,
    rounds: usize,
    runs: usize,
    killed: usize,
    faults: usize,
    acts: usize,
    contacts: usize,
}

fn rules(chance: &mut StdRng, world: usize) -> Rules {
    Rules {
        on_delete: [OnDelete::Keep, OnDelete::Archive, OnDelete::Delete][world % 3],
        winner: Side::BOTH[world / 3 % 2],
        ungroup: chance.random_bool(0.7),
        default_lead: chance.random_bool(0.5).then_some("Partner"),
        view: BTreeSet::from(["Partner", "Cold Call"]),
    }
}

fn profile(stage: &Stage, rules: &Rules) {
    let on_delete = match rules.on_delete {
        OnDelete::Keep => "keep",
        OnDelete::Archive => "archive",
        OnDelete::Delete => "delete",
    };
    let winner = match rules.winner {
        Side::Google => "google",
        Side::Crm => "crm",
    };
    let on_leave = if rules.ungroup { "ungroup" } else { "keep" };
    let sync =
        format!("on_delete = {on_delete:?}\non_conflict = {winner:?}\non_leave = {on_leave:?}");
    let root = stage.root();
    stage.profile(&sync, "Ours", &root);
    if let Some(lead) = rules.default_lead {
        let file = stage.config().join("sales.toml");
        let mut text = std::fs::read_to_string(&file).unwrap();
        text.push_str(&format!("[crm.defaults]\nLead_Source = {lead:?}\n"));
        std::fs::write(file, text).unwrap();
    }
}

/// A world with its founders, before the first run.
pub(crate) async fn founded(seed: u64, world: usize) -> (Stage, Town) {
    let mut chance = StdRng::seed_from_u64(seed.wrapping_mul(1_000).wrapping_add(world as u64));
    let rules = rules(&mut chance, world);
    let stage = Stage::new(0, 0, seed).await;
    profile(&stage, &rules);
    stage.world(|world| {
        let now = world.clock.now();
        let view = json!({"name": "Ours", "criteria": criteria(&rules)});
        world.zoho.admin("view_create", &view, now).unwrap();
        world.google.add_group("CRM", now);
        if chance.random_bool(0.3) {
            // Our own writes come back later than the next run.
            let late = json!({"delta_delay_seconds": 120});
            world.google.admin("switch", &late, now).unwrap();
        }
    });
    let mut town = Town::new(chance, rules);
    acting(&stage, |hands| {
        for _ in 0..FOUNDERS {
            town.newcomer(hands);
        }
    });
    (stage, town)
}

/// One world from its founding to its end.
async fn live(seed: u64, world: usize, runs_wanted: usize, tally: &mut Tally) {
    let (stage, mut town) = founded(seed, world).await;
    tally.worlds += 1;
    for _ in 0..ROUNDS {
        if tally.runs >= runs_wanted {
            break;
        }
        round(&stage, &mut town, seed, world, tally).await;
    }
    tally.acts += town.acts;
    let alive = town.people.iter().filter(|person| !person.is_gone());
    tally.contacts += alive.count();
}

pub(crate) fn acting(stage: &Stage, f: impl FnOnce(&mut Hands<'_>)) {
    stage.world(|world| {
        let now = world.clock.now();
        f(&mut Hands { world, now });
    });
}

pub(crate) async fn round(
    stage: &Stage,
    town: &mut Town,
    seed: u64,
    world: usize,
    tally: &mut Tally,
) {
    town.round += 1;
    town.view_edited = false;
    if town.round > 1 {
        town.busy.clear();
    }
    let phases = if town.round == 1 {
        1
    } else {
        town.chance.random_range(1..=3)
    };
    let mut points = vec!["journalled 1".to_owned(), "answered 1".to_owned()];
    for phase in 0..phases {
        if town.round > 1 {
            acting(stage, |hands| town.day(hands, phase == 0));
        }
        time_goes_by(stage, town);
        for _ in 0..town.chance.random_range(0..=2) {
            disturbed(stage, town, &mut points, tally).await;
        }
    }
    let told = settle(stage, town, tally).await;
    for person in &mut town.people {
        person.settle(&town.rules, town.round);
    }
    tally.rounds += 1;
    let wrong = match told {
        Ok(()) => {
            let mut people = std::mem::take(&mut town.people);
            let wrong = differences(&Books::read(&stage.dump()), &mut people);
            town.people = people;
            wrong
        }
        Err(told) => vec![told],
    };
    assert!(
        wrong.is_empty(),
        "CRMSYNC_SOAK_SEED={seed}, world {world} ({:?}), round {}:\n{}\nwhat had happened:\n{}",
        town.rules,
        town.round,
        wrong.join("\n"),
        town.log.join("\n"),
    );
}

fn time_goes_by(stage: &Stage, town: &mut Town) {
    let seconds = [121, 121, 300, 7_200, 90_000, 8 * 86_400];
    let by = *seconds.choose(&mut town.chance).unwrap();
    stage.world(|world| world.clock.advance(SignedDuration::from_secs(by)));
    town.say(&format!("{by} seconds go by"));
}

/// A run with faults, with a low limit, or killed.
async fn disturbed(stage: &Stage, town: &mut Town, points: &mut Vec<String>, tally: &mut Tally) {
    let mut how = How {
        full: town.view_edited,
        ..How::default()
    };
    if town.chance.random_bool(0.4) {
        how.kill = points.choose(&mut town.chance).cloned();
    }
    if town.chance.random_bool(0.2) {
        how.limit = Some(3);
    }
    let mut rules = Vec::new();
    for _ in 0..town.chance.random_range(0..=2) {
        let (kind, call) = *FAULTS.choose(&mut town.chance).unwrap();
        let service = match call {
            "create" => "zoho",
            "*" => ["google", "zoho"].choose(&mut town.chance).unwrap(),
            _ => "google",
        };
        let (skip, times) = (
            town.chance.random_range(0..8),
            town.chance.random_range(1..=3),
        );
        let skip = if call == "*" { skip } else { 0 };
        let rule = FaultRule::new(service, call, kind);
        let rule = rule.with(json!({"index": 0})).after(skip).times(times);
        rules.push(rule);
    }
    town.say(&format!("run {how:?} with {rules:?}"));
    tally.faults += rules.len();
    // An answer that is no JSON is nothing that a run can expect.
    let garbage = rules.iter().any(|rule| rule.kind == FaultKind::BadJson);
    stage.world(|world| rules.into_iter().for_each(|rule| world.faults.add(rule)));
    let (ended, met) = stage.run(&how).await;
    stage.world(|world| world.faults.clear());
    tally.runs += 1;
    match ended {
        Ended::Killed => {
            tally.killed += 1;
            town.say("it was killed");
        }
        Ended::Report(report) => {
            town.say(&format!("it ended: {:?}", report.outcome));
            let well = match report.outcome {
                Outcome::InSync
                | Outcome::Changed
                | Outcome::Partial
                | Outcome::Capped
                | Outcome::Unavailable => true,
                Outcome::Failed => garbage,
                Outcome::Refused
                | Outcome::Auth
                | Outcome::Interrupted
                | Outcome::Invalid
                | Outcome::Busy => false,
            };
            assert!(well, "{report:#?}\n{}", town.log.join("\n"));
            *points = met;
        }
    }
}

/// Undisturbed runs until one has nothing to write and nothing waits.
pub(crate) async fn settle(
    stage: &Stage,
    town: &mut Town,
    tally: &mut Tally,
) -> Result<(), String> {
    let mut told = String::new();
    for run in 0..PATIENCE {
        // The first run comes before Google tells what was changed, in worlds where it is late.
        let seconds = if run == 0 { 30 } else { 121 };
        stage.world(|world| world.clock.advance(SignedDuration::from_secs(seconds)));
        let how = How {
            full: town.view_edited,
            ..How::default()
        };
        let report = stage.run(&how).await.0.report();
        tally.runs += 1;
        let quiet = !report.google.wrote() && !report.crm.wrote() && report.deferred == 0;
        let well = matches!(report.outcome, Outcome::InSync | Outcome::Partial);
        let outcome = report.outcome;
        town.say(&format!("a quiet run: {outcome:?} {:?}", report.problems));
        if quiet && well && run > 0 {
            return Ok(());
        }
        told = format!("{report:#?}");
    }
    Err(format!(
        "not settled after {PATIENCE} runs, the last: {told}"
    ))
}

pub(crate) fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} is a number, not `{text}`")))
}

#[tokio::test]
async fn two_books_agree_after_every_settled_round_of_a_long_life() {
    let runs = number("CRMSYNC_SOAK").map_or(QUICK, |runs| usize::try_from(runs).unwrap());
    let seed = number("CRMSYNC_SOAK_SEED").unwrap_or(1);
    let mut tally = Tally::default();
    let mut world = 0;
    while tally.runs < runs {
        live(seed, world, runs, &mut tally).await;
        world += 1;
    }
    assert!(tally.killed > 0 && tally.faults > 0, "{tally:?}");
    println!(
        "{} runs in {} rounds over {} worlds (seed {seed}): {} acts of people, {} faults asked for, {} runs killed; every settled round agreed, {} contacts were left",
        tally.runs,
        tally.rounds,
        tally.worlds,
        tally.acts,
        tally.faults,
        tally.killed,
        tally.contacts,
    );
}
