//! Undo over random histories: a day of edits, deletes, merges and list changes, a run, some more edits,
//! and then the run is undone, and the undo too. What nobody edited since is as it was before the run,
//! then as the run had left it; nobody is doubled, and the next runs find their way.

use std::collections::{BTreeMap, BTreeSet};

use crmsync::run::{Outcome, Report};
use jiff::SignedDuration;
use rand::seq::IndexedRandom as _;
use serde_json::json;

use crate::acts::Town;
use crate::bench::{Books, Card, How, Stage};
use crate::life::{Tally, acting, founded, number, round, settle};
use crate::oracle::Side;

/// How many histories the quick form lives.
const QUICK: u64 = 6;

/// Whose title somebody changed after the run, by side and identifier.
type Edited = BTreeSet<(Side, String)>;

fn book(books: &Books, side: Side) -> &BTreeMap<String, Vec<Card>> {
    match side {
        Side::Google => &books.google,
        Side::Crm => &books.crm,
    }
}

fn by_id(books: &Books, side: Side) -> BTreeMap<&str, &Card> {
    let cards = book(books, side).values().flatten();
    cards.map(|card| (card.id.as_str(), card)).collect()
}

/// People give some contacts another title after the run.
fn edits(stage: &Stage, town: &mut Town, after: &Books) -> Edited {
    let mut edited = Edited::new();
    for side in Side::BOTH {
        let all: Vec<&Card> = book(after, side).values().flatten().collect();
        for n in 0..2 {
            let Some(card) = all.choose(&mut town.chance) else {
                continue;
            };
            let title = format!("Since {side:?} {n}");
            stage.world(|world| {
                let now = world.clock.now();
                match side {
                    Side::Google => {
                        let fields = json!({"organizations": [{"title": title, "type": "work"}]});
                        world
                            .google
                            .edit_contact(&card.id, &fields, now)
                            .map(drop)
                            .unwrap();
                    }
                    Side::Crm => {
                        let fields = json!({"Title": title}).as_object().unwrap().clone();
                        assert!(world.zoho.edit_contact(&card.id, fields, now));
                    }
                }
            });
            edited.insert((side, card.id.clone()));
        }
    }
    edited
}

/// What is not as it was in `then`, of what nobody has edited since. `now` may lack what was made between
/// `then` and `left`, unless somebody edited it.
fn differences(then: &Books, left: &Books, now: &Books, edited: &Edited) -> Vec<String> {
    let mut wrong = Vec::new();
    for side in Side::BOTH {
        let (then_ids, left_ids, now_ids) =
            (by_id(then, side), by_id(left, side), by_id(now, side));
        for (id, was) in &then_ids {
            // A record that came back has another identifier.
            let is = now_ids.get(id).copied().or_else(|| {
                let same = book(now, side).get(&was.key())?;
                same.first().filter(|_| same.len() == 1)
            });
            let Some(is) = is else {
                wrong.push(format!("{side:?}: {} is not there: {was:?}", was.key()));
                continue;
            };
            let touched = edited.contains(&(side, is.id.clone()));
            let mut fields: BTreeSet<_> = was.fields.keys().chain(is.fields.keys()).collect();
            fields.retain(|field| !(touched && **field == "Title"));
            for field in fields {
                let (was, is) = (was.fields.get(field), is.fields.get(field));
                if was != is {
                    wrong.push(format!("{side:?} {id}: {field} was {was:?}, is {is:?}"));
                }
            }
            if now_ids.contains_key(id) && was.labels != is.labels {
                wrong.push(format!("{side:?} {id}: {:?}, {:?}", was.labels, is.labels));
            }
        }
        for (id, card) in &now_ids {
            let made = left_ids.contains_key(id) && !then_ids.contains_key(id);
            if made && !edited.contains(&(side, (*id).to_owned())) {
                wrong.push(format!("{side:?}: {card:?} stays"));
            }
        }
        for (key, cards) in book(now, side) {
            let known = |books: &Books| book(books, side).get(key).map_or(0, Vec::len);
            if cards.len() > known(then).max(known(left)).max(1) {
                wrong.push(format!("{side:?}: {key} is doubled: {cards:?}"));
            }
        }
    }
    wrong
}

#[track_caller]
fn well(report: &Report, what: &str, town: &Town) {
    let well = matches!(
        report.outcome,
        Outcome::Changed | Outcome::Partial | Outcome::InSync
    );
    assert!(well, "{what}: {report:#?}\n{}", town.log.join("\n"));
}

async fn history(seed: u64, tally: &mut Tally) -> bool {
    let world = usize::try_from(seed).unwrap();
    let (stage, mut town) = founded(seed, world).await;
    round(&stage, &mut town, seed, world, tally).await;
    town.busy.clear();
    acting(&stage, |hands| {
        for _ in 0..4 {
            town.day(hands, false);
        }
    });
    stage.world(|world| world.clock.advance(SignedDuration::from_secs(300)));
    let before = Books::read(&stage.dump());
    let report = stage.run(&How::default()).await.0.report();
    well(&report, "the run", &town);
    let after = Books::read(&stage.dump());
    if before == after {
        return false;
    }
    let edited = edits(&stage, &mut town, &after);
    let left = Books::read(&stage.dump());
    let undone = stage.undo(report.run.unwrap()).await;
    well(&undone, "the undo", &town);
    let back = Books::read(&stage.dump());
    let told = |wrong: Vec<String>, what: &str, report: &Report, town: &Town| {
        assert!(
            wrong.is_empty(),
            "seed {seed}, {what}:\n{}\nedited: {edited:?}\nproblems: {:#?}\nwhat had happened:\n{}",
            wrong.join("\n"),
            report.problems,
            town.log.join("\n")
        );
    };
    told(
        differences(&before, &left, &back, &edited),
        "the undo",
        &undone,
        &town,
    );
    let again = stage.undo(undone.run.unwrap()).await;
    well(&again, "the undo of the undo", &town);
    let forth = Books::read(&stage.dump());
    told(
        differences(&after, &back, &forth, &edited),
        "the undo of the undo",
        &again,
        &town,
    );
    let settled = settle(&stage, &mut town, tally).await;
    assert_eq!(settled, Ok(()), "seed {seed}");
    let last = Books::read(&stage.dump());
    for side in Side::BOTH {
        for (key, cards) in book(&last, side) {
            let known = book(&after, side).get(key).map_or(0, Vec::len);
            assert!(
                cards.len() <= known.max(1),
                "seed {seed}, {side:?}: {key} is doubled"
            );
        }
    }
    true
}

#[tokio::test]
async fn an_undo_puts_back_what_nobody_edited_since_and_its_own_undo_restores() {
    let histories = number("CRMSYNC_SOAK_UNDO").unwrap_or(QUICK);
    let first = number("CRMSYNC_SOAK_SEED").unwrap_or(1);
    let mut undone = 0;
    for seed in first..first + histories {
        undone += u64::from(history(seed, &mut Tally::default()).await);
    }
    assert!(undone * 2 >= histories, "only {undone} runs had written");
    println!("{undone} runs of {histories} histories undone, and their undos too");
}
