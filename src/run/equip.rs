//! Hands the connectors what they work from: probes, mapping, and whose the identifiers in stamps are.

use std::sync::Arc;

use super::prepare::crm_account;
use crate::connector::{Error, Ids, Source, Twins};
use crate::mapping::Mapping;
use crate::model::{Probe, Side, Sides};
use crate::profile::Profile;

/// Hands both connectors what they work from.
pub fn equip(
    profile: &Profile,
    sources: Sides<&dyn Source>,
    probes: &Sides<Probe>,
    mapping: &Arc<Mapping>,
) -> Result<(), Error> {
    let twins = match sources.crm.capabilities().ids {
        Ids::Global => Twins::Global,
        Ids::Local => Twins::of(&crm_account(profile, &probes.crm)),
    };
    sources.google.know_twins(twins);
    for side in Side::BOTH {
        sources
            .on(side)
            .equip(probes.on(side), Arc::clone(mapping))?;
    }
    Ok(())
}
