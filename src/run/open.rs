//! Opens a run: probes both sides, checks who is signed in and what they may do, fits the mapping.

use std::sync::Mutex;

use super::error::Error;
use super::report::Outcome;
use super::session::Label;
use super::{Job, Session, close, failing, prepare};
use crate::connector::{DefaultPair, Source};
use crate::mapping::Path;
use crate::model::{Moment, Rematch, Right, Rules, Side, Sides};
use crate::plan::FieldNames;
use crate::profile::Profile;
use crate::state::{RunNo, State};

/// What a run is for, hence what has to be there.
pub(super) enum Purpose {
    /// A pass.
    Sync,
    /// Putting a run's writes back.
    Undo(Needs),
}

/// What an undo needs.
pub(super) struct Needs {
    /// The run that is undone.
    pub(super) run: RunNo,
    /// The account pair that it wrote to.
    pub(super) pair: String,
    /// The rights that putting its writes back takes.
    pub(super) rights: Sides<Vec<Right>>,
}

/// Probes both sides, checks rights and mapping, and opens the profile's part of the state.
pub(super) async fn open<'a>(
    job: &Job<'a>,
    state: &'a mut State,
    sources: Sides<&dyn Source>,
    purpose: &Purpose,
) -> Result<Session<'a>, Error> {
    let profile = job.profile;
    let settings = prepare::settings(profile);
    let now = job.options.now;
    if matches!(purpose, Purpose::Sync) && state.scope_of(&profile.name)?.is_none() {
        sources.google.foresee(&places(profile, job.defaults));
    }
    let (google, crm) = futures::join!(
        prepare::probe(state, &profile.name, &settings, sources.google, now),
        prepare::probe(state, &profile.name, &settings, sources.crm, now),
    );
    let ((google, new_google), (crm, new_crm)) = (google?, crm?);
    let fresh = Sides {
        google: new_google,
        crm: new_crm,
    };
    let probes = Sides { google, crm };
    prepare::check_account(profile, &probes.google)?;
    let pair = prepare::pair_name(profile, &probes);
    for side in Side::BOTH {
        let (source, probe) = (*sources.on(side), probes.on(side));
        match purpose {
            Purpose::Sync => prepare::check_rights(profile, source, probe)?,
            Purpose::Undo(needs) => {
                same_accounts(profile, &pair, needs)?;
                prepare::require(profile, source, probe, needs.rights.on(side))?;
            }
        }
    }
    let mapped = prepare::resolve(profile, job.defaults, &probes)?;
    prepare::check_key(profile, &mapped)?;
    let names = prepare::names(&mapped);
    let (mapping, fingerprint, scope, pair, facts) = state.write_soon(|tx| {
        let numbers = tx.fields(&names)?;
        let mapping = prepare::mapping(profile, &mapped, &numbers);
        let fingerprint = crate::profile::fingerprint(profile, &mapping);
        let (scope, pair) = tx.scope(&profile.name, &pair)?;
        let facts = tx.facts(scope)?;
        let changed = facts
            .fingerprint
            .as_ref()
            .is_some_and(|known| *known != fingerprint);
        tx.set_facts(scope, |facts| {
            facts.rematching |= changed;
            for side in Side::BOTH {
                if *fresh.on(side)
                    && let Ok(text) = serde_json::to_string(&prepare::Stored {
                        fingerprint: settings.clone(),
                        probe: probes.on(side).clone(),
                    })
                {
                    *facts.probes.on_mut(side) = Some((now, text));
                }
            }
        })?;
        Ok((mapping, fingerprint, scope, pair, facts))
    })?;
    if !facts.active {
        return Err(close::deactivated(&profile.name));
    }
    let failing = failing::known(state.failing(scope)?);
    let held = state.held_flips(scope)?;
    let rematch = match &facts.fingerprint {
        Some(known) if *known != fingerprint => Rematch::Yes,
        Some(_) | None => Rematch::No,
    };
    let rules = prepare::rules(profile, &mapped, &mapping, sources.crm, rematch);
    let mapping = std::sync::Arc::new(mapping);
    super::equip(profile, sources, &probes, &mapping)?;
    let membership = Sides::from_fn(|side| {
        sources.on(side).capabilities().reads_whole_account || probes.on(side).list.covers_all
    });
    let names = paths(&rules);
    Ok(Session {
        state: Mutex::new(state),
        scope,
        pair,
        rules,
        names,
        now: Moment(now),
        extent: job.options.extent,
        full_every: profile.sync.full_every,
        monitor: job.monitor,
        stop: job.stop.clone(),
        settling: job.options.settling,
        begun: job.options.begun,
        whole: membership,
        revisions: Sides::from_fn(|side| sources.on(side).capabilities().revisions),
        membership,
        notices: Mutex::default(),
        failing,
        resting: Mutex::default(),
        under_way: Mutex::default(),
        held,
        label: Label::of(&probes.google.list),
        first: !facts.pair_finished,
        fingerprint,
    })
}

/// The Google paths of the mapped fields.
fn paths(rules: &Rules) -> FieldNames {
    let fields = rules.fields.iter();
    fields
        .map(|(field, rule)| (*field, rule.name.clone()))
        .collect()
}

/// The places in Google that will be mapped, if the CRM has every field.
fn places(profile: &Profile, defaults: &[DefaultPair]) -> Vec<Path> {
    match &profile.map {
        Some(entries) => entries.iter().map(|entry| entry.google.clone()).collect(),
        None => defaults
            .iter()
            .filter_map(|pair| Path::parse(pair.google).ok())
            .collect(),
    }
}

/// An undo goes to the accounts that the run wrote to and to no others.
fn same_accounts(profile: &Profile, pair: &str, needs: &Needs) -> Result<(), Error> {
    if pair == needs.pair {
        return Ok(());
    }
    let words = |pair: &str| {
        let (google, crm) = pair.split_once('|').unwrap_or((pair, ""));
        format!("{google} and {crm}")
    };
    Err(Error::new(
        Outcome::Auth,
        format!(
            "run {} wrote to {}; signed in are {}; nothing was read or written",
            needs.run.0,
            words(&needs.pair),
            words(pair)
        ),
        format!(
            "sign in to the accounts of that run: `crmsync auth google {0}`, `crmsync auth crm {0}`",
            profile.name
        ),
    ))
}
