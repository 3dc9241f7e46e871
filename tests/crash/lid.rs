//! A laptop whose lid is closed in mid-run: the program is frozen, its connections die, hours pass,
//! people go on working, and it is woken up.

use std::process::Child;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::bench::{Books, Proxy};
use crate::kills::{server, undisturbed};
use crate::story::{self, Form, Story};

/// No woken program may take longer.
const TIME_LIMIT: Duration = Duration::from_secs(120);

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// Waits for the end; the exit code.
fn end(mut child: Child) -> i32 {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or(-1);
        }
        if began.elapsed() > TIME_LIMIT {
            child.kill().unwrap();
            panic!("the woken program does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_run_that_sleeps_through_the_night_doubles_and_loses_nobody() {
    let form = Form::chosen();
    let (contacts, overlap) = form.pick((300, 60), (2_400, 400));
    let nights = form.pick(6, 60);
    let rt = server();
    let story = rt.block_on(Story::first(contacts, overlap));
    let whole = undisturbed(&story);
    let proxy = rt.block_on(Proxy::to(story.stage.address()));
    story::profile(&story.stage, &proxy.root());
    let mut chance = StdRng::seed_from_u64(3);
    let (mut frozen, mut tries, mut failed) = (0, 0, 0);
    while frozen < nights {
        tries += 1;
        assert!(tries < 20 * nights, "only {frozen} runs could be frozen");
        story.stage.restore(&story.scene);
        let mut child = story.stage.program().spawn().unwrap();
        std::thread::sleep(whole.mul_f64(chance.random_range(0.0..1.0)));
        if child.try_wait().unwrap().is_some() {
            continue;
        }
        signal(&child, Signal::STOP);
        frozen += 1;
        // What was on its way arrives; then the line is dead.
        std::thread::sleep(Duration::from_millis(20));
        rt.block_on(async { proxy.cut() });
        let edited = the_night(&story);
        signal(&child, Signal::CONT);
        let code = end(child);
        assert!(matches!(code, 0 | 3 | 6), "the woken run ended with {code}");
        failed += usize::from(code == 6);
        let what = format!("night {frozen}");
        rt.block_on(story::settle(&story.stage, &what));
        kept(&story, &edited, &what);
    }
    println!(
        "{}: {} contacts, frozen at {frozen} random moments with every connection cut; {failed} of the woken runs gave up and the next one went on",
        story.name, story.contacts,
    );
}

/// Eight hours pass; somebody edits a contact on each side. Returns their addresses and what the
/// edits say.
fn the_night(story: &Story) -> [(String, &'static str); 2] {
    let books = Books::read(&story.stage.dump());
    let labelled = |labels: &[String]| labels.iter().any(|label| label == "CRM");
    let (google, person) = books
        .google
        .iter()
        .find(|(_, cards)| labelled(&cards[0].labels))
        .unwrap();
    let (crm, record) = books.crm.iter().find(|(key, _)| *key != google).unwrap();
    let (by_google, by_crm) = ("written at night in Google", "written at night in the CRM");
    story.stage.world(|world| {
        world.clock.advance(SignedDuration::from_hours(8));
        let now = world.clock.now();
        let note = json!({"biographies": [{"value": by_google}]});
        world
            .google
            .edit_contact(&person[0].id, &note, now)
            .unwrap();
        let note = json!({"Description": by_crm}).as_object().unwrap().clone();
        assert!(world.zoho.edit_contact(&record[0].id, note, now));
    });
    [(google.clone(), by_google), (crm.clone(), by_crm)]
}

/// Everything is as without the night, but for the two edits, which are on both sides.
fn kept(story: &Story, edited: &[(String, &'static str)], what: &str) {
    let books = Books::read(&story.stage.dump());
    for (key, text) in edited {
        for (side, cards) in [("Google", &books.google), ("the CRM", &books.crm)] {
            let note = cards[key][0].fields.get("Description");
            assert_eq!(
                note.map(String::as_str),
                Some(*text),
                "{what}: {key} in {side}"
            );
        }
    }
    let keys: Vec<&String> = edited.iter().map(|(key, _)| key).collect();
    story.whole_but(&keys, what);
}
