//! The promises of `docs/sync-model.md`, checked over random histories of two remotes.
//!
//! `CRMSYNC_CASES=20000 cargo test --test plan_properties` looks harder than the default.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[path = "support/planning/book.rs"]
mod book;
#[path = "support/planning/checks.rs"]
mod checks;
#[path = "support/planning/history.rs"]
mod history;
#[path = "support/planning/islands.rs"]
mod islands;
#[path = "support/planning/promises.rs"]
mod promises;
#[path = "support/planning/remote.rs"]
mod remote;
#[path = "support/planning/world.rs"]
mod world;

use checks::{addresses_once, agree, lived, settle_down, swapped, tally};
use crmsync::model::{Bulk, Limits, OnDelete, Rematch, Rules, Side, Sides};
use crmsync::plan::{self, Plan, Settled, Totals};
use history::{Act, any_act, any_rules, how, manners, plain_act, rounds, tidy_act, two_way, world};
use proptest::prelude::*;
use world::{Cut, How, Reads};

fn cases() -> ProptestConfig {
    let cases = std::env::var("CRMSYNC_CASES").ok();
    ProptestConfig {
        cases: cases.and_then(|text| text.parse().ok()).unwrap_or(256),
        failure_persistence: None,
        max_global_rejects: u32::MAX,
        max_shrink_iters: 4000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    /// After a run that reports nothing, both sides hold the same mapped values for every linked
    /// contact, and running again sends nothing.
    #[test]
    fn converges_and_rests(
        rounds in rounds(any_act()), rules in two_way(), manners in manners(),
        hows in proptest::collection::vec(how(), 6), limit in 0..4u64, tells in any::<bool>(),
    ) {
        let mut world = world(&rules, manners);
        world.limits.contacts = limit;
        world.tells_merges = tells;
        for (acts, how) in rounds.iter().zip(&hows) {
            for act in acts { world.act(act); }
            world.run(*how);
        }
        let last = settle_down(&mut world);
        agree(&world, &last);
        let sent = world.sent.len();
        for reads in [Reads::Delta, Reads::Full] {
            let again = world.run(How::calm(reads)).unwrap();
            prop_assert!(again.is_empty(), "{again:#?}");
        }
        prop_assert_eq!(sent, world.sent.len());
    }

    /// Whatever the rules, a world that nobody touches comes to rest.
    #[test]
    fn every_profile_comes_to_rest(
        rounds in rounds(any_act()), rules in any_rules(), manners in manners(),
        hows in proptest::collection::vec(how(), 6),
    ) {
        prop_assume!(!manners.fights(&rules));
        let mut world = world(&rules, manners);
        for (acts, how) in rounds.iter().zip(&hows) {
            for act in acts { world.act(act); }
            world.run(*how);
        }
        settle_down(&mut world);
    }

    /// A run right after a run sends nothing, though remotes respell what they store, show our
    /// writes late and show the revisions that we replaced.
    #[test]
    fn never_echoes_itself(
        rounds in rounds(tidy_act()), rules in any_rules(), manners in manners(),
        hows in proptest::collection::vec((how(), how()), 6),
    ) {
        prop_assume!(!manners.deceives());
        let mut world = world(&rules, manners);
        for (acts, (first, second)) in rounds.iter().zip(&hows) {
            for act in acts { world.act(act); }
            world.run(How { lag: 0, ..*first });
            let sent = world.sent.len();
            world.run(*second);
            prop_assert_eq!(&world.sent[sent..], &[]);
            world.run(How::calm(Reads::Delta));
            prop_assert_eq!(&world.sent[sent..], &[]);
        }
    }

    /// Full and incremental readings lead to the same contacts with the same number of writes.
    #[test]
    fn full_equals_delta(
        rounds in rounds(tidy_act()), rules in any_rules(), manners in manners(),
    ) {
        let (mut full, mut delta) = (world(&rules, manners), world(&rules, manners));
        for acts in &rounds {
            for act in acts {
                full.act(act);
                delta.act(act);
            }
            full.run(How::calm(Reads::Full));
            delta.run(How::calm(Reads::Delta));
            for side in Side::BOTH {
                prop_assert_eq!(full.contacts(side), delta.contacts(side));
            }
            prop_assert_eq!(full.sent.len(), delta.sent.len());
        }
    }

    /// A run that is cut anywhere is finished by the next ones: nothing is doubled, and what one
    /// side alone changed stands on both.
    #[test]
    fn survives_cuts(
        rounds in rounds(plain_act()), rules in two_way(), manners in manners(), full in any::<bool>(),
        cuts in proptest::collection::vec((0..6usize, any::<bool>()), 6),
    ) {
        let mut world = world(&rules, manners);
        let reads = How::calm(if full { Reads::Full } else { Reads::Delta });
        let mut said = checks::Said::default();
        for (round, (acts, (at, after))) in rounds.iter().zip(&cuts).enumerate() {
            for act in acts { said.act(&mut world, act, round); }
            let cut = if *after { Cut::AfterSend(*at) } else { Cut::BeforeSend(*at) };
            world.run(How { cut: Some(cut), ..reads });
            for _ in 0..3 { world.run(reads); }
            addresses_once(&world);
            said.stands_on_both(&world);
        }
    }

    /// However often it is cut in the wildest history, no address is doubled and it comes to rest.
    #[test]
    fn cuts_double_nothing(
        rounds in rounds(tidy_act()), rules in any_rules(), manners in manners(),
        cuts in proptest::collection::vec((how(), 0..6usize, any::<bool>()), 6),
    ) {
        prop_assume!(!manners.fights(&rules));
        let mut world = world(&rules, manners);
        for (acts, (how, at, after)) in rounds.iter().zip(&cuts) {
            for act in acts { world.act(act); }
            let cut = if *after { Cut::AfterSend(*at) } else { Cut::BeforeSend(*at) };
            world.run(How { cut: Some(cut), ..*how });
            addresses_once(&world);
        }
        settle_down(&mut world);
        addresses_once(&world);
    }

    /// Planning the parts one by one gives the same as planning everything at once.
    #[test]
    fn parts_equal_the_whole(
        rounds in rounds(any_act()), rules in any_rules(), manners in manners(), how in how(),
    ) {
        let world = lived(&rounds, &rules, manners, how);
        let island = world.book.island();
        let whole = plan::plan(&island, &rules);
        let mut parts = Plan::default();
        for part in islands::split(&island) {
            parts.extend(plan::plan(&part, &rules));
        }
        parts.sort();
        prop_assert_eq!(&whole, &parts);
        let mut shuffled = island;
        shuffled.links.reverse();
        prop_assert_eq!(whole, plan::plan(&shuffled, &rules));
    }

    /// With both lists full and no second addresses, the sides may be swapped.
    #[test]
    fn is_symmetric(
        rounds in rounds(plain_act()), rules in two_way(), manners in manners(),
        gone in proptest::collection::vec((history::side(), 0..9usize), 0..3),
    ) {
        let rules = Rules {
            on_delete: if rules.on_delete == OnDelete::Archive { OnDelete::Delete } else { rules.on_delete },
            ..rules
        };
        let mut rounds = rounds;
        let deletes = gone.iter().map(|(side, nth)| Act::Delete(*side, *nth));
        rounds.last_mut().unwrap().extend(deletes);
        let how = How::calm(Reads::Full);
        let mut world = lived(&rounds, &rules, manners, how);
        for side in Side::BOTH {
            for seen in world.book.seen.on_mut(side).values_mut() {
                seen.record.listed = true;
            }
        }
        for link in &mut world.book.links {
            link.listed = Sides { google: true, crm: true };
        }
        let here = plan::plan(&world.book.island(), &rules);
        let (island, rules) = swapped(&world.book.island(), &rules);
        let there = plan::plan(&island, &rules);
        prop_assert_eq!(tally(&here, Side::Google), tally(&there, Side::Crm));
        prop_assert_eq!(tally(&here, Side::Crm), tally(&there, Side::Google));
        prop_assert_eq!(here.conflicts.len(), there.conflicts.len());
        prop_assert_eq!(here.problems.len(), there.problems.len());
        prop_assert_eq!(here.notices.len(), there.notices.len());
    }

    /// A limit counts contacts, keeps a contact whole, loses nothing and deletes nothing; a larger
    /// limit lets at least the same through.
    #[test]
    fn limits_cut_whole_contacts_and_lose_nothing(
        rounds in rounds(any_act()), rules in any_rules(), manners in manners(), how in how(),
        most in 1..4u64, deletes in any::<bool>(),
    ) {
        let mut rules = rules;
        if deletes { rules.on_delete = OnDelete::Delete; }
        let world = lived(&rounds, &rules, manners, how);
        let whole = plan::plan(&world.book.island(), &rules);
        let cut = |contacts| plan::limit(whole.clone(), &Limits { contacts, ..world.limits });
        checks::limited(&whole, &cut(most), &cut(most + 1), most);
        prop_assert_eq!(&cut(0), &whole);
    }

    /// Cutting a plan while it grows, island by island, holds back what cutting it at the end does, and
    /// the brakes count the same.
    #[test]
    fn a_plan_may_be_cut_while_it_grows(
        rounds in rounds(any_act()), rules in any_rules(), manners in manners(), how in how(),
        most in 0..4u64, deletes in any::<bool>(), every in 1..5usize,
    ) {
        let mut rules = rules;
        if deletes { rules.on_delete = OnDelete::Delete; }
        let world = lived(&rounds, &rules, manners, how);
        let limits = Limits { contacts: most, ..world.limits };
        let island = world.book.island();
        let (mut growing, mut waits) = (Plan::default(), Vec::new());
        let (mut load, mut all) = (plan::Load::default(), plan::Load::default());
        for (at, part) in islands::split(&island).iter().enumerate() {
            let part = plan::plan(part, &rules);
            load.add(&part);
            growing.extend(part);
            if at % every == 0 { waits.extend(plan::trim(&mut growing, &limits)); }
        }
        let cut = if waits.is_empty() { plan::Cut::NotYet } else { plan::Cut::Already };
        let mut growing = plan::limit_rest(growing, &limits, cut);
        let because = plan::Because::Deferred;
        growing.held.extend(waits.into_iter().map(|write| plan::Held { because, write }));
        let whole = plan::plan(&island, &rules);
        all.add(&whole);
        prop_assert_eq!(load, all);
        let mut whole = plan::limit(whole, &limits);
        whole.sort();
        growing.sort();
        prop_assert_eq!(whole, growing);
    }

    /// The brakes let nothing past what they allow, and refuse nothing below it.
    #[test]
    fn brakes_hold(
        rounds in rounds(any_act()), rules in any_rules(), manners in manners(), how in how(),
        linked in 0..900u64, times in 1..250usize, filling in any::<bool>(),
    ) {
        let world = lived(&rounds, &rules, manners, how);
        let part = plan::plan(&world.book.island(), &rules);
        let mut many = Plan::default();
        for _ in 0..times { many.extend(part.clone()); }
        let totals = Totals {
            linked,
            settled_once: if filling { Settled::NotYet } else { Settled::Once },
            ..Totals::default()
        };
        checks::braked(&many, &totals, &world.limits);
        let bulk = Limits { bulk: Bulk::Allowed, ..world.limits };
        prop_assert_eq!(plan::guard(&many, &totals, &bulk, Rematch::No), Ok(()));
    }

    /// A re-match writes no delete, no archiving and no ungrouping, and keeps every awake pair
    /// whose records are there.
    #[test]
    fn a_rematch_only_links_and_fills(
        rounds in rounds(any_act()), rules in any_rules(), manners in manners(), how in how(),
    ) {
        let world = lived(&rounds, &rules, manners, how);
        let rules = Rules { rematch: Rematch::Yes, ..rules };
        let plan = plan::plan(&world.book.island(), &rules);
        for write in &plan.writes {
            let op = write.change.op();
            prop_assert!(checks::fills(op), "{write:#?}");
        }
    }

    /// The state lost, a re-match doubles nothing.
    #[test]
    fn a_lost_state_doubles_nothing(
        rounds in rounds(tidy_act()), rules in two_way(), manners in manners(), how in how(),
    ) {
        let mut world = lived(&rounds, &rules, manners, how);
        settle_down(&mut world);
        world.book = book::Book::default();
        world.run(How::calm(Reads::Full));
        settle_down(&mut world);
        addresses_once(&world);
    }
}
