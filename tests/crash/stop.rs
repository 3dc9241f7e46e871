//! Asked to stop while a write hangs: it is given up, stays open in the journal, and the next run looks
//! what became of it.

use std::time::Duration;

use crmsync::run::{Outcome, Stop};
use crmsync::sandbox::{FaultKind, FaultRule};
use crmsync::state::{RunNo, Settled, State};
use serde_json::json;

use crate::bench::How;
use crate::story::Story;

#[tokio::test]
async fn a_write_that_hangs_is_given_up_and_looked_for_by_the_next_run() {
    let story = Story::first(60, 20).await;
    for (service, call) in [("google", "batchCreateContacts"), ("zoho", "create")] {
        story.stage.restore(&story.scene);
        let hangs = FaultRule::new(service, call, FaultKind::Slow)
            .times(1)
            .with(json!({"ms": 600_000}));
        story.stage.world(|world| world.faults.add(hangs));
        let stop = Stop::with_grace(Duration::ZERO);
        let how = How {
            stop: stop.clone(),
            ..How::default()
        };
        let struck = async {
            while !story.stage.world(|world| world.faults.list().is_empty()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            assert!(!stop.ask());
        };
        let ((ended, _), ()) = futures::join!(story.stage.run(&how), struck);
        let report = ended.report();
        assert_eq!(report.outcome, Outcome::Interrupted, "{report:?}");
        let error = report.error.unwrap();
        assert_eq!(error.code, 6);
        assert!(error.message.contains("no answer came"), "{error:?}");
        let state = State::open(&story.stage.state()).unwrap();
        let writes = state.writes_of(RunNo(report.run.unwrap())).unwrap();
        let uncertain = |row: &&crmsync::state::JournalRow| row.outcome == Some(Settled::Uncertain);
        assert!(writes.iter().filter(uncertain).count() > 0, "{writes:?}");
        drop(state);
        story.finish(&format!("{call} hung")).await;
    }
}
