//! Changes to the mapping: checked against the fields where they are known, then written.

use super::fit::misfit;
use super::{Args, Fields};
use crate::cli::configure;
use crate::cli::connect;
use crate::cli::failure::Failure;
use crate::connector;
use crate::connector::DefaultPair;
use crate::mapping::{Path, nearest};
use crate::model::{Direction, FieldInfo, FieldKind, Side};
use crate::profile::edit::{self, EditError};
use crate::profile::{MapEntry, Profile};

/// Applies the options and writes the file. Gives the profile as it is now, and what was done.
pub(super) fn apply(
    args: &Args,
    profile: &Profile,
    fields: Option<&Fields>,
) -> anyhow::Result<(Profile, Vec<String>)> {
    let mut said = Vec::new();
    let mut text = profile.text().to_owned();
    if args.reset {
        text = edit::set_map(&text, &[]).map_err(|error| refused(&error))?;
        said.push("the default mapping counts again".to_owned());
    } else if profile.map.is_none() {
        // From here on the mapping stands in the file: first what counted so far.
        let entries = defaults(profile, fields)?;
        text = edit::set_map(&text, &entries).map_err(|error| refused(&error))?;
        said.push(format!(
            "the default mapping's {} pairs are in the file now",
            entries.len()
        ));
    }
    for name in &args.remove {
        text = edit::remove_map(&text, name).map_err(|error| refused(&error))?;
        said.push(format!("{name} is no longer mapped"));
    }
    for pair in &args.add {
        let (crm, google) = pair.split_once('=').ok_or_else(|| {
            Failure::usage(
                format!("--add takes CRM=GOOGLE, not `{pair}`"),
                "such as: --add Assistant=relation.assistant",
            )
        })?;
        let entry = entry(profile, crm.trim(), google.trim(), fields)?;
        text = edit::add_map(&text, &entry).map_err(|error| refused(&error))?;
        let way = if entry.direction == Some(Direction::CrmToGoogle) {
            "goes to"
        } else {
            "is mapped to"
        };
        said.push(format!("{} {way} {}", entry.crm, entry.google));
    }
    let changed = Profile::parse(connector::kinds(), &profile.name, &profile.path, &text)?;
    if let Some(fields) = fields {
        fields.mapped(&changed)?;
    }
    if text == profile.text() {
        return Ok((changed, vec!["nothing to change".to_owned()]));
    }
    configure::replace(&changed.path, &text)?;
    said.push(
        "the next sync compares everything anew: it links and fills, and deletes nothing"
            .to_owned(),
    );
    Ok((changed, said))
}

/// The default mapping as entries; fields that the module is known to lack are left out.
fn defaults(profile: &Profile, fields: Option<&Fields>) -> anyhow::Result<Vec<MapEntry>> {
    let there = |pair: &DefaultPair| {
        fields.is_none_or(|fields| {
            let mut infos = fields.crm.fields.iter();
            infos.any(|info| info.name == pair.crm && !info.hidden)
        })
    };
    let pairs = connect::default_pairs(profile)?;
    Ok(pairs
        .iter()
        .filter(|pair| there(pair))
        .filter_map(|pair| {
            let info = fields.and_then(|fields| field(fields, pair.crm));
            let read_only = info.is_some_and(|info| !info.creatable && !info.updatable);
            Some(MapEntry {
                crm: pair.crm.to_owned(),
                google: Path::parse(pair.google).ok()?,
                key: pair.key,
                direction: (pair.to_google_only || read_only).then_some(Direction::CrmToGoogle),
                wins: None,
            })
        })
        .collect())
}

fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a FieldInfo> {
    fields.crm.fields.iter().find(|info| info.name == name)
}

/// A new pair, as far as the fields are known checked against them.
fn entry(
    profile: &Profile,
    crm: &str,
    google: &str,
    fields: Option<&Fields>,
) -> Result<MapEntry, Failure> {
    let path = Path::parse(google).map_err(|error| {
        let hint = error.nearest.as_ref().map_or_else(
            || "`crmsync map-fields` lists the paths".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        Failure::new(7, error.to_string(), hint)
    })?;
    let mut entry = MapEntry {
        crm: crm.to_owned(),
        google: path,
        key: false,
        direction: None,
        wins: None,
    };
    let Some(fields) = fields else {
        return Ok(entry);
    };
    let info = field(fields, crm)
        .or_else(|| {
            let mut infos = fields.crm.fields.iter();
            infos.find(|info| info.label.eq_ignore_ascii_case(crm))
        })
        .ok_or_else(|| unknown(profile, fields, crm))?;
    entry.crm.clone_from(&info.name);
    if let Some(why) = misfit(info, &entry.google) {
        return Err(Failure::new(
            7,
            format!("{} cannot be mapped to {}: {why}", info.name, entry.google),
            format!(
                "`crmsync map-fields {}` shows the fields with their types",
                profile.name
            ),
        ));
    }
    let lookup = info.kind == FieldKind::Lookup;
    if lookup || !(info.creatable || info.updatable) {
        if !profile.sync.direction.writes(Side::Google) {
            let why = if lookup { "a reference" } else { "read-only" };
            return Err(Failure::new(
                7,
                format!(
                    "{} is {why} in the CRM, and this profile writes there alone",
                    info.name
                ),
                "map another field",
            ));
        }
        entry.direction = Some(Direction::CrmToGoogle);
    }
    Ok(entry)
}

fn unknown(profile: &Profile, fields: &Fields, crm: &str) -> Failure {
    let infos = &fields.crm.fields;
    let names = infos.iter().map(|info| info.name.as_str());
    let labels = infos.iter().map(|info| info.label.as_str());
    let near = nearest(crm, names).or_else(|| {
        let label = nearest(crm, labels)?;
        let found = infos.iter().find(|info| info.label == label)?;
        Some(found.name.as_str())
    });
    let module = profile.crm.module();
    Failure::new(
        7,
        format!("{module} has no field `{crm}`"),
        near.map_or_else(
            || {
                format!(
                    "`crmsync map-fields {}` shows the fields of both sides",
                    profile.name
                )
            },
            |near| format!("did you mean `{near}`?"),
        ),
    )
}

fn refused(error: &EditError) -> Failure {
    Failure {
        code: 7,
        message: error.to_string(),
        hint: error.hint(),
    }
}
