//! Looks at both sides, as far as they are signed in: whether the lists are there, how many contacts
//! they hold, and what the user may do.

use std::time::Duration;

use crate::auth;
use crate::cli::connect;
use crate::cli::paths::Paths;
use crate::connector::http::Patience;
use crate::connector::{self, DefaultPair, Source};
use crate::model::{ListInfo, Probe, Side, Sides};
use crate::profile::Profile;
use crate::run::prepare;

/// How long a look may wait for a remote, in all.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a look at one side found.
pub(super) enum Look {
    /// Nobody is signed in.
    SignedOut,
    /// It could not be looked at.
    Failed(anyhow::Error),
    /// It was looked at.
    Done {
        /// What it said of itself.
        probe: Box<Probe>,
        /// What the user lacks for the profile.
        lacking: Option<anyhow::Error>,
        /// How many contacts the list holds, where it tells.
        size: Option<u64>,
    },
}

impl Look {
    /// What it said of itself.
    pub(super) fn probe(&self) -> Option<&Probe> {
        match self {
            Self::Done { probe, .. } => Some(probe),
            Self::SignedOut | Self::Failed(_) => None,
        }
    }
}

/// What was found on both sides.
pub(super) struct Seen {
    pub(super) sides: Sides<Look>,
}

impl Seen {
    /// What stands in the way of a sync, but for missing sign-ins.
    pub(super) fn troubles(&self) -> impl Iterator<Item = &anyhow::Error> {
        [&self.sides.google, &self.sides.crm]
            .into_iter()
            .filter_map(|look| match look {
                Look::Failed(error) => Some(error),
                Look::Done { lacking, .. } => lacking.as_ref(),
                Look::SignedOut => None,
            })
    }
}

/// Looks at both sides at once.
///
/// # Errors
/// Exit 7 when a list does not exist, with the nearest one, or when the mapping does not fit the
/// fields.
pub(super) async fn look(paths: &Paths, profile: &Profile) -> anyhow::Result<Seen> {
    let patience = Patience::new(PATIENCE);
    let (google, (crm, defaults)) = futures::join!(
        google(paths, profile, &patience),
        crm(paths, profile, &patience)
    );
    let sides = Sides {
        google: google?,
        crm: crm?,
    };
    if let (Some(google), Some(crm), Some(defaults)) =
        (sides.google.probe(), sides.crm.probe(), defaults)
    {
        let probes = Sides {
            google: google.clone(),
            crm: crm.clone(),
        };
        let mapped = prepare::resolve(profile, &defaults, &probes)?;
        prepare::check_key(profile, &mapped)?;
    }
    Ok(Seen { sides })
}

async fn google(paths: &Paths, profile: &Profile, patience: &Patience) -> anyhow::Result<Look> {
    let google = match connect::google(paths, profile, patience) {
        Ok(google) => google,
        Err(error) => return Ok(closed(error)),
    };
    done(profile, &google, None).await
}

async fn crm(
    paths: &Paths,
    profile: &Profile,
    patience: &Patience,
) -> (anyhow::Result<Look>, Option<Vec<DefaultPair>>) {
    let (crm, defaults) = match connect::crm(paths, profile, patience) {
        Ok(opened) => opened,
        Err(error) => return (Ok(closed(error)), None),
    };
    let lists = crm.lists().await.ok();
    (done(profile, &*crm, lists).await, Some(defaults))
}

async fn done(
    profile: &Profile,
    source: &dyn Source,
    lists: Option<Vec<ListInfo>>,
) -> anyhow::Result<Look> {
    let probe = match source.probe(None).await {
        Ok(probe) => probe,
        Err(error) => {
            let of_profile = [connector::Kind::Unknown, connector::Kind::Config];
            return if of_profile.contains(&error.kind) {
                Err(error.into())
            } else {
                Ok(Look::Failed(error.into()))
            };
        }
    };
    let account = match source.side() {
        Side::Google => prepare::check_account(profile, &probe),
        Side::Crm => Ok(()),
    };
    let lacking = account
        .and_then(|()| prepare::check_rights(profile, source, &probe))
        .err()
        .map(Into::into);
    let size = probe.list.size.or_else(|| {
        let listed = lists?;
        let list = listed.iter().find(|list| list.id == probe.list.id)?;
        list.size
    });
    Ok(Look::Done {
        probe: Box::new(probe),
        lacking,
        size,
    })
}

fn closed(error: anyhow::Error) -> Look {
    match error.downcast_ref::<auth::Error>() {
        Some(cause) if cause.kind == auth::Kind::SignInNeeded => Look::SignedOut,
        Some(_) | None => Look::Failed(error),
    }
}

/// The lists of one side, to choose from; none when nobody is signed in there.
pub(super) async fn lists(
    paths: &Paths,
    profile: &Profile,
    side: Side,
) -> anyhow::Result<Option<Vec<ListInfo>>> {
    let patience = Patience::new(PATIENCE);
    let opened: anyhow::Result<Box<dyn Source>> = match side {
        Side::Google => connect::google(paths, profile, &patience)
            .map(|google| Box::new(google) as Box<dyn Source>),
        Side::Crm => connect::crm(paths, profile, &patience).map(|(crm, _)| crm as Box<dyn Source>),
    };
    match opened.map_err(closed) {
        Ok(source) => Ok(Some(source.lists().await?)),
        Err(Look::SignedOut | Look::Done { .. }) => Ok(None),
        Err(Look::Failed(error)) => Err(error),
    }
}
