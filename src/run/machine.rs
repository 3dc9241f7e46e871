//! Whether the state file came here from another machine: two machines that sync with copies of one
//! state undo each other's work.

use super::error::Error;
use super::report::Outcome;
use super::{Job, Session};
use crate::model::Bulk;

/// Refuses a state file that another machine used last, unless a person lets it through; from then on
/// it is this machine's.
pub(super) fn check(session: &Session<'_>, job: &Job<'_>) -> Result<(), Error> {
    let Some(own) = &job.options.machine else {
        return Ok(());
    };
    match foreign(session, job)? {
        Some(since) if job.options.bulk == Bulk::Braked => Err(refused(&since, job)),
        Some(_) | None => Ok(session.with(|tx| tx.set_machine(own, session.now))?),
    }
}

/// Says the same in a dry run, which goes on.
pub(super) fn look(session: &Session<'_>, job: &Job<'_>) -> Result<(), Error> {
    if let Some(since) = foreign(session, job)? {
        tracing::warn!(
            "this state file was last used on another machine, at {since}: a sync will be refused"
        );
    }
    Ok(())
}

/// When another machine used the file last; none when it was this one, or when nobody can tell.
fn foreign(session: &Session<'_>, job: &Job<'_>) -> Result<Option<String>, Error> {
    let Some(own) = &job.options.machine else {
        return Ok(None);
    };
    let last = session.with(|tx| tx.machine())?;
    Ok(last.filter(|(mark, _)| mark != own).map(|(_, at)| {
        jiff::Timestamp::from_second(at).map_or_else(|_| at.to_string(), |time| time.to_string())
    }))
}

fn refused(since: &str, job: &Job<'_>) -> Error {
    let profile = &job.profile.name;
    Error::new(
        Outcome::Refused,
        format!(
            "refused, nothing was read or written: this state file was last used on another machine, at {since}; two machines that sync with copies of one state undo each other's work"
        ),
        format!(
            "if only this machine syncs from now on: `crmsync sync {profile} --allow-bulk` (where the machine's id changes by itself, as in some containers, set CRMSYNC_MACHINE_ID)"
        ),
    )
}
