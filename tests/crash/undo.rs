//! An undo that is killed at each of its points and cut off at each of its requests, then asked for
//! again until there is nothing left to put back: the books are as an undisturbed undo leaves them.

use crmsync::sandbox::FaultRule;

use crate::bench::{Books, Ended, How, Scene, Stage};
use crate::cuts::KINDS;
use crate::story::{self, Cases, Form};

/// An undo is over after this many, whatever happened to it.
const UNDOS: usize = 6;

/// A pass with every kind of write, about to be undone.
struct Regret {
    stage: Stage,
    scene: Scene,
    undo: How,
    after: Books,
    points: Vec<String>,
    requests: [(&'static str, usize); 2],
}

impl Regret {
    async fn new(contacts: usize, overlap: usize) -> Self {
        let stage = story::later(contacts, overlap).await;
        let before = Books::read(&stage.dump());
        let run = stage.run(&How::default()).await.0.report().run;
        assert_ne!(Books::read(&stage.dump()), before);
        let undo = How {
            undo: run,
            ..How::default()
        };
        let scene = stage.scene();
        stage.restore(&scene);
        let (ended, points) = stage.run(&undo).await;
        let report = ended.report();
        assert!(report.google.wrote() && report.crm.wrote(), "{report:?}");
        let requests = stage.requests();
        put_back(&stage, &undo, "an undisturbed undo").await;
        let after = Books::read(&stage.dump());
        assert!(after.doubled().is_empty());
        Self {
            stage,
            scene,
            undo,
            after,
            points,
            requests,
        }
    }

    async fn finish(&self, what: &str) {
        put_back(&self.stage, &self.undo, what).await;
        let now = Books::read(&self.stage.dump());
        assert!(now.doubled().is_empty(), "{what}: {:?}", now.doubled());
        let (now, after) = (now.nameless(), self.after.nameless());
        assert_eq!(now.google, after.google, "{what}");
        assert_eq!(now.crm, after.crm, "{what}");
    }
}

/// Asks for the undo until two in a row put nothing back, then syncs until nothing is left to do.
async fn put_back(stage: &Stage, undo: &How, what: &str) {
    let mut quiet = 0;
    for _ in 0..UNDOS {
        let report = stage.run(undo).await.0.report();
        let wrote = report.google.wrote() || report.crm.wrote();
        quiet = if wrote { 0 } else { quiet + 1 };
        if quiet == 2 {
            story::settle(stage, what).await;
            return;
        }
    }
    panic!("{what}: not undone after {UNDOS} times");
}

#[tokio::test]
async fn an_undo_that_is_killed_at_any_point_doubles_and_loses_nobody() {
    let (contacts, overlap) = Form::chosen().pick((30, 16), (600, 200));
    let regret = Regret::new(contacts, overlap).await;
    let journal = ["journalled", "answered", "settled"];
    let mut journalled = 0;
    let mut cases = Cases::new("undo", regret.points.len());
    for point in &regret.points {
        if !cases.next() {
            continue;
        }
        regret.stage.restore(&regret.scene);
        let kill = How {
            kill: Some(point.clone()),
            ..regret.undo.clone()
        };
        let (ended, _) = regret.stage.run(&kill).await;
        assert!(matches!(ended, Ended::Killed), "nothing came to {point}");
        regret.finish(&format!("killed at {point}")).await;
        journalled += usize::from(journal.iter().any(|name| point.starts_with(name)));
    }
    let enough = if cases.run == regret.points.len() {
        6
    } else {
        1
    };
    assert!(journalled >= enough, "{:?}", regret.points);
    println!(
        "undo: {contacts} contacts on each side, killed at {} points, {journalled} of them journal points",
        cases.told()
    );
}

#[tokio::test]
async fn an_undo_that_is_cut_off_at_any_request_doubles_and_loses_nobody() {
    let (contacts, overlap) = Form::chosen().pick((30, 16), (600, 200));
    let regret = Regret::new(contacts, overlap).await;
    let all: usize = regret.requests.iter().map(|(_, requests)| requests).sum();
    let mut cases = Cases::new("undo", all * KINDS.len());
    for (service, requests) in regret.requests {
        assert!(requests >= 3, "{service}: {requests} requests");
        for request in 0..requests {
            for kind in KINDS {
                if !cases.next() {
                    continue;
                }
                regret.stage.restore(&regret.scene);
                let skip = u32::try_from(request).unwrap();
                let rule = FaultRule::new(service, "*", kind).after(skip).times(1);
                regret.stage.world(|world| world.faults.add(rule));
                let what = format!("{kind:?} at request {request} to {service}");
                drop(regret.stage.run(&regret.undo).await);
                let left = regret.stage.world(|world| world.faults.list().len());
                assert_eq!(left, 0, "{what} never happened");
                regret.finish(&what).await;
            }
        }
    }
    let [(_, google), (_, crm)] = regret.requests;
    println!(
        "undo: {contacts} contacts on each side, {google} requests to Google and {crm} to the CRM, {} cuts",
        cases.told()
    );
}
