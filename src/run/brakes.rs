//! Plans a run and holds it against the brakes, the limit and Google's cap.

use super::error::{self, Error};
use super::monitor::Event;
use super::think::{self, Thought};
use super::{Job, Session};
use crate::connector::Source;
use crate::model::{Bulk, Limits, Rematch, Sides};
use crate::plan::{self, Settled, Totals};

/// Plans everything that moved, brakes, limits.
pub(super) async fn think(
    session: &mut Session<'_>,
    job: &Job<'_>,
    sources: Sides<&dyn Source>,
    readings: &[String],
) -> Result<Thought, Error> {
    let facts = session.ask(|db| db.facts(session.scope))?;
    let counts = session.ask(|db| db.counts(session.scope))?;
    let sync = &job.profile.sync;
    let limits = Limits {
        contacts: job.options.limit.unwrap_or(if session.first {
            sync.first_limit
        } else {
            sync.next_limit
        }),
        bulk: job.options.bulk,
        google_cap: sources.google.capabilities().capacity.unwrap_or(u64::MAX),
    };
    let totals = Totals {
        linked: counts.linked,
        settled_once: if facts.pair_settled {
            Settled::Once
        } else {
            Settled::NotYet
        },
        google_records: counts.known.google,
        listed_before: facts.last_listed,
        listed_now: counts.listed,
        rewound: session.ask(|db| db.rewound(session.scope))?,
    };
    let rematch = if facts.rematching {
        Rematch::Yes
    } else {
        session.rules.rematch
    };
    let refused = |refusal: plan::Refusal| error::refused(&refusal, &job.profile.name, readings);
    plan::guard_listing(&totals, &limits, rematch).map_err(refused)?;
    plan::guard_time(&totals, &limits).map_err(refused)?;
    if limits.bulk == Bulk::Allowed {
        session.with(|tx| tx.forget_rewound(session.scope))?;
    }
    let thought = think::everything(session, sources, &limits).await?;
    plan::guard_load(&thought.load, &totals, &limits, rematch).map_err(refused)?;
    plan::guard_ended(&thought.load, &totals, &limits).map_err(refused)?;
    if limits.contacts == 0 {
        // Nothing cuts it, and nothing that is looked up makes room in Google.
        plan::guard_room(&thought.load, &totals, &limits).map_err(refused)?;
    }
    let thought = think::within_limits(session, sources, thought, &limits).await?;
    plan::guard_capacity(&thought.plan, &totals, &limits).map_err(refused)?;
    let writes = Sides::from_fn(|side| {
        let on = |write: &&crate::model::Write| write.on == side;
        thought.plan.writes.iter().filter(on).count() as u64
    });
    session.monitor.event(&Event::Planned { writes });
    Ok(thought)
}
