//! `crmsync map-fields`: shows the fields of both sides and the mapping, changes it, and checks it on
//! real data.

mod change;
mod check;
mod fit;
mod found;
mod suggest;
mod table;

use std::time::Duration;

use super::connect;
use super::failure::{self, Failure};
use super::output::Show;
use super::paths::Paths;
use crate::auth;
use crate::connector::http::Patience;
use crate::connector::{DefaultPair, Source as _};
use crate::model::{Probe, Side, Sides};
use crate::profile::{self, Profile};
use crate::run::prepare::{self, Mapped};

/// How long the command may wait for remotes, in all.
const PATIENCE: Duration = Duration::from_secs(60);

/// Show and change which field goes where.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: crmsync map-fields sales --add Assistant=relation.assistant\n         crmsync map-fields sales --check"
)]
pub(super) struct Args {
    /// The profile; may be left out when there is only one
    #[arg(value_name = "PROFILE")]
    profile: Option<String>,
    /// Map a CRM field (by API name or label) to a Google field path
    #[arg(long, value_name = "CRM=GOOGLE")]
    add: Vec<String>,
    /// Take a pair out, named by its CRM field or its Google path
    #[arg(long, value_name = "NAME")]
    remove: Vec<String>,
    /// Go back to the default mapping
    #[arg(long, conflicts_with_all = ["add", "remove"])]
    reset: bool,
    /// Read real data and say what would be overwritten or refused; writes and keeps nothing
    #[arg(long)]
    check: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What the remotes say of their fields.
struct Fields {
    crm: Probe,
    /// None when nobody is signed in to Google: its fields are known all the same, but for limits.
    google: Option<Probe>,
    defaults: Vec<DefaultPair>,
}

impl Fields {
    /// The pairs that the profile means.
    fn mapped(&self, profile: &Profile) -> anyhow::Result<Vec<Mapped>> {
        let probes = Sides {
            google: self.google.clone().unwrap_or_else(|| self.crm.clone()),
            crm: self.crm.clone(),
        };
        let mapped = prepare::resolve(profile, &self.defaults, &probes)?;
        prepare::check_key(profile, &mapped)?;
        Ok(mapped)
    }
}

pub(super) async fn run(args: &Args, paths: &Paths, show: &Show) -> anyhow::Result<u8> {
    let mut profile = load(args, paths)?;
    let edits = args.reset || !args.add.is_empty() || !args.remove.is_empty();
    if edits {
        let fields = match Box::pin(fields(paths, &profile)).await {
            Ok(fields) => Some(fields),
            Err(error) => {
                let failure = failure::explain(&error);
                failure::say(
                    &format!("the fields were not checked: {}", failure.message),
                    failure.hint.as_deref(),
                    Some(&profile.name),
                );
                None
            }
        };
        let (changed, said) = change::apply(args, &profile, fields.as_ref())?;
        profile = changed;
        if !args.json && !show.quiet {
            for line in said {
                show.line(&line)?;
            }
        }
        if !args.check && !args.json {
            return Ok(0);
        }
    }
    if args.check {
        return Box::pin(check::run(paths, &profile, args.json, show)).await;
    }
    let fields = Box::pin(fields(paths, &profile)).await?;
    let mapped = fields.mapped(&profile)?;
    if args.json {
        show.line(&table::json(&profile, &mapped, &fields).to_string())?;
    } else {
        show.bytes(table::text(&profile, &mapped, &fields, *show).as_bytes())?;
    }
    Ok(0)
}

fn load(args: &Args, paths: &Paths) -> anyhow::Result<Profile> {
    let which = if let Some(which) = &args.profile {
        which.clone()
    } else {
        let known: Vec<String> = profile::list(&paths.config)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        match known.as_slice() {
            [only] => only.clone(),
            [] => {
                return Err(Failure::new(
                    7,
                    format!("there are no profiles in {}", paths.config.display()),
                    "write one with `crmsync configure NAME`",
                )
                .into());
            }
            several => {
                return Err(Failure::usage(
                    format!("which profile? There are: {}", several.join(", ")),
                    "name one: crmsync map-fields NAME",
                )
                .into());
            }
        }
    };
    Ok(paths.profile(&which)?)
}

/// Reads the metadata of both sides. The CRM's is needed; Google's paths are the same for everyone.
async fn fields(paths: &Paths, profile: &Profile) -> anyhow::Result<Fields> {
    let patience = Patience::new(PATIENCE);
    let (crm, defaults) = connect::crm(paths, profile, &patience)?;
    let google = match connect::google(paths, profile, &patience) {
        Ok(google) => Some(google),
        Err(error) => {
            let signed_out = error
                .downcast_ref::<auth::Error>()
                .is_some_and(|error| error.kind == auth::Kind::SignInNeeded);
            if !signed_out {
                return Err(error);
            }
            None
        }
    };
    let (crm, google) = futures::join!(crm.probe(None), async {
        match &google {
            Some(google) => google.probe(None).await.map(Some),
            None => Ok(None),
        }
    });
    Ok(Fields {
        crm: crm?,
        google: google?,
        defaults,
    })
}

/// Which sides a pair writes, as an arrow between the CRM's name and Google's.
fn arrow(profile: &Profile, mapped: &Mapped) -> &'static str {
    let to = |side: Side| *mapped.to.on(side) && profile.sync.direction.writes(side);
    match (to(Side::Google), to(Side::Crm)) {
        (true, true) => "<->",
        (true, false) => "-->",
        (false, true) => "<--",
        (false, false) => "-",
    }
}
