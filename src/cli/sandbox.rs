//! `crmsync sandbox`: serves the simulated services, or takes the tour through them.

use clap::{Subcommand, ValueEnum};

use super::failure::Failure;
use super::output::Show;
use crate::sandbox::{self, Latency, Options};

/// A simulated Google People API and CRM on loopback.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Example: crmsync sandbox --port 8801 --contacts 1000 --overlap 400"
)]
pub(super) struct Args {
    #[command(subcommand)]
    tour: Option<What>,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "P", default_value_t = 8801)]
    port: u16,
    /// Contacts on each side
    #[arg(long, value_name = "N", default_value_t = 100)]
    contacts: usize,
    /// How many of them are the same people on both sides
    #[arg(long, value_name = "N", default_value_t = 40)]
    overlap: usize,
    /// Contacts in Google, when it is another number
    #[arg(long, value_name = "N")]
    google: Option<usize>,
    /// Contacts in the CRM, when it is another number
    #[arg(long, value_name = "N")]
    crm: Option<usize>,
    /// Decides names, ids and chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How long answers take
    #[arg(long, value_enum, default_value = "none")]
    latency: Wait,
    /// Keep request and answer bodies for /admin/requests
    #[arg(long)]
    record: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Wait {
    Realistic,
    None,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Runs the real commands against it, from the first sync to a lost state file
    Tour,
}

pub(super) async fn run(args: &Args, show: &Show) -> anyhow::Result<u8> {
    if args.tour.is_some() {
        return sandbox::tour::run(&mut |text: &str| show.bytes(text.as_bytes())).await;
    }
    let sides = [args.google, args.crm].map(|count| count.unwrap_or(args.contacts));
    let fewest = sides[0].min(sides[1]);
    if args.overlap > fewest {
        return Err(Failure::usage(
            format!(
                "--overlap {} is more than the {fewest} contacts of a side",
                args.overlap
            ),
            "at most all contacts can be the same people",
        )
        .into());
    }
    let running = sandbox::serve(Options {
        port: args.port,
        contacts: args.contacts,
        google: args.google,
        crm: args.crm,
        overlap: args.overlap,
        seed: args.seed,
        latency: match args.latency {
            Wait::Realistic => Latency::Realistic,
            Wait::None => Latency::None,
        },
        record: args.record,
    })
    .await
    .map_err(|error| {
        Failure::new(
            1,
            format!("cannot serve on 127.0.0.1:{}: {error}", args.port),
            "choose another port with --port, or 0 for a free one",
        )
    })?;
    show.line(&format!("sandbox on http://{}", running.address()))?;
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(0)
}
