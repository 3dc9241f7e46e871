//! The terminal: what a user types, and where each subcommand goes.
#![expect(
    clippy::doc_markdown,
    reason = "doc lines of arguments are the help text as users read it"
)]

mod auth;
mod configure;
mod connect;
mod deactivate;
mod failure;
mod fault;
mod logging;
mod machine;
mod map_fields;
mod output;
mod paths;
mod progress;
mod prompt;
mod redact;
#[cfg(feature = "sandbox")]
mod sandbox;
mod schedule;
mod status;
mod sync;
mod text;
mod undo;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, CommandFactory as _, Parser, Subcommand, ValueEnum};

use paths::Paths;

/// Keeps the contacts of a CRM and of Google Contacts the same.
#[derive(Debug, Parser)]
#[command(
    name = "crmsync",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "Start here: crmsync configure\nExample: crmsync sync sales --dry-run\nA first look without any account: crmsync sandbox tour"
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options that every subcommand takes.
#[derive(Debug, clap::Args)]
struct Global {
    /// Where the profiles lie [default: $XDG_CONFIG_HOME/crmsync]
    #[arg(long, global = true, value_name = "DIR", env = "CRMSYNC_CONFIG_DIR")]
    config_dir: Option<PathBuf>,
    /// The state file [default: $XDG_STATE_HOME/crmsync/state.sqlite3]
    #[arg(long, global = true, value_name = "FILE", env = "CRMSYNC_STATE")]
    state: Option<PathBuf>,
    /// Says more on standard error (-vv: every request)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Says nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// The form of log lines on standard error
    #[arg(long, global = true, value_enum, default_value = "text")]
    log_format: LogFormat,
    /// Colours on standard error and in reports
    #[arg(long, global = true, value_enum, default_value = "auto")]
    color: When,
    /// No progress bars
    #[arg(long, global = true)]
    no_progress: bool,
    /// Shows addresses, names and other values of contacts as stable hashes, for bug reports
    #[arg(long, global = true)]
    redact: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sign in to Google or to the CRM
    Auth(auth::Args),
    /// Choose the lists and the rules, and write the profile
    Configure(Box<configure::Args>),
    /// Show and change which field goes where
    MapFields(map_fields::Args),
    /// One pass over one or more profiles
    Sync(sync::Args),
    /// Put back what a run wrote
    Undo(undo::Args),
    /// What the last runs did and what waits
    Status(status::Args),
    /// Stop a profile, revoke and forget its sign-ins, keep its links
    Deactivate(deactivate::Args),
    /// A simulated Google People API and CRM on loopback
    #[cfg(feature = "sandbox")]
    Sandbox(sandbox::Args),
    /// Shell completions, for packagers
    #[command(after_help = "Example: crmsync completions bash > crmsync.bash")]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// The manual page, for packagers
    #[command(after_help = "Example: crmsync man > crmsync.1; crmsync man sync > crmsync-sync.1")]
    Man {
        /// A subcommand, for its own page
        #[arg(value_name = "COMMAND")]
        of: Option<String>,
    },
}

/// Runs the program on this process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let trouble = redact::start(&cli.global);
    logging::start(&cli.global);
    fault::install();
    if let Some(why) = trouble {
        tracing::warn!("{why}");
    }
    let code = match run(&cli) {
        Ok(code) => code,
        Err(error) => failure::show(&error),
    };
    ExitCode::from(code)
}

fn run(cli: &Cli) -> anyhow::Result<u8> {
    let paths = Paths::find(&cli.global)?;
    let show = output::Show::new(&cli.global);
    match &cli.command {
        Command::Auth(args) => on_runtime(auth::run(args, &paths, &show)),
        Command::Configure(args) => on_runtime(configure::run(args, &paths, &show)),
        Command::MapFields(args) => on_runtime(map_fields::run(args, &paths, &show)),
        Command::Sync(args) => on_runtime(sync::run(args, &paths, &show)),
        Command::Undo(args) => on_runtime(undo::run(args, &paths, &show)),
        Command::Status(args) => status::run(args, &paths, &show),
        Command::Deactivate(args) => on_runtime(deactivate::run(args, &paths, &show)),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(args) => with_threads(2, sandbox::run(args, &show)),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "crmsync", &mut text);
            show.bytes(&text)?;
            Ok(0)
        }
        Command::Man { of } => {
            let mut text = Vec::new();
            clap_mangen::Man::new(manual(of.as_deref())?).render(&mut text)?;
            show.bytes(&text)?;
            Ok(0)
        }
    }
}

/// The definitions behind a manual page: the program's, or one subcommand's under its full name.
fn manual(of: Option<&str>) -> anyhow::Result<clap::Command> {
    let mut program = Cli::command();
    program.build();
    let Some(name) = of else {
        return Ok(program);
    };
    let known: Vec<_> = program
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    let page = program.find_subcommand(name).cloned();
    page.ok_or_else(|| {
        failure::Failure::usage(
            format!("there is no subcommand `{name}`"),
            format!("there are: {}", known.join(", ")),
        )
        .into()
    })
}

/// The work itself stays on this thread; others bring requests out and answers in.
fn on_runtime(work: impl Future<Output = anyhow::Result<u8>>) -> anyhow::Result<u8> {
    with_threads(1, work)
}

fn with_threads(
    threads: usize,
    work: impl Future<Output = anyhow::Result<u8>>,
) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()?;
    let result = runtime.block_on(work);
    // Whatever still waits for a name server must not hold the program up.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    result
}
