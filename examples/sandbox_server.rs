//! Serves a sandbox until it is stopped: `sandbox_server PORT CONTACTS OVERLAP`.
//! Bodies are recorded, so that `tests/clients/discovery_check.py` can read them.

use std::io::Write as _;

use crmsync::sandbox::{Latency, Options, serve};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse().ok())
        .collect();
    let number = |place: usize| numbers.get(place).copied().unwrap_or(0);
    let running = serve(Options {
        port: u16::try_from(number(0)).unwrap_or(0),
        contacts: number(1),
        overlap: number(2),
        seed: 1,
        latency: Latency::None,
        record: true,
        ..Options::default()
    })
    .await?;
    writeln!(std::io::stdout(), "http://{}", running.address())?;
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}
