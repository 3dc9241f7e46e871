//! Sends a plan, finds out what became of lost answers, and plans again what moved meanwhile.

use std::collections::BTreeSet;

use super::apply::{self, Applied};
use super::error::Error;
use super::recovery::Young;
use super::report::Report;
use super::think::{self, Thought};
use super::{Session, close, keep_notes, recovery};
use crate::connector::{Sink, Source};
use crate::model::{RemoteId, Side, Sides};
use crate::state::RunNo;

/// How often contacts that moved under a write are read and planned again in one run.
const ROUNDS: usize = 2;

/// Records that moved under their write.
pub(super) type Moved = BTreeSet<(Side, RemoteId)>;

/// Reports a plan, keeps its notes and sends it. `again` plans what moved once more, after it was read.
pub(super) async fn send(
    session: &Session<'_>,
    sinks: Sides<&dyn Sink>,
    run: RunNo,
    mut thought: Thought,
    report: &mut Report,
    again: &(dyn Fn(&Moved) -> Result<Thought, Error> + Sync),
) -> Result<Applied, Error> {
    let sources = sinks.map(|sink| sink as &dyn Source);
    close::explain(session, &thought, report)?;
    keep_notes(session, &mut thought)?;
    session.checkpoint("noted");
    let mut all = Applied::default();
    for round in 0..=ROUNDS {
        let applied = apply::apply(session, sinks, run, &mut thought).await?;
        let mut moved = close::merge(&mut all, applied);
        if !all.uncertain.is_empty()
            && all.stop.is_none()
            && let Some(recovery) = session
                .stop
                .cut(recovery::recover(session, sinks, Young::LeaveIt))
                .await
        {
            all.uncertain.clear();
            moved.extend(close::recovered(&mut all, recovery?));
        }
        if moved.is_empty() || all.stop.is_some() || session.interrupted() {
            all.unsent.extend(moved);
            break;
        }
        if round == ROUNDS {
            close::gave_up(&moved, &mut all);
            break;
        }
        let read = session
            .stop
            .cut(think::read_again(session, sources, &moved));
        let Some(came) = read.await else {
            all.unsent.extend(moved);
            break;
        };
        let came = came?;
        for side in Side::BOTH {
            report.tally_mut(side).read += came.on(side);
        }
        thought = again(&moved)?;
        close::explain(session, &thought, report)?;
        keep_notes(session, &mut thought)?;
    }
    Ok(all)
}
