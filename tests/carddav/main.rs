//! CardDAV against servers that others wrote. `tests/carddav/run` installs them and runs this.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod connector;
mod server;
