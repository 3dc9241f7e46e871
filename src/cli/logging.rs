//! Sets the log subscriber: standard error, no secrets.

use std::io::IsTerminal as _;

use tracing::Metadata;
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt, registry};

use super::{Global, LogFormat, When, redact};
use crate::auth::SILENCED_TARGETS;

/// `RUST_LOG` decides when it is set; else warnings, with `-v` our own steps, with `-vv` each request.
/// Targets that print secrets are off whatever was asked for.
pub(super) fn start(global: &Global) {
    let own = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "crmsync=info,warn",
        (false, _) => "crmsync=debug,warn",
    };
    let asked = EnvFilter::builder()
        .with_default_directive(LevelFilter::WARN.into())
        .parse_lossy(std::env::var("RUST_LOG").unwrap_or_else(|_| own.to_owned()));
    let filter = asked.and(filter_fn(|line| !silenced(line)));
    let color = match global.color {
        When::Always => true,
        When::Never => false,
        When::Auto => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    let lines = fmt::layer()
        .with_writer(|| Log(std::io::stderr()))
        .with_ansi(color);
    match global.log_format {
        LogFormat::Text => registry()
            .with(lines.with_target(false).with_filter(filter))
            .init(),
        LogFormat::Json => registry().with(lines.json().with_filter(filter)).init(),
    }
}

/// Standard error, less what `--redact` takes out of a line.
struct Log(std::io::Stderr);

impl std::io::Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        self.0.write_all(redact::text(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// Whether a line comes from a crate that may print secrets. A directive of the user's for one of its
/// modules (`hyper::proto=trace`) does not bring it back.
fn silenced(line: &Metadata<'_>) -> bool {
    SILENCED_TARGETS.iter().any(|silenced| {
        line.target()
            .strip_prefix(silenced)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    })
}
