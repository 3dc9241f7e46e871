//! The program itself, killed (SIGKILL) at random moments.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::runtime::Runtime;

use crate::story::{Form, Story, part};

/// Serves the sandbox while the test waits for children.
pub(crate) fn server() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// How long the program takes when nobody disturbs it.
pub(crate) fn undisturbed(story: &Story) -> Duration {
    story.stage.restore(&story.scene);
    let began = Instant::now();
    let status = story.stage.program().status().unwrap();
    assert!(status.success(), "{}: {status}", story.name);
    began.elapsed()
}

/// Kills a run at a random moment, often the next one too, then runs to the end; `kills` times in all.
fn at_random_moments(rt: &Runtime, story: &Story, kills: usize, seed: u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    let whole = undisturbed(story);
    let (mut killed, mut tries, mut most) = (0, 0, 0);
    while killed < kills {
        tries += 1;
        assert!(
            tries < 20 * kills + 40,
            "only {killed} runs lived long enough to be killed"
        );
        story.stage.restore(&story.scene);
        let mut moments = Vec::new();
        loop {
            let moment = whole.mul_f64(chance.random_range(0.0..1.0));
            let mut child = story.stage.program().spawn().unwrap();
            std::thread::sleep(moment);
            let ended = child.try_wait().unwrap();
            child.kill().unwrap();
            child.wait().unwrap();
            match ended {
                None => {
                    killed += 1;
                    moments.push(moment);
                }
                Some(status) => assert!(status.success(), "{status} after {moments:?}"),
            }
            if ended.is_some() || killed >= kills || chance.random_bool(0.6) {
                break;
            }
        }
        if !moments.is_empty() {
            // What the server had begun is over before the next run starts.
            std::thread::sleep(Duration::from_millis(20));
            let what = format!("killed after {moments:?} of {whole:?}");
            most = most.max(rt.block_on(story.finish(&what)));
        }
    }
    println!(
        "{}: {} contacts, the program killed at {killed} random moments; in sync after at most {most} more runs",
        story.name, story.contacts,
    );
}

#[test]
fn a_program_that_is_killed_at_random_moments_doubles_and_loses_nobody() {
    let form = Form::chosen();
    let (contacts, overlap) = form.pick((300, 60), (2_400, 400));
    let rt = server();
    let (part, parts) = part();
    let seed = 2 * part as u64;
    let first = rt.block_on(Story::first(contacts, overlap));
    at_random_moments(
        &rt,
        &first,
        form.pick(8_usize, 200).div_ceil(parts),
        seed - 1,
    );
    let later = rt.block_on(Story::later(contacts, overlap));
    at_random_moments(&rt, &later, form.pick(4_usize, 100).div_ceil(parts), seed);
}
