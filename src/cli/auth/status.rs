//! `crmsync auth status`: who is signed in, with which scopes, until when. Never needs the network.

use jiff::Timestamp;
use serde::Serialize;

use super::super::connect::{self, READY_TOKENS};
use super::super::failure;
use super::super::output::Show;
use super::super::paths::Paths;
use super::pick;
use crate::auth::{self, Account, Store, TokenKind, Tokens, google};
use crate::model::{Side, Sides};
use crate::profile::{self, Profile};
use crate::state::State;

/// Who is signed in, with which scopes, until when.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: crmsync auth status sales --json\n\nExit code 5 when a sign-in is missing, has ended, or lacks a scope."
)]
pub(super) struct Args {
    /// The profile; all of them when none is given
    #[arg(value_name = "PROFILE")]
    profile: Option<String>,
    /// Print one JSON object a profile
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    profile: String,
    google: Half,
    crm: Half,
}

/// One side's sign-in.
#[derive(Debug, Default, Serialize)]
struct Half {
    /// Whether a run could sign in with it, as far as is known without asking the service.
    signed_in: bool,
    /// `person`, `imported`, `service-account`, `api-key`, `ready-token`; null without a sign-in.
    way: Option<&'static str>,
    /// Where it comes from: `file`, `systemd`, or the environment variable's name.
    source: Option<String>,
    /// Who, as far as it is known.
    account: Option<String>,
    scopes: Vec<String>,
    missing_scopes: Vec<String>,
    client_id: Option<String>,
    /// When the refresh token was issued or brought along.
    since: Option<String>,
    /// When the access token ends; it is renewed by itself.
    access_expires: Option<String>,
    /// When the sign-in as a whole ends, if the service said so.
    expires: Option<String>,
    /// What will go wrong later.
    warning: Option<String>,
    error: Option<Trouble>,
}

#[derive(Debug, Serialize)]
struct Trouble {
    code: u8,
    message: String,
    hint: Option<String>,
}

pub(super) fn run(args: &Args, paths: &Paths, show: Show) -> anyhow::Result<u8> {
    let names: Vec<String> = match &args.profile {
        Some(name) => vec![name.clone()],
        None => profile::list(&paths.config)
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
    };
    if names.is_empty() {
        return pick(paths, None).map(|_| 0);
    }
    let several = names.len() > 1;
    let mut codes = Vec::new();
    for name in names {
        let profile = match paths.profile(&name) {
            Ok(profile) => profile,
            // One broken profile does not hide the others.
            Err(error) if several => {
                codes.push(failure::show(&error.into()));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let report = report(paths, &profile);
        codes.extend(
            [&report.google, &report.crm]
                .into_iter()
                .filter_map(|half| half.error.as_ref())
                .map(|error| error.code),
        );
        if args.json {
            show.line(&serde_json::to_string(&report)?)?;
        } else {
            show.line(&text(&report, &profile, show))?;
        }
    }
    let worst = [1, 7, 5, 6, 0].into_iter();
    Ok(worst
        .into_iter()
        .find(|code| codes.contains(code))
        .unwrap_or(0))
}

/// Whether the tokens can give an access token, now or by being renewed.
pub(super) fn complete(tokens: &Tokens) -> bool {
    match tokens.kind {
        TokenKind::ApiKey => tokens.access_token.is_some(),
        TokenKind::ServiceAccount => true,
        TokenKind::User | TokenKind::Imported => {
            tokens.refresh_token.is_some() || tokens.usable(Timestamp::now()).is_some()
        }
    }
}

fn report(paths: &Paths, profile: &Profile) -> Report {
    let seen = seen_accounts(paths, profile);
    let half = |side| {
        let mut half = half(paths, profile, side);
        if half.signed_in && half.account.is_none() {
            half.account.clone_from(seen.on(side));
        }
        half
    };
    Report {
        profile: profile.name.clone(),
        google: half(Side::Google),
        crm: half(Side::Crm),
    }
}

/// The accounts as the last run found them.
fn seen_accounts(paths: &Paths, profile: &Profile) -> Sides<Option<String>> {
    let facts = State::peek(&paths.state).ok().flatten().and_then(|state| {
        let (scope, _) = state.scope_of(&profile.name).ok()??;
        state.facts(scope).ok()
    });
    let probed = |side| {
        let (_, text) = facts.as_ref()?.probes.on(side).clone()?;
        let probe: serde_json::Value = serde_json::from_str(&text).ok()?;
        probe["probe"]["account"].as_str().map(str::to_owned)
    };
    Sides::from_fn(probed)
}

fn half(paths: &Paths, profile: &Profile, side: Side) -> Half {
    let variable = READY_TOKENS.on(side);
    if auth::from_environment(variable).is_some() {
        return Half {
            signed_in: true,
            way: Some("ready-token"),
            source: Some((*variable).to_owned()),
            ..Half::default()
        };
    }
    match look(paths, profile, side) {
        Ok(half) => half,
        Err(error) => Half {
            error: Some(trouble(&error)),
            ..Half::default()
        },
    }
}

fn trouble(error: &auth::Error) -> Trouble {
    Trouble {
        code: error.kind.exit_code(),
        message: error.message.clone(),
        hint: error.hint.clone(),
    }
}

fn look(paths: &Paths, profile: &Profile, side: Side) -> Result<Half, auth::Error> {
    let account = match side {
        Side::Google => Account::google(&profile.name),
        Side::Crm => Account::crm(&profile.name),
    };
    let store: Store = connect::store(paths)?;
    // Says what is missing as a run would, the profile's key file included.
    let source = connect::tokens(paths, profile, side)?;
    let stored = store.load(&account)?;
    let Some(tokens) = stored else {
        // A key file that the profile names, not used yet.
        return Ok(Half {
            signed_in: true,
            way: Some("service-account"),
            source: Some("profile".to_owned()),
            account: auth::TokenSource::account(&*source),
            scopes: auth::TokenSource::scopes(&*source).unwrap_or_default(),
            ..Half::default()
        });
    };
    let now = Timestamp::now();
    let whole = |at: Timestamp| {
        Timestamp::from_second(at.as_second())
            .unwrap_or(at)
            .to_string()
    };
    let error = if !complete(&tokens) {
        Some(Trouble {
            code: 5,
            message: format!(
                "the OAuth client of {} is known, but nobody has signed in",
                profile.name
            ),
            hint: Some(format!("run `{}`", account.command())),
        })
    } else if tokens.refresh_expires_at.is_some_and(|ends| ends <= now) {
        Some(Trouble {
            code: 5,
            message: "the sign-in has ended".to_owned(),
            hint: Some(format!(
                "publish the app (docs/google-setup.md), then run `{}`",
                account.command()
            )),
        })
    } else {
        None
    };
    let missing_scopes = missing(profile, side, &tokens.scopes);
    let error = error.or_else(|| {
        (!missing_scopes.is_empty()).then(|| Trouble {
            code: 5,
            message: format!(
                "the sign-in lacks scopes that the profile needs: {}",
                missing_scopes.join(" ")
            ),
            hint: Some(format!("run `{}` and allow all of it", account.command())),
        })
    });
    let warning = error.is_none().then(|| tokens.warning(now)).flatten();
    Ok(Half {
        signed_in: error.is_none(),
        way: complete(&tokens).then_some(match tokens.kind {
            TokenKind::User => "person",
            TokenKind::Imported => "imported",
            TokenKind::ServiceAccount => "service-account",
            TokenKind::ApiKey => "api-key",
        }),
        source: Some(match tokens.origin {
            Some(_) => "systemd".to_owned(),
            None => "file".to_owned(),
        }),
        account: auth::TokenSource::account(&*source),
        scopes: tokens.scopes,
        missing_scopes,
        client_id: tokens.client_id,
        since: Some(whole(tokens.issued_at)),
        access_expires: tokens.expires_at.map(whole),
        expires: tokens.refresh_expires_at.map(whole),
        warning,
        error,
    })
}

/// The scopes that the profile needs and the sign-in does not have, as far as they are known.
fn missing(profile: &Profile, side: Side, granted: &[String]) -> Vec<String> {
    let access = connect::access(profile, side);
    match side {
        Side::Google => match google::check_scopes(granted, access, &profile.name) {
            Ok(()) => Vec::new(),
            Err(_) => vec![google::scope(access).to_owned()],
        },
        Side::Crm => {
            let way = connect::kind(profile)
                .ok()
                .and_then(|kind| kind.sign_in().oauth);
            // A key has no scopes, and a section that makes no sense is another error.
            way.and_then(|way| Some((way, (way.grounds)(&profile.crm, access).ok()?)))
                .map_or_else(Vec::new, |(way, grounds)| {
                    auth::crm::missing_scopes(way.service, granted, &grounds.scopes)
                })
        }
    }
}

fn text(report: &Report, profile: &Profile, show: Show) -> String {
    let mut lines = vec![show.bold(&report.profile)];
    for (service, half) in [("google", &report.google), ("crm", &report.crm)] {
        let mut rows: Vec<(&str, String)> = Vec::new();
        let who = half.account.as_deref().unwrap_or("(account not known)");
        match (half.way, half.signed_in) {
            (Some(way), _) => {
                let source = half.source.as_deref().unwrap_or("file");
                let word = match way {
                    "person" => "signed in by a person",
                    "imported" => "sign-in brought along",
                    "service-account" => "service account",
                    "api-key" => "API key",
                    _ => "ready token",
                };
                rows.push(("who", who.to_owned()));
                rows.push(("way", format!("{word} ({source})")));
            }
            (None, _) => rows.push(("who", "nobody".to_owned())),
        }
        if let Some(since) = &half.since
            && half.way.is_some()
        {
            rows.push(("since", since.clone()));
        }
        if half.way.is_some() {
            let scopes = match half.scopes.as_slice() {
                [] => "not known beforehand".to_owned(),
                scopes => scopes.join(" "),
            };
            rows.push(("scopes", scopes));
        }
        if let Some(ends) = &half.access_expires {
            rows.push(("access", format!("until {ends}, renewed by itself")));
        }
        if let Some(ends) = &half.expires {
            rows.push(("ends", ends.clone()));
        }
        if let Some(warning) = &half.warning {
            rows.push(("warning", warning.clone()));
        }
        if let Some(error) = &half.error {
            rows.push(("problem", error.message.clone()));
            if let Some(hint) = &error.hint {
                rows.push(("help", hint.clone()));
            }
        }
        let title = match service {
            "crm" => profile.crm.kind.name,
            service => service,
        };
        lines.push(format!("  {title}"));
        let row = |(name, value): (&str, String)| format!("    {name:8} {value}");
        lines.extend(rows.into_iter().map(row));
    }
    lines.join("\n")
}
