//! Fuzzing with the stable compiler: seeded mutations of valid inputs against everything that reads
//! what others wrote. A target must neither panic nor take long, whatever comes.
//!
//! `CRMSYNC_FUZZ=10000000 cargo test --release --lib fuzz -- --nocapture` is the long form (2,000
//! inputs a target otherwise); a target's name behind `fuzz::` chooses one. `CRMSYNC_FUZZ_SEED`
//! starts elsewhere. An input that was found stands in `regressions` of its target.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests, whose figures go into docs/reliability.md"
)]

// One file for each kind of CRM, with its valid inputs; what it reads them by is in the connector's own `fuzz.rs`.
mod carddav;
mod espocrm;
mod hubspot;
mod odoo;
mod zoho;

mod mutate;
mod seeds;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use mutate::{Corpus, Random};

/// A single input that takes longer is a hang.
const HANG: Duration = Duration::from_secs(30);

/// Something that reads text of others.
pub(crate) struct Target {
    /// Its name in figures.
    name: &'static str,
    /// Valid inputs, to be mutated.
    seeds: Vec<String>,
    /// Whether an input's parts are moved about as JSON too, and not as bytes alone.
    shape: mutate::Shape,
    /// Words that its format knows.
    words: &'static [&'static str],
    /// Inputs that once failed.
    regressions: &'static [&'static [u8]],
    /// Reads one input, and asserts what holds whatever it is.
    read: fn(&[u8]),
}

fn number(variable: &str, default: u64) -> u64 {
    let set = std::env::var(variable).ok();
    set.map_or(default, |text| text.parse().unwrap())
}

/// Hammers a target that never failed.
fn fuzz(
    name: &'static str,
    shape: mutate::Shape,
    seeds: &[&str],
    words: &'static [&'static str],
    read: fn(&[u8]),
) {
    fuzz_again(name, shape, seeds, words, &[], read);
}

/// Hammers a target, what once failed first.
fn fuzz_again(
    name: &'static str,
    shape: mutate::Shape,
    seeds: &[&str],
    words: &'static [&'static str],
    regressions: &'static [&'static [u8]],
    read: fn(&[u8]),
) {
    hammer(&Target {
        name,
        seeds: seeds.iter().map(|&seed| seed.to_owned()).collect(),
        shape,
        words,
        regressions,
        read,
    });
}

/// Reads the regressions, the seeds, then as many mutations as are asked for.
fn hammer(target: &Target) {
    let (cases, seed) = (
        number("CRMSYNC_FUZZ", 2000),
        number("CRMSYNC_FUZZ_SEED", 20_261_125),
    );
    let name = target.name;
    for input in target.regressions {
        (target.read)(input);
    }
    for text in &target.seeds {
        (target.read)(text.as_bytes());
    }
    let corpus = Arc::new(Corpus::new(&target.seeds, target.words, target.shape));
    let at = Arc::new(AtomicU64::new(0));
    let (sender, done) = channel();
    let worker = {
        let (corpus, at) = (Arc::clone(&corpus), Arc::clone(&at));
        let read = target.read;
        move || {
            let mut slowest = (Duration::ZERO, 0);
            let mut input = Vec::new();
            let ended = catch_unwind(AssertUnwindSafe(|| {
                for case in 0..cases {
                    at.store(case, Ordering::Relaxed);
                    corpus.input(&mut Random::of(seed, case), &mut input);
                    let begun = Instant::now();
                    read(&input);
                    slowest = slowest.max((begun.elapsed(), case));
                }
            }));
            sender.send((ended.is_ok(), slowest)).ok();
        }
    };
    let begun = Instant::now();
    std::thread::spawn(worker);
    let told = |case: u64| {
        let mut input = Vec::new();
        corpus.input(&mut Random::of(seed, case), &mut input);
        format!("case {case} of seed {seed}: b\"{}\"", input.escape_ascii())
    };
    let mut last = (0, Instant::now());
    let (well, (slowest, case)) = loop {
        match done.recv_timeout(Duration::from_millis(500)) {
            Ok(end) => break end,
            Err(RecvTimeoutError::Disconnected) => panic!("{name}: the worker went away"),
            Err(RecvTimeoutError::Timeout) => {
                let case = at.load(Ordering::Relaxed);
                if case != last.0 {
                    last = (case, Instant::now());
                }
                assert!(last.1.elapsed() < HANG, "{name} hangs on {}", told(case));
            }
        }
    };
    assert!(
        well,
        "{name} panics on {}",
        told(at.load(Ordering::Relaxed))
    );
    // What the scheduler took in between is not the input's fault: the best of five counts.
    let mut input = Vec::new();
    corpus.input(&mut Random::of(seed, case), &mut input);
    let again = (0..5).map(|_| {
        let begun = Instant::now();
        (target.read)(&input);
        begun.elapsed()
    });
    let slowest = again.min().unwrap_or(slowest);
    println!(
        "fuzz {name}: {cases} inputs, 0 panics, 0 hangs, {:.0} s; slowest input {:.3} ms ({} bytes)",
        begun.elapsed().as_secs_f64(),
        slowest.as_secs_f64() * 1e3,
        input.len()
    );
}
