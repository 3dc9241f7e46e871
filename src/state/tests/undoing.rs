//! What an undo reads: who wrote what, what it left, and since when.

use super::history::{create, update};
use super::*;
use crate::model::Moment;

/// A run that sends writes and hears these outcomes; none leaves a write as it was sent.
fn run(
    world: &mut World,
    sent: &[(crate::model::Write, Option<Settled>)],
) -> (RunNo, Vec<JournalNo>) {
    let scope = world.scope;
    let done = world.state.write(|tx| {
        let run = tx.begin_run(scope, RunKind::Sync, 100)?;
        let writes: Vec<_> = sent.iter().map(|(write, _)| write.clone()).collect();
        let numbers = tx.journal(run, &writes, Moment(100))?;
        for (no, (_, outcome)) in numbers.iter().zip(sent) {
            if let Some(outcome) = outcome {
                tx.settle(*no, outcome, None)?;
            }
        }
        Ok((run, numbers))
    });
    done.unwrap()
}

fn done(id: &str) -> Settled {
    Settled::Done { id: id.into() }
}

#[test]
fn a_write_knows_whether_it_is_open_and_where_it_landed() {
    let mut world = World::new();
    let sent = [
        (create(Side::Google, "c1"), Some(done("g1"))),
        (update(Side::Crm, "c2", "g2"), Some(done("c9"))),
        (create(Side::Google, "c3"), Some(Settled::Uncertain)),
        (create(Side::Google, "c4"), None),
        (
            create(Side::Google, "c5"),
            Some(Settled::Duplicate {
                of: Some("g5".into()),
            }),
        ),
        (update(Side::Crm, "c6", "g6"), Some(Settled::Stale)),
    ];
    let (no, _) = run(&mut world, &sent);
    let rows = world.state.writes_of(no).unwrap();
    let open: Vec<bool> = rows.iter().map(JournalRow::is_open).collect();
    assert_eq!(open, [false, false, true, true, false, false]);
    let landed: Vec<Option<&str>> = rows
        .iter()
        .map(|row| row.landed_on().map(RemoteId::as_str))
        .collect();
    // A record that has another name since is known by the one that it was written under.
    assert_eq!(landed, [Some("g1"), Some("c2"), None, None, None, None]);
}

#[test]
fn what_a_contact_went_through_is_told_by_its_key_and_by_its_records() {
    let mut world = World::new();
    let (here, other) = (Key::from("ann@example.com"), Key::from("new@example.com"));
    let mut moved = update(Side::Crm, "c1", "g1");
    moved.key = Some(other.clone());
    let mut stranger = update(Side::Crm, "c7", "g7");
    stranger.key = Some("bob@example.com".into());
    let sent = [
        (create(Side::Crm, "g1"), Some(done("c1"))),
        (moved, Some(done("c1"))),
        (stranger, Some(done("c7"))),
    ];
    let (_, numbers) = run(&mut world, &sent);
    let of = |world: &World, key: &Key| -> Vec<JournalNo> {
        let rows = world.state.history_of_contact(world.pair, key).unwrap();
        rows.into_iter().map(|row| row.no).collect()
    };
    // Without a link the key is all there is.
    assert_eq!(of(&world, &here), numbers[..1]);
    assert_eq!(of(&world, &other), numbers[1..2]);
    let mut link = linked("g1", "c1");
    link.key = Some(other.clone());
    world.apply(&[Edit::PutLink(link)]);
    assert_eq!(of(&world, &other), numbers[..2]);
    assert!(of(&world, &"nobody@example.com".into()).is_empty());
}

#[test]
fn runs_that_wrote_are_told_newest_first() {
    let mut world = World::new();
    let mut wrote =
        |outcome: Option<Settled>| run(&mut world, &[(create(Side::Crm, "g"), outcome)]).0;
    let first = wrote(Some(done("c1")));
    let refused = wrote(Some(Settled::Rejected));
    let recovered = wrote(Some(Settled::Recovered { id: "c2".into() }));
    let unheard = wrote(Some(Settled::Uncertain));
    let sending = wrote(None);
    let scope = world
        .state
        .write(|tx| tx.scope("far", "other pair"))
        .unwrap()
        .0;
    let far = world.state.write(|tx| {
        let run = tx.begin_run(scope, RunKind::Sync, 1)?;
        let no = tx.journal(run, &[create(Side::Crm, "g")], Moment(1))?[0];
        tx.settle(no, &Settled::Done { id: "c".into() }, None)?;
        Ok(run)
    });
    let far = far.unwrap();
    let told = |profile, most| world.state.writing_runs(profile, most).unwrap();
    let here = [sending, unheard, recovered, first];
    assert_eq!(told(Some("sales"), 9), here);
    assert_eq!(told(Some("sales"), 2), here[..2]);
    assert_eq!(told(Some("far"), 9), [far]);
    assert_eq!(told(None, 2), [far, sending]);
    assert!(!told(None, 9).contains(&refused));
}

#[test]
fn the_revision_that_our_latest_write_left_is_known() {
    let mut world = World::new();
    let sent = [
        (update(Side::Crm, "c1", "g1"), Some(done("c1"))),
        (create(Side::Crm, "g2"), Some(done("c2"))),
        (update(Side::Google, "g1", "c1"), Some(done("g1"))),
    ];
    let (_, numbers) = run(&mut world, &sent);
    let left = |world: &World, side, id: &str| {
        let left = world.state.left_on(world.pair, side, &[id.into()].into());
        let left = left.unwrap().into_values().next();
        left.map(|version| version.to_string())
    };
    assert_eq!(left(&world, Side::Crm, "c1"), None, "it was not told");
    let note = |world: &mut World, no, left: &str| {
        let JournalNo(no) = no;
        let note = "UPDATE outcome SET behind = ?2 WHERE no = ?1";
        let conn = &world.state.conn;
        conn.execute(note, rusqlite::params![no, left]).unwrap();
    };
    note(&mut world, numbers[0], "v7");
    note(&mut world, numbers[1], "v8");
    note(&mut world, numbers[2], "e1");
    assert_eq!(left(&world, Side::Crm, "c1").as_deref(), Some("v7"));
    assert_eq!(left(&world, Side::Crm, "c2").as_deref(), Some("v8"));
    assert_eq!(left(&world, Side::Google, "g1").as_deref(), Some("e1"));
    assert_eq!(left(&world, Side::Google, "g2"), None);
    // The write itself is as it was sent.
    let rows = world
        .state
        .history_of(world.pair, &pair("g1", "c1"))
        .unwrap();
    assert_eq!(rows[0].write, sent[0].0);
    // A later write that did not land leaves nothing; one that did counts.
    let (_, later) = run(
        &mut world,
        &[
            (update(Side::Crm, "c1", "g1"), Some(Settled::Stale)),
            (update(Side::Crm, "c1", "g1"), Some(done("c1"))),
        ],
    );
    assert_eq!(
        left(&world, Side::Crm, "c1"),
        None,
        "the latest did not tell"
    );
    note(&mut world, later[1], "v9");
    assert_eq!(left(&world, Side::Crm, "c1").as_deref(), Some("v9"));
}

#[test]
fn one_sides_half_of_a_base_moves_alone() {
    let mut world = World::new();
    let both = |google: &str, crm: &str| Sides {
        google: Some(Value::plain(google)),
        crm: Some(Value::plain(crm)),
    };
    let mut link = linked("g1", "c1");
    link.base = [(Field(1), both("a", "b")), (Field(2), both("c", "d"))].into();
    world.apply(&[Edit::PutLink(link)]);
    world.apply(&[Edit::RebaseSide {
        ids: pair("g1", "c1"),
        side: Side::Crm,
        base: [(Field(1), both("x", "y")), (Field(3), both("p", "q"))].into(),
    }]);
    let base = world.link("g1", "c1").base;
    assert_eq!(base[&Field(1)], both("a", "y"));
    assert_eq!(base[&Field(2)], both("c", "d"));
    assert_eq!(base[&Field(3)], both("p", "q"), "one that was not known");
}

#[test]
fn every_account_pair_is_listed() {
    let mut world = World::new();
    assert_eq!(world.state.pairs().unwrap(), [world.pair]);
    let (_, other) = world
        .state
        .write(|tx| tx.scope("far", "other pair"))
        .unwrap();
    assert_eq!(world.state.pairs().unwrap(), [world.pair, other]);
}

#[test]
fn what_was_journalled_together_is_closed_once_all_of_it_is_settled() {
    let mut world = World::new();
    let scope = world.scope;
    let writes: Vec<_> = ["g1", "g2", "g3"].map(|id| create(Side::Crm, id)).into();
    let (first, second) = world
        .state
        .write(|tx| {
            let run = tx.begin_run(scope, RunKind::Sync, 1)?;
            let first = tx.journal(run, &writes, Moment(1))?;
            Ok((first, tx.journal(run, &writes[..1], Moment(1))?))
        })
        .unwrap();
    let open = |state: &State| -> Vec<bool> {
        let mut query = state
            .conn
            .prepare("SELECT open FROM stretch ORDER BY first")
            .unwrap();
        let rows = query.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    };
    let settle = |state: &mut State, settled: &[(JournalNo, Settled)]| {
        let each = |tx: &mut Tx<'_>| {
            let mut settled = settled.iter();
            settled.try_for_each(|(no, outcome)| tx.settle(*no, outcome, None))
        };
        state.write(each).unwrap();
    };
    let state = &mut world.state;
    settle(
        state,
        &[(first[0], Settled::Gone), (first[1], Settled::Gone)],
    );
    assert_eq!(open(state), [true, true]);
    settle(state, &[(first[2], Settled::Uncertain)]);
    assert_eq!(open(state), [true, true], "nobody knows of one");
    settle(
        state,
        &[(second[0], Settled::NotTried), (first[2], Settled::Lost)],
    );
    assert_eq!(open(state), [false, false]);
}
