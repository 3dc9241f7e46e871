//! What has to be known before anything is read in bulk: who is signed in, what they may do, which
//! list is meant, and how the profile's mapping fits the fields that are there.

use std::collections::BTreeMap;

use super::error::Error;
use super::report::Outcome;
use crate::connector::{DefaultPair, Source};
use crate::mapping::{Mapping, NamePart, OrganizationPart, Pair, Path, nearest};
use crate::model::{
    Direction, Field, FieldInfo, FieldKind, FieldRule, Filled, OnConflict, OnDelete, Probe,
    Rematch, Right, Rules, Side, Sides,
};
use crate::profile::{MapPart, Profile};
use crate::state::State;

/// How long a probe is good, seconds.
const PROBE_LIFE: i64 = 24 * 3600;

/// One mapped pair before it has a number.
#[derive(Clone, Debug)]
pub struct Mapped {
    /// The CRM's field.
    pub crm: FieldInfo,
    /// The slot on Google.
    pub google: Path,
    /// Whether it holds the match key.
    pub key: bool,
    /// Whether values may flow to each side.
    pub to: Sides<bool>,
    /// Its own winner.
    pub wins: Option<Side>,
}

/// The probe of a remote: the stored one when it is of today and of the same settings, else a new
/// one. `fingerprint` binds it to the profile's account, list and module.
pub async fn probe(
    state: &State,
    profile: &str,
    fingerprint: &str,
    source: &dyn Source,
    now: i64,
) -> Result<(Probe, bool), Error> {
    let stored = match state.scope_of(profile)? {
        Some((scope, _)) => state.facts(scope)?.probes.on(source.side()).clone(),
        None => None,
    };
    let stored: Option<(i64, Stored)> = stored.and_then(|(at, text)| {
        let stored = serde_json::from_str(&text).ok()?;
        Some((at, stored))
    });
    if let Some((at, known)) = &stored
        && known.fingerprint == fingerprint
        && (0..PROBE_LIFE).contains(&now.saturating_sub(*at))
    {
        return Ok((known.probe.clone(), false));
    }
    let last = stored
        .as_ref()
        .filter(|(_, known)| known.fingerprint == fingerprint)
        .map(|(_, known)| &known.probe);
    Ok((source.probe(last).await?, true))
}

/// A probe as the state file keeps it.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Stored {
    pub(super) fingerprint: String,
    pub(super) probe: Probe,
}

/// Checks rule 11: what the direction needs and the user does not have.
pub fn check_rights(profile: &Profile, source: &dyn Source, probe: &Probe) -> Result<(), Error> {
    let side = source.side();
    let mut needed = Vec::new();
    if profile.sync.direction.writes(side) {
        needed.extend([Right::Create, Right::Edit]);
        if profile.sync.on_delete == OnDelete::Delete {
            needed.push(Right::Delete);
        }
    }
    require(profile, source, probe, &needed)
}

/// Checks that the user may read and has these rights.
pub fn require(
    profile: &Profile,
    source: &dyn Source,
    probe: &Probe,
    needed: &[Right],
) -> Result<(), Error> {
    let side = source.side();
    let missing: Vec<_> = [Right::View]
        .iter()
        .chain(needed)
        .filter(|right| !probe.rights.contains(right))
        .map(|right| format!("{right:?}"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let (name, missing) = (source.name(), missing.join(", "));
    let hint = match side {
        Side::Google => format!(
            "sign in again and allow it: `crmsync auth google {}`",
            profile.name
        ),
        Side::Crm => format!(
            "an administrator can give the user {} these rights on {} in {name}; with View alone set `direction = \"crm-to-google\"`",
            probe.user.as_deref().unwrap_or("that is signed in"),
            profile.crm.module(),
        ),
    };
    Err(Error::new(
        Outcome::Auth,
        format!("{name}: the right to {missing} is missing; nothing was written"),
        hint,
    ))
}

/// Who is signed in has to be who the profile names.
pub fn check_account(profile: &Profile, probe: &Probe) -> Result<(), Error> {
    match (&profile.google.account, &probe.account) {
        (Some(wanted), Some(found)) if !wanted.eq_ignore_ascii_case(found) => Err(Error::new(
            Outcome::Auth,
            format!(
                "Google is signed in as {found}, the profile is for {wanted}; nothing was read"
            ),
            format!(
                "sign in as {wanted}: `crmsync auth google {}`",
                profile.name
            ),
        )),
        _ => Ok(()),
    }
}

/// The text identity of the account pair.
#[must_use]
pub fn pair_name(profile: &Profile, probes: &Sides<Probe>) -> String {
    let google = probes
        .google
        .account
        .clone()
        .or_else(|| profile.google.account.clone())
        .unwrap_or_else(|| profile.name.clone());
    format!("{google}|{}", crm_account(profile, &probes.crm))
}

/// The CRM's half of the account pair.
pub(super) fn crm_account(profile: &Profile, probe: &Probe) -> String {
    let section = &profile.crm;
    let known = probe.account.clone();
    known.unwrap_or_else(|| format!("{}/{}", section.kind.name, section.module()))
}

/// Fits the profile's mapping, or the CRM's default one, to the fields that are there.
pub fn resolve(
    profile: &Profile,
    defaults: &[DefaultPair],
    probes: &Sides<Probe>,
) -> Result<Vec<Mapped>, Error> {
    let fields: BTreeMap<&str, &FieldInfo> = probes
        .crm
        .fields
        .iter()
        .map(|info| (info.name.as_str(), info))
        .collect();
    let Some(entries) = &profile.map else {
        return Ok(by_default(defaults, &fields));
    };
    let mut mapped = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let wrong = |part: MapPart, message: &str, help: &str| {
            Error::new(
                Outcome::Invalid,
                profile.locate(&part, message, help),
                format!(
                    "`crmsync map-fields {}` shows the fields of both sides",
                    profile.name
                ),
            )
        };
        let Some(info) = fields.get(entry.crm.as_str()) else {
            let near = nearest(&entry.crm, fields.keys().copied()).map_or_else(
                || {
                    "if it is there, the user's profile hides it: give access, or map another"
                        .to_owned()
                },
                |near| format!("did you mean `{near}`?"),
            );
            let module = profile.crm.module();
            let message = format!(
                "{module} has no field `{}` that the signed-in user can see",
                entry.crm
            );
            return Err(wrong(MapPart::Crm(at), &message, &near));
        };
        if info.hidden {
            let message = format!(
                "the field `{}` is hidden from the signed-in user",
                entry.crm
            );
            return Err(wrong(
                MapPart::Crm(at),
                &message,
                "give the user's profile access to the field, or take it out of the mapping",
            ));
        }
        let flows = entry.direction.unwrap_or(profile.sync.direction);
        let asked =
            Sides::from_fn(|side| flows.writes(side) && profile.sync.direction.writes(side));
        let writable = info.creatable || info.updatable;
        if asked.crm && !writable && info.kind != FieldKind::Lookup {
            let message = format!("the field `{}` is read-only", entry.crm);
            return Err(wrong(
                MapPart::Crm(at),
                &message,
                "add `direction = \"crm-to-google\"` to this entry, or map another field",
            ));
        }
        mapped.push(Mapped {
            crm: (*info).clone(),
            google: entry.google.clone(),
            key: entry.key,
            to: Sides {
                google: asked.google,
                crm: asked.crm && info.kind != FieldKind::Lookup,
            },
            wins: entry.wins,
        });
    }
    Ok(mapped)
}

fn by_default(defaults: &[DefaultPair], fields: &BTreeMap<&str, &FieldInfo>) -> Vec<Mapped> {
    defaults
        .iter()
        .filter_map(|pair| {
            let info = fields.get(pair.crm).filter(|info| !info.hidden)?;
            let google = Path::parse(pair.google).ok()?;
            let writable = info.creatable || info.updatable;
            Some(Mapped {
                crm: (*info).clone(),
                google,
                key: pair.key,
                to: Sides {
                    google: true,
                    crm: writable && !pair.to_google_only && info.kind != FieldKind::Lookup,
                },
                wins: None,
            })
        })
        .collect()
}

/// The names that the state file numbers, in the mapping's order.
#[must_use]
pub fn names(mapped: &[Mapped]) -> Vec<String> {
    mapped
        .iter()
        .map(|each| Pair::name(&each.crm.name, &each.google))
        .collect()
}

/// The profile needs a match key that can be read.
pub fn check_key(profile: &Profile, mapped: &[Mapped]) -> Result<(), Error> {
    if mapped.iter().any(|each| each.key) {
        return Ok(());
    }
    Err(Error::new(
        Outcome::Invalid,
        profile.locate(
            &MapPart::Kind,
            "the match key's field is not there or hidden from the signed-in user",
            "map an e-mail field with `key = true`",
        ),
        format!(
            "`crmsync map-fields {}` shows the fields of both sides",
            profile.name
        ),
    ))
}

/// The mapping as connectors use it.
#[must_use]
pub fn mapping(profile: &Profile, mapped: &[Mapped], numbers: &[Field]) -> Mapping {
    let key = mapped
        .iter()
        .zip(numbers)
        .find(|(each, _)| each.key)
        .map_or(Field(0), |(_, number)| *number);
    let pairs = mapped
        .iter()
        .zip(numbers)
        .map(|(each, field)| Pair {
            field: *field,
            crm: each.crm.name.clone(),
            google: each.google.clone(),
            to: each.to,
        })
        .collect();
    Mapping {
        pairs,
        key,
        region: profile.sync.region.clone(),
    }
}

/// The rules as the planner uses them.
#[must_use]
pub fn rules(
    profile: &Profile,
    mapped: &[Mapped],
    mapping: &Mapping,
    crm: &dyn Source,
    rematch: Rematch,
) -> Rules {
    let sync = &profile.sync;
    let parts = crm.wholes().iter().map(|names| mapping.named(names));
    let wholes = parts.filter(|parts| parts.len() > 1).collect();
    let fields = mapped
        .iter()
        .zip(&mapping.pairs)
        .map(|(each, pair)| {
            (
                pair.field,
                field_rule(each, sync.direction, sync.on_conflict),
            )
        })
        .collect();
    Rules {
        fields,
        key: mapping.key,
        wholes,
        direction: sync.direction,
        on_delete: sync.on_delete,
        on_leave: sync.on_leave,
        no_email: sync.no_email,
        any_email: sync.match_any_email,
        clears: sync.propagate_clears,
        target: sync.enforce,
        rematch,
    }
}

/// What a probe depends on: another account, list, module or address makes a new one.
#[must_use]
pub fn settings(profile: &Profile) -> String {
    let (google, crm) = (&profile.google, &profile.crm);
    let own = crm.own.texts();
    let own: Vec<String> = own.map(|(key, text)| format!("{key}={text}")).collect();
    let parts = [
        google.account.as_deref().unwrap_or_default(),
        &google.group,
        google.endpoint.as_deref().unwrap_or_default(),
        crm.kind.name,
        crm.module(),
        &crm.view,
        crm.endpoint.as_deref().unwrap_or_default(),
        &own.join("\u{1e}"),
    ];
    parts.join("\u{1f}")
}

/// A length of time as a profile writes it: the largest unit that divides it.
#[must_use]
pub fn duration_text(length: std::time::Duration) -> String {
    let seconds = length.as_secs();
    for (unit, name) in [(86_400, "d"), (3_600, "h"), (60, "m")] {
        if seconds > 0 && seconds.is_multiple_of(unit) {
            return format!("{}{name}", seconds / unit);
        }
    }
    format!("{seconds}s")
}

fn field_rule(mapped: &Mapped, direction: Direction, on_conflict: OnConflict) -> FieldRule {
    let required = mapped.crm.required;
    let is_name = matches!(
        mapped.google,
        Path::Name(NamePart::Family) | Path::Organization(OrganizationPart::Name)
    );
    FieldRule {
        name: mapped.google.to_string(),
        writable: Sides::from_fn(|side| direction.writes(side) && *mapped.to.on(side)),
        required: Sides {
            google: false,
            crm: required,
        },
        on_conflict: mapped.wins.map_or(on_conflict, OnConflict::Prefer),
        filled: if required && is_name {
            Filled::FromNames
        } else {
            Filled::Never
        },
    }
}
